//! Very many groups at once: how a sweep shares them out.

use crate::GroupId;
use crate::owner::short_hash;

/// The most groups of one execution. What it says of each must fit into its input together, and each takes 170 bytes at most.
pub const PART_MAX: usize = 1200;
/// On an average a part has this many at most, so that none has more than [`PART_MAX`]: hashes do not fall evenly.
const PART_MEAN_MAX: usize = 1000;

/// The most groups of one run: it looks through all snapshots of the account, and has a Lambda's time and memory for that. Where there are more,
/// each part is a run of its own.
pub const RUN_MAX: usize = PART_MEAN_MAX;

/// Into how many parts so many groups are divided.
pub fn parts(groups: usize) -> usize {
    groups.div_ceil(PART_MEAN_MAX).max(1)
}

/// The part of a group, of so many.
///
/// It goes by the group alone: an event that comes again finds each group in the same part, whichever others are due by then. What was started
/// for a part is not started twice, and no group is left out since another one took its place.
pub fn part(group: &GroupId, parts: usize) -> usize {
    let hash = u32::from_str_radix(&short_hash(group.as_str()), 16).unwrap_or_default();
    usize::try_from(hash).unwrap_or_default().checked_rem(parts).unwrap_or_default()
}

/// Shares groups out to so many parts. None of them is left out, and some parts may be empty.
pub fn shared_out(groups: Vec<GroupId>) -> Vec<Vec<GroupId>> {
    let parts = parts(groups.len());
    let mut shared_out = vec![Vec::new(); parts];
    for group in groups {
        if let Some(part) = shared_out.get_mut(part(&group, parts)) {
            part.push(group);
        }
    }
    shared_out
}

/// How long the part of this number waits: each has calls of its own to make, and they come from one account.
pub fn part_wait_seconds(number: usize) -> i64 {
    const APART_SECONDS: usize = 60;
    1 + i64::try_from(number * APART_SECONDS).unwrap_or_default()
}

/// How long the one of this number waits, so that not all of them ask at once.
///
/// As many as the state machine lets go on at once begin a second apart or nearly so. Those after them follow whenever one has ended, and have
/// no need to wait long.
pub fn wait_seconds(number: usize) -> i64 {
    1 + i64::try_from(number % STAGGER_SECONDS).unwrap_or_default()
}

const STAGGER_SECONDS: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(count: usize) -> impl Iterator<Item = GroupId> {
        (0..count).map(|it| GroupId::parse(&format!("group-{it:05}")).unwrap())
    }

    #[test]
    fn a_thousand_groups_are_one_part_and_ten_thousand_are_ten() {
        assert_eq!([0, 1, 1000, 1001, 10_000].map(parts), [1, 1, 1, 2, 10]);
        for count in [1000, 1001, 2500, 10_000] {
            let sizes: Vec<usize> =
                shared_out(groups(count).collect()).iter().map(Vec::len).collect();
            assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (parts(count), count));
            assert!(sizes.iter().all(|it| 0 < *it && *it <= PART_MAX), "{sizes:?}");
        }
    }

    #[test]
    fn the_part_of_a_group_goes_by_the_group_alone() {
        let before: Vec<_> = groups(3000).map(|it| part(&it, 3)).collect();
        let of_some: Vec<_> = groups(3000).step_by(7).map(|it| part(&it, 3)).collect();
        assert_eq!(before.into_iter().step_by(7).collect::<Vec<_>>(), of_some);
    }

    #[test]
    fn waits_are_short_and_apart() {
        let waits: Vec<_> = (0..240).map(wait_seconds).collect();
        assert_eq!((waits[0], waits[1], waits[119], waits[120]), (1, 2, 120, 1));
    }
}
