//! The decision.

use super::carry::{self, Demand};
use super::ground::{Ground, Tried};
use super::measure::{as_f64, measure};
use super::protect::{self, Heat};
use super::replay::{self, Replayed};
use super::ripple::Ripple;
use super::{Bounds, Candidate, History, Kind, Minute, Rule, Size};

/// A group as it is, and its past.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The numbers to go by.
    pub rule: &'a Rule,
    /// What the operator says.
    pub bounds: &'a Bounds,
    /// The node types that it may have.
    pub candidates: &'a [Candidate],
    /// What it has.
    pub has: Size,
    /// What was seen of it.
    pub history: History<'a>,
    /// What was done to it.
    pub since: Since,
    /// The minute that it is now, from the epoch.
    pub now: i64,
}

/// When it was changed, by minutes from the epoch.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Since {
    /// When the last change came to its end.
    pub changed: Option<i64>,
    /// When its node type last grew.
    pub grown: Option<i64>,
    /// When it last had another node type.
    pub moved: Option<i64>,
    /// How many changes of the node type there were in the last day.
    pub moves: u32,
}

/// What is decided, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    /// It stays as it is.
    Hold,
    /// Too little is known of the last minutes to tell.
    Blind,
    /// It is hot, and grows at once.
    Grow(Heat, Size),
    /// It is hot, and nothing that it may have is larger.
    AtItsLimit(Heat),
    /// Another node type would have done as well for less, or better.
    Move(Size),
    /// As many replicas as the time of the day and the last hour want.
    Replicas(Size),
}

/// Decides.
pub fn decide(case: &Case<'_>) -> Choice {
    let Some(candidate) = case.candidates.get(case.has.at) else { return Choice::Hold };
    if case.history.last(FRESH).known().next().is_none() {
        return Choice::Blind;
    }
    if case.ago(case.since.changed) < SETTLES {
        return Choice::Hold;
    }
    let measured = measure(&case.history, candidate, case.minutes_as_it_is());
    let ground = Ground { case, measured };
    let heat = protect::heat(case, candidate);
    if let Some(heat) = heat.filter(|it| case.is_ripe(*it)) {
        return match protect::grown(heat, &ground) {
            Some(size) if case.may_answer(heat, size) => Choice::Grow(heat, size),
            Some(_) => Choice::Hold,
            None => Choice::AtItsLimit(heat),
        };
    }
    if case.now.rem_euclid(case.rule.deep) < case.rule.looks
        && let Some(size) = ground.better(&replay::all(&ground))
    {
        return Choice::Move(size);
    }
    ground.follow()
}

impl Case<'_> {
    /// For how many minutes it has had its node type.
    pub fn minutes_as_it_is(&self) -> usize {
        usize::try_from(self.ago(self.since.moved)).unwrap_or(usize::MAX)
    }

    fn ago(&self, minute: Option<i64>) -> i64 {
        minute.map_or(i64::MAX, |it| self.now.saturating_sub(it))
    }

    /// Whether most of so many minutes are known. Nothing shrinks for want of data.
    fn is_known(&self, minutes: usize) -> bool {
        let known = self.history.last(minutes).known().count();
        minutes.saturating_mul(4) <= known.saturating_mul(5)
    }

    /// Whether nodes that were just added had the time to take their part.
    fn is_ripe(&self, heat: Heat) -> bool {
        let since = self.ago(self.since.changed);
        match heat {
            Heat::Memory if matches!(self.bounds.kind, Kind::Cache { .. }) => 20 <= since,
            Heat::Engine | Heat::Network | Heat::Memory => true,
            // New ones begin without any.
            Heat::Credits => 120 < since,
        }
    }

    /// Whether what is hot lasts longer than the change would take: a spike is over before it is answered (autoscaling B.6).
    fn may_answer(&self, heat: Heat, to: Size) -> bool {
        let hot = |minutes: usize| {
            self.history.last(minutes).count(|it: &Minute| self.rule.hot < it.busiest())
        };
        match heat {
            Heat::Memory | Heat::Network | Heat::Credits => true,
            Heat::Engine if to.at == self.has.at => LASTS <= hot(LASTS + 1) || self.is_rising(),
            Heat::Engine => 8 <= hot(10),
        }
    }

    /// Whether what is asked for grew by the minute of late: a crowd gathers, where a spike is there at once.
    fn is_rising(&self) -> bool {
        let recent = self.history.last(RISES + 1);
        let asked: Vec<f64> = recent.known().map(|it| it.reads + it.writes).collect();
        RISES < asked.len()
            && asked.windows(2).all(|it| matches!(it, [one, other] if RISE * one < *other))
    }
}

impl Ground<'_> {
    /// Another node type that was better for long enough to pay for the change.
    fn better(&self, replayed: &[Replayed]) -> Option<Size> {
        let case = self.case;
        let has = replayed.get(case.has.at)?;
        let open = replayed.iter().enumerate().filter(|(_, it)| it.bar.is_none());
        let (best, to) = open.min_by(|one, other| one.1.day.total_cmp(&other.1.day))?;
        if best == case.has.at
            || case.history.len() < case.rule.look_back
            || !case.is_known(case.rule.look_back)
        {
            return None;
        }
        let tried = self.tried(best)?;
        let now =
            self.replicas(lasting(&case.history.last(10)).times(1.1), &tried, self.range(&tried))?;
        let size = Size { at: best, replicas: now.max(to.schedule.at(case.now)) };
        let price = tried.candidate.cost(size.replicas);
        let costs = price * case.rule.change_hours + case.rule.change_minutes * case.bounds.minute;
        if has.bar.is_none() && !self.has_saved(&tried, costs) {
            return None;
        }
        let is_smaller = price < case.candidates.get(case.has.at)?.cost(case.has.replicas);
        let is_held =
            case.ago(case.since.grown) < case.rule.dwell || case.rule.changes <= case.since.moves;
        (!(is_smaller && is_held)).then_some(size)
    }

    /// Whether another node type would have saved so many dollars since it became the better one, no longer ago than the last change of the type
    /// and no more than a day. It is recomputed from the past, so nothing has to be remembered.
    fn has_saved(&self, best: &Tried<'_>, costs: f64) -> bool {
        let case = self.case;
        let Some(has) = self.tried(case.has.at) else { return false };
        let day = |tried: &Tried<'_>, load: &Ripple| {
            replay::one(self, load, tried).day(tried.candidate.price, case.bounds.minute)
        };
        let moved = case.ago(case.since.moved);
        let mut saved = 0.0;
        for ago in (0..24 * 60).step_by(STEP) {
            if costs <= saved || moved < i64::try_from(ago).unwrap_or(i64::MAX) {
                break;
            }
            let load = Ripple::of(&case.history.before(ago).last(case.rule.look_back));
            let gain = day(&has, &load) - day(best, &load);
            if gain <= 0.0 {
                break;
            }
            saved += gain.min(3.0 * 24.0 * has.candidate.price * 2.0) * as_f64(STEP) / 1440.0;
        }
        costs <= saved
    }

    /// As many replicas as this slot of the day wants and the next, and the last hour; more at once, fewer after a while.
    fn follow(&self) -> Choice {
        let case = self.case;
        let Size { at, replicas } = case.has;
        let Some(has) = self.tried(at) else { return Choice::Hold };
        let load = Ripple::of(&case.history.last(case.rule.look_back));
        let load = load.as_today(&case.history, case.rule.today);
        let schedule = replay::one(self, &load, &has);
        let of = |minutes: usize| {
            let demand = lasting(&case.history.last(minutes)).times(1.05);
            self.replicas(demand, &has, self.range(&has))
                .unwrap_or_else(|| self.beyond(demand, &has))
        };
        let soon = schedule.at(case.now).max(schedule.at(case.now.saturating_add(case.rule.lead)));
        let wants = soon.max(of(10));
        if replicas < wants {
            return Choice::Replicas(Size { at, replicas: wants });
        }
        let ahead = (0..3).map(|it| schedule.at(case.now.saturating_add(60 * it))).max();
        let enough = of(60).max(ahead.unwrap_or_default()).max(case.bounds.least);
        if enough < replicas && case.is_known(60) && 30 < case.ago(case.since.changed) {
            return Choice::Replicas(Size { at, replicas: enough });
        }
        Choice::Hold
    }

    /// How many replicas where no number of them carries it: as many as there may be, unless it is the primary that is over its limit, which none
    /// of them helps.
    fn beyond(&self, demand: Demand, has: &Tried<'_>) -> u32 {
        let replicas = self.case.has.replicas;
        let (primary, _) = carry::busy(demand, self.measured.mix, has.engine, replicas);
        if self.case.rule.plan.busy < primary { replicas } else { self.range(has).1 }
    }
}

/// What lasted of what was asked for.
fn lasting(recent: &History<'_>) -> Demand {
    Demand { reads: recent.lasting(|it| it.reads), writes: recent.lasting(|it| it.writes) }
}

/// How many minutes lie between two looks at what another type would have saved.
const STEP: usize = 120;

/// What is hot for so many minutes is no spike that is over before it is answered.
const LASTS: usize = 6;

/// What grows by more than noise, so many minutes in a row, will go on for a while.
const RISES: usize = 3;
const RISE: f64 = 1.02;

/// What was just made takes so many minutes to take its part.
const SETTLES: i64 = 3;

/// Metrics come a minute or two late, not ten.
const FRESH: usize = 10;
