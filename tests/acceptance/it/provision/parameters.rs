//! Parameters of the engine, from a stack to the nodes and back.

use std::collections::BTreeMap;

use platform::ElastiCache;
use serde_json::json;

use super::refusal::assert_failed;
use super::stack::{Stack, properties};

const FAMILY_GROUP: &str = "orders-redis-production-redis7";

impl Stack {
    /// What is set in the parameter group, beside the policy that every cache has.
    fn set(&self) -> BTreeMap<String, String> {
        let mut set = self
            .scene
            .world
            .with(|it| it.elasticache.parameter_groups[FAMILY_GROUP].values.clone());
        assert!(set.remove("maxmemory-policy").is_some());
        set
    }
}

fn values(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_stack_gets_the_parameters_that_it_states_and_no_others() {
    let stack = Stack::new().await;
    let mut before = properties(&[]);
    before["Parameters"] =
        json!({ "timeout": "60", "activedefrag": "true", "slowlog-max-len": "256" });
    let answer = stack.create(&before).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let made = values(&[("activedefrag", "yes"), ("slowlog-max-len", "256"), ("timeout", "60")]);
    assert_eq!(stack.set(), made);
    assert_eq!(stack.effects_of("ModifyCacheParameterGroup"), 1, "with the policy in one call");

    let now = properties(&[("Parameters", "timeout=90,slowlog-max-len=256")]);
    let answer = stack.update(&before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.set(), values(&[("slowlog-max-len", "256"), ("timeout", "90")]));
    // And back, as CloudFormation rolls back; then none.
    assert_eq!(stack.update(&now, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.set(), made);
    assert_eq!(stack.update(&before, &properties(&[])).await["Status"], "SUCCESS");
    assert_eq!(stack.set(), BTreeMap::new());
}

#[tokio::test(start_paused = true)]
async fn parameters_that_somebody_changed_are_put_right() {
    let stack = Stack::new().await;
    let before = properties(&[("Parameters", "timeout=60")]);
    stack.create(&before).await;
    let cache = ElastiCache::new(&stack.scene.aws);
    let meddled = values(&[("timeout", "999"), ("lfu-log-factor", "5")]);
    cache.set_parameters(FAMILY_GROUP, &meddled).await.unwrap();
    let now = properties(&[("Parameters", "timeout=60"), ("SnapshotKeep", "9")]);
    let answer = stack.update(&before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.set(), values(&[("timeout", "60")]));
    let group = stack.group().await.unwrap();
    assert!(group.members.iter().all(|it| it.parameter_status == "in-sync"));
}

#[tokio::test(start_paused = true)]
async fn parameters_that_elasticache_would_not_take_are_told_before_anything_is_made() {
    let stack = Stack::new().await;
    let bad = properties(&[("Parameters", "timeout=10,appendonly=yes,hash-max-ziplist-value=9")]);
    let answer = stack.create(&bad).await;
    for mistake in [
        "timeout is \"10\" and takes 0,20-",
        "appendonly cannot be set",
        "hash-max-ziplist-value is not one of them",
        "redis7",
    ] {
        assert_failed(&answer, mistake);
    }
    assert_eq!(stack.left().await, Vec::<String>::new());
    let id = answer["PhysicalResourceId"].as_str().unwrap();
    assert_eq!(stack.delete(id, &bad).await["Status"], "SUCCESS");

    let good = properties(&[("Parameters", "timeout=60")]);
    assert_eq!(stack.create(&good).await["Status"], "SUCCESS");
    let changes = stack.effects_of("ModifyCacheParameterGroup");
    let worse = properties(&[("Parameters", "timeout=10"), ("SnapshotRetentionLimit", "3")]);
    assert_failed(&stack.update(&good, &worse).await, "nothing was changed");
    assert_eq!(stack.update(&worse, &good).await["Status"], "SUCCESS");
    assert_eq!(stack.effects_of("ModifyCacheParameterGroup"), changes);
    assert_eq!(stack.group().await.unwrap().snapshot_retention_days, 7);
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_waits_for_a_reboot_is_told() {
    let stack = Stack::new().await;
    let before = properties(&[]);
    stack.create(&before).await;
    let answer = stack.update(&before, &properties(&[("Parameters", "databases=32")])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    let told = "wait for a reboot of orders-redis-production-001 and orders-redis-production-002";
    assert!(info.contains(told), "{info}");
}

#[tokio::test(start_paused = true)]
async fn parameters_that_only_the_older_family_has_do_not_hold_up_the_way_back() {
    let stack = Stack::new().await;
    let ziplist = ("Parameters", "hash-max-ziplist-value=9,timeout=60");
    let old = properties(&[("RedisEngineVersion", "6.2"), ziplist]);
    assert_eq!(stack.create(&old).await["Status"], "SUCCESS");
    // The newer family does not have it, so the upgrade is refused as long as it is stated.
    let mixed = properties(&[("RedisEngineVersion", "7.1"), ziplist]);
    assert_failed(&stack.update(&old, &mixed).await, "hash-max-ziplist-value is not one of them");
    assert_eq!(stack.update(&mixed, &old).await["Status"], "SUCCESS");
    let new = properties(&[("RedisEngineVersion", "7.1"), ("Parameters", "timeout=60")]);
    assert_eq!(stack.update(&old, &new).await["Status"], "SUCCESS");
    // There is no way back to 6.2, and a rollback that fails would leave the stack stuck.
    let answer = stack.update(&new, &old).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.set(), values(&[("timeout", "60")]));
}
