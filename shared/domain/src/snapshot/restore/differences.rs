//! What of a new group is not as it is on the source, by value.

use std::collections::BTreeMap;

use crate::group::{Resilience, Tls};
use crate::log::{LogKind, LogStatus};
use crate::provision::diff;
use crate::shard::Shape;
use crate::{GroupView, MemberView, Tags};

use super::planned::resilience;
use super::{Difference, SnapshotView};

/// What has it, and what it should be.
type Pair = (&'static str, String, String);

/// What makes a group unfit for use: it is less closed than the source, or falls with one node. Its size is left out: the autoscaler may
/// move either meanwhile.
pub(in crate::snapshot) fn grave(source: &GroupView, target: &GroupView) -> Vec<Difference> {
    let mut pairs = vec![
        ("TLS", tls(target), tls(source)),
        (
            "encryption at rest",
            on_off(target.at_rest_encryption),
            on_off(source.at_rest_encryption),
        ),
        ("the token", on_off(target.auth_token_enabled), on_off(source.auth_token_enabled)),
        ("who logs in", users(target), users(source)),
        ("cluster mode", on_off(target.cluster_enabled), on_off(source.cluster_enabled)),
        ("failover", resilient(target), resilient(source)),
    ];
    pairs.extend(of_members(source, target, |member, model| {
        vec![
            ("security groups", sorted(&member.security_groups), sorted(&model.security_groups)),
            (
                "the subnet group",
                text(member.subnet_group.as_ref()),
                text(model.subnet_group.as_ref()),
            ),
            (
                "the parameter group",
                text(member.parameter_group.as_ref()),
                text(model.parameter_group.as_ref()),
            ),
        ]
    }));
    pairs.extend(too_few(source, target));
    differing(pairs)
}

/// What harms nobody, and that somebody may have changed since.
pub(in crate::snapshot) fn slight(
    source: &GroupView,
    target: &GroupView,
    snapshot: Option<&SnapshotView>,
) -> Vec<Difference> {
    let (shape, like) = (diff::shape(target), diff::shape(source));
    let mut pairs = vec![
        ("the number of replicas", shape.replicas().to_string(), like.replicas().to_string()),
        (
            "the retention of automatic snapshots",
            days(target.snapshot_retention_days),
            days(source.snapshot_retention_days),
        ),
        ("the snapshot window", target.snapshot_window.clone(), source.snapshot_window.clone()),
        ("the key", text(target.kms_key.as_ref()), text(source.kms_key.as_ref())),
        ("the network", network(target), network(source)),
        ("the upgrade of minor versions", upgrades(target).to_owned(), upgrades(source).to_owned()),
    ];
    if let (Some(snapshot), Shape::Sharded { shards, .. }) =
        (snapshot.filter(|it| it.is_sharded()), shape)
    {
        let saved = snapshot.shards.len().to_string();
        pairs.push(("the number of shards", shards.to_string(), saved));
    }
    pairs.extend(LogKind::ALL.map(|it| (log_name(it), log(target, it), log(source, it))));
    pairs.extend(of_members(source, target, |member, model| {
        vec![
            (
                "the maintenance window",
                member.maintenance_window.clone(),
                model.maintenance_window.clone(),
            ),
            (
                "the topic",
                text(member.notification_topic.as_ref()),
                text(model.notification_topic.as_ref()),
            ),
        ]
    }));
    differing(pairs)
}

/// Tags that were given, and are otherwise now.
pub(in crate::snapshot) fn of_tags(wanted: &Tags, has: &Tags) -> Vec<Difference> {
    let written = |tags: &Tags| {
        let of = |it: (&String, &String)| format!("{}={}", it.0, it.1);
        sorted(&tags.iter().map(of).collect::<Vec<_>>())
    };
    let is_off = |(key, value): &(&String, &String)| has.get(*key) != Some(value);
    let off: Tags = wanted.iter().filter(is_off).map(owned).collect();
    let now: Tags = has.iter().filter(|(key, _)| off.contains_key(*key)).map(owned).collect();
    differing(vec![("the tags", written(&now), written(&off))])
}

fn owned((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

/// What is compared on every node with the first one of the source.
fn of_members(
    source: &GroupView,
    target: &GroupView,
    pairs: impl Fn(&MemberView, &MemberView) -> Vec<Pair>,
) -> Vec<Pair> {
    let Some(model) = source.members.first() else { return Vec::new() };
    let all = target.members.iter().flat_map(|it| pairs(it, model));
    // The same on every member is told once.
    let once: BTreeMap<(&str, String), Pair> = all.map(|it| ((it.0, it.1.clone()), it)).collect();
    once.into_values().collect()
}

/// A group that is to survive a node needs another one, in every shard that has keys.
fn too_few(source: &GroupView, target: &GroupView) -> Option<Pair> {
    let nodes = target.members.len();
    match (resilience(source), diff::shape(target)) {
        (Resilience::MultiAz | Resilience::Failover, Shape::Single { .. }) if nodes < 2 => {
            Some(("the number of nodes", nodes.to_string(), "2 or more".to_owned()))
        }
        (Resilience::MultiAz, Shape::Sharded { replicas: 0, .. }) => {
            Some(("the number of replicas of a shard", "0".to_owned(), "1 or more".to_owned()))
        }
        _ => None,
    }
}

fn differing(pairs: Vec<Pair>) -> Vec<Difference> {
    let differs = pairs.into_iter().filter(|(_, has, wants)| has != wants);
    differs.map(|(what, has, wants)| Difference { what, has, wants }).collect()
}

fn on_off(is_on: bool) -> String {
    if is_on { "on" } else { "off" }.to_owned()
}

fn text(it: Option<&String>) -> String {
    it.map_or("none", String::as_str).to_owned()
}

fn sorted(list: &[String]) -> String {
    let mut list = list.to_vec();
    list.sort();
    if list.is_empty() { "none".to_owned() } else { list.join(" ") }
}

fn days(days: u32) -> String {
    if days == 0 { "off".to_owned() } else { format!("{days} days") }
}

fn tls(group: &GroupView) -> String {
    match group.tls {
        Tls::Off => "off",
        Tls::Preferred => "preferred",
        Tls::Required => "on",
    }
    .to_owned()
}

fn users(group: &GroupView) -> String {
    if group.user_groups.is_empty() {
        return "nobody by name".to_owned();
    }
    format!("the users of {}", sorted(&group.user_groups))
}

fn network(group: &GroupView) -> String {
    format!("{} led to by {}", group.network_type, group.ip_discovery)
}

fn upgrades(group: &GroupView) -> &'static str {
    // Where it is not told, it is as on a new group.
    if group.auto_minor_version_upgrade.unwrap_or(true) { "on" } else { "off" }
}

fn log_name(kind: LogKind) -> &'static str {
    match kind {
        LogKind::Slow => "the slow log",
        LogKind::Engine => "the engine log",
    }
}

fn log(group: &GroupView, kind: LogKind) -> String {
    let Some(seen) = group.logs.iter().find(|it| it.kind == kind) else { return "off".to_owned() };
    let to = seen.delivery.as_ref().map_or("an unknown place".to_owned(), ToString::to_string);
    match &seen.status {
        LogStatus::Active | LogStatus::Changing => to,
        LogStatus::Failed(why) => format!("{to}, which fails: {why}"),
    }
}

fn resilient(group: &GroupView) -> String {
    match resilience(group) {
        Resilience::None => "off",
        Resilience::Failover => "on",
        Resilience::MultiAz => "on over several zones",
    }
    .to_owned()
}
