//! What an alarm tells a topic, a function and EventBridge (facts 6.3).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Statistic;
use super::alarm::{Alarm, AlarmState};
use super::watched::{Entry, Stat, Watched, What};
use crate::State;
use crate::wire::json::set;

/// The subject of a notice.
pub(super) fn subject(state: &State, alarm: &Alarm) -> String {
    let region = region_name(&state.settings.region);
    format!("{}: \"{}\" in {region}", alarm.state.word(), alarm.name)
}

/// The message: JSON in a text.
pub(super) fn message(state: &State, alarm: &Alarm, from: AlarmState) -> String {
    json!({
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": state.settings.account,
        "AlarmConfigurationUpdatedTimestamp": time(alarm.configured_at),
        "NewStateValue": alarm.state.word(),
        "NewStateReason": alarm.reason,
        "StateChangeTime": time(alarm.state_since),
        "Region": region_name(&state.settings.region),
        "AlarmArn": alarm.arn,
        "OldStateValue": from.word(),
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_actions,
        "Trigger": trigger(alarm),
    })
    .to_string()
}

/// With metric math, each metric has its own names, and the trigger has none.
fn trigger(alarm: &Alarm) -> Value {
    let mut trigger = json!({
        "Period": alarm.watched.period().as_secs(),
        "EvaluationPeriods": alarm.periods,
        "ComparisonOperator": alarm.comparison.word(),
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.missing.word(),
        "EvaluateLowSampleCountPercentile": "",
    });
    match &alarm.watched {
        Watched::Metric(stat) => set_stat(&mut trigger, stat),
        Watched::Math(math) => set(&mut trigger, "Metrics", math.listed(dimension)),
    }
    if let Some(datapoints) = alarm.datapoints {
        set(&mut trigger, "DatapointsToAlarm", json!(datapoints));
    }
    trigger
}

fn dimension((name, value): (&String, &String)) -> Value {
    json!({ "value": value, "name": name })
}

fn set_stat(trigger: &mut Value, stat: &Stat) {
    let dimensions = stat.metric.dimensions.iter().map(dimension);
    set(trigger, "MetricName", stat.metric.name.clone());
    set(trigger, "Namespace", stat.metric.namespace.clone());
    set(trigger, "Unit", json!(stat.unit));
    set(trigger, "Dimensions", dimensions.collect::<Vec<_>>());
    match stat.statistic {
        Statistic::Percentile(_) => {
            set(trigger, "StatisticType", "ExtendedStatistic");
            set(trigger, "ExtendedStatistic", stat.name.clone());
        }
        Statistic::Average
        | Statistic::Sum
        | Statistic::Minimum
        | Statistic::Maximum
        | Statistic::SampleCount => {
            set(trigger, "StatisticType", "Statistic");
            let name = if stat.statistic == Statistic::SampleCount {
                "SAMPLE_COUNT".to_owned()
            } else {
                stat.name.to_uppercase()
            };
            set(trigger, "Statistic", name);
        }
    }
}

/// A state of an alarm, as it was entered.
pub(super) fn entered(alarm: &Alarm) -> Value {
    let mut state = json!({
        "value": alarm.state.word(),
        "reason": alarm.reason,
        "timestamp": time(alarm.state_since),
    });
    if let Some(data) = &alarm.reason_data {
        set(&mut state, "reasonData", json!(data));
    }
    state
}

/// What a function is called with that an alarm names as its action (facts 6.3 b).
pub(super) fn invocation(state: &State, alarm: &Alarm, previous: &Value, id: &str) -> Value {
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": state.settings.account,
        "time": time(alarm.state_since),
        "region": state.settings.region,
        "alarmData": change(alarm, previous, id),
    })
}

/// What EventBridge hears (facts 6.3 c).
pub(super) fn event(state: &State, alarm: &Alarm, previous: &Value, id: &str) -> Value {
    let envelope = Envelope {
        id,
        kind: "CloudWatch Alarm State Change",
        account: &state.settings.account,
        region: &state.settings.region,
        at: alarm.state_since,
        alarm_arn: &alarm.arn,
    };
    envelope.around(change(alarm, previous, id))
}

/// What every event has.
pub(super) struct Envelope<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) at: Timestamp,
    pub(super) alarm_arn: &'a str,
}

impl Envelope<'_> {
    pub(super) fn around(&self, detail: Value) -> Value {
        let mut event = json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.kind,
            "source": "aws.cloudwatch",
            "account": self.account,
            "time": self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": self.region,
            "resources": [self.alarm_arn],
        });
        set(&mut event, "detail", detail);
        event
    }
}

fn change(alarm: &Alarm, previous: &Value, id: &str) -> Value {
    let metrics = metrics(alarm, id);
    json!({
        "alarmName": alarm.name,
        "state": entered(alarm),
        "previousState": previous,
        "configuration": { "description": alarm.description, "metrics": metrics },
    })
}

/// What an alarm watches.
pub(super) fn metrics(alarm: &Alarm, id: &str) -> Vec<Value> {
    match &alarm.watched {
        Watched::Metric(stat) => {
            vec![json!({ "id": id, "metricStat": metric_stat(stat), "returnData": true })]
        }
        Watched::Math(math) => {
            math.entries.iter().map(|it| part(it, it.id == math.watched)).collect()
        }
    }
}

/// A part of metric math.
fn part(entry: &Entry, watched: bool) -> Value {
    let mut part = json!({ "id": entry.id, "returnData": watched });
    match &entry.what {
        What::Stat(stat) => set(&mut part, "metricStat", metric_stat(stat)),
        What::Expression(text, _) => set(&mut part, "expression", text.clone()),
    }
    for (name, value) in [("label", &entry.label), ("accountId", &entry.account)] {
        if let Some(value) = value {
            set(&mut part, name, value.clone());
        }
    }
    part
}

/// Here the dimensions are a map, where a topic is told a list.
fn metric_stat(stat: &Stat) -> Value {
    let mut shown = json!({
        "metric": {
            "namespace": stat.metric.namespace,
            "name": stat.metric.name,
            "dimensions": stat.metric.dimensions,
        },
        "period": stat.period.as_secs(),
        "stat": stat.name,
    });
    if let Some(unit) = &stat.unit {
        set(&mut shown, "unit", unit.clone());
    }
    shown
}

/// `2025-12-05T21:53:58.466+0000`: no colon in the offset.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

/// The name that a notice has for a region. Who needs the region takes it from the alarm's ARN.
fn region_name(region: &str) -> &str {
    match region {
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-west-1" => "US West (N. California)",
        "us-west-2" => "US West (Oregon)",
        "eu-west-1" => "EU (Ireland)",
        "eu-central-1" => "EU (Frankfurt)",
        other => other,
    }
}
