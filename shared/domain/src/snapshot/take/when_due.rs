//! Tests of snapshots that tiers want.

use super::*;
use crate::snapshot::sample;
use crate::{Bytes, tag};

const TICK: &str = "2026-01-07T05:05:00Z";

fn take(tiers: &[Tier]) -> Take {
    Take::due(GroupId::parse("orders").unwrap(), tiers, TICK.parse().unwrap()).unwrap()
}

/// A group with this policy, whose newest snapshot was taken then.
fn view(policy: &str, newest: Option<&str>) -> TakeView {
    let mut group = sample::group("orders", 2);
    group.tags.as_mut().unwrap().insert(tag::SNAPSHOT_KEEP.to_owned(), policy.to_owned());
    let newest = newest.map(|it| sample::by_tiers("orders", it));
    TakeView { group: Some(group), newest, ..TakeView::default() }
}

#[track_caller]
fn check(view: &TakeView, now: &str, expected: &str) {
    let said = match take(&[Tier::Hourly, Tier::Daily]).plan(view, now.parse().unwrap()) {
        Next::Settled => "settled".to_owned(),
        Next::Wait(wait) => format!("wait: {}", wait.on),
        Next::Refuse(refusal) => format!("refuse: {refusal}"),
        Next::Do(TakeStep::Create { name, tags, .. }) => {
            format!("{name}, {} for {}", tags[tag::TIER], tags[tag::TIERS])
        }
    };
    assert_eq!(said, expected);
}

const POLICY: &str = "hourly=24 daily=7 monthly=1";

#[test]
fn its_name_is_of_the_least_frequent_and_its_tags_are_of_those_that_want_it_now() {
    let name = |tiers: &[Tier]| take(tiers).name.to_string();
    assert_eq!(name(&[Tier::Hourly]), "orders-hourly-202601070505");
    assert_eq!(name(&Tier::ALL), "orders-monthly-202601070505");
    check(
        &view(POLICY, Some("2026-01-06T22:05:00Z")),
        TICK,
        "orders-daily-202601070505, daily for hourly daily",
    );
    check(&view(POLICY, None), TICK, "orders-daily-202601070505, daily for hourly daily monthly");
}

#[test]
fn one_that_came_meanwhile_serves_and_no_second_is_taken() {
    check(&view(POLICY, Some("2026-01-07T05:01:00Z")), TICK, "settled");
    // It waited for the group into the next hour, whose own is there.
    check(&view(POLICY, Some("2026-01-07T06:20:00Z")), "2026-01-07T06:25:00Z", "settled");
    // And it is taken where that one is not.
    check(
        &view(POLICY, Some("2026-01-07T05:20:00Z")),
        "2026-01-07T06:25:00Z",
        "orders-daily-202601070505, daily for hourly",
    );
}

#[test]
fn one_that_is_being_written_is_waited_for() {
    let mut view = view(POLICY, Some("2026-01-07T04:05:00Z"));
    let newest = view.newest.as_mut().unwrap();
    (newest.status, newest.taken_at) = (SnapshotStatus::Creating, None);
    check(&view, TICK, "wait: the snapshot orders-daily-202601070405 to finish");
}

#[test]
fn a_policy_that_changed_meanwhile_counts() {
    check(&view("7", None), TICK, "settled");
    check(&view("0", None), TICK, "settled");
    check(&view("weekly=4", Some("2026-01-06T22:05:00Z")), TICK, "settled");
    check(
        &view("hourly=x", None),
        TICK,
        "refuse: the tag cachewarden:snapshot-keep says \"hourly=x\": hourly is \"x\", which is not a whole number from 0 to 365; put it right to go on",
    );
}

#[test]
fn its_own_is_followed_whatever_is_due() {
    let mut seen = view(POLICY, Some("2026-01-07T06:20:00Z"));
    let own = sample::snapshot("orders", TICK);
    seen.snapshot =
        Some(SnapshotView { status: SnapshotStatus::Creating, size: None, ..own.clone() });
    check(&seen, TICK, "wait: the snapshot orders-daily-202601070505 to finish");
    seen.snapshot = Some(SnapshotView { size: Some(Bytes(1)), ..own });
    check(&seen, TICK, "settled");
}

#[test]
fn the_rest_of_the_group_is_looked_at_only_where_one_could_be_asked_for() {
    let asks = |view: &TakeView| take(&[Tier::Hourly]).asks_for_newest(view);
    let free = view(POLICY, None);
    assert!(asks(&free));
    assert!(!asks(&TakeView::default()));
    let mut busy = free.clone();
    busy.group.as_mut().unwrap().status = GroupStatus::Snapshotting;
    assert!(!asks(&busy));
    let own = TakeView { snapshot: Some(sample::snapshot("orders", TICK)), ..free.clone() };
    assert!(!asks(&own));
    let asked = Take::new(GroupId::parse("orders").unwrap(), Tier::Hourly, TICK.parse().unwrap());
    assert!(!asked.unwrap().asks_for_newest(&free));
}
