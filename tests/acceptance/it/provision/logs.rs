//! Log groups that are made for a cache, kept as the stack says, and gone when nothing writes to them; those of others are left alone.

use std::time::Duration;

use aws_sim::elasticache::logs::{Destination, LogStatus};
use aws_sim::fault::{Fault, Rule, Shortage, Side};
use aws_sim::logs::LogGroup;
use serde_json::{Value, json};

use super::refusal::assert_failed;
use super::stack::{GROUP, Stack, properties};

const SLOW: (&str, &str) = ("SlowLog", "cloudwatch-logs:/orders/slow");
const ENGINE: (&str, &str) = ("EngineLog", "cloudwatch-logs:/orders/engine");

impl Stack {
    /// The log groups that there are: what each keeps, and whether it is ours.
    fn log_groups(&self) -> Vec<(String, Option<i64>, bool)> {
        self.scene.world.with(|it| {
            let is_ours = |it: &LogGroup| it.tags.contains_key(domain::tag::OWNER);
            let groups = it.logs.groups.iter();
            groups.map(|(name, it)| (name.clone(), it.retention_days, is_ours(it))).collect()
        })
    }

    /// Somebody else's log group.
    fn theirs(&self, name: &str) {
        self.scene.world.with(|it| {
            let theirs = LogGroup { retention_days: Some(1), ..LogGroup::new(it.now) };
            it.logs.groups.insert(name.to_owned(), theirs);
        });
    }

    fn fails(&self, operation: &str, fault: Fault) {
        self.scene.world.with(|it| it.faults.add(Rule::operation(operation, fault)));
    }

    /// Where the slow log goes, once it does.
    fn slow_log(&self) -> Option<String> {
        self.scene.world.with(|it| {
            let logs = it.elasticache.groups[GROUP].logs.values();
            let active = logs.filter(|(_, status)| *status == LogStatus::Active);
            active.map(|(to, _)| &to.destination).find_map(|it| match it {
                Destination::LogGroup(name) => Some(name.clone()),
                Destination::Stream(_) => None,
            })
        })
    }
}

fn ours(name: &str, days: i64) -> (String, Option<i64>, bool) {
    (name.to_owned(), Some(days), true)
}

fn theirs(name: &str) -> (String, Option<i64>, bool) {
    (name.to_owned(), Some(1), false)
}

#[track_caller]
fn assert_success(answer: &Value) {
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
}

/// Where a call stands among others.
#[track_caller]
fn place(calls: &[String], operation: &str) -> usize {
    let place = calls.iter().position(|it| it == operation);
    place.unwrap_or_else(|| panic!("there is no {operation} in {calls:?}"))
}

#[tokio::test(start_paused = true)]
async fn log_groups_are_made_before_the_cache_and_go_after_it() {
    let stack = Stack::new().await;
    let stated = properties(&[SLOW, ENGINE]);
    assert_success(&stack.create(&stated).await);
    assert_eq!(stack.log_groups(), [ours("/orders/engine", 30), ours("/orders/slow", 30)]);
    let calls = stack.changes();
    assert!(place(&calls, "PutRetentionPolicy") < place(&calls, "CreateReplicationGroup"));
    assert_eq!(stack.effects_of("ModifyReplicationGroup"), 0, "the cache was made so");

    assert_success(&stack.delete(GROUP, &stated).await);
    assert_eq!(stack.log_groups(), []);
    let calls = stack.changes();
    assert!(place(&calls, "DeleteReplicationGroup") < place(&calls, "DeleteLogGroup"));
    // It was gone by then, and wrote nothing any more.
    assert!(place(&calls, "DeleteCacheSubnetGroup") < place(&calls, "DeleteLogGroup"));
}

#[tokio::test(start_paused = true)]
async fn a_cache_without_logs_asks_nothing_of_cloudwatch_logs() {
    let stack = Stack::new().await;
    let stated = properties(&[]);
    let other = properties(&[("SnapshotRetentionLimit", "3"), ("LogRetentionDays", "7")]);
    assert_success(&stack.create(&stated).await);
    assert_success(&stack.update(&stated, &other).await);
    assert_success(&stack.delete(GROUP, &other).await);
    let asked = stack.scene.world.with(|it| it.calls.iter().any(|it| it.service == "logs"));
    assert!(!asked);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_moves_leaves_its_log_group_only_when_it_is_elsewhere() {
    let stack = Stack::new().await;
    let before = properties(&[SLOW]);
    assert_success(&stack.create(&before).await);
    stack.changes();
    let now = properties(&[("SlowLog", "cloudwatch-logs:/orders/other")]);
    assert_success(&stack.update(&before, &now).await);
    assert_eq!(stack.log_groups(), [ours("/orders/other", 30)]);
    let calls = stack.changes();
    let moved = place(&calls, "ModifyReplicationGroup");
    assert!(place(&calls, "CreateLogGroup") < moved, "{calls:?}");
    assert!(moved < place(&calls, "DeleteLogGroup"), "{calls:?}");
    // And back, as CloudFormation rolls back; and then the log is turned off.
    assert_success(&stack.update(&now, &before).await);
    assert_eq!(stack.log_groups(), [ours("/orders/slow", 30)]);
    assert_success(&stack.update(&before, &properties(&[])).await);
    assert_eq!(stack.log_groups(), []);
}

#[tokio::test(start_paused = true)]
async fn a_log_group_that_was_there_is_used_as_it_is_and_never_changed() {
    let stack = Stack::new().await;
    stack.theirs("/orders/slow");
    let stated = properties(&[SLOW]);
    assert_success(&stack.create(&stated).await);
    let kept = properties(&[SLOW, ("LogRetentionDays", "90")]);
    assert_success(&stack.update(&stated, &kept).await);
    assert_eq!(stack.slow_log().as_deref(), Some("/orders/slow"));
    assert_success(&stack.update(&kept, &properties(&[])).await);
    assert_success(&stack.update(&properties(&[]), &kept).await);
    assert_success(&stack.delete(GROUP, &kept).await);
    assert_eq!(stack.log_groups(), [theirs("/orders/slow")]);
}

#[tokio::test(start_paused = true)]
async fn how_long_our_log_groups_keep_is_what_the_stack_says_whoever_changed_it() {
    let stack = Stack::new().await;
    let before = properties(&[SLOW]);
    assert_success(&stack.create(&before).await);
    let now = properties(&[SLOW, ("LogRetentionDays", "365")]);
    assert_success(&stack.update(&before, &now).await);
    assert_eq!(stack.log_groups(), [ours("/orders/slow", 365)]);
    stack.scene.world.with(|it| {
        it.logs.groups.get_mut("/orders/slow").unwrap().retention_days = None;
    });
    let other = properties(&[SLOW, ("LogRetentionDays", "365"), ("SnapshotKeep", "9")]);
    assert_success(&stack.update(&now, &other).await);
    assert_eq!(stack.log_groups(), [ours("/orders/slow", 365)]);
    // What CloudWatch Logs would refuse is told before anything is changed.
    let wrong = properties(&[SLOW, ("LogRetentionDays", "31")]);
    assert_failed(&stack.update(&other, &wrong).await, "LogRetentionDays: \"31\" is not one of");
}

#[tokio::test(start_paused = true)]
async fn a_log_group_that_is_gone_is_made_again_by_the_next_update() {
    let stack = Stack::new().await;
    let before = properties(&[SLOW]);
    assert_success(&stack.create(&before).await);
    stack.scene.world.with(|it| it.logs.groups.clear());
    assert_success(&stack.update(&before, &properties(&[SLOW, ("SnapshotKeep", "9")])).await);
    assert_eq!(stack.log_groups(), [ours("/orders/slow", 30)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_for_a_log_group_that_is_lost_or_meets_another_ends_well() {
    let aborted = || Fault::Answer(400, "OperationAbortedException".to_owned(), "met".to_owned());
    for fault in [Fault::Broken(Side::AfterEffect), Fault::Throttled, aborted()] {
        let stack = Stack::new().await;
        for operation in ["CreateLogGroup", "PutRetentionPolicy", "DeleteLogGroup"] {
            stack.fails(operation, fault.clone());
        }
        let stated = properties(&[SLOW]);
        assert_success(&stack.create(&stated).await);
        assert_eq!(stack.log_groups(), [ours("/orders/slow", 30)], "{fault:?}");
        assert_success(&stack.delete(GROUP, &stated).await);
        assert_eq!(stack.log_groups(), [], "{fault:?}");
        assert!(stack.scene.world.with(|it| it.faults.is_spent()), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_group_that_somebody_makes_at_the_same_moment_is_theirs() {
    let stack = Stack::new().await;
    // The look before it is made finds none, and takes so long that somebody makes one meanwhile. Before that the subnet group is made, and
    // the parameter group, and a parameter is set.
    let slow = Rule::operation("DescribeLogGroups", Fault::Slow(Duration::from_secs(6)));
    stack.scene.world.with(|it| it.faults.add(slow.after(3)));
    let stated = properties(&[SLOW]);
    let meanwhile = async {
        while stack.scene.world.calls_to("DescribeLogGroups") <= 3 {
            stack.scene.pass(Duration::from_millis(500)).await;
        }
        stack.theirs("/orders/slow");
    };
    let (answer, ()) = tokio::join!(stack.create(&stated), meanwhile);
    assert_success(&answer);
    assert_eq!(stack.scene.world.calls_to("CreateLogGroup"), 1);
    assert_eq!(stack.effects_of("CreateLogGroup"), 0, "it was taken");
    assert_eq!(stack.log_groups(), [theirs("/orders/slow")]);
    assert_eq!(stack.slow_log().as_deref(), Some("/orders/slow"));
}

#[tokio::test(start_paused = true)]
async fn a_create_that_fails_leaves_no_log_group() {
    let stack = Stack::new().await;
    stack.scene.world.with(|it| {
        it.faults.shortages.insert("cache.t4g.micro".to_owned(), Shortage::Later);
    });
    let stated = properties(&[SLOW, ENGINE]);
    let answer = stack.create(&stated).await;
    assert_eq!(answer["Status"], "FAILED", "{answer:#}");
    assert_eq!(stack.log_groups().len(), 2);
    let id = answer["PhysicalResourceId"].as_str().unwrap();
    assert_success(&stack.delete(id, &stated).await);
    assert_eq!(stack.log_groups(), []);
}

#[tokio::test(start_paused = true)]
async fn log_groups_stay_with_a_cache_that_stays_and_where_somebody_holds_them() {
    let stack = Stack::new().await;
    let stated = properties(&[SLOW, ("DeletionPolicy", "Retain")]);
    assert_success(&stack.create(&stated).await);
    assert_success(&stack.delete(GROUP, &stated).await);
    assert_eq!(stack.log_groups(), [ours("/orders/slow", 30)]);

    let stack = Stack::new().await;
    let stated = properties(&[SLOW]);
    assert_success(&stack.create(&stated).await);
    stack.scene.world.with(|it| {
        it.logs.groups.get_mut("/orders/slow").unwrap().is_protected = true;
    });
    assert_success(&stack.delete(GROUP, &stated).await);
    assert_eq!(stack.log_groups(), [ours("/orders/slow", 30)]);
}

#[tokio::test(start_paused = true)]
async fn a_log_group_that_another_cache_writes_to_stays() {
    let stack = Stack::new().await;
    let stated = properties(&[SLOW]);
    assert_success(&stack.create(&stated).await);
    let request = "LogDeliveryConfigurations.LogDeliveryConfigurationRequest.1";
    let fields = [
        ("ReplicationGroupId".to_owned(), "other"),
        ("ReplicationGroupDescription".to_owned(), "of somebody else"),
        ("CacheNodeType".to_owned(), "cache.t4g.micro"),
        (format!("{request}.LogType"), "slow-log"),
        (format!("{request}.DestinationType"), "cloudwatch-logs"),
        (format!("{request}.DestinationDetails.CloudWatchLogsDetails.LogGroup"), "/orders/slow"),
        (format!("{request}.LogFormat"), "json"),
    ];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    stack.by_hand("CreateReplicationGroup", &fields);
    assert_success(&stack.update(&stated, &properties(&[])).await);
    assert_eq!(stack.log_groups(), [ours("/orders/slow", 30)]);
    assert_success(&stack.delete(GROUP, &stated).await);
    assert_eq!(stack.log_groups(), [ours("/orders/slow", 30)]);
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_takes_the_place_of_another_takes_its_log_group_too() {
    let stack = Stack::new().await;
    let stated = properties(&[SLOW]);
    assert_success(&stack.create(&stated).await);
    let over = [SLOW, ("EnableEncryptionAtRest", "false"), ("Replacement", "with-data")];
    let moved = properties(&over);
    let answer = stack.update(&stated, &moved).await;
    assert_success(&answer);
    assert_success(&stack.delete(GROUP, &stated).await);
    assert_eq!(stack.log_groups(), [ours("/orders/slow", 30)], "the new one writes to it");
    let second = answer["PhysicalResourceId"].as_str().unwrap();
    assert_success(&stack.delete(second, &moved).await);
    assert_eq!(stack.log_groups(), []);
}

#[tokio::test(start_paused = true)]
async fn a_log_group_whose_tags_nobody_can_read_has_to_be_there() {
    let stack = Stack::new().await;
    let stated = properties(&[("SlowLog", "cloudwatch-logs:/orders#1")]);
    let answer = stack.create(&stated).await;
    assert_failed(&answer, "The log delivery destination /orders#1 does not exist.");
    let id = answer["PhysicalResourceId"].as_str().unwrap();
    assert_success(&stack.delete(id, &stated).await);
    stack.theirs("/orders#1");
    assert_success(&stack.create(&stated).await);
    assert_success(&stack.delete(GROUP, &stated).await);
    assert_eq!(stack.log_groups(), [theirs("/orders#1")]);
    assert_eq!(stack.scene.world.calls_to("DescribeLogGroups"), 0);
}

#[tokio::test(start_paused = true)]
async fn log_groups_are_told_before_they_are_made_and_before_they_go() {
    let stack = Stack::new().await;
    let told = |told: &Value| -> Vec<String> {
        let changes = told["changes"].as_array().unwrap().iter();
        let words = changes.map(|it| it["what"].as_str().unwrap().to_owned());
        words.filter(|it| it.contains("log group")).collect()
    };
    let plan = |more: Value| {
        let mut asked = json!({
            "action": "plan",
            "stackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/orders/0a1b",
        });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    let stated = properties(&[SLOW]);
    let made = stack.invoke(plan(json!({ "properties": stated }))).await;
    assert_eq!(
        told(&made),
        [
            "make the log group /orders/slow",
            "have the log group /orders/slow keep what is in it for 30 days",
        ]
    );
    assert_success(&stack.create(&stated).await);
    let off = stack.invoke(plan(json!({ "before": stated, "properties": properties(&[]) }))).await;
    assert_eq!(told(&off), ["delete the log group /orders/slow"]);
    assert_eq!(off["deletes"], json!(["the log group /orders/slow, and what was written to it"]));
    let gone = stack.invoke(plan(json!({ "of": "delete", "properties": stated }))).await;
    assert_eq!(told(&gone), ["delete the log group /orders/slow"], "{gone:#}");
    // Another cache in its place writes there as well, so that nothing of it goes.
    let over = [SLOW, ("EnableEncryptionAtRest", "false"), ("Replacement", "with-data")];
    let over =
        stack.invoke(plan(json!({ "before": stated, "properties": properties(&over) }))).await;
    assert_eq!(told(&over), Vec::<String>::new(), "{over:#}");
}
