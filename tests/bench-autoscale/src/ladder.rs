//! The sizes that a group of the benchmark may have (autoscaling C.2): eleven node types with one to five replicas.

use domain::autoscale::sizing::{Candidate, Size};
use domain::catalog::Entry;
use domain::engine::Engine;
use domain::{Catalog, NodeType};

/// The node types, at the prices of Valkey.
const TYPES: [&str; 11] = [
    "t4g.micro",
    "t4g.small",
    "t4g.medium",
    "m7g.large",
    "r7g.large",
    "m7g.xlarge",
    "r7g.xlarge",
    "m7g.2xlarge",
    "r7g.2xlarge",
    "m7g.4xlarge",
    "r7g.4xlarge",
];

/// The most replicas.
pub(crate) const REPLICAS_MAX: u32 = 5;

/// The share of a node's memory that is reserved.
const RESERVED: f64 = 0.25;

/// The sizes.
#[derive(Debug)]
pub(crate) struct Ladder {
    /// What the policies know of each node type.
    pub(crate) types: Vec<Candidate>,
    /// What else there is to know.
    pub(crate) nodes: Vec<Node>,
    /// All sizes, by type and number of replicas.
    pub(crate) sizes: Vec<Size>,
    /// What an hour of each costs.
    pub(crate) costs: Vec<f64>,
}

/// What a policy does not have to know of a node type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// The bytes a second that the network carries for a while.
    pub(crate) burst: f64,
    /// The most CPU credits that it saves.
    pub(crate) credits: f64,
    /// Which types share an error of what is believed of their engines.
    pub(crate) class: usize,
}

impl Ladder {
    /// The ladder of the specification.
    ///
    /// # Errors
    ///
    /// The type that the catalog does not know.
    pub(crate) fn new() -> Result<Self, String> {
        let mut types = Vec::new();
        let mut nodes = Vec::new();
        for name in TYPES {
            let lacks = || format!("the catalog has no {name}");
            let node_type = NodeType::parse(&format!("cache.{name}")).map_err(|_| lacks())?;
            let entry = Catalog::embedded().find(&node_type).ok_or_else(lacks)?;
            types.push(Candidate::of(entry, Engine::Valkey, RESERVED).ok_or_else(lacks)?);
            nodes.push(node(entry));
        }
        let sizes: Vec<Size> = (0..types.len())
            .flat_map(|at| (1..=REPLICAS_MAX).map(move |replicas| Size { at, replicas }))
            .collect();
        let cost = |it: &Size| types.get(it.at).map_or(0.0, |of| of.cost(it.replicas));
        let costs = sizes.iter().map(cost).collect();
        Ok(Self { types, nodes, sizes, costs })
    }

    /// What an hour of a size costs.
    pub(crate) fn cost(&self, size: Size) -> f64 {
        self.types.get(size.at).map_or(0.0, |it| it.cost(size.replicas))
    }
}

/// The name of a size.
pub(crate) fn name(size: Size) -> String {
    let of = TYPES.get(size.at).copied().unwrap_or_default();
    format!("{of} with {}", size.replicas)
}

fn node(entry: &Entry) -> Node {
    let class = match entry.node_type.as_str().rsplit('.').next() {
        _ if entry.burstable => 0,
        Some("large") => 1,
        Some("xlarge") => 2,
        Some(_) | None => 3,
    };
    Node {
        burst: entry.network_burst * 1e9 / 8.0,
        credits: entry.credits.map_or(0.0, |it| it.most),
        class,
    }
}
