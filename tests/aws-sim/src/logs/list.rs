//! The log groups that there are, in pages.

use serde_json::{Value, json};

use super::fields::Fields;
use super::{LogGroup, arn, invalid};
use crate::wire::json::set;
use crate::{Refusal, State};

pub(super) fn describe(state: &State, fields: &Fields) -> Result<Value, Refusal> {
    let (prefix, pattern) = (fields.prefix()?, fields.text("logGroupNamePattern"));
    if prefix.is_some() && pattern.is_some() {
        return Err(invalid("logGroupNamePrefix and logGroupNamePattern cannot both be given"));
    }
    let class = fields.class()?;
    let size = fields.number("limit")?.unwrap_or(50);
    let size = usize::try_from(size).ok().filter(|it| (1..=50).contains(it));
    let size = size.ok_or_else(|| invalid("limit is a number from 1 to 50"))?;
    let after = place(state, fields)?;
    let is_meant = |name: &str, it: &LogGroup| {
        prefix.as_ref().is_none_or(|start| name.starts_with(start.as_str()))
            && pattern.as_ref().is_none_or(|part| name.contains(part.as_str()))
            && class.as_ref().is_none_or(|class| it.class == *class)
            && after.as_ref().is_none_or(|after| after.as_str() < name)
    };
    // A map of names is in the order of ASCII, as the answer is.
    let mut found: Vec<_> =
        state.logs.groups.iter().filter(|(name, it)| is_meant(name, it)).collect();
    let is_last = found.len() <= size;
    found.truncate(size);
    let next = found.last().map(|(name, _)| format!("{TOKEN}{name}")).filter(|_| !is_last);
    let shown: Vec<Value> = found.iter().map(|(name, it)| shown(state, name, it)).collect();
    let mut answer = json!({ "logGroups": shown });
    if let Some(next) = next {
        set(&mut answer, "nextToken", next);
    }
    Ok(answer)
}

/// The start of every token, which no other text has.
const TOKEN: &str = "after/";

/// The name that a page begins after.
fn place(state: &State, fields: &Fields) -> Result<Option<String>, Refusal> {
    let Some(token) = fields.text("nextToken") else { return Ok(None) };
    let name = token.strip_prefix(TOKEN).filter(|it| state.logs.groups.contains_key(*it));
    let strange = || invalid("The specified nextToken is invalid.");
    name.map(|it| Some(it.to_owned())).ok_or_else(strange)
}

fn shown(state: &State, name: &str, group: &LogGroup) -> Value {
    let arn = arn(state, name);
    let mut shown = json!({
        "logGroupName": name,
        "creationTime": group.created_at.as_millisecond(),
        "metricFilterCount": 0,
        "arn": format!("{arn}:*"),
        "logGroupArn": arn,
        "storedBytes": 0,
        "logGroupClass": group.class,
        "deletionProtectionEnabled": group.is_protected,
    });
    if let Some(days) = group.retention_days {
        set(&mut shown, "retentionInDays", days);
    }
    if let Some(key) = &group.kms_key {
        set(&mut shown, "kmsKeyId", key.as_str());
    }
    shown
}
