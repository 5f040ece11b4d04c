//! Whether the keys fit into fewer shards.
//!
//! ElastiCache finds out itself, after an hour of moving keys perhaps, and then takes it all back (facts 4.3). What the metrics tell
//! beforehand is therefore told beforehand; where they tell nothing, it is left to ElastiCache.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Refusal, Wanted, diff};
use crate::autoscale::load::{Load, Metric, STALE_AFTER};
use crate::{Bytes, Catalog, GroupView, MemberId};

/// Whether shards are to go.
pub fn takes_shards(wanted: &Wanted, group: &GroupView) -> bool {
    diff::wanted_shape(wanted, group).shards() < diff::shape(group).shards()
}

/// What the keys of all shards take, at the latest minute for which each of them tells. Of minutes that differ, keys that moved between
/// them would count twice.
pub fn used(group: &GroupView, load: &Load, now: Timestamp) -> Option<Bytes> {
    total(group, load, Metric::UsedBytes, now).map(Bytes)
}

/// The same of any metric of keys: the sum over all shards.
pub(super) fn total(group: &GroupView, load: &Load, metric: Metric, now: Timestamp) -> Option<u64> {
    let shards: Vec<_> = if group.shards.is_empty() {
        vec![minutes(&group.member_ids, load, metric)]
    } else {
        group.shards.iter().map(|it| minutes(&it.members, load, metric)).collect()
    };
    let told_by_all = |at: &Timestamp| shards.iter().all(|it| it.contains_key(at));
    let all: BTreeSet<Timestamp> = shards.iter().flat_map(|it| it.keys().copied()).collect();
    let last = all.into_iter().rfind(told_by_all)?;
    let is_fresh = last.saturating_add(STALE_AFTER).is_ok_and(|it| now <= it);
    let sum = shards.iter().filter_map(|it| it.get(&last)).sum();
    is_fresh.then_some(sum)
}

/// What is told of the keys of a shard, minute by minute: its members all have them.
fn minutes(members: &[MemberId], load: &Load, metric: Metric) -> BTreeMap<Timestamp, u64> {
    let mut minutes = BTreeMap::new();
    for member in members {
        for (at, told) in load.whole(member, metric) {
            let most = minutes.entry(at).or_insert(told);
            *most = told.max(*most);
        }
    }
    minutes
}

/// Refuses fewer shards than the keys fit into.
pub(super) fn impossible(
    wanted: &Wanted,
    group: &GroupView,
    used: Option<Bytes>,
) -> Option<Refusal> {
    let needs = used.filter(|_| takes_shards(wanted, group))?;
    let stated = Some(&wanted.spec.node_type).filter(|_| !wanted.keep.node_type);
    let entry = Catalog::embedded().find(stated.or(group.node_type.as_ref())?)?;
    // Cold keys are on SSD there, and how full that is is not known.
    if entry.data_tiering {
        return None;
    }
    let shards = diff::wanted_shape(wanted, group).shards();
    let each = entry.maxmemory.0 / 100 * (100 - reserved_percent(wanted));
    let has = Bytes(each.saturating_mul(shards.into()));
    let node_type = entry.node_type.clone();
    (has < needs).then_some(Refusal::WouldNotFit { shards, node_type, needs, has })
}

/// What is kept free for everything but keys, of a hundred (facts 4.2).
fn reserved_percent(wanted: &Wanted) -> u64 {
    const DEFAULT: u64 = 25;
    let stated = wanted.spec.parameters.get("reserved-memory-percent");
    stated.and_then(|it| it.parse().ok()).unwrap_or(DEFAULT).min(100)
}
