//! The AUTH token of a group, and the password of a user.

use std::fmt;

/// A token, or the password of a user, that ElastiCache takes. It prints as stars.
#[derive(Clone, Eq, PartialEq)]
pub struct AuthToken(String);

/// Why a text is no token. The text itself is never part of the message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenError {
    /// Too short or too long.
    #[error("it has 16 to 128 characters, this one has {0}")]
    Length(usize),
    /// A character that ElastiCache refuses.
    #[error("a token has only letters, digits and ! & # $ ^ < > -")]
    Alphabet,
    /// A character that no password of a user has.
    #[error("a password has printable ASCII without spaces and without , \" / @")]
    PasswordAlphabet,
    /// A text that begins with a brace and is no JSON object.
    #[error("it begins like a JSON document and is none")]
    NotJson,
    /// A document without its credential.
    #[error("the document has no text under \"{0}\"")]
    Lacks(&'static str),
}

impl AuthToken {
    /// The shortest and the longest token (facts 2.1).
    pub const LEN: std::ops::RangeInclusive<usize> = 16..=128;

    /// Takes a text that is a legal token (facts 2.1: the stricter of the two documented rules).
    pub fn parse(text: impl Into<String>) -> Result<Self, TokenError> {
        let text = text.into();
        if !Self::LEN.contains(&text.len()) {
            return Err(TokenError::Length(text.len()));
        }
        let legal = |it: u8| it.is_ascii_alphanumeric() || b"!&#$^<>-".contains(&it);
        if !text.bytes().all(legal) {
            return Err(TokenError::Alphabet);
        }
        Ok(Self(text))
    }

    /// Takes a text that is a legal password of a user (facts 2.3: a looser rule than that of tokens).
    pub fn parse_password(text: impl Into<String>) -> Result<Self, TokenError> {
        let text = text.into();
        if !Self::LEN.contains(&text.len()) {
            return Err(TokenError::Length(text.len()));
        }
        if !text.bytes().all(|it| it.is_ascii_graphic() && !b",\"/@".contains(&it)) {
            return Err(TokenError::PasswordAlphabet);
        }
        Ok(Self(text))
    }

    /// The only way out, so that every use can be found by its name.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthToken(*****)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_the_rule_allows_is_taken_and_never_printed(text in "[A-Za-z0-9!&#$^<>-]{16,128}") {
            let token = AuthToken::parse(text.clone()).unwrap();
            prop_assert_eq!(token.expose(), text.as_str());
            let printed = format!("{token:?}");
            prop_assert!(!printed.contains(&text));
        }

        #[test]
        fn one_other_character_spoils_it(text in "[a-z]{16,64}", other in "[^A-Za-z0-9!&#$^<>-]") {
            let spoilt = text + &other;
            prop_assert!(AuthToken::parse(spoilt).is_err());
        }
    }

    #[test]
    fn a_password_may_hold_more_than_a_token() {
        let taken = AuthToken::parse_password("semi;colon*and(some)").unwrap();
        assert_eq!(taken.expose(), "semi;colon*and(some)");
        for text in
            ["a,comma-and-more-letters", "a space in the middle", "at@at@at@at@at@at@", "short"]
        {
            let err = AuthToken::parse_password(text).unwrap_err();
            assert!(!err.to_string().contains(text), "{err}");
        }
    }

    #[test]
    fn the_error_does_not_hold_the_text() {
        let err = AuthToken::parse("planted@secret@value@here").unwrap_err();
        assert!(!err.to_string().contains("planted"));
        assert!(AuthToken::parse("short").unwrap_err().to_string().contains("this one has 5"));
    }
}
