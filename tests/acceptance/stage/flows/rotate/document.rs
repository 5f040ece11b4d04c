//! A secret that is a document, in which others keep something too.

use aws_sim::drive::exhaust::{Case, Flow};
use serde_json::{Value, json};

use super::moments::{TOKEN, UNTIL_CLOSED};
use crate::flows::{Way, on_scene, unless};
use crate::scene::{SECRET, Scene};

/// The token in the document is rotated, and the rest of it stays.
pub(in crate::flows) struct Document(pub(in crate::flows) Way);

impl Flow for Document {
    on_scene!("rotate-document");
    is_swept!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        let properties = [
            ("AutoscaleMode", json!("off")),
            ("SnapshotKeep", json!(0)),
            ("SecretFormat", json!("json")),
        ];
        scene.created(&properties).await;
        let mut document = current(&scene);
        for (key, value) in theirs() {
            document[key] = value;
        }
        let put = json!({ "SecretId": SECRET, "SecretString": document.to_string() });
        scene.manager("PutSecretValue", put);
        TOKEN.watch(&scene);
        scene.manager("RotateSecret", json!({ "SecretId": SECRET }));
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        scene.account.settle().await;
        scene.account.pass(UNTIL_CLOSED).await;
    }

    async fn problems(&self, scene: &Scene, _: Option<&Case>) -> Vec<String> {
        let mut problems = TOKEN.rotated(scene).await;
        let document = current(scene);
        for (key, value) in theirs() {
            problems
                .extend(unless(document[key] == value, format!("{key} of the document is lost")));
        }
        for key in ["host", "port", "username", "tls", "url"] {
            problems
                .extend(unless(!document[key].is_null(), format!("{key} is not in the document")));
        }
        problems
    }
}

/// What others put into the document.
fn theirs() -> [(&'static str, Value); 2] {
    [("team", json!("payments")), ("limits", json!({ "connections": [10, 20] }))]
}

/// The current document, or null where it is none.
fn current(scene: &Scene) -> Value {
    scene.world().with(|it| {
        let text = it.secrets.secrets[SECRET].text("AWSCURRENT").unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    })
}
