//! Groups come, change and go.

use super::{Caller, TOKEN, all, one};
use crate::Effect;
use crate::fault::{Fault, Rule, Shortage, Side};

#[test]
fn a_group_is_made_over_minutes() {
    let mut aws = Caller::new(|_| {});
    let answer = aws.create("Orders", "2", &[("AuthToken", TOKEN)]).unwrap();
    assert!(answer.starts_with(
        r#"<CreateReplicationGroupResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><CreateReplicationGroupResult><ReplicationGroup>"#
    ));
    assert_eq!(one(&answer, "ReplicationGroupId"), "orders", "ids are stored in lower case");
    assert_eq!(one(&answer, "Status"), "creating");
    assert!(!answer.contains("<NodeGroups>"), "endpoints come later");
    assert_eq!(one(&answer, "AutomaticFailover"), "enabling");
    assert!(!answer.contains(TOKEN));
    aws.pass(7);
    assert_eq!(aws.status(), "creating");
    aws.pass(1);
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "available");
    assert_eq!(all(&group, "ClusterId"), ["orders-001", "orders-002"]);
    assert_eq!(all(&group, "CurrentRole"), ["primary", "replica"]);
    assert!(one(&group, "Address").starts_with("master.orders."));
    assert!(one(&group, "ReaderEndpoint").contains("replica.orders."));
    for missing in
        ["EngineVersion", "SecurityGroups", "CacheParameterGroup", "PreferredMaintenanceWindow"]
    {
        assert!(!group.contains(missing), "{missing} is on the members only");
    }
    let member = aws.member("orders-001");
    assert_eq!(one(&member, "EngineVersion"), "7.1.0");
    assert_eq!(one(&member, "CacheParameterGroupName"), "default.redis7");
    assert!(one(&member, "CacheNode").contains("orders-001.orders."));
    assert!(aws.events().contains(&"Cache cluster created".to_owned()));
}

#[test]
fn what_is_busy_refuses() {
    let mut aws = Caller::new(|_| {});
    aws.create("orders", "2", &[]).unwrap();
    let refused = aws.modify(&[("ReplicationGroupDescription", "new")]).unwrap_err();
    assert_eq!(refused.code, "InvalidReplicationGroupState");
    assert_eq!(refused.message, "Replication group must be in available state to modify.");
    let refused =
        aws.ask("DeleteReplicationGroup", &[("ReplicationGroupId", "orders")]).unwrap_err();
    assert_eq!(refused.message, "Cache cluster orders-001 is not in a valid state to be deleted");
    let arn = "arn:aws:elasticache:us-east-1:123456789012:replicationgroup:orders";
    let refused = aws.ask("ListTagsForResource", &[("ResourceName", arn)]).unwrap_err();
    assert_eq!(refused.message, "Cluster not in available state to perform tagging operations.");
    assert_eq!(aws.create("ORDERS", "2", &[]).unwrap_err().code, "ReplicationGroupAlreadyExists");
    aws.pass(8);
    assert!(aws.ask("ListTagsForResource", &[("ResourceName", arn)]).is_ok());
}

#[test]
fn a_group_that_cannot_be_made_says_why_in_events_only() {
    let mut aws = Caller::new(|_| {});
    aws.world.with(|state| {
        state.faults.shortages.insert("cache.t4g.micro".to_owned(), Shortage::Later);
    });
    aws.create("orders", "2", &[]).unwrap();
    aws.pass(10);
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "create-failed");
    assert!(!group.contains("apacity"));
    assert_eq!(aws.create("orders", "2", &[]).unwrap_err().code, "ReplicationGroupAlreadyExists");
    let filter = [("SourceType", "replication-group"), ("SourceIdentifier", "orders")];
    let events = aws.ask("DescribeEvents", &filter).unwrap();
    assert!(
        one(&events, "Message").contains("Insufficient capacity for node type cache.t4g.micro")
    );
    aws.ask("DeleteReplicationGroup", &[("ReplicationGroupId", "orders")]).unwrap();
    aws.pass(10);
    let gone = aws.ask("DescribeReplicationGroups", &[("ReplicationGroupId", "orders")]);
    assert_eq!(
        gone.unwrap_err(),
        crate::Refusal::new(
            404,
            "ReplicationGroupNotFoundFault",
            "ReplicationGroup orders not found"
        )
    );
    assert!(aws.ask("DescribeReplicationGroups", &[]).is_ok());
}

#[test]
fn bad_requests_are_refused_with_the_codes_of_aws() {
    let mut aws = Caller::new(|_| {});
    let mut refused = |more: &[(&str, &str)], code: &str| {
        let got = aws.create("orders", "2", more).expect_err(code);
        assert_eq!(got.code, code, "{more:?} {}", got.message);
    };
    refused(&[("ReplicationGroupId", "1orders")], "InvalidParameterValue");
    refused(&[("CacheNodeType", "cache.r9.huge")], "InvalidParameterValue");
    refused(&[("EngineVersion", "9.9")], "InvalidParameterCombination");
    refused(&[("NumCacheClusters", "7")], "InvalidParameterValue");
    refused(&[("NumCacheClusters", "1")], "InvalidParameterCombination");
    refused(&[("CacheSubnetGroupName", "none")], "CacheSubnetGroupNotFoundFault");
    refused(&[("CacheParameterGroupName", "none")], "CacheParameterGroupNotFound");
    refused(&[("CacheParameterGroupName", "default.redis6.x")], "InvalidParameterCombination");
    refused(&[("AuthToken", "short")], "InvalidParameterValue");
    refused(
        &[("AuthToken", TOKEN), ("TransitEncryptionEnabled", "false")],
        "InvalidParameterCombination",
    );
    refused(&[("SnapshotName", "none")], "SnapshotNotFoundFault");
    refused(&[("SnapshotRetentionLimit", "36")], "InvalidParameterValue");
    refused(&[("UserGroupIds.member.1", "none")], "UserGroupNotFound");
    refused(&[("Tags.Tag.1.Key", "a*b"), ("Tags.Tag.1.Value", "v")], "InvalidParameterValue");
    refused(
        &[("MultiAZEnabled", "true"), ("AutomaticFailoverEnabled", "false")],
        "InvalidParameterCombination",
    );
    let meeting = [
        ("SnapshotRetentionLimit", "7"),
        ("SnapshotWindow", "05:00-06:00"),
        ("PreferredMaintenanceWindow", "sun:05:30-sun:06:30"),
    ];
    refused(&meeting, "InvalidParameterCombination");
    assert_eq!(aws.code("NoSuchThing", &[]), "InvalidAction");
}

#[test]
fn a_change_of_node_type_is_not_seen_on_the_group_until_it_is_done() {
    let mut aws = Caller::with_group("2", |_| {});
    let wanted = [("CacheNodeType", "cache.t4g.small"), ("ApplyImmediately", "true")];
    aws.modify(&wanted).unwrap();
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "modifying");
    assert_eq!(one(&group, "PendingModifiedValues"), "");
    let pending = one(&aws.member("orders-002"), "PendingModifiedValues");
    assert_eq!(one(&pending, "CacheNodeType"), "cache.t4g.small");
    aws.pass(20);
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "available");
    assert_eq!(one(&group, "CacheNodeType"), "cache.t4g.small");
    let again = aws.modify(&wanted).unwrap_err();
    assert_eq!(again.message, "No modifications were requested");
    assert_eq!(again.code, "InvalidParameterCombination");
}

#[test]
fn a_failed_change_of_node_type_ends_available_with_the_old_type() {
    let mut aws = Caller::with_group("2", |_| {});
    let topic = "arn:aws:sns:us-east-1:123456789012:told";
    aws.modify(&[("NotificationTopicArn", topic)]).unwrap();
    aws.pass(1);
    aws.world.with(|state| state.faults.rollbacks = 1);
    let wanted = [("CacheNodeType", "cache.t4g.small"), ("ApplyImmediately", "true")];
    aws.modify(&wanted).unwrap();
    aws.pass(20);
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "available");
    assert_eq!(one(&group, "CacheNodeType"), "cache.t4g.micro");
    let failure = "Failed applying modification to cache node type to cache.t4g.small.";
    assert!(aws.events().contains(&failure.to_owned()));
    let told = aws.world.take_effects();
    let message = r#"{"ElastiCache:ReplicationGroupScalingFailed":"orders"}"#;
    assert!(
        told.iter().any(|it| matches!(it, Effect::Publish { message: it, .. } if it == message))
    );
    aws.modify(&wanted).unwrap();
    aws.pass(20);
    assert_eq!(one(&aws.group(), "CacheNodeType"), "cache.t4g.small");
}

#[test]
fn data_that_does_not_fit_is_refused_or_rolled_back() {
    for at_once in [false, true] {
        let mut aws = Caller::new(|it| it.switches.misfit_refused_at_once = at_once);
        aws.create("orders", "2", &[("CacheNodeType", "cache.t4g.small")]).unwrap();
        aws.pass(8);
        aws.world.with(|state| state.elasticache.fill("orders", 900_000_000));
        let wanted = [("CacheNodeType", "cache.t4g.micro"), ("ApplyImmediately", "true")];
        assert_eq!(aws.modify(&wanted).is_err(), at_once);
        aws.pass(20);
        assert_eq!(one(&aws.group(), "CacheNodeType"), "cache.t4g.small");
    }
}

#[test]
fn a_deferred_change_waits_for_its_window_and_shows_on_members() {
    let mut aws = Caller::with_group("2", |_| {});
    aws.modify(&[("CacheNodeType", "cache.t4g.small")]).unwrap();
    assert_eq!(aws.status(), "available");
    let pending = one(&aws.member("orders-001"), "PendingModifiedValues");
    assert_eq!(one(&pending, "CacheNodeType"), "cache.t4g.small");
    // The start is a Thursday, the window on Sunday at five.
    aws.pass(3 * 24 * 60);
    assert_eq!(one(&aws.group(), "CacheNodeType"), "cache.t4g.micro");
    aws.pass(6 * 60);
    assert_eq!(one(&aws.group(), "CacheNodeType"), "cache.t4g.small");
}

#[test]
fn a_modify_may_read_available_for_some_looks() {
    let mut aws = Caller::with_group("2", |it| it.switches.stale_looks = 2);
    aws.modify(&[("CacheNodeType", "cache.t4g.small"), ("ApplyImmediately", "true")]).unwrap();
    assert_eq!(aws.status(), "available");
    assert_eq!(one(&aws.member("orders-001"), "CacheClusterStatus"), "available");
    assert_eq!(aws.status(), "available");
    assert_eq!(aws.status(), "modifying");
    let busy = aws.modify(&[("ReplicationGroupDescription", "new")]).unwrap_err();
    assert_eq!(busy.code, "InvalidReplicationGroupState");
}

#[test]
fn settings_are_applied_at_once() {
    for busy in [true, false] {
        let mut aws = Caller::with_group("2", |it| it.switches.settings_make_busy = busy);
        let answer = aws.modify(&[
            ("ReplicationGroupDescription", "new"),
            ("SecurityGroupIds.SecurityGroupId.1", "sg-1"),
            ("SnapshotRetentionLimit", "3"),
            ("SnapshottingClusterId", "orders-002"),
        ]);
        let answer = answer.unwrap();
        assert_eq!(one(&answer, "Description"), "new");
        assert_eq!(one(&answer, "SnapshottingClusterId"), "orders-002");
        assert_eq!(one(&answer, "Status"), if busy { "modifying" } else { "available" });
        aws.pass(1);
        assert_eq!(aws.status(), "available");
        assert_eq!(one(&aws.member("orders-001"), "SecurityGroupId"), "sg-1");
    }
    let mut aws = Caller::with_group("2", |_| {});
    let refused = aws.modify(&[("SnapshotRetentionLimit", "3")]).unwrap_err();
    assert!(refused.message.starts_with("Must specify both SnapshotRetentionLimit and"));
    let refused = aws.modify(&[("EngineVersion", "7.0")]).unwrap_err();
    assert_eq!(refused.message, "Cannot modify redis from 7.1.0 to 7.0.7");
}

#[test]
fn a_failover_moves_the_primary_and_not_its_endpoint() {
    let mut aws = Caller::with_group("3", |_| {});
    let before = aws.group();
    let shard = [("ReplicationGroupId", "orders"), ("NodeGroupId", "0001")];
    aws.ask("TestFailover", &shard).unwrap();
    aws.pass(1);
    let during = aws.group();
    assert_eq!(one(&during, "Status"), "modifying");
    aws.pass(10);
    let after = aws.group();
    assert_eq!(all(&after, "CurrentRole"), ["replica", "primary", "replica"]);
    assert_eq!(one(&before, "PrimaryEndpoint"), one(&after, "PrimaryEndpoint"));
    let text = "Failover from primary node orders-001 to replica node orders-002 completed";
    assert!(aws.events().contains(&text.to_owned()));
    let wrong = [("ReplicationGroupId", "orders"), ("NodeGroupId", "0002")];
    assert_eq!(aws.code("TestFailover", &wrong), "NodeGroupNotFoundFault");
}

#[test]
fn a_deleted_group_leaves_its_final_snapshot() {
    for shows in [true, false] {
        let mut aws =
            Caller::with_group("2", |it| it.switches.final_snapshot_shows_snapshotting = shows);
        let last = [("ReplicationGroupId", "orders"), ("FinalSnapshotIdentifier", "last")];
        aws.ask("DeleteReplicationGroup", &last).unwrap();
        assert_eq!(aws.status(), if shows { "snapshotting" } else { "deleting" });
        assert_eq!(aws.code("DeleteReplicationGroup", &last), "InvalidReplicationGroupState");
        aws.pass(4);
        assert_eq!(aws.status(), "deleting");
        aws.pass(5);
        assert_eq!(
            aws.code("DescribeReplicationGroups", &[("ReplicationGroupId", "orders")]),
            "ReplicationGroupNotFoundFault"
        );
        let kept = aws.ask("DescribeSnapshots", &[("SnapshotName", "last")]).unwrap();
        assert_eq!(one(&kept, "SnapshotStatus"), "available");
        aws.create("orders", "2", &[]).unwrap();
        aws.pass(10);
        assert_eq!(aws.code("DeleteReplicationGroup", &last), "SnapshotAlreadyExistsFault");
    }
}

#[test]
fn a_retained_primary_stands_alone() {
    let mut aws = Caller::with_group("2", |_| {});
    let retain = [("ReplicationGroupId", "orders"), ("RetainPrimaryCluster", "true")];
    aws.ask("DeleteReplicationGroup", &retain).unwrap();
    aws.pass(6);
    assert!(!aws.ask("DescribeReplicationGroups", &[]).unwrap().contains("orders"));
    let alone = [("ShowCacheClustersNotInReplicationGroups", "true")];
    let clusters = aws.ask("DescribeCacheClusters", &alone).unwrap();
    assert_eq!(all(&clusters, "CacheClusterId"), ["orders-001"]);
    assert!(!clusters.contains("<ReplicationGroupId>"));
    aws.ask("DeleteCacheCluster", &[("CacheClusterId", "orders-001")]).unwrap();
    aws.pass(6);
    assert_eq!(
        aws.code("DescribeCacheClusters", &[("CacheClusterId", "orders-001")]),
        "CacheClusterNotFound"
    );
}

#[test]
fn groups_come_in_pages() {
    let mut aws = Caller::new(|_| {});
    for number in 0..25 {
        aws.create(&format!("g{number:02}"), "1", &[]).unwrap();
    }
    let first = aws.ask("DescribeReplicationGroups", &[("MaxRecords", "20")]).unwrap();
    let marker = one(&first, "Marker");
    assert_eq!(all(&first, "ReplicationGroupId").len(), 20);
    let next = [("MaxRecords", "20"), ("Marker", marker.as_str())];
    let second = aws.ask("DescribeReplicationGroups", &next).unwrap();
    assert_eq!(all(&second, "ReplicationGroupId").len(), 5);
    assert!(second.contains("<Marker></Marker>"), "the last marker is empty, not absent");
    assert_eq!(
        aws.code("DescribeReplicationGroups", &[("MaxRecords", "19")]),
        "InvalidParameterValue"
    );
}

#[test]
fn faults_befall_calls_before_or_after_their_effect() {
    let mut aws = Caller::new(|_| {});
    let plan = |aws: &Caller, fault: Fault| {
        aws.world.with(|state| state.faults.add(Rule::operation("CreateReplicationGroup", fault)));
    };
    plan(&aws, Fault::Broken(Side::BeforeEffect));
    assert_eq!(aws.create("orders", "1", &[]).unwrap_err().status, 500);
    plan(&aws, Fault::Throttled);
    assert_eq!(aws.create("orders", "1", &[]).unwrap_err().code, "Throttling");
    plan(&aws, Fault::Denied);
    assert_eq!(aws.create("orders", "1", &[]).unwrap_err().status, 403);
    plan(&aws, Fault::Broken(Side::AfterEffect));
    assert_eq!(aws.create("orders", "1", &[]).unwrap_err().status, 500);
    assert_eq!(aws.create("orders", "1", &[]).unwrap_err().code, "ReplicationGroupAlreadyExists");
    assert_eq!(aws.world.calls_to("CreateReplicationGroup"), 4, "one never reached AWS");
}

#[test]
fn tags_are_kept_and_found() {
    let mut aws = Caller::with_group("1", |it| it.switches.tags_make_busy = true);
    let arn = "arn:aws:elasticache:us-east-1:123456789012:replicationgroup:orders";
    let add = [
        ("ResourceName", arn),
        ("Tags.Tag.1.Key", "cachewarden:owner"),
        ("Tags.Tag.1.Value", "a/b"),
        ("Tags.Tag.2.Key", "other"),
        ("Tags.Tag.2.Value", ""),
    ];
    let answer = aws.ask("AddTagsToResource", &add).unwrap();
    assert_eq!(all(&answer, "Key"), ["cachewarden:owner", "other"]);
    assert_eq!(aws.status(), "modifying");
    aws.pass(1);
    let remove = [("ResourceName", arn), ("TagKeys.member.1", "other")];
    let answer = aws.ask("RemoveTagsFromResource", &remove).unwrap();
    assert_eq!(all(&answer, "Value"), ["a/b"]);
}
