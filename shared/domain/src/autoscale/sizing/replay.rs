//! The past once more, with every node type: what it would have cost, and for how many minutes it would have failed.

use super::carry::{self, Demand};
use super::ground::{Ground, Tried};
use super::measure::as_f64;
use super::ripple::Ripple;
use super::schedule::{Schedule, Wants, slot};
use super::{Case, History, Kind, Minute, Rule};

/// What became of one node type.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// The replicas of each slot of the day.
    pub schedule: Schedule,
    /// The dollars of a day, overload among them.
    pub day: f64,
    /// Why it is none to choose, where it is not.
    pub bar: Option<Bar>,
}

/// Why a node type is none to choose.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Bar {
    /// The data would not fit.
    Memory,
    /// The load would eat up its CPU credits.
    Credits,
    /// Its fewest replicas cost more than the operator pays.
    Budget,
}

/// Replays one node type.
pub fn one(ground: &Ground<'_>, load: &Ripple, tried: &Tried<'_>) -> Schedule {
    let (rule, bounds) = (ground.case.rule, ground.case.bounds);
    let (fewest, most) = ground.range(tried);
    let mut wants = Wants::new(rule.slot, (fewest, most));
    let slots = 1440_usize.div_ceil(rule.slot.max(1));
    for (at, level) in &load.levels {
        let slot = slot(*at, slots);
        let mut least = fewest;
        for (share, ripple) in &load.ripples {
            let demand =
                Demand { reads: level.reads * ripple.reads, writes: level.writes * ripple.writes };
            let range = (least, most);
            let replicas = ground.replicas(demand.times(rule.margin), tried, range);
            // The next ripple is no smaller.
            least = replicas.unwrap_or(most);
            wants.add(slot, replicas, share * load.each);
        }
    }
    wants.schedule(tried.candidate.price, bounds.minute)
}

/// Replays all of them.
pub fn all(ground: &Ground<'_>) -> Vec<Replayed> {
    let case = ground.case;
    let window = case.history.last(case.rule.look_back);
    let load = Ripple::of(&window);
    let needs = memory(case);
    let of = |tried: Tried<'_>| {
        let schedule = one(ground, &load, &tried);
        let bar = if case.rule.memory * tried.candidate.usable < needs {
            Some(Bar::Memory)
        } else if tried.at != case.has.at && ground.most(&tried).is_none() {
            Some(Bar::Budget)
        } else if is_draining(ground, &window, &tried, &schedule) {
            Some(Bar::Credits)
        } else {
            None
        };
        let day = schedule.day(tried.candidate.price, case.bounds.minute);
        Replayed { schedule, day, bar }
    };
    ground.all().map(of).collect()
}

/// Whether the load of the window would eat up the CPU credits (autoscaling B.4).
fn is_draining(
    ground: &Ground<'_>,
    window: &History<'_>,
    tried: &Tried<'_>,
    schedule: &Schedule,
) -> bool {
    let Some(earns) = tried.candidate.earns else { return false };
    let rule = ground.case.rule;
    let mean = Demand { reads: window.mean(|it| it.reads), writes: window.mean(|it| it.writes) };
    let mean = mean.times(rule.margin);
    let slots: f64 = schedule.slots.iter().map(|it| f64::from(*it)).sum();
    let replicas = slots / as_f64(schedule.slots.len().max(1));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a handful of replicas"
    )]
    let replicas = replicas.round() as u32;
    let (primary, replica) = carry::busy(mean, ground.measured.mix, tried.engine, replicas);
    rule.credits * earns < spent(primary.max(replica))
}

/// The vCPU minutes that an engine so busy takes in a minute: the threads beside it take some, and so does the host (autoscaling B.4).
pub fn spent(busy: f64) -> f64 {
    busy * 1.15 + 0.03
}

/// The room that the data of the past takes, and what it is growing by.
pub fn memory(case: &Case<'_>) -> f64 {
    let (history, rule) = (&case.history, case.rule);
    match case.bounds.kind {
        Kind::Store => stored(history, rule),
        Kind::Cache { misses } => {
            let usable = case.candidates.get(case.has.at).map_or(0.0, |it| it.usable);
            let half_a_day = history.last(720).most(|it| it.misses);
            // Where it missed too much of late, so much memory and less is not tried again.
            let failed =
                history.last(rule.memory_back).known().filter(|it| HOT_MISSES * misses < it.misses);
            let failed = failed.map(|it| it.memory * ABOVE_FAILED).fold(0.0, f64::max);
            // While there are nearly as many misses as there may be it is to be no smaller; else so much less may be tried as keeps them
            // below that, and half of it at most.
            let share = half_a_day / misses;
            let tried = if NEARLY < share { 1.0 } else { TRIED.max(share.powf(1.0 / STEEPEST)) };
            (usable * tried).max(failed.min(usable)) * rule.memory
        }
    }
}

const NEARLY: f64 = 0.8;
/// So much of the misses that there may be is too much.
pub(super) const HOT_MISSES: f64 = 0.95;
const TRIED: f64 = 0.45;
/// Misses are taken to grow with the memory that is taken away by this power, as those of the load with the longest tail do (autoscaling C.1).
const STEEPEST: f64 = 0.75;
const ABOVE_FAILED: f64 = 1.05;

/// The peak of a week; where it is a new high, what a day and a half more of the same growth would make of it.
fn stored(history: &History<'_>, rule: &Rule) -> f64 {
    let past = settled(history, rule);
    let peak = past.most(|it| it.memory);
    let hour_ending = |ago: usize| history.before(ago).last(60).mean(|it| it.memory);
    let (now, day, before) = (hour_ending(0), hour_ending(1440), hour_ending(2880));
    // What was flushed and fills up again gets no higher than where it was before.
    let is_high = 0.98 * peak <= now && 1.01 * past.before(1440).most(|it| it.memory) < now;
    let is_growing = is_high && 0.02 * now < now - day && 0.01 * now < day - before;
    if day <= 0.0 || before <= 0.0 || !is_growing { peak } else { now + 1.5 * (now - day) }
}

/// The part of the past whose memory counts: a week, or what came after clients went away and took their data with them.
///
/// A flush takes the data alone, and they come back. Where the commands fell as well, and neither came back for three days, which is
/// longer than a weekend, this is another workload.
fn settled<'a>(history: &History<'a>, rule: &Rule) -> History<'a> {
    let week = history.last(rule.memory_back);
    let days = history.last(SETTLED);
    let fell = |of: fn(&Minute) -> f64, to: f64| days.most(of) < to * week.most(of);
    let commands = |it: &Minute| it.reads + it.writes;
    if SETTLED < week.len() && fell(|it| it.memory, 0.7) && fell(commands, 0.7) {
        days
    } else {
        week
    }
}

const SETTLED: usize = 3 * 1440;
