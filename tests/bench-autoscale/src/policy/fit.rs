//! The check that most policies share: which sizes carry a load, and which of them costs least.

use domain::autoscale::sizing::carry::{self, Demand, Limits, Mix};
use domain::autoscale::sizing::replay::spent;
use domain::autoscale::sizing::{Candidate, Size};

use crate::ladder::Ladder;
use crate::trace::Trace;

/// What is to be carried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// The load.
    pub(crate) demand: Demand,
    /// The load that lasts, which burstable nodes must earn.
    pub(crate) steady: Demand,
    /// The bytes.
    pub(crate) memory: f64,
    /// How far engines and network may be filled.
    pub(crate) limits: Limits,
    /// And memory.
    pub(crate) full: f64,
}

impl Wanted {
    /// This load, which lasts.
    pub(crate) fn new(demand: Demand, memory: f64, busy: f64, full: f64, network: f64) -> Self {
        Self { demand, steady: demand, memory, limits: Limits { busy, network }, full }
    }
}

/// How clients use the group. Policies are told it.
pub(crate) fn mix(trace: &Trace) -> Mix {
    Mix { to_replicas: trace.to_replicas, bytes: trace.value + 80.0 }
}

/// Whether a size carries it.
pub(crate) fn fits(ladder: &Ladder, trace: &Trace, wanted: &Wanted, size: Size) -> bool {
    ladder.types.get(size.at).is_some_and(|it| is_enough(it, mix(trace), wanted, size.replicas))
}

fn is_enough(it: &Candidate, mix: Mix, wanted: &Wanted, replicas: u32) -> bool {
    let (primary, replica) = carry::busy(wanted.steady, mix, it.engine, replicas);
    carry::carries(wanted.demand, mix, it, it.engine, replicas, wanted.limits)
        && wanted.memory <= wanted.full * it.usable
        && it.earns.is_none_or(|earns| spent(primary.max(replica)) <= 0.8 * earns)
}

/// The cheapest size that carries it.
pub(crate) fn cheapest(ladder: &Ladder, trace: &Trace, wanted: &Wanted) -> Option<Size> {
    let open =
        ladder.sizes.iter().zip(&ladder.costs).filter(|it| fits(ladder, trace, wanted, *it.0));
    let order = |(size, cost): &(&Size, &f64)| {
        let memory = ladder.types.get(size.at).map_or(0.0, |it| it.usable);
        **cost - 1e-15 * memory
    };
    open.min_by(|one, other| order(one).total_cmp(&order(other))).map(|it| *it.0)
}

/// The dearest size.
pub(crate) fn dearest(ladder: &Ladder) -> Size {
    let all = ladder.sizes.iter().zip(&ladder.costs);
    all.max_by(|one, other| one.1.total_cmp(other.1))
        .map_or(Size { at: 0, replicas: 1 }, |it| *it.0)
}

/// The cheapest that carries it, else the dearest.
pub(crate) fn cheapest_or_dearest(ladder: &Ladder, trace: &Trace, wanted: &Wanted) -> Size {
    cheapest(ladder, trace, wanted).unwrap_or_else(|| dearest(ladder))
}
