//! Rotation: the words for a secret, its versions, and what each node says to each of them.
//!
//! The AUTH token of a group lives in a secret, plain, one version a token. ElastiCache honours at most two tokens, drops the oldest
//! with every `ROTATE` and never tells which ones it has (facts 2.2). The only witness is a login, so every decision here
//! is made on what each node says to each token. The password of a user is rotated by the same four calls and the same proof.

mod form;
mod grace;
mod hold;
mod labels;
mod login;
mod note;
mod plan;
mod refusal;
#[cfg(test)]
mod sample;
mod status;
mod sweep;
mod told;
mod user;
mod value;
mod view;

use std::fmt;

use crate::{AuthToken, GroupId};

pub use form::{Credential, Document, Draft, Form, SecretText, read};
pub use hold::Hold;
pub use labels::{Label, Labels, VersionId, VersionIdError};
pub use login::{Key, Node, Verdict};
pub use note::{Asked, Change, Revoked};
pub use plan::{plan, resume};
pub use refusal::Refusal;
pub use status::{Status, gauges, is_long, rehearse, status, still_open};
pub use sweep::{Standing, plan_sweep, standing};
pub use told::{By, Ended, Telling, Told, telling};
pub use user::{Carried, UserId, UserIdError, UserView};
pub use value::Value;
pub use view::{RotationView, SecretView};

/// The four calls of Secrets Manager, in their order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Makes a token and keeps it as `AWSPENDING`.
    Create,
    /// Has the group accept it, beside the one in use.
    Set,
    /// Logs in with it on every node.
    Test,
    /// Makes it `AWSCURRENT`.
    Finish,
}

impl Stage {
    /// All four, in the order of a rotation.
    pub const ALL: [Self; 4] = [Self::Create, Self::Set, Self::Test, Self::Finish];

    /// Reads the name of a step: camel case as events have it, or snake case as the guide spells it (facts 3.1).
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "createSecret" | "create_secret" => Some(Self::Create),
            "setSecret" | "set_secret" => Some(Self::Set),
            "testSecret" | "test_secret" => Some(Self::Test),
            "finishSecret" | "finish_secret" => Some(Self::Finish),
            _ => None,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "createSecret",
            Self::Set => "setSecret",
            Self::Test => "testSecret",
            Self::Finish => "finishSecret",
        })
    }
}

/// One step of a rotation. Steps are logged, and a token in one prints as stars.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Make a token and keep it as `AWSPENDING`.
    Generate(Draft),
    /// Keep the token of a rotation that was given up as `AWSPENDING`: the group may honour it already.
    TakeUp(AuthToken, Draft),
    /// Have the group accept the pending token beside the current one.
    Rotate { group: GroupId, pending: AuthToken },
    /// Have a user log in with the pending password and with the current one.
    AddPassword { user: UserId, pending: AuthToken, current: AuthToken },
    /// Move `AWSCURRENT` to the pending version, away from this one.
    Promote { from: Option<VersionId> },
}

/// One step of the sweep.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SweepStep {
    /// Have the group accept the current token and nothing else.
    Revoke { group: GroupId, current: AuthToken, version: VersionId },
    /// Have a user log in with the current password and no other.
    DropPasswords { user: UserId, current: AuthToken, version: VersionId },
    /// Take `AWSPENDING` from a version that it was left on.
    Unstage(VersionId),
    /// Take our own label from a version that took the place of another, or that was left before it could. Secrets Manager keeps whatever has
    /// a label for ever, and with it the token that is in it.
    Unmark(VersionId),
    /// Write the current token in another form, as a version that takes the place of this one.
    Rewrite { from: VersionId, text: SecretText },
    /// Note on the secret that the group was seen to accept nothing but this version.
    NoteRevoked(VersionId),
}
