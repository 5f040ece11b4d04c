//! Each guard, with a group that it holds and that would be changed without it.

use super::*;

/// Two small nodes that would do as micro ones.
fn too_large() -> View {
    orders().of_type("cache.t4g.small").idle(100_000_000.0)
}

const SHRINKS: &str = "Begin: node-type=cache.t4g.micro from cache.t4g.small at 2026-01-02T12:00:00Z for two days on cache.t4g.micro in place of cache.t4g.small cost less with overload counted in";
const GROWS: &str = "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90";

#[test]
fn without_any_of_it_both_are_changed() {
    check(too_large(), SHRINKS);
    check(orders().short_of_memory(), GROWS);
}

#[test]
fn no_call_is_made_into_a_window() {
    let snapshots = |mut view: View, window: &str| {
        view.group().snapshot_window = window.to_owned();
        view
    };
    let held = "Refuse: the snapshot window, 12:15-13:15 UTC, is open or near; changes wait until it is over";
    check(snapshots(too_large(), "12:15-13:15"), held);
    check(snapshots(orders().short_of_memory(), "12:15-13:15"), GROWS);
    check(
        snapshots(orders().short_of_memory(), "11:15-12:15"),
        "Refuse: the snapshot window, 11:15-12:15 UTC, is open or near; changes wait until it is over",
    );
    let mut none = snapshots(too_large(), "12:15-13:15");
    none.group().snapshot_retention_days = 0;
    check(none, SHRINKS);
    // It is a Friday.
    let maintained = |window: &str| {
        let mut view = orders().short_of_memory();
        view.group().members[1].maintenance_window = window.to_owned();
        view
    };
    check(
        maintained("fri:11:30-fri:12:30"),
        "Refuse: the maintenance window, fri:11:30-fri:12:30 UTC, is open or near; changes wait until it is over",
    );
    check(maintained("thu:11:30-thu:12:30"), GROWS);
}

#[test]
fn a_member_that_writes_a_snapshot_is_waited_for() {
    check(too_large().with("002", Metric::Saving, 1.0), "Wait: a snapshot to finish");
    check(
        orders().short_of_memory().with("002", Metric::Saving, 1.0),
        "Wait: a snapshot to finish",
    );
}

#[test]
fn a_replica_that_lags_is_no_time_to_shrink() {
    check(
        too_large().with("002", Metric::Lag, 31.0),
        "Refuse: not shrinking: orders-002 is 31 s behind its primary",
    );
    check(too_large().with("002", Metric::Lag, 30.0), SHRINKS);
}

#[test]
fn a_node_type_that_went_to_and_fro_stays() {
    let one = "down 2026-01-01T11:00:00Z up 2026-01-02T00:00:00Z";
    let two = format!("{one} down 2026-01-02T04:00:00Z");
    check(too_large().tagged(tag::AUTOSCALE_MOVES, one), SHRINKS);
    check(
        too_large().tagged(tag::AUTOSCALE_MOVES, &two),
        "Refuse: not shrinking: the node type was changed 2 times in a day, and no more is tried before 2026-01-03T00:00:00Z",
    );
    check(orders().short_of_memory().tagged(tag::AUTOSCALE_MOVES, &two), GROWS);
}

#[test]
fn what_grew_is_not_taken_back_within_six_hours() {
    let grown =
        |hour: &str| too_large().tagged(tag::AUTOSCALE_MOVES, &format!("up 2026-01-02T{hour}:00Z"));
    check(grown("06:30"), "Settled");
    check(grown("05:30"), SHRINKS);
}

#[test]
fn after_a_flush_the_memory_tells_nothing() {
    let flushed = |hours: i64| {
        let mut view = too_large();
        let loads = view.0.load.as_mut().unwrap();
        let id = MemberId::parse("orders-001").unwrap();
        let full = (0..60).map(|it| Sample {
            at: now() - SignedDuration::from_hours(hours) - SignedDuration::from_mins(it),
            value: 190_000_000.0,
        });
        loads.days.insert(&id, Metric::UsedBytes, full.collect());
        view
    };
    check(
        flushed(20),
        "Refuse: not shrinking: the memory fell by itself, and how much comes back is not known before 2026-01-02T17:00:00Z",
    );
    check(flushed(26), SHRINKS);
}

#[test]
fn the_peak_of_a_week_has_to_fit() {
    let week = |bytes: f64| {
        let mut view = too_large();
        let at = now() - SignedDuration::from_hours(5 * 24);
        let id = MemberId::parse("orders-001").unwrap();
        let loads = view.0.load.as_mut().unwrap();
        loads.week.insert(&id, Metric::UsedBytes, vec![Sample { at, value: bytes }]);
        view
    };
    // 85 % of what a micro leaves for data where half of it is kept.
    check(week(228_000_000.0), SHRINKS);
    check(week(229_000_000.0), "Settled");
}

#[test]
fn a_group_that_is_left_with_one_replica_carries_the_peak_without_it() {
    // Clients read from the primary and from both replicas.
    let three = |reads: f64| {
        let view = orders().of_type("cache.m7g.large").member("003", Role::Replica).idle(1e9);
        let view =
            view.clients(0.6 * reads, 100.0).tagged(tag::AUTOSCALE_NODE_TYPES, "cache.m7g.large");
        view.with("001", Metric::Reads, 0.4 * reads * 60.0)
            .with("001", Metric::EngineCpu, 0.4 * reads / 1_500.0)
            .with("002", Metric::EngineCpu, 0.3 * reads / 1_500.0)
    };
    check(
        three(130_000.0),
        "Begin: replicas=1 from 2 at 2026-01-02T12:00:00Z for the last hour and the next three of the day ask for 1",
    );
    check(
        three(160_000.0),
        "Refuse: not making replicas=1: with a member lost, the other would be busy to 107 percent at the peak of the last two days",
    );
}

#[test]
fn one_decision_multiplies_the_price_by_no_more_than_two_sizes_do() {
    // Its load eats up the credits of a micro, and the operator allows nothing between that and a large.
    let drained = |to: &str| orders().tagged(tag::AUTOSCALE_NODE_TYPES, to);
    check(
        drained("cache.m7g.large"),
        "Refuse: not making node-type=cache.m7g.large: it costs 9.9 times as much as now, which no single decision may; look at the metrics",
    );
    check(
        drained("cache.m7g.large").of_type("cache.t4g.medium"),
        "Begin: node-type=cache.m7g.large from cache.t4g.medium at 2026-01-02T12:00:00Z for two days on cache.m7g.large in place of cache.t4g.medium cost less with overload counted in",
    );
}
