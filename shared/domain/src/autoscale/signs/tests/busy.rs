use super::*;
use SignKind::{HostCpu, PrimaryReads, SlowCommands};

/// An engine that takes 100,000 commands a second by what it answered in two days, and was hot in so many of the last five minutes.
fn slow(minutes: i64, reads: f64) -> Scene {
    scene("cache.m7g.large").of_late("001", Metric::EngineCpu, minutes, 80.1, 40.0).of_late(
        "001",
        Metric::Reads,
        minutes,
        reads * 60.0,
        40_000.0 * 60.0,
    )
}

const SLOW: &str = "a hot key or slow commands: look at SLOWLOG GET and redis-cli --hotkeys; larger nodes will not help much";

#[test]
fn an_engine_that_is_busy_with_few_commands_has_a_hot_key_or_slow_ones() {
    holds(
        SlowCommands,
        slow(3, 39_900.0),
        &format!(
            "EngineCPUUtilization of orders-001 over 80 % on 3 of the last 5 minutes with 39900 commands a second - the limit is 40 % of the 100000 that it took by its last two days; {SLOW}"
        ),
    );
    is_silent(SlowCommands, slow(3, 40_100.0));
    is_silent(SlowCommands, slow(2, 39_900.0));
    let at_the_limit = scene("cache.m7g.large")
        .of_late("001", Metric::EngineCpu, 5, 80.0, 40.0)
        .of_late("001", Metric::Reads, 5, 600.0, 40_000.0 * 60.0);
    is_silent(SlowCommands, at_the_limit);
}

#[test]
fn what_a_replica_repeats_are_commands_too() {
    let replica = |writes: f64| {
        scene("cache.m7g.large")
            .of_late("002", Metric::EngineCpu, 5, 90.0, 40.0)
            .of_late("002", Metric::Reads, 5, 39_000.0 * 60.0, 40_000.0 * 60.0)
            .of_late("002", Metric::Writes, 5, writes * 60.0, 0.0)
    };
    is_said(SlowCommands, replica(900.0));
    is_silent(SlowCommands, replica(1_100.0));
}

#[test]
fn where_nothing_was_learned_of_an_engine_the_belief_about_its_type_counts() {
    let hot = |reads: f64| {
        scene("cache.m7g.large").always("001", Metric::EngineCpu, 90.0).always(
            "001",
            Metric::Reads,
            reads * 60.0,
        )
    };
    holds(
        SlowCommands,
        hot(59_900.0),
        &format!(
            "EngineCPUUtilization of orders-001 over 80 % on 5 of the last 5 minutes with 59900 commands a second - the limit is 40 % of the 150000 that its type is believed to take; {SLOW}"
        ),
    );
    is_silent(SlowCommands, hot(60_100.0));
    // Nine minutes teach nothing, and one that idles neither.
    let before = |minutes: i64, busy: f64, reads: f64| {
        let told = |late: f64, before: f64| {
            move |it: i64| match it {
                ..=5 => Some(late),
                it if it <= 5 + minutes => Some(before),
                _ => None,
            }
        };
        scene("cache.m7g.large").tells("001", Metric::EngineCpu, told(90.0, busy)).tells(
            "001",
            Metric::Reads,
            told(30_000.0 * 60.0, reads * 60.0),
        )
    };
    is_said(SlowCommands, before(9, 40.0, 20_000.0));
    is_silent(SlowCommands, before(10, 40.0, 20_000.0));
    is_said(SlowCommands, before(DAY, 4.9, 2_450.0));
    is_silent(SlowCommands, before(DAY, 5.1, 2_550.0));
}

#[test]
fn an_engine_is_learned_of_by_two_days_without_what_was_hot_and_since_it_has_its_type() {
    let before = |hot: i64, days: i64, old: f64| {
        let of = move |hot_value: f64, cool: f64, old: f64| {
            move |it: i64| {
                Some(if it <= hot {
                    hot_value
                } else if it <= days {
                    cool
                } else {
                    old
                })
            }
        };
        scene("cache.m7g.large").tells("001", Metric::EngineCpu, of(90.0, 40.0, 40.0)).tells(
            "001",
            Metric::Reads,
            of(35_000.0 * 60.0, 40_000.0 * 60.0, old * 60.0),
        )
    };
    // A day of it.
    is_said(SlowCommands, before(DAY, DAYS, 0.0));
    // What was longer ago would say less than that.
    is_said(SlowCommands, before(5, 2 * DAY, 0.0));
    is_silent(SlowCommands, before(5, 2 * DAY - 700, 0.0));
    let moved = |at: &str| before(5, 60, 20_000.0).tagged(tag::AUTOSCALE_MOVES, at);
    is_said(SlowCommands, moved("up 2026-01-02T11:00:00Z"));
    is_silent(SlowCommands, moved("up 2026-01-01T11:00:00Z"));
}

#[test]
fn what_is_no_command_that_is_counted_is_no_sign() {
    let engine = || scene("cache.m7g.large").of_late("001", Metric::EngineCpu, 5, 90.0, 40.0);
    is_silent(SlowCommands, engine());
    is_silent(SlowCommands, engine().always("001", Metric::Reads, 0.0));
    is_silent(SlowCommands, scene("cache.m7g.large").always("001", Metric::EngineCpu, 90.0));
    let late = |it: i64| (5 < it).then_some(60.0);
    is_silent(SlowCommands, engine().tells("001", Metric::Reads, late));
    let stale = |it: i64| (10 < it).then_some(90.0);
    let stale = scene("cache.m7g.large").tells("001", Metric::EngineCpu, stale);
    is_silent(SlowCommands, stale.always("001", Metric::Reads, 60.0));
}

#[test]
fn the_member_with_the_slowest_commands_is_named() {
    let both = slow(5, 30_000.0).of_late("002", Metric::EngineCpu, 4, 90.0, 40.0).of_late(
        "002",
        Metric::Reads,
        4,
        20_000.0 * 60.0,
        40_000.0 * 60.0,
    );
    let found = both.found();
    assert!(
        found[0].seen.starts_with("EngineCPUUtilization of orders-002 over 80 % on 4 of"),
        "{found:?}"
    );
}

/// A primary hot in so many of the last ten minutes, with so many reads and writes a second, and what its replica is asked to read.
fn reads(minutes: i64, (own, writes): (f64, f64), elsewhere: f64) -> Scene {
    scene("cache.m7g.large")
        .of_late("001", Metric::EngineCpu, minutes, 80.1, 50.0)
        .always("001", Metric::Reads, own * 60.0)
        .always("001", Metric::Writes, writes * 60.0)
        .always("002", Metric::EngineCpu, 10.0)
        .always("002", Metric::Reads, elsewhere * 60.0)
        .always("002", Metric::Writes, writes * 60.0)
}

#[test]
fn reads_that_no_client_sends_to_a_replica_are_told() {
    holds(
        PrimaryReads,
        reads(8, (7_100.0, 2_900.0), 700.0),
        "EngineCPUUtilization of orders-001, a primary, over 80 % on 8 of the last 10 minutes with 71.0 % of its commands reads, of which the replica gets 9.0 % - less than 10; clients do not use the reader endpoint; a larger node type is a stop-gap",
    );
    is_silent(PrimaryReads, reads(7, (7_100.0, 2_900.0), 700.0));
    is_silent(PrimaryReads, reads(8, (6_990.0, 3_010.0), 700.0));
    is_silent(PrimaryReads, reads(8, (7_100.0, 2_900.0), 790.0));
    let at_the_limit = reads(0, (7_100.0, 2_900.0), 0.0);
    is_silent(PrimaryReads, at_the_limit);
}

#[test]
fn a_replica_that_never_answered_a_read_tells_none() {
    let scene = |replica: bool| {
        let scene = scene("cache.m7g.large").always("001", Metric::EngineCpu, 90.0).always(
            "001",
            Metric::Reads,
            6_000.0,
        );
        if replica { scene.always("002", Metric::EngineCpu, 10.0) } else { scene }
    };
    is_said(PrimaryReads, scene(true));
    // Of one that tells nothing it is not known.
    is_silent(PrimaryReads, scene(false));
}

#[test]
fn a_primary_without_replicas_reads_by_itself() {
    let mut alone = reads(10, (9_000.0, 100.0), 0.0);
    alone.group().members.truncate(1);
    alone.group().member_ids.truncate(1);
    is_silent(PrimaryReads, alone);
    let mut swapped = reads(10, (9_000.0, 100.0), 0.0);
    swapped.group().members.reverse();
    swapped.group().members.iter_mut().for_each(|it| it.role = Some(crate::Role::Replica));
    is_silent(PrimaryReads, swapped);
}

#[test]
fn in_cluster_mode_each_shard_has_its_primary() {
    let scene = sharded("cache.m7g.large", 2)
        .always("0001-001", Metric::Primary, 1.0)
        .always("0001-001", Metric::EngineCpu, 10.0)
        .always("0001-001", Metric::Reads, 6_000.0)
        .always("0001-002", Metric::EngineCpu, 10.0)
        .always("0002-001", Metric::Primary, 0.0)
        .always("0002-001", Metric::EngineCpu, 10.0)
        .always("0002-002", Metric::Primary, 1.0)
        .always("0002-002", Metric::EngineCpu, 90.0)
        .always("0002-002", Metric::Reads, 600_000.0);
    holds(
        PrimaryReads,
        scene,
        "EngineCPUUtilization of orders-0002-002, a primary, over 80 % on 10 of the last 10 minutes with 100.0 % of its commands reads, of which the replica gets 0.0 % - less than 10; clients do not read from replicas, for which they have to send READONLY; a larger node type is a stop-gap",
    );
}

/// A host and its engine, busy like this in so many of the last minutes.
fn host(node_type: &str, minutes: i64, (cpu, engine): (f64, f64)) -> Scene {
    scene(node_type).of_late("001", Metric::Cpu, minutes, cpu, 10.0).always(
        "001",
        Metric::EngineCpu,
        engine,
    )
}

#[test]
fn a_host_that_is_busy_beside_its_engine_is_told_after_an_hour() {
    holds(
        HostCpu,
        host("cache.m7g.xlarge", 50, (80.1, 49.9)),
        "CPUUtilization of orders-001 over 80 % on 4 vCPUs with EngineCPUUtilization under 50 % in 50 of the last 60 minutes; what keeps the host busy is not commands but I/O, snapshots or TLS; no size is chosen by it",
    );
    is_silent(HostCpu, host("cache.m7g.xlarge", 49, (80.1, 49.9)));
    is_silent(HostCpu, host("cache.m7g.xlarge", 60, (80.0, 49.9)));
    is_silent(HostCpu, host("cache.m7g.xlarge", 60, (80.1, 50.0)));
    is_silent(HostCpu, host("cache.m7g.large", 60, (80.1, 49.9)));
    let unknown = scene("cache.m7g.xlarge").always("001", Metric::Cpu, 90.0);
    is_silent(HostCpu, unknown);
    let over = scene("cache.m7g.xlarge")
        .tells("001", Metric::Cpu, |it| Some(if 5 < it && it < 61 { 90.0 } else { 10.0 }))
        .always("001", Metric::EngineCpu, 10.0);
    is_said(HostCpu, over);
    let an_hour_ago = scene("cache.m7g.xlarge")
        .tells("001", Metric::Cpu, |it| Some(if 60 < it { 90.0 } else { 10.0 }))
        .always("001", Metric::EngineCpu, 10.0);
    is_silent(HostCpu, an_hour_ago);
}
