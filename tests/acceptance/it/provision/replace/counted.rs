//! The keys of a group that takes the place of another are counted before anybody is told of it.

use aws_sim::cloudwatch;
use domain::tag;
use serde_json::json;

use super::super::refusal::assert_failed;
use super::super::stack::{GROUP, Stack};
use super::{BYTES, SECOND, STANDS, plain, stands};

/// As many as the metrics make of the bytes.
const KEYS: u64 = BYTES / 1024;

impl Stack {
    /// Has the nodes of the new group report this many keys, once they are there.
    fn second_reports(&self, keys: f64) {
        for member in ["001", "002"].map(|it| format!("{SECOND}-{it}")) {
            self.scene.world.with(|it| cloudwatch::hold(it, &member, "CurrItems", keys));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_went_along_are_told_in_numbers() {
    let (stack, before) = stands().await;
    let answer = stack.update_of(GROUP, &before, &plain(&[])).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    let told = format!("of whose {KEYS} keys at the snapshot {KEYS} were counted in this one");
    assert!(info.ends_with(&told), "{info}");
    let tag = stack.tags_of(GROUP)[tag::REPLACED_BY].clone();
    assert!(tag.starts_with(&format!("{SECOND} counted ")), "it is counted no longer: {tag}");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_has_fewer_than_half_of_the_keys_takes_no_place() {
    let (stack, before) = stands().await;
    let now = plain(&[]);
    for keys in [0.0, 2440.0] {
        stack.second_reports(keys);
        let answer = stack.update_of(GROUP, &before, &now).await;
        assert_failed(&answer, "the replication group orders-redis-production had 4882 keys when");
        let told = format!("orders-redis-production-r2, which was filled from it, has {keys:.0};");
        assert_failed(&answer, &told);
        assert_failed(&answer, "orders-redis-production stands as it was, with all of its keys");
        assert_eq!(answer["PhysicalResourceId"], GROUP);
        assert_eq!((stack.bytes_of(GROUP), stack.left_of(GROUP).len()), (Some(BYTES), 5));
        let back = stack.update_of(GROUP, &now, &before).await;
        assert_eq!(back["Status"], "SUCCESS", "{back:#}");
        assert_eq!(stack.left_of(GROUP), STANDS);
        assert_eq!(stack.left_of(SECOND), ["secret on its way out"]);
        assert_eq!(stack.snapshots(""), Vec::<String>::new());
        assert!(!stack.tags_of(GROUP).contains_key(tag::REPLACED_BY));
    }
    // Half of them may have expired on the way.
    stack.second_reports(2441.0);
    let answer = stack.update_of(GROUP, &before, &now).await;
    assert_eq!(answer["PhysicalResourceId"], SECOND, "{answer:#}");
}

#[tokio::test(start_paused = true)]
async fn nothing_fails_for_want_of_metrics_and_that_nobody_counted_is_told() {
    let (stack, before) = stands().await;
    // No such number of keys can be true, so it is as if there were none.
    stack.second_reports(-1.0);
    let answer = stack.update_of(GROUP, &before, &plain(&[])).await;
    assert_eq!(
        (&answer["Status"], &answer["PhysicalResourceId"]),
        (&json!("SUCCESS"), &json!(SECOND)),
        "{answer:#}"
    );
    let info = answer["Data"]["DeploymentInfo"].as_str().unwrap();
    assert!(
        info.ends_with("whose keys were not counted in this one, as metrics were missing"),
        "{info}"
    );
    assert_eq!(stack.bytes_of(SECOND), Some(BYTES));
}
