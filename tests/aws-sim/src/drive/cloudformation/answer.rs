//! What CloudFormation makes of an answer (facts 7.1, 7.3, 7.4).

use serde_json::Value;

/// An answer, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// It was done.
    Success {
        /// The id.
        physical_id: String,
        /// The attributes.
        data: Value,
    },
    /// It was not, or the answer is no answer.
    Failed {
        /// The id, where a valid one was given.
        physical_id: Option<String>,
        /// Why.
        reason: String,
    },
}

/// The address that a request wants its answer at.
pub(super) fn url(request: &Value) -> String {
    text(request, "ResponseURL").to_owned()
}

impl Answer {
    /// Reads what was put for a request.
    pub(super) fn read(request: &Value, body: &Value) -> Self {
        let failed = |physical_id: Option<&str>, reason: String| Self::Failed {
            physical_id: physical_id.map(str::to_owned),
            reason,
        };
        for key in ["StackId", "RequestId", "LogicalResourceId"] {
            if body.get(key) != request.get(key) {
                return failed(None, format!("{key} of the answer is not that of the request"));
            }
        }
        let id = text(body, "PhysicalResourceId");
        if id.is_empty() || 1024 < id.len() {
            return failed(None, "Invalid PhysicalResourceId".to_owned());
        }
        // A Delete that answers with another id is not about what was asked.
        let asked = request.get("PhysicalResourceId").and_then(Value::as_str);
        if text(request, "RequestType") == "Delete" && asked != Some(id) {
            return failed(
                None,
                "the Delete was answered with another PhysicalResourceId".to_owned(),
            );
        }
        let data = body.get("Data").cloned().unwrap_or_default();
        let simple = |it: &Value| !it.is_object() && !it.is_array() && !it.is_null();
        let is_simple =
            data.is_null() || data.as_object().is_some_and(|it| it.values().all(simple));
        match text(body, "Status") {
            "SUCCESS" if !is_simple => failed(
                Some(id),
                "Value of property Data must be an object with String (or simple type) properties"
                    .to_owned(),
            ),
            "SUCCESS" => Self::Success { physical_id: id.to_owned(), data },
            "FAILED" => match text(body, "Reason") {
                "" => failed(Some(id), "a FAILED needs a Reason".to_owned()),
                reason => failed(Some(id), reason.to_owned()),
            },
            other => failed(Some(id), format!("{other:?} is no Status")),
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_answer(over: Value, expected: Result<&str, &str>) {
        let ids = json!({ "StackId": "s", "RequestId": "r", "LogicalResourceId": "l" });
        let mut request = ids.clone();
        request["RequestType"] = json!("Delete");
        request["PhysicalResourceId"] = json!("orders");
        let mut body = ids;
        body["Status"] = json!("SUCCESS");
        body["PhysicalResourceId"] = json!("orders");
        for (key, value) in over.as_object().unwrap() {
            body[key] = value.clone();
        }
        let read = match Answer::read(&request, &body) {
            Answer::Success { physical_id, .. } => Ok(physical_id),
            Answer::Failed { reason, .. } => Err(reason),
        };
        match (&read, expected) {
            (Ok(id), Ok(expected)) => assert_eq!(id, expected),
            (Err(reason), Err(expected)) => assert!(reason.contains(expected), "{reason}"),
            _ => panic!("{over}: {read:?}, not {expected:?}"),
        }
    }

    #[test]
    fn an_answer_is_read_as_strictly_as_cloudformation_does() {
        check_answer(json!({}), Ok("orders"));
        check_answer(json!({ "Data": { "Endpoint": "x", "Port": 6379 } }), Ok("orders"));
        check_answer(json!({ "Data": { "List": [1] } }), Err("must be an object with String"));
        check_answer(json!({ "PhysicalResourceId": "" }), Err("Invalid PhysicalResourceId"));
        check_answer(
            json!({ "PhysicalResourceId": "x".repeat(1025) }),
            Err("Invalid PhysicalResourceId"),
        );
        check_answer(json!({ "PhysicalResourceId": "other" }), Err("another PhysicalResourceId"));
        check_answer(json!({ "RequestId": "q" }), Err("RequestId of the answer"));
        check_answer(json!({ "Status": "FAILED" }), Err("needs a Reason"));
        check_answer(json!({ "Status": "FAILED", "Reason": "no room" }), Err("no room"));
        check_answer(json!({ "Status": "DONE" }), Err("is no Status"));
    }
}
