//! The rules of a `Choice`.

use serde_json::Value;

use super::path::{Problem, Scope};

/// The state that a `Choice` leads to.
pub(super) fn choose(state: &Value, scope: &Scope<'_>) -> Result<String, Problem> {
    for rule in state.get("Choices").and_then(Value::as_array).into_iter().flatten() {
        if holds(rule, scope)? {
            return Ok(text(rule, "Next").to_owned());
        }
    }
    match state.get("Default").and_then(Value::as_str) {
        Some(default) => Ok(default.to_owned()),
        None => Err(Problem::new("States.NoChoiceMatched", "no rule of the choice holds")),
    }
}

fn holds(rule: &Value, scope: &Scope<'_>) -> Result<bool, Problem> {
    let rules = |key: &str| rule.get(key).and_then(Value::as_array);
    if let Some(rules) = rules("And") {
        for it in rules {
            if !holds(it, scope)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if let Some(rules) = rules("Or") {
        for it in rules {
            if holds(it, scope)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if let Some(rule) = rule.get("Not") {
        return holds(rule, scope).map(|it| !it);
    }
    compares(rule, scope)
}

fn compares(rule: &Value, scope: &Scope<'_>) -> Result<bool, Problem> {
    let path = text(rule, "Variable");
    let found = scope.find(path);
    if let Some(wanted) = rule.get("IsPresent").and_then(Value::as_bool) {
        return Ok(found.is_some() == wanted);
    }
    let missing = || {
        Problem::runtime(format!(
            "Invalid path '{path}': the choice state's condition path references an invalid value."
        ))
    };
    let found = found.ok_or_else(missing)?;
    let asks = |key: &str| rule.get(key);
    let numbers = |wanted: &Value| Some((found.as_f64()?, wanted.as_f64()?));
    Ok(if let Some(wanted) = asks("StringEquals").or(asks("BooleanEquals")) {
        found == wanted
    } else if let Some(wanted) = asks("IsNull") {
        Some(found.is_null()) == wanted.as_bool()
    } else if let Some(wanted) = asks("NumericGreaterThan") {
        numbers(wanted).is_some_and(|(found, wanted)| wanted < found)
    } else if let Some(wanted) = asks("NumericLessThan") {
        numbers(wanted).is_some_and(|(found, wanted)| found < wanted)
    } else if let Some(wanted) = asks("NumericEquals") {
        numbers(wanted).is_some_and(|(found, wanted)| (found - wanted).abs() < f64::EPSILON)
    } else {
        false
    })
}

fn text<'a>(rule: &'a Value, key: &str) -> &'a str {
    rule.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_choice(data: Value, expected: Result<&str, &str>) {
        let state = json!({ "Choices": [
            { "And": [
                { "Variable": "$.status", "IsPresent": true },
                { "Variable": "$.status", "StringEquals": "unfinished" },
            ], "Next": "Again" },
            { "Not": { "Variable": "$.left", "NumericGreaterThan": 0 }, "Next": "Done" },
        ] });
        let scope = Scope { data: &data, context: &Value::Null };
        let chosen = choose(&state, &scope);
        let chosen = chosen.as_deref().map_err(|it| it.error.as_str());
        assert_eq!(chosen, expected, "{data}");
    }

    #[test]
    fn the_first_rule_that_holds_is_taken() {
        check_choice(json!({ "status": "unfinished" }), Ok("Again"));
        check_choice(json!({ "status": "settled", "left": 0 }), Ok("Done"));
        check_choice(json!({ "left": 2 }), Err("States.NoChoiceMatched"));
        check_choice(json!({ "status": "settled" }), Err("States.Runtime"));
    }
}
