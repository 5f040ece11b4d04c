//! Pasts of the tests, and what is asked of them.

mod rebuilt;
mod told;
mod walked;

use super::super::sizing::tests::{GIB, candidates, minute, mix, size};
use super::super::sizing::{Bounds, Candidate, History, Kind, Minute, Rule, Size};
use super::{Outcome, Trial, Unfit, run};

const DAY: i64 = 1440;

/// A past that is cheap to go through.
struct Group {
    minutes: Vec<Option<Minute>>,
    from: i64,
    every: usize,
    had: Vec<(i64, Size)>,
    rule: Rule,
    bounds: Bounds,
    candidates: Vec<Candidate>,
}

impl Group {
    /// So many minutes at one size in which so much was asked for: reads and writes a second, and bytes of data.
    fn asked(had: Size, minutes: i64, of: impl Fn(i64) -> (f64, f64, f64)) -> Self {
        let rule =
            Rule { look_back: 1440, memory_back: 2 * 1440, looks: 15, deep: 60, ..Rule::default() };
        Self {
            minutes: (0..minutes).map(|at| Some(minute(had, of(at)))).collect(),
            from: 0,
            every: 1,
            had: vec![(0, had)],
            rule,
            bounds: Bounds { least: 1, most: 5, minute: 0.5, kind: Kind::Store, budget: None },
            candidates: candidates(),
        }
    }

    fn trial(&self) -> Trial<'_> {
        Trial {
            history: History::new(self.from, &self.minutes),
            every: self.every,
            had: &self.had,
            rule: &self.rule,
            bounds: &self.bounds,
            candidates: &self.candidates,
        }
    }

    fn outcome(&self) -> Outcome {
        self.tried().unwrap()
    }

    fn tried(&self) -> Result<Outcome, Unfit> {
        run(&self.trial())
    }
}

/// A large group that has next to nothing to do.
fn idle(days: i64) -> Group {
    Group::asked(size("m7g.2xlarge", 2), days * DAY, |_| (4000.0, 400.0, 2.0 * GIB))
}

/// A group that grows out of its size.
fn growing(days: i64) -> Group {
    Group::asked(size("m7g.large", 1), days * DAY, move |at| {
        let by = 1.0 + 2.0 * f64::from(i32::try_from(at).unwrap()) / f64::from(1440 * 3);
        (60_000.0 * by, 6000.0 * by, 1.5 * GIB * by)
    })
}
