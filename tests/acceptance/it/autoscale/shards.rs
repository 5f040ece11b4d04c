//! Shards are left as they are, and that is said.

use serde_json::json;

use super::stage::Stage;

#[tokio::test(start_paused = true)]
async fn a_cache_with_shards_is_left_alone_and_that_is_said() {
    let stage = Stage::with_shards().await;
    assert_eq!(stage.members().len(), 12);
    // One member of the last shard, whom the second alarm on memory watches, is full.
    stage.load("orders-0004-003", &[("DatabaseMemoryUsagePercentage", 96.0)]);
    stage.minutes(5).await;
    let alarms = stage.alarms();
    assert_eq!(alarms.len(), 1);
    for event in alarms {
        let said = Stage::summary(&stage.send(event).await);
        assert!(said.starts_with("refused: orders: "), "{said}");
        assert!(said.contains("the group is in cluster mode"), "{said}");
    }
    let said = Stage::summary(&stage.send(json!({ "action": "evaluate" })).await);
    assert!(said.starts_with("settled: looked at 1 groups, 0 go on"), "{said}");
    assert_eq!(stage.changes(), 0);
    stage.has_its_alarms().await;
}
