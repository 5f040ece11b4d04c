//! Two weeks of a group under a policy, minute by minute: what it costs, and when its clients suffer.

use domain::autoscale::sizing::{Minute, Size};

use crate::ladder::Ladder;
use crate::physics::{self, Breach, Truth};
use crate::trace::noise::Chance;
use crate::trace::{Curve, DAY, Load, Trace, count};

const GIB: f64 = 1_073_741_824.0;
/// Metrics are seen this many minutes late.
pub(crate) const LATE: usize = 2;
/// A started node is paid for half an hour more on an average, as hours are rounded up.
pub(crate) const STARTED_HOURS: f64 = 0.5;
/// Every day from three to twenty past a snapshot is taken, and calls are refused.
const SNAPSHOT: std::ops::Range<usize> = 180..200;

/// What a policy sees.
#[derive(Debug)]
pub(crate) struct View<'a> {
    /// The minute that it is.
    pub(crate) now: usize,
    /// What the metrics tell of the minutes up to now, without the latest.
    pub(crate) seen: &'a [Option<Minute>],
    /// The size of the group.
    pub(crate) has: Size,
    /// When the last change came to its end.
    pub(crate) changed: Option<usize>,
    /// The changes so far: when each was begun, from which size and to which.
    pub(crate) changes: &'a [(usize, Size, Size)],
    /// Whether a snapshot is being taken: nothing can be changed in the meantime.
    pub(crate) in_window: bool,
}

/// Decides on sizes.
pub(crate) trait Policy {
    /// The size to change to, where there is one.
    fn act(&mut self, view: &View<'_>) -> Option<Size>;
}

/// What became of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// The dollars of all nodes.
    pub(crate) cost: f64,
    /// Minutes in which clients suffered.
    pub(crate) breach: usize,
    /// Those for want of memory.
    pub(crate) memory: usize,
    /// Those of them that the type before the last change would not have had, within a day of it: the change is to blame for them.
    pub(crate) shrunk: usize,
    /// Those for want of CPU.
    pub(crate) engine: usize,
    /// Those for want of network.
    pub(crate) network: usize,
    /// Changes of the node type.
    pub(crate) moves: usize,
    /// Changes of the number of replicas.
    pub(crate) replicas: usize,
    /// Calls that were refused, since a snapshot was being taken.
    pub(crate) refused: usize,
}

/// How hard the world is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hardness {
    /// The share of changes that fail.
    pub(crate) fails: f64,
    /// How much longer changes take.
    pub(crate) slow: f64,
    /// By how much engines are other than believed: the standard deviation.
    pub(crate) believed: f64,
}

impl Default for Hardness {
    fn default() -> Self {
        Self { fails: 0.01, slow: 1.0, believed: 0.10 }
    }
}

/// A change under way.
struct Pending {
    to: Size,
    until: f64,
}

/// Runs a policy over a trace.
pub(crate) fn run(
    ladder: &Ladder,
    truth: &Truth,
    trace: &Trace,
    start: Size,
    policy: &mut dyn Policy,
    (seed, hardness): (u64, Hardness),
) -> Outcome {
    let mut chance = Chance::new(seed);
    let mut out = Outcome::default();
    let mut has = start;
    let mut reserves = physics::reserves(ladder, has, false);
    let mut pending: Option<Pending> = None;
    let mut known: Vec<Option<Minute>> = Vec::with_capacity(trace.minutes.len());
    let mut changes: Vec<(usize, Size, Size)> = Vec::new();
    let mut ended = None;
    // What there was before a change to less, and when that was.
    let mut shrunk: Option<(Size, usize)> = None;
    for (now, load) in trace.minutes.iter().enumerate() {
        let mut cut = false;
        let syncs = pending.as_ref().is_some_and(|it| adds(has, it.to));
        if let Some(done) = pending.take_if(|it| it.until <= count(now)) {
            ended = Some(now);
            if hardness.fails < chance.share() {
                cut = done.to.at != has.at;
                if cut {
                    reserves = physics::reserves(ladder, done.to, true);
                    let room = |it: Size| ladder.types.get(it.at).map_or(0.0, |it| it.usable);
                    shrunk = (room(done.to) < room(has)).then_some((has, now));
                }
                has = done.to;
            }
        }
        let (minute, mut breach) =
            physics::minute(ladder, truth, trace, load, has, &mut reserves, syncs);
        breach.cut = cut;
        known.push(Some(minute));
        if now < trace.warm_up {
            continue;
        }
        let to_blame = shrunk
            .is_some_and(|(before, at)| now < at + DAY && has_room(ladder, trace, load, before));
        out.add(breach, to_blame);
        out.cost += hourly(ladder, has, pending.as_ref()) / 60.0;
        if pending.is_some() {
            continue;
        }
        let in_window = SNAPSHOT.contains(&(now % DAY));
        let told = known.get(..now.saturating_sub(LATE - 1)).unwrap_or_default();
        let view = View { now, seen: told, has, changed: ended, changes: &changes, in_window };
        let Some(to) = policy.act(&view).filter(|it| *it != has) else { continue };
        if in_window {
            out.refused += 1;
            continue;
        }
        let slow = if 0.9 < minute.busiest() { 1.5 } else { 1.0 };
        let takes = takes(has, to, minute.memory, &mut chance) * hardness.slow * slow;
        if to.at == has.at {
            out.replicas += 1;
        } else {
            out.moves += 1;
        }
        out.cost += started(ladder, has, to) * STARTED_HOURS;
        changes.push((now, has, to));
        pending = Some(Pending { to, until: count(now) + takes });
    }
    out
}

impl Outcome {
    fn add(&mut self, breach: Breach, is_shrunk: bool) {
        self.breach += usize::from(breach.any());
        self.memory += usize::from(breach.memory);
        self.shrunk += usize::from(breach.memory && is_shrunk);
        self.engine += usize::from(breach.engine);
        self.network += usize::from(breach.network);
    }
}

/// Whether a size would have had enough memory.
fn has_room(ladder: &Ladder, trace: &Trace, load: &Load, size: Size) -> bool {
    let room = ladder.types.get(size.at).map_or(0.0, |it| it.usable);
    match (trace.misses_max, load.curve) {
        (Some(most), Some(curve)) => curve.misses(room) <= most,
        (_, _) => load.data <= room,
    }
}

fn adds(has: Size, to: Size) -> bool {
    to.at != has.at || has.replicas < to.replicas
}

/// The dollars of an hour, of the nodes that are on their way too.
fn hourly(ladder: &Ladder, has: Size, pending: Option<&Pending>) -> f64 {
    ladder.cost(has) + pending.map_or(0.0, |it| started(ladder, has, it.to))
}

/// The dollars of an hour of the nodes that a change starts: a whole new set for another type.
pub(crate) fn started(ladder: &Ladder, has: Size, to: Size) -> f64 {
    if to.at == has.at { (ladder.cost(to) - ladder.cost(has)).max(0.0) } else { ladder.cost(to) }
}

/// How many minutes a change takes.
fn takes(has: Size, to: Size, memory: f64, chance: &mut Chance) -> f64 {
    let gib = memory / GIB;
    if to.at != has.at {
        (12.0 + 0.5 * gib).min(60.0) * chance.between(0.8, 1.3)
    } else if has.replicas < to.replicas {
        (6.0 + 0.25 * gib).min(30.0) * chance.between(0.8, 1.3)
    } else {
        4.0
    }
}

/// For each size, how many of each five minutes clients would suffer if it were held throughout.
pub(crate) fn held(ladder: &Ladder, truth: &Truth, trace: &Trace) -> Vec<Vec<bool>> {
    let one = |size: &Size| {
        let mut reserves = physics::reserves(ladder, *size, false);
        let minute = |load: &Load| {
            physics::minute(ladder, truth, trace, load, *size, &mut reserves, false).1.any()
        };
        trace.minutes.iter().map(minute).collect()
    };
    ladder.sizes.iter().map(one).collect()
}

/// The largest scale of the misses' curves.
pub(crate) fn curve_scale(minutes: &[Load]) -> f64 {
    let of = |it: &Load| it.curve.map_or(0.0, |it: Curve| it.scale);
    minutes.iter().map(of).fold(0.0, f64::max)
}
