//! What a cache is filled from.

use super::super::super::Source;
use super::*;

const FILE: &str = "arn:aws:s3:::bucket/dumps/orders.rdb";

#[test]
fn a_cache_is_filled_from_a_snapshot_a_file_or_nothing() {
    let source = |over: &[(&str, &str)]| spec(over).source;
    assert_eq!(source(&[]), None);
    assert_eq!(source(&[("SnapshotName", ""), ("SnapshotArns", "")]), None);
    let named = |name: &str| Some(Source::Snapshot(name.to_owned()));
    assert_eq!(source(&[("SnapshotName", "Before-The-Release")]), named("before-the-release"));
    let automatic = "automatic.orders-002-2026-01-01-03-00";
    assert_eq!(source(&[("SnapshotName", automatic)]), named(automatic));
    let file = Some(Source::Files(vec![FILE.to_owned()]));
    assert_eq!(source(&[("SnapshotArns", FILE)]), file);
    let mut listed = properties();
    listed.insert("SnapshotArns".to_owned(), json!([FILE]));
    let Ok(Backend::ElastiCache(spec)) = parse(&listed, &owner(), None) else {
        panic!("{listed:?}")
    };
    assert_eq!(spec.source, file);
}

#[test]
fn it_is_filled_from_one_of_them() {
    wrong(
        &[("SnapshotName", "nightly"), ("SnapshotArns", FILE)],
        &["SnapshotArns: is stated, and so is SnapshotName"],
    );
    let two = format!("{FILE},{FILE}");
    wrong(&[("SnapshotArns", &two)], &["SnapshotArns: has 2 files"]);
    let shards = [("ClusterMode", "enabled"), ("NumNodeGroups", "3"), ("SnapshotArns", &two)];
    assert_eq!(spec(&shards).source.unwrap().files().len(), 2);
}

#[test]
fn names_that_no_snapshot_has_are_told() {
    let arn = "arn:aws:elasticache:eu-west-1:123456789012:snapshot:nightly";
    wrong(&[("SnapshotName", arn)], &["is an ARN; it takes the name alone"]);
    for name in ["night_ly", "2nd", "-nightly", "n/a"] {
        wrong(&[("SnapshotName", name)], &["is not the name of a snapshot"]);
    }
}

#[test]
fn arns_that_are_of_no_file_here_are_told() {
    for (arn, rule) in [
        ("s3://bucket/orders.rdb", "is not the ARN of an object"),
        ("arn:aws:s3:::bucket", "is not the ARN of an object"),
        ("arn:aws:s3:::/orders.rdb", "is not the ARN of an object"),
        ("arn:aws:sns:::bucket/orders.rdb", "is not the ARN of an object"),
        ("arn:aws:s3:us-east-1::bucket/orders.rdb", "the bucket has to be in eu-west-1"),
        ("arn:aws-cn:s3:::bucket/orders.rdb", "is of the partition aws-cn, and the stack of aws"),
        ("arn:aws:s3:::bucket/orders.zip", "does not end in .rdb"),
    ] {
        wrong(&[("SnapshotArns", arn)], &[rule]);
    }
    let mut listed = properties();
    listed.insert("SnapshotArns".to_owned(), json!(["arn:aws:s3:::bucket/a,b.rdb"]));
    let told = parse(&listed, &owner(), None).unwrap_err().to_string();
    assert!(told.contains("has a comma"), "{told}");
}

#[test]
fn the_mark_of_a_file_is_a_tag_whatever_it_is_called() {
    let mark =
        |object: &str| Source::Files(vec![format!("arn:aws:s3:::bucket/{object}.rdb")]).mark();
    assert_eq!(mark("orders"), "arn:aws:s3:::bucket/orders.rdb");
    for object in ["a*b", &"long/".repeat(100)] {
        assert!(tag::is_legal_value(&mark(object)), "{object}");
        assert_ne!(mark(object), mark("a*c"));
    }
}
