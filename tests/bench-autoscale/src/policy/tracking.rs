//! Target tracking over node types and replicas: the cheapest that is at 60 % by the load of the last minutes.

use domain::autoscale::sizing::carry::Demand;
use domain::autoscale::sizing::{Minute, Size};

use super::fit::{self, Wanted};
use crate::ladder::Ladder;
use crate::trace::Trace;
use crate::world::{Policy, View};

/// Follows the load.
pub(crate) struct Tracking<'a> {
    /// The sizes.
    pub(crate) ladder: &'a Ladder,
    /// For the mix of commands.
    pub(crate) trace: &'a Trace,
    /// How busy it is to be.
    pub(crate) target: f64,
}

const FULL: f64 = 0.75;

impl Policy for Tracking<'_> {
    fn act(&mut self, view: &View<'_>) -> Option<Size> {
        let target = self.target;
        let busy = view.mean(5, |it| it.primary).max(view.mean(5, |it| it.replica));
        let usable = self.ladder.types.get(view.has.at)?.usable;
        let full = view.mean(5, |it| it.memory / usable);
        let memory = |minutes: usize| view.most(minutes, |it| it.memory);
        if target < busy || FULL < full {
            if view.since_change() < 10 {
                return None;
            }
            let demand =
                Demand { reads: view.mean(5, |it| it.reads), writes: view.mean(5, |it| it.writes) };
            let wanted =
                Wanted::new(demand.times((busy / target).max(1.0)), memory(5), target, FULL, 0.8);
            return Some(fit::cheapest_or_dearest(self.ladder, self.trace, &wanted));
        }
        if view.since_change() < 15 || 0.75 * target <= view.most(15, Minute::busiest) {
            return None;
        }
        let demand =
            Demand { reads: view.most(15, |it| it.reads), writes: view.most(15, |it| it.writes) };
        let to = fit::cheapest(
            self.ladder,
            self.trace,
            &Wanted::new(demand, memory(15), target, FULL, 0.8),
        )?;
        (self.ladder.cost(to) < self.ladder.cost(view.has)).then_some(to)
    }
}
