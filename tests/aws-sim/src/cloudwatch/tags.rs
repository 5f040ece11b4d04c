//! Tags of alarms.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fields::Fields;
use super::{Alarm, invalid};
use crate::{Refusal, State};

/// The tags that a request gives.
pub(super) fn read(fields: &Fields) -> Result<BTreeMap<String, String>, Refusal> {
    let mut tags = BTreeMap::new();
    for tag in fields.structures("Tags") {
        let key = tag.required("Key")?;
        let value = tag.text("Value").unwrap_or_default();
        if 128 < key.chars().count() || 256 < value.chars().count() || key.starts_with("aws:") {
            return Err(invalid(format!("{key} is not a tag that an alarm can have")));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    if 50 < tags.len() {
        return Err(invalid("an alarm can have 50 tags"));
    }
    Ok(tags)
}

pub(super) fn tag(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let tags = read(fields)?;
    alarm(state, fields)?.tags.extend(tags);
    Ok(json!({}))
}

pub(super) fn untag(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let keys = fields.texts("TagKeys");
    alarm(state, fields)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

pub(super) fn list(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let tags = alarm(state, fields)?.tags.iter();
    let tags = tags.map(|(key, value)| json!({ "Key": key, "Value": value }));
    Ok(json!({ "Tags": tags.collect::<Vec<_>>() }))
}

fn alarm<'a>(state: &'a mut State, fields: &Fields) -> Result<&'a mut Alarm, Refusal> {
    let arn = fields.required("ResourceARN")?;
    let found = state.cloudwatch.alarms.values_mut().find(|it| it.arn == arn);
    found.ok_or_else(|| {
        Refusal::new(404, "ResourceNotFoundException", format!("Unknown resource {arn}"))
    })
}
