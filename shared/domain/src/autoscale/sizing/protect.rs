//! What is done at once when a group is hot: the cheapest size that carries what it has now and what is coming.

use super::carry::{self, Demand};
use super::ground::{Ground, Tried};
use super::{Candidate, Case, History, Kind, Minute, Size, replay};

/// What is hot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Heat {
    /// The engine's thread.
    Engine,
    /// The network.
    Network,
    /// The memory of a store, or the misses of a cache.
    Memory,
    /// The CPU credits, which are nearly gone.
    Credits,
}

/// What is hot over the last minutes.
pub fn heat(case: &Case<'_>, candidate: &Candidate) -> Option<Heat> {
    let (history, bounds, rule) = (&case.history, case.bounds, case.rule);
    let recent = history.last(5);
    let is_full = |it: f64| rule.memory_hot * candidate.usable < it;
    let memory = match bounds.kind {
        Kind::Store => 3 <= recent.count(|it| is_full(it.memory)),
        Kind::Cache { misses } => {
            replay::HOT_MISSES * misses < history.last(15).mean(|it| it.misses)
        }
    };
    if memory {
        return Some(Heat::Memory);
    }
    // The burst of a network lasts longer than a spike.
    if 8 <= history.last(10).count(|it| 0.95 * candidate.network < it.sent) {
        return Some(Heat::Network);
    }
    let busy = recent.mean(Minute::busiest);
    let is_low =
        |most: f64| history.last(1).known().any(|it| it.credits.is_some_and(|it| it < 0.10 * most));
    let drains = candidate
        .earns
        .is_some_and(|earns| 0.9 * earns < replay::spent(busy) && is_low(earns * 1440.0));
    if drains {
        return Some(Heat::Credits);
    }
    (3 <= recent.count(|it| rule.hot < it.busiest())).then_some(Heat::Engine)
}

/// What the group will be asked for soon: the most of the last minutes, and what comes if they go on like that for as long as a change takes.
pub fn coming(history: &History<'_>) -> Demand {
    let recent = history.last(5);
    let ahead = |of: fn(&Minute) -> f64| {
        let most = recent.most(of);
        let slope = (recent.mean(of) - history.last(15).before(10).mean(of)) / 10.0;
        (most + 15.0 * slope.max(0.0)).min(2.0 * most)
    };
    let demand = Demand { reads: ahead(|it| it.reads), writes: ahead(|it| it.writes) };
    demand.times(hidden(&recent))
}

/// What it was asked for at most of late.
fn asked(history: &History<'_>) -> Demand {
    let recent = history.last(5);
    let demand = Demand { reads: recent.most(|it| it.reads), writes: recent.most(|it| it.writes) };
    demand.times(hidden(&recent))
}

/// A saturated engine hides what else is asked of it.
fn hidden(recent: &History<'_>) -> f64 {
    if 0.97 < recent.most(Minute::busiest) { 1.35 } else { 1.0 }
}

/// The cheapest size that is dearer than the one the group has and carries what is coming.
pub fn grown(heat: Heat, ground: &Ground<'_>) -> Option<Size> {
    let case = ground.case;
    let (has, rule, history) = (case.has, case.rule, &case.history);
    let now = case.candidates.get(has.at)?;
    let demand = coming(history);
    let hour = history.last(60);
    let steady = Demand { reads: hour.mean(|it| it.reads), writes: hour.mean(|it| it.writes) };
    let memory = room_for(heat, case, now);
    // What grows by its engine may have less memory only where the data of the past fit.
    let past = replay::memory(case);
    let has_room = |it: &Candidate| {
        memory <= it.usable && (now.usable <= it.usable || past <= rule.memory * it.usable)
    };
    let fits = |it: &Tried<'_>, replicas: u32| {
        let (primary, replica) = carry::busy(steady, ground.measured.mix, it.engine, replicas);
        let is_earned = |earns| replay::spent(primary.max(replica)) <= rule.credits * earns;
        has_room(it.candidate)
            && ground.carries(demand, it, replicas, rule.grown)
            && it.candidate.earns.is_none_or(is_earned)
    };
    // Replicas of the same type are there sooner: they need not carry all that may come.
    let asked = asked(history);
    let relieves = |it: &Tried<'_>, replicas: u32| {
        memory <= it.candidate.usable && ground.carries(asked, it, replicas, rule.plan)
    };
    let dearer = now.cost(has.replicas);
    let cost = |(size, it): &(Size, Tried<'_>)| it.candidate.cost(size.replicas);
    let open = || ground.sizes().filter(|it| dearer < cost(it) && cost(it) <= rule.leap * dearer);
    let cheapest = open()
        .filter(|(size, it)| fits(it, size.replicas))
        .min_by(|one, other| order(one).total_cmp(&order(other)));
    let own = open()
        .filter(|(size, it)| {
            size.at == has.at && has.replicas < size.replicas && relieves(it, size.replicas)
        })
        .min_by_key(|it| it.0.replicas);
    match (cheapest, own) {
        // Faster, and no client loses its connection (autoscaling B.3).
        (Some(one), Some(own)) if cost(&own) <= 1.5 * cost(&one) => Some(own.0),
        (Some((size, _)), _) => Some(size),
        (None, Some((own, _))) => Some(own),
        // Nothing carries it, and the data counts more than what is slow.
        (None, None) if heat == Heat::Memory && open().any(|(_, it)| has_room(it.candidate)) => {
            open()
                .filter(|(_, it)| has_room(it.candidate))
                .min_by(|one, other| order(one).total_cmp(&order(other)))
                .map(|it| it.0)
        }
        // What helps most, if it helps.
        (None, None) => {
            let strain =
                |it: &Tried<'_>, replicas| strain(heat, (demand, steady), ground, it, replicas);
            let before = strain(&ground.tried(has.at)?, has.replicas);
            let helps = open().filter(|(_, it)| now.usable <= it.candidate.usable);
            let helps = helps.map(|it| (it.0, strain(&it.1, it.0.replicas), cost(&it)));
            helps
                .filter(|it| it.1 < HELPS * before)
                .min_by(|one, other| one.1.total_cmp(&other.1).then(one.2.total_cmp(&other.2)))
                .map(|it| it.0)
        }
    }
}

/// What is hot, as a share of what a size takes of it.
fn strain(
    heat: Heat,
    (demand, steady): (Demand, Demand),
    ground: &Ground<'_>,
    it: &Tried<'_>,
    replicas: u32,
) -> f64 {
    let mix = ground.measured.mix;
    let busy = |of: Demand| {
        let (primary, replica) = carry::busy(of, mix, it.engine, replicas);
        primary.max(replica)
    };
    match heat {
        Heat::Engine => busy(demand),
        Heat::Network => carry::sent(demand, mix, replicas) / it.candidate.network,
        Heat::Memory => 1.0 / it.candidate.usable,
        Heat::Credits => {
            it.candidate.earns.map_or(0.0, |earns| replay::spent(busy(steady)) / earns)
        }
    }
}

/// What is hot is to become less by more than noise, or nothing is gained.
const HELPS: f64 = 0.95;

/// The bytes that a size must have for data, by those of the last minutes; of a cache, by those that it has.
fn room_for(heat: Heat, case: &Case<'_>, now: &Candidate) -> f64 {
    let stored = || case.history.last(5).most(|it| it.memory);
    match (case.bounds.kind, heat) {
        (Kind::Store, Heat::Memory) => stored() * 1.15 / 0.90,
        (Kind::Store, Heat::Engine | Heat::Network | Heat::Credits) => stored() / 0.95,
        (Kind::Cache { .. }, Heat::Memory) => now.usable * 0.85 * 1.35 / 0.90,
        (Kind::Cache { .. }, Heat::Engine | Heat::Network | Heat::Credits) => {
            now.usable * 0.85 / 0.95
        }
    }
}

/// By cost, and by the larger memory where it is the same.
fn order((size, it): &(Size, Tried<'_>)) -> f64 {
    it.candidate.cost(size.replicas) - 1e-15 * it.candidate.usable
}
