//! Death, broken connections and throttles at every call: never two snapshots for one tick, never the last good one gone, never two
//! groups from one restore.

use aws_sim::elasticache::model::{SnapshotStatus, Status};
use aws_sim::fault::{Fault, Rule, Side};
use aws_sim::settings::{Durations, Settings, Switches};
use serde_json::{Value, json};

use super::stage::{GROUP, Stage};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
enum Story {
    /// The schedule's snapshot of every group.
    Take,
    /// A person's snapshot, whose event says no time.
    TakeNow,
    /// Six are there, three are kept.
    Prune,
    /// The newest into a new group.
    Restore,
}

impl Story {
    async fn stage(self, switches: Switches) -> Stage {
        // Ten times faster than AWS: a hundred looks at the same `creating` would be a hundred runs of the same case.
        let durations = Durations::default().faster(10);
        let stage = Stage::with(Settings { durations, switches, ..Settings::default() }).await;
        match self {
            Self::Take | Self::TakeNow => {}
            Self::Prune => stage.stock(6).await,
            Self::Restore => stage.stock(2).await,
        }
        stage
    }

    fn event(self, stage: &Stage) -> Value {
        match self {
            Self::Take => json!({ "action": "take", "time": "2026-01-01T00:15:00Z" }),
            Self::TakeNow => json!({ "action": "take", "group": GROUP }),
            Self::Prune => json!({ "action": "prune" }),
            Self::Restore => {
                json!({ "action": "restore", "snapshot": stage.good().pop(), "group": "orders-back" })
            }
        }
    }

    /// What must be true when all is over, whatever went wrong on the way.
    #[track_caller]
    fn holds(self, stage: &Stage, good: &[String], case: &str) {
        assert!(stage.scene.running().is_empty(), "{case}: something still runs");
        let left = stage.good();
        let unfinished: Vec<_> =
            stage.snapshots().into_iter().filter(|it| it.1 == SnapshotStatus::Creating).collect();
        assert!(unfinished.is_empty(), "{case}: {unfinished:?}");
        match self {
            Self::Take | Self::TakeNow => assert_eq!(left.len(), 1, "{case}: {left:?}"),
            Self::Prune => assert_eq!(left, &good[3..], "{case}"),
            Self::Restore => {
                assert_eq!(left, good, "{case}");
                assert_eq!(stage.groups(), ["orders", "orders-back"], "{case}");
                stage.scene.world.with(|it| {
                    let made = &it.elasticache.groups["orders-back"];
                    assert_eq!(made.status, Status::Available, "{case}");
                    assert!(made.access.passwords.contains(&stage.token().to_owned()), "{case}");
                    let alarms =
                        it.cloudwatch.alarms.keys().filter(|it| it.starts_with("orders-back-"));
                    assert_eq!(alarms.count(), 10, "{case}");
                    let creations = it
                        .calls
                        .iter()
                        .filter(|it| it.operation == "CreateReplicationGroup" && it.status == 200);
                    // The source was created too.
                    assert!(creations.count() <= 2, "{case}");
                });
            }
        }
        let source = stage.scene.world.with(|it| it.elasticache.groups[GROUP].status);
        assert_eq!(source, Status::Available, "{case}: the source is as it was");
        stage.keeps_its_secrets();
    }
}

/// How many calls a story makes where nothing goes wrong.
async fn calls(story: Story, switches: Switches) -> usize {
    let stage = story.stage(switches).await;
    let good = stage.good();
    let before = stage.calls();
    stage.send(story.event(&stage)).await;
    stage.scene.pass(std::time::Duration::from_mins(2)).await;
    story.holds(&stage, &good, &format!("{story:?} undisturbed"));
    stage.calls() - before
}

/// Runs a story once for each call and fault; gives the number of runs.
async fn at_every_call(story: Story, switches: Switches, faults: &[Fault]) -> usize {
    let calls = calls(story, switches.clone()).await;
    for fault in faults {
        for call in 0..calls {
            let case = format!("{story:?}, call {call} of {calls}, {fault:?}");
            let stage = story.stage(switches.clone()).await;
            let good = stage.good();
            let event = story.event(&stage);
            stage.befall(Rule::call(call, fault.clone()));
            stage.send(event.clone()).await;
            assert!(stage.scene.world.with(|it| it.faults.is_spent()), "{case}: it never came");
            stage.scene.pass(std::time::Duration::from_mins(2)).await;
            story.holds(&stage, &good, &case);
            // And the same event once more.
            stage.send_again(event).await;
            story.holds(&stage, &good, &format!("{case}, then again"));
        }
    }
    println!("{story:?}: {calls} calls, {} runs", calls * faults.len());
    calls * faults.len()
}

const DEATHS: [Fault; 2] = [Fault::Cut(Side::BeforeEffect), Fault::Cut(Side::AfterEffect)];
/// A connection that breaks before its call is to the caller what a service that is away is.
const BREAKS: [Fault; 2] = [Fault::Broken(Side::AfterEffect), Fault::Throttled];

#[tokio::test(start_paused = true)]
async fn a_schedule_dies_at_every_call_and_takes_one() {
    let runs = at_every_call(Story::Take, Switches::default(), &DEATHS).await;
    assert!(20 <= runs, "only {runs} runs");
}

#[tokio::test(start_paused = true)]
async fn a_person_s_snapshot_dies_at_every_call_and_is_one() {
    at_every_call(Story::TakeNow, Switches::default(), &DEATHS).await;
}

#[tokio::test(start_paused = true)]
async fn a_prune_dies_at_every_call_and_keeps_what_is_kept() {
    at_every_call(Story::Prune, Switches::default(), &DEATHS).await;
}

#[tokio::test(start_paused = true)]
async fn a_restore_dies_at_every_call_and_makes_one_group() {
    at_every_call(Story::Restore, Switches::default(), &DEATHS).await;
}

#[tokio::test(start_paused = true)]
async fn connections_break_at_every_call() {
    for story in [Story::Take, Story::Prune, Story::Restore] {
        at_every_call(story, Switches::default(), &BREAKS).await;
    }
}

#[tokio::test(start_paused = true)]
async fn stale_looks_and_busy_tags_change_nothing() {
    let switches = Switches { stale_looks: 3, tags_make_busy: true, ..Switches::default() };
    for story in [Story::Take, Story::Prune, Story::Restore] {
        at_every_call(story, switches.clone(), &DEATHS).await;
    }
    let inherits_nothing = Switches { restore_inherits: false, ..Switches::default() };
    at_every_call(Story::Restore, inherits_nothing, &[Fault::Cut(Side::AfterEffect)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_away_for_long_is_told_and_harms_nothing() {
    for story in [Story::Take, Story::Prune, Story::Restore] {
        let stage = story.stage(Switches::default()).await;
        let good = stage.good();
        let event = story.event(&stage);
        stage.befall(Rule::next(Fault::Unavailable).times(2000));
        stage.send(event.clone()).await;
        stage.scene.world.with(|it| it.faults.clear());
        assert_eq!(stage.good(), good, "{story:?}");
        stage.send(event).await;
        stage.scene.pass(std::time::Duration::from_mins(2)).await;
        story.holds(&stage, &good, &format!("{story:?} after the outage"));
    }
}
