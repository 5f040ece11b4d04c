//! What is decided.

use super::super::protect::Heat;
use super::*;

/// So many thousand reads a second with a tenth of writes, and so many GiB.
fn load(thousands: f64, gib: f64) -> (f64, f64, f64) {
    (thousands * 1000.0, thousands * 100.0, gib * GIB)
}

#[test]
fn a_group_that_is_right_stays_as_it_is() {
    let group = Group::asked(size("m7g.large", 1), |_| load(60.0, 3.0));
    assert_eq!(group.choice(), Choice::Hold);
}

#[test]
fn one_that_is_far_too_large_becomes_the_cheapest_that_would_have_sufficed() {
    let mut group = Group::asked(size("m7g.2xlarge", 1), |_| load(60.0, 3.0));
    assert_eq!(group.choice(), Choice::Move(size("m7g.large", 1)));
    // Not before two days of it are known.
    group.minutes.truncate(2 * 1440 - 1);
    assert_eq!(group.choice(), Choice::Hold);
}

#[test]
fn nothing_shrinks_to_where_the_data_would_not_fit() {
    // The largest that they took in a week counts, not what they take now: 4.6 GiB are 90 % of what a large leaves.
    let group = |gib: f64| {
        Group::asked(size("m7g.2xlarge", 1), move |at| {
            load(60.0, if (600..605).contains(&at) { gib } else { 1.0 })
        })
    };
    assert_eq!(group(4.2).choice(), Choice::Move(size("m7g.large", 1)));
    assert_eq!(group(4.4).choice(), Choice::Move(size("r7g.large", 1)));
    assert_eq!(group(12.0).choice(), Choice::Hold);
}

#[test]
fn what_was_flushed_comes_back_and_its_room_is_kept() {
    let group = Group::asked(size("m7g.2xlarge", 1), |_| load(60.0, 12.0))
        .then(5 * 1440, |_| load(60.0, 1.0));
    assert_eq!(group.choice(), Choice::Hold);
    // Where the clients are gone as well for three days, it was another workload.
    let group = Group::asked(size("m7g.2xlarge", 1), |_| load(120.0, 12.0))
        .then(5 * 1440, |_| load(60.0, 1.0));
    assert_eq!(group.choice(), Choice::Move(size("m7g.large", 1)));
    let group = Group::asked(size("m7g.2xlarge", 1), |_| load(120.0, 12.0))
        .then(2 * 1440, |_| load(60.0, 1.0));
    assert_eq!(group.choice(), Choice::Hold);
}

#[test]
fn what_fills_up_again_to_where_it_was_is_not_taken_for_growth() {
    // It takes three days and ends as high as it was before it was flushed, or higher.
    let group = |most: f64| {
        let fills = move |at: i64| {
            let days = f64::from(i32::try_from(at).unwrap()) / 1440.0;
            load(60.0, (1.2 + days).min(most))
        };
        Group::asked(size("m7g.large", 1), |_| load(60.0, 4.0)).then(3 * 1440, fills)
    };
    assert_eq!(group(3.95).choice(), Choice::Hold);
    assert_eq!(group(4.2).choice(), Choice::Move(size("r7g.large", 1)));
}

#[test]
fn a_type_that_lives_on_credits_is_for_a_load_that_earns_them() {
    let group = |thousands: f64| Group::asked(size("m7g.large", 1), move |_| load(thousands, 1.0));
    assert_eq!(group(10.0).choice(), Choice::Move(size("t4g.medium", 1)));
    assert_eq!(group(40.0).choice(), Choice::Hold);
}

#[test]
fn a_group_that_grew_does_not_shrink_for_a_while_nor_after_many_changes() {
    let mut group = Group::asked(size("m7g.2xlarge", 1), |_| load(60.0, 3.0));
    group.since.grown = Some(3600 - 359);
    assert_eq!(group.choice(), Choice::Hold);
    group.since.grown = Some(3600 - 360);
    assert_eq!(group.choice(), Choice::Move(size("m7g.large", 1)));
    group.since.moves = 6;
    assert_eq!(group.choice(), Choice::Hold);
}

#[test]
fn a_small_saving_does_not_pay_for_the_change_at_once() {
    // Two thirds of the price, of which a change takes more than an hour to come back.
    let mut group = Group::asked(size("r7g.large", 1), |_| load(60.0, 3.0));
    group.since.moved = Some(3600 - 121);
    assert_eq!(group.choice(), Choice::Hold);
    group.since.moved = None;
    assert_eq!(group.choice(), Choice::Move(size("m7g.large", 1)));
}

#[test]
fn a_hot_group_grows_at_once_and_a_spike_is_left_alone() {
    let group = || Group::asked(size("m7g.large", 1), |_| load(60.0, 3.0));
    let hot = |minutes: i64| group().then(minutes, |_| load(190.0, 3.0)).choice();
    assert_eq!(hot(5), Choice::Hold);
    let Choice::Grow(Heat::Engine, to) = hot(8) else { panic!("{:?}", hot(8)) };
    assert_eq!((to.at, 1 < to.replicas), (size("m7g.large", 1).at, true));
    // One that gathers is answered while it does.
    let thousands = [90.0, 120.0, 160.0, 172.0, 185.0];
    let crowd = group().then(5, |at| load(thousands[usize::try_from(at).unwrap()], 3.0)).choice();
    assert!(matches!(crowd, Choice::Grow(Heat::Engine, _)), "{crowd:?}");
}

#[test]
fn writes_ask_for_a_larger_type_and_only_where_they_last() {
    let group = |minutes: i64| {
        Group::asked(size("m7g.large", 1), |_| (30_000.0, 60_000.0, GIB))
            .then(minutes, |_| (30_000.0, 135_000.0, GIB))
    };
    assert_eq!(group(6).choice(), Choice::Hold);
    let Choice::Grow(Heat::Engine, to) = group(10).choice() else {
        panic!("{:?}", group(10).choice())
    };
    assert!(size("m7g.large", 1).at < to.at, "{to:?}");
}

#[test]
fn a_store_that_fills_up_gets_more_memory_at_once() {
    let group =
        Group::asked(size("m7g.large", 1), |_| load(30.0, 4.0)).then(3, |_| load(30.0, 4.7));
    assert_eq!(group.choice(), Choice::Grow(Heat::Memory, size("r7g.large", 1)));
    // A cache is full by design, and its misses count.
    let mut cache = Group::asked(size("m7g.large", 1), |_| load(60.0, 9.0));
    cache.bounds.kind = Kind::Cache { misses: 0.16 };
    assert_eq!(cache.choice(), Choice::Hold);
    cache.minutes.iter_mut().rev().take(15).flatten().for_each(|it| it.misses = 0.17);
    assert_eq!(cache.choice(), Choice::Grow(Heat::Memory, size("r7g.large", 1)));
}

#[test]
fn a_cache_becomes_smaller_where_its_misses_leave_room_for_it() {
    let missing = |share: f64| {
        let mut cache = Group::asked(size("r7g.large", 1), |_| load(30.0, 9.0));
        cache.bounds.kind = Kind::Cache { misses: 0.16 };
        cache.minutes.iter_mut().flatten().for_each(|it| it.misses = share);
        cache.choice()
    };
    // Half of the memory makes 0.05 to 0.08, and 0.12 to 0.20.
    assert_eq!(missing(0.05), Choice::Move(size("m7g.large", 1)));
    assert_eq!(missing(0.12), Choice::Hold);
    assert_eq!(missing(0.15), Choice::Hold);
}

#[test]
fn nodes_that_were_just_made_are_given_the_time_to_take_their_part() {
    let mut group =
        Group::asked(size("m7g.large", 1), |_| load(30.0, 4.0)).then(3, |_| load(30.0, 4.7));
    group.since.changed = Some(3600 - 2);
    assert_eq!(group.choice(), Choice::Hold);
}

#[test]
fn at_the_end_of_what_it_may_have_that_is_told() {
    let mut group =
        Group::asked(size("m7g.2xlarge", 5), |_| load(60.0, 3.0)).then(10, |_| load(2000.0, 3.0));
    assert_eq!(group.choice(), Choice::AtItsLimit(Heat::Engine));
    group.bounds.most = 1;
    group.has.replicas = 1;
    assert_eq!(group.choice(), Choice::AtItsLimit(Heat::Engine));
}

#[test]
fn replicas_follow_the_hours_of_the_day() {
    // More than twice the load from six to twelve; the sixtieth hour of the past ends at noon of the third day.
    let by_hour = |at: i64| load(if (360..720).contains(&(at % 1440)) { 160.0 } else { 60.0 }, 3.0);
    let group = |until: i64, replicas: u32| {
        let mut group = Group::asked(size("m7g.large", replicas), by_hour);
        let cut = usize::try_from(until).unwrap();
        group.minutes.truncate(cut);
        group
    };
    let day = 2 * 1440;
    assert_eq!(group(day + 270, 1).choice(), Choice::Hold);
    // In time to be filled: what lasts is there some minutes before.
    assert_eq!(group(day + 330, 1).choice(), Choice::Replicas(size("m7g.large", 2)));
    assert_eq!(group(day + 540, 2).choice(), Choice::Hold);
    assert_eq!(group(day + 540, 1).choice(), Choice::Grow(Heat::Engine, size("m7g.large", 2)));
}

#[test]
fn no_replica_is_added_for_what_the_primary_alone_was_asked_for() {
    let after = |reads, writes| {
        let base = |_| (30_000.0, 60_000.0, GIB);
        let group = Group::asked(size("m7g.large", 1), base);
        let mut group = group.then(12, move |_| (reads, writes, GIB)).then(3, base);
        group.bounds.most = 2;
        group.choice()
    };
    assert_eq!(after(30_000.0, 135_000.0), Choice::Hold);
    // Where it was the replicas, as many as there may be help, though not enough.
    assert_eq!(after(300_000.0, 20_000.0), Choice::Replicas(size("m7g.large", 2)));
}

#[test]
fn what_is_absurd_buys_nothing_beyond_a_leap() {
    let group =
        Group::asked(size("t4g.medium", 1), |_| load(10.0, 1.0)).then(10, |_| (1e12, 1e12, GIB));
    let candidates = candidates();
    let cost = |it: Size| candidates[it.at].cost(it.replicas);
    let Choice::Grow(_, to) = group.choice() else { panic!("{:?}", group.choice()) };
    assert!(cost(to) <= 4.0 * cost(group.has), "{to:?}");
}

#[test]
fn nothing_is_changed_for_want_of_data() {
    let mut group = Group::asked(size("m7g.2xlarge", 1), |_| load(60.0, 3.0));
    group.minutes.iter_mut().step_by(4).for_each(|it| *it = None);
    assert_eq!(group.choice(), Choice::Hold);
    group.minutes.iter_mut().rev().take(10).for_each(|it| *it = None);
    assert_eq!(group.choice(), Choice::Blind);
}
