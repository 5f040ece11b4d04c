//! An automatic snapshot is promoted: one copy of it, whoever asks how often.

use std::time::Duration;

use aws_sim::State;
use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use aws_sim::elasticache::model::SnapshotStatus;
use domain::snapshot::{Tier, name};
use domain::{GroupId, tag};
use jiff::Timestamp;
use serde_json::json;

use super::super::{Way, all_but_lost, must_succeed, on_scene, unless};
use super::send;
use crate::scene::{GROUP, Scene, is_available};

/// A group that keeps seven daily ones has an automatic one of yesterday, of which no schedule takes any more. Nobody says which, nor into
/// which tier.
pub(in super::super) struct Promote(pub(in super::super) Way);

const AUTOMATIC: &str = "automatic.orders-redis-production-002-2025-12-31-01-00";
const AT: &str = "2025-12-31T01:00:40Z";

impl Flow for Promote {
    on_scene!("snapshot-promote");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        let over = [
            ("SnapshotWindow", json!("01:00-02:00")),
            ("SnapshotTiers", json!("daily=7")),
            ("AutoscaleMode", json!("off")),
            ("RotationDays", json!(0)),
        ];
        scene.created(&over).await;
        scene.world().with(|it| it.elasticache.fill(GROUP, 100 << 20));
        let is_taken = |it: &mut State| newest(it).is_some() && is_available(it, GROUP);
        assert!(scene.account.play(Duration::from_hours(2), is_taken).await);
        scene.world().with(|it| {
            let taken = newest(it).unwrap();
            let mut old = it.elasticache.snapshots.remove(&taken).unwrap();
            let at: Timestamp = AT.parse().unwrap();
            AUTOMATIC.clone_into(&mut old.name);
            (old.asked_at, old.taken_at) = (at, Some(at));
            it.elasticache.snapshots.insert(AUTOMATIC.to_owned(), old);
        });
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        send(scene, json!({ "action": "promote", "group": GROUP })).await;
        scene.account.play(Duration::from_mins(1), |_| false).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        send(scene, json!({ "action": "promote", "group": GROUP })).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        problems.extend(is_promoted(scene, case));
        if problems.is_empty() && must_succeed(case) {
            // Whoever asks again is told that it is there.
            self.run(scene, None).await;
            problems.extend(is_promoted(scene, None));
        }
        problems
    }
}

/// The newest automatic snapshot of our group that is whole.
fn newest(state: &State) -> Option<String> {
    let all = state.elasticache.snapshots.values().rev();
    let mut ours = all.filter(|it| it.automatic && it.source.id == GROUP);
    ours.find(|it| it.status == SnapshotStatus::Available).map(|it| it.name.clone())
}

/// What is wrong with what was copied.
fn is_promoted(scene: &Scene, case: Option<&Case>) -> Vec<String> {
    scene.world().with(|it| {
        let all = &it.elasticache.snapshots;
        let copies: Vec<_> =
            all.values().filter(|it| it.tags.contains_key(tag::PROMOTED)).collect();
        let told: Vec<_> = copies.iter().map(|it| (&it.name, it.status)).collect();
        let told = format!("the copies are {told:?}");
        let mut problems = Vec::new();
        let group = GroupId::parse(GROUP).unwrap();
        let name = name::of(&group, Tier::Daily, AT.parse().unwrap()).unwrap();
        let is_good = |it: &&&aws_sim::elasticache::model::Snapshot| {
            it.name == name.as_str() && it.status == SnapshotStatus::Available
        };
        let good = copies.iter().filter(is_good).count();
        problems.extend(unless(copies.len() <= 1, format!("there is more than one: {told}")));
        problems
            .extend(unless(good == copies.len(), format!("one is not as it should be: {told}")));
        problems
            .extend(unless(good == 1 || !must_succeed(case), format!("it is not there: {told}")));
        let made = it.calls.iter().filter(|it| it.operation == "CopySnapshot" && it.status == 200);
        problems.extend(unless(made.count() <= 1, "it was copied more than once"));
        let source = all.get(AUTOMATIC).map(|it| it.status);
        let is_there = source == Some(SnapshotStatus::Available);
        problems.extend(unless(is_there, format!("the automatic one is {source:?}")));
        problems
    })
}
