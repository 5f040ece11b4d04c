//! What a definition may hold. What is not known here is named, so that no definition runs otherwise here than on AWS.

use serde_json::Value;

/// Everything in a definition that is not known, or leads nowhere.
pub(super) fn problems(definition: &Value) -> Vec<String> {
    let known = ["Comment", "StartAt", "States", "TimeoutSeconds", "Version"];
    of_machine("the machine", definition, &known)
}

fn of_machine(where_: &str, definition: &Value, known: &[&str]) -> Vec<String> {
    let mut problems = unknown(where_, definition, known);
    let Some(states) = definition.get("States").and_then(Value::as_object) else {
        problems.push(format!("{where_}: States is missing"));
        return problems;
    };
    let leads = |from: &str, to: Option<&Value>| match to.and_then(Value::as_str) {
        Some(to) if states.contains_key(to) => None,
        Some(to) => Some(format!("{from} leads to {to}, which is no state")),
        None => Some(format!("{from} leads nowhere")),
    };
    problems.extend(leads("StartAt", definition.get("StartAt")));
    for (name, state) in states {
        let kind = state.get("Type").and_then(Value::as_str).unwrap_or_default();
        let Some(known) = fields_of(kind) else {
            problems.push(format!("{name}: the type {kind:?} is not known here"));
            continue;
        };
        problems.extend(unknown(name, state, known));
        problems.extend(parts(name, state));
        match kind {
            "Succeed" | "Fail" => {}
            "Choice" => {
                for rule in list(state, "Choices") {
                    problems.extend(leads(name, rule.get("Next")));
                }
                if state.get("Default").is_some() {
                    problems.extend(leads(name, state.get("Default")));
                }
            }
            _ => {
                problems.extend(leads(name, state.get("Next")));
                for catcher in list(state, "Catch") {
                    problems.extend(leads(name, catcher.get("Next")));
                }
                if kind == "Map" {
                    problems.extend(of_map(name, state));
                }
            }
        }
    }
    problems
}

/// What an item goes through is a machine of its own, and each is an execution of its own: the other way is not known here.
fn of_map(name: &str, state: &Value) -> Vec<String> {
    let Some(processor) = state.get("ItemProcessor") else {
        return vec![format!("{name}: ItemProcessor is missing")];
    };
    let where_ = format!("{name}, ItemProcessor");
    let known = ["Comment", "ProcessorConfig", "StartAt", "States"];
    let mut problems = of_machine(&where_, processor, &known);
    let config = processor.get("ProcessorConfig").unwrap_or(&Value::Null);
    problems.extend(unknown(&where_, config, &["Mode", "ExecutionType"]));
    for (key, wanted) in [("Mode", "DISTRIBUTED"), ("ExecutionType", "STANDARD")] {
        if config.get(key).and_then(Value::as_str) != Some(wanted) {
            problems
                .push(format!("{where_}: {key} is not {wanted}, and nothing else is known here"));
        }
    }
    if state.get("ItemsPath").is_none() {
        problems.push(format!("{name}: ItemsPath is missing"));
    }
    problems
}

fn fields_of(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "Wait" => &["Comment", "Type", "Seconds", "SecondsPath", "Next"],
        "Task" => {
            &["Comment", "Type", "Resource", "Parameters", "ResultPath", "Retry", "Catch", "Next"]
        }
        "Choice" => &["Comment", "Type", "Choices", "Default"],
        "Pass" => &["Comment", "Type", "Parameters", "Result", "ResultPath", "Next"],
        "Map" => &[
            "Comment",
            "Type",
            "Label",
            "ItemsPath",
            "ItemSelector",
            "ItemProcessor",
            "MaxConcurrency",
            "ToleratedFailurePercentage",
            "ResultPath",
            "Next",
        ],
        "Succeed" => &["Comment", "Type"],
        "Fail" => &["Comment", "Type", "Error", "ErrorPath", "Cause", "CausePath"],
        _ => return None,
    })
}

/// What is unknown inside of a state: its task, its retriers and catchers, its rules, its paths.
fn parts(name: &str, state: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(resource) = state.get("Resource").and_then(Value::as_str)
        && !resource.ends_with(":states:::lambda:invoke")
    {
        problems.push(format!("{name}: the resource {resource} is not known here"));
    }
    for it in list(state, "Retry") {
        let known = [
            "ErrorEquals",
            "IntervalSeconds",
            "BackoffRate",
            "MaxAttempts",
            "MaxDelaySeconds",
            "JitterStrategy",
        ];
        problems.extend(unknown(&format!("{name}, Retry"), it, &known));
    }
    for it in list(state, "Catch") {
        problems.extend(unknown(
            &format!("{name}, Catch"),
            it,
            &["ErrorEquals", "Next", "ResultPath"],
        ));
    }
    for it in list(state, "Choices") {
        problems.extend(rules(name, it));
    }
    paths(name, state, &mut problems);
    problems
}

fn rules(name: &str, rule: &Value) -> Vec<String> {
    let known = [
        "And",
        "Or",
        "Not",
        "Next",
        "Variable",
        "IsPresent",
        "IsNull",
        "StringEquals",
        "BooleanEquals",
        "NumericEquals",
        "NumericGreaterThan",
        "NumericLessThan",
    ];
    let mut problems = unknown(&format!("{name}, a rule"), rule, &known);
    let inner = list(rule, "And").chain(list(rule, "Or")).chain(rule.get("Not"));
    problems.extend(inner.flat_map(|it| rules(name, it)));
    problems
}

/// Only plain paths are known: `$.a.b` and `$$.A.B`, no brackets, no functions.
fn paths(name: &str, value: &Value, problems: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let is_path = key.ends_with(".$") || key.ends_with("Path") || key == "Variable";
                match value.as_str() {
                    Some(path) if is_path => {
                        let plain = path.starts_with('$')
                            && !path.contains(['[', '(', '*'])
                            && !path.contains("..");
                        if !plain {
                            problems.push(format!(
                                "{name}: {key} is {path}, and only plain paths are known here"
                            ));
                        }
                    }
                    _ => paths(name, value, problems),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|it| paths(name, it, problems)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn unknown(where_: &str, value: &Value, known: &[&str]) -> Vec<String> {
    let fields = value.as_object().into_iter().flat_map(|it| it.keys());
    let unknown = fields.filter(|it| !known.contains(&it.as_str()));
    unknown.map(|it| format!("{where_}: {it} is not known here")).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}
