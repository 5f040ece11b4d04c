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
    check(
        orders().with("002", Metric::Memory, 90.0),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-002 at 90.0 percent - the limit is 90",
    );
    check(orders().with("002", Metric::Memory, 89.9), "Settled");
}

#[test]
fn a_replica_busy_with_reads_gets_another() {
    let busy = || orders().with("002", Metric::EngineCpu, 88.0).with("002", Metric::Reads, 9000.0);
    let note = "Begin: replicas=2 from 1 at 2026-01-02T12:00:00Z for EngineCPUUtilization of orders-002 at 88.0 percent - the limit is 75";
    check(busy(), note);
    // The primary reads too, but the reads are what is shared.
    check(busy().with("001", Metric::EngineCpu, 91.0), note);
}

#[test]
fn a_replica_busy_with_writes_would_only_get_another_that_repeats_them() {
    check(
        orders().with("002", Metric::EngineCpu, 88.0).with("002", Metric::Reads, 100.0).with(
            "002",
            Metric::Writes,
            9000.0,
        ),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for EngineCPUUtilization of orders-002 at 88.0 percent - the limit is 75",
    );
}

#[test]
fn a_primary_busy_alone_needs_a_larger_node() {
    check(
        orders().with("001", Metric::Cpu, 75.0),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for CPUUtilization of orders-001 at 75.0 percent - the limit is 75",
    );
}

#[test]
fn memory_goes_before_cpu() {
    check(
        orders().short_of_memory().with("002", Metric::Cpu, 99.0),
        "Begin: node-type=cache.t4g.small from cache.t4g.micro at 2026-01-02T12:00:00Z for DatabaseMemoryUsagePercentage of orders-001 at 93.1 percent - the limit is 90",
    );
}
