//! A service that is away for longer than anybody tries: it is told, nothing is harmed, and the next event does what was to be done.

use aws_sim::elasticache::model::Status;
use aws_sim::fault::{Fault, Rule};
use aws_sim::settings::{Durations, Settings};
use serde_json::{Value, json};

use super::stage::{GROUP, Stage};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
enum Story {
    /// The schedule's snapshot of every group.
    Take,
    /// Six are there, three are kept.
    Prune,
    /// The newest into a new group.
    Restore,
}

impl Story {
    async fn stage(self) -> Stage {
        let durations = Durations::default().faster(10);
        let stage = Stage::with(Settings { durations, ..Settings::default() }).await;
        match self {
            Self::Take => {}
            Self::Prune => stage.stock(6).await,
            Self::Restore => stage.stock(2).await,
        }
        stage
    }

    fn event(self, stage: &Stage) -> Value {
        match self {
            Self::Take => json!({ "action": "take", "time": "2026-01-01T00:15:00Z" }),
            Self::Prune => json!({ "action": "prune" }),
            Self::Restore => {
                json!({ "action": "restore", "snapshot": stage.good().pop(), "group": "orders-back" })
            }
        }
    }

    #[track_caller]
    fn holds(self, stage: &Stage, good: &[String]) {
        assert!(stage.scene.running().is_empty(), "{self:?}: something still runs");
        let left = stage.good();
        match self {
            Self::Take => assert_eq!(left.len(), 1, "{self:?}: {left:?}"),
            Self::Prune => assert_eq!(left, &good[3..], "{self:?}"),
            Self::Restore => {
                assert_eq!(left, good, "{self:?}");
                assert_eq!(stage.groups(), ["orders", "orders-back"], "{self:?}");
            }
        }
        let source = stage.scene.world.with(|it| it.elasticache.groups[GROUP].status);
        assert_eq!(source, Status::Available, "{self:?}: the source is as it was");
        stage.keeps_its_secrets();
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_away_for_long_is_told_and_harms_nothing() {
    for story in [Story::Take, Story::Prune, Story::Restore] {
        let stage = story.stage().await;
        let good = stage.good();
        let event = story.event(&stage);
        stage.befall(Rule::next(Fault::Unavailable).times(2000));
        stage.send(event.clone()).await;
        stage.scene.world.with(|it| it.faults.clear());
        assert_eq!(stage.good(), good, "{story:?}");
        stage.send(event).await;
        stage.scene.pass(std::time::Duration::from_mins(2)).await;
        story.holds(&stage, &good);
    }
}
