//! Settings, node types and versions of groups with shards.

use super::super::{Caller, all, one};
use super::NOW;
use crate::elasticache::node_type;

#[test]
fn what_only_plain_groups_have_is_refused_in_the_words_of_aws() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    let mut told = |name, value| {
        let refused = aws.modify(&[NOW, (name, value)]).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterCombination");
        refused.message
    };
    assert_eq!(
        told("AutomaticFailoverEnabled", "false"),
        "Turning off automatic failover for replication group with cluster mode enabled is not supported."
    );
    assert_eq!(
        told("SnapshottingClusterId", "orders-0001-002"),
        "Cannot set snapshotting cluster for cluster mode enabled replication group"
    );
    told("PrimaryClusterId", "orders-0001-002");
    told("ClusterMode", "compatible");
}

#[test]
fn a_node_type_changes_in_all_shards_or_in_none() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    let small = [NOW, ("CacheNodeType", "cache.t4g.small")];
    let types = |aws: &Caller| {
        aws.world.with(|it| it.nodes().iter().map(|it| it.node_type.clone()).collect::<Vec<_>>())
    };
    aws.world.with(|it| it.faults.rollbacks = 1);
    aws.modify(&small).unwrap();
    aws.pass(20);
    assert_eq!(
        (aws.status().as_str(), types(&aws)),
        ("available", vec!["cache.t4g.micro".to_owned(); 4])
    );
    aws.modify(&small).unwrap();
    let pending = one(&aws.member("orders-0002-002"), "PendingModifiedValues");
    assert_eq!(one(&pending, "CacheNodeType"), "cache.t4g.small");
    aws.pass(20);
    assert_eq!(
        (aws.status().as_str(), types(&aws)),
        ("available", vec!["cache.t4g.small".to_owned(); 4])
    );
}

#[test]
fn a_smaller_node_type_must_hold_the_share_of_a_shard() {
    let mut aws = Caller::new(|_| {});
    let two = [("NumNodeGroups", "2"), ("CacheNodeType", "cache.t4g.small")];
    aws.create_shards(&two).unwrap();
    aws.pass(20);
    let micro = node_type::find("cache.t4g.micro").unwrap().maxmemory;
    for (bytes, fits) in [(2 * micro, false), (micro, true)] {
        aws.fill(bytes);
        aws.modify(&[NOW, ("CacheNodeType", "cache.t4g.micro")]).unwrap();
        aws.pass(30);
        let expected = if fits { "cache.t4g.micro" } else { "cache.t4g.small" };
        assert_eq!(one(&aws.group(), "CacheNodeType"), expected, "{bytes}");
    }
}

#[test]
fn an_upgrade_comes_to_every_member_with_its_parameter_group() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    let valkey = [NOW, ("Engine", "valkey"), ("EngineVersion", "8.0")];
    let plain = [valkey[0], valkey[1], valkey[2], ("CacheParameterGroupName", "default.valkey8")];
    assert_eq!(aws.modify(&plain).unwrap_err().code, "InvalidParameterCombination");
    aws.modify(&valkey).unwrap();
    aws.pass(30);
    assert_eq!(aws.status(), "available");
    for id in all(&aws.group(), "ClusterId") {
        let member = aws.member(&id);
        assert_eq!(one(&member, "EngineVersion"), "8.0.1", "{id}");
        assert_eq!(one(&member, "CacheParameterGroupName"), "default.valkey8.cluster.on", "{id}");
    }
    let primaries = aws.world.with(|it| {
        it.nodes().iter().filter(|it| it.primary).map(|it| it.member.clone()).collect::<Vec<_>>()
    });
    assert_eq!(primaries, ["orders-0001-002", "orders-0002-002"], "a replica took over in each");
}
