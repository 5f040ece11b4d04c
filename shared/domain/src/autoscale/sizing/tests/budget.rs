//! What a budget leaves, and what it lets be.

use super::super::ground::Ground;
use super::super::measure::measure;
use super::super::protect::Heat;
use super::super::replay::{self, Bar};
use super::*;

fn cost(it: Size) -> f64 {
    candidates().get(it.at).map_or(0.0, |of| of.cost(it.replicas))
}

/// What is decided where a size is just paid.
fn with_budget_of(mut group: Group, pays: Size) -> Choice {
    group.bounds.budget = Some(cost(pays));
    group.choice()
}

/// A group whose primary is at its end with writes for ten minutes.
fn writes(has: Size) -> Group {
    Group::asked(has, |_| (30_000.0, 60_000.0, GIB)).then(10, |_| (30_000.0, 135_000.0, GIB))
}

/// One whose replicas are with reads.
fn reads(has: Size) -> Group {
    Group::asked(has, |_| (60_000.0, 6_000.0, GIB)).then(10, |_| (400_000.0, 19_000.0, GIB))
}

#[test]
fn what_helps_less_is_taken_where_no_more_is_paid() {
    let large = size("m7g.large", 1);
    assert_eq!(writes(large).choice(), Choice::Grow(Heat::Engine, size("m7g.2xlarge", 1)));
    let paid = |it| with_budget_of(writes(large), it);
    assert_eq!(
        paid(size("m7g.xlarge", 1)),
        Choice::Grow(Heat::Engine, size("m7g.xlarge", 1)),
        "to the dollar"
    );
    // Three small ones are paid as well, and repeat the writes alone.
    assert_eq!(paid(size("m7g.large", 2)), Choice::AtItsLimit(Heat::Engine));
    let paid = |it| with_budget_of(reads(large), it);
    assert_eq!(reads(large).choice(), Choice::Grow(Heat::Engine, size("m7g.xlarge", 3)));
    assert_eq!(paid(size("m7g.large", 3)), Choice::Grow(Heat::Engine, size("m7g.large", 3)));
    assert_eq!(paid(size("m7g.large", 2)), Choice::Grow(Heat::Engine, size("m7g.large", 2)));
    assert_eq!(paid(large), Choice::AtItsLimit(Heat::Engine));
}

#[test]
fn another_node_type_is_paid_with_the_replicas_that_there_are() {
    let has = size("m7g.large", 2);
    let paid = |it| with_budget_of(writes(has), it);
    // It would end with one replica, and begin with two.
    assert!(cost(size("m7g.xlarge", 1)) < cost(size("r7g.large", 2)));
    assert_eq!(paid(size("r7g.large", 2)), Choice::AtItsLimit(Heat::Engine));
    assert_eq!(paid(size("m7g.xlarge", 2)), Choice::Grow(Heat::Engine, size("m7g.xlarge", 1)));
}

#[test]
fn replicas_follow_the_hours_no_further_than_is_paid() {
    let by_hour = |at: i64| {
        let thousands = if (360..720).contains(&(at % 1440)) { 160.0 } else { 60.0 };
        (thousands * 1000.0, thousands * 100.0, 3.0 * GIB)
    };
    let group = || {
        let mut group = Group::asked(size("m7g.large", 1), by_hour);
        group.minutes.truncate(2 * 1440 + 330);
        group
    };
    let two = size("m7g.large", 2);
    assert_eq!(with_budget_of(group(), two), Choice::Replicas(two));
    assert_eq!(with_budget_of(group(), size("m7g.large", 1)), Choice::Hold);
}

#[test]
fn where_no_number_of_replicas_suffices_there_are_as_many_as_are_paid() {
    let base = |_| (30_000.0, 60_000.0, GIB);
    let group = || {
        let group = Group::asked(size("m7g.large", 1), base);
        group.then(12, |_| (300_000.0, 20_000.0, GIB)).then(3, base)
    };
    let most = |it: u32| Choice::Replicas(size("m7g.large", it));
    assert_eq!(group().choice(), most(3));
    assert_eq!(with_budget_of(group(), size("m7g.large", 2)), most(2));
}

#[test]
fn what_is_there_is_not_made_smaller_for_a_budget_below_it() {
    let group = |has| Group::asked(has, |_| (260_000.0, 10_000.0, GIB));
    let (three, one) = (size("m7g.large", 3), size("m7g.large", 1));
    // The load asks for two of its three replicas at least.
    assert_eq!(group(three).choice(), Choice::Replicas(size("m7g.large", 2)));
    assert_eq!(with_budget_of(group(three), one), Choice::Replicas(size("m7g.large", 2)));
    assert_eq!(with_budget_of(group(size("m7g.large", 2)), one), Choice::Hold);
    // More than there are is not paid, and as many as there are stay.
    let hotter = Group::asked(size("m7g.large", 2), |_| (390_000.0, 10_000.0, GIB));
    assert_eq!(with_budget_of(hotter, one), Choice::AtItsLimit(Heat::Engine));
}

#[test]
fn what_costs_less_than_now_is_taken_though_the_budget_is_below_that_too() {
    let group = || Group::asked(size("m7g.2xlarge", 1), |_| (60_000.0, 6_000.0, 3.0 * GIB));
    assert_eq!(with_budget_of(group(), size("t4g.medium", 1)), Choice::Move(size("m7g.large", 1)));
}

#[test]
fn a_better_node_type_is_left_where_the_last_minutes_ask_for_more_of_it_than_is_paid() {
    let group = || {
        let group = Group::asked(size("m7g.xlarge", 1), |_| (60_000.0, 6_000.0, 6.0 * GIB));
        let mut group = group.then(12, |_| (190_000.0, 10_000.0, 6.0 * GIB));
        // A few minutes of overload in two days are no reason by themselves.
        group.bounds.minute = 0.001;
        group
    };
    let two = size("r7g.large", 2);
    assert_eq!(with_budget_of(group(), two), Choice::Move(two));
    assert!(cost(size("m7g.xlarge", 1)) < cost(two));
    assert_eq!(with_budget_of(group(), size("r7g.large", 1)), Choice::Hold);
}

#[test]
fn a_node_type_that_is_not_paid_is_none_to_choose() {
    // The data are growing out of what there is.
    let fills = |at: i64| {
        let days = f64::from(i32::try_from(at).unwrap()) / 1440.0;
        (60_000.0, 6_000.0, (1.2 + days).min(4.2) * GIB)
    };
    let group = |pays: Size| {
        let mut group = Group::asked(size("m7g.large", 1), |_| (60_000.0, 6_000.0, 4.0 * GIB))
            .then(3 * 1440, fills);
        group.bounds.budget = Some(cost(pays));
        group
    };
    let bars = |group: &Group| {
        let (rule, candidates) = (Rule::default(), candidates());
        let history = History::new(0, &group.minutes);
        let case = Case {
            rule: &rule,
            bounds: &group.bounds,
            candidates: &candidates,
            has: group.has,
            history,
            since: group.since,
            now: history.end(),
        };
        let measured = measure(&history, &candidates[group.has.at], usize::MAX);
        let all = replay::all(&Ground { case: &case, measured });
        all.into_iter().map(|it| it.bar).collect::<Vec<_>>()
    };
    let (memory, budget) = (Some(Bar::Memory), Some(Bar::Budget));
    let paid = group(size("r7g.large", 1));
    assert_eq!(paid.choice(), Choice::Move(size("r7g.large", 1)));
    assert_eq!(bars(&paid), [memory, memory, None, budget, budget]);
    let unpaid = group(size("m7g.large", 1));
    assert_eq!(unpaid.choice(), Choice::Hold);
    assert_eq!(bars(&unpaid), [memory, memory, budget, budget, budget]);
}

#[test]
fn the_present_node_type_is_never_barred_by_the_budget() {
    // Somebody asked for more replicas than are paid, which is told when they are added, and no reason to leave the type.
    let mut group = Group::asked(size("m7g.large", 1), |_| (20_000.0, 2_000.0, GIB));
    group.bounds.least = 2;
    group.bounds.budget = Some(cost(size("m7g.large", 1)));
    group.since.moved = Some(3600 - 60);
    assert_eq!(group.choice(), Choice::Replicas(size("m7g.large", 2)));
}
