//! Of several replicas, which is read.

use super::*;
use crate::snapshot::sample;

/// The member that is read where replicas are this many seconds behind.
#[track_caller]
fn check(lags: &[(&str, f64)], expected: &str) {
    let lags = lags.iter().map(|(id, lag)| (MemberId::parse(id).unwrap(), *lag)).collect();
    let expected = MemberId::parse(expected).unwrap();
    assert_eq!(source(&sample::group("orders", 3), &lags), Ok(ReadFrom::Member(expected)));
}

#[test]
fn the_replica_that_is_least_behind_is_read() {
    check(&[("orders-002", 3.0), ("orders-003", 0.5)], "orders-003");
    check(&[("orders-002", 0.5), ("orders-003", 3.0)], "orders-002");
}

#[test]
fn the_first_is_read_where_nothing_tells_them_apart() {
    check(&[], "orders-002");
    check(&[("orders-002", 1.0), ("orders-003", 1.0)], "orders-002");
}

#[test]
fn one_that_is_known_to_be_near_goes_before_one_of_which_nothing_is_told() {
    check(&[("orders-003", 2.0)], "orders-003");
    check(&[("orders-003", 900.0)], "orders-002");
}

#[test]
fn the_primary_is_read_where_all_are_far_behind() {
    check(&[("orders-002", 900.0), ("orders-003", 61.0)], "orders-001");
}
