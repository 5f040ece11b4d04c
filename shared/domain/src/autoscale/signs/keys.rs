//! Signs of keys that are not there any more: more reads miss, or a store drops what it was to keep.

use std::ops::ControlFlow::Continue;

use jiff::SignedDuration;

use super::look::{self, Look, Span};
use super::{Sign, SignKind};
use crate::MemberId;
use crate::autoscale::load::{Load, Metric};
use crate::autoscale::plan;
use crate::autoscale::policy::Data;
use crate::autoscale::sizing::Kind;

/// So many times as many reads miss.
const MISSES_TIMES: f64 = 2.0;
/// And so much more of all reads.
const MISSES_MORE: f64 = 0.05;
/// Of fewer reads in five minutes the share that missed is chance.
const READS_LEAST: f64 = 100.0;
/// What changed by no more than this share is as it was.
const FLAT: f64 = 0.20;
const DAY: SignedDuration = SignedDuration::from_hours(24);
const HOUR_MINUTES: i64 = 60;

/// Without it, keys that expire sooner than they did, or are called otherwise, look like a load that nobody can explain.
pub(super) fn misses(look: &Look<'_>) -> Option<Sign> {
    let hours = look.members().filter_map(|it| look.last(it, Metric::Misses, HOUR_MINUTES));
    let hour = hours.max_by_key(|it| it.until)?;
    let then = hour.ago(DAY);
    let (missed, before) = (missed(look, hour)?, missed(look, then)?);
    let rose = MISSES_TIMES * before <= missed && before + MISSES_MORE <= missed;
    let is_flat = |of: fn(&Look<'_>, Span) -> Option<f64>| {
        let (now, then) = (of(look, hour)?, of(look, then)?);
        Some((now - then).abs() <= FLAT * then)
    };
    // Of what is dropped for want of memory a larger size would keep more.
    let drops_more = dropped(look, then)? * (1.0 + FLAT) < dropped(look, hour)?;
    let holds = rose && is_flat(fullest)? && is_flat(commands)? && !drops_more;
    holds.then(|| Sign {
        kind: SignKind::Misses,
        seen: format!(
            "{:.1} % of the reads of {} missed in the last hour and {:.1} % in the same hour a day ago, with memory and commands the same by {:.0} % - the limit is {MISSES_TIMES:.0} times as many and {:.0} % more",
            missed * 100.0,
            look.group.id,
            before * 100.0,
            FLAT * 100.0,
            MISSES_MORE * 100.0
        ),
        advice: "keys or their TTL changed, not the load; another size does not bring them back".to_owned(),
    })
}

/// The share of reads that missed, of the members that told most of the time, where it is of enough of them.
fn missed(look: &Look<'_>, span: Span) -> Option<f64> {
    let of = |member: &MemberId| {
        let hits = look::mean(look.told(member, Metric::Hits, span)?)?;
        Some((hits, look::mean(look.told(member, Metric::Misses, span)?)?))
    };
    let all = look.members().filter_map(of);
    let (hits, misses) = all.fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    let reads = hits + misses;
    (READS_LEAST <= reads).then(|| misses / reads)
}

/// The bytes of the member that has most.
fn fullest(look: &Look<'_>, span: Span) -> Option<f64> {
    let of = |it: &MemberId| look::mean(look.told(it, Metric::UsedBytes, span)?);
    look.members().filter_map(of).max_by(f64::total_cmp)
}

/// The commands a second of all members, those that are gone since among them.
fn commands(look: &Look<'_>, span: Span) -> Option<f64> {
    let all = look.load.members().into_iter().filter_map(|it| look.commands(it, span));
    all.fold(None, |sum: Option<f64>, it| Some(sum.unwrap_or_default() + it))
}

/// The keys that were dropped for want of memory, in a part of the time.
fn dropped(look: &Look<'_>, span: Span) -> Option<f64> {
    let of = |it: &MemberId| look::mean(look.told(it, Metric::Evictions, span)?);
    let all = look.members().filter_map(of);
    all.fold(None, |sum: Option<f64>, it| Some(sum.unwrap_or_default() + it))
}

/// An engine that may drop any key drops none that was wanted, where they lay for so long (autoscaling B.1, D.7).
const BENIGN_AGE: SignedDuration = SignedDuration::from_hours(24);

/// Without it, data that was not to go goes, and the group looks as well as ever.
pub(super) fn evictions(look: &Look<'_>) -> Option<Sign> {
    let dropped = look.members().filter_map(|member| {
        let span = look.last(member, Metric::Evictions, Load::WINDOW.as_mins())?;
        let keys = look::sum(look.within(member, Metric::Evictions, span));
        (0.0 < keys).then_some((keys, member))
    });
    let (keys, member) = look::worst(dropped)?;
    if !is_store(look)? || is_benign(look, member, keys) {
        return None;
    }
    Some(Sign {
        kind: SignKind::Evictions,
        seen: format!(
            "Evictions of {member} at {keys:.0} in the last {} minutes - the limit of a store is 0",
            Load::WINDOW.as_mins()
        ),
        advice: "data went that was not to go: give it a larger type, have keys expire, or set cachewarden:autoscale-data to cache where they may go"
            .to_owned(),
    })
}

/// Whether the data is a store. Not known where that turns on parameters that nobody read.
fn is_store(look: &Look<'_>) -> Option<bool> {
    let (view, tags) = (look.view, look.group.tags.as_ref()?);
    let Continue(case) = plan::Case::of(look.catalog, view, look.group, tags, look.now) else {
        return None;
    };
    match case.policy.data {
        Some(Data::Store | Data::Cache { .. }) => {}
        None => {
            if case.own_parameters().is_some() && view.parameters.is_none() {
                return None;
            }
        }
    }
    match case.kind(view.parameters.as_ref(), view.load.as_ref()?).0 {
        Kind::Store => Some(true),
        Kind::Cache { .. } => Some(false),
    }
}

/// Whether what was dropped had lain for long, by Little's law. That tells an age only where any key may be the next: of those with a TTL alone there are
/// fewer, and they lay for less.
fn is_benign(look: &Look<'_>, member: &MemberId, keys: f64) -> bool {
    let policy = look.view.parameters.as_ref().and_then(|it| it.get("maxmemory-policy"));
    let drops_any = policy.is_some_and(|it| it.starts_with("allkeys-"));
    let items = look.load.latest(member, Metric::Items, look.now).unwrap_or_default();
    drops_any && BENIGN_AGE.as_secs_f64() * keys < items * Load::WINDOW.as_secs_f64()
}
