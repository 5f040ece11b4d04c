//! The JSON protocols, 1.0 and 1.1.

use serde_json::{Value, json};

use super::{Refusal, Request, Response};

/// A request's fields. An empty body is an empty object.
pub fn read(request: &Request) -> Result<Value, Refusal> {
    if request.body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(&request.body).map_err(|err| {
        Refusal::new(400, "SerializationException", format!("the body is not JSON: {err}"))
    })
}

/// An answer.
pub fn answer(value: &Value, request_id: &str) -> Response {
    with(200, value, request_id, None)
}

/// A refusal.
pub fn refuse(refusal: &Refusal, request_id: &str) -> Response {
    let body =
        json!({ "__type": refusal.code, "message": refusal.message, "Message": refusal.message });
    with(refusal.status, &body, request_id, Some(&refusal.code))
}

/// Sets a field of an object.
pub fn set(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value.into());
    }
}

fn with(status: u16, body: &Value, request_id: &str, code: Option<&str>) -> Response {
    let mut headers = vec![
        ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
        ("x-amzn-requestid".to_owned(), request_id.to_owned()),
    ];
    headers.extend(code.map(|it| ("x-amzn-errortype".to_owned(), it.to_owned())));
    // A value always can be written.
    Response { status, headers, body: serde_json::to_vec(body).unwrap_or_default() }
}
