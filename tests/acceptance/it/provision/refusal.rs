//! What cannot be done: told once, in words, with nothing of anybody else's touched, and with a Delete after it that succeeds.

use std::time::Duration;

use aws_sim::fault::{Fault, Rule, Shortage};
use aws_sim::settings::Durations;
use domain::{Problems, tag};
use lambda_runtime::{Context, LambdaEvent};
use platform::ElastiCache;
use serde_json::{Value, json};

use super::stack::{GROUP, Stack, properties, quick};
use crate::support::Ended;

#[track_caller]
pub(super) fn assert_failed(answer: &Value, reason: &str) {
    assert_eq!(answer["Status"], "FAILED", "{answer:#}");
    let said = answer["Reason"].as_str().unwrap();
    assert!(said.contains(reason), "{said:?} does not hold {reason:?}");
}

#[tokio::test(start_paused = true)]
async fn bad_input_is_told_whole_and_touches_nothing() {
    let stack = Stack::new().await;
    let bad = properties(&[
        ("RedisNodeTyp", "cache.t4g.small"),
        ("RedisNumCacheNodes", "9"),
        ("EnableEncryptionInTransit", "false"),
        ("EnableAuthToken", "true"),
        ("UseUpstash", "true"),
        ("CreateElasticache", "true"),
    ]);
    let answer = stack.create(&bad).await;
    for mistake in [
        "did you mean RedisNodeType?",
        "from 1 to 6",
        "only over TLS",
        "one backend",
        "UpstashRedisUrl: is missing",
    ] {
        assert_failed(&answer, mistake);
    }
    assert_eq!(answer["PhysicalResourceId"], "nothing-made:Cache");
    let rollback = stack.delete("nothing-made:Cache", &bad).await;
    assert_eq!(rollback["Status"], "SUCCESS");
    let calls = stack.scene.world.with(|it| it.calls.len());
    assert_eq!(calls, 2, "two answers, and no call beside them");
}

#[tokio::test(start_paused = true)]
async fn a_bad_update_touches_nothing_and_neither_does_its_rollback() {
    let stack = Stack::new().await;
    let before = properties(&[]);
    stack.create(&before).await;
    let grown = properties(&[("RedisNodeType", "cache.t4g.small")]);
    stack.update(&before, &grown).await;
    let bad = properties(&[("RedisNodeType", "cache.t4g.medium"), ("Colour", "red")]);
    let answer = stack.update(&before, &bad).await;
    assert_failed(&answer, "Colour: is not a property");
    assert_eq!(answer["PhysicalResourceId"], GROUP);
    let rollback = stack.update(&bad, &before).await;
    assert_eq!(rollback["Status"], "SUCCESS", "{rollback:#}");
    let info = rollback["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(info.contains("cache.t4g.small"), "the autoscaler's work is undone: {info}");
}

#[tokio::test(start_paused = true)]
async fn nothing_that_would_replace_the_cache_is_done_where_that_is_refused() {
    let stack = Stack::new().await;
    let before = properties(&[]);
    stack.create(&before).await;
    for (name, value) in [
        ("ReplicationGroupId", "another"),
        ("EnableEncryptionAtRest", "false"),
        ("EnableAuthToken", "false"),
        ("Environment", "staging"),
    ] {
        let refusing = properties(&[(name, value), ("Replacement", "refuse")]);
        let answer = stack.update(&before, &refusing).await;
        assert_failed(&answer, "second cache");
        assert_eq!(answer["PhysicalResourceId"], GROUP, "{name}: a new id would delete the cache");
    }
    assert_eq!(stack.effects_of("CreateReplicationGroup"), 1);
    assert_eq!(stack.effects_of("DeleteReplicationGroup"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_way_back_from_a_refused_update_succeeds() {
    let stack = Stack::new().await;
    let id = ("ReplicationGroupId", GROUP);
    let before = properties(&[id]);
    stack.create(&before).await;
    // As the autoscaler left it; to the stack it still is what it first stated.
    let grown = properties(&[id, ("RedisNumCacheNodes", "3")]);
    stack.update(&before, &grown).await;
    for bad in [
        &[("EnableEncryptionAtRest", "false")][..],
        &[("EnableEncryptionInTransit", "false"), ("EnableAuthToken", "false")],
        &[("EnableAuthToken", "false")],
        &[("Environment", "staging")],
        &[("ReplicationGroupId", "another")],
        &[("RedisEngineVersion", "6.2")],
    ] {
        let refuse = ("Replacement", "refuse");
        let kept = [id, refuse, ("SnapshotRetentionLimit", "3"), ("SnapshotKeep", "1")];
        let over = [&kept, bad].concat();
        let bad = properties(&over);
        let answer = stack.update(&before, &bad).await;
        assert_failed(&answer, "second cache");
        let group = stack.group().await.unwrap();
        assert_eq!(group.snapshot_retention_days, 7, "{over:?}: nothing was touched");
        assert_eq!(group.tags.unwrap()[tag::SNAPSHOT_KEEP], "7", "{over:?}");
        let answer = stack.update(&bad, &before).await;
        assert_eq!(answer["Status"], "SUCCESS", "{over:?}: {answer:#}");
        assert_eq!(stack.group().await.unwrap().members.len(), 3, "{over:?}");
    }
    // Where it stands is told, and is no replacement.
    let moved = properties(&[id, ("VpcId", "vpc-0b")]);
    assert_eq!(stack.update(&before, &moved).await["Status"], "SUCCESS");
}

#[tokio::test(start_paused = true)]
async fn a_request_of_another_stack_stops_nobodys_work() {
    let ours = Stack::new().await;
    let create = ours.request("Create", None, &properties(&[]));
    let mut theirs = ours.request("Create", None, &properties(&[]));
    theirs["StackId"] = json!("arn:aws:cloudformation:us-east-1:123456789012:stack/other/9z");
    ours.deliver(&create).await;
    let running = ours.scene.running();
    let disturbed = async {
        ours.scene.pass(Duration::from_secs(30)).await;
        ours.deliver(&theirs).await;
        let newer = ours.scene.running().pop().unwrap();
        ours.carry(&newer).await;
    };
    tokio::join!(ours.carry(&running[0]), disturbed);
    ours.settle().await;
    assert_failed(&ours.answer(&theirs), "belongs to somebody else");
    let answer = ours.answer(&create);
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_group_is_left_alone_to_the_end() {
    let theirs = Stack::new().await;
    theirs.create(&properties(&[])).await;
    let ours = Stack::over(theirs.scene);
    let mut create = ours.request("Create", None, &properties(&[]));
    create["StackId"] = json!("arn:aws:cloudformation:us-east-1:123456789012:stack/other/9z");
    create["RequestId"] = json!("other-request");
    create["ResponseURL"] = json!("https://cfn-response.sim/other-1");
    let answer = ours.play(&create).await;
    assert_failed(&answer, "belongs to somebody else");
    let id = answer["PhysicalResourceId"].as_str().unwrap();
    assert_eq!(id, format!("not-ours:{GROUP}"));
    for (number, id) in [id, GROUP, "other-Cache-1A2B3C"].into_iter().enumerate() {
        let mut delete = ours.request("Delete", Some(id), &properties(&[]));
        delete["StackId"] = create["StackId"].clone();
        delete["RequestId"] = json!(format!("other-request-{number}"));
        delete["ResponseURL"] = json!(format!("https://cfn-response.sim/other-delete-{number}"));
        assert_eq!(ours.play(&delete).await["Status"], "SUCCESS", "{id}");
    }
    let left = ours.left().await;
    let expected = ["group available", "subnet group", "parameter group", "5 alarms", "secret"];
    assert_eq!(left, expected, "theirs is untouched");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_could_not_be_made_is_told_and_buried() {
    for when in [Shortage::Later, Shortage::AtOnce] {
        let stack = Stack::new().await;
        stack.scene.world.with(|it| {
            it.faults.shortages.insert("cache.t4g.micro".to_owned(), when);
        });
        let answer = stack.create(&properties(&[])).await;
        assert_failed(&answer, "another node type, fewer nodes or subnets in other zones");
        assert_eq!(answer["PhysicalResourceId"], GROUP);
        if when == Shortage::Later {
            assert_failed(&answer, "its events say");
        }
        let rollback = stack.delete(GROUP, &properties(&[])).await;
        assert_eq!(rollback["Status"], "SUCCESS");
        assert_eq!(stack.left().await, ["secret on its way out"]);
        // The id is free again.
        stack.scene.world.with(|it| it.faults.clear());
        assert_eq!(stack.create(&properties(&[])).await["Status"], "SUCCESS");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_did_not_take_is_told_and_its_rollback_succeeds() {
    let stack = Stack::new().await;
    let before = properties(&[]);
    stack.create(&before).await;
    stack.scene.world.with(|it| it.faults.rollbacks = 9);
    let now = properties(&[("RedisNodeType", "cache.t4g.small")]);
    let answer = stack.update(&before, &now).await;
    assert_failed(&answer, "the change of node-type to cache.t4g.small did not take");
    stack.scene.world.with(|it| it.faults.clear());
    assert_eq!(stack.update(&now, &before).await["Status"], "SUCCESS");
    let group = stack.group().await.unwrap();
    assert!(!group.tags.unwrap().contains_key(tag::ASKED));
}

#[tokio::test(start_paused = true)]
async fn work_that_outlasts_cloudformation_is_answered_before_it_stops_waiting() {
    let mut settings = quick();
    settings.durations =
        Durations { create: jiff::SignedDuration::from_hours(3), ..Durations::default() };
    let stack = Stack::with(settings).await;
    let create = stack.request("Create", None, &properties(&[]));
    let began = stack.scene.now();
    let answer = stack.play(&create).await;
    assert_failed(&answer, "after 55 minutes it still waits for the group to be created");
    let took = stack.scene.now() - began;
    assert!(took.total(jiff::Unit::Minute).unwrap() < 56.0, "{took}");
}

#[tokio::test(start_paused = true)]
async fn what_stays_denied_is_told_at_once() {
    let stack = Stack::new().await;
    let denied = Rule::operation("CreateReplicationGroup", Fault::Denied).times(9);
    stack.scene.world.with(|it| it.faults.add(denied));
    let answer = stack.create(&properties(&[])).await;
    assert_failed(&answer, "the role of the provision function lacks this permission");
    assert_eq!(stack.delete(GROUP, &properties(&[])).await["Status"], "SUCCESS");
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_cannot_be_started_is_told() {
    for fault in [Fault::Denied, Fault::Unavailable] {
        let stack = Stack::new().await;
        let rule = Rule::operation("StartExecution", fault).times(99);
        stack.scene.world.with(|it| it.faults.add(rule));
        let answer = stack.create(&properties(&[])).await;
        assert_failed(&answer, "StartExecution failed");
        stack.scene.world.with(|it| it.faults.clear());
        let id = answer["PhysicalResourceId"].as_str().unwrap();
        assert_eq!(stack.delete(id, &properties(&[])).await["Status"], "SUCCESS");
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_machine_that_gives_up_is_told() {
    let stack = Stack::new().await;
    let create = stack.request("Create", None, &properties(&[]));
    let carried = json!({
        "cachewarden": {
            "execution": "x", "startedAt": stack.scene.now(),
            "gaveUp": { "Error": "Lambda.TooManyRequestsException", "Cause": "Rate Exceeded." },
        },
        "event": create,
    });
    let ended = stack.app.handle(LambdaEvent::new(carried, Context::default())).await.unwrap();
    assert_eq!(ended["status"], "refused");
    let answer = stack.answer(&create);
    assert_failed(
        &answer,
        "gave up calling the provision function: Lambda.TooManyRequestsException Rate Exceeded.",
    );
    assert_eq!(answer["PhysicalResourceId"], GROUP);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_sent_again_after_a_server_error_and_not_after_a_refusal() {
    let unavailable = Rule::operation("PUT", Fault::Unavailable).times(3);
    let stack = Stack::new().await;
    stack.scene.world.with(|it| it.faults.add(unavailable));
    let bad = properties(&[("Colour", "red")]);
    assert_failed(&stack.create(&bad).await, "Colour");
    let refused = Fault::Answer(403, "SignatureDoesNotMatch".to_owned(), "no".to_owned());
    let puts = stack.scene.world.calls_to("PUT");
    stack.scene.world.with(|it| it.faults.add(Rule::operation("PUT", refused).times(9)));
    let create = stack.request("Create", None, &bad);
    let ended = stack.deliver(&create).await;
    assert!(matches!(ended, Ended::Answered(_)), "calling again would not help: {ended:?}");
    assert!(stack.answers(&create).is_empty());
    assert_eq!(stack.scene.world.calls_to("PUT"), puts + 1);
}

#[tokio::test(start_paused = true)]
async fn bad_settings_answer_every_event_but_a_delete_of_nothing() {
    let stack = Stack::new().await;
    let mut problems = Problems::default();
    problems.add("CACHEWARDEN_STATE_MACHINE_ARN", "is not set");
    let (aws, clock) = (&stack.scene.aws, stack.scene.clock);
    let app = ::provision::App::with(aws, Err(problems), clock, stack.scene.journal.clone());
    let create = stack.request("Create", None, &properties(&[]));
    app.handle(LambdaEvent::new(create.clone(), Context::default())).await.unwrap();
    assert_failed(&stack.answer(&create), "CACHEWARDEN_STATE_MACHINE_ARN: is not set");
    let id = stack.answer(&create)["PhysicalResourceId"].as_str().unwrap().to_owned();
    let delete = stack.request("Delete", Some(&id), &properties(&[]));
    app.handle(LambdaEvent::new(delete.clone(), Context::default())).await.unwrap();
    assert_eq!(stack.answer(&delete)["Status"], "SUCCESS");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_fell_away_is_made_again_by_an_update() {
    let stack = Stack::new().await;
    let before = properties(&[]);
    stack.create(&before).await;
    let id = domain::GroupId::parse(GROUP).unwrap();
    ElastiCache::new(&stack.scene.aws).delete(&id).await.unwrap();
    stack.scene.pass(Duration::from_hours(1)).await;
    let answer = stack.update(&before, &properties(&[("SnapshotKeep", "9")])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.group().await.unwrap().members.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_update_goes_on_with_a_value_that_a_rule_is_against() {
    let stack = Stack::new().await;
    stack.create(&properties(&[])).await;
    // As a stack has it that is older than the rule.
    let floor = ("AutoscaleMinReplicas", "0");
    let before = properties(&[floor]);
    let now = properties(&[floor, ("SnapshotKeep", "3")]);
    for (from, to) in [(&before, &now), (&now, &before)] {
        let answer = stack.update(from, to).await;
        assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    }
    let bad = properties(&[
        floor,
        ("SnapshotWindow", "03:00-05:00"),
        ("MaintenanceWindow", "sun:04:00-sun:06:00"),
        ("AlarmSnsTopicArn", "arn:aws:sns:eu-west-1:123456789012:people"),
    ]);
    let answer = stack.update(&before, &bad).await;
    assert_failed(&answer, "SnapshotWindow: 03:00-05:00 overlaps");
    assert_failed(&answer, "AlarmSnsTopicArn: ");
    let rollback = stack.update(&bad, &before).await;
    assert_eq!(rollback["Status"], "SUCCESS", "{rollback:#}");
}

#[tokio::test(start_paused = true)]
async fn topics_too_long_for_their_tag_are_told_before_anything_is_touched() {
    let stack = Stack::new().await;
    let topic = format!("arn:aws:sns:us-east-1:123456789012:{}", "t".repeat(200));
    let answer = stack.create(&properties(&[("AlarmSnsTopicArn", &topic)])).await;
    assert_failed(&answer, "room for 256");
    assert_eq!(stack.scene.world.with(|it| it.calls.len()), 1, "the answer");
}
