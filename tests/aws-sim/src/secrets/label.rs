//! Labels of versions, moved on a condition (facts 3.2).

use serde_json::Value;

use super::fields::Fields;
use super::value::attach;
use super::{CURRENT, PENDING, bad_parameter, bad_request, missing, named, usable};
use crate::{Refusal, State};

pub(super) fn update(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let label = fields.required("VersionStage")?;
    let (to, from) = (fields.text("MoveToVersionId"), fields.text("RemoveFromVersionId"));
    let (now, drops_pending) = (state.now, state.settings.switches.promotion_drops_pending);
    let secret = usable(state, fields)?;
    let holder = secret.labelled(label).map(str::to_owned);
    if to.is_none() && from.is_none() {
        return Err(bad_parameter("You must specify MoveToVersionId or RemoveFromVersionId."));
    }
    if let Some(to) = to {
        let version = secret.versions.get(to).ok_or_else(|| {
            missing(format!("Secrets Manager can't find the specified secret version: {to}"))
        })?;
        if label == CURRENT && version.content.is_none() {
            return Err(bad_request(format!("Version {to} has no value to make current.")));
        }
    }
    match (&holder, from) {
        (Some(holder), Some(from)) if holder != from => {
            return Err(bad_parameter(format!(
                "Staging label {label} is not attached to version {from}. It is attached to version {holder}."
            )));
        }
        (None, Some(from)) => {
            return Err(bad_parameter(format!(
                "Staging label {label} is not attached to version {from}."
            )));
        }
        (Some(holder), None) if to != Some(holder) => {
            return Err(bad_parameter(format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )));
        }
        (Some(_) | None, _) => {}
    }
    match to {
        Some(to) => {
            attach(secret, label, to);
            if label == CURRENT
                && drops_pending
                && let Some(version) = secret.versions.get_mut(to)
            {
                version.labels.remove(PENDING);
            }
        }
        None if label == CURRENT => {
            return Err(bad_parameter(
                "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
            ));
        }
        None => secret.versions.values_mut().for_each(|it| {
            it.labels.remove(label);
        }),
    }
    secret.changed_at = now;
    Ok(named(secret))
}
