//! The tags that a stack gives its cache: for costs, for owners, for whatever people sort by.

use serde_json::Value;

use super::property::Properties;
use crate::{Tags, tag};

/// A resource has fifty tags at most (facts 1.6), of which ours take up to twenty-five.
const TAGS_MAX: usize = 25;
const KEY_LEN_MAX: usize = 128;
/// What begins so is ours, or AWS's.
const RESERVED: [&str; 2] = ["aws:", "cachewarden:"];

/// Reads tags: a map, a list of `Key` and `Value`, or `team=shop,stage=live`.
pub(super) fn read(read: &mut Properties<'_>, name: &str) -> Tags {
    let Some(value) = read.map().get(name) else { return Tags::new() };
    let Some(pairs) = pairs(value) else {
        read.problems.add(
            name,
            "takes a map of texts, a list of Key and Value, or texts such as team=shop joined by commas",
        );
        return Tags::new();
    };
    let mut tags = Tags::new();
    for (key, value) in pairs {
        if let Some(rule) = broken(&key, &value) {
            read.problems.add(name, rule);
        } else if tags.insert(key.clone(), value).is_some() {
            read.problems.add(name, format!("has the key \"{key}\" twice"));
        }
    }
    if TAGS_MAX < tags.len() {
        let rule = format!(
            "has {} tags; AWS takes 50 of a group, and {TAGS_MAX} are left beside ours",
            tags.len()
        );
        read.problems.add(name, rule);
    }
    tags
}

pub(super) fn pairs(value: &Value) -> Option<Vec<(String, String)>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::String(text) => {
            let parts = text.split(',').map(str::trim).filter(|it| !it.is_empty());
            let pair = |it: &str| {
                let (key, value) = it.split_once('=')?;
                Some((key.trim().to_owned(), value.trim().to_owned()))
            };
            parts.map(pair).collect()
        }
        Value::Object(map) => {
            map.iter().map(|(key, value)| Some((key.clone(), scalar(value)?))).collect()
        }
        Value::Array(list) => list.iter().map(listed).collect(),
        Value::Bool(_) | Value::Number(_) => None,
    }
}

fn listed(item: &Value) -> Option<(String, String)> {
    let is_pair = item.as_object()?.keys().all(|it| it == "Key" || it == "Value");
    let key = is_pair.then(|| item.get("Key")).flatten().and_then(scalar)?;
    Some((key, scalar(item.get("Value").unwrap_or(&Value::Null))?))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(it) => Some(it.to_string()),
        Value::Number(it) => Some(it.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// The rule that a tag breaks. A value is not repeated: people put anything into tags.
fn broken(key: &str, value: &str) -> Option<String> {
    let lower = key.to_ascii_lowercase();
    if let Some(prefix) = RESERVED.into_iter().find(|it| lower.starts_with(it)) {
        return Some(format!(
            "has the key \"{key}\", and what begins with {prefix} is not the stack's"
        ));
    }
    if key.is_empty() {
        return Some("has a key that is empty".to_owned());
    }
    if KEY_LEN_MAX < key.chars().count() || !tag::is_legal_value(key) {
        let key: String = key.chars().take(KEY_LEN_MAX).collect();
        return Some(format!(
            "has the key \"{key}\": a key has {KEY_LEN_MAX} characters at most, which are letters, digits, spaces and + - = . _ : / @"
        ));
    }
    (!tag::is_legal_value(value)).then(|| {
        format!(
            "has a value of \"{key}\" that is none: {} characters at most, which are letters, digits, spaces and + - = . _ : / @",
            tag::VALUE_LEN_MAX
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    /// The tags, or what is wrong with them.
    fn of(value: Value) -> Result<Tags, String> {
        let map = Map::from_iter([("Tags".to_owned(), value)]);
        let mut properties = Properties::new(&map);
        let tags = read(&mut properties, "Tags");
        if properties.problems.is_empty() { Ok(tags) } else { Err(properties.problems.to_string()) }
    }

    #[test]
    fn tags_are_read_in_every_spelling_that_templates_have() {
        let expected = Ok(Tags::from([
            ("cost centre".to_owned(), "12".to_owned()),
            ("team".to_owned(), "shop=live".to_owned()),
        ]));
        assert_eq!(of(json!({ "team": "shop=live", "cost centre": 12 })), expected);
        let list = json!([{ "Key": "team", "Value": "shop=live" }, { "Key": "cost centre", "Value": "12" }]);
        assert_eq!(of(list), expected);
        assert_eq!(of(json!(" team=shop=live, cost centre = 12 ,")), expected);
        for nothing in [json!(null), json!(""), json!({}), json!([])] {
            assert_eq!(of(nothing), Ok(Tags::new()));
        }
    }

    #[test]
    fn every_tag_that_aws_would_refuse_is_told_without_its_value() {
        #[track_caller]
        fn check(value: Value, expected: &[&str]) {
            let said = of(value).unwrap_err();
            for expected in expected {
                assert!(said.contains(expected), "{said}");
            }
            assert!(!said.contains("planted"), "{said}");
        }
        check(json!("team"), &["takes a map"]);
        check(json!(7), &["takes a map"]);
        check(json!({ "team": ["planted"] }), &["takes a map"]);
        check(json!([{ "Key": "team", "Valeu": "planted" }]), &["takes a map"]);
        check(json!([{ "Value": "planted" }]), &["takes a map"]);
        check(
            json!({ "AWS:team": "planted", "cachewarden:owner": "planted", "": "planted", "a*b": "planted", "long": "planted;" }),
            &[
                "begins with aws:",
                "begins with cachewarden:",
                "a key that is empty",
                "\"a*b\"",
                "value of \"long\"",
            ],
        );
        check(json!({ "k".repeat(129): "planted" }), &["a key has 128 characters"]);
        check(json!("team=a,team=b"), &["has the key \"team\" twice"]);
        let many: Map<String, Value> = (0..26).map(|it| (format!("k{it}"), json!("v"))).collect();
        check(Value::Object(many), &["has 26 tags"]);
    }
}
