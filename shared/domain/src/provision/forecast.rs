//! What would be done, and nothing done: the same planner, over a world that is only thought.
//!
//! [`forecast`] asks the plan for a step, thinks of the world after it ([`effect`]), asks again, and writes every step down in words
//! ([`words`]). So what is foretold is what an update does, as far as ElastiCache takes it.

mod effect;
mod farewell;
mod replace;
mod words;

use std::fmt;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::{Refusal, Seen, Wanted, plan};
use crate::{Next, Wait};

pub use self::farewell::forecast_end;
pub use self::replace::{Old, forecast_over};

/// What a request would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Each change, in the order in which they are made.
    pub changes: Vec<Change>,
    /// What the changes lead to.
    pub end: End,
    /// What would be seen then.
    pub seen: Seen,
}

/// One change, for a person who decides on it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// What is done.
    pub what: String,
    /// What clients notice.
    pub effect: Effect,
    /// How long it takes, in minutes: from what others measured (facts 1.8), so it is an expectation and no promise.
    pub minutes: RangeInclusive<u32>,
    /// What is gone after it.
    pub deletes: Option<String>,
}

/// What clients notice of a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Nothing.
    InPlace,
    /// Their connections break, and they connect again.
    BriefInterruption,
    /// That they have to go to another cache.
    Replacement,
    /// That the cache is gone.
    End,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InPlace => "in place",
            Self::BriefInterruption => "in place, brief interruption",
            Self::Replacement => "replacement, clients go to other addresses",
            Self::End => "the end of the cache",
        })
    }
}

/// How a forecast ends.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// All is as wanted.
    Settled,
    /// The request would fail, and the cache stay as the changes before that leave it.
    Refused(Refusal),
    /// It has to wait, and only then is it known what is to be done.
    Waits(Wait),
    /// No end was found.
    Endless,
}

/// Foretells what makes a cache as wanted.
pub fn forecast(wanted: &Wanted, seen: &Seen, now: Timestamp) -> Forecast {
    let next = |seen: &Seen| plan(wanted, seen, now);
    let tell = |step: &_, seen: &Seen| words::of_step(step, wanted, seen);
    let after = |step: &_, seen: &mut Seen| effect::of_step(step, wanted, seen);
    follow(seen.clone(), next, tell, after)
}

/// Asks for steps until there is none.
fn follow<S>(
    mut seen: Seen,
    next: impl Fn(&Seen) -> Next<S, Refusal>,
    tell: impl Fn(&S, &Seen) -> Option<Change>,
    after: impl Fn(&S, &mut Seen),
) -> Forecast {
    let mut changes = Vec::new();
    let mut end = End::Endless;
    for _ in 0..STEPS_MAX {
        let step = match next(&seen) {
            Next::Do(step) => step,
            Next::Settled => {
                end = End::Settled;
                break;
            }
            Next::Refuse(refusal) => {
                end = End::Refused(refusal);
                break;
            }
            Next::Wait(wait) => {
                end = End::Waits(wait);
                break;
            }
        };
        changes.extend(tell(&step, &seen));
        after(&step, &mut seen);
    }
    Forecast { changes, end, seen }
}

/// No plan has as many.
const STEPS_MAX: u32 = 60;

impl Forecast {
    /// How long all of it takes, in minutes.
    pub fn minutes(&self) -> RangeInclusive<u32> {
        let sum = |of: fn(&RangeInclusive<u32>) -> u32| -> u32 {
            self.changes.iter().map(|it| of(&it.minutes)).sum()
        };
        sum(|it| *it.start())..=sum(|it| *it.end())
    }

    /// How many changes clients notice.
    pub fn interruptions(&self) -> usize {
        self.changes.iter().filter(|it| it.effect != Effect::InPlace).count()
    }
}

#[cfg(test)]
mod tests;
