//! What befell alarms.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::epoch;
use super::fields::Fields;
use crate::wire::json::set;
use crate::{Refusal, State};

/// Something that befell an alarm.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HistoryItem {
    /// When.
    pub at: Timestamp,
    /// Which alarm.
    pub alarm: String,
    /// What kind of thing.
    pub kind: Kind,
    /// What, in words.
    pub summary: String,
}

/// A kind of history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// It was set up, changed or deleted.
    Configuration,
    /// Its state changed.
    State,
    /// It acted.
    Action,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Configuration => "ConfigurationUpdate",
            Self::State => "StateUpdate",
            Self::Action => "Action",
        }
    }
}

pub(super) fn note(state: &mut State, alarm: &str, kind: Kind, summary: String) {
    let item = HistoryItem { at: state.now, alarm: alarm.to_owned(), kind, summary };
    state.cloudwatch.history.push(item);
}

pub(super) fn describe(state: &State, fields: &Fields) -> Result<Value, Refusal> {
    let (alarm, kind) = (fields.text("AlarmName"), fields.text("HistoryItemType"));
    let (from, until) = (fields.time("StartDate")?, fields.time("EndDate")?);
    let oldest_first = fields.text("ScanBy") == Some("TimestampAscending");
    let mut found: Vec<Value> = state
        .cloudwatch
        .history
        .iter()
        .filter(|it| alarm.is_none_or(|alarm| it.alarm == alarm))
        .filter(|it| kind.is_none_or(|kind| it.kind.word() == kind))
        .filter(|it| from.is_none_or(|from| from <= it.at) && until.is_none_or(|it2| it.at <= it2))
        .map(|it| {
            json!({
                "AlarmName": it.alarm,
                "AlarmType": "MetricAlarm",
                "Timestamp": epoch(it.at),
                "HistoryItemType": it.kind.word(),
                "HistorySummary": it.summary,
            })
        })
        .collect();
    if !oldest_first {
        found.reverse();
    }
    let size = fields.whole("MaxRecords").unwrap_or(50).clamp(1, 100);
    let size = usize::try_from(size).unwrap_or(50);
    let from: usize = fields.text("NextToken").and_then(|it| it.parse().ok()).unwrap_or(0);
    let more = from.saturating_add(size) < found.len();
    let page: Vec<Value> = found.into_iter().skip(from).take(size).collect();
    let mut answer = json!({ "AlarmHistoryItems": page });
    if more {
        set(&mut answer, "NextToken", from.saturating_add(size).to_string());
    }
    Ok(answer)
}
