//! Whose ids are whose, how much there may be, and what carries tags.

use super::{Caller, all, one};
use crate::settings::Quotas;

const ORDERS: (&str, &str) = ("ReplicationGroupId", "orders");
const NOW: (&str, &str) = ("ApplyImmediately", "true");

fn ids(aws: &mut Caller) -> Vec<String> {
    all(&aws.group(), "ClusterId")
}

/// `orders-001` stands alone, and its group is gone.
fn with_retained(refused: bool) -> Caller {
    let mut aws = Caller::with_group("2", |it| it.switches.taken_members_refused = refused);
    aws.ask("DeleteReplicationGroup", &[ORDERS, ("RetainPrimaryCluster", "true")]).unwrap();
    aws.pass(6);
    aws
}

#[test]
fn a_replica_is_told_nothing_but_its_zone() {
    let mut aws = Caller::with_group("2", |_| {});
    let extra = [("CacheClusterId", "Extra"), ORDERS];
    for (parameter, value) in [
        ("CacheNodeType", "cache.t4g.micro"),
        ("Engine", "redis"),
        ("NumCacheNodes", "1"),
        ("SecurityGroupIds.SecurityGroupId.1", "sg-0a"),
        ("SnapshotRetentionLimit", "1"),
        ("AuthToken", "first-token-0000"),
    ] {
        let asked = [extra[0], extra[1], (parameter, value)];
        let refused = aws.ask("CreateCacheCluster", &asked).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterCombination", "{parameter}");
        assert_eq!(
            refused.message,
            "Cannot specify additional cache cluster parameters when creating a replica cluster"
        );
    }
    let zone = |it| [extra[0], extra[1], ("PreferredAvailabilityZone", it)];
    assert_eq!(aws.code("CreateCacheCluster", &zone("us-east-1z")), "InvalidParameterValue");
    aws.ask("CreateCacheCluster", &zone("us-east-1c")).unwrap();
    aws.pass(10);
    assert_eq!(ids(&mut aws), ["extra", "orders-001", "orders-002"]);
    assert_eq!(one(&aws.member("extra"), "PreferredAvailabilityZone"), "us-east-1c");
    let long = [("CacheClusterId", "a-name-that-is-longer-than-that-of-a-group-may-be"), ORDERS];
    aws.ask("CreateCacheCluster", &long).unwrap();
}

#[test]
fn the_last_replica_of_a_group_that_fails_over_stays() {
    let mut aws = Caller::with_group("2", |_| {});
    let last = [("CacheClusterId", "orders-002")];
    let refused = aws.ask("DeleteCacheCluster", &last).unwrap_err();
    assert_eq!(refused.code, "InvalidCacheClusterState");
    assert!(refused.message.contains("the only read replica for replication group orders"));
    aws.modify(&[("AutomaticFailoverEnabled", "false")]).unwrap();
    aws.pass(1);
    aws.ask("DeleteCacheCluster", &last).unwrap();
    aws.pass(5);
    assert_eq!(ids(&mut aws), ["orders-001"]);
}

#[test]
fn an_id_that_any_cluster_has_is_taken() {
    let mut aws = Caller::with_group("2", |_| {});
    aws.create("sales", "1", &[]).unwrap();
    aws.pass(10);
    let into_sales = |it| [("CacheClusterId", it), ("ReplicationGroupId", "sales")];
    let join = |aws: &mut Caller, it| aws.code("CreateCacheCluster", &into_sales(it));
    assert_eq!(join(&mut aws, "orders-002"), "CacheClusterAlreadyExists");
    aws.ask("CreateCacheCluster", &into_sales("orders-003")).unwrap();
    assert_eq!(join(&mut aws, "orders-003"), "InvalidReplicationGroupState");
    aws.pass(10);
    assert_eq!(join(&mut aws, "orders-003"), "CacheClusterAlreadyExists");
    // Its own group passes over what another one has.
    aws.ask("IncreaseReplicaCount", &[ORDERS, ("NewReplicaCount", "2"), NOW]).unwrap();
    aws.pass(10);
    assert_eq!(ids(&mut aws), ["orders-001", "orders-002", "orders-004"]);
    // Once it is gone, its id is free.
    aws.ask("DeleteCacheCluster", &[("CacheClusterId", "orders-003")]).unwrap();
    aws.pass(5);
    aws.ask("IncreaseReplicaCount", &[ORDERS, ("NewReplicaCount", "3"), NOW]).unwrap();
    aws.pass(10);
    assert!(ids(&mut aws).contains(&"orders-003".to_owned()));
}

#[test]
fn a_cluster_that_stands_alone_keeps_its_id() {
    let mut aws = with_retained(true);
    let refused = aws.create("orders", "2", &[]).unwrap_err();
    assert_eq!(refused.code, "CacheClusterAlreadyExists");
    aws.ask("DeleteCacheCluster", &[("CacheClusterId", "orders-001")]).unwrap();
    aws.pass(6);
    aws.create("orders", "2", &[]).unwrap();
    let mut aws = with_retained(false);
    aws.create("orders", "2", &[]).unwrap();
    aws.pass(10);
    assert_eq!(ids(&mut aws), ["orders-002", "orders-003"]);
    aws.ask("IncreaseReplicaCount", &[ORDERS, ("NewReplicaCount", "2"), NOW]).unwrap();
    aws.pass(10);
    assert_eq!(ids(&mut aws), ["orders-002", "orders-003", "orders-004"]);
    let alone = [("ShowCacheClustersNotInReplicationGroups", "true")];
    let alone = aws.ask("DescribeCacheClusters", &alone).unwrap();
    assert_eq!(all(&alone, "CacheClusterId"), ["orders-001"]);
}

#[test]
fn nodes_have_a_quota() {
    let mut aws = Caller::with_group("2", |it| it.quotas.nodes = Some(4));
    let refused = aws.create("sales", "3", &[]).unwrap_err();
    assert_eq!(refused.code, "NodeQuotaForCustomerExceeded");
    assert_eq!(
        refused.message,
        "Customer node quota exceeded. You can have at most 4 nodes in this region."
    );
    let to = |it| [ORDERS, ("NewReplicaCount", it), NOW];
    assert_eq!(aws.code("IncreaseReplicaCount", &to("4")), "NodeQuotaForCustomerExceeded");
    aws.ask("IncreaseReplicaCount", &to("3")).unwrap();
    aws.pass(10);
    let extra = [("CacheClusterId", "extra"), ORDERS];
    assert_eq!(aws.code("CreateCacheCluster", &extra), "NodeQuotaForCustomerExceeded");
    aws.world.with(|state| state.settings.quotas.nodes = None);
    aws.ask("CreateCacheCluster", &extra).unwrap();
    aws.pass(10);
    aws.world.with(|state| state.settings.switches.cluster_quota = Some(5));
    let refused = aws.create("sales", "1", &[]).unwrap_err();
    assert_eq!(refused.code, "ClusterQuotaForCustomerExceeded");
}

#[test]
fn parameter_and_subnet_groups_have_quotas() {
    let mut aws = Caller::new(|it| {
        it.quotas = Quotas { parameter_groups: Some(1), subnet_groups: Some(1), ..it.quotas };
    });
    let mut make = |name| {
        let parameters = [
            ("CacheParameterGroupName", name),
            ("CacheParameterGroupFamily", "redis7"),
            ("Description", "x"),
        ];
        let subnets = [
            ("CacheSubnetGroupName", name),
            ("CacheSubnetGroupDescription", "x"),
            ("SubnetIds.SubnetIdentifier.1", "subnet-0a"),
        ];
        let made = aws.ask("CreateCacheParameterGroup", &parameters);
        (made, aws.ask("CreateCacheSubnetGroup", &subnets))
    };
    let (parameters, subnets) = make("one");
    assert!(parameters.is_ok() && subnets.is_ok());
    let (parameters, subnets) = make("two");
    assert_eq!(parameters.unwrap_err().code, "CacheParameterGroupQuotaExceeded");
    assert_eq!(subnets.unwrap_err().code, "CacheSubnetGroupQuotaExceeded");
}

#[test]
fn a_tag_that_is_not_there_may_not_be_taken_off() {
    let resource =
        ("ResourceName", "arn:aws:elasticache:us-east-1:123456789012:replicationgroup:orders");
    let add = [resource, ("Tags.Tag.1.Key", "team"), ("Tags.Tag.1.Value", "orders")];
    let remove = [resource, ("TagKeys.member.1", "team"), ("TagKeys.member.2", "none")];
    for (fails, left) in [(true, vec!["team"]), (false, Vec::new())] {
        let mut aws = Caller::with_group("1", |it| it.switches.missing_tags_fail = fails);
        aws.ask("AddTagsToResource", &add).unwrap();
        let refused = aws.ask("RemoveTagsFromResource", &remove);
        assert_eq!(refused.is_err(), fails);
        if let Err(refusal) = refused {
            assert_eq!((refusal.status, refusal.code.as_str()), (404, "TagNotFound"));
        }
        let tags = aws.ask("ListTagsForResource", &[resource]).unwrap();
        assert_eq!(all(&tags, "Key"), left);
        assert_eq!(aws.code("RemoveTagsFromResource", &[resource]), "InvalidParameterValue");
    }
}
