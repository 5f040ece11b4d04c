//! How clients connect, and as whom: TLS, user groups, and a token in [`super::token`].
//!
//! TLS goes on and off over a time in which clients may connect both ways, and only while none of them logs in; who logs in is said
//! only where all of them connect by TLS (facts 1.5, 2.3).

use super::super::{Around, GroupSpec, Refusal, Step, Wanted};
use super::make::secret;
use super::settled::Looked;
use super::token;
use crate::engine::Engine;
use crate::group::Tls;
use crate::{GroupView, Next, Wait, WaitingOn, tag};

/// Changes how clients connect and log in. A token is not made a condition where that `closes` is not stated.
pub(super) fn access(
    wanted: &Wanted,
    seen: &Looked<'_>,
    around: &Around,
    closes: bool,
) -> Option<Next<Step, Refusal>> {
    prepared(wanted, seen.group, around)
        .or_else(|| encrypted(&wanted.spec, seen.group))
        .or_else(|| admitted(&wanted.spec, seen.group))
        .or_else(|| token::given(wanted, seen, around, closes))
}

/// The secret of a token to come is there before anything else: one of that name that is somebody else's is told first.
fn prepared(wanted: &Wanted, group: &GroupView, around: &Around) -> Option<Next<Step, Refusal>> {
    if group.auth_token_enabled { None } else { secret(wanted, around, |_, _| false) }
}

fn encrypted(spec: &GroupSpec, group: &GroupView) -> Option<Next<Step, Refusal>> {
    let lags = |it: &&crate::MemberView| it.tls.is_some_and(|it| it != group.tls);
    if let Some(member) = group.members.iter().find(lags) {
        return Some(Next::Wait(Wait::slow(WaitingOn::Member(member.id.to_string()))));
    }
    if group.tls == spec.tls {
        return None;
    }
    if !group.user_groups.is_empty() {
        let remove = group.user_groups.clone();
        return Some(Next::Do(Step::SetUsers { add: Vec::new(), remove, drops_token: false }));
    }
    Some(Next::Do(Step::SetTls(match group.tls {
        Tls::Preferred => spec.tls,
        Tls::Off | Tls::Required => Tls::Preferred,
    })))
}

fn admitted(spec: &GroupSpec, group: &GroupView) -> Option<Next<Step, Refusal>> {
    let without = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|it| !those.contains(it)).cloned().collect()
    };
    let add = without(&spec.user_groups, &group.user_groups);
    let remove = without(&group.user_groups, &spec.user_groups);
    // A token comes in the place of users with one call.
    let is_as_wanted = add.is_empty() && (remove.is_empty() || spec.protection.has_token());
    let drops_token = group.auth_token_enabled;
    (!is_as_wanted).then_some(Next::Do(Step::SetUsers { add, remove, drops_token }))
}

/// Refuses or waits for a user group that the cache is to get and cannot have, before anything is done.
pub(super) fn missing_users(
    spec: &GroupSpec,
    around: &Around,
    has: &[String],
) -> Option<Next<Step, Refusal>> {
    let id = spec.user_groups.iter().find(|it| !has.contains(it))?;
    let refuse = |why: String| Some(Next::Refuse(Refusal::UserGroup { id: id.clone(), why }));
    let Some(found) = around.user_groups.iter().find(|it| it.id == *id) else {
        return refuse("does not exist; make it first".to_owned());
    };
    if spec.engine == Engine::Redis && found.engine != spec.engine.as_str() {
        let engine = &found.engine;
        return refuse(format!("is of the engine {engine}, and Redis takes users of its own only"));
    }
    if let Some(user) = found.iam_users.first().filter(|_| !spec.release().knows_iam()) {
        return refuse(format!(
            "has the user {user}, who logs in with IAM, which is there from Redis 7.0 on and under Valkey, and RedisEngineVersion is {}",
            spec.version
        ));
    }
    match found.status.as_str() {
        "active" => None,
        "creating" | "modifying" => Some(Next::Wait(Wait::slow(WaitingOn::Busy))),
        other => refuse(format!("is {other}, and only an active one is taken")),
    }
}

/// The secret of a token that users have taken the place of goes when all of that was seen, and can come back for a week.
pub(super) fn forgotten(
    wanted: &Wanted,
    group: &GroupView,
    around: &Around,
) -> Option<Next<Step, Refusal>> {
    if wanted.spec.protection.has_token() || group.auth_token_enabled {
        return None;
    }
    let of_group = |it: &crate::Tags| it.get(tag::GROUP).is_some_and(|it| it == group.id.as_str());
    let is_over = |it: &&super::super::SecretView| {
        wanted.owner.owns(&it.tags) && of_group(&it.tags) && !it.deleted
    };
    let secret = around.secret.as_ref().filter(is_over)?;
    Some(Next::Do(Step::ForgetSecret { arn: secret.arn.clone() }))
}
