//! Which node types a group may have: what the operator allows, what carries its engine and its clients, and why the others are none.

use std::fmt;

use super::policy::Policy;
use super::sizing::Candidate;
use crate::catalog::Entry;
use crate::engine::{Engine, Release, Version};
use crate::{Catalog, NodeType};

/// The node types that a group may have, the one that it has among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// What each carries, and what one node of it in each shard costs.
    pub candidates: Vec<Candidate>,
    /// Which of them the group has.
    pub has: usize,
    /// Those that the operator allows and that do not serve, and why.
    pub out: Vec<(NodeType, Out)>,
}

/// Why a node type that the operator allows does not serve.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Out {
    /// It runs newer versions of the engine only.
    Version,
    /// It takes too few clients.
    Clients,
    /// So many bytes are reserved on every node whatever its size: on another one that may be all of it (autoscaling B.5).
    ReservedBytes,
    /// It did not take, too recently.
    Failed,
}

/// What is kept from data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reserve {
    /// This share of the memory.
    Share(f64),
    /// So many bytes, whatever the node type.
    Bytes(f64),
}

impl Reserve {
    /// Where a parameter group says nothing else (facts 4.2).
    pub const DEFAULT: Self = Self::Share(Self::DEFAULT_SHARE);
    /// The same as a number.
    pub const DEFAULT_SHARE: f64 = 0.25;
}

/// What is known of a group besides its past.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What the operator allows.
    pub policy: &'a Policy,
    /// The engine.
    pub engine: Engine,
    /// The version that all members run.
    pub version: Option<Version>,
    /// How many primaries share the keys.
    pub shards: u32,
    /// What is kept from data.
    pub reserve: Reserve,
    /// The bytes that are left for data on the type that it has, as its metrics tell.
    pub usable: Option<f64>,
    /// The most clients that were connected to any member.
    pub clients: f64,
    /// Node types that did not take.
    pub failed: &'a [NodeType],
}

impl fmt::Display for Out {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "runs newer versions of the engine only",
            Self::Clients => "takes too few clients",
            Self::ReservedBytes => {
                "the parameter reserved-memory keeps so many bytes on every size; set reserved-memory-percent in its place"
            }
            Self::Failed => "did not take the last time",
        })
    }
}

impl Offer {
    /// Finds them, or nothing where the catalog does not know the type that the group has.
    pub fn of(catalog: &Catalog, current: &NodeType, asked: &Asked<'_>) -> Option<Self> {
        let has = catalog.find(current)?;
        let mut offer = Self { candidates: Vec::new(), has: 0, out: Vec::new() };
        for entry in allowed(catalog, has, asked) {
            let is_current = entry.node_type == *current;
            let why = if is_current { None } else { asked.against(entry) };
            if let Some(why) = why {
                offer.out.push((entry.node_type.clone(), why));
                continue;
            }
            let reserved = asked.reserved(entry, is_current);
            let Some(mut candidate) = Candidate::of(entry, asked.engine, reserved) else {
                continue;
            };
            candidate.price *= f64::from(asked.shards);
            if is_current {
                candidate.usable = asked.usable.unwrap_or(candidate.usable);
                offer.has = offer.candidates.len();
            }
            offer.candidates.push(candidate);
        }
        offer.candidates.get(offer.has).is_some_and(|it| it.node_type == *current).then_some(offer)
    }

    /// Leaves those out that have less room for data than the present one. Where nobody says how many reads may miss, evictions are no reason to grow,
    /// and a smaller memory would only make more of them.
    pub fn no_less_memory(&mut self) {
        let Some(present) = self.current().cloned() else { return };
        self.candidates.retain(|it| present.usable <= it.usable);
        let is_present = |it: &Candidate| it.node_type == present.node_type;
        self.has = self.candidates.iter().position(is_present).unwrap_or_default();
    }

    /// The type that the group has.
    pub fn current(&self) -> Option<&Candidate> {
        self.candidates.get(self.has)
    }
}

/// Whether the operator lets a group go from one type to another.
pub fn is_allowed(catalog: &Catalog, from: &NodeType, to: &NodeType, policy: &Policy) -> bool {
    let types = catalog.find(from).zip(catalog.find(to));
    types.is_some_and(|(from, to)| may_be(catalog, from, to, policy))
}

/// What the smallest size costs in a month that the operator lets a group of this type and so many shards have, in dollars.
pub fn least_a_month(
    catalog: &Catalog,
    (shards, has): (u32, &NodeType),
    policy: &Policy,
    engine: Engine,
) -> Option<f64> {
    let has = catalog.find(has)?;
    let types = catalog
        .iter()
        .filter(|it| it.node_type == has.node_type || may_be(catalog, has, it, policy));
    let hours = types.filter_map(|it| Some(it.price(engine)?.hour.as_f64()));
    let nodes = f64::from(shards) * (1.0 + f64::from(policy.min_replicas));
    hours.min_by(f64::total_cmp).map(|it| it * nodes * HOURS_A_MONTH)
}

/// As AWS counts them.
pub(super) const HOURS_A_MONTH: f64 = 730.0;

/// Whether the operator lets it have this type: one that is listed, or of its family or the ceiling's, and not above the ceiling.
fn may_be(catalog: &Catalog, has: &Entry, it: &Entry, policy: &Policy) -> bool {
    let top = policy.max_node_type.as_ref().and_then(|it| catalog.find(it));
    let is_named = if policy.node_types.is_empty() {
        let families = [Some(has), top];
        families.iter().flatten().any(|of| of.node_type.family() == it.node_type.family())
    } else {
        policy.node_types.iter().any(|of| of.names(&it.node_type))
    };
    // Nodes with data tiering and without are never changed to each other (facts 4.1).
    is_named
        && it.current
        && it.data_tiering == has.data_tiering
        && top.is_none_or(|top| it.maxmemory <= top.maxmemory)
}

/// What the operator allows, by memory, and what the group has.
fn allowed<'a>(catalog: &'a Catalog, has: &'a Entry, asked: &Asked<'_>) -> Vec<&'a Entry> {
    let mut entries: Vec<&Entry> = catalog
        .iter()
        .filter(|it| may_be(catalog, has, it, asked.policy))
        .filter(|it| it.price(asked.engine).is_some() && it.node_type != has.node_type)
        .collect();
    entries.push(has);
    entries.sort_by(|one, other| {
        (one.maxmemory, &one.node_type).cmp(&(other.maxmemory, &other.node_type))
    });
    entries
}

impl Asked<'_> {
    /// Why a type other than the present one does not serve.
    fn against(&self, entry: &Entry) -> Option<Out> {
        let release = self.version.map(|version| Release { engine: self.engine, version });
        if self.failed.contains(&entry.node_type) {
            Some(Out::Failed)
        } else if release.is_some_and(|it| !entry.runs(it)) {
            Some(Out::Version)
        } else if clients_max(entry) * CLIENTS_SHARE < self.clients {
            Some(Out::Clients)
        } else if matches!(self.reserve, Reserve::Bytes(_)) {
            Some(Out::ReservedBytes)
        } else {
            None
        }
    }

    /// The share of a type's memory that is no room for data. A small node needs more of it while it copies (autoscaling B.5), so none is chosen
    /// as if it needed less.
    fn reserved(&self, entry: &Entry, is_current: bool) -> f64 {
        let said = match self.reserve {
            Reserve::Share(share) => share,
            Reserve::Bytes(bytes) => (bytes / as_f64(entry.maxmemory.0)).clamp(0.0, 1.0),
        };
        if is_current { said } else { said.max(least_reserved(entry)) }
    }
}

fn least_reserved(entry: &Entry) -> f64 {
    match entry.node_type.as_str().rsplit('.').next() {
        Some("micro") => 0.50,
        Some("small") => 0.30,
        Some(_) | None => 0.0,
    }
}

/// Whether a type has less memory than another, as far as the catalog knows both.
pub fn is_smaller(catalog: &Catalog, one: &NodeType, other: &NodeType) -> bool {
    let memory = |it: &NodeType| catalog.find(it).map(|it| it.maxmemory);
    memory(one).zip(memory(other)).is_some_and(|(one, other)| one < other)
}

/// `maxclients` of a type: 20,000 on the micro and T2 ones, 65,000 on the others but for small and medium burstable ones (autoscaling D.5).
pub(super) fn clients_max(entry: &Entry) -> f64 {
    if entry.node_type.family() == "t2" {
        return 20_000.0;
    }
    match (entry.burstable, entry.node_type.as_str().rsplit('.').next()) {
        (true, Some("micro")) => 20_000.0,
        (true, _) => 46_000.0,
        (false, _) => 65_000.0,
    }
}

/// As many clients of what a type takes leave room for all to come back at once after a failover.
pub(super) const CLIENTS_SHARE: f64 = 0.8;

#[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^53")]
fn as_f64(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests;
