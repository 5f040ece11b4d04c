//! The first rotation of a group that asked nobody for a token.

use aws_sim::drive::exhaust::{Case, Flow};
use domain::tag;

use super::by_hand::{begin, group, secret};
use super::moments::{TOKEN, UNTIL_CLOSED};
use crate::flows::{Way, on_scene};
use crate::scene::{GROUP, SECRET, Scene};

/// The secret holds a token that the group has never heard of. Whoever has none gets in until the grace is over.
pub(in crate::flows) struct First(pub(in crate::flows) Way);

impl Flow for First {
    on_scene!("rotate-first");
    is_swept!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        group(&scene, GROUP, &[]).await;
        secret(&scene, SECRET, (tag::GROUP, GROUP));
        TOKEN.watch(&scene);
        begin(&scene, SECRET);
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
