//! Answers as CloudFormation reads them.

use domain::WaitingOn;

use super::*;

fn ticket(physical_id: Option<&str>) -> Ticket {
    let mut event = json!({
        "RequestType": "Create",
        "StackId": "arn:aws:cloudformation:eu-west-1:1:stack/orders/0a",
        "RequestId": "request-1",
        "LogicalResourceId": "Cache",
        "ResponseURL": "https://bucket.s3.amazonaws.com/answer",
    });
    if let Some(id) = physical_id {
        event["PhysicalResourceId"] = json!(id);
    }
    Ticket::read(&event).unwrap()
}

fn answer(ticket: &Ticket, conclusion: Conclusion) -> Value {
    let body = Told::of(ticket, conclusion).body.unwrap();
    assert!(body.len() <= ANSWER_LEN_MAX, "{} bytes", body.len());
    serde_json::from_str(&body).unwrap()
}

fn bad_input(rule: &str) -> Conclusion {
    let mut problems = Problems::default();
    problems.add("RedisNodeType", rule);
    Conclusion::Failed(Failure::BadInput(problems))
}

#[test]
fn an_answer_repeats_the_envelope() {
    let answer = answer(&ticket(None), bad_input("is wrong"));
    assert_eq!(answer["Status"], "FAILED");
    assert_eq!(answer["StackId"], "arn:aws:cloudformation:eu-west-1:1:stack/orders/0a");
    assert_eq!(answer["RequestId"], "request-1");
    assert_eq!(answer["LogicalResourceId"], "Cache");
    assert_eq!(answer["PhysicalResourceId"], "nothing-made:Cache");
    assert_eq!(answer["Reason"], "nothing was touched; RedisNodeType: is wrong");
}

#[test]
fn the_physical_id_that_cloudformation_knows_is_given_back() {
    let answer = answer(&ticket(Some("orders")), bad_input("is wrong"));
    assert_eq!(answer["PhysicalResourceId"], "orders");
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    for filler in ["é", "\"", "𝛼", "x"] {
        let answer = answer(&ticket(None), bad_input(&filler.repeat(6000)));
        let reason = answer["Reason"].as_str().unwrap();
        assert!(reason.ends_with('…') && reason.len() <= REASON_LEN_MAX, "{}", reason.len());
    }
}

#[test]
fn attributes_that_are_too_long_are_cut_and_all_there() {
    let attributes =
        Attributes::from([("DeploymentInfo", "\"".repeat(9000)), ("RedisPort", "6379".to_owned())]);
    let id = GroupId::parse("orders").unwrap();
    let answer = answer(&ticket(None), Conclusion::Exists { id, saw: String::new(), attributes });
    assert_eq!(answer["Status"], "SUCCESS");
    assert_eq!(answer["PhysicalResourceId"], "orders");
    assert_eq!(answer["Data"]["RedisPort"], "6379");
    assert!(answer["Data"]["DeploymentInfo"].as_str().unwrap().ends_with('…'));
}

#[test]
fn work_that_goes_on_is_not_answered_yet() {
    let told =
        Told::of(&ticket(None), Conclusion::GoesOn(Wait::slow(WaitingOn::Creation), String::new()));
    assert_eq!(told.body, None);
    assert_eq!(told.to_caller["status"], "unfinished");
    assert_eq!(told.to_caller["waitSeconds"], 15);
    for conclusion in [Conclusion::Handed("x".to_owned()), Conclusion::Duplicate("x".to_owned())] {
        let told = Told::of(&ticket(None), conclusion);
        assert_eq!((told.body, told.to_caller["status"].as_str()), (None, Some("settled")));
    }
}

#[test]
fn a_fault_comes_with_advice() {
    let fault = |kind| Fault {
        call: "CreateReplicationGroup",
        kind,
        code: None,
        message: "Code: text".to_owned(),
    };
    let said = advised(&fault(FaultKind::Denied));
    assert_eq!(
        said,
        "CreateReplicationGroup failed: Code: text; the role of the provision function lacks this permission"
    );
    assert!(advised(&fault(FaultKind::NoCapacity)).ends_with("subnets in other zones"));
    assert!(advised(&fault(FaultKind::Rejected)).ends_with("text"));
}

#[test]
fn a_last_snapshot_that_takes_too_long_is_told_with_the_way_out() {
    let event = json!({ "ProjectName": "orders", "Environment": "production" });
    let ticket = ticket(Some("orders-redis-production"));
    let properties = event.as_object().unwrap();
    let check = |on: WaitingOn, way_out: &str| {
        let request =
            crate::event::vanish(&ticket.owner, "request-1", "orders-redis-production", properties);
        let (wait, patience) = (Wait::slow(on), SignedDuration::from_mins(55));
        let failed = Conclusion::Failed(Failure::TooLong { request, wait, patience });
        let reason = answer(&ticket, failed)["Reason"].to_string();
        assert!(reason.contains("after 55 minutes") && reason.contains(way_out), "{reason}");
    };
    check(WaitingOn::Snapshot(None), "with DeletionPolicy Delete once this snapshot is available");
    check(WaitingOn::Deletion, "delete the stack again in a while");
}
