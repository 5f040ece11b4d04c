//! What the decision of [`sizing`](super::sizing) would have done over a past, beside what was there: dollars, overload and changes.
//!
//! In reading order: [`had`] is what there was, [`rebuild`] what the metrics of a minute would have said at another size, [`tally`] what a size costs
//! and where it fails, [`walk`] goes through the past minute by minute, [`why`] says what a decision was made for, and [`report`] and [`picture`] tell it.
//! All of it is pure.
//!
//! What is assumed, and the report says so:
//!
//! * The past is what was *served*. An engine or a memory that was full hides what else was asked for: [`Outcome::hidden`] counts those minutes.
//! * At another size an engine is as much busier or calmer as the model of [`carry`](super::sizing::carry) says, from what was really seen in that minute.
//!   The share of the reads that goes to replicas is that of the hour before it, and stays the same whatever replicas there are: without any, it is not
//!   known and taken as none.
//! * The data of a store are as many bytes at any size. Those of a cache are what they were, or as many as fit: more memory than there was makes no more
//!   hits, and less makes fewer in proportion. Both are the worst that can be, as the first bytes of a cache are worth most.
//! * A burstable node begins with half of the CPU credits that it can save where it was there before, and with none where it is new.
//! * Changes take as long as [`walk::MORE`], [`walk::FEWER`] and [`walk::TYPE`] say, never fail, and no window forbids them. No alarm calls between two
//!   looks.

pub mod clock;
pub mod had;
pub mod picture;
pub mod rebuild;
pub mod report;
pub mod tally;
#[cfg(test)]
mod tests;
pub mod walk;
pub mod why;

use super::sizing::{Bounds, Candidate, History, Rule, Size};

pub use tally::Tally;
pub use walk::run;
pub use why::Why;

/// A past of a group, and by what it is decided.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// What was seen of the group.
    pub history: History<'a>,
    /// How many minutes a value stands for: 1, or 5 where CloudWatch keeps no finer ones. The minutes behind a value that are silent have the same one, and no
    /// decision sees a value before its minutes are over.
    pub every: usize,
    /// What the group had, each from a minute on, the oldest first. The first holds for what is before it as well.
    pub had: &'a [(i64, Size)],
    /// The numbers to go by.
    pub rule: &'a Rule,
    /// What the operator says.
    pub bounds: &'a Bounds,
    /// The node types that it may have.
    pub candidates: &'a [Candidate],
}

/// Why a past cannot be gone through.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// Nothing is known.
    #[error(
        "the past is empty: no minute of it has metrics; name a span in which the group was there"
    )]
    Empty,
    /// Nothing says what there was.
    #[error("nothing says which node type and how many replicas the group had")]
    NoSize,
    /// A size is none of those that are known.
    #[error(
        "what the group had from minute {minute} on is candidate {at}, and there are {count}; its node type has to be one of them"
    )]
    Unknown {
        /// From when on.
        minute: i64,
        /// Which candidate.
        at: usize,
        /// How many there are.
        count: usize,
    },
    /// What there was is not told in its order.
    #[error("what the group had from minute {0} on is told after what it had later")]
    Unordered(i64),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The first minute, from the epoch.
    pub from: i64,
    /// How many minutes there are.
    pub minutes: usize,
    /// For how many of them there are no metrics.
    pub unknown: usize,
    /// In how many of them what was there was full, so that more may have been asked for than anybody saw.
    pub hidden: usize,
    /// How many looks found it hot, and nothing larger to be had.
    pub at_limit: usize,
    /// What was there.
    pub was: Tally,
    /// What would have been.
    pub would: Tally,
    /// What would have been decided.
    pub decisions: Vec<Decision>,
    /// The sizes that would have been, each from a minute on.
    pub sizes: Vec<(i64, Size)>,
}

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// In which minute, from the epoch.
    pub at: i64,
    /// What the group would have had.
    pub from: Size,
    /// What it would have got, some minutes later.
    pub to: Size,
    /// What for.
    pub why: Why,
    /// The dollars of a month before.
    pub before: f64,
    /// The dollars of a month after.
    pub after: f64,
}

impl Trial<'_> {
    /// The first minute.
    pub(crate) fn from(&self) -> i64 {
        self.history
            .end()
            .saturating_sub_unsigned(self.history.len().try_into().unwrap_or(u64::MAX))
    }

    /// What an hour of a size costs.
    pub(crate) fn hour(&self, size: Size) -> f64 {
        self.candidates.get(size.at).map_or(0.0, |it| it.cost(size.replicas))
    }

    /// The name of the node type of a size.
    pub(crate) fn name(&self, size: Size) -> &str {
        self.candidates.get(size.at).map_or("", |it| it.node_type.as_str())
    }

    /// Whether the past can be gone through.
    fn fits(&self) -> Result<(i64, Size), Unfit> {
        let first = self.had.first().ok_or(Unfit::NoSize)?;
        let count = self.candidates.len();
        if let Some((minute, size)) = self.had.iter().find(|it| count <= it.1.at) {
            return Err(Unfit::Unknown { minute: *minute, at: size.at, count });
        }
        let is_late = |it: &(&(i64, Size), &(i64, Size))| it.1.0 <= it.0.0;
        if let Some((_, (minute, _))) = self.had.iter().zip(self.had.iter().skip(1)).find(is_late) {
            return Err(Unfit::Unordered(*minute));
        }
        if self.history.known().next().is_none() { Err(Unfit::Empty) } else { Ok(*first) }
    }
}

/// The dollars of a month of so many an hour.
#[expect(clippy::cast_precision_loss, reason = "730")]
pub(crate) fn month(hour: f64) -> f64 {
    hour * crate::cost::HOURS_A_MONTH as f64
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "a past has some ten thousand minutes")]
pub(crate) fn count(of: usize) -> f64 {
    of as f64
}
