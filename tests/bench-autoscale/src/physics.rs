//! What a group of a size does with the load of a minute (autoscaling C.2). All of it is a model.

use domain::autoscale::sizing::carry::{self, Demand, Mix};
use domain::autoscale::sizing::replay::spent;
use domain::autoscale::sizing::{Minute, Size};

use crate::ladder::Ladder;
use crate::trace::{Load, Trace};

/// How busy an engine may be before clients feel it.
const BUSY_MAX: f64 = 0.90;
/// How many minutes the network carries its burst from a full bucket.
const BUCKET_MINUTES: f64 = 30.0;
/// The bytes of a reply beside its value.
const BESIDE_VALUE: f64 = 80.0;

/// The truth about the engines, which no policy knows: commands a second of each node type.
#[derive(Clone, Debug)]
pub(crate) struct Truth(pub(crate) Vec<f64>);

/// What a node carries from minute to minute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserves {
    /// CPU credits.
    pub(crate) credits: f64,
    /// Bytes that may be sent above the baseline.
    pub(crate) bucket: f64,
}

/// Why clients suffer in a minute.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each may be so beside the others")]
pub(crate) struct Breach {
    /// An engine is too busy.
    pub(crate) engine: bool,
    /// The data do not fit, or a cache misses too much.
    pub(crate) memory: bool,
    /// The network is at its end.
    pub(crate) network: bool,
    /// Connections are cut by a change of the node type.
    pub(crate) cut: bool,
}

impl Breach {
    /// Whether there is any.
    pub(crate) fn any(self) -> bool {
        self.engine || self.memory || self.network || self.cut
    }
}

/// What a new group begins with: half of its credits where it stood long, none where it was just made, since ElastiCache gives none (autoscaling B.4).
pub(crate) fn reserves(ladder: &Ladder, size: Size, is_new: bool) -> Reserves {
    let credits = ladder.nodes.get(size.at).map_or(0.0, |it| it.credits);
    Reserves { credits: if is_new { 0.0 } else { credits / 2.0 }, bucket: full(ladder, size) }
}

fn full(ladder: &Ladder, size: Size) -> f64 {
    let burst = ladder.nodes.get(size.at).map_or(0.0, |it| it.burst);
    let baseline = ladder.types.get(size.at).map_or(0.0, |it| it.network);
    (burst - baseline) * 60.0 * BUCKET_MINUTES
}

/// A minute of a group of this size, of which a sync may take some of the primary.
pub(crate) fn minute(
    ladder: &Ladder,
    truth: &Truth,
    trace: &Trace,
    load: &Load,
    size: Size,
    reserves: &mut Reserves,
    syncs: bool,
) -> (Minute, Breach) {
    let (Some(candidate), Some(node), Some(engine)) =
        (ladder.types.get(size.at), ladder.nodes.get(size.at), truth.0.get(size.at))
    else {
        return (idle(size), Breach::default());
    };
    let demand = Demand { reads: load.reads, writes: load.writes };
    let mix = Mix { to_replicas: trace.to_replicas, bytes: trace.value + BESIDE_VALUE };
    let (primary, replica) = carry::busy(demand, mix, *engine, size.replicas);
    let primary = primary + if syncs { 0.05 } else { 0.0 };
    // Without credits a burstable node has what it earns.
    let cap = match candidate.earns {
        Some(earns) if reserves.credits <= 0.0 => (earns - 0.03) / 1.15,
        Some(_) | None => 1.0,
    };
    let served = (primary.min(cap), replica.min(cap));
    if let Some(earns) = candidate.earns {
        let left = reserves.credits + earns - spent(served.0.max(served.1));
        reserves.credits = left.clamp(0.0, node.credits);
    }
    let sent = carry::sent(demand, mix, size.replicas);
    let network = network(sent, candidate.network, node.burst, full(ladder, size), reserves);
    let misses = load.curve.map_or(0.0, |it| it.misses(candidate.usable));
    let memory = match trace.misses_max {
        Some(most) => most < misses,
        None => candidate.usable < load.data,
    };
    let breach = Breach {
        engine: BUSY_MAX * cap < primary || BUSY_MAX * cap < replica,
        memory,
        network,
        cut: false,
    };
    // What a saturated primary does not serve is not in its metrics.
    let share = if primary <= 0.0 { 1.0 } else { (served.0 / primary).min(1.0) };
    let seen = Minute {
        reads: load.reads * share,
        by_replicas: load.reads * share * trace.to_replicas,
        writes: load.writes * share,
        primary: served.0,
        replica: served.1,
        memory: load.data.min(candidate.usable),
        sent: sent * share,
        misses,
        credits: candidate.earns.map(|_| reserves.credits),
        replicas: size.replicas,
    };
    (seen, breach)
}

fn network(sent: f64, baseline: f64, burst: f64, full: f64, reserves: &mut Reserves) -> bool {
    let over = sent - baseline;
    if burst <= baseline {
        return 0.0 < over;
    }
    reserves.bucket = (reserves.bucket - over * 60.0).clamp(0.0, full);
    burst < sent || (0.0 < over && reserves.bucket <= 0.0)
}

fn idle(size: Size) -> Minute {
    Minute {
        reads: 0.0,
        by_replicas: 0.0,
        writes: 0.0,
        primary: 0.0,
        replica: 0.0,
        memory: 0.0,
        sent: 0.0,
        misses: 0.0,
        credits: None,
        replicas: size.replicas,
    }
}
