//! Another group takes the place of a stack's, with its keys: to the end, given up on the way, and taken back when all of it was done.

use std::time::Duration;

use aws_sim::cloudwatch::hold;
use aws_sim::drive::cloudformation::Status;
use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use serde_json::{Value, json};

use super::{given_up, is_begun_late, problems_of, says_it_never_began};
use crate::flows::{Way, may_be_given_up, may_come_twice, must_succeed, on_scene, unless};
use crate::scene::{GROUP, Scene, properties};

const SECOND: &str = "orders-redis-production-r2";
const BYTES: u64 = 7_000_000;
const WHOLE: &str = "2 x cache.t4g.micro with 7000000 bytes, subnet group, parameter group, 5 alarms, secret that opens it";

const EMPTY: &str = "2 x cache.t4g.micro with 0 bytes, subnet group, parameter group, 5 alarms, secret that opens it";

/// What no running cache can change.
fn plain() -> Value {
    replaced("with-data")
}

fn replaced(word: &str) -> Value {
    properties(&[("EnableEncryptionAtRest", json!(false)), ("Replacement", json!(word))])
}

/// A group and what stands around it, in words; a secret that is on its way out is nothing.
fn seen(scene: &Scene, id: &str) -> String {
    scene.world().with(|it| {
        let mut words = Vec::new();
        let cache = &it.elasticache;
        if let Some(group) = cache.groups.get(id) {
            let (count, bytes) = (group.members.len(), group.bytes_used);
            words.push(format!("{count} x {} with {bytes} bytes", group.node_type));
        }
        words.extend(cache.subnet_groups.get(id).map(|_| "subnet group".to_owned()));
        let parameter_group = cache.parameter_groups.get(&format!("{id}-redis7"));
        words.extend(parameter_group.map(|_| "parameter group".to_owned()));
        let prefix = format!("{id}/");
        let alarms = it.cloudwatch.alarms.keys().filter(|it| it.starts_with(&prefix)).count();
        words.extend((0 < alarms).then(|| format!("{alarms} alarms")));
        let nodes = it.nodes();
        let stays = it.secrets.secrets.values().filter(|it| it.gone_at.is_none());
        let of_group = |it: &&aws_sim::secrets::Secret| {
            it.tags.get(domain::tag::GROUP).is_some_and(|it| it == id)
        };
        words.extend(stays.filter(of_group).map(|secret| {
            let token = secret.text("AWSCURRENT").map(str::to_owned);
            let opens = |it: &&aws_sim::elasticache::NodeView| {
                !it.serves || it.access.admits(token.as_deref())
            };
            let is_open = nodes.iter().filter(|it| it.group == id).all(|it| opens(&it));
            if is_open { "secret that opens it" } else { "secret that does not" }.to_owned()
        }));
        words.join(", ")
    })
}

/// The snapshots that carried keys over.
fn transfers(scene: &Scene) -> usize {
    scene
        .world()
        .with(|it| it.elasticache.snapshots.keys().filter(|it| it.contains("-move-")).count())
}

fn all_is(scene: &Scene, old: &str, new: &str) -> Vec<String> {
    let seen = [seen(scene, GROUP), seen(scene, SECOND)];
    unless(seen == [old, new], format!("the old one: {}; the new one: {}", seen[0], seen[1]))
        .into_iter()
        .collect()
}

/// The old group is as it was, and of the new one nothing is there.
fn back(scene: &Scene) -> Vec<String> {
    let left = transfers(scene);
    let stay = unless(left == 0, format!("{left} snapshots that carried keys over stay"));
    all_is(scene, WHOLE, "").into_iter().chain(stay).collect()
}

/// What a primary that was lost may cost: a snapshot of it that fails, with all that is waited for it.
fn is_lost(case: Option<&Case>) -> bool {
    case.is_some_and(|it| it.mishap == Mishap::PRIMARY_LOST)
}

/// Whether a clean-up may fail, of which CloudFormation says nothing.
fn may_stay(scene: &Scene, case: Option<&Case>) -> bool {
    !must_succeed(case) || is_lost(case) || scene.world().with(|it| says_it_never_began(it))
}

async fn stands(way: Way, seed: u64) -> Scene {
    let scene = Scene::new(way.settings(seed)).await;
    scene.created(&[]).await;
    scene.world().with(|it| it.elasticache.fill(GROUP, BYTES));
    // Until its metrics tell of its keys.
    scene.account.pass(Duration::from_mins(2)).await;
    scene
}

/// To the end: the old group goes in CloudFormation's clean-up.
pub(in crate::flows) struct Replace(pub(in crate::flows) Way);

impl Flow for Replace {
    on_scene!("provision-replace");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        stands(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.update(&plain()).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = problems_of_the_way_over(scene, case, WHOLE).await;
        let outcome = scene.outcome.borrow().clone().unwrap();
        let info = outcome.data["DeploymentInfo"].as_str().unwrap_or_default();
        let is_counted = case.is_some() || info.contains("keys at the snapshot 6835 were counted");
        problems.extend(unless(is_counted, format!("its keys were not counted: {info}")));
        problems
    }
}

/// To a group that has none of the keys, which is seen before anybody is told of it.
pub(in crate::flows) struct ReplaceLostKeys(pub(in crate::flows) Way);

impl Flow for ReplaceLostKeys {
    on_scene!("provision-replace-lost-keys");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = stands(self.0, seed).await;
        for member in ["001", "002"].map(|it| format!("{SECOND}-{it}")) {
            scene.world().with(|it| hold(it, &member, "CurrItems", 0.0));
        }
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.update(&plain()).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let reason = scene.outcome.borrow().as_ref().unwrap().reason.clone().unwrap_or_default();
        let is_told =
            case.is_some() || reason.contains("had 6835 keys when the snapshot was taken");
        let mut problems = problems_of_the_way_back(scene, case).await;
        problems.extend(unless(is_told, format!("it failed with {reason}")));
        problems
    }
}

/// To the end, with none of the keys of the old group, which are in its last snapshot.
pub(in crate::flows) struct ReplaceWithoutData(pub(in crate::flows) Way);

impl Flow for ReplaceWithoutData {
    on_scene!("provision-replace-without-data");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        stands(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let outcome = scene.stack.update(&replaced("without-data")).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems_of_the_way_over(scene, case, EMPTY).await
    }
}

async fn problems_of_the_way_over(scene: &Scene, case: Option<&Case>, new: &str) -> Vec<String> {
    let (good, bad) = (Status::UpdateComplete, Status::UpdateRollbackComplete);
    let status = scene.outcome.borrow().as_ref().unwrap().status;
    let expected = if is_lost(case) && status == bad { bad } else { good };
    let mut problems = problems_of(scene, expected, &[bad], case).await;
    if status != good {
        problems.extend(back(scene));
        return problems;
    }
    let id = scene.stack.physical_id();
    problems.extend(unless(id.as_deref() == Some(SECOND), format!("it is {id:?}")));
    // What fails in a clean-up is left behind, and the stack is well all the same (facts 7.4).
    if may_stay(scene, case) {
        let is = seen(scene, SECOND);
        problems.extend(unless(is == new, format!("the new one: {is}")));
    } else {
        problems.extend(all_is(scene, "", new));
        let (whole, _) = super::deletion::last_snapshots(scene);
        problems.extend(unless(whole == 1, format!("{whole} last snapshots are whole")));
        let left = transfers(scene);
        problems.extend(unless(left == 0, format!("{left} that carried keys over stay")));
    }
    problems
}

/// Given up while the new group is made, or at any call.
pub(in crate::flows) struct ReplaceGivenUp(pub(in crate::flows) Way);

impl Flow for ReplaceGivenUp {
    on_scene!("provision-replace-given-up");
    may_be_given_up!();

    async fn set(&self, seed: u64) -> Scene {
        stands(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        taken_back(scene, case, Duration::from_secs(40)).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems_of_the_way_back(scene, case).await
    }
}

/// Taken back when it was answered, as where another resource of the stack fails.
pub(in crate::flows) struct ReplaceTakenBack(pub(in crate::flows) Way);

impl Flow for ReplaceTakenBack {
    on_scene!("provision-replace-taken-back");
    may_be_given_up!();

    async fn set(&self, seed: u64) -> Scene {
        stands(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        taken_back(scene, case, Duration::from_mins(50)).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems_of_the_way_back(scene, case).await
    }
}

async fn taken_back(scene: &Scene, case: Option<&Case>, after: Duration) {
    let is_given_up = given_up(scene, case, after);
    let outcome = scene.stack.update_given_up(&plain(), is_given_up).await;
    *scene.outcome.borrow_mut() = Some(outcome);
    scene.account.settle().await;
}

async fn problems_of_the_way_back(scene: &Scene, case: Option<&Case>) -> Vec<String> {
    let (good, bad) = (Status::UpdateRollbackComplete, Status::UpdateRollbackFailed);
    let (old, new) = (seen(scene, GROUP), seen(scene, SECOND));
    if is_begun_late(scene) {
        let mut problems = scene.problems().await;
        let is_whole = old == WHOLE && (new.is_empty() || new == WHOLE);
        problems.extend(unless(is_whole, format!("the old one: {old}; the new one: {new}")));
        return problems;
    }
    let mut problems = problems_of(scene, good, &[bad], case).await;
    if scene.outcome.borrow().as_ref().unwrap().status != good {
        problems.extend(unless(old == WHOLE, format!("the old one: {old}")));
        return problems;
    }
    let id = scene.stack.physical_id();
    problems.extend(unless(id.as_deref() == Some(GROUP), format!("it is {id:?}")));
    // The new one was answered and goes in a clean-up, which may fail; what carried the keys over goes with the old one, when that goes.
    let requests = scene.outcome.borrow().as_ref().unwrap().requests.len();
    if requests < 3 {
        problems.extend(back(scene));
    } else if may_stay(scene, case) {
        problems.extend(unless(old == WHOLE, format!("the old one: {old}")));
    } else {
        problems.extend(all_is(scene, WHOLE, ""));
    }
    problems
}
