//! What the metrics of the members say, one sample a minute.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::{Bytes, MemberId};

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
    /// The bytes that the host sent.
    Sent,
    /// Reads that found their key.
    Hits,
    /// Reads that did not.
    Misses,
    /// The CPU credits that a burstable node has saved.
    Credits,
    /// Whether the node is the primary, as 1 or 0.
    Primary,
    /// Whether a snapshot is being written, as 1 or 0.
    Saving,
}

impl Metric {
    /// What is read of a member, to tell what size its group should have.
    pub const ALL: [Self; 16] = [
        Self::Memory,
        Self::UsedBytes,
        Self::Items,
        Self::Cpu,
        Self::EngineCpu,
        Self::Evictions,
        Self::Connections,
        Self::Lag,
        Self::Reads,
        Self::Writes,
        Self::Sent,
        Self::Hits,
        Self::Misses,
        Self::Credits,
        Self::Primary,
        Self::Saving,
    ];
    /// What is read of a number that a member may have had before: what it took off the others.
    pub const OF_FORMER: [Self; 4] = [Self::Reads, Self::Writes, Self::EngineCpu, Self::Primary];
    /// What is read of the days before: what a whole week needs must fit.
    pub const OF_THE_WEEK: [Self; 3] = [Self::UsedBytes, Self::Reads, Self::Writes];

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
            Self::Sent => "NetworkBytesOut",
            Self::Hits => "CacheHits",
            Self::Misses => "CacheMisses",
            Self::Credits => "CPUCreditBalance",
            Self::Primary => "IsMaster",
            Self::Saving => "SaveInProgress",
        }
    }

    /// How a minute is summed up. A peak is what has to fit, so what must fit is read as a maximum.
    pub fn statistic(self) -> &'static str {
        match self {
            Self::Memory | Self::Cpu | Self::EngineCpu => "Average",
            Self::UsedBytes
            | Self::Items
            | Self::Connections
            | Self::Lag
            | Self::Primary
            | Self::Saving => "Maximum",
            Self::Credits => "Minimum",
            Self::Evictions
            | Self::Reads
            | Self::Writes
            | Self::Sent
            | Self::Hits
            | Self::Misses => "Sum",
        }
    }

    /// How many minutes are summed up. Of what clients ask for and what is hot every minute counts; five times as much is read for it.
    pub fn minutes(self) -> i64 {
        match self {
            Self::Memory
            | Self::UsedBytes
            | Self::Items
            | Self::Cpu
            | Self::EngineCpu
            | Self::Reads
            | Self::Writes
            | Self::Sent => 1,
            Self::Evictions
            | Self::Connections
            | Self::Lag
            | Self::Hits
            | Self::Misses
            | Self::Credits
            | Self::Primary
            | Self::Saving => 5,
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
            | Self::Writes
            | Self::Sent
            | Self::Hits
            | Self::Misses
            | Self::Credits => 1e15,
            Self::Primary | Self::Saving => 1.0,
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

/// The load of a group over days.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loads {
    /// Over [`Load::DAYS`], by the minute.
    pub days: Load,
    /// Before that, back over [`Load::WEEK`], by the hour.
    pub week: Load,
}

/// A metric that a member does not tell, or tells too little of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gap {
    /// Which member.
    pub member: Option<MemberId>,
    /// Which metric.
    pub metric: Metric,
    /// How many samples of the last minutes there are.
    pub points: usize,
}

impl Gap {
    /// The member of these that tells least of what every decision needs.
    pub fn of(members: &[MemberId], load: &Load, now: Timestamp) -> Self {
        let points = |it: &MemberId, metric| {
            let is_recent =
                |it: &&Sample| it.at.saturating_add(Load::WINDOW).is_ok_and(|end| now <= end);
            load.series(it, metric).iter().filter(is_recent).count()
        };
        let all = members.iter().flat_map(|member| {
            [Metric::UsedBytes, Metric::EngineCpu].map(|metric| Self {
                member: Some(member.clone()),
                metric,
                points: points(member, metric),
            })
        });
        let none = Self { member: None, metric: Metric::UsedBytes, points: 0 };
        all.min_by_key(|it| it.points).unwrap_or(none)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let member = self.member.as_ref().map_or("any member", MemberId::as_str);
        write!(
            f,
            "{} of {member} has {} samples in the last {} minutes",
            self.metric.name(),
            self.points,
            Load::WINDOW.as_mins()
        )
    }
}

/// A replica that is further behind than this is not one to lean on.
pub const LAG_MAX_SECONDS: f64 = 30.0;

/// The load of a group over the window that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    series: BTreeMap<(MemberId, Metric), Vec<Sample>>,
    /// How many minutes are summed up beyond one, where all metrics are.
    more: u16,
}

impl Load {
    /// How far back it is read, where only the moment counts: longer than any alarm takes to fire.
    pub const WINDOW: SignedDuration = SignedDuration::from_mins(15);
    /// How far back it is read to size a group: two days to replay, and one more to see by how much another size was better then.
    pub const DAYS: SignedDuration = SignedDuration::from_hours(3 * 24);
    /// How far back it is read by the hour: a whole week's data must fit.
    pub const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
    /// Of so many nodes all of it is read at most: more than that would not fit into the memory of the function.
    pub const NODES_MAX: usize = 150;
    /// For so many days CloudWatch keeps every minute, and for so many every five (autoscaling D.1).
    pub const KEPT_DAYS: (i64, i64) = (15, 63);

    /// Nothing yet, of a past of which CloudWatch keeps so many minutes together.
    pub fn coarse(minutes: u16) -> Self {
        Self { more: minutes.saturating_sub(1), ..Self::default() }
    }

    /// How many minutes what is counted by the minute stands for.
    pub fn minutes_together(&self) -> f64 {
        1.0 + f64::from(self.more)
    }

    /// Takes in samples: nonsense is dropped, order and doubles are put right.
    pub fn insert(&mut self, member: &MemberId, metric: Metric, samples: Vec<Sample>) {
        let kept = self.series.entry((member.clone(), metric)).or_default();
        kept.extend(samples.into_iter().filter(|it| metric.admits(it.value)));
        kept.sort_by_key(|it| it.at);
        kept.dedup_by_key(|it| it.at);
    }

    /// Takes in what was read of other members or of other metrics.
    pub fn join(&mut self, other: Self) {
        self.series.extend(other.series);
    }

    /// The samples of one metric of one member, in order.
    pub fn series(&self, member: &MemberId, metric: Metric) -> &[Sample] {
        self.series.get(&(member.clone(), metric)).map_or(&[], Vec::as_slice)
    }

    /// The samples of a metric that counts bytes or keys.
    pub fn whole(
        &self,
        member: &MemberId,
        metric: Metric,
    ) -> impl Iterator<Item = (Timestamp, u64)> {
        self.series(member, metric).iter().map(|it| (it.at, whole(it.value)))
    }

    /// The members of which there is anything.
    pub fn members(&self) -> BTreeSet<&MemberId> {
        self.series.keys().map(|it| &it.0).collect()
    }

    /// The latest value, if it is not older than [`STALE_AFTER`].
    pub fn latest(&self, member: &MemberId, metric: Metric, now: Timestamp) -> Option<f64> {
        let last = self.series(member, metric).last()?;
        // What is summed up for five minutes is dated by the first of them.
        let more = SignedDuration::from_mins(metric.minutes() - 1);
        let stale = last.at.saturating_add(STALE_AFTER + more);
        stale.is_ok_and(|it| now <= it).then_some(last.value)
    }

    /// The sum of what was reported from one time until before another.
    pub fn sum(&self, member: &MemberId, metric: Metric, from: Timestamp, until: Timestamp) -> f64 {
        let all = self.series(member, metric).iter();
        all.filter(|it| from <= it.at && it.at < until).map(|it| it.value).sum()
    }

    /// The bytes that were left for data on a member before a time, as bytes and percentage together told last; nothing where the percentage is too small
    /// for its digits to tell the whole.
    pub fn room(&self, member: &MemberId, until: Timestamp) -> Option<f64> {
        let percent = self.series(member, Metric::Memory).iter().rfind(|it| it.at < until)?;
        let bytes = self.series(member, Metric::UsedBytes).iter();
        let bytes = bytes.rev().find(|it| it.at <= percent.at)?;
        (LEGIBLE <= percent.value).then(|| bytes.value / percent.value * 100.0)
    }

    /// The largest value of the window.
    pub fn peak(&self, member: &MemberId, metric: Metric) -> Option<f64> {
        self.series(member, metric).iter().map(|it| it.value).max_by(f64::total_cmp)
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

/// Of a smaller percentage the digits do not tell the whole.
const LEGIBLE: f64 = 20.0;

/// A sample older than this tells nothing of now: CloudWatch is late by a minute or two, not by ten.
pub const STALE_AFTER: SignedDuration = SignedDuration::from_mins(10);

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

    #[test]
    fn nonsense_is_dropped() {
        let kept = |values: &[f64]| load(values).series(&member(), Metric::Memory).len();
        assert_eq!(kept(&[95.0, f64::NAN, 95.0, f64::INFINITY, -3.0]), 2);
        assert_eq!(kept(&[1e9, 1e9, 1e9]), 0);
        assert_eq!(kept(&[95.0, 200.0]), 2);
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
        load.insert(&member(), Metric::Lag, vec![Sample { at, value: 3.0 }]);
        assert_eq!(load.latest(&member(), Metric::Lag, now()), Some(3.0), "of five minutes");
    }
}
