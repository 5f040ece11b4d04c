//! What most do who have an alarm call a function: one size up where it is full, one down where it is idle, and nobody asks whether the data fit.

use domain::autoscale::sizing::{Minute, Size};

use crate::ladder::Ladder;
use crate::world::{Policy, View};

/// One step at a time.
pub(crate) struct NaiveStep<'a> {
    /// The sizes.
    pub(crate) ladder: &'a Ladder,
    /// How busy or full a size is that is left for the next.
    pub(crate) hot: f64,
}

/// A size is idle below this share of that.
const IDLE: f64 = 0.25 / 0.8;

impl Policy for NaiveStep<'_> {
    fn act(&mut self, view: &View<'_>) -> Option<Size> {
        if view.since_change() < 5 {
            return None;
        }
        let Size { at, replicas } = view.has;
        let usable = self.ladder.types.get(at)?.usable;
        let busy = view.least(5, Minute::busiest);
        let full = view.least(5, |it| it.memory / usable);
        if self.hot < busy || self.hot < full {
            return (at + 1 < self.ladder.types.len()).then_some(Size { at: at + 1, replicas });
        }
        let is_idle = 16 < view.seen.len() && view.most(16, Minute::busiest) < IDLE * self.hot;
        is_idle.then(|| at.checked_sub(1)).flatten().map(|at| Size { at, replicas })
    }
}
