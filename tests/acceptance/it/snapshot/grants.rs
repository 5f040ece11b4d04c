//! Every call that `snapshot` makes, once.

use std::time::Duration;

use serde_json::json;

use super::restore::users::with_users;
use super::stage::{GROUP, Stage};
use super::users::{SHOP, let_in};
use super::{by_secret, promote};

/// Takes, sees one fail, prunes, restores, also in place, is told off, takes what is due, promotes, tries one, leads clients by their
/// secret, parks one, and counts as a user.
pub(crate) async fn every_call() {
    let stage = Stage::new().await;
    stage.stock(5).await;
    stage.send(json!({ "action": "prune" })).await;
    let newest = stage.good().pop();
    stage.send(json!({ "action": "restore", "snapshot": newest, "group": "orders-back" })).await;
    stage.send(json!({ "action": "restore-in-place", "snapshot": newest, "group": GROUP })).await;
    stage.scene.world.with(|it| it.faults.failing_snapshots = 1);
    stage.send(json!({ "action": "take", "group": GROUP })).await;
    stage.send(json!({ "action": "status" })).await;
    stage.scene.world.with(|it| {
        let group = it.elasticache.groups.get_mut(GROUP).unwrap();
        group.tags.insert("cachewarden:snapshot-keep".to_owned(), "hourly=2".to_owned());
    });
    stage.scene.pass(Duration::from_hours(2)).await;
    stage.send(json!({ "action": "take", "tier": "due" })).await;
    // Of two replicas the one that is less behind.
    stage.add("three", 3, &[("cachewarden:snapshot-keep", "7")]).await;
    stage.send(json!({ "action": "take", "group": "three" })).await;
    stage.scene.world.with(|it| it.elasticache.buckets.insert("cache-exports".to_owned()));
    let newest = stage.good().pop();
    let export = json!({ "action": "export", "snapshot": newest, "bucket": "cache-exports", "name": "orders" });
    stage.send(export).await;
    let manifest = "arn:aws:s3:::cache-exports/orders.manifest.json";
    stage.send(json!({ "action": "restore", "manifest": manifest, "group": "orders-file" })).await;
    promote::automatic(&stage, GROUP).await;
    stage.send(json!({ "action": "promote", "group": GROUP })).await;
    stage.send(json!({ "action": "drill", "group": GROUP })).await;
    by_secret::every_call().await;
    stage
        .add(
            "asleep",
            1,
            &[
                ("cachewarden:snapshot-keep", "7"),
                ("cachewarden:park", "nightly"),
                ("cachewarden:alarms", "on"),
            ],
        )
        .await;
    for night in 0..2 {
        stage.scene.pass(Duration::from_hours(night)).await;
        stage.send(json!({ "action": "park" })).await;
        stage.send(json!({ "action": "unpark" })).await;
    }
    counted_as_a_user().await;
}

/// A group that lets in users.
async fn counted_as_a_user() {
    let (stage, _) = with_users().await;
    let_in(&stage, "counter", "on ~* +@all").await;
    stage.taken_of(SHOP).await;
}
