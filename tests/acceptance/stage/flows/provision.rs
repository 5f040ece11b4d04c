//! A stack makes, changes and deletes its cache, whatever happens meanwhile.

use std::cell::Cell;
use std::time::Duration;

use aws_sim::State;
use aws_sim::drive::cloudformation::Status;
use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use aws_sim::elasticache::model::SnapshotStatus;
use serde_json::{Value, json};

use super::{Way, all_but_lost, must_succeed, on_scene, same, unless};
use crate::scene::{GROUP, Scene, properties};

const STANDS: [&str; 5] =
    ["group available", "subnet group", "parameter group", "5 alarms", "secret"];
const GROWN: [&str; 5] =
    ["group available", "subnet group", "parameter group", "5 alarms", "secret"];
const GONE: [&str; 1] = ["secret on its way out"];

fn larger() -> [(&'static str, Value); 3] {
    [
        ("RedisNodeType", json!("cache.t4g.small")),
        ("RedisNumCacheNodes", json!(3)),
        ("SnapshotRetentionLimit", json!(3)),
    ]
}

/// The stack's cache in a few words.
fn shape(scene: &Scene) -> String {
    scene.world().with(|it| {
        it.elasticache.groups.get(GROUP).map_or_else(String::new, |it| {
            let asked = it.tags.contains_key(domain::tag::ASKED);
            let asked = if asked { ", and something is still asked for" } else { "" };
            let count = it.members.len();
            format!("{count} x {}, {} days{asked}", it.node_type, it.snapshot_retention)
        })
    })
}

/// What holds after a request whatever it was: it was answered, and not by the end of CloudFormation's patience.
async fn problems_of(
    scene: &Scene,
    good: Status,
    bad: &[Status],
    case: Option<&Case>,
) -> Vec<String> {
    let mut problems = scene.problems().await;
    let outcome = scene.outcome.borrow().clone().unwrap();
    let why = outcome.reason.clone().unwrap_or_default();
    problems.extend(unless(!why.contains("did not receive a response"), "nobody answered"));
    let is_allowed = outcome.status == good || !must_succeed(case) && bad.contains(&outcome.status);
    problems.extend(unless(is_allowed, format!("it came to {:?}: {why}", outcome.status)));
    problems
}

/// When the stack gives up: at a call, where that is the case, otherwise after a time; and when it has been answered.
fn given_up(scene: &Scene, case: Option<&Case>, after: Duration) -> impl FnMut(&mut State) -> bool {
    let is_at_a_call = case.is_some_and(|it| it.mishap == Mishap::Beside);
    let at = scene.world().clock().saturating_add(after).unwrap();
    move |state| {
        let is_time = !is_at_a_call && at <= state.now;
        is_time || scene.is_given_up.get() || scene.stack.is_answered(state)
    }
}

/// `CREATE_COMPLETE`, or all is taken back.
pub(super) struct Create(pub(super) Way);

impl Flow for Create {
    on_scene!("provision-create");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        Scene::new(self.0.settings(seed)).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.create(&properties(&[])).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn run_beside(&self, scene: &Scene) {
        scene.stack.send_again();
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems =
            problems_of(scene, Status::CreateComplete, &[Status::RollbackComplete], case).await;
        let outcome = scene.outcome.borrow().clone().unwrap();
        if outcome.status == Status::CreateComplete {
            problems.extend(same(&scene.left(), &STANDS));
            let shape = shape(scene);
            problems.extend(unless(shape == "2 x cache.t4g.micro, 7 days", shape));
        } else {
            let left = scene.left();
            problems.extend(unless(left.is_empty() || left == GONE, format!("left are {left:?}")));
        }
        problems
    }
}

/// Another resource of the stack fails: a Delete with an invented id comes while the Create still runs.
pub(super) struct CreateGivenUp(pub(super) Way);

impl Flow for CreateGivenUp {
    on_scene!("provision-create-given-up");

    fn mishaps(&self) -> Vec<Mishap> {
        // It may come after its own Delete.
        all_but_lost().into_iter().filter(|it| *it != Mishap::EVENT_LATE).collect()
    }

    async fn set(&self, seed: u64) -> Scene {
        Scene::new(self.0.settings(seed)).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        let is_given_up = given_up(scene, case, Duration::from_secs(12));
        let outcome = scene.stack.create_given_up(&properties(&[]), is_given_up).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    fn comes_about(&self, case: &Case) -> bool {
        // A stack that gives up earlier or later makes other calls, and may have fewer than it learned.
        case.mishap != Mishap::Beside
    }

    async fn run_beside(&self, scene: &Scene) {
        scene.is_given_up.set(true);
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        if case.is_some_and(is_begun_late) {
            return scene.problems().await;
        }
        let bad = [Status::RollbackFailed];
        let mut problems = problems_of(scene, Status::RollbackComplete, &bad, case).await;
        if scene.outcome.borrow().as_ref().unwrap().status == Status::RollbackComplete {
            let left = scene.left();
            problems.extend(unless(left.is_empty() || left == GONE, format!("left are {left:?}")));
        }
        problems
    }
}

/// Nothing was done when its caller died, so that the retry of its event is the first that is heard of it: after the stack took it back,
/// and nobody can tell it from one that is wanted.
fn is_begun_late(case: &Case) -> bool {
    case.mishap == Mishap::DIES_BEFORE && case.at == 0
}

/// A larger node type, one node more, another retention.
pub(super) struct Update(pub(super) Way);

impl Flow for Update {
    on_scene!("provision-update");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[]).await;
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.update(&properties(&larger())).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn run_beside(&self, scene: &Scene) {
        scene.stack.send_again();
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let bad = [Status::UpdateRollbackComplete];
        let mut problems = problems_of(scene, Status::UpdateComplete, &bad, case).await;
        let (shape, left) = (shape(scene), scene.left());
        if scene.outcome.borrow().as_ref().unwrap().status == Status::UpdateComplete {
            problems.extend(same(&left, &GROWN));
            problems.extend(unless(shape == "3 x cache.t4g.small, 3 days", shape));
        } else {
            problems.extend(same(&left, &STANDS));
            problems.extend(unless(shape == "2 x cache.t4g.micro, 7 days", shape));
        }
        problems
    }
}

/// The same, taken back while it is under way: old and new swapped, from every half state.
pub(super) struct UpdateGivenUp(pub(super) Way);

impl Flow for UpdateGivenUp {
    on_scene!("provision-update-given-up");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost().into_iter().filter(|it| *it != Mishap::EVENT_LATE).collect()
    }

    async fn set(&self, seed: u64) -> Scene {
        Update(self.0).set(seed).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        let is_given_up = given_up(scene, case, Duration::from_secs(50));
        let outcome = scene.stack.update_given_up(&properties(&larger()), is_given_up).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    fn comes_about(&self, case: &Case) -> bool {
        // A stack that gives up earlier or later makes other calls, and may have fewer than it learned.
        case.mishap != Mishap::Beside
    }

    async fn run_beside(&self, scene: &Scene) {
        scene.is_given_up.set(true);
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        if case.is_some_and(is_begun_late) {
            return scene.problems().await;
        }
        let (good, bad) = (Status::UpdateRollbackComplete, [Status::UpdateRollbackFailed]);
        let mut problems = problems_of(scene, good, &bad, case).await;
        if scene.outcome.borrow().as_ref().unwrap().status == good {
            problems.extend(same(&scene.left(), &STANDS));
            let shape = shape(scene);
            problems.extend(unless(shape == "2 x cache.t4g.micro, 7 days", shape));
        }
        problems
    }
}

/// What a deletion may never leave, however it went: no group, and no last snapshot that is whole.
fn lost(scene: &Scene) -> Vec<String> {
    let (whole, _) = last_snapshots(scene);
    let kept = scene.group().is_some() || 0 < whole;
    unless(kept, "neither the group nor a whole snapshot of its data is there")
        .into_iter()
        .collect()
}

/// How many last snapshots are whole, and how many are there.
fn last_snapshots(scene: &Scene) -> (usize, usize) {
    scene.world().with(|it| {
        let all = it.elasticache.snapshots.values().filter(|it| it.name.contains("-final-"));
        let all: Vec<SnapshotStatus> = all.map(|it| it.status).collect();
        (all.iter().filter(|it| **it == SnapshotStatus::Available).count(), all.len())
    })
}

/// The cache goes, its last snapshot stays.
pub(super) struct Delete(pub(super) Way);

impl Flow for Delete {
    on_scene!("provision-delete");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        Update(self.0).set(seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.delete().await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn run_beside(&self, scene: &Scene) {
        scene.stack.send_again();
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
pub(super) struct DeleteAgain(pub(super) Way, Cell<Option<Status>>);

impl DeleteAgain {
    pub(super) fn new(way: Way) -> Self {
        Self(way, Cell::new(None))
    }
}

impl Flow for DeleteAgain {
    on_scene!("provision-delete-again");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

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

    async fn run_beside(&self, scene: &Scene) {
        scene.stack.send_again();
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
pub(super) struct Retain(pub(super) Way);

impl Flow for Retain {
    on_scene!("provision-retain");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

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

    async fn run_beside(&self, scene: &Scene) {
        scene.stack.send_again();
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
