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

use domain::autoscale::sizing::{Minute, Rule, Size};

use crate::ladder::Ladder;
use crate::trace::Trace;
use crate::world::{Policy, View};

pub(crate) use start::start;

/// Ours, by its name in the tables.
pub(crate) const OURS: &str = "cachewarden";

/// Who takes part, and under which name.
#[derive(Clone, Debug)]
pub(crate) struct Entrant {
    /// The name in the tables.
    pub(crate) name: String,
    /// Who it is.
    pub(crate) who: Who,
}

/// A way to decide, with the numbers that it may be set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Who {
    /// Stays at what an engineer picks for so many times the peaks of the first week.
    Peak(f64),
    /// Stays at what carries the mean.
    Mean,
    /// One size up where it is as busy or full as this.
    Naive(f64),
    /// Application Auto Scaling with replicas that are so busy.
    Replicas(f64),
    /// The cheapest that is so busy now.
    Tracking(f64),
    /// Percentiles of a fading history, and how many times that.
    Percentile(f64, f64),
    /// The moving window, and how many times that.
    Window(f64),
    /// Ours, with this rule, where a minute of overload is told to be worth so many times what it is.
    Ours(Rule, f64),
}

/// Those that the table has side by side, as they are usually set.
pub(crate) fn usual() -> Vec<Entrant> {
    let all = [
        ("static-human", Who::Peak(start::MORE)),
        ("static-avg", Who::Mean),
        ("naive-step", Who::Naive(0.8)),
        ("aas-replicas", Who::Replicas(0.6)),
        ("tt-rightsize", Who::Tracking(0.6)),
        ("vpa-like", Who::Percentile(0.9, 1.15)),
        ("moving-window", Who::Window(1.12)),
        (OURS, Who::Ours(Rule::default(), 1.0)),
    ];
    all.map(|(name, who)| Entrant { name: name.to_owned(), who }).to_vec()
}

/// Makes a policy for a trace. `minute` is what a minute of overload is worth, in dollars; `shows` has each decision of ours told.
pub(crate) fn make<'a>(
    who: Who,
    ladder: &'a Ladder,
    trace: &'a Trace,
    minute: f64,
    shows: bool,
) -> Box<dyn Policy + 'a> {
    match who {
        Who::Peak(_) | Who::Mean => Box::new(Static),
        Who::Naive(hot) => Box::new(naive::NaiveStep { ladder, hot }),
        Who::Replicas(target) => Box::new(average::Replicas { target }),
        Who::Tracking(target) => Box::new(tracking::Tracking { ladder, trace, target }),
        Who::Percentile(share, margin) => {
            Box::new(recommender::Recommender { ladder, trace, share, margin })
        }
        Who::Window(margin) => Box::new(window::MovingWindow::new(ladder, trace, margin)),
        Who::Ours(rule, worth) => {
            Box::new(ours::Ours::new(ladder, trace, rule, minute * worth).telling(shows))
        }
    }
}

/// Where a policy begins.
pub(crate) fn begins(who: Who, ladder: &Ladder, trace: &Trace) -> Size {
    match who {
        Who::Peak(more) => start::start_with(ladder, trace, more),
        Who::Mean => start::start_by_mean(ladder, trace),
        Who::Naive(_)
        | Who::Replicas(_)
        | Who::Tracking(_)
        | Who::Percentile(..)
        | Who::Window(_)
        | Who::Ours(..) => start(ladder, trace),
    }
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
