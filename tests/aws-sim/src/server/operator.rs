//! What only an operator may ask: `/_sim/…`.

use serde_json::{Value, json};

use super::Simulator;
use crate::elasticache::lose_primary;
use crate::fault::{Fault, Rule, Shortage, Side};
use crate::{Request, Response, State};

pub(super) async fn answer(request: &Request, simulator: &Simulator) -> Response {
    let path = request.uri.split('?').next().unwrap_or_default();
    let answered = match (request.method.as_str(), path) {
        ("GET", "/_sim/health") => Ok(json!({
            "status": "ok",
            "now": simulator.now().to_string(),
            "time_scale": simulator.options.time_scale,
            "memory_scale": simulator.options.memory_scale,
            "ca": simulator.plane.authority(),
        })),
        ("GET", "/_sim/state") => Ok(simulator.world().with(|it| overview(it))),
        ("POST", "/_sim/reset") => {
            simulator.reset().await;
            Ok(json!({ "status": "reset" }))
        }
        ("POST", "/_sim/faults") => simulator.world().with(|it| add_faults(it, &request.body)),
        ("DELETE", "/_sim/faults") => {
            simulator.world().with(|it| it.faults.clear());
            Ok(json!({ "status": "no faults" }))
        }
        ("POST", "/_sim/failover") => fail_over(simulator, &request.body),
        (method, path) => Err(format!(
            "{method} {path} is not one of: GET /_sim/health, GET /_sim/state, POST /_sim/reset, POST or DELETE /_sim/faults, POST /_sim/failover"
        )),
    };
    simulator.stirred.notify_one();
    let (status, body) = match answered {
        Ok(body) => (200, body),
        Err(err) => (400, json!({ "error": err })),
    };
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Response { status, headers, body: format!("{body:#}\n").into_bytes() }
}

/// `{"group": "orders"}`: its primary is lost, as if its machine had died.
fn fail_over(simulator: &Simulator, body: &[u8]) -> Result<Value, String> {
    let wanted: Value = serde_json::from_slice(body).map_err(|err| format!("not JSON: {err}"))?;
    let group = wanted.get("group").and_then(Value::as_str).ok_or("group is missing")?.to_owned();
    let now = simulator.now();
    simulator.world().with(|state| {
        state.advance(now);
        let found = state.elasticache.groups.get(&group).ok_or(format!("no group {group}"))?;
        let lost = found.primary.clone();
        lose_primary(state, &group);
        Ok(json!({ "status": "the primary is lost", "member": lost }))
    })
}

/// `{"rules": [{"operation", "service", "fault", "after", "times"}], "rollbacks": 1, "failing_snapshots": 1, "failing_starts": 1,
/// "shortages": {"cache.t4g.small": "later"}}`, each part optional.
fn add_faults(state: &mut State, body: &[u8]) -> Result<Value, String> {
    let wanted: Value = serde_json::from_slice(body).map_err(|err| format!("not JSON: {err}"))?;
    let rules = wanted.get("rules").and_then(Value::as_array).cloned().unwrap_or_default();
    let rules: Vec<Rule> = rules.iter().map(rule).collect::<Result<_, _>>()?;
    let shortages = wanted.get("shortages").and_then(Value::as_object).cloned().unwrap_or_default();
    for (node_type, when) in shortages {
        let when = match when.as_str() {
            Some("at-once") => Shortage::AtOnce,
            Some("later") => Shortage::Later,
            Some(_) | None => return Err(format!("{when} is neither at-once nor later")),
        };
        state.faults.shortages.insert(node_type, when);
    }
    let plan = &mut state.faults;
    let counts = [
        ("rollbacks", &mut plan.rollbacks),
        ("failing_snapshots", &mut plan.failing_snapshots),
        ("failing_starts", &mut plan.failing_starts),
    ];
    for (name, count) in counts {
        if let Some(number) = wanted.get(name).and_then(Value::as_u64) {
            *count = u32::try_from(number).unwrap_or(u32::MAX);
        }
    }
    for rule in rules {
        plan.add(rule);
    }
    Ok(json!({ "status": "faults added" }))
}

fn rule(wanted: &Value) -> Result<Rule, String> {
    let text = |name: &str| wanted.get(name).and_then(Value::as_str);
    let number = |name: &str| {
        let number = wanted.get(name).and_then(Value::as_u64);
        number.and_then(|it| usize::try_from(it).ok())
    };
    let fault = match text("fault") {
        Some("throttled") => Fault::Throttled,
        Some("unavailable") => Fault::Unavailable,
        Some("denied") => Fault::Denied,
        Some("broken-before") => Fault::Broken(Side::BeforeEffect),
        Some("broken-after") => Fault::Broken(Side::AfterEffect),
        other => {
            return Err(format!(
                "{} is not one of throttled, unavailable, denied, broken-before, broken-after",
                other.unwrap_or("no fault")
            ));
        }
    };
    Ok(Rule {
        service: text("service").map(str::to_owned),
        operation: text("operation").map(str::to_owned),
        after: number("after").unwrap_or(0),
        times: number("times").unwrap_or(1),
        fault,
    })
}

/// What there is, for people. No token and no secret value.
fn overview(state: &State) -> Value {
    let groups = state.elasticache.groups.values().map(|group| {
        let members = group.members.values().map(|it| {
            json!({
                "id": it.id,
                "status": it.status.word(),
                "role": if it.id == group.primary { "primary" } else { "replica" },
                "endpoint": format!("{}:{}", it.endpoint.host, it.endpoint.port),
                "server": it.node.to_string(),
            })
        });
        json!({
            "id": group.id,
            "status": group.status.word(),
            "node_type": group.node_type,
            "primary_endpoint": format!("{}:{}", group.primary_endpoint.host, group.primary_endpoint.port),
            "reader_endpoint": format!("{}:{}", group.reader_endpoint.host, group.reader_endpoint.port),
            "tokens": if group.access.has_token() { group.access.passwords.len() } else { 0 },
            "user_groups": group.user_groups,
            "passwordless": group.access.passwordless,
            "bytes_used": group.bytes_used,
            "members": members.collect::<Vec<_>>(),
        })
    });
    let snapshots = state.elasticache.snapshots.values();
    let snapshots = snapshots.map(|it| json!({ "name": it.name, "status": it.status.word() }));
    let secrets = state.secrets.secrets.values().map(|secret| {
        let labels =
            secret.versions.iter().map(|(id, it)| json!({ "id": id, "labels": it.labels }));
        json!({ "name": secret.name, "versions": labels.collect::<Vec<_>>() })
    });
    json!({
        "now": state.now.to_string(),
        "groups": groups.collect::<Vec<_>>(),
        "snapshots": snapshots.collect::<Vec<_>>(),
        "secrets": secrets.collect::<Vec<_>>(),
        "rotation_steps": state.secrets.history.iter().rev().take(20).map(|it| json!({
            "at": it.at.to_string(),
            "secret": it.secret,
            "step": it.step.word(),
            "error": it.error,
        })).collect::<Vec<_>>(),
        "alarms": state.cloudwatch.alarms.values().map(|it| json!({
            "name": it.name,
            "state": it.state.word(),
        })).collect::<Vec<_>>(),
        "calls": state.calls.len(),
    })
}
