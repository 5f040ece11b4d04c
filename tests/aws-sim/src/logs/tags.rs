//! Tags of log groups, which are named by their ARN.

use serde_json::{Value, json};

use super::fields::{Fields, TAGS_MAX};
use super::{arn, find, invalid};
use crate::{Refusal, State};

pub(super) fn list(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let name = fields.named(&arn(state, ""))?;
    Ok(json!({ "tags": find(state, &name)?.tags }))
}

pub(super) fn tag(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let name = fields.named(&arn(state, ""))?;
    let tags = fields.tags()?;
    if tags.is_empty() {
        return Err(invalid("A request gives one tag at least."));
    }
    let group = find(state, &name)?;
    let mut all = group.tags.clone();
    all.extend(tags);
    if TAGS_MAX < all.len() {
        let text = "A log group has 50 tags at most.";
        return Err(Refusal::new(400, "TooManyTagsException", text));
    }
    group.tags = all;
    Ok(json!({}))
}
