//! Requests as CloudFormation writes them (facts 7.1, 7.2).

use serde_json::{Value, json};

use super::Resource;

/// Where the request of this number wants its answer.
pub(super) fn answer_path(resource: &Resource, number: u32) -> String {
    let Resource { stack_id, logical_id, .. } = resource;
    format!("{}%7C{logical_id}%7C{number}", encoded(stack_id))
}

/// One request.
pub(super) fn of(
    resource: &Resource,
    number: u32,
    response_url: &str,
    kind: &str,
    physical_id: Option<&str>,
    properties: &Value,
    before: Option<&Value>,
) -> Value {
    let Resource { stack_id, logical_id, kind: resource_type, service_token, service_timeout } =
        resource;
    let whole = |properties: &Value| {
        let mut properties = properties.clone();
        if let Some(fields) = properties.as_object_mut() {
            fields.insert("ServiceToken".to_owned(), json!(service_token));
            fields
                .insert("ServiceTimeout".to_owned(), json!(service_timeout.as_secs().to_string()));
        }
        properties
    };
    let mut request = json!({
        "RequestType": kind,
        "ServiceToken": service_token,
        "ResponseURL": response_url,
        "StackId": stack_id,
        "RequestId": format!("00000000-0000-4000-8000-{number:012}"),
        "LogicalResourceId": logical_id,
        "ResourceType": resource_type,
        "ResourceProperties": whole(properties),
    });
    if let Some(fields) = request.as_object_mut() {
        if let Some(id) = physical_id {
            fields.insert("PhysicalResourceId".to_owned(), json!(id));
        }
        if let Some(before) = before {
            fields.insert("OldResourceProperties".to_owned(), whole(before));
        }
    }
    request
}

fn encoded(stack_id: &str) -> String {
    stack_id.replace(':', "%3A").replace('/', "%2F")
}

/// Properties as they arrive: every scalar is a text, and what is `null` is not there (facts 7.2).
pub(super) fn stringified(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let there = fields.iter().filter(|(_, it)| !it.is_null());
            there.map(|(key, it)| (key.clone(), stringified(it))).collect()
        }
        Value::Array(items) => items.iter().map(stringified).collect(),
        Value::Bool(_) | Value::Number(_) => json!(value.to_string()),
        Value::Null | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scalar_arrives_as_a_text() {
        let stated = json!({ "Nodes": 2, "Tls": true, "Subnets": ["a", 1], "Deep": { "It": 0.5 }, "No": null });
        let arrives =
            json!({ "Nodes": "2", "Tls": "true", "Subnets": ["a", "1"], "Deep": { "It": "0.5" } });
        assert_eq!(stringified(&stated), arrives);
    }
}
