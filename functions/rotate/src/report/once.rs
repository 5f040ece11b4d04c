//! A refusal is told once, and that it is over once. Secrets Manager's retries and each sweep meet it again.

use domain::rotate::{By, Ended, Refusal, Telling, Told, telling};
use domain::{Arn, Tags, tag};
use jiff::Timestamp;
use platform::{Fault, Outcome};

use super::tell;
use crate::App;
use crate::event::name;

/// What people are told after a run that ended so.
pub(super) fn decide(
    by: By,
    ended: &Result<Outcome<Refusal>, Fault>,
    noted: Option<&Told>,
    now: Timestamp,
) -> Telling {
    let ended = match ended {
        Ok(Outcome::Settled) => Ended::InOrder,
        Ok(Outcome::Refused(refusal)) => Ended::Refused(refusal),
        Ok(Outcome::Unfinished(_)) | Err(_) => Ended::Open,
    };
    telling(by, ended, noted, now)
}

/// Tells it, and notes on the secret that it was told. What is not noted is told again, and so is what nobody could be told.
pub(super) async fn carry_out(
    app: &App,
    secret: &Arn,
    telling: Telling,
    line: &str,
    is_told: bool,
) {
    let noted = match telling {
        Telling::Nothing => return,
        Telling::Refusal(note) => {
            let subject = format!("{}: refused", name(secret));
            let message = format!(
                "{line}; somebody has to act; this is told again in a day, if it lasts, and when it is over"
            );
            if !tell(app, &subject, &message).await {
                return;
            }
            let note = Tags::from([(tag::TOLD.to_owned(), note.to_string())]);
            app.secrets.tag(secret.as_str(), &note).await
        }
        Telling::Over => {
            let subject = format!("{}: goes on", name(secret));
            let message = format!("what was refused is over; {line}");
            // Where the run has told its end, that says as much.
            if !is_told && !tell(app, &subject, &message).await {
                return;
            }
            app.secrets.untag(secret.as_str(), tag::TOLD).await
        }
    };
    if let Err(fault) = noted {
        tracing::warn!(%fault, "could not note what was told");
    }
}
