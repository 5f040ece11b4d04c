use super::*;

#[test]
fn a_calm_group_gives_back_a_replica_first() {
    check(
        orders().member("003", Role::Replica).idle(100_000_000.0),
        "Begin: replicas=1 from 2 at 2026-01-02T12:00:00Z for CPU at 5.0 percent at most in 15 minutes",
    );
}

#[test]
fn failover_keeps_its_replica_whatever_the_policy_says() {
    let one = || orders().idle(1000.0).tagged(tag::AUTOSCALE_MIN_REPLICAS, "0");
    check(one(), "Settled");
    let mut without = one();
    without.group().automatic_failover = Toggle::Disabled;
    without.group().multi_az = Toggle::Disabled;
    check(
        without,
        "Begin: replicas=0 from 1 at 2026-01-02T12:00:00Z for CPU at 5.0 percent at most in 15 minutes",
    );
}

#[test]
fn a_shrink_waits_for_data_that_fits_with_its_margin() {
    check(
        orders().of_type("cache.t4g.small").idle(250_000_000.0),
        "Refuse: not shrinking: the data takes 238.4 MiB, cache.t4g.micro has 230.4 MiB for it with a margin",
    );
}

#[test]
fn nothing_shrinks_on_missing_data() {
    let mut view = orders().of_type("cache.t4g.small").idle(1000.0);
    let mut load = Load::default();
    for id in view.group().member_ids.clone() {
        for metric in Metric::ALL {
            let samples = view.0.load.as_ref().unwrap().series(&id, metric).to_vec();
            load.insert(&id, metric, samples.into_iter().rev().take(11).collect());
        }
    }
    view.0.load = Some(load);
    check(
        view,
        "Refuse: too little data: DatabaseMemoryUsagePercentage of orders-001 has 11 samples in the last 15 minutes, it takes 12",
    );
}

#[test]
fn a_group_without_data_is_not_touched() {
    let mut view = orders();
    view.0.load = Some(Load::default());
    check(
        view,
        "Refuse: too little data: DatabaseMemoryUsagePercentage of orders-001 has 0 samples in the last 15 minutes, it takes 1",
    );
}

#[test]
fn a_replica_that_lags_is_no_time_to_shrink() {
    check(
        orders().member("003", Role::Replica).idle(1000.0).with("002", Metric::Lag, 31.0),
        "Refuse: not shrinking: orders-002 is 31 s behind its primary",
    );
}

#[test]
fn after_a_change_the_group_is_left_alone() {
    check(
        orders().short_of_memory().tagged(tag::CHANGED, "2026-01-02T11:51:00Z"),
        "Refuse: the last change is too recent; looks again after 2026-01-02T12:01:00Z",
    );
    check(
        orders()
            .of_type("cache.t4g.small")
            .idle(1000.0)
            .tagged(tag::CHANGED, "2026-01-02T11:01:00Z"),
        "Refuse: the last change is too recent; looks again after 2026-01-02T12:01:00Z",
    );
    check(
        orders()
            .short_of_memory()
            .tagged(tag::CHANGED, "2026-01-02T11:51:00Z")
            .tagged(tag::AUTOSCALE_COOLDOWN_MINUTES, "5"),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}

#[test]
fn a_new_group_is_not_shrunk_before_it_is_filled() {
    let mut view = orders().of_type("cache.t4g.small").idle(1000.0);
    view.group().members[1].created_at = Some("2026-01-02T11:30:00Z".parse().unwrap());
    check(view, "Refuse: the last change is too recent; looks again after 2026-01-02T12:30:00Z");
}
