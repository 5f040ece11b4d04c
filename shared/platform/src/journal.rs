//! One record per decision, in words that an operator can act on, and the metrics that come of it.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What a run decided, and why.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Record {
    /// The function.
    pub function: &'static str,
    /// The replication group it is about, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What was asked for: `Create`, `setSecret`, `take`, an alarm's name.
    pub asked: String,
    /// What was seen.
    pub saw: String,
    /// `settled`, `refused`, `unfinished` or `failed`.
    pub outcome: &'static str,
    /// What was decided or done.
    pub decided: String,
    /// Why.
    pub why: String,
    /// What comes next, and who does it.
    pub next: String,
    /// Further evidence, as data.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub evidence: Value,
    /// Numbers to be drawn as metrics, by name, beside the count of outcomes.
    #[serde(skip)]
    pub metrics: Vec<(&'static str, f64)>,
}

/// Where records go.
#[derive(Clone, Debug)]
pub struct Journal(Sink);

#[derive(Clone, Debug)]
enum Sink {
    Stdout,
    Memory(Arc<Mutex<Vec<Value>>>),
}

/// The namespace of our own metrics.
pub const NAMESPACE: &str = "Cachewarden";

impl Journal {
    /// Standard output, which Lambda takes to CloudWatch Logs.
    pub fn stdout() -> Self {
        Self(Sink::Stdout)
    }

    /// Memory, for tests.
    pub fn memory() -> Self {
        Self(Sink::Memory(Arc::default()))
    }

    /// The records kept in memory so far.
    pub fn records(&self) -> Vec<Value> {
        match &self.0 {
            Sink::Stdout => Vec::new(),
            Sink::Memory(records) => records.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Writes a record: one line, which is a log entry and, in CloudWatch's embedded metric format, its metrics.
    pub fn write(&self, record: &Record, now: Timestamp) {
        let line = with_metrics(record, now);
        match &self.0 {
            // A log that cannot be written is no reason to fail the work that it tells of.
            Sink::Stdout => drop(writeln!(std::io::stdout().lock(), "{line}")),
            Sink::Memory(records) => {
                records.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        }
    }
}

fn with_metrics(record: &Record, now: Timestamp) -> Value {
    let mut line = match serde_json::to_value(record) {
        Ok(Value::Object(line)) => line,
        Ok(_) | Err(_) => Map::new(),
    };
    let counted = match record.outcome {
        "settled" => "Settled",
        "refused" => "Refused",
        "unfinished" => "Unfinished",
        _ => "Failed",
    };
    line.insert(counted.to_owned(), json!(1));
    let mut names = vec![json!({ "Name": counted, "Unit": "Count" })];
    for (name, value) in &record.metrics {
        line.insert((*name).to_owned(), json!(value));
        names.push(json!({ "Name": name }));
    }
    let dimensions = if record.group.is_some() {
        json!([["function"], ["function", "group"]])
    } else {
        json!([["function"]])
    };
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": names }],
        }),
    );
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_log_line_and_its_metrics() {
        let journal = Journal::memory();
        let record = Record {
            function: "snapshot",
            group: Some("orders".to_owned()),
            outcome: "settled",
            metrics: vec![("SnapshotsKept", 7.0)],
            ..Record::default()
        };
        journal.write(&record, Timestamp::UNIX_EPOCH);
        let line = &journal.records()[0];
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Namespace"], NAMESPACE);
        // The format asks that each metric and dimension named is a member of the same object.
        for metric in metrics["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
        }
        for dimension in metrics["Dimensions"][1].as_array().unwrap() {
            assert!(line[dimension.as_str().unwrap()].is_string(), "{dimension}");
        }
    }
}
