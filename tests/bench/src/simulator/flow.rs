//! One cache, from its subnet group to its last snapshot: the requests that `provision` makes, as they are on the wire.

use aws_sim::{Request, Settings, World};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// A request, and how much time passes before it.
pub(crate) struct Step {
    after: SignedDuration,
    request: Request,
}

/// Every request of the flow.
pub(crate) fn requests() -> Vec<Step> {
    let mut steps = Vec::new();
    let mut then = |minutes, request| {
        steps.push(Step { after: SignedDuration::from_mins(minutes), request });
    };
    let group = "ReplicationGroupId=orders";
    let look = || form("DescribeReplicationGroups", group);
    then(
        0,
        form(
            "CreateCacheSubnetGroup",
            "CacheSubnetGroupName=orders&CacheSubnetGroupDescription=x&SubnetIds.SubnetIdentifier.1=subnet-0a&SubnetIds.SubnetIdentifier.2=subnet-0b",
        ),
    );
    then(
        0,
        form(
            "CreateCacheParameterGroup",
            "CacheParameterGroupName=orders&CacheParameterGroupFamily=redis7&Description=x",
        ),
    );
    then(
        0,
        form(
            "ModifyCacheParameterGroup",
            "CacheParameterGroupName=orders&ParameterNameValues.ParameterNameValue.1.ParameterName=maxmemory-policy&ParameterNameValues.ParameterNameValue.1.ParameterValue=allkeys-lru",
        ),
    );
    then(
        0,
        secret(
            "CreateSecret",
            &json!({ "Name": "orders", "SecretString": "{\"token\":\"a-token-of-no-account\"}" }),
        ),
    );
    then(
        0,
        form(
            "CreateReplicationGroup",
            "ReplicationGroupId=orders&ReplicationGroupDescription=x&Engine=redis&EngineVersion=7.1&CacheNodeType=cache.t4g.micro&NumCacheClusters=2&AutomaticFailoverEnabled=true&MultiAZEnabled=true&CacheSubnetGroupName=orders&CacheParameterGroupName=orders&TransitEncryptionEnabled=true&AtRestEncryptionEnabled=true&AuthToken=a-token-of-no-account&SnapshotRetentionLimit=7&Tags.Tag.1.Key=owner&Tags.Tag.1.Value=orders",
        ),
    );
    for _ in 0..3 {
        then(5, look());
    }
    then(0, form("DescribeCacheClusters", "ShowCacheNodeInfo=true"));
    then(0, form("ListTagsForResource", &format!("ResourceName={ARN}")));
    for member in ["orders-001", "orders-002"] {
        for metric in METRICS {
            then(0, alarm(member, metric));
        }
    }
    then(0, call("monitoring", "DescribeAlarms", &json!({ "AlarmNamePrefix": "orders" })));
    let names: Vec<String> = ["orders-001", "orders-002"]
        .into_iter()
        .flat_map(|member| METRICS.map(|metric| format!("{member}-{metric}")))
        .collect();
    then(0, call("monitoring", "DeleteAlarms", &json!({ "AlarmNames": names })));
    then(
        0,
        form(
            "DeleteReplicationGroup",
            "ReplicationGroupId=orders&FinalSnapshotIdentifier=orders-last",
        ),
    );
    then(5, form("DescribeReplicationGroups", ""));
    then(25, form("DescribeSnapshots", "SnapshotName=orders-last"));
    then(0, form("DeleteCacheParameterGroup", "CacheParameterGroupName=orders"));
    then(0, form("DeleteCacheSubnetGroup", "CacheSubnetGroupName=orders"));
    then(0, secret("DeleteSecret", &json!({ "SecretId": "orders", "RecoveryWindowInDays": 7 })));
    steps
}

const ARN: &str = "arn%3Aaws%3Aelasticache%3Aus-east-1%3A123456789012%3Areplicationgroup%3Aorders";

const METRICS: [&str; 5] = [
    "DatabaseMemoryUsagePercentage",
    "EngineCPUUtilization",
    "CurrConnections",
    "Evictions",
    "ReplicationLag",
];

/// Runs them in a world of their own. An answer that is not 200 is an error: then it is not this flow that was measured.
pub(crate) fn run(steps: &[Step]) -> Result<(), String> {
    let world = World::new(Settings::default());
    let mut now = world.with(|it| it.now);
    for Step { after, request } in steps {
        now = now.saturating_add(*after).map_err(|err| err.to_string())?;
        let response = world.call(now, request);
        if response.status != 200 {
            return Err(format!("{}: {}", request.operation(), response.text()));
        }
    }
    let is_gone =
        world.with(|it| it.elasticache.groups.is_empty() && it.cloudwatch.alarms.is_empty());
    if is_gone { Ok(()) } else { Err("something is left".to_owned()) }
}

/// A request to ElastiCache.
pub(crate) fn form(action: &str, fields: &str) -> Request {
    request("elasticache", None, format!("Action={action}&Version=2015-02-02&{fields}"))
}

fn secret(operation: &str, body: &Value) -> Request {
    call("secretsmanager", operation, body)
}

/// A request for an alarm on a metric of a member.
pub(crate) fn alarm(member: &str, metric: &str) -> Request {
    let body = json!({
        "AlarmName": format!("{member}-{metric}"),
        "Namespace": "AWS/ElastiCache",
        "MetricName": metric,
        "Dimensions": [{ "Name": "CacheClusterId", "Value": member }],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 80,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:alarms"],
        "Tags": [{ "Key": "owner", "Value": "orders" }],
    });
    call("monitoring", "PutMetricAlarm", &body)
}

/// A request to a service that speaks JSON.
pub(crate) fn call(service: &str, operation: &str, body: &Value) -> Request {
    request(service, Some(operation), body.to_string())
}

fn request(service: &str, operation: Option<&str>, body: String) -> Request {
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    let mut headers = vec![("authorization".to_owned(), scope)];
    headers.extend(operation.map(|it| ("x-amz-target".to_owned(), format!("{service}.{it}"))));
    Request { method: "POST".to_owned(), uri: "/".to_owned(), headers, body: body.into_bytes() }
}
