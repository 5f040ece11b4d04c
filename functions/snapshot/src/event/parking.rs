//! A group for the night, as an event asks for it: that it goes, and that it comes back.

use domain::GroupId;
use domain::snapshot::park::HOURS;
use jiff::Timestamp;

use super::Scope;
use super::reader::Reader;

/// Groups that are to be parked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Parking {
    /// All that say so, or this one, if it does.
    pub(crate) scope: Scope,
    /// For this time of the schedule, where the event says it.
    pub(crate) time: Option<Timestamp>,
    /// How many hours a night has, for what it saves.
    pub(crate) hours: u32,
}

/// Groups that are to come back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Unparking {
    /// All that are parked, or this one.
    pub(crate) scope: Scope,
    /// From this park snapshot. The newest that the group was parked with, where the event says none.
    pub(crate) snapshot: Option<String>,
    /// For this time of the schedule, where the event says it.
    pub(crate) time: Option<Timestamp>,
}

impl Unparking {
    /// The group that it is about, where it is about one.
    pub(crate) fn group(&self) -> Option<&GroupId> {
        match &self.scope {
            Scope::All => None,
            Scope::One(group) => Some(group),
        }
    }
}

impl Reader<'_> {
    pub(super) fn parking(&mut self) -> Parking {
        let scope = self.scope();
        let hours = self.number("hours", 1..=24).unwrap_or(HOURS);
        Parking { scope, time: self.time(), hours }
    }

    pub(super) fn unparking(&mut self) -> Unparking {
        let scope = self.scope();
        let snapshot = self.text("snapshot").map(|it| it.to_ascii_lowercase());
        if snapshot.is_some() && scope == Scope::All {
            self.problems.add("snapshot", "is of one group; name that in `group`");
        }
        Unparking { scope, snapshot, time: self.time() }
    }
}
