//! The password of a user: two at a time, proven by login on every node of every group that carries it.

use std::time::Duration;

use aws_sim::fault::{Fault, Rule, Side};
use aws_sim::settings::Settings;
use jiff::SignedDuration;
use serde_json::json;

use super::failed;
use super::stage::{FIRST, Stage, USER};

const QUARTER: Duration = Duration::from_mins(15);

/// Sweeps until the old password is proven to be gone.
async fn closes(stage: &Stage) {
    for _ in 0..8 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
        stage.holds();
    }
    stage.is_closed();
}

#[tokio::test(start_paused = true)]
async fn a_password_is_rotated_on_every_group_that_carries_the_user() {
    let stage = Stage::of_user(Settings::default()).await;
    assert_eq!(stage.access().len(), 4);
    for _ in 0..3 {
        let before = stage.value("AWSCURRENT").unwrap();
        stage.rotate().await;
        let new = stage.value("AWSCURRENT").unwrap();
        assert_ne!(new, before);
        for (_, access) in stage.access() {
            assert!(access.admits_user(USER, &before) && access.admits_user(USER, &new));
        }
        let early = stage.sweep_lines().await;
        assert!(early[0].contains("AWSCURRENT is valid, and the old password until"), "{early:?}");
        closes(&stage).await;
    }
    assert_eq!(stage.scene.world.calls_to("ModifyUser"), 6);
    assert_eq!(stage.scene.world.calls_to("ModifyReplicationGroup"), 0);
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn one_group_that_does_not_answer_stops_the_promotion() {
    let stage = Stage::of_user(Settings::default()).await;
    stage.deafen(Some("carts-002"));
    stage.rotate().await;
    assert_eq!(stage.value("AWSCURRENT").as_deref(), Some(FIRST));
    assert!(stage.said.borrow().join("\n").contains("carts-002"));
    stage.deafen(None);
    for _ in 0..12 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
        stage.holds();
    }
    assert_ne!(stage.value("AWSCURRENT").as_deref(), Some(FIRST));
    stage.is_closed();
}

#[tokio::test(start_paused = true)]
async fn a_change_that_takes_most_of_an_hour_is_finished_by_the_sweep() {
    let mut settings = Settings::default();
    settings.durations.user = SignedDuration::from_mins(50);
    let stage = Stage::of_user(settings).await;
    stage.rotate().await;
    assert_eq!(stage.value("AWSCURRENT").as_deref(), Some(FIRST));
    for _ in 0..16 {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
        stage.holds();
    }
    assert_ne!(stage.value("AWSCURRENT").as_deref(), Some(FIRST));
    stage.is_closed();
    assert_eq!(stage.scene.world.calls_to("ModifyUser"), 2, "one for two passwords, one for one");
}

#[tokio::test(start_paused = true)]
async fn the_function_dies_at_every_call_and_nobody_is_locked_out() {
    let stage = Stage::of_user(Settings::default()).await;
    stage.begin();
    let before = stage.scene.world.with(|it| it.calls.len());
    stage.drive().await;
    closes(&stage).await;
    let calls = stage.scene.world.with(|it| it.calls.len()) - before;
    let mut cases = 0;
    for side in [Side::BeforeEffect, Side::AfterEffect] {
        for call in (0..calls).step_by(STRIDE) {
            let stage = Stage::of_user(Settings::default()).await;
            stage.begin();
            stage.befall(Rule::call(call, Fault::Cut(side)));
            stage.drive().await;
            closes(&stage).await;
            let what = format!("a death at call {call} of {calls}, {side:?}");
            assert!(stage.scene.world.with(|it| it.faults.is_spent()), "{what} never came about");
            assert_ne!(stage.value("AWSCURRENT").as_deref(), Some(FIRST), "{what}: not promoted");
            stage.keeps_its_secrets();
            cases += 1;
        }
    }
    assert!(10 < cases, "only {cases} cases at {calls} calls");
}

/// Most calls are looks at the same thing: every so many are befallen.
const STRIDE: usize = 11;

#[tokio::test(start_paused = true)]
async fn a_user_that_cannot_be_rotated_is_refused_with_its_reason() {
    let stage = Stage::of_user(Settings::default()).await;
    let version = stage.stage_by_hand("wrong");
    stage.step("createSecret", &version).await;
    stage.put_by_hand("a-password-that-no-node-knows");
    let why = failed(stage.step("setSecret", &version).await);
    assert!(why.contains("neither AWSPENDING nor AWSCURRENT opens carts-001"), "{why}");
    stage.tag("cachewarden:user", "nobody");
    let why = failed(stage.step("setSecret", &version).await);
    assert!(
        why.contains("the user nobody does not exist; correct the tag cachewarden:user"),
        "{why}"
    );
    stage.tag("cachewarden:user", "default");
    let why = failed(stage.step("setSecret", &version).await);
    assert!(why.contains("the user default logs in by no-password, and has no password"), "{why}");
    stage.tag("cachewarden:group", "orders");
    let why = failed(stage.step("setSecret", &version).await);
    assert!(why.contains("holds one credential"), "{why}");
    assert_eq!(stage.scene.world.calls_to("ModifyUser"), 0);
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_password_of_the_looser_rule_is_rotated_to_one_of_the_stricter() {
    let stage = Stage::of_user(Settings::default()).await;
    let loose = "planted;semicolon*and(parens)";
    stage.cache(&[
        ("Action", "ModifyUser"),
        ("Version", "2015-02-02"),
        ("UserId", USER),
        ("Passwords.member.1", loose),
    ]);
    stage.put_by_hand(loose);
    stage.scene.pass(QUARTER).await;
    stage.manager("DescribeSecret", json!({ "SecretId": stage.secret }));
    stage.rotate().await;
    assert_ne!(stage.value("AWSCURRENT").as_deref(), Some(loose));
    closes(&stage).await;
    stage.keeps_its_secrets();
}
