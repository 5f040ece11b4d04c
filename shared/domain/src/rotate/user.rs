//! A user of ElastiCache, and the two passwords that it may have (facts 2.3).
//!
//! Other than with the token of a group, every change names all passwords that are to be valid. So none is pushed out by accident, and the
//! same change may be sent twice.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::plan::{Decided, locked, open_to_clients, silent, was_asked, was_just_asked};
use super::sweep::Old;
use super::{
    Change, Key, Label, Refusal, RotationView, Standing, Step, SweepStep, VersionId, grace,
};
use crate::{GroupStatus, GroupView, Next, Tags, Wait, WaitingOn, tag};

/// The id of a user: letters, digits and hyphens, in lower case, as ElastiCache keeps it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UserId(String);

/// A text that is no id of a user.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("\"{0}\" is no id of a user, which has letters, digits and hyphens after a first letter")]
pub struct UserIdError(String);

impl UserId {
    /// Checks and folds an id.
    ///
    /// # Errors
    ///
    /// Anything that ElastiCache would not take as one.
    pub fn parse(text: &str) -> Result<Self, UserIdError> {
        let folded = text.trim().to_ascii_lowercase();
        let legal = |it: char| it.is_ascii_alphanumeric() || it == '-';
        if !folded.starts_with(|it: char| it.is_ascii_lowercase()) || !folded.chars().all(legal) {
            return Err(UserIdError(text.to_owned()));
        }
        Ok(Self(folded))
    }

    /// The user whose password a secret with these tags holds, where it is one of ours.
    pub fn of_secret(tags: &Tags) -> Option<Self> {
        let is_ours = tags.get(tag::OWNER).is_some_and(|it| !it.is_empty());
        let is_of_group = tags.contains_key(tag::GROUP);
        let id = tags.get(tag::USER).filter(|_| is_ours && !is_of_group)?;
        Self::parse(id).ok()
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user as `DescribeUsers` tells it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserView {
    /// The id.
    pub id: UserId,
    /// The name to log in with.
    pub name: String,
    /// Its state; it takes changes when it is `active`.
    pub status: String,
    /// How it logs in: `password`, `no-password` or `iam`.
    pub logs_in_by: String,
    /// How many passwords it has.
    pub passwords: u32,
    /// The user groups that it is in.
    pub user_groups: Vec<String>,
}

/// A user and the replication groups that it logs in to.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    /// The user.
    pub user: UserView,
    /// The groups, but for those that are going or never came about.
    pub groups: Vec<GroupView>,
}

/// The user, if it is one whose password can be changed.
fn user(view: &RotationView) -> Result<&Carried, Refusal> {
    let id = view.secret.user()?;
    let Some(carried) = &view.user else { return Err(Refusal::UserGone { user: id }) };
    let UserView { status, logs_in_by, .. } = &carried.user;
    if status == "deleting" {
        return Err(Refusal::UserLost { user: id });
    }
    if logs_in_by != "password" {
        return Err(Refusal::NoPassword { user: id, how: logs_in_by.clone() });
    }
    Ok(carried)
}

/// What has to be over before a login tells anything.
fn unready(carried: &Carried, view: &RotationView) -> Option<Wait> {
    if carried.user.status != "active" {
        return Some(change_of(&carried.user));
    }
    if let Some(group) = carried.groups.iter().find(|it| it.status == GroupStatus::Creating) {
        return Some(Wait::slow(WaitingOn::Member(format!(
            "of {}, which is being made",
            group.id
        ))));
    }
    // A user that no group carries has no node to log in to.
    if carried.groups.is_empty() { None } else { silent(view) }
}

/// Has every node accept the pending password beside the current one.
pub(super) fn set(version: &VersionId, view: &RotationView, now: Timestamp) -> Decided {
    let pending = view.pending.required(Label::Pending)?;
    let current = view.current.required(Label::Current)?;
    if current == pending {
        return Err(Refusal::SameToken);
    }
    let carried = user(view)?;
    if let Some(wait) = unready(carried, view) {
        return Ok(Next::Wait(wait));
    }
    let is_set = if carried.groups.is_empty() {
        was_asked(version, view) && carried.user.passwords == 2
    } else {
        view.opens_all(Key::Pending)
    };
    if is_set {
        return Ok(Next::Settled);
    }
    if was_just_asked(version, view, now) {
        return Ok(Next::Wait(change_of(&carried.user)));
    }
    if !view.nodes.iter().all(open_to_clients) {
        return Err(Refusal::LockedOut { nodes: locked(view) });
    }
    let until = grace::over(view)?;
    if now < until && view.old_token_opens() {
        return Ok(Next::Wait(Wait::slow(WaitingOn::Grace(until))));
    }
    Ok(Next::Do(Step::AddPassword {
        user: carried.user.id.clone(),
        pending: pending.clone(),
        current: current.clone(),
    }))
}

/// Logs in on every node of every group, and believes nothing else.
pub(super) fn test(key: Key, view: &RotationView) -> Result<Option<Wait>, Refusal> {
    let carried = user(view)?;
    if let Some(wait) = unready(carried, view) {
        return Ok(Some(wait));
    }
    // Nothing can be proven where nothing can be logged in to, and nobody logs in there either.
    if carried.groups.is_empty() || view.opens_all(key) {
        return Ok(None);
    }
    let nodes = view.closed_to(key);
    Err(if key == Key::Current {
        Refusal::CurrentRefused { nodes }
    } else {
        Refusal::PendingRefused { nodes }
    })
}

/// How it stands with the user of a secret that no rotation works on.
pub(super) fn standing(
    current: &VersionId,
    view: &RotationView,
    now: Timestamp,
) -> Result<Standing, Refusal> {
    let carried = user(view)?;
    view.current.required(Label::Current)?;
    // The count of passwords may lag behind the change.
    let lags =
        view.secret.asked().is_some_and(|it| it.change == Change::Set && it.may_not_show(now));
    if lags || unready(carried, view).is_some() {
        return Ok(Standing::Changing);
    }
    if !carried.groups.is_empty() && !view.opens_all(Key::Current) {
        return Err(Refusal::CurrentRefused { nodes: view.closed_to(Key::Current) });
    }
    if view.stray().is_some() && view.opens_any(Key::GivenUp) {
        return Ok(Standing::Due { old: Old::GivenUp, current: current.clone() });
    }
    let is_ours = view.old_token_opens()
        || (carried.user.passwords == 2 && (carried.groups.is_empty() || was_asked(current, view)));
    if is_ours {
        let until = grace::over(view)?;
        return Ok(if now < until {
            Standing::Overlap { old: Old::Password, until }
        } else {
            Standing::Due { old: Old::Password, current: current.clone() }
        });
    }
    if carried.user.passwords == 2 {
        return Err(Refusal::SecondPassword { user: carried.user.id.clone() });
    }
    let noted = view.secret.revoked().is_some_and(|it| it.version == *current);
    let current = current.clone();
    Ok(if noted { Standing::Closed(current) } else { Standing::Unnoted(current) })
}

/// What is waited for while a change is being applied.
pub(super) fn pause(view: &RotationView) -> Option<Wait> {
    let carried = view.user.as_ref()?;
    Some(unready(carried, view).unwrap_or_else(|| change_of(&carried.user)))
}

/// The step that closes the old way in.
pub(super) fn revoke(version: VersionId, view: &RotationView) -> Next<SweepStep, Refusal> {
    match (&view.user, view.current.token()) {
        (Some(carried), Some(current)) => Next::Do(SweepStep::DropPasswords {
            user: carried.user.id.clone(),
            current: current.clone(),
            version,
        }),
        (None, _) | (_, None) => Next::Settled,
    }
}

fn change_of(user: &UserView) -> Wait {
    Wait { on: WaitingOn::User(user.id.to_string()), recheck: LOOK_AGAIN }
}

/// How often the change of a user is looked at.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(5);

#[cfg(test)]
mod tests;
