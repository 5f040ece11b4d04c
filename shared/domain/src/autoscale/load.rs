//! What the metrics of the members say, one sample a minute.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{Bytes, MemberId, Percent};

/// The metrics that a decision is made on. All are kept for each node (facts 6.1).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Metric {
    /// Used memory as a share of `maxmemory`.
    Memory,
    /// The bytes that data takes.
    UsedBytes,
    /// The number of keys.
    Items,
    /// CPU of the host, all vCPUs together.
    Cpu,
    /// CPU of the engine's one thread.
    EngineCpu,
    /// Keys dropped for want of memory.
    Evictions,
    /// Connected clients.
    Connections,
    /// Seconds that a replica is behind.
    Lag,
    /// Commands that read.
    Reads,
    /// Commands that write, on a replica those of its primary.
    Writes,
}

impl Metric {
    /// Everything that is read of a cache that may be scaled.
    pub const ALL: [Self; 9] = [
        Self::Memory,
        Self::UsedBytes,
        Self::Cpu,
        Self::EngineCpu,
        Self::Evictions,
        Self::Connections,
        Self::Lag,
        Self::Reads,
        Self::Writes,
    ];

    /// The name in `AWS/ElastiCache`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "DatabaseMemoryUsagePercentage",
            Self::UsedBytes => "BytesUsedForCache",
            Self::Items => "CurrItems",
            Self::Cpu => "CPUUtilization",
            Self::EngineCpu => "EngineCPUUtilization",
            Self::Evictions => "Evictions",
            Self::Connections => "CurrConnections",
            Self::Lag => "ReplicationLag",
            Self::Reads => "GetTypeCmds",
            Self::Writes => "SetTypeCmds",
        }
    }

    /// How a minute is summed up. A peak is what has to fit, so what must fit is read as a maximum.
    pub fn statistic(self) -> &'static str {
        match self {
            Self::Memory | Self::Cpu | Self::EngineCpu => "Average",
            Self::UsedBytes | Self::Items | Self::Connections | Self::Lag => "Maximum",
            Self::Evictions | Self::Reads | Self::Writes => "Sum",
        }
    }

    /// Whether a value can be true. Metrics have been seen with holes and nonsense; nonsense must never move a group.
    fn admits(self, value: f64) -> bool {
        let most = match self {
            // The engine's share may pass a hundred for a moment of rounding, never far.
            Self::Memory | Self::Cpu | Self::EngineCpu => 200.0,
            Self::UsedBytes
            | Self::Items
            | Self::Evictions
            | Self::Connections
            | Self::Lag
            | Self::Reads
            | Self::Writes => 1e15,
        };
        value.is_finite() && (0.0..=most).contains(&value)
    }
}

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The start of its minute.
    pub at: Timestamp,
    /// The value, in the metric's own unit.
    pub value: f64,
}

/// The load of a group over the window that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load(BTreeMap<(MemberId, Metric), Vec<Sample>>);

impl Load {
    /// How far back it is read: as long as CloudWatch keeps it cheap, and longer than any alarm takes to fire.
    pub const WINDOW: SignedDuration = SignedDuration::from_mins(15);

    /// Takes in samples: nonsense is dropped, order and doubles are put right.
    pub fn insert(&mut self, member: &MemberId, metric: Metric, samples: Vec<Sample>) {
        let kept = self.0.entry((member.clone(), metric)).or_default();
        kept.extend(samples.into_iter().filter(|it| metric.admits(it.value)));
        kept.sort_by_key(|it| it.at);
        kept.dedup_by_key(|it| it.at);
    }

    /// The samples of one metric of one member, in order.
    pub fn series(&self, member: &MemberId, metric: Metric) -> &[Sample] {
        self.0.get(&(member.clone(), metric)).map_or(&[], Vec::as_slice)
    }

    /// The samples of a metric that counts bytes or keys.
    pub fn whole(
        &self,
        member: &MemberId,
        metric: Metric,
    ) -> impl Iterator<Item = (Timestamp, u64)> {
        self.series(member, metric).iter().map(|it| (it.at, whole(it.value)))
    }

    /// The latest value, if it is not older than [`STALE_AFTER`].
    pub fn latest(&self, member: &MemberId, metric: Metric, now: Timestamp) -> Option<f64> {
        let last = self.series(member, metric).last()?;
        let fresh = last.at.saturating_add(STALE_AFTER).is_ok_and(|it| now <= it);
        fresh.then_some(last.value)
    }

    /// The largest value of the window.
    pub fn peak(&self, member: &MemberId, metric: Metric) -> Option<f64> {
        self.series(member, metric).iter().map(|it| it.value).max_by(f64::total_cmp)
    }

    /// The sum over the window, 0 where there are none: a command metric appears with the first such command (facts 6.2).
    pub fn sum(&self, member: &MemberId, metric: Metric) -> f64 {
        self.series(member, metric).iter().map(|it| it.value).sum()
    }

    /// The latest value, where the metric was at a limit or above it for [`HOT_MINUTES`] of the last [`RECENT`] and still is.
    pub fn sustained(
        &self,
        member: &MemberId,
        metric: Metric,
        limit: Percent,
        now: Timestamp,
    ) -> Option<Percent> {
        let recent = self
            .series(member, metric)
            .iter()
            .filter(|it| it.at.saturating_add(RECENT).is_ok_and(|end| now <= end));
        let hot = recent.filter(|it| limit.0 <= it.value).count();
        let latest = self.latest(member, metric, now)?;
        (HOT_MINUTES <= hot && limit.0 <= latest).then_some(Percent(latest))
    }

    /// How many minutes of the window have a sample.
    pub fn points(&self, member: &MemberId, metric: Metric) -> usize {
        self.series(member, metric).len()
    }

    /// The most bytes that data took on any of these members.
    pub fn used_peak<'a>(&self, members: impl Iterator<Item = &'a MemberId>) -> Option<Bytes> {
        members
            .filter_map(|it| self.peak(it, Metric::UsedBytes))
            .max_by(f64::total_cmp)
            .map(|it| Bytes(whole(it)))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "only values from 0 to 1e15 are taken in"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

/// A sample older than this tells nothing of now: CloudWatch is late by a minute or two, not by ten.
pub const STALE_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// How far back "hot" looks: two minutes more than it needs, since the newest minutes may not be there yet.
const RECENT: SignedDuration = SignedDuration::from_mins(6);

/// How many hot minutes make it a state and not a moment: as many as the alarms ask for.
const HOT_MINUTES: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn member() -> MemberId {
        MemberId::parse("orders-001").unwrap()
    }

    fn now() -> Timestamp {
        "2026-01-02T03:15:00Z".parse().unwrap()
    }

    /// One sample a minute, the last of them a minute ago.
    fn load(values: &[f64]) -> Load {
        let mut load = Load::default();
        let samples = values.iter().rev().zip(1..).map(|(value, minutes)| Sample {
            at: now() - SignedDuration::from_mins(minutes),
            value: *value,
        });
        load.insert(&member(), Metric::Memory, samples.collect());
        load
    }

    #[track_caller]
    fn check_sustained(values: &[f64], expected: Option<f64>) {
        let seen = load(values).sustained(&member(), Metric::Memory, Percent(90.0), now());
        assert_eq!(seen.map(|it| it.0), expected, "{values:?}");
    }

    #[test]
    fn a_moment_is_not_a_state() {
        check_sustained(&[50.0, 50.0, 50.0, 50.0, 95.0], None);
        check_sustained(&[50.0, 50.0, 95.0, 95.0, 95.0], Some(95.0));
        check_sustained(&[95.0, 95.0, 95.0, 95.0, 50.0], None);
        check_sustained(&[95.0, 95.0], None);
        check_sustained(&[90.0, 90.0, 90.0], Some(90.0));
        check_sustained(&[], None);
    }

    #[test]
    fn what_is_long_past_does_not_count() {
        check_sustained(&[95.0, 95.0, 95.0, 50.0, 50.0, 50.0, 50.0, 95.0], None);
    }

    #[test]
    fn nonsense_is_dropped() {
        check_sustained(&[95.0, f64::NAN, 95.0, f64::INFINITY, -3.0], None);
        check_sustained(&[1e9, 1e9, 1e9], None);
        assert_eq!(load(&[95.0, f64::NAN, -1.0]).points(&member(), Metric::Memory), 1);
    }

    #[test]
    fn order_and_doubles_are_put_right() {
        let sample =
            |minutes, value| Sample { at: now() - SignedDuration::from_mins(minutes), value };
        let mut load = Load::default();
        load.insert(&member(), Metric::Cpu, vec![sample(1, 3.0), sample(3, 1.0)]);
        load.insert(&member(), Metric::Cpu, vec![sample(2, 2.0), sample(1, 9.0)]);
        let values: Vec<f64> =
            load.series(&member(), Metric::Cpu).iter().map(|it| it.value).collect();
        assert_eq!(values, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn an_old_sample_tells_nothing_of_now() {
        let mut load = Load::default();
        let at = now() - SignedDuration::from_mins(11);
        load.insert(&member(), Metric::Memory, vec![Sample { at, value: 95.0 }]);
        assert_eq!(load.latest(&member(), Metric::Memory, now()), None);
        assert_eq!(load.peak(&member(), Metric::Memory), Some(95.0));
    }
}
