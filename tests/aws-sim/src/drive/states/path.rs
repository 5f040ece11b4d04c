//! Paths into a state's data, and what is put there.

use serde_json::{Map, Value};

/// Why an execution fails: an error's name and its cause.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Problem {
    pub(super) error: String,
    pub(super) cause: String,
}

impl Problem {
    pub(super) fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { error: error.into(), cause: cause.into() }
    }

    /// One that AWS finds itself.
    pub(super) fn runtime(cause: impl Into<String>) -> Self {
        Self::new("States.Runtime", cause)
    }
}

/// What paths lead into: `$` is the state's data, `$$` the context.
pub(super) struct Scope<'a> {
    pub(super) data: &'a Value,
    pub(super) context: &'a Value,
}

impl Scope<'_> {
    /// The value at a path.
    pub(super) fn at(&self, path: &str) -> Result<Value, Problem> {
        let missing = || {
            Problem::new(
                "States.ParameterPathFailure",
                format!("The JSONPath '{path}' could not be found in the input"),
            )
        };
        self.find(path).cloned().ok_or_else(missing)
    }

    /// The value at a path, if there is one.
    pub(super) fn find(&self, path: &str) -> Option<&Value> {
        let (from, rest) = match path.strip_prefix("$$") {
            Some(rest) => (self.context, rest),
            None => (self.data, path.strip_prefix('$')?),
        };
        rest.split('.').skip(1).try_fold(from, |value, key| value.get(key))
    }

    /// A template with every `"key.$": "path"` put in place.
    pub(super) fn filled(&self, template: &Value) -> Result<Value, Problem> {
        match template {
            Value::Object(fields) => {
                let mut filled = Map::new();
                for (key, value) in fields {
                    match (key.strip_suffix(".$"), value.as_str()) {
                        (Some(key), Some(path)) => filled.insert(key.to_owned(), self.at(path)?),
                        _ => filled.insert(key.clone(), self.filled(value)?),
                    };
                }
                Ok(Value::Object(filled))
            }
            Value::Array(items) => items.iter().map(|it| self.filled(it)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Ok(template.clone())
            }
        }
    }
}

/// The data with a result where `ResultPath` says; without one, the result alone.
pub(super) fn placed(data: Value, at: Option<&Value>, result: Value) -> Result<Value, Problem> {
    let Some(at) = at else { return Ok(result) };
    // `null` discards the result.
    let Some(path) = at.as_str() else { return Ok(data) };
    let mut keys = path.split('.').skip(1).peekable();
    if keys.peek().is_none() {
        return Ok(result);
    }
    let mut whole = data;
    let mut place = &mut whole;
    for key in keys {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        let Some(fields) = place.as_object_mut() else {
            let text = format!("Unable to apply step \"{key}\" to input");
            return Err(Problem::new("States.ResultPathMatchFailure", text));
        };
        place = fields.entry(key).or_insert(Value::Null);
    }
    *place = result;
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_is_filled_from_data_and_context() {
        let data = json!({ "event": { "action": "take" }, "waitSeconds": 5 });
        let context = json!({ "Execution": { "Name": "one" } });
        let scope = Scope { data: &data, context: &context };
        let template = json!({
            "name.$": "$$.Execution.Name", "all.$": "$", "deep": { "event.$": "$.event.action" }, "plain": "$.event",
        });
        let filled = scope.filled(&template).unwrap();
        let expected =
            json!({ "name": "one", "all": data, "deep": { "event": "take" }, "plain": "$.event" });
        assert_eq!(filled, expected);
        let missing = scope.filled(&json!({ "it.$": "$.nowhere" })).unwrap_err();
        assert_eq!(missing.error, "States.ParameterPathFailure");
    }

    #[test]
    fn a_result_goes_where_it_is_told() {
        let data = json!({ "a": 1 });
        let place = |at: Option<Value>| placed(data.clone(), at.as_ref(), json!(2));
        assert_eq!(place(None), Ok(json!(2)));
        assert_eq!(place(Some(json!("$"))), Ok(json!(2)));
        assert_eq!(place(Some(Value::Null)), Ok(json!({ "a": 1 })));
        assert_eq!(place(Some(json!("$.b.c"))), Ok(json!({ "a": 1, "b": { "c": 2 } })));
        assert_eq!(place(Some(json!("$.a.b"))).unwrap_err().error, "States.ResultPathMatchFailure");
    }
}
