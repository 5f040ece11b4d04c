//! The key of a cache, and what ElastiCache tells by itself: events to a topic, and logs.

use std::time::Duration;

use aws_sim::elasticache::logs::{Destination, LogStatus, LogType};
use aws_sim::elasticache::model::Topic;

use super::refusal::assert_failed;
use super::stack::{GROUP, Stack, properties};

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:events";
const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER: &str = "arn:aws:kms:us-east-1:123456789012:key/2234abcd-12ab-34cd-56ef-1234567890ab";

impl Stack {
    /// Where the logs of the group go, and how far they are.
    fn logs(&self) -> Vec<(LogType, Destination, LogStatus)> {
        self.scene.world.with(|it| {
            let logs = &it.elasticache.groups[GROUP].logs;
            logs.iter()
                .map(|(kind, (to, is))| (*kind, to.destination.clone(), is.clone()))
                .collect()
        })
    }

    /// The topics of the members, while they are told.
    async fn told(&self) -> Vec<Option<String>> {
        let group = self.group().await.unwrap();
        group.members.into_iter().map(|it| it.notification_topic).collect()
    }
}

fn slow(name: &str) -> (LogType, Destination, LogStatus) {
    (LogType::Slow, Destination::LogGroup(name.to_owned()), LogStatus::Active)
}

#[tokio::test(start_paused = true)]
async fn events_and_logs_go_where_the_stack_says() {
    let stack = Stack::new().await;
    let mut before =
        properties(&[("NotificationTopicArn", TOPIC), ("SlowLog", "cloudwatch-logs:/orders/slow")]);
    before["EngineLog"] = serde_json::json!({ "Stream": "orders", "Format": "text" });
    let answer = stack.create(&before).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.told().await, [Some(TOPIC.to_owned()), Some(TOPIC.to_owned())]);
    let engine = (LogType::Engine, Destination::Stream("orders".to_owned()), LogStatus::Active);
    assert_eq!(stack.logs(), [engine.clone(), slow("/orders/slow")]);
    assert_eq!(stack.effects_of("ModifyReplicationGroup"), 0, "the group was made so");

    let now = properties(&[("SlowLog", "cloudwatch-logs:/orders/other:json")]);
    let answer = stack.update(&before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.told().await, [None, None]);
    assert_eq!(stack.logs(), [slow("/orders/other")]);
    assert_eq!(stack.effects_of("ModifyReplicationGroup"), 1, "all of it in one call");
    // And back, as CloudFormation rolls back.
    assert_eq!(stack.update(&now, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.told().await, [Some(TOPIC.to_owned()), Some(TOPIC.to_owned())]);
    assert_eq!(stack.logs(), [engine, slow("/orders/slow")]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_delivered_is_told_with_the_words_of_the_service() {
    let stack = Stack::new().await;
    let missing = |name: &str| {
        stack.scene.world.with(|it| it.faults.missing_destinations.insert(name.to_owned()));
    };
    missing("/nowhere");
    let before = properties(&[]);
    stack.create(&before).await;
    let bad = properties(&[("SlowLog", "cloudwatch-logs:/nowhere")]);
    let answer = stack.update(&before, &bad).await;
    assert_failed(
        &answer,
        "SlowLog to cloudwatch-logs:/nowhere:json failed: The log delivery destination /nowhere does not exist.",
    );
    assert_eq!(stack.effects_of("ModifyReplicationGroup"), 1, "it is asked for once");
    assert_eq!(stack.update(&bad, &before).await["Status"], "SUCCESS");
    assert_eq!(stack.logs(), []);
    // Where the log group is there by the second try, the stack has its cache.
    stack.scene.world.with(|it| it.faults.missing_destinations.clear());
    assert_eq!(stack.update(&before, &bad).await["Status"], "SUCCESS");
    assert_eq!(stack.logs(), [slow("/nowhere")]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_somebody_turned_off_and_a_topic_that_somebody_set_are_put_right() {
    let stack = Stack::new().await;
    let before = properties(&[("SlowLog", "cloudwatch-logs:/orders/slow")]);
    stack.create(&before).await;
    stack.scene.world.with(|it| {
        let group = it.elasticache.groups.get_mut(GROUP).unwrap();
        group.logs.clear();
        group.topic = Some(Topic { arn: TOPIC.to_owned(), active: true });
    });
    let now = properties(&[("SlowLog", "cloudwatch-logs:/orders/slow"), ("SnapshotKeep", "9")]);
    let answer = stack.update(&before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.logs(), [slow("/orders/slow")]);
    assert_eq!(stack.told().await, [None, None]);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_elasticache_cannot_tell_is_no_success() {
    let stack = Stack::new().await;
    stack.scene.world.with(|it| it.sns.encrypted.insert(TOPIC.to_owned()));
    let answer = stack.create(&properties(&[("NotificationTopicArn", TOPIC)])).await;
    assert_failed(&answer, "is not active, as an encrypted topic never is");
    assert_failed(&answer, "orders-redis-production-001 and orders-redis-production-002");
    let id = answer["PhysicalResourceId"].as_str().unwrap();
    assert_eq!(stack.delete(id, &properties(&[])).await["Status"], "SUCCESS");
}

#[tokio::test(start_paused = true)]
async fn a_cache_keeps_the_key_that_it_was_made_with() {
    let stack = Stack::new().await;
    let key_of = || stack.scene.world.with(|it| it.elasticache.groups[GROUP].kms_key.clone());
    let before = properties(&[("KmsKeyArn", KEY)]);
    assert_eq!(stack.create(&before).await["Status"], "SUCCESS");
    assert_eq!(key_of().as_deref(), Some(KEY));
    for (other, said) in [(("KmsKeyArn", OTHER), "2234abcd"), (("KmsKeyArn", ""), "own key")] {
        let other =
            properties(&[other, ("SnapshotRetentionLimit", "3"), ("Replacement", "refuse")]);
        let answer = stack.update(&before, &other).await;
        assert_failed(&answer, "KmsKeyArn is 1234abcd-12ab-34cd-56ef-1234567890ab on the running");
        assert_failed(&answer, said);
        assert_eq!(stack.update(&other, &before).await["Status"], "SUCCESS");
    }
    assert_eq!(stack.group().await.unwrap().snapshot_retention_days, 7);
    // What is wrong with a key is known before anything is made.
    let elsewhere = properties(&[("KmsKeyArn", &KEY.replace("us-east-1", "eu-west-1"))]);
    assert_failed(&stack.update(&before, &elsewhere).await, "a key of its own region");
    stack.scene.pass(Duration::from_secs(1)).await;
    assert_eq!(stack.effects_of("ModifyReplicationGroup"), 0);
}
