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
        it.secret.labels =
            Labels::from_iter(labels.map(|(id, has)| {
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
    check_all(sample().tag(tag::GROUP, "a--b"), "the tag cachewarden:group of the secret is wrong");
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
    let said = "the value of AWSPENDING cannot be logged in with: a token has only letters";
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
    let locked = "neither AWSPENDING nor AWSCURRENT opens orders-001, orders-002";
    check(Stage::Set, sample().nodes("previous"), locked);
    check(
        Stage::Set,
        sample().each_node("current", ""),
        "neither AWSPENDING nor AWSCURRENT opens orders-002",
    );
}

#[test]
fn a_token_that_is_in_its_grace_is_not_pushed_out() {
    let lately = |minutes| {
        sample().nodes("current previous").change(|it| {
            it.secret.last_rotated = Some(minutes_before(minutes));
            it.current = token(USED, minutes_before(minutes + 1));
        })
    };
    let said = "wait 15s for the grace of the old token to end at 2026-03-01T12:01:00Z, since a new one now would cut off clients that still use it";
    check(Stage::Set, lately(59), said);
    check(Stage::Set, lately(60), "Rotate");
    check(Stage::Set, lately(59).nodes("current"), "Rotate");
    check(Stage::Set, lately(59).tag(tag::GRACE_MINUTES, "0"), "Rotate");
    check(Stage::Set, lately(59).change(|it| it.previous = it.current.clone()), "Rotate");
    check(
        Stage::Set,
        lately(59).tag(tag::GRACE_MINUTES, "soon"),
        "the tag cachewarden:grace-minutes of the secret is wrong",
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
    check(Stage::Set, sample().nodes("pending current").group(modifying), "wait 5s for an AUTH");
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
    check(Stage::Set, same, "AWSPENDING holds the same as AWSCURRENT");
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
