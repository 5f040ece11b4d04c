//! A snapshot goes into a bucket: its files once, its manifest last.

use std::time::Duration;

use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use serde_json::{Value, json};

use super::super::{Way, all_but_lost, must_succeed, on_scene, unless};
use super::{good, send, snapshots, with_snapshots};
use crate::scene::Scene;

const BUCKET: &str = "cache-exports";
const MANIFEST: &str = "orders.manifest.json";

/// The newest into a bucket.
pub(in super::super) struct Export(pub(in super::super) Way);

impl Flow for Export {
    on_scene!("snapshot-export");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = with_snapshots(self.0, seed, 1).await;
        scene.world().with(|it| it.elasticache.buckets.insert(BUCKET.to_owned()));
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let newest = snapshots(scene).pop().map(|it| it.0);
        let event =
            json!({ "action": "export", "snapshot": newest, "bucket": BUCKET, "name": "orders" });
        send(scene, event).await;
        scene.account.play(Duration::from_mins(5), |_| false).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        self.run(scene, None).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        problems.extend(exported(scene, case));
        if problems.is_empty() {
            // Whoever asks again finishes it, or is told that it is there.
            self.run(scene, None).await;
            problems.extend(exported(scene, None));
        }
        problems
    }
}

/// What is wrong with the export, and with the snapshot that it is of.
fn exported(scene: &Scene, case: Option<&Case>) -> Vec<String> {
    let mut problems: Vec<String> =
        unless(good(scene) == 1, "the snapshot is not there").into_iter().collect();
    scene.world().with(|it| {
        let files: Vec<_> = it.elasticache.files.iter().collect();
        let place = (BUCKET.to_owned(), MANIFEST.to_owned());
        let Some(text) = it.s3.texts.get(&place) else {
            problems.extend(unless(!must_succeed(case), "there is no manifest"));
            return;
        };
        let manifest: Value = serde_json::from_slice(&text.body).unwrap_or_default();
        let is_told = manifest["files"][0]["bytes"] == json!(files.first().map(|it| it.1.bytes));
        problems.extend(unless(files.len() == 1, format!("the files are {files:?}")));
        problems.extend(unless(is_told, format!("the manifest is {manifest}")));
    });
    problems
}
