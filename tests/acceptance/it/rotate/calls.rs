//! How many calls a rotation makes, and which: a call more or less fails here.

use std::time::Duration;

use aws_sim::settings::Settings;
use jiff::SignedDuration;
use serde_json::json;

use super::stage::{FIRST, Stage};
use crate::support::Ended;

/// The calls of one run, but for polling: the looks after the sending of a change that found it still going on, which is each but the one
/// after the last wait. They are as many as ElastiCache takes its time.
async fn spent(stage: &Stage, run: impl Future<Output = Ended>) -> (Ended, Vec<String>) {
    let before = stage.scene.world.with(|it| it.calls.len());
    let ended = run.await;
    let calls = stage.scene.world.with(|it| it.calls[before..].to_vec());
    let sent = calls.iter().position(|it| CHANGES.contains(&it.operation.as_str()));
    let polled = sent.map_or(calls.len()..calls.len(), |it| {
        // A run that ends while the change goes on has found it so with its last look, too.
        let is_unfinished = format!("{ended:?}").contains("a change is being applied");
        let last = calls.last().map(|it| it.at).filter(|_| !is_unfinished);
        let last_look =
            last.map_or(calls.len(), |at| calls.iter().position(|it| it.at == at).unwrap());
        it + 1..last_look.max(it + 1)
    });
    let counted = calls.iter().enumerate().filter(|(index, _)| !polled.contains(index));
    (ended, counted.map(|(_, it)| it.operation.clone()).collect())
}

/// The calls that begin a change which is then waited for.
const CHANGES: [&str; 2] = ["ModifyReplicationGroup", "ModifyUser"];

/// The calls of each of the four steps.
async fn rotation(stage: &Stage, name: &str) -> [Vec<String>; 4] {
    let version = stage.stage_by_hand(name);
    let mut steps = Vec::new();
    for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        let (ended, calls) = spent(stage, stage.step(step, &version)).await;
        assert!(matches!(ended, Ended::Answered(_)), "{step}: {ended:?}");
        steps.push(calls);
    }
    assert_eq!(stage.version("AWSCURRENT"), Some(version));
    steps.try_into().unwrap()
}

/// The calls of the sweeps from the end of the grace until the proof is noted.
async fn revocation(stage: &Stage) -> Vec<Vec<String>> {
    stage.scene.pass(Duration::from_hours(1)).await;
    let mut sweeps = Vec::new();
    while !stage.has_proven() {
        assert!(sweeps.len() < 4, "{sweeps:?}");
        sweeps.push(spent(stage, stage.sweep()).await.1);
        stage.scene.pass(Duration::from_mins(15)).await;
    }
    sweeps
}

/// A world in which a change is seen while it goes on.
fn brisk() -> Settings {
    let mut settings = Settings::default();
    settings.durations.token = SignedDuration::from_secs(7);
    settings.durations.user = SignedDuration::from_secs(7);
    settings
}

/// Checks the calls of each step, and the number of all of them.
#[track_caller]
fn check(steps: &[Vec<String>], expected: &[&str], number: usize) {
    let told: Vec<_> = steps.iter().map(|it| it.join(" ")).collect();
    assert_eq!(told, expected);
    assert_eq!(steps.iter().map(Vec::len).sum::<usize>(), number);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_makes_twenty_calls() {
    let stage = Stage::with(brisk()).await;
    let rotated = [
        "DescribeSecret GetSecretValue GetSecretValue PutSecretValue",
        "DescribeSecret GetSecretValue GetSecretValue DescribeReplicationGroups DescribeCacheClusters TagResource ModifyReplicationGroup DescribeReplicationGroups",
        "DescribeSecret GetSecretValue GetSecretValue DescribeReplicationGroups",
        "DescribeSecret GetSecretValue UpdateSecretVersionStage Publish",
    ];
    for round in ["first", "second"] {
        check(&rotation(&stage, round).await, &rotated, 20);
        let revoked = [
            "GetResources GetResources DescribeSecret GetSecretValue DescribeReplicationGroups DescribeCacheClusters GetSecretValue TagResource ModifyReplicationGroup",
            "GetResources GetResources DescribeSecret GetSecretValue DescribeReplicationGroups DescribeCacheClusters GetSecretValue TagResource Publish",
        ];
        // Each sweep finds the secrets with two calls, however many there are.
        check(&revocation(&stage).await, &revoked, 18);
    }
    // The secret of a stack says its form, and what is current need not be read to know it.
    stage.tag("cachewarden:secret-format", "token");
    let calls = rotation(&stage, "third").await;
    assert_eq!(calls[0].join(" "), "DescribeSecret GetSecretValue PutSecretValue");
}

#[tokio::test(start_paused = true)]
async fn a_rotation_of_a_document_makes_one_more_call_the_first_time() {
    let stage = Stage::with(brisk()).await;
    stage.put_by_hand(&json!({ "token": FIRST }).to_string());
    let first = rotation(&stage, "first").await;
    assert_eq!(
        first[0].join(" "),
        "DescribeSecret GetSecretValue GetSecretValue DescribeReplicationGroups PutSecretValue"
    );
    revocation(&stage).await;
    let second = rotation(&stage, "second").await;
    assert_eq!(second.iter().map(Vec::len).sum::<usize>(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_of_a_user_looks_at_every_group_that_carries_it() {
    let stage = Stage::of_user(brisk()).await;
    let rotated = [
        "DescribeSecret GetSecretValue GetSecretValue PutSecretValue",
        "DescribeSecret GetSecretValue GetSecretValue DescribeUsers DescribeUserGroups DescribeReplicationGroups DescribeReplicationGroups TagResource ModifyUser DescribeUsers",
        "DescribeSecret GetSecretValue GetSecretValue DescribeUsers DescribeUserGroups DescribeReplicationGroups DescribeReplicationGroups",
        "DescribeSecret GetSecretValue UpdateSecretVersionStage Publish",
    ];
    check(&rotation(&stage, "first").await, &rotated, 25);
    assert_eq!(revocation(&stage).await.iter().map(Vec::len).sum::<usize>(), 22);
}
