//! Bad input: each kind has its own refusal, which says what to do, and nothing is changed.

use std::io::ErrorKind;
use std::time::Duration;

use serde_json::{Value, json};

use super::failed;
use super::stage::{FIRST, Stage, uuid};

/// What somebody did wrong, the step that meets it, and what is said: what it is, and what to do.
struct Case {
    name: &'static str,
    spoil: fn(&Stage, &str),
    step: &'static str,
    says: &'static str,
    do_this: &'static str,
}

const fn case(
    name: &'static str,
    spoil: fn(&Stage, &str),
    step: &'static str,
    says: &'static str,
    do_this: &'static str,
) -> Case {
    Case { name, spoil, step, says, do_this }
}

/// A person puts this there as the pending version.
fn pending(stage: &Stage, version: &str, content: &Value) {
    let mut body = json!({ "SecretId": stage.secret, "ClientRequestToken": version, "VersionStages": ["AWSPENDING"] });
    body.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    stage.manager("PutSecretValue", body);
}

/// A person puts this there as the current version.
fn current(stage: &Stage, content: &Value) {
    let mut body = json!({ "SecretId": stage.secret, "ClientRequestToken": uuid("by hand") });
    body.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    stage.manager("PutSecretValue", body);
}

const CREATE: &str = "createSecret";
const SET: &str = "setSecret";
const TEST: &str = "testSecret";
const AGAIN: &str = "remove AWSPENDING from that version and rotate again";
const IN_USE: &str = "put what clients log in with there as text, then rotate again";

/// The values that are none, and what is said of each.
const VALUES: [(&str, &str); 6] = [
    (r#"{"SecretBinary":"cGxhbnRlZA=="}"#, "is binary"),
    (r#"{"SecretString":" "}"#, "it has 16 to 128 characters, this one has 1"),
    (r#"{"SecretString":"planted with spaces and an @"}"#, "a token has only letters, digits and"),
    (r#"{"SecretString":"{planted"}"#, "it begins like a JSON document and is none"),
    (r#"{"SecretString":"[\"planted-token-0123456789\"]"}"#, "a token has only letters, digits"),
    (r#"{"SecretString":"{\"user\":\"planted\"}"}"#, "the document has no text under \"token\""),
];

fn content(index: usize) -> Value {
    serde_json::from_str(VALUES[index].0).unwrap()
}

fn staged(stage: &Stage) {
    let version = stage.version("AWSPENDING").unwrap();
    pending(stage, &version, &json!({ "SecretString": "planted-pending-0123456789" }));
}

const CASES: [Case; 14] = [
    case(
        "a step that is none",
        |_, _| (),
        "burnSecret",
        "is not a step",
        "the steps are createSecret, setSecret, testSecret, finishSecret",
    ),
    case(
        "a foreign secret",
        |it, _| {
            it.manager(
                "UntagResource",
                json!({ "SecretId": it.secret, "TagKeys": ["cachewarden:owner"] }),
            );
        },
        CREATE,
        "not our secret: it has no tag cachewarden:owner",
        "tag it with cachewarden:owner",
    ),
    case(
        "a tag that is none",
        |it, _| it.tag("cachewarden:secret-format", "yaml"),
        CREATE,
        "the tag cachewarden:secret-format of the secret is wrong",
        "correct it and rotate again",
    ),
    case(
        "a rotation that is off",
        Stage::unstage_by_hand,
        SET,
        "rotation is off for this secret",
        "turn it on with a schedule",
    ),
    case(
        "a value that is missing",
        |_, _| (),
        SET,
        "AWSPENDING has no value yet",
        "createSecret puts one there when Secrets Manager starts the rotation over",
    ),
    case(
        "a group that is gone",
        |it, _| {
            staged(it);
            it.tag("cachewarden:group", "nowhere");
        },
        SET,
        "the replication group nowhere does not exist",
        "correct the tag cachewarden:group of the secret, or delete the secret",
    ),
    case(
        "a group without TLS",
        |it, _| {
            staged(it);
            it.tag("cachewarden:group", "bare");
        },
        SET,
        "the replication group bare has no encryption in transit",
        "AUTH needs it (EnableEncryptionInTransit)",
    ),
    case(
        "a token that nobody knows",
        |it, _| {
            staged(it);
            current(it, &json!({ "SecretString": "planted-unknown-0123456789" }));
        },
        SET,
        "neither AWSPENDING nor AWSCURRENT opens orders-001",
        "put what is in use into the secret as AWSCURRENT",
    ),
    case(
        "the same token",
        |it, version| pending(it, version, &json!({ "SecretString": FIRST })),
        SET,
        "AWSPENDING holds the same as AWSCURRENT",
        AGAIN,
    ),
    case(
        "a token that was not sent",
        |it, _| staged(it),
        TEST,
        "AWSPENDING does not open orders-001",
        "Secrets Manager starts the rotation over",
    ),
    case(
        "a port that is closed",
        |it, _| {
            staged(it);
            it.cut_off(ErrorKind::ConnectionRefused);
        },
        SET,
        "nothing listens there",
        "check the port",
    ),
    case(
        "a security group that lets nobody in",
        |it, _| {
            staged(it);
            it.cut_off(ErrorKind::TimedOut);
        },
        SET,
        "no answer from orders-001",
        "check that its security group lets this function in",
    ),
    case(
        "no route",
        |it, _| {
            staged(it);
            it.cut_off(ErrorKind::HostUnreachable);
        },
        SET,
        "cannot connect to orders-001",
        "check the subnets of this function and their routes",
    ),
    case(
        "a broken handshake",
        |it, _| {
            staged(it);
            it.cut_off(ErrorKind::UnexpectedEof);
        },
        TEST,
        "broke the connection off",
        "check that the group has encryption in transit",
    ),
];

/// The calls that changed something since, but for the message and its note.
fn changes(stage: &Stage, since: usize) -> Vec<String> {
    let is_look = |it: &str| it.starts_with("Describe") || it.starts_with("Get");
    stage.scene.world.with(|it| {
        let calls = it.calls[since..].iter().filter(|it| !is_look(&it.operation));
        let is_note = |it: &aws_sim::CallRecord| {
            it.operation == "Publish"
                || (it.operation == "TagResource"
                    && format!("{:?}", it.parameters).contains("cachewarden:told"))
        };
        calls.filter(|it| !is_note(it)).map(|it| it.operation.clone()).collect()
    })
}

/// A stage with a rotation that was begun, and a group without TLS beside it.
async fn begun() -> (Stage, String) {
    let stage = Stage::new().await;
    stage.cache(&[
        ("Action", "CreateReplicationGroup"),
        ("Version", "2015-02-02"),
        ("ReplicationGroupId", "bare"),
        ("ReplicationGroupDescription", "bare"),
        ("Engine", "redis"),
        ("EngineVersion", "7.1"),
        ("CacheNodeType", "cache.t4g.micro"),
        ("NumCacheClusters", "1"),
    ]);
    stage.scene.pass(Duration::from_mins(20)).await;
    let version = stage.stage_by_hand("wrong");
    (stage, version)
}

/// Has the step meet it, and gives what is said.
async fn meets(stage: &Stage, step: &str, version: &str, name: &str) -> String {
    let access = format!("{:?}", stage.access());
    let calls = stage.scene.world.with(|it| it.calls.len());
    let why = failed(stage.step(step, version).await);
    assert_eq!(changes(stage, calls), Vec::<String>::new(), "{name}");
    assert_eq!(format!("{:?}", stage.access()), access, "{name}");
    assert!(!why.contains("planted"), "{name}: {why}");
    why
}

#[tokio::test(start_paused = true)]
async fn every_bad_input_has_its_own_refusal_that_says_what_to_do_and_changes_nothing() {
    let mut told = Vec::new();
    for Case { name, spoil, step, says, do_this } in CASES {
        let (stage, version) = begun().await;
        spoil(&stage, &version);
        let why = meets(&stage, step, &version, name).await;
        assert!(why.contains(says) && why.contains(do_this), "{name}: {why}");
        told.push(says);
    }
    let number = told.len();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), number, "each has its own words");
    let (stage, _) = begun().await;
    let why = meets(&stage, CREATE, &uuid("never staged"), "a version that nobody staged").await;
    assert!(why.contains("is not staged for rotation: the secret does not list it"), "{why}");
    assert!(why.contains("start the rotation with RotateSecret"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_none_is_told_by_its_label_and_without_its_text() {
    for (index, (text, says)) in VALUES.into_iter().enumerate() {
        for (label, step, do_this) in [
            ("AWSPENDING", CREATE, AGAIN),
            ("AWSPENDING", SET, AGAIN),
            ("AWSPENDING", TEST, AGAIN),
            ("AWSPENDING", "finishSecret", AGAIN),
            ("AWSCURRENT", SET, IN_USE),
        ] {
            let (stage, version) = begun().await;
            if label == "AWSPENDING" {
                pending(&stage, &version, &content(index));
            } else {
                staged(&stage);
                current(&stage, &content(index));
            }
            let why = meets(&stage, step, &version, text).await;
            let what = format!("the value of {label} ");
            assert!(why.contains(&what) && why.contains(says), "{step} of {text}: {why}");
            assert!(why.contains(do_this), "{step} of {text}: {why}");
        }
    }
}
