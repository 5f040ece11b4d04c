//! A group of the tests, and what is asked of it.

mod budget;
mod choices;
mod parts;
mod random;

use super::carry::{self, Demand, Mix};
use super::{Bounds, Candidate, Case, Choice, History, Kind, Minute, Rule, Since, Size, decide};
use crate::engine::Engine;
use crate::{Catalog, NodeType};

pub(in crate::autoscale) const GIB: f64 = 1_073_741_824.0;
const TYPES: [&str; 5] = ["t4g.medium", "m7g.large", "r7g.large", "m7g.xlarge", "m7g.2xlarge"];

pub(in crate::autoscale) fn candidates() -> Vec<Candidate> {
    let of = |name: &str| {
        let node_type = NodeType::parse(&format!("cache.{name}")).unwrap();
        Candidate::of(Catalog::embedded().find(&node_type).unwrap(), Engine::Valkey, 0.25).unwrap()
    };
    TYPES.map(of).to_vec()
}

/// A size by the name of its type.
pub(in crate::autoscale) fn size(name: &str, replicas: u32) -> Size {
    Size { at: TYPES.iter().position(|it| *it == name).unwrap(), replicas }
}

/// A group that has a size, and clients of which seven tenths read from replicas.
struct Group {
    has: Size,
    bounds: Bounds,
    since: Since,
    minutes: Vec<Option<Minute>>,
}

impl Group {
    /// Two days and a half in which so much was asked for by the minute of the day: reads and writes a second, and bytes of data.
    fn asked(has: Size, of: impl Fn(i64) -> (f64, f64, f64)) -> Self {
        let bounds = Bounds { least: 1, most: 5, minute: 0.5, kind: Kind::Store, budget: None };
        let minutes = (0..3600).map(|at| Some(minute(has, of(at)))).collect();
        Self { has, bounds, since: Since::default(), minutes }
    }

    /// What comes after that.
    fn then(mut self, minutes: i64, of: impl Fn(i64) -> (f64, f64, f64)) -> Self {
        let has = self.has;
        self.minutes.extend((0..minutes).map(|at| Some(minute(has, of(at)))));
        self
    }

    fn choice(&self) -> Choice {
        let rule = Rule::default();
        self.choice_by(&rule)
    }

    fn choice_by(&self, rule: &Rule) -> Choice {
        let candidates = candidates();
        let history = History::new(0, &self.minutes);
        let (bounds, since) = (&self.bounds, self.since);
        let now = history.end() / 30 * 30;
        decide(&Case { rule, bounds, candidates: &candidates, has: self.has, history, since, now })
    }
}

pub(in crate::autoscale) fn mix() -> Mix {
    Mix { to_replicas: 0.7, bytes: 120.0 }
}

/// What the metrics say of a minute in which so much was asked for: reads and writes a second, and bytes of data.
pub(in crate::autoscale) fn minute(has: Size, (reads, writes, memory): (f64, f64, f64)) -> Minute {
    let (candidate, replicas) = (candidates().swap_remove(has.at), has.replicas);
    let demand = Demand { reads, writes };
    let (primary, replica) = carry::busy(demand, mix(), candidate.engine, replicas);
    Minute {
        reads,
        by_replicas: reads * mix().to_replicas,
        writes,
        primary: primary.min(1.0),
        replica: replica.min(1.0),
        memory: memory.min(candidate.usable),
        sent: carry::sent(demand, mix(), replicas),
        misses: 0.05,
        credits: candidate.earns.map(|it| it * 700.0),
        replicas,
    }
}
