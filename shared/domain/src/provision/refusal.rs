//! Why a plan goes no further.

use std::fmt;

use super::replace::Unreplaceable;
use crate::asked::AskedField;
use crate::engine::Release;
use crate::group::GroupStatus;
use crate::snapshot::{self, SnapshotStatus};
use crate::{Bytes, GroupId, NodeType, SnapshotName, tag};

/// Why a plan goes no further.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The id belongs to another group.
    Foreign { group: GroupId },
    /// A thing beside the group has our name and is not ours.
    ForeignThing { what: &'static str, name: String },
    /// What the cache is to be filled from cannot be had in it.
    Source { whys: Vec<snapshot::Refusal> },
    /// AWS could not make the group.
    CreateFailed { group: GroupId, events: Vec<String> },
    /// A state that nobody documented.
    Strange { group: GroupId, status: GroupStatus },
    /// Values that no running group can change.
    Immutable(Vec<Difference>),
    /// Another group would take its place, and cannot.
    Unreplaceable(Unreplaceable),
    /// Parameters that ElastiCache would not take.
    Parameters { family: String, wrong: Vec<String> },
    /// An older version than the one that runs, or the older engine.
    Downgrade { has: Release, wants: Release },
    /// Keys that fewer shards have no room for.
    WouldNotFit { shards: u32, node_type: NodeType, needs: Bytes, has: Bytes },
    /// AWS took a change and dropped it.
    DidNotTake { field: AskedField, wants: String, got: String, events: Vec<String> },
    /// Events or logs do not go where they should.
    NotDelivered(Vec<String>),
    /// A user group that the cache cannot have.
    UserGroup { id: String, why: String },
    /// The token is lost.
    SecretGone { name: String },
    /// The stack says that it is not to be deleted.
    Protected { group: GroupId },
    /// The data are in no last snapshot: this one has this status, or is not there any more.
    LastSnapshotFailed {
        group: GroupId,
        snapshot: SnapshotName,
        status: Option<SnapshotStatus>,
        events: Vec<String>,
    },
    /// The last snapshot says that it is there, and not what is in it.
    LastSnapshotEmpty { group: GroupId, snapshot: SnapshotName },
    /// A snapshot of the name of the last one is of another group.
    LastSnapshotForeign { group: GroupId, snapshot: SnapshotName, of: String },
}

/// A value that the running group has and the one that the stack states.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// What differs.
    pub field: &'static str,
    /// On the running group.
    pub has: String,
    /// In the template.
    pub wants: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, has, wants } = self;
        write!(f, "{field} is {has} on the running cache and {wants} in the template")
    }
}

impl From<Unreplaceable> for Refusal {
    fn from(why: Unreplaceable) -> Self {
        Self::Unreplaceable(why)
    }
}

impl Refusal {
    /// Whether the group of that name is somebody else's.
    pub fn is_foreign(&self) -> bool {
        matches!(self, Self::Foreign { .. })
    }
}

fn unchangeable(differences: &[Difference]) -> String {
    let each: Vec<_> = differences.iter().map(ToString::to_string).collect();
    format!(
        "{}; that cannot change on a running cache, and nothing was changed; Replacement with-data has another cache take its place, filled from a snapshot of it and from nothing else (none leaves cluster mode or data tiering that way), and without-data one that has none of its keys; or make a second cache under another logical id with it, restore a snapshot into that, and remove this one",
        each.join("; ")
    )
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign { group } => write!(
                f,
                "the replication group {group} exists and belongs to somebody else; nothing was changed; state another ReplicationGroupId"
            ),
            Self::ForeignThing { what, name } => write!(
                f,
                "the {what} {name} exists and does not carry this resource's ownership tag; nothing was changed in it; delete it or state another name"
            ),
            Self::Source { whys } => f.write_str(&unfilled(whys)),
            Self::CreateFailed { group, events } => write!(
                f,
                "ElastiCache could not make the replication group {group}: {}; where capacity is short, try again later, another node type, fewer nodes or subnets in other zones",
                told(events)
            ),
            Self::Strange { group, status } => write!(
                f,
                "the replication group {group} is in the state \"{status}\", in which nothing is known to be safe; look at it in the console, then update the stack again"
            ),
            Self::Immutable(differences) => f.write_str(&unchangeable(differences)),
            Self::Unreplaceable(why) => why.fmt(f),
            Self::Parameters { family, wrong } => f.write_str(&unfit(family, wrong)),
            Self::Downgrade { has, wants } => downgrade(f, *has, *wants),
            Self::WouldNotFit { shards, node_type, needs, has } => write!(
                f,
                "the keys of the cache take {needs}, and NumNodeGroups {shards} of {node_type} has room for {has}; no shard was removed; state more of them or a larger RedisNodeType, or have fewer keys"
            ),
            Self::DidNotTake { field, wants, got, events } => write!(
                f,
                "the change of {field} to {wants} did not take, it is {got} still: {}",
                told(events)
            ),
            Self::UserGroup { id, why } => {
                write!(f, "the user group {id} of UserGroupIds {why}; nothing was changed")
            }
            Self::NotDelivered(missing) => write!(f, "{}; {WHERE_TO}", missing.join("; ")),
            Self::SecretGone { name } => write!(
                f,
                "the secret {name} is gone, and ElastiCache never tells a token; restore the secret if it is in its recovery window under another owner, or write the token that clients use into a secret of that name, tagged as before"
            ),
            Self::Protected { group } => write!(
                f,
                "the replication group {group} is protected from deletion, and nothing of it was touched; update the stack with DeletionProtection false, or set the tag {} of the group to off, then delete it again",
                tag::DELETION_PROTECTION
            ),
            Self::LastSnapshotFailed { group, snapshot, status, events } => {
                let is = match status {
                    Some(status) => format!("is {status}"),
                    None => "failed and is not there any more".to_owned(),
                };
                write!(
                    f,
                    "the last snapshot {snapshot} {is}, so the replication group {group} stays with its data: {}; mostly too little memory is reserved for a snapshot: delete again when there is less to write, which takes another one, or update the stack with DeletionPolicy Delete first, which takes none",
                    told(events)
                )
            }
            Self::LastSnapshotEmpty { group, snapshot } => write!(
                f,
                "the last snapshot {snapshot} is there and tells no size, so the replication group {group} stays with its data; look at that snapshot in the console, then delete again, which takes another one"
            ),
            Self::LastSnapshotForeign { group, snapshot, of } => write!(
                f,
                "the name of the last snapshot, {snapshot}, is taken by one of {of}, so the replication group {group} stays with its data; delete again, which uses another name"
            ),
        }
    }
}

fn downgrade(f: &mut fmt::Formatter<'_>, has: Release, wants: Release) -> fmt::Result {
    if has.engine != wants.engine {
        return write!(
            f,
            "Engine {} would take the place of {has}, which runs; a cache goes from redis to valkey and not back, nor does {0} read a snapshot of {}; state Engine {1}",
            wants.engine, has.engine
        );
    }
    write!(
        f,
        "RedisEngineVersion {} is older than {}, which runs; ElastiCache cannot go back; state {1}, or restore a snapshot into a second cache",
        wants.version, has.version
    )
}

const WHERE_TO: &str = "make the topic, log group or delivery stream there, and let ElastiCache write to it, or state another";

fn unfit(family: &str, wrong: &[String]) -> String {
    let wrong = wrong.join("; ");
    format!(
        "Parameters: {wrong}; so ElastiCache describes the parameters of {family}, and nothing was changed"
    )
}

fn unfilled(whys: &[snapshot::Refusal]) -> String {
    let whys: Vec<_> = whys.iter().map(ToString::to_string).collect();
    format!("SnapshotName: {}; no cache was made", whys.join("; "))
}

/// The events, or that there are none.
pub(super) fn told(events: &[String]) -> String {
    if events.is_empty() {
        return "its events give no reason".to_owned();
    }
    format!("its events say: {}", events.join(" / "))
}
