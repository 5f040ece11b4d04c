//! What there is, told without values.

use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::{Secret, Version, any, bad_parameter, epoch, named};
use crate::wire::json::set;
use crate::{Refusal, State};

pub(super) fn describe(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let secret = any(state, fields)?;
    let mut shown = overview(secret);
    set(&mut shown, "VersionIdsToStages", labels(secret));
    Ok(shown)
}

pub(super) fn secrets(state: &State, fields: &Fields) -> Result<Value, Refusal> {
    let filters = filters(fields)?;
    let planned = fields.flag("IncludePlannedDeletion").unwrap_or(false);
    let found: Vec<Value> = state
        .secrets
        .secrets
        .values()
        .filter(|it| (planned || it.gone_at.is_none()) && filters.iter().all(|f| f.admits(it)))
        .map(|it| {
            let mut shown = overview(it);
            set(&mut shown, "SecretVersionsToStages", labels(it));
            shown
        })
        .collect();
    page("SecretList", found, fields)
}

pub(super) fn versions(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let deprecated = fields.flag("IncludeDeprecated").unwrap_or(false);
    let secret = any(state, fields)?;
    let shown = |(id, version): (&String, &Version)| {
        json!({
            "VersionId": id,
            "VersionStages": version.labels,
            "CreatedDate": epoch(version.created_at),
        })
    };
    let kept = secret.versions.iter().filter(|(_, it)| deprecated || !it.labels.is_empty());
    let found = kept.map(shown).collect();
    let mut answer = page("Versions", found, fields)?;
    set(&mut answer, "ARN", json!(secret.arn));
    set(&mut answer, "Name", json!(secret.name));
    Ok(answer)
}

fn overview(secret: &Secret) -> Value {
    let mut shown = named(secret);
    let tags = secret.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
    set(&mut shown, "Tags", tags.collect::<Value>());
    set(&mut shown, "CreatedDate", epoch(secret.created_at));
    set(&mut shown, "LastChangedDate", epoch(secret.changed_at));
    let rotation = &secret.rotation;
    let optional = [
        ("Description", secret.description.as_ref().map(|it| json!(it))),
        ("KmsKeyId", secret.kms_key.as_ref().map(|it| json!(it))),
        ("DeletedDate", secret.gone_at.map(epoch)),
        // Absent, not false, where rotation was never set up (facts 3.2).
        ("RotationEnabled", rotation.enabled.map(|it| json!(it))),
        ("RotationLambdaARN", rotation.function.as_ref().map(|it| json!(it))),
        ("RotationRules", rotation.rules.as_ref().map(super::Rules::shown)),
        ("LastRotatedDate", rotation.rotated_at.map(epoch)),
        ("NextRotationDate", rotation.due_by.filter(|_| rotation.is_on()).map(epoch)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            set(&mut shown, name, value);
        }
    }
    shown
}

fn labels(secret: &Secret) -> Value {
    let labelled = secret.versions.iter().filter(|(_, it)| !it.labels.is_empty());
    let pairs = labelled.map(|(id, it)| (id.clone(), json!(it.labels)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

struct Filter {
    key: String,
    values: Vec<String>,
}

impl Filter {
    /// Any of the values has to fit; one with `!` before it must not.
    fn admits(&self, secret: &Secret) -> bool {
        let fits = |wanted: &str| {
            let begins = |text: &str| text.starts_with(wanted);
            let loosely = |text: &str| text.to_lowercase().starts_with(&wanted.to_lowercase());
            match self.key.as_str() {
                "name" => begins(&secret.name),
                "tag-key" => secret.tags.keys().any(|it| begins(it)),
                "tag-value" => secret.tags.values().any(|it| begins(it)),
                "description" => secret.description.as_deref().is_some_and(loosely),
                "all" => {
                    loosely(&secret.name)
                        || secret.description.as_deref().is_some_and(loosely)
                        || secret.tags.iter().any(|(key, value)| loosely(key) || loosely(value))
                }
                _ => false,
            }
        };
        self.values.iter().any(|it| it.strip_prefix('!').map_or_else(|| fits(it), |no| !fits(no)))
    }
}

fn filters(fields: &Fields) -> Result<Vec<Filter>, Refusal> {
    const KEYS: [&str; 7] =
        ["all", "description", "name", "owning-service", "primary-region", "tag-key", "tag-value"];
    let list = fields.value("Filters").and_then(Value::as_array);
    let read = |filter: &Value| {
        let key = filter.get("Key").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !KEYS.contains(&key.as_str()) {
            return Err(bad_parameter(format!("{key} is not a key to filter by")));
        }
        let values = filter.get("Values").and_then(Value::as_array);
        let values = values.into_iter().flatten().filter_map(Value::as_str);
        Ok(Filter { key, values: values.map(str::to_owned).collect() })
    };
    list.into_iter().flatten().map(read).collect()
}

fn page(name: &str, found: Vec<Value>, fields: &Fields) -> Result<Value, Refusal> {
    let size = fields.number("MaxResults").unwrap_or(100).clamp(1, 100);
    let size = usize::try_from(size).unwrap_or(100);
    let from: usize = match fields.text("NextToken") {
        None => 0,
        Some(token) => token.parse().map_err(|_| {
            Refusal::new(400, "InvalidNextTokenException", "the token is not one of ours")
        })?,
    };
    let more = from.saturating_add(size) < found.len();
    let found: Vec<Value> = found.into_iter().skip(from).take(size).collect();
    let mut answer = json!({});
    set(&mut answer, name, Value::Array(found));
    if more {
        set(&mut answer, "NextToken", json!(from.saturating_add(size).to_string()));
    }
    Ok(answer)
}
