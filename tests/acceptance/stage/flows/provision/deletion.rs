//! The end of a cache: with its last snapshot, after one that failed, and without an end.

use std::cell::Cell;

use aws_sim::drive::cloudformation::Status;
use aws_sim::drive::exhaust::{Case, Flow};
use aws_sim::elasticache::model::SnapshotStatus;
use serde_json::json;

use super::{GONE, STANDS, Update, problems_of};
use crate::flows::{Way, may_come_twice, on_scene, same, unless};
use crate::scene::{GROUP, Scene};

/// What a deletion may never leave, however it went: no group, and no last snapshot that is whole.
fn lost(scene: &Scene) -> Vec<String> {
    let (whole, _) = last_snapshots(scene);
    let kept = scene.group().is_some() || 0 < whole;
    unless(kept, "neither the group nor a whole snapshot of its data is there")
        .into_iter()
        .collect()
}

/// How many last snapshots are whole, and how many are there.
pub(super) fn last_snapshots(scene: &Scene) -> (usize, usize) {
    scene.world().with(|it| {
        let all = it.elasticache.snapshots.values().filter(|it| it.name.contains("-final-"));
        let all: Vec<SnapshotStatus> = all.map(|it| it.status).collect();
        (all.iter().filter(|it| **it == SnapshotStatus::Available).count(), all.len())
    })
}

/// The cache goes, its last snapshot stays.
pub(in super::super) struct Delete(pub(in super::super) Way);

impl Flow for Delete {
    on_scene!("provision-delete");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        Update(self.0).set(seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.delete().await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems =
            problems_of(scene, Status::DeleteComplete, &[Status::DeleteFailed], case).await;
        problems.extend(lost(scene));
        if scene.outcome.borrow().as_ref().unwrap().status == Status::DeleteComplete {
            problems.extend(same(&scene.left(), &GONE));
            let ours = last_snapshots(scene);
            problems.extend(unless(ours == (1, 1), format!("the last snapshots are {ours:?}")));
        }
        problems
    }
}

/// The last snapshot fails, so the cache stays; the next Delete takes another one.
pub(in super::super) struct DeleteAgain(pub(in super::super) Way, Cell<Option<Status>>);

impl DeleteAgain {
    pub(in super::super) fn new(way: Way) -> Self {
        Self(way, Cell::new(None))
    }
}

impl Flow for DeleteAgain {
    on_scene!("provision-delete-again");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[]).await;
        scene.world().with(|it| it.faults.failing_snapshots = 1);
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let first = scene.stack.delete().await;
        scene.account.settle().await;
        // The group may be at a snapshot still, where a look at it was refused.
        let stands = scene.group().is_some() && scene.left()[1..] == STANDS[1..];
        let is_kept = first.status == Status::DeleteFailed && stands;
        self.1.set((!is_kept).then_some(first.status));
        let again = scene.stack.delete().await;
        *scene.outcome.borrow_mut() = Some(again);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems =
            problems_of(scene, Status::DeleteComplete, &[Status::DeleteFailed], case).await;
        problems.extend(lost(scene));
        let first =
            self.1.get().map(|it| format!("the first Delete came to {it:?}, or took a part"));
        problems.extend(first);
        if scene.outcome.borrow().as_ref().unwrap().status == Status::DeleteComplete {
            problems.extend(same(&scene.left(), &GONE));
            let (whole, _) = last_snapshots(scene);
            problems.extend(unless(whole == 1, format!("{whole} last snapshots are whole")));
        }
        problems
    }
}

/// The cache stays, and no Delete of the stack takes it any more.
pub(in super::super) struct Retain(pub(in super::super) Way);

impl Flow for Retain {
    on_scene!("provision-retain");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[("DeletionPolicy", json!("Retain"))]).await;
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.delete().await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems =
            problems_of(scene, Status::DeleteComplete, &[Status::DeleteFailed], case).await;
        problems.extend(same(&scene.left(), &STANDS));
        let (_, taken) = last_snapshots(scene);
        problems.extend(unless(taken == 0, format!("{taken} last snapshots were taken")));
        if scene.outcome.borrow().as_ref().unwrap().status == Status::DeleteComplete {
            let is_owned = scene.world().with(|it| {
                let group = it.elasticache.groups.get(GROUP);
                group.is_none_or(|it| it.tags.contains_key(domain::tag::OWNER))
            });
            problems.extend(unless(!is_owned, "the stack owns it still"));
        }
        problems
    }
}
