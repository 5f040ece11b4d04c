//! Groups in cluster mode: the hottest shard says what all of them have; how many there are is somebody else's business.

use std::time::Duration;

use aws_sim::scaling::Target;
use domain::alarm::Watch;
use serde_json::json;

use super::stage::{GROUP, Stage, alarm_event};

/// One member of one shard is full, and so is its shard.
fn fill(stage: &Stage, shard: &str) {
    for member in stage.members().iter().filter(|it| it.contains(shard)) {
        let full = [("DatabaseMemoryUsagePercentage", 96.0), ("BytesUsedForCache", 385_000_000.0)];
        stage.load(member, &full);
    }
}

#[tokio::test(start_paused = true)]
async fn one_full_shard_makes_the_nodes_of_all_larger_once() {
    let stage = Stage::with_shards().await;
    assert_eq!(stage.members().len(), 12);
    fill(&stage, "-0004-");
    stage.minutes(5).await;
    let before = stage.calls();
    let mut alarms = stage.alarms();
    stage.send_only(alarms.pop().expect("an alarm")).await;
    let looks = stage.calls_since(before);
    let is_read =
        |it: &&String| ["Describe", "List", "GetMetric"].iter().any(|word| it.starts_with(word));
    let reads: Vec<&String> = looks.iter().filter(is_read).collect();
    // One more than of a group without shards: whether somebody else scales it.
    let expected = [
        "DescribeCacheClusters",
        "DescribeReplicationGroups",
        "ListTagsForResource",
        "GetMetricData",
        "GetMetricData",
        "ListAllowedNodeTypeModifications",
        "DescribeScalableTargets",
    ];
    assert_eq!(reads, expected, "{looks:?}");
    stage.rounds(1).await;
    assert_eq!((stage.node_type().as_str(), stage.changes()), ("cache.t4g.small", 1));
    assert_eq!(stage.members().len(), 12);
    stage.has_its_alarms().await;
    let told = stage.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].message.contains("of orders-0004-00"), "{}", told[0].message);
    assert!(told[0].message.contains("Price: $140.16 before, $280.32"), "{}", told[0].message);
}

#[tokio::test(start_paused = true)]
async fn reads_of_one_shard_bring_a_replica_to_each_and_it_goes_when_all_are_calm() {
    let stage = Stage::with_shards().await;
    let hot = ["orders-0002-002", "orders-0002-003"];
    for member in hot {
        stage.load(member, &[("EngineCPUUtilization", 92.0), ("GetTypeCmds", 3_600_000.0)]);
    }
    stage.minutes(10).await;
    stage.rounds(1).await;
    assert_eq!((stage.members().len(), stage.changes()), (16, 1));
    assert_eq!(stage.node_type(), "cache.t4g.micro");
    stage.has_its_alarms().await;
    for member in stage.members() {
        stage.load(&member, &[("EngineCPUUtilization", 10.0), ("GetTypeCmds", 600.0)]);
    }
    stage.scene.pass(Duration::from_hours(3 * 24)).await;
    stage.rounds(12).await;
    assert_eq!((stage.members().len(), stage.changes()), (8, 2), "{:?}", stage.members());
    stage.has_its_alarms().await;
}

#[tokio::test(start_paused = true)]
async fn where_application_auto_scaling_is_registered_nothing_is_done_and_that_is_said() {
    let stage = Stage::with_shards().await;
    let dimension = "elasticache:replication-group:Replicas".to_owned();
    let key = (format!("replication-group/{GROUP}"), dimension);
    stage.scene.world.with(|it| {
        let (id, registered_at) = ("1".to_owned(), it.now);
        let target = Target { id, min: 1, max: 5, registered_at, suspended: [].into() };
        it.scaling.targets.insert(key.clone(), target);
    });
    fill(&stage, "-0001-");
    stage.minutes(5).await;
    stage.alarms();
    let said = Stage::summary(&stage.send(alarm_event("orders-0001-001", Watch::Memory)).await);
    assert!(said.starts_with("refused: orders: Application Auto Scaling is registered"), "{said}");
    assert_eq!(stage.changes(), 0);
    let told = stage.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].message.contains("deregister it there"), "{}", told[0].message);
    stage.scene.world.with(|it| it.scaling.targets.remove(&key));
    stage.rounds(1).await;
    assert_eq!(stage.changes(), 1);
}

#[tokio::test(start_paused = true)]
async fn shards_that_somebody_made_uneven_are_brought_to_what_is_needed_and_no_further() {
    let stage = Stage::with_shards().await;
    stage.by_hand(&[
        ("Action", "IncreaseReplicaCount"),
        ("ReplicationGroupId", GROUP),
        ("ReplicaConfiguration.ConfigureShard.1.NodeGroupId", "0003"),
        ("ReplicaConfiguration.ConfigureShard.1.NewReplicaCount", "4"),
        ("ApplyImmediately", "true"),
    ]);
    stage.scene.pass(Duration::from_hours(1)).await;
    assert_eq!(stage.members().len(), 14);
    let of_shard = |shard: &str| {
        let of = format!("orders-{shard}-");
        stage.members().iter().filter(|it| it.starts_with(&of)).count()
    };
    for member in ["orders-0002-002", "orders-0002-003"] {
        stage.load(member, &[("EngineCPUUtilization", 92.0), ("GetTypeCmds", 3_600_000.0)]);
    }
    stage.minutes(10).await;
    stage.rounds(1).await;
    assert_eq!(["0001", "0002", "0003", "0004"].map(of_shard), [4, 4, 5, 4]);
    assert_eq!(stage.changes(), 2, "somebody's and ours");
}

#[tokio::test(start_paused = true)]
async fn a_backtest_of_shards_counts_the_nodes_of_all() {
    let stage = Stage::with_shards().await;
    stage.scene.pass(Duration::from_hours(50)).await;
    let event = json!({ "action": "backtest", "group": GROUP, "days": 2 });
    let said = Stage::summary(&stage.send(event).await);
    // Twelve of $11.68 a month.
    assert!(said.starts_with("settled: orders: over 2 days it cost $140.16 a month"), "{said}");
    assert_eq!(stage.changes(), 0);
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
    stage.tag("cachewarden:autoscale", "off");
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
