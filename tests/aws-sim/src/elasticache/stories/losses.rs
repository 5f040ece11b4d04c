//! A primary that is lost while something else goes on, and capacity that is found missing too late.

use super::{Caller, all, one};
use crate::elasticache::{able_to_fail_over, lose_primary};

const ORDERS: (&str, &str) = ("ReplicationGroupId", "orders");
const NOW: (&str, &str) = ("ApplyImmediately", "true");

fn lose(aws: &Caller) {
    assert_eq!(aws.world.with(|it| able_to_fail_over(it)), ["orders"]);
    aws.world.with(|it| lose_primary(it, "orders"));
    assert!(aws.world.with(|it| able_to_fail_over(it)).is_empty(), "it recovers from one already");
}

fn primary(aws: &Caller) -> String {
    aws.world.with(|it| it.elasticache.groups["orders"].primary.clone())
}

#[test]
fn a_change_of_node_type_goes_on_while_a_replica_takes_over() {
    let mut aws = Caller::with_group("2", |_| {});
    aws.modify(&[("CacheNodeType", "cache.t4g.small"), NOW]).unwrap();
    aws.pass(5);
    lose(&aws);
    aws.pass(7);
    assert_eq!(primary(&aws), "orders-002");
    assert_eq!(aws.status(), "modifying", "the failover is over, and the change is not");
    aws.pass(10);
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "available");
    assert_eq!(one(&group, "CacheNodeType"), "cache.t4g.small");
    assert_eq!(all(&group, "ClusterId"), ["orders-001", "orders-002"]);
}

#[test]
fn a_group_whose_change_ends_first_is_busy_until_the_lost_node_is_replaced() {
    let mut aws = Caller::with_group("2", |_| {});
    aws.modify(&[("CacheNodeType", "cache.t4g.small"), NOW]).unwrap();
    aws.pass(18);
    lose(&aws);
    aws.pass(3);
    assert_eq!(aws.status(), "modifying");
    aws.pass(4);
    assert_eq!(aws.status(), "available");
    assert_eq!(one(&aws.group(), "CacheNodeType"), "cache.t4g.small");
}

#[test]
fn neither_a_replica_that_comes_nor_one_that_goes_takes_over() {
    let mut aws = Caller::with_group("3", |_| {});
    let named = [ORDERS, ("ReplicasToRemove.member.1", "orders-002"), NOW];
    aws.ask("DecreaseReplicaCount", &named).unwrap();
    lose(&aws);
    aws.pass(10);
    assert_eq!(primary(&aws), "orders-003");
    assert_eq!(all(&aws.group(), "ClusterId"), ["orders-001", "orders-003"]);
    assert_eq!(aws.status(), "available");

    aws.ask("IncreaseReplicaCount", &[ORDERS, ("NewReplicaCount", "2"), NOW]).unwrap();
    lose(&aws);
    aws.pass(3);
    assert_eq!(primary(&aws), "orders-001", "orders-002 is not there yet");
    aws.pass(10);
    assert_eq!(aws.status(), "available");
}

#[test]
fn a_group_without_anybody_to_take_over_is_spared() {
    let mut aws = Caller::new(|_| {});
    aws.create("orders", "2", &[]).unwrap();
    let able = |aws: &Caller| aws.world.with(|it| able_to_fail_over(it));
    assert!(able(&aws).is_empty(), "it is being made");
    aws.pass(20);
    assert_eq!(able(&aws), ["orders"]);
    aws.ask("DeleteReplicationGroup", &[ORDERS]).unwrap();
    assert!(able(&aws).is_empty(), "it goes");
}

#[test]
fn only_a_snapshot_of_the_lost_node_fails() {
    for (member, status) in [("orders-001", "failed"), ("orders-002", "available")] {
        let mut aws = Caller::with_group("2", |_| {});
        let named = [("CacheClusterId", member), ("SnapshotName", "nightly")];
        aws.ask("CreateSnapshot", &named).unwrap();
        lose(&aws);
        aws.pass(10);
        let found = aws.ask("DescribeSnapshots", &[("SnapshotName", "nightly")]).unwrap();
        assert_eq!(one(&found, "SnapshotStatus"), status, "{member}");
        assert_eq!(aws.status(), "available");
    }
}

#[test]
fn a_token_s_change_is_told_no_longer_though_the_group_fails_over_meanwhile() {
    let lag = jiff::SignedDuration::from_mins(1);
    let mut aws = Caller::with_group("2", |it| it.switches.token_status_lag = lag);
    let second = [("AuthToken", "second-token-000"), ("AuthTokenUpdateStrategy", "ROTATE"), NOW];
    aws.modify(&second).unwrap();
    aws.pass(2);
    assert!(aws.group().contains("<AuthTokenStatus>ROTATING</AuthTokenStatus>"));
    lose(&aws);
    aws.pass(2);
    assert_eq!(aws.status(), "modifying", "the lost node is not replaced yet");
    assert!(!aws.group().contains("AuthTokenStatus"));
}

#[test]
fn capacity_that_is_found_missing_once_is_there_the_next_time() {
    let mut aws = Caller::with_group("2", |_| {});
    let short = |aws: &Caller| aws.world.with(|it| it.faults.late_shortages = 1);
    let three = [ORDERS, ("NewReplicaCount", "2"), NOW];
    short(&aws);
    for members in [2, 3] {
        aws.ask("IncreaseReplicaCount", &three).unwrap();
        aws.pass(15);
        assert_eq!(all(&aws.group(), "ClusterId").len(), members);
    }
    short(&aws);
    for node_type in ["cache.t4g.micro", "cache.t4g.small"] {
        aws.modify(&[("CacheNodeType", "cache.t4g.small"), NOW]).unwrap();
        aws.pass(25);
        assert_eq!(one(&aws.group(), "CacheNodeType"), node_type);
    }
    short(&aws);
    for status in ["create-failed", "available"] {
        aws.create("other", "1", &[]).unwrap();
        aws.pass(20);
        let other = [("ReplicationGroupId", "other")];
        let shown = aws.ask("DescribeReplicationGroups", &other).unwrap();
        assert_eq!(one(&shown, "Status"), status);
        aws.ask("DeleteReplicationGroup", &other).unwrap();
        aws.pass(20);
    }
}
