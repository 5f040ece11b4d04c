//! A group goes and comes back from a snapshot: never neither, never empty, and nobody who stood in stays.

use aws_sim::State;
use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use serde_json::json;

use super::super::{Way, all_but_lost, must_succeed, on_scene, unless};
use super::{send, snapshots, with_snapshots};
use crate::scene::{GROUP, NEIGHBOUR, Scene, is_available};

/// The only snapshot that there is in the place of a group that was written to since.
pub(in super::super) struct InPlace(pub(in super::super) Way);

/// What the snapshot holds, and what the group holds when it is asked for.
const WANTED: u64 = 100 << 20;
const BEFORE: u64 = 150 << 20;

impl Flow for InPlace {
    on_scene!("snapshot-in-place");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = with_snapshots(self.0, seed, 1).await;
        scene.world().with(|it| it.elasticache.fill(GROUP, BEFORE));
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        restore(scene).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        restore(scene).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        scene.world().with(|it| problems.extend(wrong(it, case)));
        let (ways_back, wanted): (Vec<_>, Vec<_>) =
            snapshots(scene).into_iter().partition(|it| it.0.contains("-before-"));
        let is_there = matches!(wanted.as_slice(), [(_, status)] if status.word() == "available");
        problems.extend(unless(is_there, format!("the wanted snapshot is {wanted:?}")));
        let holds =
            scene.world().with(|it| it.elasticache.groups.get(GROUP).map(|it| it.bytes_used));
        let is_saved =
            matches!(ways_back.as_slice(), [(_, status)] if status.word() == "available");
        let is_saved = is_saved || holds == Some(BEFORE) && !must_succeed(case);
        problems.extend(unless(is_saved, format!("the ways back are {ways_back:?}")));
        problems
    }
}

async fn restore(scene: &Scene) {
    let wanted = snapshots(scene).into_iter().find(|it| !it.0.contains("-before-"));
    let name = wanted.map(|it| it.0);
    send(scene, json!({ "action": "restore-in-place", "snapshot": name, "group": GROUP })).await;
}

/// What is wrong with the group, and with who else is there.
fn wrong(state: &State, case: Option<&Case>) -> Vec<String> {
    let mut problems = Vec::new();
    let cache = &state.elasticache;
    let others: Vec<_> =
        cache.groups.keys().filter(|it| **it != GROUP && **it != NEIGHBOUR).collect();
    problems.extend(unless(others.is_empty(), format!("there are {others:?}")));
    let Some(group) = cache.groups.get(GROUP).filter(|_| is_available(state, GROUP)) else {
        problems.push("the group is not there".to_owned());
        return problems;
    };
    let holds = group.bytes_used;
    let is_well = holds == WANTED || holds == BEFORE && !must_succeed(case);
    problems.extend(unless(is_well, format!("it holds {holds} bytes")));
    let is_closed = group.transit.is_on() && !group.access.passwordless;
    problems.extend(unless(is_closed, "it is open"));
    let tags = &group.tags;
    let is_ours = tags.get("cachewarden:owner").is_some_and(|it| it.ends_with("/Cache"));
    problems.extend(unless(is_ours, format!("its tags are {tags:?}")));
    let said = tags.get("cachewarden:in-place");
    let is_finished = said.is_none_or(|it| it.contains(": finished")) || holds == BEFORE;
    problems.extend(unless(is_finished, format!("it says {said:?}")));
    let alarms = state.cloudwatch.alarms.keys().filter(|it| it.starts_with(&format!("{GROUP}/")));
    let alarms = alarms.count();
    problems.extend(unless(alarms == 5, format!("it has {alarms} alarms")));
    let made = state.calls.iter().filter(|it| {
        it.operation == "CreateReplicationGroup"
            && it.status == 200
            && it.parameters.get("ReplicationGroupId").is_some_and(|it| it == GROUP)
    });
    let made = made.count();
    problems.extend(unless(made <= 3, format!("it was made {made} times")));
    problems
}
