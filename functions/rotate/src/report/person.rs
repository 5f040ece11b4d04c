//! What a person is told who asked: how it stands, what would be done, and that a rotation begins.

use domain::rotate::{RotationView, Status, VersionId, rehearse, status};
use domain::{Arn, tag};
use jiff::Timestamp;
use platform::Fault;
use platform::journal::Record;
use serde_json::{Value, json};

use super::failed;
use crate::App;
use crate::event::{Subject, name};

/// How it stands with one secret, and on a plan what a rotation would do.
pub(crate) fn of_one(
    secret: &Arn,
    seen: Result<RotationView, Fault>,
    is_plan: bool,
    now: Timestamp,
) -> Value {
    let view = match seen {
        Ok(view) => view,
        Err(fault) => return json!({ "secret": name(secret), "stands": failed(&fault) }),
    };
    let Status { stands, at, since, old_until, current_since, next_rotation, next } =
        status(&view, now);
    let mut told = json!({
        "secret": name(secret),
        "arn": secret.as_str(),
        "stands": stands,
        "next": next,
    });
    let facts = [
        ("group", view.secret.tags.get(tag::GROUP).cloned()),
        ("user", view.secret.tags.get(tag::USER).cloned()),
        ("step", at.map(|it| it.to_string())),
        ("under_way_since", since.map(|it| it.to_string())),
        ("old_one_valid_until", old_until.map(|it| it.to_string())),
        ("current_since", current_since.map(|it| it.to_string())),
        ("next_rotation", next_rotation.map(|it| it.to_string())),
    ];
    if let Value::Object(told) = &mut told {
        for (key, fact) in facts {
            told.extend(fact.map(|it| (key.to_owned(), json!(it))));
        }
        if is_plan {
            let (key, said) = match rehearse(&view, now) {
                Ok(lines) => ("a_rotation_now_would", json!(lines)),
                Err(why) => ("a_rotation_now_would_be_refused", json!(why)),
            };
            told.insert(key.to_owned(), said);
        }
    }
    told
}

/// All of them, and those that there was no time for.
pub(crate) fn of_all(looks: Vec<(&Arn, Option<Value>)>) -> Value {
    let left: Vec<_> =
        looks.iter().filter(|(_, told)| told.is_none()).map(|it| name(it.0)).collect();
    let looked_at = format!("looked at {} secrets, and changed nothing", looks.len() - left.len());
    let summary = match left.first() {
        None => looked_at,
        Some(first) => {
            let how = json!({ "action": "status", "secret": first });
            let (number, names) = (left.len(), left.join(", "));
            format!(
                "{looked_at}; no time was left for {number}: {names}; ask for one alone, as by {how}"
            )
        }
    };
    let secrets: Vec<_> = looks.into_iter().filter_map(|(_, told)| told).collect();
    json!({ "status": "settled", "summary": summary, "secrets": secrets })
}

/// There is no such secret of ours.
pub(crate) fn nobody(subject: &Subject) -> Value {
    let said = format!(
        "Refused: none of the secrets with the tag {} or {} is {subject}; {{\"action\":\"status\"}} tells them all",
        tag::GROUP,
        tag::USER
    );
    json!({ "status": "refused", "summary": said })
}

/// More than one secret holds it, so nobody knows which is meant.
pub(crate) fn many(subject: &Subject, found: usize) -> Value {
    let said = format!("Refused: {found} secrets hold {subject}; name one by \"secret\"");
    json!({ "status": "refused", "summary": said })
}

/// How a rotation that a person asked for began.
pub(crate) fn began(
    app: &App,
    secret: &Arn,
    ended: Result<VersionId, String>,
    now: Timestamp,
) -> Value {
    let (outcome, said) = match &ended {
        Ok(version) => (
            "settled",
            format!(
                "{}: Secrets Manager begins a rotation to version {version}; {{\"action\":\"status\"}} tells how it goes on",
                name(secret)
            ),
        ),
        Err(why) => ("refused", format!("Refused: {}: {why}", name(secret))),
    };
    let record = Record {
        function: "rotate",
        asked: "rotate".to_owned(),
        outcome,
        decided: if ended.is_ok() { "had Secrets Manager rotate" } else { "nothing" }.to_owned(),
        why: said.clone(),
        next: "Secrets Manager calls the four steps".to_owned(),
        evidence: json!({ "secret": secret.as_str() }),
        ..Record::default()
    };
    app.journal.write(&record, now);
    json!({ "status": outcome, "summary": said })
}
