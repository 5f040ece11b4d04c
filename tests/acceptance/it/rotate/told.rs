//! What the topic is told of: each refusal once, however often it is met, and the end of it.

use std::time::Duration;

use aws_sim::fault::{Fault, Rule};
use aws_sim::settings::Settings;

use super::stage::{FIRST, GROUP, Stage};

const QUARTER: Duration = Duration::from_mins(15);

/// The subjects and texts of what was published since this many.
fn messages(stage: &Stage, since: usize) -> Vec<String> {
    let published = stage.scene.world.with(|it| it.sns.published.clone());
    published[since..].iter().map(|it| format!("{}: {}", it.subject, it.message)).collect()
}

fn count(stage: &Stage) -> usize {
    stage.scene.world.with(|it| it.sns.published.len())
}

async fn sweeps(stage: &Stage, number: usize) {
    for _ in 0..number {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
    }
}

/// Sweeps of a day, but one.
const DAY: usize = 95;

#[tokio::test(start_paused = true)]
async fn a_rotation_that_is_refused_is_told_once_a_day_and_when_it_goes_on() {
    let stage = Stage::new().await;
    stage.put_by_hand("a-token-that-no-node-knows");
    let before = count(&stage);
    // Secrets Manager tries until it gives up.
    let version = stage.stage_by_hand("locked");
    for _ in 0..5 {
        stage.step("createSecret", &version).await;
        stage.step("setSecret", &version).await;
    }
    sweeps(&stage, DAY - 8).await;
    let told = messages(&stage, before);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("orders-token: refused: orders-token: Refused: neither AWSPENDING nor AWSCURRENT opens orders-001, orders-002;"), "{told:?}");
    assert!(told[0].contains("told again in a day, if it lasts"), "{told:?}");
    sweeps(&stage, 16).await;
    assert_eq!(count(&stage), before + 2, "the reminder of the second day");

    // Another refusal is other news.
    stage.tag("cachewarden:group", "nowhere");
    sweeps(&stage, 3).await;
    let told = messages(&stage, before + 2);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("the replication group nowhere does not exist"), "{told:?}");

    // Both are put right, and the rotation is finished.
    stage.tag("cachewarden:group", GROUP);
    stage.put_by_hand(FIRST);
    sweeps(&stage, 8).await;
    let told = messages(&stage, before + 3);
    let subjects: Vec<_> = told.iter().map(|it| it.split(": ").nth(1).unwrap()).collect();
    assert_eq!(subjects, ["goes on", "settled", "old credentials revoked"], "{told:?}");
    assert!(told[0].contains("what was refused is over; orders-token: every node accepts"));
    assert!(told[1].contains("; what opened the nodes before does so until 2026-"), "{told:?}");
    stage.is_closed();
    sweeps(&stage, DAY).await;
    assert_eq!(messages(&stage, before).len(), 6, "and no more");
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn what_only_the_sweep_sees_is_told_too() {
    let stage = Stage::new().await;
    sweeps(&stage, 2).await;
    let before = count(&stage);
    stage.put_by_hand("a-token-that-no-node-knows");
    sweeps(&stage, DAY).await;
    let told = messages(&stage, before);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("orders-token: refused: orders-token: AWSCURRENT does not open"),
        "{told:?}"
    );
    stage.put_by_hand(FIRST);
    sweeps(&stage, 2).await;
    let told = messages(&stage, before + 1);
    assert_eq!(told.len(), 1, "that it is in order again, and the proof with it: {told:?}");
    sweeps(&stage, DAY).await;
    assert_eq!(count(&stage), before + 2);
}

#[tokio::test(start_paused = true)]
async fn a_door_that_is_open_to_everybody_is_told_until_it_is_closed() {
    let stage = Stage::of(Settings::default(), None).await;
    let before = count(&stage);
    sweeps(&stage, 3).await;
    stage.rotate().await;
    sweeps(&stage, 8).await;
    let told = messages(&stage, before);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("asks for no token: anybody in its network gets in"), "{told:?}");
    let open = "anybody in the network of the group gets in without a password until 2026-";
    assert!(told[1].contains(open) && told[1].contains("the new token is AWSCURRENT"), "{told:?}");
    assert!(told[2].contains("old credentials revoked"), "{told:?}");
    stage.is_closed();
    sweeps(&stage, DAY).await;
    assert_eq!(count(&stage), before + 3);
}

#[tokio::test(start_paused = true)]
async fn that_nobody_can_be_told_or_it_cannot_be_noted_stops_nothing() {
    for operation in ["Publish", "TagResource"] {
        let stage = Stage::new().await;
        stage.put_by_hand("a-token-that-no-node-knows");
        let before = count(&stage);
        let rule = Rule::operation(operation, Fault::Denied);
        stage.befall(rule.times(2));
        let lines = stage.sweep_lines().await;
        assert!(lines[0].contains("AWSCURRENT does not open"), "{operation}: {lines:?}");
        let reached = usize::from(operation == "TagResource");
        assert_eq!(count(&stage), before + reached, "{operation}");
        // What is not noted is told again, rather than never.
        sweeps(&stage, 4).await;
        assert_eq!(count(&stage), before + 1 + 2 * reached, "{operation}");
    }
}
