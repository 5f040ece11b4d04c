//! Everything that can befall a call, at every call of a rotation and of the sweeps after it.

use std::time::Duration;

use aws_sim::fault::{Fault, Rule, Side};
use aws_sim::settings::Settings;
use jiff::SignedDuration;

use super::stage::{FIRST, Stage};

/// A whole rotation and its sweeps, with something that befalls one call. Gives the number of calls.
async fn story(world: World, rule: Option<Rule>) -> (Stage, usize) {
    let stage = Stage::with(world.settings()).await;
    stage
        .scene
        .world
        .with(|it| it.settings.switches.promotion_drops_pending = world == World::Lagging);
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

/// How a world behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum World {
    /// A change of the token takes seconds.
    Quick,
    /// Looks at the group lag behind, and a promotion takes `AWSPENDING` off.
    Lagging,
    /// A change of the token takes longer than all tries of Secrets Manager: the sweep has to finish the rotation.
    Slow,
}

impl World {
    fn settings(self) -> Settings {
        let mut settings = Settings::default();
        settings.durations.token = match self {
            Self::Quick => SignedDuration::from_secs(12),
            Self::Lagging => SignedDuration::from_secs(40),
            Self::Slow => SignedDuration::from_mins(50),
        };
        settings.switches.stale_looks = u32::from(self == Self::Lagging) * 3;
        settings
    }

    /// In a slow world most calls are looks at the same thing: every so many are befallen.
    fn stride(self) -> usize {
        match self {
            Self::Quick | Self::Lagging => 1,
            Self::Slow => 37,
        }
    }
}

async fn check(world: World, fault: Fault) {
    let (stage, calls) = story(world, None).await;
    stage.is_closed();
    let mut cases = 0;
    for call in (0..calls).step_by(world.stride()) {
        let (stage, _) = story(world, Some(Rule::call(call, fault.clone()))).await;
        let what = format!("{fault:?} at call {call} of {calls}");
        assert!(stage.scene.world.with(|it| it.faults.is_spent()), "{what} never came about");
        assert_ne!(stage.value("AWSCURRENT").as_deref(), Some(FIRST), "{what}: never promoted");
        assert!(stage.has_proven(), "{what}: never proven");
        stage.is_closed();
        stage.keeps_its_secrets();
        cases += 1;
    }
    assert!(20 < cases, "only {cases} cases at {calls} calls");
}

const DIES_BEFORE: Fault = Fault::Cut(Side::BeforeEffect);
const DIES_AFTER: Fault = Fault::Cut(Side::AfterEffect);

#[tokio::test(start_paused = true)]
async fn the_sandbox_dies_before_any_call() {
    check(World::Quick, DIES_BEFORE).await;
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_dies_after_any_call() {
    check(World::Quick, DIES_AFTER).await;
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_dies_before_any_call_while_looks_lag() {
    check(World::Lagging, DIES_BEFORE).await;
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_dies_after_any_call_while_looks_lag() {
    check(World::Lagging, DIES_AFTER).await;
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_dies_while_a_change_takes_longer_than_secrets_manager_tries() {
    check(World::Slow, DIES_BEFORE).await;
    check(World::Slow, DIES_AFTER).await;
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_any_call_is_lost() {
    check(World::Quick, Fault::Broken(Side::AfterEffect)).await;
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_any_call_is_lost_while_looks_lag() {
    check(World::Lagging, Fault::Broken(Side::AfterEffect)).await;
}

#[tokio::test(start_paused = true)]
async fn any_call_is_throttled() {
    check(World::Quick, Fault::Throttled).await;
}

#[tokio::test(start_paused = true)]
async fn any_call_meets_an_outage() {
    check(World::Quick, Fault::Unavailable).await;
}

#[tokio::test(start_paused = true)]
async fn any_call_is_denied_for_a_moment() {
    check(World::Quick, Fault::Denied).await;
}
