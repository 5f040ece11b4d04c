//! What is not all done at one instant, not all alike, or not chosen by who asked.

use jiff::SignedDuration;

use super::{Caller, TOKEN, all, one};

const SECOND: &str = "second-token-000";

fn pass_seconds(aws: &mut Caller, seconds: i64) {
    aws.now += SignedDuration::from_secs(seconds);
    aws.world.advance(aws.now);
}

fn admits(aws: &Caller, token: &str) -> bool {
    aws.world.with(|state| {
        let host = state.elasticache.groups["orders"].primary_endpoint.host.clone();
        state.elasticache.access_at(&host).unwrap().admits(Some(token))
    })
}

fn snapshot(aws: &mut Caller, name: &str) -> String {
    let pairs = [("CacheClusterId", "orders-002"), ("SnapshotName", name)];
    aws.ask("CreateSnapshot", &pairs).unwrap();
    snapshot_status(aws, name)
}

fn snapshot_status(aws: &mut Caller, name: &str) -> String {
    one(&aws.ask("DescribeSnapshots", &[("SnapshotName", name)]).unwrap(), "SnapshotStatus")
}

fn members(aws: &mut Caller) -> Vec<String> {
    all(&aws.group(), "ClusterId")
}

#[test]
fn the_end_of_a_snapshot_is_not_the_end_of_a_change_beside_it() {
    let mut aws = Caller::with_group("2", |it| it.switches.calls_during_snapshot = true);
    assert_eq!(snapshot(&mut aws, "nightly"), "creating");
    let larger = [("CacheNodeType", "cache.t4g.small"), ("ApplyImmediately", "true")];
    aws.modify(&larger).unwrap();
    aws.pass(6);
    assert_eq!(snapshot_status(&mut aws, "nightly"), "available");
    assert_eq!(aws.status(), "modifying");
    assert_eq!(aws.modify(&larger).unwrap_err().code, "InvalidReplicationGroupState");
    aws.pass(30);
    assert_eq!(aws.status(), "available");
    assert_eq!(one(&aws.group(), "CacheNodeType"), "cache.t4g.small");
}

#[test]
fn the_end_of_a_change_is_not_the_end_of_a_snapshot_beside_it() {
    let mut aws = Caller::with_group("2", |it| it.switches.calls_during_snapshot = true);
    snapshot(&mut aws, "nightly");
    aws.modify(&[("ReplicationGroupDescription", "other"), ("ApplyImmediately", "true")]).unwrap();
    assert_eq!(aws.status(), "modifying");
    pass_seconds(&mut aws, 60);
    assert_eq!(aws.status(), "snapshotting");
    assert_eq!(one(&aws.member("orders-002"), "CacheClusterStatus"), "snapshotting");
    aws.pass(6);
    assert_eq!(aws.status(), "available");
    assert_eq!(one(&aws.member("orders-002"), "CacheClusterStatus"), "available");
}

#[test]
fn a_snapshot_outlives_its_group() {
    let mut aws = Caller::with_group("2", |it| it.switches.calls_during_snapshot = true);
    snapshot(&mut aws, "nightly");
    aws.ask("DeleteReplicationGroup", &[("ReplicationGroupId", "orders")]).unwrap();
    assert_eq!(aws.status(), "deleting");
    aws.pass(60);
    assert_eq!(snapshot_status(&mut aws, "nightly"), "available");
    aws.ask("DeleteSnapshot", &[("SnapshotName", "nightly")]).unwrap();
}

#[test]
fn the_parts_of_a_token_change_end_one_after_another() {
    let mut aws = Caller::with_group("2", |it| {
        it.switches.token_status_lag = SignedDuration::from_secs(30);
        it.switches.access_lag = SignedDuration::from_secs(60);
    });
    aws.modify(&[("AuthToken", SECOND), ("ApplyImmediately", "true")]).unwrap();
    while aws.status() != "available" {
        pass_seconds(&mut aws, 1);
    }
    assert_eq!(one(&aws.group(), "AuthTokenStatus"), "ROTATING");
    assert!(!admits(&aws, SECOND) && admits(&aws, TOKEN));
    pass_seconds(&mut aws, 31);
    assert!(all(&aws.group(), "AuthTokenStatus").is_empty());
    assert!(!admits(&aws, SECOND) && admits(&aws, TOKEN));
    pass_seconds(&mut aws, 31);
    assert!(admits(&aws, SECOND) && admits(&aws, TOKEN));
}

#[test]
fn a_node_group_may_be_busy_in_an_available_group() {
    let lag = SignedDuration::from_secs(15);
    let mut aws = Caller::with_group("2", |it| it.switches.shards_lag = lag);
    let described = [("ReplicationGroupDescription", "other"), ("ApplyImmediately", "true")];
    aws.modify(&described).unwrap();
    while aws.status() != "available" {
        pass_seconds(&mut aws, 1);
    }
    assert_eq!(all(&aws.group(), "Status"), ["available", "modifying"]);
    let again = [("ReplicationGroupDescription", "another"), ("ApplyImmediately", "true")];
    assert_eq!(aws.modify(&again).unwrap_err().code, "InvalidReplicationGroupState");
    pass_seconds(&mut aws, 15);
    assert_eq!(all(&aws.group(), "Status"), ["available", "available"]);
    aws.modify(&again).unwrap();
}

#[test]
fn a_change_of_node_type_may_leave_a_replica_behind() {
    let mut aws = Caller::with_group("2", |_| {});
    aws.world.with(|it| it.faults.stuck_members = 1);
    let to = |it| [("CacheNodeType", it), ("ApplyImmediately", "true")];
    aws.modify(&to("cache.t4g.small")).unwrap();
    aws.pass(30);
    assert_eq!(aws.status(), "available");
    assert_eq!(one(&aws.group(), "CacheNodeType"), "cache.t4g.small");
    assert_eq!(one(&aws.member("orders-001"), "CacheNodeType"), "cache.t4g.small");
    assert_eq!(one(&aws.member("orders-002"), "CacheNodeType"), "cache.t4g.micro");
    aws.modify(&to("cache.t4g.medium")).unwrap();
    aws.pass(30);
    assert_eq!(one(&aws.member("orders-002"), "CacheNodeType"), "cache.t4g.medium");
}

#[test]
fn members_go_to_the_zones_that_are_asked_for() {
    let mut aws = Caller::new(|_| {});
    let first = ("PreferredCacheClusterAZs.AvailabilityZone.1", "us-east-1c");
    let second = ("PreferredCacheClusterAZs.AvailabilityZone.2", "us-east-1a");
    let refused = |aws: &mut Caller, zones: &[(&str, &str)]| {
        aws.create("orders", "2", zones).unwrap_err().code
    };
    assert_eq!(refused(&mut aws, &[first]), "InvalidParameterValue", "one zone for two");
    assert_eq!(
        refused(&mut aws, &[first, (second.0, "us-west-2a")]),
        "InvalidParameterValue",
        "not of this region"
    );
    aws.create("orders", "2", &[first, second]).unwrap();
    aws.pass(20);
    let zones = all(&aws.group(), "PreferredAvailabilityZone");
    assert_eq!(zones, ["us-east-1c", "us-east-1a"]);
    let shard = "ReplicaConfiguration.ConfigureShard.1";
    let zone = format!("{shard}.PreferredAvailabilityZones.PreferredAvailabilityZone");
    let names = [1, 2, 3].map(|it| format!("{zone}.{it}"));
    let (node_group, count) = (format!("{shard}.NodeGroupId"), format!("{shard}.NewReplicaCount"));
    let mut more = vec![
        ("ReplicationGroupId", "orders"),
        ("ApplyImmediately", "true"),
        (node_group.as_str(), "0001"),
    ];
    assert_eq!(aws.code("IncreaseReplicaCount", &more), "InvalidParameterValue", "no count");
    more.push((count.as_str(), "2"));
    more.extend(names.iter().map(String::as_str).zip(["us-east-1a", "us-east-1c", "us-east-1a"]));
    aws.ask("IncreaseReplicaCount", &more).unwrap();
    aws.pass(20);
    assert_eq!(one(&aws.member("orders-003"), "PreferredAvailabilityZone"), "us-east-1a");
}

#[test]
fn the_replica_that_goes_is_of_the_zone_that_has_most() {
    for (youngest, left) in
        [(true, ["orders-001", "orders-002"]), (false, ["orders-001", "orders-003"])]
    {
        let mut aws = Caller::with_group("3", |it| it.switches.youngest_replica_goes = youngest);
        let to = |it| {
            [
                ("ReplicationGroupId", "orders"),
                ("ApplyImmediately", "true"),
                ("NewReplicaCount", it),
            ]
        };
        aws.ask("DecreaseReplicaCount", &to("1")).unwrap();
        aws.pass(20);
        assert_eq!(members(&mut aws), left, "all zones alike");
    }
    let mut aws = Caller::with_group("2", |_| {});
    let zones = ["us-east-1b", "us-east-1c"];
    for (name, zone) in ["orders-003", "orders-004"].into_iter().zip(zones) {
        let pairs = [
            ("ReplicationGroupId", "orders"),
            ("CacheClusterId", name),
            ("PreferredAvailabilityZone", zone),
        ];
        aws.ask("CreateCacheCluster", &pairs).unwrap();
        aws.pass(20);
    }
    let fewer =
        [("ReplicationGroupId", "orders"), ("ApplyImmediately", "true"), ("NewReplicaCount", "2")];
    aws.ask("DecreaseReplicaCount", &fewer).unwrap();
    aws.pass(20);
    assert_eq!(members(&mut aws), ["orders-001", "orders-002", "orders-004"]);
}

#[test]
fn what_could_not_be_restored_shows_it_on_its_members() {
    let mut aws = Caller::with_group("1", |_| {});
    let pairs = [("CacheClusterId", "orders-001"), ("SnapshotName", "nightly")];
    aws.ask("CreateSnapshot", &pairs).unwrap();
    aws.pass(20);
    aws.world.with(|it| it.faults.failing_starts = 2);
    for (id, more) in [("back", [("SnapshotName", "nightly")]), ("fresh", [("AuthToken", TOKEN)])] {
        aws.create(id, "1", &more).unwrap();
        aws.pass(60);
    }
    assert_eq!(one(&aws.member("back-001"), "CacheClusterStatus"), "restore-failed");
    assert_eq!(
        aws.code("DescribeCacheClusters", &[("CacheClusterId", "fresh-001")]),
        "CacheClusterNotFound"
    );
    aws.ask("DeleteReplicationGroup", &[("ReplicationGroupId", "back")]).unwrap();
    let going = aws.ask("DescribeReplicationGroups", &[("ReplicationGroupId", "back")]).unwrap();
    assert_eq!(one(&going, "Status"), "deleting");
    assert!(all(&going, "NodeGroup").is_empty(), "it never had one: {going}");
}

#[test]
fn what_is_not_modelled_is_refused_by_name() {
    let mut aws = Caller::with_group("2", |_| {});
    let refused = aws.create("other", "1", &[("ClusterMode", "compatible")]).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    assert!(refused.message.contains("ClusterMode"), "{}", refused.message);
    let refused = aws.modify(&[("ClusterMode", "compatible")]).unwrap_err();
    assert!(refused.message.contains("ClusterMode"), "{}", refused.message);
}

#[test]
fn tags_of_a_member_are_refused_while_its_group_is_busy() {
    let mut aws = Caller::with_group("2", |_| {});
    let tags = [("ResourceName", "arn:aws:elasticache:us-east-1:123456789012:cluster:orders-001")];
    aws.ask("ListTagsForResource", &tags).unwrap();
    aws.modify(&[("CacheNodeType", "cache.t4g.small"), ("ApplyImmediately", "true")]).unwrap();
    assert_eq!(aws.code("ListTagsForResource", &tags), "InvalidReplicationGroupState");
    let member = [("CacheClusterId", "orders-002")];
    assert_eq!(aws.code("DeleteCacheCluster", &member), "InvalidCacheClusterState");
}

#[test]
fn snapshots_are_listed_in_no_order_and_in_full() {
    let mut aws = Caller::with_group("2", |_| {});
    let names: Vec<_> = (10..32).map(|it| format!("s{it}")).collect();
    for name in &names {
        snapshot(&mut aws, name);
        aws.pass(90);
    }
    let page = [("MaxRecords", "20")];
    let first = aws.ask("DescribeSnapshots", &page).unwrap();
    let marker = one(&first, "Marker");
    let second = aws.ask("DescribeSnapshots", &[page[0], ("Marker", &marker)]).unwrap();
    let mut listed = all(&first, "SnapshotName");
    listed.extend(all(&second, "SnapshotName"));
    assert_ne!(listed, names, "a client that wants an order sorts");
    listed.sort();
    assert_eq!(listed, names);
}

#[test]
fn a_topic_is_of_the_same_region_and_account() {
    let mut aws = Caller::with_group("2", |_| {});
    for topic in [
        "orders",
        "arn:aws:sns:eu-west-1:123456789012:orders",
        "arn:aws:sns:us-east-1:210987654321:orders",
    ] {
        let refused = aws.modify(&[("NotificationTopicArn", topic)]).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterValue", "{topic}");
    }
}

#[test]
fn a_primary_that_is_lost_lets_nobody_in_until_a_replica_takes_over() {
    let mut aws = Caller::with_group("2", |_| {});
    let shown = aws.ask("DescribeReplicationGroups", &[("ReplicationGroupId", "orders")]).unwrap();
    let host = one(&shown, "Address");
    let is_open = |aws: &Caller| {
        aws.world.with(|state| {
            state.advance(aws.now);
            state.elasticache.access_at(&host).is_some()
        })
    };
    assert!(is_open(&aws));
    aws.world.with(|state| crate::elasticache::lose_primary(state, "orders"));
    assert!(!is_open(&aws), "{host} stands for the lost node");
    let serving = aws.world.with(|state| state.nodes().iter().filter(|it| it.serves).count());
    assert_eq!(serving, 1, "the replica goes on");
    aws.pass(5);
    assert!(is_open(&aws), "{host} has moved");
}

#[test]
fn a_malformed_arn_has_an_error_of_its_own() {
    let mut aws = Caller::with_group("2", |_| {});
    for arn in ["orders", "arn:aws:elasticache:us-east-1:123456789012:nothing:orders"] {
        assert_eq!(aws.code("ListTagsForResource", &[("ResourceName", arn)]), "InvalidARN");
    }
}
