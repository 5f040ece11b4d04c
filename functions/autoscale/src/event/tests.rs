use serde_json::json;

use super::*;

/// What an event asks for, in a line.
#[track_caller]
fn check(event: Value, expected: &str) {
    let said = match parse(&event) {
        Request::LookAround => "look around".to_owned(),
        Request::Plan(group) => format!("plan {group}"),
        Request::Backtest { group, days } => format!("backtest {group} over {days} days"),
        Request::Look { looks, ignored } => {
            let looks = looks.into_iter().map(|look| {
                let cause = match look.cause {
                    Cause::Alarm { name, .. } => format!("for the alarm {name}"),
                    Cause::Asked => "as asked".to_owned(),
                };
                format!("look at {} {cause}", look.subject)
            });
            let ignored = ignored.into_iter().map(|it| format!("leave {}: {}", it.what, it.why));
            looks.chain(ignored).collect::<Vec<_>>().join("; ")
        }
    };
    assert_eq!(said, expected);
}

fn alarm(state: &str, trigger: Value) -> Value {
    json!({
        "AlarmName": "orders-001-memory",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:orders-001-memory",
        "NewStateValue": state,
        "StateChangeTime": "2026-01-02T03:04:05.678+0000",
        "Trigger": trigger,
    })
}

fn memory_of(member: &str) -> Value {
    json!({
        "MetricName": "DatabaseMemoryUsagePercentage",
        "Namespace": "AWS/ElastiCache",
        "Dimensions": [{ "value": member, "name": "CacheClusterId" }],
    })
}

fn sns(messages: &[Value]) -> Value {
    let record = |message: &Value| json!({ "EventSource": "aws:sns", "Sns": { "Message": message.to_string() } });
    json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
}

#[test]
fn an_alarm_over_sns_leads_to_its_member() {
    check(
        sns(&[alarm("ALARM", memory_of("orders-001"))]),
        "look at the group of orders-001 for the alarm orders-001-memory",
    );
}

#[test]
fn a_delivery_twice_in_one_event_is_one_look() {
    let twice = alarm("ALARM", memory_of("orders-001"));
    check(
        sns(&[twice.clone(), twice, alarm("ALARM", memory_of("orders-002"))]),
        "look at the group of orders-001 for the alarm orders-001-memory; look at the group of orders-002 for the alarm orders-001-memory",
    );
}

#[test]
fn metric_math_leads_to_all_of_its_members() {
    check(
        sns(&[alarm(
            "ALARM",
            json!({ "Metrics": [
            { "Id": "e1", "Expression": "MAX([m1, m2])", "ReturnData": true },
            { "Id": "m1", "MetricStat": { "Metric": memory_of("orders-001") }, "ReturnData": false },
            { "Id": "m2", "MetricStat": { "Metric": memory_of("annex") }, "ReturnData": false },
        ] }),
        )]),
        "look at the group of orders-001, annex for the alarm orders-001-memory",
    );
}

#[test]
fn a_series_of_the_whole_group_leads_to_the_group() {
    check(
        sns(&[alarm(
            "ALARM",
            json!({
                "Namespace": "AWS/ElastiCache",
                "Dimensions": [{ "name": "ReplicationGroupId", "value": "Orders" }, { "name": "Role", "value": "Replica" }],
            }),
        )]),
        "look at orders for the alarm orders-001-memory",
    );
}

#[test]
fn what_is_no_alarm_of_ours_is_left_alone() {
    let leave = "leave the alarm orders-001-memory:";
    check(sns(&[alarm("OK", memory_of("orders-001"))]), &format!("{leave} it is OK now"));
    check(
        sns(&[alarm("INSUFFICIENT_DATA", memory_of("orders-001"))]),
        &format!("{leave} it is INSUFFICIENT_DATA now"),
    );
    check(
        sns(&[alarm(
            "ALARM",
            json!({ "Namespace": "AWS/EC2", "Dimensions": [{ "name": "InstanceId", "value": "i-1" }] }),
        )]),
        &format!("{leave} it watches AWS/EC2 and not AWS/ElastiCache"),
    );
    check(
        sns(&[alarm("ALARM", json!({ "Namespace": "AWS/ElastiCache", "Dimensions": [] }))]),
        &format!("{leave} its metric names neither a member nor a group"),
    );
    check(
        sns(&[json!({ "AlarmName": "all", "AlarmRule": "ALARM(a)", "NewStateValue": "ALARM" })]),
        "leave the alarm all: it names no metric; the schedule looks at every group anyway",
    );
    check(
        sns(&[json!({ "ElastiCache:SnapshotComplete": "orders-002" })]),
        "leave a message: it is not an alarm",
    );
    check(
        json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "Message": "hello" } }] }),
        "leave a message: it is not an alarm",
    );
    check(json!({ "Records": [{ "s3": {} }] }), "leave a record: it is no notification of SNS");
    for nothing in
        [json!(null), json!([]), json!("x"), json!(7), json!({}), json!({ "source": "aws.ec2" })]
    {
        check(nothing, "leave an event: it is neither an alarm nor an action");
    }
}

fn state_of(value: &str) -> Value {
    json!({
        "alarmName": "orders-001-memory",
        "state": { "value": value, "timestamp": "2026-01-02T03:04:05.678+0000" },
        "configuration": { "metrics": [{ "metricStat": { "metric": {
            "namespace": "AWS/ElastiCache",
            "name": "DatabaseMemoryUsagePercentage",
            "dimensions": { "CacheClusterId": "orders-001" },
        } } }] },
    })
}

#[test]
fn a_direct_alarm_and_one_over_eventbridge_lead_to_the_member_too() {
    check(
        json!({ "source": "aws.cloudwatch", "alarmArn": "arn:aws:cloudwatch:x", "alarmData": state_of("ALARM") }),
        "look at the group of orders-001 for the alarm orders-001-memory",
    );
    let over_eventbridge = |kind: &str, state: &str| json!({ "source": "aws.cloudwatch", "detail-type": kind, "resources": ["arn:aws:cloudwatch:x"], "detail": state_of(state) });
    check(
        over_eventbridge("CloudWatch Alarm State Change", "ALARM"),
        "look at the group of orders-001 for the alarm orders-001-memory",
    );
    check(
        over_eventbridge("CloudWatch Alarm State Change", "OK"),
        "leave the alarm orders-001-memory: it is OK now",
    );
    check(
        over_eventbridge("CloudWatch Alarm Configuration Change", "ALARM"),
        "leave an event of CloudWatch: it tells of no change of an alarm's state",
    );
}

#[test]
fn one_transition_is_the_same_in_every_delivery_of_it() {
    let event = sns(&[alarm("ALARM", memory_of("orders-001"))]);
    assert_eq!(parse(&event), parse(&event.clone()));
    let Request::Look { looks, .. } = parse(&event) else { panic!("expected a look") };
    let Cause::Alarm { transition, .. } = &looks[0].cause else { panic!("expected an alarm") };
    assert_eq!(
        transition,
        "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:orders-001-memory 2026-01-02T03:04:05.678+0000"
    );
}

#[test]
fn actions_are_read() {
    check(json!({ "action": "evaluate" }), "look around");
    check(json!({ "action": "evaluate", "group": null }), "look around");
    check(json!({ "action": "evaluate", "group": "orders" }), "look at orders as asked");
    check(json!({ "action": "plan", "group": "Orders" }), "plan orders");
    check(json!({ "action": "plan" }), "leave an action: plan takes a group");
    check(json!({ "action": "evaluate", "group": 5 }), "leave an action: its group is not a text");
    check(
        json!({ "action": "evaluate", "group": "a--b" }),
        "leave an action: \"a--b\" has more than letters, digits and single inner hyphens, which is all that a replication group id may have",
    );
    check(
        json!({ "action": "explode" }),
        "leave an action: \"explode\" is not an action; evaluate, plan and backtest are",
    );
}

#[test]
fn a_backtest_takes_a_group_and_as_many_days_as_are_kept() {
    let backtest = |days: Value| json!({ "action": "backtest", "group": "orders", "days": days });
    check(json!({ "action": "backtest", "group": "orders" }), "backtest orders over 30 days");
    check(backtest(json!(63)), "backtest orders over 63 days");
    for wrong in [json!(0), json!(64), json!("30"), json!(1.5)] {
        let expected = format!("leave an action: its days are {wrong}, and 1 to 63 are kept");
        check(backtest(wrong), &expected);
    }
    check(json!({ "action": "backtest" }), "leave an action: backtest takes a group");
}
