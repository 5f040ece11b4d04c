//! Tiers: what is due is taken once, and each tier keeps its own.

use std::time::Duration;

use aws_sim::elasticache::model::SnapshotStatus;
use aws_sim::fault::{Fault, Rule};
use aws_sim::wire::Request;
use domain::snapshot::{Tier, name};
use domain::{GroupId, tag};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::stage::{GROUP, OWNER, Stage, summary};
use crate::support::{Ended, Scene};

const HOUR: Duration = Duration::from_hours(1);

/// A stage whose group keeps tiers.
async fn stage(tiers: &str) -> Stage {
    let stage = Stage::new().await;
    keep(&stage, tiers);
    stage
}

fn keep(stage: &Stage, policy: &str) {
    stage.scene.world.with(|it| {
        let group = it.elasticache.groups.get_mut(GROUP).unwrap();
        group.tags.insert(tag::SNAPSHOT_KEEP.to_owned(), policy.to_owned());
    });
}

/// What the schedule sends now.
fn event(stage: &Stage) -> Value {
    json!({ "action": "take", "tier": "due", "time": stage.scene.now() })
}

async fn due(stage: &Stage) -> String {
    let event = event(stage);
    summary(&stage.send(event).await)
}

/// Lets time pass until then.
async fn until(scene: &Scene, time: &str) {
    let then: Timestamp = time.parse().unwrap();
    scene.pass(then.duration_since(scene.now()).unsigned_abs()).await;
    assert_eq!(scene.now().as_second(), then.as_second(), "that time is over");
}

fn tags(stage: &Stage, snapshot: &str) -> String {
    stage.scene.world.with(|it| {
        let tags = &it.elasticache.snapshots[snapshot].tags;
        tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
    })
}

/// Puts snapshots on the shelf that the tiers of the group took at these times.
async fn shelve(stage: &Stage, times: &[&str]) {
    due(stage).await;
    stage.scene.world.with(|it| {
        let (_, model) = it.elasticache.snapshots.pop_last().unwrap();
        for time in times {
            let at: Timestamp = time.parse().unwrap();
            let mut it_then = model.clone();
            let name = name::of(&GroupId::parse(GROUP).unwrap(), Tier::Hourly, at).unwrap();
            it_then.name = name.to_string();
            (it_then.asked_at, it_then.taken_at) = (at, Some(at));
            it.elasticache.snapshots.insert(it_then.name.clone(), it_then);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn one_snapshot_serves_every_tier_that_wants_one() {
    let stage = stage("hourly=24 daily=7 monthly=12").await;
    stage.add("billing", 1, &[("cachewarden:snapshot-keep", "7")]).await;
    until(&stage.scene, "2026-01-01T01:05:00Z").await;
    let before = stage.calls();
    let said = due(&stage).await;
    assert_eq!(stage.good(), ["orders-monthly-202601010105"], "{said}");
    assert_eq!(
        tags(&stage, "orders-monthly-202601010105"),
        format!(
            "cachewarden:group=orders, cachewarden:owner={OWNER}, cachewarden:record=keys=0 ends=0, cachewarden:sample=salt=7ea62512, cachewarden:tier=monthly, cachewarden:tiers=hourly daily monthly"
        )
    );
    let calls = stage.calls_since(before);
    let changing = ["CreateSnapshot", "StartExecution"];
    assert_eq!(calls.iter().filter(|it| changing.contains(&it.as_str())).count(), 2, "{calls:?}");
    let member = stage
        .scene
        .world
        .with(|it| it.elasticache.snapshots["orders-monthly-202601010105"].member.clone());
    assert_eq!(member, "orders-002", "a replica, to spare the primary");
    // The next hour wants its own, for itself alone, and the one after that is left out.
    until(&stage.scene, "2026-01-01T02:05:00Z").await;
    due(&stage).await;
    assert!(
        tags(&stage, "orders-hourly-202601010205").ends_with("cachewarden:tiers=hourly"),
        "{:?}",
        stage.good()
    );
    until(&stage.scene, "2026-01-01T03:05:00Z").await;
    let said = due(&stage).await;
    assert_eq!(
        said,
        "settled: orders: nothing is due before 2026-01-01T04:00:00Z; the newest is orders-hourly-202601010205"
    );
    assert_eq!(stage.good().len(), 2);
    assert!(stage.told().is_empty(), "{:?}", stage.told());
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_day_of_hourly_ones_stays_below_the_quota() {
    let stage = stage("hourly=24").await;
    until(&stage.scene, "2026-01-01T04:05:00Z").await;
    let first = stage.scene.now();
    for hour in 1..=24_i64 {
        due(&stage).await;
        let next = first + SignedDuration::from_hours(hour);
        until(&stage.scene, &next.to_string()).await;
    }
    assert_eq!(stage.good().len(), 18);
    assert!(stage.told().is_empty(), "{:?}", stage.told());
    // A person still has one today.
    let ended = stage.send(json!({ "action": "take", "group": GROUP })).await;
    assert!(summary(&ended).starts_with("settled"), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn an_hour_has_one_however_often_and_late_the_schedule_comes() {
    let stage = stage("hourly=24 daily=7").await;
    until(&stage.scene, "2026-01-01T04:05:00Z").await;
    let first = event(&stage);
    stage.send(first.clone()).await;
    stage.scene.pass(Duration::from_mins(20)).await;
    // A duplicate, another run, the schedule of those that are kept by number, a late one: the hour is served.
    for again in [
        first.clone(),
        event(&stage),
        json!({ "action": "take", "time": stage.scene.now() }),
        json!({ "action": "take", "tier": "due", "group": GROUP }),
        json!({ "action": "take", "tier": "due", "time": "2026-01-01T01:05:00Z" }),
    ] {
        let said = summary(&stage.send(again).await);
        assert!(said.contains("nothing is due before 2026-01-01T05:00:00Z"), "{said}");
    }
    // The first one again, an hour later: what was started for it before is over.
    stage.scene.pass(HOUR).await;
    let said = summary(&stage.send(first).await);
    assert!(said.contains("was started for the same event before"), "{said}");
    assert_eq!(stage.scene.world.calls_to("CreateSnapshot"), 1);
}

#[tokio::test(start_paused = true)]
async fn two_runs_that_waited_for_the_group_take_one() {
    let stage = stage("hourly=24").await;
    until(&stage.scene, "2026-01-01T04:05:00Z").await;
    let first = event(&stage);
    // It is begun, and nobody carries it on until the next hour's is begun too.
    assert!(summary(&stage.send_only(first).await).contains("carries it to its end"));
    until(&stage.scene, "2026-01-01T05:05:00Z").await;
    let second = event(&stage);
    assert!(summary(&stage.send_only(second).await).contains("carries it to its end"));
    assert_eq!(stage.scene.running().len(), 2);
    // Whoever comes now finds both, and they are carried on one after the other.
    let ended = stage.send(json!({ "action": "status" })).await;
    let said = summary(&ended);
    assert!(said.contains("none is due, since orders-hourly-202601010405 is available"), "{said}");
    assert_eq!(stage.good(), ["orders-hourly-202601010405"]);
    assert_eq!(stage.scene.world.calls_to("CreateSnapshot"), 1);
    assert!(stage.told().is_empty(), "{:?}", stage.told());
}

#[tokio::test(start_paused = true)]
async fn one_that_failed_is_made_good_by_the_next_run_and_a_gap_is_told() {
    let stage = stage("hourly=24").await;
    until(&stage.scene, "2026-01-01T04:05:00Z").await;
    due(&stage).await;
    stage.scene.world.with(|it| it.faults.failing_snapshots = 1);
    until(&stage.scene, "2026-01-01T05:05:00Z").await;
    let said = due(&stage).await;
    assert!(said.starts_with("refused") && said.contains("Snapshot failed"), "{said}");
    until(&stage.scene, "2026-01-01T06:05:00Z").await;
    due(&stage).await;
    assert_eq!(stage.good(), ["orders-hourly-202601010405", "orders-hourly-202601010605"]);
    assert_eq!(stage.told().len(), 1, "the one that failed: {:?}", stage.told());
    // Nobody came for hours: that is told, and one is taken.
    until(&stage.scene, "2026-01-01T13:05:00Z").await;
    let said = summary(&stage.send(json!({ "action": "status" })).await);
    assert!(said.contains("next due at 2026-01-01T08:00:00Z"), "{said}");
    due(&stage).await;
    let told = stage.told().pop().unwrap();
    assert_eq!(told.subject, "orders: a snapshot is overdue");
    assert!(
        told.message.contains(
            "is orders-hourly-202601010605, and the next was due at 2026-01-01T08:00:00Z"
        ),
        "{}",
        told.message
    );
    assert_eq!(stage.good().len(), 3);
    assert_eq!(stage.told().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn each_tier_keeps_its_own_and_each_snapshot_says_why() {
    let stage = stage("hourly=2 daily=2 weekly=1").await;
    until(&stage.scene, "2026-01-07T02:35:00Z").await;
    // A Wednesday, and the days before it.
    let times = [
        "2026-01-07T02:05:00Z",
        "2026-01-07T01:05:00Z",
        "2026-01-07T00:05:00Z",
        "2026-01-06T22:05:00Z",
        "2026-01-06T00:05:00Z",
        "2026-01-05T00:05:00Z",
        "2026-01-04T00:05:00Z",
    ];
    shelve(&stage, &times).await;
    let (before, all) = (stage.calls(), stage.good());
    let said = summary(&stage.send_only(json!({ "action": "plan", "of": "prune" })).await);
    assert!(said.contains("would have deleted orders-hourly-202601040005 first"), "{said}");
    assert_eq!(stage.good(), all);
    let ended = stage.send(json!({ "action": "prune" })).await;
    assert!(summary(&ended).starts_with("settled: orders: deleted "), "{ended:?}");
    stage.scene.pass(Duration::from_mins(1)).await;
    let left: Vec<_> = stage.good();
    assert_eq!(
        left,
        [
            "orders-hourly-202601050005",
            "orders-hourly-202601060005",
            "orders-hourly-202601070005",
            "orders-hourly-202601070105",
            "orders-hourly-202601070205",
        ]
    );
    assert_eq!(stage.calls_since(before).iter().filter(|it| *it == "DeleteSnapshot").count(), 2);
    let last = stage.scene.journal.records().pop().unwrap();
    let why = |list: &str| {
        let listed = last["evidence"][list].as_array().unwrap().iter();
        listed.map(|it| it["why"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        why("kept"),
        ["kept: hourly", "kept: hourly", "kept: daily", "kept: daily", "kept: weekly"]
    );
    assert_eq!(why("dropped"), ["dropped: no tier of hourly=2 daily=2 weekly=1 keeps it"; 2]);
    let Ended::Answered(status) = stage.send_only(json!({ "action": "status" })).await else {
        panic!("no answer");
    };
    assert_eq!(status["groups"][0]["tiers"][1], json!({ "tier": "daily", "keep": 2, "has": 2 }));
    // Again, and nothing goes.
    stage.send(json!({ "action": "prune" })).await;
    assert_eq!(stage.good(), left);
    assert!(stage.told().is_empty(), "{:?}", stage.told());
}

#[tokio::test(start_paused = true)]
async fn one_of_a_tier_that_cannot_be_deleted_does_not_stop_the_rest() {
    let stage = stage("hourly=1").await;
    until(&stage.scene, "2026-01-07T04:35:00Z").await;
    let times = ["04", "02", "01", "00"].map(|it| format!("2026-01-07T{it}:05:00Z"));
    shelve(&stage, &times.each_ref().map(String::as_str)).await;
    stage.scene.world.with(|it| it.faults.add(Rule::operation("DeleteSnapshot", Fault::Denied)));
    let said = summary(&stage.send(json!({ "action": "prune", "group": GROUP })).await);
    assert!(said.contains("could not delete orders-hourly-202601070005"), "{said}");
    stage.scene.pass(Duration::from_mins(1)).await;
    // The newest two always stay.
    let left = ["00", "02", "04"].map(|it| format!("orders-hourly-20260107{it}05"));
    assert_eq!(stage.good(), left);
}

#[tokio::test(start_paused = true)]
async fn a_switch_to_tiers_deletes_nothing_until_they_have_taken_two() {
    let stage = Stage::new().await;
    stage.hours(3).await;
    let before = stage.good();
    keep(&stage, "hourly=1");
    let said = summary(&stage.send(json!({ "action": "prune", "group": GROUP })).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(stage.good(), before);
    let last = stage.scene.journal.records().pop().unwrap();
    assert_eq!(
        last["evidence"]["kept"][2]["why"],
        "kept: not taken by the tiers; it goes once the newest two were taken by them"
    );
    let taken = stage.good().len();
    for hour in ["2026-01-01T05:05:00Z", "2026-01-01T06:05:00Z"] {
        until(&stage.scene, hour).await;
        stage.send(json!({ "action": "prune" })).await;
        assert_eq!(stage.scene.world.calls_to("DeleteSnapshot"), 0);
        due(&stage).await;
    }
    assert_eq!(stage.good().len(), taken + 2);
    stage.send(json!({ "action": "prune" })).await;
    stage.scene.pass(Duration::from_mins(1)).await;
    assert_eq!(stage.good(), ["orders-hourly-202601010505", "orders-hourly-202601010605"]);
}

#[tokio::test(start_paused = true)]
async fn a_policy_with_mistakes_is_told_whole_and_deletes_and_takes_nothing() {
    let stage = stage("hourly=1").await;
    until(&stage.scene, "2026-01-07T04:35:00Z").await;
    shelve(&stage, &["2026-01-07T04:05:00Z", "2026-01-07T02:05:00Z", "2026-01-07T01:05:00Z"]).await;
    keep(&stage, "hourly=many yearly=1 daily");
    let (good, taken) = (stage.good(), stage.scene.world.calls_to("CreateSnapshot"));
    for event in [event(&stage), json!({ "action": "take" }), json!({ "action": "prune" })] {
        let said = summary(&stage.send(event).await);
        assert!(said.starts_with("refused"), "{said}");
        for mistake in ["\"daily\" is not a tier and", "hourly is \"many\"", "\"yearly\" is not"] {
            assert!(said.contains(mistake), "{said}");
        }
    }
    assert_eq!(stage.good(), good);
    assert_eq!(stage.scene.world.calls_to("CreateSnapshot"), taken);
    assert_eq!(stage.scene.world.calls_to("DeleteSnapshot"), 0);
    assert_eq!(stage.told().len(), 3, "{:?}", stage.told());
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_tiers_goes_while_the_newest_that_is_expected_is_missing() {
    let stage = stage("hourly=1").await;
    until(&stage.scene, "2026-01-07T04:35:00Z").await;
    shelve(&stage, &["2026-01-07T04:05:00Z", "2026-01-07T02:05:00Z", "2026-01-07T01:05:00Z"]).await;
    until(&stage.scene, "2026-01-07T09:05:00Z").await;
    let said = summary(&stage.send(json!({ "action": "prune", "group": GROUP })).await);
    assert!(
        said.contains("deletes nothing: a snapshot was due at 2026-01-07T05:00:00Z, and the newest good one is orders-hourly-202601070405"),
        "{said}"
    );
    assert_eq!(stage.scene.world.calls_to("DeleteSnapshot"), 0);
    due(&stage).await;
    stage.send(json!({ "action": "prune", "group": GROUP })).await;
    stage.scene.pass(Duration::from_mins(1)).await;
    assert_eq!(stage.good(), ["orders-hourly-202601070405", "orders-hourly-202601070905"]);
}

#[tokio::test(start_paused = true)]
async fn where_no_group_keeps_tiers_their_schedule_asks_once() {
    let stage = Stage::new().await;
    let before = stage.calls();
    let said = due(&stage).await;
    assert_eq!(said, "settled: no group carries the tag cachewarden:snapshot-keep with tiers");
    assert_eq!(stage.calls_since(before), ["GetResources"]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_tells_what_is_due_and_takes_nothing() {
    let stage = stage("hourly=24 weekly=2").await;
    until(&stage.scene, "2026-01-01T04:05:00Z").await;
    let plan = json!({ "action": "plan", "of": "take", "tier": "due" });
    let said = summary(&stage.send_only(plan.clone()).await);
    assert!(
        said.contains("would have asked for orders-weekly-202601010405 from orders-002"),
        "{said}"
    );
    assert!(stage.good().is_empty() && stage.scene.running().is_empty());
    due(&stage).await;
    let Ended::Answered(answer) = stage.send_only(plan).await else { panic!("no answer") };
    assert_eq!(
        answer["summary"],
        "orders: nothing is due before 2026-01-01T05:00:00Z; the newest is orders-weekly-202601010405"
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_in_cluster_mode_is_taken_whole_and_once_an_hour() {
    let stage = Stage::new().await;
    keep(&stage, "0");
    let scope = "AWS4-HMAC-SHA256 Credential=AKIASIM/20260101/us-east-1/elasticache/aws4_request";
    let body = "Action=CreateReplicationGroup&Version=2015-02-02&ReplicationGroupId=shards&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&AutomaticFailoverEnabled=true&CacheParameterGroupName=default.redis7.cluster.on&NumNodeGroups=2&ReplicasPerNodeGroup=1&Tags.Tag.1.Key=cachewarden:snapshot-keep&Tags.Tag.1.Value=hourly%3D24";
    let request = Request {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: vec![
            ("authorization".to_owned(), scope.to_owned()),
            ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ],
        body: body.as_bytes().to_vec(),
    };
    let answer = stage.scene.world.call(stage.scene.now(), &request);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    until(&stage.scene, "2026-01-01T04:05:00Z").await;
    due(&stage).await;
    assert_eq!(stage.good(), ["shards-hourly-202601010405"]);
    let is_whole = stage
        .scene
        .world
        .with(|it| it.elasticache.snapshots["shards-hourly-202601010405"].by_group);
    assert!(is_whole);
    // Two that wait for the next hour, of which one is served by the other's.
    for minute in ["05", "35"] {
        until(&stage.scene, &format!("2026-01-01T05:{minute}:00Z")).await;
        let event = event(&stage);
        stage.send_only(event).await;
    }
    assert_eq!(stage.scene.running().len(), 2);
    stage.send(json!({ "action": "status" })).await;
    let states: Vec<_> = stage.snapshots().into_iter().map(|it| it.1).collect();
    assert_eq!(states, [SnapshotStatus::Available; 2], "{:?}", stage.snapshots());
}
