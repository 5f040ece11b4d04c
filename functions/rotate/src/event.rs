//! What calls `rotate`: the four steps of Secrets Manager, and the sweep of a schedule or a person.

use domain::rotate::{Stage, VersionId};
use domain::{Arn, Problems};
use serde_json::Value;

/// What an event asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Request {
    /// One step of a rotation.
    Turn(Turn),
    /// A look at every secret of ours.
    Sweep,
}

/// One step of the rotation of a secret to a version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Turn {
    /// Which step.
    pub(crate) stage: Stage,
    /// Of which secret.
    pub(crate) secret: Arn,
    /// To which version.
    pub(crate) version: VersionId,
}

/// Reads an event. Of an event that is none of ours only names are quoted: it may hold a `RotationToken` (facts 3.1).
pub(crate) fn parse(event: &Value) -> Result<Request, Problems> {
    let mut problems = Problems::default();
    if let Some(action) = event.get("action") {
        if action.as_str() == Some("sweep") {
            return Ok(Request::Sweep);
        }
        problems.add("action", "is not one that rotate knows; it knows sweep");
        return Err(problems);
    }
    let mut text = |name: &str| {
        let found = event.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
        if found.is_none() {
            problems.add(name, "is missing; the event is neither a step of a rotation nor a sweep");
        }
        found
    };
    let (step, secret, version) = (text("Step"), text("SecretId"), text("ClientRequestToken"));
    let stage = step.and_then(|it| {
        let stage = Stage::parse(it);
        if stage.is_none() {
            problems.add("Step", format!("{it:.40} is not a step; the steps are {}", steps()));
        }
        stage
    });
    let secret = secret.and_then(|it| problems.keep("SecretId", Arn::parse(it)));
    let version = version.and_then(|it| problems.keep("ClientRequestToken", VersionId::parse(it)));
    match (stage, secret, version) {
        (Some(stage), Some(secret), Some(version)) => {
            Ok(Request::Turn(Turn { stage, secret, version }))
        }
        _ => Err(problems),
    }
}

fn steps() -> String {
    Stage::ALL.map(|it| it.to_string()).join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf";
    const VERSION: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

    #[track_caller]
    fn check(event: Value, expected: &str) {
        let said = match parse(&event) {
            Ok(Request::Sweep) => "sweep".to_owned(),
            Ok(Request::Turn(turn)) => {
                format!("{} of {} to {}", turn.stage, turn.secret, turn.version)
            }
            Err(problems) => problems.to_string(),
        };
        assert_eq!(said, expected);
    }

    fn step(name: &str) -> Value {
        json!({ "Step": name, "SecretId": SECRET, "ClientRequestToken": VERSION, "RotationToken": "planted" })
    }

    #[test]
    fn a_step_is_read_in_both_spellings() {
        for name in ["createSecret", "create_secret"] {
            check(step(name), &format!("createSecret of {SECRET} to {VERSION}"));
        }
    }

    #[test]
    fn a_sweep_is_asked_for() {
        check(json!({ "action": "sweep" }), "sweep");
    }

    #[test]
    fn an_unknown_step_is_named_with_the_known_ones() {
        check(
            step("burnSecret"),
            "Step: burnSecret is not a step; the steps are createSecret, setSecret, testSecret, finishSecret",
        );
    }

    #[test]
    fn every_mistake_is_told_and_no_value_is_quoted() {
        let said = parse(
            &json!({ "Step": "setSecret", "SecretId": "orders", "RotationToken": "planted" }),
        )
        .unwrap_err()
        .to_string();
        assert!(said.contains("SecretId: \"orders\" is not an ARN"), "{said}");
        assert!(said.contains("ClientRequestToken: is missing"), "{said}");
        assert!(!said.contains("planted"), "{said}");
        for odd in [json!(null), json!("x"), json!([1]), json!({ "action": "burn" })] {
            assert!(parse(&odd).is_err(), "{odd}");
        }
    }
}
