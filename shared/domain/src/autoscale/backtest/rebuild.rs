//! What the metrics of a minute would have said, had the group had another size.

use super::super::sizing::carry::{self, Demand, Mix};
use super::super::sizing::replay::spent;
use super::super::sizing::{Candidate, Kind, Minute, Size};

/// A size with its node type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sized<'a> {
    /// The node type.
    pub(super) candidate: &'a Candidate,
    /// The size.
    pub(super) size: Size,
}

/// The CPU credits that a node carries from minute to minute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Credits(f64);

impl Credits {
    /// Of a group that stood for long: half of what it can save.
    pub(super) fn half(candidate: &Candidate) -> Self {
        Self(candidate.earns.map_or(0.0, |it| it * SAVED / 2.0))
    }

    /// Of new nodes, which ElastiCache gives none (autoscaling B.4).
    pub(super) fn none() -> Self {
        Self(0.0)
    }

    /// How busy an engine can be with them, as a share of one.
    fn cap(self, candidate: &Candidate) -> f64 {
        match candidate.earns {
            Some(earns) if self.0 <= 0.0 => cap(earns),
            Some(_) | None => 1.0,
        }
    }

    /// A minute goes by in which the engine was so busy.
    fn spend(&mut self, candidate: &Candidate, busy: f64) {
        if let Some(earns) = candidate.earns {
            self.0 = (self.0 + earns - spent(busy)).clamp(0.0, earns * SAVED);
        }
    }
}

/// The minute as it would have been, of what was seen of the group as it was. Where both are the same it is what was seen.
pub(super) fn minute(
    seen: &Minute,
    mix: Mix,
    had: Sized<'_>,
    has: Sized<'_>,
    kind: Kind,
    syncs: bool,
    credits: &mut Credits,
) -> Minute {
    let to = has.candidate;
    if had.size.at == has.size.at && seen.replicas == has.size.replicas && !syncs {
        match seen.credits {
            Some(left) => *credits = Credits(left),
            None => credits.spend(to, seen.busiest()),
        }
        return *seen;
    }
    let (primary, replica) = busy(seen, mix, had.candidate, has);
    let primary = primary + if syncs { SYNC } else { 0.0 };
    let cap = credits.cap(to);
    let (here, there) = (served(primary, cap), served(replica, cap));
    credits.spend(to, primary.max(replica).min(cap));
    let to_replicas = if has.size.replicas == 0 { 0.0 } else { mix.to_replicas };
    let by_replicas = seen.reads * to_replicas * there;
    Minute {
        reads: seen.reads * (1.0 - to_replicas) * here + by_replicas,
        by_replicas,
        writes: seen.writes * here,
        primary: primary.min(cap),
        replica: replica.min(cap),
        memory: seen.memory.min(to.usable),
        sent: sent(seen, mix, has.size.replicas) * here,
        misses: match kind {
            Kind::Store => seen.misses,
            // Of a hit rate that grows ever slower with the memory, no more is lost than in proportion.
            Kind::Cache { .. } => {
                1.0 - (1.0 - seen.misses) * (to.usable / seen.memory.max(1.0)).min(1.0)
            }
        },
        credits: to.earns.map(|_| credits.0),
        replicas: has.size.replicas,
    }
}

/// How busy primary and replicas would have been: as the model says, times what it was wrong by in what was seen.
fn busy(seen: &Minute, mix: Mix, had: &Candidate, has: Sized<'_>) -> (f64, f64) {
    let demand = Demand::of(seen);
    let (was_primary, was_replica) = carry::busy(demand, mix, had.engine, seen.replicas);
    let engine = has.candidate.engine;
    let (primary, replica) = carry::busy(demand, mix, engine, has.size.replicas);
    // What an engine does without being asked for anything does not depend on commands.
    let idle = had.engine / engine;
    let scaled = |seen: f64, was: f64, is: f64| {
        if was < NOTHING { seen * idle } else { is * seen / was }
    };
    let of_replica = match (seen.replicas, has.size.replicas) {
        (_, 0) => 0.0,
        // Nothing was seen of a replica: the model is as wrong as it is of the primary.
        (0, _) if NOTHING <= was_primary => replica * seen.primary / was_primary,
        (0, _) => replica,
        (_, _) => scaled(seen.replica, was_replica, replica),
    };
    (scaled(seen.primary, was_primary, primary), of_replica)
}

fn sent(seen: &Minute, mix: Mix, replicas: u32) -> f64 {
    let demand = Demand::of(seen);
    let was = carry::sent(demand, mix, seen.replicas);
    if was < 1.0 { seen.sent } else { seen.sent * carry::sent(demand, mix, replicas) / was }
}

/// Which share of what is asked of an engine it serves.
fn served(busy: f64, cap: f64) -> f64 {
    if busy <= cap { 1.0 } else { cap / busy }
}

/// How busy an engine of a burstable node may be that has nothing but what it earns (autoscaling B.4).
pub(super) fn cap(earns: f64) -> f64 {
    (earns - 0.03) / 1.15
}

/// What a sync takes of the primary (autoscaling C.2).
const SYNC: f64 = 0.05;
/// So little of an engine is nothing.
const NOTHING: f64 = 1e-4;
/// The credits of so many minutes can be saved: a day's.
const SAVED: f64 = 1440.0;
