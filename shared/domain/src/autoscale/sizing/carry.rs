//! Whether a size carries what clients ask for (autoscaling B.3).

use super::{Candidate, Minute};

/// What a write costs the primary more for each replica that it is sent to. Assumed (autoscaling B.3).
const FOR_EACH_REPLICA: f64 = 0.02;
/// What a write costs a replica, of what it costs the primary. Assumed.
const REPEATED: f64 = 0.8;

/// What is asked for, a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Demand {
    /// Commands that read.
    pub reads: f64,
    /// Commands that write.
    pub writes: f64,
}

/// How it is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    /// The share of the reads that clients send to replicas.
    pub to_replicas: f64,
    /// The bytes that a command sends.
    pub bytes: f64,
}

/// How far a size may be filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// How busy an engine may be, as a share of one.
    pub busy: f64,
    /// How much of the network's baseline may be used.
    pub network: f64,
}

impl Demand {
    /// What was asked for in a minute, as far as it was served.
    pub fn of(minute: &Minute) -> Self {
        Self { reads: minute.reads, writes: minute.writes }
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, by: f64) -> Self {
        Self { reads: self.reads * by, writes: self.writes * by }
    }
}

/// How busy primary and replicas would be with an engine of so many commands a second.
pub fn busy(demand: Demand, mix: Mix, engine: f64, replicas: u32) -> (f64, f64) {
    let Demand { reads, writes } = demand;
    let count = f64::from(replicas.max(1));
    // Where there is no replica, the reader endpoint leads to the primary.
    let (here, there) =
        if replicas == 0 { (1.0, 0.0) } else { (1.0 - mix.to_replicas, mix.to_replicas) };
    let primary = writes * (1.0 + FOR_EACH_REPLICA * f64::from(replicas)) + here * reads;
    let replica = if replicas == 0 { 0.0 } else { REPEATED * writes + there * reads / count };
    (primary / engine, replica / engine)
}

/// The bytes a second that the member sends which sends most.
pub fn sent(demand: Demand, mix: Mix, replicas: u32) -> f64 {
    let Demand { reads, writes } = demand;
    let here = if replicas == 0 { reads } else { (1.0 - mix.to_replicas) * reads };
    let primary = here + writes * (1.0 + f64::from(replicas));
    let replica = mix.to_replicas * reads / f64::from(replicas.max(1)) + writes;
    primary.max(replica) * mix.bytes
}

/// Whether a size stays inside the limits.
pub fn carries(
    demand: Demand,
    mix: Mix,
    candidate: &Candidate,
    engine: f64,
    replicas: u32,
    limits: Limits,
) -> bool {
    let (primary, replica) = busy(demand, mix, engine, replicas);
    primary <= limits.busy
        && replica <= limits.busy
        && sent(demand, mix, replicas) <= limits.network * candidate.network
}

/// The fewest replicas, from `least` to `most`, with which a node type stays inside the limits.
pub fn replicas(
    demand: Demand,
    mix: Mix,
    candidate: &Candidate,
    engine: f64,
    limits: Limits,
    (least, most): (u32, u32),
) -> Option<u32> {
    // More replicas take load from each other and put some on the primary: the first that carries is the answer, and where the primary
    // is over its limits already, no more of them help.
    (least..=most).find(|it| carries(demand, mix, candidate, engine, *it, limits))
}
