//! Everything that a rotation is decided on.

use jiff::Timestamp;

use super::{
    Asked, Carried, Change, Credential, Draft, Form, Key, Label, Labels, Node, Refusal, Revoked,
    SecretText, Told, UserId, Value, Verdict, VersionId,
};
use crate::{Arn, AuthToken, GroupId, GroupView, MemberId, Tags, tag};

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
    /// When Secrets Manager means to rotate next; past after failures (facts 3.2).
    pub next_rotation: Option<Timestamp>,
    /// When anything about it last changed.
    pub last_changed: Option<Timestamp>,
}

impl SecretView {
    /// The group whose token this is, if the secret is one of ours.
    pub fn group(&self) -> Result<GroupId, Refusal> {
        let group = self.owned(tag::GROUP)?;
        GroupId::parse(group)
            .map_err(|err| Refusal::BadTag { key: tag::GROUP, why: err.to_string() })
    }

    /// The user whose password this is, if the secret is one of ours.
    pub fn user(&self) -> Result<UserId, Refusal> {
        let user = self.owned(tag::USER)?;
        UserId::parse(user).map_err(|err| Refusal::BadTag { key: tag::USER, why: err.to_string() })
    }

    /// Whether it holds the password of a user, and not the token of a group.
    pub fn is_of_user(&self) -> bool {
        self.tags.contains_key(tag::USER)
    }

    /// Whether it is one of ours, of a group or of a user.
    pub fn is_ours(&self) -> Result<(), Refusal> {
        if !self.is_of_user() {
            return self.group().map(drop);
        }
        if self.tags.contains_key(tag::GROUP) {
            let why =
                format!("the secret has the tag {} as well, and holds one credential", tag::GROUP);
            return Err(Refusal::BadTag { key: tag::USER, why });
        }
        self.user().map(drop)
    }

    /// What kind of credential it holds.
    pub fn credential(&self) -> Credential {
        if self.is_of_user() { Credential::Password } else { Credential::Token }
    }

    /// In which form it is to hold it, where its tag says.
    pub fn form(&self) -> Result<Option<Form>, Refusal> {
        let Some(text) = self.tags.get(tag::SECRET_FORMAT) else { return Ok(None) };
        let wrong = || Refusal::BadTag {
            key: tag::SECRET_FORMAT,
            why: format!("\"{text:.40}\" is none of {}", Form::NAMES.join(", ")),
        };
        Form::parse(text).map(Some).ok_or_else(wrong)
    }

    fn owned(&self, key: &'static str) -> Result<&str, Refusal> {
        let missing = |key| Refusal::NotOurs { missing: key };
        self.tags.get(tag::OWNER).filter(|it| !it.is_empty()).ok_or(missing(tag::OWNER))?;
        self.tags.get(key).map(String::as_str).ok_or(missing(key))
    }

    /// The change of the token that was last asked for.
    pub fn asked(&self) -> Option<Asked> {
        Asked::parse(self.tags.get(tag::ASKED)?)
    }

    /// The version that was last proven to be the only one accepted.
    pub fn revoked(&self) -> Option<Revoked> {
        Revoked::parse(self.tags.get(tag::REVOKED)?)
    }

    /// The refusal that people were last told of.
    pub fn told(&self) -> Option<Told> {
        Told::parse(self.tags.get(tag::TOLD)?)
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
    /// The group, where the secret holds its token.
    pub group: Option<GroupView>,
    /// The user, where the secret holds its password.
    pub user: Option<Carried>,
    /// What its nodes say.
    pub nodes: Vec<Node>,
}

impl RotationView {
    /// How the secret is to be written: in the form that its tag says, or else in the one that it has; with the keys that others put there,
    /// and the address of what it opens, where that is one place.
    pub(super) fn draft(&self) -> Result<Draft, Refusal> {
        let document = self.current.document();
        let as_it_is = if document.is_some() { Form::Json } else { Form::Plain };
        let form = self.secret.form()?.unwrap_or(as_it_is);
        let base = document.cloned().unwrap_or_default();
        let at = |group: Option<&GroupView>| group.and_then(|it| it.clients_endpoint().cloned());
        Ok(match &self.user {
            Some(Carried { user, groups }) => Draft {
                credential: Credential::Password,
                form,
                base,
                username: user.name.clone(),
                at: at(groups.first().filter(|_| groups.len() == 1)),
            },
            None => Draft { base, ..Draft::of_token(form, at(self.group.as_ref())) },
        })
    }

    /// The current token as it should be written, where it is written otherwise.
    pub(super) fn rewritten(&self) -> Result<Option<SecretText>, Refusal> {
        let Some(token) = self.current.token() else { return Ok(None) };
        let draft = self.draft()?;
        Ok((!draft.is(token, self.current.document())).then(|| draft.text(token)))
    }

    /// The token of a rotation given up, unless it became known under another version since.
    pub(super) fn stray(&self) -> Option<&AuthToken> {
        let stray = self.given_up.token()?;
        let known = [&self.pending, &self.current, &self.previous];
        (!known.iter().any(|it| it.token() == Some(stray))).then_some(stray)
    }

    /// Whether the token before the current one opens a node. The copy of the current token under another label is no old one.
    pub(super) fn old_token_opens(&self) -> bool {
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
    pub(super) fn unreachable(&self) -> Option<(&MemberId, &str)> {
        self.nodes.iter().find_map(|node| {
            node.verdicts.values().find_map(|verdict| match verdict {
                Verdict::Unreachable(why) => Some((&node.id, why.as_str())),
                Verdict::Accepted | Verdict::Refused => None,
            })
        })
    }

    /// The nodes that a key does not open, for a person to read.
    pub(super) fn closed_to(&self, key: Key) -> String {
        let closed = self.nodes.iter().filter(|it| !it.accepts(key)).map(|it| it.id.as_str());
        closed.collect::<Vec<_>>().join(", ")
    }
}
