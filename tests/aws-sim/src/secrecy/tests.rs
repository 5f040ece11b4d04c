//! Each place where a secret can be read is planted with one, which is then found there and nowhere else.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::drive::states::Machine;
use crate::drive::{Account, Functions, Handling, Invocation, Plan};
use crate::fault::{Fault, Rule};
use crate::{Request, Settings, World};

const PLANTED: &str = "planted-token-0123456789abcdef";

fn world() -> World {
    let world = World::new(Settings::default());
    world.with(|it| it.secret_values.note(PLANTED));
    world
}

fn query(world: &World, form: &str) -> String {
    call(world, "elasticache", None, &format!("{form}&Version=2015-02-02"))
}

fn secrets(world: &World, operation: &str, body: &Value) -> String {
    call(world, "secretsmanager", Some(operation), &body.to_string())
}

fn call(world: &World, service: &str, operation: Option<&str>, body: &str) -> String {
    let scope =
        format!("AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request");
    let mut headers = vec![("authorization".to_owned(), scope)];
    let target = operation.map(|it| ("x-amz-target".to_owned(), format!("{service}.{it}")));
    headers.extend(target);
    let request =
        Request { method: "POST".to_owned(), uri: "/".to_owned(), headers, body: body.into() };
    world.call(world.clock(), &request).text()
}

#[track_caller]
fn check(world: &World, expected: &[&str]) {
    assert_eq!(world.with(|it| it.leaks()), expected);
}

/// What a call for this form leaves behind, but for the record of the call itself.
#[track_caller]
fn check_form(form: &str, expected: &[&str]) {
    let world = world();
    query(
        &world,
        "Action=CreateUser&UserId=b&UserName=default&Engine=redis&AccessString=on&NoPasswordRequired=true",
    );
    query(&world, &form.replace('?', PLANTED));
    world.with(|it| it.calls.clear());
    check(&world, expected);
}

#[test]
fn tags_and_descriptions_of_everything_are_searched() {
    let tag = "Tags.Tag.1.Key=a&Tags.Tag.1.Value=?";
    check_form(
        &format!(
            "Action=CreateCacheSubnetGroup&CacheSubnetGroupName=a&CacheSubnetGroupDescription=d&SubnetIds.SubnetIdentifier.1=subnet-0a&{tag}"
        ),
        &["the subnet group a"],
    );
    check_form(
        "Action=CreateCacheSubnetGroup&CacheSubnetGroupName=a&CacheSubnetGroupDescription=?&SubnetIds.SubnetIdentifier.1=subnet-0a",
        &["the subnet group a"],
    );
    check_form(
        &format!(
            "Action=CreateCacheParameterGroup&CacheParameterGroupName=a&CacheParameterGroupFamily=redis7&Description=d&{tag}"
        ),
        &["the parameter group a"],
    );
    check_form(
        &format!(
            "Action=CreateUser&UserId=a&UserName=a&Engine=redis&AccessString=on&NoPasswordRequired=true&{tag}"
        ),
        &["the user a"],
    );
    check_form(
        &format!("Action=CreateUserGroup&UserGroupId=a&Engine=redis&UserIds.member.1=b&{tag}"),
        &["the user group a"],
    );
    check_form(
        &format!(
            "Action=CreateReplicationGroup&ReplicationGroupId=a&ReplicationGroupDescription=d&CacheNodeType=cache.t4g.micro&{tag}"
        ),
        &["the group a"],
    );
}

#[test]
fn a_password_of_a_user_is_where_it_belongs() {
    check_form(
        "Action=CreateUser&UserId=a&UserName=a&Engine=redis&AccessString=on&Passwords.member.1=?",
        &[],
    );
}

#[test]
fn alarms_and_their_history_are_searched() {
    let world = world();
    let alarm = json!({
        "AlarmName": format!("a-{PLANTED}"), "Namespace": "x", "MetricName": "y", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold",
    });
    call(&world, "monitoring", Some("PutMetricAlarm"), &alarm.to_string());
    world.with(|it| it.calls.clear());
    let name = format!("a-{PLANTED}");
    check(&world, &[&format!("the alarm {name}"), &format!("the history of the alarm {name}")]);
    world.with(|it| it.cloudwatch.alarms.clear());
    check(&world, &[&format!("the history of the alarm {name}")]);
}

#[test]
fn a_secret_is_searched_for_in_what_is_said_of_secrets() {
    let tags = json!([{ "Key": "a", "Value": PLANTED }]);
    for said in [json!({ "Tags": tags }), json!({ "Description": PLANTED })] {
        let world = world();
        let mut body =
            json!({ "Name": "a", "SecretString": PLANTED, "ClientRequestToken": "0".repeat(32) });
        body.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        secrets(&world, "CreateSecret", &body);
        world.with(|it| it.calls.clear());
        check(&world, &["what is said of the secret a"]);
    }
}

#[test]
fn what_is_secret_in_a_document_is_searched_for_alone() {
    let world = World::new(Settings::default());
    let inner = json!({
        "username": "orders-team", "Password": "inner-password-1", "host": "master.orders.sim",
        "old": [{ "authToken": "inner-password-2" }], "secretArn": "arn:aws:secretsmanager:us-east-1:1:secret:a",
    });
    let body = json!({ "Name": "a", "SecretString": inner.to_string(), "ClientRequestToken": "0".repeat(32) });
    secrets(&world, "CreateSecret", &body);
    let holds = |text: &str| world.with(|it| it.secret_values.are_in(text));
    assert!(
        holds("it is inner-password-1!") && holds("inner-password-2") && holds(&inner.to_string())
    );
    for harmless in
        ["orders-team", "master.orders.sim", "arn:aws:secretsmanager:us-east-1:1:secret:a"]
    {
        assert!(!holds(harmless), "{harmless}");
    }
    query(&world, "Action=DescribeEvents&SourceIdentifier=inner-password-2");
    check(&world, &["SourceIdentifier of DescribeEvents"]);
}

#[test]
fn a_password_in_a_url_is_secret_in_each_spelling() {
    let world = World::new(Settings::default());
    let document = json!({ "token": "a&<token>-$-", "url": "rediss://default:quo%24ted-0@host:6379/0", "docs": "https://example/a:b-c-d-e-f@x" });
    world.with(|it| it.secret_values.note(&document.to_string()));
    let holds = |text: &str| world.with(|it| it.secret_values.are_in(text));
    for spelling in
        ["a&<token>-$-", "a%26%3Ctoken%3E-%24-", "a&amp;&lt;token&gt;-$-", "quo%24ted-0"]
    {
        assert!(holds(&format!("it is {spelling}")), "{spelling}");
    }
    assert!(!holds("rediss://default") && !holds("host:6379") && !holds("b-c-d-e-f"));
}

#[test]
fn lines_of_a_request_that_no_record_keeps_are_searched() {
    let with = |change: &dyn Fn(&mut Request)| {
        let world = world();
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/monitoring/aws4_request";
        let mut request = Request {
            method: "POST".to_owned(),
            uri: "/service/GraniteServiceVersion20100801/operation/GetMetricData".to_owned(),
            headers: vec![("Authorization".to_owned(), format!("{scope} {PLANTED}"))],
            body: Vec::new(),
        };
        request.headers.push(("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()));
        change(&mut request);
        let _refused = world.call(world.clock(), &request);
        world.with(|it| it.leaks())
    };
    let told = ["what GetMetricData is asked with"];
    assert_eq!(with(&|_| ()), [""; 0]);
    assert_eq!(with(&|it| it.headers.push(("x-trace".to_owned(), PLANTED.to_owned()))), told);
    assert_eq!(with(&|it| it.body = format!("\u{1}{PLANTED}").into()), told);
    let query = |it: &mut Request| it.uri = format!("{}?a={PLANTED}", it.uri);
    assert_eq!(with(&query).len(), 1);
}

#[test]
fn a_random_password_is_a_secret_from_the_start() {
    let world = World::new(Settings::default());
    let answer = secrets(&world, "GetRandomPassword", &json!({ "ExcludePunctuation": true }));
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let password = answer["RandomPassword"].as_str().unwrap();
    query(&world, &format!("Action=DescribeReplicationGroups&ReplicationGroupId={password}"));
    let places = world.with(|it| it.leaks());
    assert!(
        places.contains(&"ReplicationGroupId of DescribeReplicationGroups".to_owned()),
        "{places:?}"
    );
}

#[test]
fn what_a_refusal_quotes_is_searched() {
    let world = world();
    let quotes = Fault::Answer(400, "InvalidParameterValue".to_owned(), format!("bad {PLANTED}"));
    world.with(|it| it.faults.add(Rule::next(quotes)));
    query(&world, "Action=DescribeEvents");
    check(&world, &["the refusal of DescribeEvents"]);
    let answered = query(&world, "Action=DescribeEvents");
    assert!(answered.contains("DescribeEventsResult"), "only that one was refused: {answered}");
    check(&world, &["the refusal of DescribeEvents"]);
}

/// Functions that tell a secret, each in its own way.
struct Tellers;

const TELLS: &str = "arn:aws:lambda:us-east-1:123456789012:function:tells";
const FAILS: &str = "arn:aws:lambda:us-east-1:123456789012:function:fails";
const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:one";

impl Functions for Tellers {
    fn handle(&self, invocation: Invocation) -> Handling<'_> {
        let failure =
            || crate::drive::Failure { kind: "Error".to_owned(), message: PLANTED.to_owned() };
        let ended = if invocation.function_arn == TELLS {
            Ok(json!({ "token": PLANTED }))
        } else {
            Err(failure())
        };
        Box::pin(async move { ended })
    }
}

fn account(machines: BTreeMap<String, Machine>) -> Account {
    Account::new(world(), Rc::new(Tellers), Plan { machines, ..Plan::default() })
}

#[tokio::test(start_paused = true)]
async fn what_invocations_end_with_is_searched() {
    for function in [TELLS, FAILS] {
        let account = account(BTreeMap::new());
        let _ended = account.invoke(function, json!({})).await;
        check(account.world(), &[&format!("the end of an invocation of {function}")]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_event_of_an_invocation_is_searched() {
    let account = account(BTreeMap::new());
    let _ended = account.invoke(FAILS, json!({ "told": PLANTED })).await;
    let places = account.world().with(|it| it.leaks());
    assert!(places.contains(&format!("the event of {FAILS}")), "{places:?}");
}

#[tokio::test(start_paused = true)]
async fn the_data_of_each_state_are_searched() {
    let definition = json!({ "StartAt": "Make", "States": {
        "Make": { "Type": "Pass", "Result": { "token": PLANTED }, "Next": "Forget" },
        "Forget": { "Type": "Pass", "Result": {}, "Next": "Done" },
        "Done": { "Type": "Succeed" },
    } });
    let machine = Machine::read(definition).unwrap();
    let account = account(BTreeMap::from([(MACHINE.to_owned(), machine)]));
    let body = json!({ "stateMachineArn": MACHINE, "name": "e", "input": "{}" });
    call(account.world(), "states", Some("StartExecution"), &body.to_string());
    assert!(account.play(Duration::from_mins(1), |it| it.sfn.running().next().is_none()).await);
    let entered = "what the state Forget of arn:aws:states:us-east-1:123456789012:execution:one:e is entered with";
    check(account.world(), &[entered]);
}
