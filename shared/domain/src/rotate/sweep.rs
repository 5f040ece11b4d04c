//! The sweep: the old token and the passwordless door are closed once clients had time to read the new token.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::plan::{busy, group, silent};
use super::{Change, Key, Label, Refusal, RotationView, SweepStep, VersionId, grace, user};
use crate::{GroupStatus, Next, Wait, WaitingOn};

/// How it stands with the credential of a group, in the order in which a rotation passes through.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// The secret or the group is on its way out.
    Leaving,
    /// Secrets Manager works on this version.
    UnderWay(VersionId),
    /// Secrets Manager began this version and has not come back to it for long.
    Stuck(VersionId),
    /// A change of the token or of the user is being applied.
    Changing,
    /// An old way in is still open, on purpose, until then.
    Overlap { old: Old, until: Timestamp },
    /// An old way in is still open, and is to be closed with this version.
    Due { old: Old, current: VersionId },
    /// Only this version gets in, which is not noted yet.
    Unnoted(VersionId),
    /// Only this version gets in.
    Closed(VersionId),
}

/// A way in that is to be closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Old {
    /// The token before the current one.
    Token,
    /// The password before the current one.
    Password,
    /// The password of a rotation that was given up.
    GivenUp,
    /// No password.
    Nothing,
}

impl fmt::Display for Old {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "the old token",
            Self::Password => "the old password",
            Self::GivenUp => "the password of a rotation that was given up",
            Self::Nothing => "access without a password",
        })
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaving => f.write_str("the secret or its group is being deleted; nothing to do"),
            Self::UnderWay(version) => write!(f, "a rotation to version {version} is under way"),
            Self::Stuck(version) => {
                write!(f, "the rotation to version {version} was left unfinished; going on with it")
            }
            Self::Changing => f.write_str("a change is being applied"),
            Self::Overlap { old, until } => {
                write!(f, "AWSCURRENT is valid, and {old} until {until}")
            }
            Self::Due { old, .. } => {
                write!(f, "AWSCURRENT is valid, and {old}, whose grace is over")
            }
            Self::Unnoted(_) | Self::Closed(_) => {
                f.write_str("only AWSCURRENT is valid, on every node")
            }
        }
    }
}

impl Standing {
    /// Whether all that the credential opens was looked at, and found to be in order. A door that is open to everybody is not.
    pub fn is_in_order(&self) -> bool {
        match self {
            Self::Overlap { old, .. } | Self::Due { old, .. } => *old != Old::Nothing,
            Self::Unnoted(_) | Self::Closed(_) => true,
            Self::Leaving | Self::UnderWay(_) | Self::Stuck(_) | Self::Changing => false,
        }
    }
}

/// Tells how it stands with a secret and its group.
pub fn standing(view: &RotationView, now: Timestamp) -> Result<Standing, Refusal> {
    view.secret.is_ours()?;
    grace::length(view)?;
    if view.secret.is_leaving || is_going(view) {
        return Ok(Standing::Leaving);
    }
    let labels = &view.secret.labels;
    let current = labels.of(Label::Current).ok_or(Refusal::NoValue(Label::Current))?;
    if let Some(pending) = labels.under_way() {
        return Ok(if is_stuck(pending, view, now) {
            Standing::Stuck(pending.clone())
        } else {
            Standing::UnderWay(pending.clone())
        });
    }
    if view.secret.is_of_user() {
        return user::standing(current, view, now);
    }
    let group = group(view)?;
    view.current.required(Label::Current)?;
    if group.token_change.is_some() || silent(view).is_some() {
        return Ok(Standing::Changing);
    }
    if view.opens_any(Key::Nothing) && !(group.auth_token_enabled && view.opens_all(Key::Current)) {
        return Err(Refusal::NoTokenYet(group.id.clone()));
    }
    if !view.opens_all(Key::Current) {
        return Err(Refusal::CurrentRefused { nodes: view.closed_to(Key::Current) });
    }
    let is_valid = view.stray().is_some() && view.opens_any(Key::GivenUp);
    if let Some(given_up) = view.secret.given_up().filter(|_| is_valid) {
        // SET takes only the token that was last rotated to (facts 2.2), and that is this one, not the current.
        return Err(Refusal::GivenUpValid(given_up));
    }
    let Some(old) = open(view) else {
        let noted = view.secret.revoked().is_some_and(|it| it.version == *current);
        let current = current.clone();
        return Ok(if noted { Standing::Closed(current) } else { Standing::Unnoted(current) });
    };
    if view.secret.asked().is_some_and(|it| it.change == Change::Set && it.may_not_show(now)) {
        return Ok(Standing::Changing);
    }
    let until = grace::over(view)?;
    Ok(if now < until {
        Standing::Overlap { old, until }
    } else {
        Standing::Due { old, current: current.clone() }
    })
}

/// Decides what the sweep does with a secret.
pub fn plan_sweep(view: &RotationView, now: Timestamp) -> Next<SweepStep, Refusal> {
    // Whoever holds it is at its labels and its address now; the next sweep goes on.
    if view.secret.is_ours().is_ok() && view.secret.hold(now).is_some() {
        return Next::Settled;
    }
    if view.secret.is_ours().is_ok() && !view.secret.is_leaving {
        let labels = &view.secret.labels;
        if let Some(version) = labels.left_behind() {
            return Next::Do(SweepStep::Unstage(version.clone()));
        }
        if let Some(version) = labels.of(Label::Rewritten) {
            return Next::Do(SweepStep::Unmark(version.clone()));
        }
    }
    match standing(view, now) {
        Ok(Standing::Changing) => {
            let change = if view.secret.is_of_user() { user::pause(view) } else { silent(view) };
            Next::Wait(change.unwrap_or_else(|| Wait::slow(WaitingOn::TokenChange)))
        }
        Ok(Standing::Due { current, .. }) if view.secret.is_of_user() => {
            user::revoke(current, view)
        }
        Ok(Standing::Due { current: version, .. }) => match (&view.group, view.current.token()) {
            (Some(group), Some(current)) if group.is_settled() => {
                let (group, current) = (group.id.clone(), current.clone());
                Next::Do(SweepStep::Revoke { group, current, version })
            }
            (Some(group), _) => Next::Wait(busy(group)),
            (None, _) => Next::Settled,
        },
        Ok(Standing::Unnoted(current)) => Next::Do(SweepStep::NoteRevoked(current)),
        // Only where nothing else opens a node is it certain that no label is needed for what it has now.
        Ok(Standing::Closed(from)) => match view.rewritten() {
            Ok(Some(text)) => Next::Do(SweepStep::Rewrite { from, text }),
            Ok(None) => Next::Settled,
            Err(refusal) => Next::Refuse(refusal),
        },
        Ok(
            Standing::Leaving
            | Standing::UnderWay(_)
            | Standing::Stuck(_)
            | Standing::Overlap { .. },
        ) => Next::Settled,
        Err(refusal) => Next::Refuse(refusal),
    }
}

fn is_going(view: &RotationView) -> bool {
    view.group.as_ref().is_some_and(|it| it.status == GroupStatus::Deleting)
}

/// An old way in that is open on some node. The copy of the current token under another label is no old one.
fn open(view: &RotationView) -> Option<Old> {
    if view.opens_any(Key::Nothing) {
        return Some(Old::Nothing);
    }
    view.old_token_opens().then_some(Old::Token)
}

/// Whether Secrets Manager has had its time for all of its retries.
fn is_stuck(pending: &VersionId, view: &RotationView, now: Timestamp) -> bool {
    // What was asked for an earlier version says nothing of this one, which may have been begun a moment ago.
    let asked = view.secret.asked().filter(|it| it.version == *pending).map(|it| it.at);
    let began = view.pending.created().max(asked).or(view.secret.last_changed);
    began.is_some_and(|it| it.saturating_add(STUCK_AFTER).unwrap_or(Timestamp::MAX) <= now)
}

/// Longer than the retries of Secrets Manager leave a version alone, as far as anybody has seen; coming too early would do no harm, as
/// every step may run twice.
const STUCK_AFTER: SignedDuration = SignedDuration::from_mins(15);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::sample::{
        LOST, NEW, USED, check_sweep as check, minutes_before, rotated, sample, token, version,
    };
    use super::super::{Labels, Value};
    use super::*;
    use crate::group::Toggle;
    use crate::tag;

    #[test]
    fn the_old_token_stays_for_its_grace() {
        let until = "AWSCURRENT is valid, and the old token until 2026-03-01T12:01:00Z";
        check(rotated(59), until, "nothing");
        check(rotated(60), "AWSCURRENT is valid, and the old token, whose grace is over", "Revoke");
    }

    #[test]
    fn no_tag_means_a_day() {
        let untagged =
            |minutes| rotated(minutes).change(|it| drop(it.secret.tags.remove(tag::GRACE_MINUTES)));
        check(untagged(1439), "AWSCURRENT is valid, and the old token until", "nothing");
        check(untagged(1440), "AWSCURRENT is valid, and the old token, whose", "Revoke");
        let odd = rotated(60).tag(tag::GRACE_MINUTES, "soon");
        check(odd, "the tag cachewarden:grace-minutes of the secret is wrong: \"soon\"", "the tag");
    }

    #[test]
    fn the_date_of_the_rotation_before_ends_no_grace() {
        // AWSCURRENT has moved, and Secrets Manager has not written the date yet.
        let early = rotated(5).change(|it| {
            it.secret.last_rotated = Some(minutes_before(9000));
            it.secret.last_changed = Some(minutes_before(0));
        });
        check(
            early,
            "AWSCURRENT is valid, and the old token until 2026-03-01T13:00:00Z",
            "nothing",
        );
    }

    #[test]
    fn the_passwordless_door_is_closed_in_the_same_way() {
        let optional = |minutes| rotated(minutes).nodes("current nothing");
        check(optional(59), "AWSCURRENT is valid, and access without a password until", "nothing");
        check(optional(60), "AWSCURRENT is valid, and access without a password, whose", "Revoke");
        let open = rotated(60).group(|it| it.auth_token_enabled = false).nodes("nothing");
        check(open, "the replication group orders asks for no token", "the replication group");
    }

    #[test]
    fn the_proof_is_noted_once() {
        check(rotated(60).nodes("current"), "only AWSCURRENT is valid", "NoteRevoked");
        let noted = |of: &str| {
            let note = format!("{of} at {}", minutes_before(1));
            rotated(60).nodes("current").tag(tag::REVOKED, &note)
        };
        check(noted(NEW), "only AWSCURRENT is valid", "nothing");
        check(noted(LOST), "only AWSCURRENT is valid", "NoteRevoked");
        // A note is no proof: the door is looked at each time.
        check(noted(NEW).nodes("current previous"), "AWSCURRENT is valid, and the old", "Revoke");
    }

    #[test]
    fn one_node_that_opens_is_enough_to_revoke() {
        let half = rotated(60).each_node("current", "current previous");
        check(half, "AWSCURRENT is valid, and the old token, whose", "Revoke");
    }

    #[test]
    fn a_look_too_soon_after_a_set_does_not_send_another() {
        let asked = |minutes| {
            rotated(60).tag(tag::ASKED, &format!("set={NEW} at {}", minutes_before(minutes)))
        };
        check(asked(2), "a change is being applied", "wait for an AUTH token change");
        check(asked(2).nodes("current"), "only AWSCURRENT is valid", "NoteRevoked");
        check(asked(3), "AWSCURRENT is valid, and the old token, whose", "Revoke");
        let note = format!("rotate={NEW} at {}", minutes_before(1));
        let rotated = rotated(60).tag(tag::ASKED, &note);
        check(rotated, "AWSCURRENT is valid, and the old token, whose", "Revoke");
    }

    #[test]
    fn a_busy_group_is_left_to_the_next_sweep() {
        let state = |status| rotated(60).group(|it| it.status = status);
        check(state(GroupStatus::Snapshotting), "AWSCURRENT is", "wait for a snapshot");
        check(state(GroupStatus::Modifying), "AWSCURRENT is", "wait for a modification");
        let setting = rotated(60).group(|it| it.token_change = Some("SETTING".to_owned()));
        check(setting, "a change is being applied", "wait for an AUTH");
        let failover = rotated(60).group(|it| it.automatic_failover = Toggle::Enabling);
        check(failover, "AWSCURRENT is", "wait for a modification");
        check(rotated(60).deaf(), "a change is being applied", "wait for the member orders-002");
    }

    #[test]
    fn a_rotation_under_way_is_left_alone() {
        let due = || sample().nodes("pending current previous");
        check(due(), "a rotation to version 11111111", "nothing");
        let old = due().change(|it| it.pending = token(NEW, minutes_before(15)));
        check(
            old.clone(),
            "the rotation to version 11111111-1111-4111-8111-111111111111 was left",
            "nothing",
        );
        let note = format!("rotate={NEW} at {}", minutes_before(2));
        check(old.tag(tag::ASKED, &note), "a rotation to version 11111111", "nothing");
    }

    #[test]
    fn a_value_put_by_hand_after_a_rotation_is_no_rotation_under_way() {
        let by_hand = rotated(120).nodes("current").change(|it| {
            it.secret.labels = Labels::from_iter([
                (version(USED), BTreeSet::from([Label::Current])),
                (version(NEW), BTreeSet::from([Label::Previous, Label::Pending])),
            ]);
        });
        check(
            by_hand.clone(),
            "only AWSCURRENT is valid",
            "Unstage(VersionId(\"11111111-1111-4111-8111-111111111111\"))",
        );
        let leaving = by_hand.change(|it| it.secret.is_leaving = true);
        check(leaving, "the secret or its group", "nothing");
    }

    #[test]
    fn the_label_of_a_rewriting_is_taken_off_whether_it_was_finished_or_not() {
        let noted = format!("{NEW} at {}", minutes_before(1));
        let closed = || rotated(120).nodes("current").tag(tag::REVOKED, &noted);
        let marked =
            |on: &str| closed().change(|it| it.secret.labels.put(version(on), Label::Rewritten));
        for on in [NEW, LOST] {
            check(marked(on), "only AWSCURRENT is valid", &format!("Unmark(VersionId(\"{on}\"))"));
        }
        let leaving = marked(LOST).change(|it| it.secret.is_leaving = true);
        check(leaving, "the secret or its group", "nothing");
    }

    #[test]
    fn a_rotation_that_has_just_begun_is_not_taken_for_the_one_before() {
        let note = format!("rotate={USED} at {}", minutes_before(9000));
        let begun = sample().nodes("current").tag(tag::ASKED, &note).change(|it| {
            it.pending = Value::Absent;
            it.secret.last_changed = Some(minutes_before(0));
        });
        check(
            begun,
            "a rotation to version 11111111-1111-4111-8111-111111111111 is under",
            "nothing",
        );
    }

    #[test]
    fn nothing_is_revoked_where_the_current_token_does_not_open() {
        let said = "AWSCURRENT does not open orders-002";
        check(rotated(60).each_node("current", "previous"), said, said);
    }

    #[test]
    fn the_token_of_a_rotation_given_up_is_told() {
        let note = format!("rotate={LOST} at {}", minutes_before(90));
        let view = rotated(60)
            .tag(tag::ASKED, &note)
            .change(|it| it.given_up = token(LOST, minutes_before(91)))
            .nodes("current given-up");
        let said = "the token of version 44444444-4444-4444-8444-444444444444, whose rotation was given up, is still valid";
        check(view.clone(), said, said);
        check(view.clone().nodes("current"), "only AWSCURRENT is valid", "NoteRevoked");
        // The rotation after it took the token up.
        let taken_up = view.change(|it| it.given_up = it.current.clone());
        let taken_up = taken_up.nodes("current previous given-up");
        check(taken_up, "AWSCURRENT is valid, and the old token, whose", "Revoke");
    }

    #[test]
    fn what_is_being_deleted_is_left_alone() {
        check(
            rotated(60).change(|it| it.secret.is_leaving = true),
            "the secret or its group",
            "nothing",
        );
        let going = rotated(60).group(|it| it.status = GroupStatus::Deleting);
        check(going, "the secret or its group", "nothing");
        let gone = rotated(60).change(|it| it.group = None);
        check(gone, "the replication group orders does not exist", "the replication group");
    }

    #[test]
    fn a_secret_that_is_held_is_left_alone_until_the_time_is_over() {
        let held = |until: &str| {
            let hold = format!("orders-r2 by 1a2b3c4d until {until}");
            rotated(60).tag(tag::IN_PLACE, &hold)
        };
        let stands = "AWSCURRENT is valid, and the old token, whose grace is over";
        check(held("2026-03-01T12:00:01Z"), stands, "nothing");
        check(held("2026-03-01T12:00:00Z"), stands, "Revoke");
        check(rotated(60).tag(tag::IN_PLACE, "by hand"), stands, "Revoke");
        let pending = sample().tag(tag::IN_PLACE, "orders-r2 by 1 until 2026-03-01T13:00:00Z");
        for stage in super::super::Stage::ALL {
            let now = minutes_before(0);
            let next = super::super::resume(stage, &version(NEW), &pending, now);
            let Next::Wait(wait) = next else { panic!("{stage}: {next:?}") };
            assert!(
                wait.on.to_string().starts_with("another address to be written"),
                "{}",
                wait.on
            );
        }
        let begun = super::super::rehearse(&held("2026-03-01T12:00:01Z"), minutes_before(0));
        assert!(begun.unwrap_err().contains("no rotation is begun meanwhile"));
    }

    #[test]
    fn a_secret_that_never_rotated_has_nothing_to_revoke() {
        let fresh = rotated(60).nodes("current").change(|it| {
            it.previous = Value::Absent;
            it.secret.last_rotated = None;
            it.secret.labels =
                Labels::from_iter([(version(NEW), BTreeSet::from([Label::Current]))]);
        });
        check(fresh.clone(), "only AWSCURRENT is valid", "NoteRevoked");
        let empty = fresh.change(|it| it.current = Value::Absent);
        check(empty, "AWSCURRENT has no value", "AWSCURRENT has no value");
    }
}
