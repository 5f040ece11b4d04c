//! Rotations, their grace and the revocation, until nothing but the current credential opens a node.

/// What is the same for rotations: the sweep makes up for what is lost, and may come at the same time.
macro_rules! is_swept {
    () => {
        fn mishaps(&self) -> Vec<aws_sim::drive::exhaust::Mishap> {
            crate::flows::rotate::mishaps()
        }

        async fn run_beside(&self, scene: &crate::scene::Scene) {
            crate::flows::rotate::sweep_beside(scene).await;
        }
    };
}

mod again;
mod by_hand;
mod document;
mod first;
mod form;
mod moments;
mod slow;
mod user;

use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use serde_json::json;

pub(super) use again::Again;
pub(super) use document::Document;
pub(super) use first::First;
pub(super) use form::Form;
pub(super) use slow::Slow;
pub(super) use user::User;

use self::moments::{TOKEN, UNTIL_CLOSED};
use super::{Way, all_but_lost, on_scene};
use crate::scene::{SECRET, Scene, function_arn};

/// Secrets Manager is told to rotate; the sweep comes by its schedule.
pub(super) struct Rotate(pub(super) Way);

impl Flow for Rotate {
    on_scene!("rotate");
    is_swept!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[("AutoscaleMode", json!("off")), ("SnapshotKeep", json!(0))]).await;
        TOKEN.watch(&scene);
        // What befalls the call of the person who begins it is his own affair.
        scene.manager("RotateSecret", json!({ "SecretId": SECRET }));
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        scene.account.settle().await;
        scene.account.pass(UNTIL_CLOSED).await;
    }

    async fn problems(&self, scene: &Scene, _: Option<&Case>) -> Vec<String> {
        TOKEN.rotated(scene).await
    }
}

/// What can go wrong: a sweep that is lost is made up for by the next one.
fn mishaps() -> Vec<Mishap> {
    all_but_lost().into_iter().chain([Mishap::EVENT_LOST]).collect()
}

/// Secrets Manager never rotates twice at once; the sweep may come at any moment.
async fn sweep_beside(scene: &Scene) {
    scene.account.send(&function_arn("rotate"), json!({ "action": "sweep" }));
    scene.account.settle().await;
}
