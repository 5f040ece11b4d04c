//! Why a group is not restored in place, in words that an operator can act on.

use std::fmt;

use crate::snapshot::refusal::said;
use crate::snapshot::restore::Difference;
use crate::{GroupId, tag};

/// Why a group is not restored in place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unreplaced {
    /// There is no group to put another in the place of.
    NoGroup { group: GroupId },
    /// The group carries no tag of ours.
    NotOurs { group: GroupId },
    /// It must not be deleted.
    Protected { group: GroupId },
    /// Somebody is at it, as this tag says.
    Busy { group: GroupId, key: &'static str, value: String },
    /// It shares its keys with other regions.
    GlobalDatastore { group: GroupId, global: String },
    /// The snapshot would go with the group.
    Automatic { snapshot: String },
    /// The snapshot is of another group.
    OfAnother { snapshot: String, of: GroupId, group: GroupId },
    /// `from` names another group than the snapshot is of.
    NotOf { snapshot: String, of: GroupId, from: GroupId },
    /// Another one is under way.
    UnderWay { group: GroupId, stand_in: GroupId, snapshot: String },
    /// The id of the group that would stand in is taken.
    StandInTaken { group: GroupId, stand_in: GroupId },
    /// The group was changed meanwhile, or cannot be made as it is.
    Differs { group: GroupId, differences: Vec<Difference> },
    /// Something would be deleted that a restore in place may need.
    HoldsPruning { group: GroupId },
    /// Somebody deleted the group meanwhile.
    Deleted { group: GroupId },
    /// Somebody else made a group of the id meanwhile.
    Taken { group: GroupId, stand_in: GroupId },
    /// The snapshot that is the way back was not taken.
    NoWayBack { snapshot: String, why: String },
    /// The group that stood in is gone, and with it what the other has to be like.
    StandInGone { group: GroupId, stand_in: GroupId },
    /// It could not be made of the wanted snapshot, and was made of the one of before.
    TakenBack { group: GroupId, snapshot: String, before: String, why: Option<String> },
    /// It could be made of neither.
    Lost { group: GroupId, stand_in: GroupId, serves: String, before: String, whys: Vec<String> },
}

impl fmt::Display for Unreplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGroup { group } => write!(
                f,
                "there is no group {group} whose place another could take; use the action restore, which makes a new one"
            ),
            Self::NotOurs { group } => write!(
                f,
                "{group} has neither the tag {} nor {}, so it is not looked after here; add the second to say that it is",
                tag::OWNER,
                tag::SNAPSHOT_KEEP
            ),
            Self::Protected { group } => write!(
                f,
                "{group} must not be deleted: its tag {} says so; set it to off to go on",
                tag::DELETION_PROTECTION
            ),
            Self::Busy { group, key, value } => write!(
                f,
                "{group} is being changed, as its tag {key} says: \"{value}\"; ask again when that is through, or take the tag off where nobody is at it"
            ),
            Self::GlobalDatastore { group, global } => write!(
                f,
                "{group} is a member of the Global Datastore {global}, which it would leave; restore into a new group"
            ),
            Self::Automatic { snapshot } => write!(
                f,
                "ElastiCache took the snapshot {snapshot} itself and deletes it with the group; promote it, and restore the copy"
            ),
            Self::OfAnother { snapshot, of, group } => write!(
                f,
                "the snapshot {snapshot} is of {of}, and would take the place of all keys of {group}; name {of} in `from` where that is meant"
            ),
            Self::NotOf { snapshot, of, from } => {
                write!(
                    f,
                    "the snapshot {snapshot} is of {of}, and not of {from}, which `from` names"
                )
            }
            Self::UnderWay { .. }
            | Self::StandInTaken { .. }
            | Self::Differs { .. }
            | Self::HoldsPruning { .. }
            | Self::Deleted { .. }
            | Self::Taken { .. }
            | Self::NoWayBack { .. }
            | Self::StandInGone { .. }
            | Self::TakenBack { .. }
            | Self::Lost { .. } => self.tell_under_way(f),
        }
    }
}

impl Unreplaced {
    /// Tells what comes up while one is under way.
    fn tell_under_way(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGroup { .. }
            | Self::NotOurs { .. }
            | Self::Protected { .. }
            | Self::Busy { .. }
            | Self::GlobalDatastore { .. }
            | Self::Automatic { .. }
            | Self::OfAnother { .. }
            | Self::NotOf { .. } => Ok(()),
            Self::UnderWay { group, stand_in, snapshot } => write!(
                f,
                "{group} is being restored in place already, from {snapshot}, and {stand_in} stands in for it; ask again when that is through, and for the same snapshot where it stands still"
            ),
            Self::StandInTaken { group, stand_in } => write!(
                f,
                "the group {stand_in} is there and is none of ours, and under its id another would stand in for {group}; nothing was touched"
            ),
            Self::Differs { group, differences } => {
                write!(
                    f,
                    "nothing of {group} was touched, since it would not come back as it is:"
                )?;
                differences.iter().enumerate().try_for_each(|(index, it)| {
                    write!(f, "{} {it}", if index == 0 { "" } else { "," })
                })?;
                f.write_str("; where somebody changed it meanwhile, ask again")
            }
            Self::HoldsPruning { group } => write!(
                f,
                "deletes nothing while {group} is restored in place; the next schedule goes on"
            ),
            Self::Deleted { group } => {
                write!(f, "somebody deleted {group} meanwhile, and it is not brought back")
            }
            Self::Taken { group, stand_in } => write!(
                f,
                "somebody made another group {group} meanwhile, which was not touched; {stand_in} holds the keys of the snapshot, and stays"
            ),
            Self::NoWayBack { snapshot, why } => {
                write!(
                    f,
                    "nothing was touched, since the snapshot {snapshot} for the way back was not taken: {why}"
                )
            }
            Self::StandInGone { group, stand_in } => write!(
                f,
                "{group} is there again, but {stand_in} was deleted before the two were compared; look whether its settings and alarms are as they should be"
            ),
            Self::TakenBack { group, snapshot, before, why } => write!(
                f,
                "{group} could not be made of {snapshot} and is there as it was before, made of {before}, without what was written since that was taken{}",
                said(why.as_slice())
            ),
            Self::Lost { group, stand_in, serves, before, whys } => write!(
                f,
                "{group} is not there: it could be made neither of the wanted snapshot nor of {before}, which holds its keys of before{}; {stand_in} has the keys of the wanted snapshot at {serves} and stays; delete {group} where it is create-failed, and send the same event again to have it made of {before}",
                said(whys)
            ),
        }
    }
}
