//! What calls `rotate`: the four steps of Secrets Manager, the sweep of a schedule, and a person.

use std::fmt;

use domain::rotate::{Stage, UserId, VersionId};
use domain::{Arn, GroupId, Problems, tag};
use platform::fleet::Tagged;
use serde_json::Value;

/// What an event asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Request {
    /// One step of a rotation.
    Turn(Turn),
    /// A look at every secret of ours, and whatever is to be closed.
    Sweep,
    /// How it stands with these, in words.
    Status(Subject),
    /// What the next sweep, and a rotation, would do with these.
    Plan(Subject),
    /// A rotation of this one, now.
    Rotate(Subject),
}

/// Which secrets a person means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Subject {
    /// Every one of ours.
    All,
    /// The one of this ARN or name.
    Secret(String),
    /// The one with the token of this group.
    Group(GroupId),
    /// The one with the password of this user.
    User(UserId),
}

impl Subject {
    /// The tag by which its secrets are found, and what the tag holds.
    pub(crate) fn is(&self, found: &Tagged) -> bool {
        let holds = |key: &str, value: &str| {
            found.tags.get(key).is_some_and(|it| it.trim().eq_ignore_ascii_case(value))
        };
        match self {
            Self::All => true,
            Self::Secret(text) => found.arn.as_str() == text || name(&found.arn) == text,
            Self::Group(id) => holds(tag::GROUP, id.as_str()),
            Self::User(id) => holds(tag::USER, id.as_str()),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("every secret"),
            Self::Secret(text) => write!(f, "the secret {text:.80}"),
            Self::Group(id) => write!(f, "the token of the group {id}"),
            Self::User(id) => write!(f, "the password of the user {id}"),
        }
    }
}

/// The name of a secret without the six letters that Secrets Manager adds, as people know it.
pub(crate) fn name(secret: &Arn) -> &str {
    let name = secret.resource().strip_prefix("secret:").unwrap_or(secret.resource());
    name.rsplit_once('-').map_or(name, |(name, _)| name)
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
        return asked(action.as_str().unwrap_or_default(), event);
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

/// What a person or a schedule asks for.
fn asked(action: &str, event: &Value) -> Result<Request, Problems> {
    let mut problems = Problems::default();
    let subject = subject(event, &mut problems);
    if action == "rotate" && subject == Subject::All && problems.is_empty() {
        problems.add("action", "rotate takes one of secret, group and user, and none is there");
    }
    let request = match action {
        "sweep" => Request::Sweep,
        "status" => Request::Status(subject),
        "plan" => Request::Plan(subject),
        "rotate" => Request::Rotate(subject),
        _ => {
            problems.add(
                "action",
                "is not one that rotate knows; it knows sweep, status, plan and rotate",
            );
            return Err(problems);
        }
    };
    if problems.is_empty() { Ok(request) } else { Err(problems) }
}

fn subject(event: &Value, problems: &mut Problems) -> Subject {
    let mut text = |key: &str| {
        let found = event.get(key)?;
        let text = found.as_str().map(str::trim).filter(|it| !it.is_empty());
        if text.is_none() {
            problems.add(key, "is no text");
        }
        text.map(str::to_owned)
    };
    let (secret, group, user) = (text("secret"), text("group"), text("user"));
    if 1 < [&secret, &group, &user].into_iter().flatten().count() {
        problems.add("secret", "one of secret, group and user is taken, and there are more");
    }
    let group = group.and_then(|it| problems.keep("group", GroupId::parse(&it)));
    let user = user.and_then(|it| problems.keep("user", UserId::parse(&it)));
    (secret.map(Subject::Secret))
        .or(group.map(Subject::Group))
        .or(user.map(Subject::User))
        .unwrap_or(Subject::All)
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
            Ok(Request::Status(subject)) => format!("status of {subject}"),
            Ok(Request::Plan(subject)) => format!("plan of {subject}"),
            Ok(Request::Rotate(subject)) => format!("rotation of {subject}"),
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
    fn a_person_names_one_secret_by_itself_or_by_what_it_opens() {
        let by = |action: &str, key: &str, value: &str| json!({ "action": action, key: value });
        check(json!({ "action": "status" }), "status of every secret");
        check(by("plan", "group", "Orders"), "plan of the token of the group orders");
        check(by("rotate", "user", "App"), "rotation of the password of the user app");
        check(by("rotate", "secret", SECRET), &format!("rotation of the secret {SECRET:.80}"));
        check(
            json!({ "action": "rotate" }),
            "action: rotate takes one of secret, group and user, and none is there",
        );
        let said =
            parse(&json!({ "action": "rotate", "group": "a--b", "user": "1x", "secret": 1 }));
        let said = said.unwrap_err().to_string();
        for part in [
            "secret: is no text",
            "secret: one of secret, group and user",
            "group: \"a--b\"",
            "user: \"1x\"",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
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
