//! Groups with cluster mode enabled: how they come, look and go.

mod changes;
mod losses;
mod replicas;
mod resharding;
mod saving;

use super::{Caller, all, one};
use crate::fault::Shortage;
use crate::settings::{DataPlane, Settings};

const ORDERS: (&str, &str) = ("ReplicationGroupId", "orders");
const NOW: (&str, &str) = ("ApplyImmediately", "true");
const ON: (&str, &str) = ("CacheParameterGroupName", "default.redis7.cluster.on");

impl Caller {
    /// Asks for a group with cluster mode enabled.
    fn create_shards(&mut self, more: &[(&str, &str)]) -> Result<String, crate::Refusal> {
        let mut pairs = vec![
            ORDERS,
            ("ReplicationGroupDescription", "for tests"),
            ("CacheNodeType", "cache.t4g.micro"),
            ("Engine", "redis"),
            ("EngineVersion", "7.1"),
            ("TransitEncryptionEnabled", "true"),
            ("AutomaticFailoverEnabled", "true"),
            ON,
        ];
        for it in more {
            pairs.retain(|(name, _)| *name != it.0);
            pairs.push(*it);
        }
        self.ask("CreateReplicationGroup", &pairs)
    }

    /// A caller with a group `orders` of so many shards, each with so many replicas, that is available.
    fn with_shards(shards: &str, replicas: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let mut aws = Self::new(change);
        let asked = [("NumNodeGroups", shards), ("ReplicasPerNodeGroup", replicas)];
        aws.create_shards(&asked).unwrap();
        aws.pass(20);
        assert_eq!(aws.status(), "available");
        aws
    }

    /// The shards, each by its id, its slots and its members.
    fn shards(&mut self) -> Vec<String> {
        let told = |it: &String| {
            let members = all(it, "CacheClusterId").join(" ");
            format!("{} {}: {members}", one(it, "NodeGroupId"), one(it, "Slots"))
        };
        all(&self.group(), "NodeGroup").iter().map(told).collect()
    }

    /// Asks for so many shards.
    fn reshard(&mut self, count: &str, more: &[(&str, &str)]) -> Result<String, crate::Refusal> {
        let pairs = [&[ORDERS, NOW, ("NodeGroupCount", count)], more].concat();
        self.ask("ModifyReplicationGroupShardConfiguration", &pairs)
    }

    /// Makes the data of the group this large.
    fn fill(&self, bytes: u64) {
        self.world.with(|it| it.elasticache.fill("orders", bytes));
    }
}

#[test]
fn shards_are_made_with_their_slots_and_members() {
    let mut aws = Caller::new(|_| {});
    let asked = [("NumNodeGroups", "3"), ("ReplicasPerNodeGroup", "1")];
    let answer = aws.create_shards(&asked).unwrap();
    assert!(!answer.contains("<NodeGroups>") && !answer.contains("<ConfigurationEndpoint>"));
    assert!(!answer.contains("<SnapshottingClusterId>"), "snapshots are of the whole group");
    aws.pass(8);
    assert_eq!(
        aws.shards(),
        [
            "0001 0-5461: orders-0001-001 orders-0001-002",
            "0002 5462-10922: orders-0002-001 orders-0002-002",
            "0003 10923-16383: orders-0003-001 orders-0003-002",
        ]
    );
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "available");
    assert_eq!(one(&group, "ClusterEnabled"), "true");
    assert_eq!(one(&group, "ClusterMode"), "enabled");
    assert_eq!(one(&group, "AutomaticFailover"), "enabled");
    assert_eq!(all(&group, "ClusterId").len(), 6);
    let endpoint = one(&group, "ConfigurationEndpoint");
    assert!(one(&endpoint, "Address").starts_with("clustercfg.orders."), "{endpoint}");
    for only_of_plain in ["PrimaryEndpoint", "ReaderEndpoint", "ReadEndpoint", "CurrentRole"] {
        assert!(!group.contains(only_of_plain), "{only_of_plain}");
    }
    let member = aws.member("orders-0002-001");
    assert_eq!(one(&member, "ReplicationGroupId"), "orders");
    assert_eq!(one(&member, "CacheParameterGroupName"), "default.redis7.cluster.on");
    assert!(one(&member, "CacheNode").contains("orders-0002-001.orders."));
    let zones = all(&one(&group, "NodeGroup"), "PreferredAvailabilityZone");
    assert_ne!(zones[0], zones[1], "a shard is spread over zones");
}

#[test]
fn names_without_encryption_are_others() {
    let mut aws = Caller::new(|_| {});
    let plain = [("TransitEncryptionEnabled", "false"), ("NumNodeGroups", "1")];
    aws.create_shards(&plain).unwrap();
    aws.pass(20);
    let endpoint = one(&aws.group(), "ConfigurationEndpoint");
    let host = one(&endpoint, "Address");
    assert!(host.starts_with("orders.") && host.contains(".clustercfg.use1."), "{host}");
    aws.modify(&[
        NOW,
        ("TransitEncryptionEnabled", "true"),
        ("TransitEncryptionMode", "preferred"),
    ])
    .unwrap();
    aws.pass(20);
    let endpoint = one(&aws.group(), "ConfigurationEndpoint");
    assert!(one(&endpoint, "Address").starts_with("clustercfg.orders."), "{endpoint}");
    assert!(aws.world.with(|it| it.elasticache.access_at(&host).is_some()), "the old one leads on");
}

#[test]
fn shards_can_be_configured_one_by_one() {
    let mut aws = Caller::new(|_| {});
    let first = "NodeGroupConfiguration.NodeGroupConfiguration.1.";
    let second = "NodeGroupConfiguration.NodeGroupConfiguration.2.";
    let pairs = [
        (format!("{first}NodeGroupId"), "7"),
        (format!("{first}Slots"), "0-99"),
        (format!("{first}ReplicaCount"), "2"),
        (format!("{first}PrimaryAvailabilityZone"), "us-east-1c"),
        (format!("{first}ReplicaAvailabilityZones.AvailabilityZone.1"), "us-east-1a"),
        (format!("{first}ReplicaAvailabilityZones.AvailabilityZone.2"), "us-east-1a"),
        (format!("{second}NodeGroupId"), "0012"),
        (format!("{second}Slots"), "100-16383"),
        (format!("{second}ReplicaCount"), "0"),
    ];
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let mut refused = |changed: (&str, &str), code: &str| {
        let mut wrong = pairs.clone();
        wrong.retain(|(name, _)| *name != changed.0);
        wrong.push(changed);
        assert_eq!(aws.create_shards(&wrong).unwrap_err().code, code, "{changed:?}");
    };
    refused((&format!("{second}Slots"), "101-16383"), "InvalidParameterValue");
    refused((&format!("{second}Slots"), "99-16383"), "InvalidParameterValue");
    refused((&format!("{second}Slots"), "all"), "InvalidParameterValue");
    refused((&format!("{second}NodeGroupId"), "7"), "InvalidParameterValue");
    refused((&format!("{second}NodeGroupId"), "seven"), "InvalidParameterValue");
    refused((&format!("{second}ReplicaCount"), "6"), "InvalidParameterValue");
    refused(("NumNodeGroups", "3"), "InvalidParameterCombination");
    refused(("ReplicasPerNodeGroup", "1"), "InvalidParameterCombination");
    refused((&format!("{first}PrimaryAvailabilityZone"), "eu-west-1c"), "InvalidParameterValue");
    aws.create_shards(&pairs).unwrap();
    aws.pass(20);
    assert_eq!(
        aws.shards(),
        [
            "0007 0-99: orders-0007-001 orders-0007-002 orders-0007-003",
            "0012 100-16383: orders-0012-001",
        ]
    );
    let zones = all(&one(&aws.group(), "NodeGroup"), "PreferredAvailabilityZone");
    assert_eq!(zones, ["us-east-1c", "us-east-1a", "us-east-1a"]);
}

#[test]
fn the_parameter_group_decides_on_cluster_mode() {
    let mut aws = Caller::new(|_| {});
    let two = ("NumNodeGroups", "2");
    let own = [
        ("CacheParameterGroupName", "clustered"),
        ("CacheParameterGroupFamily", "redis7"),
        ("Description", "of shards"),
    ];
    aws.ask("CreateCacheParameterGroup", &own).unwrap();
    let refused = aws.create_shards(&[two, own[0]]).unwrap_err();
    assert!(refused.message.contains("cluster-enabled is no"), "{}", refused.message);
    let value = |value| {
        [
            own[0],
            ("ParameterNameValues.ParameterNameValue.1.ParameterName", "cluster-enabled"),
            ("ParameterNameValues.ParameterNameValue.1.ParameterValue", value),
        ]
    };
    aws.ask("ModifyCacheParameterGroup", &value("yes")).unwrap();
    aws.create_shards(&[two, own[0]]).unwrap();
    aws.pass(20);
    assert_eq!(all(&aws.group(), "NodeGroupId"), ["0001", "0002"]);
    assert_eq!(one(&aws.member("orders-0001-001"), "ParameterApplyStatus"), "in-sync");
    assert_eq!(aws.code("ModifyCacheParameterGroup", &value("no")), "InvalidParameterValue");
    let plain = [("CacheParameterGroupName", "default.redis7")];
    assert_eq!(aws.modify(&plain).unwrap_err().code, "InvalidParameterCombination");
    aws.modify(&[ON]).unwrap();
    let defaults = aws.ask("DescribeCacheParameters", &[ON]).unwrap();
    let found = all(&defaults, "Parameter");
    let cluster = found.iter().find(|it| one(it, "ParameterName") == "cluster-enabled").unwrap();
    assert_eq!(
        (one(cluster, "ParameterValue"), one(cluster, "Source")),
        ("yes".into(), "system".into())
    );
}

#[test]
fn what_a_group_with_shards_cannot_be_is_refused() {
    let mut aws = Caller::new(|_| {});
    let mut refused = |more: &[(&str, &str)], code: &str| {
        let got = aws.create_shards(more).expect_err(code);
        assert_eq!(got.code, code, "{more:?} {}", got.message);
        got.message
    };
    let two = ("NumNodeGroups", "2");
    let told =
        refused(&[two, ("AutomaticFailoverEnabled", "false")], "InvalidParameterCombination");
    assert_eq!(
        told,
        "Redis with cluster mode enabled cannot be created with auto failover turned off."
    );
    refused(&[two, ("NumCacheClusters", "2")], "InvalidParameterCombination");
    refused(&[two, ("ReplicasPerNodeGroup", "6")], "InvalidParameterValue");
    refused(&[two, ("MultiAZEnabled", "true")], "InvalidParameterValue");
    refused(&[("NumNodeGroups", "0")], "InvalidParameterValue");
    refused(&[("NumNodeGroups", "91")], "NodeGroupsPerReplicationGroupQuotaExceeded");
    let many = [("NumNodeGroups", "46"), ("ReplicasPerNodeGroup", "1")];
    refused(&many, "NodeQuotaForClusterExceeded");
    refused(&[two, ("ClusterMode", "disabled")], "InvalidParameterCombination");
    refused(&[two, ("ClusterMode", "some")], "InvalidParameterValue");
    let plain = ("CacheParameterGroupName", "default.redis7");
    refused(&[("ClusterMode", "enabled"), plain], "InvalidParameterCombination");
    refused(&[two, plain], "InvalidParameterCombination");
    aws.create_shards(&[("NumNodeGroups", "45"), ("ReplicasPerNodeGroup", "1")]).unwrap();
}

#[test]
fn shards_have_no_real_servers() {
    let mut aws = Caller::new(|it| it.data_plane = DataPlane::Real);
    let refused = aws.create_shards(&[("NumNodeGroups", "2")]).unwrap_err();
    assert!(refused.message.contains("real servers"), "{}", refused.message);
}

#[test]
fn ids_of_shards_and_of_plain_members_do_not_meet() {
    let mut aws = Caller::with_shards("1", "1", |_| {});
    let refused = aws.create("orders-0001", "2", &[]).unwrap_err();
    assert_eq!(refused.code, "CacheClusterAlreadyExists");
    let mut aws = Caller::new(|_| {});
    aws.create("orders-0001", "2", &[]).unwrap();
    let refused = aws.create_shards(&[("NumNodeGroups", "2")]).unwrap_err();
    assert_eq!(refused.code, "CacheClusterAlreadyExists");
}

#[test]
fn shards_that_cannot_be_made_say_why_in_events_only() {
    let mut aws = Caller::new(|_| {});
    let short = |aws: &Caller, when| {
        let named = "cache.t4g.micro".to_owned();
        aws.world.with(|state| state.faults.shortages.insert(named, when));
    };
    short(&aws, Shortage::AtOnce);
    let two = [("NumNodeGroups", "2")];
    assert_eq!(aws.create_shards(&two).unwrap_err().code, "InsufficientCacheClusterCapacity");
    short(&aws, Shortage::Later);
    aws.create_shards(&two).unwrap();
    aws.pass(10);
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "create-failed");
    assert!(!group.contains("<NodeGroups>") && !group.contains("<ConfigurationEndpoint>"));
    assert!(aws.events().iter().any(|it| it.contains("Insufficient capacity")));
    aws.ask("DeleteReplicationGroup", &[ORDERS]).unwrap();
    aws.pass(10);
    assert_eq!(aws.code("DescribeReplicationGroups", &[ORDERS]), "ReplicationGroupNotFoundFault");
}

#[test]
fn only_whole_groups_with_shards_go() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    let member = ("CacheClusterId", "orders-0001-002");
    assert_eq!(aws.code("DeleteCacheCluster", &[member]), "InvalidParameterCombination");
    let reboot = [member, ("CacheNodeIdsToReboot.CacheNodeId.1", "0001")];
    assert_eq!(aws.code("RebootCacheCluster", &reboot), "InvalidCacheClusterState");
    let more = [("CacheClusterId", "extra"), ORDERS];
    assert_eq!(aws.code("CreateCacheCluster", &more), "InvalidParameterCombination");
    let retain = [ORDERS, ("RetainPrimaryCluster", "true")];
    assert_eq!(aws.code("DeleteReplicationGroup", &retain), "InvalidParameterCombination");
    aws.ask("DeleteReplicationGroup", &[ORDERS]).unwrap();
    assert_eq!(one(&one(&aws.group(), "NodeGroup"), "Status"), "deleting");
    aws.pass(5);
    assert_eq!(aws.code("DescribeCacheClusters", &[member]), "CacheClusterNotFound");
}

#[test]
fn data_and_tags_are_those_of_every_member() {
    let aws = Caller::with_shards("2", "1", |_| {});
    aws.fill(1000);
    let nodes = aws.world.with(|it| it.nodes());
    let told: Vec<_> =
        nodes.iter().map(|it| (it.member.as_str(), it.primary, it.bytes_used)).collect();
    assert_eq!(
        told,
        [
            ("orders-0001-001", true, 500),
            ("orders-0001-002", false, 500),
            ("orders-0002-001", true, 500),
            ("orders-0002-002", false, 500),
        ]
    );
    let mut aws = aws;
    let name = "arn:aws:elasticache:us-east-1:123456789012:replicationgroup:orders";
    let tag = [("ResourceName", name), ("Tags.Tag.1.Key", "team"), ("Tags.Tag.1.Value", "orders")];
    aws.ask("AddTagsToResource", &tag).unwrap();
    let member = "arn:aws:elasticache:us-east-1:123456789012:cluster:orders-0002-002";
    let told = aws.ask("ListTagsForResource", &[("ResourceName", member)]).unwrap();
    assert_eq!(one(&told, "Key"), "team");
}
