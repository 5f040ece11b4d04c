//! Through the past, minute by minute, with the sizes that would have been.

use super::super::sizing::measure::measure;
use super::super::sizing::{Case, Choice, History, Kind, Minute, Since, Size, decide};
use super::rebuild::{self, Credits, Sized};
use super::tally::{self, Meter};
use super::{Decision, Outcome, Trial, Unfit, count, month, why};

/// A replica that is asked for serves after so many minutes (autoscaling B.6).
pub const MORE: i64 = 10;
/// One that is not wanted any more is gone after so many.
pub const FEWER: i64 = 5;
/// Another node type is there after so many.
pub const TYPE: i64 = 20;
/// Metrics are seen so many minutes late.
const LATE: usize = 2;
/// A day's changes of the node type are remembered.
const DAY: i64 = 1440;

/// Goes through the past.
///
/// # Errors
///
/// The past is empty, or what there was is not told.
pub fn run(trial: &Trial<'_>) -> Result<Outcome, Unfit> {
    let walk = walked(trial)?;
    let minutes = walk.told.len();
    let known = walk.told.iter().flatten().count();
    Ok(Outcome {
        from: trial.from(),
        minutes,
        unknown: minutes - known,
        hidden: walk.hidden,
        at_limit: walk.at_limit,
        was: walk.was.tally,
        would: walk.would.tally,
        decisions: walk.decisions,
        sizes: walk.sizes,
    })
}

/// Has gone through the past.
pub(super) fn walked<'a>(trial: &'a Trial<'a>) -> Result<Walk<'a>, Unfit> {
    let (_, start) = trial.fits()?;
    let seen = filled(trial);
    let mut walk = Walk::new(trial, start);
    for (place, minute) in seen.iter().enumerate() {
        let so_far = seen.get(..=place).unwrap_or_default();
        walk.minute(so_far, minute.as_ref());
    }
    Ok(walk)
}

/// Every minute of the past; those that are silent behind a value which stands for them have it too.
fn filled(trial: &Trial<'_>) -> Vec<Option<Minute>> {
    let from = trial.from();
    let mut minutes: Vec<Option<Minute>> = vec![None; trial.history.len()];
    for (at, minute) in trial.history.numbered() {
        let place = usize::try_from(at - from).unwrap_or(usize::MAX);
        let stands_for = minutes.iter_mut().skip(place).take(trial.every.max(1));
        // The next value overwrites what it knows better.
        stands_for.for_each(|it| *it = Some(*minute));
    }
    minutes
}

/// A change that was asked for.
#[derive(Clone, Copy, Debug)]
struct Pending {
    to: Size,
    until: i64,
}

/// How far it is.
pub(super) struct Walk<'a> {
    trial: &'a Trial<'a>,
    /// What the group had, and when it gets what it had next.
    had: Size,
    has: Size,
    pending: Option<Pending>,
    changed: Option<i64>,
    grown: Option<i64>,
    /// When each change of the node type was made.
    moves: Vec<i64>,
    credits: Credits,
    /// What the metrics would have said.
    pub(super) told: Vec<Option<Minute>>,
    was: Meter<'a>,
    would: Meter<'a>,
    hidden: usize,
    at_limit: usize,
    decisions: Vec<Decision>,
    sizes: Vec<(i64, Size)>,
}

impl<'a> Walk<'a> {
    fn new(trial: &'a Trial<'a>, start: Size) -> Self {
        let from = trial.from();
        // Entries before the past only say what it begins with.
        let start = at(trial, from).unwrap_or(start);
        let credits = trial.candidates.get(start.at).map_or_else(Credits::none, Credits::half);
        Self {
            trial,
            had: start,
            has: start,
            pending: None,
            changed: None,
            grown: None,
            moves: Vec::new(),
            credits,
            told: Vec::with_capacity(trial.history.len()),
            was: Meter::new(trial),
            would: Meter::new(trial),
            hidden: 0,
            at_limit: 0,
            decisions: Vec::new(),
            sizes: vec![(from, start)],
        }
    }

    /// A minute, of which the past up to it is known.
    fn minute(&mut self, so_far: &[Option<Minute>], seen: Option<&Minute>) {
        let place = so_far.len().saturating_sub(1);
        let now = self.trial.from().saturating_add(i64::try_from(place).unwrap_or(i64::MAX));
        let had = at(self.trial, now).unwrap_or(self.had);
        if had != self.had {
            self.was.change(self.had, had);
        }
        self.was.minute(had, seen, had.at != self.had.at);
        self.had = had;
        let is_cut = self.arrive(now);
        let told = seen.and_then(|it| self.rebuild(so_far, it));
        self.would.minute(self.has, told.as_ref(), is_cut);
        self.hidden += usize::from(seen.is_some_and(|it| self.hides(it)));
        self.told.push(told);
        if self.pending.is_none() && now.rem_euclid(self.trial.rule.looks.max(1)) == 0 {
            self.look(now);
        }
    }

    /// Has what was asked for arrive where it is time. Whether connections are cut by it.
    fn arrive(&mut self, now: i64) -> bool {
        let Some(Pending { to, .. }) = self.pending.take_if(|it| it.until <= now) else {
            return false;
        };
        let is_move = to.at != self.has.at;
        if is_move {
            self.moves.push(now);
            self.credits = Credits::none();
            let price = |it: Size| self.trial.candidates.get(it.at).map_or(0.0, |it| it.price);
            if price(self.has) < price(to) {
                self.grown = Some(now);
            }
        }
        self.has = to;
        self.changed = Some(now);
        self.sizes.push((now, to));
        is_move
    }

    fn rebuild(&mut self, so_far: &[Option<Minute>], seen: &Minute) -> Option<Minute> {
        let sized = |size: Size| {
            self.trial.candidates.get(size.at).map(|candidate| Sized { candidate, size })
        };
        let (had, has) = (sized(self.had)?, sized(self.has)?);
        let syncs = self
            .pending
            .is_some_and(|it| it.to.at != self.has.at || self.has.replicas < it.to.replicas);
        // Clients ask in the same way whatever node type they find.
        let mix = measure(&History::new(0, so_far), had.candidate, usize::MAX).mix;
        let kind = self.trial.bounds.kind;
        Some(rebuild::minute(seen, mix, had, has, kind, syncs, &mut self.credits))
    }

    /// Whether what was there was full, and hid what else it was asked for.
    fn hides(&self, seen: &Minute) -> bool {
        let kind = self.trial.bounds.kind;
        // A cache is full by design.
        let is_full = |it| matches!(kind, Kind::Store) && tally::is_full(seen, it, kind);
        let had = self.trial.candidates.get(self.had.at);
        had.is_some_and(|it| tally::is_busy(seen, it) || is_full(it))
    }

    fn look(&mut self, now: i64) {
        let trial = self.trial;
        let late = LATE + trial.every.max(1) - 1;
        let told = self.told.get(..self.told.len().saturating_sub(late)).unwrap_or_default();
        // No decision looks back any further.
        let back = trial.rule.memory_back.max(trial.rule.look_back + 1440);
        let cut = told.len().saturating_sub(back);
        let from = trial.from().saturating_add(i64::try_from(cut).unwrap_or(i64::MAX));
        let case = Case {
            rule: trial.rule,
            bounds: trial.bounds,
            candidates: trial.candidates,
            has: self.has,
            history: History::new(from, told.get(cut..).unwrap_or_default()),
            since: self.since(now),
            now,
        };
        let choice = decide(&case);
        let why = why::of(choice, &case);
        let to = match choice {
            Choice::Hold | Choice::Blind => return,
            Choice::AtItsLimit(_) => {
                self.at_limit += 1;
                return;
            }
            Choice::Grow(_, to) | Choice::Move(to) | Choice::Replicas(to) => to,
        };
        let Some(why) = why.filter(|_| to != self.has) else { return };
        let price = |it: Size| month(trial.hour(it));
        let (before, after) = (price(self.has), price(to));
        self.decisions.push(Decision { at: now, from: self.has, to, why, before, after });
        self.would.change(self.has, to);
        self.pending = Some(Pending { to, until: now.saturating_add(takes(self.has, to)) });
    }

    fn since(&self, now: i64) -> Since {
        let today = self.moves.iter().filter(|it| now.saturating_sub(DAY) < **it).count();
        Since {
            changed: self.changed,
            grown: self.grown,
            moved: self.moves.last().copied(),
            moves: u32::try_from(today).unwrap_or(u32::MAX),
        }
    }
}

/// What the group had in a minute.
pub(super) fn at(trial: &Trial<'_>, minute: i64) -> Option<Size> {
    let before = trial.had.iter().rev().find(|it| it.0 <= minute);
    before.or(trial.had.first()).map(|it| it.1)
}

/// How many minutes a change takes.
fn takes(from: Size, to: Size) -> i64 {
    if from.at != to.at {
        TYPE
    } else if from.replicas < to.replicas {
        MORE
    } else {
        FEWER
    }
}

impl Outcome {
    /// How many minutes are known.
    pub fn known(&self) -> usize {
        self.minutes - self.unknown
    }

    /// The minute after the last.
    pub(super) fn until(&self) -> i64 {
        self.from.saturating_add_unsigned(self.minutes.try_into().unwrap_or(u64::MAX))
    }

    /// The dollars of a month, of so many over the whole past.
    pub fn month(&self, dollars: f64) -> f64 {
        if self.minutes == 0 { 0.0 } else { month(dollars / count(self.minutes) * 60.0) }
    }
}
