//! What a snapshot has of each shard, and what a shard of a new group would get of it.

use std::fmt;

use crate::Bytes;
use crate::shard::{self, Range, SLOTS};

use super::SnapshotView;

/// One shard, as it was saved. Without cluster mode there is one, with all keys.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SavedShard {
    /// How much memory its data took. Absent while it is being written.
    pub size: Option<Bytes>,
    /// Its slots; none where they are not told.
    pub slots: Vec<Range>,
}

/// What the fullest node of a new group has to hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Share {
    /// So much.
    pub size: Bytes,
    /// In one of so many shards.
    pub shards: usize,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shards {
            0 | 1 => self.size.fmt(f),
            shards => write!(f, "{} in the fullest of {shards} shards", self.size),
        }
    }
}

/// The slots that the shards of a new group keep, each those of a saved one. None where they are not told, or lie so scattered after a
/// resharding that no creation can name them: it takes one range a shard.
pub fn kept_slots(snapshot: &SnapshotView) -> Vec<Range> {
    let whole = |it: &SavedShard| match it.slots.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    let told: Option<Vec<Range>> = snapshot.shards.iter().map(whole).collect();
    told.filter(|it| are_all(it)).unwrap_or_default()
}

/// What the fullest of the new shards gets, where they have these slots: of each saved shard as much as it has of the slots of that one.
pub fn share(snapshot: &SnapshotView, slots: &[Range]) -> Share {
    let told = |it: &SavedShard| Some((it.size?, shard::count(&it.slots))).filter(|it| 0 < it.1);
    let told: Option<Vec<_>> = snapshot.shards.iter().map(told).collect();
    let size = match told.filter(|it| !it.is_empty()) {
        None => evenly(snapshot, slots.len()),
        Some(told) => {
            let saved = || snapshot.shards.iter().zip(&told);
            let part = |new: Range| {
                saved().map(|(it, (size, of))| part(*size, common(&it.slots, new), *of)).sum()
            };
            slots.iter().map(|it| part(*it)).max().unwrap_or_default()
        }
    };
    Share { size: Bytes(size), shards: slots.len() }
}

/// Where slots are not told, keys are spread evenly, more or less; but as many shards may be the same ones.
fn evenly(snapshot: &SnapshotView, shards: usize) -> u64 {
    let whole = snapshot.size.unwrap_or_default().0;
    let each = whole.div_ceil(u64::try_from(shards.max(1)).unwrap_or(u64::MAX));
    if shards != snapshot.shards.len() {
        return each;
    }
    let fullest = snapshot.shards.iter().filter_map(|it| it.size).map(|it| it.0).max();
    fullest.map_or(each, |it| it.max(each))
}

/// How many of these slots are in that range.
fn common(slots: &[Range], new: Range) -> u32 {
    let within = |(first, last): &Range| (new.0.max(*first), new.1.min(*last));
    let shared: Vec<Range> =
        slots.iter().map(within).filter(|(first, last)| first <= last).collect();
    shard::count(&shared)
}

/// So many of so many slots, of this size together.
fn part(size: Bytes, slots: u32, of: u32) -> u64 {
    let whole = u128::from(size.0) * u128::from(slots);
    u64::try_from(whole.div_ceil(u128::from(of.max(1)))).unwrap_or(u64::MAX)
}

/// Whether these are all slots, each once.
fn are_all(ranges: &[Range]) -> bool {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let end =
        sorted.into_iter().try_fold(0, |next, (first, last)| (first == next).then_some(last + 1));
    end == Some(SLOTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::new::even;
    use crate::snapshot::sample;

    const MIB: u64 = 1 << 20;

    /// Shards of so many MiB, with these slots.
    fn saved(shards: &[(u64, &str)]) -> SnapshotView {
        let mut snapshot = sample::snapshot("orders", sample::TICK);
        let slots = |it: &str| shard::ranges(it).unwrap_or_default();
        let shard = |(size, it): &(u64, &str)| SavedShard {
            size: Some(Bytes(size * MIB)),
            slots: slots(it),
        };
        snapshot.shards = shards.iter().map(shard).collect();
        snapshot.size = Some(Bytes(shards.iter().map(|it| it.0 * MIB).sum()));
        snapshot
    }

    #[track_caller]
    fn check(shards: &[(u64, &str)], kept: &[Range], new: &[Range], expected: u64) {
        let snapshot = saved(shards);
        assert_eq!(kept_slots(&snapshot), kept);
        let share = share(&snapshot, new);
        let size = share.size.0.div_ceil(MIB);
        assert_eq!((size, share.shards), (expected, new.len()));
    }

    #[test]
    fn the_same_slots_hold_what_they_held() {
        let uneven = [(0, 4095), (4096, 16383)];
        check(&[(10, "0-4095"), (90, "4096-16383")], &uneven, &uneven, 90);
    }

    #[test]
    fn other_slots_hold_their_parts() {
        // The second half has two thirds of what the second shard had.
        check(&[(10, "0-4095"), (90, "4096-16383")], &[(0, 4095), (4096, 16383)], &even(2), 60);
        check(&[(40, "0-8191"), (80, "8192-16383")], &even(2), &even(4), 40);
        check(&[(40, "0-8191"), (80, "8192-16383")], &even(2), &even(1), 120);
    }

    #[test]
    fn scattered_slots_are_spread_anew() {
        check(&[(30, "0-99,8192-16383"), (50, "100-8191")], &[], &even(2), 51);
    }

    #[test]
    fn where_slots_are_not_told_the_fullest_counts_or_the_mean() {
        check(&[(30, ""), (50, "")], &[], &even(2), 50);
        check(&[(30, ""), (50, "")], &[], &even(4), 20);
        check(&[(30, ""), (50, "")], &[], &even(1), 80);
    }

    #[test]
    fn slots_that_are_not_all_are_not_kept() {
        for shards in [
            [(1, "0-8191"), (1, "8193-16383")],
            [(1, "0-8191"), (1, "8191-16383")],
            [(1, "1-8191"), (1, "8192-16383")],
        ] {
            assert_eq!(kept_slots(&saved(&shards)), [], "{shards:?}");
        }
    }

    #[test]
    fn a_share_is_told_with_its_shards() {
        let of = |shards| Share { size: Bytes(3 << 30), shards }.to_string();
        assert_eq!(of(1), "3.0 GiB");
        assert_eq!(of(3), "3.0 GiB in the fullest of 3 shards");
    }
}
