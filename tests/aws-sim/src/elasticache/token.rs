//! The states of an AUTH token: at most two tokens, and whether none is accepted too (facts 2.2).

use super::check::{bad_combination, token as check_token};
use crate::settings::{RotateToNewest, Switches};
use crate::{Access, Refusal};

/// How a token is to be changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Strategy {
    /// Accept it beside the last one.
    Rotate,
    /// Accept it alone.
    Set,
}

/// A change of the token that was accepted and is not done yet.
#[derive(Clone, Eq, PartialEq)]
pub struct TokenChange {
    /// How.
    pub strategy: Strategy,
    /// To which.
    pub token: String,
}

impl std::fmt::Debug for TokenChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenChange({:?})", self.strategy)
    }
}

impl TokenChange {
    /// What `PendingModifiedValues` shows meanwhile.
    pub(super) fn shown(&self) -> &'static str {
        match self.strategy {
            Strategy::Rotate => "ROTATING",
            Strategy::Set => "SETTING",
        }
    }

    /// Whom the nodes let in when it is done, or why it is not allowed.
    pub(super) fn applied(&self, to: &Access, switches: &Switches) -> Result<Access, Refusal> {
        check_token(&self.token, switches.token_needs_three_classes)?;
        match self.strategy {
            Strategy::Rotate => rotated(to, &self.token, switches),
            Strategy::Set => set(to, &self.token, switches),
        }
    }
}

fn rotated(to: &Access, token: &str, switches: &Switches) -> Result<Access, Refusal> {
    if to.passwords.last().is_some_and(|it| it == token) {
        match switches.rotate_to_newest {
            RotateToNewest::PushesOldestOut => {}
            RotateToNewest::Refused => {
                return Err(bad_combination("No modifications were requested"));
            }
            RotateToNewest::Nothing => return Ok(to.clone()),
        }
    }
    let mut passwords: Vec<_> = to.passwords.iter().rev().take(1).cloned().collect();
    passwords.push(token.to_owned());
    let was_open = to.passwords.is_empty();
    let passwordless = was_open || to.passwordless && switches.rotate_keeps_optional;
    Ok(Access::tokens(passwords, passwordless))
}

fn set(to: &Access, token: &str, switches: &Switches) -> Result<Access, Refusal> {
    let refuse = |text: &str| Err(Refusal::new(400, switches.bad_set_code, text));
    let newest = to.passwords.last().map(String::as_str);
    match (to.passwords.len(), to.passwordless, newest) {
        (0, ..) if switches.set_without_token => {}
        (0, ..) => return refuse("SET is only allowed after the AUTH token was rotated."),
        (1, false, _) => {
            return refuse(
                "SET is only allowed when there are two AUTH tokens or an optional one.",
            );
        }
        (_, _, newest) if newest == Some(token) => {}
        _ => return refuse("The AUTH token to SET must be the last one that was rotated."),
    }
    Ok(Access::tokens(vec![token.to_owned()], false))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbb";
    const C: &str = "cccccccccccccccc";

    fn access(passwords: &[&str], passwordless: bool) -> Access {
        Access::tokens(passwords.iter().map(|it| (*it).to_owned()).collect(), passwordless)
    }

    fn check(before: Access, strategy: Strategy, token: &str, after: Option<Access>) {
        check_with(&Switches::default(), before, strategy, token, after);
    }

    fn check_with(
        switches: &Switches,
        before: Access,
        strategy: Strategy,
        token: &str,
        after: Option<Access>,
    ) {
        let change = TokenChange { strategy, token: token.to_owned() };
        let got = change.applied(&before, switches).ok();
        let names =
            |it: &Option<Access>| it.as_ref().map(|it| (it.passwords.clone(), it.passwordless));
        assert_eq!(names(&got), names(&after), "{before:?} {strategy:?} {token}");
    }

    #[test]
    fn the_table_of_the_guide_holds() {
        use Strategy::{Rotate, Set};
        check(access(&[], true), Rotate, A, Some(access(&[A], true)));
        check(access(&[A], true), Set, A, Some(access(&[A], false)));
        check(access(&[A], false), Rotate, B, Some(access(&[A, B], false)));
        check(access(&[A, B], false), Rotate, C, Some(access(&[B, C], false)));
        check(access(&[A, B], false), Set, B, Some(access(&[B], false)));
        check(access(&[A, B], false), Set, C, None);
        check(access(&[A, B], false), Set, A, None);
        check(access(&[A], false), Set, B, None);
        check(access(&[A], false), Set, A, None);
        check(access(&[], true), Set, A, None);
        check(access(&[A], true), Rotate, B, Some(access(&[A, B], false)));
        check(access(&[A], true), Rotate, "short", None);
    }

    #[test]
    fn what_nobody_knows_is_a_switch() {
        use Strategy::{Rotate, Set};
        let with = |change: fn(&mut Switches)| {
            let mut switches = Switches::default();
            change(&mut switches);
            switches
        };
        let two = || access(&[A, B], false);
        check(two(), Rotate, B, Some(access(&[B, B], false)));
        let refused = with(|it| it.rotate_to_newest = RotateToNewest::Refused);
        check_with(&refused, two(), Rotate, B, None);
        let nothing = with(|it| it.rotate_to_newest = RotateToNewest::Nothing);
        check_with(&nothing, two(), Rotate, B, Some(two()));
        let set_first = with(|it| it.set_without_token = true);
        check_with(&set_first, access(&[], true), Set, A, Some(access(&[A], false)));
        let keeps = with(|it| it.rotate_keeps_optional = true);
        check_with(&keeps, access(&[A], true), Rotate, B, Some(access(&[A, B], true)));
    }
}
