//! A group for the night, as an event asks for it: that it goes, and that it comes back.

use domain::GroupId;
use domain::snapshot::park::HOURS;
use jiff::Timestamp;

use super::reader::Reader;

/// Groups that are to be parked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Parking {
    /// This one, if it says so. All that do, where the event names none.
    pub(crate) group: Option<GroupId>,
    /// For this time of the schedule, where the event says it.
    pub(crate) time: Option<Timestamp>,
    /// How many hours a night has, for what it saves.
    pub(crate) hours: u32,
}

/// Groups that are to come back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Unparking {
    /// This one. All that are parked, where the event names none.
    pub(crate) group: Option<GroupId>,
    /// From this park snapshot. The newest that the group was parked with, where the event says none.
    pub(crate) snapshot: Option<String>,
    /// For this time of the schedule, where the event says it.
    pub(crate) time: Option<Timestamp>,
}

impl Reader<'_> {
    pub(super) fn parking(&mut self) -> Parking {
        let group = self.parsed("group", GroupId::parse);
        let hours = self.number("hours", 1..=24).unwrap_or(HOURS);
        Parking { group, time: self.time(), hours }
    }

    pub(super) fn unparking(&mut self) -> Unparking {
        let group = self.parsed("group", GroupId::parse);
        let snapshot = self.text("snapshot").map(|it| it.to_ascii_lowercase());
        if snapshot.is_some() && group.is_none() {
            self.problems.add("snapshot", "is of one group; name that in `group`");
        }
        Unparking { group, snapshot, time: self.time() }
    }
}
