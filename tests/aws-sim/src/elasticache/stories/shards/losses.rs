//! Primaries of shards are lost.

use super::super::{Caller, one};
use super::ORDERS;
use crate::elasticache::lose_primary_of;

fn primaries(aws: &Caller) -> Vec<String> {
    aws.world
        .with(|it| it.nodes().iter().filter(|it| it.primary).map(|it| it.member.clone()).collect())
}

#[test]
fn a_failover_is_of_one_shard() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    let shard = |id| [ORDERS, ("NodeGroupId", id)];
    assert_eq!(aws.code("TestFailover", &shard("0003")), "NodeGroupNotFoundFault");
    aws.ask("TestFailover", &shard("0002")).unwrap();
    assert_eq!(one(&aws.member("orders-0001-001"), "CacheClusterStatus"), "available");
    assert_eq!(one(&aws.member("orders-0002-001"), "CacheClusterStatus"), "modifying");
    aws.pass(10);
    assert_eq!(aws.status(), "available");
    assert_eq!(primaries(&aws), ["orders-0001-001", "orders-0002-002"]);
    assert!(
        aws.events().iter().any(|it| it == "Test Failover API called for node group 0002"),
        "{:?}",
        aws.events()
    );
}

#[test]
fn two_shards_may_lose_their_primaries_at_once() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    aws.fill(1000);
    for shard in ["0001", "0002"] {
        aws.world.with(|it| lose_primary_of(it, "orders", shard));
    }
    aws.pass(10);
    assert_eq!(aws.status(), "available");
    assert_eq!(primaries(&aws), ["orders-0001-002", "orders-0002-002"]);
    assert_eq!(aws.world.with(|it| it.elasticache.groups["orders"].bytes_used), 1000);
}

#[test]
fn a_shard_without_replicas_loses_its_data_and_no_other_does() {
    let mut aws = Caller::with_shards("2", "0", |_| {});
    aws.fill(1000);
    let shard = [ORDERS, ("NodeGroupId", "0001")];
    assert_eq!(aws.code("TestFailover", &shard), "TestFailoverNotAvailableFault");
    aws.world.with(|it| lose_primary_of(it, "orders", "0001"));
    aws.pass(10);
    assert_eq!(aws.status(), "available");
    assert_eq!(primaries(&aws), ["orders-0001-001", "orders-0002-001"]);
    assert_eq!(aws.world.with(|it| it.elasticache.groups["orders"].bytes_used), 500);
}

#[test]
fn a_primary_may_be_lost_while_slots_move() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    aws.reshard("3", &[]).unwrap();
    aws.pass(12);
    aws.world.with(|it| lose_primary_of(it, "orders", "0002"));
    aws.pass(30);
    assert_eq!(aws.status(), "available");
    assert_eq!(primaries(&aws), ["orders-0001-001", "orders-0002-002", "orders-0003-001"]);
    assert_eq!(aws.shards().len(), 3);
    assert!(aws.world.with(|it| it.nodes().iter().all(|it| it.serves)));
}
