//! Bills as a person reads them.

use jiff::civil::date;

use super::*;
use crate::price::Prices;

fn bill(node_type: &NodeType) -> Bill<'_> {
    Bill {
        region: "us-east-1",
        engine: Engine::Redis,
        version: Some("7.1".parse().unwrap()),
        node_type,
        nodes: 2,
        shards: 1,
        snapshots: 14,
        secret: true,
        alarm_metrics: 10,
        today: date(2026, 11, 29),
    }
}

fn node_type(name: &str) -> NodeType {
    NodeType::parse(name).unwrap()
}

#[track_caller]
fn check(bill: &Bill<'_>, expected: &str) {
    let said = match bill.estimate(Catalog::embedded()) {
        Ok(estimate) => estimate.to_string(),
        Err(unknown) => unknown.to_string(),
    };
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_bill_has_a_line_for_everything_that_is_paid_for() {
    check(
        &bill(&node_type("cache.t4g.micro")),
        "$24.76 a month: 2 x cache.t4g.micro $23.36, secret $0.40, 10 alarm metrics $1.00; up to $0.55 more for 13 snapshots beyond the free one, of 512.0 MiB at most; traffic between zones is $0.01 a GB each way and not in it. On demand in us-east-1, prices of 2026-10-02. Under Valkey the nodes cost $18.69",
    );
}

#[test]
fn what_is_not_there_is_not_paid_for() {
    let micro = node_type("cache.t4g.micro");
    let bare = Bill { nodes: 1, snapshots: 1, secret: false, alarm_metrics: 0, ..bill(&micro) };
    check(&bare, "$11.68 a month: 1 x cache.t4g.micro $11.68; traffic");
    let none = Bill { snapshots: 0, ..bare };
    assert_eq!(none.estimate(Catalog::embedded()).unwrap().snapshots, None);
}

#[test]
fn an_old_version_costs_its_extended_support() {
    let micro = node_type("cache.t3.micro");
    let old = Bill { version: Some("5.0.6".parse().unwrap()), ..bill(&micro) };
    check(&old, "2 x cache.t3.micro $24.82, extended support of redis 5.0.6, 80 % $19.86, secret");
}

#[test]
fn a_better_type_is_named_with_its_price() {
    check(
        &bill(&node_type("cache.m5.large")),
        "cache.m6g.large is in nothing smaller, and its nodes cost $217.54",
    );
}

#[test]
fn prices_of_elsewhere_and_old_ones_are_told() {
    let micro = node_type("cache.t4g.micro");
    let late = Bill { region: "eu-west-1", today: date(2027, 1, 1), ..bill(&micro) };
    check(
        &late,
        "On demand in us-east-1, prices of 2026-10-02; eu-west-1 has prices of its own, which NodePrices can state; they are 91 days old, read them again.",
    );
    let prices = Prices::parse("cache.t4g.micro redis 0.018 2026-12-30", "eu-west-1").unwrap();
    let estimate = late.estimate(&Catalog::at(&prices)).unwrap();
    assert_eq!(estimate.caveats, Vec::<String>::new());
    assert_eq!(estimate.lines[0].month.to_string(), "$26.28");
    // A price of here and one of there are not compared.
    assert_eq!(estimate.valkey, None);
}

#[test]
fn nothing_is_guessed() {
    check(&bill(&node_type("cache.z9.huge")), "the catalog does not know cache.z9.huge");
    check(
        &bill(&node_type("cache.m8g.large")),
        "the catalog has no price for cache.m8g.large under redis",
    );
}
