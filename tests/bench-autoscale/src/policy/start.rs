//! What an engineer would pick from the first week.

use domain::autoscale::sizing::Size;
use domain::autoscale::sizing::carry::Demand;

use super::fit::{self, Wanted};
use super::quantile::quantile;
use crate::ladder::Ladder;
use crate::trace::{Trace, count};
use crate::world::curve_scale;

/// For the 99.5th percentile and the largest memory, with three tenths more.
pub(crate) fn start(ladder: &Ladder, trace: &Trace) -> Size {
    start_with(ladder, trace, MORE)
}

/// So many times the peaks of the first week are what an engineer picks for.
pub(crate) const MORE: f64 = 1.3;

/// For so many times the 99.5th percentile and the largest memory.
pub(crate) fn start_with(ladder: &Ladder, trace: &Trace, more: f64) -> Size {
    let warm = trace.warm();
    let demand = Demand {
        reads: quantile(warm.iter().map(|it| it.reads), 0.995),
        writes: quantile(warm.iter().map(|it| it.writes), 0.995),
    };
    let memory = match trace.misses_max {
        Some(_) => 8.0 * (more / MORE) * curve_scale(&trace.minutes),
        None => warm.iter().map(|it| it.data).fold(0.0, f64::max) * more,
    };
    let wanted = Wanted {
        steady: mean(trace).times(more),
        ..Wanted::new(demand.times(more), memory, 0.7, 0.85, 1.0)
    };
    fit::cheapest_or_dearest(ladder, trace, &wanted)
}

/// For the mean, with a tenth more memory.
pub(crate) fn start_by_mean(ladder: &Ladder, trace: &Trace) -> Size {
    let memory = match trace.misses_max {
        Some(_) => 4.0 * curve_scale(&trace.minutes),
        None => {
            trace.warm().iter().map(|it| it.data).sum::<f64>() / count(trace.warm_up.max(1)) * 1.1
        }
    };
    fit::cheapest_or_dearest(ladder, trace, &Wanted::new(mean(trace), memory, 0.7, 0.95, 1.0))
}

fn mean(trace: &Trace) -> Demand {
    let minutes = count(trace.warm_up.max(1));
    Demand {
        reads: trace.warm().iter().map(|it| it.reads).sum::<f64>() / minutes,
        writes: trace.warm().iter().map(|it| it.writes).sum::<f64>() / minutes,
    }
}
