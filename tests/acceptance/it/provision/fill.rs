//! A cache that is filled when it is made: from a snapshot, or from a file that was brought from elsewhere.

use aws_sim::elasticache::model::SnapshotStatus;
use aws_sim::elasticache::snapshot::export::Closed;
use aws_sim::elasticache::snapshot::file::Rdb;
use aws_sim::fault::{Fault, Rule, Shortage, Side};
use aws_sim::settings::Switches;
use domain::{Tags, tag};
use platform::Secrets;
use serde_json::{Value, json};

use super::refusal::assert_failed;
use super::shards::sharded;
use super::stack::{GROUP, SECRET, Stack, properties, quick};

const BYTES: u64 = 5_000_000;
const FILE: &str = "arn:aws:s3:::bucket/dumps/orders.rdb";

/// A stack whose cache went, and the snapshot that it left.
async fn gone() -> (Stack, String) {
    let stack = Stack::new().await;
    stack.create(&properties(&[])).await;
    stack.scene.world.with(|it| it.elasticache.fill(GROUP, BYTES));
    stack.delete(GROUP, &properties(&[])).await;
    let names = stack.scene.world.with(|it| it.elasticache.snapshots.keys().cloned().collect());
    let names: Vec<String> = names;
    assert_eq!(names.len(), 1, "{names:?}");
    (stack, names[0].clone())
}

fn from(snapshot: &str, over: &[(&str, &str)]) -> Value {
    properties(&[&[("SnapshotName", snapshot)], over].concat())
}

fn bytes(stack: &Stack) -> u64 {
    stack.scene.world.with(|it| it.elasticache.groups[GROUP].bytes_used)
}

fn snapshot_status(stack: &Stack, name: &str) -> SnapshotStatus {
    stack.scene.world.with(|it| it.elasticache.snapshots[name].status)
}

fn put_file(stack: &Stack) {
    stack.scene.world.with(|it| {
        let place = ("bucket".to_owned(), "dumps/orders.rdb".to_owned());
        let file = Rdb { bytes: BYTES, at: it.now };
        it.elasticache.files.insert(place, file);
    });
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_comes_back_brings_its_keys_and_all_that_a_snapshot_does_not_hold() {
    let (stack, name) = gone().await;
    let stated = from(&name, &[("RedisNumCacheNodes", "3"), ("Tags", "team=shop")]);
    let stack_id = "arn:aws:cloudformation:us-east-1:123456789012:stack/orders/0a1b";
    let asked = json!({ "action": "plan", "properties": stated, "stackId": stack_id });
    let told = stack.invoke(asked).await;
    let words = told["changes"].to_string();
    assert!(words.contains(&format!("Redis 7.1, filled from the snapshot {name}")), "{told:#}");

    let answer = stack.create(&stated).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(
        info.contains("3 x cache.t4g.micro, Multi-AZ with failover, TLS and AUTH token"),
        "{info}"
    );
    assert!(info.contains(&format!("filled from {name} when it was made")), "{info}");
    assert_eq!(bytes(&stack), BYTES);
    assert_eq!(snapshot_status(&stack, &name), SnapshotStatus::Available);
    let token = Secrets::new(&stack.scene.aws).token(SECRET).await.unwrap();
    for node in stack.scene.world.with(|it| it.nodes()) {
        assert!(node.access.admits(Some(token.expose())) && !node.access.admits(None));
    }
    let group = stack.group().await.unwrap();
    assert!(group.members.iter().all(|it| it.security_groups == ["sg-0a"]));
    let tags: Tags = group.tags.unwrap();
    assert_eq!((tags[tag::RESTORED_FROM].as_str(), tags["team"].as_str()), (name.as_str(), "shop"));
    stack.watches(&["001", "002", "003"]).await;
    // It costs no look at the snapshot any more, and the same once more makes no change.
    stack.changes();
    let answer = stack.update(&stated, &stated).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.changes(), ["StartExecution"]);
    stack.assert_secrecy().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_snapshot_would_bring_along_counts_for_nothing_beside_the_properties() {
    // In this world, what a restore does not name comes from the snapshot; in the other, from ElastiCache's defaults.
    for inherits in [true, false] {
        let mut settings = quick();
        settings.switches = Switches { restore_inherits: inherits, ..Switches::default() };
        let stack = Stack::with(settings).await;
        let first = properties(&[("SnapshotRetentionLimit", "9"), ("RedisNumCacheNodes", "3")]);
        stack.create(&first).await;
        stack.scene.world.with(|it| it.elasticache.fill(GROUP, BYTES));
        stack.delete(GROUP, &first).await;
        let name = stack.scene.world.with(|it| it.elasticache.snapshots.keys().next().cloned());
        let plain = [
            ("EnableEncryptionInTransit", "false"),
            ("EnableEncryptionAtRest", "false"),
            ("RedisNumCacheNodes", "1"),
            ("Engine", "valkey"),
        ];
        let answer = stack.create(&from(&name.unwrap(), &plain)).await;
        assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
        let group = stack.group().await.unwrap();
        assert_eq!((group.members.len(), group.snapshot_retention_days), (1, 7));
        assert!(!group.transit_encryption && !group.at_rest_encryption);
        assert_eq!(group.engine.as_deref(), Some("valkey"));
        assert_eq!(bytes(&stack), BYTES);
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_cannot_be_had_is_told_before_anything_is_made() {
    let (stack, name) = gone().await;
    let left = stack.left().await;
    assert_failed(
        &stack.create(&from("nightly", &[])).await,
        "SnapshotName: there is no snapshot nightly; no cache was made",
    );
    let older = stack.create(&from(&name, &[("RedisEngineVersion", "7.0")])).await;
    assert_failed(&older, "is of version 7.1.0, newer than 7.0, which the new group would run");
    stack.scene.world.with(|it| {
        let snapshot = it.elasticache.snapshots.get_mut(&name).unwrap();
        snapshot.bytes = 8 << 30;
        snapshot.status = SnapshotStatus::Failed;
    });
    let answer = stack.create(&from(&name, &[])).await;
    assert_failed(&answer, &format!("the snapshot {name} is failed; the data take 8.0 GiB"));
    let both = properties(&[("SnapshotName", &name), ("SnapshotArns", FILE)]);
    assert_failed(&stack.create(&both).await, "a cache is filled from one of the two");
    assert_eq!(stack.left().await, left);
    assert_eq!(stack.effects_of("CreateReplicationGroup"), 1, "the first one");
    // And the rollback of one that came to nothing.
    let id = answer["PhysicalResourceId"].as_str().unwrap();
    assert_eq!(stack.delete(id, &from(&name, &[])).await["Status"], "SUCCESS");
    assert_eq!(stack.left().await, left);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_is_still_written_is_waited_for() {
    let (stack, name) = gone().await;
    let stated = from(&name, &[]);
    stack.scene.world.with(|it| {
        it.elasticache.snapshots.get_mut(&name).unwrap().status = SnapshotStatus::Creating;
    });
    let create = stack.request("Create", None, &stated);
    stack.deliver(&create).await;
    let running = stack.scene.running().pop().unwrap();
    let written = async {
        stack.scene.pass(std::time::Duration::from_mins(3)).await;
        assert_eq!(stack.effects_of("CreateReplicationGroup"), 1, "the first one");
        stack.scene.world.with(|it| {
            it.elasticache.snapshots.get_mut(&name).unwrap().status = SnapshotStatus::Available;
        });
    };
    tokio::join!(stack.carry(&running), written);
    stack.settle().await;
    assert_eq!(stack.answer(&create)["Status"], "SUCCESS");
    assert_eq!(bytes(&stack), BYTES);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_fills_one_cache_and_a_half_made_one_goes() {
    let (stack, name) = gone().await;
    let lost = Rule::operation("CreateReplicationGroup", Fault::Broken(Side::AfterEffect)).times(1);
    stack.scene.world.with(|it| it.faults.add(lost));
    let stated = from(&name, &[]);
    let answer = stack.create(&stated).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(
        stack.effects_of("CreateReplicationGroup"),
        1,
        "the first one: of this one nobody heard"
    );
    assert_eq!(bytes(&stack), BYTES);

    // A Create that is given up while the cache is being filled.
    let (stack, name) = gone().await;
    let stated = from(&name, &[]);
    let create = stack.request("Create", None, &stated);
    let delete = stack.request("Delete", Some("orders-Cache-1A2B3C4D5E6F"), &stated);
    stack.deliver(&create).await;
    let running = stack.scene.running();
    let overtaken = async {
        stack.scene.pass(std::time::Duration::from_mins(1)).await;
        assert_eq!(snapshot_status(&stack, &name), SnapshotStatus::Restoring);
        stack.deliver(&delete).await;
        let newer = stack.scene.running().pop().unwrap();
        stack.carry(&newer).await;
    };
    tokio::join!(stack.carry(&running[0]), overtaken);
    assert_eq!(stack.answer(&delete)["Status"], "SUCCESS");
    assert_eq!(stack.left().await, ["secret on its way out"]);
    assert_eq!(snapshot_status(&stack, &name), SnapshotStatus::Available, "and stays what it was");
}

#[tokio::test(start_paused = true)]
async fn a_want_of_capacity_leaves_the_snapshot_and_can_be_tried_again() {
    for when in [Shortage::Later, Shortage::AtOnce] {
        let (stack, name) = gone().await;
        stack.scene.world.with(|it| {
            it.faults.shortages.insert("cache.t4g.micro".to_owned(), when);
        });
        let stated = from(&name, &[]);
        let answer = stack.create(&stated).await;
        assert_failed(&answer, "another node type, fewer nodes or subnets in other zones");
        assert_eq!(stack.delete(GROUP, &stated).await["Status"], "SUCCESS");
        assert_eq!(stack.left().await, ["secret on its way out"]);
        assert_eq!(snapshot_status(&stack, &name), SnapshotStatus::Available);
        stack.scene.world.with(|it| it.faults.clear());
        assert_eq!(stack.create(&stated).await["Status"], "SUCCESS");
        assert_eq!(bytes(&stack), BYTES);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cache_is_filled_from_a_file_and_one_that_cannot_be_read_is_told_with_the_words_of_the_service()
 {
    let mut stated = properties(&[]);
    stated["SnapshotArns"] = json!([FILE]);
    let stack = Stack::new().await;
    put_file(&stack);
    let answer = stack.create(&stated).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(bytes(&stack), BYTES);
    assert_eq!(stack.group().await.unwrap().tags.unwrap()[tag::RESTORED_FROM], FILE);
    assert_eq!(stack.update(&stated, &stated).await["Status"], "SUCCESS");

    for at_once in [false, true] {
        let mut settings = quick();
        settings.switches.unreadable_file_refused_at_once = at_once;
        let stack = Stack::with(settings).await;
        put_file(&stack);
        stack.scene.world.with(|it| {
            it.elasticache.closed_buckets.insert("bucket".to_owned(), Closed::NoRead);
        });
        let answer = stack.create(&stated).await;
        assert_failed(&answer, "has not been granted READ permissions on the S3 Bucket bucket");
        assert_eq!(stack.delete(GROUP, &stated).await["Status"], "SUCCESS");
        assert_eq!(stack.left().await, ["secret on its way out"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_never_fills_a_cache_that_stands() {
    let (stack, name) = gone().await;
    let filled = from(&name, &[]);
    assert_eq!(stack.create(&filled).await["Status"], "SUCCESS");
    stack.scene.world.with(|it| it.elasticache.fill(GROUP, 2 * BYTES));
    // Left out, it asks for nothing, and may come back.
    let plain = properties(&[]);
    assert_eq!(stack.update(&filled, &plain).await["Status"], "SUCCESS");
    assert_eq!(stack.update(&plain, &filled).await["Status"], "SUCCESS");
    // Another one is refused as a whole, and the way back from it is free.
    let other = from("nightly", &[("RedisNumCacheNodes", "3")]);
    let why = format!("SnapshotName is {name} on the running cache and nightly in the template");
    assert_failed(&stack.update(&filled, &other).await, &why);
    assert_eq!(stack.update(&other, &filled).await["Status"], "SUCCESS");
    let group = stack.group().await.unwrap();
    assert_eq!((group.members.len(), bytes(&stack)), (2, 2 * BYTES));
    let told = json!({ "action": "plan", "properties": other, "before": filled });
    let told = stack.invoke(told).await;
    assert!(
        told["summary"].as_str().unwrap().starts_with("it would be refused: SnapshotName"),
        "{told:#}"
    );
}

#[tokio::test(start_paused = true)]
async fn shards_are_filled_from_files_each_key_where_its_slot_is() {
    let stack = Stack::new().await;
    put_file(&stack);
    stack.scene.world.with(|it| {
        let place = ("bucket".to_owned(), "dumps/more.rdb".to_owned());
        let file = Rdb { bytes: 2 * BYTES, at: it.now };
        it.elasticache.files.insert(place, file);
    });
    let files = format!("{FILE},arn:aws:s3:::bucket/dumps/more.rdb");
    let stated = sharded(3, 1, &[("SnapshotArns", &files)]);
    let answer = stack.create(&stated).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(bytes(&stack), 3 * BYTES);
    let group = stack.group().await.unwrap();
    let shards: Vec<_> = group.shards.iter().map(|it| (it.slots, it.members.len())).collect();
    assert_eq!(shards, [(Some(5462), 2), (Some(5461), 2), (Some(5461), 2)]);
    stack.changes();
    assert_eq!(stack.update(&stated, &stated).await["Status"], "SUCCESS");
    assert_eq!(stack.changes(), ["StartExecution"]);
}
