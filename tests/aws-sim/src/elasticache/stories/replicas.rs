//! Replicas come and go.

use super::{Caller, all, one};
use crate::fault::Shortage;

const ORDERS: (&str, &str) = ("ReplicationGroupId", "orders");
const NOW: (&str, &str) = ("ApplyImmediately", "true");

#[test]
fn replicas_are_added_and_removed_over_minutes() {
    let mut aws = Caller::with_group("2", |_| {});
    let three = [ORDERS, ("NewReplicaCount", "2"), NOW];
    let answer = aws.ask("IncreaseReplicaCount", &three).unwrap();
    assert_eq!(all(&answer, "ClusterId").len(), 3);
    assert_eq!(one(&aws.member("orders-003"), "CacheClusterStatus"), "creating");
    assert_eq!(all(&aws.group(), "CurrentRole").len(), 2, "no role before it is there");
    aws.pass(10);
    assert_eq!(all(&aws.group(), "CurrentRole"), ["primary", "replica", "replica"]);
    let refused = aws.ask("IncreaseReplicaCount", &three).unwrap_err();
    assert_eq!(refused.code, "NoOperationFault");
    assert_eq!(
        refused.message,
        "Requested new replica count already matches current number of replicas."
    );
    let named = [ORDERS, ("ReplicasToRemove.member.1", "orders-002"), NOW];
    aws.ask("DecreaseReplicaCount", &named).unwrap();
    assert_eq!(one(&aws.member("orders-002"), "CacheClusterStatus"), "deleting");
    aws.pass(4);
    assert_eq!(all(&aws.group(), "ClusterId"), ["orders-001", "orders-003"]);
}

#[test]
fn replica_rules_have_their_words() {
    let mut aws = Caller::with_group("2", |_| {});
    let none = [ORDERS, ("NewReplicaCount", "0"), NOW];
    assert_eq!(
        aws.ask("DecreaseReplicaCount", &none).unwrap_err().message,
        "Must have at least 1 replica when cluster mode is disabled with auto failover enabled."
    );
    let primary = [ORDERS, ("ReplicasToRemove.member.1", "orders-001"), NOW];
    assert_eq!(aws.code("DecreaseReplicaCount", &primary), "InvalidParameterValue");
    assert_eq!(aws.code("IncreaseReplicaCount", &none), "InvalidParameterValue");
    let many = [ORDERS, ("NewReplicaCount", "6"), NOW];
    assert_eq!(aws.code("IncreaseReplicaCount", &many), "InvalidParameterValue");
    let later = [ORDERS, ("NewReplicaCount", "3"), ("ApplyImmediately", "false")];
    assert_eq!(aws.code("IncreaseReplicaCount", &later), "InvalidParameterValue");
    aws.modify(&[("AutomaticFailoverEnabled", "false")]).unwrap();
    aws.pass(1);
    aws.ask("DecreaseReplicaCount", &none).unwrap();
    aws.pass(4);
    let refused = aws.modify(&[("AutomaticFailoverEnabled", "true")]).unwrap_err();
    assert_eq!(
        refused.message,
        "Replication group must have at least one read replica to enable autofailover."
    );
}

#[test]
fn numbers_of_members_are_not_stable() {
    for (reused, next) in [(true, "orders-002"), (false, "orders-004")] {
        let mut aws = Caller::with_group("3", |it| it.switches.numbers_reused = reused);
        let named = [ORDERS, ("ReplicasToRemove.member.1", "orders-002"), NOW];
        aws.ask("DecreaseReplicaCount", &named).unwrap();
        aws.pass(4);
        aws.ask("IncreaseReplicaCount", &[ORDERS, ("NewReplicaCount", "2"), NOW]).unwrap();
        aws.pass(10);
        assert!(all(&aws.group(), "ClusterId").contains(&next.to_owned()));
    }
}

#[test]
fn a_want_of_capacity_leaves_the_replicas_as_they_were() {
    let mut aws = Caller::with_group("2", |_| {});
    let three = [ORDERS, ("NewReplicaCount", "2"), NOW];
    let short = |aws: &Caller, when| {
        let named = "cache.t4g.micro".to_owned();
        aws.world.with(|state| state.faults.shortages.insert(named, when));
    };
    short(&aws, Shortage::AtOnce);
    assert_eq!(aws.code("IncreaseReplicaCount", &three), "InsufficientCacheClusterCapacity");
    short(&aws, Shortage::Later);
    aws.ask("IncreaseReplicaCount", &three).unwrap();
    aws.pass(10);
    let group = aws.group();
    assert_eq!(one(&group, "Status"), "available");
    assert_eq!(all(&group, "ClusterId").len(), 2);
    assert!(aws.events().iter().any(|it| it.contains("Insufficient capacity")));
}

#[test]
fn allowed_node_types_are_listed_in_any_state() {
    let mut aws = Caller::new(|_| {});
    aws.create("orders", "1", &[]).unwrap();
    let answer = aws.ask("ListAllowedNodeTypeModifications", &[ORDERS]).unwrap();
    let up = all(&one(&answer, "ScaleUpModifications"), "member");
    assert!(up.contains(&"cache.t4g.small".to_owned()) && up.is_sorted());
    let member = [("CacheClusterId", "orders-001")];
    assert!(aws.ask("ListAllowedNodeTypeModifications", &member).is_ok());
    aws.pass(8);
    let wrong = [("CacheNodeType", "cache.r6gd.xlarge"), NOW];
    assert_eq!(aws.modify(&wrong).unwrap_err().code, "InvalidParameterValue");
}
