//! What `Fn::GetAtt` may ask for. A token is never among it.

use std::collections::BTreeMap;

use super::{GroupSpec, Protection, UpstashSpec, diff};
use crate::engine::Engine;
use crate::group::Resilience;
use crate::{Catalog, GroupView, cost};

/// Attributes by name. All are always there: a template that asks for one that is missing fails.
pub type Attributes = BTreeMap<&'static str, String>;

/// The attributes of a running group, from what was read and nothing else.
pub fn of_group(spec: &GroupSpec, group: &GroupView, secret: Option<&str>) -> Attributes {
    let primary = group.primary_endpoint.as_ref();
    let reader = group.reader_endpoint.as_ref().or(primary);
    let scheme = if spec.protection.has_tls() { "rediss" } else { "redis" };
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
        ("EstimatedMonthlyCost", estimate(group)),
    ])
}

/// The attributes of a database at Upstash.
pub fn of_upstash(spec: &UpstashSpec) -> Attributes {
    let host = spec.url.trim_start_matches("https://").trim_end_matches('/');
    let secret = spec.secret.as_ref().map_or(String::new(), ToString::to_string);
    let login = if secret.is_empty() {
        "credentials kept by you"
    } else {
        "credentials in Secrets Manager"
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
            "by use, billed by Upstash: see the plan in its console".to_owned(),
        ),
    ])
}

fn info(spec: &GroupSpec, group: &GroupView) -> String {
    let node_type = group.node_type.as_ref().map_or("unknown type".to_owned(), ToString::to_string);
    let version = diff::version(group).map_or("unknown version".to_owned(), |it| it.to_string());
    let mut parts = vec![
        format!("ElastiCache for Redis {version}"),
        format!("{} x {node_type}", group.member_ids.len()),
        match diff::resilience(group) {
            Some(Resilience::MultiAz) => "Multi-AZ with failover",
            Some(Resilience::Failover) => "failover in one zone",
            Some(Resilience::None) | None => "no failover",
        }
        .to_owned(),
        match spec.protection {
            Protection::Plain => "neither TLS nor token",
            Protection::Tls => "TLS",
            Protection::TlsWithToken => "TLS and AUTH token",
        }
        .to_owned(),
    ];
    parts.push(if spec.at_rest { "encrypted at rest" } else { "not encrypted at rest" }.to_owned());
    parts.push(match group.snapshot_retention_days {
        0 => "no daily snapshots".to_owned(),
        days => format!("daily snapshots kept {days} days"),
    });
    if node_type != spec.node_type.as_str() {
        parts.push(format!("autoscaled from {}", spec.node_type));
    }
    if usize::try_from(spec.nodes).is_ok_and(|it| it != group.member_ids.len()) {
        parts.push(format!("autoscaled from {} nodes", spec.nodes));
    }
    if diff::version(group).is_some_and(|it| diff::is_newer(it, spec.version)) {
        parts.push(format!("newer than the stated {}", spec.version));
    }
    parts.join(", ")
}

fn estimate(group: &GroupView) -> String {
    let nodes = u64::try_from(group.member_ids.len()).unwrap_or_default();
    let month = group
        .node_type
        .as_ref()
        .and_then(|it| cost::monthly(Catalog::embedded(), it, Engine::Redis, nodes));
    month.map_or("unknown: the catalog has no price for this node type".to_owned(), |it| {
        it.to_string()
    })
}

#[cfg(test)]
mod tests;
