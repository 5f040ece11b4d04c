use super::*;

#[test]
fn a_calm_group_gives_back_a_replica() {
    check(
        orders().member("003", Role::Replica).idle(200_000_000.0),
        "Begin: replicas=1 from 2 at 2026-01-02T12:00:00Z for the last hour and the next three of the day ask for 1",
    );
}

#[test]
fn failover_keeps_its_replica() {
    check(orders().idle(200_000_000.0), "Settled");
    let mut without = orders().idle(200_000_000.0).tagged(tag::AUTOSCALE_MIN_REPLICAS, "0");
    without.group().automatic_failover = Toggle::Disabled;
    without.group().multi_az = Toggle::Disabled;
    check(
        without,
        "Begin: replicas=0 from 1 at 2026-01-02T12:00:00Z for the last hour and the next three of the day ask for 0",
    );
}

#[test]
fn a_node_type_that_would_have_done_for_less_is_taken() {
    check(
        orders()
            .of_type("cache.m7g.xlarge")
            .idle(1e9)
            .tagged(tag::AUTOSCALE_NODE_TYPES, "cache.m7g"),
        "Begin: node-type=cache.m7g.large from cache.m7g.xlarge at 2026-01-02T12:00:00Z for two days on cache.m7g.large in place of cache.m7g.xlarge cost less with overload counted in",
    );
}

#[test]
fn nothing_shrinks_on_two_days_of_which_half_is_missing() {
    let small = || orders().of_type("cache.t4g.small").idle(100_000_000.0);
    check(small().for_minutes(24 * 60), "Settled");
    check(
        small().for_minutes(2 * 24 * 60),
        "Begin: node-type=cache.t4g.micro from cache.t4g.small at 2026-01-02T12:00:00Z for two days on cache.t4g.micro in place of cache.t4g.small cost less with overload counted in",
    );
}

#[test]
fn a_group_without_data_is_not_touched() {
    let mut silent = orders();
    silent.1.clear();
    check(
        silent,
        "Refuse: too little data: BytesUsedForCache of orders-001 has 0 samples in the last 15 minutes",
    );
    let mut half = orders().idle(1000.0);
    half.1.remove(&(MemberId::parse("orders-002").unwrap(), Metric::UsedBytes));
    check(
        half,
        "Refuse: too little data: BytesUsedForCache of orders-002 has 0 samples in the last 15 minutes",
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
            .idle(100_000_000.0)
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
    let mut view = orders().of_type("cache.t4g.small").idle(100_000_000.0);
    view.group().members[1].created_at = Some("2026-01-02T11:30:00Z".parse().unwrap());
    check(view, "Refuse: the last change is too recent; looks again after 2026-01-02T12:30:00Z");
}

#[test]
fn a_group_of_one_node_gets_no_replica_that_nobody_asked_for() {
    let alone = || {
        let mut view = orders();
        view.group().members.pop();
        view.group().member_ids.pop();
        view.group().automatic_failover = Toggle::Disabled;
        view.group().multi_az = Toggle::Disabled;
        view.1.clear();
        view.cool()
    };
    check(alone(), "Settled");
    check(
        alone().tagged(tag::AUTOSCALE_MIN_REPLICAS, "1"),
        "Begin: replicas=1 from 0 at 2026-01-02T12:00:00Z for this hour of the day and the last minutes ask for 1",
    );
}
