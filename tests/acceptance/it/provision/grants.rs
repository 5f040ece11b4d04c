//! Every call that `provision` makes, once.

use std::time::Duration;

use aws_sim::fault::Shortage;

use super::shards::sharded;
use super::stack::{GROUP, Stack, properties};

/// Makes a cache, changes all that can be changed, deletes it, brings it back, is overtaken, and finds no capacity.
pub(crate) async fn every_call() {
    let stack = Stack::new().await;
    let first = properties(&[]);
    stack.create(&first).await;
    let mut other = properties(&[
        ("RedisNodeType", "cache.t4g.small"),
        ("RedisNumCacheNodes", "3"),
        ("MaxmemoryPolicy", "volatile-ttl"),
        ("Parameters", "timeout=60"),
        ("SlowLog", "cloudwatch-logs:/orders/slow"),
        ("RotationDays", "0"),
        ("SecretFormat", "json"),
        ("SnapshotRetentionLimit", "3"),
        ("AutoscaleMaxReplicas", "4"),
    ]);
    other["PrivateSubnetIds"] = serde_json::json!(["subnet-0a", "subnet-0c"]);
    assert_eq!(stack.update(&first, &other).await["Status"], "SUCCESS");
    assert_eq!(stack.update(&other, &first).await["Status"], "SUCCESS");
    // Users are looked for before anything is done.
    let users = properties(&[("UserGroupIds", "staff")]);
    assert_eq!(stack.update(&first, &users).await["Status"], "FAILED");
    stack.delete(GROUP, &first).await;
    stack.create(&first).await;
    // Another group takes its place, and that is taken back; what carried the keys over goes when the group goes.
    let moved = properties(&[("EnableEncryptionAtRest", "false"), ("Replacement", "with-data")]);
    let answer = stack.update(&first, &moved).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.delete(GROUP, &first).await["Status"], "SUCCESS");
    let second = answer["PhysicalResourceId"].as_str().unwrap();
    assert_eq!(stack.delete(second, &moved).await["Status"], "SUCCESS");
    stack.create(&first).await;
    // What stays is let go of.
    let kept = properties(&[("DeletionPolicy", "Retain")]);
    assert_eq!(stack.update(&first, &kept).await["Status"], "SUCCESS");
    assert_eq!(stack.delete(GROUP, &kept).await["Status"], "SUCCESS");

    // Under a version that knows no IAM, users are looked at one by one.
    let stack = Stack::new().await;
    let staff = [("UserGroupId", "staff"), ("Engine", "redis"), ("UserIds.member.1", "default")];
    stack.by_hand("CreateUserGroup", &staff);
    stack.scene.pass(Duration::from_mins(5)).await;
    let old = properties(&[("UserGroupIds", "staff"), ("RedisEngineVersion", "6.2")]);
    assert_eq!(stack.create(&old).await["Status"], "SUCCESS");

    // Shards come and go.
    let stack = Stack::new().await;
    let (two, three) = (sharded(2, 0, &[]), sharded(3, 1, &[]));
    assert_eq!(stack.create(&two).await["Status"], "SUCCESS");
    assert_eq!(stack.update(&two, &three).await["Status"], "SUCCESS");
    assert_eq!(stack.update(&three, &two).await["Status"], "SUCCESS");

    // A Delete overtakes a Create.
    let stack = Stack::new().await;
    let create = stack.request("Create", None, &first);
    let delete = stack.request("Delete", Some("orders-Cache-1A2B3C4D5E6F"), &first);
    stack.deliver(&create).await;
    let running = stack.scene.running();
    let overtaken = async {
        stack.scene.pass(Duration::from_secs(30)).await;
        stack.deliver(&delete).await;
        let newer = stack.scene.running().pop().unwrap();
        stack.carry(&newer).await;
    };
    tokio::join!(stack.carry(&running[0]), overtaken);

    // One that could not be made, and is buried.
    let stack = Stack::new().await;
    stack.scene.world.with(|it| {
        it.faults.shortages.insert("cache.t4g.micro".to_owned(), Shortage::Later);
    });
    assert_eq!(stack.create(&first).await["Status"], "FAILED");
    stack.delete(GROUP, &first).await;
}
