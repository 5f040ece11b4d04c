//! Every call that `rotate` makes, once.

use std::time::Duration;

use aws_sim::settings::Settings;
use serde_json::json;

use super::stage::Stage;

/// Rotates, revokes, and is told off.
pub(crate) async fn every_call() {
    let stage = Stage::new().await;
    stage.rotate().await;
    // The sweep waits for the end of the grace, then for ElastiCache, and then looks at the nodes.
    for _ in 0..8 {
        stage.scene.pass(Duration::from_mins(15)).await;
        stage.sweep().await;
    }
    stage.is_closed();
    // What a person has to see to is told.
    stage.tag("cachewarden:grace-minutes", "soon");
    stage.sweep().await;
    stage.call(json!({ "action": "sweep" })).await;
    // A person has it rotated, after what was told is over.
    stage.tag("cachewarden:grace-minutes", "0");
    stage.sweep().await;
    stage.call(json!({ "action": "rotate", "group": "orders" })).await;
    // And the password of a user.
    let stage = Stage::of_user(Settings::default()).await;
    stage.rotate().await;
}
