//! Why an automatic snapshot is not promoted, in words that an operator can act on.

use std::fmt;

use jiff::Timestamp;

use crate::GroupId;
use crate::snapshot::{SnapshotStatus, Tier, Tiers};

/// Why a snapshot is not promoted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unpromotable {
    /// There is no such snapshot.
    NoSnapshot { snapshot: String },
    /// ElastiCache has none of the group.
    NoneOf { group: GroupId },
    /// Somebody took it.
    NotAutomatic { snapshot: String },
    /// It cannot be copied, and will not be.
    NotAvailable { snapshot: String, status: SnapshotStatus },
    /// The policy keeps none of this tier.
    NotKept { tier: Tier, tiers: Tiers },
    /// The next prune would delete the copy.
    TooOld { snapshot: String, at: Timestamp, keep: String },
}

impl fmt::Display for Unpromotable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSnapshot { snapshot } => write!(f, "there is no snapshot {snapshot}"),
            Self::NoneOf { group } => write!(
                f,
                "ElastiCache has no automatic snapshot of {group} that can be restored from; SnapshotRetentionLimit says how many days it keeps them"
            ),
            Self::NotAutomatic { snapshot } => write!(
                f,
                "the snapshot {snapshot} is not an automatic one, so ElastiCache does not delete it and it needs no copy; name one that begins with automatic."
            ),
            Self::NotAvailable { snapshot, status } => {
                write!(f, "the snapshot {snapshot} is {status}; name one that is available")
            }
            Self::NotKept { tier, tiers } => write!(
                f,
                "the group keeps {tiers} and none that are {tier}; name a tier that it keeps, or leave out `tier`"
            ),
            Self::TooOld { snapshot, at, keep } => write!(
                f,
                "the data of {snapshot} are of {at}, and a group that keeps {keep} has enough newer ones, so that the copy would be deleted at once; keep more, or copy it by hand under a name of your own, which is never deleted"
            ),
        }
    }
}
