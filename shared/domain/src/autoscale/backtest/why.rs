//! What a decision was made for, in words.

use std::fmt;

use super::super::sizing::protect::Heat;
use super::super::sizing::{Case, Choice, Kind, Minute};

/// What a decision was made for, with what was seen. Shares are of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// An engine is hot.
    Engine {
        /// How busy the busiest was of late.
        busy: f64,
    },
    /// The network is.
    Network {
        /// How much of its baseline was sent.
        used: f64,
    },
    /// The memory of a store is.
    Memory {
        /// How full it is.
        full: f64,
    },
    /// A cache misses too much.
    Misses {
        /// The share of the reads.
        share: f64,
    },
    /// The CPU credits are nearly gone.
    Credits,
    /// Another node type would have done as well for less.
    Cheaper {
        /// How busy the busiest engine was at most.
        busy: f64,
        /// How full the memory was at most.
        full: f64,
    },
    /// Another node type would have done better.
    Better {
        /// How busy the busiest engine was at most.
        busy: f64,
        /// How full the memory was at most.
        full: f64,
    },
    /// This hour of the day, or the last minutes, want more replicas.
    More {
        /// How busy the busiest engine was of late.
        busy: f64,
    },
    /// The last hour and the next ones want fewer.
    Fewer {
        /// How busy the busiest engine was in the last hour.
        busy: f64,
    },
}

/// What a choice was made for; nothing where it asks for no change.
pub(super) fn of(choice: Choice, case: &Case<'_>) -> Option<Why> {
    let has = case.candidates.get(case.has.at)?;
    let history = &case.history;
    let late = || history.last(5).most(Minute::busiest);
    let full = |it: f64| it / has.usable.max(1.0);
    match choice {
        Choice::Hold | Choice::Blind | Choice::AtItsLimit(_) => None,
        Choice::Grow(Heat::Engine, _) => Some(Why::Engine { busy: late() }),
        Choice::Grow(Heat::Network, _) => {
            let used = history.last(10).mean(|it| it.sent) / has.network.max(1.0);
            Some(Why::Network { used })
        }
        Choice::Grow(Heat::Credits, _) => Some(Why::Credits),
        Choice::Grow(Heat::Memory, _) => Some(match case.bounds.kind {
            Kind::Store => Why::Memory { full: full(history.last(5).most(|it| it.memory)) },
            Kind::Cache { .. } => Why::Misses { share: history.last(15).mean(|it| it.misses) },
        }),
        Choice::Move(to) => {
            let busy = history.last(case.rule.look_back).most(Minute::busiest);
            let full = full(history.last(case.rule.memory_back).most(|it| it.memory));
            let price = case.candidates.get(to.at)?.cost(to.replicas);
            let is_cheaper = price < has.cost(case.has.replicas);
            Some(if is_cheaper { Why::Cheaper { busy, full } } else { Why::Better { busy, full } })
        }
        Choice::Replicas(to) if case.has.replicas < to.replicas => Some(Why::More { busy: late() }),
        Choice::Replicas(_) => Some(Why::Fewer { busy: history.last(60).most(Minute::busiest) }),
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |it: &f64| it * 100.0;
        match self {
            Self::Engine { busy } => {
                write!(f, "an engine is hot: busy to {:.0} %", percent(busy))
            }
            Self::Network { used } => {
                write!(f, "the network is hot: {:.0} % of its baseline is sent", percent(used))
            }
            Self::Memory { full } => {
                write!(f, "the memory is hot: {:.0} % of it is taken", percent(full))
            }
            Self::Misses { share } => {
                write!(f, "too many reads miss: {:.1} %", percent(share))
            }
            Self::Credits => f.write_str("the CPU credits are nearly gone"),
            Self::Cheaper { busy, full } => write!(
                f,
                "would do as well for less: busy to {:.0} %, memory to {:.0} % at most",
                percent(busy),
                percent(full)
            ),
            Self::Better { busy, full } => write!(
                f,
                "is worth its price: busy to {:.0} %, memory to {:.0} % at most before",
                percent(busy),
                percent(full)
            ),
            Self::More { busy } => write!(
                f,
                "more is asked for at this time of the day, or was just now: busy to {:.0} %",
                percent(busy)
            ),
            Self::Fewer { busy } => write!(
                f,
                "neither the last hour nor the next ones want as many: busy to {:.0} %",
                percent(busy)
            ),
        }
    }
}
