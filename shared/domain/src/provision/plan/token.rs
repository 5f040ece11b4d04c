//! A token for a group that has none: first it is accepted beside none, then required (facts 2.2, U5, U6).
//!
//! A group does not tell which of the two it is at, so that is written on it. That a token is required now shows in the time of its last
//! change alone, which is therefore part of what is written.

use jiff::{SignedDuration, Timestamp};

use super::super::{Around, GroupSpec, Mark, Protection, Refusal, Step, TokenGift, Wanted};
use super::ask::CLOCKS_APART;
use super::make::secret;
use super::settled::Looked;
use crate::asked::{Asked, AskedField};
use crate::group::Tls;
use crate::{GroupView, Next, Tags, Wait, WaitingOn, tag};

const ACCEPT: &str = "accept";
const REQUIRE: &str = "require-";
const DONE: &str = "done";

/// Gives a group the token of its secret.
pub(super) fn given(
    wanted: &Wanted,
    seen: &Looked<'_>,
    around: &Around,
    closes: bool,
) -> Option<Next<Step, Refusal>> {
    let group = seen.group;
    if !wanted.spec.protection.has_token() {
        return None;
    }
    let noted = noted(seen.tags).filter(|_| group.auth_token_enabled);
    if group.auth_token_enabled && noted.as_ref().is_none_or(|it| !closes || it.value == DONE) {
        return None;
    }
    if noted.is_some() && around.secret.is_none() {
        let name = wanted.spec.secret_name.clone();
        return Some(Next::Refuse(Refusal::SecretGone { name }));
    }
    if seen.disturbed {
        // Whoever was stopped may still put users in its place, and that would be told as a change that did not take.
        return Some(Next::Wait(Wait::slow(WaitingOn::Modification)));
    }
    // It may have been sent into its recovery window meanwhile.
    let of_others = |_: &crate::Owner, _: &Tags| false;
    if let Some(next) = secret(wanted, around, of_others) {
        return Some(next);
    }
    if let Some(noted) = noted {
        return Some(required(wanted, seen, around, &noted));
    }
    let gift = match group.user_groups.as_slice() {
        [] => TokenGift::Accept,
        [..] => TokenGift::InPlaceOfUsers,
    };
    Some(ask(wanted, seen, around, ACCEPT.to_owned(), gift))
}

fn required(
    wanted: &Wanted,
    seen: &Looked<'_>,
    around: &Around,
    noted: &Asked,
) -> Next<Step, Refusal> {
    let changed = seen.group.token_changed_at.map_or("never".to_owned(), |it| it.to_string());
    match noted.value.strip_prefix(REQUIRE) {
        Some(before) if before != changed => {
            let done = Asked { field: AskedField::AuthToken, value: DONE.to_owned(), at: seen.now };
            note(seen, &done)
        }
        Some(_) => ask(wanted, seen, around, noted.value.clone(), TokenGift::Require),
        None => ask(wanted, seen, around, format!("{REQUIRE}{changed}"), TokenGift::Require),
    }
}

/// Writes down what will be asked for, asks for it, or finds that it was asked for and did not take.
fn ask(
    wanted: &Wanted,
    seen: &Looked<'_>,
    around: &Around,
    value: String,
    gift: TokenGift,
) -> Next<Step, Refusal> {
    let &Looked { tags, subnet_group, events, now, .. } = seen;
    let asked = Asked { field: AskedField::AuthToken, value, at: now };
    let is_of_now =
        |it: &Asked| wanted.since <= it.at.saturating_add(CLOCKS_APART).unwrap_or(Timestamp::MAX);
    let Some(written) = noted(tags).filter(|it| it.value == asked.value && is_of_now(it)) else {
        return note(seen, &asked);
    };
    let Some(secret) = &around.secret else {
        return Next::Refuse(Refusal::SecretGone { name: wanted.spec.secret_name.clone() });
    };
    match written.called_at(&subnet_group.tags) {
        None => {
            let tags = Tags::from([(tag::CALLED.to_owned(), written.called(now))]);
            let mark = Mark { arn: subnet_group.arn.clone(), tags };
            Next::Do(Step::GiveToken { secret: secret.arn.clone(), gift, mark })
        }
        Some(at) if at.saturating_add(Asked::GRACE).is_ok_and(|it| it <= now) => {
            let (wants, got) = match gift {
                TokenGift::Accept | TokenGift::InPlaceOfUsers => ("accepted", "not accepted"),
                TokenGift::Require => ("required", "not required"),
            };
            Next::Refuse(Refusal::DidNotTake {
                field: AskedField::AuthToken,
                wants: wants.to_owned(),
                got: got.to_owned(),
                events: events.to_vec(),
            })
        }
        Some(_) => Next::Wait(Wait::slow(WaitingOn::Modification)),
    }
}

fn note(seen: &Looked<'_>, asked: &Asked) -> Next<Step, Refusal> {
    let tags = Tags::from([(tag::TOKEN.to_owned(), asked.to_string())]);
    Next::Do(Step::Tag { arn: seen.group.arn.clone(), tags })
}

fn noted(tags: &Tags) -> Option<Asked> {
    let noted: Asked = tags.get(tag::TOKEN)?.parse().ok()?;
    Some(noted).filter(|it| it.field == AskedField::AuthToken)
}

/// Whether a group got its token until a day ago. There is no way back, and the rollback of what gave it must not fail.
pub(super) fn given_lately(tags: &Tags, now: Timestamp) -> bool {
    let until =
        noted(tags).and_then(|it| it.at.saturating_add(SignedDuration::from_hours(24)).ok());
    until.is_some_and(|it| now < it)
}

/// Keeps the token that a group got lately, and TLS with it, where a rollback states none. Clients without one stay accepted where they
/// still are.
pub(super) fn keep(spec: &mut GroupSpec, group: &GroupView, tags: &Tags, now: Timestamp) {
    let states_none = !spec.protection.has_token() && spec.user_groups.is_empty();
    if states_none && group.auth_token_enabled && given_lately(tags, now) {
        spec.protection = Protection::TlsWithToken;
        spec.tls = Tls::Required;
    }
}
