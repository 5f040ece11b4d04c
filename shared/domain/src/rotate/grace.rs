//! How long an old way in stays open, on purpose, so that clients have time to read the new token.

use jiff::{SignedDuration, Timestamp};

use super::{Refusal, RotationView};
use crate::tag;

/// When the grace of what opened before the current token is over.
///
/// # Errors
///
/// A tag that holds no number of minutes.
pub(super) fn over(view: &RotationView) -> Result<Timestamp, Refusal> {
    Ok(began(view).saturating_add(length(view)?).unwrap_or(Timestamp::MAX))
}

/// How long the old token stays, by the tag of the secret.
pub(super) fn length(view: &RotationView) -> Result<SignedDuration, Refusal> {
    let Some(text) = view.secret.tags.get(tag::GRACE_MINUTES) else { return Ok(GRACE) };
    let minutes = text.trim().parse::<u32>().map_err(|_| Refusal::BadTag {
        key: tag::GRACE_MINUTES,
        why: format!("\"{text}\" is not a number of minutes"),
    })?;
    Ok(SignedDuration::from_mins(i64::from(minutes)))
}

/// When clients could first read the current token.
///
/// `LastRotatedDate` tells, but Secrets Manager writes it after `finishSecret` has answered. In between it is that of the rotation before, and
/// believing it would revoke the old token at once. A date from before the current value was made is therefore not believed.
fn began(view: &RotationView) -> Timestamp {
    let made = view.current.created().unwrap_or(Timestamp::MIN);
    let rotated = view.secret.last_rotated.filter(|it| made <= *it);
    rotated.or(view.secret.last_changed).unwrap_or(made).max(made)
}

/// How long the old token stays where no tag says.
const GRACE: SignedDuration = SignedDuration::from_hours(24);
