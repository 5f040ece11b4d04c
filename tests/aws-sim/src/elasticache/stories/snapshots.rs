//! Snapshots are taken, copied, restored and forgotten.

use super::super::snapshot::export::Closed;
use super::{Caller, TOKEN, all, one};

fn take(aws: &mut Caller, name: &str) -> String {
    let pairs = [("SnapshotName", name), ("CacheClusterId", "orders-002")];
    aws.ask("CreateSnapshot", &pairs).unwrap()
}

#[test]
fn a_snapshot_is_of_a_member_and_makes_the_group_busy() {
    let mut aws = Caller::with_group("2", |_| {});
    aws.world.with(|state| state.elasticache.fill("orders", 3 * 1024 * 1024));
    let by_group = [("SnapshotName", "one"), ("ReplicationGroupId", "orders")];
    assert_eq!(aws.code("CreateSnapshot", &by_group), "InvalidParameterCombination");
    let answer = take(&mut aws, "One");
    assert_eq!(one(&answer, "SnapshotName"), "one");
    assert_eq!(one(&answer, "SnapshotStatus"), "creating");
    assert_eq!(one(&answer, "CacheSize"), "");
    assert!(!answer.contains("SnapshotCreateTime"), "no time before it is there");
    assert!(!answer.contains("<ReplicationGroupId>"));
    assert_eq!(aws.status(), "snapshotting");
    let busy = [("SnapshotName", "two"), ("CacheClusterId", "orders-001")];
    assert_eq!(aws.code("CreateSnapshot", &busy), "InvalidReplicationGroupState");
    assert_eq!(aws.code("DeleteSnapshot", &[("SnapshotName", "one")]), "InvalidSnapshotState");
    aws.pass(3);
    assert_eq!(aws.status(), "available");
    let there = aws.ask("DescribeSnapshots", &[("SnapshotName", "one")]).unwrap();
    assert_eq!(one(&there, "SnapshotStatus"), "available");
    assert_eq!(one(&there, "CacheSize"), "3 MB");
    assert_eq!(one(&there, "SnapshotSource"), "manual");
    assert!(there.contains("<SnapshotCreateTime>"));
    let taken = [("SnapshotName", "one"), ("CacheClusterId", "orders-002")];
    assert_eq!(aws.code("CreateSnapshot", &taken), "SnapshotAlreadyExistsFault");
}

#[test]
fn filters_use_other_words_than_fields() {
    let mut aws = Caller::with_group("2", |_| {});
    take(&mut aws, "one");
    aws.pass(3);
    let mut names =
        |pairs: &[(&str, &str)]| all(&aws.ask("DescribeSnapshots", pairs).unwrap(), "SnapshotName");
    assert_eq!(names(&[("SnapshotSource", "user")]), ["one"]);
    assert!(names(&[("SnapshotSource", "system")]).is_empty());
    assert_eq!(names(&[("CacheClusterId", "orders-002")]), ["one"]);
    assert!(names(&[("CacheClusterId", "orders-001")]).is_empty());
    assert!(names(&[("ReplicationGroupId", "orders")]).is_empty());
    aws.world.with(|it| it.settings.switches.group_filter_finds_member_snapshots = true);
    let mut names =
        |pairs: &[(&str, &str)]| all(&aws.ask("DescribeSnapshots", pairs).unwrap(), "SnapshotName");
    assert_eq!(names(&[("ReplicationGroupId", "orders")]), ["one"]);
    assert_eq!(
        aws.code("DescribeSnapshots", &[("SnapshotSource", "manual")]),
        "InvalidParameterValue"
    );
    assert_eq!(aws.code("DescribeSnapshots", &[("SnapshotName", "no")]), "SnapshotNotFoundFault");
}

#[test]
fn a_restore_makes_a_new_group_without_what_a_snapshot_does_not_hold() {
    let mut aws = Caller::with_group("2", |_| {});
    aws.world.with(|state| state.elasticache.fill("orders", 1_000_000));
    take(&mut aws, "one");
    aws.pass(3);
    let from = [("SnapshotName", "one"), ("TransitEncryptionEnabled", "false")];
    aws.create("restored", "1", &from).unwrap();
    let during = aws.ask("DescribeSnapshots", &[("SnapshotName", "one")]).unwrap();
    assert_eq!(one(&during, "SnapshotStatus"), "restoring");
    assert_eq!(aws.code("DeleteSnapshot", &[("SnapshotName", "one")]), "InvalidSnapshotState");
    aws.pass(11);
    let filter = [("ReplicationGroupId", "restored")];
    let group = aws.ask("DescribeReplicationGroups", &filter).unwrap();
    assert_eq!(one(&group, "Status"), "available");
    assert_eq!(one(&group, "AuthTokenEnabled"), "false");
    assert_eq!(one(&group, "TransitEncryptionEnabled"), "false");
    let bytes = aws.world.with(|state| state.elasticache.groups["restored"].bytes_used);
    assert_eq!(bytes, 1_000_000);
    let after = aws.ask("DescribeSnapshots", &[("SnapshotName", "one")]).unwrap();
    assert_eq!(one(&after, "SnapshotStatus"), "available");
    let protected = [("SnapshotName", "one"), ("AuthToken", TOKEN)];
    assert!(aws.create("protected", "2", &protected).is_ok());
}

#[test]
fn copies_exports_and_deletions_take_their_time() {
    let mut aws = Caller::with_group("2", |_| {});
    take(&mut aws, "one");
    aws.pass(3);
    let copy = [("SourceSnapshotName", "one"), ("TargetSnapshotName", "two")];
    aws.ask("CopySnapshot", &copy).unwrap();
    assert_eq!(aws.code("CopySnapshot", &copy), "InvalidSnapshotState");
    aws.pass(2);
    assert_eq!(aws.code("CopySnapshot", &copy), "SnapshotAlreadyExistsFault");
    let export =
        [("SourceSnapshotName", "one"), ("TargetSnapshotName", "out"), ("TargetBucket", "bucket")];
    assert_eq!(aws.code("CopySnapshot", &export), "InvalidParameterValue");
    aws.world.with(|state| state.elasticache.buckets.insert("bucket".to_owned()));
    aws.ask("CopySnapshot", &export).unwrap();
    let object = ("bucket".to_owned(), "out-0001.rdb".to_owned());
    assert!(aws.world.with(|state| state.elasticache.files.contains_key(&object)));
    aws.pass(2);
    assert_eq!(aws.code("CopySnapshot", &export), "InvalidParameterValue", "no overwrite");
    aws.ask("DeleteSnapshot", &[("SnapshotName", "one")]).unwrap();
    let going = aws.ask("DescribeSnapshots", &[("SnapshotName", "one")]).unwrap();
    assert_eq!(one(&going, "SnapshotStatus"), "deleting");
    aws.pass(1);
    assert_eq!(aws.code("DeleteSnapshot", &[("SnapshotName", "one")]), "SnapshotNotFoundFault");
    let left = aws.ask("DescribeSnapshots", &[]).unwrap();
    assert_eq!(all(&left, "SnapshotName"), ["two"]);
}

#[test]
fn a_bucket_may_be_closed_to_elasticache() {
    let mut aws = Caller::with_group("2", |_| {});
    take(&mut aws, "one");
    aws.pass(3);
    let export =
        [("SourceSnapshotName", "one"), ("TargetSnapshotName", "out"), ("TargetBucket", "bucket")];
    for (why, text) in [
        (None, "The S3 bucket bucket does not exist."),
        (Some(Closed::Elsewhere), "The S3 bucket bucket is outside of the region."),
        (Some(Closed::NotOurs), "The S3 bucket bucket is not owned by the authenticated user."),
        (
            Some(Closed::NoRead),
            "ElastiCache has not been granted READ permissions on the S3 Bucket bucket.",
        ),
        (
            Some(Closed::NoWrite),
            "ElastiCache has not been granted WRITE permissions on the S3 Bucket bucket.",
        ),
        (
            Some(Closed::NoReadAcp),
            "ElastiCache has not been granted READ_ACP permissions on the S3 Bucket bucket.",
        ),
    ] {
        if let Some(why) = why {
            let name = "bucket".to_owned();
            aws.world.with(|state| state.elasticache.closed_buckets.insert(name, why));
        }
        let refused = aws.ask("CopySnapshot", &export).unwrap_err();
        assert_eq!(
            (refused.code.as_str(), refused.message.as_str()),
            ("InvalidParameterValue", text)
        );
    }
    aws.world.with(|state| state.settings.switches.export_code = "InvalidParameterCombination");
    assert_eq!(aws.code("CopySnapshot", &export), "InvalidParameterCombination");
    let found = aws.ask("DescribeSnapshots", &[("SnapshotName", "one")]).unwrap();
    assert_eq!(one(&found, "SnapshotStatus"), "available", "nothing was begun");
}

#[test]
fn automatic_snapshots_may_go_when_they_are_turned_off() {
    for drops in [true, false] {
        let mut aws = Caller::new(|it| it.switches.turning_off_drops_snapshots = drops);
        aws.create("orders", "2", &[("SnapshotRetentionLimit", "3")]).unwrap();
        aws.pass(2 * 24 * 60);
        take(&mut aws, "mine");
        aws.pass(3);
        let listed = |aws: &mut Caller| {
            all(&aws.ask("DescribeSnapshots", &[]).unwrap(), "SnapshotName").len()
        };
        assert_eq!(listed(&mut aws), 3);
        aws.modify(&[("SnapshotRetentionLimit", "0")]).unwrap();
        assert_eq!(listed(&mut aws), if drops { 1 } else { 3 });
        aws.pass(1);
        aws.ask("DeleteReplicationGroup", &[("ReplicationGroupId", "orders")]).unwrap();
        aws.pass(6);
        assert_eq!(listed(&mut aws), 1, "one's own stays");
    }
}

#[test]
fn a_node_gives_twenty_snapshots_a_day() {
    let mut aws = Caller::with_group("2", |_| {});
    for number in 0..20 {
        take(&mut aws, &format!("s{number}"));
        aws.pass(3);
    }
    let more = [("SnapshotName", "more"), ("CacheClusterId", "orders-002")];
    assert_eq!(aws.code("CreateSnapshot", &more), "SnapshotQuotaExceededFault");
    aws.ask("DeleteSnapshot", &[("SnapshotName", "s0")]).unwrap();
    aws.pass(3);
    assert_eq!(aws.code("CreateSnapshot", &more), "SnapshotQuotaExceededFault", "it was taken");
    aws.pass(24 * 60);
    assert!(aws.ask("CreateSnapshot", &more).is_ok());
}

#[test]
fn a_failed_snapshot_is_told_and_not_usable() {
    let mut aws = Caller::with_group("2", |_| {});
    aws.world.with(|state| state.faults.failing_snapshots = 1);
    take(&mut aws, "one");
    aws.pass(3);
    let failed = aws.ask("DescribeSnapshots", &[("SnapshotName", "one")]).unwrap();
    assert_eq!(one(&failed, "SnapshotStatus"), "failed");
    assert_eq!(
        aws.create("restored", "1", &[("SnapshotName", "one")]).unwrap_err().code,
        "InvalidSnapshotState"
    );
    assert!(
        aws.events().iter().any(|it| it.starts_with("Snapshot failed for snapshot with ID 'one'"))
    );
}

#[test]
fn automatic_snapshots_come_daily_and_go_with_the_group() {
    let mut aws = Caller::new(|_| {});
    aws.create("orders", "2", &[("SnapshotRetentionLimit", "2")]).unwrap();
    aws.pass(3 * 60 + 10);
    let names = |aws: &mut Caller| {
        let found = aws.ask("DescribeSnapshots", &[("SnapshotSource", "system")]).unwrap();
        let mut names = all(&found, "SnapshotName");
        // They come in no order.
        names.sort();
        names
    };
    assert_eq!(names(&mut aws), ["automatic.orders-002-2026-01-01-03-00"]);
    aws.pass(3 * 24 * 60);
    assert_eq!(
        names(&mut aws),
        ["automatic.orders-002-2026-01-03-03-00", "automatic.orders-002-2026-01-04-03-00"]
    );
    aws.ask("DeleteReplicationGroup", &[("ReplicationGroupId", "orders")]).unwrap();
    aws.pass(10);
    assert!(names(&mut aws).is_empty());
}
