//! From what is there to the cache as stated, one step at a time.

mod access;
mod ask;
mod bounds;
mod deliver;
mod fixed;
mod make;
mod settled;
mod size;
mod token;

use jiff::Timestamp;

use super::{Around, Refusal, Seen, Step, Wanted, diff, name};
use crate::alarm::{self, AlarmSet, AlarmView, Wish};
use crate::{GroupStatus, GroupView, Next, Owner, Wait, WaitingOn};

pub(super) use self::fixed::{downgrade, immutable};
use self::make::make;
use self::settled::converge;
pub(super) use self::settled::kept;

/// Plans the next step towards the cache as wanted.
pub fn plan(wanted: &Wanted, seen: &Seen, now: Timestamp) -> Next<Step, Refusal> {
    if let Some(wait) = seen.in_place() {
        return Next::Wait(wait);
    }
    let Some(group) = &seen.group else { return make(&wanted.found(seen), seen) };
    match ownership(group, &wanted.owner) {
        Ownership::Ours => {}
        Ownership::Foreign => return Next::Refuse(Refusal::Foreign { group: group.id.clone() }),
        Ownership::Unknown => return Next::Wait(Wait::slow(WaitingOn::Busy)),
    }
    match &group.status {
        GroupStatus::Creating => Next::Wait(Wait::slow(WaitingOn::Creation)),
        GroupStatus::Modifying => Next::Wait(Wait::slow(WaitingOn::Modification)),
        GroupStatus::Snapshotting => Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
        // One that is on its way out is waited for, and then made anew.
        GroupStatus::Deleting => Next::Wait(Wait::slow(WaitingOn::Deletion)),
        GroupStatus::CreateFailed => Next::Refuse(Refusal::CreateFailed {
            group: group.id.clone(),
            events: seen.events.clone(),
        }),
        GroupStatus::Strange(_) => {
            Next::Refuse(Refusal::Strange { group: group.id.clone(), status: group.status.clone() })
        }
        GroupStatus::Available => converge(wanted, group, seen, now),
    }
}

/// Whose a group is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ownership {
    /// The owner's who asks.
    Ours,
    /// Somebody else's.
    Foreign,
    /// Its state keeps the answer back for now.
    Unknown,
}

/// Tells whose a group is: by its tags, or by its description while its state keeps the tags back (facts 1.2).
pub fn ownership(group: &GroupView, owner: &Owner) -> Ownership {
    let described = group.description == name::description(&group.id, owner);
    match (&group.tags, &group.status) {
        (Some(tags), _) if owner.owns(tags) => Ownership::Ours,
        (None, _) if described => Ownership::Ours,
        // Of a group that could not be made, the tags will never be told.
        (Some(_), _) | (None, GroupStatus::CreateFailed) => Ownership::Foreign,
        (None, _) => Ownership::Unknown,
    }
}

/// The alarms that a group should have.
pub fn alarms(wanted: &Wanted, group: &GroupView) -> AlarmSet {
    let wish = Wish { is_on: wanted.spec.alarms, topics: wanted.alarm_topics() };
    AlarmSet::of(group, &diff::beside_tags(wanted), wish)
}

/// What makes the alarms of a group as they should be.
pub fn alarm_upkeep(wanted: &Wanted, group: &GroupView, around: &Around) -> alarm::Upkeep {
    let is_ours = |it: &AlarmView| !around.foreign_alarms.contains(&it.name);
    alarms(wanted, group).upkeep(&around.alarms, is_ours)
}

#[cfg(test)]
pub(super) mod tests;
