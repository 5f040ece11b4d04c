//! Ours: the decision of `autoscale`, called as the function calls it.

use domain::autoscale::sizing::{Bounds, Case, Choice, History, Kind, Rule, Since, Size, decide};

use crate::ladder::{self, Ladder, REPLICAS_MAX};
use crate::trace::{DAY, Trace};
use crate::world::{Policy, View};

/// Ours.
pub(crate) struct Ours<'a> {
    ladder: &'a Ladder,
    bounds: Bounds,
    rule: Rule,
    shows: bool,
}

/// How often the schedule looks.
const SCHEDULE: usize = 5;

impl<'a> Ours<'a> {
    /// For a group with a load like this one, where a minute of overload is worth so many dollars.
    pub(crate) fn new(ladder: &'a Ladder, trace: &Trace, rule: Rule, minute: f64) -> Self {
        let kind = trace.misses_max.map_or(Kind::Store, |misses| Kind::Cache { misses });
        let bounds = Bounds { least: 1, most: REPLICAS_MAX, minute, kind, budget: None };
        Self { ladder, bounds, rule, shows: false }
    }

    /// Has each decision told, where it is so.
    pub(crate) fn telling(self, shows: bool) -> Self {
        Self { shows, ..self }
    }

    fn since(&self, view: &View<'_>) -> Since {
        let number = |it: usize| i64::try_from(it).unwrap_or(i64::MAX);
        let price = |it: Size| self.ladder.types.get(it.at).map_or(0.0, |it| it.price);
        let moves = || view.changes.iter().filter(|(_, from, to)| from.at != to.at);
        let grown = moves().rfind(|(_, from, to)| price(*from) < price(*to));
        let day = view.now.saturating_sub(DAY);
        Since {
            changed: view.changed.map(number),
            grown: grown.map(|it| number(it.0)),
            moved: moves().next_back().map(|it| number(it.0)),
            moves: u32::try_from(moves().filter(|it| day < it.0).count()).unwrap_or(u32::MAX),
        }
    }
}

impl Policy for Ours<'_> {
    fn act(&mut self, view: &View<'_>) -> Option<Size> {
        // An alarm calls when three of five minutes are over its limit, the schedule every five minutes.
        let is_alarming =
            3 <= view.last(5).iter().flatten().filter(|it| self.rule.hot < it.busiest()).count();
        if view.in_window || !(is_alarming || view.now.is_multiple_of(SCHEDULE)) {
            return None;
        }
        let cut = view.seen.len().saturating_sub(10 * DAY);
        let from = i64::try_from(cut).unwrap_or(i64::MAX);
        let case = Case {
            rule: &self.rule,
            bounds: &self.bounds,
            candidates: &self.ladder.types,
            has: view.has,
            history: History::new(from, view.seen.get(cut..).unwrap_or_default()),
            since: self.since(view),
            now: i64::try_from(view.now).unwrap_or(i64::MAX),
        };
        let choice = decide(&case);
        if self.shows && choice != Choice::Hold {
            let (day, hour, minute) = (view.now / DAY, view.now % DAY / 60, view.now % 60);
            eprintln!("day {day} {hour:02}:{minute:02} {}: {choice:?}", ladder::name(view.has));
        }
        match choice {
            Choice::Hold | Choice::Blind | Choice::AtItsLimit(_) => None,
            Choice::Grow(_, size) | Choice::Move(size) | Choice::Replicas(size) => Some(size),
        }
    }
}
