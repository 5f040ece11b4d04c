//! Groups that are filled from RDB files.

use super::{Caller, one};
use crate::elasticache::model::Status;
use crate::elasticache::snapshot::export::Closed;
use crate::elasticache::snapshot::file::Rdb;

const FILE: (&str, &str) = ("SnapshotArns.SnapshotArn.1", "arn:aws:s3:::bucket/dumps/orders.rdb");
const SECOND: (&str, &str) = ("SnapshotArns.SnapshotArn.2", "arn:aws:s3:::bucket/dumps/more.rdb");

fn with_files(bytes: u64) -> Caller {
    let aws = Caller::new(|_| {});
    aws.world.with(|state| {
        for object in ["dumps/orders.rdb", "dumps/more.rdb"] {
            let place = ("bucket".to_owned(), object.to_owned());
            state.elasticache.files.insert(place, Rdb { bytes, at: state.now });
        }
    });
    aws
}

#[test]
fn a_group_is_filled_from_a_file() {
    let mut aws = with_files(1_000_000);
    aws.create("orders", "2", &[FILE]).unwrap();
    assert_eq!(aws.status(), "creating");
    aws.pass(20);
    assert_eq!(aws.status(), "available");
    assert_eq!(aws.world.with(|it| it.elasticache.groups["orders"].bytes_used), 1_000_000);
}

#[test]
fn what_was_exported_comes_back_elsewhere() {
    let mut aws = Caller::with_group("2", |_| {});
    aws.world.with(|it| {
        it.elasticache.fill("orders", 2_000_000);
        it.elasticache.buckets.insert("bucket".to_owned());
    });
    aws.ask("CreateSnapshot", &[("CacheClusterId", "orders-002"), ("SnapshotName", "one")])
        .unwrap();
    aws.pass(3);
    let out =
        [("SourceSnapshotName", "one"), ("TargetSnapshotName", "out"), ("TargetBucket", "bucket")];
    aws.ask("CopySnapshot", &out).unwrap();
    let file = ("SnapshotArns.SnapshotArn.1", "arn:aws:s3:::bucket/out-0001.rdb");
    aws.create("again", "1", &[file]).unwrap();
    aws.pass(20);
    let group = aws.ask("DescribeReplicationGroups", &[("ReplicationGroupId", "again")]).unwrap();
    assert_eq!(one(&group, "Status"), "available");
    assert_eq!(aws.world.with(|it| it.elasticache.groups["again"].bytes_used), 2_000_000);
}

#[test]
fn files_are_named_as_objects_and_nothing_else_beside_them() {
    let mut aws = with_files(1);
    for (fields, code) in [
        (vec![FILE, ("SnapshotName", "one")], "InvalidParameterCombination"),
        (vec![FILE, SECOND], "InvalidParameterCombination"),
        (vec![(FILE.0, "arn:aws:s3:::bucket")], "InvalidParameterValue"),
        (vec![(FILE.0, "arn:aws:s3:::bucket/a,b.rdb")], "InvalidParameterValue"),
        (vec![(FILE.0, "s3://bucket/dumps/orders.rdb")], "InvalidParameterValue"),
    ] {
        assert_eq!(aws.create("orders", "1", &fields).unwrap_err().code, code, "{fields:?}");
    }
    assert!(aws.world.with(|it| it.elasticache.groups.is_empty()));
}

#[test]
fn a_file_that_cannot_be_read_or_does_not_fit_fails_the_group_and_only_events_say_why() {
    let closed = |why: Closed| {
        let aws = with_files(1);
        aws.world.with(|it| it.elasticache.closed_buckets.insert("bucket".to_owned(), why));
        aws
    };
    for (mut aws, why) in [
        (
            Caller::new(|_| {}),
            "The object dumps/orders.rdb in the S3 bucket bucket could not be read.",
        ),
        (closed(Closed::NoRead), "ElastiCache has not been granted READ permissions"),
        (closed(Closed::Elsewhere), "is outside of the region"),
        (with_files(64 << 30), "does not fit into node type cache.t4g.micro"),
    ] {
        aws.create("orders", "1", &[FILE]).unwrap();
        aws.pass(20);
        assert_eq!(aws.status(), "create-failed");
        let member =
            aws.world.with(|it| it.elasticache.groups["orders"].members["orders-001"].status);
        assert_eq!(member, Status::RestoreFailed);
        let events = aws.events();
        assert!(events.iter().any(|it| it.contains(why)), "{events:?}");
    }
    let mut aws = closed(Closed::NoWrite);
    aws.create("orders", "1", &[FILE]).unwrap();
    aws.pass(20);
    assert_eq!(aws.status(), "available", "reading takes no right to write");
}

#[test]
fn shards_need_their_slots_to_be_filled_from_files() {
    let mut aws = with_files(3_000_000);
    let shards = [
        ("ReplicationGroupId", "orders"),
        ("ReplicationGroupDescription", "of shards"),
        ("CacheNodeType", "cache.t4g.micro"),
        ("Engine", "redis"),
        ("EngineVersion", "7.1"),
        ("AutomaticFailoverEnabled", "true"),
        ("CacheParameterGroupName", "default.redis7.cluster.on"),
        FILE,
        SECOND,
    ];
    let number = [("NumNodeGroups", "2")];
    let refused = aws.ask("CreateReplicationGroup", &[&shards[..], &number].concat()).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    assert!(refused.message.starts_with("Slots must be provided when restoring"), "{refused:?}");
    let slots = [
        ("NodeGroupConfiguration.NodeGroupConfiguration.1.Slots", "0-8191"),
        ("NodeGroupConfiguration.NodeGroupConfiguration.2.Slots", "8192-16383"),
    ];
    aws.ask("CreateReplicationGroup", &[&shards[..], &slots].concat()).unwrap();
    aws.pass(20);
    assert_eq!(aws.status(), "available");
    assert_eq!(aws.world.with(|it| it.elasticache.groups["orders"].bytes_used), 6_000_000);
}
