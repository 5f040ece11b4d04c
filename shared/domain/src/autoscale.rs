//! The vocabulary of `autoscale`: what is seen of a group and its load, what may be done, and why not.
//!
//! In reading order: [`load`] is what the metrics say, [`pressure`] what that asks for, [`policy`] what the operator allows, [`fit`]
//! which node type is next, [`change`] what is written while a change is made, and [`plan`] decides.

pub mod backtest;
pub mod change;
pub mod fit;
pub mod load;
pub mod plan;
pub mod policy;
pub mod pressure;
pub mod sizing;

use std::fmt;

use jiff::Timestamp;

use crate::alarm::{self, AlarmSet};
use crate::cost::MonthlyCost;
use crate::{GroupId, GroupView, Next, NodeType, Problems, Tags};

pub use change::{Change, Failed, Undertaking};
pub use fit::{NoLarger, NoSmaller};
pub use load::{Load, Metric, Sample};
pub use plan::decide;
pub use policy::{Mode, Policy};
pub use pressure::{Gap, Pressure};

/// What was seen. The group is always looked at; the rest only where the decision turns on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadView {
    /// The group with its members and tags, if it is there.
    pub group: Option<GroupView>,
    /// What the list of everything tagged knows of a group that does not tell its tags itself. It lags behind; nothing is known of what
    /// it does not list.
    pub listed: Option<Tags>,
    /// The metrics.
    pub load: Option<Load>,
    /// The node types that ElastiCache would change this group to, larger and smaller.
    pub allowed: Option<Vec<NodeType>>,
    /// What ElastiCache says that happened, in its own words.
    pub events: Option<Vec<String>>,
    /// What is wrong with the alarms.
    pub alarms: Option<alarm::Upkeep>,
}

/// What comes of looking: either something more must be known, or it is decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The decision turns on this.
    Ask(Question),
    /// It is decided.
    Plan(Next<Step, Refusal>),
}

/// What a decision turns on. No call is made that no decision asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Whose is a group that does not tell its tags?
    ListedTags,
    /// What do the metrics say?
    Load,
    /// Which node types are allowed?
    AllowedTypes,
    /// What happened since?
    Events(Timestamp),
    /// What is wrong with the alarms?
    Alarms(AlarmSet),
}

/// One step on one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The group.
    pub group: GroupId,
    /// Its ARN, by which it is tagged.
    pub arn: String,
    /// What to do.
    pub act: Act,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Write down what is going to be changed, and change it. A death between the two is made good by [`Act::Repeat`].
    Begin(Undertaking),
    /// Make the change that is written down: whoever wrote it may not have come to it.
    Repeat(Undertaking),
    /// Make alarms, or put them right.
    PutAlarms { set: AlarmSet },
    /// Delete alarms that watch nobody any more.
    DeleteAlarms { names: Vec<String> },
    /// Write down when the group was changed.
    NoteChanged { at: Timestamp },
    /// Tell that the change is made, and take the note off.
    Conclude(Made),
    /// Tell that the change did not take, and write that down.
    NoteFailure(NotTaken),
    /// Take the note of a change off.
    Forget(Undertaking),
}

/// A change that is made and verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The change.
    pub undertaking: Undertaking,
    /// The price of a month before.
    pub before: Option<MonthlyCost>,
    /// The price of a month now.
    pub after: Option<MonthlyCost>,
}

/// A change that did not take.
#[derive(Clone, Debug, PartialEq)]
pub struct NotTaken {
    /// The change.
    pub undertaking: Undertaking,
    /// What ElastiCache says about it.
    pub events: Vec<String>,
    /// What is written.
    pub failed: Failed,
}

/// What would be done, in a mode that does nothing by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The change.
    pub change: Change,
    /// What was seen.
    pub why: String,
    /// The command that makes it.
    pub command: String,
    /// The price of a month now.
    pub before: Option<MonthlyCost>,
    /// The price of a month then.
    pub after: Option<MonthlyCost>,
}

/// Why nothing is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The group, or the member that the alarm speaks of, is not there.
    Gone,
    /// The group has no policy tag.
    NotOurs,
    /// The policy says so.
    Off,
    /// The policy cannot be read.
    BadPolicy(Problems),
    /// The group is in a state from which it does not come back by itself.
    Unusable(String),
    /// The group spreads its keys over shards.
    ClusterMode,
    /// The nodes move data between memory and disk (facts 6.2), and are not sized by how full their memory is.
    DataTiering(NodeType),
    /// The engine is none that we know.
    UnknownEngine(String),
    /// Somebody's change waits for the maintenance window; ours would carry it out now (facts 1.4).
    Deferred(Deferred),
    /// Somebody else's change of the node type is on its way.
    ForeignChange(String),
    /// The last change is too recent.
    CoolingDown(Timestamp),
    /// The same change did not take, too recently.
    BackingOff { change: Change, until: Timestamp },
    /// There is too little data.
    NoData(Gap),
    /// More is needed, and there is no more to be had.
    NoLarger { why: String, no: NoLarger, replicas: u32, max_replicas: u32 },
    /// Less would do, but not as little as the next smaller.
    NoSmaller(NoSmaller),
    /// Less would do, but a replica is behind.
    Lagging { member: String, seconds: f64 },
    /// The mode leaves it to a person.
    Recommended(Advice),
    /// The decision turned on something that nobody answered.
    Unanswered(Question),
}

/// A change of somebody's that waits for the maintenance window.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Deferred {
    /// To another node type.
    NodeType(NodeType),
    /// To another engine version.
    EngineVersion(String),
}

/// How much a refusal matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weight {
    /// All is well: nothing more can be saved now, or it is not yet time.
    Hold,
    /// Not ours to touch, or nothing to touch.
    NotForUs,
    /// A person was told when it was written down.
    Told,
    /// A person has to know.
    News,
}

impl Refusal {
    /// How much it matters.
    pub fn weight(&self) -> Weight {
        match self {
            Self::CoolingDown(_) | Self::NoSmaller(_) | Self::Lagging { .. } => Weight::Hold,
            Self::Gone | Self::NotOurs | Self::Off => Weight::NotForUs,
            Self::BackingOff { .. } => Weight::Told,
            Self::BadPolicy(_)
            | Self::Unusable(_)
            | Self::ClusterMode
            | Self::DataTiering(_)
            | Self::UnknownEngine(_)
            | Self::Deferred(_)
            | Self::ForeignChange(_)
            | Self::NoData(_)
            | Self::NoLarger { .. }
            | Self::Recommended(_)
            | Self::Unanswered(_) => Weight::News,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the group or the member is not there any more"),
            Self::NotOurs => f.write_str("the group has no cachewarden:autoscale tag"),
            Self::Off => f.write_str("autoscaling of the group is off"),
            Self::BadPolicy(problems) => {
                write!(f, "the policy tags cannot be followed: {problems}; put them right to go on")
            }
            Self::Unusable(status) => write!(f, "the group is {status}"),
            Self::ClusterMode => f.write_str(
                "the group is in cluster mode, where shards are counted and not only replicas; Application Auto Scaling does that",
            ),
            Self::UnknownEngine(engine) => write!(f, "the engine \"{engine}\" is not known"),
            Self::DataTiering(node_type) => write!(
                f,
                "{node_type} moves data between memory and disk, so that its memory is full by design and says nothing about its size"
            ),
            Self::Deferred(to) => write!(
                f,
                "a change to {to} waits for the maintenance window, and any change now would carry it out; apply or revert it to go on"
            ),
            Self::ForeignChange(asked) => {
                write!(f, "somebody else asked for {asked}, which is not there yet")
            }
            Self::CoolingDown(until) => write!(f, "the last change is too recent; looks again after {until}"),
            Self::BackingOff { change, until } => {
                write!(f, "{change} did not take the last time; not tried again before {until}")
            }
            Self::NoData(gap) => write!(f, "too little data: {gap}"),
            Self::NoLarger { why, no, replicas, max_replicas } => {
                write!(f, "not growing although {why}: {no}; replicas are {replicas} of {max_replicas}")
            }
            Self::NoSmaller(no) => write!(f, "not shrinking: {no}"),
            Self::Lagging { member, seconds } => {
                write!(f, "not shrinking: {member} is {seconds:.0} s behind its primary")
            }
            Self::Recommended(advice) => {
                write!(f, "would make {} because of {}", advice.change, advice.why)
            }
            Self::Unanswered(question) => write!(f, "{question:?} was not answered"),
        }
    }
}

impl fmt::Display for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NodeType(to) => write!(f, "{to}"),
            Self::EngineVersion(to) => write!(f, "engine version {to}"),
        }
    }
}

impl fmt::Display for NoLarger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ceiling(ceiling) => write!(
                f,
                "already at the ceiling, {ceiling}; raise cachewarden:autoscale-max-node-type to go on"
            ),
            Self::Family => f.write_str(
                "already the largest of its family; name a larger type in cachewarden:autoscale-max-node-type to go on",
            ),
            Self::Unknown => f.write_str("its node type is not in the catalog"),
            Self::NotAllowed(wanted) => {
                f.write_str("ElastiCache allows none of")?;
                wanted.iter().try_for_each(|it| write!(f, " {it}"))
            }
        }
    }
}

impl fmt::Display for NoSmaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Family => f.write_str("already the smallest of its family"),
            Self::WouldNotFit { to, needs, has } => {
                write!(f, "the data takes {needs}, {to} has {has} for it with a margin")
            }
            Self::TooBusy { to, expected, limit } => {
                write!(f, "{to} would be busy to {expected}, the limit is {limit}")
            }
            Self::TooManyClients { to, connected, limit } => {
                write!(f, "{connected} clients are connected, {to} takes {limit} with a margin")
            }
            Self::NotAllowed(to) => write!(f, "ElastiCache does not allow {to}"),
        }
    }
}
