//! What an operator wants to go wrong: `POST /_sim/faults`.

mod shown;

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::State;
use crate::drive::EventMishap;
use crate::fault::{Delivery, Fault, Happening, Rule, Shortage, Side};

pub(super) use shown::pending;

/// A list of rules, or `{"rules": […], "events": […], "rollbacks": 1, "stuck_members": 1, "failing_snapshots": 1, "failing_starts": 1, "late_shortages": 1,
/// "shortages": {"cache.t4g.small": "later"}, "disabled_keys": ["alias/orders"], "missing_destinations": ["a-log-group"]}`, each part optional. Nothing is added where anything is wrong.
pub(super) fn add(state: &mut State, body: &[u8]) -> Result<Value, String> {
    let wanted: Value = serde_json::from_slice(body).map_err(|err| format!("not JSON: {err}"))?;
    let mut plan = state.faults.clone();
    let parts = match wanted {
        Value::Array(_) => Map::from_iter([("rules".to_owned(), wanted)]),
        Value::Object(parts) => parts,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(format!("{wanted} is neither a list of rules nor an object"));
        }
    };
    for (name, part) in &parts {
        match name.as_str() {
            "rules" => {
                let rules = part.as_array().ok_or_else(|| format!("{part} is no list of rules"))?;
                for each in rules {
                    plan.add(rule(each).map_err(|err| format!("{err}, in the rule {each}"))?);
                }
            }
            "events" => {
                let events = part.as_array().ok_or_else(|| format!("{part} is no list"))?;
                for it in events {
                    let read = delivery(it).map_err(|err| format!("{err}, in the event {it}"))?;
                    plan.add_delivery(read);
                }
            }
            "rollbacks" => plan.rollbacks = count(name, part)?,
            "stuck_members" => plan.stuck_members = count(name, part)?,
            "failing_snapshots" => plan.failing_snapshots = count(name, part)?,
            "failing_starts" => plan.failing_starts = count(name, part)?,
            "late_shortages" => plan.late_shortages = count(name, part)?,
            "shortages" => {
                let types = part.as_object().ok_or_else(|| format!("{part} is no object"))?;
                for (node_type, when) in types {
                    plan.shortages.insert(node_type.clone(), shortage(when)?);
                }
            }
            "disabled_keys" => plan.disabled_keys.extend(names(name, part)?),
            "missing_destinations" => plan.missing_destinations.extend(names(name, part)?),
            other => {
                return Err(format!(
                    "{other} is not one of rules, events, rollbacks, stuck_members, failing_snapshots, failing_starts, late_shortages, shortages, disabled_keys, missing_destinations"
                ));
            }
        }
    }
    state.faults = plan;
    Ok(json!({ "status": "faults added" }))
}

fn names(name: &str, wanted: &Value) -> Result<Vec<String>, String> {
    let texts = wanted.as_array().into_iter().flatten();
    let texts: Option<Vec<_>> = texts.map(|it| it.as_str().map(str::to_owned)).collect();
    texts
        .filter(|_| wanted.is_array())
        .ok_or_else(|| format!("{name}: {wanted} is no list of names"))
}

fn shortage(when: &Value) -> Result<Shortage, String> {
    match when.as_str() {
        Some("at-once") => Ok(Shortage::AtOnce),
        Some("later") => Ok(Shortage::Later),
        Some(_) | None => Err(format!("{when} is neither at-once nor later")),
    }
}

/// `{"service"?, "operation"?, "after"?, "times"?, "fault"}`: of the calls that it names, `after` are passed over, and `times` are hit.
fn rule(wanted: &Value) -> Result<Rule, String> {
    let parts = wanted.as_object().ok_or("a rule is an object")?;
    let mut fault = None;
    let mut rule = Rule::next(Fault::Unavailable);
    for (name, part) in parts {
        let text = || part.as_str().map(str::to_owned).ok_or(format!("{name}: {part} is no text"));
        match name.as_str() {
            "service" => rule.service = Some(text()?),
            "operation" => rule.operation = Some(text()?),
            "after" => rule.after = number(name, part)?,
            "times" => rule.times = number(name, part)?,
            "fault" => fault = Some(read_fault(part)?),
            other => {
                return Err(format!(
                    "{other} is not one of service, operation, after, times, fault"
                ));
            }
        }
    }
    Ok(Rule { fault: fault.ok_or("fault is missing")?, ..rule })
}

/// `{"to"?, "after"?, "times"?, "mishap"}`: of the events that it names, `after` are passed over, and `times` are hit.
fn delivery(wanted: &Value) -> Result<Delivery, String> {
    let parts = wanted.as_object().ok_or("what befalls events is an object")?;
    let (mut to, mut after, mut times, mut mishap) = (None, 0, 1, None);
    for (name, part) in parts {
        match name.as_str() {
            "to" => to = Some(part.as_str().ok_or(format!("to: {part} is no text"))?.to_owned()),
            "after" => after = number(name, part)?,
            "times" => times = number(name, part)?,
            "mishap" => mishap = Some(read_mishap(part)?),
            other => return Err(format!("{other} is not one of to, after, times, mishap")),
        }
    }
    Ok(Delivery { to, after, times, mishap: mishap.ok_or("mishap is missing")? })
}

fn read_mishap(wanted: &Value) -> Result<EventMishap, String> {
    match (wanted.as_str(), only(wanted)) {
        (Some("lost"), _) => Ok(EventMishap::Lost),
        (Some("doubled"), _) => Ok(EventMishap::Doubled),
        (_, Some(("lateSeconds", seconds))) => {
            let late = seconds.as_u64().and_then(|it| u32::try_from(it).ok());
            let late = late.filter(|it| f64::from(*it) <= SLOW_SECONDS_MAX);
            let late = late.map(|it| EventMishap::Late(SignedDuration::from_secs(it.into())));
            late.ok_or_else(|| {
                format!("lateSeconds: {seconds} is not a whole number from 0 to {SLOW_SECONDS_MAX}")
            })
        }
        _ => Err(format!("{wanted} is not a mishap: lost, doubled, {{\"lateSeconds\": number}}")),
    }
}

/// The only field of an object that has one.
fn only(wanted: &Value) -> Option<(&str, &Value)> {
    let only = wanted.as_object().filter(|it| it.len() == 1)?;
    only.iter().next().map(|(name, part)| (name.as_str(), part))
}

fn read_side(name: &str, side: &Value) -> Result<Side, String> {
    match side.as_str() {
        Some("before") => Ok(Side::BeforeEffect),
        Some("after") => Ok(Side::AfterEffect),
        Some(_) | None => Err(format!("{name}: {side} is neither before nor after")),
    }
}

fn read_happening(wanted: &Value) -> Result<Happening, String> {
    let found = HAPPENINGS.iter().find(|(word, _)| wanted.as_str() == Some(word));
    found.map(|(_, it)| *it).ok_or_else(|| {
        let words = HAPPENINGS.map(|(word, _)| word).join(", ");
        format!("meanwhile: {wanted} is not one of {words}")
    })
}

/// What may happen just before a call, by a word for it.
const HAPPENINGS: [(&str, Happening); 4] = [
    ("primary-lost", Happening::PrimaryLost),
    ("node-type-rolls-back", Happening::NodeTypeRollsBack),
    ("start-fails", Happening::StartFails),
    ("snapshot-fails", Happening::SnapshotFails),
];

fn read_fault(wanted: &Value) -> Result<Fault, String> {
    let named = match wanted.as_str() {
        Some("throttled") => Some(Fault::Throttled),
        Some("unavailable") => Some(Fault::Unavailable),
        Some("denied") => Some(Fault::Denied),
        Some("broken-before") => Some(Fault::Broken(Side::BeforeEffect)),
        Some("broken-after") => Some(Fault::Broken(Side::AfterEffect)),
        Some(_) | None => None,
    };
    if let Some(fault) = named {
        return Ok(fault);
    }
    match only(wanted) {
        Some(("broken", side)) => read_side("broken", side).map(Fault::Broken),
        Some(("cut", side)) => read_side("cut", side).map(Fault::Cut),
        Some(("meanwhile", happening)) => read_happening(happening).map(Fault::Meanwhile),
        Some(("answer", answer)) => read_answer(answer),
        Some(("slowSeconds", seconds)) => {
            let time = seconds.as_f64().filter(|it| *it <= SLOW_SECONDS_MAX);
            let time = time.and_then(|it| Duration::try_from_secs_f64(it).ok());
            time.map(Fault::Slow).ok_or_else(|| {
                format!("slowSeconds: {seconds} is not a number from 0 to {SLOW_SECONDS_MAX}")
            })
        }
        Some(_) | None => Err(format!(
            "{wanted} is not a fault: throttled, unavailable, denied, {{\"broken\" or \"cut\": \"before\" or \"after\"}}, {{\"meanwhile\": word}}, {{\"answer\": {{\"status\", \"code\", \"message\"}}}}, {{\"slowSeconds\": number}}"
        )),
    }
}

/// A day: no client waits longer.
const SLOW_SECONDS_MAX: f64 = 86_400.0;

/// `{"status": 400, "code": "InvalidSubnet", "message": "…"}`, an error that AWS gives for a reason that is not modelled.
fn read_answer(wanted: &Value) -> Result<Fault, String> {
    let wrong = |name: &str, what: &str| format!("answer: {name} is not {what}");
    let text = |name: &str| wanted.get(name).and_then(Value::as_str).map(str::to_owned);
    let status = wanted.get("status").and_then(Value::as_u64);
    let status = status.and_then(|it| u16::try_from(it).ok()).filter(|it| (400..600).contains(it));
    let status = status.ok_or_else(|| wrong("status", "a number from 400 to 599"))?;
    let code = text("code").filter(|it| !it.is_empty() && it.is_ascii());
    let code = code.ok_or_else(|| wrong("code", "a text"))?;
    let message = text("message").ok_or_else(|| wrong("message", "a text"))?;
    Ok(Fault::Answer(status, code, message))
}

fn count(name: &str, wanted: &Value) -> Result<u32, String> {
    u32::try_from(number(name, wanted)?).map_err(|_| format!("{name}: {wanted} is too many"))
}

fn number(name: &str, wanted: &Value) -> Result<usize, String> {
    let number = wanted.as_u64().and_then(|it| usize::try_from(it).ok());
    number.ok_or_else(|| format!("{name}: {wanted} is not a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, World};

    #[track_caller]
    fn check(body: &str, expected: Result<(), &str>) {
        let world = World::new(Settings::default());
        let ended = world.with(|it| add(it, body.as_bytes()));
        match (ended, expected) {
            (Ok(_), Ok(())) => {}
            (Err(err), Err(part)) => {
                assert!(err.contains(part), "{err}");
                assert!(world.with(|it| it.faults.is_spent()), "half of it was added");
            }
            (ended, _) => panic!("{ended:?} for {body}"),
        }
    }

    #[test]
    fn every_fault_can_be_told() {
        for fault in [
            r#""throttled""#,
            r#""unavailable""#,
            r#""denied""#,
            r#""broken-after""#,
            r#"{"broken": "before"}"#,
            r#"{"answer": {"status": 400, "code": "InvalidSubnet", "message": "no"}}"#,
            r#"{"slowSeconds": 2.5}"#,
            r#"{"cut": "after"}"#,
            r#"{"meanwhile": "primary-lost"}"#,
        ] {
            check(&format!(r#"[{{"operation": "CreateSnapshot", "fault": {fault}}}]"#), Ok(()));
        }
        check(
            r#"{"rules": [], "rollbacks": 2, "late_shortages": 1, "shortages": {"cache.t4g.small": "later"}}"#,
            Ok(()),
        );
        check(r#"{"disabled_keys": ["alias/a"], "missing_destinations": ["b", "c"]}"#, Ok(()));
    }

    #[test]
    fn what_is_wrong_is_named_and_nothing_is_added() {
        check("{", Err("not JSON"));
        check("7", Err("neither a list"));
        check(r#"[{"fault": "denied"}, {"fault": "deny"}]"#, Err("\"deny\" is not a fault"));
        check(r#"[{"service": "sns"}]"#, Err("fault is missing"));
        check(r#"[{"fault": "denied", "times": -1}]"#, Err("times: -1"));
        check(r#"[{"fault": "denied", "operations": "X"}]"#, Err("operations is not one of"));
        check(r#"[{"fault": {"broken": "between"}}]"#, Err("neither before nor after"));
        check(r#"[{"fault": {"slowSeconds": -1}}]"#, Err("slowSeconds: -1"));
        check(
            r#"[{"fault": {"answer": {"status": 200, "code": "A", "message": ""}}}]"#,
            Err("status"),
        );
        check(r#"[{"fault": {"cut": 1}}]"#, Err("cut: 1 is neither before nor after"));
        check(r#"[{"fault": {"meanwhile": "rain"}}]"#, Err("not one of primary-lost, "));
        check(r#"{"events": {}}"#, Err("no list"));
        check(r#"{"events": ["lost"]}"#, Err("is an object"));
        check(r#"{"events": [{"mishap": "lost"}, {"to": "a"}]}"#, Err("mishap is missing"));
        check(r#"{"events": [{"mishap": "eaten"}]}"#, Err("\"eaten\" is not a mishap"));
        check(r#"{"events": [{"mishap": {"lateSeconds": 86401}}]}"#, Err("lateSeconds: 86401"));
        check(r#"{"events": [{"mishap": "lost", "at": 1}]}"#, Err("at is not one of"));
        check(r#"{"rules": {}}"#, Err("no list of rules"));
        check(r#"{"disabled_keys": "alias/a"}"#, Err("no list of names"));
        check(r#"{"missing_destinations": [1]}"#, Err("no list of names"));
        check(r#"{"rolbacks": 1}"#, Err("rolbacks is not one of"));
    }
}
