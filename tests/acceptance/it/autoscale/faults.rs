//! Everything that can befall a call, at every call from the alarm to the end, and the schedule after it.

use aws_sim::fault::{Fault, Rule, Side};
use aws_sim::settings::Settings;
use domain::alarm::Watch;
use serde_json::Value;

use super::stage::{Stage, alarm_event};

/// What is to happen, and what is true when it has happened.
#[derive(Clone, Copy, Debug)]
enum Story {
    Memory,
    Reads,
}

impl Story {
    async fn begin(self, settings: Settings) -> (Stage, Value) {
        // A cooldown that outlasts the story: what is asked is whether this alarm leads to one change.
        let tags =
            [("cachewarden:autoscale", "full"), ("cachewarden:autoscale-cooldown-minutes", "720")];
        let stage = Stage::with(settings, &tags).await;
        let alarm = match self {
            Self::Memory => {
                stage.fill_to(374_000_000);
                alarm_event("orders-001", Watch::Memory)
            }
            Self::Reads => {
                stage.load("orders-002", &[("EngineCPUUtilization", 88.0)]);
                alarm_event("orders-002", Watch::EngineCpu)
            }
        };
        stage.minutes(5).await;
        (stage, alarm)
    }

    /// The alarm, and what becomes of it; then the schedule, which finds what was left.
    async fn run(self, settings: Settings, rule: Option<Rule>) -> (Stage, usize) {
        let (stage, alarm) = self.begin(settings).await;
        let before = stage.calls();
        // A change that is denied is tried again after an hour, anything else in the next round.
        let rounds = if rule.as_ref().is_some_and(|it| it.fault == Fault::Denied) { 18 } else { 5 };
        if let Some(rule) = rule {
            stage.befall(rule);
        }
        stage.send(alarm).await;
        let calls = stage.calls() - before;
        stage.rounds(rounds).await;
        (stage, calls)
    }

    fn is_done(self, stage: &Stage) -> bool {
        let size = match self {
            Self::Memory => stage.node_type() == "cache.t4g.small",
            Self::Reads => stage.members().len() == 3,
        };
        size && !stage.tags().contains_key("cachewarden:autoscale-change")
    }

    #[track_caller]
    fn check(self, stage: &Stage, what: &str) {
        assert!(self.is_done(stage), "{what}: {:?} {:?}", stage.members(), stage.tags());
        // A change whose answer was lost is not counted; a second one would show in the size.
        assert!(stage.changes() <= 1, "{what}: one change and no more");
        assert!(!stage.tags().contains_key("cachewarden:asked"), "{what}: {:?}", stage.tags());
        assert!(stage.tags().contains_key("cachewarden:changed"), "{what}: {:?}", stage.tags());
        let told = stage.told();
        let is_told = told.iter().any(|it| it.subject.contains("changed the"));
        // A topic that we may not use does not hold up the work.
        assert!(is_told || stage.was_denied("Publish"), "{what}: {told:?}");
        stage.has_its_alarms();
        stage.keeps_its_secrets();
    }
}

async fn check_every_call(story: Story, settings: fn() -> Settings, fault: fn() -> Fault) -> usize {
    let (stage, calls) = story.run(settings(), None).await;
    story.check(&stage, "without a fault");
    assert_eq!(stage.changes(), 1);
    assert_eq!(stage.told().len(), 1);
    for call in 0..calls {
        let what = format!("{story:?}, {:?} at call {call}", fault());
        let (stage, _) = story.run(settings(), Some(Rule::call(call, fault()))).await;
        assert!(stage.scene.world.with(|it| it.faults.is_spent()), "{what}: never came about");
        story.check(&stage, &what);
    }
    println!("{story:?}, {:?}: {calls} calls, each befallen once", fault());
    calls
}

fn plain() -> Settings {
    let mut settings = Settings::default();
    // Fewer looks to befall, and none of another kind.
    settings.durations.node_type = jiff::SignedDuration::from_secs(40);
    settings.durations.add_replicas = jiff::SignedDuration::from_secs(40);
    settings
}

/// Looks lag behind, and tags make the group busy for a moment.
fn hard() -> Settings {
    let mut settings = plain();
    settings.switches.stale_looks = 4;
    settings.switches.tags_make_busy = true;
    settings
}

#[tokio::test(start_paused = true)]
async fn memory_and_a_death_before_any_call() {
    assert!(12 < check_every_call(Story::Memory, plain, || Fault::Cut(Side::BeforeEffect)).await);
}

#[tokio::test(start_paused = true)]
async fn memory_and_a_death_after_any_call() {
    assert!(12 < check_every_call(Story::Memory, plain, || Fault::Cut(Side::AfterEffect)).await);
}

#[tokio::test(start_paused = true)]
async fn memory_and_a_death_before_any_call_while_looks_lag() {
    assert!(12 < check_every_call(Story::Memory, hard, || Fault::Cut(Side::BeforeEffect)).await);
}

#[tokio::test(start_paused = true)]
async fn memory_and_a_death_after_any_call_while_looks_lag() {
    assert!(12 < check_every_call(Story::Memory, hard, || Fault::Cut(Side::AfterEffect)).await);
}

#[tokio::test(start_paused = true)]
async fn memory_and_a_lost_answer_to_any_call() {
    assert!(12 < check_every_call(Story::Memory, hard, || Fault::Broken(Side::AfterEffect)).await);
}

#[tokio::test(start_paused = true)]
async fn memory_and_a_throttle_of_any_call() {
    assert!(12 < check_every_call(Story::Memory, hard, || Fault::Throttled).await);
}

#[tokio::test(start_paused = true)]
async fn memory_and_an_outage_at_any_call() {
    assert!(12 < check_every_call(Story::Memory, plain, || Fault::Unavailable).await);
}

#[tokio::test(start_paused = true)]
async fn reads_and_a_death_before_any_call() {
    assert!(12 < check_every_call(Story::Reads, plain, || Fault::Cut(Side::BeforeEffect)).await);
}

#[tokio::test(start_paused = true)]
async fn reads_and_a_death_after_any_call() {
    assert!(12 < check_every_call(Story::Reads, plain, || Fault::Cut(Side::AfterEffect)).await);
}

#[tokio::test(start_paused = true)]
async fn reads_and_a_death_before_any_call_while_looks_lag() {
    assert!(12 < check_every_call(Story::Reads, hard, || Fault::Cut(Side::BeforeEffect)).await);
}

#[tokio::test(start_paused = true)]
async fn reads_and_a_death_after_any_call_while_looks_lag() {
    assert!(12 < check_every_call(Story::Reads, hard, || Fault::Cut(Side::AfterEffect)).await);
}

#[tokio::test(start_paused = true)]
async fn reads_and_a_lost_answer_to_any_call() {
    assert!(12 < check_every_call(Story::Reads, hard, || Fault::Broken(Side::AfterEffect)).await);
}

#[tokio::test(start_paused = true)]
async fn reads_and_a_throttle_of_any_call() {
    assert!(12 < check_every_call(Story::Reads, hard, || Fault::Throttled).await);
}

#[tokio::test(start_paused = true)]
async fn reads_and_a_denial_at_any_call() {
    assert!(12 < check_every_call(Story::Reads, plain, || Fault::Denied).await);
}
