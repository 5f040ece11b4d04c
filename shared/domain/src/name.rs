//! Names that AWS will accept.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

/// Why a name is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NameError {
    /// Empty, or longer than ElastiCache takes.
    #[error("\"{name}\" has {len} characters, {what} has 1 to {max}")]
    Length { name: String, what: &'static str, len: usize, max: usize },
    /// Starts with something other than a letter.
    #[error("\"{name}\" does not start with a letter, as {what} must")]
    Start { name: String, what: &'static str },
    /// Has a character, a double hyphen or a last hyphen that ElastiCache refuses.
    #[error(
        "\"{name}\" has more than letters, digits and single inner hyphens, which is all that {what} may have"
    )]
    Shape { name: String, what: &'static str },
}

/// Folds a name to lower case, as ElastiCache does, and checks its shape (facts 1.5).
fn checked(name: &str, what: &'static str, max: usize) -> Result<String, NameError> {
    let folded = name.to_ascii_lowercase();
    if folded.is_empty() || max < folded.len() {
        return Err(NameError::Length { name: name.to_owned(), what, len: folded.len(), max });
    }
    if !folded.starts_with(|it: char| it.is_ascii_lowercase()) {
        return Err(NameError::Start { name: name.to_owned(), what });
    }
    let legal = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    if !folded.chars().all(legal) || folded.contains("--") || folded.ends_with('-') {
        return Err(NameError::Shape { name: name.to_owned(), what });
    }
    Ok(folded)
}

/// What kind of thing a name names: its words in an error, and its longest form.
pub trait Kind {
    /// How an error speaks of it.
    const WHAT: &'static str;
    /// The most characters that ElastiCache takes (facts 1.5).
    const LEN_MAX: usize;
}

/// A checked name.
///
/// Stored in lower case because ElastiCache folds it, and two spellings of one name must compare equal.
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String", bound = "K: Kind + Clone")]
pub struct Name<K>(String, PhantomData<K>);

/// The id of a replication group.
pub type GroupId = Name<OfGroup>;
/// The id of a member cache cluster, such as `orders-001`.
pub type MemberId = Name<OfMember>;
/// The name of a snapshot that we or a person made. Automatic ones have a dot and are no `SnapshotName` (facts 5.3).
pub type SnapshotName = Name<OfSnapshot>;

/// Marks the name of a replication group.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum OfGroup {}
/// Marks the name of a member.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum OfMember {}
/// Marks the name of a snapshot.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum OfSnapshot {}

impl Kind for OfGroup {
    const WHAT: &'static str = "a replication group id";
    const LEN_MAX: usize = 40;
}

impl Kind for OfMember {
    const WHAT: &'static str = "a member id";
    // A group id of 40, and `-0001-001` in cluster mode.
    const LEN_MAX: usize = 50;
}

impl Kind for OfSnapshot {
    const WHAT: &'static str = "a snapshot name";
    const LEN_MAX: usize = 40;
}

impl<K: Kind> Name<K> {
    /// Checks and folds a name.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        checked(name, K::WHAT, K::LEN_MAX).map(|it| Self(it, PhantomData))
    }
}

impl<K> Name<K> {
    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<K: Kind> TryFrom<String> for Name<K> {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::parse(&name)
    }
}

impl<K> From<Name<K>> for String {
    fn from(name: Name<K>) -> Self {
        name.0
    }
}

/// The name alone: steps are logged so, and an operator has no use for the marker.
impl<K> fmt::Debug for Name<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<K> fmt::Display for Name<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        let said = match GroupId::parse(name) {
            Ok(id) => id.to_string(),
            Err(err) => err.to_string(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn a_group_id_is_folded() {
        check("Orders-Redis", "orders-redis");
    }

    #[test]
    fn a_bad_group_id_says_which_rule_it_breaks() {
        check("", "\"\" has 0 characters, a replication group id has 1 to 40");
        check("1st", "\"1st\" does not start with a letter, as a replication group id must");
        let shape = "has more than letters, digits and single inner hyphens, which is all that a replication group id may have";
        check("a--b", &format!("\"a--b\" {shape}"));
        check("a-", &format!("\"a-\" {shape}"));
        check("a_b", &format!("\"a_b\" {shape}"));
    }

    #[test]
    fn forty_characters_are_the_most() {
        assert!(GroupId::parse(&"a".repeat(40)).is_ok());
        assert!(GroupId::parse(&"a".repeat(41)).is_err());
    }
}
