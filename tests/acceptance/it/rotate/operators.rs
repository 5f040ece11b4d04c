//! What a person asks `rotate` for: how it stands, what would be done, and a rotation now.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{FIRST, GROUP, Stage};
use crate::support::Ended;

const QUARTER: Duration = Duration::from_mins(15);

async fn answer(stage: &Stage, event: Value) -> Value {
    match stage.call(event).await {
        Ended::Answered(answer) => answer,
        other @ (Ended::Failed(_) | Ended::Died) => panic!("{other:?}"),
    }
}

async fn status(stage: &Stage) -> Value {
    answer(stage, json!({ "action": "status" })).await["secrets"][0].clone()
}

/// The number of calls that change anything.
fn changes(stage: &Stage) -> usize {
    let looks =
        |it: &str| it.starts_with("Describe") || it.starts_with("Get") || it.starts_with("List");
    stage.scene.world.with(|it| it.calls.iter().filter(|it| !looks(&it.operation)).count())
}

#[tokio::test(start_paused = true)]
async fn the_status_tells_the_step_what_it_waits_for_and_until_when_the_old_token_is_valid() {
    let stage = Stage::new().await;
    let fresh = status(&stage).await;
    assert_eq!(fresh["secret"], "orders-token");
    assert_eq!(fresh["group"], GROUP);
    assert!(fresh["stands"].as_str().unwrap().starts_with("only AWSCURRENT is valid"), "{fresh}");

    let version = stage.stage_by_hand("seen");
    let made = status(&stage).await;
    assert_eq!(made["step"], "createSecret", "{made}");
    assert!(made["next"].as_str().unwrap().starts_with("createSecret: make a new one"), "{made}");
    stage.step("createSecret", &version).await;
    stage.cache(&[
        ("Action", "CreateSnapshot"),
        ("Version", "2015-02-02"),
        ("SnapshotName", "orders-now"),
        ("CacheClusterId", "orders-002"),
    ]);
    let before = changes(&stage);
    let busy = status(&stage).await;
    assert_eq!(busy["step"], "setSecret", "{busy}");
    assert_eq!(busy["next"], "setSecret: wait for a snapshot to finish");
    assert!(busy["under_way_since"].as_str().unwrap().starts_with("2026-"), "{busy}");
    assert_eq!(changes(&stage), before, "a look changes nothing");
    for _ in 0..4 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
    }
    let rotated = status(&stage).await;
    assert!(
        rotated["stands"]
            .as_str()
            .unwrap()
            .starts_with("AWSCURRENT is valid, and the old token until"),
        "{rotated}"
    );
    assert!(rotated["old_one_valid_until"].as_str().unwrap().starts_with("2026-"), "{rotated}");
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_plan_tells_what_the_sweep_and_a_rotation_would_do_and_does_nothing() {
    let stage = Stage::new().await;
    stage.rotate().await;
    let event = || json!({ "action": "plan", "group": GROUP });
    let before = changes(&stage);
    let early = answer(&stage, event()).await["secrets"][0].clone();
    let lines = early["a_rotation_now_would"].as_array().unwrap().clone();
    assert!(
        lines[1].as_str().unwrap().contains("wait for the grace of the old token to end at 2026-"),
        "{early}"
    );
    assert_eq!(changes(&stage), before);
    for _ in 0..6 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
    }
    let closed = answer(&stage, event()).await["secrets"][0].clone();
    let lines = closed["a_rotation_now_would"].as_array().unwrap().clone();
    assert_eq!(lines.len(), 5, "{closed}");
    assert!(
        lines[1]
            .as_str()
            .unwrap()
            .contains("have orders accept AWSPENDING beside AWSCURRENT (ROTATE)"),
        "{closed}"
    );
    stage.put_by_hand("a-token-that-no-node-knows");
    let lost = answer(&stage, event()).await["secrets"][0].clone();
    let why = lost["a_rotation_now_would_be_refused"].as_str().unwrap();
    assert!(why.starts_with("neither AWSPENDING nor AWSCURRENT opens orders-001"), "{lost}");
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_person_has_one_secret_rotated_and_the_same_event_twice_rotates_once() {
    let stage = Stage::new().await;
    // Rotation is set up, and nothing was rotated yet.
    stage.manager(
        "RotateSecret",
        json!({
            "SecretId": stage.secret,
            "RotationLambdaARN": super::stage::function(),
            "RotateImmediately": false,
            "RotationRules": { "AutomaticallyAfterDays": 30 },
        }),
    );
    stage.drive().await;
    let event = || json!({ "action": "rotate", "group": GROUP });
    let begun = answer(&stage, event()).await;
    assert_eq!(begun["status"], "settled", "{begun}");
    assert!(
        begun["summary"].as_str().unwrap().contains("Secrets Manager begins a rotation to version"),
        "{begun}"
    );
    let again = answer(&stage, event()).await;
    assert_eq!(again["status"], "refused", "another event is another rotation: {again}");
    assert!(
        again["summary"]
            .as_str()
            .unwrap()
            .contains("is under way, and Secrets Manager begins no other"),
        "{again}"
    );
    stage.drive().await;
    assert_ne!(stage.value("AWSCURRENT").as_deref(), Some(FIRST));
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_mean_is_refused_and_nothing_is_rotated() {
    let stage = Stage::new().await;
    let before = changes(&stage);
    let said = |answer: Value| answer["summary"].as_str().unwrap().to_owned();
    let nobody = said(answer(&stage, json!({ "action": "rotate", "group": "carts" })).await);
    assert!(
        nobody.contains("is the token of the group carts; {\"action\":\"status\"} tells them all"),
        "{nobody}"
    );
    let off = said(answer(&stage, json!({ "action": "rotate", "secret": "orders-token" })).await);
    assert!(off.contains("rotation is off for this secret"), "{off}");
    super::make_secret(&stage.scene, "orders-other", FIRST);
    let two = said(answer(&stage, json!({ "action": "rotate", "group": GROUP })).await);
    assert!(
        two.contains("2 secrets hold the token of the group orders; name one by \"secret\""),
        "{two}"
    );
    let before = before + 1;
    assert_eq!(changes(&stage), before, "the secret that the story made");
    let why = super::failed(stage.call(json!({ "action": "rotate" })).await);
    assert!(why.contains("rotate takes one of secret, group and user, and none is there"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_go_on_is_measured() {
    let stage = Stage::new().await;
    stage.rotate().await;
    for _ in 0..6 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
    }
    let last = |stage: &Stage| stage.records().last().unwrap().clone();
    let calm = last(&stage);
    assert_eq!((&calm["RotationStuck"], &calm["RotationOverdue"]), (&json!(0.0), &json!(0.0)));
    assert!((0.0..1.0).contains(&calm["CredentialAgeDays"].as_f64().unwrap()), "{calm}");
    // A node does not answer, for longer than any rotation takes.
    stage.deafen(Some("orders-002"));
    stage.rotate().await;
    for _ in 0..10 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
    }
    assert_eq!(last(&stage)["RotationStuck"], json!(1.0), "{}", last(&stage));
    stage.deafen(None);
    stage.sweep().await;
    assert_eq!(last(&stage)["RotationStuck"], json!(0.0), "{}", last(&stage));
    // Nor when the old token is to go.
    stage.deafen(Some("orders-002"));
    for _ in 0..16 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
    }
    assert_eq!(last(&stage)["RotationStuck"], json!(1.0), "{}", last(&stage));
    stage.deafen(None);
    for _ in 0..3 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
    }
    assert_eq!(last(&stage)["RotationStuck"], json!(0.0), "{}", last(&stage));
    stage.is_closed();
    stage.keeps_its_secrets();
}
