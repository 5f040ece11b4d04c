//! Why a group is not parked, or does not come back, in words that an operator can act on.

use std::fmt;

use crate::snapshot::refusal::said;
use crate::{GroupId, tag};

use super::NIGHTLY;

/// Why a group is not parked, or does not come back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unparked {
    /// The group does not say that it may be parked.
    NotWished { group: GroupId },
    /// It must not be deleted.
    Protected { group: GroupId },
    /// Somebody is at it, as this tag says.
    Busy { group: GroupId, key: &'static str, value: String },
    /// It is restored in place.
    InPlace { group: GroupId, stand_in: GroupId },
    /// It shares its keys with other regions.
    GlobalDatastore { group: GroupId, global: String },
    /// What it is beside its keys does not fit into the tags of a snapshot.
    TooMuch { group: GroupId, needs: usize, has: usize },
    /// It asks for a token, and nobody says which secret holds it.
    NoSecret { group: GroupId },
    /// Nobody could log in to it again.
    SecretUnread { group: GroupId, secret: String, why: String },
    /// It was changed since its snapshot was asked for.
    Changed { group: GroupId, snapshot: String },
    /// Somebody deleted it before it was parked.
    Deleted { group: GroupId, snapshot: String },
    /// There is neither a group nor a snapshot of it to make it of.
    Nothing { group: GroupId },
    /// The snapshot is none that a group was parked with.
    NoPark { group: GroupId, snapshot: String },
    /// Its stack is gone, and the snapshot is what is left.
    Kept { group: GroupId, snapshot: String },
    /// The snapshot does not tell what the group was.
    Forgotten { group: GroupId, snapshot: String },
    /// Somebody else made a group of its id meanwhile.
    Taken { group: GroupId, snapshot: String },
    /// It could not be made.
    NotMade { group: GroupId, snapshot: String, events: Vec<String> },
}

impl Unparked {
    /// Whether the group should be there and is not.
    pub fn is_missed(&self) -> bool {
        match self {
            Self::NotMade { .. } | Self::Forgotten { .. } | Self::Deleted { .. } => true,
            Self::NotWished { .. }
            | Self::Protected { .. }
            | Self::Busy { .. }
            | Self::InPlace { .. }
            | Self::GlobalDatastore { .. }
            | Self::TooMuch { .. }
            | Self::NoSecret { .. }
            | Self::SecretUnread { .. }
            | Self::Changed { .. }
            | Self::Nothing { .. }
            | Self::NoPark { .. }
            | Self::Kept { .. }
            | Self::Taken { .. } => false,
        }
    }

    /// Tells what speaks against parking.
    fn tell_against(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWished { group } => write!(
                f,
                "{group} has no tag {} that says {NIGHTLY}, and without it no group is parked; state NightPark for it, or tag it where no stack of ours has made it",
                tag::PARK
            ),
            Self::Protected { group } => write!(
                f,
                "{group} must not be deleted: its tag {} says so; set it to off to have it parked",
                tag::DELETION_PROTECTION
            ),
            Self::Busy { group, key, value } => write!(
                f,
                "{group} is being changed, as its tag {key} says: \"{value}\"; ask again when that is through, or take the tag off where nobody is at it"
            ),
            Self::InPlace { group, stand_in } => write!(
                f,
                "{group} is being restored in place, and {stand_in} stands in for it; ask again when that is through"
            ),
            Self::GlobalDatastore { group, global } => write!(
                f,
                "{group} is a member of the Global Datastore {global}, and would not come back as one"
            ),
            Self::TooMuch { group, needs, has } => write!(
                f,
                "what {group} is beside its keys takes {needs} tags of a snapshot, which can have {has}; take some off the group"
            ),
            Self::NoSecret { group } => write!(
                f,
                "{group} asks for a token, and has no {} tag; tag it with the ARN of the secret that holds it",
                tag::SECRET
            ),
            Self::SecretUnread { group, secret, why } => write!(
                f,
                "{group} would come back with the token of {secret}, which cannot be read: {why}"
            ),
            Self::Changed { group, snapshot } => write!(
                f,
                "{group} was changed after {snapshot} was asked for and would not come back as it is, so it stays; ask again, or the next schedule does"
            ),
            Self::Deleted { .. }
            | Self::Nothing { .. }
            | Self::NoPark { .. }
            | Self::Kept { .. }
            | Self::Forgotten { .. }
            | Self::Taken { .. }
            | Self::NotMade { .. } => Ok(()),
        }
    }
}

impl fmt::Display for Unparked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deleted { group, snapshot } => write!(
                f,
                "somebody deleted {group} before it was parked, and it is not brought back; {snapshot} holds what it had shortly before"
            ),
            Self::Nothing { group } => {
                write!(f, "there is no group {group}, and no snapshot that it was parked with")
            }
            Self::NoPark { group, snapshot } => write!(
                f,
                "there is no snapshot {snapshot} that {group} was parked with; leave out `snapshot` to have the newest"
            ),
            Self::Kept { group, snapshot } => write!(
                f,
                "the stack of {group} deleted it while it was parked, and {snapshot} is the last snapshot of it; make a new one of that with the action restore"
            ),
            Self::Forgotten { group, snapshot } => write!(
                f,
                "{snapshot} does not tell what {group} was beside its keys, since somebody changed its tags; make it of that with the action restore, and a group in `from` that it is to be like"
            ),
            Self::Taken { group, snapshot } => write!(
                f,
                "a group {group} is there that was not made of {snapshot}, and is somebody else's; it was not touched; delete or rename it to have the parked one back, or set the tag {} of the snapshot to taken",
                tag::PARKED
            ),
            Self::NotMade { group, snapshot, events } => write!(
                f,
                "{group} could not be made of {snapshot}{}; what there was of it is being deleted, the snapshot stays, and the next unpark tries again",
                said(events)
            ),
            Self::NotWished { .. }
            | Self::Protected { .. }
            | Self::Busy { .. }
            | Self::InPlace { .. }
            | Self::GlobalDatastore { .. }
            | Self::TooMuch { .. }
            | Self::NoSecret { .. }
            | Self::SecretUnread { .. }
            | Self::Changed { .. } => self.tell_against(f),
        }
    }
}
