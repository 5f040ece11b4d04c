//! Shards are made, come and go, whatever happens meanwhile.

use std::time::Duration;

use aws_sim::drive::cloudformation::Status;
use aws_sim::drive::exhaust::{Case, Flow};
use aws_sim::elasticache::model::SnapshotStatus;
use serde_json::{Value, json};

use super::deletion::Delete;
use super::{GONE, STANDS, given_up, is_begun_late, problems_of};
use crate::flows::{Way, may_be_given_up, may_come_twice, on_scene, same, unless};
use crate::scene::{GROUP, Scene, properties};

/// `CREATE_COMPLETE` with shards, or all is taken back.
pub(in crate::flows) struct CreateShards(pub(in crate::flows) Way);

impl Flow for CreateShards {
    on_scene!("provision-shards-create");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        Scene::new(self.0.settings(seed)).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.create(&stated(2, 1)).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let bad = [Status::RollbackComplete];
        let mut problems = problems_of(scene, Status::CreateComplete, &bad, case).await;
        if scene.outcome.borrow().as_ref().unwrap().status == Status::CreateComplete {
            problems.extend(is(scene, TWO));
        } else {
            let left = scene.left();
            problems.extend(unless(left.is_empty() || left == GONE, format!("left are {left:?}")));
        }
        problems
    }
}

/// A shard more, and a replica in each.
pub(in crate::flows) struct ShardsOut(pub(in crate::flows) Way);

impl Flow for ShardsOut {
    on_scene!("provision-shards-out");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        made(self.0, seed, stated(2, 0)).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        update(scene, &stated(3, 1)).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems(scene, case, BARE, THREE).await
    }
}

/// A shard less, and its keys are with the others.
pub(in crate::flows) struct ShardsIn(pub(in crate::flows) Way);

impl Flow for ShardsIn {
    on_scene!("provision-shards-in");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        made(self.0, seed, stated(3, 1)).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        update(scene, &stated(2, 0)).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems(scene, case, THREE, BARE).await
    }
}

/// The same as out, taken back while it is under way: from every half state back to the shards that were there.
pub(in crate::flows) struct ShardsGivenUp(pub(in crate::flows) Way);

impl Flow for ShardsGivenUp {
    on_scene!("provision-shards-given-up");
    may_be_given_up!();

    async fn set(&self, seed: u64) -> Scene {
        ShardsOut(self.0).set(seed).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        let is_given_up = given_up(scene, case, Duration::from_secs(30));
        let outcome = scene.stack.update_given_up(&stated(3, 1), is_given_up).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let (good, bad) = (Status::UpdateRollbackComplete, [Status::UpdateRollbackFailed]);
        if is_begun_late(scene) {
            let mut problems = scene.problems().await;
            let shape = shape(scene);
            problems.extend(same(&scene.left(), &STANDS));
            problems.extend(unless(shape == BARE || shape == THREE, shape));
            return problems;
        }
        let mut problems = problems_of(scene, good, &bad, case).await;
        if scene.outcome.borrow().as_ref().unwrap().status == good {
            problems.extend(is(scene, BARE));
        }
        problems
    }
}

/// A cache with shards goes, and its last snapshot has the keys of all of them.
pub(in crate::flows) struct DeleteShards(pub(in crate::flows) Way);

impl Flow for DeleteShards {
    on_scene!("provision-shards-delete");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        made(self.0, seed, stated(3, 1)).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        Delete(self.0).run(scene, case).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = Delete(self.0).problems(scene, case).await;
        scene.world().with(|it| {
            let last = it.elasticache.snapshots.values().filter(|it| it.name.contains("-final-"));
            let whole = last.filter(|it| it.status == SnapshotStatus::Available);
            let lacking: Vec<u64> = whole.map(|it| it.bytes).filter(|it| *it != BYTES).collect();
            problems.extend(unless(
                lacking.is_empty(),
                format!("a last snapshot has {lacking:?} of {BYTES} bytes"),
            ));
        });
        problems
    }
}

const BARE: &str = "2 shards of 1 and 1, all slots, Multi-AZ off, all keys";
const TWO: &str = "2 shards of 2 and 2, all slots, Multi-AZ on, all keys";
const THREE: &str = "3 shards of 2 and 2 and 2, all slots, Multi-AZ on, all keys";

/// The memory that the keys take.
const BYTES: u64 = 300 << 20;

fn stated(shards: u32, replicas: u32) -> Value {
    properties(&[
        ("RedisNumCacheNodes", Value::Null),
        ("ClusterMode", json!("enabled")),
        ("NumNodeGroups", json!(shards)),
        ("ReplicasPerNodeGroup", json!(replicas)),
    ])
}

/// A cache with these shards and keys in them.
async fn made(way: Way, seed: u64, stated: Value) -> Scene {
    let scene = Scene::new(way.settings(seed)).await;
    let outcome = scene.stack.create(&stated).await;
    assert_eq!(outcome.reason, None);
    assert!(scene.account.settle().await, "it never came to rest");
    scene.world().with(|it| {
        it.elasticache.groups.get_mut(GROUP).unwrap().bytes_used = BYTES;
    });
    scene
}

async fn update(scene: &Scene, now: &Value) {
    let outcome = scene.stack.update(now).await;
    *scene.outcome.borrow_mut() = Some(outcome);
    scene.account.settle().await;
}

/// The shards in a few words.
fn shape(scene: &Scene) -> String {
    scene.world().with(|it| {
        let Some(group) = it.elasticache.groups.get(GROUP) else { return String::new() };
        let Some(shards) = &group.shards else { return "no shards".to_owned() };
        let members = |id: &String| group.members.values().filter(|it| it.shard == *id).count();
        let sizes: Vec<String> = shards.all.keys().map(|it| members(it).to_string()).collect();
        let has_all = shards.all.values().all(|it| it.slots.is_some());
        let asked = group.tags.contains_key(domain::tag::ASKED);
        let has_keys = [0, BYTES].contains(&group.bytes_used);
        format!(
            "{} shards of {}, {} slots, Multi-AZ {}, {} keys{}",
            sizes.len(),
            sizes.join(" and "),
            if has_all { "all" } else { "not all" },
            if group.multi_az { "on" } else { "off" },
            if has_keys { "all" } else { "not all" },
            if asked { ", and something is still asked for" } else { "" }
        )
    })
}

/// All stands, and the shards are these.
fn is(scene: &Scene, wanted: &str) -> Vec<String> {
    let shape = shape(scene);
    same(&scene.left(), &STANDS).into_iter().chain(unless(shape == wanted, shape)).collect()
}

async fn problems(scene: &Scene, case: Option<&Case>, old: &str, new: &str) -> Vec<String> {
    let bad = [Status::UpdateRollbackComplete];
    let mut problems = problems_of(scene, Status::UpdateComplete, &bad, case).await;
    let is_done = scene.outcome.borrow().as_ref().unwrap().status == Status::UpdateComplete;
    problems.extend(is(scene, if is_done { new } else { old }));
    problems
}
