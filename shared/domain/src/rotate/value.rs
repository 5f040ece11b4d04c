//! What a version of a secret holds.

use jiff::Timestamp;

use super::{Document, Label, Refusal};
use crate::AuthToken;
use crate::token::TokenError;

/// The value of one version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// There is none: a version gets its label before its value (facts 3.2).
    Absent,
    /// It is not text.
    Binary,
    /// It is text, but no token. The text is not kept.
    Bad(TokenError),
    /// A token, the document that it stands in, if it stands in one, and when it was put there.
    Token(AuthToken, Option<Document>, Option<Timestamp>),
}

impl Value {
    /// The token, where there is one.
    pub fn token(&self) -> Option<&AuthToken> {
        match self {
            Self::Token(token, ..) => Some(token),
            Self::Absent | Self::Binary | Self::Bad(_) => None,
        }
    }

    /// The document that it stands in.
    pub fn document(&self) -> Option<&Document> {
        match self {
            Self::Token(_, document, _) => document.as_ref(),
            Self::Absent | Self::Binary | Self::Bad(_) => None,
        }
    }

    /// When it was put there.
    pub fn created(&self) -> Option<Timestamp> {
        match self {
            Self::Token(.., created) => *created,
            Self::Absent | Self::Binary | Self::Bad(_) => None,
        }
    }

    /// The token, or a refusal that says what is there instead.
    pub(super) fn required(&self, label: Label) -> Result<&AuthToken, Refusal> {
        match self {
            Self::Token(token, ..) => Ok(token),
            Self::Absent => Err(Refusal::NoValue(label)),
            Self::Binary => Err(Refusal::NotText(label)),
            Self::Bad(err) => Err(Refusal::BadToken(label, *err)),
        }
    }
}
