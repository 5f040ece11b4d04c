//! Tables of properties: what they become, and every mistake that they can hold.

mod source;

use serde_json::{Map, Value, json};

use super::*;
use crate::group::Tls;
use crate::provision::{DeletionPolicy, Protection};
use crate::snapshot;

mod tiers;

/// The properties of the seed's "Option A", in short names, as CloudFormation sends them.
pub(in crate::provision) fn properties() -> Map<String, Value> {
    let Value::Object(map) = json!({
        "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:cachewarden-provision",
        "ProjectName": "orders",
        "Environment": "production",
        "PrivateSubnetIds": ["subnet-0a", "subnet-0b"],
        "SecurityGroupIds": "sg-0a",
    }) else {
        unreachable!("it is an object")
    };
    map
}

pub(in crate::provision) fn owner() -> Owner {
    Owner::new("arn:aws:cloudformation:eu-west-1:123456789012:stack/orders/0a1b", "Cache")
}

pub(in crate::provision) fn parsed(over: &[(&str, &str)]) -> Parsed {
    parse(&with(over), &owner(), None)
}

pub(in crate::provision) fn spec(over: &[(&str, &str)]) -> GroupSpec {
    match parsed(over) {
        Ok(Backend::ElastiCache(spec)) => *spec,
        other => panic!("{other:?}"),
    }
}

fn with(over: &[(&str, &str)]) -> Map<String, Value> {
    let mut map = properties();
    for (name, value) in over {
        map.insert((*name).to_owned(), json!(value));
    }
    map
}

#[track_caller]
pub(super) fn wrong(over: &[(&str, &str)], expected: &[&str]) {
    let problems = parsed(over).expect_err("these properties are wrong");
    let told: Vec<String> = problems.iter().map(|it| format!("{}: {}", it.name, it.rule)).collect();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{told:?} does not hold {expected:?}");
    }
}

#[test]
fn the_seeds_defaults_hold() {
    let spec = spec(&[]);
    assert_eq!(spec.id.as_str(), "orders-redis-production");
    assert_eq!(spec.secret_name, "orders-redis-auth-token-production");
    assert_eq!(spec.node_type.as_str(), "cache.t4g.micro");
    assert_eq!((spec.shape.nodes(), spec.version.to_string().as_str()), (2, "7.1"));
    assert!(spec.at_rest && spec.multi_az && spec.alarms);
    assert_eq!(spec.deletion, Deletion::default());
    assert_eq!(spec.protection, Protection::TlsWithToken);
    assert_eq!(spec.maxmemory_policy, "allkeys-lru");
    assert_eq!((spec.snapshot_retention_days, spec.snapshot_keep), (7, snapshot::Keep::count(7)));
    assert_eq!(spec.drill_days, None);
    assert_eq!((spec.rotation_days, spec.rotation_grace_minutes), (30, 1440));
    assert_eq!(spec.autoscale.mode, "full");
}

#[test]
fn every_scalar_arrives_as_a_string_and_an_empty_one_is_absent() {
    let spec = spec(&[
        ("RedisNumCacheNodes", "3"),
        ("EnableAlarms", "false"),
        ("AlarmSnsTopicArn", ""),
        ("MaintenanceWindow", ""),
        ("ReplicationGroupId", ""),
        ("RotationDays", "0"),
    ]);
    assert_eq!((spec.shape.nodes(), spec.alarms, spec.rotation_days), (3, false, 0));
    assert_eq!((spec.alarm_topic, spec.maintenance_window), (None, None));
}

#[test]
fn real_types_are_taken_too() {
    let mut map = properties();
    map.insert("RedisNumCacheNodes".to_owned(), json!(1));
    map.insert("EnableAlarms".to_owned(), json!(false));
    let Ok(Backend::ElastiCache(spec)) = parse(&map, &owner(), None) else { panic!() };
    assert_eq!((spec.shape.nodes(), spec.multi_az, spec.alarms), (1, false, false));
}

#[test]
fn a_list_is_a_list_or_joined_by_commas() {
    let spec = spec(&[("PrivateSubnetIds", "subnet-0a, subnet-0b,subnet-0a,")]);
    assert_eq!(spec.subnets, ["subnet-0a", "subnet-0b"]);
}

#[test]
fn a_stated_id_wins_and_is_folded() {
    assert_eq!(spec(&[("ReplicationGroupId", "Orders")]).id.as_str(), "orders");
}

#[test]
fn unknown_names_are_told_with_the_one_that_was_meant() {
    wrong(
        &[("RedisNodeTyp", "cache.t4g.small")],
        &["RedisNodeTyp: is not a property of Custom::RedisCache; did you mean RedisNodeType?"],
    );
    wrong(&[("enable_alarms", "true")], &["did you mean EnableAlarms?"]);
    wrong(&[("Colour", "red")], &["Colour: is not a property of Custom::RedisCache"]);
}

#[test]
fn the_value_of_an_unknown_property_is_not_repeated() {
    let problems = parsed(&[("UpstashRedisToken", "planted-secret")]).unwrap_err();
    assert!(!problems.to_string().contains("planted"), "{problems}");
}

#[test]
fn a_token_in_the_place_of_its_secret_is_not_repeated() {
    let problems = parsed(&[("UpstashSecretArn", "planted-token")]).unwrap_err().to_string();
    assert!(problems.contains("UpstashSecretArn: is not the ARN of a secret"), "{problems}");
    assert!(!problems.contains("planted"), "{problems}");
}

#[test]
fn both_names_are_told() {
    wrong(
        &[("ProjectName", "a_b"), ("Environment", "c_d")],
        &["ProjectName: has more", "Environment: has more"],
    );
}

#[test]
fn wrong_types_are_told() {
    wrong(&[("EnableAlarms", "yes")], &["EnableAlarms: \"yes\" is neither true nor false"]);
    wrong(&[("RedisNumCacheNodes", "two")], &["\"two\" is not a whole number from 1 to 6"]);
    wrong(&[("PrivateSubnetIds", "net-1")], &["\"net-1\" is not an id such as subnet-"]);
    wrong(&[("AlarmSnsTopicArn", "topic")], &["\"topic\" is not an ARN"]);
    wrong(&[("AlarmSnsTopicArn", "arn:aws:sqs:eu-west-1:1:q")], &["is an ARN of sqs, not of sns"]);
    let mut map = properties();
    map.insert("RedisNodeType".to_owned(), json!(["cache.t4g.small"]));
    map.insert("SecurityGroupIds".to_owned(), json!({ "a": "b" }));
    let problems = parse(&map, &owner(), None).unwrap_err().to_string();
    assert!(problems.contains("RedisNodeType: takes one value"), "{problems}");
    assert!(problems.contains("SecurityGroupIds: takes a list"), "{problems}");
}

#[test]
fn values_outside_their_range_are_told() {
    for (name, value, rule) in [
        ("RedisNumCacheNodes", "0", "from 1 to 6"),
        ("RedisNumCacheNodes", "7", "from 1 to 6"),
        ("SnapshotRetentionLimit", "36", "from 0 to 35"),
        ("RotationDays", "1001", "from 0 to 1000"),
        ("RotationGraceMinutes", "-1", "from 0 to 43200"),
        ("AutoscaleMaxReplicas", "6", "from 0 to 5"),
        ("SnapshotKeep", "366", "from 0 to 365"),
        ("SnapshotDrillDays", "366", "from 0 to 365"),
        ("ServiceTimeout", "3601", "from 1 to 3600"),
        ("RedisNodeType", "cache.r9.huge", "cache.r9.huge is not a node type of ElastiCache"),
        ("RedisNodeType", "t4g.micro", "is not a node type such as"),
        ("RedisNodeType", "cache.t2.micro", "of a previous generation"),
        ("RedisNodeType", "cache.r6gd.xlarge", "state EnableDataTiering true"),
        ("RedisNodeType", "cache.m8g.large", "cache.m8g.large runs Valkey only, and this cache is"),
        ("Engine", "memcached", "\"memcached\" is not one of redis, valkey"),
        ("RedisEngineVersion", "7.9", "\"7.9\" is not one of"),
        ("RedisEngineVersion", "3.2.6", "is not one of 5.0.6, 6.0, 6.2, 7.0, 7.1"),
        ("MaxmemoryPolicy", "allkeys_lru", "did you mean allkeys-lru?"),
        ("AutoscaleMode", "upward", "is not one of off, recommend, up-only, full"),
        ("SnapshotWindow", "03:00-03:30", "lasts 30 minutes"),
        ("MaintenanceWindow", "sunday", "is not a weekly window"),
        ("ReplicationGroupId", "a--b", "has more than letters, digits and single inner hyphens"),
        ("ProjectName", "or_ders", "has more than letters, digits and hyphens"),
    ] {
        wrong(&[(name, value)], &[rule]);
    }
}

#[test]
fn impossible_combinations_are_told() {
    wrong(
        &[("EnableEncryptionInTransit", "false"), ("EnableAuthToken", "true")],
        &["EnableAuthToken: is true without EnableEncryptionInTransit"],
    );
    wrong(
        &[("RedisNumCacheNodes", "1"), ("EnableMultiAz", "true")],
        &["EnableMultiAz: is true with RedisNumCacheNodes 1"],
    );
    wrong(&[("PrivateSubnetIds", "subnet-0a")], &["EnableMultiAz: is true with one subnet"]);
    wrong(
        &[("RedisNodeType", "cache.m7g.large"), ("RedisEngineVersion", "6.0")],
        &["RedisNodeType: cache.m7g.large runs Redis from 6.2 on, and RedisEngineVersion is 6.0"],
    );
    wrong(
        &[
            ("CreateElasticache", "true"),
            ("UseUpstash", "true"),
            ("UpstashRedisUrl", "https://a.upstash.io"),
        ],
        &["UseUpstash: is true, and so is CreateElasticache"],
    );
    wrong(
        &[("CreateElasticache", "false")],
        &["CreateElasticache: is false, and so is UseUpstash"],
    );
    wrong(
        &[("AutoscaleMinReplicas", "3"), ("AutoscaleMaxReplicas", "2")],
        &["AutoscaleMinReplicas: 3 is more than AutoscaleMaxReplicas, 2"],
    );
    wrong(&[("AutoscaleMinReplicas", "2")], &["is more than the 1 replicas"]);
    wrong(
        &[
            ("AutoscaleNodeTypes", "cache.r7g,cache.r9.huge"),
            ("AutoscaleBudget", "-1"),
            ("AutoscaleMinuteWorth", "much"),
            ("AutoscaleData", "cache 120"),
        ],
        &[
            "AutoscaleNodeTypes: cache.r9.huge is not in the catalog",
            "AutoscaleBudget: \"-1\" is not a number of dollars above 0",
            "AutoscaleMinuteWorth: \"much\" is not a number of dollars above 0",
            "AutoscaleData: \"cache 120\" is neither store nor cache",
        ],
    );
    wrong(
        &[("AutoscaleBudget", "20")],
        &["AutoscaleBudget: 20 is less than the $23.36 a month of the smallest size"],
    );
    wrong(
        &[("ClusterMode", "enabled"), ("NumNodeGroups", "3"), ("AutoscaleBudget", "60")],
        &["AutoscaleBudget: 60 is less than the $70.08 a month of the smallest size"],
    );
    wrong(
        &[("RedisNodeType", "cache.t4g.medium"), ("AutoscaleMaxNodeType", "cache.t4g.small")],
        &["cache.t4g.small is smaller than RedisNodeType, cache.t4g.medium"],
    );
    let long = "p".repeat(40);
    wrong(&[("ProjectName", &long)], &["make the replication group id"]);
}

#[test]
fn no_tls_and_nothing_said_of_a_token_means_none() {
    assert_eq!(spec(&[("EnableEncryptionInTransit", "false")]).protection, Protection::Plain);
}

#[test]
fn who_logs_in_is_said_once_and_only_over_tls() {
    let staff = ("UserGroupIds", "Staff");
    let preferred = ("TransitEncryptionMode", "preferred");
    let users = spec(&[staff]);
    assert_eq!((users.protection, users.tls), (Protection::Tls, Tls::Required));
    assert_eq!(users.user_groups, ["staff"]);
    let both_ways = spec(&[preferred]);
    assert_eq!((both_ways.protection, both_ways.tls), (Protection::Tls, Tls::Preferred));
    let plain = spec(&[("EnableEncryptionInTransit", "false")]);
    assert_eq!(plain.tls, Tls::Off);
    wrong(&[staff, ("EnableAuthToken", "true")], &["EnableAuthToken: is true, and UserGroupIds"]);
    wrong(
        &[staff, ("EnableEncryptionInTransit", "false")],
        &["UserGroupIds: is stated without EnableEncryptionInTransit"],
    );
    wrong(&[staff, preferred], &["UserGroupIds: is stated with TransitEncryptionMode preferred"]);
    wrong(&[("UserGroupIds", "staff,crew")], &["UserGroupIds: has 2 user groups"]);
    wrong(&[("UserGroupIds", "1staff")], &["UserGroupIds: takes ids of user groups"]);
    wrong(
        &[staff, ("RedisEngineVersion", "5.0.6")],
        &["UserGroupIds: is stated with RedisEngineVersion 5.0.6: Redis knows users from 6.0 on"],
    );
    wrong(
        &[preferred, ("EnableAuthToken", "true")],
        &["EnableAuthToken: is true with TransitEncryptionMode preferred"],
    );
    wrong(
        &[preferred, ("EnableEncryptionInTransit", "false")],
        &["TransitEncryptionMode: is preferred without EnableEncryptionInTransit"],
    );
    wrong(
        &[preferred, ("RedisEngineVersion", "6.2")],
        &["TransitEncryptionMode: is preferred with RedisEngineVersion 6.2"],
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    wrong(
        &[
            ("RedisNodeType", "cache.r9.huge"),
            ("RedisNumCacheNodes", "9"),
            ("EnableAlarms", "perhaps"),
            ("Redis", "x"),
            ("SecurityGroupIds", ""),
        ],
        &[
            "Redis: is not a property",
            "RedisNodeType",
            "RedisNumCacheNodes",
            "SecurityGroupIds: is missing",
            "EnableAlarms",
        ],
    );
}

#[test]
fn each_engine_has_its_versions_and_node_types() {
    let valkey = ("Engine", "valkey");
    assert_eq!(spec(&[]).release().to_string(), "7.1");
    assert_eq!(spec(&[valkey]).release().to_string(), "valkey 8.1");
    assert_eq!(spec(&[valkey, ("RedisEngineVersion", "7.2")]).release().to_string(), "valkey 7.2");
    let own = spec(&[valkey, ("RedisNodeType", "cache.m8g.large")]);
    assert_eq!(own.node_type.as_str(), "cache.m8g.large");
    wrong(&[valkey, ("RedisEngineVersion", "7.1")], &["\"7.1\" is not one of 7.2, 8.0, 8.1"]);
    wrong(&[("RedisEngineVersion", "8.0")], &["\"8.0\" is not one of 5.0.6, 6.0, 6.2, 7.0, 7.1"]);
    wrong(&[("AutoscaleMaxNodeType", "cache.m8g.large")], &["cache.m8g.large runs Valkey only"]);
    let ceiling = ("AutoscaleMaxNodeType", "cache.m8g.large");
    assert!(parsed(&[valkey, ceiling, ("RedisNodeType", "cache.m7g.large")]).is_ok());
}

#[test]
fn what_must_be_there_is_asked_for() {
    let problems = parse(&Map::new(), &owner(), None).unwrap_err().to_string();
    for name in ["ProjectName", "Environment", "PrivateSubnetIds", "SecurityGroupIds"] {
        assert!(problems.contains(&format!("{name}: is missing")), "{problems}");
    }
}

#[test]
fn an_owner_that_is_no_tag_value_is_told() {
    let owner = Owner::new("arn:aws:cloudformation:eu-west-1:1:stack/a/b", "x".repeat(255));
    let problems = parse(&properties(), &owner, None).unwrap_err().to_string();
    assert!(problems.contains("is no tag value"), "{problems}");
}

#[test]
fn a_node_type_of_a_previous_generation_may_stay_or_come_back() {
    let old = with(&[("RedisNodeType", "cache.t2.micro")]);
    assert!(parse(&old, &owner(), None).is_err());
    assert!(parse(&old, &owner(), Some(&old)).is_ok());
    // The way back from an update to a type of today has the same two sets of properties as a way there.
    assert!(parse(&old, &owner(), Some(&properties())).is_ok());
}

#[test]
fn upstash_needs_its_endpoint_and_never_takes_a_login() {
    let Ok(Backend::Upstash(spec)) =
        parsed(&[("UseUpstash", "true"), ("UpstashRedisUrl", "https://a.upstash.io")])
    else {
        panic!()
    };
    assert_eq!(spec.physical_id, "upstash:orders-production");
    wrong(&[("UseUpstash", "true")], &["UpstashRedisUrl: is missing"]);
    wrong(
        &[("UseUpstash", "true"), ("UpstashRedisUrl", "rediss://default:planted@a.upstash.io")],
        &["UpstashRedisUrl: is not the REST endpoint"],
    );
    let problems =
        parsed(&[("UseUpstash", "true"), ("UpstashRedisUrl", "https://x:planted@a.upstash.io")])
            .unwrap_err()
            .to_string();
    assert!(!problems.contains("planted"), "{problems}");
    wrong(
        &[
            ("UseUpstash", "true"),
            ("UpstashRedisUrl", "https://a.upstash.io"),
            ("StoreUpstashInSecretsManager", "true"),
        ],
        &["UpstashSecretArn: is missing"],
    );
}

#[test]
fn upstash_needs_no_network() {
    let map = json!({
        "ProjectName": "orders", "Environment": "production", "UseUpstash": "true",
        "CreateElasticache": "false", "UpstashRedisUrl": "https://a.upstash.io",
    });
    let Value::Object(map) = map else { panic!() };
    assert!(matches!(parse(&map, &owner(), None), Ok(Backend::Upstash(_))));
}

#[test]
fn a_deletion_keeps_the_data_unless_it_is_said_otherwise() {
    let policy = |over: &[(&str, &str)]| spec(over).deletion.policy;
    assert_eq!(policy(&[("FinalSnapshot", "true")]), DeletionPolicy::Snapshot);
    assert_eq!(policy(&[("FinalSnapshot", "false")]), DeletionPolicy::Delete);
    for (word, last) in [("Snapshot", "true"), ("Retain", "true"), ("Delete", "false")] {
        let both = policy(&[("DeletionPolicy", word), ("FinalSnapshot", last)]);
        assert_eq!((both.as_str(), policy(&[("DeletionPolicy", word)]).as_str()), (word, word));
    }
    for (word, last) in [("Snapshot", "false"), ("Retain", "false"), ("Delete", "true")] {
        let told = format!("FinalSnapshot: is {last}, and DeletionPolicy is {word}: leave");
        wrong(&[("DeletionPolicy", word), ("FinalSnapshot", last)], &[&told]);
    }
    wrong(
        &[("DeletionPolicy", "Retian"), ("FinalSnapshot", "false")],
        &["is not one of Snapshot, Retain, Delete; did you mean Retain?"],
    );
    assert!(spec(&[("DeletionProtection", "true")]).deletion.protected);
    wrong(&[("DeletionProtection", "on")], &["neither true nor false"]);
}

#[test]
fn data_tiering_and_its_node_types_go_together() {
    let tiered = ("RedisNodeType", "cache.r6gd.xlarge");
    let on = ("EnableDataTiering", "true");
    assert!(spec(&[tiered, on]).data_tiering);
    assert!(!spec(&[]).data_tiering);
    wrong(&[on], &["RedisNodeType: cache.t4g.micro keeps all keys in memory"]);
    wrong(&[tiered, on, ("RedisEngineVersion", "6.0")], &["cache.r6gd.xlarge runs Redis from 6.2"]);
    let ceiling = ("AutoscaleMaxNodeType", "cache.r6g.2xlarge");
    wrong(&[tiered, on, ceiling], &["AutoscaleMaxNodeType: cache.r6g.2xlarge keeps all keys in"]);
}

#[test]
fn zones_are_of_the_region_and_one_a_node() {
    let zones = |it: &'static str| ("PreferredZones", it);
    assert_eq!(spec(&[zones("eu-west-1b,eu-west-1a")]).zones, ["eu-west-1b", "eu-west-1a"]);
    wrong(
        &[zones("us-east-1a,us-east-1b")],
        &["\"us-east-1a\" is not a zone of the stack's region"],
    );
    wrong(&[zones("eu-west-1")], &["is not a zone"]);
    wrong(&[zones("eu-west-1a")], &["has 1 zones for RedisNumCacheNodes 2"]);
    wrong(&[zones("eu-west-1a,eu-west-1a")], &["has one zone only, and EnableMultiAz is true"]);
    let together = [zones("eu-west-1a,eu-west-1a"), ("EnableMultiAz", "false")];
    assert_eq!(spec(&together).zones.len(), 2);
    let shards =
        [("ClusterMode", "enabled"), ("NumNodeGroups", "3"), ("ReplicasPerNodeGroup", "1")];
    let with_shards = |it| [&shards[..], &[zones(it)]].concat();
    assert_eq!(spec(&with_shards("eu-west-1a,eu-west-1b")).zones.len(), 2);
    wrong(&with_shards("eu-west-1a,eu-west-1b,eu-west-1a"), &["names eu-west-1a twice"]);
    wrong(&with_shards("eu-west-1a"), &["has one zone only, and EnableMultiAz is true"]);
    // The number of nodes may change later, and the zones stay as they were stated.
    let (before, now) = (
        with(&[zones("eu-west-1a,eu-west-1b")]),
        with(&[zones("eu-west-1a,eu-west-1b"), ("RedisNumCacheNodes", "3")]),
    );
    assert!(parse(&now, &owner(), Some(&before)).is_ok());
}

#[test]
fn a_secret_has_one_schedule() {
    let schedule = ("RotationSchedule", "rate(12 hours)");
    assert_eq!(spec(&[schedule]).rotation_schedule.as_deref(), Some("rate(12 hours)"));
    wrong(
        &[schedule, ("RotationDays", "30")],
        &["RotationSchedule: is stated, and so is RotationDays"],
    );
    wrong(&[("RotationSchedule", "rate(3 hours)")], &["\"rate(3 hours)\" is no rate of 4 hours"]);
}

#[test]
fn names_lead_to_addresses_that_a_cache_has() {
    let kind = |it: &'static str| ("NetworkType", it);
    let of = |over: &[(&str, &str)]| {
        let spec = spec(over);
        format!("{} by {}", spec.network_type, spec.ip_discovery)
    };
    assert_eq!(of(&[]), "ipv4 by ipv4");
    assert_eq!(of(&[kind("ipv6")]), "ipv6 by ipv6");
    assert_eq!(of(&[kind("dual_stack")]), "dual_stack by ipv4");
    assert_eq!(of(&[kind("dual_stack"), ("IpDiscovery", "ipv6")]), "dual_stack by ipv6");
    wrong(&[("IpDiscovery", "ipv6")], &["IpDiscovery: is ipv6, and NetworkType is ipv4"]);
    wrong(&[kind("ipv5")], &["NetworkType: \"ipv5\" is not one of ipv4, ipv6, dual_stack"]);
    wrong(&[kind("ipv6"), ("RedisEngineVersion", "6.0")], &["ipv6 is there from Redis 6.2 on"]);
}
