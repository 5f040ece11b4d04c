//! What a restore in place does next, in every state in which a run may have left it.

use super::*;
use crate::Bytes;
use crate::group::Tls;
use crate::snapshot::sample::{self, TICK, equipped as group};
use crate::snapshot::{SnapshotStatus, owner};

const SNAPSHOT: &str = "orders-daily-202601020304";
const BEFORE: &str = "orders-before-1a2b3c4d";

fn said() -> Said {
    Said {
        group: GroupId::parse("orders").unwrap(),
        snapshot: SNAPSHOT.to_owned(),
        request: "1a2b3c4d".to_owned(),
    }
}

fn wish() -> InPlace {
    InPlace::new(said()).unwrap()
}

fn quiet() -> Tags {
    let mut tags = sample::policy();
    tags.remove(tag::ASKED);
    tags.remove(tag::AUTOSCALE_CHANGE);
    tags
}

fn old() -> GroupView {
    group("orders", quiet(), "Redis cache orders, kept by Cachewarden")
}

fn before() -> SnapshotView {
    SnapshotView { name: BEFORE.to_owned(), ..sample::snapshot("orders", TICK) }
}

fn fresh() -> InPlaceView {
    InPlaceView {
        group: Some(old()),
        snapshot: Some(sample::snapshot("orders", TICK)),
        ..InPlaceView::default()
    }
}

fn next(view: &InPlaceView) -> Step {
    wish().plan(view, Catalog::embedded())
}

fn words(next: &Step) -> String {
    match next {
        Next::Settled => "settled".to_owned(),
        Next::Wait(wait) => format!("wait: {}", wait.on),
        Next::Refuse(refusal) => format!("refuse: {refusal}"),
        Next::Do(step) => match step {
            InPlaceStep::StandIn(plan) => format!("stand in from {}", plan.snapshot),
            InPlaceStep::Save { name, .. } => format!("save {name}"),
            InPlaceStep::Announce { .. } => "announce".to_owned(),
            InPlaceStep::Advance { to, .. } => format!("advance to {to}"),
            InPlaceStep::Delete(id) => format!("delete {id}"),
            InPlaceStep::Make(plan) => format!("make {} from {}", plan.target, plan.snapshot),
            InPlaceStep::PutAlarms(set) => format!("put {} alarms", set.specs.len()),
            InPlaceStep::Finish { .. } => "finish".to_owned(),
            InPlaceStep::Dismiss { why: None, .. } => "dismiss".to_owned(),
            InPlaceStep::Dismiss { why: Some(why), .. } => format!("dismiss: {why}"),
        },
    }
}

#[track_caller]
fn check(view: &InPlaceView, expected: &str) {
    assert_eq!(words(&next(view)), expected);
}

/// What is there after a step, as if ElastiCache took no time. Groups that are made fail where that is said of them.
fn after(step: InPlaceStep, view: &mut InPlaceView, failing: &mut u32) {
    let tagged = |group: &mut Option<GroupView>, tags: Tags| {
        group.as_mut().unwrap().tags.as_mut().unwrap().extend(tags);
    };
    match step {
        InPlaceStep::StandIn(plan) => {
            view.stand_in = Some(group(plan.target.as_str(), plan.tags, &plan.description));
        }
        InPlaceStep::Save { .. } => view.before = Some(before()),
        InPlaceStep::Announce { tags, .. } | InPlaceStep::Finish { tags, .. } => {
            tagged(&mut view.group, tags);
        }
        InPlaceStep::Advance { tags, .. } => tagged(&mut view.stand_in, tags),
        InPlaceStep::Delete(_) => view.group = None,
        InPlaceStep::Make(plan) => {
            let mut made = group("orders", plan.tags, &plan.description);
            if let Some(less) = failing.checked_sub(1) {
                *failing = less;
                (made.status, made.tags) = (GroupStatus::CreateFailed, None);
                view.events = vec!["no capacity".to_owned()];
            }
            view.group = Some(made);
        }
        InPlaceStep::PutAlarms(set) => {
            view.alarms.extend(set.specs.iter().map(|it| AlarmView::of(it, &[])));
        }
        InPlaceStep::Dismiss { .. } => view.stand_in = None,
    }
}

/// All that is done from here on, until nothing is left to do.
fn road(mut view: InPlaceView, mut failing: u32) -> (Vec<String>, Vec<InPlaceView>) {
    let (mut told, mut views) = (Vec::new(), vec![view.clone()]);
    for _ in 0..30 {
        let next = next(&view);
        told.push(words(&next));
        let Next::Do(step) = next else { return (told, views) };
        after(step, &mut view, &mut failing);
        views.push(view.clone());
    }
    panic!("it goes in circles: {told:?}");
}

const ROAD: [&str; 10] = [
    "stand in from orders-daily-202601020304",
    "save orders-before-1a2b3c4d",
    "announce",
    "advance to over",
    "delete orders",
    "make orders from orders-daily-202601020304",
    "put 5 alarms",
    "finish",
    "dismiss",
    "settled",
];

#[test]
fn the_group_goes_only_when_its_keys_are_saved_and_the_snapshot_was_shown_to_restore() {
    let (told, views) = road(fresh(), 0);
    assert_eq!(told, ROAD);
    let last = views.last().unwrap().group.as_ref().unwrap();
    // All is as it was, but for what says where it comes from.
    let mut tags = last.tags.clone().unwrap();
    assert_eq!(
        tags.remove(tag::IN_PLACE).as_deref(),
        Some("orders-daily-202601020304 by 1a2b3c4d: finished")
    );
    assert_eq!(tags, mark::kept(&quiet()));
    assert_eq!(last.description, old().description);
}

#[test]
fn whoever_comes_after_a_death_goes_on_from_what_is_there() {
    let (told, views) = road(fresh(), 0);
    for (index, view) in views.into_iter().enumerate() {
        let (rest, _) = road(view, 0);
        assert_eq!(rest, told[index..], "after {index} steps");
    }
}

#[test]
fn one_that_could_not_be_made_is_made_of_the_snapshot_of_before() {
    let (told, views) = road(fresh(), 1);
    assert_eq!(
        told[6..],
        [
            "advance to failed",
            "delete orders",
            "advance to back",
            "make orders from orders-before-1a2b3c4d",
            "put 5 alarms",
            "finish",
            "dismiss: orders could not be made of orders-daily-202601020304 and is there as it was before, made of orders-before-1a2b3c4d, without what was written since that was taken: ElastiCache says \"no capacity\"",
            "refuse: orders could not be made of orders-daily-202601020304 and is there as it was before, made of orders-before-1a2b3c4d, without what was written since that was taken",
        ]
    );
    for view in views.into_iter().skip(7) {
        assert!(road(view, 0).0.last().unwrap().contains("as it was before"));
    }
}

#[test]
fn where_it_can_be_made_of_neither_the_one_that_stands_in_stays_and_is_told() {
    let (told, views) = road(fresh(), 2);
    let last = told.last().unwrap();
    assert!(last.starts_with("refuse: orders is not there: it could be made neither"), "{last}");
    assert!(last.contains("has the keys of the wanted snapshot at master.orders-"), "{last}");
    let view = views.last().unwrap();
    assert!(view.stand_in.is_some() && view.before.is_some());
    // Once a person has deleted what there is of it, the same event goes on.
    let cleared = InPlaceView { group: None, events: Vec::new(), ..view.clone() };
    check(&cleared, "make orders from orders-before-1a2b3c4d");
}

#[test]
fn a_creation_that_is_turned_down_leads_back_too() {
    let (_, views) = road(fresh(), 0);
    let turned_down = Some(TurnedDown::Group("InvalidParameterValue".to_owned()));
    let gone = InPlaceView { turned_down, ..views[5].clone() };
    check(&gone, "advance to failed");
    let lost = InPlaceView { snapshot: None, ..views[5].clone() };
    check(&lost, "advance to failed");
    let (told, _) = road(lost, 0);
    assert!(told.contains(&format!("make orders from {BEFORE}")), "{told:?}");
}

fn spoilt(spoil: impl FnOnce(&mut InPlaceView)) -> InPlaceView {
    let mut view = fresh();
    spoil(&mut view);
    view
}

fn tagged(key: &str, value: &str) -> InPlaceView {
    spoilt(|it| {
        let tags = it.group.as_mut().unwrap().tags.as_mut().unwrap();
        tags.insert(key.to_owned(), value.to_owned());
    })
}

#[test]
fn what_speaks_against_it_is_said_before_anything_is_made() {
    check(
        &spoilt(|it| it.group = None),
        "refuse: there is no group orders whose place another could take; use the action restore, which makes a new one",
    );
    check(
        &spoilt(|it| it.snapshot = None),
        "refuse: there is no snapshot orders-daily-202601020304",
    );
    check(
        &tagged(tag::DELETION_PROTECTION, "on"),
        "refuse: orders must not be deleted: its tag cachewarden:deletion-protection says so; set it to off to go on",
    );
    for (key, value) in [
        (tag::ASKED, "node-type=cache.t4g.medium at 2026-01-02T03:04:05Z"),
        (tag::AUTOSCALE_CHANGE, "replicas=2 from 1 at 2026-01-02T03:04:05Z for CPU"),
        (tag::REPLACED_BY, "orders-r2 unfinished"),
        (tag::TOKEN, "auth-token=accept at 2026-01-02T03:04:05Z"),
        (tag::DELETION_PROTECTION, "unfinished"),
    ] {
        let said = words(&next(&tagged(key, value)));
        let expected =
            format!("refuse: orders is being changed, as its tag {key} says: \"{value}\"");
        assert!(said.starts_with(&expected), "{said}");
    }
    check(
        &tagged(tag::TOKEN, "auth-token=done at 2026-01-02T03:04:05Z"),
        "stand in from orders-daily-202601020304",
    );
    check(
        &spoilt(|it| {
            let group = it.group.as_mut().unwrap();
            group.tags = Some(Tags::new());
            group.auth_token_enabled = false;
            group.global_datastore = Some("ldgnf-shop".to_owned());
        }),
        "refuse: orders has neither the tag cachewarden:owner nor cachewarden:snapshot-keep, so it is not looked after here; add the second to say that it is; orders is a member of the Global Datastore ldgnf-shop, which it would leave; restore into a new group",
    );
    check(
        &spoilt(|it| it.snapshot.as_mut().unwrap().origin = crate::snapshot::Origin::Automated),
        "refuse: ElastiCache took the snapshot orders-daily-202601020304 itself and deletes it with the group; promote it, and restore the copy",
    );
    check(
        &spoilt(|it| it.group.as_mut().unwrap().status = GroupStatus::Deleting),
        "refuse: the group orders is deleting",
    );
    check(
        &spoilt(|it| it.snapshot.as_mut().unwrap().engine = "valkey".to_owned()),
        "refuse: the snapshot orders-daily-202601020304 is of valkey, its group would run redis",
    );
    check(
        &spoilt(|it| it.group.as_mut().unwrap().status = GroupStatus::Modifying),
        "wait: a modification to finish",
    );
}

#[test]
fn a_snapshot_of_another_group_takes_a_word() {
    let other = spoilt(|it| it.snapshot = Some(sample::snapshot("others", TICK)));
    check(
        &other,
        "refuse: the snapshot others-daily-202601020304 is of others, and would take the place of all keys of orders; name others in `from` where that is meant",
    );
    let meant = |from: &str| InPlace { from: GroupId::parse(from).ok(), ..wish() };
    let plan = |from: &str| words(&meant(from).plan(&other, Catalog::embedded()));
    assert_eq!(plan("others"), "stand in from orders-daily-202601020304");
    assert!(plan("third").contains("is of others, and not of third"), "{}", plan("third"));
}

#[test]
fn one_at_a_time_and_nobody_elses_group_stands_in() {
    let (_, views) = road(fresh(), 0);
    let stands = &views[1];
    let asked = |snapshot: &str, request: &str| {
        let said = Said { snapshot: snapshot.to_owned(), request: request.to_owned(), ..said() };
        InPlace::new(said).unwrap()
    };
    let other = asked("another", "5e6f7a8b");
    let told = words(&other.plan(stands, Catalog::embedded()));
    assert!(
        told.starts_with(
            "refuse: orders is being restored in place already, from orders-daily-202601020304"
        ),
        "{told}"
    );
    assert_eq!(other.clone().joined(stands).unwrap(), other);
    // For the same snapshot it is the same.
    let same = asked(SNAPSHOT, "5e6f7a8b");
    assert_eq!(same.joined(stands).unwrap(), wish());
    let foreign =
        InPlaceView { stand_in: Some(sample::group(wish().stand_in.as_str(), 1)), ..fresh() };
    let told = words(&next(&foreign));
    assert!(told.contains("is none of ours"), "{told}");
    let mut untagged = stands.clone();
    untagged.stand_in.as_mut().unwrap().tags = Some(Tags::new());
    let told = words(&next(&untagged));
    assert!(told.starts_with("refuse") && told.contains("is none of ours"), "{told}");
}

#[test]
fn a_rehearsal_that_fails_goes_and_nothing_else_was_touched() {
    let (_, views) = road(fresh(), 0);
    let with = |spoil: fn(&mut InPlaceView)| {
        let mut view = views[1].clone();
        spoil(&mut view);
        words(&next(&view))
    };
    let stand_in = |it: &mut InPlaceView| it.stand_in.take().unwrap();
    let told = with(|it| {
        let failed = GroupView {
            status: GroupStatus::CreateFailed,
            tags: None,
            ..it.stand_in.take().unwrap()
        };
        (it.stand_in, it.events) = (Some(failed), vec!["no capacity".to_owned()]);
    });
    assert!(
        told.starts_with("dismiss: the group orders-") && told.contains("no capacity"),
        "{told}"
    );
    let told = with(|it| it.stand_in.as_mut().unwrap().tls = Tls::Off);
    assert_eq!(
        told,
        "dismiss: nothing of orders was touched, since it would not come back as it is: TLS is off, not on; where somebody changed it meanwhile, ask again"
    );
    let told = with(|it| it.group.as_mut().unwrap().snapshot_retention_days = 3);
    assert!(told.contains("the retention of automatic snapshots is 7 days, not 3 days"), "{told}");
    let told = with(|it| {
        let tags = it.group.as_mut().unwrap().tags.as_mut().unwrap();
        tags.insert("team".to_owned(), "sales".to_owned());
    });
    assert!(told.contains("the tags is team=shop, not team=sales"), "{told}");
    let told = with(|it| it.group = None);
    assert_eq!(told, "dismiss: somebody deleted orders meanwhile, and it is not brought back");
    let told = with(|it| {
        it.before = Some(SnapshotView { status: SnapshotStatus::Failed, ..before() });
    });
    assert_eq!(told, format!("dismiss: the snapshot {BEFORE} is failed"));
    let told = with(|it| {
        it.events = vec![format!("Snapshot failed for snapshot with ID '{BEFORE}'")];
    });
    assert!(
        told.starts_with(
            "dismiss: the snapshot orders-before-1a2b3c4d was asked for and is not there"
        ),
        "{told}"
    );
    let told = with(|it| {
        let why = Refusal::Quota { member: "orders-002".to_owned() };
        it.turned_down = Some(TurnedDown::Before(why));
    });
    assert!(told.starts_with("dismiss: ElastiCache takes 20 manual snapshots"), "{told}");
    let mut view = views[1].clone();
    let busy = GroupView { status: GroupStatus::Modifying, ..stand_in(&mut view) };
    check(&InPlaceView { stand_in: Some(busy), ..view }, "wait: a modification to finish");
}

#[test]
fn what_takes_its_time_is_waited_for() {
    let (_, views) = road(fresh(), 0);
    let with = |at: usize, status: &str, is_stand_in: bool| {
        let mut view = views[at].clone();
        let group = if is_stand_in { &mut view.stand_in } else { &mut view.group };
        let group = group.as_mut().unwrap();
        (group.status, group.tags) = (GroupStatus::parse(status), None);
        words(&next(&view))
    };
    assert_eq!(with(1, "creating", true), "wait: the restore to finish");
    assert_eq!(with(1, "available", true), "wait: the group to be free again");
    assert_eq!(with(2, "snapshotting", false), "wait: a snapshot to finish");
    assert_eq!(with(4, "deleting", false), "wait: the group to be deleted");
    assert_eq!(with(6, "creating", false), "wait: the restore to finish");
    assert_eq!(with(8, "deleting", true), "settled");
    assert_eq!(with(1, "deleting", true), "wait: the group to be deleted");
    let mut saving = views[2].clone();
    saving.before.as_mut().unwrap().status = SnapshotStatus::Creating;
    check(&saving, "wait: the snapshot orders-before-1a2b3c4d to finish");
    let mut used = views[5].clone();
    used.snapshot.as_mut().unwrap().status = SnapshotStatus::Restoring;
    check(&used, "wait: the snapshot orders-daily-202601020304 to finish");
}

#[test]
fn one_that_came_back_open_is_not_said_to_be_good() {
    let (_, views) = road(fresh(), 0);
    let mut open = views[6].clone();
    open.group.as_mut().unwrap().tls = Tls::Off;
    check(&open, "refuse: the group orders is there but must not be used: TLS is off, not on");
    let mut gone = views[6].clone();
    gone.stand_in = None;
    let told = words(&next(&gone));
    assert!(told.starts_with("refuse: orders is there again, but"), "{told}");
    let mut foreign = views[6].clone();
    foreign.group = Some(group("orders", Tags::new(), "by hand"));
    let told = words(&next(&foreign));
    assert!(told.starts_with("refuse: somebody made another group orders meanwhile"), "{told}");
}

#[test]
fn another_address_is_told() {
    let (_, views) = road(fresh(), 0);
    assert!(wish().remarks(&views[6]).is_empty());
    let mut moved = views[6].clone();
    let endpoint = Endpoint { address: "master.orders.x2".to_owned(), port: 6379 };
    moved.group.as_mut().unwrap().primary_endpoint = Some(endpoint);
    let told: Vec<_> = wish().remarks(&moved).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["the endpoint is master.orders.x2:6379, not master.orders:6379"]);
}

#[test]
fn the_way_back_is_ours_and_no_tier_ever_deletes_it() {
    let (_, views) = road(fresh(), 0);
    let Next::Do(InPlaceStep::Save { name, tags, .. }) = next(&views[1]) else { panic!() };
    assert_eq!(name.as_str(), BEFORE);
    assert!(tags.values().all(|it| tag::is_legal_value(it)), "{tags:?}");
    let seen = SnapshotView { tags: Some(tags), ..before() };
    let (group, owner) = (said().group, owner(&said().group, &quiet()));
    assert!(!seen.is_ours(&group, &owner), "by its name it is none of those that are pruned");
    assert_eq!(seen.source(), Some(group));
    let longest = InPlace::new(Said { group: GroupId::parse(&"a".repeat(40)).unwrap(), ..said() });
    assert!(longest.unwrap().before.as_str().len() <= 40);
}

#[test]
fn the_nodes_of_before_are_those_of_the_way_back() {
    let (_, views) = road(fresh(), 0);
    let mut smaller = views[5].clone();
    let stand_in = smaller.stand_in.as_mut().unwrap();
    stand_in.node_type = NodeType::parse("cache.t4g.micro").ok();
    let tags = stand_in.tags.as_mut().unwrap();
    tags.insert(tag::IN_PLACE.to_owned(), said().on_stand_in(Phase::Back));
    let grown = SnapshotView { size: Some(Bytes(900 << 20)), ..before() };
    smaller.before = Some(grown);
    let Next::Do(InPlaceStep::Make(plan)) = next(&smaller) else { panic!() };
    assert_eq!(plan.node_type.as_str(), "cache.t4g.small");
    assert_eq!(plan.snapshot, BEFORE);
}

#[test]
fn only_what_decides_is_looked_at() {
    let (_, views) = road(fresh(), 0);
    let looks = |at: usize| {
        let it = wish().looks(&views[at]);
        (it.snapshot, it.before, it.alarms)
    };
    assert_eq!(looks(0), (true, false, false));
    assert_eq!(looks(1), (false, true, false));
    assert_eq!(looks(5), (true, false, false));
    assert_eq!(looks(6), (false, false, true));
}

#[test]
fn what_was_under_way_on_a_group_is_not_on_the_one_that_comes_back() {
    let kept = mark::kept(&sample::policy());
    let keys: Vec<&str> = kept.keys().map(String::as_str).collect();
    // What the autoscaler did to the cache and what people were told of it holds for the one in its place.
    let expected = [
        tag::AUTOSCALE,
        tag::AUTOSCALE_MOVES,
        tag::AUTOSCALE_TOLD,
        tag::OWNER,
        tag::SECRET,
        tag::SNAPSHOT_KEEP,
        "team",
    ];
    assert_eq!(keys, expected);
}
