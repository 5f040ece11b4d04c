//! Taking, keeping, deleting and telling.

use std::time::Duration;

use aws_sim::cloudwatch::hold;
use aws_sim::elasticache::lose_primary;
use aws_sim::elasticache::model::{SnapshotStatus, Status};
use aws_sim::fault::{Fault, Rule};
use aws_sim::settings::{Settings, Switches};
use serde_json::json;

use super::stage::{BYTES, GROUP, OWNER, Stage, summary};
use crate::support::Ended;

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test(start_paused = true)]
async fn a_schedule_takes_one_of_every_group_of_ours() {
    let stage = Stage::new().await;
    stage.add("billing", 1, &[("cachewarden:snapshot-keep", "7")]).await;
    stage.add("caches-nothing", 1, &[("cachewarden:snapshot-keep", "0")]).await;
    stage.add("foreign", 1, &[("team", "other")]).await;
    let before = stage.calls();
    let ended = stage.send(json!({ "action": "take", "time": "2026-01-01T00:15:00Z" })).await;
    assert!(summary(&ended).starts_with("settled"), "{ended:?}");
    assert_eq!(
        stage.snapshots(),
        [
            ("billing-daily-202601010015".to_owned(), SnapshotStatus::Available, BYTES),
            ("orders-daily-202601010015".to_owned(), SnapshotStatus::Available, BYTES),
        ]
    );
    let calls = stage.calls_since(before);
    assert_eq!(calls.iter().filter(|it| *it == "CreateSnapshot").count(), 2);
    assert_eq!(calls.iter().filter(|it| *it == "GetResources").count(), 1);
    let (member, tags) = stage.scene.world.with(|it| {
        let taken = &it.elasticache.snapshots["orders-daily-202601010015"];
        (taken.member.clone(), taken.tags.clone())
    });
    assert_eq!(member, "orders-002", "a replica, to spare the primary");
    let tags: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(
        tags,
        [
            "cachewarden:group=orders".to_owned(),
            format!("cachewarden:owner={OWNER}"),
            "cachewarden:record=keys=0 ends=0".to_owned(),
            "cachewarden:sample=salt=d450d551".to_owned(),
            "cachewarden:tier=daily".to_owned()
        ]
    );
    assert!(stage.told().is_empty(), "{:?}", stage.told());
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn the_replica_that_is_least_behind_is_read() {
    let stage = Stage::new().await;
    stage.add("three", 3, &[("cachewarden:snapshot-keep", "7")]).await;
    let source_behind = async |lags: [f64; 2]| {
        stage.scene.world.with(|it| {
            hold(it, "three-002", "ReplicationLag", lags[0]);
            hold(it, "three-003", "ReplicationLag", lags[1]);
        });
        stage.scene.pass(HOUR).await;
        let taken = stage.taken_of("three").await;
        stage.scene.world.with(|it| it.elasticache.snapshots[&taken].member.clone())
    };
    assert_eq!(source_behind([12.0, 0.4]).await, "three-003");
    assert_eq!(source_behind([0.4, 12.0]).await, "three-002");
    assert_eq!(source_behind([400.0, 90.0]).await, "three-001", "the primary, as none is near");
    // A CloudWatch that is away holds up no snapshot.
    stage.scene.world.with(|it| {
        hold(it, "three-003", "ReplicationLag", 0.0);
        it.faults.add(Rule::operation("GetMetricData", Fault::Denied).times(9));
    });
    assert_eq!(source_behind([400.0, 0.4]).await, "three-002");
}

#[tokio::test(start_paused = true)]
async fn a_failover_moves_the_source() {
    let stage = Stage::new().await;
    stage.scene.world.with(|it| lose_primary(it, GROUP));
    stage.scene.pass(Duration::from_mins(20)).await;
    let ended = stage.send(json!({ "action": "take", "group": GROUP })).await;
    assert!(summary(&ended).starts_with("settled"), "{ended:?}");
    let (member, primary) = stage.scene.world.with(|it| {
        let taken = it.elasticache.snapshots.values().next().unwrap();
        (taken.member.clone(), it.elasticache.groups[GROUP].primary.clone())
    });
    assert_eq!(primary, "orders-002");
    assert_ne!(member, primary);
}

#[tokio::test(start_paused = true)]
async fn the_same_event_twice_takes_one() {
    let stage = Stage::new().await;
    let timed = json!({ "action": "take", "time": "2026-01-01T00:15:00Z" });
    stage.send(timed.clone()).await;
    // A scheduler delivers at least once, and each time as a new event.
    stage.scene.pass(HOUR).await;
    let ended = stage.send(timed).await;
    assert!(summary(&ended).contains("was started for the same event before"), "{ended:?}");
    assert_eq!(stage.good(), ["orders-daily-202601010015"]);

    let untimed = json!({ "action": "take", "group": GROUP });
    stage.send(untimed.clone()).await;
    stage.scene.pass(HOUR).await;
    stage.send_again(untimed.clone()).await;
    assert_eq!(stage.good().len(), 2);
    // A person who asks again gets another.
    stage.send(untimed).await;
    assert_eq!(stage.good().len(), 3);
    assert_eq!(stage.scene.world.calls_to("CreateSnapshot"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_busy_group_is_waited_for_and_not_skipped() {
    let stage = Stage::new().await;
    let elasticache = platform::ElastiCache::new(&stage.scene.aws);
    let id = domain::GroupId::parse(GROUP).unwrap();
    let larger = domain::NodeType::parse("cache.t4g.small").unwrap();
    elasticache.resize(&id, &larger).await.unwrap();
    let ended = stage.send(json!({ "action": "take", "group": GROUP })).await;
    assert!(summary(&ended).starts_with("settled"), "{ended:?}");
    assert_eq!(stage.good().len(), 1);
    assert_eq!(stage.scene.world.calls_to("CreateSnapshot"), 1, "nobody asks a busy group");
    let of = stage
        .scene
        .world
        .with(|it| it.elasticache.snapshots.values().next().unwrap().source.node_type.clone());
    assert_eq!(of, "cache.t4g.small");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_still_reads_available_is_asked_once_more() {
    let switches = Switches { stale_looks: 3, ..Switches::default() };
    let settings = Settings { switches, ..Settings::default() };
    let stage = Stage::with(settings).await;
    let elasticache = platform::ElastiCache::new(&stage.scene.aws);
    let id = domain::GroupId::parse(GROUP).unwrap();
    elasticache.add_replicas(&id, 2, &[]).await.unwrap();
    let ended = stage.send(json!({ "action": "take", "group": GROUP })).await;
    assert!(summary(&ended).starts_with("settled"), "{ended:?}");
    assert_eq!(stage.good().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_fails_is_told_in_the_services_words_and_not_repeated() {
    let stage = Stage::new().await;
    stage.scene.world.with(|it| it.faults.failing_snapshots = 1);
    let ended = stage.send(json!({ "action": "take", "time": "2026-01-01T00:15:00Z" })).await;
    let said = summary(&ended);
    assert!(said.starts_with("refused"), "{said}");
    assert!(
        said.contains("Snapshot failed for snapshot with ID 'orders-daily-202601010015'"),
        "{said}"
    );
    assert_eq!(stage.scene.world.calls_to("CreateSnapshot"), 1);
    let told = stage.told();
    assert_eq!(told.len(), 1);
    assert!(told[0].subject.starts_with("orders: nothing done"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_number_says_whether_a_snapshot_failed() {
    let stage = Stage::new().await;
    stage.send(json!({ "action": "take", "group": GROUP })).await;
    assert_eq!(stage.metric("SnapshotFailed"), [0.0]);
    stage.scene.world.with(|it| it.faults.failing_snapshots = 1);
    stage.scene.pass(Duration::from_mins(5)).await;
    stage.send(json!({ "action": "take", "group": GROUP })).await;
    assert_eq!(stage.metric("SnapshotFailed"), [0.0, 1.0]);
    // A person who asks for what cannot be is told so at once.
    stage.send(json!({ "action": "take", "group": "nowhere" })).await;
    assert_eq!(stage.metric("SnapshotFailed").len(), 2);
    let gave_up = json!({
        "cachewarden": { "execution": "x", "startedAt": "2026-01-01T00:00:00Z", "gaveUp": { "Error": "Lambda.Timeout" } },
        "event": { "action": "take", "group": GROUP },
    });
    stage.send(gave_up).await;
    assert_eq!(stage.metric("SnapshotFailed"), [0.0, 1.0, 1.0]);
}

#[tokio::test(start_paused = true)]
async fn the_quota_of_a_node_is_a_clear_refusal() {
    let stage = Stage::new().await;
    for _ in 0..20 {
        stage.send(json!({ "action": "take", "group": GROUP })).await;
        stage.scene.pass(Duration::from_mins(10)).await;
    }
    assert_eq!(stage.good().len(), 20);
    let said = summary(&stage.send(json!({ "action": "take", "group": GROUP })).await);
    assert!(said.contains("ElastiCache takes 20 manual snapshots of a node in 24 hours, and orders-002 has had them"), "{said}");
    assert_eq!(stage.good().len(), 20);
    assert_eq!(stage.scene.world.calls_to("CreateSnapshot"), 20, "ElastiCache is not asked");
}

#[tokio::test(start_paused = true)]
async fn what_speaks_against_it_is_told_at_once() {
    let stage = Stage::new().await;
    stage.add("foreign", 1, &[("team", "other")]).await;
    for (group, why) in [
        ("nowhere", "there is no group nowhere"),
        ("foreign", "the group has no cachewarden:snapshot-keep tag"),
    ] {
        let said = summary(&stage.send_only(json!({ "action": "take", "group": group })).await);
        assert!(said.contains(why), "{said}");
    }
    assert!(stage.scene.running().is_empty());
    assert_eq!(stage.scene.world.calls_to("CreateSnapshot"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_newest_are_kept_and_the_rest_goes() {
    let stage = Stage::new().await;
    stage.hours(6).await;
    let all = stage.good();
    assert_eq!(all.len(), 6);
    // Somebody's own, and one that only looks like ours.
    let by_hand = [("before-the-release", ""), ("orders-hourly-202501010000", "cachewarden:group")];
    let elasticache = platform::ElastiCache::new(&stage.scene.aws);
    for (name, key) in by_hand {
        let tags = [(key.to_owned(), GROUP.to_owned())].into_iter().filter(|it| !it.0.is_empty());
        let member = domain::MemberId::parse("orders-001").unwrap();
        let of = domain::snapshot::take::ReadFrom::Member(member);
        let name = domain::SnapshotName::parse(name).unwrap();
        elasticache.take_snapshot(&name, &of, &tags.collect()).await.unwrap();
        stage.scene.pass(Duration::from_mins(5)).await;
    }
    let before = stage.calls();
    let ended = stage.send(json!({ "action": "prune" })).await;
    assert!(summary(&ended).starts_with("settled: orders: deleted "), "{ended:?}");
    stage.scene.pass(Duration::from_mins(1)).await;
    let kept =
        [&all[3..], &["before-the-release".to_owned(), "orders-hourly-202501010000".to_owned()]]
            .concat();
    let mut left = stage.good();
    left.sort();
    let mut kept = kept;
    kept.sort();
    assert_eq!(left, kept);
    // Groups, snapshots, their tags and who is restored in place in a page each, and one call for each that goes.
    let calls = stage.calls_since(before);
    assert_eq!(calls.len(), 4 + 3, "{calls:?}");
    let last = stage.scene.journal.records().pop().unwrap();
    assert_eq!(last["evidence"]["dropped"].as_array().unwrap().len(), 3, "{last}");
    assert_eq!(last["evidence"]["dropped"][0]["why"], "dropped: 3 newer ones are kept");
    assert_eq!(last["SnapshotsDropped"], 3.0);
    assert_eq!(last["evidence"]["kept"][0]["why"], "kept: the newest");
    // Again, and nothing goes.
    let before = stage.calls();
    stage.send(json!({ "action": "prune" })).await;
    assert_eq!(stage.calls_since(before).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_when_the_newest_is_missing_or_failed() {
    let stage = Stage::new().await;
    stage.hours(5).await;
    stage.scene.pass(4 * HOUR).await;
    let said = summary(&stage.send(json!({ "action": "prune", "group": GROUP })).await);
    assert!(said.contains("deletes nothing: a snapshot was due at"), "{said}");
    stage.scene.world.with(|it| it.faults.failing_snapshots = 1);
    stage.send(json!({ "action": "take", "group": GROUP, "tier": "hourly" })).await;
    let said = summary(&stage.send(json!({ "action": "prune", "group": GROUP })).await);
    assert!(said.contains("is failed; take one to go on"), "{said}");
    assert_eq!(stage.good().len(), 5);
    assert_eq!(stage.scene.world.calls_to("DeleteSnapshot"), 0);
    assert_eq!(stage.told().len(), 3, "the failed one, and two refusals: {:?}", stage.told());
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_deleted_does_not_stop_the_rest() {
    let stage = Stage::new().await;
    stage.hours(6).await;
    let all = stage.good();
    // In use by somebody for a while.
    let oldest = all[0].clone();
    stage.scene.world.with(|it| {
        let rule = Rule::operation(
            "DeleteSnapshot",
            Fault::Answer(400, "InvalidSnapshotState".to_owned(), "it is being copied".to_owned()),
        );
        it.faults.add(rule);
    });
    let ended = stage.send(json!({ "action": "prune" })).await;
    assert!(summary(&ended).starts_with("settled"), "{ended:?}");
    stage.scene.pass(Duration::from_mins(2)).await;
    assert_eq!(stage.good(), &all[3..], "{oldest} went in the end");
    assert_eq!(stage.scene.world.calls_to("DeleteSnapshot"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_is_denied_is_told() {
    let stage = Stage::new().await;
    stage.hours(5).await;
    let denied = Rule::operation("DeleteSnapshot", Fault::Denied);
    stage.scene.world.with(|it| it.faults.add(denied.times(2)));
    let said = summary(&stage.send(json!({ "action": "prune", "group": GROUP })).await);
    assert!(said.starts_with("refused") && said.contains("could not delete"), "{said}");
    assert_eq!(stage.good().len(), 5);
    assert_eq!(stage.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_status_tells_what_would_be_lost() {
    let stage = Stage::new().await;
    stage.hours(2).await;
    stage.scene.pass(Duration::from_mins(30)).await;
    let before = stage.calls();
    let Ended::Answered(answer) = stage.send_only(json!({ "action": "status" })).await else {
        panic!("no answer");
    };
    let calls = stage.calls_since(before);
    // The groups, those that are parked, what there is of them, and its tags.
    let expected = ["GetResources", "GetResources", "DescribeSnapshots", "GetResources"];
    assert_eq!(calls, expected);
    let group = &answer["groups"][0];
    assert_eq!(group["count"], 2);
    assert_eq!(group["bytes"], 2 * BYTES);
    assert_eq!(group["newest"]["tier"], "hourly");
    let age = group["newest"]["ageSeconds"].as_i64().unwrap();
    assert!((1800..2400).contains(&age), "{age}");
    let words = answer["summary"].as_str().unwrap();
    assert!(
        words.contains("100.0 MiB, next hourly due at") && words.ends_with("keeps 3"),
        "{words}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_plan_tells_and_does_nothing() {
    let stage = Stage::new().await;
    stage.hours(5).await;
    let newest = stage.good().pop().unwrap();
    let good = stage.good();
    let before = stage.calls();
    let said = summary(&stage.send_only(json!({ "action": "plan", "group": GROUP })).await);
    assert!(said.contains("would have asked for orders-daily-"), "{said}");
    assert!(said.contains(&format!("would have deleted {} first, the oldest", good[0])), "{said}");
    let restore =
        json!({ "action": "plan", "of": "restore", "snapshot": newest, "group": "orders-back" });
    let said = summary(&stage.send_only(restore).await);
    assert!(said.contains("would have asked for orders-back, 2 x cache.t4g.micro"), "{said}");
    let changing =
        ["CreateSnapshot", "DeleteSnapshot", "CreateReplicationGroup", "StartExecution", "Publish"];
    for call in stage.calls_since(before) {
        assert!(!changing.contains(&call.as_str()), "{call}");
    }
    let busy = stage.scene.world.with(|it| it.elasticache.groups[GROUP].status);
    assert_eq!(busy, Status::Available);
}
