//! What would be done is told beforehand, and is then what is done; telling it changes nothing.

use serde_json::{Value, json};

use super::stack::{GROUP, Stack, properties};

const STACK: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/orders/0a1b";

fn plan(before: Option<&Value>, now: &Value) -> Value {
    json!({ "action": "plan", "properties": now, "before": before, "stackId": STACK })
}

fn words(told: &Value) -> Vec<&str> {
    told["changes"].as_array().unwrap().iter().map(|it| it["what"].as_str().unwrap()).collect()
}

/// How many calls AWS got for each change that was told: one, but for what writes a note beside it, or alarms one by one.
fn calls_of(change: &str) -> usize {
    match change {
        // Both are asked for in a tag first, and noted in another after it.
        it if it.starts_with("change the node type") || it.starts_with("upgrade ") => 3,
        it if it.starts_with("make or put right 5 alarms") => 5,
        _ => 1,
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_told_of_a_cache_is_what_is_then_done_and_telling_it_does_nothing() {
    let stack = Stack::new().await;
    let mut stated = properties(&[]);
    let updates: [&[(&str, &str)]; 5] = [
        &[],
        &[("RedisNodeType", "cache.m7g.large"), ("RedisNumCacheNodes", "3")],
        &[("EnableMultiAz", "false"), ("MaxmemoryPolicy", "noeviction"), ("SnapshotKeep", "3")],
        &[("RedisNumCacheNodes", "1"), ("EnableMultiAz", "false"), ("RotationDays", "0")],
        &[
            ("EnableAlarms", "false"),
            ("MaintenanceWindow", "mon:02:00-mon:03:00"),
            ("SnapshotTiers", "hourly=24,daily=7"),
        ],
    ];
    for (number, over) in updates.into_iter().enumerate() {
        let now = properties(over);
        let before = (0 < number).then_some(&stated);
        stack.changes();
        let told = stack.invoke(plan(before, &now)).await;
        assert_eq!(told["status"], "settled", "{told:#}");
        assert_eq!(stack.changes(), Vec::<String>::new(), "a plan changes nothing");
        let answer = match before {
            Some(before) => stack.update(before, &now).await,
            None => stack.create(&now).await,
        };
        assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
        // What hands the work on is no change of the cache.
        let mut done = stack.changes();
        done.retain(|it| it != "StartExecution");
        let expected: usize = words(&told).into_iter().map(calls_of).sum();
        assert_eq!(done.len(), expected, "{over:?}: {done:#?}\n{told:#}");
        assert_eq!(told["monthlyCost"]["after"], answer["Data"]["EstimatedMonthlyCost"]);
        let again = stack.invoke(plan(Some(&now), &now)).await;
        assert_eq!(again["summary"], "nothing would change", "{again:#}");
        assert_eq!(again["monthlyCost"]["before"], again["monthlyCost"]["after"]);
        stated = now;
    }
    stack.assert_secrecy().await;
}

#[tokio::test(start_paused = true)]
async fn what_would_be_refused_or_deleted_is_told() {
    let stack = Stack::new().await;
    stack.create(&properties(&[])).await;
    let now = properties(&[("EnableEncryptionAtRest", "false"), ("Replacement", "refuse")]);
    let told = stack.invoke(plan(Some(&properties(&[])), &now)).await;
    assert_eq!(told["status"], "refused");
    let why = told["summary"].as_str().unwrap();
    assert!(why.starts_with("it would be refused: EnableEncryptionAtRest is true"), "{why}");

    let now = properties(&[("RedisNumCacheNodes", "1"), ("EnableMultiAz", "false")]);
    let told = stack.invoke(plan(Some(&properties(&[])), &now)).await;
    assert_eq!(
        told["deletes"],
        json!(["1 of 1 replicas, and the connections to them"]),
        "{told:#}"
    );

    // What an update refuses by its properties alone: another id, and another backend.
    let upstash = [
        ("CreateElasticache", "false"),
        ("UseUpstash", "true"),
        ("UpstashRedisUrl", "https://a.upstash.io"),
    ];
    for (now, expected) in [
        (properties(&[("ReplicationGroupId", "other")]), "ReplicationGroupId: would change from"),
        (properties(&upstash), "UseUpstash: changes the backend"),
    ] {
        let told = stack.invoke(plan(Some(&properties(&[])), &now)).await;
        assert_eq!(told["status"], "refused", "{told:#}");
        assert!(told["summary"].as_str().unwrap().starts_with(expected), "{told:#}");
    }

    let wrong = properties(&[("RedisNodeTyp", "x"), ("RedisNumCacheNodes", "9")]);
    let told = stack.invoke(plan(None, &wrong)).await;
    let why = told["summary"].as_str().unwrap();
    assert_eq!(told["status"], "refused");
    assert!(why.contains("RedisNodeTyp:") && why.contains("RedisNumCacheNodes:"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn whose_the_cache_is_need_not_be_said_and_may_be_said_wrong() {
    let stack = Stack::new().await;
    stack.create(&properties(&[])).await;
    let asked = json!({ "action": "plan", "properties": properties(&[]) });
    let told = stack.invoke(asked).await;
    assert_eq!((&told["status"], &told["group"]), (&json!("settled"), &json!(GROUP)), "{told:#}");
    let mut other = plan(None, &properties(&[]));
    other["stackId"] = json!(STACK.replace("orders", "shop"));
    let told = stack.invoke(other).await;
    assert!(told["summary"].as_str().unwrap().contains("belongs to somebody else"), "{told:#}");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_told_before_it_is_done() {
    let stack = Stack::new().await;
    stack.create(&properties(&[])).await;
    stack.changes();
    let asked = json!({ "action": "plan", "of": "delete", "properties": properties(&[]) });
    let told = stack.invoke(asked).await;
    assert_eq!(stack.changes(), Vec::<String>::new(), "a plan changes nothing");
    let said = words(&told);
    assert!(said[0].starts_with("take a last snapshot of"), "{told:#}");
    assert_eq!(said.len(), 6, "{told:#}");
    stack.delete(GROUP, &properties(&[])).await;
    let mut done = stack.changes();
    done.retain(|it| it != "StartExecution");
    // All alarms go in one call.
    assert_eq!(done.len(), said.len(), "{done:#?}");
}
