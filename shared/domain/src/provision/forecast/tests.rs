//! What is foretold, in its words; and that a forecast ends where the plan has no more to ask for.

use super::super::Deletion;
use super::super::farewell::Farewell;
use super::super::name;
use super::super::parse::tests::owner;
use super::super::plan::tests::{Scene, at};
use super::*;

const NOW: &str = "2026-01-02T03:00:00Z";

fn foretold(scene: &Scene) -> Forecast {
    forecast(&scene.wanted, &scene.seen, at(NOW))
}

#[track_caller]
fn check(forecast: &Forecast, expected: &[&str], end: &str) {
    let told: Vec<String> =
        forecast.changes.iter().map(|it| format!("{} ({})", it.what, it.effect)).collect();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\ndoes not start with\n{expected}");
    }
    let ends = match &forecast.end {
        End::Settled => "Settled".to_owned(),
        End::Refused(refusal) => format!("Refused: {refusal}"),
        End::Waits(wait) => format!("Waits: {}", wait.on),
        End::Endless => "Endless".to_owned(),
    };
    assert!(ends.starts_with(end), "{ends}");
}

#[test]
fn a_cache_that_is_to_be_made_is_told_step_by_step() {
    let scene = Scene::stated(&[("RedisNumCacheNodes", "2")]).bare();
    let told = foretold(&scene);
    check(
        &told,
        &[
            "make the subnet group orders-redis-production of subnet-0a, subnet-0b (in place)",
            "make the parameter group orders-redis-production-redis7 of the family redis7",
            "set maxmemory-policy=allkeys-lru in orders-redis-production-redis7",
            "make the secret orders-redis-auth-token-production with a new token",
            "make the replication group orders-redis-production: 2 x cache.t4g.micro, Redis 7.1",
            "have the token rotated every 30 days",
            "make or put right 5 alarms: orders-redis-production/cpu, ",
        ],
        "Settled",
    );
    assert!(told.changes.iter().all(|it| it.deletes.is_none()), "{told:#?}");
    assert_eq!(told.minutes(), 5..=18);
}

#[test]
fn what_stands_as_stated_needs_nothing() {
    check(&foretold(&Scene::stated(&[])), &[], "Settled");
}

#[test]
fn changes_are_told_in_their_order_with_what_they_cost_clients() {
    let scene = Scene::stated(&[
        ("RedisNodeType", "cache.m7g.large"),
        ("RedisNumCacheNodes", "1"),
        ("EnableMultiAz", "false"),
        ("SnapshotRetentionLimit", "3"),
        ("EnableAlarms", "false"),
    ]);
    let mut scene = scene.of(3, "cache.t4g.micro", "7.1.0");
    scene.seen.group.iter_mut().for_each(|it| it.snapshot_retention_days = 7);
    let told = foretold(&scene);
    check(
        &told,
        &[
            "turn Multi-AZ and automatic failover off (in place)",
            "change the node type from cache.t4g.micro to cache.m7g.large (in place, brief interruption)",
            "set the retention of automatic snapshots from 7 days to 3 days",
            "remove replicas, down to 0",
            "take tags off the replication group: cachewarden:asked",
            "delete 5 alarms",
        ],
        "Settled",
    );
    assert_eq!(told.interruptions(), 1);
    let deletes: Vec<_> = told.changes.iter().filter_map(|it| it.deletes.as_deref()).collect();
    assert_eq!(deletes[0], "2 of 2 replicas, and the connections to them");
    assert!(deletes[1].starts_with("the alarms orders-redis-production/"), "{deletes:?}");
}

#[test]
fn another_way_to_keep_snapshots_is_told_with_what_becomes_of_those_that_are_there() {
    #[track_caller]
    fn told(now: (&str, &str), before: &str, expected: &str) {
        let scene = Scene::stated(&[now]).group(|it| {
            let tags = it.tags.get_or_insert_default();
            tags.insert(crate::tag::SNAPSHOT_KEEP.to_owned(), before.to_owned());
        });
        let words: Vec<_> = foretold(&scene).changes.into_iter().map(|it| it.what).collect();
        let tags = words.iter().find(|it| it.contains("cachewarden:snapshot-keep=")).unwrap();
        assert!(tags.ends_with(expected), "{tags}");
    }
    let tiers = ("SnapshotTiers", "hourly=24,daily=7");
    let by_tiers = "cachewarden:snapshot-keep=hourly=24 daily=7; snapshots are";
    told(
        tiers,
        "7",
        &format!(
            "{by_tiers} kept by hourly=24 daily=7 in place of the newest 7, and those that are there by no tier go only after 2 were taken by the tiers"
        ),
    );
    told(tiers, "0", &format!("{by_tiers} taken and kept by hourly=24 daily=7"));
    told(
        tiers,
        "daily=30",
        &format!(
            "{by_tiers} kept by hourly=24 daily=7 in place of daily=30, and the next prune deletes what no tier keeps"
        ),
    );
    told(
        ("SnapshotKeep", "3"),
        "daily=30",
        "=3; the newest 3 snapshots are kept in place of daily=30, and what the tiers took goes only after 3 were taken by number",
    );
    told(
        ("SnapshotKeep", "0"),
        "daily=30",
        "=0; no snapshots are taken any more, and those that are there stay",
    );
    told(("SnapshotKeep", "3"), "7", "cachewarden:snapshot-keep=3");
}

#[test]
fn what_would_be_refused_is_told_with_its_reason() {
    let scene = Scene::stated(&[("EnableEncryptionAtRest", "false")]);
    let scene = scene.group(|it| it.at_rest_encryption = true);
    check(&foretold(&scene), &[], "Refused: EnableEncryptionAtRest is true on the running cache");
    let busy = Scene::stated(&[]).in_state("modifying");
    check(&foretold(&busy), &[], "Waits: ");
}

/// From every one of these caches to every other.
#[test]
fn every_forecast_ends_and_leaves_nothing_to_do() {
    const SHARDED: (&str, &str) = ("ClusterMode", "enabled");
    const STATED: [&[(&str, &str)]; 15] = [
        &[],
        &[("RedisNumCacheNodes", "1")],
        &[("RedisNumCacheNodes", "6"), ("RedisNodeType", "cache.r7g.xlarge")],
        &[("EnableMultiAz", "false"), ("MaxmemoryPolicy", "noeviction")],
        &[("EnableAlarms", "false"), ("RotationDays", "0"), ("SnapshotKeep", "3")],
        &[("SnapshotRetentionLimit", "0"), ("MaintenanceWindow", "mon:02:00-mon:03:00")],
        &[("SecurityGroupIds", "sg-0b,sg-0c"), ("PrivateSubnetIds", "subnet-0c,subnet-0d")],
        &[("RedisEngineVersion", "6.2"), ("AutoMinorVersionUpgrade", "false")],
        &[("Engine", "valkey"), ("Parameters", "timeout=60,activedefrag=yes")],
        &[("EnableEncryptionInTransit", "false")],
        &[("EnableAuthToken", "false"), ("SlowLog", "cloudwatch-logs:/orders/slow")],
        &[("NotificationTopicArn", "arn:aws:sns:eu-west-1:123456789012:events")],
        &[("DeletionPolicy", "Retain"), ("DeletionProtection", "true"), ("Tags", "team=shop")],
        &[SHARDED, ("NumNodeGroups", "3"), ("ReplicasPerNodeGroup", "0")],
        &[
            SHARDED,
            ("NumNodeGroups", "7"),
            ("ReplicasPerNodeGroup", "2"),
            ("RedisNodeType", "cache.m7g.large"),
        ],
    ];
    let mut refused = Vec::new();
    for from in STATED {
        let made = foretold(&Scene::stated(from).bare());
        assert_eq!(made.end, End::Settled, "{from:?}: {made:#?}");
        for to in STATED {
            let mut scene = Scene::stated(to);
            scene.seen = made.seen.clone();
            let told = foretold(&scene);
            match &told.end {
                End::Settled => {}
                // An older version, the older engine, and a cache without the token that it has.
                End::Refused(Refusal::Downgrade { .. } | Refusal::Immutable(_)) => {
                    refused.push((from, to));
                    continue;
                }
                other @ (End::Refused(_) | End::Waits(_) | End::Endless) => {
                    panic!("{from:?} to {to:?}: {other:?}")
                }
            }
            assert_eq!(told.changes.is_empty(), from == to, "{from:?} to {to:?}: {told:#?}");
            scene.seen = told.seen;
            check(&foretold(&scene), &[], "Settled");
        }
    }
    // Eleven to the older version, twelve from Valkey, from each of the other ten to the two without a token, and from thirteen
    // without shards to two with them, and back.
    assert_eq!(refused.len(), 11 + 12 + 20 + 2 * 13 * 2, "{refused:#?}");
}

#[test]
fn shards_are_told_with_what_goes() {
    let made = |over: &[(&str, &str)]| {
        let over = [&[("ClusterMode", "enabled")], over].concat();
        foretold(&Scene::stated(&over).bare())
    };
    let two = [("NumNodeGroups", "2"), ("ReplicasPerNodeGroup", "0")];
    let first = made(&two);
    let told: Vec<&str> = first.changes.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(
        told[2],
        "set cluster-enabled=yes, maxmemory-policy=allkeys-lru in orders-redis-production-redis7"
    );
    assert_eq!(
        told[4],
        "make the replication group orders-redis-production: 2 shards of 1 x cache.t4g.micro, Redis 7.1"
    );
    let wide = [("ClusterMode", "enabled"), ("NumNodeGroups", "3"), ("ReplicasPerNodeGroup", "1")];
    let mut scene = Scene::stated(&wide);
    scene.seen = first.seen;
    let out = foretold(&scene);
    check(
        &out,
        &[
            "spread the keys over 3 shards in the place of 2 (in place)",
            "add replicas, up to 1 in each shard (in place)",
            "turn automatic failover and Multi-AZ on",
            "take tags off the replication group: cachewarden:asked",
            "make or put right 5 alarms",
        ],
        "Settled",
    );
    let one = [("ClusterMode", "enabled"), ("NumNodeGroups", "1"), ("ReplicasPerNodeGroup", "0")];
    scene = Scene::stated(&one);
    scene.seen = out.seen;
    let back = foretold(&scene);
    check(
        &back,
        &[
            "turn automatic failover on, and Multi-AZ off",
            "spread the keys over 1 shard in the place of 3; whether they fit, no metric tells",
            "remove replicas, down to 0 in each shard",
            "take tags off",
            "make or put right 5 alarms",
        ],
        "Settled",
    );
    let deletes: Vec<_> = back.changes.iter().filter_map(|it| it.deletes.as_deref()).collect();
    assert_eq!(
        deletes,
        [
            "the shards 0002, 0003, 4 nodes, when their keys have moved",
            "1 of 1 replicas, and the connections to them"
        ]
    );
}

fn farewell(deletion: &[(&str, &'static str)]) -> Farewell {
    let scene = Scene::stated(&[]);
    let text = |name: &str| deletion.iter().find(|it| it.0 == name).map(|it| it.1);
    Farewell {
        last: name::final_snapshot(&scene.wanted.spec.id, "plan").unwrap(),
        group: scene.wanted.spec.id,
        owner: owner(),
        stated: Deletion::lenient(text),
        is_rollback: false,
        is_copy: false,
        group_is_foreign: false,
    }
}

#[test]
fn a_deletion_is_told_with_all_that_goes() {
    let seen = Scene::stated(&[]).seen;
    let around = seen.around.clone().unwrap();
    let seen = Seen { around: None, ..seen };
    let ends = |deletion: &[(&str, &'static str)]| {
        forecast_end(&farewell(deletion), &seen, &around, at(NOW))
    };
    let told = ends(&[]);
    check(
        &told,
        &[
            "take a last snapshot of orders-redis-production-001, and see that it is whole",
            "delete the replication group orders-redis-production (the end of the cache)",
            "delete 5 alarms",
            "delete the parameter group orders-redis-production-redis7",
            "delete the subnet group orders-redis-production",
            "send the secret arn:aws:secretsmanager:",
        ],
        "Settled",
    );
    assert_eq!(told.seen.group, None);
    let told = ends(&[("DeletionPolicy", "Delete")]);
    assert!(told.changes[0].what.starts_with("delete the replication group"), "{told:#?}");
    let told = ends(&[("DeletionPolicy", "Retain")]);
    check(
        &told,
        &["write on the replication group whose it was", "take the owner's tag off"],
        "Settled",
    );
    assert!(told.seen.group.is_some());
    check(&ends(&[("DeletionProtection", "true")]), &[], "Refused: the replication group");
}
