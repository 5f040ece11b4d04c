//! Parameter groups, and when the nodes that use them follow.

use super::{Caller, all, one};

const MINE: (&str, &str) = ("CacheParameterGroupName", "mine");
const NODE: (&str, &str) = ("CacheNodeIdsToReboot.CacheNodeId.1", "0001");

fn with_parameters(fixed: bool) -> Caller {
    let mut aws = Caller::new(|it| it.switches.static_parameters_fixed = fixed);
    let made = [MINE, ("CacheParameterGroupFamily", "redis7"), ("Description", "of orders")];
    aws.ask("CreateCacheParameterGroup", &made).unwrap();
    aws.create("orders", "2", &[MINE]).unwrap();
    aws.pass(10);
    aws
}

fn set(aws: &mut Caller, name: &str, value: &str) -> Result<String, crate::Refusal> {
    let pair = [
        MINE,
        ("ParameterNameValues.ParameterNameValue.1.ParameterName", name),
        ("ParameterNameValues.ParameterNameValue.1.ParameterValue", value),
    ];
    aws.ask("ModifyCacheParameterGroup", &pair)
}

fn applies(aws: &mut Caller, member: &str) -> (String, Vec<String>) {
    let found = one(&aws.member(member), "CacheParameterGroup");
    (one(&found, "ParameterApplyStatus"), all(&found, "CacheNodeId"))
}

#[test]
fn most_parameters_change_at_once() {
    let mut aws = with_parameters(false);
    set(&mut aws, "maxmemory-policy", "allkeys-lru").unwrap();
    assert_eq!(aws.status(), "available");
    assert_eq!(applies(&mut aws, "orders-002").0, "applying");
    aws.pass(1);
    assert_eq!(applies(&mut aws, "orders-002"), ("in-sync".to_owned(), Vec::new()));
    assert!(aws.events().contains(&"Parameters of mine were applied".to_owned()));
}

#[test]
fn some_parameters_wait_for_a_reboot_of_each_node() {
    let mut aws = with_parameters(false);
    set(&mut aws, "databases", "32").unwrap();
    aws.pass(1);
    let waits = ("pending-reboot".to_owned(), vec!["0001".to_owned()]);
    assert_eq!(applies(&mut aws, "orders-001"), waits);
    assert_eq!(applies(&mut aws, "orders-002"), waits);
    assert_eq!(one(&aws.member("orders-001"), "ParameterGroupStatus"), "pending-reboot");
    let second = [("CacheClusterId", "orders-002"), NODE];
    aws.ask("RebootCacheCluster", &second).unwrap();
    aws.pass(2);
    assert_eq!(applies(&mut aws, "orders-002").0, "in-sync");
    assert_eq!(applies(&mut aws, "orders-001"), waits);
    // A server that takes the place of the old one has started with them too.
    aws.modify(&[("CacheNodeType", "cache.t4g.small"), ("ApplyImmediately", "true")]).unwrap();
    aws.pass(25);
    assert_eq!(applies(&mut aws, "orders-001").0, "in-sync");
    aws.ask("ResetCacheParameterGroup", &[MINE, ("ResetAllParameters", "true")]).unwrap();
    aws.pass(1);
    assert_eq!(applies(&mut aws, "orders-001"), waits);
}

#[test]
fn another_parameter_group_waits_for_a_reboot_where_it_differs_in_that() {
    let mut aws = with_parameters(false);
    aws.modify(&[("CacheParameterGroupName", "default.redis7")]).unwrap();
    assert_eq!(applies(&mut aws, "orders-001").0, "applying");
    aws.pass(1);
    assert_eq!(applies(&mut aws, "orders-001").0, "in-sync");
    set(&mut aws, "databases", "32").unwrap();
    aws.pass(1);
    assert_eq!(applies(&mut aws, "orders-001").0, "in-sync", "nobody uses it now");
    let second = [("CacheClusterId", "orders-002"), MINE];
    aws.ask("ModifyCacheCluster", &second).unwrap();
    aws.pass(1);
    assert_eq!(applies(&mut aws, "orders-001").0, "in-sync");
    assert_eq!(applies(&mut aws, "orders-002").0, "pending-reboot");
    assert_eq!(one(&aws.member("orders-002"), "CacheParameterGroupName"), "mine");
    assert_eq!(
        aws.code("DeleteCacheParameterGroup", &[MINE]),
        "InvalidCacheParameterGroupState",
        "one member uses it"
    );
}

#[test]
fn a_member_with_parameters_of_its_own_has_its_own_room() {
    let mut aws = with_parameters(false);
    set(&mut aws, "reserved-memory-percent", "50").unwrap();
    aws.modify(&[("CacheParameterGroupName", "default.redis7")]).unwrap();
    aws.pass(1);
    aws.ask("ModifyCacheCluster", &[("CacheClusterId", "orders-002"), MINE]).unwrap();
    let nodes = aws.world.with(|state| state.nodes());
    let room: Vec<_> = nodes.iter().map(|it| it.maxmemory).collect();
    assert_eq!(room, [536_870_912 / 4 * 3, 536_870_912 / 2]);
}

#[test]
fn what_waits_for_a_reboot_may_be_fixed_where_a_cluster_has_it() {
    let mut aws = with_parameters(true);
    let refused = set(&mut aws, "databases", "32").unwrap_err();
    assert_eq!(refused.code, "InvalidParameterValue");
    set(&mut aws, "timeout", "60").unwrap();
    aws.pass(1);
    assert_eq!(applies(&mut aws, "orders-001").0, "in-sync");
    let other = ("CacheParameterGroupName", "other");
    let made = [other, ("CacheParameterGroupFamily", "redis7"), ("Description", "x")];
    aws.ask("CreateCacheParameterGroup", &made).unwrap();
    let pair = [
        other,
        ("ParameterNameValues.ParameterNameValue.1.ParameterName", "databases"),
        ("ParameterNameValues.ParameterNameValue.1.ParameterValue", "32"),
    ];
    aws.ask("ModifyCacheParameterGroup", &pair).unwrap();
    let refused = aws.modify(&[other]).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    assert!(refused.message.starts_with("The parameter databases has a different value"));
    let second = [("CacheClusterId", "orders-002"), other];
    assert_eq!(aws.code("ModifyCacheCluster", &second), "InvalidParameterCombination");
}

#[test]
fn parameters_are_those_of_the_family() {
    let mut aws = with_parameters(false);
    let refused = set(&mut aws, "hash-max-ziplist-entries", "100").unwrap_err();
    assert_eq!(
        refused.message,
        "Could not find parameter with name: hash-max-ziplist-entries and family redis7."
    );
    let refused = set(&mut aws, "appendonly", "yes").unwrap_err();
    assert_eq!(refused.message, "The parameter appendonly cannot be modified.");
    let fixed = [
        MINE,
        ("ParameterNameValues.ParameterNameValue.1.ParameterName", "maxclients"),
        ("ParameterNameValues.ParameterNameValue.1.ParameterValue", ""),
    ];
    assert_eq!(aws.code("ResetCacheParameterGroup", &fixed), "InvalidParameterValue");
    assert_eq!(
        aws.code("DescribeCacheParameters", &[MINE, ("Source", "me")]),
        "InvalidParameterValue"
    );
    set(&mut aws, "notify-keyspace-events", "Ex").unwrap();
    let mine = aws.ask("DescribeCacheParameters", &[MINE, ("Source", "user")]).unwrap();
    assert_eq!(all(&mine, "ParameterName"), ["notify-keyspace-events"]);
    assert_eq!(one(&mine, "ParameterValue"), "Ex");
    let system = aws.ask("DescribeCacheParameters", &[MINE, ("Source", "system")]).unwrap();
    assert!(all(&system, "ParameterName").contains(&"appendonly".to_owned()));
}
