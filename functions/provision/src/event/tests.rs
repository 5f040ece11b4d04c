//! Requests as CloudFormation sends them.

use domain::provision::DeletionPolicy;
use serde_json::json;

use super::*;

mod random;

fn properties() -> Value {
    json!({
        "ServiceToken": "arn:aws:lambda:eu-west-1:1:function:provision",
        "ProjectName": "orders",
        "Environment": "production",
        "PrivateSubnetIds": ["subnet-0a", "subnet-0b"],
        "SecurityGroupIds": ["sg-0a"],
    })
}

fn event(kind: &str, physical_id: Option<&str>, properties: Value) -> Value {
    let mut event = json!({
        "RequestType": kind,
        "StackId": "arn:aws:cloudformation:eu-west-1:1:stack/orders/0a",
        "RequestId": "request-1",
        "LogicalResourceId": "Cache",
        "ResponseURL": "https://bucket.s3.amazonaws.com/answer?Signature=planted-signature",
        "ResourceProperties": properties,
        "OldResourceProperties": properties,
    });
    if let Some(id) = physical_id {
        event["PhysicalResourceId"] = json!(id);
    }
    event
}

fn read(event: &Value) -> Result<Request, Problems> {
    request(&Ticket::read(event).unwrap(), event)
}

/// The groups that a Delete would look at, those that it would not touch in brackets.
#[track_caller]
fn check_delete(physical_id: &str, properties: Value, expected: &[&str]) {
    let groups: Vec<String> = match read(&event("Delete", Some(physical_id), properties)).unwrap() {
        Request::Nothing => Vec::new(),
        Request::Vanish(it) => {
            it.groups
                .iter()
                .map(|it| {
                    if it.group_is_foreign {
                        format!("({})", it.group)
                    } else {
                        it.group.to_string()
                    }
                })
                .collect()
        }
        other @ (Request::Exist(_) | Request::Describe(_)) => panic!("{other:?}"),
    };
    assert_eq!(groups, expected);
}

#[test]
fn an_envelope_without_an_address_has_nobody_to_answer() {
    let whole = event("Create", None, properties());
    assert!(Ticket::read(&whole).is_some());
    for key in ["RequestType", "StackId", "RequestId", "LogicalResourceId", "ResponseURL"] {
        let mut lacking = whole.clone();
        lacking.as_object_mut().unwrap().remove(key);
        assert!(Ticket::read(&lacking).is_none(), "{key}");
    }
    assert!(Ticket::read(&json!("hello")).is_none());
}

#[test]
fn the_response_url_is_never_printed() {
    let ticket = Ticket::read(&event("Create", None, properties())).unwrap();
    assert!(!format!("{ticket:?}").contains("planted-signature"));
}

#[test]
fn an_unknown_request_type_is_a_mistake_that_can_be_answered() {
    let problems = read(&event("Import", None, properties())).unwrap_err();
    assert!(problems.to_string().contains("\"Import\" is none of"), "{problems}");
}

#[test]
fn an_update_of_another_group_is_refused_before_anything_is_touched() {
    let problems = read(&event("Update", Some("other-group"), properties())).unwrap_err();
    assert!(problems.to_string().contains("would change from other-group"), "{problems}");
}

#[test]
fn a_delete_finds_its_group_by_its_id() {
    check_delete("orders-redis-production", properties(), &["orders-redis-production"]);
    check_delete("Orders-Redis-Production", properties(), &["orders-redis-production"]);
    check_delete("orders", json!({ "ReplicationGroupId": "orders" }), &["orders"]);
}

#[test]
fn a_delete_with_an_invented_id_finds_its_group_by_its_properties() {
    check_delete(
        "stack-Cache-1A2B3C",
        properties(),
        &["stack-cache-1a2b3c", "orders-redis-production"],
    );
    check_delete("stack_Cache_1A2B3C", properties(), &["orders-redis-production"]);
}

#[test]
fn a_delete_needs_no_properties() {
    check_delete("orders", json!({}), &["orders"]);
    check_delete("orders", json!({ "RedisNumCacheNodes": "many", "Colour": [1] }), &["orders"]);
    check_delete("no group at all", json!({}), &[]);
}

#[test]
fn a_delete_of_nothing_looks_at_nothing() {
    check_delete("nothing-made:Cache", properties(), &[]);
    check_delete("upstash:orders-production", properties(), &[]);
}

#[test]
fn a_delete_after_a_foreign_group_was_met_does_not_touch_it() {
    check_delete("not-ours:orders-redis-production", properties(), &["(orders-redis-production)"]);
}

fn deleted(physical_id: &str, over: &[(&str, &str)]) -> Farewell {
    let mut properties = properties();
    for (name, value) in over {
        properties[*name] = json!(value);
    }
    match read(&event("Delete", Some(physical_id), properties)).unwrap() {
        Request::Vanish(it) => it.groups.last().unwrap().clone(),
        other @ (Request::Exist(_) | Request::Describe(_) | Request::Nothing) => {
            panic!("{other:?}")
        }
    }
}

#[test]
fn a_last_snapshot_is_taken_unless_the_stack_says_otherwise() {
    let policy = |over| deleted("orders-redis-production", over).stated.policy;
    assert_eq!(policy(&[("FinalSnapshot", "false")]), DeletionPolicy::Delete);
    assert_eq!(policy(&[("FinalSnapshot", "true")]), DeletionPolicy::Snapshot);
    assert_eq!(policy(&[("DeletionPolicy", "Retain")]), DeletionPolicy::Retain);
    // Data are never thrown away for a mistake.
    assert_eq!(policy(&[("FinalSnapshot", "flase")]), DeletionPolicy::Snapshot);
    assert_eq!(policy(&[("DeletionPolicy", "Deleet")]), DeletionPolicy::Snapshot);
}

#[test]
fn an_id_that_nobody_gave_out_is_the_rollback_of_a_create() {
    assert!(deleted("orders-Cache-1A2B3C4D5E6F", &[]).is_rollback);
    assert!(!deleted("orders-redis-production", &[]).is_rollback);
    assert!(!deleted("Orders-Redis-Production", &[]).is_rollback);
    assert!(!deleted("orders", &[]).is_rollback);
}

#[test]
fn an_id_that_was_given_out_names_the_one_group_that_goes() {
    check_delete("orders", properties(), &["orders"]);
    check_delete("not-ours:orders", properties(), &["(orders)"]);
}

#[test]
fn older_and_newer_work_on_one_group_share_a_name() {
    let create = read(&event("Create", None, properties())).unwrap();
    let delete = read(&event("Delete", Some("stack-Cache-1A2B3C"), properties())).unwrap();
    assert_eq!(create.group(), delete.group());
}

#[test]
fn patience_ends_before_cloudformations_own() {
    let patience = |timeout: Value| {
        let event = json!({ "ResourceProperties": { "ServiceTimeout": timeout } });
        patience(service_timeout(&event)).as_secs()
    };
    assert_eq!(patience(Value::Null), 55 * 60);
    assert_eq!(patience(json!("3600")), 55 * 60);
    assert_eq!(patience(json!("1200")), 15 * 60);
    assert_eq!(patience(json!(60)), 30);
    assert_eq!(patience(json!("soon")), 55 * 60);
    assert_eq!(patience(json!("86400")), 55 * 60);
}
