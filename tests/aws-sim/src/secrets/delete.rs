//! Deletion, with or without a way back.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fields::Fields;
use super::{any, bad_parameter, epoch, named, usable};
use crate::wire::json::set;
use crate::{Refusal, State};

pub(super) fn delete(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let now = state.now;
    let forced = fields.flag("ForceDeleteWithoutRecovery").unwrap_or(false);
    let window = fields.number("RecoveryWindowInDays");
    if forced && window.is_some() {
        return Err(bad_parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    let days = window.unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(bad_parameter(
            "RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ));
    }
    if forced {
        // It may be marked already, or not be there at all: a forced deletion never says that it found nothing.
        let Ok(secret) = any(state, fields) else {
            let name = fields.required("SecretId")?;
            return Ok(json!({ "ARN": name, "Name": name, "DeletionDate": epoch(now) }));
        };
        let (name, mut answer) = (secret.name.clone(), named(secret));
        state.secrets.secrets.remove(&name);
        set(&mut answer, "DeletionDate", epoch(now));
        return Ok(answer);
    }
    let secret = usable(state, fields)?;
    let gone_at = now + SignedDuration::from_hours(24 * days);
    secret.gone_at = Some(gone_at);
    secret.rotation.run = None;
    let mut answer = named(secret);
    set(&mut answer, "DeletionDate", epoch(gone_at));
    Ok(answer)
}

pub(super) fn restore(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let secret = any(state, fields)?;
    secret.gone_at = None;
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}
