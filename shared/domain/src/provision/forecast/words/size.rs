//! More and fewer nodes and shards, in words.

use std::ops::RangeInclusive;

use super::super::super::Seen;
use super::super::Change;
use super::{REPLICAS, deleting, lasting};
use crate::GroupView;

/// Keys that move between shards, and nodes that come before or go after: as long as the keys take.
const RESHARDING: RangeInclusive<u32> = 15..=60;

pub(super) fn more_replicas(to: u32, shards: &[String], group: Option<&GroupView>) -> Change {
    lasting(REPLICAS, format!("add replicas, up to {to}{}", within(shards, group)))
}

pub(super) fn fewer_replicas(to: u32, shards: &[String], group: Option<&GroupView>) -> Change {
    let (has, less) = group.map_or((0, 0), |it| spare(to, shards, it));
    let what = format!("remove replicas, down to {to}{}", within(shards, group));
    let change = lasting(REPLICAS, what);
    deleting(change, &format!("{less} of {has} replicas, and the connections to them"))
}

/// How many replicas there are, and how many of them are too many in these shards.
fn spare(to: u32, shards: &[String], group: &GroupView) -> (usize, usize) {
    let to = usize::try_from(to).unwrap_or(usize::MAX);
    if !group.cluster_enabled {
        let has = group.member_ids.len().saturating_sub(1);
        return (has, has.saturating_sub(to));
    }
    let replicas = |it: &crate::shard::ShardView| it.members.len().saturating_sub(1);
    let named = group.shards.iter().filter(|it| shards.contains(&it.id));
    let less = named.map(|it| replicas(it).saturating_sub(to)).sum();
    (group.shards.iter().map(replicas).sum(), less)
}

/// Where replicas come and go.
fn within(shards: &[String], group: Option<&GroupView>) -> String {
    match shards {
        [] => String::new(),
        all if group.is_some_and(|it| it.shards.len() == all.len()) => " in each shard".to_owned(),
        [one] => format!(" in shard {one}"),
        some => format!(" in the shards {}", some.join(", ")),
    }
}

pub(super) fn of_shards(to: u32, gone: &[String], seen: &Seen) -> Change {
    let group = seen.group.as_ref();
    let has = group.map_or(0, |it| it.shards.len());
    let to = if to == 1 { "1 shard".to_owned() } else { format!("{to} shards") };
    let what = format!("spread the keys over {to} in the place of {has}");
    if gone.is_empty() {
        return lasting(RESHARDING, what);
    }
    // Where it is known, and they do not, the plan has refused it.
    let unknown = "; whether they fit, no metric tells, so ElastiCache may put them back";
    let unknown = if seen.used.is_none() { unknown } else { "" };
    let change = lasting(RESHARDING, format!("{what}{unknown}"));
    let going = group.into_iter().flat_map(|it| &it.shards).filter(|it| gone.contains(&it.id));
    let nodes: usize = going.map(|it| it.members.len()).sum();
    let named = if gone.len() == 1 { "the shard" } else { "the shards" };
    let nodes = format!("{nodes} {}", if nodes == 1 { "node" } else { "nodes" });
    deleting(change, &format!("{named} {}, {nodes}, when their keys have moved", gone.join(", ")))
}
