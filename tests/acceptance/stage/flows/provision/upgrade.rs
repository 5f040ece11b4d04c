//! A newer version of the engine, or the other engine, and its parameter group with it.

use std::time::Duration;

use aws_sim::drive::cloudformation::Status;
use aws_sim::drive::exhaust::{Case, Flow};
use serde_json::{Value, json};

use super::{STANDS, given_up, is_begun_late, problems_of, shape};
use crate::flows::{Way, may_be_given_up, may_come_twice, on_scene, same, unless};
use crate::scene::{GROUP, Scene, properties};

/// A newer version, of another family.
pub(in crate::flows) struct Upgrade(pub(in crate::flows) Way);

impl Flow for Upgrade {
    on_scene!("provision-upgrade");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[("RedisEngineVersion", json!("6.2"))]).await;
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        update(scene, &[("RedisEngineVersion", json!("7.1"))]).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems(scene, case, "redis 6.2.6 with redis6.x", "redis 7.1.0 with redis7").await
    }
}

/// From Redis to Valkey.
pub(in crate::flows) struct Engine(pub(in crate::flows) Way);

impl Flow for Engine {
    on_scene!("provision-engine");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[]).await;
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        update(scene, &valkey()).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems(scene, case, OLD, NEW).await
    }
}

/// The same, taken back while it is under way. What has begun is not undone, and the stack is not left stuck.
pub(in crate::flows) struct EngineGivenUp(pub(in crate::flows) Way);

impl Flow for EngineGivenUp {
    on_scene!("provision-engine-given-up");
    may_be_given_up!();

    async fn set(&self, seed: u64) -> Scene {
        Engine(self.0).set(seed).await
    }

    async fn run(&self, scene: &Scene, case: Option<&Case>) {
        let is_given_up = given_up(scene, case, Duration::from_secs(20));
        let outcome = scene.stack.update_given_up(&properties(&valkey()), is_given_up).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let (good, bad) = (Status::UpdateRollbackComplete, [Status::UpdateRollbackFailed]);
        let is_late = is_begun_late(scene);
        let mut problems = if is_late {
            scene.problems().await
        } else {
            problems_of(scene, good, &bad, case).await
        };
        if is_late || scene.outcome.borrow().as_ref().unwrap().status == good {
            problems.extend(whole(scene));
            let said = runs(scene);
            problems.extend(unless([OLD, NEW].contains(&said.as_str()), said));
        }
        problems
    }
}

/// The properties that change.
fn valkey() -> [(&'static str, Value); 1] {
    [("Engine", json!("valkey"))]
}

const OLD: &str = "redis 7.1.0 with redis7";
const NEW: &str = "valkey 8.1.0 with valkey8";

async fn update(scene: &Scene, over: &[(&str, Value)]) {
    let outcome = scene.stack.update(&properties(over)).await;
    *scene.outcome.borrow_mut() = Some(outcome);
    scene.account.settle().await;
}

/// What the group runs, and the family of its parameters.
fn runs(scene: &Scene) -> String {
    scene.world().with(|it| {
        let group = &it.elasticache.groups[GROUP];
        let family = &it.elasticache.parameter_groups[&group.parameter_group].family;
        format!("{} {} with {family}", group.engine, group.version)
    })
}

/// All stands as before, and no parameter group of another family is left.
fn whole(scene: &Scene) -> Vec<String> {
    let shape = shape(scene);
    let is_same = shape == "2 x cache.t4g.micro, 7 days";
    same(&scene.left(), &STANDS).into_iter().chain(unless(is_same, shape)).collect()
}

async fn problems(scene: &Scene, case: Option<&Case>, old: &str, new: &str) -> Vec<String> {
    let bad = [Status::UpdateRollbackComplete];
    let mut problems = problems_of(scene, Status::UpdateComplete, &bad, case).await;
    problems.extend(whole(scene));
    let is_done = scene.outcome.borrow().as_ref().unwrap().status == Status::UpdateComplete;
    let said = runs(scene);
    // There is no way back, so a rollback may leave the newer one.
    problems.extend(unless(said == new || !is_done && said == old, said));
    problems
}
