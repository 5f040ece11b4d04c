//! Signs of keys that are spread unevenly over shards.

use super::look::{self, Look};
use super::{Sign, SignKind};
use crate::autoscale::load::{Load, Metric};
use crate::shard::ShardView;
use crate::{Bytes, MemberId};

/// So many times the others is too much for one shard.
const TIMES: f64 = 2.0;
/// Up to so many percent an engine has room, whatever the others do.
const ENGINE_BUSY: f64 = 60.0;
/// Up to so many percent of `maxmemory` a shard has room, likewise.
const MEMORY_FULL: f64 = 50.0;
const ADVICE: &str = "keys are spread unevenly: reshard, or spread them by other keys or hash tags; the size goes by the hottest shard, so that all shards are as large as it";

/// Without it, the average of the shards looks well while one is hot, and all are paid for at its size (facts 4.5, autoscaling D.7).
pub(super) fn one_hot(look: &Look<'_>) -> Option<Sign> {
    let seen = busy(look).or_else(|| full(look))?;
    Some(Sign { kind: SignKind::OneHotShard, seen, advice: ADVICE.to_owned() })
}

fn busy(look: &Look<'_>) -> Option<String> {
    let (shard, member, percent, others) = outstanding(look, |it| {
        let span = look.last(it, Metric::EngineCpu, MINUTES)?;
        look::mean(look.told(it, Metric::EngineCpu, span)?)
    })?;
    let median = others.median;
    (ENGINE_BUSY < percent && TIMES * median <= percent).then(|| {
        format!(
            "EngineCPUUtilization of {member} in shard {shard} at {percent:.1} % over {MINUTES} minutes, {TIMES:.0} times or more the {median:.1} % of {others} - the limit is {ENGINE_BUSY:.0} %"
        )
    })
}

fn full(look: &Look<'_>) -> Option<String> {
    let (shard, member, bytes, others) = outstanding(look, |it| {
        let span = look.last(it, Metric::UsedBytes, MINUTES)?;
        look::most(look.within(it, Metric::UsedBytes, span))
    })?;
    let median = others.median;
    let percent = look.load.latest(member, Metric::Memory, look.now)?;
    (MEMORY_FULL < percent && TIMES * median <= bytes).then(|| {
        format!(
            "BytesUsedForCache of {member} in shard {shard} at {}, {TIMES:.0} times or more the {} of {others}, with {percent:.1} % of its memory full - the limit is {MEMORY_FULL:.0} %",
            whole(bytes),
            whole(median)
        )
    })
}

const MINUTES: i64 = Load::WINDOW.as_mins();

/// What the shards have beside the one that has most.
struct Others {
    median: f64,
    count: usize,
}

impl std::fmt::Display for Others {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.count {
            1 => f.write_str("the other"),
            count => write!(f, "the others, which are {count}, by their median"),
        }
    }
}

/// The shard that has most of something, by the member that has most of it, where every shard tells.
fn outstanding<'a>(
    look: &Look<'a>,
    of: impl Fn(&MemberId) -> Option<f64>,
) -> Option<(&'a str, &'a MemberId, f64, Others)> {
    let most = |shard: &'a ShardView| {
        let told = shard.members.iter().filter_map(|it| Some((of(it)?, it)));
        let (value, member) = look::worst(told)?;
        Some((value, (shard.id.as_str(), member)))
    };
    let mut all = look.group.shards.iter().map(most).collect::<Option<Vec<_>>>()?;
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (value, (shard, member)) = all.pop()?;
    let others: Vec<f64> = all.iter().map(|it| it.0).collect();
    Some((shard, member, value, Others { median: median(&others)?, count: others.len() }))
}

/// The value in the middle of these, which are in order, or the mean of the two.
fn median(ordered: &[f64]) -> Option<f64> {
    let upper = *ordered.get(ordered.len() / 2)?;
    let lower = *ordered.get(ordered.len().checked_sub(1)? / 2)?;
    Some(f64::midpoint(lower, upper))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "only values from 0 to 1e15 are taken in"
)]
fn whole(bytes: f64) -> Bytes {
    Bytes(bytes as u64)
}
