use super::super::sample::{
    LOST, NEW, USED, check_sweep, minutes_before, noon, rotated, sample, token, version,
};
use super::super::{Labels, Stage, Value, plan};
use super::*;
use crate::tag;

/// The same secret, with the password of the user `app`, whom one group carries.
fn of_app(view: RotationView) -> RotationView {
    view.change(|it| {
        it.secret.tags.remove(tag::GROUP);
        it.secret.tags.insert(tag::USER.to_owned(), "app".to_owned());
        let group = it.group.take().unwrap();
        let user = UserView {
            id: UserId::parse("App").unwrap(),
            name: "app".to_owned(),
            status: "active".to_owned(),
            logs_in_by: "password".to_owned(),
            passwords: 1,
            user_groups: vec!["staff".to_owned()],
        };
        it.user = Some(Carried { user, groups: vec![group] });
    })
}

fn user(view: RotationView, change: impl FnOnce(&mut UserView)) -> RotationView {
    view.change(|it| change(&mut it.user.as_mut().unwrap().user))
}

fn nobody_carries(view: RotationView) -> RotationView {
    view.change(|it| {
        it.user.as_mut().unwrap().groups.clear();
        it.nodes.clear();
    })
}

#[track_caller]
fn check(stage: Stage, view: RotationView, expected: &str) {
    let said = match plan(stage, &version(NEW), &view, noon()) {
        Next::Settled => "settled".to_owned(),
        Next::Do(step) => format!("{step:?}"),
        Next::Wait(wait) => format!("wait for {}", wait.on),
        Next::Refuse(refusal) => refusal.to_string(),
    };
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn an_id_is_folded_and_checked() {
    assert_eq!(UserId::parse(" App--1 ").unwrap().as_str(), "app--1");
    for text in ["", "1app", "-app", "a_p", "a.p"] {
        assert!(UserId::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_secret_holds_one_credential() {
    let both = of_app(sample()).tag(tag::GROUP, "orders");
    check(
        Stage::Set,
        both,
        "the tag cachewarden:user of the secret is wrong: the secret has the tag cachewarden:group as well",
    );
    let odd = of_app(sample()).tag(tag::USER, "a_p");
    check(Stage::Set, odd, "the tag cachewarden:user of the secret is wrong: \"a_p\" is no id");
    let foreign = of_app(sample()).change(|it| drop(it.secret.tags.remove(tag::OWNER)));
    check(Stage::Set, foreign, "not our secret: it has no tag cachewarden:owner");
}

#[test]
fn the_new_password_is_set_beside_the_current_one_once() {
    let does = "AddPassword { user: UserId(\"app\"), pending: AuthToken(*****), current: AuthToken(*****) }";
    check(Stage::Set, of_app(sample()), does);
    check(Stage::Set, of_app(sample()).nodes("pending current"), "settled");
    check(Stage::Set, of_app(sample()).each_node("pending current", "current"), "AddPassword");
    let note = |minutes| format!("rotate={NEW} at {}", minutes_before(minutes));
    let asked = |minutes| of_app(sample()).tag(tag::ASKED, &note(minutes));
    check(Stage::Set, asked(2), "wait for the change of the user app");
    check(Stage::Set, asked(3), "AddPassword");
}

#[test]
fn a_password_is_not_set_where_the_one_in_use_is_unknown() {
    check(
        Stage::Set,
        of_app(sample()).each_node("current", ""),
        "neither AWSPENDING nor AWSCURRENT opens orders-002",
    );
    let empty = of_app(sample()).change(|it| it.current = Value::Absent);
    check(Stage::Set, empty, "AWSCURRENT has no value yet");
    let same = of_app(sample()).change(|it| it.current = it.pending.clone());
    check(Stage::Set, same, "AWSPENDING holds the same as AWSCURRENT");
}

#[test]
fn a_password_in_its_grace_is_not_pushed_out() {
    let lately = of_app(sample()).nodes("current previous").change(|it| {
        it.secret.last_rotated = Some(minutes_before(59));
        it.current = token(USED, minutes_before(60));
    });
    check(Stage::Set, lately.clone(), "wait for the grace of the old token to end");
    check(Stage::Set, lately.tag(tag::GRACE_MINUTES, "59"), "AddPassword");
}

#[test]
fn a_user_that_cannot_be_rotated_is_named() {
    for stage in [Stage::Set, Stage::Test] {
        let gone = of_app(sample()).change(|it| it.user = None);
        check(stage, gone, "the user app does not exist");
        let going = user(of_app(sample()), |it| it.status = "deleting".to_owned());
        check(stage, going, "the user app is being deleted");
        for how in ["iam", "no-password"] {
            let other = user(of_app(sample()), |it| it.logs_in_by = how.to_owned());
            check(stage, other, &format!("the user app logs in by {how}, and has no password"));
        }
        let changing =
            user(of_app(sample()).nodes("pending"), |it| it.status = "modifying".to_owned());
        check(stage, changing, "wait for the change of the user app");
        check(stage, of_app(sample()).nodes("pending").deaf(), "wait for the member orders-002");
        let new = of_app(sample()).change(|it| {
            it.user.as_mut().unwrap().groups[0].status = GroupStatus::Creating;
        });
        check(stage, new, "wait for the member of orders, which is being made");
    }
}

#[test]
fn a_test_is_passed_on_every_node_of_every_group() {
    check(Stage::Test, of_app(sample()).nodes("pending current"), "settled");
    let half = of_app(sample()).each_node("pending", "current");
    check(Stage::Test, half, "AWSPENDING does not open orders-002");
    let nothing_new = of_app(sample()).change(|it| it.pending = Value::Absent);
    check(Stage::Test, nothing_new.clone(), "settled");
    check(Stage::Test, nothing_new.nodes(""), "AWSCURRENT does not open orders-001");
}

#[test]
fn a_user_that_no_group_carries_is_believed() {
    let alone = || nobody_carries(of_app(sample()));
    check(Stage::Set, alone(), "AddPassword");
    let note = format!("rotate={NEW} at {}", minutes_before(1));
    let asked = user(alone().tag(tag::ASKED, &note), |it| it.passwords = 2);
    check(Stage::Set, asked.clone(), "settled");
    check(Stage::Test, asked, "settled");
    let due = user(nobody_carries(of_app(rotated(60))), |it| it.passwords = 2);
    check_sweep(due, "AWSCURRENT is valid, and the old password, whose grace", "DropPasswords");
    check_sweep(nobody_carries(of_app(rotated(60))), "only AWSCURRENT", "NoteRevoked");
}

#[test]
fn the_old_password_goes_after_its_grace() {
    let two = |minutes| user(of_app(rotated(minutes)), |it| it.passwords = 2);
    check_sweep(
        two(59),
        "AWSCURRENT is valid, and the old password until 2026-03-01T12:01:00Z",
        "nothing",
    );
    let does = "DropPasswords { user: UserId(\"app\"), current: AuthToken(*****), version: VersionId(\"1111";
    check_sweep(two(60), "AWSCURRENT is valid, and the old password, whose grace is over", does);
    let set = format!("set={NEW} at {}", minutes_before(1));
    check_sweep(two(60).tag(tag::ASKED, &set), "a change is being applied", "wait");
    check_sweep(of_app(rotated(60)).nodes("current"), "only AWSCURRENT is valid", "NoteRevoked");
    let noted = format!("{NEW} at {}", minutes_before(1));
    let noted = of_app(rotated(60)).nodes("current").tag(tag::REVOKED, &noted);
    check_sweep(noted, "only AWSCURRENT is valid", "nothing");
    let said = "AWSCURRENT does not open orders-002";
    check_sweep(two(60).each_node("current", "previous"), said, said);
}

#[test]
fn the_password_of_a_rotation_given_up_goes_at_once() {
    let note = format!("rotate={LOST} at {}", minutes_before(90));
    let view = of_app(rotated(1)).tag(tag::ASKED, &note).change(|it| {
        it.given_up = token(LOST, minutes_before(91));
    });
    let said = "AWSCURRENT is valid, and the password of a rotation that was given up, whose grace";
    check_sweep(view.nodes("current given-up"), said, "DropPasswords");
}

#[test]
fn a_second_password_that_nobody_here_set_is_told_and_left() {
    let foreign = user(of_app(rotated(60)).nodes("current"), |it| it.passwords = 2);
    let said = "the user app has a second password that is not in the secret";
    check_sweep(foreign.clone(), said, said);
    // The one before, which no label tells of any more.
    let note = format!("rotate={NEW} at {}", minutes_before(62));
    let ours = foreign.tag(tag::ASKED, &note).change(|it| {
        it.previous = Value::Absent;
        it.secret.labels = Labels::from_iter([(version(NEW), [Label::Current].into())]);
    });
    check_sweep(ours, "AWSCURRENT is valid, and the old password, whose grace", "DropPasswords");
}

#[test]
fn a_secret_that_is_ours_says_whose_password_it_holds() {
    let of = |pairs: &[(&str, &str)]| {
        let tags = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        UserId::of_secret(&tags.collect()).map(|it| it.to_string())
    };
    let (ours, user) = ((crate::tag::OWNER, "somebody"), (crate::tag::USER, "App"));
    assert_eq!(of(&[ours, user]).as_deref(), Some("app"));
    assert_eq!(of(&[user]), None);
    assert_eq!(of(&[(crate::tag::OWNER, ""), user]), None);
    assert_eq!(of(&[ours, user, (crate::tag::GROUP, "orders")]), None);
    assert_eq!(of(&[ours, (crate::tag::USER, "not an id")]), None);
}
