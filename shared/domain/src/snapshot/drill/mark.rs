//! What a drill leaves on the snapshot that it tried: that it restores, or why it does not.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::snapshot::SnapshotView;
use crate::{Tags, tag};

/// That a snapshot was seen to restore.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Verified {
    /// When its keys were counted.
    pub at: Timestamp,
    /// How many there were.
    pub keys: u64,
    /// How long after it was asked for.
    pub took: SignedDuration,
    /// Whether they were held against a record of the snapshot.
    pub is_compared: bool,
}

/// That a snapshot was tried, and did not restore.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failed {
    /// When.
    pub at: Timestamp,
    /// Why, as far as a tag has room for it.
    pub why: String,
}

/// What stands behind the numbers where nobody had counted before.
const UNCOMPARED: &str = " without a record";

impl Verified {
    /// When the drill was asked for.
    pub fn asked(self) -> Timestamp {
        self.at.saturating_sub(self.took).unwrap_or(self.at)
    }

    /// Reads the tags of a snapshot.
    pub fn read(tags: &Tags) -> Option<Self> {
        let text = tags.get(tag::VERIFIED)?;
        let (text, is_compared) = match text.strip_suffix(UNCOMPARED) {
            Some(text) => (text, false),
            None => (text.as_str(), true),
        };
        let words: Vec<&str> = text.split(' ').collect();
        let [at, "keys", keys, "in", seconds, "s"] = words.as_slice() else { return None };
        Some(Self {
            at: at.parse().ok()?,
            keys: keys.parse().ok()?,
            took: SignedDuration::from_secs(seconds.parse().ok()?),
            is_compared,
        })
    }

    /// The tags that say it.
    pub fn tags(self) -> Tags {
        Tags::from([(tag::VERIFIED.to_owned(), self.to_string())])
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, keys, took, is_compared } = self;
        write!(f, "{at} keys {keys} in {} s", took.as_secs())?;
        f.write_str(if *is_compared { "" } else { UNCOMPARED })
    }
}

impl Failed {
    /// Reads the tags of a snapshot.
    pub fn read(tags: &Tags) -> Option<Self> {
        let text = tags.get(tag::DRILL_FAILED)?;
        let (at, why) = text.split_once(' ')?;
        Some(Self { at: at.parse().ok()?, why: why.to_owned() })
    }

    /// The tags that say it. What a tag does not take is left out.
    pub fn tags(&self) -> Tags {
        let text = format!("{} {}", self.at, self.why);
        let legal = |it: char| it.is_alphanumeric() || " +-=._:/@".contains(it);
        let text: String = text.chars().filter(|it| legal(*it)).take(tag::VALUE_LEN_MAX).collect();
        Tags::from([(tag::DRILL_FAILED.to_owned(), text.trim_end().to_owned())])
    }
}

impl SnapshotView {
    /// When it was last seen to restore.
    pub fn verified(&self) -> Option<Verified> {
        Verified::read(self.tags.as_ref()?)
    }

    /// When it was last tried and did not restore, unless it did since.
    pub fn drill_failed(&self) -> Option<Failed> {
        let failed = Failed::read(self.tags.as_ref()?)?;
        let did_since = self.verified().is_some_and(|it| failed.at < it.at);
        (!did_since).then_some(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-01-02T03:14:05Z";

    #[test]
    fn a_mark_is_a_legal_tag_and_is_read_again() {
        for is_compared in [true, false] {
            let took = SignedDuration::from_secs(600);
            let mark = Verified { at: AT.parse().unwrap(), keys: u64::MAX, took, is_compared };
            let tags = mark.tags();
            assert!(tags.values().all(|it| tag::is_legal_value(it)), "{tags:?}");
            assert_eq!(Verified::read(&tags), Some(mark));
            assert_eq!(mark.asked().to_string(), "2026-01-02T03:04:05Z");
        }
        for text in ["", "yes", "2026-01-02T03:14:05Z", "2026-01-02T03:14:05Z keys many in 1 s"] {
            let tags = Tags::from([(tag::VERIFIED.to_owned(), text.to_owned())]);
            assert_eq!(Verified::read(&tags), None, "{text}");
        }
    }

    #[test]
    fn why_it_failed_is_cut_to_what_a_tag_takes() {
        let why = format!("ElastiCache says \"no; none\", {}", "ä".repeat(300));
        let failed = Failed { at: AT.parse().unwrap(), why };
        let tags = failed.tags();
        assert!(tags.values().all(|it| tag::is_legal_value(it)), "{tags:?}");
        let read = Failed::read(&tags).unwrap();
        assert_eq!(read.at, failed.at);
        assert!(read.why.starts_with("ElastiCache says no none ää"), "{}", read.why);
    }

    #[test]
    fn a_failure_is_told_until_it_restores() {
        let mut seen = crate::snapshot::sample::snapshot("orders", AT);
        let failed = Failed { at: AT.parse().unwrap(), why: "it has no keys".to_owned() };
        seen.tags.as_mut().unwrap().extend(failed.tags());
        assert_eq!(seen.drill_failed(), Some(failed.clone()));
        let took = SignedDuration::from_secs(600);
        let since = failed.at + took;
        let verified = Verified { at: since, keys: 1, took, is_compared: true };
        seen.tags.as_mut().unwrap().extend(verified.tags());
        assert_eq!((seen.drill_failed(), seen.verified()), (None, Some(verified)));
    }
}
