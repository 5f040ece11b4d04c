//! Three groups at once: one execution goes on with all of them, and each has one snapshot.

use std::time::Duration;

use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use serde_json::json;

use super::super::{Way, all_but_lost, must_succeed, on_scene, unless};
use super::{good, send, snapshots, that_keeps};
use crate::scene::{GROUP, Scene, is_available};

/// What is due of the stack's group and of two that somebody else made.
pub(in super::super) struct TakeMany(pub(in super::super) Way);

const OTHERS: [&str; 2] = ["billing", "sessions"];
const TICK: &str = "2026-01-01T00:15:00Z";

impl Flow for TakeMany {
    on_scene!("snapshot-take-many");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = that_keeps(self.0, seed, ("SnapshotTiers", json!("hourly=2,daily=1"))).await;
        for group in OTHERS {
            scene.by_hand(&[
                ("Action", "CreateReplicationGroup"),
                ("ReplicationGroupId", group),
                ("ReplicationGroupDescription", "adopted by its tag"),
                ("CacheNodeType", "cache.t4g.micro"),
                ("NumCacheClusters", "1"),
                ("Tags.Tag.1.Key", "cachewarden:snapshot-keep"),
                ("Tags.Tag.1.Value", "hourly=2 daily=1"),
            ]);
        }
        let are_there =
            |it: &mut aws_sim::State| OTHERS.iter().all(|group| is_available(it, group));
        scene.account.play(Duration::from_hours(1), are_there).await;
        scene.account.play(Duration::from_mins(15), |_| false).await;
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        // As the schedule sends it.
        send(scene, json!({ "action": "take", "tier": "due", "time": TICK })).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        self.run(scene, None).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = are_one_each(scene, case).await;
        if problems.is_empty() && good(scene) == 3 {
            self.run(scene, None).await;
            problems = are_one_each(scene, None).await;
        }
        problems
    }
}

/// Each group has one snapshot, and one that could not be taken takes no other with it.
async fn are_one_each(scene: &Scene, case: Option<&Case>) -> Vec<String> {
    let mut problems = scene.problems().await;
    let all = snapshots(scene);
    for group in [GROUP].into_iter().chain(OTHERS) {
        // Longer ids are cut in the names of snapshots.
        let start: String = group.chars().take(8).collect();
        let count = all.iter().filter(|it| it.0.starts_with(&start)).count();
        problems.extend(unless(count <= 1, format!("{group} has {count} snapshots")));
    }
    let is_well = good(scene) == 3 || !must_succeed(case);
    problems.extend(unless(is_well, format!("the snapshots are {all:?}")));
    problems
}
