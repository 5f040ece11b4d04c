//! A snapshot goes into a bucket and comes back from there, and nothing that is there already is overwritten or trusted.

use std::time::Duration;

use aws_sim::elasticache::snapshot::export::Closed;
use aws_sim::fault::{Fault, Rule, Side};
use aws_sim::s3::Object;
use serde_json::{Value, json};

use super::stage::{BYTES, GROUP, Stage, summary};

const BUCKET: &str = "cache-exports";
const BACK: &str = "orders-back";

/// A group with one snapshot, and a bucket.
async fn stage() -> (Stage, String) {
    let stage = Stage::new().await;
    stage.scene.world.with(|it| it.elasticache.buckets.insert(BUCKET.to_owned()));
    stage.hours(1).await;
    let taken = stage.good().remove(0);
    (stage, taken)
}

fn event(snapshot: &str) -> Value {
    json!({ "action": "export", "snapshot": snapshot, "bucket": BUCKET, "name": "2026/orders" })
}

fn restore() -> Value {
    let manifest = format!("arn:aws:s3:::{BUCKET}/2026/orders.manifest.json");
    json!({ "action": "restore", "manifest": manifest, "group": BACK })
}

/// The manifest as it lies in the bucket.
fn manifest(stage: &Stage) -> Value {
    let place = (BUCKET.to_owned(), "2026/orders.manifest.json".to_owned());
    let text = stage.scene.world.with(|it| it.s3.texts[&place].body.clone());
    serde_json::from_slice(&text).unwrap()
}

fn exports(stage: &Stage) -> usize {
    stage.scene.world.with(|it| {
        let copies = it.calls.iter().filter(|it| it.operation == "CopySnapshot");
        copies.filter(|it| it.status == 200).count()
    })
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_goes_into_a_bucket_with_a_manifest_and_comes_back() {
    let (stage, taken) = stage().await;
    let mut plan = event(&taken);
    plan["action"] = json!("plan");
    plan["of"] = json!("export");
    let told = summary(&stage.send(plan).await);
    assert!(
        told.contains(&format!("would have asked for the files of {taken} in {BUCKET}")),
        "{told}"
    );
    assert_eq!(exports(&stage), 0);
    let said = summary(&stage.send(event(&taken)).await);
    let expected = format!(
        "1 files of {taken} are in the bucket {BUCKET}, 100.0 MiB in all, with the manifest 2026/orders.manifest.json"
    );
    assert!(said.ends_with(&expected), "{said}");
    let manifest = manifest(&stage);
    assert_eq!(manifest["snapshot"], json!(taken));
    assert_eq!((&manifest["group"], &manifest["engine"]), (&json!(GROUP), &json!("redis")));
    assert_eq!(manifest["record"], json!("keys=0 ends=0"));
    assert_eq!(manifest["files"][0]["key"], json!("2026/orders-0001.rdb"));
    assert_eq!(manifest["files"][0]["bytes"], json!(BYTES));
    let told = stage.told();
    assert!(told.iter().any(|it| it.subject.contains("exported")), "{told:?}");
    // Whoever asks again is told that it is there.
    let again = summary(&stage.send(event(&taken)).await);
    assert!(again.ends_with(&expected), "{again}");
    assert_eq!(exports(&stage), 1);
    // The snapshot may be gone by then.
    stage.scene.world.with(|it| it.elasticache.snapshots.clear());
    let said = summary(&stage.send(restore()).await);
    assert!(said.contains(&format!("{BACK} is there: 2 x cache.t4g.micro")), "{said}");
    stage.scene.world.with(|it| {
        let (back, source) = (&it.elasticache.groups[BACK], &it.elasticache.groups[GROUP]);
        assert_eq!((back.bytes_used, &back.access), (BYTES, &source.access));
    });
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn shards_are_exported_as_a_file_each_and_keep_their_slots() {
    let (stage, _) = stage().await;
    stage.add_sharded("wide", 3).await;
    let taken = stage.taken_of("wide").await;
    let said = summary(&stage.send(event(&taken)).await);
    assert!(said.contains("3 files of "), "{said}");
    let slots: Vec<Value> = manifest(&stage)["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["slots"].clone())
        .collect();
    assert_eq!(slots, [json!("0-5461"), json!("5462-10922"), json!("10923-16383")]);
    let said = summary(&stage.send(restore()).await);
    assert!(said.starts_with("settled"), "{said}");
    stage.scene.world.with(|it| {
        let slots = |id: &str| {
            let shards = it.elasticache.groups[id].shards.as_ref().unwrap();
            shards.all.values().map(|it| format!("{:?}", it.slots)).collect::<Vec<_>>()
        };
        assert_eq!(slots(BACK), slots("wide"));
    });
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_exports_once() {
    for (operation, side) in [
        ("CopySnapshot", Side::AfterEffect),
        ("CopySnapshot", Side::BeforeEffect),
        ("PutObject", Side::AfterEffect),
        ("PutObject", Side::BeforeEffect),
    ] {
        let (stage, taken) = stage().await;
        stage.befall(Rule::operation(operation, Fault::Broken(side)).times(4));
        let said = summary(&stage.send(event(&taken)).await);
        assert!(said.contains("1 files of "), "{operation} {side:?}: {said}");
        let files = stage.scene.world.with(|it| it.elasticache.files.len());
        assert_eq!((files, &manifest(&stage)["snapshot"]), (1, &json!(taken)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_export_is_found_among_very_many_that_begin_alike() {
    let (stage, taken) = stage().await;
    stage.scene.world.with(|it| {
        for number in 0..2_500 {
            let place = (BUCKET.to_owned(), format!("2026/orders-{number:04}-of-others.rdb"));
            let object = Object { body: b"another's".to_vec(), at: it.now };
            it.s3.texts.insert(place, object);
        }
    });
    let said = summary(&stage.send(event(&taken)).await);
    assert!(said.contains("1 files of "), "{said}");
    let again = summary(&stage.send(event(&taken)).await);
    assert!(again.contains("1 files of "), "{again}");
    assert_eq!(exports(&stage), 1);
    let said = summary(&stage.send(restore()).await);
    assert!(said.starts_with("settled"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn what_speaks_against_an_export_is_told_and_nothing_is_overwritten() {
    let (stage, taken) = stage().await;
    let refuses = async |event: Value, expected: &str| {
        let said = summary(&stage.send(event).await);
        assert!(said.contains(expected), "{said}");
        assert_eq!(exports(&stage), 0);
    };
    refuses(event("orders-daily-202501010000"), "there is no snapshot orders-daily-202501010000")
        .await;
    let mut elsewhere = event(&taken);
    elsewhere["bucket"] = json!("no-such-bucket");
    refuses(elsewhere, "NoSuchBucket: The specified bucket does not exist (bucket no-such-bucket)")
        .await;
    for (why, expected) in [
        (Closed::Elsewhere, "the bucket cache-exports is in another region than the cache"),
        (Closed::NotOurs, "AccessDenied: Access Denied (bucket cache-exports)"),
        (Closed::NoWrite, "ElastiCache has not been granted WRITE permissions"),
        (Closed::NoReadAcp, "ElastiCache has not been granted READ_ACP permissions"),
    ] {
        stage.scene.world.with(|it| it.elasticache.closed_buckets.insert(BUCKET.to_owned(), why));
        refuses(event(&taken), expected).await;
    }
    stage.scene.world.with(|it| it.elasticache.closed_buckets.clear());
    let body = b"somebody's own".to_vec();
    stage.scene.world.with(|it| {
        let object = Object { body: body.clone(), at: it.now };
        let place = (BUCKET.to_owned(), "2026/orders.manifest.json".to_owned());
        it.s3.texts.insert(place, object);
    });
    refuses(event(&taken), "is in the bucket cache-exports already: it cannot be read: ").await;
    let kept = stage.scene.world.with(|it| it.s3.texts.values().next().unwrap().body.clone());
    assert_eq!(kept, body);
}

#[tokio::test(start_paused = true)]
async fn a_manifest_is_held_against_its_files_before_anything_is_made() {
    let (stage, taken) = stage().await;
    stage.send(event(&taken)).await;
    let refuses = async |expected: &str| {
        let said = summary(&stage.send(restore()).await);
        assert!(said.starts_with("refused"), "{said}");
        assert!(said.contains(expected), "{said}");
        assert!(!stage.scene.world.with(|it| it.elasticache.groups.contains_key(BACK)));
    };
    let file = (BUCKET.to_owned(), "2026/orders-0001.rdb".to_owned());
    stage.scene.world.with(|it| it.elasticache.files.get_mut(&file).unwrap().bytes += 1);
    refuses("names other files than are there: the file 2026/orders-0001.rdb has 104857601 bytes and not 104857600; nothing was made").await;
    stage.scene.world.with(|it| it.elasticache.files.remove(&file));
    refuses("the file 2026/orders-0001.rdb is not there").await;
    stage.scene.world.with(|it| it.s3.texts.values_mut().for_each(|it| it.body = b"{}".to_vec()));
    refuses("cannot be read: ").await;
    stage.scene.world.with(|it| it.s3.texts.clear());
    refuses("the manifest 2026/orders.manifest.json in the bucket cache-exports is not there")
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_group_that_would_run_an_older_engine_is_not_made_of_an_export() {
    let (stage, taken) = stage().await;
    stage.send(event(&taken)).await;
    stage.scene.world.with(|it| {
        for text in it.s3.texts.values_mut() {
            let newer = String::from_utf8_lossy(&text.body).replace("\"7.1.0\"", "\"9.9.0\"");
            text.body = newer.into_bytes();
        }
    });
    stage.scene.pass(Duration::from_mins(1)).await;
    let said = summary(&stage.send(restore()).await);
    assert!(said.contains("is of version 9.9.0, newer than 7.1.0"), "{said}");
}
