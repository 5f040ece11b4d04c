//! CloudWatch Logs, as far as log groups go: they are made, looked at, tagged, told how long they keep what is in them, and deleted.
//! Nothing is ever in one.
//!
//! It is written from the service's API model: names, limits and codes are those of `logs/2014-03-28`.

mod fields;
mod list;
mod tags;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::wire::Call;
use crate::{Refusal, Response, State};
use fields::Fields;

/// Its state.
#[derive(Debug, Default)]
pub struct Service {
    /// The log groups, by name.
    pub groups: BTreeMap<String, LogGroup>,
}

/// A log group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogGroup {
    /// When it was made.
    pub created_at: Timestamp,
    /// How many days it keeps what is in it; for ever, where nobody said.
    pub retention_days: Option<i64>,
    /// Its key.
    pub kms_key: Option<String>,
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    pub class: String,
    /// Whether nobody can delete it.
    pub is_protected: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl LogGroup {
    /// One that was made at this time, with nothing said of it.
    pub fn new(created_at: Timestamp) -> Self {
        Self {
            created_at,
            retention_days: None,
            kms_key: None,
            class: fields::CLASSES[0].to_owned(),
            is_protected: false,
            tags: BTreeMap::new(),
        }
    }
}

/// One call.
pub(crate) fn call(state: &mut State, asked: Call<'_>) -> Response {
    asked.answered(state, |state, operation, fields| {
        answer(state, operation, &Fields::of_request(fields)?)
    })
}

fn answer(state: &mut State, operation: &str, fields: &Fields) -> Result<Value, Refusal> {
    match operation {
        "CreateLogGroup" => create(state, fields),
        "DeleteLogGroup" => delete(state, fields),
        "DescribeLogGroups" => list::describe(state, fields),
        "ListTagsForResource" => tags::list(state, fields),
        "PutRetentionPolicy" => keep(state, fields),
        "TagResource" => tags::tag(state, fields),
        other => Err(Refusal::not_modelled(other)),
    }
}

fn create(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let name = fields.name("logGroupName")?;
    if name.starts_with("aws/") {
        return Err(invalid("Log groups starting with aws/ are reserved for AWS."));
    }
    let class = fields.class()?;
    let kms_key = fields.text("kmsKeyId");
    if kms_key.as_ref().is_some_and(|it| 256 < it.chars().count()) {
        return Err(invalid("kmsKeyId is longer than 256 characters"));
    }
    if kms_key.as_ref().is_some_and(|it| state.faults.disabled_keys.contains(it)) {
        return Err(invalid("The specified KMS Key Id is not valid or is disabled."));
    }
    let tags = fields.tags()?;
    if state.logs.groups.contains_key(&name) {
        return Err(Refusal::new(
            400,
            "ResourceAlreadyExistsException",
            "The specified log group already exists",
        ));
    }
    let group = LogGroup {
        kms_key,
        class: class.unwrap_or_else(|| fields::CLASSES[0].to_owned()),
        is_protected: fields.flag("deletionProtectionEnabled").unwrap_or_default(),
        tags,
        ..LogGroup::new(state.now)
    };
    state.logs.groups.insert(name, group);
    Ok(json!({}))
}

fn delete(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let name = fields.name("logGroupName")?;
    if find(state, &name)?.is_protected {
        let text = "The log group cannot be deleted while deletion protection is enabled.";
        return Err(Refusal::new(400, "ValidationException", text));
    }
    state.logs.groups.remove(&name);
    Ok(json!({}))
}

fn keep(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let name = fields.name("logGroupName")?;
    let days = fields.retention_days()?;
    find(state, &name)?.retention_days = Some(days);
    Ok(json!({}))
}

/// The log group of this name.
fn find<'a>(state: &'a mut State, name: &str) -> Result<&'a mut LogGroup, Refusal> {
    let missing = || {
        let text = "The specified log group does not exist.";
        Refusal::new(400, "ResourceNotFoundException", text)
    };
    state.logs.groups.get_mut(name).ok_or_else(missing)
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameterException", text)
}

/// Everything that has tags, by the ARN without `:*`.
pub(crate) fn tagged(state: &State) -> Vec<(String, &BTreeMap<String, String>)> {
    let groups = state.logs.groups.iter();
    groups.map(|(name, it)| (arn(state, name), &it.tags)).collect()
}

/// The ARN by which a log group is tagged. That for everything else ends in `:*`.
fn arn(state: &State, name: &str) -> String {
    state.arn("logs", &format!("log-group:{name}"))
}

#[cfg(test)]
mod tests;
