//! Why the clients of a group are not led to another one by their secret, in words that an operator can act on.

use std::fmt;

use jiff::Timestamp;

use crate::{GroupId, tag};

/// Why clients are not led to another group, or back, or why the one that stands aside stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unswitched {
    /// A stack knows the group by its id.
    OfStack { group: GroupId },
    /// A stack writes the secret.
    SecretOfStack { secret: String },
    /// Clients log in as users, each with a secret of its own.
    Users { group: GroupId },
    /// The group asks for no token.
    NoToken { group: GroupId },
    /// Nobody says which secret holds the token.
    NoSecret { group: GroupId },
    /// That secret is not there.
    NoSuchSecret { group: GroupId, secret: String },
    /// The secret waits for its end.
    Leaving { secret: String },
    /// The secret is none of ours.
    NotOurs { secret: String, why: String },
    /// The secret is of another group.
    OfAnother { secret: String, of: GroupId, group: GroupId },
    /// The secret tells no address.
    NoAddress { secret: String },
    /// The secret tells another address than the group's.
    OtherAddress { secret: String, has: String, wants: String },
    /// A rotation is not through.
    Rotating { secret: String },
    /// Another group of the next id is there.
    Taken { group: GroupId, by: GroupId },
    /// Another one is under way.
    UnderWay { group: GroupId, by: GroupId, snapshot: String },
    /// The group stands aside already.
    StandsAside { group: GroupId, by: GroupId, until: Timestamp },
    /// Clients were led back since.
    TakenBack { group: GroupId, by: GroupId, until: Timestamp },
    /// The token was changed since the group was made, or set aside.
    Rotated { group: GroupId },
    /// The group does not stand aside.
    NotAside { group: GroupId },
    /// Clients are not led to the group that took its place.
    StillLed { group: GroupId, by: GroupId, secret: String },
    /// The snapshot with what the group held is not there any more.
    NotSaved { group: GroupId, saved: String },
    /// It must not be deleted.
    Protected { group: GroupId },
}

impl fmt::Display for Unswitched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BY_NAME: &str =
            "leave out `by`, which puts the snapshot into the group under its own name";
        match self {
            Self::OfStack { group } => write!(
                f,
                "{group} belongs to a stack, which knows it by its id and would not know another; {BY_NAME}"
            ),
            Self::SecretOfStack { secret } => write!(
                f,
                "the secret {secret} belongs to a stack, which writes the address of its own group into it; {BY_NAME}"
            ),
            Self::Users { group } => write!(
                f,
                "{group} lets in users, and no one secret tells all of them where it is; {BY_NAME}"
            ),
            Self::NoToken { group } => write!(
                f,
                "{group} asks for no token, so its clients read no secret that could tell them another address; {BY_NAME}"
            ),
            Self::NoSecret { group } => write!(
                f,
                "{group} has no tag {}, so nobody knows from which secret its clients read the address; add it, or {BY_NAME}",
                tag::SECRET
            ),
            Self::NoSuchSecret { group, secret } => write!(
                f,
                "there is no secret {secret}, which the tag {} of {group} names; correct it, or {BY_NAME}",
                tag::SECRET
            ),
            Self::Leaving { secret } => {
                write!(f, "the secret {secret} waits for its deletion; restore it, or {BY_NAME}")
            }
            Self::NotOurs { secret, why } => write!(f, "the secret {secret} is {why}"),
            Self::OfAnother { secret, of, group } => write!(
                f,
                "the secret {secret} is of {of} by its tag {}, and not of {group}; correct one of the two tags, or {BY_NAME}",
                tag::GROUP
            ),
            Self::NoAddress { secret } => write!(
                f,
                "the secret {secret} does not tell where to connect, so its clients know that from elsewhere; set its tag {} to json, wait until `rotate` has written the address, and have the clients read it, or {BY_NAME}",
                tag::SECRET_FORMAT
            ),
            Self::OtherAddress { secret, has, wants } => write!(
                f,
                "the secret {secret} leads to {has}, and the group is at {wants}; `rotate` puts that right with its next sweep"
            ),
            Self::Rotating { secret } => write!(
                f,
                "a rotation of the secret {secret} is under way, or its old token is not revoked yet; ask again when the status of `rotate` says that only AWSCURRENT is valid"
            ),
            Self::Taken { .. }
            | Self::UnderWay { .. }
            | Self::StandsAside { .. }
            | Self::TakenBack { .. }
            | Self::Rotated { .. }
            | Self::NotAside { .. }
            | Self::StillLed { .. }
            | Self::NotSaved { .. }
            | Self::Protected { .. } => self.tell_of_two(f),
        }
    }
}

impl Unswitched {
    /// Tells what comes up where there are two groups.
    fn tell_of_two(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfStack { .. }
            | Self::SecretOfStack { .. }
            | Self::Users { .. }
            | Self::NoToken { .. }
            | Self::NoSecret { .. }
            | Self::NoSuchSecret { .. }
            | Self::Leaving { .. }
            | Self::NotOurs { .. }
            | Self::OfAnother { .. }
            | Self::NoAddress { .. }
            | Self::OtherAddress { .. }
            | Self::Rotating { .. } => Ok(()),
            Self::Taken { group, by } => write!(
                f,
                "the group {by} is there and did not come to take the place of {group}, which would be its id; nothing was touched"
            ),
            Self::UnderWay { group, by, snapshot } => write!(
                f,
                "{by} is taking the place of {group} already, from {snapshot}; ask again when that is through, and for the same snapshot where it stands still"
            ),
            Self::StandsAside { group, by, until } => write!(
                f,
                "{group} stands aside until {until}, and its clients are led to {by}; restore that one, or end it with `end` take-back or keep-new"
            ),
            Self::TakenBack { group, by, until } => write!(
                f,
                "the clients of {group} were led back to it, and {by} stands aside until {until}; ask again after that, or end it at once with `group` {by} and `end` keep-new"
            ),
            Self::Rotated { group } => write!(
                f,
                "{group} may not take the token that the secret holds now, which was changed since; clients were not led to it"
            ),
            Self::NotAside { group } => write!(
                f,
                "{group} does not stand aside, or is not there: nothing took its place by its secret"
            ),
            Self::StillLed { group, by, secret } => write!(
                f,
                "{group} stays, since the secret {secret} does not lead to {by}, which took its place; look at both, and take the tag {} off {group} where it is in use",
                tag::IN_PLACE
            ),
            Self::NotSaved { group, saved } => write!(
                f,
                "{group} stays, since {saved}, the snapshot with what it held, is not there or not whole; delete the group yourself where nobody needs that"
            ),
            Self::Protected { group } => write!(
                f,
                "{group} must not be deleted: its tag {} says so; set it to off to go on",
                tag::DELETION_PROTECTION
            ),
        }
    }
}
