//! What is decided over a past, and what it comes to.

#![expect(clippy::float_cmp, reason = "values are taken over as they are")]

use proptest::prelude::*;

use super::super::Why;
use super::super::walk::{FEWER, MORE, TYPE, walked};
use super::super::{clock, had};
use super::*;

#[test]
fn a_large_group_that_is_idle_would_have_shrunk_and_cost_less() {
    let outcome = idle(4).outcome();
    assert!(outcome.would.dollars < 0.6 * outcome.was.dollars, "{outcome:?}");
    let of = candidates();
    let hour = of[size("m7g.2xlarge", 2).at].cost(2);
    assert!((outcome.was.dollars - 4.0 * 24.0 * hour).abs() < 1e-6);
    assert_eq!((outcome.was.overload, outcome.was.types, outcome.was.replicas), (0, 0, 0));
    // A change of the node type cuts connections for a minute each; nothing else is felt.
    assert_eq!(outcome.would.overload, outcome.would.types);
    assert!(1 <= outcome.would.types);
    let last = outcome.sizes.last().unwrap().1;
    assert!(of[last.at].price < of[size("m7g.2xlarge", 2).at].price);
    assert_eq!(last.replicas, 1);
    assert_eq!((outcome.unknown, outcome.hidden, outcome.at_limit), (0, 0, 0));
}

#[test]
fn nothing_is_chosen_for_its_price_before_the_look_back_is_full() {
    let outcome = idle(4).outcome();
    let first = outcome.decisions.iter().find(|it| it.from.at != it.to.at).unwrap();
    assert!(1440 <= first.at, "{first:?}");
    assert!(matches!(first.why, Why::Cheaper { .. }), "{first:?}");
    assert!(first.after < first.before);
}

#[test]
fn a_group_that_outgrows_its_size_would_have_grown_and_waited_less() {
    let outcome = growing(3).outcome();
    assert!(200 < outcome.was.overload, "{outcome:?}");
    assert!(outcome.would.overload * 10 < outcome.was.overload, "{outcome:?}");
    assert!(outcome.was.dollars < outcome.would.dollars);
    assert!(outcome.decisions.iter().any(|it| it.before < it.after));
    // What was full tells no more than what it served.
    assert_eq!(outcome.hidden, outcome.was.overload);
}

#[test]
fn what_is_asked_for_takes_its_time_and_nothing_is_asked_for_meanwhile() {
    let outcome = growing(3).outcome();
    assert_eq!(outcome.sizes.len(), outcome.decisions.len() + 1);
    for (decision, (at, size)) in outcome.decisions.iter().zip(outcome.sizes.iter().skip(1)) {
        let takes = if decision.from.at != decision.to.at {
            TYPE
        } else if decision.from.replicas < decision.to.replicas {
            MORE
        } else {
            FEWER
        };
        assert_eq!((*at, *size), (decision.at + takes, decision.to));
    }
    assert!(
        outcome
            .decisions
            .windows(2)
            .all(|it| it[0].to == it[1].from && it[0].at + FEWER <= it[1].at && it[1].at % 15 == 0)
    );
}

#[test]
fn a_group_of_the_right_size_is_left_alone_and_costs_what_it_did() {
    let group = Group::asked(size("m7g.large", 1), 3 * DAY, |_| (100_000.0, 5000.0, 3.2 * GIB));
    let outcome = group.outcome();
    assert_eq!(outcome.decisions, []);
    assert_eq!(outcome.was, outcome.would);
}

#[test]
fn minutes_without_metrics_are_paid_for_and_decide_nothing() {
    let mut group = idle(4);
    // A whole day is missing where else the group would shrink first.
    group.minutes[1300..2800].fill(None);
    let outcome = group.outcome();
    assert_eq!((outcome.unknown, outcome.known()), (1500, 4 * 1440 - 1500));
    let whole = idle(4).outcome();
    assert_eq!(outcome.was.dollars, whole.was.dollars);
    assert!(outcome.decisions.iter().all(|it| it.at <= 1310 || 2800 <= it.at), "{outcome:?}");
}

#[test]
fn values_of_five_minutes_stand_for_all_five_and_are_seen_when_those_are_over() {
    let mut sparse = idle(3);
    for (at, minute) in sparse.minutes.iter_mut().enumerate() {
        if at % 5 != 0 {
            *minute = None;
        }
    }
    // As they are, four of five minutes are silent: for want of data nothing shrinks.
    assert_eq!(sparse.outcome().would.types, 0);
    sparse.every = 5;
    let outcome = sparse.outcome();
    assert_eq!(outcome.unknown, 0);
    assert!(1 <= outcome.would.types);
}

#[test]
fn nothing_is_seen_before_its_metrics_are_there() {
    let first = |every: usize| {
        let full = |at| if at < 300 { 2.0 } else { 4.6 };
        let mut group =
            Group::asked(size("m7g.large", 1), 330, |at| (1000.0, 100.0, full(at) * GIB));
        group.minutes.iter_mut().enumerate().for_each(|(at, it)| {
            if at % every != 0 {
                *it = None;
            }
        });
        (group.every, group.rule.looks) = (every, 1);
        let outcome = group.outcome();
        outcome.decisions.iter().find(|it| matches!(it.why, Why::Memory { .. })).unwrap().at
    };
    // The third minute of a full memory is 302, and metrics are two minutes late.
    assert_eq!(first(1), 304);
    // The mean of five minutes is there when they are over.
    assert_eq!(first(5), 308);
}

#[test]
fn the_replicas_of_a_past_are_read_from_its_metrics() {
    let mut group = idle(1);
    let mut set = |minutes: std::ops::Range<usize>, replicas: u32| {
        group.minutes[minutes].iter_mut().flatten().for_each(|it| it.replicas = replicas);
    };
    // One that was late for some minutes, and one that was taken away.
    set(100..107, 1);
    set(500..1440, 1);
    let at = size("m7g.2xlarge", 0).at;
    let had = |group: &Group| had::by_replicas(&group.trial().history, at);
    assert_eq!(had(&group), [(0, Size { at, replicas: 2 }), (500, Size { at, replicas: 1 })]);
    group.minutes.truncate(3);
    assert_eq!(had(&group), [(0, Size { at, replicas: 2 })]);
    group.minutes.clear();
    assert_eq!(had(&group), []);
}

#[test]
fn what_the_group_had_may_change() {
    let mut group = idle(2);
    let large = size("m7g.2xlarge", 2);
    group.had =
        vec![(-500, large), (DAY, size("m7g.xlarge", 2)), (DAY + 60, size("m7g.xlarge", 1))];
    let outcome = group.outcome();
    assert_eq!((outcome.was.types, outcome.was.replicas, outcome.was.cut), (1, 1, 1));
    let hour = |it: Size| candidates()[it.at].cost(it.replicas);
    let paid = 24.0 * hour(large)
        + hour(size("m7g.xlarge", 2))
        + 23.0 * hour(size("m7g.xlarge", 1))
        // Both sets for an hour.
        + hour(size("m7g.xlarge", 2));
    assert!((outcome.was.dollars - paid).abs() < 1e-6, "{} {paid}", outcome.was.dollars);
    assert_eq!(outcome.sizes[0], (0, large));
}

#[test]
fn a_store_is_not_made_smaller_than_its_data() {
    let mut group = Group::asked(size("m7g.2xlarge", 1), 3 * DAY, |at| {
        // Its peak is an hour on the first day.
        let data = if (600..660).contains(&at) { 15.0 } else { 1.0 };
        (2000.0, 200.0, data * GIB)
    });
    group.rule.memory_back = 7 * 1440;
    let outcome = group.outcome();
    let usable = |it: &(i64, Size)| candidates()[it.1.at].usable;
    assert!(outcome.sizes.iter().all(|it| 15.0 * GIB <= usable(it)), "{outcome:?}");
    assert_eq!(outcome.would.memory, 0);
}

#[test]
fn a_cache_that_is_given_less_memory_misses_more() {
    let mut group = Group::asked(size("m7g.xlarge", 1), 3 * DAY, |_| (2000.0, 200.0, 9.0 * GIB));
    group.bounds.kind = Kind::Cache { misses: 0.30 };
    let outcome = group.outcome();
    // Half of it is tried, half of the hits go, and it grows back at once.
    assert!(2 <= outcome.would.types, "{outcome:?}");
    assert!(outcome.decisions.iter().any(|it| matches!(it.why, Why::Misses { .. })));
    assert!(10 < outcome.would.memory && outcome.would.memory < 120, "{outcome:?}");
    // A full cache is no reason to think that more was asked for.
    assert_eq!((outcome.was.memory, outcome.hidden), (0, 0));
}

#[test]
fn a_burst_of_the_network_is_no_overload_before_it_lasts() {
    let over = |minutes: std::ops::Range<i64>| {
        let mut group = Group::asked(size("t4g.medium", 1), 600, |_| (100.0, 10.0, 0.1 * GIB));
        for at in minutes {
            group.minutes[usize::try_from(at).unwrap()].as_mut().unwrap().sent = 1e9;
        }
        group.outcome().was.network
    };
    assert_eq!((over(100..129), over(100..130), over(100..140)), (0, 1, 11));
}

#[test]
fn a_past_that_cannot_be_gone_through_says_why() {
    #[track_caller]
    fn check(change: impl Fn(&mut Group), expected: Unfit, words: &str) {
        let mut group = idle(1);
        change(&mut group);
        let told = group.tried().unwrap_err();
        assert_eq!(told, expected);
        assert!(told.to_string().contains(words), "{told}");
    }
    check(|it| it.minutes.clear(), Unfit::Empty, "the past is empty");
    check(|it| it.minutes.fill(None), Unfit::Empty, "no minute of it has metrics");
    check(|it| it.had.clear(), Unfit::NoSize, "how many replicas");
    let unknown = Unfit::Unknown { minute: 7, at: 9, count: 5 };
    check(
        |it| it.had.push((7, Size { at: 9, replicas: 1 })),
        unknown,
        "candidate 9, and there are 5",
    );
    let early = (-3, size("m7g.large", 1));
    check(|it| it.had.push(early), Unfit::Unordered(-3), "minute -3");
}

#[test]
fn a_decision_has_its_reason_and_the_price_of_a_month() {
    let outcome = growing(3).outcome();
    let first = outcome.decisions[0];
    assert!((first.before - 730.0 * candidates()[1].cost(1)).abs() < 1e-9);
    assert!((first.after - 730.0 * candidates()[first.to.at].cost(first.to.replicas)).abs() < 1e-9);
    let words = first.why.to_string();
    assert!(words.contains('%'), "{words} at {}", clock::minute(first.at, 0));
}

fn past() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    let piece = (0.0..300_000.0, 0.0..100_000.0, 0.1..12.0)
        .prop_map(|(reads, writes, gib)| (reads, writes, gib * GIB));
    prop::collection::vec(piece, 6..10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn what_comes_later_changes_no_earlier_decision(
        past in past(),
        at in 1_usize..candidates().len(),
        replicas in 1_u32..=3,
        ends in 200_usize..2800,
        silent in 2_usize..90,
        every in prop::sample::select(vec![1_usize, 5]),
    ) {
        let has = Size { at, replicas };
        let piece = |at: i64| past[usize::try_from(at / 300).unwrap() % past.len()];
        let mut group = Group::asked(has, 2 * DAY, piece);
        group.every = every;
        // Clients ask in another way from time to time, which the future must not tell either.
        for (at, it) in group.minutes.iter_mut().flatten().enumerate() {
            it.by_replicas = it.reads * [0.7, 0.1, 0.4][at / 300 % 3];
        }
        group.minutes.iter_mut().step_by(silent).for_each(|it| *it = None);
        let whole = group.outcome();
        let told = walked(&group.trial()).unwrap().told;
        prop_assert_eq!(&whole, &group.outcome());
        group.minutes.truncate(ends);
        let Ok(cut) = group.tried() else { return Ok(()) };
        let end = i64::try_from(ends).unwrap();
        let before: Vec<_> = whole.decisions.iter().filter(|it| it.at < end).copied().collect();
        prop_assert_eq!(&before, &cut.decisions);
        // Nor does it change what the metrics would have said.
        prop_assert_eq!(&told[..ends], &walked(&group.trial()).unwrap().told[..]);
        let outcome = cut.would;
        prop_assert!(outcome.overload <= ends && outcome.dollars.is_finite() && 0.0 < outcome.dollars);
    }
}
