//! Tiers: what is due is taken once, and what no tier keeps goes only after it.

use std::time::Duration;

use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use aws_sim::elasticache::model::SnapshotStatus;
use jiff::Timestamp;
use serde_json::json;

use super::super::{Way, all_but_lost, must_succeed, on_scene, unless};
use super::{send, snapshots, that_keeps};
use crate::scene::{GROUP, Scene};

/// Two hourly ones and a daily one are kept, three hourly ones of the last hours of yesterday are there, and the first of today is due.
pub(in super::super) struct Generations(pub(in super::super) Way);

/// The hours of yesterday's.
const OLD: [&str; 3] = ["2025-12-31T21:05:00Z", "2025-12-31T22:05:00Z", "2025-12-31T23:05:00Z"];
const TICK: &str = "2026-01-01T00:15:00Z";

impl Flow for Generations {
    on_scene!("snapshot-tiers");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = that_keeps(self.0, seed, ("SnapshotTiers", json!("hourly=2,daily=1"))).await;
        send(&scene, json!({ "action": "take", "tier": "due" })).await;
        scene.world().with(|it| {
            let cache = &mut it.elasticache;
            let taken = cache.snapshots.values().find(|it| it.name.contains("-daily-")).cloned();
            let taken = taken.unwrap_or_else(|| panic!("nothing was taken"));
            cache.snapshots.remove(&taken.name);
            for time in OLD {
                let at: Timestamp = time.parse().unwrap();
                let mut old = taken.clone();
                old.name = name(time);
                (old.asked_at, old.taken_at) = (at, Some(at));
                cache.snapshots.insert(old.name.clone(), old);
            }
        });
        scene.account.play(Duration::from_mins(15), |_| false).await;
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        // As the schedules send it.
        send(scene, json!({ "action": "take", "tier": "due", "time": TICK })).await;
        send(scene, json!({ "action": "prune" })).await;
        scene.account.play(Duration::from_mins(2), |_| false).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        self.run(scene, None).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        problems.extend(are_kept(scene, case));
        if problems.is_empty() && must_succeed(case) {
            self.run(scene, None).await;
            problems.extend(are_kept(scene, None));
        }
        problems
    }
}

fn name(time: &str) -> String {
    let at: Timestamp = time.parse().unwrap();
    let group = domain::GroupId::parse(GROUP).unwrap();
    domain::snapshot::name::of(&group, domain::snapshot::Tier::Hourly, at).unwrap().to_string()
}

/// What is wrong with what is there.
fn are_kept(scene: &Scene, case: Option<&Case>) -> Vec<String> {
    let all = snapshots(scene);
    let is_good = |name: &str| {
        all.iter().any(|(it, status)| it == name && *status == SnapshotStatus::Available)
    };
    let new: Vec<_> = all.iter().filter(|(it, _)| !OLD.map(name).contains(it)).collect();
    let is_taken = new.iter().any(|(it, _)| is_good(it));
    let [oldest, middle, newest] = OLD.map(|it| is_good(&name(it)));
    let told = format!("the snapshots are {all:?}");
    let mut problems = Vec::new();
    problems.extend(unless(new.len() <= 1, format!("the hour has more than one: {told}")));
    problems.extend(unless(newest, format!("one that is kept is gone: {told}")));
    problems.extend(unless(
        is_taken || oldest && middle,
        format!("some went before the one that takes their place: {told}"),
    ));
    let is_done = is_taken && !oldest && !middle;
    problems.extend(unless(is_done || !must_succeed(case), format!("it is not done: {told}")));
    problems
}
