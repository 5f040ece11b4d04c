//! What a secret tells of where its clients are led, and whether they may be led elsewhere now.

use crate::group::Endpoint;
use crate::rotate::{Document, Draft, Form, Label, SecretText, SecretView, Value, VersionId};
use crate::snapshot::Refusal;
use crate::{GroupId, GroupView, Tags, tag};

use super::refusal::Unswitched;

/// A secret, as far as it counts here. Values print as stars.
#[derive(Clone, Debug, PartialEq)]
pub struct SecretSeen {
    /// Its tags and labels.
    pub secret: SecretView,
    /// What it holds.
    pub current: Value,
    /// What it held before.
    pub previous: Value,
    /// What the version holds whose token the next group is said to take.
    pub taken: Value,
}

impl SecretSeen {
    /// The version that clients read.
    pub(super) fn version(&self) -> Option<&VersionId> {
        self.secret.labels.of(Label::Current)
    }

    /// Whether it is of this group by its tag, so that clients are led there, or are about to be.
    pub(super) fn is_of(&self, group: &GroupView) -> bool {
        self.secret.group().is_ok_and(|it| it == group.id)
    }

    /// Whether clients that read it are led to this group, and a rotation would be of it.
    pub(super) fn leads_to(&self, group: &GroupView) -> bool {
        let address = self.current.document().and_then(Document::address);
        self.is_of(group) && address.is_some() && address.as_ref() == group.clients_endpoint()
    }

    /// Whether no rotation works on it, and nothing but its current token may be valid.
    pub(super) fn is_quiet(&self) -> bool {
        let labels = &self.secret.labels;
        // A copy under another address, as this way itself leaves one, is no older token.
        let is_copy = || {
            let before = self.previous.token();
            before.is_some() && before == self.current.token()
        };
        labels.under_way().is_none()
            && labels.left_behind().is_none()
            && self.secret.given_up().is_none()
            && (labels.of(Label::Previous).is_none() || self.secret.is_closed() || is_copy())
    }

    /// Whether the current token is the one that a group is said to take.
    pub(super) fn opens(&self, group: &Tags) -> bool {
        let Some(takes) = group.get(tag::TAKES) else { return false };
        let is_current = self.version().is_some_and(|it| it.as_str() == takes);
        is_current || self.taken.token().is_some() && self.taken.token() == self.current.token()
    }

    /// The document with another address, and the token and the keys of others that are in it now.
    pub(super) fn leading_to(&self, at: &Endpoint) -> Option<SecretText> {
        let (token, base) = (self.current.token()?, self.current.document()?.clone());
        let draft = Draft { base, ..Draft::of_token(Form::Json, Some(at.clone())) };
        Some(draft.text(token))
    }
}

/// What speaks against leading the clients of this group elsewhere by its secret, whenever that is.
pub(super) fn against(group: &GroupView, tags: &Tags, secret: Option<&SecretSeen>) -> Vec<Refusal> {
    let id = || group.id.clone();
    let mut whys = Vec::new();
    if is_of_stack(tags) {
        whys.push(Unswitched::OfStack { group: id() });
    }
    let has_token = group.auth_token_enabled && group.user_groups.is_empty();
    if !group.user_groups.is_empty() {
        whys.push(Unswitched::Users { group: id() });
    } else if !group.auth_token_enabled {
        whys.push(Unswitched::NoToken { group: id() });
    }
    match (tags.get(tag::SECRET), secret) {
        (Some(_), Some(secret)) if has_token => whys.extend(of_secret(group, secret)),
        (Some(arn), None) if has_token => {
            whys.push(Unswitched::NoSuchSecret { group: id(), secret: arn.clone() });
        }
        (None, _) if has_token => whys.push(Unswitched::NoSecret { group: id() }),
        (Some(_) | None, Some(_) | None) => {}
    }
    whys.into_iter().map(Refusal::from).collect()
}

fn of_secret(group: &GroupView, seen: &SecretSeen) -> Option<Unswitched> {
    if let Some(why) = unusable(seen, &group.id, &[&group.id]) {
        return Some(why);
    }
    let secret = seen.secret.arn.to_string();
    if is_of_stack(&seen.secret.tags) {
        return Some(Unswitched::SecretOfStack { secret });
    }
    let has = seen.current.document().and_then(Document::address)?;
    let wants = group.clients_endpoint().filter(|it| **it != has)?;
    let (has, wants) = (has.to_string(), wants.to_string());
    Some(Unswitched::OtherAddress { secret, has, wants })
}

/// What speaks against writing into a secret that is of a group, or of one of these on the way.
pub(super) fn unusable(
    seen: &SecretSeen,
    group: &GroupId,
    may_be_of: &[&GroupId],
) -> Option<Unswitched> {
    let secret = || seen.secret.arn.to_string();
    if seen.secret.is_leaving {
        return Some(Unswitched::Leaving { secret: secret() });
    }
    match seen.secret.group() {
        Err(why) => return Some(Unswitched::NotOurs { secret: secret(), why: why.to_string() }),
        Ok(of) if !may_be_of.contains(&&of) => {
            let group = group.clone();
            return Some(Unswitched::OfAnother { secret: secret(), of, group });
        }
        Ok(_) => {}
    }
    let is_json = seen.secret.form().is_ok_and(|it| it.is_none_or(|it| it == Form::Json));
    let has_address = seen.current.document().is_some_and(Document::has_address);
    (!is_json || !has_address).then(|| Unswitched::NoAddress { secret: secret() })
}

/// Whether a stack has the thing of these tags as a resource, which it knows by its id. One that was restored from such a group is no stack's.
fn is_of_stack(tags: &Tags) -> bool {
    let of_ours = tags
        .get(tag::OWNER)
        .is_some_and(|it| it.contains(":cloudformation:") && !it.contains("/restored/"));
    of_ours || tags.contains_key("aws:cloudformation:stack-id")
}
