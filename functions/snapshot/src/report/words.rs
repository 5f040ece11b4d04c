//! Groups, steps and numbers in words.

use std::collections::BTreeMap;

use domain::group::Endpoint;
use domain::provision::diff;
use domain::shard::ShardView;
use domain::snapshot::export::{Export, ExportStep, ExportView};
use domain::snapshot::promote::{PromoteStep, PromoteView};
use domain::snapshot::record::Record;
use domain::snapshot::restore::{Difference, RestoreStep};
use domain::snapshot::standing::{Drills, Generations, Newest, Standing};
use domain::snapshot::take::{ReadFrom, TakeStep};
use domain::{GroupView, MemberId, MemberView, tag};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A group in a few words.
pub(super) fn group(group: Option<&GroupView>) -> String {
    let Some(group) = group else { return "no such group".to_owned() };
    let busy: Vec<_> = group
        .members
        .iter()
        .filter(|it| !it.is_settled())
        .map(|it| format!("{} {}", it.id, it.status))
        .collect();
    let members = group.member_ids.len();
    let busy = if busy.is_empty() { String::new() } else { format!(" ({})", busy.join(", ")) };
    format!("{} is {}, {members} nodes{busy}", group.id, group.status)
}

/// How far behind the replicas of a group are.
pub(super) fn lags(lags: &BTreeMap<MemberId, f64>) -> String {
    let of = |(id, lag): (&MemberId, &f64)| format!(", {id} {lag:.0} s behind");
    lags.iter().map(of).collect::<Vec<_>>().concat()
}

/// A group that was restored and read back, and what is otherwise on its source.
pub(super) fn restored(group: &GroupView, remarks: &[Difference]) -> String {
    let on_off = |it| if it { "on" } else { "off" };
    let endpoint = group.clients_endpoint().map_or("none yet".to_owned(), Endpoint::to_string);
    let mut security: Vec<&str> =
        group.members.iter().flat_map(|it| &it.security_groups).map(String::as_str).collect();
    security.sort_unstable();
    security.dedup();
    // Nobody rotates a token of two groups at once: the secret belongs to the source.
    let token = match group.tags.as_ref().and_then(|it| it.get(tag::SECRET)) {
        Some(secret) if group.auth_token_enabled => {
            format!("on, as {secret} holds it now; a later rotation changes only the source")
        }
        Some(_) | None => on_off(group.auth_token_enabled).to_owned(),
    };
    let users = match group.user_groups.as_slice() {
        [] => String::new(),
        users => format!(", for the users of {}", users.join(" ")),
    };
    let remarks: Vec<_> = remarks.iter().map(|it| format!("; {it}")).collect();
    format!(
        "{} is there: {} {}, endpoint {endpoint}, TLS {}, security groups {}, token {token}{users}{}",
        group.id,
        diff::shape(group),
        group.node_type.as_ref().map_or("an unknown type", |it| it.as_str()),
        on_off(group.transit_encryption),
        if security.is_empty() { "none".to_owned() } else { security.join(" ") },
        remarks.concat()
    )
}

/// The same as data.
pub(super) fn group_evidence(group: &GroupView, remarks: &[Difference]) -> Value {
    let member = |it: &MemberView| {
        json!({
            "id": it.id, "status": it.status, "securityGroups": it.security_groups,
            "parameterGroup": it.parameter_group, "subnetGroup": it.subnet_group,
        })
    };
    let shard = |it: &ShardView| json!({ "id": it.id, "slots": it.slots, "members": it.members });
    json!({
        "status": group.status.to_string(),
        "endpoint": group.clients_endpoint().map(Endpoint::to_string),
        "nodeType": group.node_type,
        "tls": group.transit_encryption,
        "token": group.auth_token_enabled,
        "userGroups": group.user_groups,
        "shards": group.shards.iter().map(shard).collect::<Vec<_>>(),
        "differences": remarks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "members": group.members.iter().map(member).collect::<Vec<_>>(),
    })
}

/// What a step of a snapshot does.
pub(crate) fn taking(step: &TakeStep) -> String {
    let TakeStep::Create { name, of, .. } = step;
    match of {
        ReadFrom::Member(member) => format!("asked for {name} from {member}"),
        ReadFrom::Group(group) => format!("asked for {name} from every shard of {group}"),
    }
}

/// What was counted right before a snapshot, or why nobody counted.
pub(crate) fn counted(counted: &Result<Record, String>) -> String {
    match counted {
        Ok(record) => format!("with {} keys as counted then", record.contents.keys),
        Err(why) => format!("with its keys not counted: {why}"),
    }
}

/// An automatic snapshot and its copy in a few words.
pub(super) fn promotion(view: &PromoteView) -> String {
    let source = view.source.as_ref().map_or("no such automatic snapshot".to_owned(), |it| {
        format!("the snapshot {} is {}", it.name, it.status)
    });
    let copy = view
        .copy
        .as_ref()
        .map_or("no copy yet".to_owned(), |it| format!("the copy {} is {}", it.name, it.status));
    format!("{source}, {copy}")
}

/// A snapshot and what there is of it in a bucket, in a few words.
pub(super) fn export(export: &Export, view: &ExportView) -> String {
    let snapshot = view.snapshot.as_ref().map_or("no such snapshot".to_owned(), |it| {
        format!("the snapshot {} is {}", it.name, it.status)
    });
    let manifest = if view.manifest.is_some() { "and a manifest" } else { "and no manifest" };
    format!(
        "{snapshot}, {} objects begin with {} in {}, {manifest}",
        view.files.len(),
        export.name,
        export.bucket
    )
}

/// What a step of an export does.
pub(crate) fn exporting(export: &Export, step: &ExportStep) -> String {
    match step {
        ExportStep::Copy => {
            format!("asked for the files of {} in {}", export.snapshot, export.bucket)
        }
        ExportStep::Describe(manifest) => {
            format!(
                "wrote {}, which tells of {} files",
                export.manifest_key(),
                manifest.files.len()
            )
        }
    }
}

/// What a step of a promotion does.
pub(crate) fn promoting(step: &PromoteStep) -> String {
    let PromoteStep::Copy { from, name, .. } = step;
    format!("asked for {name}, a copy of {from}")
}

/// What a step of a restore does.
pub(crate) fn restoring(step: &RestoreStep) -> String {
    match step {
        RestoreStep::Create(plan) => format!(
            "asked for {}, {} {}, from {} and like {}",
            plan.target, plan.shape, plan.node_type, plan.snapshot, plan.source.id
        ),
        RestoreStep::PutAlarms(set) => format!("made {} alarms", set.specs.len()),
    }
}

fn drills(drills: &Drills, now: Timestamp) -> Value {
    let last = drills.last.as_ref().map(|(name, verified)| {
        json!({
            "snapshot": name, "verifiedAt": verified.at, "keys": verified.keys,
            "ageSeconds": now.duration_since(verified.at).as_secs(), "tookSeconds": verified.took.as_secs(),
        })
    });
    let failed = drills
        .failed
        .iter()
        .map(|(name, failed)| json!({ "snapshot": name, "at": failed.at, "why": failed.why }));
    json!({
        "days": drills.days.as_ref().ok().copied().flatten().map(std::num::NonZeroU32::get),
        "last": last, "nextDue": drills.due, "overdue": drills.are_overdue(now), "failed": failed.collect::<Vec<_>>(),
    })
}

/// How a group stands, as data.
pub(crate) fn standing(standing: &Standing, now: Timestamp) -> Value {
    let newest = |it: &Newest| {
        json!({
            "snapshot": it.name, "tier": it.tier.as_str(), "takenAt": it.at, "ageSeconds": it.age.as_secs(),
            "bytes": it.size, "nextDue": it.due, "overdue": it.is_overdue(now),
        })
    };
    let generations =
        |it: &Generations| json!({ "tier": it.tier.as_str(), "keep": it.keep, "has": it.has });
    let other = |(name, status): &(String, String)| json!({ "snapshot": name, "status": status });
    json!({
        "group": standing.group,
        "summary": standing.to_string(),
        "newest": standing.newest.as_ref().map(newest),
        "tiers": standing.tiers.iter().map(generations).collect::<Vec<_>>(),
        "count": standing.count,
        "promoted": standing.promoted,
        "dollarsAMonth": standing.month().to_string(),
        "drills": drills(&standing.drills, now),
        "bytes": standing.total,
        "others": standing.others.iter().map(other).collect::<Vec<_>>(),
    })
}

/// How one of very many groups stands, as data: what somebody looks for among them.
pub(crate) fn standing_in_short(standing: &Standing, now: Timestamp) -> Value {
    let newest = standing.newest.as_ref();
    json!({
        "group": standing.group,
        "newest": newest.map(|it| &it.name),
        "count": standing.count,
        "ageSeconds": newest.map(|it| it.age.as_secs()),
        "overdue": standing.is_overdue(now),
        "verifiedAt": standing.drills.last.as_ref().map(|it| it.1.at),
        "drillOverdue": standing.drills.are_overdue(now),
        "dollarsAMonth": standing.month().to_string(),
    })
}

/// How a group stands, as numbers: what alarms watch.
pub(crate) fn standing_metrics(standing: &Standing, now: Timestamp) -> Vec<(&'static str, f64)> {
    let is = |it: bool| if it { 1.0 } else { 0.0 };
    let drills = &standing.drills;
    let mut metrics = vec![("DrillOverdue", is(drills.are_overdue(now)))];
    if let Some(newest) = &standing.newest {
        metrics.push(("SnapshotAgeSeconds", newest.age.as_secs_f64()));
    }
    metrics.push(("SnapshotOverdue", is(standing.is_overdue(now))));
    let verified = drills.last.as_ref().map(|it| now.duration_since(it.1.at).as_secs_f64());
    metrics.extend(verified.map(|it| ("VerifiedAgeSeconds", it)));
    metrics
}

/// A number for a metric.
#[expect(
    clippy::cast_precision_loss,
    reason = "a metric is a double, and sizes are far below 2^53"
)]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

/// A count for a metric.
pub(super) fn count(number: usize) -> f64 {
    float(u64::try_from(number).unwrap_or(u64::MAX))
}
