//! Requests that no client makes: whatever comes, the answer is one of AWS, nobody panics, and the world goes on.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::seed::Seed;
use crate::{Request, Response, Settings, World, cloudwatch};

/// Requests of each kind that are in order, to be spoilt.
const FORMS: [&str; 34] = [
    "CreateReplicationGroup&ReplicationGroupId=orders&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&NumCacheClusters=3&AutomaticFailoverEnabled=true&TransitEncryptionEnabled=true&AuthToken=a-token-of-no-account&SnapshotRetentionLimit=3&SnapshotWindow=03:00-05:00&PreferredMaintenanceWindow=sun:05:30-sun:07:30&Tags.Tag.1.Key=a&Tags.Tag.1.Value=b",
    "CreateReplicationGroup&ReplicationGroupId=orders&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&NumNodeGroups=1&ReplicasPerNodeGroup=1",
    "CreateReplicationGroup&ReplicationGroupId=shards&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&AutomaticFailoverEnabled=true&CacheParameterGroupName=default.valkey8.cluster.on&Engine=valkey&NumNodeGroups=2&ReplicasPerNodeGroup=1",
    "CreateReplicationGroup&ReplicationGroupId=shards&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&AutomaticFailoverEnabled=true&ClusterMode=enabled&NodeGroupConfiguration.NodeGroupConfiguration.1.NodeGroupId=1&NodeGroupConfiguration.NodeGroupConfiguration.1.Slots=0-16383&NodeGroupConfiguration.NodeGroupConfiguration.1.ReplicaCount=1&NodeGroupConfiguration.NodeGroupConfiguration.1.PrimaryAvailabilityZone=us-east-1a",
    "ModifyReplicationGroupShardConfiguration&ReplicationGroupId=shards&ApplyImmediately=true&NodeGroupCount=3&ReshardingConfiguration.ReshardingConfiguration.1.NodeGroupId=3",
    "ModifyReplicationGroupShardConfiguration&ReplicationGroupId=shards&ApplyImmediately=true&NodeGroupCount=1&NodeGroupsToRemove.NodeGroupToRemove.1=0002",
    "DecreaseReplicaCount&ReplicationGroupId=shards&ApplyImmediately=true&ReplicaConfiguration.ConfigureShard.1.NodeGroupId=0001&ReplicaConfiguration.ConfigureShard.1.NewReplicaCount=0",
    "ModifyReplicationGroup&ReplicationGroupId=orders&ApplyImmediately=true&CacheNodeType=cache.t4g.small&SnapshotRetentionLimit=2",
    "ModifyReplicationGroup&ReplicationGroupId=orders&ApplyImmediately=true&AuthToken=another-token-of-none&AuthTokenUpdateStrategy=ROTATE",
    "ModifyReplicationGroup&ReplicationGroupId=orders&ApplyImmediately=true&Engine=valkey&EngineVersion=8.0&CacheParameterGroupName=default.valkey8",
    "ModifyReplicationGroup&ReplicationGroupId=orders&ApplyImmediately=true&LogDeliveryConfigurations.LogDeliveryConfigurationRequest.1.LogType=slow-log&LogDeliveryConfigurations.LogDeliveryConfigurationRequest.1.DestinationType=cloudwatch-logs&LogDeliveryConfigurations.LogDeliveryConfigurationRequest.1.DestinationDetails.CloudWatchLogsDetails.LogGroup=g&LogDeliveryConfigurations.LogDeliveryConfigurationRequest.1.LogFormat=json",
    "CreateReplicationGroup&ReplicationGroupId=orders&ReplicationGroupDescription=x&CacheNodeType=cache.r6gd.xlarge&DataTieringEnabled=true&NumCacheClusters=2&TransitEncryptionEnabled=true&TransitEncryptionMode=preferred&AtRestEncryptionEnabled=true&KmsKeyId=alias/orders",
    "IncreaseReplicaCount&ReplicationGroupId=orders&ApplyImmediately=true&NewReplicaCount=4",
    "DecreaseReplicaCount&ReplicationGroupId=orders&ApplyImmediately=true&ReplicasToRemove.member.1=orders-002",
    "DeleteReplicationGroup&ReplicationGroupId=orders&FinalSnapshotIdentifier=last",
    "CreateCacheCluster&CacheClusterId=extra&ReplicationGroupId=orders&PreferredAvailabilityZone=us-east-1c",
    "ModifyCacheCluster&CacheClusterId=orders-002&PreferredMaintenanceWindow=mon:01:00-mon:02:00&SecurityGroupIds.SecurityGroupId.1=sg-0a&AutoMinorVersionUpgrade=false&CacheParameterGroupName=p&NotificationTopicArn=arn:aws:sns:us-east-1:123456789012:orders&NotificationTopicStatus=inactive",
    "RebootCacheCluster&CacheClusterId=orders-001&CacheNodeIdsToReboot.CacheNodeId.1=0001",
    "DescribeReplicationGroups&ReplicationGroupId=orders&MaxRecords=20&Marker=x",
    "DescribeCacheClusters&ShowCacheNodeInfo=true&MaxRecords=20",
    "CreateSnapshot&CacheClusterId=orders-001&SnapshotName=first",
    "CreateReplicationGroup&ReplicationGroupId=files&ReplicationGroupDescription=of%20files&CacheNodeType=cache.t4g.micro&SnapshotArns.SnapshotArn.1=arn:aws:s3:::bucket/first-0001.rdb",
    "CopySnapshot&SourceSnapshotName=first&TargetSnapshotName=second",
    "DescribeSnapshots&SnapshotSource=user&MaxRecords=20",
    "DeleteSnapshot&SnapshotName=first",
    "TestFailover&ReplicationGroupId=orders&NodeGroupId=0001",
    "CreateCacheSubnetGroup&CacheSubnetGroupName=s&CacheSubnetGroupDescription=x&SubnetIds.SubnetIdentifier.1=subnet-0a",
    "CreateCacheParameterGroup&CacheParameterGroupName=p&CacheParameterGroupFamily=redis7&Description=x",
    "ModifyCacheParameterGroup&CacheParameterGroupName=p&ParameterNameValues.ParameterNameValue.1.ParameterName=maxmemory-policy&ParameterNameValues.ParameterNameValue.1.ParameterValue=allkeys-lru",
    "DescribeCacheParameters&CacheParameterGroupName=p&Source=user&MaxRecords=20",
    "DescribeEvents&SourceType=replication-group&Duration=120&StartTime=2026-01-01T00:00:00Z",
    "AddTagsToResource&ResourceName=arn:aws:elasticache:us-east-1:123456789012:replicationgroup:orders&Tags.Tag.1.Key=a&Tags.Tag.1.Value=b",
    "CreateUser&UserId=u&UserName=default&Engine=redis&AccessString=on ~* %2B@all&Passwords.member.1=a-password-of-no-account",
    "CreateUserGroup&UserGroupId=g&Engine=redis&UserIds.member.1=u",
];

const STRUCTURES: [(&str, &str, &str); 28] = [
    (
        "secretsmanager",
        "CreateSecret",
        r#"{"Name":"s","SecretString":"x","ClientRequestToken":"00000000-0000-4000-8000-000000000000","Tags":[{"Key":"a","Value":"b"}]}"#,
    ),
    (
        "secretsmanager",
        "PutSecretValue",
        r#"{"SecretId":"s","SecretString":"y","VersionStages":["AWSPENDING"]}"#,
    ),
    (
        "secretsmanager",
        "RotateSecret",
        r#"{"SecretId":"s","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:f","RotationRules":{"AutomaticallyAfterDays":30},"RotateImmediately":false}"#,
    ),
    (
        "secretsmanager",
        "RotateSecret",
        r#"{"SecretId":"s","RotationLambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:f","RotationRules":{"ScheduleExpression":"rate(3000000000000000 days)","Duration":"3h"}}"#,
    ),
    (
        "secretsmanager",
        "UpdateSecretVersionStage",
        r#"{"SecretId":"s","VersionStage":"AWSCURRENT","MoveToVersionId":"00000000-0000-4000-8000-000000000000"}"#,
    ),
    ("secretsmanager", "GetRandomPassword", r#"{"PasswordLength":32,"ExcludePunctuation":true}"#),
    (
        "secretsmanager",
        "ListSecrets",
        r#"{"MaxResults":10,"NextToken":"1","Filters":[{"Key":"name","Values":["s"]}]}"#,
    ),
    ("secretsmanager", "DeleteSecret", r#"{"SecretId":"s","RecoveryWindowInDays":7}"#),
    (
        "monitoring",
        "PutMetricAlarm",
        r#"{"AlarmName":"a","Namespace":"N","MetricName":"M","Statistic":"Average","Period":60,"EvaluationPeriods":3,"DatapointsToAlarm":2,"Threshold":1.5,"ComparisonOperator":"GreaterThanThreshold","TreatMissingData":"breaching","Dimensions":[{"Name":"D","Value":"V"}]}"#,
    ),
    (
        "monitoring",
        "PutMetricAlarm",
        r#"{"AlarmName":"a","EvaluationPeriods":3,"Threshold":1.5,"ComparisonOperator":"GreaterThanThreshold","Metrics":[{"Id":"e","Expression":"MAX([FILL(m1, 0), m2]) / -(SUM(METRICS(\"m\")) + 0.5)","Label":"l","ReturnData":true},{"Id":"m1","MetricStat":{"Metric":{"Namespace":"N","MetricName":"M","Dimensions":[{"Name":"D","Value":"V"}]},"Period":60,"Stat":"Average","Unit":"Percent"},"ReturnData":false},{"Id":"m2","MetricStat":{"Metric":{"Namespace":"N","MetricName":"M"},"Period":60,"Stat":"p90"},"ReturnData":false}]}"#,
    ),
    (
        "monitoring",
        "PutMetricData",
        r#"{"Namespace":"N","MetricData":[{"MetricName":"M","Value":7.5,"Timestamp":1767225600,"Dimensions":[{"Name":"D","Value":"V"}]}]}"#,
    ),
    (
        "monitoring",
        "GetMetricData",
        r#"{"MaxDatapoints":1,"NextToken":"0.1","ScanBy":"TimestampAscending","StartTime":1767225600,"EndTime":1767229200,"MetricDataQueries":[{"Id":"m","MetricStat":{"Metric":{"Namespace":"N","MetricName":"M","Dimensions":[{"Name":"D","Value":"V"}]},"Period":60,"Stat":"Average"}}]}"#,
    ),
    (
        "monitoring",
        "GetMetricStatistics",
        r#"{"Namespace":"N","MetricName":"M","StartTime":1767225600,"EndTime":1767229200,"Period":60,"Statistics":["Average"]}"#,
    ),
    (
        "monitoring",
        "DescribeAlarms",
        r#"{"AlarmNamePrefix":"a","AlarmTypes":["MetricAlarm"],"ActionPrefix":"a","MaxRecords":1,"NextToken":"1"}"#,
    ),
    (
        "monitoring",
        "DescribeAlarmHistory",
        r#"{"AlarmName":"a","HistoryItemType":"Action","StartDate":1767225600,"MaxRecords":1,"NextToken":"1"}"#,
    ),
    (
        "monitoring",
        "ListMetrics",
        r#"{"Namespace":"N","MetricName":"M","Dimensions":[{"Name":"D"}],"RecentlyActive":"PT3H","NextToken":"[\"N\",\"M\",{}]"}"#,
    ),
    (
        "states",
        "StartExecution",
        r#"{"stateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:m","name":"e","input":"{}"}"#,
    ),
    (
        "states",
        "StopExecution",
        r#"{"executionArn":"arn:aws:states:us-east-1:123456789012:execution:m:e"}"#,
    ),
    (
        "logs",
        "CreateLogGroup",
        r#"{"logGroupName":"g","kmsKeyId":"alias/orders","tags":{"a":"b"},"logGroupClass":"STANDARD","deletionProtectionEnabled":false}"#,
    ),
    ("logs", "PutRetentionPolicy", r#"{"logGroupName":"g","retentionInDays":30}"#),
    (
        "logs",
        "DescribeLogGroups",
        r#"{"logGroupNamePrefix":"g","limit":1,"nextToken":"after/g","logGroupClass":"STANDARD"}"#,
    ),
    (
        "logs",
        "TagResource",
        r#"{"resourceArn":"arn:aws:logs:us-east-1:123456789012:log-group:g","tags":{"a":"b"}}"#,
    ),
    (
        "logs",
        "ListTagsForResource",
        r#"{"resourceArn":"arn:aws:logs:us-east-1:123456789012:log-group:g"}"#,
    ),
    ("logs", "DeleteLogGroup", r#"{"logGroupName":"g"}"#),
    (
        "application-autoscaling",
        "RegisterScalableTarget",
        r#"{"ServiceNamespace":"elasticache","ResourceId":"replication-group/shards","ScalableDimension":"elasticache:replication-group:Replicas","MinCapacity":1,"MaxCapacity":5,"SuspendedState":{"DynamicScalingInSuspended":true}}"#,
    ),
    (
        "application-autoscaling",
        "DescribeScalableTargets",
        r#"{"ServiceNamespace":"elasticache","ResourceIds":["replication-group/shards"],"ScalableDimension":"elasticache:replication-group:Replicas","MaxResults":1,"NextToken":"after/a/b"}"#,
    ),
    (
        "application-autoscaling",
        "DeregisterScalableTarget",
        r#"{"ServiceNamespace":"elasticache","ResourceId":"replication-group/shards","ScalableDimension":"elasticache:replication-group:Replicas"}"#,
    ),
    (
        "tagging",
        "GetResources",
        r#"{"ResourcesPerPage":50,"PaginationToken":"1","TagFilters":[{"Key":"a","Values":["b"]}]}"#,
    ),
];

/// Values that somebody forgot to think of.
const NASTY: [&str; 18] = [
    "",
    " ",
    "-1",
    "0",
    "9223372036854775807",
    "18446744073709551615",
    "99999999999999999999999999",
    "1e308",
    "NaN",
    "true",
    "null",
    "'; DROP",
    "<&\"]]>",
    "\u{0}",
    "ü𝕏\u{202e}",
    "arn:aws:::::",
    "../../..",
    "2026-13-40T25:61:61Z",
];

fn nasty(seed: &mut Seed) -> String {
    match seed.below(20) {
        0 => "x".repeat(100_000),
        1 => "9".repeat(5_000),
        _ => pick(seed, &NASTY).map_or_else(String::new, |it| (*it).to_owned()),
    }
}

fn pick<'a, T>(seed: &mut Seed, list: &'a [T]) -> Option<&'a T> {
    list.get(usize::try_from(seed.below(list.len() as u64)).unwrap())
}

/// A form, spoilt in one place or two.
fn spoilt_form(seed: &mut Seed) -> Vec<u8> {
    let form = format!("Action={}&Version=2015-02-02", pick(seed, &FORMS).unwrap());
    let mut fields: Vec<String> = form.split('&').map(str::to_owned).collect();
    for _ in 0..seed.below(3) {
        let at = usize::try_from(seed.below(fields.len() as u64)).unwrap();
        let name = fields[at].split('=').next().unwrap().to_owned();
        match seed.below(6) {
            0 => drop(fields.remove(at)),
            1 => fields.push(format!("{name}.member.999999999=1")),
            2 => fields.push(format!("{name}=")),
            _ => fields[at] = format!("{name}={}", encoded(&nasty(seed))),
        }
        if fields.is_empty() {
            break;
        }
    }
    fields.join("&").into_bytes()
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut whole, it| {
        let _infallible = write!(whole, "%{it:02X}");
        whole
    })
}

/// A value somewhere in a structure becomes another.
fn spoil(seed: &mut Seed, value: &mut Value) {
    let inner: Vec<&mut Value> = match value {
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let count = inner.len() as u64;
    if 0 < count && seed.below(4) != 0 {
        let at = usize::try_from(seed.below(count)).unwrap();
        if let Some(it) = inner.into_iter().nth(at) {
            spoil(seed, it);
        }
        return;
    }
    *value = match seed.below(9) {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({ "a": [1, "b", null] }),
        3 => json!(-1),
        4 => json!(1e300),
        5 => json!(i64::MAX),
        // A whole number of minutes, and more of them than any clock has.
        7 => json!(60_i64 << 40),
        6 => (0..100).fold(json!("deep"), |it, _| json!([it])),
        _ => Value::String(nasty(seed)),
    };
}

/// The bytes, cut off or with some of them changed.
fn torn(seed: &mut Seed, mut body: Vec<u8>) -> Vec<u8> {
    let place = |seed: &mut Seed, body: &[u8]| {
        usize::try_from(seed.below(body.len().max(1) as u64)).unwrap()
    };
    match seed.below(16) {
        0 => body.truncate(place(seed, &body)),
        1 => {
            for _ in 0..5 {
                let (at, byte) = (place(seed, &body), seed.below(256));
                if let Some(it) = body.get_mut(at) {
                    *it = u8::try_from(byte).unwrap();
                }
            }
        }
        2 => body = (0..64).map(|_| u8::try_from(seed.below(256)).unwrap()).collect(),
        _ => {}
    }
    body
}

fn request(service: &str, more: &[(&str, String)], uri: String, body: Vec<u8>) -> Request {
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    let mut headers = vec![("authorization".to_owned(), scope)];
    headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Request { method: "POST".to_owned(), uri, headers, body }
}

/// A request of some service and protocol, more or less spoilt.
fn spoilt(seed: &mut Seed) -> Request {
    if seed.below(2) == 0 {
        let form = spoilt_form(seed);
        let body = torn(seed, form);
        return request("elasticache", &[], "/".to_owned(), body);
    }
    let (service, operation, value) = pick(seed, &STRUCTURES).unwrap();
    let mut value: Value = serde_json::from_str(value).unwrap();
    for _ in 0..seed.below(3) {
        spoil(seed, &mut value);
    }
    if *service == "monitoring" && seed.below(2) == 0 {
        let body = torn(seed, cloudwatch::cbor_of(&value));
        let protocol = [("smithy-protocol", "rpc-v2-cbor".to_owned())];
        let uri = format!("/service/GraniteServiceVersion20100801/operation/{operation}");
        return request(service, &protocol, uri, body);
    }
    let body = torn(seed, value.to_string().into_bytes());
    request(service, &[("x-amz-target", format!("X.{operation}"))], "/".to_owned(), body)
}

/// What is wrong with an answer.
fn fault(request: &Request, response: &Response) -> Option<&'static str> {
    let header = |name: &str| response.headers.iter().any(|(it, _)| it == name);
    let text = response.text();
    let body: Option<Value> = serde_json::from_slice(&response.body).ok();
    if !(200..500).contains(&response.status) {
        return Some("its status is not one of an answer to a caller");
    }
    if !header("x-amzn-requestid") {
        return Some("it has no request id");
    }
    if response.status == 200 {
        return None;
    }
    let says = match (request.header("smithy-protocol"), request.header("x-amz-target")) {
        (Some(_), _) => text.contains("__type"),
        (None, Some(_)) => {
            body.is_some_and(|it| it["__type"].as_str().is_some_and(|it| !it.is_empty()))
        }
        (None, None) => text.contains("<Error>") && !text.contains("<Code></Code>"),
    };
    (!says).then_some("it does not say what is wrong in the protocol of the request")
}

fn look(world: &World, now: Timestamp) -> u16 {
    let body = b"Action=DescribeReplicationGroups".to_vec();
    world.call(now, &request("elasticache", &[], "/".to_owned(), body)).status
}

/// Requests in worlds in which time passes, so that what was accepted takes effect.
#[test]
fn whatever_comes_is_answered_as_aws_answers() {
    let mut accepted = 0;
    for number in 0..100 {
        let mut seed = Seed::new(number);
        let world = World::new(Settings { seed: number, ..Settings::default() });
        let mut now = world.with(|it| it.now);
        for _ in 0..60 {
            let request = spoilt(&mut seed);
            let response = world.call(now, &request);
            let fault = fault(&request, &response);
            assert_eq!(
                fault,
                None,
                "seed {number}: {} {:?}\n{}",
                response.status,
                String::from_utf8_lossy(&request.body),
                response.text()
            );
            accepted += u32::from(response.status == 200);
            let minutes = i64::try_from(seed.below(30)).unwrap();
            now = now.saturating_add(SignedDuration::from_mins(minutes)).unwrap();
        }
        assert_eq!(look(&world, now), 200, "seed {number}");
    }
    // Were nothing accepted, nothing behind the door would have been tried.
    assert!(1000 < accepted, "only {accepted} were accepted");
}

#[test]
fn a_body_that_is_deeper_than_any_stack_is_refused() {
    let world = World::new(Settings::default());
    let now = world.with(|it| it.now);
    let protocol = [("smithy-protocol", "rpc-v2-cbor".to_owned())];
    let cbor = request(
        "monitoring",
        &protocol,
        "/operation/DescribeAlarms".to_owned(),
        vec![0x81; 1 << 20],
    );
    let target = [("x-amz-target", "X.DescribeSecret".to_owned())];
    let json = request("secretsmanager", &target, "/".to_owned(), vec![b'['; 1 << 20]);
    for request in [cbor, json] {
        let response = world.call(now, &request);
        assert_eq!((response.status, fault(&request, &response)), (400, None));
        assert!(response.text().contains("SerializationException"), "{}", response.text());
    }
}

#[test]
fn a_request_of_nobody_is_refused() {
    let world = World::new(Settings::default());
    let now = world.with(|it| it.now);
    for (name, value) in [
        ("authorization", ""),
        ("authorization", "Bearer x"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=/////"),
        ("x-amz-target", ""),
    ] {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let response = world.call(now, &Request { headers, ..Request::default() });
        assert!((400..500).contains(&response.status), "{name}: {value}: {}", response.status);
    }
}
