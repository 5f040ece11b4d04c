//! How the clients use a group, as the last hour tells.

use super::carry::{self, Demand, Mix};
use super::{Candidate, History, Minute};

/// A saturated node hides what is asked of it, and an idle one tells nothing of its limits.
pub(in crate::autoscale) const TELLING: std::ops::RangeInclusive<f64> = 0.05..=0.95;
/// What is learned is believed so far. A command may be a look for one key or a walk over thousands: what one takes of an engine differs from one
/// application to the next by far more than the engines do.
pub const LEARNED: (f64, f64) = (0.05, 2.0);
/// What a reply has beside its value, where nobody tells.
const BYTES: f64 = 500.0;

/// How the clients use the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// How it is asked for.
    pub mix: Mix,
    /// How many commands a second its engine takes, as a multiple of what is believed of its type.
    pub factor: f64,
}

/// Reads it from the last hour, as far as the group had this type since: so many minutes.
pub fn measure(history: &History<'_>, candidate: &Candidate, moved: usize) -> Measured {
    let hour = history.last(60.min(moved));
    let reads = hour.mean(|it| it.reads);
    let to_replicas = if reads <= 0.0 { 0.0 } else { hour.mean(|it| it.by_replicas) / reads };
    let mix = Mix { to_replicas: to_replicas.clamp(0.0, 1.0), bytes: BYTES };
    let mix = Mix { bytes: bytes(&hour, mix), ..mix };
    Measured { mix, factor: factor(&hour, mix, candidate) }
}

fn bytes(hour: &History<'_>, mix: Mix) -> f64 {
    let one = Mix { bytes: 1.0, ..mix };
    let commands = hour.mean(|it| carry::sent(Demand::of(it), one, it.replicas));
    if commands < 1.0 { mix.bytes } else { hour.mean(|it| it.sent) / commands }
}

fn factor(hour: &History<'_>, mix: Mix, candidate: &Candidate) -> f64 {
    let tells = |it: &&Minute| it.busiest() < *TELLING.end();
    let (mut expected, mut seen) = (0.0, 0.0);
    for minute in hour.known().filter(tells) {
        let (primary, replica) =
            carry::busy(Demand::of(minute), mix, candidate.engine, minute.replicas);
        expected += primary.max(replica);
        seen += minute.busiest();
    }
    let count = hour.count(|it| tells(&it));
    if count < TOLD_BY || seen < *TELLING.start() * as_f64(count) || expected <= 0.0 {
        return 1.0;
    }
    (expected / seen).clamp(LEARNED.0, LEARNED.1)
}

/// Fewer minutes tell nothing.
pub(in crate::autoscale) const TOLD_BY: usize = 10;

/// A count of minutes.
#[expect(clippy::cast_precision_loss, reason = "a history has some thousand minutes")]
pub(super) fn as_f64(count: usize) -> f64 {
    count as f64
}
