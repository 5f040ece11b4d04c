//! How long one decision takes that looks at every node type of the catalog and three days by the minute.

use std::time::{Duration, Instant};

use domain::Catalog;
use domain::autoscale::sizing::{Bounds, Candidate, Case, History, Kind, Rule, Since, decide};
use domain::engine::Engine;

use crate::ladder::{Ladder, REPLICAS_MAX};
use crate::physics::{self, Truth};
use crate::policy;
use crate::trace::{DAY, Trace};

const DAYS: usize = 3;
const TIMES: u32 = 20;

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// How many node types were looked at.
    pub(crate) types: usize,
    /// The mean of several.
    pub(crate) takes: Duration,
}

/// Measures it on a trace. The group has the size that an engineer would pick.
pub(crate) fn measure(ladder: &Ladder, trace: &Trace) -> Option<Measured> {
    let start = policy::start(ladder, trace);
    let truth = Truth(ladder.types.iter().map(|it| it.engine).collect());
    let mut reserves = physics::reserves(ladder, start, false);
    let minute = |load| physics::minute(ladder, &truth, trace, load, start, &mut reserves, false).0;
    let minutes: Vec<_> = trace.minutes.iter().take(DAYS * DAY).map(minute).map(Some).collect();
    let of = |it| Candidate::of(it, Engine::Valkey, 0.25);
    let candidates: Vec<Candidate> = Catalog::embedded().iter().filter_map(of).collect();
    let node_type = &ladder.types.get(start.at)?.node_type;
    let at = candidates.iter().position(|it| it.node_type == *node_type)?;
    let bounds =
        Bounds { least: 1, most: REPLICAS_MAX, minute: 1.0, kind: Kind::Store, budget: None };
    let history = History::new(0, &minutes);
    let case = Case {
        rule: &Rule { look_back: DAYS * DAY, ..Rule::default() },
        bounds: &bounds,
        candidates: &candidates,
        has: domain::autoscale::sizing::Size { at, ..start },
        history,
        since: Since::default(),
        now: history.end(),
    };
    let begun = Instant::now();
    for _ in 0..TIMES {
        std::hint::black_box(decide(std::hint::black_box(&case)));
    }
    Some(Measured { types: candidates.len(), takes: begun.elapsed() / TIMES })
}
