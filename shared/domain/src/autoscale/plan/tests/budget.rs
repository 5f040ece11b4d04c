//! What is done, and told, where not all that would help is paid.

use super::*;
use crate::autoscale::{Held, evidence};

/// Large nodes whose replica is at its end with reads; four of them would do.
fn busy() -> View {
    let view = orders().of_type("cache.m7g.large").clients(200_000.0, 1_000.0);
    view.with("002", Metric::EngineCpu, 100.0)
}

/// Large nodes whose primary has been at its end with writes for so many minutes.
fn written_for(minutes: i64) -> View {
    let mut view = orders().of_type("cache.m7g.large").clients(100.0, 60_000.0);
    let days = &mut view.0.load.as_mut().unwrap().days;
    let primary = MemberId::parse("orders-001").unwrap();
    for (metric, value) in [(Metric::EngineCpu, 95.0), (Metric::Writes, 140_000.0 * 60.0)] {
        let at = |it: i64| now() - SignedDuration::from_mins(it);
        let late = (1..=minutes).map(|it| Sample { at: at(it), value });
        days.insert(&primary, metric, late.collect());
    }
    view
}

#[test]
fn what_helps_less_and_is_paid_is_done() {
    let paid = |budget: &str| busy().tagged(tag::AUTOSCALE_BUDGET, budget);
    let grows = |to: u32| {
        format!(
            "Begin: replicas={to} from 1 at 2026-01-02T12:00:00Z for EngineCPUUtilization of orders-002 at 100.0 percent - the limit is 80"
        )
    };
    check(busy(), &grows(3));
    check(paid("461.36"), &grows(3));
    check(paid("461.35"), &grows(2));
    check(paid("346.02"), &grows(2));
    // A month of three nodes to the cent, of which an hour as a number is a little less than theirs.
    check(
        orders()
            .of_type("cache.t4g.medium")
            .busy_with_reads()
            .tagged(tag::AUTOSCALE_BUDGET, "142.35"),
        "Begin: replicas=2 from 1 at 2026-01-02T12:00:00Z for EngineCPUUtilization of orders-002 at 88.0 percent - the limit is 80",
    );
}

#[test]
fn where_nothing_that_is_paid_helps_the_cheapest_that_would_is_told() {
    let Verdict::Plan(Next::Refuse(Refusal::Held(Held::OverBudget { advice, budget }))) =
        decide(Catalog::embedded(), &busy().tagged(tag::AUTOSCALE_BUDGET, "346").seen(), now())
    else {
        panic!("two replicas cost more");
    };
    assert_eq!((advice.change, budget), (Change::Replicas(3), 346.0));
    let told = |it: Option<crate::cost::MonthlyCost>| it.unwrap().total.to_string();
    assert_eq!((told(advice.before), told(advice.after)), ("$230.68".into(), "$461.36".into()));
}

#[test]
fn what_is_over_before_it_is_answered_is_not_told_for_its_price() {
    let unpaid = |minutes| written_for(minutes).tagged(tag::AUTOSCALE_BUDGET, "300");
    check(written_for(5), "Settled");
    check(unpaid(5), "Settled");
    check(
        unpaid(10),
        "Refuse: not making node-type=cache.m7g.2xlarge although EngineCPUUtilization of orders-001 at 95.0 percent - the limit is 80: it is beyond the $300.00 a month of cachewarden:autoscale-budget",
    );
}

#[test]
fn the_evidence_says_what_the_budget_keeps_out() {
    let view = orders().of_type("cache.t4g.small").tagged(tag::AUTOSCALE_BUDGET, "50").seen();
    let evidence = evidence(Catalog::embedded(), &view, now()).unwrap();
    let barred = |name: &str| {
        let mut of = evidence.weighed.iter().filter(|it| it.node_type.as_str() == name);
        of.next().unwrap().barred_by
    };
    assert_eq!(barred("cache.t4g.medium"), Some("the budget"));
    assert_ne!(barred("cache.t4g.small"), Some("the budget"));
}
