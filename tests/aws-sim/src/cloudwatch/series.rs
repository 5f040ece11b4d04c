//! Metrics: samples, and what a period says of them.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use jiff::{SignedDuration, Timestamp};

use super::modelled::KEPT;
use super::node::{OF_GROUPS, OF_ROLES};
use crate::settings::Switches;

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
            namespace: NAMESPACE.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.iter().map(pair).collect(),
        }
    }

    /// The two of a name that there are of a node.
    pub(super) fn of_member(name: &str, member: &str) -> [Self; 2] {
        let (member, node) = ((MEMBER, member), ("CacheNodeId", "0001"));
        [Self::of_elasticache(name, &[member]), Self::of_elasticache(name, &[member, node])]
    }

    /// The one of a name that there is of a whole group, or of its primary or its replicas, if there is (facts 6.1).
    pub(super) fn of_group(
        name: &str,
        group: &str,
        primary: bool,
        switches: &Switches,
    ) -> Option<Self> {
        let group = ("ReplicationGroupId", group);
        if !switches.group_metrics {
            None
        } else if OF_GROUPS.contains(&name) {
            Some(Self::of_elasticache(name, &[group]))
        } else if name == OF_ROLES {
            Some(Self::of_elasticache(name, &[group, ("Role", role(primary, switches))]))
        } else {
            None
        }
    }
}

/// The namespace of ElastiCache.
pub(super) const NAMESPACE: &str = "AWS/ElastiCache";

/// The dimension that names a node.
pub(super) const MEMBER: &str = "CacheClusterId";

/// The value of the dimension `Role`.
pub(super) fn role(primary: bool, switches: &Switches) -> &'static str {
    match (primary, switches.roles_in_lower_case) {
        (true, false) => "Primary",
        (true, true) => "primary",
        (false, false) => "Replica",
        (false, true) => "replica",
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
        Self::same(at, value, 1.0)
    }

    /// The same value so many times.
    pub(super) fn same(at: Timestamp, value: f64, count: f64) -> Self {
        Self { at, sum: value * count, count, min: value, max: value }
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

    /// Every metric that comes after one, in their order.
    pub(super) fn metrics_after(&self, one: Option<&Metric>) -> impl Iterator<Item = &Metric> {
        let from = one.map_or(Bound::Unbounded, Bound::Excluded);
        self.0.range((from, Bound::Unbounded)).map(|(it, _)| it)
    }

    /// What was written from one time until before another.
    pub(super) fn samples(
        &self,
        metric: &Metric,
        (from, until): (Timestamp, Timestamp),
    ) -> impl Iterator<Item = Sample> {
        let samples = self.0.get(metric);
        samples.into_iter().flat_map(move |it| {
            let (first, last) =
                (it.partition_point(|it| it.at < from), it.partition_point(|it| it.at < until));
            it.range(first..last.max(first)).copied()
        })
    }

    /// When a metric was written last.
    pub(super) fn last(&self, metric: &Metric) -> Option<Timestamp> {
        Some(self.0.get(metric)?.back()?.at)
    }
}

/// The start of the period in which a time lies.
pub(super) fn floor(at: Timestamp, length: SignedDuration) -> Timestamp {
    let length = length.as_secs().max(1);
    Timestamp::from_second(at.as_second().div_euclid(length) * length).unwrap_or(at)
}

/// The first such start that does not lie before a time.
pub(super) fn ceil(at: Timestamp, length: SignedDuration) -> Timestamp {
    let before = floor(at, length);
    if before < at { before.saturating_add(length).unwrap_or(at) } else { at }
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

    /// The value of a period in which there are these samples.
    pub(super) fn of(self, samples: &[Sample]) -> Option<f64> {
        if samples.is_empty() {
            return None;
        }
        let all = |value: fn(&Sample) -> f64| samples.iter().map(value);
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
