//! What befell alarms, and who hears of it.

use super::*;

impl Scene {
    /// What EventBridge has heard since this was asked last.
    fn heard(&self) -> Vec<Value> {
        self.world.take_effects().iter().filter_map(Effect::event).collect()
    }

    fn history(&self, wanted: &Value) -> Vec<Value> {
        let answer = self.ok("DescribeAlarmHistory", wanted.clone());
        answer["AlarmHistoryItems"].as_array().unwrap().clone()
    }
}

#[test]
fn eventbridge_hears_of_an_alarm_that_is_created_updated_and_deleted() {
    let mut scene = Scene::new();
    scene.ok("PutMetricAlarm", alarm(of_member(), "missing", 3));
    let heard = scene.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    let (event, detail) = (&heard[0], &heard[0]["detail"]);
    assert_eq!(event["detail-type"], "CloudWatch Alarm Configuration Change");
    assert_eq!(
        (&event["source"], &event["time"]),
        (&json!("aws.cloudwatch"), &json!("2026-01-01T00:00:00Z"))
    );
    assert_eq!(event["resources"], json!(["arn:aws:cloudwatch:us-east-1:123456789012:alarm:hot"]));
    assert_eq!((&detail["alarmName"], &detail["operation"]), (&json!("hot"), &json!("create")));
    assert_eq!(detail["state"]["value"], "INSUFFICIENT_DATA");
    let made = &detail["configuration"];
    assert_eq!((&made["threshold"], &made["evaluationPeriods"]), (&json!(75.0), &json!(3)));
    assert_eq!(
        made["metrics"][0]["metricStat"]["metric"]["dimensions"],
        json!({ "CacheClusterId": "orders-001" })
    );
    assert_eq!(detail["previousConfiguration"], Value::Null);

    scene.minutes(&[HOT, HOT, HOT]);
    assert_eq!(scene.heard()[0]["detail-type"], "CloudWatch Alarm State Change");
    let mut higher = alarm(of_member(), "missing", 3);
    higher["Threshold"] = json!(95.0);
    scene.ok("PutMetricAlarm", higher);
    let detail = scene.heard()[0]["detail"].clone();
    assert_eq!(
        (&detail["operation"], &detail["state"]["value"]),
        (&json!("update"), &json!("ALARM"))
    );
    assert_eq!(detail["configuration"]["threshold"], 95.0);
    assert_eq!(detail["previousConfiguration"]["threshold"], 75.0);

    scene.ok("DeleteAlarms", json!({ "AlarmNames": ["hot", "unknown"] }));
    let heard = scene.heard();
    assert_eq!(heard.len(), 1, "of one that was never there, nothing is told: {heard:?}");
    assert_eq!(
        (&heard[0]["detail"]["operation"], &heard[0]["detail"]["alarmName"]),
        (&json!("delete"), &json!("hot"))
    );
}

#[test]
fn history_says_what_a_state_was_and_became_and_what_was_done() {
    let mut scene = Scene::new();
    let mut wanted = alarm(of_member(), "missing", 3);
    wanted["AlarmActions"] =
        json!(["arn:aws:sns:us-east-1:123456789012:bad", "arn:aws:automate:us-east-1:ec2:stop"]);
    scene.ok("PutMetricAlarm", wanted);
    scene.minutes(&[HOT, HOT, HOT]);
    let data =
        |it: &Value| serde_json::from_str::<Value>(it["HistoryData"].as_str().unwrap()).unwrap();
    let turned = scene.history(&json!({ "HistoryItemType": "StateUpdate" }));
    assert_eq!(turned.len(), 1, "{turned:?}");
    let turned = data(&turned[0]);
    assert_eq!(
        turned["oldState"],
        json!({ "stateValue": "INSUFFICIENT_DATA", "stateReason": "Unchecked: Initial alarm creation" })
    );
    assert_eq!(turned["newState"]["stateValue"], "ALARM");
    assert_eq!(turned["newState"]["stateReasonData"]["threshold"], 75.0);
    let actions =
        scene.history(&json!({ "HistoryItemType": "Action", "ScanBy": "TimestampAscending" }));
    let states: Vec<Value> = actions.iter().map(|it| data(it)["actionState"].clone()).collect();
    assert_eq!(states, [json!("Succeeded"), json!("Failed")]);
}

#[test]
fn history_is_told_page_by_page_and_stays_when_its_alarm_goes() {
    let scene = Scene::new();
    for _ in 0..4 {
        scene.ok("PutMetricAlarm", alarm(of_member(), "missing", 3));
    }
    scene.ok("DeleteAlarms", json!({ "AlarmNames": ["hot"] }));
    let first = scene.ok("DescribeAlarmHistory", json!({ "AlarmName": "hot", "MaxRecords": 3 }));
    let summaries = |page: &Value| {
        let items = page["AlarmHistoryItems"].as_array().unwrap().iter();
        items.map(|it| it["HistorySummary"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (updated, deleted) = ("Alarm \"hot\" updated", "Alarm \"hot\" deleted");
    assert_eq!(summaries(&first), [deleted, updated, updated]);
    let rest = json!({ "AlarmName": "hot", "MaxRecords": 3, "NextToken": first["NextToken"] });
    let rest = scene.ok("DescribeAlarmHistory", rest);
    assert_eq!(summaries(&rest), [updated, "Alarm \"hot\" created"]);
    assert_eq!(rest["NextToken"], Value::Null);
    assert_eq!(scene.history(&json!({ "AlarmTypes": ["CompositeAlarm"] })), Vec::<Value>::new());
    scene.refused("DescribeAlarmHistory", json!({ "NextToken": "x" }), "InvalidNextToken");
    scene.refused("DescribeAlarmHistory", json!({ "MaxRecords": 101 }), "ValidationError");
    scene.refused("DescribeAlarmHistory", json!({ "HistoryItemType": "Other" }), "ValidationError");
}

#[test]
fn alarms_are_found_by_their_type_and_their_actions() {
    let scene = Scene::new();
    scene.ok("PutMetricAlarm", alarm(of_member(), "missing", 3));
    let found = |wanted: Value| {
        scene.ok("DescribeAlarms", wanted)["MetricAlarms"].as_array().unwrap().len()
    };
    assert_eq!(found(json!({ "AlarmTypes": ["CompositeAlarm", "MetricAlarm"] })), 1);
    assert_eq!(found(json!({ "AlarmTypes": ["CompositeAlarm"] })), 0);
    assert_eq!(found(json!({ "ParentsOfAlarmName": "hot" })), 0);
    assert_eq!(found(json!({ "ActionPrefix": "arn:aws:sns:us-east-1:123456789012:good" })), 1);
    assert_eq!(found(json!({ "ActionPrefix": "arn:aws:sns:us-east-1:123456789012:none" })), 0);
    scene.refused("DescribeAlarms", json!({ "ChildrenOfAlarmName": "hot" }), "ValidationError");
    scene.refused("DescribeAlarms", json!({ "MaxRecords": 0 }), "ValidationError");
}
