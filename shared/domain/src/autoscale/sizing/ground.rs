//! What every size is held against: the group, and what was measured of it.

use super::carry::{self, Demand, Limits};
use super::measure::Measured;
use super::{Candidate, Case, Size};

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

    /// All sizes that the operator allows.
    pub fn sizes(&self) -> impl Iterator<Item = (Size, Tried<'a>)> {
        let (least, most) = self.range();
        self.all().flat_map(move |it| {
            (least..=most).map(move |replicas| (Size { at: it.at, replicas }, it))
        })
    }

    /// The fewest and the most replicas.
    pub fn range(&self) -> (u32, u32) {
        (self.case.bounds.least, self.case.bounds.most)
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
