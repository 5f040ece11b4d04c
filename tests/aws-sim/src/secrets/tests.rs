use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::{Effect, Request, Settings, World};

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
}

impl Scene {
    fn new() -> Self {
        let settings = Settings::default();
        let now = settings.start;
        Self { world: World::new(settings), now }
    }

    /// One with the secret `s`, whose version is `V1`.
    pub(crate) fn with_secret() -> Self {
        let scene = Self::new();
        scene.ok(
            "CreateSecret",
            json!({ "Name": "s", "SecretString": "one", "ClientRequestToken": V1 }),
        );
        scene
    }

    pub(crate) fn call(&self, operation: &str, fields: Value) -> (u16, Value) {
        let scope = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/secretsmanager/aws4_request, Signature=0";
        let target = format!("secretsmanager.{operation}");
        let request = Request {
            method: "POST".to_owned(),
            uri: "/".to_owned(),
            headers: vec![
                ("authorization".to_owned(), scope.to_owned()),
                ("x-amz-target".to_owned(), target),
            ],
            body: fields.to_string().into_bytes(),
        };
        let response = self.world.call(self.now, &request);
        (response.status, serde_json::from_slice(&response.body).unwrap())
    }

    #[track_caller]
    pub(crate) fn ok(&self, operation: &str, fields: Value) -> Value {
        let (status, answer) = self.call(operation, fields);
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }

    #[track_caller]
    fn refused(&self, operation: &str, fields: Value, code: &str) {
        let (status, answer) = self.call(operation, fields);
        assert_eq!((status, answer["__type"].as_str()), (400, Some(code)), "{operation}: {answer}");
    }

    pub(crate) fn labels(&self) -> Value {
        self.ok("DescribeSecret", json!({ "SecretId": "s" }))["VersionIdsToStages"].clone()
    }

    fn wait(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
        self.world.advance(self.now);
    }

    /// The step that the function is called for, if it is.
    pub(crate) fn called(&self) -> Option<(String, Ticket)> {
        self.world.take_effects().into_iter().find_map(|it| {
            let Effect::InvokeFunction { payload, ticket, .. } = it else { return None };
            Some((format!("{} {}", payload["Step"], payload["ClientRequestToken"]), ticket))
        })
    }

    #[track_caller]
    fn step(&self, name: &str, ends: Result<(), &str>) {
        let (step, ticket) = self.called().expect(name);
        assert!(step.contains(name), "{step} is not {name}");
        let ends = ends.map(|()| Done::Answered(Value::Null)).map_err(str::to_owned);
        self.world.done(self.now, ticket, ends);
    }
}

pub(crate) const V1: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const V2: &str = "22222222-2222-2222-2222-222222222222";
const F: &str = "arn:aws:lambda:us-east-1:123456789012:function:rotate";

pub(crate) fn rotate() -> Value {
    json!({ "SecretId": "s", "RotationLambdaARN": F, "ClientRequestToken": V2, "RotationRules": { "AutomaticallyAfterDays": 30 } })
}

pub(crate) fn pending(value: &str) -> Value {
    json!({ "SecretId": "s", "ClientRequestToken": V2, "SecretString": value, "VersionStages": [PENDING] })
}

#[test]
fn a_rotation_calls_the_function_four_times() {
    let scene = Scene::with_secret();
    let arn = scene.ok("RotateSecret", rotate())["ARN"].as_str().unwrap().to_owned();
    let (front, letters) = arn.rsplit_once('-').unwrap();
    assert_eq!(
        (front, letters.len()),
        ("arn:aws:secretsmanager:us-east-1:123456789012:secret:s", 6)
    );
    assert_eq!(scene.labels(), json!({ V1: [CURRENT], V2: [PENDING] }));
    let get = json!({ "SecretId": arn, "VersionId": V2, "VersionStage": PENDING });
    scene.refused("GetSecretValue", get.clone(), "ResourceNotFoundException");
    scene.ok("PutSecretValue", pending("two"));
    scene.ok("PutSecretValue", pending("two"));
    scene.refused("PutSecretValue", pending("other"), "ResourceExistsException");
    assert_eq!(scene.ok("GetSecretValue", get)["SecretString"], "two");
    scene.step("createSecret", Ok(()));
    scene.step("setSecret", Ok(()));
    scene.step("testSecret", Ok(()));
    let stage = |from: Value| json!({ "SecretId": "s", "VersionStage": CURRENT, "MoveToVersionId": V2, "RemoveFromVersionId": from });
    scene.refused("UpdateSecretVersionStage", stage(Value::Null), "InvalidParameterException");
    scene.refused("UpdateSecretVersionStage", stage(json!(V2)), "InvalidParameterException");
    scene.ok("UpdateSecretVersionStage", stage(json!(V1)));
    scene.step("finishSecret", Ok(()));
    assert!(scene.called().is_none());
    assert_eq!(scene.labels(), json!({ V1: [PREVIOUS], V2: [CURRENT, PENDING] }));
    let shown = scene.ok("DescribeSecret", json!({ "SecretId": "s" }));
    assert_eq!(shown["RotationEnabled"], true);
    let days =
        shown["NextRotationDate"].as_f64().unwrap() - shown["LastRotatedDate"].as_f64().unwrap();
    assert!((days - 30.0 * 86_400.0).abs() < 1.0);
}

#[test]
fn a_failed_step_begins_all_anew_with_the_same_version() {
    let mut scene = Scene::with_secret();
    scene.ok("RotateSecret", rotate());
    scene.step("createSecret", Ok(()));
    scene.step("setSecret", Err("busy"));
    scene.refused("RotateSecret", json!({ "SecretId": "s" }), "InvalidRequestException");
    assert!(scene.called().is_none(), "not at once");
    scene.wait(1);
    scene.step(&format!("\"createSecret\" \"{V2}\""), Err("no"));
    for minutes in [2, 4, 8, 16] {
        scene.wait(minutes - 1);
        assert!(scene.called().is_none());
        scene.wait(1);
        scene.step("createSecret", Err("no"));
    }
    scene.wait(60);
    assert!(scene.called().is_none(), "it is given up");
    assert_eq!(scene.labels(), json!({ V1: [CURRENT], V2: [PENDING] }));
    scene.refused("RotateSecret", json!({ "SecretId": "s" }), "InvalidRequestException");
    scene.step(&format!("\"createSecret\" \"{V2}\""), Ok(()));
}

#[test]
fn a_finish_that_moves_nothing_is_a_failure() {
    let scene = Scene::with_secret();
    scene.ok("RotateSecret", rotate());
    for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
        scene.step(step, Ok(()));
    }
    let error = scene.world.with(|it| it.secrets.history.last().unwrap().error.clone());
    assert!(error.unwrap().contains("AWSCURRENT"));
}

#[test]
fn without_immediately_only_the_test_is_called() {
    let scene = Scene::with_secret();
    let mut fields = rotate();
    fields["RotateImmediately"] = json!(false);
    scene.ok("RotateSecret", fields);
    scene.step("testSecret", Err("nothing to test with"));
    assert!(scene.called().is_none());
    assert_eq!(scene.labels(), json!({ V1: [CURRENT] }));
}

#[test]
fn the_schedule_rotates() {
    let mut scene = Scene::with_secret();
    let mut fields = rotate();
    fields["RotateImmediately"] = json!(false);
    scene.ok("RotateSecret", fields);
    scene.step("testSecret", Ok(()));
    scene.wait(30 * 24 * 60 - 1);
    assert!(scene.called().is_none());
    scene.wait(1);
    assert!(scene.called().unwrap().0.contains("createSecret"));
    scene.ok("CancelRotateSecret", json!({ "SecretId": "s" }));
    scene.wait(60 * 24 * 60);
    assert!(scene.called().is_none());
}

#[test]
fn labels_follow_the_current_version() {
    let scene = Scene::with_secret();
    scene.ok(
        "PutSecretValue",
        json!({ "SecretId": "s", "SecretString": "two", "ClientRequestToken": V2 }),
    );
    assert_eq!(scene.labels(), json!({ V1: [PREVIOUS], V2: [CURRENT] }));
    let all = scene.ok("ListSecretVersionIds", json!({ "SecretId": "s" }));
    assert_eq!(all["Versions"].as_array().unwrap().len(), 2);
    let away = json!({ "SecretId": "s", "VersionStage": CURRENT, "RemoveFromVersionId": V2 });
    scene.refused("UpdateSecretVersionStage", away, "InvalidParameterException");
}

#[test]
fn a_deleted_secret_keeps_its_name_until_it_is_gone() {
    let mut scene = Scene::with_secret();
    let s = json!({ "SecretId": "s" });
    scene.ok("DeleteSecret", json!({ "SecretId": "s", "RecoveryWindowInDays": 7 }));
    scene.refused("GetSecretValue", s.clone(), "InvalidRequestException");
    scene.refused("CreateSecret", json!({ "Name": "s" }), "InvalidRequestException");
    assert_eq!(scene.ok("ListSecrets", json!({}))["SecretList"], json!([]));
    scene.ok("RestoreSecret", s.clone());
    assert_eq!(scene.ok("GetSecretValue", s.clone())["SecretString"], "one");
    scene.ok("DeleteSecret", json!({ "SecretId": "s", "RecoveryWindowInDays": 7 }));
    scene.wait(7 * 24 * 60);
    scene.refused("DescribeSecret", s, "ResourceNotFoundException");
    scene.ok("CreateSecret", json!({ "Name": "s" }));
    scene.ok("DeleteSecret", json!({ "SecretId": "s", "ForceDeleteWithoutRecovery": true }));
    // Again, and it is gone: that is no mistake.
    scene.ok("DeleteSecret", json!({ "SecretId": "s", "ForceDeleteWithoutRecovery": true }));
    scene.ok("CreateSecret", json!({ "Name": "s" }));
}

#[test]
fn secrets_are_found_by_tag_and_name() {
    let scene = Scene::with_secret();
    let tag = json!([{ "Key": "team", "Value": "a" }]);
    scene.ok("TagResource", json!({ "SecretId": "s", "Tags": tag }));
    let found = |key: &str, value: &str| {
        let filters = json!([{ "Key": key, "Values": [value] }]);
        let list = scene.ok("ListSecrets", json!({ "Filters": filters }));
        list["SecretList"].as_array().unwrap().len()
    };
    assert_eq!(found("name", "s"), 1);
    assert_eq!(found("name", "x"), 0);
    assert_eq!(found("name", "!s"), 0);
    assert_eq!(found("tag-key", "team"), 1);
    scene.ok("UntagResource", json!({ "SecretId": "s", "TagKeys": ["team"] }));
    assert_eq!(found("tag-key", "team"), 0);
}

#[test]
fn a_password_has_each_kind_and_nothing_excluded() {
    let scene = Scene::new();
    let exclude = "\"%'()*+,./:;=?@[\\]_{|}~`";
    for length in [4, 16, 64] {
        let fields = json!({ "PasswordLength": length, "ExcludeCharacters": exclude });
        let answer = scene.ok("GetRandomPassword", fields);
        let password = answer["RandomPassword"].as_str().unwrap();
        assert_eq!(password.len(), length);
        assert!(!password.contains(|it| exclude.contains(it)), "{password}");
        assert!(password.contains(|it| "!#$&-<>^".contains(it)), "{password}");
        assert!(password.contains(|it: char| it.is_ascii_digit()), "{password}");
    }
    let none = json!({ "PasswordLength": 3 });
    scene.refused("GetRandomPassword", none, "InvalidParameterException");
}

#[test]
fn a_value_that_was_just_staged_may_not_be_found_yet() {
    let scene = Scene::with_secret();
    scene.world.with(|it| it.settings.switches.pending_stale_reads = 2);
    scene.ok("PutSecretValue", pending("two"));
    let staged = json!({ "SecretId": "s", "VersionStage": "AWSPENDING" });
    for _ in 0..2 {
        scene.refused("GetSecretValue", staged.clone(), "ResourceNotFoundException");
    }
    assert_eq!(scene.ok("GetSecretValue", staged)["SecretString"], "two");
    // The current one is always found.
    assert_eq!(scene.ok("GetSecretValue", json!({ "SecretId": "s" }))["SecretString"], "one");
}

#[test]
fn nothing_is_attempted_anew_where_rotation_is_not_on() {
    let scene = Scene::with_secret();
    scene.ok("PutSecretValue", pending("two"));
    scene.refused("RotateSecret", rotate(), "InvalidRequestException");
    assert!(scene.called().is_none(), "it was never set up");
}

#[test]
fn a_value_counts_towards_a_schedule_of_days_and_no_other() {
    for (rules, moves) in [
        (json!({ "AutomaticallyAfterDays": 10 }), true),
        (json!({ "ScheduleExpression": "rate(10 days)" }), false),
    ] {
        let mut scene = Scene::with_secret();
        let mut set_up = rotate();
        set_up["RotationRules"] = rules;
        set_up["RotateImmediately"] = json!(false);
        scene.ok("RotateSecret", set_up);
        let (_, ticket) = scene.called().unwrap();
        scene.world.done(scene.now, ticket, Ok(Done::Plain));
        let planned = |it: &Scene| {
            it.ok("DescribeSecret", json!({ "SecretId": "s" }))["NextRotationDate"].clone()
        };
        let before = planned(&scene);
        scene.wait(60);
        scene.ok("PutSecretValue", json!({ "SecretId": "s", "SecretString": "by hand" }));
        assert_eq!(planned(&scene) != before, moves);
    }
}

/// A scene with a secret whose rotation was set up with these rules and ends well whenever it is called for.
fn with_rules(rules: Value) -> Scene {
    let scene = Scene::with_secret();
    let mut set_up = rotate();
    set_up["RotationRules"] = rules;
    set_up["RotateImmediately"] = json!(false);
    scene.ok("RotateSecret", set_up);
    let (step, ticket) = scene.called().unwrap();
    assert!(step.contains("testSecret"));
    scene.world.done(scene.now, ticket, Ok(Done::Plain));
    scene
}

impl Scene {
    /// Lets the rotation that is called for end well.
    fn rotates(&self) {
        let (step, mut ticket) = self.called().expect("a rotation");
        assert!(step.contains("createSecret"));
        let version = step.split('"').nth(3).unwrap().to_owned();
        let put = json!({
            "SecretId": "s",
            "ClientRequestToken": version,
            "SecretString": "new",
            "VersionStages": [CURRENT, PENDING],
        });
        self.ok("PutSecretValue", put);
        let done = json!({
            "SecretId": "s",
            "VersionStage": PENDING,
            "RemoveFromVersionId": version,
        });
        self.ok("UpdateSecretVersionStage", done);
        for _ in 0..3 {
            self.world.done(self.now, ticket, Ok(Done::Plain));
            ticket = self.called().unwrap().1;
        }
        self.world.done(self.now, ticket, Ok(Done::Plain));
        assert!(self.called().is_none());
    }

    /// `NextRotationDate`, and the rules as they are shown.
    fn planned(&self) -> (String, Value) {
        let shown = self.ok("DescribeSecret", json!({ "SecretId": "s" }));
        #[expect(clippy::cast_possible_truncation, reason = "seconds of our age")]
        let next = shown["NextRotationDate"].as_f64().unwrap() as i64;
        (Timestamp::from_second(next).unwrap().to_string(), shown["RotationRules"].clone())
    }
}

#[test]
fn a_cron_schedule_rotates_when_its_window_opens_and_says_by_when_it_will() {
    let expression = "cron(0 16 1,15 * ? *)";
    let rules = json!({ "ScheduleExpression": expression, "Duration": "2h" });
    let mut scene = with_rules(rules.clone());
    assert_eq!(scene.planned(), ("2026-01-01T18:00:00Z".to_owned(), rules));
    scene.wait(16 * 60 - 1);
    assert!(scene.called().is_none());
    scene.wait(1);
    scene.rotates();
    let counted =
        json!({ "AutomaticallyAfterDays": 14, "ScheduleExpression": expression, "Duration": "2h" });
    assert_eq!(scene.planned(), ("2026-01-15T18:00:00Z".to_owned(), counted));
    scene.ok("PutSecretValue", json!({ "SecretId": "s", "SecretString": "by hand" }));
    assert_eq!(scene.planned().0, "2026-01-15T18:00:00Z", "nobody but the schedule counts");
    scene.wait(14 * 24 * 60 - 1);
    assert!(scene.called().is_none());
    scene.wait(1);
    scene.rotates();
    assert_eq!(scene.planned().0, "2026-02-01T18:00:00Z");
}

#[test]
fn the_date_of_a_rotation_that_does_not_go_well_stays_in_the_past() {
    let mut scene = with_rules(json!({ "ScheduleExpression": "rate(1 day)" }));
    let by = "2026-01-03T00:00:00Z";
    assert_eq!(scene.planned().0, by);
    scene.wait(24 * 60);
    // Six attempts take half an hour.
    for _ in 0..6 {
        scene.step("createSecret", Err("no"));
        scene.wait(16);
    }
    scene.wait(60);
    assert!(scene.called().is_none(), "it is given up");
    scene.wait(24 * 60 - 6 * 16 - 60);
    assert_eq!(scene.planned().0, by);
    scene.rotates();
    assert_eq!(scene.planned().0, "2026-01-05T00:00:00Z", "the next day took it up again");
}

#[test]
fn rules_that_are_refused_change_nothing() {
    let scene = with_rules(json!({ "AutomaticallyAfterDays": 30 }));
    let before = scene.planned();
    for rules in [
        json!({ "AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(30 days)" }),
        json!({ "ScheduleExpression": "cron(30 8 1 * ? *)" }),
        json!({ "ScheduleExpression": "rate(4 hours)", "Duration": "6h" }),
    ] {
        let asked = json!({ "SecretId": "s", "RotationRules": rules });
        scene.refused("RotateSecret", asked, "InvalidParameterException");
    }
    assert_eq!(scene.planned(), before);
    assert!(scene.called().is_none());
}
