//! From whatever is there to nothing that is ours.

use jiff::Timestamp;

use super::plan::{Ownership, ownership};
use super::{Deletion, DeletionPolicy, Refusal, Removal, SecretView, Seen, logs, parked};
use crate::snapshot::take::ReadFrom;
use crate::snapshot::{SnapshotStatus, SnapshotView};
use crate::{
    GroupId, GroupStatus, GroupView, Next, Owner, Role, SnapshotName, Tags, Wait, WaitingOn, tag,
};

/// What a deletion needs to know. It is written for amnesia: properties may be wrong or missing, the physical id invented, the
/// group still being made, somebody else's, or not there at all (facts 7.4).
#[derive(Clone, Debug, PartialEq)]
pub struct Farewell {
    /// The group.
    pub group: GroupId,
    /// Whose things are deleted. Nothing else is.
    pub owner: Owner,
    /// What the properties say of it, which counts where the group says nothing itself.
    pub stated: Deletion,
    /// Whether the stack was never told of the group: then this is the rollback of its Create, and nothing holds the group back.
    pub is_rollback: bool,
    /// The name of the last snapshot.
    pub last: SnapshotName,
    /// Whether its keys are those of a group that stands, and nobody was told of it yet.
    pub is_copy: bool,
    /// Whether the group itself may be looked at: not where its id is known to be somebody else's.
    pub group_is_foreign: bool,
}

impl Farewell {
    /// Whether the last snapshot decides what is done with a group as it is now.
    pub fn turns_on_last(&self, group: &GroupView) -> bool {
        let deletion = group.tags.as_ref().map(|it| self.deletion(it));
        let asked = Deletion { policy: DeletionPolicy::Snapshot, protected: false };
        !self.group_is_foreign
            && group.status == GroupStatus::Available
            && ownership(group, &self.owner) == Ownership::Ours
            && deletion == Some(asked)
    }

    /// Whether the group was let go by an earlier step: it stands, and no stack owns it.
    pub fn has_let_go(&self, group: &GroupView) -> bool {
        let was = group.tags.as_ref().and_then(|it| it.get(tag::RETAINED));
        was.is_some_and(|it| *it == self.owner.to_string())
            && ownership(group, &self.owner) == Ownership::Foreign
    }

    /// Whether the service's events may say why this last snapshot is of no use.
    pub fn is_suspicious(last: &SnapshotView) -> bool {
        match &last.status {
            SnapshotStatus::Failed | SnapshotStatus::Deleting | SnapshotStatus::Strange(_) => true,
            SnapshotStatus::Creating
            | SnapshotStatus::Available
            | SnapshotStatus::Restoring
            | SnapshotStatus::Copying => false,
        }
    }

    pub(super) fn deletion(&self, tags: &Tags) -> Deletion {
        if self.is_copy {
            return Deletion { policy: DeletionPolicy::Delete, protected: false };
        }
        let says = Deletion::of_group(tags, self.stated);
        if self.is_rollback { says.unheld() } else { says }
    }
}

/// Plans the next step towards nothing, or towards a group that stands alone.
pub fn plan(farewell: &Farewell, seen: &Seen, now: Timestamp) -> Next<Removal, Refusal> {
    if let Some(wait) = seen.in_place() {
        return Next::Wait(wait);
    }
    match &seen.group {
        Some(group) if !farewell.group_is_foreign => match ownership(group, &farewell.owner) {
            Ownership::Ours => group_goes(farewell, group, seen),
            Ownership::Foreign if farewell.has_let_go(group) => Next::Settled,
            Ownership::Foreign => rest_goes(farewell, seen),
            Ownership::Unknown => Next::Wait(Wait::slow(WaitingOn::Busy)),
        },
        // "Not there" proves nothing while a run that was stopped may still make it.
        None if seen.others_may_act(now) => Next::Wait(Wait::slow(WaitingOn::Creation)),
        Some(_) | None => rest_goes(farewell, seen),
    }
}

fn group_goes(farewell: &Farewell, group: &GroupView, seen: &Seen) -> Next<Removal, Refusal> {
    match (&group.status, &group.tags) {
        (GroupStatus::Creating, _) => Next::Wait(Wait::slow(WaitingOn::Creation)),
        (GroupStatus::Modifying, _) => Next::Wait(Wait::slow(WaitingOn::Modification)),
        (GroupStatus::Snapshotting, _) => Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
        (GroupStatus::Deleting, _) => Next::Wait(Wait::slow(WaitingOn::Deletion)),
        // There is nothing in it that a snapshot could hold.
        (GroupStatus::CreateFailed, _) => Next::Do(Removal::Group),
        (GroupStatus::Available, Some(tags)) => leave(farewell, group, tags, seen),
        (GroupStatus::Available, None) => Next::Wait(Wait::slow(WaitingOn::Busy)),
        (GroupStatus::Strange(_), _) => {
            Next::Refuse(Refusal::Strange { group: group.id.clone(), status: group.status.clone() })
        }
    }
}

/// Does with a free group what is said of it.
fn leave(
    farewell: &Farewell,
    group: &GroupView,
    tags: &Tags,
    seen: &Seen,
) -> Next<Removal, Refusal> {
    if tags.contains_key(tag::REPLACED_BY) {
        return Next::Do(Removal::CloseWayBack { arn: group.arn.clone() });
    }
    let deletion = farewell.deletion(tags);
    if deletion.protected {
        return Next::Refuse(Refusal::Protected { group: group.id.clone() });
    }
    match deletion.policy {
        DeletionPolicy::Snapshot => keep_data(farewell, group, seen),
        DeletionPolicy::Retain => retain(farewell, group, tags),
        DeletionPolicy::Delete => Next::Do(Removal::Group),
    }
}

/// Lets a group stand. Whose it was is written down before the owner's tag goes: without either, the next look would take the group for
/// somebody else's, and what stands around it for what is left.
fn retain(farewell: &Farewell, group: &GroupView, tags: &Tags) -> Next<Removal, Refusal> {
    let (arn, owner) = (group.arn.clone(), farewell.owner.to_string());
    if tags.get(tag::RETAINED) == Some(&owner) {
        return Next::Do(Removal::LetGo { arn });
    }
    Next::Do(Removal::Retain { arn, tags: Tags::from([(tag::RETAINED.to_owned(), owner)]) })
}

/// Takes the last snapshot and lets the group go only when that is seen to be whole: ElastiCache itself deletes the group also after a
/// final snapshot that failed (facts 5.5).
pub(super) fn keep_data(
    farewell: &Farewell,
    group: &GroupView,
    seen: &Seen,
) -> Next<Removal, Refusal> {
    let (id, name) = (group.id.clone(), farewell.last.clone());
    let failed = |status, events| {
        let (group, snapshot) = (id.clone(), name.clone());
        Next::Refuse(Refusal::LastSnapshotFailed { group, snapshot, status, events })
    };
    let Some(last) = &seen.last else {
        // One that failed may be gone without a trace; the next one would fail likewise, and each counts (facts 5.2).
        let is_failure = |it: &&String| it.contains(name.as_str()) && it.contains("failed");
        let failures: Vec<_> = seen.events.iter().filter(is_failure).cloned().collect();
        return if failures.is_empty() { take(farewell, group) } else { failed(None, failures) };
    };
    if !is_of(last, group) {
        let of = last.source().map_or("another group".to_owned(), |it| it.to_string());
        return Next::Refuse(Refusal::LastSnapshotForeign { group: id, snapshot: name, of });
    }
    match &last.status {
        SnapshotStatus::Creating => {
            Next::Wait(Wait::slow(WaitingOn::Snapshot(Some(name.to_string()))))
        }
        SnapshotStatus::Available | SnapshotStatus::Restoring | SnapshotStatus::Copying => {
            match last.size {
                // It is the size of all its shards, and absent where one of them tells none.
                Some(_) => Next::Do(Removal::Group),
                None => Next::Refuse(Refusal::LastSnapshotEmpty { group: id, snapshot: name }),
            }
        }
        SnapshotStatus::Deleting | SnapshotStatus::Failed | SnapshotStatus::Strange(_) => {
            failed(Some(last.status.clone()), seen.events.clone())
        }
    }
}

/// Whether a snapshot was read from a group: the members' ids may begin otherwise than the group's (facts 4.4).
fn is_of(last: &SnapshotView, group: &GroupView) -> bool {
    let is_member = |it: &String| group.member_ids.iter().any(|id| id.as_str() == it);
    last.member.as_ref().is_some_and(is_member) || last.source().as_ref() == Some(&group.id)
}

/// Of the primary, as AWS's own final snapshot is: a replica may lag behind. Where nobody says who that is, of any member.
fn take(farewell: &Farewell, group: &GroupView) -> Next<Removal, Refusal> {
    let primary = group.members.iter().find(|it| it.role == Some(Role::Primary));
    let member = primary.map(|it| &it.id).or(group.member_ids.first());
    let of = match member {
        _ if group.cluster_enabled => ReadFrom::Group(group.id.clone()),
        Some(member) => ReadFrom::Member(member.clone()),
        None => return Next::Wait(Wait::slow(WaitingOn::Busy)),
    };
    // Without a tier: it is none of those that are kept by count.
    let tags = Tags::from([
        (tag::OWNER.to_owned(), farewell.owner.to_string()),
        (tag::GROUP.to_owned(), group.id.to_string()),
    ]);
    Next::Do(Removal::TakeLast { name: farewell.last.clone(), of, tags })
}

/// What stands around the group goes after it: a subnet group cannot be deleted before (`CacheSubnetGroupInUse`).
fn rest_goes(farewell: &Farewell, seen: &Seen) -> Next<Removal, Refusal> {
    let Some(around) = &seen.around else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
    if let Some(next) = parked::end(farewell, seen) {
        return next;
    }
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
    if let Some(removal) = logs::left(owner, around) {
        return Next::Do(removal);
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
