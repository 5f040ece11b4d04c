//! Drills in words and numbers.

use domain::snapshot::drill::{Drill, DrillStep, DrillView, Verified};
use domain::snapshot::standing::spoken;
use domain::snapshot::{Refusal, SnapshotView};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{End, Story, words};

/// The summary where no group asks for drills.
pub(crate) const NO_DRILLS: &str =
    "no group carries the tag cachewarden:drill-days with a number above 0";

/// The summary where no group has to go.
pub(crate) const NOTHING_LEFT: &str =
    "no group of a drill has outlived its time, and none that stood aside";

/// What a step of a drill does.
pub(crate) fn drilling(step: &DrillStep) -> String {
    match step {
        DrillStep::Charge { words, .. } => format!("counted its cost, {words}"),
        DrillStep::Create(plan) => format!(
            "asked for {}, {} {}, from {}",
            plan.target, plan.shape, plan.node_type, plan.snapshot
        ),
        DrillStep::Mark { words, .. } => format!("noted on the snapshot: {words}"),
        DrillStep::Delete(group) => format!("tore down {group}"),
    }
}

/// The number that an alarm watches, where a drill has come to an end.
pub(crate) fn drill_failed(end: &End) -> Option<(&'static str, f64)> {
    Some(("DrillFailed", failed(end)?))
}

/// The same of a snapshot that was to be taken.
pub(crate) fn take_failed(end: &End) -> Option<(&'static str, f64)> {
    Some(("SnapshotFailed", failed(end)?))
}

fn failed(end: &End) -> Option<f64> {
    match end {
        End::Settled | End::Before(_) => Some(0.0),
        End::Refused(_) | End::TooLong(_) | End::Failed(_) => Some(1.0),
        End::Unfinished(_) | End::Handed(_) | End::Again(_) => None,
    }
}

/// The same, where an execution gave up what this event asks for.
pub(crate) fn gave_up_metrics(event: &Value) -> Vec<(&'static str, f64)> {
    match event.get("action").and_then(Value::as_str) {
        Some("drill") => vec![("DrillFailed", 1.0)],
        Some("take") => vec![("SnapshotFailed", 1.0)],
        Some(_) | None => Vec::new(),
    }
}

/// Whether something was done before it was refused.
pub(super) fn was_tried(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Drill(why) if why.was_tried())
}

impl Story {
    /// Takes in a look at a drill.
    pub(crate) fn saw_drill(&mut self, drill: &Drill, view: &DrillView) {
        let snapshot = view.snapshot.as_ref().map_or("no such snapshot".to_owned(), |it| {
            format!("the snapshot {} is {}", it.name, it.status)
        });
        let group = view.group.as_ref();
        let group = group.map_or("no group of a drill".to_owned(), |it| words::group(Some(it)));
        self.saw = format!("{snapshot}, {group}");
        if let Some(compared) = drill.compared(view) {
            self.saw = format!("{}, {compared}", self.saw);
        }
        let Some(verified) = drill.is_verified(view) else { return };
        let data_at = view.snapshot.as_ref().and_then(SnapshotView::data_at);
        let lost = data_at.map(|it| verified.asked().duration_since(it));
        self.restores(&drill.snapshot, verified, lost);
        // Once, when all is over: a look while its group goes tells nothing new.
        if view.group.is_none() {
            self.metrics = vec![
                ("RecoveryTimeSeconds", verified.took.as_secs_f64()),
                ("DrillKeys", words::float(verified.keys)),
            ];
            self.metrics.extend(lost.map(|it| ("RecoveryPointSeconds", it.as_secs_f64())));
        }
    }

    /// Takes in that a snapshot restores, how long it took, and what would have been lost.
    fn restores(&mut self, snapshot: &str, verified: Verified, lost: Option<SignedDuration>) {
        self.result = format!(
            "{snapshot} restores: {} keys, {} after it was asked for{}{}",
            verified.keys,
            spoken(verified.took),
            lost.map_or(String::new(), |it| format!(
                "; {} of changes would have been lost",
                spoken(it)
            )),
            if verified.is_compared { "" } else { "; it has no record to hold them against" },
        );
        self.evidence = json!({
            "snapshot": snapshot, "verifiedAt": verified.at, "keys": verified.keys,
            "recoveryTimeSeconds": verified.took.as_secs(),
            "recoveryPointSeconds": lost.map(|it| it.as_secs()), "compared": verified.is_compared,
        });
    }
}
