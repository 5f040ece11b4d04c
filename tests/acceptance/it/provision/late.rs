//! Events that come late and out of turn, as Lambda's queue may deliver them (facts 7.5): the request that was issued last counts.

use std::time::Duration;

use aws_sim::callback;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

use super::refusal::assert_failed;
use super::stack::{GROUP, Stack, properties};

const GONE: [&str; 1] = ["secret on its way out"];

/// The same request, issued at this time.
fn issued(mut event: Value, at: Timestamp) -> Value {
    let path = event["RequestId"].as_str().unwrap();
    let url = callback::address(path, at, SignedDuration::from_hours(2), "planted-signature");
    event["ResponseURL"] = json!(url);
    event
}

/// Nothing is done about an event, nobody is answered who does not wait, and the journal says why.
async fn comes_to_nothing(stack: &Stack, event: &Value) {
    stack.deliver(event).await;
    stack.settle().await;
    assert_eq!(stack.changes(), ["StartExecution"]);
    assert_eq!(stack.answers(event), [Value::Null; 0]);
    let last = json!(stack.scene.journal.records().last()).to_string();
    assert!(last.contains("the stack has asked for something else since"), "{last}");
}

/// An id that CloudFormation invents where a Create gave none.
const INVENTED: &str = "orders-Cache-1A2B3C4D5E6F";

#[tokio::test(start_paused = true)]
async fn a_create_that_comes_after_its_delete_makes_nothing() {
    let (stack, stated) = (Stack::new().await, properties(&[]));
    let at = stack.scene.now();
    let create = issued(stack.request("Create", None, &stated), at);
    let delete = stack.request("Delete", Some(INVENTED), &stated);
    let delete = issued(delete, at.saturating_add(30.seconds()).unwrap());
    assert_eq!(stack.play(&delete).await["Status"], "SUCCESS");
    stack.changes();
    comes_to_nothing(&stack, &create).await;
    assert_eq!(stack.left().await, [""; 0]);
    // The next Create of the same resource is meant.
    let again = stack.request("Create", None, &stated);
    let again = issued(again, at.saturating_add(5.minutes()).unwrap());
    assert_eq!(stack.play(&again).await["Status"], "SUCCESS");
    assert_eq!(stack.group().await.unwrap().member_ids.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_comes_after_its_rollback_changes_nothing() {
    let (stack, stated) = (Stack::new().await, properties(&[]));
    assert_eq!(stack.create(&stated).await["Status"], "SUCCESS");
    let larger = properties(&[("RedisNumCacheNodes", "3")]);
    let at = stack.scene.now();
    let change = |before: &Value, now: &Value, seconds: i64| {
        let mut event = stack.request("Update", Some(GROUP), now);
        event["OldResourceProperties"] = before.clone();
        issued(event, at.saturating_add(seconds.seconds()).unwrap())
    };
    let (update, back) = (change(&stated, &larger, 0), change(&larger, &stated, 1));
    assert_eq!(stack.play(&back).await["Status"], "SUCCESS");
    stack.changes();
    comes_to_nothing(&stack, &update).await;
    assert_eq!(stack.group().await.unwrap().member_ids.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_delete_stops_an_older_create_that_began_after_it() {
    let (stack, stated) = (Stack::new().await, properties(&[]));
    let at = stack.scene.now();
    let create = issued(stack.request("Create", None, &stated), at);
    let delete = stack.request("Delete", Some(INVENTED), &stated);
    let delete = issued(delete, at.saturating_add(1.seconds()).unwrap());
    // Both were accepted before either was carried, the newer one first.
    stack.deliver(&delete).await;
    stack.deliver(&create).await;
    stack.settle().await;
    assert_eq!(stack.answer(&delete)["Status"], "SUCCESS");
    assert_eq!(stack.answers(&create), [Value::Null; 0]);
    assert!(stack.left().await.is_empty() || stack.left().await == GONE);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_for_who_has_stopped_waiting() {
    let (stack, stated) = (Stack::new().await, properties(&[]));
    let at = stack.scene.now().saturating_sub(61.minutes()).unwrap();
    let answer = stack.play(&issued(stack.request("Create", None, &stated), at)).await;
    assert_failed(&answer, "CloudFormation has stopped waiting for it");
    assert_eq!(stack.changes(), ["StartExecution"]);
}

#[tokio::test(start_paused = true)]
async fn the_hour_begins_when_the_request_was_issued() {
    let (stack, stated) = (Stack::new().await, properties(&[]));
    let began = stack.scene.now();
    let at = began.saturating_sub(54.minutes()).unwrap();
    let create = issued(stack.request("Create", None, &stated), at);
    assert_failed(&stack.play(&create).await, "after 55 minutes it still waits for");
    let answered = stack.scene.world.with(|it| it.callbacks.answers.last().unwrap().at);
    assert!(answered < began.saturating_add(5.minutes()).unwrap(), "{answered}");
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_in_time_is_not_contradicted_when_its_last_call_comes_again_too_late() {
    let (stack, stated) = (Stack::new().await, properties(&[]));
    let create = issued(stack.request("Create", None, &stated), stack.scene.now());
    stack.deliver(&create).await;
    let execution = stack.scene.running().into_iter().next().unwrap();
    stack.settle().await;
    assert_eq!(stack.answer(&create)["Status"], "SUCCESS");
    stack.changes();
    // The sandbox of the last call died after the answer, and the next one was long in coming.
    stack.scene.pass(Duration::from_mins(61)).await;
    let told = stack.invoke(execution.event(None)).await;
    assert_eq!(told, json!({ "status": "settled", "summary": "expired" }));
    assert_eq!(stack.answer(&create)["Status"], "SUCCESS", "and nothing after it");
    assert_eq!(stack.changes(), [""; 0]);
    assert_eq!(stack.group().await.unwrap().member_ids.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_the_same_second_is_later_than_the_create_that_lambda_delivers_last() {
    let (stack, stated) = (Stack::new().await, properties(&[]));
    let at = stack.scene.now();
    let create = issued(stack.request("Create", None, &stated), at);
    let delete = issued(stack.request("Delete", Some(INVENTED), &stated), at);
    assert_eq!(stack.play(&delete).await["Status"], "SUCCESS");
    stack.changes();
    comes_to_nothing(&stack, &create).await;
    assert_eq!(stack.left().await, [""; 0]);
}
