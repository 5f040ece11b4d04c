//! A stack changes or deletes its cache while that is parked for the night: it comes back with its keys or not at all, and its snapshot is never lost.

use std::time::Duration;

use aws_sim::drive::cloudformation::Status;
use aws_sim::drive::exhaust::{Case, Flow};
use domain::snapshot::park::State as Parked;
use serde_json::{Value, json};

use super::deletion::last_snapshots;
use super::{GONE, STANDS, given_up, is_begun_late, problems_of, shape};
use crate::flows::snapshot::{held, never_neither, night, unpark, whole};
use crate::flows::{Way, may_be_given_up, may_come_twice, on_scene, same, unless};
use crate::scene::{Scene, properties};

/// What the parked cache is to be from now on.
fn other() -> [(&'static str, Value); 5] {
    [
        ("NightPark", json!(true)),
        ("AutoscaleMode", json!("off")),
        ("RotationDays", json!(0)),
        ("RedisNodeType", json!("cache.t4g.small")),
        ("SnapshotRetentionLimit", json!(3)),
    ]
}

/// Another node type and another retention, which the cache has once it was made of its park snapshot.
pub(in super::super) struct UpdateParked(pub(in super::super) Way);

const OTHER: &str = "2 x cache.t4g.small, 3 days";
const SAME: &str = "2 x cache.t4g.micro, 7 days";

impl Flow for UpdateParked {
    on_scene!("provision-update-parked");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        night(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.update(&properties(&other())).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let bad = [Status::UpdateRollbackComplete];
        let mut problems = problems_of(scene, Status::UpdateComplete, &bad, case).await;
        let is_done = scene.outcome.borrow().as_ref().unwrap().status == Status::UpdateComplete;
        let wanted = if is_done { OTHER } else { SAME };
        problems.extend(is_as(scene, wanted));
        // In the morning it is found there, and nothing more is made.
        if problems.is_empty() {
            let made = scene.world().calls_to("CreateReplicationGroup");
            unpark(scene).await;
            problems = scene.problems().await;
            problems.extend(is_as(scene, wanted));
            let again = scene.world().calls_to("CreateReplicationGroup") - made;
            problems.extend(unless(again == 0, "the morning made it again"));
            let said = scene.world().with(|it| held(it));
            let is_back = matches!(said.as_slice(), [Parked::Back(_)]);
            problems.extend(unless(is_back, format!("its park snapshots are {said:?}")));
        }
        problems
    }
}

/// The same, taken back while it is under way: the cache comes back as it was, of whatever became of it.
pub(in super::super) struct ParkedGivenUp(pub(in super::super) Way);

impl Flow for ParkedGivenUp {
    on_scene!("provision-update-parked-given-up");
    may_be_given_up!();

    async fn set(&self, seed: u64) -> Scene {
        night(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        let is_given_up = given_up(scene, case, Duration::from_secs(10));
        let outcome = scene.stack.update_given_up(&properties(&other()), is_given_up).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        if is_begun_late(scene) {
            let mut problems = scene.problems().await;
            let wanted = if shape(scene) == OTHER { OTHER } else { SAME };
            problems.extend(is_as(scene, wanted));
            return problems;
        }
        let (good, bad) = (Status::UpdateRollbackComplete, [Status::UpdateRollbackFailed]);
        let mut problems = problems_of(scene, good, &bad, case).await;
        if scene.outcome.borrow().as_ref().unwrap().status == good {
            problems.extend(is_as(scene, SAME));
        } else {
            problems.extend(scene.world().with(|it| never_neither(it)));
        }
        problems
    }
}

/// What is wrong with the cache and with what stands around it.
fn is_as(scene: &Scene, wanted: &str) -> Vec<String> {
    let mut problems = scene.world().with(|it| [never_neither(it), whole(it)].concat());
    problems.extend(same(&scene.left(), &STANDS));
    let shape = shape(scene);
    problems.extend(unless(shape == wanted, shape));
    problems
}

/// The parked cache never comes back, and the snapshot that it was parked with is its last one.
pub(in super::super) struct DeleteParked(pub(in super::super) Way);

impl Flow for DeleteParked {
    on_scene!("provision-delete-parked");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        night(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        delete(scene).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems =
            problems_of(scene, Status::DeleteComplete, &[Status::DeleteFailed], case).await;
        let is_done = |scene: &Scene| {
            scene.outcome.borrow().as_ref().unwrap().status == Status::DeleteComplete
        };
        let said = scene.world().with(|it| held(it));
        let is_kept = matches!(said.as_slice(), [Parked::Kept(_) | Parked::Parked(_)]);
        problems.extend(unless(is_kept, format!("its park snapshots are {said:?}")));
        // The next Delete makes up for what failed.
        if problems.is_empty() && !is_done(scene) {
            delete(scene).await;
            problems = problems_of(scene, Status::DeleteComplete, &[], case).await;
        }
        problems.extend(is_gone(scene));
        // Nobody brings it back in the morning.
        if problems.is_empty() {
            unpark(scene).await;
            problems = scene.problems().await;
            problems.extend(is_gone(scene));
        }
        problems
    }
}

async fn delete(scene: &Scene) {
    let outcome = scene.stack.delete().await;
    *scene.outcome.borrow_mut() = Some(outcome);
    scene.account.settle().await;
}

/// Nothing of it is there but its keys and the secret for a while.
fn is_gone(scene: &Scene) -> Vec<String> {
    let mut problems: Vec<String> = same(&scene.left(), &GONE).into_iter().collect();
    let said = scene.world().with(|it| held(it));
    let is_kept = matches!(said.as_slice(), [Parked::Kept(_)]);
    problems.extend(unless(is_kept, format!("its park snapshots are {said:?}")));
    let (_, taken) = last_snapshots(scene);
    problems.extend(unless(taken == 0, format!("{taken} last snapshots were taken")));
    problems
}
