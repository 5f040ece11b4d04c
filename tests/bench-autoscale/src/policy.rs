//! Who decides: ours, and what others do (autoscaling C.5).

mod average;
mod fit;
mod naive;
mod ours;
mod quantile;
mod recommender;
mod start;
mod tracking;
mod window;

use domain::autoscale::sizing::{Minute, Size};

use crate::ladder::Ladder;
use crate::trace::Trace;
use crate::world::{Policy, View};

pub(crate) use start::{start, start_by_mean};

/// The policies, by their names in the table.
pub(crate) const NAMES: [&str; 8] = [
    "static-human",
    "static-avg",
    "naive-step",
    "aas-replicas",
    "tt-rightsize",
    "vpa-like",
    "moving-window",
    OURS,
];

/// Ours.
pub(crate) const OURS: &str = "cachewarden";

/// Makes a policy for a trace. `minute` is what a minute of overload is worth, in dollars.
pub(crate) fn make<'a>(
    name: &str,
    ladder: &'a Ladder,
    trace: &'a Trace,
    minute: f64,
    shows: bool,
) -> Box<dyn Policy + 'a> {
    match name {
        "naive-step" => Box::new(naive::NaiveStep { ladder }),
        "aas-replicas" => Box::new(average::Replicas),
        "tt-rightsize" => Box::new(tracking::Tracking { ladder, trace }),
        "vpa-like" => Box::new(recommender::Recommender { ladder, trace }),
        "moving-window" => Box::new(window::MovingWindow::new(ladder, trace)),
        OURS => Box::new(ours::Ours::new(ladder, trace, minute, shows)),
        _ => Box::new(Static),
    }
}

/// Where a policy begins.
pub(crate) fn begins(name: &str, ladder: &Ladder, trace: &Trace) -> Size {
    if name == "static-avg" { start_by_mean(ladder, trace) } else { start(ladder, trace) }
}

/// Never changes anything.
struct Static;

impl Policy for Static {
    fn act(&mut self, _: &View<'_>) -> Option<Size> {
        None
    }
}

impl View<'_> {
    /// How many minutes ago the last change came to its end.
    fn since_change(&self) -> usize {
        self.changed.map_or(usize::MAX, |it| self.now - it)
    }

    /// What was seen in the minutes up to the latest that the metrics tell of.
    fn last(&self, minutes: usize) -> &[Option<Minute>] {
        let cut = self.seen.len().saturating_sub(minutes);
        self.seen.get(cut..).unwrap_or_default()
    }

    fn most(&self, minutes: usize, of: impl Fn(&Minute) -> f64) -> f64 {
        self.last(minutes).iter().flatten().map(of).fold(0.0, f64::max)
    }

    fn least(&self, minutes: usize, of: impl Fn(&Minute) -> f64) -> f64 {
        self.last(minutes).iter().flatten().map(of).fold(f64::INFINITY, f64::min)
    }

    fn mean(&self, minutes: usize, of: impl Fn(&Minute) -> f64) -> f64 {
        let minutes = self.last(minutes);
        minutes.iter().flatten().map(of).sum::<f64>() / crate::trace::count(minutes.len().max(1))
    }
}
