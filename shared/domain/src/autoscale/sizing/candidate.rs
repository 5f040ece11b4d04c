//! What a node type carries, and what it costs.

use crate::NodeType;
use crate::catalog::Entry;
use crate::engine::Engine;

/// A node type that a group may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The type.
    pub node_type: NodeType,
    /// How many commands a second keep the engine's thread busy all the time. Nobody publishes it (autoscaling B.3): it is a belief, put right
    /// by what is seen of the type that the group has.
    pub engine: f64,
    /// The bytes that are left for data.
    pub usable: f64,
    /// The bytes a second that the network carries all the time.
    pub network: f64,
    /// What a burstable one earns: vCPU minutes a minute.
    pub earns: Option<f64>,
    /// The dollars of an hour; where shards share the keys, of one node in each of them.
    pub price: f64,
}

impl Candidate {
    /// A node type with this share of its memory reserved, where it is sold with the engine.
    pub fn of(entry: &Entry, engine: Engine, reserved: f64) -> Option<Self> {
        Some(Self {
            node_type: entry.node_type.clone(),
            engine: engine_ops(entry),
            usable: bytes(entry) * (1.0 - reserved),
            network: gigabits(entry.network),
            earns: entry.credits.map(|it| it.hour / 60.0),
            price: entry.price(engine)?.hour.as_f64(),
        })
    }

    /// What so many nodes cost in an hour.
    pub fn cost(&self, replicas: u32) -> f64 {
        self.price * (1.0 + f64::from(replicas))
    }
}

/// How many commands a second keep an engine busy, as a rounded belief by size: throughput does not grow with the vCPUs, since one thread executes all
/// commands (autoscaling B.3).
pub fn engine_ops(entry: &Entry) -> f64 {
    let size = entry.node_type.as_str().rsplit('.').next().unwrap_or_default();
    let by_size = match size {
        _ if entry.burstable => 80_000.0,
        "large" => 150_000.0,
        "xlarge" => 250_000.0,
        "2xlarge" => 500_000.0,
        _ => 1_000_000.0,
    };
    // Older families have neither the faster cores nor the threads that read and write (+28 % and more).
    let is_old = !entry.burstable && !entry.enhanced_io && size == "large";
    if is_old { by_size / OLD_IS_SLOWER } else { by_size }
}

const OLD_IS_SLOWER: f64 = 1.28;

fn gigabits(rate: f64) -> f64 {
    rate * 1e9 / 8.0
}

#[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^53")]
fn bytes(entry: &Entry) -> f64 {
    entry.maxmemory.0 as f64
}
