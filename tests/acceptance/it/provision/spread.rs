//! Keys that come into shards from a cache that had none: by a snapshot, or by another group in its place.

use serde_json::Value;

use super::refusal::assert_failed;
use super::shards::sharded;
use super::stack::{GROUP, Stack, properties};

const SECOND: &str = "orders-redis-production-r2";
const BYTES: u64 = 5_000_000;
/// What a group holds, in shards of how many nodes each.
fn shape(stack: &Stack, group: &str) -> (u64, Vec<usize>) {
    stack.scene.world.with(|it| {
        let group = &it.elasticache.groups[group];
        let shards = group.shards.iter().flat_map(|it| it.all.keys());
        let members = |shard: &String| {
            let start = format!("{}-{shard}-", group.id);
            group.members.keys().filter(|it| it.starts_with(&start)).count()
        };
        (group.bytes_used, shards.map(members).collect())
    })
}

async fn stands() -> (Stack, Value) {
    let (stack, before) = (Stack::new().await, properties(&[]));
    assert_eq!(stack.create(&before).await["Status"], "SUCCESS");
    stack.scene.world.with(|it| it.elasticache.fill(GROUP, BYTES));
    (stack, before)
}

async fn update_of(stack: &Stack, physical_id: &str, before: &Value, now: &Value) -> Value {
    let mut event = stack.request("Update", Some(physical_id), now);
    event["OldResourceProperties"] = before.clone();
    stack.play(&event).await
}

#[tokio::test(start_paused = true)]
async fn keys_of_a_cache_without_shards_come_into_shards_by_a_snapshot() {
    let (stack, before) = stands().await;
    assert_eq!(stack.delete(GROUP, &before).await["Status"], "SUCCESS");
    let name = stack.scene.world.with(|it| it.elasticache.snapshots.keys().next().cloned());
    let answer = stack.create(&sharded(3, 1, &[("SnapshotName", &name.unwrap())])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(shape(&stack, GROUP), (BYTES, vec![2, 2, 2]));
}

#[tokio::test(start_paused = true)]
async fn cluster_mode_comes_with_another_group_and_does_not_go_that_way() {
    let (stack, before) = stands().await;
    let shards = sharded(3, 1, &[("Replacement", "refuse")]);
    let refused = stack.update(&before, &shards).await;
    assert_failed(&refused, "ClusterMode");
    assert_failed(&refused, "Replacement with-data has another cache take its place");
    assert_eq!(stack.update(&shards, &before).await["Status"], "SUCCESS", "the way back");

    let moved = sharded(3, 1, &[]);
    let answer = update_of(&stack, GROUP, &before, &moved).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(answer["PhysicalResourceId"], SECOND);
    assert_eq!(shape(&stack, SECOND), (BYTES, vec![2, 2, 2]));
    assert_eq!(answer["Data"]["RedisEndpoint"], answer["Data"]["RedisReaderEndpoint"]);
    assert_eq!(stack.delete(GROUP, &before).await["Status"], "SUCCESS");

    let single = properties(&[]);
    let refused = update_of(&stack, SECOND, &moved, &single).await;
    assert_failed(&refused, "none leaves cluster mode or data tiering that way");
    assert_eq!(shape(&stack, SECOND), (BYTES, vec![2, 2, 2]));
}

#[tokio::test(start_paused = true)]
async fn a_cache_with_shards_is_carried_over_with_all_of_them() {
    let stack = Stack::new().await;
    let before = sharded(3, 1, &[]);
    assert_eq!(stack.create(&before).await["Status"], "SUCCESS");
    stack.scene.world.with(|it| it.elasticache.fill(GROUP, BYTES));
    let plain = sharded(3, 1, &[("Replacement", "with-data"), ("EnableEncryptionAtRest", "false")]);
    let answer = update_of(&stack, GROUP, &before, &plain).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(shape(&stack, SECOND), (BYTES, vec![2, 2, 2]));
}
