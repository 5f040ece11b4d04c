use super::*;

#[test]
fn a_cool_group_is_left_as_it_is() {
    check(orders(), "Settled");
}

#[test]
fn a_node_short_of_memory_grows_to_the_next_size() {
    check(
        orders().short_of_memory(),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}

#[test]
fn any_member_short_of_memory_counts() {
    let at = |percent: f64| {
        let bytes = 402_000_000.0 * percent / 100.0;
        orders().with("002", Metric::Memory, percent).with("002", Metric::UsedBytes, bytes)
    };
    check(
        at(90.1),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-002 at 90.1 percent - the limit is 90",
    );
}

#[test]
fn a_replica_busy_with_reads_gets_another() {
    check(
        orders().busy_with_reads(),
        "Begin: replicas=2 from 1 at 2026-01-02T12:00:00Z for EngineCPUUtilization of orders-002 at 88.0 percent - the limit is 80",
    );
}

#[test]
fn a_node_busy_with_writes_grows_and_gets_no_replica_that_repeats_them() {
    let busy = |has: &str, engine: f64| {
        let view = orders().of_type(has).clients(100.0, engine * 0.88);
        view.with("001", Metric::EngineCpu, 90.0).with("002", Metric::EngineCpu, 70.0)
    };
    check(
        busy("cache.m7g.large", 150_000.0),
        "Begin: node-type=cache.m7g.xlarge from cache.m7g.large at 2026-01-02T12:00:00Z for EngineCPUUtilization of orders-001 at 90.0 percent - the limit is 80",
    );
    // No burstable node has a faster engine.
    check(
        busy("cache.t4g.micro", 80_000.0),
        "Refuse: not growing although EngineCPUUtilization of orders-001 at 90.0 percent - the limit is 80: nothing that it may have would help; name other types in cachewarden:autoscale-node-types to go on; replicas are 1 of 5",
    );
}

#[test]
fn a_busy_host_of_few_vcpus_counts_like_its_engine() {
    check(
        orders().of_type("cache.m7g.large").clients(100.0, 130_000.0).with(
            "001",
            Metric::Cpu,
            45.0,
        ),
        "Begin: node-type=cache.m7g.xlarge from cache.m7g.large at 2026-01-02T12:00:00Z for CPUUtilization of orders-001 at 45.0 percent - the limit is 40",
    );
    let larger = orders().of_type("cache.m7g.xlarge").clients(100.0, 150_000.0);
    let busy = larger.with("001", Metric::EngineCpu, 60.0).with("001", Metric::Cpu, 45.0);
    check(busy, "Settled");
}

#[test]
fn memory_goes_before_cpu() {
    check(
        orders().short_of_memory().with("002", Metric::EngineCpu, 99.0),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}

#[test]
fn a_cache_that_may_drop_any_key_does_not_grow_for_being_full() {
    let full = || {
        let mut view = orders().short_of_memory();
        view.group().members[0].parameter_group = Some("theirs".to_owned());
        view
    };
    let with = |mut view: View, policy: &str| {
        let parameters = [("maxmemory-policy".to_owned(), policy.to_owned())];
        view.0.parameters = Some(Parameters::from(parameters));
        view
    };
    let grows = "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90";
    check(with(full(), "allkeys-lru"), "Settled");
    check(with(full(), "volatile-lru"), grows);
    check(with(full(), "allkeys-lru").tagged(tag::AUTOSCALE_DATA, "store"), grows);
    check(full().tagged(tag::AUTOSCALE_DATA, "cache"), "Settled");
    let mut unasked = full();
    unasked.0.parameters = None;
    check(unasked, "Ask: Parameters(\"theirs\")");
    let mut ours = full().tagged(tag::AUTOSCALE_DATA, "store");
    ours.0.parameters = None;
    check(ours, grows);
}

#[test]
fn a_cache_that_misses_more_than_it_may_grows() {
    let cache = |misses: f64| {
        orders()
            .tagged(tag::AUTOSCALE_DATA, "cache 10")
            .all(&[(Metric::Hits, 1000.0 - misses), (Metric::Misses, misses)])
            .all(&[(Metric::Memory, 99.0), (Metric::UsedBytes, 398_000_000.0)])
    };
    check(cache(90.0), "Settled");
    check(
        cache(120.0),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for 12.0 percent of reads missed of late - 10 may",
    );
}

#[test]
fn a_cache_grows_by_itself_where_keys_are_dropped_within_the_hour_and_more_reads_miss_for_it() {
    let cache = |evictions: f64, misses: f64| {
        let mut view = orders()
            .tagged(tag::AUTOSCALE_DATA, "cache")
            .all(&[(Metric::Items, 60_000.0), (Metric::Evictions, evictions)])
            .all(&[(Metric::Memory, 99.9), (Metric::UsedBytes, 402_000_000.0)]);
        let loads = view.0.load.as_mut().unwrap();
        for id in ["orders-001", "orders-002"].map(|it| MemberId::parse(it).unwrap()) {
            // A tenth missed, but for the last hour.
            let sample = |it: i64| now() - SignedDuration::from_mins(it * 5);
            let misses = |it: i64| if it <= 12 { misses } else { 100.0 };
            let of = |value: &dyn Fn(i64) -> f64| -> Vec<Sample> {
                (1..=400).map(|it| Sample { at: sample(it), value: value(it) }).collect()
            };
            loads.days.insert(&id, Metric::Misses, of(&misses));
            loads.days.insert(&id, Metric::Hits, of(&|it| 1000.0 - misses(it)));
        }
        view
    };
    check(
        cache(6_000.0, 200.0),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for 20.0 percent of reads missed of late - 12 may",
    );
    // What was kept for two hours was hardly wanted any more; and where no more miss than before, nothing is lost.
    check(cache(2_000.0, 200.0), "Settled");
    check(cache(6_000.0, 110.0), "Settled");
    // It does not shrink either: nobody says how many may miss.
    check(cache(0.0, 0.0).of_type("cache.t4g.small"), "Settled");
}

#[test]
fn reserved_bytes_keep_the_node_type_and_that_is_said() {
    let mut view = orders().short_of_memory();
    view.group().members[0].parameter_group = Some("theirs".to_owned());
    let parameters = [("reserved-memory".to_owned(), "134217728".to_owned())];
    view.0.parameters = Some(Parameters::from(parameters));
    let why = "the parameter reserved-memory keeps so many bytes on every size; set reserved-memory-percent in its place";
    check(
        view,
        &format!(
            "Refuse: not growing although DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90: already the largest that it may have; name a larger type in cachewarden:autoscale-max-node-type to go on; cache.t4g.small: {why}; cache.t4g.medium: {why}; replicas are 1 of 5"
        ),
    );
}
