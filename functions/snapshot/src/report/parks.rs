//! Nights in words: what goes, what comes back, and what that saves.

use domain::group::Endpoint;
use domain::provision::diff;
use domain::snapshot::park::{
    Park, ParkStep, ParkView, Saving, Unpark, UnparkStep, UnparkView, memory,
};
use domain::snapshot::{Refusal, SnapshotView};
use domain::{Catalog, GroupId};
use jiff::Timestamp;
use platform::Fault;
use serde_json::{Value, json};

use super::{Message, Story, words};
use crate::apply::parking::Absent;

/// The summary where no group is to be parked.
pub(crate) const NO_PARK: &str = "no group carries the tag cachewarden:park with nightly";

/// The summary where no group is to come back.
pub(crate) const NOTHING_PARKED: &str = "no group is parked";

impl Story {
    /// Takes in a look at a group that is to be parked.
    pub(crate) fn saw_park(&mut self, park: &Park, view: &ParkView, hours: u32, catalog: &Catalog) {
        let snapshot = view.snapshot.as_ref().map_or("no such snapshot yet".to_owned(), |it| {
            format!("the snapshot {} is {}", it.name, it.status)
        });
        self.saw = format!("{}, {snapshot}", words::group(view.group.as_ref()));
        let Some(parked) = park.parked_with(view).filter(|_| view.group.is_none()) else {
            let state = view.snapshot.as_ref().and_then(SnapshotView::park_state);
            self.result = state.map_or(String::new(), |it| {
                format!("nothing is to be done, since {} says: {it}", park.snapshot)
            });
            return;
        };
        let was = memory::read(&park.group, parked);
        let saving = was.map(|it| Saving::of(&it, parked.size, hours, catalog));
        let saves = saving.as_ref().map_or(String::new(), |it| format!("; that {it}"));
        let at = parked.taken_at.map_or("an unknown time".to_owned(), |it| it.to_string());
        self.result = format!(
            "it is parked with {}, which has its keys of {at}{saves}; the action unpark brings it back",
            parked.name
        );
        self.evidence = json!({
            "snapshot": parked.name, "takenAt": parked.taken_at, "bytes": parked.size,
            "dollarsAMonth": saving.and_then(|it| it.month()).map(|it| it.to_string()),
        });
    }

    /// Takes in a look at a group that is to come back.
    pub(crate) fn saw_unpark(&mut self, unpark: &Unpark, view: &UnparkView) {
        let snapshot = view.snapshot.as_ref().map_or("no park snapshot".to_owned(), |it| {
            let state = it.park_state().map_or("says nothing".to_owned(), |it| it.to_string());
            format!("the snapshot {} is {} and says: {state}", it.name, it.status)
        });
        self.saw = format!("{}, {snapshot}", words::group(view.group.as_ref()));
        let Some(group) = &view.group else { return };
        let remarks = unpark.remarks(view);
        self.evidence = words::group_evidence(group, &remarks);
        let endpoint = group.clients_endpoint().map_or("none yet".to_owned(), Endpoint::to_string);
        let remarks: Vec<_> = remarks.iter().map(|it| format!("; {it}")).collect();
        let is_same = |it: &Vec<String>| it.iter().all(|it| !it.starts_with("; the endpoint is "));
        let address = if is_same(&remarks) { "endpoint" } else { "a new endpoint" };
        let node_type = group.node_type.as_ref().map_or("an unknown type", |it| it.as_str());
        // Told by the look that counted; those after it count no more.
        if let Some(compared) = unpark.compared(view) {
            self.counted = format!("; {compared}");
        }
        self.result = format!(
            "{} is there: {} {node_type}, {address} {endpoint}{}{}",
            group.id,
            diff::shape(group),
            remarks.concat(),
            self.counted
        );
    }
}

/// What a step of a park does.
pub(crate) fn parking(step: &ParkStep) -> String {
    match step {
        ParkStep::Save { name, .. } => format!("asked for {name}"),
        ParkStep::Note { words, .. } => words.clone(),
        ParkStep::Delete(group) => format!("deleted {group}"),
        ParkStep::DeleteAlarms(names) => format!("deleted {} alarms", names.len()),
        ParkStep::Forget(name) => format!("deleted {name}, of an earlier night"),
    }
}

/// What would follow the first step, and what it saves, for whoever plans.
pub(crate) fn night(step: &ParkStep, view: &ParkView, hours: u32, catalog: &Catalog) -> String {
    let Some(group) = &view.group else { return String::new() };
    let size = view.snapshot.as_ref().and_then(|it| it.size);
    let saving = Saving::of(group, size, hours, catalog);
    let rest = match step {
        ParkStep::Save { .. } | ParkStep::Note { .. } => format!(
            "; when that is seen to be whole: deleted {} and its alarms, without what is written until then",
            group.id
        ),
        ParkStep::Delete(_) | ParkStep::DeleteAlarms(_) | ParkStep::Forget(_) => String::new(),
    };
    format!("{rest}; that {saving}")
}

/// What a step of coming back does.
pub(crate) fn unparking(step: &UnparkStep) -> String {
    match step {
        UnparkStep::Make(plan) => format!(
            "asked for {}, {} {}, from {}",
            plan.target, plan.shape, plan.node_type, plan.snapshot
        ),
        UnparkStep::PutAlarms(set) => format!("made {} alarms", set.specs.len()),
        UnparkStep::Finish { .. } => "wrote on the group that it is there for good".to_owned(),
        UnparkStep::Close { .. } => "noted on the snapshot that the group is back".to_owned(),
        UnparkStep::Bury { group, .. } => format!("deleted what there was of {group}"),
    }
}

/// What people are told of a group that does not come back, while that is tried again.
pub(crate) fn hindered(story: &Story, fault: &Fault) -> Message {
    let group = story.about();
    Message {
        subject: format!("{group}: does not come back yet"),
        body: format!(
            "Cachewarden was asked to have {group} back from its park snapshot, and cannot yet.\n\n{fault}\n\nSeen: {}\nNext: it is tried again every minute for some hours, and told once more if nothing helps; put right what that says, and it comes back by itself\n",
            story.saw
        ),
    }
}

/// A group that is parked, for whoever asks how things stand.
pub(crate) fn absent(
    group: &GroupId,
    it: &Absent,
    catalog: &Catalog,
    now: Timestamp,
) -> (String, Value) {
    let Absent { snapshot, since, tags } = it;
    let saving = memory::of_tags(group, tags)
        .map(|it| Saving::of(&it, None, domain::snapshot::park::HOURS, catalog));
    let saves = saving.as_ref().map_or(String::new(), |it| format!("; that {it}"));
    let summary = format!("{group}: parked since {since} with {snapshot}{saves}");
    let data = json!({
        "group": group, "summary": summary, "parkedSince": since, "snapshot": snapshot,
        "parkedSeconds": now.duration_since(*since).as_secs(),
        "dollarsAMonth": saving.and_then(|it| it.month()).map(|it| it.to_string()),
    });
    (summary, data)
}

/// Whether a group should be there, and is not.
pub(super) fn is_missed(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Park(why) if why.is_missed())
}
