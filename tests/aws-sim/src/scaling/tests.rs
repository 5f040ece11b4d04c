//! Targets are registered for groups with cluster mode enabled, found by group and dimension, and gone when they are deregistered.

use serde_json::{Value, json};

use crate::elasticache::stories::Caller;
use crate::{Request, World};

const SHARDS: &str = "elasticache:replication-group:NodeGroups";
const REPLICAS: &str = "elasticache:replication-group:Replicas";
const ORDERS: &str = "replication-group/orders";

fn ask(world: &World, operation: &str, fields: &Value) -> Result<Value, (String, String)> {
    let scope =
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/application-autoscaling/aws4_request";
    let headers = [
        ("authorization", scope.to_owned()),
        ("x-amz-target", format!("AnyScaleFrontendService.{operation}")),
    ];
    let request = Request {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
        body: fields.to_string().into_bytes(),
    };
    let response = world.call(world.with(|it| it.now), &request);
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    if response.status == 200 { Ok(body) } else { Err((text("__type"), text("message"))) }
}

/// A world with groups of two shards, each with a replica, and one without shards, `plain`.
fn world(sharded: &[&str]) -> World {
    let mut aws = Caller::new(|_| {});
    for id in sharded {
        let pairs = [
            ("ReplicationGroupId", *id),
            ("ReplicationGroupDescription", "for tests"),
            ("CacheNodeType", "cache.r7g.large"),
            ("Engine", "redis"),
            ("EngineVersion", "7.1"),
            ("AutomaticFailoverEnabled", "true"),
            ("CacheParameterGroupName", "default.redis7.cluster.on"),
            ("NumNodeGroups", "2"),
            ("ReplicasPerNodeGroup", "1"),
        ];
        aws.ask("CreateReplicationGroup", &pairs).unwrap();
    }
    aws.create("plain", "2", &[]).unwrap();
    aws.pass(20);
    aws.world
}

fn target(resource: &str, dimension: &str) -> Value {
    json!({ "ServiceNamespace": "elasticache", "ResourceId": resource, "ScalableDimension": dimension })
}

fn with(mut fields: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        fields[name] = value.clone();
    }
    fields
}

fn register(world: &World, resource: &str, dimension: &str) -> String {
    let bounds = json!({ "MinCapacity": 1, "MaxCapacity": 4 });
    let fields = with(target(resource, dimension), &bounds);
    let answer = ask(world, "RegisterScalableTarget", &fields).unwrap();
    answer["ScalableTargetARN"].as_str().unwrap().to_owned()
}

fn describe(world: &World, more: &Value) -> Result<Value, (String, String)> {
    let fields = with(json!({ "ServiceNamespace": "elasticache" }), more);
    ask(world, "DescribeScalableTargets", &fields)
}

/// What an answer shows, each as its group and the last word of its dimension.
fn shown(answer: &Value) -> Vec<String> {
    let targets = answer["ScalableTargets"].as_array().unwrap().iter();
    let last = |it: &Value, by: char| it.as_str().unwrap().rsplit(by).next().unwrap().to_owned();
    let name = |it: &Value| {
        format!("{} {}", last(&it["ResourceId"], '/'), last(&it["ScalableDimension"], ':'))
    };
    targets.map(name).collect()
}

/// The call is refused as not valid, for this reason.
#[track_caller]
fn invalid(world: &World, operation: &str, fields: &Value, reason: &str) {
    let (code, text) = ask(world, operation, fields).expect_err(reason);
    assert_eq!(code, "ValidationException", "{operation} {fields}: {text}");
    assert!(text.contains(reason), "{operation} {fields}: {text}");
}

#[test]
fn a_target_is_there_from_when_it_is_registered_until_it_is_deregistered() {
    let world = world(&["orders"]);
    assert_eq!(describe(&world, &json!({})), Ok(json!({ "ScalableTargets": [] })));
    let arn = register(&world, ORDERS, REPLICAS);
    assert!(
        arn.starts_with("arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/")
    );
    let seen = describe(&world, &json!({})).unwrap();
    let suspended = json!({
        "DynamicScalingInSuspended": false,
        "DynamicScalingOutSuspended": false,
        "ScheduledScalingSuspended": false,
    });
    let role = "arn:aws:iam::123456789012:role/aws-service-role/elasticache.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ElastiCacheRG";
    let whole = with(
        target(ORDERS, REPLICAS),
        &json!({
            "MinCapacity": 1,
            "MaxCapacity": 4,
            "RoleARN": role,
            "CreationTime": world.with(|it| it.now.as_second()),
            "SuspendedState": suspended,
            "ScalableTargetARN": arn,
        }),
    );
    assert_eq!(seen["ScalableTargets"], json!([whole]));
    let gone = ask(&world, "DeregisterScalableTarget", &target(ORDERS, REPLICAS));
    assert_eq!(gone, Ok(json!({})));
    assert_eq!(shown(&describe(&world, &json!({})).unwrap()), [""; 0]);
    let (code, text) = ask(&world, "DeregisterScalableTarget", &target(ORDERS, REPLICAS))
        .expect_err("it is gone already");
    assert_eq!(code, "ObjectNotFoundException");
    assert!(text.contains(ORDERS) && text.contains(REPLICAS), "{text}");
}

#[test]
fn what_an_update_does_not_name_stays() {
    let world = world(&["orders"]);
    let arn = register(&world, ORDERS, REPLICAS);
    let registered = world.with(|it| it.now);
    world.advance(registered + jiff::SignedDuration::from_mins(5));
    for change in [
        json!({ "MaxCapacity": 5 }),
        json!({ "SuspendedState": { "DynamicScalingInSuspended": true, "ScheduledScalingSuspended": true } }),
        json!({ "SuspendedState": { "ScheduledScalingSuspended": false } }),
        json!({ "RoleARN": "arn:aws:iam::123456789012:role/of-somebody" }),
    ] {
        let fields = with(target(ORDERS, REPLICAS), &change);
        let answer = ask(&world, "RegisterScalableTarget", &fields).unwrap();
        assert_eq!(answer["ScalableTargetARN"], arn, "{change}");
    }
    let seen = describe(&world, &json!({})).unwrap();
    let seen = &seen["ScalableTargets"][0];
    assert_eq!((&seen["MinCapacity"], &seen["MaxCapacity"]), (&json!(1), &json!(5)));
    assert_eq!(seen["CreationTime"], registered.as_second());
    let suspended = json!({
        "DynamicScalingInSuspended": true,
        "DynamicScalingOutSuspended": false,
        "ScheduledScalingSuspended": false,
    });
    assert_eq!(seen["SuspendedState"], suspended);
    assert!(seen["RoleARN"].as_str().unwrap().ends_with("ElastiCacheRG"), "{seen}");
    let crossed = with(target(ORDERS, REPLICAS), &json!({ "MinCapacity": 6 }));
    invalid(&world, "RegisterScalableTarget", &crossed, "less than minimum");
}

#[test]
fn targets_are_found_by_group_and_dimension() {
    let world = world(&["carts", "orders"]);
    for (resource, dimension) in
        [(ORDERS, SHARDS), (ORDERS, REPLICAS), ("replication-group/carts", SHARDS)]
    {
        register(&world, resource, dimension);
    }
    let found = |more: &Value| shown(&describe(&world, more).unwrap());
    assert_eq!(found(&json!({})), ["carts NodeGroups", "orders NodeGroups", "orders Replicas"]);
    let orders = json!({ "ResourceIds": [ORDERS] });
    assert_eq!(found(&orders), ["orders NodeGroups", "orders Replicas"]);
    let both =
        json!({ "ResourceIds": [ORDERS, "replication-group/carts"], "ScalableDimension": SHARDS });
    assert_eq!(found(&both), ["carts NodeGroups", "orders NodeGroups"]);
    assert_eq!(found(&json!({ "ResourceIds": ["replication-group/order"] })), [""; 0]);
    assert_eq!(found(&json!({ "ServiceNamespace": "ecs" })), [""; 0]);
}

#[test]
fn targets_are_told_in_pages_that_go_on_when_one_is_deregistered() {
    let world = world(&["a", "b", "c"]);
    for id in ["a", "b", "c"] {
        for dimension in [SHARDS, REPLICAS] {
            register(&world, &format!("replication-group/{id}"), dimension);
        }
    }
    let mut asked = json!({ "MaxResults": 2 });
    let first = describe(&world, &asked).unwrap();
    assert_eq!(shown(&first), ["a NodeGroups", "a Replicas"]);
    ask(&world, "DeregisterScalableTarget", &target("replication-group/a", REPLICAS)).unwrap();
    asked["NextToken"] = first["NextToken"].clone();
    let second = describe(&world, &asked).unwrap();
    assert_eq!(shown(&second), ["b NodeGroups", "b Replicas"]);
    asked["NextToken"] = second["NextToken"].clone();
    let third = describe(&world, &asked).unwrap();
    assert_eq!(shown(&third), ["c NodeGroups", "c Replicas"]);
    assert_eq!(third["NextToken"], Value::Null, "a full page is the last where nothing follows");
    for strange in ["1", "after/", ""] {
        let refused = describe(&world, &json!({ "NextToken": strange })).unwrap_err();
        assert_eq!(refused.0, "InvalidNextTokenException", "{strange:?}");
    }
}

#[test]
fn only_a_group_with_cluster_mode_enabled_is_registered() {
    let world = world(&["orders"]);
    let bounds = json!({ "MinCapacity": 1, "MaxCapacity": 4 });
    for (resource, dimension, reason) in [
        ("replication-group/none", SHARDS, "does not exist"),
        ("replication-group/plain", SHARDS, "cluster mode"),
        ("replication-group/plain", REPLICAS, "cluster mode"),
        ("replication-group/", SHARDS, "Unsupported"),
        ("orders", SHARDS, "Unsupported"),
        ("cache-cluster/orders", "elasticache:cache-cluster:Nodes", "Unsupported"),
        (ORDERS, "elasticache:cache-cluster:Nodes", "Unsupported"),
        (ORDERS, "ecs:service:DesiredCount", "Unsupported"),
        (ORDERS, "elasticache:replication-group:Nodes", "enum value set"),
    ] {
        let fields = with(target(resource, dimension), &bounds);
        invalid(&world, "RegisterScalableTarget", &fields, reason);
    }
    let other = with(target(ORDERS, SHARDS), &with(bounds, &json!({ "ServiceNamespace": "ecs" })));
    invalid(&world, "RegisterScalableTarget", &other, "Unsupported");
    assert_eq!(world.with(|it| it.scaling.targets.len()), 0);
}

#[test]
fn a_new_target_has_both_bounds_and_they_are_of_its_dimension() {
    let world = world(&["orders"]);
    for (dimension, bounds, reason) in [
        (SHARDS, json!({}), "both needed"),
        (SHARDS, json!({ "MinCapacity": 1 }), "both needed"),
        (SHARDS, json!({ "MaxCapacity": 1 }), "both needed"),
        (SHARDS, json!({ "MinCapacity": 3, "MaxCapacity": 2 }), "less than minimum"),
        (SHARDS, json!({ "MinCapacity": 0, "MaxCapacity": 2 }), "from 1 to 250"),
        (SHARDS, json!({ "MinCapacity": 1, "MaxCapacity": 251 }), "from 1 to 250"),
        (REPLICAS, json!({ "MinCapacity": 0, "MaxCapacity": 5 }), "from 1 to 5"),
        (REPLICAS, json!({ "MinCapacity": 1, "MaxCapacity": 6 }), "from 1 to 5"),
    ] {
        let fields = with(target(ORDERS, dimension), &bounds);
        invalid(&world, "RegisterScalableTarget", &fields, reason);
    }
    for (dimension, max) in [(SHARDS, 250), (REPLICAS, 5)] {
        let bounds = json!({ "MinCapacity": max, "MaxCapacity": max });
        let fields = with(target(ORDERS, dimension), &bounds);
        ask(&world, "RegisterScalableTarget", &fields).unwrap();
    }
}

#[test]
fn fields_that_are_missing_or_out_of_range_are_refused() {
    let world = world(&["orders"]);
    let whole = with(target(ORDERS, SHARDS), &json!({ "MinCapacity": 1, "MaxCapacity": 4 }));
    for name in ["ServiceNamespace", "ResourceId", "ScalableDimension"] {
        let mut fields = whole.clone();
        fields[name] = Value::Null;
        for operation in ["RegisterScalableTarget", "DeregisterScalableTarget"] {
            invalid(&world, operation, &fields, "must not be null");
        }
    }
    let look = "DescribeScalableTargets";
    invalid(&world, look, &json!({}), "must not be null");
    let many: Vec<String> = (0..51).map(|it| format!("replication-group/g{it}")).collect();
    for (fields, reason) in [
        (json!({ "ServiceNamespace": "s3" }), "enum value set"),
        (json!({ "ScalableDimension": SHARDS }), "ResourceIds"),
        (json!({ "ScalableDimension": "shards", "ResourceIds": [ORDERS] }), "enum value set"),
        (json!({ "MaxResults": 0 }), "MaxResults"),
        (json!({ "MaxResults": 51 }), "MaxResults"),
        (json!({ "ResourceIds": many }), "less than or equal to 50"),
        (json!({ "ResourceIds": [""] }), "length"),
    ] {
        let fields = with(json!({ "ServiceNamespace": "elasticache" }), &fields);
        invalid(&world, look, &fields, reason);
    }
    let long = with(whole.clone(), &json!({ "ResourceId": "r".repeat(1601) }));
    invalid(&world, "RegisterScalableTarget", &long, "length");
    let tagged = with(whole.clone(), &json!({ "Tags": { "team": "orders" } }));
    invalid(&world, "RegisterScalableTarget", &tagged, "not modelled");
    for wrong in [
        json!({ "MinCapacity": "1" }),
        json!({ "MinCapacity": 1.5 }),
        json!({ "MaxCapacity": 1_i64 << 40 }),
        json!({ "SuspendedState": { "ScheduledScalingSuspended": "true" } }),
    ] {
        let refused = ask(&world, "RegisterScalableTarget", &with(whole.clone(), &wrong));
        assert_eq!(refused.unwrap_err().0, "SerializationException", "{wrong}");
    }
    let (code, _) = ask(&world, "PutScalingPolicy", &whole).expect_err("there are no policies");
    assert_eq!(code, "UnknownOperationException");
}

#[test]
fn a_group_that_was_deleted_is_not_registered_nor_is_what_was_retained_of_one() {
    let world = world(&["orders"]);
    let mut aws = Caller { now: world.with(|it| it.now), world: world.clone() };
    aws.ask("DeleteReplicationGroup", &[("ReplicationGroupId", "orders")]).unwrap();
    let pairs = [("ReplicationGroupId", "plain"), ("RetainPrimaryCluster", "true")];
    aws.ask("DeleteReplicationGroup", &pairs).unwrap();
    aws.pass(30);
    let retained = aws.member("plain-001");
    assert!(retained.contains("available"), "{retained}");
    for id in ["orders", "plain", "plain-001"] {
        let bounds = json!({ "MinCapacity": 1, "MaxCapacity": 4 });
        let fields = with(target(&format!("replication-group/{id}"), SHARDS), &bounds);
        invalid(&world, "RegisterScalableTarget", &fields, "does not exist");
    }
}
