//! Calls that a person makes to the simulated AWS.

use aws_sim::Request;
use serde_json::Value;

use crate::support::Scene;

pub(crate) fn ask(scene: &Scene, service: &str, operation: Option<&str>, body: String) -> Value {
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    let mut headers = vec![("authorization".to_owned(), scope)];
    if let Some(operation) = operation {
        headers.push(("x-amz-target".to_owned(), format!("{service}.{operation}")));
        headers.push(("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()));
    }
    let request = Request {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers,
        body: body.into_bytes(),
    };
    let response = scene.world.call(scene.now(), &request);
    assert_eq!(response.status, 200, "{operation:?}: {}", response.text());
    serde_json::from_slice(&response.body).unwrap_or_default()
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| {
        text.bytes()
            .map(|it| {
                if it.is_ascii_alphanumeric() {
                    char::from(it).to_string()
                } else {
                    format!("%{it:02X}")
                }
            })
            .collect::<String>()
    };
    fields
        .iter()
        .map(|(key, value)| format!("{key}={}", encoded(value)))
        .collect::<Vec<_>>()
        .join("&")
}
