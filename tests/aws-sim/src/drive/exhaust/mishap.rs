//! What can go wrong at one place of a flow.

use std::time::Duration;

use jiff::SignedDuration;

use super::places::{self, Spread};
use crate::CallRecord;
use crate::drive::EventMishap;
use crate::fault::{Fault, Happening, Rule, Side};

/// What goes wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Mishap {
    /// This befalls the call.
    Call(Fault),
    /// This befalls the call and all of its kind that the same invocation makes after it, more than the SDK has tries. Then it is over.
    Lasting(Fault),
    /// The call takes long, and meanwhile the same flow begins once more.
    Beside,
    /// This becomes of the event.
    Event(EventMishap),
}

impl Mishap {
    /// The caller dies before the call.
    pub const DIES_BEFORE: Self = Self::Call(Fault::Cut(Side::BeforeEffect));
    /// The caller dies after the call had its effect.
    pub const DIES_AFTER: Self = Self::Call(Fault::Cut(Side::AfterEffect));
    /// The call has its effect, and its answer is lost.
    pub const ANSWER_LOST: Self = Self::Call(Fault::Broken(Side::AfterEffect));
    /// The call never arrives.
    pub const CALL_LOST: Self = Self::Call(Fault::Broken(Side::BeforeEffect));
    /// There are too many calls.
    pub const THROTTLED: Self = Self::Call(Fault::Throttled);
    /// AWS has a problem.
    pub const UNAVAILABLE: Self = Self::Call(Fault::Unavailable);
    /// The caller may not.
    pub const DENIED: Self = Self::Call(Fault::Denied);
    /// The answer takes half a minute, which is longer than a client waits.
    pub const SLOW: Self = Self::Call(Fault::Slow(Duration::from_secs(30)));
    /// The primary is lost.
    pub const PRIMARY_LOST: Self = Self::Call(Fault::Meanwhile(Happening::PrimaryLost));
    /// The next node type change is rolled back in silence.
    pub const ROLLS_BACK: Self = Self::Call(Fault::Meanwhile(Happening::NodeTypeRollsBack));
    /// The next member does not come up.
    pub const START_FAILS: Self = Self::Call(Fault::Meanwhile(Happening::StartFails));
    /// The next snapshot fails.
    pub const SNAPSHOT_FAILS: Self = Self::Call(Fault::Meanwhile(Happening::SnapshotFails));
    /// The next node type change leaves a replica behind.
    pub const MEMBER_STUCK: Self = Self::Call(Fault::Meanwhile(Happening::MemberStuck));
    /// The next call for nodes is accepted, and then there are none.
    pub const CAPACITY_GONE: Self = Self::Call(Fault::Meanwhile(Happening::CapacityGone));
    /// There are too many calls, for longer than the SDK tries.
    pub const THROTTLE_LASTS: Self = Self::Lasting(Fault::Throttled);
    /// AWS has a problem for longer than the SDK tries. Calls that are lost for as long look the same to their caller.
    pub const OUTAGE_LASTS: Self = Self::Lasting(Fault::Unavailable);
    /// However often the SDK tries, the calls have their effect, and their answers are lost.
    pub const ANSWERS_LOST: Self = Self::Lasting(Fault::Broken(Side::AfterEffect));
    /// The event is lost.
    pub const EVENT_LOST: Self = Self::Event(EventMishap::Lost);
    /// The event comes twice.
    pub const EVENT_DOUBLED: Self = Self::Event(EventMishap::Doubled);
    /// The event is twenty minutes late.
    pub const EVENT_LATE: Self = Self::Event(EventMishap::Late(SignedDuration::from_mins(20)));

    /// Everything that can go wrong, but for want of capacity, which is [`Mishap::no_capacity`].
    pub const ALL: [Self; 21] = [
        Self::DIES_BEFORE,
        Self::DIES_AFTER,
        Self::CALL_LOST,
        Self::ANSWER_LOST,
        Self::THROTTLED,
        Self::UNAVAILABLE,
        Self::DENIED,
        Self::SLOW,
        Self::PRIMARY_LOST,
        Self::ROLLS_BACK,
        Self::START_FAILS,
        Self::SNAPSHOT_FAILS,
        Self::MEMBER_STUCK,
        Self::CAPACITY_GONE,
        Self::THROTTLE_LASTS,
        Self::OUTAGE_LASTS,
        Self::ANSWERS_LOST,
        Self::Beside,
        Self::EVENT_LOST,
        Self::EVENT_DOUBLED,
        Self::EVENT_LATE,
    ];

    /// There are no nodes for what the call asks for, and it says so.
    pub fn no_capacity() -> Self {
        let text =
            "The requested cache node type is not available in the specified Availability Zone.";
        let code = "InsufficientCacheClusterCapacity";
        Self::Call(Fault::Answer(400, code.to_owned(), text.to_owned()))
    }

    /// A word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Call(Fault::Cut(Side::BeforeEffect)) => "dies-before",
            Self::Call(Fault::Cut(Side::AfterEffect)) => "dies-after",
            Self::Call(Fault::Broken(Side::BeforeEffect)) => "call-lost",
            Self::Call(Fault::Broken(Side::AfterEffect)) => "answer-lost",
            Self::Call(Fault::Throttled) => "throttled",
            Self::Call(Fault::Unavailable) => "unavailable",
            Self::Call(Fault::Denied) => "denied",
            Self::Call(Fault::Answer(..)) => "no-capacity",
            Self::Call(Fault::Slow(_)) => "slow",
            Self::Call(Fault::Meanwhile(Happening::PrimaryLost)) => "primary-lost",
            Self::Call(Fault::Meanwhile(Happening::NodeTypeRollsBack)) => "rolls-back",
            Self::Call(Fault::Meanwhile(Happening::StartFails)) => "start-fails",
            Self::Call(Fault::Meanwhile(Happening::SnapshotFails)) => "snapshot-fails",
            Self::Call(Fault::Meanwhile(Happening::MemberStuck)) => "member-stuck",
            Self::Call(Fault::Meanwhile(Happening::CapacityGone)) => "capacity-gone",
            Self::Lasting(Fault::Throttled) => "throttle-lasts",
            Self::Lasting(Fault::Broken(_)) => "answers-lost",
            Self::Lasting(_) => "outage-lasts",
            Self::Beside => "beside",
            Self::Event(EventMishap::Lost) => "event-lost",
            Self::Event(EventMishap::Doubled) => "event-doubled",
            Self::Event(EventMishap::Late(_)) => "event-late",
        }
    }

    /// What a word stands for.
    pub fn of(word: &str) -> Option<Self> {
        let all = Self::ALL.into_iter().chain([Self::no_capacity()]);
        all.into_iter().find(|it| it.word() == word)
    }

    /// Whether a call can meet with it.
    pub(super) fn can_befall(&self, call: &CallRecord) -> bool {
        let starts_nodes =
            ["CreateReplicationGroup", "ModifyReplicationGroup", "IncreaseReplicaCount"];
        match self {
            Self::Call(Fault::Answer(..)) => starts_nodes.contains(&call.operation.as_str()),
            // A look has no effect: to die after it is to die before what comes next.
            Self::Call(Fault::Cut(Side::AfterEffect)) => !places::is_look(&call.operation),
            // CloudFormation's address is signed: whoever has it may.
            Self::Call(Fault::Denied | Fault::Throttled) | Self::Lasting(Fault::Throttled) => {
                call.service != "cloudformation"
            }
            Self::Call(_) | Self::Lasting(_) | Self::Beside | Self::Event(_) => true,
        }
    }

    /// At how many of the calls that it can befall it is tried.
    pub(super) fn spread(&self) -> Spread {
        match self {
            // It waits for its work, so it does not matter before which of several looks in a row it was told to.
            Self::Call(Fault::Meanwhile(
                Happening::NodeTypeRollsBack
                | Happening::StartFails
                | Happening::SnapshotFails
                | Happening::MemberStuck
                | Happening::CapacityGone,
            )) => Spread::OncePerPlace,
            // The SDK tries again and the function never knows; or the function knows, and where it had got to is what matters.
            Self::Call(
                Fault::Throttled | Fault::Unavailable | Fault::Broken(Side::BeforeEffect),
            )
            | Self::Lasting(_) => Spread::OncePerOperation,
            Self::Call(_) | Self::Beside | Self::Event(_) => Spread::Everywhere,
        }
    }

    /// As it is told to a world, for the call of this number.
    pub(super) fn rule(&self, at: usize) -> Rule {
        match self {
            Self::Call(fault) => Rule::call(at, fault.clone()),
            Self::Lasting(fault) => Rule::call(at, fault.clone()).lasting(),
            Self::Beside | Self::Event(_) => Rule::call(at, Fault::Slow(Duration::from_secs(4))),
        }
    }
}
