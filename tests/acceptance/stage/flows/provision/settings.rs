//! Parameters, events and logs change, whatever happens meanwhile.

use aws_sim::drive::cloudformation::Status;
use aws_sim::drive::exhaust::{Case, Flow};
use aws_sim::elasticache::logs::LogStatus;
use serde_json::json;

use super::{STANDS, problems_of};
use crate::flows::{Way, may_come_twice, on_scene, same, unless};
use crate::scene::{GROUP, Scene, properties};

/// Other parameters, a topic and a log.
pub(in super::super) struct Settings(pub(in super::super) Way);

impl Flow for Settings {
    on_scene!("provision-settings");
    may_come_twice!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[("Parameters", json!("timeout=60"))]).await;
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let other = properties(&[
            ("Parameters", json!({ "slowlog-max-len": 256 })),
            ("NotificationTopicArn", json!("arn:aws:sns:us-east-1:123456789012:events")),
            ("SlowLog", json!("cloudwatch-logs:/orders/slow")),
        ]);
        let outcome = scene.stack.update(&other).await;
        *scene.outcome.borrow_mut() = Some(outcome);
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let bad = [Status::UpdateRollbackComplete];
        let mut problems = problems_of(scene, Status::UpdateComplete, &bad, case).await;
        let said = said(scene);
        let is_done = scene.outcome.borrow().as_ref().unwrap().status == Status::UpdateComplete;
        let made = is_done.then_some("log group /orders/slow");
        let wanted: Vec<&str> = STANDS.into_iter().chain(made).collect();
        problems.extend(same(&scene.left(), &wanted));
        let wanted = if is_done {
            "slowlog-max-len=256, a topic, 1 log"
        } else {
            "timeout=60, no topic, 0 log"
        };
        problems.extend(unless(said == wanted, said));
        problems
    }
}

/// What was set, in a few words.
fn said(scene: &Scene) -> String {
    scene.world().with(|it| {
        let group = &it.elasticache.groups[GROUP];
        let values = &it.elasticache.parameter_groups[&group.parameter_group].values;
        let values = values.iter().filter(|(name, _)| *name != "maxmemory-policy");
        let values: Vec<_> = values.map(|(name, value)| format!("{name}={value}")).collect();
        let topic = group.topic.as_ref().is_some_and(|it| it.active);
        let logs = group.logs.values().filter(|(_, is)| *is == LogStatus::Active).count();
        let asked = group.tags.contains_key(domain::tag::ASKED);
        format!(
            "{}, {} topic, {logs} log{}",
            values.join(", "),
            if topic { "a" } else { "no" },
            if asked { ", and something is still asked for" } else { "" }
        )
    })
}
