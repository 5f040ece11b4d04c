//! What the load asks for.

use std::fmt;

use jiff::Timestamp;

use super::load::{Load, Metric};
use crate::{GroupView, MemberId, MemberView, Percent, Role};

/// At this share of `maxmemory` a node is short: the seed's threshold.
pub const MEMORY_HOT: Percent = Percent(90.0);
/// At this share of CPU a node is busy, of the host or of the engine's one thread: the seed's threshold.
pub const CPU_HOT: Percent = Percent(75.0);
/// Below this share on every member for the whole window nothing is going on. One replica less, or half the vCPUs, is still far from busy.
pub const CPU_CALM: Percent = Percent(30.0);
/// A removed replica takes its share of the load to the others; they stay below this.
pub const CPU_AFTER_SHRINK: Percent = Percent(50.0);
/// A replica that is further behind than this is not one to lean on.
pub const LAG_MAX_SECONDS: f64 = 30.0;

/// What the load asks for, with the numbers that say so.
#[derive(Clone, Debug, PartialEq)]
pub enum Pressure {
    /// A member is short of memory.
    Memory(Hot),
    /// A replica is busy with reads.
    Reads(Hot),
    /// The node that takes the writes is busy, or there is nobody to share the reads with.
    Writes(Hot),
    /// Neither hot nor calm.
    Fair,
    /// Every member is idle over the whole window.
    Calm(Idle),
    /// There is too little data to tell.
    NoData(Gap),
}

/// A member over a limit, for long enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Hot {
    /// Which member.
    pub member: MemberId,
    /// Which metric.
    pub metric: Metric,
    /// Its latest value.
    pub value: Percent,
    /// The limit.
    pub limit: Percent,
}

/// How idle a group is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Idle {
    /// The largest share of CPU, host or engine, that any member had.
    pub cpu_peak: Percent,
}

/// A metric with too few samples.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gap {
    /// Which member.
    pub member: MemberId,
    /// Which metric.
    pub metric: Metric,
    /// How many samples there are.
    pub points: usize,
    /// How many it takes.
    pub needed: usize,
}

impl fmt::Display for Hot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Words that a tag may hold: neither a percent sign nor a comma.
        write!(
            f,
            "{} of {} at {:.1} percent - the limit is {:.0}",
            self.metric.name(),
            self.member,
            self.value.0,
            self.limit.0
        )
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} has {} samples in the last 15 minutes, it takes {}",
            self.metric.name(),
            self.member,
            self.points,
            self.needed
        )
    }
}

/// Tells what the load asks for. Memory goes first: a node without memory loses data, a busy one is slow.
pub fn assess(group: &GroupView, load: &Load, now: Timestamp) -> Pressure {
    if let Some(hot) = hottest(&group.members, &[Metric::Memory], MEMORY_HOT, load, now) {
        return Pressure::Memory(hot);
    }
    let replicas: Vec<MemberView> = group.replicas().cloned().collect();
    let cpu = [Metric::Cpu, Metric::EngineCpu];
    if let Some(hot) = hottest(&replicas, &cpu, CPU_HOT, load, now) {
        // Replicas repeat every write of their primary: one more of them would only repeat them too.
        let reads = load.sum(&hot.member, Metric::Reads);
        let writes = load.sum(&hot.member, Metric::Writes);
        return if writes <= reads { Pressure::Reads(hot) } else { Pressure::Writes(hot) };
    }
    if let Some(hot) = hottest(&group.members, &cpu, CPU_HOT, load, now) {
        return Pressure::Writes(hot);
    }
    calm(group, load, now)
}

fn calm(group: &GroupView, load: &Load, now: Timestamp) -> Pressure {
    let fresh = |member: &MemberView, metric| load.latest(&member.id, metric, now).is_some();
    for member in &group.members {
        for metric in [Metric::Memory, Metric::Cpu] {
            if !fresh(member, metric) {
                return Pressure::NoData(gap(load, member, metric, 1));
            }
        }
    }
    let cpu_peak = group
        .members
        .iter()
        .flat_map(|it| [load.peak(&it.id, Metric::Cpu), load.peak(&it.id, Metric::EngineCpu)])
        .flatten()
        .fold(0.0, f64::max);
    if CPU_CALM.0 < cpu_peak {
        return Pressure::Fair;
    }
    for member in &group.members {
        for metric in [Metric::Memory, Metric::UsedBytes, Metric::Cpu] {
            if load.points(&member.id, metric) < POINTS_FOR_CALM {
                return Pressure::NoData(gap(load, member, metric, POINTS_FOR_CALM));
            }
        }
    }
    Pressure::Calm(Idle { cpu_peak: Percent(cpu_peak) })
}

fn gap(load: &Load, member: &MemberView, metric: Metric, needed: usize) -> Gap {
    let points = load.points(&member.id, metric);
    Gap { member: member.id.clone(), metric, points, needed }
}

fn hottest(
    members: &[MemberView],
    metrics: &[Metric],
    limit: Percent,
    load: &Load,
    now: Timestamp,
) -> Option<Hot> {
    members
        .iter()
        .flat_map(|member| metrics.iter().map(move |metric| (member, *metric)))
        .filter_map(|(member, metric)| {
            let value = load.sustained(&member.id, metric, limit, now)?;
            Some(Hot { member: member.id.clone(), metric, value, limit })
        })
        .max_by(|a, b| a.value.0.total_cmp(&b.value.0))
}

/// Whether a replica is too far behind for another to be taken away.
pub fn lagging(group: &GroupView, load: &Load, now: Timestamp) -> Option<(MemberId, f64)> {
    group
        .members
        .iter()
        .filter(|it| it.role != Some(Role::Primary))
        .filter_map(|it| Some((it.id.clone(), load.latest(&it.id, Metric::Lag, now)?)))
        .find(|(_, lag)| LAG_MAX_SECONDS < *lag)
}

/// Four fifths of the window. A hole of some minutes is common; a shrink on a quarter of the data is a guess.
const POINTS_FOR_CALM: usize = 12;
