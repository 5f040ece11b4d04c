//! What each of the four calls does next.

use jiff::{SignedDuration, Timestamp};

use super::{Change, Key, Label, Node, Refusal, RotationView, Stage, Step, Value, VersionId};
use crate::{GroupStatus, GroupView, Next, Wait, WaitingOn};

/// Decides one stage of the rotation to this version.
pub fn plan(
    stage: Stage,
    version: &VersionId,
    view: &RotationView,
    now: Timestamp,
) -> Next<Step, Refusal> {
    let decided = match guard(stage, version, view) {
        Ok(Guard::AlreadyCurrent) => Ok(Next::Settled),
        Ok(Guard::GoOn) => match stage {
            Stage::Create => create(view),
            Stage::Set => set(version, view, now),
            Stage::Test => test(view),
            Stage::Finish => finish(view),
        },
        Err(refusal) => Err(refusal),
    };
    decided.unwrap_or_else(Next::Refuse)
}

type Decided = Result<Next<Step, Refusal>, Refusal>;

/// How the guards end that are no refusal.
enum Guard {
    /// A call that comes a second time, after the end.
    AlreadyCurrent,
    GoOn,
}

/// The guards of AWS's own template, in its order (facts 3.2), and the one that the secret is ours.
fn guard(stage: Stage, version: &VersionId, view: &RotationView) -> Result<Guard, Refusal> {
    view.secret.group()?;
    if !view.secret.rotation_enabled && !is_test_only(stage, view) {
        return Err(Refusal::RotationOff);
    }
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
    match view.secret.given_up() {
        Some(version) if view.stray().is_some() => Ok(Next::Do(Step::TakeUp(version))),
        Some(_) | None => Ok(Next::Do(Step::Generate)),
    }
}

/// Has every node accept the pending token, and never at the cost of the current one.
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
    if !group.is_settled() {
        return Ok(Next::Wait(busy(group)));
    }
    if was_just_asked(version, view, now) {
        return Ok(Next::Wait(token_change()));
    }
    if !view.nodes.iter().all(|it| IN_USE.into_iter().any(|key| it.accepts(key))) {
        return Err(Refusal::LockedOut { nodes: locked(view) });
    }
    // One node already takes it, so it was sent: the others will follow.
    if view.opens_any(Key::Pending) && proves {
        return Ok(Next::Wait(token_change()));
    }
    rotate_safely(group, view)
}

/// Sends `ROTATE` unless the group may hold a token newer than the one in use: `ROTATE` drops the older of two (facts 2.2).
fn rotate_safely(group: &GroupView, view: &RotationView) -> Decided {
    if let Some(given_up) = view.secret.given_up() {
        if view.given_up.token().is_none() {
            return Err(Refusal::GivenUpUnknown(given_up));
        }
        if view.stray().is_some() && view.opens_any(Key::GivenUp) {
            return Err(Refusal::GivenUpOpens(given_up));
        }
    }
    Ok(Next::Do(Step::Rotate(group.id.clone())))
}

/// Logs in on every node, and believes nothing else.
fn test(view: &RotationView) -> Decided {
    let only_current = is_test_only(Stage::Test, view);
    let (key, label) =
        if only_current { (Key::Current, Label::Current) } else { (Key::Pending, Label::Pending) };
    if only_current { &view.current } else { &view.pending }.required(label)?;
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

fn was_asked(version: &VersionId, view: &RotationView) -> bool {
    view.secret.asked().is_some_and(|it| it.version == *version && it.change == Change::Rotate)
}

/// Whether a change was asked for so lately that the group may not show it yet.
fn was_just_asked(version: &VersionId, view: &RotationView, now: Timestamp) -> bool {
    was_asked(version, view) && view.secret.asked().is_some_and(|it| it.may_not_show(now))
}

/// The nodes that nothing opens which a client may use.
fn locked(view: &RotationView) -> String {
    let is_locked = |it: &&Node| !IN_USE.into_iter().any(|key| it.accepts(key));
    view.nodes.iter().filter(is_locked).map(|it| it.id.as_str()).collect::<Vec<_>>().join(", ")
}

/// What opens a node to the clients of today, or to those of tomorrow.
const IN_USE: [Key; 3] = [Key::Current, Key::Nothing, Key::Pending];

fn token_change() -> Wait {
    Wait { on: WaitingOn::TokenChange, recheck: LOOK_AGAIN }
}

/// How often a change of the token is looked at: a small group is through in seconds to minutes.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::super::Labels;
    use super::super::sample::{LOST, NEW, USED, minutes_before, noon, sample, token, version};
    use super::*;
    use crate::tag;
    use crate::token::TokenError;

    #[track_caller]
    fn check(stage: Stage, view: RotationView, expected: &str) {
        let said = match plan(stage, &version(NEW), &view, noon()) {
            Next::Settled => "settled".to_owned(),
            Next::Do(step) => format!("{step:?}"),
            Next::Wait(wait) => format!("wait {}s for {}", wait.recheck.as_secs(), wait.on),
            Next::Refuse(refusal) => refusal.to_string(),
        };
        assert!(said.starts_with(expected), "{said}");
    }

    #[track_caller]
    fn check_all(view: RotationView, expected: &str) {
        for stage in Stage::ALL {
            check(stage, view.clone(), expected);
        }
    }

    fn without(label: Label) -> RotationView {
        sample().change(|it| {
            let labels = [(NEW, Label::Pending), (USED, Label::Current)];
            it.secret.labels = Labels::from_iter(labels.map(|(id, has)| {
                (version(id), [has].into_iter().filter(|it| *it != label).collect())
            }));
        })
    }

    fn asked(change: &str, of: &str, minutes_ago: i64) -> RotationView {
        sample().tag(tag::ASKED, &format!("{change}={of} at {}", minutes_before(minutes_ago)))
    }

    fn given_up(value: Value) -> RotationView {
        asked("rotate", LOST, 60).change(|it| it.given_up = value)
    }

    #[test]
    fn every_call_is_guarded() {
        let foreign = |key: &str| sample().change(|it| drop(it.secret.tags.remove(key)));
        check_all(foreign(tag::OWNER), "not our secret: it has no tag cachewarden:owner");
        check_all(foreign(tag::GROUP), "not our secret: it has no tag cachewarden:group");
        check_all(
            sample().tag(tag::GROUP, "a--b"),
            "the tag cachewarden:group of the secret is wrong",
        );
        check_all(sample().change(|it| it.secret.rotation_enabled = false), "rotation is off");
        check_all(
            sample().change(|it| it.secret.labels = Labels::default()),
            "version 11111111-1111-4111-8111-111111111111 is not staged for rotation: the secret does not list it",
        );
        check_all(
            without(Label::Pending),
            "version 11111111-1111-4111-8111-111111111111 is not staged for rotation: it does not carry",
        );
    }

    #[test]
    fn a_call_after_the_end_is_settled() {
        let ended = sample().change(|it| {
            it.secret.labels = Labels::from_iter([(version(NEW), [Label::Current].into())]);
            it.pending = Value::Absent;
            it.group = None;
        });
        check_all(ended, "settled");
    }

    #[test]
    fn a_token_is_made_once() {
        check(Stage::Create, sample(), "settled");
        check(Stage::Create, sample().change(|it| it.pending = Value::Absent), "Generate");
        let bad = Value::Bad(TokenError::Alphabet);
        let said = "the value of AWSPENDING is no AUTH token: a token has only letters";
        check(Stage::Create, sample().change(|it| it.pending = bad), said);
        let said = "the value of AWSPENDING is binary";
        check(Stage::Create, sample().change(|it| it.pending = Value::Binary), said);
    }

    #[test]
    fn a_token_that_the_group_may_hold_is_taken_up() {
        let empty = |value| given_up(value).change(|it| it.pending = Value::Absent);
        check(Stage::Create, empty(token(LOST, noon())), "TakeUp");
        check(Stage::Create, empty(Value::Absent), "Generate");
        // It was taken up before, and is the one in use.
        check(Stage::Create, empty(token(USED, noon())), "Generate");
    }

    #[test]
    fn the_new_token_is_sent_while_the_one_in_use_opens_every_node() {
        check(Stage::Set, sample(), "Rotate");
        check(Stage::Set, sample().nodes("current previous"), "Rotate");
        let locked = "neither AWSPENDING nor AWSCURRENT opens orders-001, orders-002";
        check(Stage::Set, sample().nodes("previous"), locked);
        check(
            Stage::Set,
            sample().each_node("current", ""),
            "neither AWSPENDING nor AWSCURRENT opens orders-002",
        );
    }

    #[test]
    fn a_token_that_opens_every_node_is_not_sent_again() {
        check(Stage::Set, sample().nodes("pending current"), "settled");
        check(Stage::Set, sample().nodes("pending"), "settled");
        let snapshot = |it: &mut GroupView| it.status = GroupStatus::Snapshotting;
        check(Stage::Set, sample().nodes("pending current").group(snapshot), "settled");
    }

    #[test]
    fn a_token_that_opens_some_nodes_is_waited_for() {
        check(Stage::Set, sample().each_node("pending current", "current"), "wait 5s");
        check(Stage::Set, sample().each_node("pending", "current"), "wait 5s");
    }

    #[test]
    fn a_look_too_soon_after_a_rotate_does_not_send_another() {
        check(Stage::Set, asked("rotate", NEW, 2), "wait 5s for an AUTH token change");
        check(Stage::Set, asked("rotate", NEW, 3), "Rotate");
        check(Stage::Set, asked("rotate", NEW, 3).nodes("previous"), "neither");
        check(Stage::Set, asked("set", USED, 1), "Rotate");
    }

    #[test]
    fn a_change_under_way_is_waited_for() {
        let rotating = |it: &mut GroupView| it.token_change = Some("ROTATING".to_owned());
        for stage in [Stage::Set, Stage::Test] {
            check(stage, sample().nodes("pending current").group(rotating), "wait 5s for an AUTH");
        }
        let modifying = |it: &mut GroupView| it.status = GroupStatus::Modifying;
        check(
            Stage::Set,
            sample().nodes("pending current").group(modifying),
            "wait 5s for an AUTH",
        );
    }

    #[test]
    fn nobody_sleeps_on_a_busy_group_or_a_deaf_node() {
        let status = |status: GroupStatus| sample().group(|it| it.status = status);
        check(Stage::Set, status(GroupStatus::Modifying), "wait 15s for a modification");
        check(Stage::Set, status(GroupStatus::Snapshotting), "wait 15s for a snapshot");
        check(Stage::Set, status(GroupStatus::Strange("moving".to_owned())), "wait 15s");
        check(
            Stage::Set,
            sample().change(|it| it.nodes.clear()),
            "wait 15s for the group to be created",
        );
        for stage in [Stage::Set, Stage::Test] {
            let said = "wait 15s for the member orders-002 to take logins: no answer within 5 s";
            check(stage, sample().nodes("pending current").deaf(), said);
        }
    }

    #[test]
    fn a_group_that_cannot_take_a_token_is_named() {
        for stage in [Stage::Set, Stage::Test] {
            let gone = sample().change(|it| it.group = None);
            check(stage, gone, "the replication group orders does not exist");
            let plain = sample().group(|it| it.transit_encryption = false);
            check(stage, plain, "the replication group orders has no encryption in transit");
            let going = sample().group(|it| it.status = GroupStatus::Deleting);
            check(stage, going, "the replication group orders is deleting");
        }
    }

    #[test]
    fn a_group_without_a_token_gets_its_first() {
        let open = || sample().group(|it| it.auth_token_enabled = false).nodes("nothing");
        check(Stage::Set, open(), "Rotate");
        // A node that asks for nothing may accept anything.
        let anything = || open().nodes("nothing pending current");
        check(Stage::Set, anything(), "Rotate");
        let note = format!("rotate={NEW} at {}", minutes_before(1));
        check(Stage::Set, anything().tag(tag::ASKED, &note), "settled");
        check(Stage::Set, sample().nodes("nothing pending"), "settled");
    }

    #[test]
    fn a_rotate_that_would_drop_the_token_in_use_is_not_sent() {
        let lost = || given_up(token(LOST, noon()));
        check(Stage::Set, lost().nodes("current given-up"), "the token of version 44444444");
        check(Stage::Set, lost(), "Rotate");
        check(
            Stage::Set,
            given_up(Value::Absent),
            "the token of version 44444444-4444-4444-8444-444444444444, whose rotation was given up, was sent",
        );
        // It became the one in use under another version.
        check(Stage::Set, given_up(token(USED, noon())).nodes("current given-up"), "Rotate");
        // The sweep saw since that nothing but the current one opens.
        let seen = format!("{USED} at {}", minutes_before(30));
        check(Stage::Set, given_up(Value::Absent).tag(tag::REVOKED, &seen), "Rotate");
    }

    #[test]
    fn the_same_token_twice_is_no_rotation() {
        let same = sample().change(|it| it.pending = it.current.clone());
        check(Stage::Set, same, "AWSPENDING holds the same token as AWSCURRENT");
    }

    #[test]
    fn a_test_is_passed_on_every_node_or_not_at_all() {
        check(Stage::Test, sample().nodes("pending current"), "settled");
        check(Stage::Test, sample().nodes("pending"), "settled");
        check(
            Stage::Test,
            sample().nodes("current"),
            "AWSPENDING does not open orders-001, orders-002",
        );
        check(
            Stage::Test,
            sample().each_node("pending", "current"),
            "AWSPENDING does not open orders-002",
        );
    }

    #[test]
    fn a_test_with_nothing_new_tests_the_current_token() {
        let empty = || sample().change(|it| it.pending = Value::Absent);
        let copy = || sample().change(|it| it.pending = it.current.clone());
        let off = |view: RotationView| view.change(|it| it.secret.rotation_enabled = false);
        for view in [empty(), copy(), off(empty()), off(copy())] {
            check(Stage::Test, view.clone(), "settled");
            check(Stage::Test, view.nodes(""), "AWSCURRENT does not open orders-001, orders-002");
        }
    }

    #[test]
    fn only_a_version_with_a_token_is_promoted() {
        check(Stage::Finish, sample(), "Promote { from: Some");
        check(Stage::Finish, without(Label::Current), "Promote { from: None");
        let empty = sample().change(|it| it.pending = Value::Absent);
        check(Stage::Finish, empty, "AWSPENDING has no value yet");
    }
}
