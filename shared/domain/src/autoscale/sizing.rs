//! Which size a group should have: the node type and the replicas that its past asks for, at the least cost.
//!
//! In reading order: [`candidate`] is what a node type carries and costs, [`history`] what was seen of a group minute by minute, [`carry`] whether
//! one carries the other, [`measure`] how the clients use the group, [`ground`] both together, [`schedule`] how many replicas each hour wants,
//! [`replay`] what each node type would have cost and where it would have failed, [`protect`] what is done at once when a group is hot, and
//! [`mod@decide`] puts them together. All of it is pure: the function that runs in Lambda and the benchmark call the same.

pub mod candidate;
pub mod carry;
pub mod decide;
pub mod ground;
pub mod history;
pub mod measure;
pub mod protect;
pub mod replay;
pub mod ripple;
pub mod rule;
pub mod schedule;
#[cfg(test)]
pub(in crate::autoscale) mod tests;

pub use candidate::Candidate;
pub use decide::{Case, Choice, Since, decide};
pub use history::{History, Minute};
pub use rule::Rule;

/// A node type, by its place among the candidates, and how many replicas.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Size {
    /// Which of the candidates.
    pub at: usize,
    /// How many replicas beside the primary.
    pub replicas: u32,
}

/// What the operator says of the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The fewest replicas.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// What a minute of overload is worth, in dollars (autoscaling D.8).
    pub minute: f64,
    /// What the group is for.
    pub kind: Kind,
    /// The most dollars of an hour to grow to, where that is limited (autoscaling D.5).
    pub budget: Option<f64>,
}

impl Bounds {
    /// Whether the budget pays so many dollars an hour. It is told by the month, and what an hour of it differs by rounding is no money.
    pub fn pays(&self, hour: f64) -> bool {
        self.budget.is_none_or(|it| hour <= it * ROUNDED)
    }
}

const ROUNDED: f64 = 1.0 + 1e-9;

/// What a full memory means (autoscaling B.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Data that does not fit is lost or refused.
    Store,
    /// Data that does not fit is evicted, which costs misses: as many of them, as a share of the reads, as the operator allows.
    Cache {
        /// The largest share of misses.
        misses: f64,
    },
}
