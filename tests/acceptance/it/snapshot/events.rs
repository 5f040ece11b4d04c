//! Every file in `events/snapshot` is understood and handled, and what is wrong is told whole.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::stage::{Stage, summary};

/// What comes of each file in an account that has no such group.
const EXPECTED: &[(&str, &str)] = &[
    ("bad.json", "refused: snapshot: is not a text"),
    ("carried.json", "refused: transparent-trust-redis-production: the snapshot would be one of"),
    (
        "drill-carried.json",
        "refused: transparent-trust-redis-production: there is no snapshot transparen-a1b2c3d4-",
    ),
    ("drill-group.json", "refused: transparent-trust-redis-production: the group has no"),
    ("drill-snapshot.json", "refused: snapshot: there is no snapshot transparen-a1b2c3d4-"),
    ("drill.json", "settled: no group carries the tag cachewarden:drill-days"),
    (
        "export.json",
        "failed: ListObjectsV2 failed: NoSuchBucket: The specified bucket does not exist",
    ),
    ("gave-up.json", "failed: Lambda.TooManyRequestsException Rate Exceeded."),
    ("park-carried.json", "refused: transparent-trust-redis-production: there is no group"),
    ("park-group.json", "refused: transparent-trust-redis-production: there is no group"),
    ("park.json", "settled: no group carries the tag cachewarden:park with nightly"),
    ("plan-drill.json", "settled: no group carries the tag cachewarden:drill-days"),
    ("plan-export.json", "failed: ListObjectsV2 failed: NoSuchBucket: The specified bucket does"),
    ("plan-park.json", "settled: no group carries the tag cachewarden:park with nightly"),
    ("plan-unpark.json", "settled: no group is parked"),
    ("plan-promote.json", "refused: snapshot: there is no snapshot automatic.transparent-trust-"),
    ("plan-prune.json", "refused: transparent-trust-redis-production: the group has no"),
    (
        "plan-restore-by-secret.json",
        "refused: transparent-trust-redis-production: there is no group",
    ),
    (
        "plan-restore-in-place.json",
        "refused: transparent-trust-redis-production: there is no group",
    ),
    ("plan-restore.json", "refused: transparent-trust-restored: there is no snapshot"),
    ("plan.json", "settled: no group carries the tag"),
    (
        "promote-newest.json",
        "refused: transparent-trust-redis-production: ElastiCache has no automatic snapshot of",
    ),
    ("promote.json", "refused: snapshot: there is no snapshot automatic.transparent-trust-"),
    ("prune-group.json", "refused: transparent-trust-redis-production: the group has no"),
    ("prune.json", "settled: no group carries the tag"),
    ("restore-by-secret.json", "refused: transparent-trust-redis-production: there is no group"),
    ("restore-in-place.json", "refused: transparent-trust-redis-production: there is no group"),
    (
        "restore-files.json",
        "refused: transparent-trust-restored: the group transparent-trust-redis-production is gone",
    ),
    ("restore-like.json", "refused: transparent-trust-restored: there is no snapshot automatic."),
    ("restore-manifest.json", "failed: GetObject failed: NoSuchBucket: The specified bucket does"),
    (
        "restore-keep-new.json",
        "refused: transparent-trust-redis-production: transparent-trust-redis-production does not",
    ),
    ("restore-over.json", "settled: transparent-trust-redis-production: it does not stand aside"),
    (
        "restore-take-back.json",
        "refused: transparent-trust-redis-production: transparent-trust-redis-production does not",
    ),
    (
        "restore.json",
        "refused: transparent-trust-restored: there is no snapshot transparen-a1b2c3d4-",
    ),
    ("status-group.json", "refused: transparent-trust-redis-production: the group has no"),
    ("status.json", "settled: no group carries the tag"),
    ("sweep.json", "settled: no group of a drill has outlived its time, and none that stood aside"),
    (
        "unpark-carried.json",
        "refused: transparent-trust-redis-production: there is no snapshot transparen-a1b2c3d4-park",
    ),
    (
        "unpark-group.json",
        "refused: transparent-trust-redis-production: there is no group transparent-trust-redis-",
    ),
    ("unpark.json", "settled: no group is parked"),
    ("take-due-at.json", "settled: no group carries the tag cachewarden:snapshot-keep with tiers"),
    (
        "take-due-carried.json",
        "refused: transparent-trust-redis-production: the snapshot would be one of",
    ),
    ("take-due-group.json", "refused: transparent-trust-redis-production: the group has no"),
    ("take-at.json", "settled: no group carries the tag"),
    ("take-due-part.json", "settled: no group carries the tag"),
    ("take-group.json", "refused: transparent-trust-redis-production: there is no group"),
    ("take-weekly.json", "refused: transparent-trust-redis-production: there is no group"),
    ("take.json", "settled: no group carries the tag"),
];

#[tokio::test(start_paused = true)]
async fn every_file_is_handled() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/snapshot");
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let stage = Stage::new().await;
        // The group of the stage is not one of ours here.
        stage.scene.world.with(|it| it.elasticache.groups.get_mut("orders").unwrap().tags.clear());
        let said = summary(&stage.send_only(event).await);
        let expected = EXPECTED.iter().find(|it| it.0 == name);
        let expected =
            expected.unwrap_or_else(|| panic!("{name} has no place in this test: {said}"));
        assert!(said.starts_with(expected.1), "{name}: {said}");
        seen.insert(name);
    }
    assert_eq!(seen.len(), EXPECTED.len(), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn bad_input_is_told_once_and_whole_and_not_retried() {
    let stage = Stage::new().await;
    let before = stage.calls();
    let event = json!({ "action": "take", "tier": "yearly", "when": "now", "group": "-" });
    let said = summary(&stage.send(event).await);
    for part in
        ["tier: yearly is not a tier", "when: is not a field", "group: \"-\" does not start"]
    {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(stage.calls_since(before), ["Publish"]);
    let records = stage.scene.journal.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["outcome"], "refused");
    assert_eq!(records[0]["decided"], "nothing");
}

#[tokio::test(start_paused = true)]
async fn work_that_was_given_up_is_told() {
    let stage = Stage::new().await;
    let event = json!({
        "cachewarden": { "execution": "x", "startedAt": "2026-01-01T00:00:00Z", "gaveUp": { "Error": "Lambda.Timeout", "Cause": "slow" } },
        "event": { "action": "restore", "snapshot": "s", "group": "orders-back" },
    });
    let before = stage.calls();
    let said = summary(&stage.send(event).await);
    assert_eq!(said, "failed: Lambda.Timeout slow");
    assert_eq!(stage.calls_since(before), ["Publish"]);
    assert_eq!(stage.told()[0].subject, "snapshot: could not finish restore orders-back");
}
