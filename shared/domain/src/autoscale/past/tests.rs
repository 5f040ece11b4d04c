use jiff::SignedDuration;

use super::*;
use crate::autoscale::plan::tests::orders;
use crate::shard::ShardView;
use crate::{Catalog, NodeType};

const HAS: &str = "cache.m7g.xlarge";

fn now() -> Timestamp {
    "2026-01-10T12:00:30Z".parse().unwrap()
}

fn member(number: &str) -> MemberId {
    MemberId::parse(&format!("orders-{number}")).unwrap()
}

/// So many samples of a metric, each of so many minutes, the newest of which began so many minutes ago.
fn samples(values: &[f64], minutes: i64, newest: i64) -> Vec<Sample> {
    let start = |it: i64| {
        let second = now().as_second() / 60 * 60 - (newest + it * minutes) * 60;
        Timestamp::from_second(second).unwrap()
    };
    (0..)
        .zip(values.iter().rev())
        .map(|(it, value)| Sample { at: start(it), value: *value })
        .collect()
}

/// The last minutes of a group of which each member tells these.
fn last(has: &str, told: &[(&str, Metric, &[f64])]) -> Vec<Option<Minute>> {
    last_of(&orders().0.group.unwrap(), has, told)
}

fn last_of(group: &GroupView, has: &str, told: &[(&str, Metric, &[f64])]) -> Vec<Option<Minute>> {
    let mut days = Load::default();
    for (number, metric, values) in told {
        days.insert(&member(number), *metric, samples(values, metric.minutes(), 1));
    }
    let has = NodeType::parse(has).unwrap();
    let has = Catalog::embedded().find(&has).unwrap();
    let past = Past::of(group, has, &days, &Load::default(), now());
    let end = past.minutes.len();
    past.minutes[end - 3..].to_vec()
}

const CALM: [(&str, Metric, &[f64]); 4] = [
    ("001", Metric::EngineCpu, &[10.0, 20.0, 30.0]),
    ("002", Metric::EngineCpu, &[5.0, 15.0, 45.0]),
    ("001", Metric::UsedBytes, &[7e6, 7e6, 7e6]),
    ("002", Metric::UsedBytes, &[7e6, 8e6, 7e6]),
];

fn with(
    more: &[(&'static str, Metric, &'static [f64])],
) -> Vec<(&'static str, Metric, &'static [f64])> {
    CALM.iter().chain(more).copied().collect()
}

#[test]
fn what_members_say_is_put_together_minute_by_minute() {
    let told = with(&[
        ("001", Metric::Reads, &[6e5, 12e5, 6e5]),
        ("002", Metric::Reads, &[6e6, 12e6, 6e6]),
        ("001", Metric::Writes, &[1800.0, 1800.0, 1800.0]),
        ("002", Metric::Writes, &[1800.0, 1800.0, 1800.0]),
        ("001", Metric::Sent, &[60.0, 600.0, 60.0]),
        ("002", Metric::Sent, &[120.0, 120.0, 120.0]),
        ("001", Metric::Hits, &[90.0]),
        ("002", Metric::Hits, &[0.0]),
        ("001", Metric::Misses, &[10.0]),
        ("002", Metric::Credits, &[500.0]),
    ]);
    let minutes = last(HAS, &told);
    let one = minutes[1].unwrap();
    assert_eq!((one.reads, one.by_replicas, one.replicas), (220_000.0, 200_000.0, 1));
    assert_eq!((one.primary, one.replica), (0.2, 0.15));
    assert_eq!((one.memory, one.sent), (8e6, 10.0));
    // Those of five minutes began at 11:59 and are of no minute before.
    let newest = minutes[2].unwrap();
    assert_eq!((newest.misses, newest.credits), (0.1, Some(500.0)));
    assert_eq!((one.misses, one.credits), (0.0, None));
}

#[test]
fn replicas_repeat_writes_and_do_not_add_to_them() {
    let told =
        with(&[("001", Metric::Writes, &[600_000.0; 3]), ("002", Metric::Writes, &[600_000.0; 3])]);
    let writes = last(HAS, &told)[2].unwrap().writes;
    assert!((writes - 10_000.0).abs() < 0.001, "{writes}");
}

#[test]
fn a_minute_counts_for_who_was_the_primary_then() {
    let told = with(&[
        ("001", Metric::Primary, &[0.0]),
        ("002", Metric::Primary, &[1.0]),
        ("001", Metric::Reads, &[0.0, 0.0, 6e5]),
        ("002", Metric::Reads, &[0.0, 0.0, 12e5]),
    ]);
    let newest = last(HAS, &told)[2].unwrap();
    assert_eq!((newest.primary, newest.replica), (0.45, 0.3));
    assert_eq!((newest.reads, newest.by_replicas), (30_000.0, 10_000.0));
}

#[test]
fn a_replica_that_has_gone_counts_while_it_was_there() {
    let told = with(&[
        ("003", Metric::EngineCpu, &[90.0]),
        ("003", Metric::Reads, &[900_000.0]),
        ("003", Metric::Primary, &[0.0]),
    ]);
    let minutes = last(HAS, &told);
    let newest = minutes[2].unwrap();
    assert_eq!((newest.replicas, newest.replica, newest.by_replicas), (2, 0.9, 15_000.0));
    assert_eq!(minutes[1].unwrap().replicas, 1);
}

#[test]
fn on_few_vcpus_the_host_counts_as_well() {
    let told = with(&[("001", Metric::Cpu, &[40.0, 40.0, 40.0])]);
    let busy = |has: &str| last(has, &told)[2].unwrap().primary;
    assert_eq!((busy("cache.m7g.large"), busy(HAS)), (0.8, 0.3));
}

#[test]
fn what_nobody_tells_is_no_minute_and_what_is_late_is_no_gap() {
    let told: [(&str, Metric, &[f64]); 2] =
        [("001", Metric::EngineCpu, &[10.0, 20.0, 30.0]), ("001", Metric::UsedBytes, &[7e6, 7e6])];
    let minutes = last(HAS, &told);
    assert_eq!(minutes.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, true]);
}

#[test]
fn what_no_command_tells_counts_as_writes() {
    let minute = last(HAS, &CALM)[2].unwrap();
    // A twentieth of what is believed of the engine.
    assert!((minute.writes - 0.45 * 250_000.0 / 20.0).abs() < 1.0, "{}", minute.writes);
    let told = with(&[("001", Metric::Reads, &[60.0 * 20_000.0; 3])]);
    let writes = last(HAS, &told)[2].unwrap().writes;
    assert!(writes.abs() < 0.001, "{writes}");
}

#[test]
fn slow_reads_count_for_more_and_are_reads_still() {
    let told = with(&[("002", Metric::Reads, &[6_000.0; 3])]);
    let minute = last(HAS, &told)[2].unwrap();
    // A hundred a second keep it busy by 45 %: a twentieth of what is believed would be 5,625.
    assert!((minute.reads - 5_625.0).abs() < 1.0, "{}", minute.reads);
    assert!((minute.by_replicas - 5_625.0).abs() < 1.0, "{}", minute.by_replicas);
    assert!(minute.writes < 0.001, "{}", minute.writes);
}

#[test]
fn the_days_before_are_known_by_the_hour() {
    let mut week = Load::default();
    week.insert(&member("001"), Metric::UsedBytes, samples(&[5e6, 9e6], 60, 4 * 24 * 60));
    week.insert(&member("001"), Metric::Reads, samples(&[3600.0, 7200.0], 60, 4 * 24 * 60));
    let group = orders().0.group.unwrap();
    let has = Catalog::embedded().find(&NodeType::parse(HAS).unwrap()).unwrap().clone();
    let past = Past::of(&group, &has, &Load::default(), &week, now());
    let history = past.history();
    let known: Vec<(i64, &Minute)> = history.numbered().collect();
    assert_eq!(known.len(), 120);
    let first = now() - SignedDuration::from_mins(4 * 24 * 60 + 60);
    assert_eq!(known[0].0, first.as_second() / 60);
    assert_eq!((known[0].1.memory, known[119].1.memory), (5e6, 9e6));
    assert_eq!((known[0].1.reads, known[119].1.reads), (1.0, 2.0));
}

/// Two shards, each a primary and a replica.
fn two_shards() -> GroupView {
    let mut group = orders().0.group.unwrap();
    group.cluster_enabled = true;
    group.members.clear();
    group.member_ids.clear();
    for id in ["0001", "0002"] {
        let members = [1, 2].map(|it| member(&format!("{id}-{it:03}")));
        group.member_ids.extend(members.clone());
        let shard = ShardView { id: id.to_owned(), slots: None, members: members.to_vec() };
        group.shards.push(shard);
    }
    group
}

fn last_of_shards(told: &[(&str, Metric, &[f64])]) -> Vec<Option<Minute>> {
    last_of(&two_shards(), HAS, told)
}

const SHARDS: [(&str, Metric, &[f64]); 12] = [
    ("0001-001", Metric::EngineCpu, &[10.0, 20.0, 30.0]),
    ("0001-002", Metric::EngineCpu, &[5.0, 15.0, 45.0]),
    ("0002-001", Metric::EngineCpu, &[40.0, 10.0, 10.0]),
    ("0002-002", Metric::EngineCpu, &[1.0, 1.0, 1.0]),
    ("0001-001", Metric::UsedBytes, &[7e6, 7e6, 7e6]),
    ("0001-002", Metric::UsedBytes, &[7e6, 7e6, 7e6]),
    ("0002-001", Metric::UsedBytes, &[9e6, 8e6, 8e6]),
    ("0002-002", Metric::UsedBytes, &[8e6, 8e6, 8e6]),
    ("0001-002", Metric::Reads, &[6e6, 12e6, 18e6]),
    ("0002-001", Metric::Writes, &[24e5, 6e5, 6e5]),
    ("0001-001", Metric::Primary, &[1.0]),
    ("0002-001", Metric::Primary, &[1.0]),
];

#[test]
fn a_minute_of_shards_is_that_of_the_hottest_with_the_most_that_any_holds() {
    let minutes = last_of_shards(&SHARDS);
    let (first, newest) = (minutes[0].unwrap(), minutes[2].unwrap());
    assert_eq!((first.primary, first.replica, first.writes), (0.4, 0.01, 40_000.0));
    assert_eq!((newest.primary, newest.replica), (0.3, 0.45));
    assert_eq!((newest.reads, newest.by_replicas, newest.writes), (300_000.0, 300_000.0, 0.0));
    assert_eq!((first.memory, newest.memory, newest.replicas), (9e6, 8e6, 1));
}

#[test]
fn reads_that_miss_are_a_share_of_those_of_all_shards() {
    let told = SHARDS
        .iter()
        .copied()
        .chain([("0001-001", Metric::Hits, &[900.0][..]), ("0002-001", Metric::Misses, &[100.0])]);
    let newest = last_of_shards(&told.collect::<Vec<_>>())[2].unwrap();
    assert!((newest.misses - 0.1).abs() < 1e-9, "{}", newest.misses);
}

#[test]
fn a_shard_that_falls_silent_may_be_the_hottest_and_one_that_was_not_there_is_none() {
    let gap: Vec<_> = SHARDS
        .iter()
        .map(|it| if it.0.starts_with("0002") { (it.0, it.1, &it.2[..1]) } else { *it })
        .collect();
    // Its one sample is of the newest minute: before that it was not there.
    let known =
        |minutes: &[Option<Minute>]| minutes.iter().map(Option::is_some).collect::<Vec<_>>();
    assert_eq!(known(&last_of_shards(&gap)), [true, true, true]);
    let mut days = Load::default();
    for (number, metric, values) in SHARDS {
        let is_second = number.starts_with("0002") && metric.minutes() == 1;
        let newest = if is_second { 3 } else { 1 };
        let values = if is_second { &values[..1] } else { values };
        days.insert(&member(number), metric, samples(values, metric.minutes(), newest));
    }
    let has = NodeType::parse(HAS).unwrap();
    let has = Catalog::embedded().find(&has).unwrap();
    let past = |group: &GroupView| {
        let past = Past::over(group, has, &days, (now() - SignedDuration::from_mins(3), now()));
        known(&past.minutes)
    };
    assert_eq!(past(&two_shards()), [true, false, false]);
    let mut without = two_shards();
    without.shards.pop();
    assert_eq!(past(&without), [true, true, true], "one that is gone is missed by nobody");
}

#[test]
fn where_nobody_says_to_be_the_primary_any_may_be() {
    let told: Vec<_> = SHARDS.iter().copied().filter(|it| it.1 != Metric::Primary).collect();
    let first = last_of_shards(&told)[0].unwrap();
    assert_eq!((first.primary, first.replica, first.writes), (0.4, 0.4, 40_000.0));
}
