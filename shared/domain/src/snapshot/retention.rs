//! Which snapshots are kept: a pure function of what is there.
//!
//! What counts is how many good ones there are, by the time at which AWS says that they were taken. No snapshot is deleted because a
//! clock says that it is old, so a clock that jumps deletes nothing.

mod generations;

use std::fmt;
use std::num::NonZeroU32;

use jiff::Timestamp;

use super::{SnapshotStatus, SnapshotView, Tier, Tiers, tier};
use crate::GroupId;

pub(super) use generations::is_in_reach as is_in_reach_of_tier;
pub use generations::sort as sort_by_tiers;

/// What becomes of a snapshot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It stays.
    Keep(Reason),
    /// It is deleted, since so many newer ones are kept.
    Drop { newer: u32 },
    /// It is deleted, since no tier of these keeps it.
    Outlived { tiers: Tiers },
}

/// Why a snapshot stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// It is the newest that can be restored from.
    Newest,
    /// It is among the newest, in this place.
    Place(u32),
    /// It is the first of a period of each of these tiers, and that one is among the latest that they keep.
    Tiers(Vec<Tier>),
    /// So many good ones always stay, and it is among the newest.
    Floor,
    /// It was not taken by the tiers, and this one keeps so old ones.
    Asked(Tier),
    /// It was not taken by the tiers, and they have not taken enough of their own.
    BeforeTiers,
    /// It was taken by tiers that the group no longer has, and not as many were taken since as are kept.
    OfTiers,
    /// It was copied from an automatic one, and what is kept beside it goes as far back.
    Promoted,
    /// We did not make it, or not of this group.
    NotOurs,
    /// It is not whole, in use, or not told when it was taken or how large it is.
    NotReady(SnapshotStatus),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep(Reason::Newest) => f.write_str("kept: the newest"),
            Self::Keep(Reason::Place(place)) => write!(f, "kept: number {place} from the newest"),
            Self::Keep(Reason::Tiers(tiers)) => write!(f, "kept: {}", tier::spoken(tiers)),
            Self::Keep(Reason::Floor) => f.write_str("kept: the newest two always stay"),
            Self::Keep(Reason::Asked(tier)) => {
                write!(f, "kept: not taken by the tiers, and no older than what {tier} keeps")
            }
            Self::Keep(Reason::BeforeTiers) => f.write_str(
                "kept: not taken by the tiers; it goes once the newest two were taken by them",
            ),
            Self::Keep(Reason::OfTiers) => f.write_str(
                "kept: taken by tiers that are no more; it goes once all that are kept were taken by number",
            ),
            Self::Keep(Reason::Promoted) => {
                f.write_str("kept: promoted, and no older than what is kept beside it")
            }
            Self::Keep(Reason::NotOurs) => {
                f.write_str("kept: not made by Cachewarden for this group")
            }
            Self::Keep(Reason::NotReady(status)) => write!(f, "kept: it is {status}"),
            Self::Drop { newer } => write!(f, "dropped: {newer} newer ones are kept"),
            Self::Outlived { tiers } => write!(f, "dropped: no tier of {tiers} keeps it"),
        }
    }
}

/// A snapshot and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted<'a> {
    /// The snapshot.
    pub snapshot: &'a SnapshotView,
    /// What becomes of it.
    pub verdict: Verdict,
}

impl Sorted<'_> {
    /// Whether it is deleted.
    pub fn is_dropped(&self) -> bool {
        matches!(self.verdict, Verdict::Drop { .. } | Verdict::Outlived { .. })
    }

    /// Whether this tier keeps it.
    pub fn is_kept_by(&self, tier: Tier) -> bool {
        matches!(&self.verdict, Verdict::Keep(Reason::Tiers(tiers)) if tiers.contains(&tier))
    }

    /// Whether it is a good one that stays.
    pub fn is_kept_by_policy(&self) -> bool {
        match &self.verdict {
            Verdict::Keep(Reason::NotOurs | Reason::NotReady(_))
            | Verdict::Drop { .. }
            | Verdict::Outlived { .. } => false,
            Verdict::Keep(
                Reason::Newest
                | Reason::Place(_)
                | Reason::Tiers(_)
                | Reason::Floor
                | Reason::Asked(_)
                | Reason::BeforeTiers
                | Reason::OfTiers
                | Reason::Promoted,
            ) => true,
        }
    }
}

/// Sorts the snapshots of a group: the newest first, then those that do not count.
pub fn sort<'a>(
    group: &GroupId,
    owner: &str,
    keep: NonZeroU32,
    snapshots: &'a [SnapshotView],
) -> Vec<Sorted<'a>> {
    let Split { good, promoted, rest } = split(group, owner, snapshots);
    let times: Vec<Timestamp> = good.iter().map(|it| it.0).collect();
    let kept = || good.iter().take(usize::try_from(keep.get()).unwrap_or(usize::MAX));
    // Generations that took months to gather do not go in a night because a stack no longer states them.
    let has_begun = kept().all(|(_, it)| !it.is_by_tiers());
    let placed = (1_u32..).zip(good).map(|(place, (_, snapshot))| {
        let verdict = match place {
            1 => Verdict::Keep(Reason::Newest),
            place if place <= keep.get() => Verdict::Keep(Reason::Place(place)),
            _ if snapshot.is_by_tiers() && !has_begun => Verdict::Keep(Reason::OfTiers),
            _ => Verdict::Drop { newer: keep.get() },
        };
        Sorted { snapshot, verdict }
    });
    let promoted = promoted.into_iter().map(|(at, snapshot)| {
        let verdict = if is_in_reach(at, keep, &times) {
            Verdict::Keep(Reason::Promoted)
        } else if has_begun {
            Verdict::Drop { newer: keep.get() }
        } else {
            Verdict::Keep(Reason::OfTiers)
        };
        Sorted { snapshot, verdict }
    });
    placed.chain(promoted).chain(rest).collect()
}

/// Whether so many of a group would keep one of this age beside those of these times.
pub(super) fn is_in_reach(at: Timestamp, keep: NonZeroU32, times: &[Timestamp]) -> bool {
    let newer = times.iter().filter(|it| at < **it).count();
    u32::try_from(newer).is_ok_and(|it| it < keep.get())
}

/// When the good ones of a group were taken that were not promoted.
pub(super) fn times(group: &GroupId, owner: &str, snapshots: &[SnapshotView]) -> Vec<Timestamp> {
    split(group, owner, snapshots).good.into_iter().map(|it| it.0).collect()
}

/// The snapshots of a group, by what they count for.
struct Split<'a> {
    /// The good ones and when they were taken, the newest first.
    good: Vec<(Timestamp, &'a SnapshotView)>,
    /// Those of them that were copied from automatic ones. They take nobody's place: what somebody promotes makes no other go.
    promoted: Vec<(Timestamp, &'a SnapshotView)>,
    /// Those that neither count nor go.
    rest: Vec<Sorted<'a>>,
}

fn split<'a>(group: &GroupId, owner: &str, snapshots: &'a [SnapshotView]) -> Split<'a> {
    let mut good: Vec<(Timestamp, &SnapshotView)> = Vec::new();
    let mut rest = Vec::new();
    for snapshot in snapshots {
        // Without a size nothing proves that it holds data, and it must not push out one that does.
        let is_whole = snapshot.status == SnapshotStatus::Available && snapshot.size.is_some();
        let ready = snapshot.data_at().filter(|_| is_whole);
        match (snapshot.is_ours(group, owner), ready) {
            (true, Some(at)) => good.push((at, snapshot)),
            (true, None) => {
                let reason = Reason::NotReady(snapshot.status.clone());
                rest.push(Sorted { snapshot, verdict: Verdict::Keep(reason) });
            }
            (false, _) => rest.push(Sorted { snapshot, verdict: Verdict::Keep(Reason::NotOurs) }),
        }
    }
    // Two that were taken at the same moment are told apart by name, so that every run sorts them alike.
    good.sort_by(|one, other| (other.0, &other.1.name).cmp(&(one.0, &one.1.name)));
    let (promoted, good) = good.into_iter().partition(|it| it.1.is_promoted());
    Split { good, promoted, rest }
}

/// The newest that can be restored from, whoever uses it at the moment. One that was promoted does not stand for one that is missing.
pub fn newest<'a>(
    group: &GroupId,
    owner: &str,
    snapshots: &'a [SnapshotView],
) -> Option<&'a SnapshotView> {
    snapshots
        .iter()
        .filter(|it| it.status.is_whole() && it.size.is_some() && it.is_ours(group, owner))
        .filter(|it| !it.is_promoted())
        .filter_map(|it| Some(((it.taken_at?, &it.name), it)))
        .max_by_key(|(order, _)| *order)
        .map(|(_, it)| it)
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::{Origin, sample};
    use crate::{Tags, tag};

    pub(in crate::snapshot) fn owner() -> String {
        crate::snapshot::owner(&orders(), &sample::policy())
    }

    pub(in crate::snapshot) fn orders() -> GroupId {
        GroupId::parse("orders").unwrap()
    }

    fn keep(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    fn daily(day: u8) -> SnapshotView {
        sample::snapshot("orders", &format!("2026-01-{day:02}T03:00:00Z"))
    }

    #[track_caller]
    fn check(snapshots: &[SnapshotView], expected: &[&str]) {
        let said: Vec<_> = sort(&orders(), &owner(), keep(2), snapshots)
            .iter()
            .map(|it| format!("{} {}", it.snapshot.name, it.verdict))
            .collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn the_newest_are_kept_in_whatever_order_they_come() {
        check(
            &[daily(2), daily(4), daily(1), daily(3)],
            &[
                "orders-daily-202601040300 kept: the newest",
                "orders-daily-202601030300 kept: number 2 from the newest",
                "orders-daily-202601020300 dropped: 2 newer ones are kept",
                "orders-daily-202601010300 dropped: 2 newer ones are kept",
            ],
        );
    }

    #[test]
    fn what_is_not_whole_neither_counts_nor_goes() {
        let failed = SnapshotView { status: SnapshotStatus::Failed, ..daily(4) };
        let timeless = SnapshotView { taken_at: None, ..daily(5) };
        let empty = SnapshotView { size: None, ..daily(6) };
        check(
            &[daily(1), daily(2), failed, timeless, empty],
            &[
                "orders-daily-202601020300 kept: the newest",
                "orders-daily-202601010300 kept: number 2 from the newest",
                "orders-daily-202601040300 kept: it is failed",
                "orders-daily-202601050300 kept: it is available",
                "orders-daily-202601060300 kept: it is available",
            ],
        );
    }

    #[test]
    fn the_time_of_aws_counts_and_not_the_name() {
        // Taken while our clock was a year ahead: by its name it would be the newest for a year.
        let ahead = SnapshotView {
            taken_at: daily(1).taken_at,
            ..sample::snapshot("orders", "2027-01-01T03:00:00Z")
        };
        check(
            &[ahead, daily(2), daily(3)],
            &[
                "orders-daily-202601030300 kept: the newest",
                "orders-daily-202601020300 kept: number 2 from the newest",
                "orders-daily-202701010300 dropped: 2 newer ones are kept",
            ],
        );
    }

    #[test]
    fn what_tiers_took_goes_only_after_all_that_are_kept_were_taken_by_number() {
        let by_tiers = |day: u8| sample::by_tiers("orders", &format!("2026-01-{day:02}T03:00:00Z"));
        let of_tiers = "kept: taken by tiers that are no more; it goes once all that are kept were taken by number";
        check(
            &[by_tiers(1), daily(2), by_tiers(3), daily(4)],
            &[
                "orders-daily-202601040300 kept: the newest",
                "orders-daily-202601030300 kept: number 2 from the newest",
                "orders-daily-202601020300 dropped: 2 newer ones are kept",
                &format!("orders-daily-202601010300 {of_tiers}"),
            ],
        );
        check(
            &[by_tiers(1), daily(2), daily(3)],
            &[
                "orders-daily-202601030300 kept: the newest",
                "orders-daily-202601020300 kept: number 2 from the newest",
                "orders-daily-202601010300 dropped: 2 newer ones are kept",
            ],
        );
    }

    #[test]
    fn the_newest_may_be_in_use() {
        let in_use = SnapshotView { status: SnapshotStatus::Restoring, ..daily(3) };
        let snapshots =
            [daily(1), in_use, SnapshotView { status: SnapshotStatus::Creating, ..daily(4) }];
        assert_eq!(
            newest(&orders(), &owner(), &snapshots).unwrap().name,
            "orders-daily-202601030300"
        );
        assert_eq!(newest(&orders(), &owner(), &[]), None);
    }

    fn any_snapshot() -> impl Strategy<Value = SnapshotView> {
        let status = prop::sample::select(vec![
            "available",
            "available",
            "available",
            "available",
            "creating",
            "failed",
            "restoring",
            "deleting",
            "odd",
        ]);
        (0..400_i64, status, 0..12_u8, any::<bool>()).prop_map(
            |(hour, status, oddity, timeless)| {
                let tick = "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap();
                let tick = tick.saturating_add(SignedDuration::from_hours(hour)).unwrap();
                let mut it = sample::snapshot("orders", &tick.to_string());
                it.status = SnapshotStatus::parse(status);
                match oddity {
                    0 => it.tags = None,
                    1 => it.tags = Some(Tags::from([(tag::GROUP.to_owned(), "orders".to_owned())])),
                    2 => it.origin = Origin::Automated,
                    3 => it.name = format!("by-hand-{hour}"),
                    4 => it = sample::snapshot("orders-eu", &tick.to_string()),
                    5 if timeless => it.taken_at = None,
                    6 => it.size = None,
                    7 => {
                        let theirs = Tags::from([(
                            tag::OWNER.to_owned(),
                            "a stack that is gone".to_owned(),
                        )]);
                        it.tags.get_or_insert_default().extend(theirs);
                    }
                    _ => {}
                }
                it
            },
        )
    }

    pub(in crate::snapshot) fn any_shelf() -> impl Strategy<Value = Vec<SnapshotView>> {
        prop::collection::vec(any_snapshot(), 0..30).prop_map(|mut shelf| {
            // AWS takes a name once.
            shelf.sort_by(|one, other| one.name.cmp(&other.name));
            shelf.dedup_by(|one, other| one.name == other.name);
            shelf
        })
    }

    fn dropped(group: &GroupId, keep: NonZeroU32, shelf: &[SnapshotView]) -> Vec<SnapshotView> {
        let sorted = sort(group, &owner(), keep, shelf);
        sorted.into_iter().filter(Sorted::is_dropped).map(|it| it.snapshot.clone()).collect()
    }

    pub(in crate::snapshot) fn usable(shelf: &[SnapshotView]) -> Vec<&SnapshotView> {
        let is_usable = |it: &&SnapshotView| {
            it.status == SnapshotStatus::Available
                && it.taken_at.is_some()
                && it.size.is_some()
                && it.is_ours(&orders(), &owner())
        };
        shelf.iter().filter(is_usable).collect()
    }

    proptest! {
        #[test]
        fn every_snapshot_gets_one_verdict(shelf in any_shelf(), count in 1..10_u32) {
            let orders = orders();
            let sorted = sort(&orders, &owner(), keep(count), &shelf);
            let mut names: Vec<_> = sorted.iter().map(|it| &it.snapshot.name).collect();
            names.sort();
            prop_assert_eq!(names, shelf.iter().map(|it| &it.name).collect::<Vec<_>>());
        }

        #[test]
        fn exactly_as_many_stay_as_are_to_be_kept(shelf in any_shelf(), count in 1..10_u32) {
            let gone = dropped(&orders(), keep(count), &shelf).len();
            let usable = usable(&shelf).len();
            prop_assert_eq!(gone, usable.saturating_sub(usize::try_from(count).unwrap()));
        }

        #[test]
        fn nothing_goes_that_is_not_ours_and_whole(shelf in any_shelf(), count in 1..10_u32) {
            for it in dropped(&orders(), keep(count), &shelf) {
                prop_assert!(it.is_ours(&orders(), &owner()) && it.status == SnapshotStatus::Available, "{}", it.name);
                prop_assert_eq!(it.origin, Origin::Manual);
            }
        }

        #[test]
        fn nothing_goes_that_is_newer_than_what_stays(shelf in any_shelf(), count in 1..10_u32) {
            let gone = dropped(&orders(), keep(count), &shelf);
            let stays = usable(&shelf).into_iter().filter(|it| !gone.contains(it));
            let oldest_kept = stays.filter_map(|it| it.taken_at).min();
            for it in &gone {
                prop_assert!(it.taken_at <= oldest_kept);
            }
            if let Some(newest) = newest(&orders(), &owner(), &shelf) {
                prop_assert!(!gone.contains(newest));
            }
        }

        #[test]
        fn deleting_what_goes_leaves_nothing_to_go(shelf in any_shelf(), count in 1..10_u32) {
            let gone = dropped(&orders(), keep(count), &shelf);
            let left: Vec<_> = shelf.iter().filter(|it| !gone.contains(it)).cloned().collect();
            prop_assert!(dropped(&orders(), keep(count), &left).is_empty());
        }

        #[test]
        fn a_death_in_the_middle_changes_nothing(shelf in any_shelf(), count in 1..10_u32, at in 0..30_usize) {
            let gone = dropped(&orders(), keep(count), &shelf);
            let first: Vec<_> = gone.iter().rev().take(at).cloned().collect();
            let left: Vec<_> = shelf.iter().filter(|it| !first.contains(it)).cloned().collect();
            let rest = dropped(&orders(), keep(count), &left);
            prop_assert!(rest.iter().all(|it| gone.contains(it)));
            prop_assert_eq!(first.len() + rest.len(), gone.len());
        }

        /// That tiers took some makes none go that would not go anyhow, and what goes leaves nothing to go.
        #[test]
        fn what_tiers_took_never_goes_the_sooner(shelf in any_shelf(), count in 1..10_u32, by_tiers in prop::collection::vec(any::<bool>(), 30)) {
            let mut marked = shelf.clone();
            for (it, _) in marked.iter_mut().zip(by_tiers).filter(|it| it.1) {
                it.tags.get_or_insert_default().insert(tag::TIERS.to_owned(), "daily".to_owned());
            }
            let names = |shelf: &[SnapshotView]| -> Vec<String> {
                dropped(&orders(), keep(count), shelf).into_iter().map(|it| it.name).collect()
            };
            let (gone, unmarked) = (names(&marked), names(&shelf));
            prop_assert!(gone.iter().all(|it| unmarked.contains(it)));
            marked.retain(|it| !gone.contains(&it.name));
            prop_assert_eq!(names(&marked), Vec::<String>::new());
        }

        #[test]
        fn the_order_of_arrival_does_not_matter(shelf in any_shelf(), count in 1..10_u32) {
            let mut turned = shelf.clone();
            turned.reverse();
            let name = |shelf: &[SnapshotView]| {
                dropped(&orders(), keep(count), shelf).into_iter().map(|it| it.name).collect::<Vec<_>>()
            };
            prop_assert_eq!(name(&shelf), name(&turned));
        }
    }
}
