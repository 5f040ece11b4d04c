//! A cache with cluster mode enabled: its shards, their replicas and what watches them.

use std::time::Duration;

use domain::alarm::Watch;
use domain::shard;
use domain::{Catalog, GroupId, GroupView, NodeType};
use platform::Alarms;
use serde_json::{Value, json};

use super::refusal::assert_failed;
use super::stack::{GROUP, Stack, properties};

/// Properties of a cache with so many shards.
pub(super) fn sharded(shards: u32, replicas: u32, over: &[(&str, &str)]) -> Value {
    let mut stated = properties(over);
    stated["RedisNumCacheNodes"] = json!("");
    stated["ClusterMode"] = json!("enabled");
    stated["NumNodeGroups"] = json!(shards.to_string());
    stated["ReplicasPerNodeGroup"] = json!(replicas.to_string());
    stated
}

/// The shards with the number of their members, once all slots are somewhere.
fn shards_of(group: &GroupView) -> Vec<(&str, usize)> {
    assert_eq!(shard::incomplete(&group.shards), None);
    group.shards.iter().map(|it| (it.id.as_str(), it.members.len())).collect()
}

/// The alarms by name, each with the number of members that it watches.
async fn watched(stack: &Stack) -> Vec<(String, usize)> {
    let id = GroupId::parse(GROUP).unwrap();
    let alarms = Alarms::new(&stack.scene.aws).of(&id).await.unwrap();
    let mut watched: Vec<_> = alarms.into_iter().map(|it| (it.name, it.members.len())).collect();
    watched.sort();
    watched
}

#[tokio::test(start_paused = true)]
async fn a_stack_gets_the_shards_that_it_states() {
    let stack = Stack::new().await;
    let stated = sharded(3, 1, &[]);
    let answer = stack.create(&stated).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let made = stack.changes();
    assert!(made.len() <= 12, "{made:?}");
    let group = stack.group().await.unwrap();
    assert_eq!(shards_of(&group), [("0001", 2), ("0002", 2), ("0003", 2)]);
    // Whoever asks for one of the two addresses of a cache without shards gets the one that there is.
    let data = &answer["Data"];
    let endpoint = data["RedisEndpoint"].as_str().unwrap();
    assert!(endpoint.starts_with("clustercfg."), "{endpoint}");
    assert_eq!(data["RedisReaderEndpoint"], data["RedisEndpoint"]);
    assert_eq!(data["RedisPort"], "6379");
    assert_eq!(data["RedisConnectionString"], format!("rediss://{endpoint}:6379"));
    let info = data["DeploymentInfo"].as_str().unwrap();
    let expected = "ElastiCache for Redis 7.1.0, 3 shards of 2 x cache.t4g.micro, Multi-AZ with failover, TLS and AUTH token, encrypted at rest, daily snapshots kept 7 days";
    assert_eq!(info, expected);
    let cost = data["EstimatedMonthlyCost"].as_str().unwrap();
    assert!(cost.contains("6 x cache.t4g.micro $70.08"), "{cost}");
    assert!(cost.contains("30 alarm metrics"), "{cost}");
    assert!(cost.contains("of 1.5 GiB at most"), "{cost}");
    stack.watches(&["0001-001", "0001-002", "0002-001", "0002-002", "0003-001", "0003-002"]).await;
    assert_eq!(stack.update(&stated, &stated).await["Status"], "SUCCESS");
    assert_eq!(stack.changes(), ["StartExecution"]);
    // Nothing is lost with it: the last snapshot is of all shards.
    assert_eq!(stack.delete(GROUP, &stated).await["Status"], "SUCCESS");
    let saved: Vec<usize> = stack.scene.world.with(|it| {
        let snapshots = it.elasticache.snapshots.values();
        snapshots.map(|it| it.source.shards.as_ref().map_or(0, |it| it.all.len())).collect()
    });
    assert_eq!(saved, [3]);
    assert_eq!(stack.left().await, ["secret on its way out"]);
}

#[tokio::test(start_paused = true)]
async fn shards_and_replicas_come_before_nodes_get_smaller_and_go_after_they_got_larger() {
    let stack = Stack::new().await;
    let small = sharded(2, 0, &[("RedisNodeType", "cache.t4g.small")]);
    assert_eq!(stack.create(&small).await["Status"], "SUCCESS");
    let each = |names: &[(&str, usize)]| -> Vec<(String, usize)> {
        // All of its node types have two vCPUs.
        let small = NodeType::parse("cache.t4g.small").unwrap();
        let watches = Watch::of(Catalog::embedded().find(&small));
        let all = watches.into_iter().flat_map(|watch| {
            let name = move |suffix: &str| format!("{GROUP}/{}{suffix}", watch.suffix());
            names.iter().map(move |(suffix, members)| (name(suffix), *members))
        });
        let mut all: Vec<_> = all.collect();
        all.sort();
        all
    };
    assert_eq!(watched(&stack).await, each(&[("", 2)]));
    let sizes = [RESHARD, "IncreaseReplicaCount", "DecreaseReplicaCount", "ModifyReplicationGroup"];
    let changes = || {
        let all = stack.changes().into_iter();
        all.filter(|it| sizes.contains(&it.as_str())).collect::<Vec<_>>()
    };
    changes();
    // More members than one alarm takes are watched by several.
    let wide = sharded(4, 2, &[("RedisNodeType", "cache.t4g.micro")]);
    let answer = stack.update(&small, &wide).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let out = [sizes[0], sizes[1], sizes[3], sizes[3]];
    assert_eq!(changes(), out, "shards, their replicas, Multi-AZ, and then smaller nodes");
    let group = stack.group().await.unwrap();
    assert_eq!(shards_of(&group), [("0001", 3), ("0002", 3), ("0003", 3), ("0004", 3)]);
    assert_eq!(watched(&stack).await, each(&[("", 10), ("-2", 2)]));
    let answer = stack.update(&wide, &small).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let back = [sizes[3], sizes[3], sizes[0], sizes[2]];
    assert_eq!(changes(), back, "Multi-AZ off, larger nodes, and then fewer shards and replicas");
    let group = stack.group().await.unwrap();
    assert_eq!(shards_of(&group), [("0001", 1), ("0002", 1)]);
    assert_eq!(group.node_type.unwrap().as_str(), "cache.t4g.small");
    assert_eq!(watched(&stack).await, each(&[("", 2)]), "none is left behind");
}

/// The keys take so many MiB, and the metrics have told for a while.
async fn fill(stack: &Stack, mebibytes: u64) {
    stack.scene.world.with(|it| {
        it.elasticache.groups.get_mut(GROUP).unwrap().bytes_used = mebibytes << 20;
    });
    stack.scene.pass(Duration::from_mins(10)).await;
}

const RESHARD: &str = "ModifyReplicationGroupShardConfiguration";

#[tokio::test(start_paused = true)]
async fn keys_that_do_not_fit_into_fewer_shards_are_told_before_any_moves() {
    let stack = Stack::new().await;
    let three = sharded(3, 1, &[]);
    assert_eq!(stack.create(&three).await["Status"], "SUCCESS");
    fill(&stack, 800).await;
    let two = sharded(2, 1, &[]);
    let answer = stack.update(&three, &two).await;
    assert_failed(&answer, "NumNodeGroups 2 of cache.t4g.micro has room for 768.0 MiB");
    assert_eq!(stack.effects_of(RESHARD), 0);
    assert_eq!(stack.update(&two, &three).await["Status"], "SUCCESS");
    // Larger nodes come first, and then they fit.
    let larger = sharded(2, 1, &[("RedisNodeType", "cache.t4g.small")]);
    let answer = stack.update(&three, &larger).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let group = stack.group().await.unwrap();
    assert_eq!(shards_of(&group), [("0001", 2), ("0002", 2)]);
    let kept = stack.scene.world.with(|it| it.elasticache.groups[GROUP].bytes_used);
    assert_eq!(kept, 800 << 20, "no key was lost on the way");
}

#[tokio::test(start_paused = true)]
async fn shards_that_elasticache_puts_back_are_told_with_its_words() {
    let stack = Stack::new().await;
    let two = sharded(2, 1, &[]);
    assert_eq!(stack.create(&two).await["Status"], "SUCCESS");
    stack.scene.world.with(|it| it.faults.rollbacks = 9);
    let three = sharded(3, 1, &[]);
    let answer = stack.update(&two, &three).await;
    assert_failed(
        &answer,
        "the change of shards to 3 did not take, it is 2 still: its events say: ",
    );
    assert_failed(&answer, "Failed to change the number of node groups");
    stack.scene.world.with(|it| it.faults.clear());
    let group = stack.group().await.unwrap();
    assert_eq!(shards_of(&group), [("0001", 2), ("0002", 2)]);
    let resharded = stack.effects_of(RESHARD);
    assert_eq!(stack.update(&three, &two).await["Status"], "SUCCESS");
    assert_eq!(stack.effects_of(RESHARD), resharded);
}

#[tokio::test(start_paused = true)]
async fn what_would_become_of_shards_is_told_beforehand() {
    let stack = Stack::new().await;
    let three = sharded(3, 1, &[]);
    assert_eq!(stack.create(&three).await["Status"], "SUCCESS");
    stack.changes();
    let plan =
        |now: &Value| stack.invoke(json!({ "action": "plan", "properties": now, "before": three }));
    let told = plan(&sharded(2, 1, &[])).await;
    let what = told["changes"][0]["what"].as_str().unwrap();
    assert!(what.contains("whether they fit, no metric tells"), "it is new: {what}");
    fill(&stack, 300).await;
    let told = plan(&sharded(2, 1, &[])).await;
    assert_eq!(told["status"], "settled", "{told:#}");
    assert_eq!(told["changes"][0]["what"], "spread the keys over 2 shards in the place of 3");
    assert_eq!(told["deletes"][0], "the shard 0003, 2 nodes, when their keys have moved");
    let cost = |at: &str| told["monthlyCost"][at].as_str().unwrap().to_owned();
    assert!(cost("before").contains("6 x cache.t4g.micro"), "{}", cost("before"));
    assert!(cost("after").contains("4 x cache.t4g.micro"), "{}", cost("after"));
    fill(&stack, 800).await;
    let told = plan(&sharded(2, 1, &[])).await;
    assert_eq!(told["status"], "refused", "{told:#}");
    assert_eq!(stack.changes(), Vec::<String>::new(), "a plan changes nothing");
}

#[tokio::test(start_paused = true)]
async fn a_cache_keeps_its_cluster_mode() {
    let stack = Stack::new().await;
    let single = properties(&[]);
    assert_eq!(stack.create(&single).await["Status"], "SUCCESS");
    stack.changes();
    let spread = sharded(2, 1, &[("Replacement", "refuse")]);
    let answer = stack.update(&single, &spread).await;
    assert_failed(
        &answer,
        "ClusterMode is disabled on the running cache and enabled in the template",
    );
    assert_failed(&answer, "restore a snapshot into that");
    assert_eq!(stack.update(&spread, &single).await["Status"], "SUCCESS");
    assert_eq!(stack.changes(), ["StartExecution", "StartExecution"]);
    assert_failed(
        &stack
            .update(&single, &properties(&[("NumNodeGroups", "2"), ("ClusterMode", "compatible")]))
            .await,
        "ClusterMode: compatible is a step on the way",
    );
}

#[tokio::test(start_paused = true)]
async fn shards_that_somebody_else_changed_are_left_until_the_stack_changes_them() {
    let stack = Stack::new().await;
    let before = sharded(2, 1, &[]);
    assert_eq!(stack.create(&before).await["Status"], "SUCCESS");
    let one = "ReplicaConfiguration.ConfigureShard.1";
    let (id, count) = (format!("{one}.NodeGroupId"), format!("{one}.NewReplicaCount"));
    let grown =
        [("ReplicationGroupId", GROUP), ("ApplyImmediately", "true"), (&id, "0002"), (&count, "3")];
    stack.by_hand("IncreaseReplicaCount", &grown);
    stack.scene.pass(Duration::from_mins(10)).await;
    let more_days = sharded(2, 1, &[("SnapshotRetentionLimit", "3")]);
    let answer = stack.update(&before, &more_days).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(info.contains("2 shards of together 6 x cache.t4g.micro"), "{info}");
    assert!(info.ends_with("in place of the stated 2 shards of 2"), "{info}");
    assert_eq!(shards_of(&stack.group().await.unwrap()), [("0001", 2), ("0002", 4)]);
    // Some have more than stated, and some fewer.
    let even = sharded(2, 2, &[("SnapshotRetentionLimit", "3")]);
    let answer = stack.update(&more_days, &even).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(shards_of(&stack.group().await.unwrap()), [("0001", 3), ("0002", 3)]);
}

#[tokio::test(start_paused = true)]
async fn shards_run_a_newer_version_and_keep_their_mode() {
    let stack = Stack::new().await;
    let before = sharded(2, 1, &[("RedisEngineVersion", "6.2")]);
    assert_eq!(stack.create(&before).await["Status"], "SUCCESS");
    let answer = stack.update(&before, &sharded(2, 1, &[("Engine", "valkey")])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let group = stack.group().await.unwrap();
    assert!(group.cluster_enabled);
    assert_eq!(group.engine.as_deref(), Some("valkey"));
    assert_eq!(shards_of(&group), [("0001", 2), ("0002", 2)]);
}

#[tokio::test(start_paused = true)]
async fn tls_comes_to_shards_in_place_and_their_address_with_it() {
    let stack = Stack::new().await;
    let plain = sharded(2, 1, &[("EnableEncryptionInTransit", "false")]);
    let answer = stack.create(&plain).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let address =
        |answer: &Value| answer["Data"]["RedisConnectionString"].as_str().unwrap().to_owned();
    assert!(address(&answer).contains(".clustercfg."), "{}", address(&answer));
    let answer = stack.update(&plain, &sharded(2, 1, &[])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert!(address(&answer).starts_with("rediss://clustercfg."), "{}", address(&answer));
    assert!(stack.group().await.unwrap().auth_token_enabled);
}

#[tokio::test(start_paused = true)]
async fn more_nodes_than_the_quota_has_are_told_with_what_to_do() {
    let stack = Stack::new().await;
    let answer = stack.create(&sharded(91, 0, &[])).await;
    assert_failed(&answer, "QuotaExceeded");
    assert_failed(&answer, "AWS raises this quota on request");
    assert_eq!(stack.delete(GROUP, &sharded(91, 0, &[])).await["Status"], "SUCCESS");
    assert_eq!(stack.left().await, ["secret on its way out"]);
}
