//! The program with modelled nodes, as a script uses it: nothing installed, and a clock that stands still until it is told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod around;
#[path = "server/scene.rs"]
mod scene;

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use scene::Scene;

const CLIENTS: usize = 200;

/// What no client of AWS would send, or not to its end.
fn nonsense() -> Vec<Vec<u8>> {
    let head = |rest: &str| format!("POST / HTTP/1.1\r\nHost: x\r\n{rest}").into_bytes();
    vec![
        Vec::new(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"\r\n\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"BREW / HTTP/9.9\r\n\r\n".to_vec(),
        head("Content-Length: 1000\r\n\r\nless"),
        head("Content-Length: 99999999999999\r\n\r\nless"),
        head("Content-Length: -1\r\n\r\n"),
        head("Transfer-Encoding: chunked\r\n\r\nzz\r\nless"),
        head(&format!("X: {}\r\n\r\n", "x".repeat(1 << 20))),
        head(&format!("Content-Length: {}\r\n\r\n{}", 9 << 20, "x".repeat(9 << 20))),
        head("X-Amz-Target: secretsmanager.ListSecrets\r\nContent-Length: 1\r\n\r\n["),
        b"POST /_sim/faults HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n[[[[".to_vec(),
        b"POST /_sim/advance HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{\"seconds\":-1}"
            .to_vec(),
        b"DELETE /_sim/everything HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
    ]
}

fn create(scene: &Scene, id: &str) -> (u16, String) {
    scene.query(&format!(
        "Action=CreateReplicationGroup&ReplicationGroupId={id}&ReplicationGroupDescription=x&CacheNodeType=cache.t4g.micro&NumCacheClusters=2&AutomaticFailoverEnabled=true"
    ))
}

/// One client: its own group and secret, one group that everybody wants, and nonsense in between.
fn visit(scene: &Scene, number: usize, nonsense: &[Vec<u8>], won: &AtomicUsize) {
    let throw = |offset: usize| {
        let heard = scene.throw(nonsense.iter().cycle().nth(number + offset).unwrap());
        assert!(!heard.starts_with("HTTP/1.1 5"), "{number}: {heard}");
        assert!(!heard.starts_with("HTTP/1.1 2"), "{number}: {heard}");
    };
    throw(0);
    let id = format!("own-{number}");
    assert_eq!(create(scene, &id).0, 200);
    throw(1);
    let (status, again) = create(scene, &id);
    assert_eq!(status, 400);
    assert!(again.contains("ReplicationGroupAlreadyExists"), "{again}");
    let secret = json!({ "Name": id, "SecretString": format!("value-{number}") });
    assert_eq!(scene.json("secretsmanager", "CreateSecret", &secret).0, 200);
    throw(2);
    won.fetch_add(usize::from(create(scene, "wanted").0 == 200), Ordering::Relaxed);
    let (status, own) =
        scene.query(&format!("Action=DescribeReplicationGroups&ReplicationGroupId={id}"));
    assert_eq!((status, own.matches("<ReplicationGroup>").count()), (200, 1));
    let value = json!({ "SecretId": id });
    let (_, value) = scene.json("secretsmanager", "GetSecretValue", &value);
    assert!(value.contains(&format!("\"value-{number}\"")), "{value}");
}

#[test]
fn two_hundred_clients_are_answered_whatever_is_sent_between_them() {
    let scene = Scene::start();
    let stuck: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(&scene.at).unwrap();
            stream.write_all(b"POST / HTTP/1.1\r\nContent-Le").unwrap();
            stream
        })
        .collect();
    let (nonsense, won) = (nonsense(), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        for number in 0..CLIENTS {
            let (scene, nonsense, won) = (&scene, &nonsense, &won);
            threads.spawn(move || visit(scene, number, nonsense, won));
        }
    });
    assert_eq!(won.load(Ordering::Relaxed), 1, "so many made the one group that all wanted");
    let state = scene.operate("GET", "/_sim/state", &Value::Null);
    assert_eq!(state["groups"].as_array().unwrap().len(), CLIENTS + 1);
    assert_eq!(state["secrets"].as_array().unwrap().len(), CLIENTS);
    let faults = scene.operate("GET", "/_sim/faults", &Value::Null);
    assert_eq!(faults["rules"], json!([]));
    let now = scene.operate("GET", "/_sim/health", &Value::Null)["now"].clone();
    assert_eq!(now, "2026-01-01T00:00:00Z", "nobody has let time pass");
    drop(stuck);
}

#[test]
fn events_are_lost_doubled_and_late_as_an_operator_wants() {
    let scene = Scene::start();
    let topic = "arn:aws:sns:us-east-1:123456789012:alarms";
    let alarm = json!({
        "AlarmName": "hot",
        "AlarmActions": [topic],
        "OKActions": [topic],
        "Namespace": "AWS/ElastiCache",
        "MetricName": "CPUUtilization",
        "Dimensions": [{ "Name": "CacheClusterId", "Value": "orders-001" }],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 75.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "ignore",
    });
    assert_eq!(scene.json("monitoring", "PutMetricAlarm", &alarm).0, 200);
    let set = |state: &str| {
        let fields = json!({ "AlarmName": "hot", "StateValue": state, "StateReason": "a test" });
        assert_eq!(scene.json("monitoring", "SetAlarmState", &fields).0, 200);
    };
    let befall = |mishap: Value| {
        let events = json!({ "events": [{ "to": "alarms", "mishap": mishap }] });
        scene.operate("POST", "/_sim/faults", &events);
    };
    let advance = |seconds: u32| {
        scene.operate("POST", "/_sim/advance", &json!({ "seconds": seconds }));
    };
    let states = |count: usize| -> Vec<&str> {
        let heard = scene.heard(count);
        let is_ok = |it: &String| it.contains("NewStateValue%22%3A%22OK%22");
        heard.iter().map(|it| if is_ok(it) { "OK" } else { "ALARM" }).collect()
    };

    befall(json!("lost"));
    set("ALARM");
    set("OK");
    assert_eq!(states(1), ["OK"]);

    befall(json!("doubled"));
    set("ALARM");
    assert_eq!(states(2), ["OK", "ALARM"]);
    advance(2);
    assert_eq!(states(3), ["OK", "ALARM", "ALARM"]);
    let heard = scene.heard(3);
    assert_eq!(heard[1], heard[2], "it is the same once more");

    befall(json!({ "lateSeconds": 600 }));
    set("OK");
    set("ALARM");
    assert_eq!(states(4)[3..], ["ALARM"], "it has overtaken the other");
    advance(600);
    assert_eq!(states(5)[4..], ["OK"]);
    let left = scene.operate("GET", "/_sim/faults", &Value::Null);
    assert_eq!(left["events"], json!([]));
}

#[test]
fn a_primary_may_be_lost_in_the_middle_of_a_script() {
    let scene = Scene::start();
    assert_eq!(create(&scene, "orders").0, 200);
    scene.operate("POST", "/_sim/advance", &json!({ "seconds": 1200 }));
    let rule = json!([{ "operation": "DescribeEvents", "fault": { "meanwhile": "primary-lost" } }]);
    scene.operate("POST", "/_sim/faults", &rule);
    let pending = scene.operate("GET", "/_sim/faults", &Value::Null);
    assert_eq!(pending["rules"][0]["fault"], json!({ "meanwhile": "primary-lost" }));
    let primary = || {
        let state = scene.operate("GET", "/_sim/state", &Value::Null);
        let members = state["groups"][0]["members"].as_array().unwrap().clone();
        let primary = members.into_iter().find(|it| it["role"] == "primary").unwrap();
        primary["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(primary(), "orders-001");
    assert_eq!(scene.query("Action=DescribeEvents").0, 200);
    scene.operate("POST", "/_sim/advance", &json!({ "seconds": 1200 }));
    assert_eq!(primary(), "orders-002");
}
