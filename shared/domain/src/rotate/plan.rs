//! What each of the four calls does next.

use jiff::{SignedDuration, Timestamp};

use super::{
    Change, Key, Label, Node, Refusal, RotationView, Stage, Step, Value, VersionId, grace, user,
};
use crate::{AuthToken, GroupStatus, GroupView, Next, Wait, WaitingOn};

/// Decides one stage of the rotation to this version, as Secrets Manager calls for it.
pub fn plan(
    stage: Stage,
    version: &VersionId,
    view: &RotationView,
    now: Timestamp,
) -> Next<Step, Refusal> {
    match may_rotate(stage, view) {
        Ok(()) => resume(stage, version, view, now),
        Err(refusal) => Next::Refuse(refusal),
    }
}

/// Decides one stage of a rotation that was left unfinished. It is finished also where rotation was turned off since: turning it off
/// leaves the labels where they are, two tokens valid, and no way to turn it on again (facts 3.2).
pub fn resume(
    stage: Stage,
    version: &VersionId,
    view: &RotationView,
    now: Timestamp,
) -> Next<Step, Refusal> {
    let guarded = guard(version, view);
    if let (Ok(Guard::GoOn), Some(wait)) = (&guarded, view.secret.held(now)) {
        return Next::Wait(wait);
    }
    let decided = match guarded {
        Ok(Guard::AlreadyCurrent) => Ok(Next::Settled),
        Ok(Guard::GoOn) => match stage {
            Stage::Create => create(view),
            Stage::Set if view.secret.is_of_user() => user::set(version, view, now),
            Stage::Set => set(version, view, now),
            Stage::Test => test(view),
            Stage::Finish => finish(view),
        },
        Err(refusal) => Err(refusal),
    };
    decided.unwrap_or_else(Next::Refuse)
}

pub(super) type Decided = Result<Next<Step, Refusal>, Refusal>;

/// How the guards end that are no refusal.
enum Guard {
    /// A call that comes a second time, after the end.
    AlreadyCurrent,
    GoOn,
}

/// The first guard of AWS's own template (facts 3.2), after the one that the secret is ours.
fn may_rotate(stage: Stage, view: &RotationView) -> Result<(), Refusal> {
    view.secret.is_ours()?;
    if !view.secret.rotation_enabled && !is_test_only(stage, view) {
        return Err(Refusal::RotationOff);
    }
    Ok(())
}

/// The other guards of AWS's own template, in its order (facts 3.2), and the one that the secret is ours.
fn guard(version: &VersionId, view: &RotationView) -> Result<Guard, Refusal> {
    view.secret.is_ours()?;
    let labels = &view.secret.labels;
    if !labels.list(version) {
        return Err(Refusal::UnknownVersion(version.clone()));
    }
    if labels.has(version, Label::Current) {
        return Ok(Guard::AlreadyCurrent);
    }
    if !labels.has(version, Label::Pending) {
        return Err(Refusal::NotPending(version.clone()));
    }
    Ok(Guard::GoOn)
}

/// A test with nothing new to test: `RotateImmediately=false` calls `testSecret` alone, with a pending version that is empty or a
/// copy of the current one (facts 3.4).
fn is_test_only(stage: Stage, view: &RotationView) -> bool {
    stage == Stage::Test
        && match view.pending.token() {
            Some(pending) => view.current.token() == Some(pending),
            None => view.pending == Value::Absent,
        }
}

/// Never makes a token where there is one: a second one would be another than the one that `setSecret` may have sent already.
fn create(view: &RotationView) -> Decided {
    if view.pending != Value::Absent {
        view.pending.required(Label::Pending)?;
        return Ok(Next::Settled);
    }
    let draft = view.draft()?;
    Ok(Next::Do(match view.stray() {
        Some(token) => Step::TakeUp(token.clone(), draft),
        None => Step::Generate(draft),
    }))
}

/// Has every node accept the pending token, and never at the cost of the current one, nor of the one before while clients may use it: of
/// three tokens a group drops the oldest (facts 2.2).
fn set(version: &VersionId, view: &RotationView, now: Timestamp) -> Decided {
    let pending = view.pending.required(Label::Pending)?;
    if view.current.token() == Some(pending) {
        return Err(Refusal::SameToken);
    }
    let group = group(view)?;
    if let Some(wait) = changing(group).or_else(|| silent(view)) {
        return Ok(Next::Wait(wait));
    }
    // This guard stops a second ROTATE after a retry. Where no token was ever asked for, a login with one proves nothing.
    let proves =
        group.auth_token_enabled || !view.opens_any(Key::Nothing) || was_asked(version, view);
    if view.opens_all(Key::Pending) && proves {
        return Ok(match group.status {
            GroupStatus::Modifying => Next::Wait(token_change()),
            GroupStatus::Available
            | GroupStatus::Creating
            | GroupStatus::CreateFailed
            | GroupStatus::Snapshotting
            | GroupStatus::Deleting
            | GroupStatus::Strange(_) => Next::Settled,
        });
    }
    if was_just_asked(version, view, now) {
        return Ok(Next::Wait(token_change()));
    }
    if !group.is_settled() {
        return Ok(Next::Wait(busy(group)));
    }
    if !view.nodes.iter().all(open_to_clients) {
        // A value that is none at all is the reason, where there is one.
        view.current.required(Label::Current)?;
        return Err(Refusal::LockedOut { nodes: locked(view) });
    }
    // One node already takes it, so it was sent: the others will follow.
    if view.opens_any(Key::Pending) && proves {
        return Ok(Next::Wait(token_change()));
    }
    let until = grace::over(view)?;
    if now < until && view.old_token_opens() {
        return Ok(Next::Wait(Wait::slow(WaitingOn::Grace(until))));
    }
    rotate_safely(group, pending, view)
}

/// Sends `ROTATE` unless the group may hold a token newer than the one in use: `ROTATE` drops the older of two (facts 2.2).
fn rotate_safely(group: &GroupView, pending: &AuthToken, view: &RotationView) -> Decided {
    if let Some(given_up) = view.secret.given_up() {
        if view.given_up.token().is_none() {
            return Err(Refusal::GivenUpUnknown(given_up));
        }
        if view.stray().is_some() && view.opens_any(Key::GivenUp) {
            return Err(Refusal::GivenUpOpens(given_up));
        }
    }
    Ok(Next::Do(Step::Rotate { group: group.id.clone(), pending: pending.clone() }))
}

/// Logs in on every node, and believes nothing else.
fn test(view: &RotationView) -> Decided {
    let only_current = is_test_only(Stage::Test, view);
    let (key, label) =
        if only_current { (Key::Current, Label::Current) } else { (Key::Pending, Label::Pending) };
    if only_current { &view.current } else { &view.pending }.required(label)?;
    if view.secret.is_of_user() {
        return Ok(user::test(key, view)?.map_or(Next::Settled, Next::Wait));
    }
    let group = group(view)?;
    if let Some(wait) = changing(group).or_else(|| silent(view)) {
        return Ok(Next::Wait(wait));
    }
    if view.opens_all(key) {
        // Where the current token opens nothing any more, making the pending one current is what brings clients back.
        return Ok(Next::Settled);
    }
    let nodes = view.closed_to(key);
    Err(if only_current {
        Refusal::CurrentRefused { nodes }
    } else {
        Refusal::PendingRefused { nodes }
    })
}

/// Moves the label. A version without a token is never promoted, whoever calls.
fn finish(view: &RotationView) -> Decided {
    view.pending.required(Label::Pending)?;
    let from = view.secret.labels.of(Label::Current).cloned();
    Ok(Next::Do(Step::Promote { from }))
}

/// The group, if it is one whose token can be changed.
pub(super) fn group(view: &RotationView) -> Result<&GroupView, Refusal> {
    let id = view.secret.group()?;
    let Some(group) = &view.group else { return Err(Refusal::GroupGone { group: id }) };
    match group.status {
        GroupStatus::CreateFailed | GroupStatus::Deleting => {
            return Err(Refusal::GroupLost { group: id, status: group.status.clone() });
        }
        GroupStatus::Available
        | GroupStatus::Creating
        | GroupStatus::Modifying
        | GroupStatus::Snapshotting
        | GroupStatus::Strange(_) => {}
    }
    if !group.transit_encryption {
        return Err(Refusal::NoTls(id));
    }
    Ok(group)
}

/// A change of the token that the group itself tells of.
fn changing(group: &GroupView) -> Option<Wait> {
    group.token_change.is_some().then(token_change)
}

/// A node that did not say whether it accepts a token. Without its answer nothing is decided.
pub(super) fn silent(view: &RotationView) -> Option<Wait> {
    if view.nodes.is_empty() {
        return Some(Wait::slow(WaitingOn::Creation));
    }
    let (id, why) = view.unreachable()?;
    Some(Wait::slow(WaitingOn::Member(format!("{id} to take logins: {why}"))))
}

/// A group that takes no change now. It may be so for long, so nobody sleeps on it.
pub(super) fn busy(group: &GroupView) -> Wait {
    Wait::slow(match group.status {
        GroupStatus::Creating => WaitingOn::Creation,
        GroupStatus::Snapshotting => WaitingOn::Snapshot(None),
        GroupStatus::Modifying
        | GroupStatus::Available
        | GroupStatus::CreateFailed
        | GroupStatus::Deleting
        | GroupStatus::Strange(_) => WaitingOn::Modification,
    })
}

pub(super) fn was_asked(version: &VersionId, view: &RotationView) -> bool {
    view.secret.asked().is_some_and(|it| it.version == *version && it.change == Change::Rotate)
}

/// Whether a change was asked for so lately that the group may not show it yet.
pub(super) fn was_just_asked(version: &VersionId, view: &RotationView, now: Timestamp) -> bool {
    was_asked(version, view) && view.secret.asked().is_some_and(|it| it.may_not_show(now))
}

/// Whether a client of today or of tomorrow gets in.
pub(super) fn open_to_clients(node: &Node) -> bool {
    IN_USE.into_iter().any(|key| node.accepts(key))
}

/// The nodes that nothing opens which a client may use.
pub(super) fn locked(view: &RotationView) -> String {
    view.nodes
        .iter()
        .filter(|it| !open_to_clients(it))
        .map(|it| it.id.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// What opens a node to the clients of today, or to those of tomorrow.
const IN_USE: [Key; 3] = [Key::Current, Key::Nothing, Key::Pending];

fn token_change() -> Wait {
    Wait { on: WaitingOn::TokenChange, recheck: LOOK_AGAIN }
}

/// How often a change of the token is looked at: a small group is through in seconds to minutes.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(5);

#[cfg(test)]
mod tests;
