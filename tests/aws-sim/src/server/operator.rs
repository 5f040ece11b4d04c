//! What only an operator may ask: `/_sim/…`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Simulator, faults};
use crate::elasticache::lose_primary_of;
use crate::elasticache::model::Status;
use crate::redis::Plane;
use crate::{Request, Response, State};

pub(super) async fn answer(request: &Request, simulator: &Simulator) -> Response {
    let path = request.uri.split('?').next().unwrap_or_default();
    let answered = match (request.method.as_str(), path) {
        ("GET", "/_sim/health") => Ok(json!({
            "status": "ok",
            "now": simulator.now().to_string(),
            "time_scale": simulator.options.time_scale,
            "memory_scale": simulator.options.memory_scale,
            "nodes": if simulator.plane.is_some() { "real" } else { "modelled" },
            "ca": simulator.plane.as_ref().map(Plane::authority),
        })),
        ("GET", "/_sim/state") => Ok(simulator.world().with(|it| overview(it))),
        ("GET", "/_sim/calls") => Ok(simulator.world().with(|it| counted(it))),
        ("POST", "/_sim/advance") => advance(simulator, &request.body),
        ("POST", "/_sim/reset") => {
            simulator.reset().await;
            Ok(json!({ "status": "reset" }))
        }
        ("GET", "/_sim/faults") => Ok(simulator.world().with(|it| faults::pending(&it.faults))),
        ("POST", "/_sim/faults") => simulator.world().with(|it| faults::add(it, &request.body)),
        ("DELETE", "/_sim/faults") => {
            simulator.world().with(|it| it.faults.clear());
            Ok(json!({ "status": "no faults" }))
        }
        ("POST", "/_sim/failover") => fail_over(simulator, &request.body),
        (method, path) => Err(format!(
            "{method} {path} is not one of: GET /_sim/health, GET /_sim/state, GET /_sim/calls, POST /_sim/advance, POST /_sim/reset, GET, POST or DELETE /_sim/faults, POST /_sim/failover"
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

/// `{"seconds": 600}`: so much of AWS's time passes at once, and all that is due in it happens. Real servers report as if they had gone on meanwhile.
fn advance(simulator: &Simulator, body: &[u8]) -> Result<Value, String> {
    let wanted: Value = serde_json::from_slice(body).map_err(|err| format!("not JSON: {err}"))?;
    let seconds = wanted.get("seconds").and_then(Value::as_u64);
    let seconds = seconds.and_then(|it| u32::try_from(it).ok()).filter(|it| *it <= SKIP_MAX);
    let wrong = || format!("seconds is not a whole number from 0 to {SKIP_MAX}");
    simulator.skip(seconds.ok_or_else(wrong)?);
    Ok(json!({ "status": "time has passed", "now": simulator.now().to_string() }))
}

/// A quarter of a year at once: alarms are looked at in each of its minutes, and whoever asks waits for that.
const SKIP_MAX: u32 = 90 * 24 * 3600;

/// How often each operation was called, by service.
fn counted(state: &State) -> Value {
    let mut counts: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for ((service, operation), count) in &state.call_counts {
        counts.entry(service).or_default().insert(operation, *count);
    }
    json!(counts)
}

/// `{"group": "orders"}`, with a `"shard"` where there are several: its primary is lost, as if its machine had died.
fn fail_over(simulator: &Simulator, body: &[u8]) -> Result<Value, String> {
    let wanted: Value = serde_json::from_slice(body).map_err(|err| format!("not JSON: {err}"))?;
    let group =
        wanted.get("group").and_then(Value::as_str).ok_or("group is missing")?.to_ascii_lowercase();
    let now = simulator.now();
    simulator.world().with(|state| {
        state.advance(now);
        let found = state.elasticache.groups.get(&group).ok_or(format!("no group {group}"))?;
        if !matches!(found.status, Status::Available) {
            return Err(format!(
                "{group} is not available, and what it does is not interrupted here"
            ));
        }
        let shard = wanted.get("shard").and_then(Value::as_str);
        let shard =
            shard.map_or_else(|| found.shard_ids().first().cloned(), |it| found.shard_named(it));
        let shard = shard.ok_or(format!("{group} has no such shard"))?;
        let lost = found.primaries().find(|it| it.shard == shard).map(|it| it.id.clone());
        lose_primary_of(state, &group, &shard);
        Ok(json!({ "status": "the primary is lost", "member": lost }))
    })
}

/// What there is, for people. No token and no secret value.
fn overview(state: &State) -> Value {
    let groups = state.elasticache.groups.values().map(|group| {
        let members = group.members.values().map(|it| {
            json!({
                "id": it.id,
                "status": it.status.word(),
                "role": if group.is_primary(&it.id) { "primary" } else { "replica" },
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
            "configuration_endpoint": group.shards.as_ref().map(|it| {
                format!("{}:{}", it.configuration_endpoint.host, it.configuration_endpoint.port)
            }),
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
        "calls": state.call_counts.values().sum::<u64>(),
    })
}
