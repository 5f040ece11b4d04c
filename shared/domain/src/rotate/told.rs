//! What people are told of a credential that does not go on: once when that begins, when it changes, once a day while it lasts, and when it
//! is over.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::{Refusal, Stage};
use crate::owner::short_hash;

/// Who refused: a step of a rotation, or the sweep.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// This step.
    Stage(Stage),
    /// The sweep, which looks at all that a rotation leaves.
    Sweep,
}

impl By {
    fn parse(text: &str) -> Option<Self> {
        if text == "sweep" { Some(Self::Sweep) } else { Stage::parse(text).map(Self::Stage) }
    }

    /// How far a rotation has come when this one finds nothing wrong.
    fn rank(self) -> usize {
        match self {
            Self::Stage(stage) => Stage::ALL.iter().position(|it| *it == stage).unwrap_or_default(),
            Self::Sweep => Stage::ALL.len(),
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage(stage) => stage.fmt(f),
            Self::Sweep => f.write_str("sweep"),
        }
    }
}

/// The refusal that people were last told of, noted on the secret: `setSecret=1a2b3c4d at 2026-01-02T03:04:05Z`. The function itself
/// remembers nothing from one call to the next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// Who refused.
    pub by: By,
    /// A hash of what was said.
    pub what: String,
    /// When people were told.
    pub at: Timestamp,
}

impl Told {
    /// Reads the tag. What a person wrote there and cannot be read is no note.
    pub fn parse(text: &str) -> Option<Self> {
        let (what, at) = text.split_once(" at ")?;
        let (by, what) = what.split_once('=')?;
        Some(Self { by: By::parse(by)?, what: what.to_owned(), at: at.parse().ok()? })
    }

    /// Whether it was this one.
    pub fn is_of(&self, refusal: &Refusal) -> bool {
        self.what == short_hash(&refusal.to_string())
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} at {}", self.by, self.what, self.at)
    }
}

/// How a run ended, as far as people care.
#[derive(Clone, Copy, Debug)]
pub enum Ended<'a> {
    /// It was refused.
    Refused(&'a Refusal),
    /// All that it is there for is as it should be.
    InOrder,
    /// It waits, failed, or had nothing to look at.
    Open,
}

/// What people are to be told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Telling {
    /// Nothing, or nothing new.
    Nothing,
    /// That it does not go on, which is then noted.
    Refusal(Told),
    /// That what they were told of is over, and the note goes.
    Over,
}

/// Decides what people are told after a run.
pub fn telling(by: By, ended: Ended<'_>, noted: Option<&Told>, now: Timestamp) -> Telling {
    match ended {
        Ended::Refused(refusal) if refusal.is_of_the_secret() => {
            let is_known = noted.is_some_and(|it| {
                it.is_of(refusal) && now < it.at.saturating_add(AGAIN).unwrap_or(Timestamp::MAX)
            });
            if is_known {
                return Telling::Nothing;
            }
            Telling::Refusal(Told { by, what: short_hash(&refusal.to_string()), at: now })
        }
        // A rotation is begun over from its first step: that one proves nothing of a later one that was refused.
        Ended::InOrder if noted.is_some_and(|it| it.by.rank() <= by.rank()) => Telling::Over,
        Ended::Refused(_) | Ended::InOrder | Ended::Open => Telling::Nothing,
    }
}

/// How long people may forget.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::super::sample::{NEW, minutes_before, noon, version};
    use super::super::{Label, VersionId};
    use super::*;
    use crate::tag::is_legal_value;

    const DAY: i64 = 24 * 60;

    fn noted(by: By, refusal: &Refusal, minutes_ago: i64) -> Told {
        let ended = Ended::Refused(refusal);
        match telling(by, ended, None, minutes_before(minutes_ago)) {
            Telling::Refusal(told) => told,
            other @ (Telling::Nothing | Telling::Over) => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn check(by: By, ended: Ended<'_>, noted: &Told, expected: &str) {
        let told = match telling(by, ended, Some(noted), noon()) {
            Telling::Nothing => "nothing",
            Telling::Refusal(_) => "refusal",
            Telling::Over => "over",
        };
        assert_eq!(told, expected);
    }

    const SET: By = By::Stage(Stage::Set);

    #[test]
    fn a_refusal_is_told_once_a_day_and_another_at_once() {
        let (one, other) = (Refusal::SameToken, Refusal::NoValue(Label::Current));
        for by in [SET, By::Sweep] {
            let told = noted(SET, &one, DAY - 1);
            check(by, Ended::Refused(&one), &told, "nothing");
            check(by, Ended::Refused(&other), &told, "refusal");
            check(by, Ended::Refused(&one), &noted(SET, &one, DAY), "refusal");
        }
    }

    #[test]
    fn it_is_over_when_as_much_was_looked_at_again() {
        let told = noted(SET, &Refusal::SameToken, 1);
        check(By::Stage(Stage::Create), Ended::InOrder, &told, "nothing");
        check(SET, Ended::InOrder, &told, "over");
        check(By::Sweep, Ended::InOrder, &told, "over");
        check(By::Sweep, Ended::Open, &told, "nothing");
        let by_sweep = noted(By::Sweep, &Refusal::SameToken, 1);
        check(By::Stage(Stage::Finish), Ended::InOrder, &by_sweep, "nothing");
        assert_eq!(telling(SET, Ended::InOrder, None, noon()), Telling::Nothing);
    }

    #[test]
    fn a_wrong_call_is_the_affair_of_whoever_made_it() {
        let version: VersionId = version(NEW);
        for refusal in [
            Refusal::NotOurs { missing: "owner" },
            Refusal::UnknownVersion(version.clone()),
            Refusal::NotPending(version),
        ] {
            assert_eq!(telling(SET, Ended::Refused(&refusal), None, noon()), Telling::Nothing);
        }
    }

    #[test]
    fn a_note_is_a_legal_tag_and_reads_back() {
        for by in Stage::ALL.map(By::Stage).into_iter().chain([By::Sweep]) {
            let told = noted(by, &Refusal::SameToken, 3);
            assert!(is_legal_value(&told.to_string()), "{told}");
            assert_eq!(Told::parse(&told.to_string()), Some(told));
        }
        for text in ["", "setSecret=1 at noon", "nobody=1a2b3c4d at 2026-01-02T03:04:05Z"] {
            assert_eq!(Told::parse(text), None, "{text}");
        }
    }
}
