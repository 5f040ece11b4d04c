//! The parts of the decision.

#![expect(clippy::float_cmp, reason = "values are taken over as they are")]

use super::super::ripple::Ripple;
use super::super::schedule::Wants;
use super::*;
use crate::autoscale::sizing::carry::Limits;

fn minutes(values: &[f64]) -> Vec<Option<Minute>> {
    values.iter().map(|it| Some(minute(size("m7g.large", 1), (*it, 0.0, GIB)))).collect()
}

#[test]
fn a_history_is_cut_from_its_end() {
    let minutes = minutes(&[1.0, 2.0, 3.0, 4.0]);
    let history = History::new(10, &minutes);
    let reads = |it: &History<'_>| it.known().map(|it| it.reads).collect::<Vec<_>>();
    assert_eq!(reads(&history.last(2)), [3.0, 4.0]);
    assert_eq!(reads(&history.before(1).last(2)), [2.0, 3.0]);
    assert_eq!(reads(&history.last(9)), [1.0, 2.0, 3.0, 4.0]);
    assert!(history.before(9).is_empty());
    assert_eq!(history.last(2).numbered().map(|it| it.0).collect::<Vec<_>>(), [12, 13]);
    assert_eq!((history.end(), history.last(2).end()), (14, 14));
    assert_eq!(reads(&history.between(11, 13)), [2.0, 3.0]);
    assert_eq!(
        history.last(3).between(12, 99).numbered().map(|it| it.0).collect::<Vec<_>>(),
        [12, 13]
    );
    assert_eq!(reads(&history.between(0, 11)), [1.0]);
    assert!(history.between(13, 12).is_empty() && history.between(20, 30).is_empty());
}

#[test]
fn a_minute_that_is_silent_is_none() {
    let mut minutes = minutes(&[1.0, 2.0, 3.0]);
    minutes[1] = None;
    let history = History::new(0, &minutes);
    assert_eq!((history.len(), history.known().count()), (3, 2));
    assert_eq!((history.mean(|it| it.reads), history.most(|it| it.reads)), (2.0, 3.0));
}

#[test]
fn what_lasts_is_what_more_than_a_spike_reaches() {
    let lasting = |values: &[f64]| History::new(0, &minutes(values)).lasting(|it| it.reads);
    assert_eq!(lasting(&[1.0, 9.0, 9.0, 9.0, 9.0, 9.0, 1.0]), 1.0);
    assert_eq!(lasting(&[1.0, 9.0, 9.0, 8.0, 9.0, 9.0, 9.0]), 8.0);
    assert_eq!(lasting(&[9.0, 9.0]), 0.0);
}

#[test]
fn replicas_take_reads_and_repeat_writes() {
    let busy =
        |reads, writes, replicas| carry::busy(Demand { reads, writes }, mix(), 1000.0, replicas);
    let near = |(one, other): (f64, f64), (a, b): (f64, f64)| {
        (one - a).abs() < 1e-9 && (other - b).abs() < 1e-9
    };
    assert!(near(busy(1000.0, 0.0, 1), (0.3, 0.7)));
    assert!(near(busy(1000.0, 0.0, 2), (0.3, 0.35)));
    assert!(near(busy(0.0, 1000.0, 2), (1.04, 0.8)));
    // Without a replica the reader endpoint leads to the primary.
    assert!(near(busy(1000.0, 100.0, 0), (1.1, 0.0)));
}

#[test]
fn the_fewest_replicas_that_carry_it_are_found() {
    let limits = Limits { busy: 0.5, network: 1.0 };
    let large = &candidates()[1];
    let needs = |reads, writes, most| {
        carry::replicas(Demand { reads, writes }, mix(), large, large.engine, limits, (1, most))
    };
    assert_eq!(needs(75_000.0, 0.0, 5), Some(1));
    assert_eq!(needs(150_000.0, 0.0, 5), Some(2));
    assert_eq!(needs(150_000.0, 0.0, 1), None);
    // No replica takes writes off the primary.
    assert_eq!(needs(0.0, 80_000.0, 5), None);
}

#[test]
fn a_spike_is_a_ripple_and_the_edge_of_what_lasts_is_none() {
    let mut values = vec![100.0; 1000];
    values[500..505].fill(400.0);
    let ripple = Ripple::of(&History::new(0, &minutes(&values)));
    assert!(ripple.levels.iter().all(|it| it.1.reads == 100.0));
    assert_eq!(ripple.ripples.last().unwrap().1.reads, 4.0);
    let shares: f64 = ripple.ripples.iter().map(|it| it.0).sum();
    assert!((shares - 1.0).abs() < 1e-9);
    // A job of an hour is what lasts, from its first minute to its last.
    let mut values = vec![100.0; 1000];
    values[500..560].fill(400.0);
    let ripple = Ripple::of(&History::new(0, &minutes(&values)));
    let level = |at: i64| ripple.levels.iter().find(|it| it.0 == at).unwrap().1.reads;
    assert_eq!(
        (level(480), level(500), level(530), level(555), level(570)),
        (100.0, 400.0, 400.0, 400.0, 100.0)
    );
    assert!(ripple.ripples.iter().all(|it| it.1.reads <= 1.0));
}

#[test]
fn a_day_counts_as_if_it_had_been_as_busy_as_today() {
    // The day before yesterday as today, yesterday twice that.
    let of_day = |at: usize| if (1440..2880).contains(&at) { 200.0 } else { 100.0 };
    let values: Vec<f64> = (0..3 * 1440).map(of_day).collect();
    let minutes = minutes(&values);
    let history = History::new(0, &minutes);
    let ripple = |today| Ripple::of(&history).as_today(&history, today);
    let level =
        |ripple: &Ripple, at: i64| ripple.levels.iter().find(|it| it.0 == at).unwrap().1.reads;
    // What led up to the last day was twice as busy as now, and what led up to the day before that was as busy as now.
    let even = ripple((0.1, 10.0));
    assert_eq!((level(&even, 3000), level(&even, 2000)), (50.0, 200.0));
    assert_eq!(level(&ripple((0.8, 10.0)), 3000), 80.0);
    assert_eq!(ripple((1.0, 1.0)), Ripple::of(&history));
}

#[test]
fn what_is_planned_for_is_not_hot() {
    // Else what the schedule takes away comes back by the next alarm.
    let rule = Rule::default();
    assert!(rule.plan.busy / rule.margin <= rule.hot);
}

#[test]
fn what_is_learned_of_one_type_holds_for_others_as_far_as_the_rule_says() {
    let rule = Rule { learned: 1.0, shared: 0.0, ..Rule::default() };
    assert_eq!((rule.factor(1.2, true), rule.factor(1.2, false)), (1.2, 1.0));
    let rule = Rule { learned: 0.0, shared: 1.0, ..rule };
    assert_eq!((rule.factor(1.2, true), rule.factor(1.2, false)), (1.0, 1.0));
}

#[test]
fn replicas_are_scheduled_where_they_are_worth_their_price() {
    let mut wants = Wants::new(60, (1, 3));
    for hour in 0..24 {
        let replicas = match hour {
            9..17 => Some(3),
            20 => None,
            _ => Some(1),
        };
        wants.add(hour, replicas, 60.0);
    }
    let schedule = wants.schedule(0.1, 1.0);
    let busy: Vec<usize> = (0..24).filter(|it| schedule.slots[*it] == 3).collect();
    assert_eq!(busy, (9..17).collect::<Vec<_>>());
    // What no number suffices for is not bought in vain.
    assert_eq!((schedule.slots[20], schedule.short), (1, 60.0));
    assert_eq!((schedule.at(9 * 60), schedule.at(8 * 60 + 59)), (3, 1));
    // 24 hours of two nodes, 8 of two more, and an hour of overload.
    assert!((schedule.day(0.1, 1.0) - (4.8 + 1.6 + 60.0)).abs() < 1e-9);
}

#[test]
fn an_hour_between_two_is_not_worth_a_change() {
    let mut wants = Wants::new(60, (1, 2));
    (0..24).for_each(|hour| wants.add(hour, Some(if hour % 2 == 0 { 2 } else { 1 }), 60.0));
    // A replica that begins anew costs 0.65 of an hour, one that goes on a whole one.
    assert_eq!(wants.schedule(0.1, 1.0).slots.iter().filter(|it| **it == 2).count(), 12);
    let mut wants = Wants::new(30, (1, 2));
    (0..48).for_each(|half| wants.add(half, Some(if half % 2 == 0 { 2 } else { 1 }), 30.0));
    assert_eq!(wants.schedule(0.1, 1.0).slots, vec![2; 48]);
}

#[test]
fn overload_that_is_worth_less_than_a_node_is_let_be() {
    let mut wants = Wants::new(60, (1, 2));
    (0..24).for_each(|hour| wants.add(hour, Some(1), 59.0));
    (0..24).for_each(|hour| wants.add(hour, Some(2), 1.0));
    assert_eq!(wants.schedule(0.1, 0.05).slots, vec![1; 24]);
    assert_eq!(wants.schedule(0.1, 0.2).slots, vec![2; 24]);
}
