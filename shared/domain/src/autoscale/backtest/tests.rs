//! Pasts of the tests, and what is asked of them.

mod rebuilt;
mod told;
mod walked;

use super::super::sizing::carry::{self, Demand, Mix};
use super::super::sizing::{Bounds, Candidate, History, Kind, Minute, Rule, Size};
use super::{Outcome, Trial, Unfit, run};
use crate::engine::Engine;
use crate::{Catalog, NodeType};

const GIB: f64 = 1_073_741_824.0;
const DAY: i64 = 1440;
const TYPES: [&str; 5] = ["t4g.medium", "m7g.large", "r7g.large", "m7g.xlarge", "m7g.2xlarge"];

fn candidates() -> Vec<Candidate> {
    let of = |name: &str| {
        let node_type = NodeType::parse(&format!("cache.{name}")).unwrap();
        Candidate::of(Catalog::embedded().find(&node_type).unwrap(), Engine::Valkey, 0.25).unwrap()
    };
    TYPES.map(of).to_vec()
}

/// A size by the name of its type.
fn size(name: &str, replicas: u32) -> Size {
    Size { at: TYPES.iter().position(|it| *it == name).unwrap(), replicas }
}

/// A past that is cheap to go through.
struct Group {
    minutes: Vec<Option<Minute>>,
    from: i64,
    every: usize,
    had: Vec<(i64, Size)>,
    rule: Rule,
    bounds: Bounds,
    candidates: Vec<Candidate>,
}

impl Group {
    /// So many minutes at one size in which so much was asked for: reads and writes a second, and bytes of data.
    fn asked(had: Size, minutes: i64, of: impl Fn(i64) -> (f64, f64, f64)) -> Self {
        let rule =
            Rule { look_back: 1440, memory_back: 2 * 1440, looks: 15, deep: 60, ..Rule::default() };
        Self {
            minutes: (0..minutes).map(|at| Some(minute(had, of(at)))).collect(),
            from: 0,
            every: 1,
            had: vec![(0, had)],
            rule,
            bounds: Bounds { least: 1, most: 5, minute: 0.5, kind: Kind::Store },
            candidates: candidates(),
        }
    }

    fn trial(&self) -> Trial<'_> {
        Trial {
            history: History::new(self.from, &self.minutes),
            every: self.every,
            had: &self.had,
            rule: &self.rule,
            bounds: &self.bounds,
            candidates: &self.candidates,
        }
    }

    fn outcome(&self) -> Outcome {
        self.tried().unwrap()
    }

    fn tried(&self) -> Result<Outcome, Unfit> {
        run(&self.trial())
    }
}

fn mix() -> Mix {
    Mix { to_replicas: 0.7, bytes: 120.0 }
}

/// What the metrics say of a minute in which so much was asked for.
fn minute(has: Size, (reads, writes, memory): (f64, f64, f64)) -> Minute {
    let candidate = candidates().swap_remove(has.at);
    let demand = Demand { reads, writes };
    let (primary, replica) = carry::busy(demand, mix(), candidate.engine, has.replicas);
    Minute {
        reads,
        by_replicas: reads * mix().to_replicas,
        writes,
        primary: primary.min(1.0),
        replica: replica.min(1.0),
        memory: memory.min(candidate.usable),
        sent: carry::sent(demand, mix(), has.replicas),
        misses: 0.05,
        credits: candidate.earns.map(|it| it * 700.0),
        replicas: has.replicas,
    }
}

/// A large group that has next to nothing to do.
fn idle(days: i64) -> Group {
    Group::asked(size("m7g.2xlarge", 2), days * DAY, |_| (4000.0, 400.0, 2.0 * GIB))
}

/// A group that grows out of its size.
fn growing(days: i64) -> Group {
    Group::asked(size("m7g.large", 1), days * DAY, move |at| {
        let by = 1.0 + 2.0 * f64::from(i32::try_from(at).unwrap()) / f64::from(1440 * 3);
        (60_000.0 * by, 6000.0 * by, 1.5 * GIB * by)
    })
}
