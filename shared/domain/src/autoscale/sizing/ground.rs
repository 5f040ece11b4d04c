//! What every size is held against: the group, and what was measured of it.

use super::carry::{self, Demand, Limits};
use super::measure::Measured;
use super::{Bounds, Candidate, Case, Size};

/// A group, and how its clients use it.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The group.
    pub case: &'a Case<'a>,
    /// What the last hour told of it.
    pub measured: Measured,
}

/// A candidate, with what is known of its engine by now.
#[derive(Clone, Copy, Debug)]
pub struct Tried<'a> {
    /// Which it is.
    pub at: usize,
    /// The candidate.
    pub candidate: &'a Candidate,
    /// How many commands a second its engine takes, by what is believed of it and what was learned.
    pub engine: f64,
}

impl<'a> Ground<'a> {
    /// One of the candidates.
    pub fn tried(&self, at: usize) -> Option<Tried<'a>> {
        self.case.candidates.get(at).map(|it| self.with(at, it))
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = Tried<'a>> {
        self.case.candidates.iter().enumerate().map(|(at, it)| self.with(at, it))
    }

    /// All sizes that the operator allows and pays.
    pub fn sizes(&self) -> impl Iterator<Item = (Size, Tried<'a>)> {
        let least = self.case.bounds.least;
        self.all().filter_map(|it| Some((self.most(&it)?, it))).flat_map(move |(most, it)| {
            (least..=most).map(move |replicas| (Size { at: it.at, replicas }, it))
        })
    }

    /// The fewest and the most replicas of a candidate; where none of them is paid, the fewest.
    pub fn range(&self, it: &Tried<'_>) -> (u32, u32) {
        let least = self.case.bounds.least;
        (least, self.most(it).unwrap_or(least))
    }

    /// The most replicas of a candidate that the operator allows and pays, if any.
    pub fn most(&self, it: &Tried<'_>) -> Option<u32> {
        let Bounds { least, most, budget, .. } = *self.case.bounds;
        if budget.is_none() {
            return Some(most);
        }
        (least..=most).rev().find(|replicas| self.is_paid(it, *replicas))
    }

    /// Whether so many replicas of a candidate cost no more than the budget, nor what is paid already: a budget keeps from growing, and takes
    /// nothing away. Another node type comes with the replicas that there are, so that these are paid as well.
    fn is_paid(&self, it: &Tried<'_>, replicas: u32) -> bool {
        let Size { at, replicas: has } = self.case.has;
        let most = if it.at == at { replicas } else { replicas.max(has) };
        let hour = it.candidate.cost(most);
        let paid = self.case.candidates.get(at).map_or(0.0, |it| it.cost(has));
        hour <= paid || self.case.bounds.pays(hour)
    }

    /// Whether a candidate with so many replicas stays inside the limits.
    pub fn carries(&self, demand: Demand, it: &Tried<'_>, replicas: u32, limits: Limits) -> bool {
        carry::carries(demand, self.measured.mix, it.candidate, it.engine, replicas, limits)
    }

    /// The fewest replicas of a range with which a candidate is filled no further than planned.
    pub fn replicas(&self, demand: Demand, it: &Tried<'_>, range: (u32, u32)) -> Option<u32> {
        let plan = self.case.rule.plan;
        carry::replicas(demand, self.measured.mix, it.candidate, it.engine, plan, range)
    }

    fn with(&self, at: usize, candidate: &'a Candidate) -> Tried<'a> {
        let factor = self.case.rule.factor(self.measured.factor, at == self.case.has.at);
        Tried { at, candidate, engine: candidate.engine * factor }
    }
}
