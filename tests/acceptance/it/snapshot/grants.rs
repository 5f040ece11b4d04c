//! Every call that `snapshot` makes, once.

use serde_json::json;

use super::stage::{GROUP, Stage};

/// Takes, sees one fail, prunes, restores, and is told off.
pub(crate) async fn every_call() {
    let stage = Stage::new().await;
    stage.stock(5).await;
    stage.send(json!({ "action": "prune" })).await;
    let newest = stage.good().pop();
    stage.send(json!({ "action": "restore", "snapshot": newest, "group": "orders-back" })).await;
    stage.scene.world.with(|it| it.faults.failing_snapshots = 1);
    stage.send(json!({ "action": "take", "group": GROUP })).await;
    stage.send(json!({ "action": "status" })).await;
}
