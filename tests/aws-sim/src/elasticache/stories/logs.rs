//! Logs go to their destinations, or say why they do not.

use super::{Caller, all, one};
use crate::logs::LogGroup;

const REQUEST: &str = "LogDeliveryConfigurations.LogDeliveryConfigurationRequest";

/// The fields of one request to deliver, and `ApplyImmediately`.
fn deliver(number: u32, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let field = |(name, value): &(&str, &str)| {
        let name = match *name {
            "LogGroup" => "DestinationDetails.CloudWatchLogsDetails.LogGroup",
            "Stream" => "DestinationDetails.KinesisFirehoseDetails.DeliveryStream",
            other => other,
        };
        (format!("{REQUEST}.{number}.{name}"), (*value).to_owned())
    };
    let now = ("ApplyImmediately".to_owned(), "true".to_owned());
    fields.iter().map(field).chain([now]).collect()
}

fn slow(log_group: &str) -> Vec<(String, String)> {
    let to = [
        ("LogType", "slow-log"),
        ("DestinationType", "cloudwatch-logs"),
        ("LogGroup", log_group),
        ("LogFormat", "json"),
    ];
    deliver(1, &to)
}

fn engine(stream: &str) -> Vec<(String, String)> {
    let to = [
        ("LogType", "engine-log"),
        ("DestinationType", "kinesis-firehose"),
        ("Stream", stream),
        ("LogFormat", "text"),
    ];
    deliver(2, &to)
}

fn off(log: &str) -> Vec<(String, String)> {
    deliver(1, &[("LogType", log), ("Enabled", "false")])
}

/// Has CloudWatch Logs have these log groups.
fn there(aws: &Caller, names: &[&str]) {
    aws.world.with(|state| {
        let group = |name: &&str| ((*name).to_owned(), LogGroup::new(state.now));
        state.logs.groups.extend(names.iter().map(group));
    });
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn modify(aws: &mut Caller, fields: &[(String, String)]) -> Result<String, crate::Refusal> {
    aws.modify(&pairs(fields))
}

/// The statuses that a group shows, and what is pending.
fn shown(aws: &mut Caller) -> (Vec<String>, String) {
    let group = aws.group();
    let logs = one(&group, "LogDeliveryConfigurations");
    (all(&logs, "Status"), one(&group, "PendingModifiedValues"))
}

#[test]
fn a_group_is_made_with_its_logs() {
    let mut aws = Caller::new(|_| {});
    there(&aws, &["orders"]);
    aws.world.with(|state| state.faults.missing_destinations.insert("nowhere".to_owned()));
    aws.create("orders", "2", &pairs(&[slow("orders"), engine("nowhere")].concat())).unwrap();
    assert_eq!(shown(&mut aws).0, ["enabling", "enabling"]);
    aws.pass(20);
    for answer in [aws.group(), aws.member("orders-002")] {
        let logs = one(&answer, "LogDeliveryConfigurations");
        assert_eq!(all(&logs, "LogType"), ["engine-log", "slow-log"]);
        assert_eq!(all(&logs, "Status"), ["error", "active"]);
        assert_eq!(all(&logs, "DestinationType"), ["kinesis-firehose", "cloudwatch-logs"]);
        assert_eq!(all(&logs, "LogFormat"), ["text", "json"]);
        assert_eq!(one(&logs, "DeliveryStream"), "nowhere");
        assert_eq!(one(&one(&logs, "CloudWatchLogsDetails"), "LogGroup"), "orders");
        let why = all(&logs, "Message");
        assert_eq!(why, ["The log delivery destination nowhere does not exist."]);
    }
    let member = aws.member("orders-002");
    assert_eq!(one(&member, "ReplicationGroupLogDeliveryEnabled"), "true");
}

#[test]
fn a_delivery_is_turned_on_moved_and_turned_off() {
    let mut aws = Caller::with_group("1", |_| {});
    there(&aws, &["first", "second"]);
    modify(&mut aws, &slow("first")).unwrap();
    let (statuses, pending) = shown(&mut aws);
    assert_eq!(statuses, ["enabling"]);
    assert_eq!(one(&one(&pending, "PendingLogDeliveryConfiguration"), "LogGroup"), "first");
    let of_member = one(&aws.member("orders-001"), "PendingModifiedValues");
    assert_eq!(one(&of_member, "LogType"), "slow-log");
    aws.pass(2);
    assert_eq!(shown(&mut aws), (vec!["active".to_owned()], String::new()));
    let again = modify(&mut aws, &slow("first")).unwrap_err();
    assert_eq!(again.message, "No modifications were requested");
    modify(&mut aws, &slow("second")).unwrap();
    let (statuses, pending) = shown(&mut aws);
    assert_eq!(statuses, ["modifying"]);
    assert_eq!(one(&pending, "LogGroup"), "second");
    let logs = one(&aws.group(), "LogDeliveryConfigurations");
    assert_eq!(one(&logs, "LogGroup"), "first", "it still goes there");
    aws.pass(2);
    modify(&mut aws, &off("slow-log")).unwrap();
    assert_eq!(shown(&mut aws), (vec!["disabling".to_owned()], String::new()));
    aws.pass(2);
    assert_eq!(shown(&mut aws).0, [""; 0]);
    assert_eq!(one(&aws.member("orders-001"), "ReplicationGroupLogDeliveryEnabled"), "false");
    assert!(modify(&mut aws, &off("slow-log")).is_err(), "it is off");
}

#[test]
fn a_delivery_that_failed_is_tried_again() {
    let mut aws = Caller::with_group("1", |it| {
        it.switches.pending_logs_element = "LogDeliveryConfigurations";
    });
    modify(&mut aws, &slow("orders")).unwrap();
    let pending = shown(&mut aws).1;
    assert_eq!(one(&one(&pending, "LogDeliveryConfigurations"), "LogGroup"), "orders");
    aws.pass(2);
    let logs = one(&aws.group(), "LogDeliveryConfigurations");
    assert_eq!(one(&logs, "Status"), "error");
    there(&aws, &["orders"]);
    modify(&mut aws, &slow("orders")).unwrap();
    aws.pass(2);
    assert_eq!(one(&one(&aws.group(), "LogDeliveryConfigurations"), "Status"), "active");
}

#[test]
fn what_cannot_be_delivered_is_refused() {
    let mut aws = Caller::with_group("1", |_| {});
    let mut later = slow("orders");
    later.pop();
    let refused = modify(&mut aws, &later).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterValue");
    assert_eq!(
        refused.message,
        "To modify the log delivery configuration, set the apply-immediately parameter to true."
    );
    let (value, combination) = ("InvalidParameterValue", "InvalidParameterCombination");
    let to = [("LogType", "slow-log"), ("DestinationType", "cloudwatch-logs")];
    for (fields, code) in [
        (vec![("LogType", "audit-log")], value),
        (vec![("Enabled", "true")], value),
        (to.to_vec(), combination),
        ([&to[..], &[("Stream", "s"), ("LogFormat", "json")]].concat(), combination),
        ([&to[..], &[("LogGroup", "g")]].concat(), value),
        ([&to[..], &[("LogGroup", "g"), ("LogFormat", "xml")]].concat(), value),
        (vec![to[0], ("DestinationType", "s3"), ("LogGroup", "g")], value),
    ] {
        let refused = modify(&mut aws, &deliver(1, &fields)).unwrap_err();
        assert_eq!(refused.code, code, "{fields:?}: {}", refused.message);
    }
    let twice = [off("slow-log"), deliver(2, &[("LogType", "slow-log"), ("Enabled", "false")])];
    assert_eq!(modify(&mut aws, &twice.concat()).unwrap_err().code, combination);
}

#[test]
fn old_versions_have_no_such_logs() {
    let mut aws = Caller::new(|_| {});
    for (version, log, taken) in [
        ("5.0.6", slow("orders"), false),
        ("6.0", slow("orders"), true),
        ("6.0", engine("orders"), false),
        ("6.2", engine("orders"), true),
    ] {
        let mut log = log;
        for (name, _) in &mut log {
            *name = name.replace(".2.", ".1.");
        }
        let wanted = [&pairs(&log)[..], &[("EngineVersion", version)]].concat();
        let id = format!("orders-{}-{taken}", version.replace('.', "-"));
        assert_eq!(aws.create(&id, "1", &wanted).is_ok(), taken, "{version} {log:?}");
    }
}
