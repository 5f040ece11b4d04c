//! Why a snapshot is not tried, or did not restore.

use std::fmt;

use jiff::Timestamp;

use super::{Ceiling, DAYS_MAX};
use crate::{Dollars, GroupId, NodeType, tag};

/// Why a snapshot is not tried, or did not restore.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Undrillable {
    /// The policy tag cannot be read.
    BadDays { value: String },
    /// There is nothing to try.
    NothingGood { group: GroupId },
    /// We did not make it, or not for this owner.
    NotOurs { snapshot: String },
    /// Its nodes could not be reached.
    OutsideVpc,
    /// Its group would let in users, and no secret of ours has the password of one.
    Users { group: GroupId },
    /// Somebody's group has the id.
    Taken { group: GroupId },
    /// It was asked for so long ago that nobody waits for it any more.
    NotTimely { asked: Timestamp },
    /// The drills of this month would cost more than they may.
    TooExpensive { more: Dollars, spent: Dollars, ceiling: Ceiling },
    /// What it would cost is not known, and there is a ceiling.
    NoPrice { node_type: NodeType, ceiling: Ceiling },
    /// It was tried.
    Failed { snapshot: String, why: String },
}

impl Undrillable {
    /// Whether it was tried, and something has been done.
    pub fn was_tried(&self) -> bool {
        match self {
            Self::Failed { .. } => true,
            Self::BadDays { .. }
            | Self::NothingGood { .. }
            | Self::NotOurs { .. }
            | Self::OutsideVpc
            | Self::Users { .. }
            | Self::Taken { .. }
            | Self::NotTimely { .. }
            | Self::TooExpensive { .. }
            | Self::NoPrice { .. } => false,
        }
    }
}

impl fmt::Display for Undrillable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadDays { value } => write!(
                f,
                "the tag {} says \"{value}\", which is not a whole number from 0 to {DAYS_MAX}; put it right to have drills",
                tag::DRILL_DAYS
            ),
            Self::NothingGood { group } => write!(
                f,
                "{group} has no snapshot of ours that can be restored from; take one to go on"
            ),
            Self::NotOurs { snapshot } => write!(
                f,
                "the snapshot {snapshot} is not one of ours of a group that is there, so a drill would leave its mark on somebody else's; promote it, or restore it"
            ),
            Self::OutsideVpc => f.write_str(
                "this function stands outside of the VPC and could not count the keys of a drill; deploy it with PrivateSubnetIds",
            ),
            Self::Users { group } => write!(
                f,
                "{group} lets in users, and no secret is tagged {} and {} with the id of one of them, so that nobody could count the keys; tag the secret that holds the password of one who may read all of them",
                tag::OWNER,
                tag::USER
            ),
            Self::Taken { group } => write!(
                f,
                "the group {group} is there, and no drill made it; nothing was touched, rename or delete it to have drills"
            ),
            Self::NotTimely { asked } => write!(
                f,
                "the drill was asked for at {asked}, and that is too long ago to begin it; ask again"
            ),
            Self::TooExpensive { more, spent, ceiling } => write!(
                f,
                "the drill may cost {more}, those of this month may have cost {spent}, and together they may cost {ceiling}; raise DrillCostCeiling, or wait for the next month"
            ),
            Self::NoPrice { node_type, ceiling } => write!(
                f,
                "what {node_type} costs is not known, and the drills of a month may cost {ceiling}; state it in NodePrices, or set DrillCostCeiling to none"
            ),
            Self::Failed { snapshot, why } => {
                write!(f, "the snapshot {snapshot} did not stand the drill: {why}")
            }
        }
    }
}
