//! What a stack lives through when all goes well, and when much goes on at once.

use std::time::Duration;

use aws_sim::fault::{Fault, Rule, Side};
use aws_sim::settings::Switches;
use domain::{SnapshotName, Tags, alarm, tag};
use platform::{Alarms, Secrets};
use serde_json::json;

use super::stack::{GROUP, SECRET, Stack, properties, quick};

#[tokio::test(start_paused = true)]
async fn a_stack_gets_the_cache_that_it_states() {
    let stack = Stack::new().await;
    let answer = stack.create(&properties(&[])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(answer["PhysicalResourceId"], GROUP);
    let data = &answer["Data"];
    let group = stack.group().await.unwrap();
    assert_eq!(data["RedisEndpoint"], group.primary_endpoint.as_ref().unwrap().address);
    assert_eq!(data["RedisReaderEndpoint"], group.reader_endpoint.as_ref().unwrap().address);
    assert_eq!(data["RedisPort"], "6379");
    assert_eq!(
        data["RedisConnectionString"],
        format!("rediss://{}", group.primary_endpoint.unwrap())
    );
    assert_eq!(data["ReplicationGroupId"], GROUP);
    assert!(data["EstimatedMonthlyCost"].as_str().unwrap().starts_with("$24.76 a month: 2 x "));
    let secrets = Secrets::new(&stack.scene.aws);
    let secret = secrets.find(SECRET).await.unwrap().unwrap();
    assert_eq!(data["RedisAuthTokenSecretArn"], secret.arn);
    assert_eq!(secret.tags[tag::GROUP], GROUP);
    assert_eq!(secret.rotation.unwrap().days, 30);
    assert_eq!(group.tags.unwrap()[tag::SECRET], secret.arn);
    let left = stack.left().await;
    let expected = ["group available", "subnet group", "parameter group", "5 alarms", "secret"];
    assert_eq!(left, expected);
    // The token in the secret opens every node, and nothing else does.
    let token = secrets.token(SECRET).await.unwrap();
    let nodes = stack.scene.world.with(|it| it.nodes());
    assert_eq!(nodes.len(), 2);
    for node in nodes {
        assert!(node.access.admits(Some(token.expose())) && !node.access.admits(None));
    }
    stack.assert_secrecy().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_twice_starts_nothing_twice() {
    let stack = Stack::new().await;
    let create = stack.request("Create", None, &properties(&[]));
    stack.deliver(&create).await;
    stack.deliver(&create).await;
    stack.settle().await;
    stack.answer(&create);
    // Hours later, once more.
    stack.scene.pass(Duration::from_hours(5)).await;
    stack.deliver(&create).await;
    stack.settle().await;
    assert_eq!(stack.answer(&create)["Status"], "SUCCESS");
    assert_eq!(stack.effects_of("CreateReplicationGroup"), 1);
    assert_eq!(stack.scene.world.with(|it| it.sfn.executions.len()), 1);
}

#[tokio::test(start_paused = true)]
async fn an_update_changes_what_the_stack_changed() {
    let stack = Stack::new().await;
    let before = properties(&[]);
    stack.create(&before).await;
    let now = properties(&[
        ("RedisNodeType", "cache.t4g.small"),
        ("RedisNumCacheNodes", "3"),
        ("SnapshotRetentionLimit", "3"),
        ("MaxmemoryPolicy", "volatile-ttl"),
        ("RotationDays", "10"),
        ("AutoscaleMaxReplicas", "4"),
    ]);
    let answer = stack.update(&before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let group = stack.group().await.unwrap();
    assert!(
        group.members.iter().all(|it| it.node_type.as_ref().unwrap().as_str() == "cache.t4g.small")
    );
    assert_eq!((group.members.len(), group.snapshot_retention_days), (3, 3));
    let tags = group.tags.unwrap();
    assert_eq!(tags[tag::AUTOSCALE_MAX_REPLICAS], "4");
    assert_eq!(tags[tag::AUTOSCALE_DATA], "store", "not every key may be dropped any more");
    assert!(!tags.contains_key(tag::ASKED), "what was seen is no longer asked for");
    stack.watches(&["001", "002", "003"]).await;
    // And back, as CloudFormation rolls back: old and new swapped.
    let answer = stack.update(&now, &before).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let group = stack.group().await.unwrap();
    assert_eq!((group.members.len(), group.snapshot_retention_days), (2, 7));
    assert_eq!(group.node_type.unwrap().as_str(), "cache.t4g.micro");
    stack.watches(&["001", "002"]).await;
}

#[tokio::test(start_paused = true)]
async fn tags_of_the_stack_are_those_of_the_cache() {
    let stack = Stack::new().await;
    let before = properties(&[("Tags", "team=till,stage=live")]);
    assert_eq!(stack.create(&before).await["Status"], "SUCCESS");
    let tags = stack.group().await.unwrap().tags.unwrap();
    assert_eq!((tags["team"].as_str(), tags["stage"].as_str()), ("till", "live"));
    let mut now = properties(&[]);
    now["Tags"] = json!([{ "Key": "team", "Value": "shop" }]);
    let answer = stack.update(&before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let tags = stack.group().await.unwrap().tags.unwrap();
    assert_eq!((tags["team"].as_str(), tags.get("stage")), ("shop", None));
    // And back, as CloudFormation rolls back.
    assert_eq!(stack.update(&now, &before).await["Status"], "SUCCESS");
    let tags = stack.group().await.unwrap().tags.unwrap();
    assert_eq!((tags["team"].as_str(), tags["stage"].as_str()), ("till", "live"));
}

#[tokio::test(start_paused = true)]
async fn an_update_leaves_what_the_autoscaler_did() {
    let stack = Stack::new().await;
    let before = properties(&[]);
    stack.create(&before).await;
    let grown = properties(&[("RedisNodeType", "cache.t4g.small"), ("RedisNumCacheNodes", "3")]);
    stack.update(&before, &grown).await;
    // To the stack, the cache still is what it first stated.
    let now = properties(&[("SnapshotKeep", "9")]);
    let answer = stack.update(&before, &now).await;
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(info.contains("3 x cache.t4g.small"), "{info}");
    assert!(info.contains("autoscaled from cache.t4g.micro"), "{info}");
    assert_eq!(stack.group().await.unwrap().tags.unwrap()[tag::SNAPSHOT_KEEP], "9");
}

#[tokio::test(start_paused = true)]
async fn an_update_puts_right_what_somebody_changed_in_an_alarm_of_ours() {
    let stack = Stack::new().await;
    let before = properties(&[]);
    stack.create(&before).await;
    let group = stack.group().await.unwrap();
    let specs = alarm::wanted(&group.id, &group.member_ids, group.node_type.as_ref());
    let alarms = Alarms::new(&stack.scene.aws);
    let put_before = stack.effects_of("PutMetricAlarm");
    // One each that is summed up otherwise, takes silence for health, and tells nobody any more.
    let topics = [domain::Arn::parse(crate::support::ALARM_TOPIC).unwrap()];
    let mut summed = specs[0].clone();
    summed.statistic = alarm::Statistic::Sum;
    let mut silent = specs[1].clone();
    silent.missing_data = alarm::MissingData::NotBreaching;
    for changed in [&summed, &silent] {
        alarms.put(changed, &topics, &Tags::new()).await.unwrap();
    }
    stack.scene.world.with(|it| it.cloudwatch.alarms.get_mut(&specs[2].name).unwrap().acts = false);

    let now = properties(&[("SnapshotKeep", "9")]);
    let answer = stack.update(&before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let seen = alarms.of(&group.id).await.unwrap();
    for spec in &specs {
        let is_right = |it: &&alarm::AlarmView| it.is_as(spec, &topics);
        assert_eq!(seen.iter().filter(is_right).count(), 1, "{}", spec.name);
    }
    assert_eq!(stack.effects_of("PutMetricAlarm"), put_before + 2 + 3, "and no other");
}

#[tokio::test(start_paused = true)]
async fn an_update_leaves_an_alarm_that_somebody_made_himself() {
    let stack = Stack::new().await;
    let before = properties(&[]);
    stack.create(&before).await;
    let group = stack.group().await.unwrap();
    let mut own = alarm::wanted(&group.id, &group.member_ids, group.node_type.as_ref()).remove(0);
    own.threshold = 60.0;
    let alarms = Alarms::new(&stack.scene.aws);
    alarms.delete(std::slice::from_ref(&own.name)).await.unwrap();
    alarms.put(&own, &[], &Tags::new()).await.unwrap();

    let now = properties(&[("SnapshotKeep", "9")]);
    let answer = stack.update(&before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let seen = alarms.of(&group.id).await.unwrap();
    assert_eq!(seen.iter().filter(|it| it.is_as(&own, &[])).count(), 1, "as it was");
    assert_eq!(seen.len(), alarm::Watch::of(None).len());

    let without = properties(&[("SnapshotKeep", "9"), ("EnableAlarms", "false")]);
    let answer = stack.update(&now, &without).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let left = alarms.of(&group.id).await.unwrap();
    assert_eq!(left.len(), 1, "only ours are gone");
    assert_eq!(left[0].name, own.name);
}

#[tokio::test(start_paused = true)]
async fn the_last_replica_goes_after_failover_and_the_first_comes_before_it() {
    let stack = Stack::new().await;
    let two = properties(&[]);
    stack.create(&two).await;
    let one = properties(&[("RedisNumCacheNodes", "1")]);
    let answer = stack.update(&two, &one).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.group().await.unwrap().members.len(), 1);
    let answer = stack.update(&one, &two).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(info.contains("2 x cache.t4g.micro, Multi-AZ with failover"), "{info}");
}

#[tokio::test(start_paused = true)]
async fn a_version_goes_up_and_its_rollback_keeps_it() {
    let stack = Stack::new().await;
    let old = properties(&[("RedisEngineVersion", "6.2")]);
    let new = properties(&[("RedisEngineVersion", "7.1")]);
    stack.create(&old).await;
    let answer = stack.update(&old, &new).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert!(answer["Data"]["DeploymentInfo"].as_str().unwrap().contains("Redis 7.1"));
    let answer = stack.update(&new, &old).await;
    assert_eq!(
        answer["Status"], "SUCCESS",
        "a rollback must not leave the stack stuck: {answer:#}"
    );
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(info.contains("newer than the stated 6.2"), "{info}");
    // A week later it is no rollback, but a wish that nobody can grant.
    stack.scene.pass(Duration::from_hours(168)).await;
    let answer = stack.update(&new, &old).await;
    assert_eq!(answer["Status"], "FAILED");
    assert!(answer["Reason"].as_str().unwrap().contains("older than 7.1"), "{answer:#}");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_stack_leaves_its_final_snapshot_and_a_secret_for_a_week() {
    let stack = Stack::new().await;
    stack.create(&properties(&[])).await;
    let answer = stack.delete(GROUP, &properties(&[])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(answer["PhysicalResourceId"], GROUP);
    assert_eq!(stack.left().await, ["secret on its way out"]);
    let snapshots =
        stack.scene.world.with(|it| it.elasticache.snapshots.keys().cloned().collect::<Vec<_>>());
    assert_eq!(snapshots.len(), 1, "{snapshots:?}");
    assert!(SnapshotName::parse(&snapshots[0]).unwrap().as_str().contains("-final-"));
    // Once more: there is nothing, and that is well.
    let again = stack.delete(GROUP, &properties(&[])).await;
    assert_eq!(again["Status"], "SUCCESS");
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_comes_back_finds_its_token_again() {
    let stack = Stack::new().await;
    let secrets = Secrets::new(&stack.scene.aws);
    stack.create(&properties(&[])).await;
    let token = secrets.token(SECRET).await.unwrap();
    stack.delete(GROUP, &properties(&[("FinalSnapshot", "false")])).await;
    let answer = stack.create(&properties(&[])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert!(secrets.token(SECRET).await.unwrap() == token);
    assert!(stack.scene.world.with(|it| it.elasticache.snapshots.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_made_again_under_its_name_finds_its_token_again() {
    // The answer to either call between the secret's return and its new tag may be lost.
    for lost in [None, Some("RestoreSecret"), Some("TagResource")] {
        let stack = Stack::new().await;
        let secrets = Secrets::new(&stack.scene.aws);
        stack.create(&properties(&[])).await;
        let token = secrets.token(SECRET).await.unwrap();
        stack.delete(GROUP, &properties(&[])).await;
        // A new stack has a new id, whatever its name.
        let mut create = stack.request("Create", None, &properties(&[]));
        create["StackId"] = json!("arn:aws:cloudformation:us-east-1:123456789012:stack/orders/9z");
        if let Some(call) = lost {
            let cut = Rule::operation(call, Fault::Broken(Side::AfterEffect)).times(1);
            stack.scene.world.with(|it| it.faults.add(cut));
        }
        let answer = stack.play(&create).await;
        assert_eq!(answer["Status"], "SUCCESS", "{lost:?}: {answer:#}");
        assert!(secrets.token(SECRET).await.unwrap() == token);
        let owner = secrets.find(SECRET).await.unwrap().unwrap().tags[tag::OWNER].clone();
        assert!(owner.ends_with("/9z/Cache"), "{owner}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_replaces_a_create_that_still_runs() {
    let stack = Stack::new().await;
    let create = stack.request("Create", None, &properties(&[]));
    // A sibling failed, so CloudFormation gives up on the Create and invents a physical id.
    let delete = stack.request("Delete", Some("orders-Cache-1A2B3C4D5E6F"), &properties(&[]));
    stack.deliver(&create).await;
    let running = stack.scene.running();
    let cancelled = async {
        stack.scene.pass(Duration::from_secs(30)).await;
        stack.deliver(&delete).await;
        let newer = stack.scene.running().pop().unwrap();
        stack.carry(&newer).await;
    };
    tokio::join!(stack.carry(&running[0]), cancelled);
    assert_eq!(stack.answer(&delete)["Status"], "SUCCESS");
    assert!(stack.answers(&create).is_empty(), "the Create is no longer asked for");
    assert_eq!(stack.left().await, ["secret on its way out"]);
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_one_group_leaves_the_work_on_its_neighbour_alone() {
    let stack = Stack::new().await;
    let neighbour = properties(&[("ReplicationGroupId", "orders-redis-production-2")]);
    let create = stack.request("Create", None, &neighbour);
    stack.deliver(&create).await;
    let delete = stack.request("Delete", Some(GROUP), &properties(&[]));
    stack.deliver(&delete).await;
    stack.settle().await;
    assert_eq!(stack.answer(&create)["Status"], "SUCCESS");
    assert_eq!(stack.answer(&delete)["Status"], "SUCCESS");
}

#[tokio::test(start_paused = true)]
async fn looks_that_are_stale_and_tags_that_make_busy_break_nothing() {
    let mut settings = quick();
    settings.switches = Switches { stale_looks: 3, tags_make_busy: true, ..Switches::default() };
    let stack = Stack::with(settings).await;
    let before = properties(&[]);
    let now = properties(&[("RedisNodeType", "cache.t4g.small"), ("RedisNumCacheNodes", "3")]);
    assert_eq!(stack.create(&before).await["Status"], "SUCCESS");
    let answer = stack.update(&before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.update(&now, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.delete(GROUP, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.left().await, ["secret on its way out"]);
}

#[tokio::test(start_paused = true)]
async fn throttles_and_broken_connections_are_ridden_out() {
    let stack = Stack::new().await;
    let before = properties(&[]);
    let now = properties(&[("RedisNumCacheNodes", "3")]);
    stack.scene.world.with(|it| {
        for call in (0..400).step_by(7) {
            it.faults.add(Rule::call(call, Fault::Throttled));
            it.faults.add(Rule::call(call + 3, Fault::Broken(Side::AfterEffect)));
            it.faults.add(Rule::call(call + 5, Fault::Unavailable));
        }
    });
    let create = stack.request("Create", None, &before);
    let mut update = stack.request("Update", Some(GROUP), &now);
    update["OldResourceProperties"] = before;
    for event in [create, update] {
        stack.deliver(&event).await;
        stack.settle().await;
        // An answer whose receipt was lost is sent again, and is the same.
        let answers = stack.answers(&event);
        let all_same = answers.windows(2).all(|it| it[0] == it[1]);
        assert!(!answers.is_empty() && all_same, "{answers:#?}");
        assert_eq!(answers[0]["Status"], "SUCCESS", "{answers:#?}");
    }
    stack.scene.world.with(|it| it.faults.clear());
    assert_eq!(stack.group().await.unwrap().members.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn work_that_began_is_not_said_to_have_failed_where_every_answer_to_its_beginning_is_lost() {
    let stack = Stack::new().await;
    let lost = Rule::operation("StartExecution", Fault::Broken(Side::AfterEffect)).times(99);
    stack.scene.world.with(|it| it.faults.add(lost));
    let create = stack.request("Create", None, &properties(&[]));
    stack.deliver(&create).await;
    stack.settle().await;
    let answers = stack.answers(&create);
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_eq!(answers[0]["Status"], "SUCCESS", "{answers:#?}");
}

#[tokio::test(start_paused = true)]
async fn upstash_is_described_and_nothing_is_made() {
    let stack = Stack::new().await;
    let upstash = properties(&[
        ("CreateElasticache", "false"),
        ("UseUpstash", "true"),
        ("UpstashRedisUrl", "https://eager-fox-12345.upstash.io"),
    ]);
    let answer = stack.create(&upstash).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(answer["PhysicalResourceId"], "upstash:orders-production");
    assert_eq!(answer["Data"]["RedisEndpoint"], "eager-fox-12345.upstash.io");
    assert!(stack.left().await.is_empty());
    let deleted = stack.delete("upstash:orders-production", &upstash).await;
    assert_eq!(deleted["Status"], "SUCCESS");
}
