//! Very many groups: found by few calls, handed on in one execution, and each by itself from there.

mod parts;

use std::time::Duration;

use acceptance::scene::{Scene, function_arn, is_available};
use aws_sim::elasticache::model::SnapshotStatus;
use aws_sim::fault::{Fault, Rule};
use aws_sim::settings::{Durations, Quotas, Rate, Settings};
use domain::snapshot::{Tier, name};
use domain::{GroupId, tag};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// As many as make several pages, of groups and of snapshots.
const MANY: usize = 120;
const ALL_TIERS: &str = "hourly=24 daily=7 weekly=4 monthly=12";

fn group(number: usize) -> String {
    format!("group-{number:03}")
}

/// So many groups of one node that keep this, each adopted by its tag.
async fn crowd(count: usize, keep: &str) -> Scene {
    let scene = Scene::new(Settings {
        durations: Durations::default().faster(40),
        quotas: Quotas { nodes: None, parameter_groups: None, ..Quotas::default() },
        ..Settings::default()
    })
    .await;
    for number in 0..count {
        scene.by_hand(&[
            ("Action", "CreateReplicationGroup"),
            ("ReplicationGroupId", &group(number)),
            ("ReplicationGroupDescription", "one of many"),
            ("CacheNodeType", "cache.t4g.micro"),
            ("NumCacheClusters", "1"),
            ("Tags.Tag.1.Key", tag::SNAPSHOT_KEEP),
            ("Tags.Tag.1.Value", keep),
        ]);
    }
    let all = |it: &mut aws_sim::State| (0..count).all(|number| is_available(it, &group(number)));
    assert!(scene.account.play(Duration::from_hours(1), all).await);
    scene
}

/// The event of the schedule, when it is that time.
async fn take(scene: &Scene, time: &str) {
    until(scene, time).await;
    let event = json!({ "action": "take", "tier": "due", "time": time });
    send(scene, event).await;
}

async fn until(scene: &Scene, time: &str) {
    let then: Timestamp = time.parse().unwrap();
    let left = then.duration_since(scene.world().clock());
    scene.account.play(left.try_into().unwrap(), |_| false).await;
}

async fn send(scene: &Scene, event: Value) {
    scene.account.send(&function_arn("snapshot"), event);
    assert!(scene.account.settle().await);
}

/// How often an operation was called since, with success or at all.
fn calls(scene: &Scene, since: usize, operation: &str) -> (usize, usize) {
    scene.world().with(|it| {
        let all = || it.calls.iter().skip(since).filter(|it| it.operation == operation);
        (all().filter(|it| it.status == 200).count(), all().count())
    })
}

fn calls_so_far(scene: &Scene) -> usize {
    scene.world().with(|it| it.calls.len())
}

/// The names of our snapshots that can be restored from.
fn good(scene: &Scene) -> Vec<String> {
    scene.world().with(|it| {
        let all = it.elasticache.snapshots.values().filter(|it| it.name.starts_with("group-"));
        let good = all.filter(|it| it.status == SnapshotStatus::Available);
        good.map(|it| it.name.clone()).collect()
    })
}

fn told(scene: &Scene) -> Vec<String> {
    scene.world().with(|it| it.sns.published.iter().map(|it| it.subject.clone()).collect())
}

/// Every group has so many snapshots, an hour apart, of which the newest was just taken.
async fn stock(scene: &Scene, count: i64) {
    take(scene, "2026-01-01T00:45:00Z").await;
    scene.world().with(|it| {
        for snapshot in it.elasticache.snapshots.clone().into_values() {
            let group = snapshot.name.get(..9).filter(|it| it.starts_with("group-"));
            let Some(group) = group.and_then(|it| GroupId::parse(it).ok()) else { continue };
            for hours in 1..count {
                let age = SignedDuration::from_hours(hours);
                let earlier = |at: Timestamp| at.saturating_sub(age).unwrap();
                let mut older = snapshot.clone();
                let tick = earlier(snapshot.asked_at);
                older.name = name::of(&group, Tier::Hourly, tick).unwrap().to_string();
                (older.asked_at, older.taken_at) = (tick, snapshot.taken_at.map(earlier));
                it.elasticache.snapshots.insert(older.name.clone(), older);
            }
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_sweep_finds_fifty_groups_a_call_and_begins_one_execution_for_all() {
    let scene = crowd(MANY, ALL_TIERS).await;
    let before = calls_so_far(&scene);
    take(&scene, "2026-01-01T00:45:00Z").await;
    assert_eq!(good(&scene).len(), MANY);
    assert_eq!(calls(&scene, before, "CreateSnapshot"), (MANY, MANY), "one for each, and no more");
    assert_eq!(calls(&scene, before, "StartExecution"), (1, 1));
    let found = calls(&scene, before, "GetResources").1;
    assert!(found <= MANY.div_ceil(50) + 1, "{found} calls to find the groups and their snapshots");
    scene.world().with(|it| {
        let [execution] = it.sfn.executions.as_slice() else { panic!("there are several") };
        assert_eq!(
            (execution.status, execution.name.as_str()),
            ("SUCCEEDED", "snapshot-take-all-due-1767228300")
        );
        assert!(execution.events < 20, "each has a history of its own: {}", execution.events);
        // Not all at once: a few a second.
        let mut seconds: Vec<_> = it
            .calls
            .iter()
            .filter(|it| it.operation == "CreateSnapshot")
            .map(|it| it.at.as_second())
            .collect();
        let (first, last) = (seconds[0], seconds[MANY - 1]);
        assert!(60 <= last - first, "they were asked for within {} s", last - first);
        seconds.dedup();
        assert!(MANY / 3 <= seconds.len(), "{} seconds for {MANY} calls", seconds.len());
    });
    assert_eq!(told(&scene), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_comes_twice_begins_one_execution() {
    let scene = crowd(3, ALL_TIERS).await;
    until(&scene, "2026-01-01T00:45:00Z").await;
    let before = calls_so_far(&scene);
    let event = json!({ "action": "take", "tier": "due", "time": "2026-01-01T00:45:00Z" });
    scene.account.send(&function_arn("snapshot"), event.clone());
    send(&scene, event.clone()).await;
    assert_eq!(good(&scene).len(), 3);
    // And when all is over, while one of them is due again for a reason of its own.
    let gone = good(&scene).remove(0);
    scene.world().with(|it| it.elasticache.snapshots.remove(&gone));
    send(&scene, event).await;
    assert_eq!(scene.world().with(|it| it.sfn.executions.len()), 1);
    assert_eq!(calls(&scene, before, "CreateSnapshot").1, 3);
}

#[tokio::test(start_paused = true)]
async fn one_group_that_fails_and_one_that_is_busy_stop_no_other() {
    let scene = crowd(6, ALL_TIERS).await;
    until(&scene, "2026-01-01T00:45:00Z").await;
    scene.by_hand(&[
        ("Action", "ModifyReplicationGroup"),
        ("ReplicationGroupId", &group(2)),
        ("CacheNodeType", "cache.t4g.small"),
        ("ApplyImmediately", "true"),
    ]);
    scene.world().with(|it| {
        it.faults.failing_snapshots = 1;
        it.faults.add(Rule::operation("CreateSnapshot", Fault::Denied).after(3));
    });
    take(&scene, "2026-01-01T00:45:00Z").await;
    let good = good(&scene);
    assert_eq!(good.len(), 4, "{good:?}");
    assert!(good.iter().any(|it| it.starts_with("group-002-")), "it was waited for: {good:?}");
    let told = told(&scene);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|it| it.contains("nothing done: take group-")), "{told:?}");
    assert!(told.iter().any(|it| it.contains("failed: take group-")), "{told:?}");
    assert_eq!(scene.world().with(|it| it.sfn.executions[0].status), "SUCCEEDED");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_cannot_begin_is_told_once() {
    let scene = crowd(6, ALL_TIERS).await;
    scene.world().with(|it| it.faults.add(Rule::operation("StartExecution", Fault::Denied)));
    take(&scene, "2026-01-01T00:45:00Z").await;
    assert_eq!(told(&scene), ["snapshot: could not begin the work on 6 groups"]);
    assert_eq!(good(&scene), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn groups_that_are_overdue_are_told_in_one_message() {
    let scene = crowd(6, ALL_TIERS).await;
    take(&scene, "2026-01-01T00:45:00Z").await;
    take(&scene, "2026-01-01T08:05:00Z").await;
    assert_eq!(told(&scene), ["snapshots of 6 groups are overdue"]);
    assert_eq!(good(&scene).len(), 12);
}

#[tokio::test(start_paused = true)]
async fn each_snapshot_that_goes_takes_one_call_also_where_calls_are_few() {
    let scene = crowd(MANY, "hourly=1").await;
    stock(&scene, 5).await;
    let (before, began) = (calls_so_far(&scene), scene.world().clock());
    scene.world().with(|it| it.settings.rate = Some(Rate { burst: 20, per_second: 10 }));
    send(&scene, json!({ "action": "prune" })).await;
    scene.account.play(Duration::from_mins(2), |_| false).await;
    // The newest two always stay.
    assert_eq!(good(&scene).len(), 2 * MANY);
    let (done, asked) = calls(&scene, before, "DeleteSnapshot");
    assert_eq!(done, 3 * MANY);
    assert!(done < asked, "it was throttled");
    // The neighbour's is one more.
    let pages = (5 * MANY + 1).div_ceil(50);
    assert_eq!(calls(&scene, before, "DescribeSnapshots").0, pages, "nobody asks after each");
    // Groups, their snapshots, and who is restored in place.
    let tagged = (5 * MANY).div_ceil(100) + MANY.div_ceil(100) + 1;
    assert_eq!(calls(&scene, before, "GetResources").0, tagged);
    assert_eq!(calls(&scene, before, "StartExecution").1, 0, "it was done within one run");
    let took = scene.world().clock().duration_since(began);
    assert!(took < SignedDuration::from_mins(4), "{took}");
    assert_eq!(told(&scene), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_one_run_has_no_time_for_is_handed_on_once_and_done() {
    let scene = crowd(40, "hourly=1").await;
    stock(&scene, 40).await;
    let before = calls_so_far(&scene);
    scene.world().with(|it| it.settings.rate = Some(Rate { burst: 10, per_second: 1 }));
    scene.account.send(&function_arn("snapshot"), json!({ "action": "prune" }));
    let is_handed_on = |it: &mut aws_sim::State| 0 < it.sfn.running().count();
    assert!(scene.account.play(Duration::from_mins(20), is_handed_on).await);
    let so_far = calls(&scene, before, "DeleteSnapshot").0;
    assert!(0 < so_far && so_far < 38 * 40, "{so_far}");
    scene.world().with(|it| it.settings.rate = None);
    assert!(scene.account.settle().await);
    scene.account.play(Duration::from_mins(2), |_| false).await;
    assert_eq!(good(&scene).len(), 2 * 40);
    assert_eq!(calls(&scene, before, "StartExecution"), (1, 1));
    assert_eq!(calls(&scene, before, "DeleteSnapshot").0, 38 * 40, "none goes twice");
    assert_eq!(told(&scene), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_status_of_many_groups_takes_a_call_for_each_page() {
    let scene = crowd(MANY, ALL_TIERS).await;
    stock(&scene, 3).await;
    let before = calls_so_far(&scene);
    let answered =
        scene.account.invoke(&function_arn("snapshot"), json!({ "action": "status" })).await;
    let answer = answered.answer().unwrap();
    let groups = answer["groups"].as_array().unwrap();
    assert_eq!(groups.len(), MANY);
    assert!(groups.iter().all(|it| it["count"] == 3), "{}", groups[0]);
    let pages = (3 * MANY + 1).div_ceil(50) + (3 * MANY).div_ceil(100) + MANY.div_ceil(100);
    // And one of those that are parked, of which there are none.
    assert_eq!(calls_so_far(&scene) - before, pages + 1);
}
