//! Shards are left as they are, and that is said; whoever adds some, their members are watched.

use std::time::Duration;

use serde_json::json;

use super::stage::{GROUP, Stage};

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

/// Somebody has the cache have so many shards.
async fn somebody_sets(stage: &Stage, shards: &str, gone: Option<&str>) {
    let gone = gone.map(|it| ("NodeGroupsToRemove.NodeGroupToRemove.1", it));
    let asked = [
        ("Action", "ModifyReplicationGroupShardConfiguration"),
        ("ReplicationGroupId", GROUP),
        ("NodeGroupCount", shards),
        ("ApplyImmediately", "true"),
    ];
    stage.by_hand(&asked.into_iter().chain(gone).collect::<Vec<_>>());
    stage.scene.pass(Duration::from_hours(2)).await;
}

#[tokio::test(start_paused = true)]
async fn shards_that_somebody_adds_are_watched_from_the_next_round_of_the_schedule_on() {
    let stage = Stage::with_shards().await;
    somebody_sets(&stage, "5", None).await;
    assert_eq!(stage.members().len(), 15);
    stage.rounds(1).await;
    stage.has_its_alarms().await;
    // They go again, and with them an alarm that nobody is left for.
    somebody_sets(&stage, "4", Some("0005")).await;
    somebody_sets(&stage, "3", Some("0004")).await;
    assert_eq!(stage.members().len(), 9);
    stage.rounds(1).await;
    stage.has_its_alarms().await;
    assert_eq!(stage.changes(), 0, "its size is nobody's business here");
}
