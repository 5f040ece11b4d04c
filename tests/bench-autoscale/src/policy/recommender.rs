//! What the recommender of Kubernetes' vertical autoscaler would say (autoscaling A.1): percentiles of a history that fades by half in a day, with
//! 15 % more, and bounds that narrow as the history grows.

use domain::autoscale::sizing::carry::Demand;
use domain::autoscale::sizing::{Minute, Size};

use super::fit::{self, Wanted};
use super::quantile::weighted;
use crate::ladder::Ladder;
use crate::trace::{DAY, Trace, count};
use crate::world::{Policy, View};

/// Recommends by percentiles.
pub(crate) struct Recommender<'a> {
    /// The sizes.
    pub(crate) ladder: &'a Ladder,
    /// For the mix of commands.
    pub(crate) trace: &'a Trace,
    /// The share of the past that is to be carried.
    pub(crate) share: f64,
    /// And how many times as much.
    pub(crate) margin: f64,
}

/// What the history asks for at this share of load and of daily peaks, so many times over.
fn wanted(view: &View<'_>, share: f64, times: f64) -> Wanted {
    let history = view.last(8 * DAY);
    let fades = |at: usize| 0.5_f64.powf(count(history.len() - at) / count(DAY));
    let of = |of: fn(&Minute) -> f64| {
        let sample = history.iter().enumerate().step_by(5);
        let values = sample.filter_map(|(at, it)| it.as_ref().map(|it| (of(it), fades(at))));
        weighted(values.collect(), share) * times
    };
    let days = history.rchunks(DAY).enumerate();
    let peak = |(ago, day): (usize, &[Option<Minute>])| {
        let most = day.iter().flatten().map(|it| it.memory).fold(0.0, f64::max);
        (most, 0.5_f64.powf(count(ago)))
    };
    let memory = weighted(days.map(peak).collect(), share) * times;
    let demand = Demand { reads: of(|it| it.reads), writes: of(|it| it.writes) };
    Wanted::new(demand, memory, 0.9, 1.0, 1.0)
}

impl Policy for Recommender<'_> {
    fn act(&mut self, view: &View<'_>) -> Option<Size> {
        if !view.now.is_multiple_of(60) {
            return None;
        }
        let days = count(view.seen.len()) / count(DAY);
        let target = fit::cheapest_or_dearest(
            self.ladder,
            self.trace,
            &wanted(view, self.share, self.margin),
        );
        let low = wanted(view, 0.5, self.margin * (1.0 + 0.001 / days).powi(-2));
        if !fit::fits(self.ladder, self.trace, &low, view.has) {
            return Some(target);
        }
        let above = 1.0 - (1.0 - self.share) / 2.0;
        let high = wanted(view, above, self.margin * (1.0 + 1.0 / days));
        let high = fit::cheapest_or_dearest(self.ladder, self.trace, &high);
        let (has, to) = (self.ladder.cost(view.has), self.ladder.cost(target));
        if self.ladder.cost(high) < has {
            return Some(target);
        }
        (720 < view.since_change() && 0.1 * has < (to - has).abs()).then_some(target)
    }
}
