//! A secret that is held: another address is being written into it, and its credential stays what it is meanwhile.

use std::fmt;

use jiff::Timestamp;

use super::SecretView;
use crate::{GroupId, Wait, WaitingOn, tag};

/// Who holds a secret, and until when: `orders-r2 by 1a2b3c4d until 2026-01-02T03:04:05Z`.
///
/// A rotation that sends its token to one group while clients are led to another would lock them out. Whoever dies holding a secret lets go
/// of it by the time alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hold {
    /// The group that clients are led to.
    pub to: GroupId,
    /// By which request.
    pub request: String,
    /// Until then, at the latest.
    pub until: Timestamp,
}

impl Hold {
    /// Reads the tag. What a person wrote there and cannot be read holds nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let (to, rest) = text.split_once(" by ")?;
        let (request, until) = rest.split_once(" until ")?;
        let to = GroupId::parse(to).ok()?;
        Some(Self { to, request: request.to_owned(), until: until.parse().ok()? })
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {} until {}", self.to, self.request, self.until)
    }
}

impl SecretView {
    /// Who holds it, as long as the time is not over.
    pub fn hold(&self, now: Timestamp) -> Option<Hold> {
        Hold::parse(self.tags.get(tag::IN_PLACE)?).filter(|it| now < it.until)
    }

    /// What whoever would change the credential waits for.
    pub(super) fn held(&self, now: Timestamp) -> Option<Wait> {
        Some(Wait::slow(WaitingOn::Address(self.hold(now)?.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_legal_and_read_again() {
        let until = "2026-01-02T03:04:05Z".parse().unwrap();
        let to = GroupId::parse("orders-r2").unwrap();
        let hold = Hold { to, request: "1a2b3c4d".to_owned(), until };
        assert!(tag::is_legal_value(&hold.to_string()), "{hold}");
        assert_eq!(Hold::parse(&hold.to_string()), Some(hold));
        for text in ["", "orders-r2", "orders-r2 by me until noon", "- by 1 until 2026-01-02"] {
            assert_eq!(Hold::parse(text), None, "{text}");
        }
    }
}
