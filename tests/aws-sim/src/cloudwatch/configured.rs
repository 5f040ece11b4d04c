//! What EventBridge hears of an alarm that was set up, changed or deleted (facts 6.3 c).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::alarm::Alarm;
use super::history::{self, Kind};
use super::notice::{self, Envelope};
use crate::wire::json::set;
use crate::{Effect, State};

/// An alarm that was set up, changed or deleted. Mostly nobody hears of it, so the event is written out for those who ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Configured {
    id: String,
    at: Timestamp,
    account: String,
    region: String,
    alarm: Alarm,
    change: Change,
}

/// What was done to an alarm.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    Created,
    /// It was another before.
    Updated(Box<Alarm>),
    Deleted,
}

/// The history and EventBridge are told.
pub(super) fn tell(state: &mut State, alarm: Alarm, change: Change) {
    let what = match change {
        Change::Created => "created",
        Change::Updated(_) => "updated",
        Change::Deleted => "deleted",
    };
    let summary = format!("Alarm \"{}\" {what}", alarm.name);
    history::note(state, &alarm.name, Kind::Configuration, summary, None);
    let change = Configured {
        id: state.seed.uuid(),
        at: state.now,
        account: state.settings.account.clone(),
        region: state.settings.region.clone(),
        alarm,
        change,
    };
    state.effects.push_back(Effect::AlarmConfigured { change: Box::new(change) });
}

impl Configured {
    /// The whole event.
    pub fn event(&self) -> Value {
        let (operation, before) = match &self.change {
            Change::Created => ("create", None),
            Change::Updated(before) => ("update", Some(before)),
            Change::Deleted => ("delete", None),
        };
        let mut detail = json!({
            "alarmName": self.alarm.name,
            "operation": operation,
            "state": notice::entered(&self.alarm),
            "configuration": configuration(&self.alarm, &self.id),
        });
        if let Some(before) = before {
            set(&mut detail, "previousConfiguration", configuration(before, &self.id));
        }
        let envelope = Envelope {
            id: &self.id,
            kind: "CloudWatch Alarm Configuration Change",
            account: &self.account,
            region: &self.region,
            at: self.at,
            alarm_arn: &self.alarm.arn,
        };
        envelope.around(detail)
    }
}

/// All that an alarm is set up with.
fn configuration(alarm: &Alarm, id: &str) -> Value {
    let mut shown = json!({
        "alarmName": alarm.name,
        "description": alarm.description,
        "actionsEnabled": alarm.acts,
        "timestamp": notice::time(alarm.configured_at),
        "okActions": alarm.ok_actions,
        "alarmActions": alarm.alarm_actions,
        "insufficientDataActions": alarm.insufficient_actions,
        "evaluationPeriods": alarm.periods,
        "threshold": alarm.threshold,
        "comparisonOperator": alarm.comparison.word(),
        "treatMissingData": alarm.missing.word(),
        "metrics": notice::metrics(alarm, id),
    });
    if let Some(datapoints) = alarm.datapoints {
        set(&mut shown, "datapointsToAlarm", datapoints);
    }
    shown
}
