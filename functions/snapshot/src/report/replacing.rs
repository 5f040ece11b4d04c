//! A restore in place in words.

use domain::group::Endpoint;
use domain::snapshot::Refusal;
use domain::snapshot::in_place::{InPlace, InPlaceStep, InPlaceView, Unreplaced};
use serde_json::json;

use super::{Story, words};

impl Story {
    /// Takes in a look at a group that is restored in place, and at the one that stands in.
    pub(crate) fn saw_in_place(&mut self, wish: &InPlace, view: &InPlaceView) {
        let stand_in = view.stand_in.as_ref().map_or("nobody stands in".to_owned(), |it| {
            let serves = it.clients_endpoint().map(Endpoint::to_string).unwrap_or_default();
            format!("for it stands in {} at {serves}", words::group(Some(it)))
        });
        self.saw = format!("{}, {stand_in}", words::group(view.group.as_ref()));
        let Some(group) = &view.group else { return };
        let remarks = wish.remarks(view);
        self.evidence = words::group_evidence(group, &remarks);
        if let Some(fields) = self.evidence.as_object_mut() {
            fields.insert("snapshot".to_owned(), json!(wish.said.snapshot));
            fields.insert("before".to_owned(), json!(wish.before));
            fields.insert("savedAt".to_owned(), json!(wish.saved_at(view)));
        }
        self.result = format!(
            "{}; its keys are those of {}, and the way back is restore-in-place with {}, which holds what it had before and stays until somebody deletes it; what was written after that was taken is in neither",
            words::restored(group, &remarks),
            wish.said.snapshot,
            wish.before
        );
    }
}

/// What a step of a restore in place does.
pub(crate) fn in_place(step: &InPlaceStep) -> String {
    match step {
        InPlaceStep::StandIn(plan) => format!(
            "asked for {}, {} {}, from {}, to see that it restores, and to stand in for {} meanwhile",
            plan.target, plan.shape, plan.node_type, plan.snapshot, plan.source.id
        ),
        InPlaceStep::Save { name, .. } => format!("asked for {name}, the way back"),
        InPlaceStep::Announce { .. } => "wrote on the group that it goes".to_owned(),
        InPlaceStep::Advance { to, .. } => format!("noted: {to}"),
        InPlaceStep::Delete(group) => format!("deleted {group}"),
        InPlaceStep::Make(plan) => {
            format!(
                "asked for {}, {} {}, from {}",
                plan.target, plan.shape, plan.node_type, plan.snapshot
            )
        }
        InPlaceStep::PutAlarms(set) => format!("made {} alarms", set.specs.len()),
        InPlaceStep::Finish { .. } => "wrote on the group that it is there for good".to_owned(),
        InPlaceStep::Dismiss { stand_in, .. } => format!("deleted {stand_in}, which stood in"),
    }
}

/// What would follow the first step, for whoever plans.
pub(crate) fn road(wish: &InPlace) -> String {
    let (group, snapshot, before) = (&wish.said.group, &wish.said.snapshot, &wish.before);
    let stand_in = &wish.stand_in;
    format!(
        "; when that is seen to be as {group} is: taken {before} of {group}, deleted {group}, which is not there for as long as ElastiCache needs to make one, made it again from {snapshot}, or from {before} where that fails, and deleted {stand_in}"
    )
}

/// How a restore in place ended that was refused only after something was done.
pub(crate) fn last_words(refusal: &Refusal) -> Option<&'static str> {
    let Refusal::InPlace(why) = refusal else { return None };
    match why {
        Unreplaced::TakenBack { .. } => Some("as it was before"),
        Unreplaced::Lost { .. } => Some("NOT THERE"),
        Unreplaced::Taken { .. } | Unreplaced::StandInGone { .. } => Some("look at it"),
        Unreplaced::NoGroup { .. }
        | Unreplaced::NotOurs { .. }
        | Unreplaced::Protected { .. }
        | Unreplaced::Busy { .. }
        | Unreplaced::GlobalDatastore { .. }
        | Unreplaced::Automatic { .. }
        | Unreplaced::OfAnother { .. }
        | Unreplaced::NotOf { .. }
        | Unreplaced::UnderWay { .. }
        | Unreplaced::StandInTaken { .. }
        | Unreplaced::Differs { .. }
        | Unreplaced::HoldsPruning { .. }
        | Unreplaced::Deleted { .. }
        | Unreplaced::NoWayBack { .. } => None,
    }
}
