//! What ElastiCache tells by itself: events to a topic, and the logs of the engine.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::property::Properties;
use crate::engine::{Engine, Release};
use crate::log::{LogDelivery, LogDestination, LogError, LogFormat, LogKind, RETENTION_DAYS};

/// Where a log goes: `cloudwatch-logs:/orders/slow:json`, or a map of `Group` or `Stream`, and `Format`.
pub(super) fn log(
    read: &mut Properties<'_>,
    kind: LogKind,
    release: Option<Release>,
) -> Option<LogDelivery> {
    let name = kind.property();
    let delivery = match read.map().get(name) {
        Some(Value::Object(map)) => read.problems.keep(name, of_map(map)),
        _ => read.parsed(name, |text| {
            text.parse::<LogDelivery>().map_err(|err| format!("\"{}\" {err}", short(text)))
        }),
    };
    let since = match kind {
        LogKind::Slow => (6, 0),
        LogKind::Engine => (6, 2),
    };
    if let (Some(_), Some(Release { engine: Engine::Redis, version })) = (&delivery, release)
        && (version.major, version.minor) < since
    {
        let (major, minor) = since;
        read.problems.add(
            name,
            format!(
                "is delivered from Redis {major}.{minor} on, and RedisEngineVersion is {version}"
            ),
        );
    }
    delivery
}

/// For how many days a log group that is made keeps what is in it.
pub(super) fn retention_days(read: &mut Properties<'_>) -> u32 {
    const USUAL: u32 = 30;
    let days = read.one_of("LogRetentionDays", &RETENTION_DAYS, &USUAL.to_string());
    days.parse().unwrap_or(USUAL)
}

/// The log groups that properties name, whatever else is wrong with them, as far as they can be ours.
pub fn log_groups_of(properties: &Map<String, Value>) -> BTreeSet<String> {
    let logs = LogKind::ALL.into_iter().filter_map(|kind| properties.get(kind.property()));
    let deliveries = logs.filter_map(|it| match it {
        Value::Object(map) => of_map(map).ok(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    });
    deliveries.filter_map(|it: LogDelivery| it.to.taggable().map(str::to_owned)).collect()
}

const SHAPE: &str = "takes a map of Group or Stream, and Format, or a text such as cloudwatch-logs:/orders/slow:json";

fn of_map(map: &Map<String, Value>) -> Result<LogDelivery, String> {
    let text = |name: &str| map.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
    let is_known =
        |it: &String| ["Destination", "Group", "Stream", "Format"].contains(&it.as_str());
    let is_whole = map.iter().all(|(name, value)| is_known(name) && value.is_string());
    let wrong = |_: LogError| SHAPE.to_owned();
    let (to, kind) = match (text("Group"), text("Stream")) {
        (Some(name), None) => (LogDestination::group(name).map_err(wrong)?, "cloudwatch-logs"),
        (None, Some(name)) => (LogDestination::stream(name).map_err(wrong)?, "kinesis-firehose"),
        (None, None) | (Some(_), Some(_)) => return Err(SHAPE.to_owned()),
    };
    if !is_whole || text("Destination").is_some_and(|it| it != kind) {
        return Err(SHAPE.to_owned());
    }
    let format = text("Format").map(str::parse::<LogFormat>).transpose().map_err(wrong)?;
    Ok(LogDelivery { to, format: format.unwrap_or_default() })
}

/// A text as a mistake repeats it: not at such a length that nothing else is read.
fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: Value, version: &str) -> Result<Option<String>, String> {
        let map = Map::from_iter([("EngineLog".to_owned(), value)]);
        let mut read = Properties::new(&map);
        let delivery = log(&mut read, LogKind::Engine, version.parse().ok());
        let problems = read.problems;
        let delivery = delivery.map(|it| it.to_string());
        if problems.is_empty() { Ok(delivery) } else { Err(problems.to_string()) }
    }

    #[test]
    fn a_log_is_a_map_or_a_text() {
        let group = Ok(Some("cloudwatch-logs:/orders/engine:json".to_owned()));
        for same in [
            json!("cloudwatch-logs:/orders/engine"),
            json!({ "Group": "/orders/engine" }),
            json!({ "Group": "/orders/engine", "Destination": "cloudwatch-logs", "Format": "json" }),
        ] {
            assert_eq!(of(same, "7.1"), group);
        }
        let stream = Ok(Some("kinesis-firehose:orders:text".to_owned()));
        assert_eq!(of(json!({ "Stream": "orders", "Format": "text" }), "7.1"), stream);
        for nothing in [json!(""), json!(null)] {
            assert_eq!(of(nothing, "7.1"), Ok(None));
        }
    }

    #[test]
    fn what_is_no_log_is_told_with_its_shape() {
        #[track_caller]
        fn check(value: Value, expected: &str) {
            let said = of(value, "7.1").unwrap_err();
            assert!(said.contains(expected), "{said}");
        }
        check(json!("s3:orders"), "\"s3:orders\" is not where a log goes");
        for wrong in [
            json!({}),
            json!({ "Group": "/a", "Stream": "b" }),
            json!({ "Group": "/a", "Destination": "kinesis-firehose" }),
            json!({ "Group": "/a", "Format": "xml" }),
            json!({ "Group": "/a", "Colour": "red" }),
            json!({ "Group": ["/a"] }),
            json!({ "Group": "a b" }),
        ] {
            check(wrong, "takes a map of Group or Stream, and Format");
        }
        check(json!(["/a"]), "takes one value");
    }

    #[test]
    fn logs_are_kept_for_as_long_as_cloudwatch_logs_can() {
        let read = |stated: &Value| {
            let map = Map::from_iter([("LogRetentionDays".to_owned(), stated.clone())]);
            let mut read = Properties::new(&map);
            let days = retention_days(&mut read);
            if read.problems.is_empty() { Ok(days) } else { Err(read.problems.to_string()) }
        };
        for (stated, days) in [(json!(""), 30), (json!("365"), 365), (json!(3653), 3653)] {
            assert_eq!(read(&stated), Ok(days));
        }
        for wrong in [json!(31), json!("0"), json!("for ever")] {
            let said = read(&wrong).unwrap_err();
            assert!(said.contains("is not one of 1, 3, 5, 7, 14, 30"), "{said}");
        }
    }

    #[test]
    fn a_delete_reads_the_log_groups_that_can_be_read() {
        let properties = json!({ "SlowLog": " cloudwatch-logs:/orders/slow", "EngineLog": { "Group": "/orders" } });
        let named = log_groups_of(properties.as_object().unwrap());
        assert_eq!(named.into_iter().collect::<Vec<_>>(), ["/orders", "/orders/slow"]);
        let properties = json!({ "SlowLog": ["/orders"], "EngineLog": "kinesis-firehose:orders" });
        assert_eq!(log_groups_of(properties.as_object().unwrap()), BTreeSet::new());
    }

    #[test]
    fn an_old_version_has_no_log_of_its_own() {
        let said = of(json!("cloudwatch-logs:/a"), "6.0").unwrap_err();
        assert!(
            said.contains("is delivered from Redis 6.2 on, and RedisEngineVersion is 6.0"),
            "{said}"
        );
        assert!(of(json!("cloudwatch-logs:/a"), "6.2").is_ok());
    }
}
