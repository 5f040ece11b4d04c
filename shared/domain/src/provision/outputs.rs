//! What `Fn::GetAtt` may ask for. A token is never among it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{GroupSpec, Replaced, UpstashSpec, diff};
use crate::alarm;
use crate::autoscale::offer::is_smaller;
use crate::cost::bill::Bill;
use crate::group::{Resilience, Tls};
use crate::shard::Shape;
use crate::{Arn, Catalog, GroupView, tag};

/// Attributes by name. All are always there: a template that asks for one that is missing fails.
pub type Attributes = BTreeMap<&'static str, String>;

/// The attributes of a running group, from what was read and nothing else, at these prices of today.
pub fn of_group(
    spec: &GroupSpec,
    group: &GroupView,
    secret: Option<&str>,
    catalog: &Catalog,
    today: Date,
) -> Attributes {
    // With shards there is one address for all, from which clients learn of every node (facts 1.5).
    let primary = group.primary_endpoint.as_ref().or(group.configuration_endpoint.as_ref());
    let reader = group.reader_endpoint.as_ref().or(primary);
    let scheme = if group.tls == Tls::Off { "redis" } else { "rediss" };
    let address =
        |it: Option<&crate::group::Endpoint>| it.map_or(String::new(), |it| it.address.clone());
    BTreeMap::from([
        ("RedisEndpoint", address(primary)),
        ("RedisReaderEndpoint", address(reader)),
        ("RedisPort", primary.map_or(String::new(), |it| it.port.to_string())),
        ("RedisConnectionString", primary.map_or(String::new(), |it| format!("{scheme}://{it}"))),
        ("RedisAuthTokenSecretArn", secret.unwrap_or_default().to_owned()),
        ("ReplicationGroupId", group.id.to_string()),
        ("DeploymentInfo", info(spec, group)),
        ("EstimatedMonthlyCost", cost(spec, group, secret.is_some(), catalog, today)),
    ])
}

/// Adds to what is told of a group.
pub fn add(attributes: &mut Attributes, words: &str) {
    if let Some(info) = attributes.get_mut("DeploymentInfo") {
        info.push_str(", ");
        info.push_str(words);
    }
}

/// The attributes of a database at Upstash.
pub fn of_upstash(spec: &UpstashSpec) -> Attributes {
    let host = spec.url.trim_start_matches("https://").trim_end_matches('/');
    let secret = spec.secret.as_ref().map_or(String::new(), ToString::to_string);
    let login = if secret.is_empty() {
        "credentials kept by you"
    } else {
        "credentials in Secrets Manager, which opened it"
    };
    BTreeMap::from([
        ("RedisEndpoint", host.to_owned()),
        ("RedisReaderEndpoint", host.to_owned()),
        ("RedisPort", "443".to_owned()),
        ("RedisConnectionString", spec.url.clone()),
        ("RedisAuthTokenSecretArn", secret),
        ("ReplicationGroupId", String::new()),
        (
            "DeploymentInfo",
            format!(
                "Upstash Redis over HTTPS, {login}; Cachewarden describes this database and does not manage it"
            ),
        ),
        (
            "EstimatedMonthlyCost",
            // Pricing 4. Which plan a database has, only Upstash knows.
            "billed by Upstash, by its plan: pay as you go $0.20 per 100,000 commands and $0.25 a GB beyond the first, or fixed from $10 for 250 MB (prices of 2026-08-21)".to_owned(),
        ),
    ])
}

fn info(spec: &GroupSpec, group: &GroupView) -> String {
    let node_type = group.node_type.as_ref().map_or("unknown type".to_owned(), ToString::to_string);
    let release = diff::release(group);
    let runs = release.map_or_else(
        || format!("{} of unknown version", spec.engine.name()),
        |it| format!("{} {}", it.engine.name(), it.version),
    );
    let mut parts = vec![
        format!("ElastiCache for {runs}"),
        nodes(group, &node_type),
        match diff::resilience(group) {
            Some(Resilience::MultiAz) => "Multi-AZ with failover",
            Some(Resilience::Failover) => "failover in one zone",
            Some(Resilience::None) | None => "no failover",
        }
        .to_owned(),
        access(spec, group),
    ];
    parts.push(if spec.at_rest { "encrypted at rest" } else { "not encrypted at rest" }.to_owned());
    parts.push(match group.snapshot_retention_days {
        0 => "no daily snapshots".to_owned(),
        days => format!("daily snapshots kept {days} days"),
    });
    if let Some(source) = group.tags.as_ref().and_then(|it| it.get(tag::RESTORED_FROM)) {
        parts.push(format!("filled from {source} when it was made"));
    }
    parts.extend(group.tags.as_ref().and_then(Replaced::read).as_ref().map(in_the_place));
    let waiting = group.members.iter().filter(|it| it.parameter_status == "pending-reboot");
    let waiting: Vec<_> = waiting.map(|it| it.id.to_string()).collect();
    if !waiting.is_empty() {
        parts.push(format!("parameters that wait for a reboot of {}", waiting.join(" and ")));
    }
    if node_type != spec.node_type.as_str() {
        parts.push(format!("{} {}", scaled_by(spec), spec.node_type));
        parts.extend(beyond_ceiling(spec, group));
    }
    parts.extend(other_shape(spec, group));
    match release {
        Some(it) if it.engine != spec.engine => {
            parts.push(format!("in place of the stated {} {}", spec.engine.name(), spec.version));
        }
        Some(it) if it.is_newer_than(spec.release()) => {
            parts.push(format!("newer than the stated {}", spec.version));
        }
        Some(_) | None => {}
    }
    parts.join(", ")
}

/// What is not in a group that took the place of another.
fn in_the_place(Replaced { group, snapshot, with_data }: &Replaced) -> String {
    if *with_data {
        return format!(
            "in the place of {group}: what was written to that after its snapshot {snapshot} is not in this one"
        );
    }
    format!("in the place of {group}, none of whose keys are in this one")
}

/// How many nodes of this type, and how they share the keys. Shards may be of different sizes.
fn nodes(group: &GroupView, node_type: &str) -> String {
    let shape = diff::shape(group);
    if usize::try_from(shape.nodes()).is_ok_and(|it| it == group.member_ids.len()) {
        return format!("{shape} {node_type}");
    }
    format!("{} shards of together {} x {node_type}", shape.shards(), group.member_ids.len())
}

/// Whose change of size it must be: where the autoscaler is to change nothing, somebody else has.
fn scaled_by(spec: &GroupSpec) -> &'static str {
    if spec.autoscale.changes_size() {
        "autoscaled from"
    } else {
        "changed by others from the stated"
    }
}

/// What is told of a node type to which the autoscaler would never have gone, in the order in which it goes.
fn beyond_ceiling(spec: &GroupSpec, group: &GroupView) -> Option<String> {
    let most = spec.autoscale.max_node_type.as_ref().filter(|_| spec.autoscale.changes_size())?;
    let is_beyond = is_smaller(Catalog::embedded(), most, group.node_type.as_ref()?);
    is_beyond.then(|| {
        format!("larger than AutoscaleMaxNodeType {most} and left so, since its keys may have no room there")
    })
}

/// What others did to the size, or nothing.
fn other_shape(spec: &GroupSpec, group: &GroupView) -> Option<String> {
    let stated = spec.shape;
    let is_same = diff::shape(group) == stated;
    let is_same =
        is_same && usize::try_from(stated.nodes()).is_ok_and(|it| it == group.member_ids.len());
    (!is_same).then(|| match stated {
        Shape::Single { nodes } => format!("{} {nodes} nodes", scaled_by(spec)),
        Shape::Sharded { .. } => {
            let each = stated.replicas() + 1;
            format!("in place of the stated {} shards of {each}", stated.shards())
        }
    })
}

/// How clients connect and log in.
fn access(spec: &GroupSpec, group: &GroupView) -> String {
    match (group.tls, group.user_groups.as_slice()) {
        (Tls::Off, _) => "neither TLS nor token".to_owned(),
        (Tls::Preferred, _) => "TLS for clients that ask for it".to_owned(),
        (Tls::Required, [_, ..]) => format!("TLS and users of {}", group.user_groups.join(", ")),
        (Tls::Required, []) if !group.auth_token_enabled => "TLS".to_owned(),
        (Tls::Required, []) if spec.protection.has_token() => "TLS and AUTH token".to_owned(),
        (Tls::Required, []) => "TLS and an AUTH token that is not stated".to_owned(),
    }
}

/// What a running group costs in a month, in words.
pub fn cost(
    spec: &GroupSpec,
    group: &GroupView,
    secret: bool,
    catalog: &Catalog,
    today: Date,
) -> String {
    let Some(node_type) = &group.node_type else {
        return "unknown: ElastiCache tells no node type".to_owned();
    };
    let release = diff::release(group);
    let nodes = u64::try_from(group.member_ids.len()).unwrap_or_default();
    let arn = Arn::parse(&group.arn).ok();
    let bill = Bill {
        region: arn.as_ref().map_or("an unknown region", Arn::region),
        engine: release.map_or(spec.engine, |it| it.engine),
        version: release.map(|it| it.version),
        node_type,
        nodes,
        shards: diff::shape(group).shards().into(),
        snapshots: u64::from(group.snapshot_retention_days) + u64::from(spec.snapshot_keep.most()),
        secret,
        alarm_metrics: if spec.alarms { alarm_metrics(group) } else { 0 },
        today,
    };
    match bill.estimate(catalog) {
        Ok(estimate) => estimate.to_string(),
        Err(unknown) => format!("unknown: {unknown}"),
    }
}

/// An alarm on metric math is paid for each metric in it.
fn alarm_metrics(group: &GroupView) -> u64 {
    let alarms = alarm::wanted(&group.id, &group.member_ids, group.node_type.as_ref());
    let metrics: usize = alarms.iter().map(|it| it.members.len()).sum();
    u64::try_from(metrics).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
