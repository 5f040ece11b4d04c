//! What runs: newer versions, and Valkey in the place of Redis.

use std::time::Duration;

use domain::GroupView;
use platform::Secrets;

use super::stack::{GROUP, SECRET, Stack, properties};

#[tokio::test(start_paused = true)]
async fn a_cache_goes_from_redis_to_valkey_in_place() {
    let stack = Stack::new().await;
    let before = properties(&[]);
    stack.create(&before).await;
    let token = Secrets::new(&stack.scene.aws).token(SECRET).await.unwrap();
    let now = properties(&[("Engine", "valkey"), ("RedisEngineVersion", "8.0")]);
    let answer = stack.update(&before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(info.starts_with("ElastiCache for Valkey 8.0.1"), "{info}");
    let cost = answer["Data"]["EstimatedMonthlyCost"].as_str().unwrap();
    assert!(cost.contains("2 x cache.t4g.micro $18.69"), "{cost}");
    let runs = |engine: &str, version: &str, group: &GroupView| {
        assert_eq!(group.engine.as_deref(), Some(engine));
        for member in &group.members {
            assert_eq!((member.engine.as_str(), member.engine_version.as_str()), (engine, version));
            let parameters = member.parameter_group.as_deref().unwrap();
            assert_eq!(parameters, format!("{GROUP}-{engine}8"));
        }
    };
    runs("valkey", "8.0.1", &stack.group().await.unwrap());
    // The parameter group of the old family is gone, and the token is what it was.
    let expected = ["group available", "subnet group", "parameter group", "5 alarms", "secret"];
    assert_eq!(stack.left().await, expected);
    for node in stack.scene.world.with(|it| it.nodes()) {
        assert!(node.access.admits(Some(token.expose())) && !node.access.admits(None));
    }
    // The rollback right after, as when another resource of the stack failed, keeps what there is no way back from.
    let answer = stack.update(&now, &before).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(info.ends_with("in place of the stated Redis 7.1"), "{info}");
    runs("valkey", "8.0.1", &stack.group().await.unwrap());
    // Days later nobody can mean that.
    stack.scene.pass(Duration::from_hours(48)).await;
    assert_eq!(stack.update(&before, &now).await["Status"], "SUCCESS");
    let calls = stack.effects_of("ModifyReplicationGroup");
    let answer = stack.update(&now, &before).await;
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("Engine redis would take the place of valkey 8.0.1"), "{reason}");
    assert_eq!(stack.effects_of("ModifyReplicationGroup"), calls);
}

#[tokio::test(start_paused = true)]
async fn a_parameter_group_that_others_use_outlives_an_upgrade() {
    let stack = Stack::new().await;
    let before = properties(&[("RedisEngineVersion", "6.2")]);
    stack.create(&before).await;
    let old = format!("{GROUP}-redis6-x");
    let create = [
        ("ReplicationGroupId", "restored"),
        ("ReplicationGroupDescription", "restored from a snapshot of it"),
        ("CacheNodeType", "cache.t4g.micro"),
        ("NumCacheClusters", "1"),
        ("EngineVersion", "6.2"),
        ("CacheParameterGroupName", &old),
    ];
    stack.by_hand("CreateReplicationGroup", &create);
    stack.scene.pass(Duration::from_mins(10)).await;
    let answer = stack.update(&before, &properties(&[])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let names: Vec<String> = stack.scene.world.with(|it| {
        let groups = it.elasticache.parameter_groups.keys();
        groups.filter(|it| it.starts_with(GROUP)).cloned().collect()
    });
    assert_eq!(names, [old, format!("{GROUP}-redis7")]);
}
