//! What is asked of one member: `ModifyCacheCluster` and `RebootCacheCluster`.

use super::{Caller, all, one};
use crate::Effect;

const FIRST: (&str, &str) = ("CacheClusterId", "orders-001");
const SECOND: (&str, &str) = ("CacheClusterId", "orders-002");
const NODE: (&str, &str) = ("CacheNodeIdsToReboot.CacheNodeId.1", "0001");
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:orders";
const OTHER_TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:second";

/// The topics that were told of an event, with its source.
fn told(aws: &Caller, event: &str) -> Vec<(String, String)> {
    let named = format!(r#"{{"ElastiCache:{event}":""#);
    let effects = aws.world.take_effects().into_iter();
    let told = effects.filter_map(|it| {
        let Effect::Publish { topic_arn, message, .. } = it else { return None };
        let source = message.strip_prefix(&named)?.strip_suffix("\"}")?;
        Some((topic_arn, source.to_owned()))
    });
    told.collect()
}

#[test]
fn a_member_may_have_settings_of_its_own() {
    let mut aws = Caller::with_group("2", |_| {});
    let own = [
        SECOND,
        ("PreferredMaintenanceWindow", "mon:01:00-mon:02:00"),
        ("SecurityGroupIds.SecurityGroupId.1", "sg-0b"),
        ("AutoMinorVersionUpgrade", "false"),
        ("NotificationTopicArn", OTHER_TOPIC),
        ("EngineVersion", "7.1.0"),
        ("NumCacheNodes", "1"),
        ("ApplyImmediately", "true"),
    ];
    let answer = aws.ask("ModifyCacheCluster", &own).unwrap();
    assert_eq!(one(&answer, "CacheClusterStatus"), "modifying");
    assert_eq!(aws.status(), "modifying");
    assert_eq!(one(&aws.member("orders-001"), "CacheClusterStatus"), "available");
    assert_eq!(aws.code("ModifyCacheCluster", &own), "InvalidCacheClusterState");
    aws.pass(1);
    assert_eq!(aws.status(), "available");
    let (first, second) = (aws.member("orders-001"), aws.member("orders-002"));
    assert_eq!(one(&second, "PreferredMaintenanceWindow"), "mon:01:00-mon:02:00");
    assert_eq!(one(&first, "PreferredMaintenanceWindow"), "sun:05:00-sun:06:00");
    assert_eq!(all(&second, "SecurityGroupId"), ["sg-0b"]);
    assert_eq!(all(&first, "SecurityGroupId"), [""; 0]);
    assert_eq!(one(&second, "AutoMinorVersionUpgrade"), "false");
    assert_eq!(one(&first, "AutoMinorVersionUpgrade"), "true");
    assert_eq!(one(&second, "TopicArn"), OTHER_TOPIC);
    assert!(!first.contains("TopicArn"));
    let refused = aws.ask("ModifyCacheCluster", &own).unwrap_err();
    assert_eq!(refused.message, "No modifications were requested");
}

#[test]
fn a_change_of_the_group_is_one_of_all_members() {
    let mut aws = Caller::with_group("2", |_| {});
    let window = |it| ("PreferredMaintenanceWindow", it);
    aws.ask("ModifyCacheCluster", &[SECOND, window("mon:01:00-mon:02:00")]).unwrap();
    aws.pass(1);
    // The group's own window is the same as before: what changes is the member's.
    aws.modify(&[window("sun:05:00-sun:06:00")]).unwrap();
    aws.pass(1);
    let found = one(&aws.member("orders-002"), "PreferredMaintenanceWindow");
    assert_eq!(found, "sun:05:00-sun:06:00");
}

#[test]
fn a_member_tells_its_own_topic() {
    let mut aws = Caller::with_group("2", |_| {});
    let topic = |it| ("NotificationTopicArn", it);
    aws.modify(&[topic(TOPIC)]).unwrap();
    aws.pass(1);
    aws.ask("ModifyCacheCluster", &[SECOND, topic(OTHER_TOPIC)]).unwrap();
    aws.pass(1);
    for member in [FIRST, SECOND] {
        aws.ask("RebootCacheCluster", &[member, NODE]).unwrap();
        aws.pass(3);
    }
    let pair = |topic: &str, member: &str| (topic.to_owned(), member.to_owned());
    let expected = [pair(TOPIC, "orders-001"), pair(OTHER_TOPIC, "orders-002")];
    assert_eq!(told(&aws, "CacheNodesRebooted"), expected);
    let silent = [SECOND, ("NotificationTopicStatus", "inactive")];
    aws.ask("ModifyCacheCluster", &silent).unwrap();
    aws.pass(1);
    assert_eq!(one(&aws.member("orders-002"), "TopicStatus"), "inactive");
    aws.ask("RebootCacheCluster", &[SECOND, NODE]).unwrap();
    aws.pass(3);
    assert_eq!(told(&aws, "CacheNodesRebooted"), []);
    aws.ask("ModifyCacheCluster", &[SECOND, topic("")]).unwrap();
    aws.pass(1);
    assert!(!aws.member("orders-002").contains("TopicArn"));
}

#[test]
fn what_all_members_have_alike_is_changed_on_the_group() {
    for code in ["InvalidParameterValue", "InvalidParameterCombination"] {
        let mut aws = Caller::with_group("2", |it| it.switches.not_of_member_code = code);
        for (parameter, value) in [
            ("CacheNodeType", "cache.t4g.small"),
            ("AuthToken", "another-token-0000"),
            ("AuthTokenUpdateStrategy", "ROTATE"),
            ("EngineVersion", "7.0"),
            ("Engine", "valkey"),
            ("SnapshotRetentionLimit", "3"),
            ("SnapshotWindow", "01:00-02:00"),
        ] {
            let refused = aws.ask("ModifyCacheCluster", &[FIRST, (parameter, value)]).unwrap_err();
            assert_eq!(refused.code, code, "{parameter}");
            assert!(refused.message.contains("replication group orders"), "{}", refused.message);
        }
    }
    let mut aws = Caller::with_group("2", |_| {});
    for (parameter, value, code) in [
        ("NumCacheNodes", "2", "InvalidParameterValue"),
        ("AZMode", "cross-az", "InvalidParameterCombination"),
        ("CacheNodeIdsToRemove.CacheNodeId.1", "0001", "InvalidParameterCombination"),
        ("PreferredMaintenanceWindow", "whenever", "InvalidParameterValue"),
        ("NotificationTopicStatus", "active", "InvalidParameterCombination"),
        ("CacheParameterGroupName", "none", "CacheParameterGroupNotFound"),
        ("CacheParameterGroupName", "default.valkey8", "InvalidParameterCombination"),
        ("ApplyImmediately", "true", "InvalidParameterCombination"),
    ] {
        let asked = [FIRST, (parameter, value)];
        assert_eq!(aws.code("ModifyCacheCluster", &asked), code, "{parameter}={value}");
    }
    let nobody = [("CacheClusterId", "orders"), ("AutoMinorVersionUpgrade", "false")];
    assert_eq!(aws.code("ModifyCacheCluster", &nobody), "CacheClusterNotFound");
}

#[test]
fn a_cluster_that_stands_alone_has_its_snapshots_for_itself() {
    let mut aws = Caller::with_group("2", |_| {});
    let retain = [("ReplicationGroupId", "orders"), ("RetainPrimaryCluster", "true")];
    aws.ask("DeleteReplicationGroup", &retain).unwrap();
    aws.pass(6);
    let days = [FIRST, ("SnapshotRetentionLimit", "2"), ("SnapshotWindow", "03:00-04:00")];
    let answer = aws.ask("ModifyCacheCluster", &days).unwrap();
    assert_eq!(one(&answer, "SnapshotRetentionLimit"), "2");
    aws.pass(4 * 60);
    let taken = aws.ask("DescribeSnapshots", &[("SnapshotSource", "system")]).unwrap();
    assert_eq!(all(&taken, "SnapshotName"), ["automatic.orders-001-2026-01-01-03-00"]);
    let larger = [FIRST, ("CacheNodeType", "cache.t4g.small")];
    assert!(aws.ask("ModifyCacheCluster", &larger).unwrap_err().message.contains("stands alone"));
}

#[test]
fn a_node_that_reboots_comes_back_without_data() {
    let mut aws = Caller::with_group("3", |_| {});
    let held = |aws: &Caller| aws.world.with(|state| state.elasticache.groups["orders"].bytes_used);
    let fill = |aws: &Caller| aws.world.with(|state| state.elasticache.fill("orders", 7_000_000));
    let primary = |aws: &mut Caller| {
        let roles = aws.group();
        all(&roles, "CurrentRole").iter().position(|it| it == "primary")
    };
    fill(&aws);
    let answer = aws.ask("RebootCacheCluster", &[SECOND, NODE]).unwrap();
    assert_eq!(one(&answer, "CacheClusterStatus"), "rebooting cluster nodes");
    assert_eq!(one(&aws.member("orders-002"), "CacheNodeStatus"), "rebooting");
    assert_eq!(one(&aws.member("orders-003"), "CacheClusterStatus"), "available");
    assert_eq!(held(&aws), 7_000_000, "a replica gets it back from its primary");
    // Nobody waits for one to reboot another.
    aws.ask("RebootCacheCluster", &[FIRST, NODE]).unwrap();
    assert_eq!(held(&aws), 0, "and the replicas of an empty primary are empty");
    let serving = |aws: &Caller| {
        let nodes = aws.world.with(|state| state.nodes());
        nodes.into_iter().filter(|it| it.serves).map(|it| it.member).collect::<Vec<_>>()
    };
    assert_eq!(serving(&aws), ["orders-003"]);
    aws.pass(2);
    assert_eq!(aws.status(), "available");
    assert_eq!(serving(&aws).len(), 3);
    assert_eq!(primary(&mut aws), Some(0), "it is no failover");
    let events = aws.events();
    for text in ["Cache node 0001 shutdown", "Cache node 0001 restarted"] {
        assert_eq!(events.iter().filter(|it| *it == text).count(), 2, "{text}");
    }
}

#[test]
fn while_a_node_reboots_nothing_else_is_begun() {
    for (busy, shown) in [(true, "modifying"), (false, "available")] {
        let mut aws = Caller::with_group("2", |it| it.switches.reboot_makes_group_busy = busy);
        aws.ask("RebootCacheCluster", &[SECOND, NODE]).unwrap();
        assert_eq!(aws.status(), shown);
        assert_eq!(one(&one(&aws.group(), "NodeGroup"), "Status"), "modifying");
        let refused = aws.modify(&[("CacheNodeType", "cache.t4g.small")]).unwrap_err();
        assert_eq!(refused.code, "InvalidReplicationGroupState");
        let group = [("ReplicationGroupId", "orders")];
        assert_eq!(aws.code("DeleteReplicationGroup", &group), "InvalidReplicationGroupState");
        assert_eq!(aws.code("RebootCacheCluster", &[SECOND, NODE]), "InvalidCacheClusterState");
        let one_more = [FIRST, ("AutoMinorVersionUpgrade", "false")];
        assert_eq!(aws.code("ModifyCacheCluster", &one_more), "InvalidCacheClusterState");
        aws.pass(2);
        assert_eq!(aws.status(), "available");
        aws.modify(&[("CacheNodeType", "cache.t4g.small"), ("ApplyImmediately", "true")]).unwrap();
        assert_eq!(aws.code("RebootCacheCluster", &[SECOND, NODE]), "InvalidCacheClusterState");
        aws.pass(25);
        assert_eq!(one(&aws.member("orders-002"), "CacheNodeType"), "cache.t4g.small");
    }
    let mut aws = Caller::with_group("2", |_| {});
    let strange = ("CacheNodeIdsToReboot.CacheNodeId.1", "0002");
    assert_eq!(aws.code("RebootCacheCluster", &[SECOND, strange]), "InvalidParameterValue");
    assert_eq!(aws.code("RebootCacheCluster", &[SECOND]), "InvalidParameterValue");
    let nobody = [("CacheClusterId", "orders-009"), NODE];
    assert_eq!(aws.code("RebootCacheCluster", &nobody), "CacheClusterNotFound");
}
