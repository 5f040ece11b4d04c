//! Why a rotation does not go on. Every sentence says what to do, and holds no token.

use super::{Label, UserId, VersionId};
use crate::token::TokenError;
use crate::{GroupId, GroupStatus, tag};

/// Why a rotation does not go on, and what to do about it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The secret has no tag of ours.
    #[error(
        "not our secret: it has no tag {missing}; tag it with {owner}, and with {group} or {user}, to have it rotated here, or give it another rotation function",
        owner = tag::OWNER,
        group = tag::GROUP,
        user = tag::USER
    )]
    NotOurs { missing: &'static str },
    /// A tag that cannot be read.
    #[error("the tag {key} of the secret is wrong: {why}; correct it and rotate again")]
    BadTag { key: &'static str, why: String },
    /// Rotation is off.
    #[error("rotation is off for this secret; turn it on with a schedule, or by RotateSecret")]
    RotationOff,
    /// The version is not one that Secrets Manager lists.
    #[error(
        "version {0} is not staged for rotation: the secret does not list it; start the rotation with RotateSecret, not by calling this function"
    )]
    UnknownVersion(VersionId),
    /// The version has another label.
    #[error(
        "version {0} is not staged for rotation: it does not carry AWSPENDING; start the rotation with RotateSecret, not by calling this function"
    )]
    NotPending(VersionId),
    /// A version without a value.
    #[error(
        "{0} has no value yet; createSecret puts one there when Secrets Manager starts the rotation over"
    )]
    NoValue(Label),
    /// A value that is not text.
    #[error("the value of {0} is binary; {advice}", advice = put_there(*.0))]
    NotText(Label),
    /// A value that is not a token.
    #[error("the value of {0} cannot be logged in with: {1}; {advice}", advice = put_there(*.0))]
    BadToken(Label, TokenError),
    /// The pending token is the one in use.
    #[error(
        "AWSPENDING holds the same as AWSCURRENT; remove AWSPENDING from that version and rotate again"
    )]
    SameToken,
    /// The user is not there.
    #[error("the user {user} does not exist; correct the tag {tag} of the secret, or delete the secret if the user was deleted on purpose", tag = tag::USER)]
    UserGone { user: UserId },
    /// The user is going.
    #[error(
        "the user {user} is being deleted; delete the secret with it, or tag it with another user"
    )]
    UserLost { user: UserId },
    /// The user logs in without a password.
    #[error(
        "the user {user} logs in by {how}, and has no password to rotate; give it one (ModifyUser) and put it into the secret, or turn rotation off"
    )]
    NoPassword { user: UserId, how: String },
    /// The user has a password that nobody knows here.
    #[error(
        "the user {user} has a second password that is not in the secret, which no rotation put there; remove it (ModifyUser with the password of AWSCURRENT alone), or rotate now, which replaces it"
    )]
    SecondPassword { user: UserId },
    /// The group is not there.
    #[error("the replication group {group} does not exist; where it is parked for the night, the rotation is done once it is back; else correct the tag {tag} of the secret, or delete the secret if the group was deleted on purpose", tag = tag::GROUP)]
    GroupGone { group: GroupId },
    /// The group is in a state from which it does not come back.
    #[error(
        "the replication group {group} is {status}; a token can be changed only on a group that is available"
    )]
    GroupLost { group: GroupId, status: GroupStatus },
    /// The group has no TLS.
    #[error(
        "the replication group {0} has no encryption in transit, and AUTH needs it (EnableEncryptionInTransit); nothing was changed"
    )]
    NoTls(GroupId),
    /// Neither token opens a node.
    #[error(
        "neither AWSPENDING nor AWSCURRENT opens {nodes}; another change could drop what clients log in with, so none was sent; put what is in use into the secret as AWSCURRENT, then rotate again"
    )]
    LockedOut { nodes: String },
    /// The current token does not open a node.
    #[error(
        "AWSCURRENT does not open {nodes}; clients that read the secret cannot log in there; rotate now, or put what is in use into the secret"
    )]
    CurrentRefused { nodes: String },
    /// The pending token does not open a node.
    #[error(
        "AWSPENDING does not open {nodes}, so it is not made current; Secrets Manager starts the rotation over"
    )]
    PendingRefused { nodes: String },
    /// The group asks for no token at all.
    #[error(
        "the replication group {0} asks for no token: anybody in its network gets in; rotate now, which gives it one"
    )]
    NoTokenYet(GroupId),
    /// The group holds the token of a rotation given up, and a ROTATE would drop the one in use.
    #[error(
        "the token of version {0}, whose rotation was given up, still opens a node; a ROTATE would drop the token in use; remove AWSPENDING from this version and rotate again, which takes that token up"
    )]
    GivenUpOpens(VersionId),
    /// The group may hold the token of a rotation given up, and nobody knows it any more.
    #[error("the token of version {0}, whose rotation was given up, was sent to the group and its value is gone; a ROTATE could drop the token in use; when clients may re-read the secret at once, remove the tag {asked} from the secret and rotate again", asked = tag::ASKED)]
    GivenUpUnknown(VersionId),
    /// A token of a rotation given up is still valid.
    #[error(
        "the token of version {0}, whose rotation was given up, is still valid; rotate now: the next rotation takes it up and then revokes it"
    )]
    GivenUpValid(VersionId),
}

/// What to do about a value that cannot be logged in with.
fn put_there(label: Label) -> &'static str {
    match label {
        Label::Pending => {
            "remove AWSPENDING from that version and rotate again, which makes another"
        }
        Label::Current | Label::Previous | Label::Rewritten => {
            "put what clients log in with there as text, then rotate again"
        }
    }
}

impl Refusal {
    /// Whether it is the secret, or what it opens, that somebody has to see to. The others answer a wrong call, or are of a secret that is not
    /// ours to write on.
    pub fn is_of_the_secret(&self) -> bool {
        !matches!(self, Self::NotOurs { .. } | Self::UnknownVersion(_) | Self::NotPending(_))
    }
}
