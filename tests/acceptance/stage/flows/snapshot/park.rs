//! A group goes for the night and comes back: there is a group with its keys, or a whole snapshot with all that it was, and never an empty one.

use aws_sim::State;
use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use aws_sim::elasticache::model::SnapshotStatus;
use domain::snapshot::park::{State as Parked, memory};
use domain::{GroupId, tag};
use serde_json::json;

use super::super::{Way, all_but_lost, must_succeed, on_scene, unless};
use super::{send, that_keeps};
use crate::scene::{GROUP, NEIGHBOUR, Scene, is_available};

const KEYS: u64 = 100 << 20;

/// A group of a stack that may be parked.
async fn dusk(way: Way, seed: u64) -> Scene {
    that_keeps(way, seed, ("NightPark", json!(true))).await
}

/// The schedule of the evening, whichever it is.
async fn park(scene: &Scene) {
    send(scene, json!({ "action": "park", "group": GROUP })).await;
}

/// The schedule of the morning.
async fn unpark(scene: &Scene) {
    send(scene, json!({ "action": "unpark" })).await;
}

/// In the evening.
pub(in super::super) struct Park(pub(in super::super) Way);

impl Flow for Park {
    on_scene!("snapshot-park");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        dusk(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        park(scene).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        park(scene).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        problems.extend(scene.world().with(|it| never_neither(it)));
        let is_parked = scene.group().is_none();
        problems.extend(unless(is_parked || !must_succeed(case), "it is not parked"));
        // Whatever became of the evening, it is there in the morning, with all that it had.
        if problems.is_empty() {
            unpark(scene).await;
            problems.extend(scene.problems().await);
            // A creation that was to fail in the evening, which makes none, fails in the morning; the next one makes up for it.
            if scene.group().is_none() {
                problems.extend(scene.world().with(|it| never_neither(it)));
                unpark(scene).await;
                problems.extend(scene.problems().await);
            }
            problems.extend(scene.world().with(|it| whole(it)));
        }
        problems
    }
}

/// In the morning.
pub(in super::super) struct Unpark(pub(in super::super) Way);

impl Flow for Unpark {
    on_scene!("snapshot-unpark");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = dusk(self.0, seed).await;
        park(&scene).await;
        assert_eq!(scene.group(), None);
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        unpark(scene).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        unpark(scene).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        problems.extend(scene.world().with(|it| never_neither(it)));
        if must_succeed(case) {
            problems.extend(scene.world().with(|it| whole(it)));
        }
        // The next morning makes up for what failed.
        if problems.is_empty() {
            unpark(scene).await;
            problems = scene.problems().await;
            problems.extend(scene.world().with(|it| whole(it)));
        }
        problems
    }
}

/// There is the group with its keys, or a whole snapshot of it that says so and tells what the group was.
fn never_neither(state: &State) -> Vec<String> {
    let mut problems = others(state);
    let kept = is_kept(state);
    let Some(group) = state.elasticache.groups.get(GROUP) else {
        problems.extend(unless(kept, "there is neither the group nor its snapshot"));
        return problems;
    };
    // One that could not be made is empty, and its snapshot is there still.
    let holds = group.bytes_used;
    let is_carcass = !is_available(state, GROUP) && kept;
    problems.extend(unless(holds == KEYS || is_carcass, format!("it holds {holds} bytes")));
    problems
}

fn others(state: &State) -> Vec<String> {
    let groups = state.elasticache.groups.keys();
    let others: Vec<_> = groups.filter(|it| **it != GROUP && **it != NEIGHBOUR).collect();
    let mut problems = Vec::from_iter(unless(others.is_empty(), format!("there are {others:?}")));
    let parks =
        state.elasticache.snapshots.values().filter(|it| it.name.contains("-park-")).count();
    problems.extend(unless(parks <= 2, format!("there are {parks} park snapshots")));
    problems
}

/// Whether a snapshot holds the keys of the group, says that it is parked, and tells what it was.
fn is_kept(state: &State) -> bool {
    let group = GroupId::parse(GROUP).unwrap();
    state.elasticache.snapshots.values().any(|it| {
        let is_whole = it.status == SnapshotStatus::Available && it.bytes == KEYS;
        let is_parked = Parked::read(&it.tags).and_then(Parked::parked_at).is_some();
        let was = memory::of_tags(&group, &it.tags);
        let owner = was.and_then(|it| it.tags?.get(tag::OWNER).cloned());
        is_whole && is_parked && owner.is_some_and(|it| it.ends_with("/Cache"))
    })
}

/// What is wrong with the group that stands.
fn whole(state: &State) -> Vec<String> {
    let mut problems = others(state);
    let Some(group) = state.elasticache.groups.get(GROUP).filter(|_| is_available(state, GROUP))
    else {
        problems.push("the group is not there".to_owned());
        return problems;
    };
    let holds = group.bytes_used;
    problems.extend(unless(holds == KEYS, format!("it holds {holds} bytes")));
    let is_closed = group.transit.is_on() && !group.access.passwordless;
    problems.extend(unless(is_closed, "it is open"));
    let nodes = group.members.len();
    problems.extend(unless(nodes == 2, format!("it has {nodes} nodes")));
    let tags = &group.tags;
    let is_ours = tags.get(tag::OWNER).is_some_and(|it| it.ends_with("/Cache"));
    problems.extend(unless(is_ours, format!("its tags are {tags:?}")));
    let may_be_parked = tags.get(tag::PARK).is_some_and(|it| it == "nightly");
    problems.extend(unless(may_be_parked, format!("its tags are {tags:?}")));
    let alarms = state.cloudwatch.alarms.keys().filter(|it| it.starts_with(&format!("{GROUP}/")));
    let alarms = alarms.count();
    problems.extend(unless(alarms == 5, format!("it has {alarms} alarms")));
    problems
}
