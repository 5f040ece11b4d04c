//! A restore in place by the address in the secret, as an event asks for it.

use std::ops::RangeInclusive;

use domain::snapshot::in_place::InPlace;
use domain::snapshot::in_place::by_secret::{Switch, Way, When};
use domain::snapshot::in_place::mark::Said;
use domain::{GroupId, NameError, NodeType};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Job;
use super::reader::Reader;

/// What is asked for of a group and the one that takes its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Switching {
    /// Lead its clients to a group that is made of a snapshot.
    Forth(Forth),
    /// Lead them back.
    Back(Back),
    /// Have the one go that stands aside.
    End { group: GroupId, when: When },
}

/// A group whose clients are to be led to another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Forth {
    pub(crate) snapshot: String,
    pub(crate) group: GroupId,
    from: Option<GroupId>,
    node_type: Option<NodeType>,
    keep_hours: i64,
    request: Option<String>,
}

/// A group whose clients are to be led back to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Back {
    pub(crate) group: GroupId,
    /// Where they are now. So the state machine is told.
    pub(crate) from: Option<GroupId>,
    keep_hours: i64,
    request: Option<String>,
}

impl Switching {
    /// The group that the event names.
    pub(crate) fn group(&self) -> &GroupId {
        match self {
            Self::Forth(it) => &it.group,
            Self::Back(it) => &it.group,
            Self::End { group, .. } => group,
        }
    }

    /// The event that carries a switch on.
    pub(crate) fn carried(switch: &Switch) -> Value {
        let Switch { hop, way, keep } = switch;
        let (said, hours) = (&hop.said, keep.as_hours());
        match way {
            Way::Forth => json!({
                "action": "restore-in-place", "by": "secret", "snapshot": said.snapshot,
                "group": said.group, "from": hop.from, "nodeType": hop.node_type,
                "keepHours": hours, "request": said.request,
            }),
            Way::Back => json!({
                "action": "restore-in-place", "end": "take-back", "group": hop.stand_in,
                "from": said.group, "keepHours": hours, "request": said.request,
            }),
        }
    }

    /// The event that has a group go.
    pub(crate) fn ending(group: &GroupId, when: When) -> Value {
        let end = match when {
            When::Now => "keep-new",
            When::Over => "over",
        };
        json!({ "action": "restore-in-place", "end": end, "group": group })
    }
}

impl Forth {
    /// The same for the domain; where the event names no request, it is this one.
    pub(crate) fn wish(&self, unique: &str) -> Result<Switch, NameError> {
        let said = Said {
            group: self.group.clone(),
            snapshot: self.snapshot.clone(),
            request: self.request.clone().unwrap_or_else(|| unique.to_owned()),
        };
        let switch = Switch::forth(said, SignedDuration::from_hours(self.keep_hours))?;
        let (from, node_type) = (self.from.clone(), self.node_type.clone());
        Ok(Switch { hop: InPlace { from, node_type, ..switch.hop }, ..switch })
    }
}

impl Back {
    /// The same for the domain, from the group that clients are led to.
    pub(crate) fn wish(&self, from: GroupId, unique: &str) -> Result<Switch, NameError> {
        let request = self.request.clone().unwrap_or_else(|| unique.to_owned());
        let keep = SignedDuration::from_hours(self.keep_hours);
        Switch::back(from, self.group.clone(), request, keep)
    }
}

impl Reader<'_> {
    /// A restore in place, whichever way, or the end of one.
    pub(super) fn any_in_place(&mut self) -> Option<Job> {
        let by = self.parsed("by", |it| match it {
            "name" => Ok(By::Name),
            "secret" => Ok(By::Secret),
            other => Err(format!("{other:.40} is not a way; name and secret are")),
        });
        let end = self.parsed("end", |it| match it {
            "take-back" => Ok(None),
            "keep-new" => Ok(Some(When::Now)),
            "over" => Ok(Some(When::Over)),
            other => Err(format!("{other:.40} is no end; take-back and keep-new are")),
        });
        match (by, end) {
            (by, Some(end)) => {
                if by == Some(By::Name) {
                    self.problems.add("by", "is name, and only what was done by secret has an end");
                }
                self.ending(end).map(Job::BySecret)
            }
            (Some(By::Secret), None) => self.forth().map(Switching::Forth).map(Job::BySecret),
            (Some(By::Name) | None, None) => self.in_place().map(Job::InPlace),
        }
    }

    fn forth(&mut self) -> Option<Forth> {
        let snapshot = self.required("snapshot", "the name of a snapshot");
        let group = self.required("group", "the id of the group");
        let group = group.and_then(|it| self.problems.keep("group", GroupId::parse(&it)));
        let from = self.parsed("from", GroupId::parse);
        let node_type = self.parsed("nodeType", NodeType::parse);
        let keep_hours = self.keep_hours();
        let request = self.request();
        let (snapshot, group) = (snapshot?.to_ascii_lowercase(), group?);
        Some(Forth { snapshot, group, from, node_type, keep_hours, request })
    }

    fn ending(&mut self, when: Option<When>) -> Option<Switching> {
        let group = self.required("group", "the id of the group that stands aside");
        let group = group.and_then(|it| self.problems.keep("group", GroupId::parse(&it)));
        if let Some(when) = when {
            return Some(Switching::End { group: group?, when });
        }
        let from = self.parsed("from", GroupId::parse);
        let (keep_hours, request) = (self.keep_hours(), self.request());
        Some(Switching::Back(Back { group: group?, from, keep_hours, request }))
    }

    fn keep_hours(&mut self) -> i64 {
        self.number("keepHours", KEEP_HOURS).unwrap_or(KEEP_HOURS_OTHERWISE).into()
    }
}

/// How a group takes another's place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum By {
    Name,
    Secret,
}

/// A group that stands aside is paid for: a week is long enough to see whether the other one does.
const KEEP_HOURS: RangeInclusive<u32> = 1..=168;
const KEEP_HOURS_OTHERWISE: u32 = 24;
