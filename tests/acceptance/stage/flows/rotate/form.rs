//! A secret that is to have another form, with nothing else to be done.

use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use aws_sim::secrets::Secret;
use domain::tag;
use serde_json::{Value, json};

use super::mishaps;
use super::moments::{TOKEN, UNTIL_CLOSED};
use crate::credential::labelled;
use crate::flows::{Way, on_scene, unless};
use crate::scene::{SECRET, Scene};

/// The sweep writes the same token in another form, in two calls; a rotation may begin between them.
pub(in crate::flows) struct Form(pub(in crate::flows) Way);

impl Flow for Form {
    on_scene!("rotate-form");

    fn mishaps(&self) -> Vec<Mishap> {
        mishaps()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[("AutoscaleMode", json!("off")), ("SnapshotKeep", json!(0))]).await;
        TOKEN.watch(&scene);
        let tags = json!([{ "Key": tag::SECRET_FORMAT, "Value": "json" }]);
        scene.manager("TagResource", json!({ "SecretId": SECRET, "Tags": tags }));
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        scene.account.pass(UNTIL_CLOSED).await;
    }

    /// Somebody has it rotated at the same time.
    async fn run_beside(&self, scene: &Scene) {
        let _heard = scene.manager_may("RotateSecret", json!({ "SecretId": SECRET }));
        scene.account.settle().await;
        // It may begin when all else is over, and has its own grace.
        scene.account.pass(UNTIL_CLOSED).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        problems.extend(TOKEN.left_open(scene));
        scene.world().with(|it| {
            let secret = &it.secrets.secrets[SECRET];
            let text = secret.text("AWSCURRENT").unwrap_or_default();
            let document: Value = serde_json::from_str(text).unwrap_or_default();
            problems.extend(unless(document["url"].is_string(), "it is no document"));
            let is_rotated = case.is_some_and(|it| it.mishap == Mishap::Beside);
            let (current, before) =
                (labelled(secret, "AWSCURRENT"), labelled(secret, "AWSPREVIOUS"));
            // Nothing but a rotation makes another token.
            problems.extend(unless(is_rotated || current == before, "the token is another one"));
            problems.extend(unless(before.is_some(), "the text from before cannot be read"));
            problems.extend(half_states(secret));
        });
        problems
    }
}

/// Labels that are left of what was begun: only the current version and the one before it have any.
fn half_states(secret: &Secret) -> Vec<String> {
    let known = ["AWSCURRENT", "AWSPREVIOUS"];
    let is_done = |it: &str| secret.labelled(it) == secret.labelled("AWSCURRENT");
    let labels = secret.versions.values().flat_map(|it| &it.labels);
    let left = labels.filter(|it| !known.contains(&it.as_str()));
    let left = left.filter(|it| *it != "AWSPENDING" || !is_done(it));
    left.map(|it| format!("the label {it} is left")).collect()
}
