//! What stays and what goes, where it is kept by number.

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
    assert_eq!(newest(&orders(), &owner(), &snapshots).unwrap().name, "orders-daily-202601030300");
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
    (0..400_i64, status, 0..12_u8, any::<bool>()).prop_map(|(hour, status, oddity, timeless)| {
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
                let theirs =
                    Tags::from([(tag::OWNER.to_owned(), "a stack that is gone".to_owned())]);
                it.tags.get_or_insert_default().extend(theirs);
            }
            _ => {}
        }
        it
    })
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

/// Some of a shelf, as drills mark them.
pub(in crate::snapshot) fn with_marks(
    mut shelf: Vec<SnapshotView>,
    marked: &[bool],
) -> Vec<SnapshotView> {
    for (it, _) in shelf.iter_mut().zip(marked).filter(|it| *it.1) {
        let mark = "2026-02-01T03:04:05Z keys 7 in 600 s".to_owned();
        if let Some(tags) = it.tags.as_mut() {
            tags.insert(tag::VERIFIED.to_owned(), mark);
        }
    }
    shelf
}

/// The newest of the usable ones that was seen to restore.
pub(in crate::snapshot) fn newest_verified(shelf: &[SnapshotView]) -> Option<&SnapshotView> {
    let verified = usable(shelf).into_iter().filter(|it| it.verified().is_some());
    verified.max_by_key(|it| (it.taken_at, &it.name))
}

#[test]
fn the_newest_that_a_drill_saw_restore_stays_as_an_extra_one() {
    let marked =
        with_marks(vec![daily(1), daily(2), daily(3), daily(4)], &[true, true, false, false]);
    check(
        &marked,
        &[
            "orders-daily-202601040300 kept: the newest",
            "orders-daily-202601030300 kept: number 2 from the newest",
            "orders-daily-202601020300 kept: the newest that a drill saw restore",
            "orders-daily-202601010300 dropped: 2 newer ones are kept",
        ],
    );
}

proptest! {
    /// It stays, and makes no other go or stay.
    #[test]
    fn the_last_one_verified_never_goes(shelf in any_shelf(), count in 1..10_u32, marked in prop::collection::vec(any::<bool>(), 30)) {
        let plain = dropped(&orders(), keep(count), &shelf);
        let shelf = with_marks(shelf, &marked);
        let gone = dropped(&orders(), keep(count), &shelf);
        let verified = newest_verified(&shelf).map(|it| it.name.as_str());
        prop_assert!(gone.iter().all(|it| Some(it.name.as_str()) != verified));
        let expected = plain.iter().map(|it| it.name.as_str()).filter(|it| Some(*it) != verified);
        let gone: Vec<_> = gone.iter().map(|it| it.name.as_str()).collect();
        prop_assert_eq!(gone, expected.collect::<Vec<_>>());
    }

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
