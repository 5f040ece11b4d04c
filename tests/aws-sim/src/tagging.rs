//! Resource Groups Tagging: everything that has tags, by key and type, in pages.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::wire::schema::Schema;
use crate::wire::{Call, json};
use crate::{Refusal, Response, State};

/// One call.
pub(crate) fn call(state: &mut State, asked: Call<'_>) -> Response {
    let id = state.seed.uuid();
    if asked.operation != "GetResources" {
        let refusal = Refusal::new(400, "UnknownOperationException", asked.operation);
        return json::refuse(&refusal, &id);
    }
    let answered = asked.into_json().and_then(|fields| {
        check(&fields)?;
        Ok(resources(state, &fields))
    });
    match answered {
        Ok(value) => json::answer(&value, &id),
        Err(refusal) => json::refuse(&refusal, &id),
    }
}

const SCHEMA: Schema = Schema {
    texts: &["Key", "PaginationToken"],
    numbers: &["ResourcesPerPage", "TagsPerPage"],
    flags: &["ExcludeCompliantResources", "IncludeComplianceDetails"],
    text_lists: &["ResourceARNList", "ResourceTypeFilters", "Values"],
    structures: &[],
    structure_lists: &["TagFilters"],
};

fn check(fields: &Value) -> Result<(), Refusal> {
    SCHEMA.check(fields)?;
    let wrong = |text: &str| Err(Refusal::new(400, "InvalidParameterException", text));
    if names_and_filters(fields) {
        return wrong("ResourceARNList cannot be given together with filters");
    }
    let size = fields.get("ResourcesPerPage").and_then(Value::as_u64);
    if size.is_some_and(|it| !(1..=100).contains(&it)) {
        return wrong("ResourcesPerPage is a number from 1 to 100");
    }
    Ok(())
}

/// Whether both things and what they are like are given; the service takes only one of the two.
fn names_and_filters(fields: &Value) -> bool {
    let given =
        |field: &str| fields.get(field).and_then(Value::as_array).is_some_and(|it| !it.is_empty());
    given("ResourceARNList") && (given("ResourceTypeFilters") || given("TagFilters"))
}

fn resources(state: &State, fields: &Value) -> Value {
    let types = texts(fields.get("ResourceTypeFilters"));
    let named = texts(fields.get("ResourceARNList"));
    let filters = filters(fields);
    let tagged = state
        .elasticache
        .tagged(state)
        .into_iter()
        .chain(state.secrets.tagged())
        .chain(state.cloudwatch.tagged());
    let mut found: Vec<(String, BTreeMap<String, String>)> = tagged
        .filter(|(arn, tags)| {
            !tags.is_empty()
                && (named.is_empty() || named.contains(arn))
                && (types.is_empty() || types.iter().any(|it| is_of_type(arn, it)))
                && filters.iter().all(|(key, values)| {
                    tags.get(key).is_some_and(|it| values.is_empty() || values.contains(it))
                })
        })
        .collect();
    found.sort();
    let size = fields.get("ResourcesPerPage").and_then(Value::as_u64).unwrap_or(50).clamp(1, 100);
    let size = usize::try_from(size).unwrap_or(50);
    let token = fields.get("PaginationToken").and_then(Value::as_str).unwrap_or_default();
    let from: usize = token.parse().unwrap_or(0);
    // The token of the last page is an empty text, not an absent one.
    let next = if from.saturating_add(size) < found.len() {
        from.saturating_add(size).to_string()
    } else {
        String::new()
    };
    let page: Vec<Value> = found
        .into_iter()
        .skip(from)
        .take(size)
        .map(|(arn, tags)| {
            let pairs = tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
            json!({ "ResourceARN": arn, "Tags": pairs.collect::<Vec<_>>() })
        })
        .collect();
    json!({ "ResourceTagMappingList": page, "PaginationToken": next })
}

fn filters(fields: &Value) -> Vec<(String, Vec<String>)> {
    let filters = fields.get("TagFilters").and_then(Value::as_array).map(Vec::as_slice);
    let filter = |it: &Value| {
        let key = it.get("Key").and_then(Value::as_str).unwrap_or_default();
        (key.to_owned(), texts(it.get("Values")))
    };
    filters.unwrap_or_default().iter().map(filter).collect()
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

/// Whether `arn:aws:elasticache:…:replicationgroup:orders` is of the type `elasticache:replicationgroup`, or of `elasticache`.
fn is_of_type(arn: &str, wanted: &str) -> bool {
    let (service, kind) = wanted.split_once(':').unwrap_or((wanted, ""));
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, of, _, _, resource] = parts.as_slice() else { return false };
    *of == service && (kind.is_empty() || resource.split([':', '/']).next() == Some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_off_the_arn() {
        let arn = "arn:aws:elasticache:us-east-1:1:replicationgroup:orders";
        assert!(is_of_type(arn, "elasticache:replicationgroup"));
        assert!(is_of_type(arn, "elasticache"));
        assert!(!is_of_type(arn, "elasticache:snapshot"));
        assert!(!is_of_type(arn, "secretsmanager:secret"));
    }
}
