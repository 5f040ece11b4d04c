//! A stack makes, changes and deletes its cache, whatever happens meanwhile.

mod access;
mod deletion;
mod fill;
mod logs;
mod parked;
mod replace;
mod settings;
mod shards;
mod upgrade;

pub(super) use access::{Encrypt, EncryptGivenUp, Users, UsersGivenUp, people};
pub(super) use deletion::{Delete, DeleteAgain, Retain};
pub(super) use fill::{Fill, FillGivenUp};
pub(super) use logs::{LogsCreate, LogsDelete, LogsGivenUp, LogsMove};
pub(super) use parked::{DeleteParked, ParkedGivenUp, UpdateParked};
pub(super) use replace::{
    Replace, ReplaceGivenUp, ReplaceLostKeys, ReplaceTakenBack, ReplaceWithoutData,
};
pub(super) use settings::Settings;
pub(super) use shards::{CreateShards, DeleteShards, ShardsGivenUp, ShardsIn, ShardsOut};
pub(super) use upgrade::{Engine, EngineGivenUp, Upgrade};

use std::time::Duration;

use aws_sim::State;
use aws_sim::drive::cloudformation::Status;
use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use aws_sim::elasticache::model::Toggle;
use serde_json::{Value, json};

use super::{Way, may_be_given_up, may_come_twice, must_succeed, on_scene, same, unless};
use crate::scene::{GROUP, Scene, properties};

const STANDS: [&str; 5] =
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
            let is_left = it.members.values().any(|member| member.node_type != it.node_type);
            let left = if is_left { ", and a member was left behind" } else { "" };
            let count = it.members.len();
            format!("{count} x {}, {} days{asked}{left}", it.node_type, it.snapshot_retention)
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
    // The one call that has no state machine behind it yet: what lasts there is told, as nobody would be left to answer.
    let lasts = [Mishap::THROTTLE_LASTS, Mishap::OUTAGE_LASTS];
    let is_told = case.is_some_and(|it| lasts.contains(&it.mishap))
        && scene.world().with(|it| says_it_never_began(it));
    // The snapshot of a primary that is lost meanwhile fails, and without it no data are deleted.
    let is_kept = case.is_some_and(|it| it.mishap == Mishap::PRIMARY_LOST) && {
        let (whole, all) = deletion::last_snapshots(scene);
        whole < all
    };
    let may_fail = !must_succeed(case) || is_told || is_kept;
    let is_allowed = outcome.status == good || may_fail && bad.contains(&outcome.status);
    problems.extend(unless(is_allowed, format!("it came to {:?}: {why}", outcome.status)));
    problems
}

/// Whether an answer says that Step Functions could not be reached.
fn says_it_never_began(state: &State) -> bool {
    let reasons = state.callbacks.answers.iter().filter_map(|it| it.body["Reason"].as_str());
    reasons.into_iter().any(|it| it.starts_with("StartExecution failed"))
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
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        Scene::new(self.0.settings(seed)).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.create(&properties(&[])).await;
        *scene.outcome.borrow_mut() = Some(outcome);
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
    may_be_given_up!();

    async fn set(&self, seed: u64) -> Scene {
        Scene::new(self.0.settings(seed)).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        let is_given_up = given_up(scene, case, Duration::from_secs(12));
        let outcome = scene.stack.create_given_up(&properties(&[]), is_given_up).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        if is_begun_late(scene) {
            let mut problems = scene.problems().await;
            let left = scene.left();
            let is_whole = left.is_empty() || left == GONE || left == STANDS;
            problems.extend(unless(is_whole, format!("left are {left:?}")));
            return problems;
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

/// Work on what the stack gave up began only after that on what it asked for instead, as its event came late, and both were issued in
/// the same second, which is as exact as an address says it. Nobody can tell it from what is wanted, so it is carried out, and wholly.
fn is_begun_late(scene: &Scene) -> bool {
    let outcome = scene.outcome.borrow();
    let requests = &outcome.as_ref().unwrap().requests;
    let issued = |it: &Value| {
        let url = it["ResponseURL"].as_str().unwrap().to_owned();
        url.split("X-Amz-Date=").nth(1).map(|it| it[..16].to_owned()).unwrap()
    };
    let is_of_one_second = requests.windows(2).any(|it| issued(&it[0]) == issued(&it[1]));
    let number = |id: &Value| requests.iter().position(|it| it["RequestId"] == *id);
    let begun: Vec<usize> = scene.world().with(|it| {
        let executions = it.sfn.executions.iter();
        executions.filter_map(|it| number(&it.input["event"]["RequestId"])).collect()
    });
    is_of_one_second && begun.iter().position(|it| *it == 0).is_some_and(|at| 0 < at)
}

/// A larger node type, one node more, another retention.
pub(super) struct Update(pub(super) Way);

impl Flow for Update {
    on_scene!("provision-update");
    may_come_twice!();

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

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let bad = [Status::UpdateRollbackComplete];
        let mut problems = problems_of(scene, Status::UpdateComplete, &bad, case).await;
        let (shape, left) = (shape(scene), scene.left());
        if scene.outcome.borrow().as_ref().unwrap().status == Status::UpdateComplete {
            problems.extend(same(&left, &STANDS));
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
    may_be_given_up!();

    async fn set(&self, seed: u64) -> Scene {
        Update(self.0).set(seed).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        let is_given_up = given_up(scene, case, Duration::from_secs(50));
        let outcome = scene.stack.update_given_up(&properties(&larger()), is_given_up).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        if is_begun_late(scene) {
            let mut problems = scene.problems().await;
            let (shape, left) = (shape(scene), scene.left());
            let is_one = ["2 x cache.t4g.micro, 7 days", "3 x cache.t4g.small, 3 days"]
                .contains(&shape.as_str());
            let is_whole = left == STANDS && is_one;
            problems.extend(unless(is_whole, format!("{shape}, and left are {left:?}")));
            return problems;
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

/// The last replica goes, and with it failover.
pub(super) struct Shrink(pub(super) Way);

impl Flow for Shrink {
    on_scene!("provision-shrink");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        Update(self.0).set(seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let one = properties(&[("RedisNumCacheNodes", json!(1))]);
        let outcome = scene.stack.update(&one).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let bad = [Status::UpdateRollbackComplete];
        let mut problems = problems_of(scene, Status::UpdateComplete, &bad, case).await;
        let (shape, left) = (shape(scene), scene.left());
        let failover = scene.world().with(|it| it.elasticache.groups[GROUP].failover);
        if scene.outcome.borrow().as_ref().unwrap().status == Status::UpdateComplete {
            problems.extend(same(&left, &STANDS));
            let is_well = shape == "1 x cache.t4g.micro, 7 days" && failover == Toggle::Disabled;
            problems.extend(unless(is_well, format!("{shape}, failover {failover:?}")));
        } else {
            problems.extend(same(&left, &STANDS));
            let is_well = shape == "2 x cache.t4g.micro, 7 days" && failover == Toggle::Enabled;
            problems.extend(unless(is_well, format!("{shape}, failover {failover:?}")));
        }
        problems
    }
}
