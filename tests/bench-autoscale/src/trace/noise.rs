//! Chance that comes out the same everywhere: one stream for each seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};

/// A stream of chance.
#[derive(Debug)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// From 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        StandardUniform.sample(&mut self.0)
    }

    /// Between two bounds.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// A whole number from `low` to below `high`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of minutes"
    )]
    pub(crate) fn whole(&mut self, low: usize, high: usize) -> usize {
        let drawn = self.between(super::count(low), super::count(high)) as usize;
        drawn.clamp(low, high.saturating_sub(1))
    }

    /// By the normal distribution around 0.
    pub(crate) fn normal(&mut self, deviation: f64) -> f64 {
        let drawn: f64 = StandardNormal.sample(&mut self.0);
        drawn * deviation
    }

    /// Ornstein-Uhlenbeck noise: it wanders with this deviation, and forgets within so many minutes.
    pub(crate) fn wander(&mut self, minutes: usize, deviation: f64, forgets: f64) -> Vec<f64> {
        let keeps = (-1.0 / forgets).exp();
        let step = deviation * (1.0 - keeps * keeps).sqrt();
        let mut at = 0.0;
        let next = |_| {
            at = keeps * at + self.normal(step);
            at
        };
        (0..minutes).map(next).collect()
    }
}
