//! Why nothing is done, in words that an operator can act on.

use std::fmt;

use jiff::Timestamp;

use super::{Advice, Change, Failed, Gap, Load, Out, Question};
use crate::{NodeType, Problems};

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
    /// Application Auto Scaling scales the group, by these dimensions (facts 4.5).
    Registered(Vec<String>),
    /// The nodes move data between memory and disk (facts 6.2), and are not sized by how full their memory is.
    DataTiering(NodeType),
    /// It has so many nodes, which is more than [`Load::NODES_MAX`].
    TooLarge(usize),
    /// The engine is none that we know.
    UnknownEngine(String),
    /// Somebody's change waits for the maintenance window; ours would carry it out now (facts 1.4).
    Deferred(Deferred),
    /// Somebody else's change of the node type is on its way.
    ForeignChange(String),
    /// The last change is too recent.
    CoolingDown(Timestamp),
    /// The same change did not take, too recently.
    BackingOff(Failed),
    /// There is too little data.
    NoData(Gap),
    /// The catalog does not know the node type.
    UnknownType(Option<NodeType>),
    /// More is needed, and there is no more to be had.
    NoLarger {
        why: String,
        most: Option<NodeType>,
        is_largest: bool,
        out: Vec<(NodeType, Out)>,
        replicas: u32,
        max_replicas: u32,
    },
    /// ElastiCache allows none of these types.
    NotAllowed(Vec<NodeType>),
    /// A guard holds it back.
    Held(Held),
    /// The mode leaves it to a person.
    Recommended(Advice),
    /// The decision turned on something that nobody answered.
    Unanswered(Question),
}

/// What holds a change back that the load asks for (autoscaling D.5).
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// It costs more than the operator allows.
    OverBudget { advice: Advice, budget: f64 },
    /// It multiplies the price by more than one decision may.
    TooFar { change: Change, times: f64 },
    /// It is no time for a call: AWS may be at work, or is about to be.
    InWindow(Window, String),
    /// Less would do, but a replica is behind.
    Lagging { member: String, seconds: f64 },
    /// Less would do, but not where a member is lost.
    NoSpare { change: Change, percent: f64 },
    /// The node type was changed too often in a day.
    Frozen { count: u32, until: Timestamp },
    /// The memory fell by itself, and what it will take again is not known before then.
    Flushed(Timestamp),
    /// The data of a week would not fit.
    WouldNotFit { to: NodeType, needs: f64, has: f64 },
}

/// A time in which AWS is at work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Window {
    /// Of automatic snapshots.
    Snapshot,
    /// Of maintenance.
    Maintenance,
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
            Self::CoolingDown(_) => Weight::Hold,
            Self::Held(held) => held.weight(),
            Self::Gone | Self::NotOurs | Self::Off => Weight::NotForUs,
            // When it was written down, in the message about the change or about its failure.
            Self::BackingOff(_) => Weight::Told,
            Self::NoLarger { out, .. } if out.iter().any(|it| it.1 == Out::Failed) => Weight::Told,
            Self::BadPolicy(_)
            | Self::Unusable(_)
            | Self::Registered(_)
            | Self::DataTiering(_)
            | Self::TooLarge(_)
            | Self::UnknownEngine(_)
            | Self::UnknownType(_)
            | Self::Deferred(_)
            | Self::ForeignChange(_)
            | Self::NoData(_)
            | Self::NoLarger { .. }
            | Self::NotAllowed(_)
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
            Self::Registered(dimensions) => write!(
                f,
                "Application Auto Scaling is registered on the group, for {}, and two that scale it would fight; deregister it there, or set cachewarden:autoscale to off",
                dimensions.join(" and ")
            ),
            Self::UnknownEngine(engine) => write!(f, "the engine \"{engine}\" is not known"),
            Self::TooLarge(nodes) => write!(
                f,
                "the group has {nodes} nodes, and no more than {} are looked at: their metrics would not fit into the function's memory; size it by hand, and set cachewarden:autoscale to off",
                Load::NODES_MAX
            ),
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
            Self::CoolingDown(until) => {
                write!(f, "the last change is too recent; looks again after {until}")
            }
            Self::BackingOff(failed) => {
                let why = if failed.is_denied { "was denied" } else { "did not take" };
                let (change, until) = (&failed.change, failed.until());
                write!(f, "{change} {why} the last time; not tried again before {until}")
            }
            Self::NoData(gap) => write!(f, "too little data: {gap}"),
            Self::UnknownType(None) => f.write_str("its node type is not told"),
            Self::UnknownType(Some(it)) => write!(f, "its node type, {it}, is not in the catalog"),
            Self::NoLarger { why, most, is_largest, out, replicas, max_replicas } => {
                write!(f, "not growing although {why}: ")?;
                match (most, is_largest) {
                    (Some(most), true) => write!(
                        f,
                        "already at the ceiling, {most}; raise cachewarden:autoscale-max-node-type to go on"
                    )?,
                    (None, true) => f.write_str(
                        "already the largest that it may have; name a larger type in cachewarden:autoscale-max-node-type to go on",
                    )?,
                    (_, false) => f.write_str(
                        "nothing that it may have would help; name other types in cachewarden:autoscale-node-types to go on",
                    )?,
                }
                out.iter().try_for_each(|(it, why)| write!(f, "; {it}: {why}"))?;
                write!(f, "; replicas are {replicas} of {max_replicas}")
            }
            Self::NotAllowed(types) => {
                f.write_str("ElastiCache allows none of")?;
                types.iter().try_for_each(|it| write!(f, " {it}"))
            }
            Self::Held(held) => held.fmt(f),
            Self::Recommended(advice) => {
                write!(f, "would make {} because of {}", advice.change, advice.why)
            }
            Self::Unanswered(question) => write!(f, "{question:?} was not answered"),
        }
    }
}

impl Held {
    /// How much it matters.
    fn weight(&self) -> Weight {
        match self {
            Self::InWindow(..)
            | Self::Lagging { .. }
            | Self::NoSpare { .. }
            | Self::Flushed(_)
            | Self::WouldNotFit { .. } => Weight::Hold,
            // With the change that was the last.
            Self::Frozen { .. } => Weight::Told,
            Self::OverBudget { .. } | Self::TooFar { .. } => Weight::News,
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OverBudget { advice, budget } => write!(
                f,
                "not making {} although {}: it is beyond the ${budget:.2} a month of cachewarden:autoscale-budget",
                advice.change, advice.why
            ),
            Self::TooFar { change, times } => write!(
                f,
                "not making {change}: it costs {times:.1} times as much as now, which no single decision may; look at the metrics"
            ),
            Self::InWindow(Window::Snapshot, window) => {
                write!(
                    f,
                    "the snapshot window, {window} UTC, is open or near; changes wait until it is over"
                )
            }
            Self::InWindow(Window::Maintenance, window) => {
                write!(
                    f,
                    "the maintenance window, {window} UTC, is open or near; changes wait until it is over"
                )
            }
            Self::Lagging { member, seconds } => {
                write!(f, "not shrinking: {member} is {seconds:.0} s behind its primary")
            }
            Self::NoSpare { change, percent } => write!(
                f,
                "not making {change}: with a member lost, the other would be busy to {percent:.0} percent at the peak of the last two days"
            ),
            Self::Frozen { count, until } => write!(
                f,
                "not shrinking: the node type was changed {count} times in a day, and no more is tried before {until}"
            ),
            Self::Flushed(until) => write!(
                f,
                "not shrinking: the memory fell by itself, and how much comes back is not known before {until}"
            ),
            Self::WouldNotFit { to, needs, has } => write!(
                f,
                "not shrinking: the data of a week takes {:.1} MiB, {to} has {:.1} MiB for it with a margin",
                needs / MEBI,
                has / MEBI
            ),
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

const MEBI: f64 = 1_048_576.0;
