//! Another group in the place of the one that a stack has, without its keys: as a stack says that needs none of them.

use serde_json::json;

use super::super::refusal::assert_failed;
use super::super::shards::sharded;
use super::super::stack::{GROUP, properties};
use super::{BYTES, SECOND, STANDS, stands};

const WITHOUT: (&str, &str) = ("Replacement", "without-data");
const PLAIN: (&str, &str) = ("EnableEncryptionAtRest", "false");

#[tokio::test(start_paused = true)]
async fn a_replacement_without_data_begins_empty_and_leaves_a_last_snapshot_of_the_old_group() {
    let (stack, before) = stands().await;
    let now = properties(&[PLAIN, WITHOUT]);
    let answer = stack.update_of(GROUP, &before, &now).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(answer["PhysicalResourceId"], SECOND);
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    let told = format!("in the place of {GROUP}, none of whose keys are in this one");
    assert!(info.contains(&told), "{info}");
    stack.is_opened(SECOND, &answer).await;
    assert_eq!((stack.bytes_of(GROUP), stack.bytes_of(SECOND)), (Some(BYTES), Some(0)));
    assert_eq!(stack.left_of(GROUP), STANDS);
    assert_eq!(stack.left_of(SECOND), STANDS);
    assert_eq!(stack.snapshots(""), Vec::<String>::new(), "nothing is carried");

    let gone = stack.delete(GROUP, &before).await;
    assert_eq!(gone["Status"], "SUCCESS", "{gone:#}");
    assert_eq!(stack.left_of(GROUP), ["secret on its way out"]);
    assert_eq!(stack.left_of(SECOND), STANDS);
    let last = stack.snapshots("");
    let bytes = stack.scene.world.with(|it| it.elasticache.snapshots[&last[0]].bytes);
    assert_eq!((last.len(), bytes), (1, BYTES), "its keys are in its last snapshot: {last:?}");

    stack.changes();
    assert_eq!(stack.update_of(SECOND, &now, &now).await["Status"], "SUCCESS");
    stack.changes();
    assert_eq!(stack.update_of(SECOND, &now, &now).await["Status"], "SUCCESS");
    assert_eq!(stack.changes(), ["StartExecution"], "and what changes nothing makes no change");
}

#[tokio::test(start_paused = true)]
async fn a_replacement_without_data_is_taken_back_to_the_keys_of_before() {
    let (stack, before) = stands().await;
    let now = properties(&[PLAIN, WITHOUT]);
    assert_eq!(stack.update_of(GROUP, &before, &now).await["PhysicalResourceId"], SECOND);
    let answer = stack.update_of(SECOND, &now, &before).await;
    assert_eq!(
        (&answer["Status"], &answer["PhysicalResourceId"]),
        (&json!("SUCCESS"), &json!(GROUP)),
        "{answer:#}"
    );
    stack.is_opened(GROUP, &answer).await;
    assert_eq!(stack.delete(SECOND, &now).await["Status"], "SUCCESS");
    assert_eq!(stack.left_of(SECOND), ["secret on its way out"]);
    assert_eq!(stack.left_of(GROUP), STANDS);
    assert_eq!(stack.bytes_of(GROUP), Some(BYTES));
}

#[tokio::test(start_paused = true)]
async fn a_replacement_without_data_can_be_what_no_snapshot_becomes() {
    let (stack, before) = stands().await;
    let spread = sharded(2, 1, &[WITHOUT]);
    let answer = stack.update_of(GROUP, &before, &spread).await;
    assert_eq!(answer["PhysicalResourceId"], SECOND, "{answer:#}");
    assert_eq!(stack.delete(GROUP, &before).await["Status"], "SUCCESS");
    // Cluster mode is left neither in place nor by a snapshot.
    let single = properties(&[("Replacement", "with-data")]);
    assert_failed(&stack.update_of(SECOND, &spread, &single).await, "ClusterMode is enabled");
    assert_eq!(stack.update_of(SECOND, &single, &spread).await["Status"], "SUCCESS");
    let single = properties(&[WITHOUT]);
    let answer = stack.update_of(SECOND, &spread, &single).await;
    assert_eq!(answer["PhysicalResourceId"], "orders-redis-production-r3", "{answer:#}");
    let is_sharded =
        |id: &str| stack.scene.world.with(|it| it.elasticache.groups[id].shards.is_some());
    assert_eq!((is_sharded(SECOND), is_sharded("orders-redis-production-r3")), (true, false));
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_that_the_keys_stay_behind() {
    let (stack, before) = stands().await;
    let now = properties(&[PLAIN, WITHOUT]);
    let plan = json!({
        "action": "plan", "properties": now, "before": before, "physicalId": GROUP,
        "stackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/orders/0a1b",
    });
    let told = stack.invoke(plan).await;
    assert_eq!((&told["status"], &told["group"]), (&json!("settled"), &json!(SECOND)), "{told:#}");
    let words: Vec<_> =
        told["changes"].as_array().unwrap().iter().map(|it| it["what"].as_str().unwrap()).collect();
    assert!(words[0].starts_with("leave the keys of orders-redis-production behind"), "{words:#?}");
    assert!(words.iter().all(|it| !it.contains("-move-")), "{words:#?}");
    let last = "take a last snapshot of orders-redis-production-001";
    assert!(words.iter().any(|it| it.starts_with(last)), "{words:#?}");
}
