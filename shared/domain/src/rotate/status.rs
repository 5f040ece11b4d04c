//! How it stands with a credential, in words for a person, and what a rotation would do now.

use jiff::{SignedDuration, Timestamp};

use super::{
    Key, Label, Refusal, RotationView, Stage, Standing, Step, SweepStep, Value, VersionId, grace,
    plan_sweep, resume, standing,
};
use crate::{AuthToken, Next};

/// How it stands with the credential of one secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// In one sentence.
    pub stands: String,
    /// The step of Secrets Manager that a rotation is at.
    pub at: Option<Stage>,
    /// Since when the rotation is under way.
    pub since: Option<Timestamp>,
    /// Until when the credential before stays valid.
    pub old_until: Option<Timestamp>,
    /// Since when the credential is the current one.
    pub current_since: Option<Timestamp>,
    /// When Secrets Manager means to rotate next.
    pub next_rotation: Option<Timestamp>,
    /// What the next sweep would do, or what is waited for.
    pub next: String,
}

/// Tells how it stands with a secret that was looked at whole.
pub fn status(view: &RotationView, now: Timestamp) -> Status {
    let mut status = Status {
        stands: String::new(),
        at: None,
        since: None,
        old_until: None,
        current_since: view.current.created(),
        next_rotation: view.secret.next_rotation,
        next: String::new(),
    };
    match standing(view, now) {
        Ok(stands) => {
            status.stands = stands.to_string();
            if let Standing::UnderWay(version) | Standing::Stuck(version) = &stands {
                let (stage, next) = step_at(version, view, now);
                status.at = Some(stage);
                status.since = begun(version, view);
                status.next = format!("{stage}: {}", in_words(next, will));
                return status;
            }
            if let Standing::Overlap { until, .. } = stands {
                status.old_until = Some(until);
            }
        }
        Err(refusal) => status.stands = refusal.to_string(),
    }
    status.next = in_words(plan_sweep(view, now), |it| will_sweep(&it));
    status
}

/// Tells what a rotation that begins now would do, line by line, or why it would not: by the plan that a real one has.
///
/// # Errors
///
/// What would be refused.
pub fn rehearse(view: &RotationView, now: Timestamp) -> Result<Vec<String>, String> {
    if let Some(version) = view.secret.labels.under_way() {
        return Err(format!(
            "a rotation to version {version} is under way, and Secrets Manager begins no other"
        ));
    }
    if let Some(wait) = view.secret.held(now) {
        return Err(format!("no rotation is begun meanwhile: it would wait for {}", wait.on));
    }
    if !view.secret.rotation_enabled {
        return Err(Refusal::RotationOff.to_string());
    }
    let (Ok(version), Ok(token)) = (VersionId::parse(REHEARSAL), AuthToken::parse(REHEARSAL))
    else {
        return Err("the rehearsal has no name".to_owned());
    };
    let mut imagined = view.clone();
    imagined.pending = Value::Token(token, None, Some(now));
    imagined.secret.labels.put(version.clone(), Label::Pending);
    for node in &mut imagined.nodes {
        node.verdicts.insert(Key::Pending, super::Verdict::Refused);
    }
    let sent = match resume(Stage::Set, &version, &imagined, now) {
        Next::Do(step) => will(step),
        Next::Wait(wait) => format!("wait for {}; then have the new one accepted", wait.on),
        Next::Settled => "find that it opens every node".to_owned(),
        Next::Refuse(refusal) => return Err(refusal.to_string()),
    };
    let minutes = grace::length(view).map_err(|err| err.to_string())?.as_mins();
    Ok(vec![
        format!("{}: make a new one and keep it as AWSPENDING", Stage::Create),
        format!("{}: {sent}; no client is cut off", Stage::Set),
        format!(
            "{}: log in to each of {} nodes over TLS with the new one and with the old one",
            Stage::Test,
            view.nodes.len()
        ),
        format!("{}: {}", Stage::Finish, will(Step::Promote { from: None })),
        format!("{minutes} minutes later the sweep revokes the old one, and proves it by login"),
    ])
}

/// What is told with the end of a rotation: until when the way in from before stays open, and whether it is one for everybody.
pub fn still_open(view: &RotationView, now: Timestamp) -> Option<String> {
    let until = now.saturating_add(grace::length(view).ok()?).ok()?;
    let was_open = view.secret.group().is_ok_and(|group| {
        let open = Refusal::NoTokenYet(group);
        view.secret.told().is_some_and(|it| it.is_of(&open))
    });
    Some(if was_open {
        format!(
            "anybody in the network of the group gets in without a password until {until}, when the sweep closes that"
        )
    } else {
        format!("what opened the nodes before does so until {until}, when the sweep revokes it")
    })
}

/// Numbers to be drawn and watched: the age of the credential, and whether a rotation is overdue.
pub fn gauges(view: &RotationView, now: Timestamp) -> Vec<(&'static str, f64)> {
    let age = view.current.created().map(|it| ("CredentialAgeDays", days(now.duration_since(it))));
    let due = view.secret.next_rotation.filter(|_| view.secret.rotation_enabled);
    let is_overdue = due.is_some_and(|it| it.saturating_add(LATE).unwrap_or(Timestamp::MAX) < now);
    age.into_iter().chain([("RotationOverdue", f64::from(u8::from(is_overdue)))]).collect()
}

/// Whether a rotation has taken longer than one of a group of any size does; or, where none is under way, whether the old way in should
/// have been closed for as long.
pub fn is_long(version: Option<&VersionId>, view: &RotationView, now: Timestamp) -> bool {
    let from = match version.or(view.secret.labels.under_way()) {
        Some(version) => begun(version, view),
        None => grace::over(view).ok(),
    };
    from.is_some_and(|it| it.saturating_add(LONG).unwrap_or(Timestamp::MAX) < now)
}

/// The step that a rotation is at: the first that is not done.
fn step_at(
    version: &VersionId,
    view: &RotationView,
    now: Timestamp,
) -> (Stage, Next<Step, Refusal>) {
    for stage in [Stage::Create, Stage::Set, Stage::Test] {
        let next = resume(stage, version, view, now);
        if next != Next::Settled {
            return (stage, next);
        }
    }
    (Stage::Finish, resume(Stage::Finish, version, view, now))
}

/// Since when a version is being rotated to, as far as anything tells.
fn begun(version: &VersionId, view: &RotationView) -> Option<Timestamp> {
    let asked = view.secret.asked().filter(|it| it.version == *version).map(|it| it.at);
    view.pending.created().or(asked).or(view.secret.last_changed)
}

fn in_words<S>(next: Next<S, Refusal>, will: impl Fn(S) -> String) -> String {
    match next {
        Next::Settled => "nothing to do".to_owned(),
        Next::Do(step) => will(step),
        Next::Wait(wait) => format!("wait for {}", wait.on),
        Next::Refuse(refusal) => refusal.to_string(),
    }
}

fn will(step: Step) -> String {
    match step {
        Step::Generate(_) => "make a new one and keep it as AWSPENDING".to_owned(),
        Step::TakeUp(..) => "take up that of a rotation given up as AWSPENDING".to_owned(),
        Step::Rotate { group, .. } => {
            format!(
                "have {group} accept AWSPENDING beside AWSCURRENT (ROTATE), which takes minutes"
            )
        }
        Step::AddPassword { user, .. } => {
            format!("have the user {user} log in with AWSPENDING and with AWSCURRENT")
        }
        Step::Promote { .. } => "make AWSPENDING the new AWSCURRENT".to_owned(),
    }
}

fn will_sweep(step: &SweepStep) -> String {
    match step {
        SweepStep::Revoke { group, .. } => format!("have {group} accept AWSCURRENT alone (SET)"),
        SweepStep::DropPasswords { user, .. } => {
            format!("have the user {user} log in with AWSCURRENT alone")
        }
        SweepStep::Unstage(version) => {
            format!("take AWSPENDING from version {version}, where it was left")
        }
        SweepStep::Unmark(version) => {
            format!("take {} from version {version}, where it is needed no more", Label::Rewritten)
        }
        SweepStep::Rewrite { .. } => {
            "write AWSCURRENT in the form that the secret is to have, with the address of today"
                .to_owned()
        }
        SweepStep::NoteRevoked(_) => "note that nothing but AWSCURRENT opens a node".to_owned(),
    }
}

fn days(age: SignedDuration) -> f64 {
    age.as_secs_f64() / 86_400.0
}

/// A rotation that is a day late was missed, and not merely put off until its window.
const LATE: SignedDuration = SignedDuration::from_hours(24);

/// The longest changes of a token that were seen take twenty minutes and more (facts 2.2, 11); Secrets Manager and the sweep come between.
const LONG: SignedDuration = SignedDuration::from_hours(2);

/// Stands for a version and for a token that are never sent.
const REHEARSAL: &str = "rehearsal-rehearsal-rehearsal-rehearsal";

#[cfg(test)]
mod tests {
    use super::super::sample::{NEW, USED, minutes_before, noon, rotated, sample, token};
    use super::*;
    use crate::tag;

    #[track_caller]
    fn check(view: &RotationView, stands: &str, next: &str) -> Status {
        let status = status(view, noon());
        assert!(status.stands.starts_with(stands), "{status:?}");
        assert!(status.next.starts_with(next), "{status:?}");
        status
    }

    #[test]
    fn an_unfinished_rotation_tells_its_step_and_what_it_waits_for() {
        let empty = sample().change(|it| it.pending = Value::Absent);
        assert_eq!(
            check(&empty, "a rotation to", "createSecret: make a new one").at,
            Some(Stage::Create)
        );
        let begun = check(&sample(), "a rotation to", "setSecret: have orders accept AWSPENDING");
        assert_eq!(begun.since, Some(minutes_before(1)));
        let sent = sample().group(|it| it.token_change = Some("ROTATING".to_owned()));
        check(&sent, "a rotation to", "setSecret: wait for an AUTH token change to be applied");
        check(&sample().nodes("pending current"), "a rotation to", "finishSecret: make AWSPENDING");
        let lost = sample().nodes("");
        check(&lost, "a rotation to", "setSecret: neither AWSPENDING nor AWSCURRENT opens");
    }

    #[test]
    fn what_is_not_under_way_tells_what_the_sweep_does_next() {
        let open = check(&rotated(30), "AWSCURRENT is valid, and the old token until", "nothing");
        assert_eq!(open.old_until, Some(noon() + SignedDuration::from_mins(30)));
        assert_eq!(open.current_since, Some(minutes_before(32)));
        check(
            &rotated(60),
            "AWSCURRENT is valid, and the old token, whose",
            "have orders accept AWSCURRENT alone",
        );
        check(&rotated(60).nodes("current"), "only AWSCURRENT is valid", "note that nothing but");
        let lost = rotated(60).nodes("");
        check(&lost, "AWSCURRENT does not open", "AWSCURRENT does not open");
    }

    #[test]
    fn a_rehearsal_tells_every_step_or_why_there_is_none() {
        let closed = rotated(600).nodes("current");
        let lines = rehearse(&closed, noon()).unwrap();
        assert_eq!(lines.len(), 5);
        assert!(
            lines[1].starts_with("setSecret: have orders accept AWSPENDING beside"),
            "{lines:?}"
        );
        assert!(lines[2].contains("each of 2 nodes"), "{lines:?}");
        assert!(lines[4].starts_with("60 minutes later"), "{lines:?}");
        let early = rehearse(&rotated(30), noon()).unwrap();
        assert!(early[1].contains("wait for the grace of the old token to end"), "{early:?}");
        let why = |view: RotationView| rehearse(&view, noon()).unwrap_err();
        assert!(why(sample()).contains("is under way, and Secrets Manager begins no other"));
        let off = closed.clone().change(|it| it.secret.rotation_enabled = false);
        assert!(why(off).contains("rotation is off"));
        assert!(why(closed.clone().nodes("")).contains("opens orders-001, orders-002"));
        assert!(why(closed.group(|it| it.transit_encryption = false)).contains("no encryption"));
    }

    #[test]
    fn a_rotation_that_was_missed_by_a_day_is_overdue() {
        let due = |minutes: i64, is_on: bool| {
            let view = rotated(1440).change(|it| {
                it.secret.next_rotation = Some(minutes_before(minutes));
                it.secret.rotation_enabled = is_on;
            });
            gauges(&view, noon())
        };
        assert_eq!(due(1440, true)[1], ("RotationOverdue", 0.0));
        assert_eq!(due(1441, true)[1], ("RotationOverdue", 1.0));
        assert_eq!(due(1441, false)[1], ("RotationOverdue", 0.0));
        let (name, age) = due(0, true)[0];
        assert!(name == "CredentialAgeDays" && (1.0..1.01).contains(&age), "{age}");
    }

    #[test]
    fn a_rotation_is_long_by_its_own_beginning() {
        let version = VersionId::parse(NEW).unwrap();
        let begun =
            |minutes| sample().change(|it| it.pending = token(NEW, minutes_before(minutes)));
        assert!(!is_long(Some(&version), &begun(120), noon()));
        assert!(is_long(Some(&version), &begun(121), noon()));
        // An hour of grace, and two.
        assert!(!is_long(None, &rotated(180), noon()));
        assert!(is_long(None, &rotated(181), noon()));
        let other = format!("rotate={USED} at {}", minutes_before(9000));
        let new = sample().tag(tag::ASKED, &other).change(|it| it.pending = Value::Absent);
        assert!(!is_long(Some(&version), &new, noon()));
    }
}
