use serde_json::{Value, json};

use super::*;
use crate::{Effect, Settings, World};

mod history;
mod math;
mod nodes;

struct Scene {
    world: World,
    now: Timestamp,
}

impl Scene {
    fn new() -> Self {
        let settings = Settings::default();
        let now = settings.start;
        Self { world: World::new(settings), now }
    }

    /// A call in CBOR, as the SDKs of today make it.
    fn call(&self, operation: &str, fields: &Value) -> (u16, Value) {
        let scope =
            "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/monitoring/aws4_request, Signature=0";
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let request = Request {
            method: "POST".to_owned(),
            uri: format!("/service/GraniteServiceVersion20100801/operation/{operation}"),
            headers: vec![header("authorization", scope), header("smithy-protocol", "rpc-v2-cbor")],
            body: cbor::written(fields),
        };
        let response = self.world.call(self.now, &request);
        let body = cbor::read(&Request { body: response.body, ..Request::default() }).unwrap();
        (response.status, body)
    }

    #[track_caller]
    fn ok(&self, operation: &str, fields: Value) -> Value {
        let (status, answer) = self.call(operation, &fields);
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }

    #[track_caller]
    fn refused(&self, operation: &str, fields: Value, code: &str) {
        let (status, answer) = self.call(operation, &fields);
        assert_eq!(answer["__type"].as_str(), Some(code), "{status} {operation}: {answer}");
    }

    /// Lets minutes pass, with a value of a member's metric in each, or without one.
    fn minutes(&mut self, values: &[Option<f64>]) -> &mut Self {
        for value in values {
            if let Some(value) = value {
                self.world.with(|it| {
                    it.cloudwatch.put(&[self.now], "orders-001", "CPUUtilization", *value);
                });
            }
            self.now += MINUTE;
            self.world.advance(self.now);
        }
        self
    }

    fn state(&self) -> String {
        let answer = self.ok("DescribeAlarms", json!({ "AlarmNames": ["hot"] }));
        answer["MetricAlarms"][0]["StateValue"].as_str().unwrap().to_owned()
    }

    /// What was published: the topic's last word and the message.
    fn told(&self) -> Vec<(String, Value)> {
        let effects = self.world.take_effects().into_iter();
        effects
            .filter(|it| it.event().is_none())
            .map(|it| {
                let Effect::Publish { topic_arn, message, .. } = it else { panic!("{it:?}") };
                let topic = topic_arn.rsplit(':').next().unwrap().to_owned();
                (topic, serde_json::from_str(&message).unwrap())
            })
            .collect()
    }
}

fn alarm(dimensions: Value, missing: &str, datapoints: u32) -> Value {
    json!({
        "AlarmName": "hot",
        "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:bad"],
        "OKActions": ["arn:aws:sns:us-east-1:123456789012:good"],
        "Namespace": "AWS/ElastiCache",
        "MetricName": "CPUUtilization",
        "Dimensions": dimensions,
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": datapoints,
        "Threshold": 75.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": missing,
        "Tags": [{ "Key": "team", "Value": "a" }],
    })
}

fn of_member() -> Value {
    json!([{ "Name": "CacheClusterId", "Value": "orders-001" }])
}

const COLD: Option<f64> = Some(20.0);
const HOT: Option<f64> = Some(90.0);

#[test]
fn a_topic_a_function_and_eventbridge_each_hear_of_it_in_their_own_shape() {
    let mut scene = Scene::new();
    let function = "arn:aws:lambda:us-east-1:123456789012:function:grow";
    let mut wanted = alarm(of_member(), "missing", 3);
    wanted["AlarmActions"] = json!([wanted["AlarmActions"][0], function]);
    scene.ok("PutMetricAlarm", wanted);
    scene.minutes(&[COLD, COLD, COLD]);
    scene.world.take_effects();
    scene.minutes(&[HOT, HOT, HOT, HOT, HOT, HOT]);
    let mut effects = scene.world.take_effects().into_iter();
    let Some(Effect::PutEvent { event }) = effects.next() else {
        panic!("EventBridge is told first")
    };
    let Some(Effect::Publish { message, .. }) = effects.next() else { panic!("then the topic") };
    let Some(Effect::SendEvent { function_arn, payload }) = effects.next() else {
        panic!("then the function")
    };
    assert!(effects.next().is_none());
    assert_eq!(function_arn, function);
    let message: Value = serde_json::from_str(&message).unwrap();
    let listed = json!([{ "value": "orders-001", "name": "CacheClusterId" }]);
    assert_eq!(message["Trigger"]["Dimensions"], listed);
    assert_eq!(event["detail-type"], "CloudWatch Alarm State Change");
    assert_eq!(event["resources"], json!([message["AlarmArn"]]));
    assert_eq!(payload["alarmArn"], message["AlarmArn"]);
    assert_eq!(payload["alarmData"], event["detail"]);
    let change = &payload["alarmData"];
    assert_eq!(
        (&change["state"]["value"], &change["previousState"]["value"]),
        (&json!("ALARM"), &json!("OK"))
    );
    assert_eq!(change["state"]["timestamp"], message["StateChangeTime"]);
    let data: Value =
        serde_json::from_str(change["state"]["reasonData"].as_str().unwrap()).unwrap();
    assert_eq!(data["threshold"], 75.0);
    let stat = &change["configuration"]["metrics"][0]["metricStat"];
    assert_eq!(stat["metric"]["dimensions"], json!({ "CacheClusterId": "orders-001" }));
    assert_eq!((&stat["period"], &stat["stat"]), (&json!(60), &json!("Average")));
}

#[test]
fn an_alarm_acts_once_on_each_change() {
    let mut scene = Scene::new();
    scene.ok("PutMetricAlarm", alarm(of_member(), "missing", 3));
    assert_eq!(scene.state(), "INSUFFICIENT_DATA");
    scene.minutes(&[COLD, COLD, COLD]);
    assert_eq!(scene.state(), "OK");
    assert_eq!(scene.told().len(), 1);
    scene.minutes(&[HOT, HOT]);
    assert_eq!((scene.state(), scene.told().len()), ("OK".to_owned(), 0));
    scene.minutes(&[HOT, HOT, HOT, HOT]);
    assert_eq!(scene.state(), "ALARM");
    let told = scene.told();
    assert_eq!(told.len(), 1, "{told:?}");
    let (topic, message) = &told[0];
    assert_eq!(topic, "bad");
    assert_eq!(message["NewStateValue"], "ALARM");
    assert_eq!(message["OldStateValue"], "OK");
    assert_eq!(message["StateChangeTime"], "2026-01-01T00:06:00.000+0000");
    assert_eq!(
        message["Trigger"]["Dimensions"],
        json!([{ "value": "orders-001", "name": "CacheClusterId" }])
    );
    assert_eq!(message["Trigger"]["Statistic"], "AVERAGE");
    let reason = message["NewStateReason"].as_str().unwrap();
    assert!(
        reason.starts_with("Threshold Crossed: 3 out of the last 3 datapoints [90.0 (01/01/26"),
        "{reason}"
    );
    scene.minutes(&[COLD]);
    assert_eq!(scene.told()[0].0, "good");
}

#[test]
fn m_out_of_n_is_counted() {
    let mut scene = Scene::new();
    scene.ok("PutMetricAlarm", alarm(of_member(), "missing", 2));
    scene.minutes(&[COLD, COLD, COLD, HOT]);
    assert_eq!(scene.state(), "OK");
    scene.minutes(&[COLD, HOT]);
    assert_eq!(scene.state(), "ALARM");
}

#[test]
fn a_series_that_nobody_writes_knows_too_little() {
    let mut scene = Scene::new();
    let group = json!([{ "Name": "ReplicationGroupId", "Value": "orders" }]);
    scene.ok("PutMetricAlarm", alarm(group, "missing", 3));
    scene.minutes(&[HOT, HOT, HOT, HOT]);
    assert_eq!((scene.state(), scene.told().len()), ("INSUFFICIENT_DATA".to_owned(), 0));
}

/// An alarm over three minutes, after minutes without values that follow three of these.
#[track_caller]
fn check_missing(missing: &str, before: Option<f64>, wanted: &str) {
    let mut scene = Scene::new();
    scene.ok("PutMetricAlarm", alarm(of_member(), missing, 3));
    scene.minutes(&[before; 3]).minutes(&[None; 6]);
    assert_eq!(scene.state(), wanted, "{missing} after {before:?}");
}

#[test]
fn missing_data_means_what_was_asked_for() {
    check_missing("missing", HOT, "INSUFFICIENT_DATA");
    check_missing("ignore", HOT, "ALARM");
    check_missing("ignore", COLD, "OK");
    check_missing("breaching", COLD, "ALARM");
    check_missing("notBreaching", HOT, "OK");
}

#[test]
fn a_state_that_is_set_acts_until_the_next_look() {
    let mut scene = Scene::new();
    scene.ok("PutMetricAlarm", alarm(of_member(), "missing", 3));
    scene.minutes(&[COLD, COLD, COLD]);
    scene.told();
    let set = json!({ "AlarmName": "hot", "StateValue": "ALARM", "StateReason": "a drill" });
    scene.ok("SetAlarmState", set);
    assert_eq!((scene.state(), scene.told().len()), ("ALARM".to_owned(), 1));
    scene.minutes(&[COLD]);
    assert_eq!(scene.state(), "OK");
    let history = scene.ok("DescribeAlarmHistory", json!({ "HistoryItemType": "StateUpdate" }));
    assert_eq!(history["AlarmHistoryItems"].as_array().unwrap().len(), 3);
}

#[test]
fn alarms_are_found_changed_tagged_and_deleted() {
    let scene = Scene::new();
    scene.ok("PutMetricAlarm", alarm(of_member(), "missing", 3));
    let shown = scene.ok("DescribeAlarms", json!({ "AlarmNamePrefix": "ho" }));
    let arn = shown["MetricAlarms"][0]["AlarmArn"].as_str().unwrap().to_owned();
    assert_eq!(arn, "arn:aws:cloudwatch:us-east-1:123456789012:alarm:hot");
    let tags = || scene.ok("ListTagsForResource", json!({ "ResourceARN": arn }))["Tags"].clone();
    assert_eq!(tags(), json!([{ "Key": "team", "Value": "a" }]));
    scene.ok("TagResource", json!({ "ResourceARN": arn, "Tags": [{ "Key": "x", "Value": "y" }] }));
    scene.ok("UntagResource", json!({ "ResourceARN": arn, "TagKeys": ["team"] }));
    assert_eq!(tags(), json!([{ "Key": "x", "Value": "y" }]));
    scene.ok("DeleteAlarms", json!({ "AlarmNames": ["hot", "unknown"] }));
    assert_eq!(scene.ok("DescribeAlarms", json!({}))["MetricAlarms"], json!([]));
    scene.refused(
        "ListTagsForResource",
        json!({ "ResourceARN": arn }),
        "ResourceNotFoundException",
    );
    let mut wrong = alarm(of_member(), "missing", 4);
    scene.refused("PutMetricAlarm", wrong.clone(), "ValidationError");
    wrong["DatapointsToAlarm"] = json!(1);
    wrong["Period"] = json!(61);
    scene.refused("PutMetricAlarm", wrong, "ValidationError");
}

#[test]
fn metric_data_is_read_by_the_minute() {
    let mut scene = Scene::new();
    let start = scene.now.as_second();
    scene.minutes(&[COLD, None, HOT]);
    let query = |id: &str, dimensions: Value| {
        json!({ "Id": id, "MetricStat": { "Period": 60, "Stat": "Average", "Metric": {
            "Namespace": "AWS/ElastiCache", "MetricName": "CPUUtilization", "Dimensions": dimensions } } })
    };
    let node = json!([{ "Name": "CacheClusterId", "Value": "orders-001" }, { "Name": "CacheNodeId", "Value": "0001" }]);
    let ask = |queries: Value| json!({ "StartTime": start, "EndTime": start + 600, "MetricDataQueries": queries });
    let answer = scene.ok("GetMetricData", ask(json!([query("a", of_member()), query("b", node)])));
    for result in answer["MetricDataResults"].as_array().unwrap() {
        assert_eq!(result["Values"], json!([90.0, 20.0]), "newest first");
        assert_eq!(result["Timestamps"][0].to_string(), format!("{}.0", start + 120));
    }
    let group = json!([{ "Name": "ReplicationGroupId", "Value": "orders" }]);
    let answer = scene.ok("GetMetricData", ask(json!([query("c", group)])));
    assert_eq!(answer["MetricDataResults"][0]["Values"], json!([]));
    let math = json!([{ "Id": "e", "Expression": "a * 2" }]);
    scene.refused("GetMetricData", ask(math), "ValidationError");
}

#[test]
fn own_metrics_are_put_and_listed() {
    let scene = Scene::new();
    let datum = json!([{ "MetricName": "Size", "Values": [1.0, 3.0], "Counts": [3.0, 1.0] }]);
    scene.ok("PutMetricData", json!({ "Namespace": "Ours", "MetricData": datum }));
    scene.refused(
        "PutMetricData",
        json!({ "Namespace": "AWS/ElastiCache", "MetricData": datum }),
        "InvalidParameterValueException",
    );
    let list = scene.ok("ListMetrics", json!({ "Namespace": "Ours" }));
    assert_eq!(list["Metrics"][0]["MetricName"], "Size");
    let start = scene.now.as_second();
    let fields = json!({ "Namespace": "Ours", "MetricName": "Size", "Statistics": ["Average", "SampleCount"],
        "StartTime": start - 60, "EndTime": start + 60, "Period": 60 });
    let point = scene.ok("GetMetricStatistics", fields)["Datapoints"][0].clone();
    assert_eq!((point["Average"].as_f64(), point["SampleCount"].as_f64()), (Some(1.5), Some(4.0)));
}

#[test]
fn a_server_that_goes_on_for_a_week_reports_all_of_it_and_an_alarm_sees_no_gap() {
    let mut scene = Scene::new();
    scene.ok("PutMetricAlarm", alarm(of_member(), "breaching", 3));
    scene.minutes(&[COLD; 5]);
    let metrics = vec![("CPUUtilization", 20.0), ("GetTypeCmds", 100.0)];
    let (member, group) = ("orders-001".to_owned(), "orders".to_owned());
    let load = Load { member, group, primary: true, used_memory: 0, metrics };
    let week = SignedDuration::from_hours(7 * 24);
    let span = (scene.now, scene.now + week);
    scene.world.with(|it| it.cloudwatch.went_on(span, 3.0, &load, &Switches::default()));
    scene.now += week;
    scene.world.advance(scene.now);
    assert_eq!(scene.told().len(), 1, "it became OK once, and stayed so");
    let hours = |metric: &str, statistic: &str| {
        let fields = json!({ "Namespace": "AWS/ElastiCache", "MetricName": metric, "Dimensions": of_member(),
            "StartTime": span.0.as_second(), "EndTime": span.1.as_second(), "Period": 3600, "Statistics": [statistic] });
        let answer = scene.ok("GetMetricStatistics", fields);
        let points = answer["Datapoints"].as_array().unwrap().clone();
        points.iter().map(|it| it[statistic].clone()).collect::<Vec<_>>()
    };
    let sums = hours("GetTypeCmds", "Sum");
    assert!(7 * 24 <= sums.len(), "{}", sums.len());
    let whole = sums.iter().filter(|it| **it == json!(60.0 * 300.0)).count();
    assert!(7 * 24 - 1 <= whole, "{sums:?}");
    assert!(hours("CPUUtilization", "Average").iter().all(|it| *it == json!(20.0)));
}
