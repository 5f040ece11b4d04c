//! What runs, and on which nodes.

use serde_json::{Map, Value};

use super::super::property::Properties;
use crate::engine::Version;
use crate::{Catalog, NodeType};

/// The versions that can be kept: older ones cannot change an AUTH token (facts 2.1).
pub(super) const VERSIONS: &[&str] = &["5.0.6", "6.0", "6.2", "7.0", "7.1"];

pub(super) const MAXMEMORY_POLICIES: &[&str] = &[
    "allkeys-lfu",
    "allkeys-lru",
    "allkeys-random",
    "noeviction",
    "volatile-lfu",
    "volatile-lru",
    "volatile-random",
    "volatile-ttl",
];

pub(super) fn version(read: &mut Properties<'_>) -> Option<Version> {
    let version = read.one_of("RedisEngineVersion", VERSIONS, "7.1");
    version.parse().ok().filter(|_| VERSIONS.contains(&version.as_str()))
}

/// Which node types can be chosen from.
#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    /// What stood before, in an update.
    pub(super) before: Option<&'a Map<String, Value>>,
    /// Whether cold keys are kept on SSD.
    pub(super) data_tiering: bool,
}

/// A node type that can be made. In an update, one of a previous generation may be what stood before it, so ElastiCache is asked.
pub(super) fn node_type(
    read: &mut Properties<'_>,
    property: &str,
    Types { before, data_tiering }: Types<'_>,
    default: Option<&str>,
) -> Option<NodeType> {
    let text = read.text(property).or_else(|| default.map(str::to_owned))?;
    let node_type = read.problems.keep(property, NodeType::parse(&text))?;
    let rule = match Catalog::embedded().find(&node_type) {
        None => format!("{node_type} is not a node type of ElastiCache"),
        Some(entry) if entry.data_tiering && !data_tiering => {
            format!("{node_type} keeps cold keys on SSD; state EnableDataTiering true with it")
        }
        Some(entry) if !entry.data_tiering && data_tiering => {
            format!(
                "{node_type} keeps all keys in memory, and EnableDataTiering is true; state a type such as cache.r6gd.xlarge"
            )
        }
        Some(entry) if !entry.current && before.is_none() => {
            format!("{node_type} is of a previous generation, of which AWS makes no new nodes")
        }
        Some(entry) if entry.redis_from.is_none() => {
            format!("{node_type} runs Valkey only, and this cache is Redis")
        }
        Some(_) => return Some(node_type),
    };
    read.problems.add(property, rule);
    None
}

/// Newer node types do not run older versions.
pub(super) fn runs(read: &mut Properties<'_>, node_type: &NodeType, version: Version) {
    if let Some(from) = Catalog::embedded().find(node_type).and_then(|it| it.redis_from)
        && (version.major, version.minor) < (from.major, from.minor)
    {
        let rule =
            format!("{node_type} runs Redis from {from} on, and RedisEngineVersion is {version}");
        read.problems.add("RedisNodeType", rule);
    }
}
