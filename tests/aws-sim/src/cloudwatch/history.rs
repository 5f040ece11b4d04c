//! What befell alarms.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::alarm::Alarm;
use super::fields::Fields;
use super::{epoch, invalid};
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
    /// The same as JSON, where there is more to tell.
    pub data: Option<String>,
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

    fn parse(word: &str) -> Result<Self, Refusal> {
        let all = [Self::Configuration, Self::State, Self::Action];
        let found = all.into_iter().find(|it| it.word() == word);
        found.ok_or_else(|| {
            invalid(format!("{word} is not a kind of history that is modelled here"))
        })
    }
}

pub(super) fn note(
    state: &mut State,
    alarm: &str,
    kind: Kind,
    summary: String,
    data: Option<Value>,
) {
    let data = data.map(|it| it.to_string());
    let item = HistoryItem { at: state.now, alarm: alarm.to_owned(), kind, summary, data };
    state.cloudwatch.history.push(item);
}

/// The data of a change of state.
pub(super) fn turned(from: &Alarm, to: &Alarm) -> Value {
    json!({ "version": "1.0", "oldState": state_of(from), "newState": state_of(to) })
}

fn state_of(alarm: &Alarm) -> Value {
    let mut state = json!({ "stateValue": alarm.state.word(), "stateReason": alarm.reason });
    let data = alarm.reason_data.as_deref().and_then(|it| serde_json::from_str::<Value>(it).ok());
    if let Some(data) = data {
        set(&mut state, "stateReasonData", data);
    }
    state
}

/// Notes what came of an action.
pub(super) fn note_action(state: &mut State, alarm: &Alarm, action: &str, is_done: bool) {
    let (word, summary) = if is_done {
        ("Succeeded", format!("Successfully executed action {action}"))
    } else {
        let why = "topics and functions are modelled here";
        ("Failed", format!("Failed to execute action {action}: {why}"))
    };
    let data = json!({
        "actionState": word,
        "stateUpdateTimestamp": alarm.state_since.as_millisecond(),
        "notificationResource": action,
    });
    note(state, &alarm.name, Kind::Action, summary, Some(data));
}

pub(super) fn describe(state: &State, fields: &Fields) -> Result<Value, Refusal> {
    let alarm = fields.text("AlarmName");
    let kind = fields.text("HistoryItemType").map(Kind::parse).transpose()?;
    let (from, until) = (fields.time("StartDate")?, fields.time("EndDate")?);
    let oldest_first = fields.text("ScanBy") == Some("TimestampAscending");
    let mut found: Vec<&HistoryItem> = state
        .cloudwatch
        .history
        .iter()
        .filter(|it| alarm.is_none_or(|alarm| it.alarm == alarm))
        .filter(|_| fields.wants_metric_alarms())
        .filter(|it| kind.is_none_or(|kind| it.kind == kind))
        .filter(|it| from.is_none_or(|from| from <= it.at) && until.is_none_or(|it2| it.at <= it2))
        .collect();
    if !oldest_first {
        found.reverse();
    }
    let (page, more) = fields.page(found)?;
    let page: Vec<Value> = page.into_iter().map(shown).collect();
    let mut answer = json!({ "AlarmHistoryItems": page });
    if let Some(more) = more {
        set(&mut answer, "NextToken", more);
    }
    Ok(answer)
}

fn shown(item: &HistoryItem) -> Value {
    let mut shown = json!({
        "AlarmName": item.alarm,
        "AlarmType": "MetricAlarm",
        "Timestamp": epoch(item.at),
        "HistoryItemType": item.kind.word(),
        "HistorySummary": item.summary,
    });
    if let Some(data) = &item.data {
        set(&mut shown, "HistoryData", data.clone());
    }
    shown
}
