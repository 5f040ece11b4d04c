//! The minutes of a group, put together from what the metrics of its members say.
//!
//! A minute tells what clients asked for and how busy the group was with it: who asks what another size would have made of it needs both. Where the
//! keys are shared by shards, all of which have one size, it is the minute of the hottest of them.

mod hottest;

use jiff::Timestamp;

use self::hottest::Hottest;
use super::load::{Load, Metric, Sample};
use super::sizing::candidate::engine_ops;
use super::sizing::measure::LEARNED;
use super::sizing::{History, Minute};
use crate::catalog::Entry;
use crate::{GroupView, MemberId, Role};

/// What was seen of a group: three days by the minute, and the four before them by the hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    from: i64,
    minutes: Vec<Option<Minute>>,
}

impl Past {
    /// Puts it together. `week` has the hours before the days of `days`.
    pub fn of(group: &GroupView, has: &Entry, days: &Load, week: &Load, now: Timestamp) -> Self {
        let span = |it: jiff::SignedDuration| it.as_mins();
        let end = now.as_second().div_euclid(60);
        let from = end - span(Load::WEEK);
        let (old, new) = (span(Load::WEEK) - span(Load::DAYS), span(Load::DAYS));
        let mut minutes = hours(group, week, from, places(old));
        let begin = end - span(Load::DAYS);
        minutes.extend(told(group, has, days, begin, places(new)));
        // Metrics come a minute or two late. What is not there yet is no gap.
        let late = minutes.iter().rev().take(LATE_MAX).take_while(|it| it.is_none()).count();
        minutes.truncate(minutes.len().saturating_sub(late));
        Self { from, minutes }
    }

    /// The same of any span, of which every so many minutes are told together: those between them are not known.
    pub fn over(
        group: &GroupView,
        has: &Entry,
        load: &Load,
        (from, until): (Timestamp, Timestamp),
    ) -> Self {
        let minute = |it: Timestamp| it.as_second().div_euclid(60);
        let (from, until) = (minute(from), minute(until));
        Self { from, minutes: told(group, has, load, from, places(until - from)) }
    }

    /// The minutes.
    pub fn history(&self) -> History<'_> {
        History::new(self.from, &self.minutes)
    }
}

/// So many minutes, as their members tell them.
fn told(
    group: &GroupView,
    has: &Entry,
    load: &Load,
    from: i64,
    minutes: usize,
) -> Vec<Option<Minute>> {
    let mut hottest = Hottest::of(minutes, engine_ops(has));
    for (shard, members) in hottest::shards(group, load.members()) {
        let mut sums = vec![Sum::default(); minutes];
        for member in members {
            let roles = roles(group, member, load, from, minutes);
            add(&mut sums, &roles, member, has, load, from);
        }
        hottest.take(&sums, hottest::is_there(group, shard));
    }
    hottest.told()
}

/// So many minutes may be missing at the end.
const LATE_MAX: usize = 4;

/// A minute, while it is put together.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    reads: f64,
    by_replicas: f64,
    writes: f64,
    repeated: f64,
    primary: Option<f64>,
    replica: Option<f64>,
    memory: Option<f64>,
    sent: f64,
    hits: f64,
    misses: f64,
    credits: Option<f64>,
    replicas: u32,
}

impl Sum {
    /// The minute, where anything tells how busy and how full it was.
    fn minute(&self) -> Option<Minute> {
        if self.primary.is_none() && self.replica.is_none() {
            return None;
        }
        let replica = self.replica.unwrap_or_default();
        // Where nobody says to be the primary, it may be any of them.
        let (primary, writes) = match self.primary {
            Some(primary) => (primary, self.writes),
            None => (replica, self.writes.max(self.repeated)),
        };
        Some(Minute {
            reads: self.reads,
            by_replicas: self.by_replicas,
            writes,
            primary,
            replica,
            memory: self.memory?,
            sent: self.sent,
            // Of all shards together: see `Hottest`.
            misses: 0.0,
            credits: self.credits,
            replicas: self.replicas,
        })
    }
}

/// Counts for more what keeps an engine busier than any such commands do: by the mix that there is, as slow reads are reads still. What is no command
/// that CloudWatch counts, such as a script, counts as writes: only a larger node helps there. Without it a group that runs nothing but scripts would
/// seem to be asked for nothing.
fn whole(minute: Minute, engine: f64) -> Minute {
    let commands = minute.reads + minute.writes;
    let least = minute.busiest() * LEARNED.0 * engine;
    if least <= commands {
        return minute;
    }
    if commands < 1.0 {
        return Minute { writes: minute.writes + least - commands, ..minute };
    }
    let times = least / commands;
    Minute {
        reads: minute.reads * times,
        by_replicas: minute.by_replicas * times,
        writes: minute.writes * times,
        ..minute
    }
}

/// Whether a member was the primary, minute by minute. Where it did not tell, it counts as what it is now; with shards, of which nobody says that, as
/// what it told before, or after. One that is gone and told nothing counts as a replica.
fn roles(
    group: &GroupView,
    member: &MemberId,
    days: &Load,
    from: i64,
    minutes: usize,
) -> Vec<bool> {
    let now = group.members.iter().find(|it| it.id == *member).and_then(|it| it.role);
    let now = now.map(|it| it == Role::Primary);
    let mut roles = vec![now; minutes];
    let told = days.series(member, Metric::Primary);
    each(told, Metric::Primary, from, minutes, |at, value| {
        if let Some(role) = roles.get_mut(at) {
            *role = Some(0.5 < value);
        }
    });
    let first = told.first().is_some_and(|it| 0.5 < it.value);
    let carried = roles.into_iter().scan(first, |last, role| {
        *last = role.unwrap_or(*last);
        Some(*last)
    });
    carried.collect()
}

/// Adds what one member says.
fn add(sums: &mut [Sum], roles: &[bool], member: &MemberId, has: &Entry, days: &Load, from: i64) {
    let minutes = sums.len();
    let mut busy: Vec<Option<f64>> = vec![None; minutes];
    let mut raise = |metric: Metric, times: f64| {
        each(days.series(member, metric), metric, from, minutes, |at, value| {
            if let Some(busy) = busy.get_mut(at) {
                let value = (value / 100.0 * times).min(1.0);
                *busy = Some(busy.map_or(value, |it| it.max(value)));
            }
        });
    };
    raise(Metric::EngineCpu, 1.0);
    // On so few vCPUs the host has no room beside the engine's thread, and what AWS does there takes from it (autoscaling B.3, D.8).
    if has.vcpu <= VCPUS_FEW {
        raise(Metric::Cpu, f64::from(has.vcpu));
    }
    for ((sum, is_primary), busy) in sums.iter_mut().zip(roles).zip(&busy) {
        let Some(busy) = *busy else { continue };
        let of = if *is_primary { &mut sum.primary } else { &mut sum.replica };
        *of = Some(of.map_or(busy, |it| it.max(busy)));
        sum.replicas += u32::from(!is_primary);
    }
    let mut take = |metric: Metric, put: &dyn Fn(&mut Sum, bool, f64)| {
        each(days.series(member, metric), metric, from, minutes, |at, value| {
            if let (Some(sum), Some(is_primary)) = (sums.get_mut(at), roles.get(at)) {
                put(sum, *is_primary, value);
            }
        });
    };
    let seconds = 60.0 * days.minutes_together();
    take(Metric::Reads, &|sum, is_primary, value| {
        sum.reads += value / seconds;
        sum.by_replicas += if is_primary { 0.0 } else { value / seconds };
    });
    // Replicas repeat the writes of their primary; where there was a failover two of them were one.
    take(Metric::Writes, &|sum, is_primary, value| {
        let of = if is_primary { &mut sum.writes } else { &mut sum.repeated };
        *of = of.max(value / seconds);
    });
    take(Metric::UsedBytes, &|sum, _, value| {
        sum.memory = Some(sum.memory.map_or(value, |it| it.max(value)));
    });
    take(Metric::Sent, &|sum, _, value| sum.sent = sum.sent.max(value / seconds));
    take(Metric::Hits, &|sum, _, value| sum.hits += value);
    take(Metric::Misses, &|sum, _, value| sum.misses += value);
    take(Metric::Credits, &|sum, _, value| {
        sum.credits = Some(sum.credits.map_or(value, |it| it.min(value)));
    });
}

const VCPUS_FEW: u16 = 2;

/// Gives each sample for every minute that it is of.
fn each(
    samples: &[Sample],
    metric: Metric,
    from: i64,
    minutes: usize,
    mut take: impl FnMut(usize, f64),
) {
    for sample in samples {
        let first = sample.at.as_second().div_euclid(60) - from;
        for minute in first..first + metric.minutes() {
            if let Some(at) = usize::try_from(minute).ok().filter(|it| *it < minutes) {
                take(at, sample.value);
            }
        }
    }
}

/// The days of which only hours are known: what they held and what was asked for. How busy anybody was is not said of them.
fn hours(group: &GroupView, week: &Load, from: i64, minutes: usize) -> Vec<Option<Minute>> {
    let mut hottest = Hottest::of(minutes, 0.0);
    for (_, members) in hottest::shards(group, week.members()) {
        let mut sums = vec![Sum::default(); minutes];
        for member in members {
            add_hours(&mut sums, member, week, from);
        }
        // What nobody tells of a day of which only hours are told is no gap of a minute.
        hottest.take(&sums, false);
    }
    hottest.told()
}

fn add_hours(sums: &mut [Sum], member: &MemberId, week: &Load, from: i64) {
    let mut take = |metric: Metric, put: &dyn Fn(&mut Sum, f64)| {
        for sample in week.series(member, metric) {
            let first = sample.at.as_second().div_euclid(60) - from;
            for minute in first.max(0)..first + 60 {
                let at = usize::try_from(minute).ok();
                if let Some(sum) = at.and_then(|it| sums.get_mut(it)) {
                    sum.primary.get_or_insert_default();
                    put(sum, sample.value);
                }
            }
        }
    };
    take(Metric::UsedBytes, &|sum, value| {
        sum.memory = Some(sum.memory.map_or(value, |it| it.max(value)));
    });
    take(Metric::Reads, &|sum, value| sum.reads += value / 3600.0);
    take(Metric::Writes, &|sum, value| sum.writes = sum.writes.max(value / 3600.0));
}

fn places(minutes: i64) -> usize {
    usize::try_from(minutes).unwrap_or_default()
}

#[cfg(test)]
mod tests;
