//! What runs, and on which nodes.

use serde_json::{Map, Value};

use super::super::property::Properties;
use crate::engine::{Engine, Release, Version};
use crate::{Catalog, NodeType};

/// The versions that can be kept, the default last: older ones cannot change an AUTH token (facts 2.1).
fn versions(engine: Engine) -> (&'static [&'static str], &'static str) {
    match engine {
        Engine::Redis => (&["5.0.6", "6.0", "6.2", "7.0", "7.1"], "7.1"),
        Engine::Valkey => (&["7.2", "8.0", "8.1"], "8.1"),
    }
}

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

/// What runs, and on what, as far as it could be read.
pub(super) struct Runs {
    pub(super) engine: Engine,
    pub(super) release: Option<Release>,
    pub(super) node_type: Option<NodeType>,
}

/// Newer node types do not run older versions.
pub(super) fn runs(read: &mut Properties<'_>, types: Types<'_>) -> Runs {
    let engine = engine(read);
    let node_type = node_type(read, "RedisNodeType", engine, types, Some("cache.t4g.micro"));
    let release = version(read, engine).map(|version| Release { engine, version });
    if let (Some(node_type), Some(release)) = (&node_type, release)
        && let Some(rule) = too_old(node_type, release)
    {
        read.problems.add("RedisNodeType", rule);
    }
    Runs { engine, release, node_type }
}

fn engine(read: &mut Properties<'_>) -> Engine {
    read.one_of("Engine", &Engine::WORDS, "redis").parse().unwrap_or(Engine::Redis)
}

/// The version of the engine, whichever it is: the name of the property is older than the other engine.
fn version(read: &mut Properties<'_>, engine: Engine) -> Option<Version> {
    if read.has_problem("Engine") {
        return None;
    }
    let (versions, default) = versions(engine);
    let version = read.one_of("RedisEngineVersion", versions, default);
    version.parse().ok().filter(|_| versions.contains(&version.as_str()))
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
    engine: Engine,
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
        Some(entry) if entry.runs_from(engine).is_none() => {
            format!("{node_type} runs Valkey only, and this cache is {}", engine.name())
        }
        Some(_) => return Some(node_type),
    };
    read.problems.add(property, rule);
    None
}

/// Why a node type does not run this, where it is for the version.
pub(in super::super) fn too_old(node_type: &NodeType, release: Release) -> Option<String> {
    let entry = Catalog::embedded().find(node_type)?;
    let from = entry.runs_from(release.engine).filter(|_| !entry.runs(release))?;
    let (engine, version) = (release.engine.name(), release.version);
    Some(format!("{node_type} runs {engine} from {from} on, and RedisEngineVersion is {version}"))
}
