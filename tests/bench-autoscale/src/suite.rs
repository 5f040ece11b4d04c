//! Who takes part, on every trace, in a world as hard as stated.

use std::thread;

use crate::ladder::Ladder;
use crate::oracle::{self, Best};
use crate::physics::Truth;
use crate::policy::{self, Entrant};
use crate::score::Row;
use crate::trace::Trace;
use crate::trace::noise::Chance;
use crate::world::{self, Hardness};

/// The traces, and the world that they are run in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suite<'a> {
    /// The sizes.
    pub(crate) ladder: &'a Ladder,
    /// The traces, with the numbers that their chance comes from.
    pub(crate) traces: &'a [(usize, Trace)],
    /// The world.
    pub(crate) hardness: Hardness,
    /// Each decision of ours is told.
    pub(crate) shows: bool,
}

impl Suite<'_> {
    /// Every trace, on as many threads as there are processors.
    pub(crate) fn rows(&self, entrants: &[Entrant]) -> Vec<Row> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut rows: Vec<(usize, Row)> = thread::scope(|scope| {
            let work = |worker: usize| {
                let mine = self.traces.iter().skip(worker).step_by(threads);
                mine.map(|(at, it)| (*at, self.row(*at, it, entrants))).collect::<Vec<_>>()
            };
            let workers: Vec<_> =
                (0..threads).map(|worker| scope.spawn(move || work(worker))).collect();
            workers.into_iter().flat_map(|it| it.join().unwrap_or_default()).collect()
        });
        rows.sort_by_key(|it| it.0);
        rows.into_iter().map(|it| it.1).collect()
    }

    /// How the engines really are: by each class of sizes so much more or less than believed.
    fn truth(&self, seed: u64) -> Truth {
        let mut chance = Chance::new(1000 + seed);
        let factors: Vec<f64> =
            (0..4).map(|_| chance.normal(self.hardness.believed).exp()).collect();
        let of = self.ladder.types.iter().zip(&self.ladder.nodes);
        let engine = |class: usize| factors.get(class).copied().unwrap_or(1.0);
        Truth(of.map(|(it, node)| it.engine * engine(node.class)).collect())
    }

    fn row(&self, at: usize, trace: &Trace, entrants: &[Entrant]) -> Row {
        let ladder = self.ladder;
        let seed = u64::try_from(at).unwrap_or_default();
        let truth = self.truth(seed);
        let held = world::held(ladder, &truth, trace);
        let suffers = |it: &[bool]| it.iter().skip(trace.warm_up).filter(|it| **it).count();
        let fixed = held.iter().zip(&ladder.costs).map(|(held, cost)| (suffers(held), *cost));
        let fixed = fixed.min_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
        let (breach, hour) = fixed.unwrap_or((0, 1.0));
        // A minute of overload costs as much as an hour of the cheapest size that has the least of it.
        let minute = hour;
        let oracle = oracle::best(ladder, trace, minute, &held, policy::start(ladder, trace));
        let outcome = |Entrant { name, who }: &Entrant| {
            let start = policy::begins(*who, ladder, trace);
            let mut policy = policy::make(*who, ladder, trace, minute, self.shows);
            let chance = (7 + seed, self.hardness);
            let outcome = world::run(ladder, &truth, trace, start, policy.as_mut(), chance);
            (name.clone(), outcome)
        };
        Row {
            name: trace.name.clone(),
            days: trace.days(),
            minute,
            oracle,
            fixed: Best { cost: hour * 24.0 * trace.days(), breach, ..Best::default() },
            outcomes: entrants.iter().map(outcome).collect(),
        }
    }
}
