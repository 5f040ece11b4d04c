//! Every call that `autoscale` makes, once.

use super::stage::{GROUP, Stage, alarm_event};
use super::{CPU, ENGINE_CPU, FULL};
use aws_sim::fault::Shortage;
use domain::alarm::Watch;
use serde_json::json;
use std::time::Duration;

/// Grows a node, adds a replica and takes it back, sees a change come to nothing, and deletes the alarms of a group that is gone.
pub(crate) async fn every_call() {
    let stage = Stage::new().await;
    stage.load("orders-002", &[(ENGINE_CPU, 88.0), ("GetTypeCmds", 60_000.0)]);
    stage.minutes(8).await;
    stage.send(alarm_event("orders-002", Watch::Cpu)).await;
    assert_eq!(stage.members().len(), 3);
    stage.everywhere(&[(CPU, 4.0), (ENGINE_CPU, 3.0), ("GetTypeCmds", 600.0)]);
    stage.rounds(36).await;
    assert_eq!(stage.members().len(), 2);

    let stage = Stage::with_eviction("allkeys-lru").await;
    stage.fill_to(FULL);
    stage.minutes(5).await;
    stage.send(alarm_event("orders-001", Watch::Memory)).await;

    let stage = Stage::new().await;
    stage.scene.world.with(|it| {
        it.faults.shortages.insert("cache.t4g.small".to_owned(), Shortage::Later);
    });
    stage.fill_to(FULL);
    stage.minutes(5).await;
    for alarm in stage.alarms() {
        stage.send(alarm).await;
    }

    let stage = Stage::with_shards().await;
    stage.everywhere(&[(CPU, 4.0), (ENGINE_CPU, 3.0), ("GetTypeCmds", 600.0)]);
    stage.rounds(24).await;
    assert_eq!(stage.members().len(), 8);

    let stage = Stage::new().await;
    stage.by_hand(&[("Action", "DeleteReplicationGroup"), ("ReplicationGroupId", GROUP)]);
    stage.scene.pass(Duration::from_mins(30)).await;
    stage.send_only(json!({ "action": "evaluate" })).await;
}
