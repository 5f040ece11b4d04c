//! From whatever is there to nothing that is ours.

use jiff::Timestamp;

use super::plan::{Ownership, ownership};
use super::step::FinalSnapshot;
use super::{Refusal, Removal, SecretView, Seen};
use crate::{GroupId, GroupStatus, GroupView, Next, Owner, Wait, WaitingOn, tag};

/// What a deletion needs to know. It is written for amnesia: properties may be wrong or missing, the physical id invented, the
/// group still being made, somebody else's, or not there at all (facts 7.4).
#[derive(Clone, Debug, PartialEq)]
pub struct Farewell {
    /// The group.
    pub group: GroupId,
    /// Whose things are deleted. Nothing else is.
    pub owner: Owner,
    /// Whether the group's data are kept.
    pub last: FinalSnapshot,
    /// Whether the group itself may be looked at: not where its id is known to be somebody else's.
    pub group_is_foreign: bool,
}

/// Plans the next step towards nothing.
pub fn plan(farewell: &Farewell, seen: &Seen, now: Timestamp) -> Next<Removal, Refusal> {
    match &seen.group {
        Some(group) if !farewell.group_is_foreign => match ownership(group, &farewell.owner) {
            Ownership::Ours => group_goes(farewell, group),
            Ownership::Foreign => rest_goes(farewell, seen),
            Ownership::Unknown => Next::Wait(Wait::slow(WaitingOn::Busy)),
        },
        // "Not there" proves nothing while a run that was stopped may still make it.
        None if seen.others_may_act(now) => Next::Wait(Wait::slow(WaitingOn::Creation)),
        Some(_) | None => rest_goes(farewell, seen),
    }
}

fn group_goes(farewell: &Farewell, group: &GroupView) -> Next<Removal, Refusal> {
    match &group.status {
        GroupStatus::Creating => Next::Wait(Wait::slow(WaitingOn::Creation)),
        GroupStatus::Modifying => Next::Wait(Wait::slow(WaitingOn::Modification)),
        GroupStatus::Snapshotting => Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
        GroupStatus::Deleting => Next::Wait(Wait::slow(WaitingOn::Deletion)),
        // There is nothing in it that a snapshot could hold.
        GroupStatus::CreateFailed => Next::Do(Removal::Group { last: FinalSnapshot::None }),
        GroupStatus::Available if group.tags.is_some() => {
            Next::Do(Removal::Group { last: farewell.last.clone() })
        }
        GroupStatus::Available => Next::Wait(Wait::slow(WaitingOn::Busy)),
        GroupStatus::Strange(_) => {
            Next::Refuse(Refusal::Strange { group: group.id.clone(), status: group.status.clone() })
        }
    }
}

/// What stands around the group goes after it: a subnet group cannot be deleted before (`CacheSubnetGroupInUse`).
fn rest_goes(farewell: &Farewell, seen: &Seen) -> Next<Removal, Refusal> {
    let Some(around) = &seen.around else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
    let owner = &farewell.owner;
    if !around.alarms.is_empty() {
        // Observed with their tags: only ours are in the list.
        return Next::Do(Removal::Alarms(around.alarms.iter().map(|it| it.name.clone()).collect()));
    }
    if let Some(it) = around.parameter_groups.iter().find(|it| owner.owns(&it.tags)) {
        return Next::Do(Removal::ParameterGroup { name: it.name.clone() });
    }
    if around.subnet_group.as_ref().is_some_and(|it| owner.owns(&it.tags)) {
        return Next::Do(Removal::SubnetGroup);
    }
    let of_group =
        |it: &SecretView| it.tags.get(tag::GROUP).is_none_or(|it| it == farewell.group.as_str());
    match &around.secret {
        Some(it) if owner.owns(&it.tags) && of_group(it) && !it.deleted => {
            Next::Do(Removal::Secret { arn: it.arn.clone() })
        }
        Some(_) | None => Next::Settled,
    }
}

#[cfg(test)]
mod tests;
