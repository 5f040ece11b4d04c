//! What the outcomes come to, against the oracle (autoscaling C.4).

use crate::oracle::Best;
use crate::trace::count;
use crate::trace::noise::Chance;
use crate::world::Outcome;

/// A trace, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The trace.
    pub(crate) name: String,
    /// Its days.
    pub(crate) days: f64,
    /// What a minute of overload is worth.
    pub(crate) minute: f64,
    /// The bound.
    pub(crate) oracle: Best,
    /// The cheapest size that suffers least when it is held all the time, known beforehand.
    pub(crate) fixed: Best,
    /// Each policy's.
    pub(crate) outcomes: Vec<(String, Outcome)>,
}

impl Row {
    /// So much money and so many minutes of overload, against the oracle's.
    fn joint(&self, cost: f64, breach: usize) -> f64 {
        let of = |cost: f64, breach: usize| cost + self.minute * count(breach);
        of(cost, breach) / of(self.oracle.cost, self.oracle.breach)
    }

    /// How a policy did.
    pub(crate) fn mark(&self, outcome: &Outcome) -> Mark {
        self.marked(outcome.cost, outcome.breach, outcome.moves, outcome.replicas, outcome)
    }

    /// How somebody did who knew more.
    pub(crate) fn mark_of(&self, best: &Best) -> Mark {
        self.marked(best.cost, best.breach, best.moves, best.replicas, &Outcome::default())
    }

    fn marked(
        &self,
        cost: f64,
        breach: usize,
        moves: usize,
        replicas: usize,
        of: &Outcome,
    ) -> Mark {
        Mark {
            cost: cost / self.oracle.cost,
            joint: self.joint(cost, breach),
            breach: count(breach) / self.days,
            memory: count(of.memory) / self.days,
            moves: count(moves) / self.days * 7.0,
            replicas: count(replicas) / self.days * 7.0,
            shrunk: of.shrunk,
        }
    }

    /// Whether it is a cache whose memory is always full, which is scored by itself (autoscaling C.6).
    pub(crate) fn is_tail(&self) -> bool {
        self.name.starts_with("lru-tail")
    }

    /// The outcome of a policy.
    pub(crate) fn of(&self, policy: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|it| it.0 == policy).map(|it| &it.1)
    }
}

/// How somebody did on a trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// The cost against the oracle's.
    pub(crate) cost: f64,
    /// Cost and overload together, against the oracle's.
    pub(crate) joint: f64,
    /// Minutes of overload a day.
    pub(crate) breach: f64,
    /// Those for want of memory.
    pub(crate) memory: f64,
    /// Changes of the node type in a week.
    pub(crate) moves: f64,
    /// Changes of the number of replicas in a week.
    pub(crate) replicas: f64,
    /// Minutes without enough memory which a change to a smaller type is to blame for.
    pub(crate) shrunk: usize,
}

/// A geometric mean, and where it lies in 95 of 100 other choices of the same traces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mean {
    /// The mean itself.
    pub(crate) value: f64,
    /// The lower end.
    pub(crate) low: f64,
    /// The upper end.
    pub(crate) high: f64,
}

/// The geometric mean of ratios.
pub(crate) fn geometric(ratios: &[f64]) -> Mean {
    let logs: Vec<f64> = ratios.iter().map(|it| it.ln()).collect();
    let mean = |it: &[f64]| it.iter().sum::<f64>() / count(it.len().max(1));
    let mut chance = Chance::new(0);
    let again = |_| {
        let drawn: Vec<f64> = (0..logs.len())
            .filter_map(|_| logs.get(chance.whole(0, logs.len())).copied())
            .collect();
        mean(&drawn)
    };
    let mut means: Vec<f64> = (0..1000).map(again).collect();
    means.sort_by(f64::total_cmp);
    let at = |it: usize| means.get(it).copied().unwrap_or_default().exp();
    Mean { value: mean(&logs).exp(), low: at(25), high: at(974) }
}

/// The value below which this share of the others lies.
pub(crate) fn percentile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = share * count(values.len().saturating_sub(1));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a short list"
    )]
    let below = place.floor() as usize;
    let one = values.get(below).copied().unwrap_or_default();
    let other = values.get(below + 1).copied().unwrap_or(one);
    one + (other - one) * (place - place.floor())
}
