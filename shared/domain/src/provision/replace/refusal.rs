//! Why no other group takes the place of one.

use std::fmt;

use super::super::Difference;
use super::super::refusal::told;
use crate::{GroupId, SnapshotName};

/// Why no other group takes the place of one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unreplaceable {
    /// Its id is wanted for the one that would take its place.
    IdIsTaken { group: GroupId, differences: Vec<Difference> },
    /// The stack says that the group is not to be deleted, which its replacement leads to.
    Protected { group: GroupId },
    /// The group is gone, and its keys with it.
    Gone { group: GroupId },
    /// The snapshot that was to carry its keys over is of no use.
    NotCarried { group: GroupId, snapshot: SnapshotName, events: Vec<String> },
    /// The new group does not have the keys of this one.
    KeysMissing { group: GroupId, new: GroupId, had: u64, has: u64 },
    /// A snapshot of the name of that one is of another group.
    NameIsTaken { group: GroupId, snapshot: SnapshotName },
}

impl fmt::Display for Unreplaceable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdIsTaken { group, differences } => {
                let each: Vec<_> = differences.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "{}; that cannot change on a running cache, and the one that would take its place cannot have the id {group}, which ReplicationGroupId states; state another ReplicationGroupId with it; nothing was changed",
                    each.join("; ")
                )
            }
            Self::Protected { group } => write!(
                f,
                "the replication group {group} is protected from deletion, which is what becomes of it when another one takes its place; update the stack with DeletionProtection false first; nothing was changed"
            ),
            Self::Gone { group } => write!(
                f,
                "the replication group {group} is not there, so there are no keys to carry over; keep the id to have it made anew, or delete the resource and make it again"
            ),
            Self::NotCarried { group, snapshot, events } => write!(
                f,
                "the snapshot {snapshot}, which was to carry the keys of {group} over, failed, and nothing was changed: {}; mostly too little memory is reserved for a snapshot: update again when there is less to write",
                told(events)
            ),
            Self::KeysMissing { group, new, had, has } => write!(
                f,
                "the replication group {group} had {had} keys when the snapshot was taken that was to carry them over, and {new}, which was filled from it, has {has}; {group} stands as it was, with all of its keys, and is the stack's; update again, which takes another snapshot, or state Replacement without-data where they need not go along"
            ),
            Self::NameIsTaken { group, snapshot } => write!(
                f,
                "the name of the snapshot that was to carry the keys of {group} over, {snapshot}, is taken by one of another group; nothing was changed; update again, which uses another name"
            ),
        }
    }
}
