//! What somebody would have done who knew everything before: exact, by dynamic programming over slots of five minutes (autoscaling C.3). Changes
//! happen at once, so it is a lower bound.

use domain::autoscale::sizing::Size;

use crate::ladder::Ladder;
use crate::trace::{Trace, count};
use crate::world::{self, STARTED_HOURS};

const GIB: f64 = 1_073_741_824.0;
const SLOT: usize = 5;

/// What it comes to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Best {
    /// The dollars.
    pub(crate) cost: f64,
    /// Minutes in which clients suffered.
    pub(crate) breach: usize,
    /// Changes of the node type.
    pub(crate) moves: usize,
    /// Changes of the number of replicas.
    pub(crate) replicas: usize,
}

/// Finds it.
pub(crate) fn best(
    ladder: &Ladder,
    trace: &Trace,
    minute: f64,
    held: &[Vec<bool>],
    start: Size,
) -> Best {
    let slots = trace.scored().len() / SLOT;
    let breaches: Vec<Vec<u8>> =
        held.iter().map(|it| by_slot(it.get(trace.warm_up..).unwrap_or_default())).collect();
    let hours = count(SLOT) / 60.0;
    let switch = switches(ladder, trace, minute);
    let sizes = ladder.sizes.len();
    let mut value: Vec<f64> =
        ladder.sizes.iter().map(|it| if *it == start { 0.0 } else { f64::INFINITY }).collect();
    let mut back: Vec<Vec<u8>> = Vec::with_capacity(slots);
    for slot in 0..slots {
        let mut next = Vec::with_capacity(sizes);
        let mut from = Vec::with_capacity(sizes);
        for to in 0..sizes {
            let staying = value.get(to).copied().unwrap_or(f64::INFINITY);
            let mut best = (staying, to);
            let costs =
                value.iter().zip(switch.iter().map(|it| it.get(to).copied().unwrap_or_default()));
            for (at, (value, switch)) in costs.enumerate() {
                if value + switch < best.0 {
                    best = (value + switch, at);
                }
            }
            let here = ladder.costs.get(to).map_or(0.0, |it| it * hours)
                + minute
                    * breaches.get(to).and_then(|it| it.get(slot)).map_or(0.0, |it| f64::from(*it));
            next.push(best.0 + here);
            from.push(u8::try_from(best.1).unwrap_or(u8::MAX));
        }
        value = next;
        back.push(from);
    }
    let path = path(&value, &back, ladder, start);
    sum(ladder, &path, &breaches, &switch, minute)
}

/// The sizes by slot, the one before the first in front.
fn path(value: &[f64], back: &[Vec<u8>], ladder: &Ladder, start: Size) -> Vec<usize> {
    let cheapest = value.iter().enumerate().min_by(|one, other| one.1.total_cmp(other.1));
    let mut at = cheapest.map_or(0, |it| it.0);
    let mut path = Vec::with_capacity(back.len() + 1);
    for from in back.iter().rev() {
        path.push(at);
        at = from.get(at).map_or(at, |it| usize::from(*it));
    }
    path.push(ladder.sizes.iter().position(|it| *it == start).unwrap_or(at));
    path.reverse();
    path
}

fn sum(
    ladder: &Ladder,
    path: &[usize],
    breaches: &[Vec<u8>],
    switch: &[Vec<f64>],
    minute: f64,
) -> Best {
    let mut best = Best::default();
    for (slot, at) in path.iter().skip(1).enumerate() {
        best.cost += ladder.costs.get(*at).map_or(0.0, |it| it * count(SLOT) / 60.0);
        best.breach +=
            breaches.get(*at).and_then(|it| it.get(slot)).map_or(0, |it| usize::from(*it));
    }
    for (from, to) in path.iter().zip(path.iter().skip(1)).filter(|(from, to)| from != to) {
        best.cost += switch.get(*from).and_then(|it| it.get(*to)).copied().unwrap_or_default();
        if type_of(ladder, *from) == type_of(ladder, *to) {
            best.replicas += 1;
        } else {
            best.moves += 1;
            // What a change of the type costs clients is counted as a minute and not as money.
            best.breach += 1;
            best.cost -= minute;
        }
    }
    best
}

fn type_of(ladder: &Ladder, at: usize) -> Option<usize> {
    ladder.sizes.get(at).map(|it| it.at)
}

fn by_slot(minutes: &[bool]) -> Vec<u8> {
    let sum = |it: &[bool]| it.iter().map(|it| u8::from(*it)).sum();
    minutes.chunks_exact(SLOT).map(sum).collect()
}

/// What each change costs: the new nodes while they fill and half an hour more, and a minute of overload for another type.
fn switches(ladder: &Ladder, trace: &Trace, minute: f64) -> Vec<Vec<f64>> {
    let mut data: Vec<f64> = trace.minutes.iter().map(|it| it.data).collect();
    data.sort_by(f64::total_cmp);
    let median = match trace.misses_max {
        Some(_) => 2.0,
        None => (data.get(data.len() / 2).copied().unwrap_or_default() / GIB).min(100.0),
    };
    let moving = (12.0 + 0.5 * median).min(60.0) / 60.0 + STARTED_HOURS;
    let filling = (6.0 + 0.25 * median).min(30.0) / 60.0 + STARTED_HOURS;
    let of = |from: Size, to: Size| {
        let started = world::started(ladder, from, to);
        if from.at == to.at { started * filling } else { started * moving + minute }
    };
    ladder.sizes.iter().map(|from| ladder.sizes.iter().map(|to| of(*from, *to)).collect()).collect()
}
