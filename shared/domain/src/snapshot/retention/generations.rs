//! Generations: each tier keeps the first snapshot of each of its latest periods that have any.
//!
//! Periods are those of the calendar, and only those count in which a snapshot was taken, so that neither a clock nor a schedule that stood
//! still makes one go. The first of a period stays what it is however many follow, so that a tier never changes its mind.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Reason, Sorted, Split, Verdict, split, with_verified};
use crate::GroupId;
use crate::snapshot::{FLOOR, SnapshotView, Tier, Tiers, name};

/// Sorts the snapshots of a group: the newest first, then those that do not count.
pub fn sort<'a>(
    group: &GroupId,
    owner: &str,
    tiers: &Tiers,
    snapshots: &'a [SnapshotView],
) -> Vec<Sorted<'a>> {
    let Split { good, promoted, rest } = split(group, owner, snapshots);
    let times: Vec<Timestamp> = good.iter().map(|it| it.0).collect();
    let reach: Vec<(Tier, Timestamp)> = tiers
        .iter()
        .filter_map(|(tier, count)| Some((tier, reach(tier, count.get(), &times)?)))
        .collect();
    let newest: Vec<_> = good.iter().take(as_usize(FLOOR)).collect();
    let has_begun =
        newest.len() == as_usize(FLOOR) && newest.iter().all(|(_, it)| it.is_by_tiers());
    // The one before it in time follows it in the list.
    let older = times.iter().skip(1).copied().map(Some).chain([None]);
    let placed = (1_u32..).zip(good.iter().zip(older)).map(|(place, (&(at, snapshot), older))| {
        let kept_by = |(tier, reach): &(Tier, Timestamp)| {
            let start = tier.start(at);
            let is_first = older.is_none_or(|it| it < start);
            (*reach <= start && is_first).then_some(*tier)
        };
        let kept_by: Vec<Tier> = reach.iter().filter_map(kept_by).collect();
        let asked = (!snapshot.is_by_tiers())
            .then(|| name::read(group, &snapshot.name))
            .flatten()
            .map(|(tier, _)| tiers.standing_for(tier))
            .filter(|tier| reach.iter().any(|(it, reach)| it == tier && *reach <= tier.start(at)));
        let verdict = if !kept_by.is_empty() {
            Verdict::Keep(Reason::Tiers(kept_by))
        } else if place == 1 {
            Verdict::Keep(Reason::Newest)
        } else if place <= FLOOR {
            Verdict::Keep(Reason::Floor)
        } else if let Some(tier) = asked {
            Verdict::Keep(Reason::Asked(tier))
        } else if !snapshot.is_by_tiers() && !has_begun {
            Verdict::Keep(Reason::BeforeTiers)
        } else {
            Verdict::Outlived { tiers: tiers.clone() }
        };
        Sorted { snapshot, verdict }
    });
    let promoted = promoted.into_iter().map(|(at, snapshot)| {
        let tier = name::read(group, &snapshot.name).map(|it| tiers.standing_for(it.0));
        let verdict = if tier.is_some_and(|it| is_in_reach(at, it, tiers, &times)) {
            Verdict::Keep(Reason::Promoted)
        } else if has_begun {
            Verdict::Outlived { tiers: tiers.clone() }
        } else {
            Verdict::Keep(Reason::BeforeTiers)
        };
        Sorted { snapshot, verdict }
    });
    let placed: Vec<_> = placed.collect();
    with_verified(placed.into_iter().chain(promoted).chain(rest).collect())
}

/// Whether a tier would keep one of this age beside those of these times: fewer of its periods that have any came since than it keeps.
pub(in crate::snapshot) fn is_in_reach(
    at: Timestamp,
    tier: Tier,
    tiers: &Tiers,
    times: &[Timestamp],
) -> bool {
    let start = tier.start(at);
    let newer: BTreeSet<Timestamp> =
        times.iter().map(|it| tier.start(*it)).filter(|it| start < *it).collect();
    let keep = tiers.iter().find(|it| it.0 == tier).map(|it| as_usize(it.1.get()));
    keep.is_some_and(|it| newer.len() < it)
}

/// When the oldest period began that a tier keeps, of times that come the newest first.
fn reach(tier: Tier, count: u32, times: &[Timestamp]) -> Option<Timestamp> {
    let mut starts: Vec<Timestamp> = times.iter().map(|it| tier.start(*it)).collect();
    starts.dedup();
    starts.into_iter().take(as_usize(count)).next_back()
}

fn as_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::super::tests::{any_shelf, newest_verified, orders, owner, usable, with_marks};
    use super::*;
    use crate::snapshot::retention::newest;
    use crate::snapshot::sample;

    fn tiers(text: &str) -> Tiers {
        Tiers::parse(text).unwrap()
    }

    #[track_caller]
    fn check(policy: &str, snapshots: &[SnapshotView], expected: &[&str]) {
        let said: Vec<_> = sort(&orders(), &owner(), &tiers(policy), snapshots)
            .iter()
            .map(|it| format!("{} {}", &it.snapshot.name["orders-daily-".len()..], it.verdict))
            .collect();
        assert_eq!(said, expected);
    }

    fn at(time: &str) -> SnapshotView {
        sample::by_tiers("orders", time)
    }

    #[test]
    fn each_tier_keeps_the_first_of_its_latest_periods() {
        check(
            "hourly=2 daily=2 weekly=2 monthly=1",
            &[
                // A Tuesday, and the days before it.
                at("2026-02-03T02:05:00Z"),
                at("2026-02-03T01:05:00Z"),
                at("2026-02-03T00:05:00Z"),
                at("2026-02-02T05:05:00Z"),
                at("2026-02-02T00:05:00Z"),
                at("2026-02-01T00:05:00Z"),
                at("2026-01-31T00:05:00Z"),
                at("2026-01-26T00:05:00Z"),
                at("2026-01-20T00:05:00Z"),
            ],
            &[
                "202602030205 kept: hourly",
                "202602030105 kept: hourly",
                "202602030005 kept: daily",
                "202602020505 dropped: no tier of hourly=2 daily=2 weekly=2 monthly=1 keeps it",
                "202602020005 kept: daily and weekly",
                "202602010005 kept: monthly",
                "202601310005 dropped: no tier of hourly=2 daily=2 weekly=2 monthly=1 keeps it",
                "202601260005 kept: weekly",
                "202601200005 dropped: no tier of hourly=2 daily=2 weekly=2 monthly=1 keeps it",
            ],
        );
    }

    #[test]
    fn the_newest_two_stay_whatever_the_tiers_say() {
        check(
            "monthly=1",
            &[at("2026-01-01T00:05:00Z"), at("2026-01-02T00:05:00Z"), at("2026-01-03T00:05:00Z")],
            &[
                "202601030005 kept: the newest",
                "202601020005 kept: the newest two always stay",
                "202601010005 kept: monthly",
            ],
        );
        check(
            "monthly=1",
            &[at("2025-12-01T00:05:00Z"), at("2026-01-01T00:05:00Z")],
            &["202601010005 kept: monthly", "202512010005 kept: the newest two always stay"],
        );
    }

    #[test]
    fn a_schedule_that_stood_still_makes_none_go() {
        check(
            "daily=3",
            &[at("2025-01-01T00:05:00Z"), at("2025-01-02T00:05:00Z"), at("2026-01-03T00:05:00Z")],
            &["202601030005 kept: daily", "202501020005 kept: daily", "202501010005 kept: daily"],
        );
    }

    #[test]
    fn what_was_there_before_the_tiers_goes_only_after_they_have_taken_two() {
        let daily = |day: u8| sample::snapshot("orders", &format!("2026-01-{day:02}T03:00:00Z"));
        let before = [daily(5), daily(6), daily(7)];
        let by_tiers = |count: usize| {
            let new = [at("2026-01-08T00:05:00Z"), at("2026-01-09T00:05:00Z")];
            [&before[..], &new[..count]].concat()
        };
        check(
            "weekly=1",
            &by_tiers(1),
            &[
                "202601080005 kept: the newest",
                "202601070300 kept: the newest two always stay",
                // Taken daily: where there is no such tier, the next one counts for it, which keeps this week.
                "202601060300 kept: not taken by the tiers, and no older than what weekly keeps",
                "202601050300 kept: weekly",
            ],
        );
        check(
            "hourly=1",
            &by_tiers(1),
            &[
                "202601080005 kept: hourly",
                "202601070300 kept: the newest two always stay",
                "202601060300 kept: not taken by the tiers; it goes once the newest two were taken by them",
                "202601050300 kept: not taken by the tiers; it goes once the newest two were taken by them",
            ],
        );
        check(
            "hourly=1",
            &by_tiers(2),
            &[
                "202601090005 kept: hourly",
                "202601080005 kept: the newest two always stay",
                "202601070300 dropped: no tier of hourly=1 keeps it",
                "202601060300 dropped: no tier of hourly=1 keeps it",
                "202601050300 dropped: no tier of hourly=1 keeps it",
            ],
        );
    }

    #[test]
    fn what_a_person_asked_for_stays_as_long_as_its_tier() {
        let by_hand = sample::snapshot("orders", "2026-01-08T14:20:00Z");
        let days = ["08T00:05", "09T00:05", "10T00:05"].map(|it| at(&format!("2026-01-{it}:00Z")));
        let shelf = [&days[..], &[by_hand]].concat();
        check(
            "daily=3",
            &shelf,
            &[
                "202601100005 kept: daily",
                "202601090005 kept: daily",
                "202601081420 kept: not taken by the tiers, and no older than what daily keeps",
                "202601080005 kept: daily",
            ],
        );
        check(
            "daily=2",
            &shelf,
            &[
                "202601100005 kept: daily",
                "202601090005 kept: daily",
                "202601081420 dropped: no tier of daily=2 keeps it",
                "202601080005 dropped: no tier of daily=2 keeps it",
            ],
        );
    }

    fn any_tiers() -> impl Strategy<Value = Tiers> {
        (prop::collection::vec(0..6_u32, 4), 0..4_usize).prop_map(|(mut counts, one)| {
            counts[one] = counts[one].max(1);
            let words: Vec<_> =
                Tier::ALL.iter().zip(counts).map(|(it, n)| format!("{it}={n}")).collect();
            tiers(&words.join(" "))
        })
    }

    /// A shelf of any age, some of it taken by tiers, with much in one hour.
    fn any_generations() -> impl Strategy<Value = Vec<SnapshotView>> {
        (any_shelf(), prop::collection::vec((any::<bool>(), 0..9000_i64), 30)).prop_map(
            |(shelf, more)| {
                let turned = shelf.into_iter().zip(more).map(|(mut it, (by_tiers, minutes))| {
                    if let (true, Some(tags)) = (by_tiers, it.tags.as_mut()) {
                        tags.insert(crate::tag::TIERS.to_owned(), "hourly".to_owned());
                    }
                    it.taken_at = it.taken_at.map(|at| at - SignedDuration::from_mins(minutes));
                    it
                });
                turned.collect()
            },
        )
    }

    fn dropped(policy: &Tiers, shelf: &[SnapshotView]) -> Vec<SnapshotView> {
        let sorted = sort(&orders(), &owner(), policy, shelf);
        sorted.into_iter().filter(Sorted::is_dropped).map(|it| it.snapshot.clone()).collect()
    }

    proptest! {
        #[test]
        fn every_snapshot_gets_one_verdict(shelf in any_generations(), policy in any_tiers()) {
            let sorted = sort(&orders(), &owner(), &policy, &shelf);
            let mut names: Vec<_> = sorted.iter().map(|it| &it.snapshot.name).collect();
            names.sort();
            prop_assert_eq!(names, shelf.iter().map(|it| &it.name).collect::<Vec<_>>());
        }

        #[test]
        fn nothing_goes_that_is_not_ours_and_whole(shelf in any_generations(), policy in any_tiers()) {
            let usable = usable(&shelf);
            for it in dropped(&policy, &shelf) {
                prop_assert!(usable.contains(&&it), "{}", it.name);
            }
        }

        #[test]
        fn neither_the_newest_nor_the_floor_ever_goes(shelf in any_generations(), policy in any_tiers()) {
            let gone = dropped(&policy, &shelf);
            if let Some(newest) = newest(&orders(), &owner(), &shelf) {
                prop_assert!(!gone.contains(newest));
            }
            let floor = usize::try_from(FLOOR).unwrap();
            let usable = usable(&shelf).len();
            prop_assert!(usable.min(floor) <= usable - gone.len());
        }

        /// Told by counting, and not by the code's own periods: each tier has its first of each of its latest periods.
        #[test]
        fn each_tier_has_what_it_is_to_keep(shelf in any_generations(), policy in any_tiers()) {
            let gone = dropped(&policy, &shelf);
            for (tier, count) in policy.iter() {
                let mut periods: BTreeMap<Timestamp, Vec<&SnapshotView>> = BTreeMap::new();
                for it in usable(&shelf) {
                    periods.entry(tier.start(it.taken_at.unwrap())).or_default().push(it);
                }
                for (_, period) in periods.iter().rev().take(count.get().try_into().unwrap()) {
                    let first = period.iter().min_by_key(|it| it.taken_at).unwrap();
                    let stays = period.iter().filter(|it| it.taken_at == first.taken_at);
                    prop_assert!(stays.into_iter().any(|it| !gone.contains(it)), "{tier}: {}", first.name);
                }
            }
        }

        /// It stays, and makes no other go or stay.
        #[test]
        fn the_last_one_verified_never_goes_of_tiers(shelf in any_generations(), policy in any_tiers(), marked in prop::collection::vec(any::<bool>(), 30)) {
            let plain = dropped(&policy, &shelf);
            let shelf = with_marks(shelf, &marked);
            let gone = dropped(&policy, &shelf);
            let verified = newest_verified(&shelf).map(|it| it.name.as_str());
            let expected = plain.iter().map(|it| it.name.as_str()).filter(|it| Some(*it) != verified);
            let gone: Vec<_> = gone.iter().map(|it| it.name.as_str()).collect();
            prop_assert_eq!(gone, expected.collect::<Vec<_>>());
        }

        #[test]
        fn no_more_stay_than_the_tiers_say(shelf in any_generations(), policy in any_tiers()) {
            let mut shelf = shelf;
            for it in &mut shelf {
                it.tags.get_or_insert_default().insert(crate::tag::TIERS.to_owned(), "hourly".to_owned());
            }
            let kept = usable(&shelf).len() - dropped(&policy, &shelf).len();
            let sum: u32 = policy.iter().map(|it| it.1.get()).sum();
            prop_assert!(kept <= usize::try_from(sum + FLOOR).unwrap());
        }

        #[test]
        fn deleting_what_goes_leaves_nothing_to_go(shelf in any_generations(), policy in any_tiers()) {
            let gone = dropped(&policy, &shelf);
            let left: Vec<_> = shelf.iter().filter(|it| !gone.contains(it)).cloned().collect();
            prop_assert!(dropped(&policy, &left).is_empty());
        }

        /// Whichever of them were deleted, and in whatever order.
        #[test]
        fn a_death_in_the_middle_changes_nothing(shelf in any_generations(), policy in any_tiers(), some in prop::collection::vec(any::<bool>(), 30)) {
            let gone = dropped(&policy, &shelf);
            let mut some = some.into_iter();
            let first: Vec<_> = gone.iter().filter(|_| some.next().unwrap_or(true)).cloned().collect();
            let left: Vec<_> = shelf.iter().filter(|it| !first.contains(it)).cloned().collect();
            let rest = dropped(&policy, &left);
            prop_assert!(rest.iter().all(|it| gone.contains(it)));
            prop_assert_eq!(first.len() + rest.len(), gone.len());
        }

        #[test]
        fn the_order_of_arrival_does_not_matter(shelf in any_generations(), policy in any_tiers()) {
            let mut turned = shelf.clone();
            turned.reverse();
            prop_assert_eq!(dropped(&policy, &shelf), dropped(&policy, &turned));
        }
    }
}
