//! A thousand groups, and what four tiers keep of each, with a few that none keeps any more. And ten thousand groups.

use std::collections::BTreeSet;
use std::error::Error;

use aws_sim::elasticache::model::{Group, Member};
use aws_sim::settings::{Quotas, Settings};
use aws_sim::{Request, State, World};
use domain::snapshot::{Tier, name, tags};
use domain::{GroupId, Tags, tag};
use jiff::{SignedDuration, Timestamp};

pub(crate) const GROUPS: usize = 1000;
pub(crate) const VERY_MANY: usize = 10_000;
pub(crate) const KEEP: &str = "hourly=24 daily=7 weekly=4 monthly=12";

/// When the sweeps come: a Monday, at an hour that has none yet.
pub(crate) fn now() -> Timestamp {
    Timestamp::constant(1_781_532_360, 0)
}

/// Makes a world of a thousand groups.
pub(crate) fn world() -> Result<World, Box<dyn Error>> {
    let world = empty();
    make(&world, GROUPS)?;
    world.with(|it| fill(it, (0..GROUPS).map(id)))?;
    world.advance(now());
    Ok(world)
}

/// Makes a world of ten thousand groups. Nobody looks at their snapshots before they are handed on.
pub(crate) fn world_of_very_many() -> Result<World, Box<dyn Error>> {
    let world = unswept()?;
    world.advance(now());
    Ok(world)
}

/// The same with the snapshots of these groups.
pub(crate) fn world_of_part(groups: &BTreeSet<&str>) -> Result<World, Box<dyn Error>> {
    let world = unswept()?;
    world.with(|it| fill(it, groups.iter().map(|it| (*it).to_owned())))?;
    world.advance(now());
    Ok(world)
}

/// The ids of ten thousand groups.
pub(crate) fn very_many() -> impl Iterator<Item = Result<GroupId, domain::NameError>> {
    (0..VERY_MANY).map(|it| GroupId::parse(&id(it)))
}

fn unswept() -> Result<World, Box<dyn Error>> {
    let world = empty();
    // What is asked for one by one goes slowly where there is so much: the others are made like the first.
    make(&world, GROUPS)?;
    world.with(|it| -> Result<(), Box<dyn Error>> {
        let like = it.elasticache.groups.get(&id(0)).ok_or("a group is missing")?.clone();
        for number in GROUPS..VERY_MANY {
            it.elasticache.groups.insert(id(number), named(&like, &id(number)));
        }
        Ok(())
    })?;
    Ok(world)
}

/// The same group under another id.
fn named(like: &Group, id: &str) -> Group {
    let mut group = like.clone();
    let renamed = |member: &str| member.replacen(&like.id, id, 1);
    let member = |it: &Member| Member { id: renamed(&it.id), ..it.clone() };
    group.members = like.members.iter().map(|(name, it)| (renamed(name), member(it))).collect();
    id.clone_into(&mut group.id);
    group
}

fn empty() -> World {
    let start = now() - SignedDuration::from_hours(4);
    let quotas =
        Quotas { nodes: None, parameter_groups: None, subnet_groups: None, ..Quotas::default() };
    let settings = Settings { start, quotas, calls_kept: Some(100), ..Settings::default() };
    World::new(settings)
}

/// Has groups made, and a snapshot of the first.
fn make(world: &World, count: usize) -> Result<(), Box<dyn Error>> {
    let start = world.clock();
    for number in 0..count {
        let id = id(number);
        let keep = KEEP.replace(' ', "+").replace('=', "%3D");
        let key = tag::SNAPSHOT_KEEP;
        ask(
            world,
            start,
            &format!(
                "Action=CreateReplicationGroup&ReplicationGroupId={id}&ReplicationGroupDescription=one+of+many&CacheNodeType=cache.t4g.micro&NumCacheClusters=2&AutomaticFailoverEnabled=true&Tags.Tag.1.Key={key}&Tags.Tag.1.Value={keep}"
            ),
        )?;
    }
    let then = start + SignedDuration::from_hours(1);
    world.advance(then);
    ask(
        world,
        then,
        &format!("Action=CreateSnapshot&SnapshotName=model&CacheClusterId={}-002", id(0)),
    )?;
    world.advance(then + SignedDuration::from_hours(1));
    Ok(())
}

fn id(number: usize) -> String {
    format!("orders-redis-{number:05}")
}

/// Copies the one that was taken, for each group and each time.
fn fill(state: &mut State, ids: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let model = state.elasticache.snapshots.remove("model").ok_or("no snapshot was taken")?;
    let ticks = ticks();
    for (number, id) in ids.enumerate() {
        let group = GroupId::parse(&id)?;
        let source = state.elasticache.groups.get(&id).ok_or("a group is missing")?.clone();
        let policy = Tags::from([(tag::SNAPSHOT_KEEP.to_owned(), KEEP.to_owned())]);
        for (tick, tier) in &ticks {
            let mut snapshot = model.clone();
            snapshot.name = name::of(&group, *tier, *tick)?.to_string();
            snapshot.source = source.clone();
            snapshot.member = format!("{id}-002");
            snapshot.members = vec![snapshot.member.clone()];
            (snapshot.asked_at, snapshot.taken_at) = (*tick, Some(*tick));
            let by = Tier::ALL.iter().copied().filter(|it| it <= tier);
            snapshot.tags = tags(&group, *tier, &by.collect::<Vec<_>>(), &policy);
            // As `snapshot` notes them: no two are alike.
            let second = tick.as_second();
            let sample = format!(
                "salt={number:08x} string:{second:08x}:12:9c0d hash:1b2c3d4e:4 list:5a5a5a5a:7 set:11223344:9"
            );
            snapshot.tags.insert(
                tag::RECORD.to_owned(),
                format!("keys={second} ends=2000 string=300 hash=90"),
            );
            snapshot.tags.insert(tag::SAMPLE.to_owned(), sample);
            state.elasticache.snapshots.insert(snapshot.name.clone(), snapshot);
        }
    }
    Ok(())
}

/// Hours, days, weeks and months back, one more of each than is kept.
fn ticks() -> BTreeSet<(Timestamp, Tier)> {
    const DAY: i64 = 24 * 3600;
    let five_past = |it: i64| Timestamp::from_second(it + 300).unwrap_or_default();
    let hour = now().as_second().div_euclid(3600) * 3600 - 3600;
    let day = hour.div_euclid(DAY) * DAY;
    // 5 January 1970 was a Monday.
    let week = (day - 4 * DAY).div_euclid(7 * DAY) * 7 * DAY + 4 * DAY;
    let hours = (0..25).map(|it| (five_past(hour - it * 3600), Tier::Hourly));
    let days = (2..9).map(|it| (five_past(day - it * DAY), Tier::Daily));
    let weeks = (2..6).map(|it| (five_past(week - it * 7 * DAY), Tier::Weekly));
    let months = (0..13).map(|it| (five_past(day - (45 + it * 30) * DAY), Tier::Monthly));
    hours.chain(days).chain(weeks).chain(months).collect()
}

/// What a person asks of ElastiCache.
pub(crate) fn ask(world: &World, now: Timestamp, form: &str) -> Result<(), Box<dyn Error>> {
    let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/elasticache/aws4_request, SignedHeaders=host, Signature=0";
    let request = Request {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: vec![("authorization".to_owned(), scope.to_owned())],
        body: format!("{form}&Version=2015-02-02").into_bytes(),
    };
    let response = world.call(now, &request);
    if response.status == 200 { Ok(()) } else { Err(response.text().into()) }
}
