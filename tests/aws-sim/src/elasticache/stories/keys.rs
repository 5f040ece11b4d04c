//! Keys of KMS, and data tiering: what a disk of a group is.

use super::{Caller, one};

const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER: &str = "arn:aws:kms:us-east-1:123456789012:key/2234abcd-12ab-34cd-56ef-1234567890ab";
const AT_REST: (&str, &str) = ("AtRestEncryptionEnabled", "true");

fn arn(key: &str) -> String {
    format!("arn:aws:kms:us-east-1:123456789012:key/{key}")
}

fn key_of(aws: &mut Caller, id: &str) -> String {
    let found = aws.ask("DescribeReplicationGroups", &[("ReplicationGroupId", id)]).unwrap();
    one(&found, "KmsKeyId")
}

fn snapshot_key(aws: &mut Caller, name: &str) -> String {
    one(&aws.ask("DescribeSnapshots", &[("SnapshotName", name)]).unwrap(), "KmsKeyId")
}

fn snapshot(aws: &mut Caller, more: &[(&str, &str)]) {
    let pairs = [&[("CacheClusterId", "orders-001")], more].concat();
    aws.ask("CreateSnapshot", &pairs).unwrap();
    aws.pass(3);
}

/// A caller with a group that is encrypted with `KEY`.
fn encrypted() -> Caller {
    let mut aws = Caller::new(|_| {});
    aws.create("orders", "1", &[AT_REST, ("KmsKeyId", KEY)]).unwrap();
    aws.pass(20);
    aws
}

#[test]
fn a_key_goes_with_its_data() {
    let mut aws = encrypted();
    assert_eq!(key_of(&mut aws, "orders"), arn(KEY));
    snapshot(&mut aws, &[("SnapshotName", "one")]);
    assert_eq!(snapshot_key(&mut aws, "one"), arn(KEY));
    snapshot(&mut aws, &[("SnapshotName", "two"), ("KmsKeyId", OTHER)]);
    assert_eq!(snapshot_key(&mut aws, "two"), OTHER);
    for (target, key, expected) in
        [("three", None, arn(KEY)), ("four", Some(OTHER), OTHER.to_owned())]
    {
        let mut copy = vec![("SourceSnapshotName", "one"), ("TargetSnapshotName", target)];
        copy.extend(key.map(|it| ("KmsKeyId", it)));
        aws.ask("CopySnapshot", &copy).unwrap();
        aws.pass(2);
        assert_eq!(snapshot_key(&mut aws, target), expected);
    }
    let from = ("SnapshotName", "one");
    aws.create("same", "1", &[from]).unwrap();
    aws.pass(20);
    aws.create("named", "1", &[from, AT_REST, ("KmsKeyId", OTHER)]).unwrap();
    aws.pass(20);
    aws.create("none", "1", &[from, (AT_REST.0, "false")]).unwrap();
    assert_eq!(key_of(&mut aws, "same"), arn(KEY));
    assert_eq!(key_of(&mut aws, "named"), OTHER);
    assert_eq!(key_of(&mut aws, "none"), "");
}

#[test]
fn a_key_needs_encryption_and_a_name_that_kms_would_give() {
    let mut aws = Caller::new(|_| {});
    let plain = aws.create("orders", "1", &[("KmsKeyId", KEY)]).unwrap_err();
    assert_eq!(plain.code, "InvalidParameterCombination");
    let strange = [AT_REST, ("KmsKeyId", "orders")];
    assert_eq!(aws.create("orders", "1", &strange).unwrap_err().code, "InvalidParameterValue");
    let valkey = [("Engine", "valkey"), ("EngineVersion", "8.0"), ("KmsKeyId", KEY)];
    aws.create("orders", "1", &valkey).unwrap();
    aws.create("others", "1", &[AT_REST, ("KmsKeyId", "alias/orders")]).unwrap();
    assert!(key_of(&mut aws, "others").starts_with("arn:aws:kms:us-east-1:123456789012:key/"));
    let mut aws = Caller::new(|it| {
        it.switches.key_shown_as_arn = false;
        it.switches.bad_key_code = "InvalidKMSKeyFault";
    });
    assert_eq!(aws.create("orders", "1", &strange).unwrap_err().code, "InvalidKMSKeyFault");
    aws.create("orders", "1", &[AT_REST, ("KmsKeyId", "alias/orders")]).unwrap();
    assert_eq!(key_of(&mut aws, "orders"), "alias/orders");
}

#[test]
fn a_key_that_is_disabled_holds_everything_up() {
    let mut aws = encrypted();
    snapshot(&mut aws, &[("SnapshotName", "one")]);
    aws.world.with(|state| state.faults.disabled_keys.insert(KEY.to_owned()));
    let more =
        [("ReplicationGroupId", "orders"), ("ApplyImmediately", "true"), ("NewReplicaCount", "1")];
    assert_eq!(aws.code("IncreaseReplicaCount", &more), "InvalidKMSKeyFault");
    let larger = [("CacheNodeType", "cache.t4g.small"), ("ApplyImmediately", "true")];
    assert_eq!(aws.modify(&larger).unwrap_err().code, "InvalidKMSKeyFault");
    let take = [("CacheClusterId", "orders-001"), ("SnapshotName", "two")];
    assert_eq!(aws.code("CreateSnapshot", &take), "InvalidParameterValue");
    let copy = [("SourceSnapshotName", "one"), ("TargetSnapshotName", "two"), ("KmsKeyId", OTHER)];
    assert_eq!(aws.code("CopySnapshot", &copy), "InvalidParameterValue");
    let back = [("SnapshotName", "one"), AT_REST, ("KmsKeyId", OTHER)];
    assert_eq!(aws.create("back", "1", &back).unwrap_err().code, "InvalidParameterValue");
    aws.modify(&[("ReplicationGroupDescription", "needs no disk")]).unwrap();
    aws.pass(1);
    aws.world.with(|state| state.faults.disabled_keys.clear());
    aws.ask("IncreaseReplicaCount", &more).unwrap();
}

const TIERED: [(&str, &str); 2] =
    [("CacheNodeType", "cache.r6gd.xlarge"), ("DataTieringEnabled", "true")];

#[test]
fn data_tiering_goes_with_its_node_types_and_no_others() {
    let mut aws = Caller::new(|_| {});
    let refused = aws.create("orders", "1", &TIERED[..1]).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    let told = "When using the cache.r6gd.xlarge node type, you must enable data tiering.";
    assert_eq!(refused.message, told);
    let off = [TIERED[0], (TIERED[1].0, "false")];
    assert_eq!(aws.create("orders", "1", &off).unwrap_err().message, told);
    let other = aws.create("orders", "1", &TIERED[1..]).unwrap_err();
    assert_eq!(other.code, "InvalidParameterCombination");
    let old = [&TIERED[..], &[("EngineVersion", "6.0")]].concat();
    assert_eq!(aws.create("orders", "1", &old).unwrap_err().code, "InvalidParameterCombination");
    let plain = aws.create("plain", "1", &[(TIERED[1].0, "false")]).unwrap();
    assert_eq!(one(&plain, "DataTiering"), "disabled");
    assert_eq!(one(&aws.create("orders", "1", &TIERED).unwrap(), "DataTiering"), "enabled");
    aws.pass(20);
    let allowed = [("ReplicationGroupId", "orders")];
    let allowed = aws.ask("ListAllowedNodeTypeModifications", &allowed).unwrap();
    assert!(allowed.contains("cache.r6gd.2xlarge") && !allowed.contains("cache.r6g.2xlarge"));
    for (node_type, id) in [("cache.r6g.2xlarge", "orders"), ("cache.r6gd.xlarge", "plain")] {
        let pairs = [
            ("ReplicationGroupId", id),
            ("CacheNodeType", node_type),
            ("ApplyImmediately", "true"),
        ];
        assert_eq!(aws.code("ModifyReplicationGroup", &pairs), "InvalidParameterValue");
    }
}

#[test]
fn tiered_data_stays_tiered() {
    let mut aws = Caller::new(|_| {});
    aws.create("orders", "1", &TIERED).unwrap();
    aws.pass(20);
    snapshot(&mut aws, &[("SnapshotName", "one")]);
    let taken = aws.ask("DescribeSnapshots", &[("SnapshotName", "one")]).unwrap();
    assert_eq!(one(&taken, "DataTiering"), "enabled");
    let from = ("SnapshotName", "one");
    let elsewhere = aws.create("back", "1", &[from, ("CacheNodeType", "cache.r6g.xlarge")]);
    assert_eq!(elsewhere.unwrap_err().code, "InvalidParameterCombination");
    aws.world.with(|state| state.elasticache.buckets.insert("bucket".to_owned()));
    let export =
        [("SourceSnapshotName", "one"), ("TargetSnapshotName", "out"), ("TargetBucket", "bucket")];
    assert_eq!(aws.code("CopySnapshot", &export), "InvalidParameterValue");
    let back = aws.create("back", "1", &[from, TIERED[0]]).unwrap();
    assert_eq!(one(&back, "DataTiering"), "enabled", "the snapshot says so");
}

#[test]
fn a_restore_that_inherits_nothing_names_its_data_tiering_and_its_key() {
    let mut aws = Caller::new(|it| it.switches.restore_inherits = false);
    let wanted = [&TIERED[..], &[AT_REST, ("KmsKeyId", KEY)]].concat();
    aws.create("orders", "1", &wanted).unwrap();
    aws.pass(20);
    snapshot(&mut aws, &[("SnapshotName", "one")]);
    let from = ("SnapshotName", "one");
    assert!(aws.create("back", "1", &[from, TIERED[0]]).is_err());
    aws.create("back", "1", &[from, TIERED[0], TIERED[1], AT_REST]).unwrap();
    assert_eq!(key_of(&mut aws, "back"), "");
}
