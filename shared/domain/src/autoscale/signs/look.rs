//! What every sign is read from: a group, what its members told of late, and what they told before.

use jiff::{SignedDuration, Timestamp};

use crate::autoscale::LoadView;
use crate::autoscale::load::{Load, Metric, Sample};
use crate::catalog::Entry;
use crate::{Catalog, GroupView, MemberId, MemberView, Role};

/// One look at a group whose metrics were read.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) view: &'a LoadView,
    pub(super) group: &'a GroupView,
    pub(super) load: &'a Load,
    pub(super) now: Timestamp,
}

/// From one time until before another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Span {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Span {
    /// The same, so much earlier.
    pub(super) fn ago(self, by: SignedDuration) -> Self {
        Self { from: before(self.from, by), until: before(self.until, by) }
    }
}

/// So long before a time.
pub(super) fn before(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(at)
}

/// A share of the points that a time has to have, or it counts as unknown (autoscaling D.4).
const POINTS_LEAST: (usize, usize) = (4, 5);
/// Metrics come a minute or two late; what is not there yet is no gap.
const LATE: SignedDuration = SignedDuration::from_mins(4);

impl<'a> Look<'a> {
    /// The members of now.
    pub(super) fn members(&self) -> impl Iterator<Item = &'a MemberId> + use<'a> {
        self.group.member_ids.iter()
    }

    /// Its primaries, each with its replicas: the members of every shard, or all.
    pub(super) fn lines(&self) -> Vec<&'a [MemberId]> {
        if self.group.shards.is_empty() {
            return Vec::from([self.group.member_ids.as_slice()]);
        }
        self.group.shards.iter().map(|it| it.members.as_slice()).collect()
    }

    /// What is known of the type of a member.
    pub(super) fn entry(&self, member: &MemberId) -> Option<&'a Entry> {
        let own = self.described(member).and_then(|it| it.node_type.as_ref());
        self.catalog.find(own.or(self.group.node_type.as_ref())?)
    }

    fn described(&self, member: &MemberId) -> Option<&'a MemberView> {
        self.group.members.iter().find(|it| it.id == *member)
    }

    /// Whether a member is the primary. In cluster mode only the metrics tell it (facts 1.5).
    pub(super) fn is_primary(&self, member: &MemberId) -> Option<bool> {
        let role = self.described(member).and_then(|it| it.role);
        let told = || Some(0.5 < self.load.latest(member, Metric::Primary, self.now)?);
        role.map_or_else(told, |it| Some(it == Role::Primary))
    }

    /// The last minutes of which a member told a metric, where that was not long ago.
    pub(super) fn last(&self, member: &MemberId, metric: Metric, minutes: i64) -> Option<Span> {
        self.load.latest(member, metric, self.now)?;
        let last = self.load.series(member, metric).last()?;
        let until = last.at.saturating_add(SignedDuration::from_mins(metric.minutes())).ok()?;
        Some(Span { from: before(until, SignedDuration::from_mins(minutes)), until })
    }

    /// What a member told of a metric in a time, however little.
    pub(super) fn within(&self, member: &MemberId, metric: Metric, span: Span) -> &'a [Sample] {
        let series = self.load.series(member, metric);
        let first = series.partition_point(|it| it.at < span.from);
        let end = series.partition_point(|it| it.at < span.until);
        series.get(first..end).unwrap_or_default()
    }

    /// The same, where it told most of it.
    pub(super) fn told(
        &self,
        member: &MemberId,
        metric: Metric,
        span: Span,
    ) -> Option<&'a [Sample]> {
        let samples = self.within(member, metric, span);
        let until = span.until.min(before(self.now, LATE));
        let minutes = until.duration_since(span.from).as_mins();
        let due = usize::try_from(minutes.div_euclid(metric.minutes())).unwrap_or_default();
        let (some, all) = POINTS_LEAST;
        let is_told = due.saturating_mul(some) <= samples.len().saturating_mul(all);
        (is_told && !samples.is_empty()).then_some(samples)
    }

    /// How many commands of one kind a member answered a second. Their metric appears only after the first of them (facts 6.2), so that a member that
    /// never told any had none.
    pub(super) fn rate(&self, member: &MemberId, metric: Metric, span: Span) -> Option<f64> {
        if self.load.series(member, metric).is_empty() {
            return Some(0.0);
        }
        Some(mean(self.told(member, metric, span)?)? / self.seconds())
    }

    /// How many commands a member answered a second; on a replica, those that it was asked and those that it repeats.
    pub(super) fn commands(&self, member: &MemberId, span: Span) -> Option<f64> {
        if !self.tells_commands(member) {
            return None;
        }
        Some(self.rate(member, Metric::Reads, span)? + self.rate(member, Metric::Writes, span)?)
    }

    /// Whether it ever told any: of nothing but scripts nobody counts the commands.
    pub(super) fn tells_commands(&self, member: &MemberId) -> bool {
        let tells = |it| !self.load.series(member, it).is_empty();
        tells(Metric::Reads) || tells(Metric::Writes)
    }

    /// How many seconds what is counted by the minute stands for.
    pub(super) fn seconds(&self) -> f64 {
        60.0 * self.load.minutes_together()
    }
}

/// The value of the sample of this time.
pub(super) fn at(samples: &[Sample], at: Timestamp) -> Option<f64> {
    let place = samples.binary_search_by_key(&at, |it| it.at).ok()?;
    samples.get(place).map(|it| it.value)
}

/// The largest value, where there is any.
pub(super) fn most(samples: &[Sample]) -> Option<f64> {
    samples.iter().map(|it| it.value).max_by(f64::total_cmp)
}

/// The mean, where there is any value.
pub(super) fn mean(samples: &[Sample]) -> Option<f64> {
    let (sum, count) =
        samples.iter().fold((0.0, 0.0), |(sum, count), it| (sum + it.value, count + 1.0));
    (0.0 < count).then(|| sum / count)
}

/// The sum.
pub(super) fn sum(samples: &[Sample]) -> f64 {
    samples.iter().map(|it| it.value).sum()
}

/// The member of which the most is said, by the number that comes with it.
pub(super) fn worst<T>(all: impl Iterator<Item = (f64, T)>) -> Option<(f64, T)> {
    all.max_by(|one, other| one.0.total_cmp(&other.0))
}
