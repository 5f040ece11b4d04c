//! The shards of a new group, where more is to be said of them than how many there are.

use super::{Range, SLOTS, Shape};
use crate::group::NewGroup;

/// One shard of a new group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewShard {
    /// The first and the last of its slots; nothing where ElastiCache spreads them.
    pub slots: Option<Range>,
    /// How many replicas it has.
    pub replicas: u32,
    /// The zones of its nodes, the primary's first; ElastiCache chooses where there are none.
    pub zones: Vec<String>,
}

/// The shards of a new group one by one; none where their number says it all.
///
/// What a snapshot tells of its slots stays as it was. Files need slots to be put into (facts 5.7), of which each shard gets as many as the
/// others, or one more. The list of zones is walked round for each shard, which begins one further than the one before it: primaries stand
/// in all of them then, and no two neighbours in a shard in the same.
pub fn told(group: &NewGroup) -> Vec<NewShard> {
    let Shape::Sharded { shards, replicas } = group.shape else { return Vec::new() };
    let even = if group.files.is_empty() { Vec::new() } else { even(shards) };
    let told = if group.slots.is_empty() { even } else { group.slots.clone() };
    if told.is_empty() && group.zones.is_empty() {
        return Vec::new();
    }
    let mut slots = told.into_iter();
    (0..shards)
        .map(|at| NewShard {
            slots: slots.next(),
            replicas,
            zones: zones(at, replicas, &group.zones),
        })
        .collect()
}

/// The slots of so many shards, where each has as many as the others, or one more.
pub fn even(shards: u32) -> Vec<Range> {
    (0..shards).map(|at| spread(at, shards)).collect()
}

/// The slots of the shard at this place of so many, counted from 0: all are given, and those that are left over to the first of them.
fn spread(at: u32, shards: u32) -> Range {
    let (each, over) = (SLOTS / shards.max(1), SLOTS % shards.max(1));
    let begin = |at: u32| at * each + at.min(over);
    (begin(at), begin(at + 1).saturating_sub(1))
}

/// The zones of the nodes of the shard at this place, counted from 0.
fn zones(at: u32, replicas: u32, all: &[String]) -> Vec<String> {
    let count = |it: u32| usize::try_from(it).unwrap_or_default();
    let Some(first) = count(at).checked_rem(all.len()) else { return Vec::new() };
    all.iter().cycle().skip(first).take(count(replicas) + 1).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_spread_over_all_shards_without_a_gap() {
        for shards in [1, 2, 3, 5, 90, 500] {
            let all = even(shards);
            assert_eq!((all[0].0, all[all.len() - 1].1), (0, SLOTS - 1));
            for pair in all.windows(2) {
                assert_eq!(pair[0].1 + 1, pair[1].0, "of {shards}");
            }
            let sizes = all.iter().map(|(first, last)| last - first + 1);
            let (least, most) = (sizes.clone().min().unwrap(), sizes.max().unwrap());
            assert!(most - least <= 1, "{least} to {most} of {shards}");
        }
    }

    #[test]
    fn each_shard_begins_one_zone_further() {
        let all = ["a", "b", "c"].map(str::to_owned);
        let of = |at, replicas| zones(at, replicas, &all).join("");
        assert_eq!([of(0, 1), of(1, 1), of(2, 1), of(3, 1)], ["ab", "bc", "ca", "ab"]);
        assert_eq!([of(0, 0), of(1, 0)], ["a", "b"]);
        assert_eq!(of(1, 4), "bcabc");
        assert_eq!(zones(1, 1, &all[..1]).join(""), "aa");
        assert_eq!(zones(1, 1, &[]), [""; 0]);
    }
}
