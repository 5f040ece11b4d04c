//! A restore in place by the address in the secret, in words.

use domain::GroupStatus;
use domain::group::Endpoint;
use domain::snapshot::in_place::by_secret::{
    Ending, EndingStep, EndingView, Switch, SwitchStep, SwitchView, Way,
};
use serde_json::json;

use super::{Story, words};

impl Story {
    /// Takes in a look at the group that clients are led away from, and at the one that they are led to.
    pub(crate) fn saw_switch(&mut self, switch: &Switch, view: &SwitchView) {
        let (hop, groups) = (&switch.hop, &view.groups);
        let led = view.secret.as_ref().and_then(|it| it.current.document()?.address());
        let led = led.map_or("an unknown place".to_owned(), |it: Endpoint| it.to_string());
        let (from, to) = (groups.group.as_ref(), groups.stand_in.as_ref());
        let to_words =
            to.map_or(format!("no group {} yet", hop.stand_in), |it| words::group(Some(it)));
        self.saw = format!("{}, {to_words}, and the secret leads to {led}", words::group(from));
        let Some(to) = to else { return };
        self.evidence = words::group_evidence(to, &[]);
        let until = switch.until(view);
        if let Some(fields) = self.evidence.as_object_mut() {
            fields.insert("before".to_owned(), json!(hop.before));
            fields.insert("standsAside".to_owned(), json!(from.map(|it| &it.id)));
            fields.insert("until".to_owned(), json!(until));
        }
        let whose = match switch.way {
            Way::Forth => format!("its keys are those of {}", hop.said.snapshot),
            Way::Back => "its keys are those that it had".to_owned(),
        };
        let endpoint = to.clients_endpoint().map(Endpoint::to_string).unwrap_or_default();
        let stays = match (until, from) {
            (Some(until), Some(from)) => format!(
                "{} stands aside until {until}, and what it held when clients were led away is in {}, which stays until somebody deletes it; clients that have not read the secret since still write to it",
                from.id, hop.before
            ),
            (Some(_) | None, Some(_) | None) => format!("{} is gone", hop.said.group),
        };
        self.result = format!(
            "the secret leads to {} at {endpoint}, with the token that it had; {whose}; {stays}",
            to.id
        );
    }

    /// Takes in a look at a group that stands aside, and at the one that took its place.
    pub(crate) fn saw_ending(&mut self, view: &EndingView) {
        let aside = Ending::aside(view);
        let by =
            view.by.as_ref().map_or("nothing in its place".to_owned(), |it| words::group(Some(it)));
        let until = aside.as_ref().map(|it| format!(", until {}", it.until)).unwrap_or_default();
        self.saw = format!("{}, {by}{until}", words::group(view.group.as_ref()));
        self.result = match (&view.group, &aside) {
            (Some(group), Some(aside)) if group.status != GroupStatus::Deleting => {
                format!("{} stands aside until {}", group.id, aside.until)
            }
            (Some(group), Some(aside)) => format!(
                "{} goes for good, {} serves in its place, and what it held is in {}",
                group.id, aside.by, aside.saved
            ),
            (Some(group), None) if group.status == GroupStatus::Deleting => {
                format!("{} goes for good", group.id)
            }
            (Some(_), None) | (None, _) => "it does not stand aside any more".to_owned(),
        };
    }
}

/// What a step of a switch does.
pub(crate) fn switching(step: &SwitchStep) -> String {
    match step {
        SwitchStep::Create { plan, .. } => format!(
            "asked for {}, {} {}, from {}, to take the place of {}",
            plan.target, plan.shape, plan.node_type, plan.snapshot, plan.source.id
        ),
        SwitchStep::Save { name, .. } => format!("asked for {name}, the way back"),
        SwitchStep::PutAlarms(set) => format!("made {} alarms", set.specs.len()),
        SwitchStep::Hold { .. } => "held the secret, so that no rotation moves".to_owned(),
        SwitchStep::SetAside { aside, .. } => {
            format!("wrote on the group that it stands aside until {}", aside.until)
        }
        SwitchStep::Name { to, .. } => format!("had the secret be of {to}"),
        SwitchStep::Lead { to, .. } => format!("wrote the address of {to} into the secret"),
        SwitchStep::Adopt { group, .. } => format!("gave {group} its tags"),
        SwitchStep::Release { .. } => "let go of the secret".to_owned(),
        SwitchStep::Dismiss { group, .. } => format!("deleted {group}, which no client was led to"),
    }
}

/// What has a group go that stands aside.
pub(crate) fn ending(step: &EndingStep) -> String {
    let EndingStep::Delete(group) = step;
    format!("deleted {group}, which stood aside")
}

/// What would follow the first step, for whoever plans.
pub(crate) fn road_by_secret(switch: &Switch, step: &SwitchStep) -> String {
    let is_first = matches!(step, SwitchStep::Create { .. } | SwitchStep::Save { .. });
    if !is_first {
        return String::new();
    }
    let (hop, hours) = (&switch.hop, switch.keep.as_hours());
    let (from, to, before) = (&hop.said.group, &hop.stand_in, &hop.before);
    let first = match step {
        SwitchStep::Create { .. } => {
            format!("; when that is seen to be as {from} is: taken {before} of {from}, ")
        }
        SwitchStep::Save { .. }
        | SwitchStep::PutAlarms(_)
        | SwitchStep::Hold { .. }
        | SwitchStep::SetAside { .. }
        | SwitchStep::Name { .. }
        | SwitchStep::Lead { .. }
        | SwitchStep::Adopt { .. }
        | SwitchStep::Release { .. }
        | SwitchStep::Dismiss { .. } => "; when that is whole: ".to_owned(),
    };
    format!(
        "{first}written the address of {to} into the secret, with the token that is in it, and had {from} stand aside for {hours} hours, after which the sweep deletes it"
    )
}
