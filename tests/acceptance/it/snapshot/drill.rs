//! Drills: snapshots are seen to restore, or are told not to, and nothing is left standing.

use std::time::Duration;

use aws_sim::elasticache::contents::Key;
use aws_sim::elasticache::model::Status;
use aws_sim::fault::Shortage;
use domain::snapshot::drill;
use domain::{GroupId, tag};
use serde_json::{Value, json};

use super::stage::{GROUP, OWNER, Stage, summary};

fn id() -> String {
    drill::id(&GroupId::parse(GROUP).unwrap()).unwrap().to_string()
}

/// A group with so many keys and a snapshot of them, whose snapshots are to be tried each week.
async fn with_snapshot(keys: usize) -> (Stage, String) {
    let stage = Stage::new().await;
    let key = |it: usize| {
        let value = format!("value {it}");
        (format!("key:{it:05}"), Key { key_type: "string", value, ends: false })
    };
    stage.scene.world.with(|it| it.elasticache.write(GROUP, (0..keys).map(key)));
    stage.hours(1).await;
    tag_group(&stage, tag::DRILL_DAYS, "7");
    let name = stage.good().pop().unwrap();
    (stage, name)
}

fn tag_group(stage: &Stage, key: &str, value: &str) {
    stage.scene.world.with(|it| {
        let group = it.elasticache.groups.get_mut(GROUP).unwrap();
        group.tags.insert(key.to_owned(), value.to_owned());
    });
}

/// What a tag of a snapshot says.
fn mark(stage: &Stage, name: &str, key: &str) -> Option<String> {
    stage.scene.world.with(|it| it.elasticache.snapshots[name].tags.get(key).cloned())
}

fn made(stage: &Stage) -> Vec<aws_sim::CallRecord> {
    stage.scene.world.with(|it| {
        let is_creation = |it: &&aws_sim::CallRecord| {
            it.operation == "CreateReplicationGroup"
                && it.status == 200
                && it.parameters["ReplicationGroupId"] == id()
        };
        it.calls.iter().filter(is_creation).cloned().collect()
    })
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_seen_to_restore_and_its_group_is_gone() {
    let (stage, name) = with_snapshot(3_000).await;
    stage.scene.pass(Duration::from_hours(2)).await;
    let before = stage.scene.world.with(|it| it.elasticache.groups[GROUP].clone());
    let said = summary(&stage.send(json!({ "action": "drill" })).await);
    assert!(said.starts_with("settled"), "{said}");
    assert!(said.contains(&format!("{name} restores: 3000 keys, ")), "{said}");
    assert!(said.contains("; 2 h "), "what would be lost is told: {said}");
    assert_eq!(stage.groups(), [GROUP]);
    let verified = mark(&stage, &name, tag::VERIFIED).unwrap();
    assert!(verified.contains(" keys 3000 in ") && !verified.contains("without"), "{verified}");
    assert_eq!(mark(&stage, &name, tag::DRILL_FAILED), None);
    // What it was: one small node, as closed as the source, and nobody's to look after.
    let [call] = made(&stage).try_into().unwrap();
    let has = |key: &str, value: &str| assert_eq!(call.parameters.get(key).unwrap(), value);
    has("CacheNodeType", "cache.t4g.micro");
    has("NumCacheClusters", "1");
    has("SnapshotRetentionLimit", "0");
    has("AutomaticFailoverEnabled", "false");
    has("TransitEncryptionEnabled", "true");
    has("AtRestEncryptionEnabled", "true");
    assert!(call.parameters.keys().any(|it| it == "AuthToken"));
    let tags: Vec<&String> = call.parameters.values().collect();
    assert!(tags.iter().any(|it| **it == format!("{OWNER}/restored/{}", id())));
    for key in [tag::SNAPSHOT_KEEP, tag::AUTOSCALE, tag::SECRET] {
        assert!(!tags.iter().any(|it| *it == key), "{key}");
    }
    // The source was tagged, and nothing else.
    let after = stage.scene.world.with(|it| it.elasticache.groups[GROUP].clone());
    assert_eq!((before.members.len(), before.access), (after.members.len(), after.access));
    assert!(after.tags[tag::DRILLED].contains(" 0.0320 asked "), "{:?}", after.tags);
    let (time, point) = (stage.metric("RecoveryTimeSeconds"), stage.metric("RecoveryPointSeconds"));
    assert!(time.len() == 1 && 60.0 < time[0] && time[0] < 7_200.0, "{time:?}");
    assert!(point.len() == 1 && 7_200.0 <= point[0] && point[0] < 14_400.0, "{point:?}");
    assert_eq!(stage.metric("DrillKeys"), [3000.0]);
    assert_eq!(stage.metric("DrillFailed"), [0.0]);
    assert_eq!(stage.told(), [], "what went well is in the journal");
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn the_next_drill_is_due_after_a_week_and_not_before() {
    let (stage, name) = with_snapshot(10).await;
    stage.send(json!({ "action": "drill" })).await;
    let said = summary(&stage.send(json!({ "action": "drill" })).await);
    assert!(said.contains("no drill is due before"), "{said}");
    assert_eq!(made(&stage).len(), 1);
    // A person may have another at once.
    stage.scene.pass(Duration::from_mins(5)).await;
    let said = summary(&stage.send(json!({ "action": "drill", "snapshot": name })).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(made(&stage).len(), 2);
    stage.scene.pass(Duration::from_hours(7 * 24)).await;
    stage.hours(1).await;
    stage.send(json!({ "action": "drill" })).await;
    assert_eq!(made(&stage).len(), 3);
    assert_eq!(stage.groups(), [GROUP]);
    let status = summary(&stage.send(json!({ "action": "status" })).await);
    assert!(status.contains("was seen to restore at"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_not_there_again_are_told_and_the_group_goes_all_the_same() {
    let (stage, name) = with_snapshot(3_000).await;
    stage.scene.world.with(|it| {
        it.elasticache.snapshots.get_mut(&name).unwrap().source.keys.clear();
    });
    let said = summary(&stage.send(json!({ "action": "drill" })).await);
    assert!(said.starts_with("refused"), "{said}");
    assert!(said.contains("did not stand the drill: 0 keys"), "{said}");
    assert_eq!(stage.groups(), [GROUP]);
    assert_eq!(mark(&stage, &name, tag::VERIFIED), None);
    assert!(mark(&stage, &name, tag::DRILL_FAILED).unwrap().contains(" 0 keys"));
    let told = stage.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].subject, format!("orders: failed: drill {name}"));
    assert_eq!(stage.metric("DrillFailed"), [1.0]);
    let status = summary(&stage.send(json!({ "action": "status" })).await);
    assert!(status.contains("did not stand the drill of"), "{status}");
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_group_that_cannot_be_made_is_told_and_torn_down() {
    for shortage in [Shortage::AtOnce, Shortage::Later] {
        let (stage, name) = with_snapshot(10).await;
        stage.scene.world.with(|it| {
            it.faults.shortages.insert("cache.t4g.micro".to_owned(), shortage);
        });
        let said = summary(&stage.send(json!({ "action": "drill" })).await);
        assert!(said.contains("did not stand the drill"), "{said}");
        assert!(said.to_ascii_lowercase().contains("capacity"), "{said}");
        assert_eq!(stage.groups(), [GROUP], "{shortage:?}");
        assert!(mark(&stage, &name, tag::DRILL_FAILED).is_some());
        assert_eq!(stage.told().len(), 1);
        stage.keeps_its_secrets();
    }
}

#[tokio::test(start_paused = true)]
async fn shards_are_tried_with_one_node_each() {
    let stage = Stage::new().await;
    stage.add_sharded("shards", 2).await;
    let key = |it: usize| {
        let value = format!("value {it}");
        (format!("key:{it:05}"), Key { key_type: "string", value, ends: false })
    };
    stage.scene.world.with(|it| it.elasticache.write("shards", (0..100).map(key)));
    let name = stage.taken_of("shards").await;
    let said = summary(&stage.send(json!({ "action": "drill", "group": "shards" })).await);
    assert!(said.contains(&format!("{name} restores: 100 keys")), "{said}");
    assert_eq!(stage.groups(), [GROUP, "shards"]);
    let creation = stage.scene.world.with(|it| {
        let mut all = it.calls.iter().filter(|it| it.operation == "CreateReplicationGroup");
        all.next_back().unwrap().parameters.clone()
    });
    let replicas = creation.iter().filter(|it| it.0.ends_with("ReplicaCount"));
    assert!(
        replicas.clone().count() == 2 && replicas.clone().all(|it| it.1 == "0"),
        "{creation:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_status_says_as_numbers_what_alarms_watch() {
    let (stage, _) = with_snapshot(10).await;
    stage.send(json!({ "action": "status" })).await;
    assert_eq!(
        (stage.metric("SnapshotOverdue"), stage.metric("DrillOverdue")),
        (vec![0.0], vec![0.0])
    );
    // Nobody took another, and nobody tried that one.
    stage.scene.pass(Duration::from_hours(48)).await;
    let answer = stage.send(json!({ "action": "status" })).await;
    assert_eq!(stage.metric("SnapshotOverdue").last(), Some(&1.0));
    assert_eq!(stage.metric("DrillOverdue").last(), Some(&1.0));
    assert!(format!("{answer:?}").contains("none was ever seen to restore"), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn what_speaks_against_a_drill_is_told_at_once_and_nothing_is_made() {
    let (stage, name) = with_snapshot(10).await;
    stage.add("open", 1, &[]).await;
    stage
        .scene
        .by_hand("CreateSnapshot", &[("CacheClusterId", "open-001"), ("SnapshotName", "by-hand")]);
    stage.scene.pass(Duration::from_mins(10)).await;
    let cases = [
        (json!({ "snapshot": "nowhere" }), "there is no snapshot nowhere"),
        (json!({ "snapshot": "by-hand" }), "is not one of ours"),
        (json!({ "group": "open" }), "the group has no cachewarden:snapshot-keep tag"),
        (json!({ "group": "open", "snapshot": name }), "is not one of ours"),
        (json!({ "group": "-" }), "does not start with a letter"),
        (json!({ "snapshot": name, "time": "noon" }), "noon is not a time"),
    ];
    for (mut event, why) in cases {
        event["action"] = json!("drill");
        let said = summary(&stage.send(event.clone()).await);
        assert!(said.starts_with("refused") && said.contains(why), "{event}: {said}");
    }
    tag_group(&stage, tag::DRILLED, "2026-01 9.9900 asked 2026-01-01T00:00:00Z");
    let said = summary(&stage.send(json!({ "action": "drill", "snapshot": name })).await);
    assert!(said.contains("may cost $0.03, those of this month may have cost $9.99"), "{said}");
    tag_group(&stage, tag::DRILL_DAYS, "weekly");
    let said = summary(&stage.send(json!({ "action": "drill" })).await);
    assert!(said.contains("the tag cachewarden:drill-days says \"weekly\""), "{said}");
    assert_eq!(made(&stage).len(), 0);
    assert_eq!(stage.groups(), ["open", GROUP]);
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_group_of_that_id_that_no_drill_made_is_left_alone() {
    let (stage, name) = with_snapshot(10).await;
    stage.add(&id(), 1, &[("team", "shop")]).await;
    let said = summary(&stage.send(json!({ "action": "drill", "snapshot": name })).await);
    assert!(said.contains("is there, and no drill made it; nothing was touched"), "{said}");
    stage.scene.pass(Duration::from_hours(5)).await;
    stage.send(json!({ "action": "sweep" })).await;
    assert!(stage.groups().contains(&id()));
}

#[tokio::test(start_paused = true)]
async fn a_busy_source_is_waited_for_and_a_plan_makes_nothing() {
    let (stage, name) = with_snapshot(10).await;
    let said =
        summary(&stage.send(json!({ "action": "plan", "of": "drill", "snapshot": name })).await);
    let expected = "would have counted its cost, $0.03 at most, for 1 x cache.t4g.micro over 2 h";
    assert!(said.contains(expected), "{said}");
    assert_eq!(made(&stage).len(), 0);
    stage.scene.by_hand(
        "CreateSnapshot",
        &[("CacheClusterId", "orders-002"), ("SnapshotName", "meanwhile")],
    );
    let said = summary(&stage.send(json!({ "action": "drill", "snapshot": name })).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!((made(&stage).len(), stage.groups()), (1, vec![GROUP.to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn two_that_ask_at_once_get_one_group() {
    let (stage, name) = with_snapshot(10).await;
    let event = json!({ "action": "drill", "group": GROUP });
    stage.send_only(event.clone()).await;
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!((made(&stage).len(), stage.groups()), (1, vec![GROUP.to_owned()]));
    assert!(mark(&stage, &name, tag::VERIFIED).is_some());
}

/// The execution of a drill has made its group, and dies.
async fn died(stage: &Stage, event: Value) {
    stage.send_only(event).await;
    let execution = stage.scene.running().pop().unwrap();
    for _ in 0..3 {
        stage.send_only(execution.event(None)).await;
        stage.scene.pass(Duration::from_mins(1)).await;
    }
    assert_eq!(made(stage).len(), 1);
    stage.scene.world.with(|it| it.sfn.find(&execution.name).unwrap().status = "ABORTED");
    stage.scene.pass(Duration::from_mins(20)).await;
    let status = stage.scene.world.with(|it| it.elasticache.groups[&id()].status);
    assert_eq!(status, Status::Available);
}

#[tokio::test(start_paused = true)]
async fn what_a_death_left_standing_goes_when_its_time_is_over() {
    let (stage, name) = with_snapshot(10).await;
    died(&stage, json!({ "action": "drill" })).await;
    let said = summary(&stage.send(json!({ "action": "sweep" })).await);
    assert_eq!(
        said,
        "settled: no group of a drill has outlived its time, and none that stood aside"
    );
    assert!(stage.groups().contains(&id()));
    stage.scene.pass(Duration::from_hours(2)).await;
    let said = summary(&stage.send(json!({ "action": "sweep" })).await);
    assert!(said.contains("it was not done by"), "{said}");
    assert_eq!(stage.groups(), [GROUP]);
    assert!(mark(&stage, &name, tag::DRILL_FAILED).is_some());
    assert_eq!(made(&stage).len(), 1, "and no other is made");
    assert_eq!(stage.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_goes_too_where_its_snapshot_or_its_source_is_gone() {
    for is_source in [false, true] {
        let (stage, name) = with_snapshot(10).await;
        died(&stage, json!({ "action": "drill" })).await;
        if is_source {
            stage.scene.by_hand("DeleteReplicationGroup", &[("ReplicationGroupId", GROUP)]);
        } else {
            stage.scene.by_hand("DeleteSnapshot", &[("SnapshotName", &name)]);
        }
        stage.scene.pass(Duration::from_hours(4)).await;
        stage.send(json!({ "action": "sweep" })).await;
        assert!(!stage.groups().contains(&id()), "{is_source}");
        assert_eq!(made(&stage).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_drill_that_is_given_up_has_failed() {
    let (stage, name) = with_snapshot(10).await;
    stage
        .send(json!({
            "cachewarden": { "execution": "x", "startedAt": "2026-01-01T00:00:00Z", "gaveUp": { "Error": "Lambda.Timeout", "Cause": "slow" } },
            "event": { "action": "drill", "group": GROUP, "snapshot": name, "time": "2026-01-01T00:00:00Z" },
        }))
        .await;
    assert_eq!(stage.metric("DrillFailed"), [1.0]);
    assert_eq!(stage.told()[0].subject, "snapshot: could not finish drill orders");
}

#[tokio::test(start_paused = true)]
async fn the_last_one_verified_is_not_pruned() {
    let (stage, name) = with_snapshot(10).await;
    stage.send(json!({ "action": "drill" })).await;
    stage.hours(4).await;
    let answer = stage.send(json!({ "action": "prune", "group": GROUP })).await;
    assert!(stage.good().contains(&name), "{answer:?}");
    assert_eq!(stage.good().len(), 4, "the newest three, and that one");
}
