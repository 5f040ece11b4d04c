//! What the sizes of a past cost, where they failed, and how often they changed.

use super::super::sizing::{Candidate, Kind, Minute, Size};
use super::Trial;
use super::rebuild::cap;

/// An engine that is busier than this keeps its clients waiting (autoscaling C.2).
pub const BUSY_MAX: f64 = 0.90;
/// A memory that evicts stands a little below its limit.
pub const FULL: f64 = 0.99;
/// The network carries more than its baseline for about so many minutes (autoscaling C.2).
pub const BURST_MINUTES: usize = 30;
/// For how many hours a replica is paid before it serves: while it fills, and since hours are rounded up.
pub const STARTING_HOURS: f64 = 0.65;

/// What it comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// The dollars of all nodes.
    pub dollars: f64,
    /// Minutes in which clients suffered, for whatever reason.
    pub overload: usize,
    /// Those in which an engine was too busy.
    pub engine: usize,
    /// Those in which the memory of a store was full, or a cache missed more than it may.
    pub memory: usize,
    /// Those in which the network was at its end.
    pub network: usize,
    /// Those in which a change of the node type cut connections.
    pub cut: usize,
    /// Changes of the node type.
    pub types: usize,
    /// Changes of the replicas.
    pub replicas: usize,
}

/// Counts minute by minute.
pub(super) struct Meter<'a> {
    trial: &'a Trial<'a>,
    /// What it came to so far.
    pub(super) tally: Tally,
    /// For how many minutes more was sent than the network's baseline.
    above: usize,
}

impl<'a> Meter<'a> {
    /// Begins at nothing.
    pub(super) fn new(trial: &'a Trial<'a>) -> Self {
        Self { trial, tally: Tally::default(), above: 0 }
    }

    /// Counts a change, with what is paid twice for it.
    pub(super) fn change(&mut self, from: Size, to: Size) {
        let hour = |it: Size| self.trial.hour(it);
        if from.at == to.at {
            self.tally.replicas += 1;
            self.tally.dollars += (hour(to) - hour(from)).max(0.0) * STARTING_HOURS;
        } else {
            self.tally.types += 1;
            self.tally.dollars += hour(to) * self.trial.rule.change_hours;
        }
    }

    /// Counts a minute, of which the metrics may say nothing.
    pub(super) fn minute(&mut self, size: Size, seen: Option<&Minute>, is_cut: bool) {
        self.tally.dollars += self.trial.hour(size) / 60.0;
        self.tally.cut += usize::from(is_cut);
        let candidate = self.trial.candidates.get(size.at);
        let (Some(seen), Some(candidate)) = (seen, candidate) else {
            self.tally.overload += usize::from(is_cut);
            return;
        };
        self.above = if candidate.network < seen.sent { self.above + 1 } else { 0 };
        let engine = is_busy(seen, candidate);
        let memory = is_full(seen, candidate, self.trial.bounds.kind);
        let network = BURST_MINUTES <= self.above;
        self.tally.engine += usize::from(engine);
        self.tally.memory += usize::from(memory);
        self.tally.network += usize::from(network);
        self.tally.overload += usize::from(engine || memory || network || is_cut);
    }
}

/// Whether an engine is too busy for its clients.
pub(super) fn is_busy(seen: &Minute, candidate: &Candidate) -> bool {
    let is_poor = seen.credits.is_some_and(|it| it <= 0.0);
    let cap = candidate.earns.filter(|_| is_poor).map_or(1.0, cap);
    BUSY_MAX * cap < seen.busiest()
}

/// Whether the data do not fit.
pub(super) fn is_full(seen: &Minute, candidate: &Candidate, kind: Kind) -> bool {
    match kind {
        Kind::Store => FULL * candidate.usable <= seen.memory,
        Kind::Cache { misses } => misses < seen.misses,
    }
}
