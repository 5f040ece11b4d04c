//! One step, which may be taken twice.

use domain::rotate::{Asked, Change, Label, Revoked, Step, SweepStep, UserId, VersionId};
use domain::{Arn, AuthToken, GroupId, Tags, tag};
use jiff::SignedDuration;
use platform::{Clock, Fault, FaultKind};

use crate::App;
use crate::event::Turn;
use crate::observe::Known;

/// Takes a step of a rotation.
pub(crate) async fn turn(
    app: &App,
    turn: &Turn,
    step: Step,
    known: &Known,
    clock: Clock,
) -> Result<(), Fault> {
    let Turn { secret, version, .. } = turn;
    match step {
        Step::Generate(draft) => app.secrets.stage_new(secret, version, &draft).await,
        Step::TakeUp(token, draft) => app.secrets.stage(secret, version, &token, &draft).await,
        Step::Rotate { group, pending } => {
            let asked = Asked { change: Change::Rotate, version: version.clone(), at: clock.now() };
            change_token(app, secret, &group, &pending, &asked, clock).await?;
            known.sent(&asked);
            Ok(())
        }
        Step::AddPassword { user, pending, current } => {
            let asked = Asked { change: Change::Rotate, version: version.clone(), at: clock.now() };
            change_user(app, secret, &user, &[&pending, &current], &asked, clock).await?;
            known.sent(&asked);
            Ok(())
        }
        Step::Promote { from } => promote(app, secret, version, from.as_ref()).await,
    }
}

/// Takes a step of the sweep of a secret.
pub(crate) async fn sweep(
    app: &App,
    secret: &Arn,
    step: SweepStep,
    known: &Known,
    clock: Clock,
) -> Result<(), Fault> {
    match step {
        SweepStep::Revoke { group, current, version } => {
            let asked = Asked { change: Change::Set, version, at: clock.now() };
            change_token(app, secret, &group, &current, &asked, clock).await?;
            known.sent(&asked);
            Ok(())
        }
        SweepStep::DropPasswords { user, current, version } => {
            let asked = Asked { change: Change::Set, version, at: clock.now() };
            change_user(app, secret, &user, &[&current], &asked, clock).await?;
            known.sent(&asked);
            Ok(())
        }
        SweepStep::Rewrite { from, text } => {
            app.secrets.rewrite(secret.as_str(), &from, &text).await
        }
        SweepStep::Unstage(version) => app.secrets.unlabel(secret, Label::Pending, &version).await,
        SweepStep::Unmark(version) => app.secrets.unlabel(secret, Label::Rewritten, &version).await,
        SweepStep::NoteRevoked(version) => {
            let note = Revoked { version, at: clock.now() };
            note_on(app, secret, tag::REVOKED, &note.to_string()).await
        }
    }
}

/// Writes down what is asked for, then asks. The note stays whatever the answer: it only makes later looks wait for some minutes, and an
/// answer that says "no" to this call may hide the "yes" to one beside it.
async fn change_token(
    app: &App,
    secret: &Arn,
    group: &GroupId,
    token: &AuthToken,
    asked: &Asked,
    clock: Clock,
) -> Result<(), Fault> {
    note_on(app, secret, tag::ASKED, &asked.to_string()).await?;
    for pause in PAUSES {
        match app.elasticache.change_token(group, token, asked.change, false).await {
            // The one failure after which it is certain that nothing was taken.
            Err(fault) if fault.is_throttle() => clock.sleep(pause).await,
            Err(fault) if fault.kind == FaultKind::NoChange => return Ok(()),
            done => return done,
        }
    }
    app.elasticache.change_token(group, token, asked.change, false).await
}

/// The same for the passwords of a user.
async fn change_user(
    app: &App,
    secret: &Arn,
    user: &UserId,
    passwords: &[&AuthToken],
    asked: &Asked,
    clock: Clock,
) -> Result<(), Fault> {
    note_on(app, secret, tag::ASKED, &asked.to_string()).await?;
    for pause in PAUSES {
        match app.elasticache.set_passwords(user, passwords).await {
            Err(fault) if fault.is_throttle() => clock.sleep(pause).await,
            done => return done,
        }
    }
    app.elasticache.set_passwords(user, passwords).await
}

/// Moves the label. Where the answer to a first try was lost, the second is refused, because the label has left the version that it is
/// to be taken from.
async fn promote(
    app: &App,
    secret: &Arn,
    version: &VersionId,
    from: Option<&VersionId>,
) -> Result<(), Fault> {
    let Err(fault) = app.secrets.promote(secret.as_str(), version, from).await else {
        return Ok(());
    };
    let seen = app.secrets.described(secret).await?;
    if seen.is_some_and(|it| it.labels.has(version, Label::Current)) {
        return Ok(());
    }
    Err(fault)
}

async fn note_on(app: &App, secret: &Arn, key: &str, note: &str) -> Result<(), Fault> {
    app.secrets.tag(secret.as_str(), &Tags::from([(key.to_owned(), note.to_owned())])).await
}

/// How long a throttled change waits before its next try.
const PAUSES: [SignedDuration; 3] =
    [SignedDuration::from_secs(1), SignedDuration::from_secs(2), SignedDuration::from_secs(4)];
