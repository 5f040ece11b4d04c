//! A cache that is filled from a snapshot when it is made, and one that is given up while it is.

use std::time::Duration;

use aws_sim::drive::cloudformation::Status;
use aws_sim::drive::exhaust::{Case, Flow};
use serde_json::{Value, json};

use super::{GONE, STANDS, given_up, is_begun_late, problems_of, shape};
use crate::flows::{Way, may_be_given_up, may_come_twice, on_scene, same, unless};
use crate::scene::{GROUP, NEIGHBOUR, Scene, properties};

const BYTES: u64 = 7_000_000;

/// The neighbour's own snapshot, which has to be what it was whatever happens; [`Scene::problems`] looks after it.
fn snapshot() -> String {
    format!("{NEIGHBOUR}-keep")
}

fn stated() -> Value {
    properties(&[("SnapshotName", json!(snapshot()))])
}

/// All stands, and has the keys of the snapshot.
fn whole(scene: &Scene) -> Vec<String> {
    let (shape, holds) = (shape(scene), holds(scene));
    let is_well = shape == "2 x cache.t4g.micro, 7 days" && holds == Some(BYTES);
    let what = format!("{shape}, with {holds:?} bytes");
    same(&scene.left(), &STANDS).into_iter().chain(unless(is_well, what)).collect()
}

fn holds(scene: &Scene) -> Option<u64> {
    scene.world().with(|it| it.elasticache.groups.get(GROUP).map(|it| it.bytes_used))
}

/// `CREATE_COMPLETE` with the keys, or all is taken back.
pub(in crate::flows) struct Fill(pub(in crate::flows) Way);

impl Flow for Fill {
    on_scene!("provision-fill");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.world().with(|it| {
            let snapshots = &mut it.elasticache.snapshots;
            snapshots
                .values_mut()
                .filter(|it| it.name == snapshot())
                .for_each(|it| it.bytes = BYTES);
        });
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.create(&stated()).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let bad = [Status::RollbackComplete];
        let mut problems = problems_of(scene, Status::CreateComplete, &bad, case).await;
        if scene.outcome.borrow().as_ref().unwrap().status == Status::CreateComplete {
            problems.extend(whole(scene));
        } else {
            let left = scene.left();
            problems.extend(unless(left.is_empty() || left == GONE, format!("left are {left:?}")));
        }
        problems
    }
}

/// The same, given up on the way.
pub(in crate::flows) struct FillGivenUp(pub(in crate::flows) Way);

impl Flow for FillGivenUp {
    on_scene!("provision-fill-given-up");
    may_be_given_up!();

    async fn set(&self, seed: u64) -> Scene {
        Fill(self.0).set(seed).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        let is_given_up = given_up(scene, case, Duration::from_secs(20));
        let outcome = scene.stack.create_given_up(&stated(), is_given_up).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let is_late = is_begun_late(scene);
        let (good, bad) = (Status::RollbackComplete, [Status::RollbackFailed]);
        let mut problems = if is_late {
            scene.problems().await
        } else {
            problems_of(scene, good, &bad, case).await
        };
        let left = scene.left();
        let is_gone = left.is_empty() || left == GONE;
        if is_late && !is_gone {
            problems.extend(whole(scene));
        } else if is_late || scene.outcome.borrow().as_ref().unwrap().status == good {
            problems.extend(unless(is_gone, format!("left are {left:?}")));
        }
        problems
    }
}
