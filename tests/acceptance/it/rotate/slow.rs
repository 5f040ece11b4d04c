//! A change of the token that takes longer than all tries of Secrets Manager, so that the sweep has to finish the rotation.

use std::time::Duration;

use aws_sim::fault::{Fault, Rule, Side};
use aws_sim::settings::Settings;
use jiff::SignedDuration;

use super::stage::{FIRST, Stage};

/// A whole rotation and its sweeps, with something that befalls one call. Gives the number of calls.
async fn story(rule: Option<Rule>) -> (Stage, usize) {
    let mut settings = Settings::default();
    settings.durations.token = SignedDuration::from_mins(50);
    let stage = Stage::with(settings).await;
    stage.tag("cachewarden:grace-minutes", "30");
    stage.begin();
    let before = stage.scene.world.with(|it| it.calls.len());
    if let Some(rule) = rule {
        stage.befall(rule);
    }
    stage.drive().await;
    // One sweep that finds nothing to do is enough.
    let mut idle = 0;
    for _ in 0..SWEEPS_MAX {
        stage.scene.pass(Duration::from_mins(15)).await;
        stage.sweep().await;
        stage.holds();
        idle += usize::from(stage.has_proven());
        if 1 < idle {
            break;
        }
    }
    let calls = stage.scene.world.with(|it| it.calls.len()) - before;
    (stage, calls)
}

/// Enough for a rotation that the sweep has to finish, its grace of half an hour, and the revocation.
const SWEEPS_MAX: usize = 14;

/// Most calls are looks at the same thing: every so many are befallen.
const STRIDE: usize = 37;

#[tokio::test(start_paused = true)]
async fn the_sandbox_dies_while_a_change_takes_longer_than_secrets_manager_tries() {
    let (stage, calls) = story(None).await;
    stage.is_closed();
    let mut cases = 0;
    for side in [Side::BeforeEffect, Side::AfterEffect] {
        for call in (0..calls).step_by(STRIDE) {
            let (stage, _) = story(Some(Rule::call(call, Fault::Cut(side)))).await;
            let what = format!("a death at call {call} of {calls}, {side:?}");
            assert!(stage.scene.world.with(|it| it.faults.is_spent()), "{what} never came about");
            assert_ne!(stage.value("AWSCURRENT").as_deref(), Some(FIRST), "{what}: never promoted");
            assert!(stage.has_proven(), "{what}: never proven");
            stage.is_closed();
            stage.keeps_its_secrets();
            cases += 1;
        }
    }
    assert!(20 < cases, "only {cases} cases at {calls} calls");
}
