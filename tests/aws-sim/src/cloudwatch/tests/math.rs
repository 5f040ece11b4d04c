//! Alarms on metric math.

use super::*;

const FIRST: [&str; 2] = ["orders-001", "orders-002"];

fn stat(id: &str, member: &str) -> Value {
    json!({
        "Id": id,
        "ReturnData": false,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/ElastiCache",
                "MetricName": "EngineCPUUtilization",
                "Dimensions": [{ "Name": "CacheClusterId", "Value": member }],
            },
            "Period": 60,
            "Stat": "Average",
        },
    })
}

fn expression(id: &str, text: &str) -> Value {
    json!({ "Id": id, "Expression": text, "Label": "the busiest" })
}

/// Over both members, when two of three minutes are above 75.
fn alarm(text: &str) -> Value {
    let mut alarm = super::alarm(json!([]), "missing", 2);
    let simple = alarm.as_object_mut().unwrap();
    simple.retain(|name, _| !watched::EXCLUDED.contains(&name.as_str()));
    alarm["Metrics"] = json!([expression("e", text), stat("m1", FIRST[0]), stat("m2", FIRST[1])]);
    alarm
}

impl Scene {
    /// Lets a minute pass for each pair of values of the two members.
    fn pairs(&mut self, pairs: &[[Option<f64>; 2]]) {
        for pair in pairs {
            for (member, value) in FIRST.into_iter().zip(pair) {
                if let Some(value) = value {
                    self.world.with(|it| {
                        it.cloudwatch.put(&[self.now], member, "EngineCPUUtilization", *value);
                    });
                }
            }
            self.minutes(&[None]);
        }
    }

    #[track_caller]
    fn refused_for(&self, alarm: Value, words: &str) {
        let (_, answer) = self.call("PutMetricAlarm", &alarm);
        assert_eq!(answer["__type"], "ValidationError", "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(words), "{words}: {answer}");
    }
}

#[track_caller]
fn check(text: &str, missing: &str, pairs: &[[Option<f64>; 2]], wanted: &str) {
    let mut scene = Scene::new();
    let mut alarm = alarm(text);
    alarm["TreatMissingData"] = json!(missing);
    scene.ok("PutMetricAlarm", alarm);
    scene.pairs(pairs);
    assert_eq!(scene.state(), wanted, "{text}, {missing}: {pairs:?}");
}

const NOW_AND_THEN: [[Option<f64>; 2]; 3] = [[COLD, HOT], [COLD, COLD], [HOT, COLD]];

#[test]
fn whichever_member_is_busy_counts() {
    check("MAX([m1, m2])", "missing", &NOW_AND_THEN, "ALARM");
    check("MAX(METRICS())", "missing", &NOW_AND_THEN, "ALARM");
    check("MAX(METRICS(\"m1\"))", "missing", &NOW_AND_THEN, "OK");
    check("MIN([m1, m2])", "missing", &NOW_AND_THEN, "OK");
    check("AVG([m1, m2])", "missing", &NOW_AND_THEN, "OK");
    check("SUM([m1, m2]) / 2 + 25", "missing", &NOW_AND_THEN, "ALARM");
    check("m1 + m2", "missing", &NOW_AND_THEN, "ALARM");
}

#[test]
fn a_member_without_values_is_left_out_and_none_at_all_is_missing_data() {
    let gone = [[COLD, HOT], [None, HOT], [None, HOT]];
    check("MAX([m1, m2])", "missing", &gone, "ALARM");
    check("MIN([m1, m2])", "missing", &gone, "ALARM");
    check("m1 + m2", "missing", &gone, "ALARM");
    check("m1 + m2", "notBreaching", &gone, "OK");
    check("FILL(m1, 0)", "missing", &gone, "OK");
    check("MIN([FILL(m1, 0), m2])", "missing", &gone, "OK");
    let silent = [[HOT, HOT], [None; 2], [None; 2], [None; 2], [None; 2], [None; 2], [None; 2]];
    check("MAX([m1, m2])", "missing", &silent, "INSUFFICIENT_DATA");
    check("MAX([m1, m2])", "breaching", &silent, "ALARM");
    check("MAX([m1, m2])", "notBreaching", &silent, "OK");
}

#[test]
fn series_that_nobody_writes_know_too_little() {
    for text in ["MAX([m1, m2])", "SUM(METRICS())", "m1 + m2", "FILL(m1, 100)"] {
        let mut scene = Scene::new();
        let mut alarm = alarm(text);
        for entry in [1, 2] {
            alarm["Metrics"][entry]["MetricStat"]["Metric"]["Dimensions"] =
                json!([{ "Name": "ReplicationGroupId", "Value": "orders" }]);
        }
        scene.ok("PutMetricAlarm", alarm);
        scene.pairs(&[[HOT, HOT]; 4]);
        assert_eq!((scene.state().as_str(), scene.told().len()), ("INSUFFICIENT_DATA", 0));
    }
}

#[test]
fn expressions_build_on_each_other_in_any_order() {
    let mut scene = Scene::new();
    let mut alarm = alarm("half * 2");
    let mut half = expression("half", "both / 4");
    let mut both = expression("both", "SUM(METRICS())");
    (half["ReturnData"], both["ReturnData"]) = (json!(false), json!(false));
    alarm["Metrics"].as_array_mut().unwrap().extend([half, both]);
    scene.ok("PutMetricAlarm", alarm);
    scene.pairs(&[[Some(80.0), HOT]; 3]);
    assert_eq!(scene.state(), "ALARM");
    let reason = scene.told()[0].1["NewStateReason"].as_str().unwrap().to_owned();
    assert!(reason.contains("[85.0 ("), "{reason}");
}

#[test]
fn each_is_told_of_math_in_its_own_shape() {
    let mut scene = Scene::new();
    let function = "arn:aws:lambda:us-east-1:123456789012:function:grow";
    let mut wanted = alarm("MAX([m1,m2])");
    wanted["AlarmActions"] = json!([wanted["AlarmActions"][0], function]);
    scene.ok("PutMetricAlarm", wanted);
    scene.world.take_effects();
    scene.pairs(&[[COLD, HOT]; 3]);
    let mut effects = scene.world.take_effects().into_iter();
    let Some(Effect::PutEvent { event }) = effects.next() else { panic!("no event") };
    let Some(Effect::Publish { message, .. }) = effects.next() else { panic!("no message") };
    let Some(Effect::SendEvent { payload, .. }) = effects.next() else { panic!("no call") };
    let message: Value = serde_json::from_str(&message).unwrap();
    let listed = |id: &str, member: &str| {
        json!({ "Id": id, "ReturnData": false, "MetricStat": {
            "Metric": { "Dimensions": [{ "value": member, "name": "CacheClusterId" }],
                "MetricName": "EngineCPUUtilization", "Namespace": "AWS/ElastiCache" },
            "Period": 60, "Stat": "Average" } })
    };
    assert_eq!(
        message["Trigger"],
        json!({
            "Period": 60, "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Threshold": 75.0,
            "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "missing",
            "EvaluateLowSampleCountPercentile": "",
            "Metrics": [
                { "Id": "e", "Expression": "MAX([m1,m2])", "Label": "the busiest", "ReturnData": true },
                listed("m1", FIRST[0]),
                listed("m2", FIRST[1]),
            ],
        })
    );
    let mapped = |id: &str, member: &str| {
        json!({ "id": id, "returnData": false, "metricStat": {
            "metric": { "dimensions": { "CacheClusterId": member },
                "name": "EngineCPUUtilization", "namespace": "AWS/ElastiCache" },
            "period": 60, "stat": "Average" } })
    };
    assert_eq!(payload["alarmData"], event["detail"]);
    assert_eq!(
        event["detail"]["configuration"]["metrics"],
        json!([
            { "id": "e", "expression": "MAX([m1,m2])", "label": "the busiest", "returnData": true },
            mapped("m1", FIRST[0]),
            mapped("m2", FIRST[1]),
        ])
    );
    let data = event["detail"]["state"]["reasonData"].as_str().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!((&data["period"], data.get("statistic")), (&json!(60), None));
    let history = scene.ok("DescribeAlarmHistory", json!({ "HistoryItemType": "Action" }));
    assert_eq!(history["AlarmHistoryItems"].as_array().unwrap().len(), 2);
}

#[test]
fn an_alarm_on_math_is_found_by_name_and_not_by_its_metrics() {
    let scene = Scene::new();
    let mut wanted = alarm("MAX([m1,m2])");
    wanted["Metrics"][1]["AccountId"] = json!("123456789012");
    wanted["Metrics"][1]["MetricStat"]["Unit"] = json!("Percent");
    scene.ok("PutMetricAlarm", wanted.clone());
    let shown = scene.ok("DescribeAlarms", json!({}))["MetricAlarms"][0].clone();
    wanted["Metrics"][0]["ReturnData"] = json!(true);
    assert_eq!(shown["Metrics"], wanted["Metrics"]);
    for name in watched::EXCLUDED {
        assert_eq!(shown.get(name), None, "{name}");
    }
    let of_metric = &wanted["Metrics"][1]["MetricStat"]["Metric"];
    let found = scene.ok("DescribeAlarmsForMetric", of_metric.clone());
    assert_eq!(found["MetricAlarms"], json!([]));
    // An update overwrites everything, also what kind of alarm it is.
    scene.ok("PutMetricAlarm", super::alarm(of_member(), "missing", 3));
    let shown = scene.ok("DescribeAlarms", json!({}))["MetricAlarms"][0].clone();
    assert_eq!((shown.get("Metrics"), &shown["Period"]), (None, &json!(60)));
}

#[test]
fn one_metric_may_stand_alone_in_the_list() {
    let mut scene = Scene::new();
    let mut wanted = alarm("m1");
    wanted["Metrics"] = json!([stat("m1", FIRST[0])]);
    wanted["Metrics"][0]["ReturnData"] = Value::Null;
    scene.ok("PutMetricAlarm", wanted);
    scene.pairs(&[[HOT, COLD]; 3]);
    assert_eq!(scene.state(), "ALARM");
}

/// An alarm in which one place has another value.
fn with(place: &str, value: Value) -> Value {
    let mut alarm = alarm("MAX([m1, m2])");
    match alarm.pointer_mut(place) {
        Some(it) => *it = value,
        None => alarm[place.trim_start_matches('/')] = value,
    }
    alarm
}

#[test]
fn what_is_wrong_with_a_list_of_metrics_is_said() {
    let scene = Scene::new();
    for name in watched::EXCLUDED {
        let value = match name {
            "Dimensions" => of_member(),
            "Period" => json!(60),
            _ => json!("Average"),
        };
        let words = format!("{name} should not be set if list of Metrics is set.");
        scene.refused_for(with(&format!("/{name}"), value), &words);
    }
    let one = "Exactly one element of the metrics list should return data.";
    for (place, value, words) in [
        ("/Metrics/1/ReturnData", json!(true), one),
        ("/Metrics/1/ReturnData", Value::Null, one),
        ("/Metrics/1/Id", json!("M1"), "The value M1 for parameter Id is not valid"),
        ("/Metrics/1/Id", json!("m-1"), "is not valid"),
        ("/Metrics/1/Id", json!("m".repeat(256)), "is not valid"),
        ("/Metrics/1/Id", json!("m2"), "not unique"),
        ("/Metrics/1/Id", json!("m3"), "Error in expression 'e': m1 is not the Id"),
        ("/Metrics/1/MetricStat", Value::Null, "either MetricStat or Expression"),
        ("/Metrics/0/Expression", json!("e + m1"), "they refer to themselves"),
        ("/Metrics/0/Expression", json!("SEARCH('x', 'Sum')"), "SEARCH is not supported"),
        ("/Metrics/0/Expression", json!("RATE(m1)"), "RATE is not modelled here"),
        ("/Metrics/0/Expression", json!("7"), "must return a single time series"),
        ("/Metrics/0/Expression", json!("m1".repeat(1025)), "at most 2048"),
        ("/Metrics/1/MetricStat/Period", json!(300), "must have the same Period"),
        ("/Metrics/1/MetricStat/Period", json!(61), "Period must be"),
        ("/Metrics/1/MetricStat/Stat", json!("Median"), "Median is no statistic"),
        ("/ThresholdMetricId", json!("e"), "anomaly detection"),
        ("/EvaluationPeriods", json!(1441), "<= 86400"),
    ] {
        scene.refused_for(with(place, value), words);
    }
    let mut both = with("/Metrics/1/ReturnData", json!(false));
    both["Metrics"][1]["Expression"] = json!("m2");
    scene.refused_for(both, "either MetricStat or Expression");
    let mut elsewhere = alarm("m1");
    elsewhere["Metrics"][1]["AccountId"] = json!("210987654321");
    scene.refused_for(elsewhere, "other accounts");
    let mut period = alarm("m1");
    period["Metrics"][0]["Period"] = json!(120);
    scene.refused_for(period, "must have the same Period");
    for (form, words) in
        [("metric", "10 individual metrics"), ("m1 + 1", "10 individual expressions")]
    {
        let mut many = alarm("m1");
        let entry = |it: usize| {
            let mut entry = expression(&format!("x{it}"), form);
            entry["ReturnData"] = json!(false);
            if form == "metric" { stat(&format!("x{it}"), FIRST[0]) } else { entry }
        };
        many["Metrics"].as_array_mut().unwrap().extend((0..10).map(entry));
        scene.refused_for(many, words);
    }
    let mut circle = alarm("a + m1");
    let mut back = expression("a", "e + m1");
    back["ReturnData"] = json!(false);
    circle["Metrics"].as_array_mut().unwrap().push(back);
    scene.refused_for(circle, "Error in expressions a, e: they refer to themselves.");
    let mut none = alarm("m1");
    none["Metrics"][0]["ReturnData"] = json!(false);
    scene.refused_for(none, one);
}
