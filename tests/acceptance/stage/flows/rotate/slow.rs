//! A change of the token that outlasts the tries of Secrets Manager.

use std::time::Duration;

use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use jiff::SignedDuration;
use serde_json::json;

use super::moments::{TOKEN, UNTIL_CLOSED};
use super::{mishaps, sweep_beside};
use crate::flows::{Way, on_scene};
use crate::scene::{SECRET, Scene};

/// Secrets Manager gives up, and the sweep finishes what it began.
pub(in crate::flows) struct Slow(pub(in crate::flows) Way);

impl Flow for Slow {
    on_scene!("rotate-slow");

    fn mishaps(&self) -> Vec<Mishap> {
        // Most calls of this flow are looks at a change that is under way. What is tried at each of them, whatever came before, is left to
        // `rotate`, but for the death of the function and a sweep beside it.
        let elsewhere = [Mishap::ANSWER_LOST, Mishap::DENIED, Mishap::SLOW, Mishap::PRIMARY_LOST];
        mishaps().into_iter().filter(|it| !elsewhere.contains(it)).collect()
    }

    async fn run_beside(&self, scene: &Scene) {
        sweep_beside(scene).await;
    }

    async fn set(&self, seed: u64) -> Scene {
        let mut settings = self.0.settings(seed);
        settings.durations.token = CHANGE;
        // How often it tries is not known (facts 3.3). Twice is over before the change is.
        settings.switches.rotation_attempts = 2;
        let scene = Scene::new(settings).await;
        scene.created(&[("AutoscaleMode", json!("off")), ("SnapshotKeep", json!(0))]).await;
        TOKEN.watch(&scene);
        scene.manager("RotateSecret", json!({ "SecretId": SECRET }));
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        scene.account.settle().await;
        // The change, and the sweep that waits until Secrets Manager has had its time; then the same change at the end of the grace.
        scene.account.pass(Duration::from_mins(65) + UNTIL_CLOSED + Duration::from_mins(30)).await;
    }

    async fn problems(&self, scene: &Scene, _: Option<&Case>) -> Vec<String> {
        TOKEN.rotated(scene).await
    }
}

const CHANGE: SignedDuration = SignedDuration::from_mins(25);
