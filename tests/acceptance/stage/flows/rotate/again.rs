//! A second rotation, begun while clients may still use the token from before the first.

use std::time::Duration;

use aws_sim::drive::exhaust::{Case, Flow};
use serde_json::json;

use super::moments::{TOKEN, UNTIL_CLOSED};
use crate::flows::{Way, on_scene, unless};
use crate::scene::{SECRET, Scene};

/// It waits for the end of the first one's grace, and then goes on.
pub(in crate::flows) struct Again(pub(in crate::flows) Way);

impl Flow for Again {
    on_scene!("rotate-again");
    is_swept!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[("AutoscaleMode", json!("off")), ("SnapshotKeep", json!(0))]).await;
        TOKEN.watch(&scene);
        scene.manager("RotateSecret", json!({ "SecretId": SECRET }));
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        scene.account.settle().await;
        scene.account.pass(Duration::from_mins(5)).await;
        for _ in 0..TRIES_MAX {
            begin(scene);
            if is_begun(scene) {
                break;
            }
            scene.account.pass(Duration::from_mins(10)).await;
        }
        // The grace of the first, and everything of the second.
        scene.account.pass(Duration::from_mins(45) + UNTIL_CLOSED).await;
    }

    async fn problems(&self, scene: &Scene, _: Option<&Case>) -> Vec<String> {
        let mut problems = TOKEN.rotated(scene).await;
        let current = scene
            .world()
            .with(|it| it.secrets.secrets[SECRET].labelled("AWSCURRENT").map(str::to_owned));
        problems.extend(unless(current.as_deref() == Some(SECOND), "the second was not promoted"));
        problems
    }
}

/// The version that the second rotation makes.
const SECOND: &str = "5ec0d000-0000-4000-8000-000000000002";

/// A first rotation that was cut is finished by the second sweep after it at the latest.
const TRIES_MAX: usize = 12;

/// A person asks for it. While the first one is not complete, or something befalls the call, he is told no.
fn begin(scene: &Scene) {
    let asked = json!({ "SecretId": SECRET, "ClientRequestToken": SECOND });
    let _heard = scene.manager_may("RotateSecret", asked);
}

fn is_begun(scene: &Scene) -> bool {
    scene.world().with(|it| it.secrets.secrets[SECRET].versions.contains_key(SECOND))
}
