//! A token opens the nodes of every shard, or is not promoted.

use std::time::Duration;

use super::stage::{FIRST, Stage};

#[tokio::test(start_paused = true)]
async fn a_rotation_logs_in_on_every_node_of_every_shard() {
    let stage = Stage::with_shards().await;
    assert_eq!(stage.access().len(), 6);
    // A replica of the last shard does not answer, so nothing is promoted.
    stage.deafen(Some("orders-0003-002"));
    stage.rotate().await;
    assert_eq!(stage.value("AWSCURRENT").as_deref(), Some(FIRST));
    let said = stage.said.borrow().join("\n");
    assert!(said.contains("orders-0003-002"), "{said}");
    stage.deafen(None);
    // The sweep finishes what was left, and revokes the old token after its grace.
    for _ in 0..12 {
        stage.sweep().await;
        stage.holds();
        stage.scene.pass(Duration::from_mins(15)).await;
    }
    assert_ne!(stage.value("AWSCURRENT").as_deref(), Some(FIRST));
    stage.is_closed();
    stage.keeps_its_secrets();
}
