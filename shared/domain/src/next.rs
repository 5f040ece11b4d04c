//! The shape that every plan has.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::tag;

/// What a planner wants, now that it has seen the world.
///
/// A plan names one step at most. ElastiCache takes one change at a time, and a second step planned on today's view
/// would be planned on a view that the first one makes untrue.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "a plan that nobody acts on was not worth making"]
pub enum Next<S, R> {
    /// The world already is as wanted.
    Settled,
    /// Take this step, then look again.
    Do(S),
    /// Something else is going on; look again later.
    Wait(Wait),
    /// No step is allowed until a person or a new event changes something.
    Refuse(R),
}

/// What a plan waits for, and when to look again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wait {
    /// What it waits for.
    pub on: WaitingOn,
    /// How long to look away.
    pub recheck: SignedDuration,
}

impl Wait {
    /// A wait for a state of the group that takes minutes: looks again after the 15 s that AWS's own waiters use (facts 1.2).
    pub fn slow(on: WaitingOn) -> Self {
        Self { on, recheck: SignedDuration::from_secs(15) }
    }

    /// A wait for something that is nearly done.
    pub fn short(on: WaitingOn) -> Self {
        Self { on, recheck: SignedDuration::from_secs(2) }
    }
}

/// Why nothing can be done yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WaitingOn {
    /// The group is being made.
    Creation,
    /// The group or a member is being changed.
    Modification,
    /// A snapshot is being taken, of this name where we know it.
    Snapshot(Option<String>),
    /// A snapshot is being read into a new group.
    Restore,
    /// The group is being deleted.
    Deletion,
    /// An AUTH token change is being applied.
    TokenChange,
    /// A change of this user has not yet reached every group that carries it.
    User(String),
    /// The grace of an old token, which the next change would cut short; until then.
    Grace(Timestamp),
    /// A member has not yet finished its part.
    Member(String),
    /// Not all keys have a place yet: this shard has none, or some have none.
    Slots(String),
    /// The metrics do not tell yet how many keys went along.
    Keys,
    /// Its nodes could not be asked, for this reason; they will be again.
    Asked(String),
    /// Another call found the group busy although it read `available`.
    Busy,
    /// The group is restored in place, and this one stands in for it.
    InPlace(String),
    /// Another address is being written into the secret, as its tag says.
    Address(String),
    /// A rotation of this secret, and its grace, to come to their end.
    Rotation(String),
    /// The group is parked with this snapshot, and may be about to go.
    Parking(String),
    /// A snapshot of the group is tried, and this one of a drill stands beside it.
    Drill(String),
    /// A call that failed is made again, since nothing may be left half done.
    NextTry(String),
}

impl fmt::Display for WaitingOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Creation => f.write_str("the group to be created"),
            Self::Modification => f.write_str("a modification to finish"),
            Self::Snapshot(None) => f.write_str("a snapshot to finish"),
            Self::Snapshot(Some(name)) => write!(f, "the snapshot {name} to finish"),
            Self::Restore => f.write_str("the restore to finish"),
            Self::Deletion => f.write_str("the group to be deleted"),
            Self::TokenChange => f.write_str("an AUTH token change to be applied"),
            Self::User(id) => write!(
                f,
                "the change of the user {id} to be applied by every group that carries it"
            ),
            Self::Grace(until) => write!(
                f,
                "the grace of the old token to end at {until}, since a new one now would cut off clients that still use it; where it has to be at once, set the tag {} of the secret to 0",
                tag::GRACE_MINUTES
            ),
            Self::Member(id) => write!(f, "the member {id}"),
            Self::Slots(shard) => write!(f, "the slots of shard {shard}"),
            Self::Keys => f.write_str("the metrics to tell how many keys went along"),
            Self::Asked(why) => write!(f, "its nodes to answer: {why}"),
            Self::Busy => f.write_str("the group to be free again"),
            Self::InPlace(stand_in) => write!(
                f,
                "the restore in place to finish, during which {stand_in} stands in for the group"
            ),
            Self::Address(hold) => {
                write!(f, "another address to be written into the secret, for {hold}")
            }
            Self::Rotation(secret) => write!(
                f,
                "the rotation of {secret} to be done and its old token to be revoked, before another address goes into it"
            ),
            Self::Parking(snapshot) => {
                write!(f, "the group to be parked with {snapshot}, which is under way")
            }
            Self::Drill(group) => write!(f, "the drill to finish, whose group is {group}"),
            Self::NextTry(why) => write!(f, "the next try, since {why}"),
        }
    }
}
