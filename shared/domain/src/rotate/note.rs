//! What a rotation writes on the secret, for the next look and for whoever opens the console.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::VersionId;

/// What a group is asked to do with a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// `ROTATE`: accept it beside the newest of the present ones.
    Rotate,
    /// `SET`: accept nothing else.
    Set,
}

/// The change that was last asked for, written before the call: `rotate=<version> at 2026-01-02T03:04:05Z`.
///
/// A group may still read `available` just after a modify (facts 1.2). Without this note such a look would send a second
/// `ROTATE`, and what that does to the token in use nobody knows (facts U3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    /// What was asked.
    pub change: Change,
    /// The version whose token it was asked with.
    pub version: VersionId,
    /// When.
    pub at: Timestamp,
}

impl Asked {
    /// Reads the tag. What a person wrote there and cannot be read is no note.
    pub fn parse(text: &str) -> Option<Self> {
        let (what, at) = text.split_once(" at ")?;
        let (change, version) = what.split_once('=')?;
        let change = match change {
            "rotate" => Change::Rotate,
            "set" => Change::Set,
            _ => return None,
        };
        Some(Self { change, version: VersionId::parse(version).ok()?, at: at.parse().ok()? })
    }

    /// Whether it was asked so lately that the group may not show it yet.
    pub fn may_not_show(&self, now: Timestamp) -> bool {
        now < self.at.saturating_add(SHOWS_AFTER).unwrap_or(Timestamp::MAX)
    }
}

/// A change that a group accepted shows in its state well before this. Terraform looks first after 30 s (facts 1.2).
const SHOWS_AFTER: SignedDuration = SignedDuration::from_mins(3);

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let change = match self.change {
            Change::Rotate => "rotate",
            Change::Set => "set",
        };
        write!(f, "{change}={} at {}", self.version, self.at)
    }
}

/// The version that was seen to be the only one accepted, written after the proof: `<version> at 2026-01-02T03:04:05Z`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revoked {
    /// The version that was current.
    pub version: VersionId,
    /// When it was proven.
    pub at: Timestamp,
}

impl Revoked {
    /// Reads the tag.
    pub fn parse(text: &str) -> Option<Self> {
        let (version, at) = text.split_once(" at ")?;
        Some(Self { version: VersionId::parse(version).ok()?, at: at.parse().ok()? })
    }
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.version, self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::is_legal_value;

    const VERSION: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

    #[test]
    fn a_note_is_a_legal_tag_and_reads_back() {
        let version = VersionId::parse(VERSION).unwrap();
        let at: Timestamp = "2026-01-02T03:04:05.678901234Z".parse().unwrap();
        for change in [Change::Rotate, Change::Set] {
            let asked = Asked { change, version: version.clone(), at };
            assert!(is_legal_value(&asked.to_string()), "{asked}");
            assert_eq!(Asked::parse(&asked.to_string()), Some(asked));
        }
        let revoked = Revoked { version, at };
        assert!(is_legal_value(&revoked.to_string()), "{revoked}");
        assert_eq!(Revoked::parse(&revoked.to_string()), Some(revoked));
    }

    #[test]
    fn what_a_person_wrote_is_no_note() {
        for text in [
            "",
            "rotate",
            "rotate=x at noon",
            "burn=0f8fad5b-d9cb-469f-a165-70867728950e at 2026-01-02T03:04:05Z",
        ] {
            assert_eq!(Asked::parse(text), None, "{text}");
        }
    }
}
