//! Snapshots of all shards, and groups that are made of them.

use super::super::{Caller, all, one};
use super::{NOW, ORDERS};
use crate::elasticache::lose_primary_of;

const NIGHTLY: (&str, &str) = ("SnapshotName", "nightly");

fn snapshot(aws: &mut Caller, more: &[(&str, &str)]) -> String {
    aws.ask("DescribeSnapshots", &[&[NIGHTLY], more].concat()).unwrap()
}

#[test]
fn a_snapshot_is_of_all_shards() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    aws.fill(64 * 1024 * 1024);
    let of_member = [("CacheClusterId", "orders-0001-002"), NIGHTLY];
    assert_eq!(aws.code("CreateSnapshot", &of_member), "InvalidParameterCombination");
    let answer = aws.ask("CreateSnapshot", &[ORDERS, NIGHTLY]).unwrap();
    assert_eq!(all(&answer, "CacheSize"), ["", ""]);
    assert_eq!(aws.status(), "snapshotting");
    assert_eq!(one(&aws.member("orders-0002-002"), "CacheClusterStatus"), "snapshotting");
    assert_eq!(one(&aws.member("orders-0002-001"), "CacheClusterStatus"), "available");
    aws.pass(3);
    assert_eq!(aws.status(), "available");
    let told = snapshot(&mut aws, &[("ShowNodeGroupConfig", "true")]);
    assert_eq!(one(&told, "SnapshotStatus"), "available");
    assert_eq!(one(&told, "ReplicationGroupId"), "orders");
    assert_eq!(one(&told, "NumNodeGroups"), "2");
    assert_eq!(one(&told, "AutomaticFailover"), "enabled");
    assert!(!told.contains("<NumCacheNodes>"));
    let nodes = all(&told, "NodeSnapshot");
    let node = |it: &String| format!("{} {}", one(it, "CacheClusterId"), one(it, "CacheSize"));
    assert_eq!(
        nodes.iter().map(node).collect::<Vec<_>>(),
        ["orders-0001-002 32 MB", "orders-0002-002 32 MB"]
    );
    assert_eq!(all(&told, "Slots"), ["0-8191", "8192-16383"]);
    let found = aws.ask("DescribeSnapshots", &[ORDERS]).unwrap();
    assert_eq!(all(&found, "SnapshotName"), ["nightly"]);
}

#[test]
fn automatic_snapshots_are_named_after_the_group() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    aws.modify(&[NOW, ("SnapshotRetentionLimit", "1"), ("SnapshotWindow", "03:00-04:00")]).unwrap();
    aws.pass(24 * 60);
    let found = aws.ask("DescribeSnapshots", &[ORDERS, ("SnapshotSource", "system")]).unwrap();
    let names = all(&found, "SnapshotName");
    assert_eq!(names, ["automatic.orders-2026-01-01-03-00"]);
    assert!(!aws.group().contains("<SnapshottingClusterId>"));
    aws.ask("DeleteReplicationGroup", &[ORDERS]).unwrap();
    aws.pass(10);
    assert!(all(&aws.ask("DescribeSnapshots", &[]).unwrap(), "SnapshotName").is_empty());
}

#[test]
fn a_lost_node_takes_its_snapshot_along() {
    let mut aws = Caller::with_shards("2", "0", |_| {});
    aws.ask("CreateSnapshot", &[ORDERS, NIGHTLY]).unwrap();
    aws.world.with(|it| lose_primary_of(it, "orders", "0002"));
    aws.pass(20);
    assert_eq!(one(&snapshot(&mut aws, &[]), "SnapshotStatus"), "failed");
    assert_eq!(aws.status(), "available");
}

#[test]
fn the_last_snapshot_is_of_the_primaries() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    let last = [ORDERS, ("FinalSnapshotIdentifier", "nightly")];
    aws.ask("DeleteReplicationGroup", &last).unwrap();
    aws.pass(10);
    let told = snapshot(&mut aws, &[]);
    assert_eq!(all(&told, "CacheClusterId"), ["orders-0001-001", "orders-0002-001"]);
    assert_eq!(one(&told, "SnapshotStatus"), "available");
    assert_eq!(aws.code("DescribeReplicationGroups", &[ORDERS]), "ReplicationGroupNotFoundFault");
}

#[test]
fn shards_are_restored_into_as_many_or_another_number() {
    let mut aws = Caller::with_shards("3", "1", |_| {});
    aws.fill(3000);
    aws.ask("CreateSnapshot", &[ORDERS, NIGHTLY]).unwrap();
    aws.pass(3);
    let restored = |id| [("ReplicationGroupId", id), NIGHTLY];
    let shards = |aws: &mut Caller, id| {
        aws.pass(30);
        let told = aws.ask("DescribeReplicationGroups", &[("ReplicationGroupId", id)]).unwrap();
        assert_eq!(one(&told, "Status"), "available");
        all(&told, "Slots").len()
    };
    aws.create_shards(&restored("same")).unwrap();
    assert_eq!(one(&snapshot(&mut aws, &[]), "SnapshotStatus"), "restoring");
    assert_eq!(shards(&mut aws, "same"), 3);
    let two = [&restored("fewer")[..], &[("NumNodeGroups", "2")]].concat();
    aws.create_shards(&two).unwrap();
    assert_eq!(shards(&mut aws, "fewer"), 2);
    assert_eq!(aws.world.with(|it| it.elasticache.groups["fewer"].bytes_used), 3000);
    let plain = [NIGHTLY, ("CacheParameterGroupName", "default.redis7")];
    let refused = aws.create("plain", "2", &plain).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    assert!(refused.message.contains("cluster mode"), "{}", refused.message);
}

#[test]
fn shards_that_do_not_hold_the_data_fail_to_be_restored() {
    let room = crate::elasticache::node_type::find("cache.t4g.micro").unwrap().maxmemory;
    let mut aws = Caller::with_shards("2", "0", |_| {});
    aws.fill(room);
    aws.ask("CreateSnapshot", &[ORDERS, NIGHTLY]).unwrap();
    aws.pass(3);
    let one_shard = [("ReplicationGroupId", "back"), NIGHTLY, ("NumNodeGroups", "1")];
    aws.create_shards(&one_shard).unwrap();
    aws.pass(30);
    let told = aws.ask("DescribeReplicationGroups", &[("ReplicationGroupId", "back")]).unwrap();
    assert_eq!(one(&told, "Status"), "create-failed");
    assert_eq!(one(&aws.member("back-0001-001"), "CacheClusterStatus"), "restore-failed");
}
