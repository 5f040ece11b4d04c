//! Snapshots are taken, pruned and restored: never two for one tick, never a good one lost.

mod by_secret;
mod drill;
mod export;
mod in_place;
mod many;
mod park;
mod promote;
mod restore;
mod tiers;

use std::time::Duration;

use aws_sim::State;
use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use aws_sim::elasticache::model::SnapshotStatus;
use serde_json::{Value, json};

use super::{Way, all_but_lost, must_succeed, on_scene, unless};
use crate::scene::{GROUP, Scene, function_arn, is_available};

pub(super) use by_secret::BySecret;
pub(super) use drill::{Drill, DrillUsers};
pub(super) use export::Export;
pub(super) use in_place::InPlace;
pub(super) use many::TakeMany;
pub(super) use park::{Park, Unpark};
pub(super) use promote::Promote;
pub(super) use restore::{RestoreShards, RestoreUsers};
pub(super) use tiers::Generations;

/// Our manual snapshots, and whether each can be restored from.
fn snapshots(scene: &Scene) -> Vec<(String, SnapshotStatus)> {
    scene.world().with(|it| {
        let all = it.elasticache.snapshots.values();
        let ours = all.filter(|it| !it.automatic && !it.name.ends_with("-2-keep"));
        ours.map(|it| (it.name.clone(), it.status)).collect()
    })
}

fn good(scene: &Scene) -> usize {
    snapshots(scene).iter().filter(|(_, status)| *status == SnapshotStatus::Available).count()
}

/// A group with keys and this policy.
async fn that_keeps(way: Way, seed: u64, policy: (&str, Value)) -> Scene {
    let scene = Scene::new(way.settings(seed)).await;
    let over = [policy, ("AutoscaleMode", json!("off")), ("RotationDays", json!(0))];
    scene.created(&over).await;
    scene.world().with(|it| it.elasticache.fill(GROUP, 100 << 20));
    scene
}

async fn with_snapshots(way: Way, seed: u64, count: usize) -> Scene {
    let scene = that_keeps(way, seed, ("SnapshotKeep", json!(3))).await;
    for _ in 0..count {
        send(&scene, json!({ "action": "take", "group": GROUP })).await;
        // Names tell minutes.
        scene.account.play(Duration::from_secs(90), |_| false).await;
    }
    assert_eq!(good(&scene), count);
    scene
}

async fn send(scene: &Scene, event: Value) {
    scene.account.send(&function_arn("snapshot"), event);
    scene.account.settle().await;
}

/// The schedule's snapshot of every group.
pub(super) struct Take(pub(super) Way);

impl Flow for Take {
    on_scene!("snapshot-take");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = with_snapshots(self.0, seed, 0).await;
        scene.account.play(Duration::from_mins(15), |_| false).await;
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        // As the schedule sends it: the time is the tick's, whenever it arrives, and both runs are of one tick.
        let tick = "2026-01-01T00:15:00Z";
        send(scene, json!({ "action": "take", "time": tick })).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        self.run(scene, None).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = is_one(scene, case).await;
        if problems.is_empty() && good(scene) == 1 {
            self.run(scene, None).await;
            problems = is_one(scene, None).await;
        }
        problems
    }
}

/// There is one snapshot, or none where it could not be taken.
async fn is_one(scene: &Scene, case: Option<&Case>) -> Vec<String> {
    let mut problems = scene.problems().await;
    let (all, good) = (snapshots(scene), good(scene));
    let is_well = good == 1 || good == 0 && !must_succeed(case);
    problems.extend(unless(is_well && all.len() <= 1, format!("the snapshots are {all:?}")));
    problems
}

/// A person's snapshot, whose event says no time.
pub(super) struct TakeByHand(pub(super) Way);

impl Flow for TakeByHand {
    on_scene!("snapshot-take-by-hand");

    fn mishaps(&self) -> Vec<Mishap> {
        // Who asks twice gets two.
        all_but_lost().into_iter().filter(|it| *it != Mishap::Beside).collect()
    }

    async fn set(&self, seed: u64) -> Scene {
        Take(self.0).set(seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        send(scene, json!({ "action": "take", "group": GROUP })).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        self.run(scene, None).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        is_one(scene, case).await
    }
}

/// Five are there, three are kept.
pub(super) struct Prune(pub(super) Way);

impl Flow for Prune {
    on_scene!("snapshot-prune");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        with_snapshots(self.0, seed, 5).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        send(scene, json!({ "action": "prune" })).await;
        // A deletion takes a moment.
        scene.account.play(Duration::from_mins(2), |_| false).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        self.run(scene, None).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        let good = good(scene);
        let is_well = good == 3 || (3..=5).contains(&good) && !must_succeed(case);
        problems.extend(unless(is_well, format!("{good} snapshots are left")));
        problems
    }
}

/// The newest into a new group.
pub(super) struct Restore(pub(super) Way);

const BACK: &str = "orders-back";

impl Flow for Restore {
    on_scene!("snapshot-restore");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        with_snapshots(self.0, seed, 1).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        restore(scene).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        restore(scene).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        problems.extend(restored(scene, case));
        if problems.is_empty() && must_succeed(case) {
            // Whoever asks again is told that it is there.
            restore(scene).await;
            problems.extend(restored(scene, case));
        }
        problems
    }
}

/// One that AWS took in its window into a new group.
pub(super) struct RestoreAutomatic(pub(super) Way);

impl Flow for RestoreAutomatic {
    on_scene!("snapshot-restore-automatic");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        let window = [
            ("SnapshotWindow", json!("01:00-02:00")),
            ("AutoscaleMode", json!("off")),
            ("RotationDays", json!(0)),
        ];
        scene.created(&window).await;
        scene.world().with(|it| it.elasticache.fill(GROUP, 100 << 20));
        let is_taken = |it: &mut State| newest_automatic(it).is_some() && is_available(it, GROUP);
        assert!(scene.account.play(Duration::from_hours(2), is_taken).await);
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        restore_automatic(scene).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        restore_automatic(scene).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        problems.extend(back(scene, case));
        let is_there = scene.world().with(|it| newest_automatic(it).is_some());
        problems.extend(unless(is_there, "the snapshot is gone"));
        if problems.is_empty() && must_succeed(case) {
            restore_automatic(scene).await;
            problems.extend(back(scene, case));
        }
        problems
    }
}

async fn restore_automatic(scene: &Scene) {
    let newest = scene.world().with(|it| newest_automatic(it));
    send(scene, json!({ "action": "restore", "snapshot": newest, "group": BACK })).await;
}

/// The newest snapshot that AWS took of our group, whether it is being restored or not.
fn newest_automatic(state: &State) -> Option<String> {
    let all = state.elasticache.snapshots.values().rev();
    let taken = [SnapshotStatus::Available, SnapshotStatus::Restoring];
    let mut ours = all.filter(|it| it.automatic && it.source.id == GROUP);
    ours.find(|it| taken.contains(&it.status)).map(|it| it.name.clone())
}

async fn restore(scene: &Scene) {
    let newest = snapshots(scene).pop().map(|it| it.0);
    send(scene, json!({ "action": "restore", "snapshot": newest, "group": BACK })).await;
}

/// What is wrong with what was restored.
fn restored(scene: &Scene, case: Option<&Case>) -> Vec<String> {
    let kept = snapshots(scene);
    let mut problems = Vec::from_iter(unless(
        good(scene) == 1 && kept.len() == 1,
        format!("the snapshots are {kept:?}"),
    ));
    problems.extend(back(scene, case));
    problems
}

/// What is wrong with the group that was made of one.
fn back(scene: &Scene, case: Option<&Case>) -> Vec<String> {
    let mut problems = Vec::new();
    scene.world().with(|it| {
        let creations = it.calls.iter().filter(|it| {
            it.operation == "CreateReplicationGroup"
                && it.status == 200
                && it.parameters.get("ReplicationGroupId").is_some_and(|it| it == BACK)
        });
        problems.extend(unless(creations.count() <= 1, "it was made more than once"));
        // One that failed half-way may be there for a person to look at, but never a second.
        let groups = &it.elasticache.groups;
        problems.extend(unless(groups.len() <= 3, "there is a group too many"));
        let back = groups.get(BACK).filter(|_| is_available(it, BACK));
        let Some(back) = back else {
            problems.extend(unless(!must_succeed(case), "the restored group is not there"));
            return;
        };
        // One of the users of a group may need no password.
        let is_closed = !back.access.passwordless || !back.user_groups.is_empty();
        let is_whole = back.transit.is_on() && is_closed && back.bytes_used == 100 << 20;
        problems.extend(unless(is_whole, "it is open, or its data are not there"));
        let name = format!("{BACK}/");
        let alarms = it.cloudwatch.alarms.keys().filter(|it| it.starts_with(&name)).count();
        let is_watched = alarms == 5 || !must_succeed(case);
        problems.extend(unless(is_watched, format!("it has {alarms} alarms")));
    });
    problems
}
