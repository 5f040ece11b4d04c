//! What the outcomes come to, against the oracle (autoscaling C.4).

use crate::oracle::Best;
use crate::trace::count;
use crate::trace::noise::Chance;
use crate::world::Outcome;

/// A trace, and what became of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The trace.
    pub name: String,
    /// Its days.
    pub days: f64,
    /// What a minute of overload is worth.
    pub minute: f64,
    /// The bound.
    pub oracle: Best,
    /// Each policy's.
    pub outcomes: Vec<(String, Outcome)>,
}

impl Row {
    /// What the oracle's comes to.
    pub fn bound(&self) -> f64 {
        self.oracle.cost + self.minute * count(self.oracle.breach)
    }

    /// The joint score of an outcome against the oracle's.
    pub fn joint(&self, outcome: &Outcome) -> f64 {
        (outcome.cost + self.minute * count(outcome.breach)) / self.bound()
    }

    /// The cost of an outcome against the oracle's.
    pub fn cost(&self, outcome: &Outcome) -> f64 {
        outcome.cost / self.oracle.cost
    }

    /// The outcome of a policy.
    pub fn of(&self, policy: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|it| it.0 == policy).map(|it| &it.1)
    }
}

/// A geometric mean, and where it lies in 95 of 100 other choices of the same traces.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The geometric mean of ratios.
pub fn geometric(ratios: &[f64]) -> Mean {
    let logs: Vec<f64> = ratios.iter().map(|it| it.ln()).collect();
    let mean = |it: &[f64]| it.iter().sum::<f64>() / count(it.len().max(1));
    let mut chance = Chance::new(0);
    let again = |_| {
        let drawn: Vec<f64> = (0..logs.len()).filter_map(|_| logs.get(chance.whole(0, logs.len())).copied()).collect();
        mean(&drawn)
    };
    let mut means: Vec<f64> = (0..1000).map(again).collect();
    means.sort_by(f64::total_cmp);
    let at = |it: usize| means.get(it).copied().unwrap_or_default().exp();
    Mean { mean: mean(&logs).exp(), low: at(25), high: at(974) }
}

/// The value below which this share of the others lies.
pub fn percentile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = share * count(values.len().saturating_sub(1));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a short list")]
    let below = place.floor() as usize;
    let one = values.get(below).copied().unwrap_or_default();
    let other = values.get(below + 1).copied().unwrap_or(one);
    one + (other - one) * (place - place.floor())
}
