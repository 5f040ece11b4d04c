//! What a stack reads.

use super::super::plan::tests::Scene;
use super::*;
use crate::Arn;

fn attributes_of(spec: &GroupSpec, group: &GroupView, secret: Option<&str>) -> Attributes {
    of_group(spec, group, secret, Catalog::embedded(), jiff::civil::date(2026, 11, 29))
}

#[track_caller]
fn check(scene: &Scene, name: &str, expected: &str) {
    let group = scene.seen.group.as_ref().unwrap();
    let attributes =
        attributes_of(&scene.wanted.spec, group, Some("arn:aws:secretsmanager:r:1:secret:s"));
    assert_eq!(attributes[name], expected, "{name}");
}

#[test]
fn snapshots_of_all_tiers_are_in_the_cost() {
    // Seven of ElastiCache's, 24 and 7 of ours, and a day's hourly ones until the next prune.
    let scene = Scene::stated(&[("SnapshotTiers", "hourly=24,daily=7")]);
    let attributes = attributes_of(&scene.wanted.spec, scene.seen.group.as_ref().unwrap(), None);
    let cost = &attributes["EstimatedMonthlyCost"];
    assert!(cost.contains("for 55 snapshots beyond the free one"), "{cost}");
}

#[test]
fn the_seeds_outputs_come_from_what_was_read() {
    let scene = Scene::stated(&[]);
    check(&scene, "RedisEndpoint", "master.orders.cache");
    check(&scene, "RedisReaderEndpoint", "master.orders.cache");
    check(&scene, "RedisPort", "6379");
    check(&scene, "RedisConnectionString", "rediss://master.orders.cache:6379");
    check(&scene, "RedisAuthTokenSecretArn", "arn:aws:secretsmanager:r:1:secret:s");
    check(&scene, "ReplicationGroupId", "orders-redis-production");
    check(
        &scene,
        "EstimatedMonthlyCost",
        "$24.76 a month: 2 x cache.t4g.micro $23.36, secret $0.40, 10 alarm metrics $1.00; up to $0.55 more for 13 snapshots beyond the free one, of 512.0 MiB at most; traffic between zones is $0.01 a GB each way and not in it. On demand in us-east-1, prices of 2026-10-02; eu-west-1 has prices of its own, which NodePrices can state. Under Valkey the nodes cost $18.69",
    );
    check(
        &scene,
        "DeploymentInfo",
        "ElastiCache for Redis 7.1.0, 2 x cache.t4g.micro, Multi-AZ with failover, TLS and AUTH token, encrypted at rest, daily snapshots kept 7 days",
    );
}

#[test]
fn what_the_autoscaler_did_is_told_and_paid_for() {
    let scene = Scene::stated(&[]).of(3, "cache.t4g.small", "7.1.0");
    let group = scene.seen.group.as_ref().unwrap();
    let cost = &attributes_of(&scene.wanted.spec, group, None)["EstimatedMonthlyCost"];
    assert!(
        cost.starts_with("$71.58 a month: 3 x cache.t4g.small $70.08, 15 alarm metrics $1.50;"),
        "{cost}"
    );
    check(
        &scene,
        "DeploymentInfo",
        "ElastiCache for Redis 7.1.0, 3 x cache.t4g.small, Multi-AZ with failover, TLS and AUTH token, encrypted at rest, daily snapshots kept 7 days, autoscaled from cache.t4g.micro, autoscaled from 2 nodes",
    );
}

#[test]
fn what_others_did_to_the_size_is_told_where_the_autoscaler_does_nothing() {
    for mode in ["off", "recommend"] {
        let scene = Scene::stated(&[("AutoscaleMode", mode)]).of(3, "cache.t4g.small", "7.1.0");
        let group = scene.seen.group.as_ref().unwrap();
        let info = &attributes_of(&scene.wanted.spec, group, None)["DeploymentInfo"];
        let end = "changed by others from the stated cache.t4g.micro, changed by others from the stated 2 nodes";
        assert!(info.ends_with(end), "{info}");
    }
}

#[test]
fn a_node_type_beyond_the_ceiling_is_told() {
    let told = |over: &[(&str, &str)], has: &str| {
        let scene = Scene::stated(over).of(2, has, "7.1.0");
        let group = scene.seen.group.as_ref().unwrap();
        attributes_of(&scene.wanted.spec, group, None)["DeploymentInfo"].clone()
    };
    let ceiling = ("AutoscaleMaxNodeType", "cache.t4g.small");
    let info = told(&[ceiling], "cache.t4g.medium");
    let end = "autoscaled from cache.t4g.micro, larger than AutoscaleMaxNodeType cache.t4g.small and left so, since its keys may have no room there";
    assert!(info.ends_with(end), "{info}");
    for (over, has) in [
        (&[ceiling][..], "cache.t4g.small"),
        (&[], "cache.t4g.medium"),
        (&[ceiling, ("AutoscaleMode", "off")], "cache.t4g.medium"),
    ] {
        assert!(!told(over, has).contains("larger than"), "{has} {over:?}");
    }
}

#[test]
fn a_newer_version_than_stated_is_told() {
    let scene = Scene::stated(&[("RedisEngineVersion", "7.0")]);
    let group = scene.seen.group.as_ref().unwrap();
    let info = &attributes_of(&scene.wanted.spec, group, None)["DeploymentInfo"];
    assert!(info.ends_with("newer than the stated 7.0"), "{info}");
}

#[test]
fn valkey_is_told_and_has_its_own_prices() {
    let stated = [("Engine", "valkey"), ("RedisEngineVersion", "8.0")];
    let scene = Scene::stated(&stated).of(2, "cache.t4g.micro", "valkey 8.0.1");
    let group = scene.seen.group.as_ref().unwrap();
    let attributes = attributes_of(&scene.wanted.spec, group, None);
    let (info, cost) = (&attributes["DeploymentInfo"], &attributes["EstimatedMonthlyCost"]);
    assert!(info.starts_with("ElastiCache for Valkey 8.0.1, 2 x cache.t4g.micro"), "{info}");
    assert!(info.ends_with("daily snapshots kept 7 days"), "{info}");
    assert!(
        cost.contains("2 x cache.t4g.micro $18.69") && !cost.contains("Under Valkey"),
        "{cost}"
    );
    let kept = attributes_of(&Scene::stated(&[]).wanted.spec, group, None);
    let info = &kept["DeploymentInfo"];
    assert!(info.ends_with("in place of the stated Redis 7.1"), "{info}");
}

#[test]
fn without_tls_and_reader_the_connection_says_so() {
    let scene =
        Scene::stated(&[("EnableEncryptionInTransit", "false"), ("RedisNumCacheNodes", "1")])
            .of(1, "cache.t4g.micro", "7.1.0")
            .group(|it| it.reader_endpoint = None);
    check(&scene, "RedisConnectionString", "redis://master.orders.cache:6379");
    check(&scene, "RedisReaderEndpoint", "master.orders.cache");
}

#[test]
fn upstash_has_every_attribute_that_a_group_has() {
    let spec = UpstashSpec {
        url: "https://eager-fox-1.upstash.io/".to_owned(),
        secret: Some(Arn::parse("arn:aws:secretsmanager:r:1:secret:upstash").unwrap()),
        physical_id: "upstash:orders-production".to_owned(),
    };
    let attributes = of_upstash(&spec);
    let scene = Scene::stated(&[]);
    let of_group = attributes_of(&scene.wanted.spec, scene.seen.group.as_ref().unwrap(), None);
    assert!(attributes.keys().eq(of_group.keys()));
    assert_eq!(attributes["RedisEndpoint"], "eager-fox-1.upstash.io");
    assert_eq!(attributes["RedisAuthTokenSecretArn"], "arn:aws:secretsmanager:r:1:secret:upstash");
    assert!(attributes["DeploymentInfo"].contains("does not manage it"));
}
