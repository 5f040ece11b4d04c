//! What a cache is made as and stays: its zones, its addresses, its kind of nodes; and when its token is rotated.

use platform::Secrets;

use super::refusal::assert_failed;
use super::shards::sharded;
use super::stack::{GROUP, SECRET, Stack, properties};

#[tokio::test(start_paused = true)]
async fn nodes_stand_in_the_zones_that_the_stack_prefers() {
    let stack = Stack::new().await;
    let before = properties(&[("PreferredZones", "us-east-1c,us-east-1a")]);
    let answer = stack.create(&before).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let group = stack.group().await.unwrap();
    let zones: Vec<_> = group.members.iter().map(|it| it.zone.clone().unwrap()).collect();
    assert_eq!(zones, ["us-east-1c", "us-east-1a"]);
    // No node moves, and one more finds its place.
    let more =
        properties(&[("PreferredZones", "us-east-1b,us-east-1a"), ("RedisNumCacheNodes", "3")]);
    let answer = stack.update(&before, &more).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let group = stack.group().await.unwrap();
    assert_eq!(group.members.len(), 3);
    assert_eq!(group.members[0].zone.as_deref(), Some("us-east-1c"));
}

#[tokio::test(start_paused = true)]
async fn shards_walk_round_the_zones_that_the_stack_prefers_each_beginning_one_further() {
    let stack = Stack::new().await;
    let zones = ("PreferredZones", "us-east-1c,us-east-1a,us-east-1b");
    let before = sharded(2, 1, &[zones]);
    let answer = stack.create(&before).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let placed = |group: domain::GroupView| -> Vec<String> {
        group.members.iter().map(|it| it.zone.clone().unwrap_or_default()).collect()
    };
    let zones_of_four = ["us-east-1c", "us-east-1a", "us-east-1a", "us-east-1b"];
    assert_eq!(placed(stack.group().await.unwrap()), zones_of_four);
    // No node moves, and one more shard finds its place.
    let answer = stack.update(&before, &sharded(3, 1, &[zones])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let after = placed(stack.group().await.unwrap());
    assert_eq!((&after[..4], after.len()), (&zones_of_four.map(str::to_owned)[..], 6));
}

#[tokio::test(start_paused = true)]
async fn a_cache_keeps_its_network_and_its_names_may_lead_elsewhere() {
    let stack = Stack::new().await;
    let before = properties(&[("NetworkType", "dual_stack")]);
    assert_eq!(stack.create(&before).await["Status"], "SUCCESS");
    let network =
        |group: domain::GroupView| format!("{} by {}", group.network_type, group.ip_discovery);
    assert_eq!(network(stack.group().await.unwrap()), "dual_stack by ipv4");
    let now = properties(&[("NetworkType", "dual_stack"), ("IpDiscovery", "ipv6")]);
    let answer = stack.update(&before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(network(stack.group().await.unwrap()), "dual_stack by ipv6");
    let other = properties(&[("Replacement", "refuse")]);
    assert_failed(
        &stack.update(&now, &other).await,
        "NetworkType is dual_stack on the running cache and ipv4",
    );
    assert_eq!(stack.update(&other, &now).await["Status"], "SUCCESS");
    assert_eq!(network(stack.group().await.unwrap()), "dual_stack by ipv6");
}

#[tokio::test(start_paused = true)]
async fn a_cache_with_cold_keys_on_ssd_stays_in_its_family() {
    let stack = Stack::new().await;
    let tiered = |node_type: &'static str| {
        properties(&[("RedisNodeType", node_type), ("EnableDataTiering", "true")])
    };
    let before = tiered("cache.r6gd.xlarge");
    let answer = stack.create(&before).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert!(stack.group().await.unwrap().data_tiering);
    let larger = tiered("cache.r6gd.2xlarge");
    let answer = stack.update(&before, &larger).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let other = properties(&[("RedisNodeType", "cache.r6g.2xlarge")]);
    assert_failed(
        &stack.update(&larger, &other).await,
        "EnableDataTiering is true on the running cache",
    );
    assert_eq!(stack.update(&other, &larger).await["Status"], "SUCCESS");
    let group = stack.group().await.unwrap();
    assert_eq!(group.node_type.unwrap().as_str(), "cache.r6gd.2xlarge");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_rotated_on_the_schedule_of_the_stack() {
    let stack = Stack::new().await;
    let rotation = async || {
        let secret = Secrets::new(&stack.scene.aws).find(SECRET).await.unwrap().unwrap();
        let rotation = secret.rotation.unwrap();
        (rotation.schedule, rotation.days)
    };
    let before = properties(&[("RotationSchedule", "cron(0 8 1 * ? *)")]);
    let answer = stack.create(&before).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(rotation().await.0.as_deref(), Some("cron(0 8 1 * ? *)"));
    let now = properties(&[("RotationDays", "10")]);
    assert_eq!(stack.update(&before, &now).await["Status"], "SUCCESS");
    assert_eq!(rotation().await, (None, 10));
    assert_eq!(stack.update(&now, &before).await["Status"], "SUCCESS");
    assert_eq!(rotation().await.0.as_deref(), Some("cron(0 8 1 * ? *)"));
    let both = properties(&[("RotationSchedule", "rate(12 hours)"), ("RotationDays", "10")]);
    assert_failed(&stack.update(&before, &both).await, "a secret has one schedule");
    assert_eq!(stack.group().await.unwrap().id.as_str(), GROUP);
}
