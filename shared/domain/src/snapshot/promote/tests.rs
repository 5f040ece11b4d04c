//! Tests of promotions: what is copied where, what is refused, and that nothing else goes for it.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::Bytes;
use crate::snapshot::prune::{Prune, PruneView};
use crate::snapshot::retention;
use crate::snapshot::retention::tests::{any_shelf, orders, owner};
use crate::snapshot::sample;

/// A Wednesday.
const AUTOMATIC: &str = "automatic.orders-002-2026-01-07-03-00";
const AT: &str = "2026-01-07T03:00:40Z";
const POLICY: &str = "hourly=24 daily=7 weekly=4";

fn automatic(at: &str) -> SnapshotView {
    let model = sample::snapshot("orders", at);
    let name = AUTOMATIC.to_owned();
    SnapshotView { name, origin: Origin::Automated, tags: None, ..model }
}

fn policy(keep: &str) -> Tags {
    let mut tags = sample::policy();
    tags.insert(tag::SNAPSHOT_KEEP.to_owned(), keep.to_owned());
    tags
}

/// A group that keeps so, and what its tiers took at these times.
fn view(keep: &str, stock: &[&str]) -> PromoteView {
    PromoteView {
        source: Some(automatic(AT)),
        group: Some((orders(), policy(keep))),
        stock: stock.iter().map(|it| sample::by_tiers("orders", it)).collect(),
        copy: None,
    }
}

fn promote(tier: Option<Tier>) -> Promote {
    Promote { which: Which::This(AUTOMATIC.to_owned()), tier }
}

/// What comes of the step, as AWS tells of it: with the time of the data, or of the copying.
fn copy(source: &SnapshotView, step: PromoteStep, copied_at: Option<Timestamp>) -> SnapshotView {
    let PromoteStep::Copy { from, name, tags } = step;
    assert_eq!(from, source.name);
    SnapshotView {
        name: name.to_string(),
        origin: Origin::Manual,
        status: SnapshotStatus::Available,
        taken_at: copied_at.or(source.taken_at),
        tags: Some(tags),
        ..source.clone()
    }
}

#[track_caller]
fn check(promote: &Promote, view: &PromoteView, expected: &str) {
    let said = match promote.plan(view) {
        Next::Settled => match promote.served_by(view) {
            Some(name) => format!("settled by {name}"),
            None => "settled".to_owned(),
        },
        Next::Wait(wait) => format!("wait: {}", wait.on),
        Next::Refuse(refusal) => format!("refuse: {refusal}"),
        Next::Do(PromoteStep::Copy { from, name, .. }) => format!("{from} to {name}"),
    };
    assert_eq!(said, expected);
}

#[test]
fn its_name_and_tags_tell_group_tier_and_the_time_of_the_data() {
    let view = view(POLICY, &[]);
    let Next::Do(PromoteStep::Copy { name, tags, .. }) = promote(Some(Tier::Daily)).plan(&view)
    else {
        panic!("nothing is copied");
    };
    assert_eq!(name.as_str(), "orders-daily-202601070300");
    assert_eq!(Some(&name), promote(Some(Tier::Daily)).name(&view).as_ref());
    assert_eq!(tags[tag::GROUP], "orders");
    assert_eq!(tags[tag::OWNER], owner());
    assert_eq!(tags[tag::TIER], "daily");
    assert_eq!(tags[tag::PROMOTED], format!("{AUTOMATIC} taken {AT}"));
    assert_eq!(tags.get(tag::TIERS), None);
    assert!(tags.values().all(|it| tag::is_legal_value(it)));
}

#[test]
fn where_no_tier_is_named_it_is_the_least_frequent_that_wants_one() {
    let copied = |name: &str| format!("{AUTOMATIC} to {name}");
    check(&promote(None), &view(POLICY, &[]), &copied("orders-weekly-202601070300"));
    let monday = "2026-01-05T00:05:00Z";
    check(&promote(None), &view(POLICY, &[monday]), &copied("orders-daily-202601070300"));
    let night = [monday, "2026-01-07T00:05:00Z"];
    check(&promote(None), &view(POLICY, &night), &copied("orders-hourly-202601070300"));
    let all = [monday, "2026-01-07T00:05:00Z", "2026-01-07T03:05:00Z"];
    check(&promote(None), &view(POLICY, &all), "settled by orders-daily-202601050005");
    // Groups that keep by number, or none by schedule, keep one as if a person had taken it.
    check(&promote(None), &view("7", &[]), &copied("orders-daily-202601070300"));
    check(&promote(Some(Tier::Monthly)), &view("0", &[]), &copied("orders-monthly-202601070300"));
}

#[test]
fn a_period_that_has_one_gets_no_other() {
    let monday = view(POLICY, &["2026-01-05T00:05:00Z"]);
    check(&promote(Some(Tier::Weekly)), &monday, "settled by orders-daily-202601050005");
    // What failed, or is another's, is none.
    for spoil in [
        |it: &mut SnapshotView| it.status = SnapshotStatus::Failed,
        |it: &mut SnapshotView| it.tags = None,
    ] {
        let mut view = monday.clone();
        view.stock.iter_mut().for_each(spoil);
        let expected = format!("{AUTOMATIC} to orders-weekly-202601070300");
        check(&promote(Some(Tier::Weekly)), &view, &expected);
    }
}

#[test]
fn another_copy_is_there_for_its_own_tier_only() {
    let mut seen = view(POLICY, &[]);
    let mut other = automatic("2026-01-06T03:00:40Z");
    other.name = "automatic.orders-002-2026-01-06-03-00".to_owned();
    let of_other = Promote { which: Which::This(other.name.clone()), tier: None };
    let of_other_view = PromoteView { source: Some(other.clone()), ..seen.clone() };
    let Next::Do(step) = of_other.plan(&of_other_view) else { panic!("nothing is copied") };
    seen.stock.push(copy(&other, step, None));
    check(&promote(Some(Tier::Weekly)), &seen, "settled by orders-weekly-202601060300");
    let expected = format!("{AUTOMATIC} to orders-daily-202601070300");
    check(&promote(None), &seen, &expected);
}

#[test]
fn a_copy_that_was_begun_is_followed_and_none_is_made() {
    for (copied_at, tier) in [(None, None), (Some("2026-01-09T12:00:00Z"), Some(Tier::Weekly))] {
        let mut seen = view(POLICY, &[]);
        let Next::Do(step) = promote(tier).plan(&seen) else { panic!("nothing is copied") };
        let copied_at = copied_at.map(|it| it.parse().unwrap());
        let copy = copy(&automatic(AT), step, copied_at);
        // Its source is in use meanwhile, and the tags are kept back.
        let source = seen.source.as_mut().unwrap();
        source.status = SnapshotStatus::Copying;
        let creating = SnapshotStatus::Creating;
        seen.copy = Some(SnapshotView { status: creating, size: None, tags: None, ..copy.clone() });
        check(&promote(tier), &seen, "wait: the snapshot orders-weekly-202601070300 to finish");
        seen.source = Some(automatic(AT));
        seen.stock.push(copy.clone());
        seen.copy = Some(copy);
        check(&promote(tier), &seen, "settled");
        // Whoever leaves the tier open again means the same copy, and not one for the next tier.
        let name = promote(None).name(&seen).unwrap();
        assert_eq!(name.as_str(), "orders-weekly-202601070300");
    }
}

#[test]
fn the_copy_of_one_that_is_gone_is_found_by_its_tags() {
    let mut seen = view(POLICY, &[]);
    let Next::Do(step) = promote(None).plan(&seen) else { panic!("nothing is copied") };
    let copy = copy(&automatic(AT), step, None);
    let tags = copy.tags.clone().unwrap();
    for (tier, expected) in [(None, true), (Some(Tier::Weekly), true), (Some(Tier::Daily), false)] {
        assert_eq!(promote(tier).is_copy(&tags), expected, "{tier:?}");
    }
    let longer = Promote { which: Which::This(format!("{AUTOMATIC}0")), tier: None };
    let shorter = Promote { which: Which::This("automatic.orders".to_owned()), tier: None };
    let newest = Promote { which: Which::NewestOf(orders()), tier: None };
    assert!([longer, shorter, newest].iter().all(|it| !it.is_copy(&tags)));
    (seen.source, seen.group, seen.copy) = (None, None, Some(copy));
    check(&promote(None), &seen, "settled");
    assert_eq!(promote(None).group(&seen), Some(orders()));
}

#[test]
fn what_is_handed_on_leaves_nothing_open() {
    let newest = Promote { which: Which::NewestOf(orders()), tier: None };
    let decided = newest.decided(&view(POLICY, &["2026-01-05T00:05:00Z"]));
    assert_eq!(decided, promote(Some(Tier::Daily)));
    assert_eq!(decided.to_string(), format!("promote {AUTOMATIC} into daily"));
    assert_eq!(newest.to_string(), "promote the newest automatic one");
}

#[test]
fn a_snapshot_that_is_in_use_is_waited_for() {
    for status in [SnapshotStatus::Creating, SnapshotStatus::Copying, SnapshotStatus::Restoring] {
        let mut seen = view(POLICY, &[]);
        seen.source = Some(SnapshotView { status, ..automatic(AT) });
        check(&promote(None), &seen, &format!("wait: the snapshot {AUTOMATIC} to finish"));
    }
}

#[test]
fn everything_that_speaks_against_it_is_told_together() {
    let mut seen = view(POLICY, &[]);
    let ours = sample::snapshot("orders", AT);
    seen.source = Some(SnapshotView { status: SnapshotStatus::Deleting, ..ours });
    check(
        &promote(Some(Tier::Monthly)),
        &seen,
        "refuse: the snapshot orders-daily-202601070300 is not an automatic one, so ElastiCache does not delete it and it needs no copy; name one that begins with automatic.; the snapshot orders-daily-202601070300 is deleting; name one that is available; the group keeps hourly=24 daily=7 weekly=4 and none that are monthly; name a tier that it keeps, or leave out `tier`",
    );
    seen.group = None;
    let said = "the group has no cachewarden:snapshot-keep tag; add it to have its snapshots kept";
    seen.source = Some(automatic(AT));
    check(&promote(None), &seen, &format!("refuse: {said}"));
    check(
        &promote(None),
        &PromoteView::default(),
        &format!("refuse: there is no snapshot {AUTOMATIC}"),
    );
    let newest = Promote { which: Which::NewestOf(orders()), tier: None };
    check(
        &newest,
        &PromoteView::default(),
        &format!(
            "refuse: ElastiCache has no automatic snapshot of orders that can be restored from; SnapshotRetentionLimit says how many days it keeps them; {said}"
        ),
    );
    seen = view("many", &[]);
    seen.source = Some(SnapshotView { size: None, ..automatic(AT) });
    check(
        &promote(None),
        &seen,
        &format!(
            "refuse: the snapshot {AUTOMATIC} is available but tells no size, so nothing proves that it holds data; the tag cachewarden:snapshot-keep says \"many\": it is neither a number nor tiers such as hourly=24 daily=7; put it right to go on"
        ),
    );
}

#[test]
fn one_that_would_go_at_once_is_not_copied() {
    let too_old = |keep: &str| {
        format!(
            "refuse: the data of {AUTOMATIC} are of {AT}, and a group that keeps {keep} has enough newer ones, so that the copy would be deleted at once; keep more, or copy it by hand under a name of your own, which is never deleted"
        )
    };
    let newer = ["2026-01-08T00:05:00Z", "2026-01-09T00:05:00Z"];
    check(
        &promote(Some(Tier::Daily)),
        &view("daily=2 weekly=1", &newer),
        &too_old("daily=2 weekly=1"),
    );
    check(&promote(None), &view("daily=2", &newer), &too_old("daily=2"));
    check(&promote(None), &view("2", &newer), &too_old("2"));
    check(&promote(None), &view("3", &newer), &format!("{AUTOMATIC} to orders-daily-202601070300"));
}

#[test]
fn a_name_that_is_somebody_elses_is_not_followed() {
    let mut seen = view(POLICY, &[]);
    let foreign = sample::snapshot("orders", AT);
    seen.copy = Some(SnapshotView { tags: Some(Tags::new()), ..foreign });
    check(
        &promote(Some(Tier::Daily)),
        &seen,
        "refuse: the snapshot orders-daily-202601070300 is there already and is of somebody else; rename or delete it to go on",
    );
}

#[test]
fn the_newest_of_a_group_is_whole_and_no_other_clusters() {
    let at = |day: u8| automatic(&format!("2026-01-{day:02}T03:00:40Z"));
    let lone = SnapshotView { member: Some("orders-cache".to_owned()), ..at(9) };
    let failed = SnapshotView { status: SnapshotStatus::Failed, ..at(8) };
    let by_hand = SnapshotView { origin: Origin::Manual, ..at(7) };
    let in_use = SnapshotView { status: SnapshotStatus::Copying, ..at(6) };
    let other = SnapshotView { group: Some("billing".to_owned()), ..at(10) };
    let all = vec![at(5), lone.clone(), in_use.clone(), failed, by_hand, other];
    assert_eq!(newest(&orders(), all), Some(in_use));
    assert_eq!(newest(&orders(), vec![lone]), None);
}

fn any_policy() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "0",
        "1",
        "3",
        "9",
        "hourly=3 daily=2",
        "daily=2 weekly=1",
        "hourly=24 daily=7 weekly=4 monthly=12",
        "monthly=1",
    ])
}

/// What is on the shelf, some of it taken by tiers, and what is promoted onto it: nothing where it is refused or there.
fn any_promotion() -> impl Strategy<Value = (String, Vec<SnapshotView>, Option<SnapshotView>)> {
    let marks = prop::collection::vec(any::<bool>(), 30);
    let tier = prop::option::of(prop::sample::select(Tier::ALL.to_vec()));
    (any_policy(), any_shelf(), marks, 0..400 * 60_i64, tier, any::<bool>()).prop_map(
        |(keep, mut shelf, marks, minute, tier, keeps_time)| {
            for (it, _) in shelf.iter_mut().zip(marks).filter(|it| it.1) {
                it.tags.get_or_insert_default().insert(tag::TIERS.to_owned(), "hourly".to_owned());
            }
            let from: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            let at = from + SignedDuration::from_mins(minute);
            let source = automatic(&at.to_string());
            let seen = PromoteView {
                source: Some(source.clone()),
                group: Some((orders(), policy(keep))),
                stock: shelf.clone(),
                copy: None,
            };
            let copied_at = from + SignedDuration::from_hours(24 * 30);
            let copied = match promote(tier).plan(&seen) {
                Next::Do(step) => Some(copy(&source, step, (!keeps_time).then_some(copied_at))),
                Next::Settled | Next::Wait(_) | Next::Refuse(_) => None,
            };
            (keep.to_owned(), shelf, copied)
        },
    )
}

fn prune(keep: &str) -> Prune {
    Prune { group: orders(), tags: policy(keep) }
}

fn told(keep: &str, snapshots: &[SnapshotView]) -> Vec<(String, retention::Verdict)> {
    let view = PruneView { snapshots: snapshots.to_vec(), ..PruneView::default() };
    let sorted = prune(keep).sorted(&view);
    let mut told: Vec<_> =
        sorted.into_iter().map(|it| (it.snapshot.name.clone(), it.verdict)).collect();
    told.sort_by(|one, other| one.0.cmp(&other.0));
    told
}

proptest! {
    /// Whether or not AWS keeps the time of the data on a copy.
    #[test]
    fn a_promotion_makes_no_other_go_and_does_not_go_at_once((keep, shelf, copied) in any_promotion(), hours in 0..900_i64) {
        let copied = copied.filter(|it| shelf.iter().all(|there| there.name != it.name));
        let Some(copied) = copied else { return Ok(()) };
        let with = [&shelf[..], std::slice::from_ref(&copied)].concat();
        let (before, after) = (told(&keep, &shelf), told(&keep, &with));
        let (own, others): (Vec<_>, Vec<_>) = after.into_iter().partition(|it| it.0 == copied.name);
        prop_assert_eq!(&others, &before);
        if keep != "0" {
            prop_assert_eq!(&own[0].1, &retention::Verdict::Keep(retention::Reason::Promoted));
        }
        // Nor does it hide that one is missing, or stand for one that is due.
        let now = "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours);
        let plan = |snapshots: &[SnapshotView]| {
            prune(&keep).plan(&PruneView { snapshots: snapshots.to_vec(), ..PruneView::default() }, now)
        };
        prop_assert_eq!(plan(&with), plan(&shelf));
        let newest = |shelf: &[SnapshotView]| due::newest(&orders(), &owner(), shelf).map(|it| it.name.clone());
        prop_assert_eq!(newest(&with), newest(&shelf));
    }

    /// As many are taken after it as are kept, and then it goes, and no sooner.
    #[test]
    fn a_copy_goes_when_as_many_newer_ones_were_taken_as_are_kept(tier in 0..4_usize, keep in 1..6_u32, more in 0..3_u32) {
        let tier = Tier::ALL[tier];
        let policy = format!("{tier}={keep}");
        let mut shelf: Vec<SnapshotView> = Vec::new();
        let source = automatic(AT);
        let Next::Do(step) = promote(Some(tier)).plan(&view(&policy, &[])) else { panic!("nothing is copied") };
        let mut at: Timestamp = AT.parse().unwrap();
        for _ in 0..keep + more {
            at = tier.next(at);
            shelf.push(sample::by_tiers("orders", &at.to_string()));
        }
        let copied = copy(&source, step, Some(at));
        let is_gone = |count: u32| {
            let count = usize::try_from(count).unwrap();
            let shelf = [&shelf[..count], std::slice::from_ref(&copied)].concat();
            told(&policy, &shelf).into_iter().any(|it| it.0 == copied.name && matches!(it.1, retention::Verdict::Outlived { .. }))
        };
        prop_assert!((0..keep).all(|it| !is_gone(it)));
        // The newest two have to be the tiers' own first.
        prop_assert_eq!(is_gone(keep + more), 2 <= keep + more);
    }

    #[test]
    fn a_copy_is_as_old_as_its_data(seconds in 0..1_000_000_i64, noted in any::<bool>()) {
        let taken: Timestamp = AT.parse().unwrap();
        let later = taken + SignedDuration::from_secs(seconds);
        let mut it = sample::snapshot("orders", &later.to_string());
        if noted {
            let value = format!("{AUTOMATIC} taken {AT}");
            it.tags.get_or_insert_default().insert(tag::PROMOTED.to_owned(), value);
        }
        prop_assert_eq!(it.data_at(), Some(if noted { taken } else { later }));
        prop_assert_eq!(it.promoted_from(), noted.then_some(AUTOMATIC));
        // Data are never newer than what holds them.
        it.taken_at = Some(taken - SignedDuration::from_secs(1));
        prop_assert_eq!(it.data_at(), it.taken_at);
    }
}

#[test]
fn a_status_counts_it_and_does_not_take_it_for_the_newest() {
    let seen = view("3", &[]);
    let Next::Do(step) = promote(None).plan(&seen) else { panic!("nothing is copied") };
    let copied = copy(&automatic(AT), step, None);
    assert_eq!(copied.size, Some(Bytes(3 << 20)));
    let now = "2026-01-07T05:00:00Z".parse().unwrap();
    let standing = crate::snapshot::standing::of(&orders(), &policy("3"), &[copied], now);
    assert_eq!(
        standing.to_string(),
        "orders: none of a schedule; 1 in all; keeps 3; promoted: orders-daily-202601070300"
    );
}
