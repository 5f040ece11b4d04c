//! What a running group changes into: another engine, other encryption, keys and logs.

use super::groups::ended;
use super::{Story, Switches};
use crate::elasticache::stories::{Caller, all, one};

const NOW: (&str, &str) = ("ApplyImmediately", "true");
const PREFERRED: [(&str, &str); 2] =
    [("TransitEncryptionEnabled", "true"), ("TransitEncryptionMode", "preferred")];
const AT_REST: (&str, &str) = ("AtRestEncryptionEnabled", "true");

pub(super) const STORIES: &[Story] = &[
    Story {
        switch: "engine_change_needs_version",
        take: |to, from| to.engine_change_needs_version = from.engine_change_needs_version,
        tell: |switches| {
            let mut aws = running(switches, &[]);
            ended(aws.modify(&[("Engine", "valkey"), NOW]))
        },
        usual: "accepted",
        otherwise: "InvalidParameterCombination",
    },
    Story {
        switch: "upgrade_moves_default_parameters",
        take: |to, from| {
            to.upgrade_moves_default_parameters = from.upgrade_moves_default_parameters;
        },
        tell: |switches| {
            let mut aws = running(switches, &[("Engine", "valkey"), ("EngineVersion", "7.2")]);
            ended(aws.modify(&[("EngineVersion", "8.0"), NOW]))
        },
        usual: "InvalidParameterCombination",
        otherwise: "accepted",
    },
    Story {
        switch: "upgrade_fails_over",
        take: |to, from| to.upgrade_fails_over = from.upgrade_fails_over,
        tell: |switches| {
            let mut aws = running(switches, &[("EngineVersion", "7.0")]);
            aws.modify(&[("EngineVersion", "7.1"), NOW]).unwrap();
            aws.pass(30);
            all(&aws.group(), "CurrentRole").join(" ")
        },
        usual: "replica primary",
        otherwise: "primary replica",
    },
    Story {
        switch: "transit_needs_apply_immediately",
        take: |to, from| to.transit_needs_apply_immediately = from.transit_needs_apply_immediately,
        tell: |switches| ended(plain(switches).modify(&PREFERRED)),
        usual: "accepted",
        otherwise: "InvalidParameterValue",
    },
    Story {
        switch: "plain_node_names_stay",
        take: |to, from| to.plain_node_names_stay = from.plain_node_names_stay,
        tell: |switches| {
            let mut aws = plain(switches);
            let before = all(&aws.group(), "Address");
            change(&mut aws, &[PREFERRED[0], PREFERRED[1], NOW]);
            // The last one is that of a node.
            answers(&aws, before.last().unwrap())
        },
        usual: "nobody answers",
        otherwise: "somebody answers",
    },
    Story {
        switch: "plain_names_return",
        take: |to, from| to.plain_names_return = from.plain_names_return,
        tell: |switches| {
            let mut aws = running(switches, &[]);
            let before = all(&aws.group(), "Address");
            change(&mut aws, &[PREFERRED[1], NOW]);
            change(&mut aws, &[("TransitEncryptionEnabled", "false"), NOW]);
            let is_same = all(&aws.group(), "Address") == before;
            if is_same { "the names of before" } else { "other names" }.to_owned()
        },
        usual: "other names",
        otherwise: "the names of before",
    },
    Story {
        switch: "bad_key_code",
        take: |to, from| to.bad_key_code = from.bad_key_code,
        tell: |switches| {
            let mut aws = Caller::new(|it| it.switches = switches);
            ended(aws.create("orders", "1", &[AT_REST, ("KmsKeyId", "orders")]))
        },
        usual: "InvalidParameterValue",
        otherwise: "InvalidKMSKeyFault",
    },
    Story {
        switch: "key_shown_as_arn",
        take: |to, from| to.key_shown_as_arn = from.key_shown_as_arn,
        tell: |switches| {
            let mut aws = running(switches, &[AT_REST, ("KmsKeyId", "alias/orders")]);
            let key = one(&aws.group(), "KmsKeyId");
            key.split('/').next().unwrap().to_owned()
        },
        usual: "arn:aws:kms:us-east-1:123456789012:key",
        otherwise: "alias",
    },
    Story {
        switch: "pending_logs_element",
        take: |to, from| to.pending_logs_element = from.pending_logs_element,
        tell: pending_logs,
        usual: "PendingLogDeliveryConfiguration",
        otherwise: "LogDeliveryConfigurations",
    },
    Story {
        switch: "log_group_must_be_there",
        take: |to, from| to.log_group_must_be_there = from.log_group_must_be_there,
        tell: |switches| {
            let mut aws = running(switches, &[]);
            deliver(&mut aws);
            aws.pass(10);
            one(&one(&aws.group(), "LogDeliveryConfigurations"), "Status")
        },
        usual: "error",
        otherwise: "active",
    },
];

/// A caller with a group of two, made with these.
fn running(switches: Switches, more: &[(&str, &str)]) -> Caller {
    let mut aws = Caller::new(|it| it.switches = switches);
    aws.create("orders", "2", more).unwrap();
    aws.pass(20);
    aws
}

/// A caller with a group of two that speaks no TLS.
fn plain(switches: Switches) -> Caller {
    running(switches, &[("TransitEncryptionEnabled", "false")])
}

fn change(aws: &mut Caller, to: &[(&str, &str)]) {
    aws.modify(to).unwrap();
    aws.pass(10);
}

fn answers(aws: &Caller, host: &str) -> String {
    let there = aws.world.with(|state| state.elasticache.access_at(host).is_some());
    if there { "somebody answers" } else { "nobody answers" }.to_owned()
}

/// Has the slow log delivered to a log group that nobody made.
fn deliver(aws: &mut Caller) {
    const REQUEST: &str = "LogDeliveryConfigurations.LogDeliveryConfigurationRequest.1";
    let group = format!("{REQUEST}.DestinationDetails.CloudWatchLogsDetails.LogGroup");
    let field = |name: &str| format!("{REQUEST}.{name}");
    let (kind, to, format) = (field("LogType"), field("DestinationType"), field("LogFormat"));
    let deliver = [
        (kind.as_str(), "slow-log"),
        (to.as_str(), "cloudwatch-logs"),
        (format.as_str(), "json"),
        (group.as_str(), "orders"),
        NOW,
    ];
    aws.modify(&deliver).unwrap();
}

/// The element around the log deliveries that are pending.
fn pending_logs(switches: Switches) -> String {
    let mut aws = running(switches, &[]);
    deliver(&mut aws);
    let pending = one(&aws.group(), "PendingModifiedValues");
    let elements = ["PendingLogDeliveryConfiguration", "LogDeliveryConfigurations"];
    let is_there = |it: &&str| pending.contains(&format!("<{it}>"));
    elements.into_iter().find(is_there).unwrap_or("no element").to_owned()
}
