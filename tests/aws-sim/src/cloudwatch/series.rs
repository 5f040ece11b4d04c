//! Metrics: samples, and what a period says of them.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

/// Names one metric.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Metric {
    /// Its namespace, such as `AWS/ElastiCache`.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its dimensions: all of them, no more and no fewer, or it is another metric (facts 6.1).
    pub dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// A metric of ElastiCache.
    pub fn of_elasticache(name: &str, dimensions: &[(&str, &str)]) -> Self {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            namespace: "AWS/ElastiCache".to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.iter().map(pair).collect(),
        }
    }
}

/// One or more values that were reported together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// Their sum.
    pub sum: f64,
    /// How many.
    pub count: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Sample {
    /// One value.
    pub fn one(at: Timestamp, value: f64) -> Self {
        Self { at, sum: value, count: 1.0, min: value, max: value }
    }
}

/// What a series has in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    /// The value, if there is one.
    pub(super) value: Option<f64>,
    /// Whether it has one in any period.
    pub(super) exists: bool,
}

impl Point {
    /// A result that is not a number is none: nobody divides by zero.
    pub(super) fn new(value: Option<f64>, exists: bool) -> Self {
        Self { value: value.filter(|it| it.is_finite()), exists }
    }

    /// With another value where it has none.
    pub(super) fn or(self, other: Option<f64>) -> Self {
        Self { value: self.value.or(other), ..self }
    }
}

/// All samples of all metrics.
#[derive(Debug, Default)]
pub(super) struct Store(BTreeMap<Metric, VecDeque<Sample>>);

/// Longer than anybody here looks back.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    pub(super) fn add(&mut self, metric: Metric, more: impl IntoIterator<Item = Sample>) {
        let samples = self.0.entry(metric).or_default();
        for sample in more {
            let at = samples.partition_point(|it| it.at <= sample.at);
            samples.insert(at, sample);
            let old = |it: &Sample| KEPT < sample.at.duration_since(it.at);
            while samples.front().is_some_and(old) {
                samples.pop_front();
            }
        }
    }

    pub(super) fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.0.keys()
    }

    /// Whether anybody ever wrote it, as far as is remembered.
    pub(super) fn has(&self, metric: &Metric) -> bool {
        self.0.get(metric).is_some_and(|it| !it.is_empty())
    }

    /// What a period that begins here says, if there is a sample in it.
    pub(super) fn period(
        &self,
        metric: &Metric,
        from: Timestamp,
        length: SignedDuration,
        statistic: Statistic,
    ) -> Option<f64> {
        let samples = self.0.get(metric)?;
        let until = from.saturating_add(length).unwrap_or(Timestamp::MAX);
        let first = samples.partition_point(|it| it.at < from);
        let last = samples.partition_point(|it| it.at < until);
        let within: Vec<&Sample> = samples.range(first..last).collect();
        statistic.of(&within)
    }

    /// Every period from one time to another in which there is a sample, oldest first. Periods begin at multiples of their length.
    pub(super) fn periods(
        &self,
        metric: &Metric,
        span: (Timestamp, Timestamp),
        length: SignedDuration,
        statistic: Statistic,
    ) -> Vec<(Timestamp, f64)> {
        let Some(samples) = self.0.get(metric) else { return Vec::new() };
        let (from, until) = span;
        let mut starts: Vec<Timestamp> = samples
            .iter()
            .map(|it| floor(it.at, length))
            .filter(|it| from <= *it && *it < until)
            .collect();
        starts.dedup();
        let value = |at| Some((at, self.period(metric, at, length, statistic)?));
        starts.into_iter().filter_map(value).collect()
    }
}

/// The start of the period in which a time lies.
pub(super) fn floor(at: Timestamp, length: SignedDuration) -> Timestamp {
    let length = length.as_secs().max(1);
    Timestamp::from_second(at.as_second().div_euclid(length) * length).unwrap_or(at)
}

/// How a period's samples become one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// `Average`
    Average,
    /// `Sum`
    Sum,
    /// `Minimum`
    Minimum,
    /// `Maximum`
    Maximum,
    /// `SampleCount`
    SampleCount,
    /// `p90` and the like.
    Percentile(f64),
}

impl Statistic {
    /// By the name that the API has for it.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "SampleCount" => Self::SampleCount,
            other => {
                let percent: f64 = other.strip_prefix('p')?.parse().ok()?;
                Self::Percentile(Some(percent).filter(|it| (0.0..=100.0).contains(it))?)
            }
        })
    }

    fn of(self, samples: &[&Sample]) -> Option<f64> {
        if samples.is_empty() {
            return None;
        }
        let all = |value: fn(&Sample) -> f64| samples.iter().map(move |it| value(it));
        let (sum, count): (f64, f64) = (all(|it| it.sum).sum(), all(|it| it.count).sum());
        Some(match self {
            Self::Average => sum / count,
            Self::Sum => sum,
            Self::Minimum => all(|it| it.min).fold(f64::INFINITY, f64::min),
            Self::Maximum => all(|it| it.max).fold(f64::NEG_INFINITY, f64::max),
            Self::SampleCount => count,
            Self::Percentile(percent) => {
                let mut values: Vec<f64> = all(|it| it.sum / it.count).collect();
                values.sort_by(f64::total_cmp);
                *values.get(rank(percent, values.len()))?
            }
        })
    }
}

/// The nearest rank.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a percentile of some thousands of samples"
)]
fn rank(percent: f64, count: usize) -> usize {
    ((percent / 100.0 * count as f64).ceil() as usize).clamp(1, count) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_at_multiples_and_have_their_statistic() {
        let metric = Metric::of_elasticache("Evictions", &[("CacheClusterId", "a")]);
        let mut store = Store::default();
        let at = |second: i64| Timestamp::from_second(1_767_225_600 + second).unwrap();
        for (second, value) in [(61, 3.0), (10, 1.0), (119, 5.0), (200, 7.0)] {
            store.add(metric.clone(), [Sample::one(at(second), value)]);
        }
        let minute = SignedDuration::from_mins(1);
        let read = |statistic| {
            let statistic = Statistic::parse(statistic).unwrap();
            let found = store.periods(&metric, (at(0), at(240)), minute, statistic);
            let second = |it: Timestamp| it.as_second() - at(0).as_second();
            found
                .into_iter()
                .map(|(it, value)| format!("{}={value}", second(it)))
                .collect::<Vec<_>>()
        };
        assert_eq!(read("Sum"), ["0=1", "60=8", "180=7"]);
        assert_eq!(read("Average"), ["0=1", "60=4", "180=7"]);
        assert_eq!(read("Maximum"), ["0=1", "60=5", "180=7"]);
        assert_eq!(read("SampleCount"), ["0=1", "60=2", "180=1"]);
        assert_eq!(read("p50"), ["0=1", "60=3", "180=7"]);
        assert_eq!(Statistic::parse("p101"), None);
    }
}
