//! The watch after a change: whether the hour since is what the change was made for, beside the hour before it.
//!
//! It is written on the group when the change is seen to be there. An hour later [`compare`] says what came of it: what did as hoped is for the journal,
//! what did not is told, as a model may be wrong about clients that it cannot ask.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use super::change::{ChangeError, value};
use super::load::Load;
use super::sizing::carry::{self, Demand};
use super::sizing::measure::{LEARNED, measure};
use super::sizing::{Candidate, History, Kind, Minute, Rule};
use super::{Change, Undertaking};
use crate::{GroupView, MemberId, Tags, tag};

/// A change that is made, and whose effect is still to be seen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Watch {
    /// What was there when it was made.
    pub change: Change,
    /// What was there before.
    pub from: Change,
    /// When it was asked for, in whole seconds: from then on the group was busy with it.
    pub asked: Timestamp,
    /// When it was seen to be there, in whole seconds.
    pub at: Timestamp,
}

/// What an effect is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The numbers.
    pub rule: &'a Rule,
    /// What a full memory means.
    pub kind: Kind,
    /// A node as it was before the change, with the room for data of [`Watch::room`] where that is known.
    pub from: &'a Candidate,
    /// A node as it is now.
    pub to: &'a Candidate,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The hour before it was asked for.
    pub before: Seen,
    /// The hour since it was there.
    pub after: Seen,
    /// What that comes to.
    pub verdict: Verdict,
}

/// An hour of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// How many of its minutes are known.
    pub minutes: usize,
    /// How busy the busiest engine was for longer than a spike, as a share of one.
    pub busy: f64,
    /// The bytes of the data on the fullest member, likewise.
    pub bytes: f64,
    /// The same as a share of the room for them.
    pub full: f64,
    /// The share of the reads that missed.
    pub misses: f64,
    /// Commands a second, of all clients.
    pub commands: f64,
}

/// What a change came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing speaks against it.
    AsHoped,
    /// It grew for its load, and a command takes as much of the busiest engine as before.
    NoHelp,
    /// It shrank, and has too little since.
    Worse(Over),
    /// Too little is known of one of the hours.
    Unknown,
}

/// What is beyond its limit, and the limit as a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Over {
    /// The busiest engine.
    Engine(f64),
    /// The memory of a store.
    Memory(f64),
    /// The misses of a cache.
    Misses(f64),
}

/// An hour before, and an hour since.
const HOUR: i64 = 60;
/// Fewer minutes of an hour tell nothing of it.
const KNOWN_LEAST: usize = 30;
/// For so many minutes back each minute is known by itself; before that only hours are, which do not say how busy anybody was.
const BACK: usize = 2 * 1440;
/// What helps takes so much of an engine at most, as a share of what was taken before.
const FELL_TO: f64 = 0.9;
/// An engine that is less busy than this is busy with itself for a good part.
const TELLS: f64 = 0.2;

impl Watch {
    /// What is written for it, to be taken off again.
    pub const KEYS: &'static [&'static str] = &[tag::AUTOSCALE_WATCH];
    /// So long after it is there a change is judged.
    pub const DUE_AFTER: SignedDuration = SignedDuration::from_mins(HOUR);

    /// The watch of a change that was seen to be there at a time in whole seconds.
    pub fn of(undertaking: &Undertaking, at: Timestamp) -> Self {
        let Undertaking { change, from, at: asked, .. } = undertaking;
        Self { change: change.clone(), from: from.clone(), asked: *asked, at }
    }

    /// Reads the tag. A value that we cannot read counts as none.
    pub fn read(tags: &Tags) -> Option<Self> {
        tags.get(tag::AUTOSCALE_WATCH)?.parse().ok()
    }

    /// What is written.
    pub fn tags(&self) -> Tags {
        Tags::from([(tag::AUTOSCALE_WATCH.to_owned(), self.to_string())])
    }

    /// Whether the group has still what it was changed to: somebody may have changed it again.
    pub fn is_there(&self, group: &GroupView) -> bool {
        let Self { change, from, at, .. } = self.clone();
        Undertaking { change, from, at, why: String::new() }.is_there(group)
    }

    /// Whether there has been an hour since.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.at.saturating_add(Self::DUE_AFTER).is_ok_and(|it| it <= now)
    }

    /// The bytes that were left for data on any of these members when the change was asked for, as their metrics told then.
    pub fn room<'a>(
        &self,
        members: impl Iterator<Item = &'a MemberId>,
        days: &Load,
    ) -> Option<f64> {
        members.filter_map(|it| days.room(it, self.asked)).min_by(f64::total_cmp)
    }

    /// Whether there are fewer nodes since, or cheaper ones.
    fn shrank(&self, terms: &Terms<'_>) -> bool {
        match (&self.from, &self.change) {
            (Change::Replicas(from), Change::Replicas(to)) => to < from,
            (Change::NodeType(_) | Change::Replicas(_), _) => terms.to.price < terms.from.price,
        }
    }

    /// Whether what it grew for was its load. Replicas carry nothing else; a larger node may be for its memory.
    fn is_for_load(&self, before: &Seen, rule: &Rule) -> bool {
        match self.change {
            Change::Replicas(_) => true,
            Change::NodeType(_) => rule.hot < before.busy,
        }
    }

    /// How much of the busiest engine the same commands should take since, as a share of what they took before.
    fn should_fall_to(&self, before: &History<'_>, terms: &Terms<'_>) -> f64 {
        let mix = measure(before, terms.from, usize::MAX).mix;
        let busy = |minute: &Minute, engine: f64, change: &Change| {
            let replicas = match change {
                Change::Replicas(it) => *it,
                Change::NodeType(_) => minute.replicas,
            };
            let (primary, replica) = carry::busy(Demand::of(minute), mix, engine, replicas);
            primary.max(replica)
        };
        let was = before.mean(|it| busy(it, terms.from.engine, &self.from));
        let would = before.mean(|it| busy(it, terms.to.engine, &self.change));
        if was <= 0.0 { 1.0 } else { would / was }
    }
}

/// Compares the hour after a change with the hour before it, of which each is told by the node type of then.
pub fn compare(
    watch: &Watch,
    (before, after): (&History<'_>, &History<'_>),
    terms: &Terms<'_>,
) -> Effect {
    let minute = |it: Timestamp| it.as_second().div_euclid(60);
    let (asked, at) = (minute(watch.asked), minute(watch.at));
    let hours =
        (before.last(BACK).between(asked - HOUR, asked), after.last(BACK).between(at, at + HOUR));
    let before = Seen::of(&hours.0, terms.from.usable);
    let after = Seen::of(&hours.1, terms.to.usable);
    let verdict = if before.minutes.min(after.minutes) < KNOWN_LEAST {
        Verdict::Unknown
    } else if watch.shrank(terms) {
        after.over(terms).map_or(Verdict::AsHoped, Verdict::Worse)
    } else if is_in_vain(watch, (&before, &after), &hours, terms) {
        Verdict::NoHelp
    } else {
        Verdict::AsHoped
    };
    Effect { before, after, verdict }
}

/// Whether a command takes as much of the busiest engine as before, although the group grew for that to be less.
fn is_in_vain(
    watch: &Watch,
    (before, after): (&Seen, &Seen),
    hours: &(History<'_>, History<'_>),
    terms: &Terms<'_>,
) -> bool {
    let is_busy = TELLS <= before.busy && TELLS <= after.busy;
    if !is_busy
        || !watch.is_for_load(before, terms.rule)
        || FELL_TO < watch.should_fall_to(&hours.0, terms)
    {
        return false;
    }
    let each = |hour| a_command(hour, terms.to);
    each(&hours.0).zip(each(&hours.1)).is_some_and(|(was, is)| FELL_TO * was < is)
}

/// What a command takes of the busiest engine. Nothing where the commands themselves are reckoned from how busy it is, as those of scripts are.
fn a_command(hour: &History<'_>, now: &Candidate) -> Option<f64> {
    let commands = |it: &Minute| it.reads + it.writes;
    let least = LEARNED.0 * now.engine * ROUNDED;
    let is_reckoned = |it: &Minute| commands(it) <= it.busiest() * least;
    let (all, reckoned) = (hour.known().count(), hour.count(is_reckoned));
    let mean = hour.mean(commands);
    (reckoned.saturating_mul(2) < all && 1.0 <= mean).then(|| hour.mean(Minute::busiest) / mean)
}

/// More than numbers differ by that are the same.
const ROUNDED: f64 = 1.0 + 1e-9;

impl Seen {
    fn of(hour: &History<'_>, usable: f64) -> Self {
        let bytes = hour.lasting(|it| it.memory);
        Self {
            minutes: hour.known().count(),
            busy: hour.lasting(Minute::busiest),
            bytes,
            full: if usable <= 0.0 { 0.0 } else { bytes / usable },
            misses: hour.mean(|it| it.misses),
            commands: hour.mean(|it| it.reads + it.writes),
        }
    }

    /// What is beyond its limit, the memory first: what it loses does not come back.
    fn over(&self, terms: &Terms<'_>) -> Option<Over> {
        let Rule { hot, memory_hot, .. } = *terms.rule;
        match terms.kind {
            Kind::Store if memory_hot < self.full => Some(Over::Memory(memory_hot)),
            Kind::Cache { misses } if misses < self.misses => Some(Over::Misses(misses)),
            Kind::Store | Kind::Cache { .. } => (hot < self.busy).then_some(Over::Engine(hot)),
        }
    }
}

impl Effect {
    /// Whether people are told. The rest is for the journal.
    pub fn is_news(&self) -> bool {
        match self.verdict {
            Verdict::NoHelp | Verdict::Worse(_) => true,
            Verdict::AsHoped | Verdict::Unknown => false,
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |it: f64| it * 100.0;
        let (before, after) = (&self.before, &self.after);
        if self.verdict == Verdict::Unknown {
            return write!(
                f,
                "too little is known to tell what came of it: {} minutes of the hour before, and {} of the hour since",
                before.minutes, after.minutes
            );
        }
        write!(
            f,
            "in the hour before, the busiest engine was at {:.0} percent and the memory at {:.0}; in the hour since, at {:.0} and {:.0}",
            percent(before.busy),
            percent(before.full),
            percent(after.busy),
            percent(after.full)
        )?;
        match self.verdict {
            Verdict::AsHoped | Verdict::Unknown => Ok(()),
            Verdict::NoHelp => write!(
                f,
                "; a command takes as much of it as before, with {:.0} of them a second then and {:.0} since",
                before.commands, after.commands
            ),
            Verdict::Worse(Over::Engine(limit)) => {
                write!(f, "; the limit of an engine is {:.0}", percent(limit))
            }
            Verdict::Worse(Over::Memory(limit)) => {
                write!(f, "; the limit of the memory is {:.0}", percent(limit))
            }
            Verdict::Worse(Over::Misses(limit)) => write!(
                f,
                "; {:.1} percent of the reads missed before, {:.1} since, and {:.1} may",
                percent(before.misses),
                percent(after.misses),
                percent(limit)
            ),
        }
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { change, from, asked, at } = self;
        write!(f, "{change} from {} asked {asked} at {at}", value(from))
    }
}

impl FromStr for Watch {
    type Err = ChangeError;

    fn from_str(text: &str) -> Result<Self, ChangeError> {
        let wrong = || ChangeError(text.to_owned());
        let (rest, at) = text.split_once(" at ").ok_or_else(wrong)?;
        let (rest, asked) = rest.split_once(" asked ").ok_or_else(wrong)?;
        let (change, from) = rest.split_once(" from ").ok_or_else(wrong)?;
        let (field, _) = change.split_once('=').ok_or_else(wrong)?;
        Ok(Self {
            change: change.parse()?,
            from: format!("{field}={from}").parse()?,
            asked: asked.parse().map_err(|_| wrong())?,
            at: at.parse().map_err(|_| wrong())?,
        })
    }
}

#[cfg(test)]
mod tests;
