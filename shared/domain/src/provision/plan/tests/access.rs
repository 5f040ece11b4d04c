//! How clients connect, and as whom.

use super::*;
use crate::group::Tls;
use crate::provision::UserGroupView;

const NO_TLS: (&str, &str) = ("EnableEncryptionInTransit", "false");
const NO_TOKEN: (&str, &str) = ("EnableAuthToken", "false");
const PREFERRED: (&str, &str) = ("TransitEncryptionMode", "preferred");
const STAFF: (&str, &str) = ("UserGroupIds", "Staff");

/// A stack that states this, over a group that is as that was stated.
fn change(from: &[(&str, &str)], to: &[(&str, &str)]) -> Scene {
    let mut scene = Scene::stated(from);
    scene.wanted.spec = spec(to);
    scene
}

fn tls(scene: Scene, tls: Tls) -> Scene {
    scene.group(|it| {
        it.tls = tls;
        it.transit_encryption = tls != Tls::Off;
        it.members.iter_mut().for_each(|it| it.tls = Some(tls));
    })
}

/// The user group of this id is so.
fn with(scene: Scene, engine: &str, status: &str) -> Scene {
    let (id, engine, status) = ("staff".to_owned(), engine.to_owned(), status.to_owned());
    scene.around(|it| {
        it.user_groups = vec![UserGroupView { id, engine, status, iam_users: Vec::new() }];
    })
}

#[test]
fn tls_goes_on_and_off_over_a_time_in_which_it_is_preferred() {
    #[track_caller]
    fn next(scene: &Scene, seen: Tls, expected: &str) {
        check(tls(scene.clone(), seen).around(|it| it.secret = None), expected);
    }
    let on = change(&[NO_TLS], &[NO_TOKEN]);
    next(&on, Tls::Off, "Do: SetTls(Preferred)");
    next(&on, Tls::Preferred, "Do: SetTls(Required)");
    let off = change(&[NO_TOKEN], &[NO_TLS]);
    next(&off, Tls::Required, "Do: SetTls(Preferred)");
    next(&off, Tls::Preferred, "Do: SetTls(Off)");
    let foreign = |it: &mut Around| it.secret.as_mut().unwrap().tags.clear();
    check(change(&[NO_TLS], &[]).around(foreign), "Refuse: the secret orders-redis-auth-token");
    let stays = change(&[NO_TLS], &[PREFERRED]);
    next(&stays, Tls::Off, "Do: SetTls(Preferred)");
    next(&stays, Tls::Required, "Do: SetTls(Preferred)");
    let lags = tls(on, Tls::Preferred).group(|it| it.members[1].tls = Some(Tls::Off));
    check(lags.clone(), "Wait: the member orders-redis-production-002");
    check(lags.group(|it| it.members[1].tls = None), "Do: SetTls(Required)");
}

#[test]
fn tls_changes_only_where_the_version_can_and_nobody_has_a_token() {
    let old = [("RedisEngineVersion", "7.0"), NO_TOKEN];
    let scene = change(&[NO_TLS], &old).of(2, "cache.t4g.micro", "7.0.4");
    let scene = tls(scene, Tls::Off).group(|it| it.auth_token_enabled = false);
    check(
        scene.clone(),
        "Refuse: EnableEncryptionInTransit is off on the running cache and required, which takes Redis 7.0.5, in the template;",
    );
    let newer = scene.of(2, "cache.t4g.micro", "7.0.5").group(|it| it.auth_token_enabled = false);
    check(tls(newer, Tls::Off), "Do: SetTls(Preferred)");
    // A version that comes with the same update is there before.
    let both = change(&[NO_TLS], &[NO_TOKEN]).of(2, "cache.t4g.micro", "6.2.6");
    check(tls(both, Tls::Off).group(|it| it.auth_token_enabled = false), "Do: MakeParameterGroup");
    check(
        change(&[], &[NO_TLS]),
        "Refuse: EnableEncryptionInTransit is required on the running cache and off, which a cache with a token cannot have, in the template; EnableAuthToken is true",
    );
}

#[test]
fn a_token_is_not_taken_back_but_right_after_it_was_given() {
    let scene = change(&[], &[NO_TOKEN]);
    check(
        scene.clone(),
        "Refuse: EnableAuthToken is true on the running cache and false, which takes UserGroupIds in its place, in the template",
    );
    let at = |at: &str, value: &str| {
        scene.clone().tag(tag::TOKEN, &format!("auth-token={value} at {at}"))
    };
    check(at("2026-01-02T01:00:00Z", "done"), "Settled");
    // Clients without one are still accepted, and stay so.
    check(at("2026-01-02T01:00:00Z", "accept"), "Settled");
    check(at("2026-01-01T01:00:00Z", "done"), "Refuse: EnableAuthToken");
    let plain = change(&[], &[NO_TLS]).tag(tag::TOKEN, "auth-token=done at 2026-01-02T01:00:00Z");
    check(plain, "Settled");
}

#[test]
fn a_token_is_accepted_first_and_required_then() {
    let bare = change(&[NO_TOKEN], &[]).around(|it| it.secret = None);
    check(bare.clone(), "Do: MakeSecret");
    let before = change(&[NO_TOKEN], &[]);
    let mut disturbed = before.clone();
    disturbed.seen.others_ended = Some(at("2026-01-02T02:59:00Z"));
    check(disturbed, "Wait: a modification to finish");
    let noted = |value: &str| {
        let text = format!("auth-token={value} at {NOW}");
        (text.clone(), before.clone().tag(tag::TOKEN, &text))
    };
    let Next::Do(Step::Tag { tags, .. }) = plan(&before.wanted, &before.seen, at(NOW)) else {
        panic!("it is not written down")
    };
    let (text, accepts) = noted("accept");
    assert_eq!(tags[tag::TOKEN], text);
    check(accepts.clone(), "Do: GiveToken { secret: \"arn:aws:secretsmanager:");
    check(accepts.clone().called(&format!("{text} called at {NOW}")), "Wait: a modification");
    check(
        accepts.clone().called(&format!("{text} called at 2026-01-02T02:51:00Z")),
        "Refuse: the change of auth-token to accepted did not take, it is not accepted still",
    );
    let accepted = |scene: Scene, time: &str| {
        let time = at(time);
        scene.group(|it| {
            it.auth_token_enabled = true;
            it.token_changed_at = Some(time);
        })
    };
    let first = "2026-01-02T02:55:00Z";
    let scene = accepted(accepts, first);
    let Next::Do(Step::Tag { tags, .. }) = plan(&scene.wanted, &scene.seen, at(NOW)) else {
        panic!("it is not written down")
    };
    let (text, requires) = noted(&format!("require-{first}"));
    assert_eq!(tags[tag::TOKEN], text);
    assert!(tag::is_legal_value(&text), "{text}");
    let asks = accepted(requires.clone(), first);
    let Next::Do(Step::GiveToken { gift, .. }) = plan(&asks.wanted, &asks.seen, at(NOW)) else {
        panic!("it is not asked for")
    };
    assert_eq!(gift, crate::provision::TokenGift::Require);
    check(asks.clone().called(&format!("{text} called at {NOW}")), "Wait: a modification");
    check(
        asks.clone().around(|it| it.secret.as_mut().unwrap().deleted = true),
        "Do: RestoreSecret",
    );
    check(asks.around(|it| it.secret = None), "Refuse: the secret orders-redis-auth-token");
    let done = accepted(requires, "2026-01-02T02:56:00Z");
    let Next::Do(Step::Tag { tags, .. }) = plan(&done.wanted, &done.seen, at(NOW)) else {
        panic!("it is not written down")
    };
    assert_eq!(tags[tag::TOKEN], format!("auth-token=done at {NOW}"));
    let all = accepted(noted("done").1, "2026-01-02T02:56:00Z");
    check(all, "Settled");
}

#[test]
fn users_take_the_place_of_a_token_in_one_call_and_its_secret_goes_after() {
    let scene = with(change(&[], &[STAFF]), "redis", "active");
    check(scene.clone(), "Do: SetUsers { add: [\"staff\"], remove: [], drops_token: true }");
    let there = scene.group(|it| {
        it.auth_token_enabled = false;
        it.user_groups = vec!["staff".to_owned()];
    });
    check(
        there.clone(),
        "Do: Untag { arn: \"arn:aws:elasticache:eu-west-1:1:replicationgroup:orders-redis-production\", keys: [\"cachewarden:secret\"] }",
    );
    let untagged = there.group(|it| drop(it.tags.as_mut().unwrap().remove(tag::SECRET)));
    check(untagged.clone(), "Do: ForgetSecret");
    check(untagged.clone().around(|it| it.secret.as_mut().unwrap().deleted = true), "Settled");
    let foreign = |it: &mut Around| it.secret.as_mut().unwrap().tags.clear();
    check(untagged.around(foreign), "Settled");
}

#[test]
fn users_come_and_go() {
    let none = change(&[NO_TOKEN], &[STAFF]);
    check(with(none, "redis", "active"), "Do: SetUsers { add: [\"staff\"], remove: []");
    let other = with(change(&[("UserGroupIds", "crew")], &[STAFF]), "redis", "active");
    check(other, "Do: SetUsers { add: [\"staff\"], remove: [\"crew\"], drops_token: false }");
    check(
        change(&[STAFF], &[NO_TOKEN]),
        "Do: SetUsers { add: [], remove: [\"staff\"], drops_token: false }",
    );
    check(change(&[STAFF], &[NO_TLS]), "Do: SetUsers { add: [], remove: [\"staff\"]");
    let same = change(&[STAFF], &[STAFF]).around(|it| it.secret = None);
    check(same.group(|it| drop(it.tags.as_mut().unwrap().remove(tag::SECRET))), "Settled");
    let token = change(&[STAFF], &[]).tag(tag::TOKEN, &format!("auth-token=accept at {NOW}"));
    let Next::Do(Step::GiveToken { gift, .. }) = plan(&token.wanted, &token.seen, at(NOW)) else {
        panic!("users are not taken off with a call of their own")
    };
    assert_eq!(gift, crate::provision::TokenGift::InPlaceOfUsers);
}

#[test]
fn a_user_group_that_cannot_be_taken_is_refused_before_anything_is_made() {
    let scene = change(&[], &[STAFF]);
    check(scene.clone(), "Refuse: the user group staff of UserGroupIds does not exist");
    check(
        with(scene.clone(), "valkey", "active"),
        "Refuse: the user group staff of UserGroupIds is of the engine valkey",
    );
    check(
        with(scene.clone(), "redis", "deleting"),
        "Refuse: the user group staff of UserGroupIds is deleting",
    );
    check(with(scene.clone(), "redis", "modifying"), "Wait: ");
    check(scene.clone().bare(), "Refuse: the user group staff");
    check(with(scene.bare(), "redis", "active"), "Do: MakeSubnetGroup");
    let valkey = change(&[], &[STAFF, ("Engine", "valkey")]).bare();
    check(with(valkey, "valkey", "active"), "Do: MakeSubnetGroup");
}

#[test]
fn users_that_log_in_with_iam_need_a_version_that_knows_it() {
    let stated = |version| {
        let scene = change(&[], &[STAFF, ("RedisEngineVersion", version)]).bare();
        with(scene, "redis", "active")
            .around(|it| it.user_groups[0].iam_users = vec!["app".to_owned()])
    };
    check(
        stated("6.2"),
        "Refuse: the user group staff of UserGroupIds has the user app, who logs in with IAM, which is there from Redis 7.0 on and under Valkey, and RedisEngineVersion is 6.2",
    );
    check(stated("7.0"), "Do: MakeSubnetGroup");
    let none = change(&[], &[STAFF, ("RedisEngineVersion", "6.2")]).bare();
    check(with(none, "redis", "active"), "Do: MakeSubnetGroup");
}
