use super::*;
use crate::autoscale::Held;

#[test]
fn replicas_end_at_their_bound_and_then_the_nodes_grow() {
    let busy = || {
        orders()
            .of_type("cache.m7g.large")
            .busy_with_reads()
            .tagged(tag::AUTOSCALE_MAX_REPLICAS, "1")
    };
    check(
        busy(),
        "Begin: node-type=cache.m7g.xlarge from cache.m7g.large at 2026-01-02T12:00:00Z for EngineCPUUtilization of orders-002 at 88.0 percent - the limit is 80",
    );
    check(
        busy().tagged(tag::AUTOSCALE_MAX_NODE_TYPE, "cache.m7g.large"),
        "Refuse: not growing although EngineCPUUtilization of orders-002 at 88.0 percent - the limit is 80: already at the ceiling, cache.m7g.large; raise cachewarden:autoscale-max-node-type to go on; replicas are 1 of 1",
    );
}

#[test]
fn the_ceiling_is_never_passed() {
    check(
        orders()
            .of_type("cache.t4g.small")
            .short_of_memory()
            .tagged(tag::AUTOSCALE_MAX_NODE_TYPE, "cache.t4g.small"),
        "Refuse: not growing although DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90: already at the ceiling, cache.t4g.small; raise cachewarden:autoscale-max-node-type to go on; replicas are 1 of 5",
    );
}

#[test]
fn a_type_that_elasticache_does_not_allow_is_not_asked_for() {
    let mut next = orders().short_of_memory();
    next.0.allowed = Some(vec![node_type("cache.t4g.medium")]);
    check(
        next,
        "Begin: node-type=cache.t4g.medium from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
    let mut none = orders().short_of_memory();
    none.0.allowed = Some(vec![node_type("cache.r7g.large")]);
    check(none, "Refuse: ElastiCache allows none of cache.t4g.small");
    let mut less = orders().of_type("cache.t4g.small").idle(100_000_000.0);
    less.0.allowed = Some(vec![node_type("cache.t4g.medium")]);
    check(less, "Refuse: ElastiCache allows none of cache.t4g.micro");
}

#[test]
fn only_what_is_listed_is_chosen() {
    check(
        orders().short_of_memory().tagged(tag::AUTOSCALE_NODE_TYPES, "cache.t4g.medium"),
        "Begin: node-type=cache.t4g.medium from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}

#[test]
fn a_budget_is_not_passed_and_what_would_help_is_told() {
    let short = || orders().short_of_memory();
    let Verdict::Plan(Next::Refuse(Refusal::Held(Held::OverBudget { advice, budget }))) =
        decide(Catalog::embedded(), &short().tagged(tag::AUTOSCALE_BUDGET, "40").seen(), now())
    else {
        panic!("the budget is below the next size");
    };
    assert_eq!((budget, advice.after.unwrap().total.to_string()), (40.0, "$46.72".to_owned()));
    assert!(advice.command.contains("--cache-node-type cache.t4g.small"));
    check(
        short().tagged(tag::AUTOSCALE_BUDGET, "46.72"),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
    check(
        short().tagged(tag::AUTOSCALE_BUDGET, "20"),
        "Refuse: the policy tags cannot be followed: cachewarden:autoscale-budget: 20 is less than the $23.36 a month of the smallest size; put them right to go on",
    );
}

#[test]
fn replicas_below_what_multi_az_needs_are_refused_where_somebody_wrote_them() {
    check(
        orders().tagged(tag::AUTOSCALE_MIN_REPLICAS, "0").tagged(tag::AUTOSCALE_MAX_REPLICAS, "0"),
        "Refuse: the policy tags cannot be followed: cachewarden:autoscale-min-replicas: 0 is less than the 1 that failover and Multi-AZ need; cachewarden:autoscale-max-replicas: 0 is less than the 1 that failover and Multi-AZ need; put them right to go on",
    );
    let mut without = orders().tagged(tag::AUTOSCALE_MIN_REPLICAS, "0");
    without.group().automatic_failover = Toggle::Disabled;
    without.group().multi_az = Toggle::Disabled;
    check(
        without,
        "Begin: replicas=0 from 1 at 2026-01-02T12:00:00Z for the last hour and the next three of the day ask for 0",
    );
}

#[test]
fn each_mode_does_no_more_than_it_may() {
    check(
        orders().short_of_memory().tagged(tag::AUTOSCALE, "off"),
        "Refuse: autoscaling of the group is off",
    );
    check(
        orders().short_of_memory().tagged(tag::AUTOSCALE, "recommend"),
        "Refuse: would make node-type=cache.t4g.small because of DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
    let small_and_idle = || orders().of_type("cache.t4g.small").idle(100_000_000.0);
    check(small_and_idle().tagged(tag::AUTOSCALE, "up-only"), "Settled");
    check(
        small_and_idle(),
        "Begin: node-type=cache.t4g.micro from cache.t4g.small at 2026-01-02T12:00:00Z for two days on cache.t4g.micro in place of cache.t4g.small cost less with overload counted in",
    );
}

#[test]
fn advice_has_its_price_and_its_command() {
    let view = orders().short_of_memory().tagged(tag::AUTOSCALE, "recommend");
    let Verdict::Plan(Next::Refuse(Refusal::Recommended(advice))) =
        decide(Catalog::embedded(), &view.seen(), now())
    else {
        panic!("expected advice");
    };
    assert_eq!(advice.before.unwrap().total.to_string(), "$23.36");
    assert_eq!(advice.after.unwrap().total.to_string(), "$46.72");
    assert_eq!(
        advice.command,
        "aws elasticache modify-replication-group --replication-group-id orders --cache-node-type cache.t4g.small --apply-immediately"
    );
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let mut view = orders().short_of_memory();
    view.group().tags = Some(Tags::new());
    check(view, "Refuse: the group has no cachewarden:autoscale tag");
    let mut gone = orders();
    gone.0.group = None;
    check(gone, "Refuse: the group or the member is not there any more");
}

#[test]
fn a_policy_that_cannot_be_read_moves_nothing() {
    check(
        orders().short_of_memory().tagged(tag::AUTOSCALE, "always"),
        "Refuse: the policy tags cannot be followed: cachewarden:autoscale: \"always\" is none of off, recommend, up-only, full; put them right to go on",
    );
}

#[test]
fn data_tiering_and_a_foreign_engine_are_left_alone() {
    check(
        orders().of_type("cache.r6gd.xlarge").short_of_memory(),
        "Refuse: cache.r6gd.xlarge moves data between memory and disk, so that its memory is full by design and says nothing about its size",
    );
    let mut foreign = orders().short_of_memory();
    foreign.group().members[0].engine = "memcached".to_owned();
    check(foreign, "Refuse: the engine \"memcached\" is not known");
}
