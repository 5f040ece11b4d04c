//! What Google's Autopilot does by its moving window (autoscaling A.1): the 95th percentile weighted by load, which fades by half in twelve hours, the
//! peak of a week's memory, 12 % more, the most of the last hour, and no shrink before two days agree.

use std::collections::VecDeque;

use domain::autoscale::sizing::carry::Demand;
use domain::autoscale::sizing::{Minute, Size};

use super::fit::{self, Wanted};
use super::quantile::weighted;
use crate::ladder::Ladder;
use crate::trace::{DAY, Trace, count};
use crate::world::{Policy, View};

/// Recommends by a moving window.
pub(crate) struct MovingWindow<'a> {
    ladder: &'a Ladder,
    trace: &'a Trace,
    margin: f64,
    said: VecDeque<(usize, Size)>,
}

const DEFERS: usize = 2 * DAY;

impl<'a> MovingWindow<'a> {
    /// Begins, with so many times what was asked for.
    pub(crate) fn new(ladder: &'a Ladder, trace: &'a Trace, margin: f64) -> Self {
        Self { ladder, trace, margin, said: VecDeque::new() }
    }

    fn dearest_since(&self, minute: usize) -> Option<Size> {
        let said = self.said.iter().filter(|it| minute <= it.0).map(|it| it.1);
        said.max_by(|one, other| self.ladder.cost(*one).total_cmp(&self.ladder.cost(*other)))
    }
}

impl Policy for MovingWindow<'_> {
    fn act(&mut self, view: &View<'_>) -> Option<Size> {
        if !view.now.is_multiple_of(5) {
            return None;
        }
        let history = view.last(3 * DAY);
        let of = |of: fn(&Minute) -> f64| {
            let sample = history.iter().enumerate().step_by(5);
            let fades = |at: usize| 0.5_f64.powf(count(history.len() - at) / 720.0);
            let values =
                sample.filter_map(|(at, it)| it.as_ref().map(|it| (of(it), of(it) * fades(at))));
            weighted(values.collect(), 0.95) * self.margin
        };
        let memory = view.most(7 * DAY, |it| it.memory) * self.margin;
        let demand = Demand { reads: of(|it| it.reads), writes: of(|it| it.writes) };
        let wanted = Wanted::new(demand, memory, 0.8, 1.0, 1.0);
        self.said.push_back((view.now, fit::cheapest_or_dearest(self.ladder, self.trace, &wanted)));
        while self.said.front().is_some_and(|it| it.0 + DEFERS < view.now) {
            self.said.pop_front();
        }
        if !fit::fits(self.ladder, self.trace, &wanted, view.has) {
            return self.dearest_since(view.now.saturating_sub(60));
        }
        let top = self.dearest_since(0)?;
        let is_cheaper = self.ladder.cost(top) < self.ladder.cost(view.has);
        (is_cheaper && 60 < view.since_change()).then_some(top)
    }
}
