//! Shards are one restore point.

use std::time::Duration;

use serde_json::json;

use super::stage::{Stage, summary};

#[tokio::test(start_paused = true)]
async fn shards_are_saved_and_pruned_as_a_whole() {
    let stage = Stage::new().await;
    stage.add_sharded("wide", 3).await;
    for _ in 0..4 {
        stage.scene.pass(Duration::from_hours(1)).await;
        let event = json!({ "action": "take", "group": "wide", "tier": "hourly" });
        let said = summary(&stage.send(event).await);
        assert!(said.starts_with("settled: wide: "), "{said}");
    }
    let all = stage.good();
    assert_eq!(all.len(), 4, "{all:?}");
    let shards = |name: &String| {
        let of = |it: &mut aws_sim::State| {
            it.elasticache.snapshots[name].source.shards.as_ref().map(|it| it.all.len())
        };
        stage.scene.world.with(of)
    };
    assert!(all.iter().all(|it| shards(it) == Some(3)), "each is of all shards");
    let said = summary(&stage.send(json!({ "action": "prune", "group": "wide" })).await);
    assert!(said.starts_with("settled: wide: deleted "), "{said}");
    stage.scene.pass(Duration::from_mins(1)).await;
    assert_eq!(stage.good(), all[2..]);
}
