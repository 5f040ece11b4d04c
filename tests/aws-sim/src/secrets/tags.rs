//! Tags.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fields::Fields;
use super::{bad_parameter, usable};
use crate::{Refusal, State};

/// The tags that a request gives.
pub(super) fn read(fields: &Fields) -> Result<BTreeMap<String, String>, Refusal> {
    let mut tags = BTreeMap::new();
    let list = fields.value("Tags").and_then(Value::as_array);
    for tag in list.into_iter().flatten() {
        let part = |name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
        let key = part("Key").unwrap_or_default();
        let value = part("Value").unwrap_or_default();
        let length = |it: &str| it.chars().count();
        if key.is_empty() || 128 < length(&key) || 256 < length(&value) || key.starts_with("aws:") {
            return Err(bad_parameter(format!("{key} is not a tag that a secret can have")));
        }
        if tags.insert(key.clone(), value).is_some() {
            return Err(bad_parameter(format!("the tag {key} is given twice")));
        }
    }
    if 50 < tags.len() {
        return Err(bad_parameter("a secret can have 50 tags"));
    }
    Ok(tags)
}

pub(super) fn tag(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let tags = read(fields)?;
    usable(state, fields)?.tags.extend(tags);
    Ok(json!({}))
}

pub(super) fn untag(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let keys = fields.texts("TagKeys").unwrap_or_default();
    let secret = usable(state, fields)?;
    secret.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}
