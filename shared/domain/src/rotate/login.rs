//! What each node says to each token.

use std::collections::BTreeMap;
use std::fmt;

use crate::MemberId;

/// What is tried on a node.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Key {
    /// The token of `AWSPENDING`.
    Pending,
    /// The token of `AWSCURRENT`.
    Current,
    /// The token of `AWSPREVIOUS`.
    Previous,
    /// The token of a rotation that was given up.
    GivenUp,
    /// No password.
    Nothing,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "AWSPENDING",
            Self::Current => "AWSCURRENT",
            Self::Previous => "AWSPREVIOUS",
            Self::GivenUp => "the token given up",
            Self::Nothing => "no password",
        })
    }
}

/// What a node says to one login.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Come in.
    Accepted,
    /// Not with this.
    Refused,
    /// It did not say, and why.
    Unreachable(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::Refused => f.write_str("refused"),
            Self::Unreachable(why) => write!(f, "not answered ({why})"),
        }
    }
}

/// One node, and what it says to each key that was tried.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Node {
    /// The member.
    pub id: MemberId,
    /// What it says.
    pub verdicts: BTreeMap<Key, Verdict>,
}

impl Node {
    /// Tells whether a key opens it.
    pub fn accepts(&self, key: Key) -> bool {
        self.verdicts.get(&key) == Some(&Verdict::Accepted)
    }
}
