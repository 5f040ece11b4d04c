//! Rotation: the words for a secret, its versions, and what each node says to each of them.
//!
//! The AUTH token of a group lives in a secret, plain, one version a token. ElastiCache honours at most two tokens, drops the oldest
//! with every `ROTATE` and never tells which ones it has (facts 2.2). The only witness is a login, so every decision here
//! is made on what each node says to each token.

mod grace;
mod note;
mod plan;
mod refusal;
#[cfg(test)]
mod sample;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;

use crate::token::TokenError;
use crate::{Arn, AuthToken, GroupId, GroupView, MemberId, Tags, tag};

pub use note::{Asked, Change, Revoked};
pub use plan::{plan, resume};
pub use refusal::Refusal;
pub use sweep::{Standing, plan_sweep, standing};

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

/// The id of a version of a secret, which Secrets Manager calls a client request token.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct VersionId(String);

/// A text that is no version id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a version id has 32 to 64 letters, digits and hyphens")]
pub struct VersionIdError;

impl VersionId {
    /// Checks a version id (facts 3.2).
    pub fn parse(text: &str) -> Result<Self, VersionIdError> {
        let legal = |it: char| it.is_ascii_alphanumeric() || it == '-';
        if !(32..=64).contains(&text.len()) || !text.chars().all(legal) {
            return Err(VersionIdError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A label that Secrets Manager keeps on one version at a time.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Label {
    /// What applications read.
    Current,
    /// What a rotation works on.
    Pending,
    /// What applications read before.
    Previous,
}

impl Label {
    /// The label as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Pending => "AWSPENDING",
            Self::Previous => "AWSPREVIOUS",
        }
    }

    /// Reads a label; others, which people may add, are none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Current, Self::Pending, Self::Previous].into_iter().find(|it| it.as_str() == text)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The versions of a secret that carry labels, and which.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Labels(BTreeMap<VersionId, BTreeSet<Label>>);

impl Labels {
    /// Tells whether Secrets Manager lists this version.
    pub fn list(&self, version: &VersionId) -> bool {
        self.0.contains_key(version)
    }

    /// Tells whether a version carries a label.
    pub fn has(&self, version: &VersionId, label: Label) -> bool {
        self.0.get(version).is_some_and(|it| it.contains(&label))
    }

    /// Tells whether a version carries any of the three labels.
    fn any(&self, version: &VersionId) -> bool {
        self.0.get(version).is_some_and(|it| !it.is_empty())
    }

    /// The version that a rotation works on. The label may stay behind on a version that was promoted, and go with it when a person puts
    /// another value in its place (facts 3.2): what was in use before is no rotation under way.
    pub fn under_way(&self) -> Option<&VersionId> {
        let begun =
            |it: &&VersionId| !self.has(it, Label::Current) && !self.has(it, Label::Previous);
        self.of(Label::Pending).filter(begun)
    }

    /// The version before the current one, where `AWSPENDING` stayed on it. Secrets Manager would begin no rotation (facts 3.2).
    pub fn left_behind(&self) -> Option<&VersionId> {
        self.of(Label::Pending).filter(|it| self.has(it, Label::Previous))
    }

    /// The version that carries a label.
    pub fn of(&self, label: Label) -> Option<&VersionId> {
        self.0.iter().find(|(_, labels)| labels.contains(&label)).map(|(version, _)| version)
    }
}

impl FromIterator<(VersionId, BTreeSet<Label>)> for Labels {
    fn from_iter<I: IntoIterator<Item = (VersionId, BTreeSet<Label>)>>(versions: I) -> Self {
        Self(versions.into_iter().collect())
    }
}

/// A secret as `DescribeSecret` tells it: everything but values.
#[derive(Clone, Debug, PartialEq)]
pub struct SecretView {
    /// What it is.
    pub arn: Arn,
    /// Its tags.
    pub tags: Tags,
    /// Whether rotation is on.
    pub rotation_enabled: bool,
    /// Whether it waits for its end in the recovery window.
    pub is_leaving: bool,
    /// Its versions.
    pub labels: Labels,
    /// When Secrets Manager last finished a rotation.
    pub last_rotated: Option<Timestamp>,
    /// When anything about it last changed.
    pub last_changed: Option<Timestamp>,
}

impl SecretView {
    /// The group whose token this is, if the secret is one of ours.
    pub fn group(&self) -> Result<GroupId, Refusal> {
        let missing = |key| Refusal::NotOurs { missing: key };
        self.tags.get(tag::OWNER).filter(|it| !it.is_empty()).ok_or(missing(tag::OWNER))?;
        let group = self.tags.get(tag::GROUP).ok_or(missing(tag::GROUP))?;
        GroupId::parse(group)
            .map_err(|err| Refusal::BadTag { key: tag::GROUP, why: err.to_string() })
    }

    /// The change of the token that was last asked for.
    pub fn asked(&self) -> Option<Asked> {
        Asked::parse(self.tags.get(tag::ASKED)?)
    }

    /// The version that was last proven to be the only one accepted.
    pub fn revoked(&self) -> Option<Revoked> {
        Revoked::parse(self.tags.get(tag::REVOKED)?)
    }

    /// Whether nothing but the current version was seen to get in, and nothing was asked for since.
    pub fn is_closed(&self) -> bool {
        let current = self.labels.of(Label::Current);
        let proven = self.revoked().filter(|it| Some(&it.version) == current);
        proven.is_some_and(|it| self.asked().is_none_or(|asked| asked.at <= it.at))
    }

    /// A version whose token was sent to the group, and which lost its label before it was promoted: a rotation given up.
    ///
    /// ElastiCache may still honour that token as the newest of its two, and then the next `ROTATE` drops the one in use.
    pub fn given_up(&self) -> Option<VersionId> {
        let asked = self.asked().filter(|it| it.change == Change::Rotate)?;
        if self.labels.any(&asked.version) || self.revoked().is_some_and(|it| asked.at <= it.at) {
            return None;
        }
        Some(asked.version)
    }
}

/// The value of one version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// There is none: a version gets its label before its value (facts 3.2).
    Absent,
    /// It is not text.
    Binary,
    /// It is text, but no token. The text is not kept.
    Bad(TokenError),
    /// A token, and when it was put there.
    Token(AuthToken, Option<Timestamp>),
}

impl Value {
    /// The token, where there is one.
    pub fn token(&self) -> Option<&AuthToken> {
        match self {
            Self::Token(token, _) => Some(token),
            Self::Absent | Self::Binary | Self::Bad(_) => None,
        }
    }

    /// When it was put there.
    pub fn created(&self) -> Option<Timestamp> {
        match self {
            Self::Token(_, created) => *created,
            Self::Absent | Self::Binary | Self::Bad(_) => None,
        }
    }

    /// The token, or a refusal that says what is there instead.
    fn required(&self, label: Label) -> Result<&AuthToken, Refusal> {
        match self {
            Self::Token(token, _) => Ok(token),
            Self::Absent => Err(Refusal::NoValue(label)),
            Self::Binary => Err(Refusal::NotText(label)),
            Self::Bad(err) => Err(Refusal::BadToken(label, *err)),
        }
    }
}

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

/// Everything that a stage or the sweep decides on. What a stage has no use for is not read, and is empty here.
#[derive(Clone, Debug, PartialEq)]
pub struct RotationView {
    /// The secret.
    pub secret: SecretView,
    /// The value of the version that is being rotated to.
    pub pending: Value,
    /// The value of `AWSCURRENT`.
    pub current: Value,
    /// The value of `AWSPREVIOUS`.
    pub previous: Value,
    /// The value of the version that was given up.
    pub given_up: Value,
    /// The group.
    pub group: Option<GroupView>,
    /// What its nodes say.
    pub nodes: Vec<Node>,
}

impl RotationView {
    /// The token of a rotation given up, unless it became known under another version since.
    fn stray(&self) -> Option<&AuthToken> {
        let stray = self.given_up.token()?;
        let known = [&self.pending, &self.current, &self.previous];
        (!known.iter().any(|it| it.token() == Some(stray))).then_some(stray)
    }

    /// Whether the token before the current one opens a node. The copy of the current token under another label is no old one.
    fn old_token_opens(&self) -> bool {
        let known = [&self.current, &self.pending];
        let is_old = |it: &AuthToken| !known.iter().any(|known| known.token() == Some(it));
        self.previous.token().is_some_and(is_old) && self.opens_any(Key::Previous)
    }

    /// Whether a key opens every node, of which there is at least one.
    pub fn opens_all(&self, key: Key) -> bool {
        !self.nodes.is_empty() && self.nodes.iter().all(|it| it.accepts(key))
    }

    /// Whether a key opens at least one node.
    pub fn opens_any(&self, key: Key) -> bool {
        self.nodes.iter().any(|it| it.accepts(key))
    }

    /// The first node that could not be asked, and why.
    fn unreachable(&self) -> Option<(&MemberId, &str)> {
        self.nodes.iter().find_map(|node| {
            node.verdicts.values().find_map(|verdict| match verdict {
                Verdict::Unreachable(why) => Some((&node.id, why.as_str())),
                Verdict::Accepted | Verdict::Refused => None,
            })
        })
    }

    /// The nodes that a key does not open, for a person to read.
    fn closed_to(&self, key: Key) -> String {
        let closed = self.nodes.iter().filter(|it| !it.accepts(key)).map(|it| it.id.as_str());
        closed.collect::<Vec<_>>().join(", ")
    }
}

/// One step of a rotation. Steps are logged, and a token in one prints as stars.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Make a token and keep it as `AWSPENDING`.
    Generate,
    /// Keep the token of a rotation that was given up as `AWSPENDING`: the group may honour it already.
    TakeUp(AuthToken),
    /// Have the group accept the pending token beside the current one.
    Rotate { group: GroupId, pending: AuthToken },
    /// Move `AWSCURRENT` to the pending version, away from this one.
    Promote { from: Option<VersionId> },
}

/// One step of the sweep.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SweepStep {
    /// Have the group accept the current token and nothing else.
    Revoke { group: GroupId, current: AuthToken, version: VersionId },
    /// Take `AWSPENDING` from a version that it was left on.
    Unstage(VersionId),
    /// Note on the secret that the group was seen to accept nothing but this version.
    NoteRevoked(VersionId),
}
