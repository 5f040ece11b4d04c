//! The resource policy: kept and given back. It is not enforced here.

use serde_json::{Value, json};

use super::fields::Fields;
use super::{named, usable};
use crate::wire::json::set;
use crate::{Refusal, State};

pub(super) fn get(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let secret = usable(state, fields)?;
    let mut answer = named(secret);
    if let Some(policy) = &secret.policy {
        set(&mut answer, "ResourcePolicy", json!(policy));
    }
    Ok(answer)
}

pub(super) fn put(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let policy = fields.required("ResourcePolicy")?;
    if serde_json::from_str::<Value>(policy).is_err() {
        let text = "The resource policy is not a JSON document.";
        return Err(Refusal::new(400, "MalformedPolicyDocumentException", text));
    }
    let secret = usable(state, fields)?;
    secret.policy = Some(policy.to_owned());
    Ok(named(secret))
}

pub(super) fn delete(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let secret = usable(state, fields)?;
    secret.policy = None;
    Ok(named(secret))
}
