//! What a group was asked to become, written on it before the asking.
//!
//! ElastiCache can take a change and drop it without a word: the group is `available` again with the old value (facts 4.3). What
//! was asked for is therefore written as a tag first, and removed when the value is seen.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// A change that was asked for and is not yet seen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    /// Which field.
    pub field: AskedField,
    /// The value that it should take.
    pub value: String,
    /// When it was asked for.
    pub at: Timestamp,
}

/// The fields that can be dropped without a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AskedField {
    /// The node type.
    NodeType,
    /// The engine version.
    EngineVersion,
    /// Whether clients log in with a token; it has a tag of its own, since another change must not overwrite it.
    AuthToken,
    /// Which topic is told of events, and where logs go.
    Delivery,
    /// How many shards there are.
    Shards,
}

impl Asked {
    /// How long after the call a look may still be stale and show the old value in an `available` group (facts 1.2). After it,
    /// `available` without the value means that the change did not take.
    pub const GRACE: SignedDuration = SignedDuration::from_mins(5);

    /// Whether this is old enough that a missing value means that the change did not take.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.at.saturating_add(Self::GRACE).is_ok_and(|it| it <= now)
    }

    /// The mark that the call for this has been made.
    pub fn called(&self, now: Timestamp) -> String {
        format!("{self} called at {now}")
    }

    /// When the call for this was made, by a mark among these tags. A mark for anything else says nothing.
    pub fn called_at(&self, tags: &crate::Tags) -> Option<Timestamp> {
        let mark = tags.get(crate::tag::CALLED)?;
        mark.strip_prefix(&format!("{self} called at "))?.parse().ok()
    }

    /// Reads the tag among the tags of a group. A value that we cannot read counts as none: somebody else wrote it.
    pub fn read(tags: &crate::Tags) -> Option<Self> {
        tags.get(crate::tag::ASKED)?.parse().ok()
    }
}

impl fmt::Display for AskedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NodeType => "node-type",
            Self::EngineVersion => "engine-version",
            Self::AuthToken => "auth-token",
            Self::Delivery => "delivery",
            Self::Shards => "shards",
        })
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} at {}", self.field, self.value, self.at)
    }
}

/// A text that is no [`Asked`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("\"{0}\" does not say what was asked for and when")]
pub struct AskedError(String);

impl FromStr for Asked {
    type Err = AskedError;

    fn from_str(text: &str) -> Result<Self, AskedError> {
        let wrong = || AskedError(text.to_owned());
        let (what, at) = text.split_once(" at ").ok_or_else(wrong)?;
        let (field, value) = what.split_once('=').ok_or_else(wrong)?;
        let field = match field {
            "node-type" => AskedField::NodeType,
            "engine-version" => AskedField::EngineVersion,
            "auth-token" => AskedField::AuthToken,
            "delivery" => AskedField::Delivery,
            "shards" => AskedField::Shards,
            _ => return Err(wrong()),
        };
        Ok(Self { field, value: value.to_owned(), at: at.parse().map_err(|_| wrong())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag;

    #[test]
    fn what_is_written_is_read_again_and_is_a_legal_tag_value() {
        let at: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let asked = Asked { field: AskedField::NodeType, value: "cache.t4g.small".to_owned(), at };
        let text = asked.to_string();
        assert_eq!(text, "node-type=cache.t4g.small at 2026-01-02T03:04:05Z");
        assert!(tag::is_legal_value(&text));
        assert_eq!(text.parse(), Ok(asked));
    }

    #[test]
    fn a_foreign_text_is_none() {
        for text in ["", "node-type=x", "replicas=2 at 2026-01-02T03:04:05Z", "node-type=x at noon"]
        {
            assert!(text.parse::<Asked>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_mark_tells_when_the_call_was_made_and_for_what() {
        let asked: Asked = "node-type=cache.t4g.small at 2026-01-02T03:04:05Z".parse().unwrap();
        let at: Timestamp = "2026-01-02T03:04:06Z".parse().unwrap();
        let tags = crate::Tags::from([(tag::CALLED.to_owned(), asked.called(at))]);
        assert!(tag::is_legal_value(&asked.called(at)));
        assert_eq!(asked.called_at(&tags), Some(at));
        let other: Asked = "node-type=cache.t4g.small at 2026-01-02T04:04:05Z".parse().unwrap();
        assert_eq!(other.called_at(&tags), None);
    }

    #[test]
    fn it_is_overdue_after_its_grace() {
        let at: Timestamp = "2026-01-02T03:00:00Z".parse().unwrap();
        let asked = Asked { field: AskedField::NodeType, value: "x".to_owned(), at };
        assert!(!asked.is_overdue("2026-01-02T03:04:59Z".parse().unwrap()));
        assert!(asked.is_overdue("2026-01-02T03:05:00Z".parse().unwrap()));
    }
}
