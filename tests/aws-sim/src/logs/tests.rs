//! Log groups are made once, found in pages, kept by rules, and gone.

use serde_json::{Value, json};

use crate::{Request, Settings, World};

const ARN: &str = "arn:aws:logs:us-east-1:123456789012:log-group:";

fn ask(world: &World, operation: &str, fields: &Value) -> Result<Value, String> {
    let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/logs/aws4_request";
    let headers = [
        ("authorization", scope.to_owned()),
        ("x-amz-target", format!("Logs_20140328.{operation}")),
    ];
    let request = Request {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
        body: fields.to_string().into_bytes(),
    };
    let response = world.call(world.with(|it| it.now), &request);
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    if response.status == 200 { Ok(body) } else { Err(body["__type"].as_str().unwrap().to_owned()) }
}

fn world(names: &[&str]) -> World {
    let world = World::new(Settings::default());
    for name in names {
        ask(&world, "CreateLogGroup", &json!({ "logGroupName": name })).unwrap();
    }
    world
}

fn names(answer: &Value) -> Vec<&str> {
    let groups = answer["logGroups"].as_array().unwrap().iter();
    groups.map(|it| it["logGroupName"].as_str().unwrap()).collect()
}

#[test]
fn a_log_group_is_made_once_and_gone_once() {
    let world = world(&[]);
    let name = json!({ "logGroupName": "/orders/slow" });
    let made = json!({ "logGroupName": "/orders/slow", "tags": { "team": "orders" } });
    assert_eq!(ask(&world, "CreateLogGroup", &made), Ok(json!({})));
    assert_eq!(ask(&world, "CreateLogGroup", &name).unwrap_err(), "ResourceAlreadyExistsException");
    let kept = json!({ "logGroupName": "/orders/slow", "retentionInDays": 30 });
    assert_eq!(ask(&world, "PutRetentionPolicy", &kept), Ok(json!({})));
    let seen = ask(&world, "DescribeLogGroups", &json!({})).unwrap();
    let seen = &seen["logGroups"][0];
    assert_eq!((&seen["retentionInDays"], &seen["kmsKeyId"]), (&json!(30), &Value::Null));
    assert_eq!(seen["arn"], format!("{ARN}/orders/slow:*"));
    assert_eq!(seen["logGroupArn"], format!("{ARN}/orders/slow"));
    assert_eq!(ask(&world, "DeleteLogGroup", &name), Ok(json!({})));
    for operation in ["DeleteLogGroup", "PutRetentionPolicy"] {
        assert_eq!(ask(&world, operation, &kept).unwrap_err(), "ResourceNotFoundException");
    }
}

#[test]
fn log_groups_are_found_by_their_start_in_pages() {
    let world = world(&["/b/2", "/a", "/b/1", "/b", "/b/3"]);
    let mut asked = json!({ "logGroupNamePrefix": "/b", "limit": 3 });
    let first = ask(&world, "DescribeLogGroups", &asked).unwrap();
    assert_eq!(names(&first), ["/b", "/b/1", "/b/2"]);
    asked["nextToken"] = first["nextToken"].clone();
    let second = ask(&world, "DescribeLogGroups", &asked).unwrap();
    assert_eq!((names(&second), &second["nextToken"]), (vec!["/b/3"], &Value::Null));
    let part = json!({ "logGroupNamePattern": "1" });
    assert_eq!(names(&ask(&world, "DescribeLogGroups", &part).unwrap()), ["/b/1"]);
    let class = json!({ "logGroupClass": "INFREQUENT_ACCESS" });
    assert_eq!(names(&ask(&world, "DescribeLogGroups", &class).unwrap()), [""; 0]);
}

#[test]
fn tags_are_those_of_the_arn_without_a_star() {
    let world = world(&["/orders"]);
    let mut asked = json!({ "resourceArn": format!("{ARN}/orders"), "tags": { "team": "a" } });
    assert_eq!(ask(&world, "TagResource", &asked), Ok(json!({})));
    let told = ask(&world, "ListTagsForResource", &asked).unwrap();
    assert_eq!(told["tags"], json!({ "team": "a" }));
    let many: serde_json::Map<_, _> = (0..50).map(|it| (it.to_string(), json!(""))).collect();
    asked["tags"] = Value::Object(many);
    assert_eq!(ask(&world, "TagResource", &asked).unwrap_err(), "TooManyTagsException");
    for (arn, code) in [
        (format!("{ARN}/orders:*"), "InvalidParameterException"),
        (format!("{ARN}/orders#1"), "InvalidParameterException"),
        ("arn:aws:logs:eu-west-1:1:log-group:/orders".to_owned(), "InvalidParameterException"),
        (format!("{ARN}/others"), "ResourceNotFoundException"),
    ] {
        let refused = ask(&world, "ListTagsForResource", &json!({ "resourceArn": arn }));
        assert_eq!(refused.unwrap_err(), code, "{arn}");
    }
}

#[test]
fn what_a_log_group_cannot_be_is_refused() {
    let world = world(&["/orders"]);
    world.with(|it| it.faults.disabled_keys.insert("gone".to_owned()));
    for (operation, fields) in [
        ("CreateLogGroup", json!({})),
        ("CreateLogGroup", json!({ "logGroupName": "" })),
        ("CreateLogGroup", json!({ "logGroupName": "a b" })),
        ("CreateLogGroup", json!({ "logGroupName": "a".repeat(513) })),
        ("CreateLogGroup", json!({ "logGroupName": "aws/orders" })),
        ("CreateLogGroup", json!({ "logGroupName": "/a", "logGroupClass": "CHEAP" })),
        ("CreateLogGroup", json!({ "logGroupName": "/a", "kmsKeyId": "gone" })),
        ("CreateLogGroup", json!({ "logGroupName": "/a", "tags": { "aws:a": "b" } })),
        ("CreateLogGroup", json!({ "logGroupName": "/a", "tags": { "a": "b,c" } })),
        ("PutRetentionPolicy", json!({ "logGroupName": "/orders" })),
        ("PutRetentionPolicy", json!({ "logGroupName": "/orders", "retentionInDays": 31 })),
        ("DescribeLogGroups", json!({ "limit": 51 })),
        ("DescribeLogGroups", json!({ "nextToken": "1" })),
        ("DescribeLogGroups", json!({ "logGroupNamePrefix": "a", "logGroupNamePattern": "a" })),
        ("TagResource", json!({ "resourceArn": format!("{ARN}/orders") })),
    ] {
        let refused = ask(&world, operation, &fields).unwrap_err();
        assert_eq!(refused, "InvalidParameterException", "{operation} {fields}");
    }
    for fields in [json!({ "logGroupName": 1 }), json!({ "logGroupName": "/a", "tags": ["a"] })] {
        let refused = ask(&world, "CreateLogGroup", &fields).unwrap_err();
        assert_eq!(refused, "SerializationException");
    }
    assert_eq!(world.with(|it| it.logs.groups.len()), 1);
}

#[test]
fn what_is_protected_stays() {
    let world = world(&[]);
    let held = json!({ "logGroupName": "/held", "deletionProtectionEnabled": true });
    ask(&world, "CreateLogGroup", &held).unwrap();
    assert_eq!(ask(&world, "DeleteLogGroup", &held).unwrap_err(), "ValidationException");
}
