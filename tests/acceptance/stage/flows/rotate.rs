//! A rotation, its grace and the revocation, until nothing but the current token opens a node.

use std::time::Duration;

use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use serde_json::json;

use super::{Way, all_but_lost, on_scene, unless};
use crate::scene::{GROUP, SECRET, Scene, function_arn};

/// Secrets Manager is told to rotate; the sweep comes by its schedule.
pub(super) struct Rotate(pub(super) Way);

impl Flow for Rotate {
    on_scene!("rotate");

    fn mishaps(&self) -> Vec<Mishap> {
        // A sweep that is lost is made up for by the next one.
        all_but_lost().into_iter().chain([Mishap::EVENT_LOST]).collect()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[("AutoscaleMode", json!("off")), ("SnapshotKeep", json!(0))]).await;
        // What befalls the call of the person who begins it is his own affair.
        scene.manager("RotateSecret", json!({ "SecretId": SECRET }));
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        scene.account.settle().await;
        // Grace is half an hour, the sweep comes every quarter.
        scene.account.pass(Duration::from_mins(95)).await;
    }

    /// Secrets Manager never rotates twice at once; the sweep may come at any moment.
    async fn run_beside(&self, scene: &Scene) {
        scene.account.send(&function_arn("rotate"), json!({ "action": "sweep" }));
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, _: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        scene.world().with(|it| {
            let secret = &it.secrets.secrets[SECRET];
            let (current, before) = (secret.text("AWSCURRENT"), secret.text("AWSPREVIOUS"));
            problems.extend(unless(before.is_some() && current != before, "it was not promoted"));
            for node in it.nodes().into_iter().filter(|it| it.group == GROUP) {
                let is_closed = !node.access.passwordless
                    && node.access.passwords.iter().map(String::as_str).eq(current);
                problems.extend(unless(
                    is_closed,
                    format!("{} accepts more than the current token", node.member),
                ));
            }
        });
        problems
    }
}
