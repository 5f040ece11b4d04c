//! What the template says of who calls the functions: its state machine, its schedules, its subscriptions and its time-outs.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use aws_sim::drive::states::Machine;
use aws_sim::drive::{Plan, Schedule, Subscription};
use jiff::{SignedDuration, Timestamp};
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Value, json};

use crate::scene::{ALARM_TOPIC, STATE_MACHINE, function_arn};

/// The functions, by their name in the template.
const FUNCTIONS: [&str; 4] = ["Provision", "Rotate", "Snapshot", "Autoscale"];

/// The template's part of an account, with schedules counted from this time.
pub fn plan(from: Timestamp) -> Plan {
    let template = read();
    let definition = template["Resources"]["Continue"]["Properties"]["Definition"].clone();
    let machine = Machine::read(definition).unwrap_or_else(|it| panic!("{it:#?}"));
    let (mut plan, mut off) = (Plan::default(), 0);
    plan.machines.insert(STATE_MACHINE.to_owned(), machine);
    for function in FUNCTIONS {
        let arn = function_arn(&function.to_ascii_lowercase());
        let properties = &template["Resources"][function]["Properties"];
        let seconds = properties["Timeout"].as_u64().unwrap();
        plan.timeouts.insert(arn.clone(), Duration::from_secs(seconds));
        for event in properties["Events"].as_object().into_iter().flat_map(|it| it.values()) {
            let properties = &event["Properties"];
            match event["Type"].as_str().unwrap() {
                // Off by default, and then nobody plays it.
                "ScheduleV2" if properties.get("State").is_some() => off += 1,
                "ScheduleV2" => {
                    let name = properties["ScheduleExpression"]["Ref"].as_str().unwrap();
                    let expression = template["Parameters"][name]["Default"].as_str().unwrap();
                    let (first, every) = times(expression, from);
                    let input = properties["Input"].as_str().unwrap();
                    let input = serde_json::from_str(input).unwrap();
                    plan.schedules.push(Schedule {
                        first,
                        every,
                        function_arn: arn.clone(),
                        input,
                    });
                }
                "SNS" => {
                    assert_eq!(properties["Topic"]["Ref"], "AlarmTopic");
                    let topic_arn = ALARM_TOPIC.to_owned();
                    plan.subscriptions.push(Subscription { topic_arn, function_arn: arn.clone() });
                }
                other => panic!("{function} is called by {other}, which nobody plays here"),
            }
        }
    }
    assert_eq!((plan.schedules.len(), off, plan.subscriptions.len()), (8, 2, 1));
    plan
}

/// When a schedule fires first, and how often: `rate(15 minutes)`, or a `cron` for once an hour or once a day.
fn times(expression: &str, from: Timestamp) -> (Timestamp, SignedDuration) {
    let day = SignedDuration::from_hours(24);
    let inner = expression.split(['(', ')']).nth(1).unwrap();
    let words: Vec<&str> = inner.split(' ').collect();
    match (expression.split('(').next().unwrap(), words.as_slice()) {
        ("rate", [number, "minute" | "minutes"]) => {
            let every = SignedDuration::from_mins(number.parse().unwrap());
            (from.saturating_add(every).unwrap(), every)
        }
        ("cron", [minute, "*", "*", "*", "?", "*"]) => {
            from_then_on(from, SignedDuration::from_hours(1), minute.parse().unwrap())
        }
        ("cron", [minute, hour, "*", "*", "?", "*"]) => {
            let at = 60 * hour.parse::<i64>().unwrap() + minute.parse::<i64>().unwrap();
            from_then_on(from, day, at)
        }
        _ => panic!("{expression} is played by nobody here"),
    }
}

/// So many minutes after the start of each hour or day.
fn from_then_on(
    from: Timestamp,
    every: SignedDuration,
    minutes: i64,
) -> (Timestamp, SignedDuration) {
    let seconds = every.as_secs();
    let start = Timestamp::from_second(from.as_second().div_euclid(seconds) * seconds).unwrap();
    let first = start.saturating_add(SignedDuration::from_mins(minutes)).unwrap();
    (if first < from { first.saturating_add(every).unwrap() } else { first }, every)
}

/// The template as JSON: `!Ref x` is `{"Ref": "x"}`, `!Sub` is filled in, other tags are `{"Fn::…": …}`.
fn read() -> &'static Value {
    static TEMPLATE: OnceLock<Value> = OnceLock::new();
    TEMPLATE.get_or_init(parsed)
}

fn parsed() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    json_of(&Yaml::load_from_str(&text).unwrap()[0])
}

fn json_of(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Mapping(fields) => {
            let pair = |(key, value)| (words(key), json_of(value));
            fields.iter().map(pair).collect()
        }
        Yaml::Sequence(items) => items.iter().map(json_of).collect(),
        Yaml::Tagged(tag, inner) => match (tag.suffix.as_str(), json_of(inner)) {
            ("Ref", it) => json!({ "Ref": it }),
            ("Sub", Value::String(text)) => json!(text.replace("${AWS::Partition}", "aws")),
            (other, it) => json!({ format!("Fn::{other}"): it }),
        },
        scalar @ (Yaml::Value(_) | Yaml::Representation(..)) => {
            match (scalar.as_bool(), scalar.as_integer(), scalar.as_floating_point()) {
                (Some(it), ..) => json!(it),
                (_, Some(it), _) => json!(it),
                (.., Some(it)) => json!(it),
                _ => scalar.as_str().map_or(Value::Null, |it| json!(it)),
            }
        }
        Yaml::Alias(_) | Yaml::BadValue => panic!("{yaml:?} is no part of a template"),
    }
}

fn words(key: &Yaml<'_>) -> String {
    key.as_str().unwrap().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_says_who_calls_whom() {
        let from: Timestamp = "2026-01-01T02:00:00Z".parse().unwrap();
        let plan = plan(from);
        assert_eq!(plan.timeouts[&function_arn("rotate")], Duration::from_mins(3));
        let sweep = plan.schedules.iter().find(|it| it.input["action"] == "sweep").unwrap();
        assert_eq!(
            (sweep.every.as_mins(), sweep.first.to_string().as_str()),
            (15, "2026-01-01T02:15:00Z")
        );
        let take = plan.schedules.iter().find(|it| it.input["action"] == "take").unwrap();
        assert_eq!(
            (take.every.as_hours(), take.first.to_string().as_str()),
            (24, "2026-01-02T01:30:00Z")
        );
        let due = plan.schedules.iter().find(|it| it.input["tier"] == "due").unwrap();
        assert_eq!(
            (due.every.as_hours(), due.first.to_string().as_str()),
            (1, "2026-01-01T02:05:00Z")
        );
    }
}
