//! Groups go for the night, and come back in the morning as they were.

mod stack;

use std::time::Duration;

use aws_sim::State;
use aws_sim::elasticache::contents::Key;
use aws_sim::elasticache::model::{SnapshotStatus, Status};
use aws_sim::fault::{Fault, Rule, Shortage};
use aws_sim::settings::{Settings, Switches};
use domain::tag;
use serde_json::{Value, json};

use super::stage::{BYTES, GROUP, OWNER, Stage, summary};

/// A group that may be parked.
async fn dusk() -> Stage {
    dusk_in(Settings::default()).await
}

async fn dusk_in(settings: Settings) -> Stage {
    let stage = Stage::with(settings).await;
    tag_group(&stage, tag::PARK, "nightly");
    stage
}

fn tag_group(stage: &Stage, key: &str, value: &str) {
    stage.scene.world.with(|it| {
        let tags = &mut it.elasticache.groups.get_mut(GROUP).unwrap().tags;
        if value.is_empty() {
            tags.remove(key);
        } else {
            tags.insert(key.to_owned(), value.to_owned());
        }
    });
}

fn park() -> Value {
    json!({ "action": "park", "group": GROUP })
}

fn unpark() -> Value {
    json!({ "action": "unpark", "group": GROUP })
}

/// The park snapshots, and how far each says that it is.
fn parks(stage: &Stage) -> Vec<(String, SnapshotStatus, String)> {
    stage.scene.world.with(|it| {
        let all = it.elasticache.snapshots.values().filter(|it| it.name.contains("-park-"));
        let said = |tags: &std::collections::BTreeMap<String, String>| {
            tags[tag::PARKED].split(" at ").next().unwrap().to_owned()
        };
        all.map(|it| (it.name.clone(), it.status, said(&it.tags))).collect()
    })
}

fn states(stage: &Stage) -> Vec<String> {
    parks(stage).into_iter().map(|it| it.2).collect()
}

/// All of the group that must be as it was.
fn whole(stage: &Stage) -> String {
    stage.scene.world.with(|it| settings(it))
}

fn settings(state: &State) -> String {
    let group = &state.elasticache.groups[GROUP];
    let mut tags = group.tags.clone();
    tags.remove(tag::PARKED);
    let zones: Vec<_> = group.members.values().map(|it| it.zone.clone()).collect();
    format!(
        "{} {} {:?} {:?} {:?} {:?} {:?} {:?} {} {:?} {:?} {zones:?} {} {:?}",
        group.description,
        group.node_type,
        group.version,
        group.security_groups,
        group.subnet_group,
        group.parameter_group,
        group.maintenance_window,
        group.failover,
        group.multi_az,
        group.access,
        group.members.keys(),
        group.bytes_used,
        tags,
    )
}

fn alarms(stage: &Stage) -> usize {
    stage.scene.world.with(|it| it.cloudwatch.alarms.len())
}

fn is_there(stage: &Stage) -> bool {
    stage.groups().contains(&GROUP.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_group_goes_in_the_evening_and_is_in_the_morning_as_it_was() {
    for switches in [Switches::default(), Switches::otherwise()] {
        let stage = dusk_in(Settings { switches, ..Settings::default() }).await;
        // As its stack had made them.
        stage.scene.pass(Duration::from_hours(1)).await;
        let was = whole(&stage);
        let said = summary(&stage.send(park()).await);
        assert!(said.starts_with("settled: orders: it is parked with orders-park-"), "{said}");
        assert!(said.contains("that saves $"), "{said}");
        assert_eq!((is_there(&stage), alarms(&stage)), (false, 0));
        assert_eq!(states(&stage), ["parked"]);
        // Nobody is told of what a schedule does every night.
        assert_eq!(stage.told().len(), 0, "{:?}", stage.told());
        stage.scene.pass(Duration::from_hours(12)).await;
        let said = summary(&stage.send(unpark()).await);
        assert!(said.contains("noted on the snapshot that the group is back"), "{said}");
        // Nothing but the address may be another, which is told then (facts 1.5).
        assert!(said.contains("orders is there: 2 x cache.t4g.micro, a new endpoint "), "{said}");
        assert_eq!(said.matches("; the ").count(), 1, "{said}");
        assert!(said.contains("; the endpoint is master.orders."), "{said}");
        assert_eq!(whole(&stage), was);
        assert_eq!(states(&stage), ["back"]);
        assert_eq!(alarms(&stage), 5);
        assert_eq!(stage.told().len(), 0, "{:?}", stage.told());
        stage.keeps_its_secrets();
        stage.scene.world.with(|it| {
            assert_eq!(it.elasticache.groups[GROUP].tags[tag::OWNER], OWNER);
            assert!(it.elasticache.groups[GROUP].tags[tag::PARKED].ends_with(": finished"));
        });
        // The next night takes another, and the one of before goes.
        stage.scene.pass(Duration::from_hours(12)).await;
        assert!(summary(&stage.send(park()).await).starts_with("settled"));
        stage.scene.pass(Duration::from_mins(20)).await;
        assert_eq!(states(&stage), ["parked"]);
        assert!(summary(&stage.send(unpark()).await).starts_with("settled"));
        assert_eq!(whole(&stage), was);
    }
}

#[tokio::test(start_paused = true)]
async fn the_keys_are_counted_and_held_against_the_record_of_the_snapshot() {
    let stage = dusk().await;
    let key = |it: usize| {
        let value = format!("value {it}");
        (format!("key:{it:05}"), Key { key_type: "string", value, ends: false })
    };
    stage.scene.world.with(|it| it.elasticache.write(GROUP, (0..200).map(key)));
    assert!(summary(&stage.send(park()).await).starts_with("settled"));
    let said = summary(&stage.send(unpark()).await);
    assert!(said.starts_with("settled") && said.contains("; 200 keys"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn shards_and_users_and_groups_without_a_token_come_back_too() {
    let stage = dusk().await;
    stage.add_sharded("many", 3).await;
    stage.add("plain", 1, &[(tag::SNAPSHOT_KEEP, "2"), (tag::PARK, "nightly")]).await;
    stage.scene.world.with(|it| {
        let many = it.elasticache.groups.get_mut("many").unwrap();
        many.tags.insert(tag::PARK.to_owned(), "nightly".to_owned());
    });
    let was = |it: &mut State| {
        ["many", "plain"].map(|id| {
            let group = &it.elasticache.groups[id];
            let slots: Vec<_> = group
                .shards
                .iter()
                .flat_map(|it| &it.all)
                .map(|it| format!("{:?}", it.1.slots))
                .collect();
            let mut tags = group.tags.clone();
            tags.remove(tag::PARKED);
            format!(
                "{slots:?} {:?} {} {tags:?} {:?}",
                group.members.keys(),
                group.bytes_used,
                group.access
            )
        })
    };
    let before = stage.scene.world.with(was);
    let event = json!({ "action": "park", "time": "2026-01-01T01:00:00Z" });
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(stage.groups(), Vec::<String>::new());
    assert_eq!(states(&stage), ["parked", "parked", "parked"]);
    let said = summary(&stage.send(json!({ "action": "unpark" })).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(stage.groups(), ["many", GROUP, "plain"]);
    assert_eq!(stage.scene.world.with(was), before);
    assert_eq!(states(&stage), ["back", "back", "back"]);
    let calls = |name: &str| stage.scene.world.calls_to(name);
    assert_eq!(calls("CreateReplicationGroup"), 6);
}

#[tokio::test(start_paused = true)]
async fn the_same_event_twice_parks_once_and_brings_back_once() {
    let stage = dusk().await;
    assert!(summary(&stage.send(park()).await).starts_with("settled"));
    let said = summary(&stage.send_again(park()).await);
    assert!(said.starts_with("settled"), "{said}");
    // Another one finds it parked.
    stage.scene.pass(Duration::from_hours(1)).await;
    let said = summary(&stage.send(park()).await);
    assert!(said.starts_with("settled: orders: it is parked with"), "{said}");
    assert_eq!(states(&stage), ["parked"]);
    assert!(summary(&stage.send(unpark()).await).starts_with("settled"));
    let made = stage.scene.world.calls_to("CreateReplicationGroup");
    assert!(summary(&stage.send_again(unpark()).await).starts_with("settled"));
    assert!(summary(&stage.send(unpark()).await).starts_with("settled"));
    assert_eq!(stage.scene.world.calls_to("CreateReplicationGroup"), made);
    assert_eq!(states(&stage), ["back"]);
}

#[tokio::test(start_paused = true)]
async fn an_old_event_does_not_park_what_is_back() {
    let stage = dusk().await;
    let tick = "2026-01-01T01:00:00Z";
    let event = json!({ "action": "park", "group": GROUP, "time": tick });
    assert!(summary(&stage.send(event.clone()).await).starts_with("settled"));
    assert!(summary(&stage.send(unpark()).await).starts_with("settled"));
    let was = whole(&stage);
    let carried =
        json!({ "cachewarden": { "execution": "late", "startedAt": tick }, "event": event });
    let said = summary(&stage.send_only(carried).await);
    assert!(
        said.starts_with(
            "settled: orders: nothing is to be done, since orders-park-202601010100 says: back at"
        ),
        "{said}"
    );
    stage.scene.pass(Duration::from_hours(7)).await;
    let late = json!({ "action": "park", "group": GROUP, "time": "2026-01-01T01:01:00Z" });
    let said = summary(&stage.send(late).await);
    assert!(said.contains("it is not that time"), "{said}");
    assert_eq!(whole(&stage), was);
}

#[tokio::test(start_paused = true)]
async fn what_speaks_against_parking_is_told_and_nothing_is_touched() {
    let stage = dusk().await;
    stage.add("wild", 1, &[(tag::SNAPSHOT_KEEP, "2")]).await;
    let before = (stage.groups(), stage.snapshots().len(), alarms(&stage));
    let refused = async |event: Value, why: &str| {
        let said = summary(&stage.send(event).await);
        assert!(said.starts_with("refused: ") && said.contains(why), "{said}");
        let now = (stage.groups(), stage.snapshots().len(), alarms(&stage));
        assert_eq!(now, before, "{why}");
    };
    let wild = json!({ "action": "park", "group": "wild" });
    refused(wild, "wild has no tag cachewarden:park that says nightly").await;
    let nowhere = json!({ "action": "park", "group": "nowhere" });
    refused(nowhere, "there is no group nowhere").await;
    let secret =
        stage.scene.world.with(|it| it.elasticache.groups[GROUP].tags[tag::SECRET].clone());
    for (key, value, then, why) in [
        (tag::PARK, "", "nightly", "orders has no tag cachewarden:park"),
        (tag::PARK, "weekly", "nightly", "orders has no tag cachewarden:park"),
        (tag::DELETION_PROTECTION, "on", "", "orders must not be deleted"),
        (
            tag::ASKED,
            "node-type=cache.t4g.small at 2026-01-02T03:04:05Z",
            "",
            "orders is being changed",
        ),
        (tag::AUTOSCALE_CHANGE, "replicas=2 from 1", "", "orders is being changed"),
        (tag::REPLACED_BY, "orders-r2 unfinished", "", "orders is being changed"),
        (tag::SECRET, "", &secret, "orders asks for a token, and has no cachewarden:secret tag"),
    ] {
        tag_group(&stage, key, value);
        refused(park(), why).await;
        tag_group(&stage, key, then);
    }
    let many = |on: bool| {
        for number in 0..38 {
            tag_group(&stage, &format!("people-{number}"), if on { "x" } else { "" });
        }
    };
    many(true);
    refused(park(), "which can have 50; take some off the group").await;
    many(false);
    let said = summary(&stage.send(json!({ "action": "unpark", "group": "nowhere" })).await);
    assert!(
        said.contains("there is no group nowhere, and no snapshot that it was parked with"),
        "{said}"
    );
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_group_whose_secret_cannot_be_read_stays() {
    let stage = dusk().await;
    tag_group(
        &stage,
        tag::SECRET,
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:gone-AbCdEf",
    );
    let said = summary(&stage.send(park()).await);
    assert!(said.starts_with("refused: ") && said.contains("which cannot be read"), "{said}");
    assert!(is_there(&stage));
    assert_eq!(states(&stage), ["taken"]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_tells_the_steps_and_the_money_and_takes_none() {
    let stage = dusk().await;
    let before = (stage.groups(), stage.good());
    for (event, hours, saves) in [
        (json!({ "action": "plan", "of": "park" }), 12, "$11.52 for 2 x cache.t4g.micro"),
        (
            json!({ "action": "plan", "of": "park", "group": GROUP, "hours": 10 }),
            10,
            "$9.60 for 2 x",
        ),
    ] {
        let said = summary(&stage.send(event).await);
        assert!(said.starts_with("settled: orders: would have asked for orders-park-"), "{said}");
        assert!(
            said.contains("deleted orders and its alarms, without what is written until then"),
            "{said}"
        );
        assert!(
            said.contains(saves) && said.contains(&format!("30 nights of {hours} h")),
            "{said}"
        );
    }
    assert_eq!((stage.groups(), stage.good()), before);
    let said = summary(&stage.send(json!({ "action": "plan", "of": "unpark" })).await);
    assert_eq!(said, "settled: no group is parked");
    assert!(summary(&stage.send(park()).await).starts_with("settled"));
    let said = summary(&stage.send(json!({ "action": "plan", "of": "unpark" })).await);
    assert!(said.starts_with("settled: orders: would have asked for orders, 2 x"), "{said}");
    assert!(!is_there(&stage));
}

#[tokio::test(start_paused = true)]
async fn the_status_tells_since_when_a_group_is_parked_and_what_that_saves() {
    let stage = dusk().await;
    assert!(summary(&stage.send(park()).await).starts_with("settled"));
    for event in [json!({ "action": "status" }), json!({ "action": "status", "group": GROUP })] {
        let said = summary(&stage.send(event).await);
        assert!(said.starts_with("settled: orders: parked since "), "{said}");
        assert!(said.contains(" with orders-park-") && said.contains("saves $"), "{said}");
    }
    // No sweep minds that it is not there.
    for action in ["take", "prune", "drill", "park"] {
        let said = summary(&stage.send(json!({ "action": action })).await);
        assert!(said.starts_with("settled: no group"), "{action}: {said}");
    }
    assert_eq!(states(&stage), ["parked"]);
    assert_eq!(stage.told().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_fails_keeps_its_group() {
    let stage = dusk().await;
    stage.scene.world.with(|it| it.faults.failing_snapshots = 1);
    let said = summary(&stage.send(park()).await);
    assert!(said.starts_with("refused: orders: ") && said.contains("orders-park-"), "{said}");
    assert!(is_there(&stage));
    assert_eq!(stage.scene.world.calls_to("DeleteReplicationGroup"), 0);
    assert_eq!(stage.told().len(), 1);
}

/// Carries the execution on until this is so.
async fn until(stage: &Stage, is_so: impl Fn(&State) -> bool) {
    for _ in 0..400 {
        if stage.scene.world.with(|it| is_so(it)) {
            return;
        }
        let execution = stage.scene.running().into_iter().next().unwrap();
        stage.send_only(execution.event(None)).await;
        stage.scene.pass(Duration::from_secs(15)).await;
    }
    panic!("it never came to that");
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_while_the_snapshot_is_written_keeps_the_group() {
    let stage = dusk().await;
    stage.send_only(park()).await;
    until(&stage, |it| !it.elasticache.snapshots.is_empty()).await;
    stage.scene.world.with(|it| {
        let group = it.elasticache.groups.get_mut(GROUP).unwrap();
        group.security_groups = vec!["sg-new".to_owned()];
    });
    let said = summary(&stage.send(json!({ "action": "status" })).await);
    assert!(said.contains("orders was changed after orders-park-"), "{said}");
    assert!(is_there(&stage));
    assert_eq!(states(&stage), ["taken"]);
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_it_back_while_it_goes_waits_and_has_it_back() {
    let stage = dusk().await;
    let was = whole(&stage);
    stage.send_only(park()).await;
    let says = |it: &State| {
        it.elasticache.groups.get(GROUP).is_none_or(|it| it.tags.contains_key(tag::PARKED))
    };
    until(&stage, says).await;
    stage.send_only(unpark()).await;
    assert_eq!(stage.scene.running().len(), 2);
    let said = summary(&stage.send(json!({ "action": "status" })).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!((whole(&stage), states(&stage)), (was, vec!["back".to_owned()]));
    assert_eq!(stage.scene.world.calls_to("DeleteReplicationGroup"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_cannot_be_made_is_told_and_buried_and_made_the_next_time() {
    let stage = dusk().await;
    let was = whole(&stage);
    assert!(summary(&stage.send(park()).await).starts_with("settled"));
    stage.scene.world.with(|it| {
        it.faults.shortages.insert("cache.t4g.micro".to_owned(), Shortage::Later);
    });
    let said = summary(&stage.send(unpark()).await);
    assert!(said.starts_with("refused: orders: "), "{said}");
    assert!(said.contains("could not be made of orders-park-"), "{said}");
    assert!(said.to_ascii_lowercase().contains("capacity"), "{said}");
    let told = stage.told();
    assert!(told[0].subject.starts_with("orders: NOT THERE"), "{told:?}");
    stage.scene.pass(Duration::from_mins(20)).await;
    assert!(!is_there(&stage));
    stage.scene.world.with(|it| it.faults.shortages.clear());
    assert!(summary(&stage.send(unpark()).await).starts_with("settled"));
    assert_eq!(whole(&stage), was);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_somebody_else_made_meanwhile_is_left_alone_and_named() {
    let stage = dusk().await;
    assert!(summary(&stage.send(park()).await).starts_with("settled"));
    stage.scene.by_hand(
        "CreateReplicationGroup",
        &[
            ("ReplicationGroupId", GROUP),
            ("ReplicationGroupDescription", "not ours"),
            ("CacheNodeType", "cache.t4g.micro"),
            ("NumCacheClusters", "1"),
        ],
    );
    stage.scene.pass(Duration::from_mins(20)).await;
    let said = summary(&stage.send(unpark()).await);
    assert!(
        said.starts_with("refused: orders: a group orders is there that was not made of"),
        "{said}"
    );
    stage.scene.world.with(|it| {
        assert_eq!(it.elasticache.groups[GROUP].description, "not ours");
        assert_eq!(it.elasticache.groups[GROUP].status, Status::Available);
    });
    assert_eq!(states(&stage), ["parked"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_for_long_in_the_morning_is_made_again() {
    let stage = dusk().await;
    assert!(summary(&stage.send(park()).await).starts_with("settled"));
    let at = stage.calls();
    stage.befall(Rule::call(at + 12, Fault::Denied).lasting());
    let said = summary(&stage.send(unpark()).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(stage.scene.world.with(|it| it.elasticache.groups[GROUP].bytes_used), BYTES);
}
