//! Groups, their members and their metrics.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Story, Switches};
use crate::elasticache::stories::{Caller, all, one};
use crate::fault::{Fault, Rule};
use crate::{Refusal, Request};

const ORDERS: (&str, &str) = ("ReplicationGroupId", "orders");
const NOW: (&str, &str) = ("ApplyImmediately", "true");

pub(super) const STORIES: &[Story] = &[
    Story {
        switch: "stale_looks",
        take: |to, from| to.stale_looks = from.stale_looks,
        tell: looks_after_a_modify,
        usual: "modifying modifying modifying modifying",
        otherwise: "available available available modifying",
    },
    Story {
        switch: "settings_make_busy",
        take: |to, from| to.settings_make_busy = from.settings_make_busy,
        tell: |switches| {
            let mut aws = orders("2", switches);
            describe(&mut aws, "other").unwrap();
            aws.status()
        },
        usual: "modifying",
        otherwise: "available",
    },
    Story {
        switch: "tags_make_busy",
        take: |to, from| to.tags_make_busy = from.tags_make_busy,
        tell: after_tagging,
        usual: "available",
        otherwise: "modifying",
    },
    Story {
        switch: "shards_lag",
        take: |to, from| to.shards_lag = from.shards_lag,
        tell: |switches| {
            let mut aws = orders("2", switches);
            describe(&mut aws, "other").unwrap();
            until_available(&mut aws);
            ended(describe(&mut aws, "another"))
        },
        usual: "accepted",
        otherwise: "InvalidReplicationGroupState",
    },
    Story {
        switch: "misfit_refused_at_once",
        take: |to, from| to.misfit_refused_at_once = from.misfit_refused_at_once,
        tell: too_small_a_node_type,
        usual: "accepted",
        otherwise: "InvalidParameterCombination",
    },
    Story {
        switch: "numbers_reused",
        take: |to, from| to.numbers_reused = from.numbers_reused,
        tell: members_after_one_went_and_one_came,
        usual: "orders-001 orders-002 orders-003",
        otherwise: "orders-001 orders-003 orders-004",
    },
    Story {
        switch: "youngest_replica_goes",
        take: |to, from| to.youngest_replica_goes = from.youngest_replica_goes,
        tell: members_after_any_went,
        usual: "orders-001 orders-002",
        otherwise: "orders-001 orders-003",
    },
    Story {
        switch: "wrong_direction_code",
        take: |to, from| to.wrong_direction_code = from.wrong_direction_code,
        tell: |switches| {
            let mut aws = orders("3", switches);
            let to = |count| [ORDERS, ("NewReplicaCount", count), NOW];
            let fewer = aws.code("IncreaseReplicaCount", &to("1"));
            let more = aws.code("DecreaseReplicaCount", &to("3"));
            format!("{fewer}, {more}")
        },
        usual: "InvalidParameterValue, InvalidParameterValue",
        otherwise: "InvalidParameterCombination, InvalidParameterCombination",
    },
    Story {
        switch: "lone_node_has_reader",
        take: |to, from| to.lone_node_has_reader = from.lone_node_has_reader,
        tell: |switches| {
            let mut aws = orders("1", switches);
            all(&aws.group(), "ReaderEndpoint").len().to_string()
        },
        usual: "1",
        otherwise: "0",
    },
    Story {
        switch: "group_metrics",
        take: |to, from| to.group_metrics = from.group_metrics,
        tell: |switches| {
            let group = json!([{ "Name": "ReplicationGroupId", "Value": "orders" }]);
            alarm_on(switches, "DatabaseMemoryUsageCountedForEvictPercentage", &group)
        },
        usual: "OK",
        otherwise: "INSUFFICIENT_DATA",
    },
    Story {
        switch: "roles_in_lower_case",
        take: |to, from| to.roles_in_lower_case = from.roles_in_lower_case,
        tell: |switches| {
            let of = |role| json!([{ "Name": "ReplicationGroupId", "Value": "orders" }, { "Name": "Role", "Value": role }]);
            ["Primary", "primary"]
                .map(|it| alarm_on(switches.clone(), "EngineCPUUtilization", &of(it)))
                .join(", ")
        },
        usual: "OK, INSUFFICIENT_DATA",
        otherwise: "INSUFFICIENT_DATA, OK",
    },
    Story {
        switch: "throttle_code",
        take: |to, from| to.throttle_code = from.throttle_code,
        tell: |switches| {
            let mut aws = Caller::new(|it| it.switches = switches);
            aws.world.with(|it| it.faults.add(Rule::next(Fault::Throttled)));
            ended(aws.create("orders", "1", &[]))
        },
        usual: "Throttling",
        otherwise: "RequestLimitExceeded",
    },
];

pub(super) fn orders(nodes: &str, switches: Switches) -> Caller {
    Caller::with_group(nodes, |it| it.switches = switches)
}

/// How a call ended: its code, where it was refused.
pub(super) fn ended(result: Result<String, Refusal>) -> String {
    result.map_or_else(|refusal| refusal.code, |_| "accepted".to_owned())
}

pub(super) fn describe(aws: &mut Caller, anew: &str) -> Result<String, Refusal> {
    aws.modify(&[("ReplicationGroupDescription", anew), NOW])
}

/// Lets time pass to the second at which the group shows itself as available.
pub(super) fn until_available(aws: &mut Caller) {
    for _ in 0..3600 {
        if aws.status() == "available" {
            return;
        }
        aws.now += SignedDuration::from_secs(1);
        aws.world.advance(aws.now);
    }
    panic!("the group is not available after an hour");
}

fn looks_after_a_modify(switches: Switches) -> String {
    let mut aws = orders("2", switches);
    aws.modify(&[("CacheNodeType", "cache.t4g.small"), NOW]).unwrap();
    let looks: Vec<_> = (0..4).map(|_| aws.status()).collect();
    looks.join(" ")
}

fn after_tagging(switches: Switches) -> String {
    let mut aws = orders("2", switches);
    let arn = "arn:aws:elasticache:us-east-1:123456789012:replicationgroup:orders";
    let tag = [("ResourceName", arn), ("Tags.Tag.1.Key", "team"), ("Tags.Tag.1.Value", "a")];
    aws.ask("AddTagsToResource", &tag).unwrap();
    aws.status()
}

fn too_small_a_node_type(switches: Switches) -> String {
    let mut aws = Caller::new(|it| it.switches = switches);
    aws.create("orders", "2", &[("CacheNodeType", "cache.t4g.small")]).unwrap();
    aws.pass(20);
    aws.world.with(|it| it.elasticache.fill("orders", 900_000_000));
    ended(aws.modify(&[("CacheNodeType", "cache.t4g.micro"), NOW]))
}

fn members_after_one_went_and_one_came(switches: Switches) -> String {
    let mut aws = orders("3", switches);
    let one = [ORDERS, ("ReplicasToRemove.member.1", "orders-002"), NOW];
    aws.ask("DecreaseReplicaCount", &one).unwrap();
    aws.pass(20);
    aws.ask("IncreaseReplicaCount", &[ORDERS, ("NewReplicaCount", "2"), NOW]).unwrap();
    aws.pass(20);
    all(&aws.group(), "ClusterId").join(" ")
}

fn members_after_any_went(switches: Switches) -> String {
    let mut aws = orders("3", switches);
    aws.ask("DecreaseReplicaCount", &[ORDERS, ("NewReplicaCount", "1"), NOW]).unwrap();
    aws.pass(20);
    all(&aws.group(), "ClusterId").join(" ")
}

/// The state of an alarm on a metric of these dimensions, which is OK where somebody reports it.
fn alarm_on(switches: Switches, metric: &str, dimensions: &Value) -> String {
    let mut aws = orders("2", switches);
    let alarm = json!({
        "AlarmName": "full",
        "Namespace": "AWS/ElastiCache",
        "MetricName": metric,
        "Dimensions": dimensions,
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 75.0,
        "ComparisonOperator": "GreaterThanThreshold",
    });
    let scope = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/monitoring/aws4_request";
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = Request {
        method: "POST".to_owned(),
        uri: "/service/GraniteServiceVersion20100801/operation/PutMetricAlarm".to_owned(),
        headers: vec![header("authorization", scope), header("smithy-protocol", "rpc-v2-cbor")],
        body: crate::cloudwatch::cbor_of(&alarm),
    };
    assert_eq!(aws.world.call(aws.now, &request).status, 200);
    aws.pass(5);
    aws.world.with(|it| it.cloudwatch.alarms["full"].state.word().to_owned())
}

/// The element of this name within the first one of another.
pub(super) fn within(xml: &str, outer: &str, inner: &str) -> String {
    one(&one(xml, outer), inner)
}
