//! Replicas of all shards, and of some.

use super::super::{Caller, all, one};
use super::{NOW, ORDERS};

/// How many replicas each shard has.
fn counts(aws: &mut Caller) -> Vec<usize> {
    let groups = all(&aws.group(), "NodeGroup");
    groups.iter().map(|it| all(it, "CacheClusterId").len() - 1).collect()
}

fn shard<'a>(at: usize, id: &'a str, count: &'a str) -> Vec<(String, &'a str)> {
    let prefix = format!("ReplicaConfiguration.ConfigureShard.{at}");
    vec![(format!("{prefix}.NodeGroupId"), id), (format!("{prefix}.NewReplicaCount"), count)]
}

fn ask(
    aws: &mut Caller,
    operation: &str,
    shards: &[Vec<(String, &str)>],
) -> Result<String, String> {
    let shards = shards.concat();
    let mut pairs = vec![ORDERS, NOW];
    pairs.extend(shards.iter().map(|(name, value)| (name.as_str(), *value)));
    aws.ask(operation, &pairs).map_err(|it| it.code)
}

#[test]
fn all_shards_get_as_many() {
    let mut aws = Caller::with_shards("2", "0", |_| {});
    let to = |count| [ORDERS, NOW, ("NewReplicaCount", count)];
    aws.ask("IncreaseReplicaCount", &to("2")).unwrap();
    assert_eq!(one(&aws.member("orders-0002-003"), "CacheClusterStatus"), "creating");
    aws.pass(10);
    assert_eq!(counts(&mut aws), [2, 2]);
    let mut zones = all(&one(&aws.group(), "NodeGroup"), "PreferredAvailabilityZone");
    zones.sort();
    assert_eq!(zones, ["us-east-1a", "us-east-1b", "us-east-1c"], "a shard is spread over zones");
    let refused = aws.ask("IncreaseReplicaCount", &to("2")).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.message.as_str()),
        (
            "NoOperationFault",
            "Requested new replica count already matches current number of replicas."
        )
    );
    assert_eq!(aws.code("IncreaseReplicaCount", &to("1")), "InvalidParameterValue");
    assert_eq!(aws.code("IncreaseReplicaCount", &to("6")), "InvalidParameterValue");
    assert_eq!(aws.code("DecreaseReplicaCount", &to("3")), "InvalidParameterValue");
    aws.ask("DecreaseReplicaCount", &to("0")).unwrap();
    aws.pass(4);
    assert_eq!(counts(&mut aws), [0, 0], "cluster mode has no floor");
}

#[test]
fn each_shard_may_have_a_number_of_its_own() {
    let mut aws = Caller::with_shards("3", "1", |_| {});
    let more = [shard(1, "1", "3"), shard(2, "0003", "2")];
    ask(&mut aws, "IncreaseReplicaCount", &more).unwrap();
    aws.pass(10);
    assert_eq!(counts(&mut aws), [3, 1, 2]);
    ask(&mut aws, "DecreaseReplicaCount", &[shard(1, "0001", "0"), shard(2, "0002", "1")]).unwrap();
    aws.pass(4);
    assert_eq!(counts(&mut aws), [0, 1, 2]);
    let mut refused = |operation: &str, shards: &[Vec<(String, &str)>], code: &str| {
        assert_eq!(ask(&mut aws, operation, shards), Err(code.to_owned()), "{shards:?}");
    };
    refused("IncreaseReplicaCount", &[shard(1, "0009", "1")], "InvalidParameterValue");
    refused(
        "IncreaseReplicaCount",
        &[shard(1, "0002", "2"), shard(2, "0002", "3")],
        "InvalidParameterValue",
    );
    refused(
        "IncreaseReplicaCount",
        &[shard(1, "0002", "2"), shard(2, "3", "1")],
        "InvalidParameterValue",
    );
    refused("IncreaseReplicaCount", &[shard(1, "0002", "1")], "NoOperationFault");
    refused("IncreaseReplicaCount", &[], "InvalidParameterCombination");
    refused("DecreaseReplicaCount", &[], "InvalidParameterCombination");
    let both = [("NewReplicaCount".to_owned(), "2")];
    refused(
        "IncreaseReplicaCount",
        &[shard(1, "2", "2"), both.to_vec()],
        "InvalidParameterCombination",
    );
}

#[test]
fn replicas_are_named_for_removal_and_primaries_are_not() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    let remove = |id| [ORDERS, NOW, ("ReplicasToRemove.member.1", id)];
    assert_eq!(
        aws.code("DecreaseReplicaCount", &remove("orders-0002-001")),
        "InvalidParameterValue"
    );
    assert_eq!(aws.code("DecreaseReplicaCount", &remove("orders-002")), "InvalidParameterValue");
    aws.ask("DecreaseReplicaCount", &remove("orders-0002-002")).unwrap();
    aws.pass(4);
    assert_eq!(counts(&mut aws), [1, 0]);
    let both = [&remove("orders-0001-002")[..], &[("NewReplicaCount", "0")]].concat();
    assert_eq!(aws.code("DecreaseReplicaCount", &both), "InvalidParameterCombination");
}

#[test]
fn numbers_of_replicas_come_again_or_do_not() {
    for (reused, next) in [(true, "orders-0001-002"), (false, "orders-0001-003")] {
        let mut aws = Caller::with_shards("1", "1", |it| it.switches.numbers_reused = reused);
        let to = |count| [ORDERS, NOW, ("NewReplicaCount", count)];
        aws.ask("DecreaseReplicaCount", &to("0")).unwrap();
        aws.pass(4);
        aws.ask("IncreaseReplicaCount", &to("1")).unwrap();
        aws.pass(10);
        assert_eq!(all(&aws.group(), "ClusterId"), ["orders-0001-001", next]);
    }
}

#[test]
fn with_multi_az_every_shard_keeps_a_replica() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    aws.modify(&[NOW, ("MultiAZEnabled", "true")]).unwrap();
    aws.pass(1);
    let refused = aws.ask("DecreaseReplicaCount", &[ORDERS, NOW, ("NewReplicaCount", "0")]);
    assert_eq!(
        refused.unwrap_err().message,
        "Must have at least 1 replica for Multi-AZ enabled Replication Group"
    );
}
