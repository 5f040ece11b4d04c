//! Why nothing is done about a snapshot, in words that an operator can act on.

use std::fmt;

use jiff::Timestamp;

use super::SnapshotStatus;
use super::drill::Undrillable;
use super::export::Unexportable;
use super::in_place::Unreplaced;
use super::in_place::by_secret::Unswitched;
use super::park::Unparked;
use super::promote::Unpromotable;
use super::restore::Difference;
use super::saved::Share;
use crate::{Bytes, GroupId, GroupStatus, NodeType, tag};

/// Why nothing is done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// There is no group of this id, or no longer.
    NoGroup(GroupId),
    /// The group has no policy tag.
    NotOurs,
    /// The policy tag cannot be read.
    BadKeep { value: String, mistakes: Vec<String> },
    /// The group is in a state from which it does not come back by itself.
    Unusable { group: GroupId, status: GroupStatus },
    /// The event speaks of another time than now.
    NotTimely(Timestamp),
    /// There is a snapshot of that name, and it is of something else.
    NameTaken { snapshot: String, of: String },
    /// The snapshot is not usable and will not be.
    Failed { snapshot: String, status: SnapshotStatus, events: Vec<String> },
    /// The snapshot is said to be available and has no size.
    Empty { snapshot: String },
    /// The snapshot has been asked for and is not there.
    Vanished { snapshot: String, events: Vec<String> },
    /// ElastiCache takes no more snapshots of this node today.
    Quota { member: String },
    /// Something would be deleted, and the newest one that should be there is not.
    NewestMissing { due: Timestamp, newest: Option<String> },
    /// Something would be deleted, and the newest one is no good.
    NewestFailed { snapshot: String, status: SnapshotStatus },
    /// These could not be deleted; the rest was.
    NotDeleted(Vec<(String, String)>),
    /// There is nothing to restore, or it cannot be.
    Restore(Unrestorable),
    /// There is nothing to promote, or it cannot be.
    Promote(Unpromotable),
    /// There is nothing to try, or it did not restore.
    Drill(Undrillable),
    /// The group is not restored in place.
    InPlace(Unreplaced),
    /// Its clients are not led to another by their secret.
    BySecret(Unswitched),
    /// The group is not parked, or does not come back.
    Park(Unparked),
    /// What speaks against an export.
    Export(Unexportable),
    /// For several reasons.
    Several(Vec<Self>),
}

/// Why a snapshot is not restored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unrestorable {
    /// There is no such snapshot.
    NoSnapshot { snapshot: String },
    /// Nobody says which group's settings the new one takes.
    NoSource { snapshot: String },
    /// The group that the new one would be like is not there.
    SourceGone { group: GroupId },
    /// Keys are spread over shards, and the group that the new one would be like has none.
    ClusterMode { snapshot: String, source: GroupId },
    /// Several files would come into one shard.
    Files { files: usize, source: GroupId },
    /// A manifest that cannot be trusted.
    Manifest { manifest: String, why: String },
    /// Snapshot and source run different engines.
    Engine { snapshot: String, has: String, wants: String },
    /// The snapshot is of a newer engine version than the new group would run.
    Newer { snapshot: String, has: String, runs: String },
    /// Keys of several shards would come into one.
    Shards { snapshot: String, shards: usize },
    /// Cold keys are on SSD, and would have to be in memory.
    OnDisks { snapshot: String, has: NodeType, wants: NodeType },
    /// The source asks for a token, and nobody says which secret holds it.
    NoSecret { source: GroupId },
    /// A secret is named, and the source asks for no token.
    NoToken { source: GroupId },
    /// The data do not fit.
    WouldNotFit { node_type: NodeType, needs: Share, has: Bytes },
    /// Nothing that we know is large enough.
    NothingFits { needs: Share },
    /// The id is taken.
    TargetTaken { group: GroupId, why: String },
    /// The new group could not be made.
    CreateFailed { group: GroupId, events: Vec<String> },
    /// The new group is there and is not as it should be.
    NotAsWanted { group: GroupId, differences: Vec<Difference> },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGroup(group) => write!(f, "there is no group {group}"),
            Self::NotOurs => {
                write!(
                    f,
                    "the group has no {} tag; add it to have its snapshots kept",
                    tag::SNAPSHOT_KEEP
                )
            }
            Self::BadKeep { value, mistakes } => write!(
                f,
                "the tag {} says \"{value}\": {}; put it right to go on",
                tag::SNAPSHOT_KEEP,
                mistakes.join("; ")
            ),
            Self::Unusable { group, status } => write!(f, "the group {group} is {status}"),
            Self::NotTimely(tick) => write!(
                f,
                "the snapshot would be one of {tick}, and it is not that time; leave out `time` to take one now"
            ),
            Self::NameTaken { snapshot, of } => {
                write!(
                    f,
                    "the snapshot {snapshot} is there already and is of {of}; rename or delete it to go on"
                )
            }
            Self::Failed { snapshot, status, events } => {
                write!(f, "the snapshot {snapshot} is {status}{}", said(events))
            }
            Self::Empty { snapshot } => write!(
                f,
                "the snapshot {snapshot} is available but tells no size, so nothing proves that it holds data"
            ),
            Self::Vanished { snapshot, events } => {
                write!(f, "the snapshot {snapshot} was asked for and is not there{}", said(events))
            }
            Self::Quota { member } => write!(
                f,
                "ElastiCache takes 20 manual snapshots of a node in 24 hours, and {member} has had them; take fewer"
            ),
            Self::NewestMissing { due, newest } => {
                write!(
                    f,
                    "deletes nothing: a snapshot was due at {due}, and the newest good one is "
                )?;
                f.write_str(newest.as_deref().unwrap_or("none"))?;
                f.write_str("; take one to go on")
            }
            Self::NewestFailed { snapshot, status } => {
                write!(
                    f,
                    "deletes nothing: the newest snapshot, {snapshot}, is {status}; take one to go on"
                )
            }
            Self::NotDeleted(failed) => {
                f.write_str("could not delete")?;
                failed.iter().try_for_each(|(name, why)| write!(f, " {name} ({why})"))
            }
            Self::Restore(why) => why.fmt(f),
            Self::Promote(why) => why.fmt(f),
            Self::Drill(why) => why.fmt(f),
            Self::InPlace(why) => why.fmt(f),
            Self::BySecret(why) => why.fmt(f),
            Self::Park(why) => why.fmt(f),
            Self::Export(why) => why.fmt(f),
            Self::Several(whys) => whys.iter().enumerate().try_for_each(|(index, why)| {
                write!(f, "{}{why}", if index == 0 { "" } else { "; " })
            }),
        }
    }
}

impl Refusal {
    /// All of these reasons in one.
    pub fn all(mut whys: Vec<Self>) -> Option<Self> {
        let last = whys.pop()?;
        if whys.is_empty() {
            return Some(last);
        }
        whys.push(last);
        Some(Self::Several(whys))
    }
}

impl From<Unrestorable> for Refusal {
    fn from(why: Unrestorable) -> Self {
        Self::Restore(why)
    }
}

impl From<Unreplaced> for Refusal {
    fn from(why: Unreplaced) -> Self {
        Self::InPlace(why)
    }
}

impl From<Unswitched> for Refusal {
    fn from(why: Unswitched) -> Self {
        Self::BySecret(why)
    }
}

impl From<Unparked> for Refusal {
    fn from(why: Unparked) -> Self {
        Self::Park(why)
    }
}

impl From<Unexportable> for Refusal {
    fn from(why: Unexportable) -> Self {
        Self::Export(why)
    }
}

impl From<Unpromotable> for Refusal {
    fn from(why: Unpromotable) -> Self {
        Self::Promote(why)
    }
}

impl From<Undrillable> for Refusal {
    fn from(why: Undrillable) -> Self {
        Self::Drill(why)
    }
}

impl fmt::Display for Unrestorable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSnapshot { snapshot } => write!(f, "there is no snapshot {snapshot}"),
            Self::NoSource { snapshot } => write!(
                f,
                "the snapshot {snapshot} does not tell its group; name in `from` the group whose settings the new one takes"
            ),
            Self::SourceGone { group } => write!(
                f,
                "the group {group} is gone, and a snapshot holds neither token, users nor network; name in `from` a group whose settings the new one takes"
            ),
            Self::ClusterMode { snapshot, source } => write!(
                f,
                "the snapshot {snapshot} is of shards, and {source} has cluster mode disabled; name in `from` a group that has it enabled"
            ),
            Self::Files { files, source } => write!(
                f,
                "{files} files are named, and {source} has cluster mode disabled, so that one file fills it; name one, or in `from` a group that has shards"
            ),
            Self::Manifest { manifest, why } => {
                write!(f, "the manifest {manifest} {why}; nothing was made")
            }
            Self::Engine { snapshot, has, wants } => {
                write!(f, "the snapshot {snapshot} is of {has}, its group would run {wants}")
            }
            Self::Newer { snapshot, has, runs } => write!(
                f,
                "the snapshot {snapshot} is of version {has}, newer than {runs}, which the new group would run"
            ),
            Self::Shards { snapshot, shards: 1 } => write!(
                f,
                "the snapshot {snapshot} is of a group with cluster mode enabled, which the new group would not have"
            ),
            Self::Shards { snapshot, shards } => write!(
                f,
                "the snapshot {snapshot} has {shards} shards, and the new group would have one"
            ),
            Self::OnDisks { snapshot, has, wants } => write!(
                f,
                "the snapshot {snapshot} keeps cold keys on SSD, as {has} does and {wants} does not"
            ),
            Self::NoSecret { source } => write!(
                f,
                "{source} asks for a token, and has no {} tag; name the secret in `secret`",
                tag::SECRET
            ),
            Self::NoToken { source } => write!(
                f,
                "{source} asks for no token; leave out `secret`, or name in `from` a group that does"
            ),
            Self::WouldNotFit { node_type, needs, has } => {
                write!(f, "the data take {needs}, {node_type} has {has} for them")
            }
            Self::NothingFits { needs } => write!(
                f,
                "the data take {needs}, and no node type of the family has that; name one in `nodeType`"
            ),
            Self::TargetTaken { group, why } => write!(
                f,
                "the group {group} is there already: {why}; nothing was touched, name another"
            ),
            Self::CreateFailed { group, events } => write!(
                f,
                "the group {group} could not be made{}; delete it to use its id again",
                said(events)
            ),
            Self::NotAsWanted { group, differences } => {
                let all: Vec<String> = differences.iter().map(ToString::to_string).collect();
                write!(f, "the group {group} is there but must not be used: {}", all.join(", "))
            }
        }
    }
}

pub(super) fn said(events: &[String]) -> String {
    if events.is_empty() {
        return String::new();
    }
    format!(": ElastiCache says \"{}\"", events.join(" / "))
}
