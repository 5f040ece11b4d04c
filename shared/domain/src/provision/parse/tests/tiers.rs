//! Which snapshots are kept: by number or by tiers.

use serde_json::{Value, json};

use super::{owner, parse, properties, spec, wrong};
use crate::provision::Backend;
use crate::snapshot::Keep;

#[track_caller]
fn check(tiers: Value, expected: &str) {
    let mut map = properties();
    map.insert("SnapshotTiers".to_owned(), tiers);
    let said = match parse(&map, &owner(), None) {
        Ok(Backend::ElastiCache(spec)) => spec.snapshot_keep.to_string(),
        Ok(other @ Backend::Upstash(_)) => panic!("{other:?}"),
        Err(problems) => problems.to_string(),
    };
    assert_eq!(said, expected);
}

#[test]
fn tiers_are_read_in_every_spelling_that_templates_have() {
    check(json!({ "Daily": 7, "Hourly": "24" }), "hourly=24 daily=7");
    check(json!("monthly=12, hourly=24"), "hourly=24 monthly=12");
    check(json!([{ "Key": "Weekly", "Value": "4" }]), "weekly=4");
    check(json!({ "Daily": 7, "Hourly": 0 }), "daily=7");
    // Without any, the number counts.
    for nothing in [json!(null), json!(""), json!({}), json!([])] {
        check(nothing, "7");
    }
}

#[test]
fn every_mistake_in_tiers_is_told() {
    check(
        json!({ "Yearly": 1, "Hourly": 400, "daily": 300, "Weekly": 66 }),
        "SnapshotTiers: hourly is \"400\", which is not a whole number from 0 to 365; SnapshotTiers: \"Yearly\" is not a tier; hourly, daily, weekly and monthly are; SnapshotTiers: all tiers together keep 366, and 365 is the most",
    );
    check(json!({ "Daily": 1, "daily": 2 }), "SnapshotTiers: daily is there twice");
    check(
        json!({ "Daily": 0 }),
        "SnapshotTiers: no tier keeps any; name one with a number above 0",
    );
    let shape = "SnapshotTiers: takes a map of tiers and numbers, a list of Key and Value, or texts such as daily=7 joined by commas";
    for strange in [json!(7), json!("7"), json!(true), json!({ "Daily": [7] })] {
        check(strange, shape);
    }
}

#[test]
fn a_cache_keeps_its_snapshots_by_one_policy() {
    wrong(
        &[("SnapshotTiers", "daily=7"), ("SnapshotKeep", "7")],
        &["SnapshotTiers: is stated beside SnapshotKeep"],
    );
    wrong(
        &[("SnapshotTiers", "daily=x"), ("SnapshotKeep", "900")],
        &["SnapshotKeep: \"900\" is not a whole number", "SnapshotTiers: daily is \"x\""],
    );
    assert_eq!(
        spec(&[("SnapshotTiers", "daily=7"), ("SnapshotKeep", "")]).snapshot_keep,
        Keep::parse("daily=7").unwrap()
    );
    assert_eq!(spec(&[("SnapshotKeep", "0")]).snapshot_keep, Keep::Off);
}

#[test]
fn drills_are_asked_for_by_days() {
    let days = |days: &'static str| spec(&[("SnapshotDrillDays", days)]).drill_days;
    assert_eq!(days("7"), std::num::NonZeroU32::new(7));
    assert_eq!((days("0"), days("")), (None, None));
    wrong(&[("SnapshotDrillDays", "weekly")], &["SnapshotDrillDays: \"weekly\" is not a whole"]);
    // Whether a secret holds the password of one of them is seen when a drill is due.
    let users = spec(&[("SnapshotDrillDays", "7"), ("UserGroupIds", "staff")]);
    assert_eq!(users.drill_days, std::num::NonZeroU32::new(7));
}
