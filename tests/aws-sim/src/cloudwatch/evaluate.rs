//! Looks at alarms once a minute (facts 6.4).

use jiff::Timestamp;
use serde_json::json;

use super::alarm::{Alarm, AlarmState, MissingData};
use super::history::{self, Kind};
use super::reading::Metrics;
use super::series::floor;
use super::watched::Watched;
use super::{MINUTE, notice};
use crate::wire::json::set;
use crate::{Effect, State};

/// Looks at every alarm. Only a change of state acts.
pub(super) fn all(state: &mut State) {
    let metrics = Metrics::of(state);
    let turns = state.cloudwatch.alarms.values().filter_map(|alarm| {
        let seen = Seen::of(alarm, metrics, state.now);
        let to = seen.verdict(alarm).filter(|to| *to != alarm.state)?;
        Some((alarm.name.clone(), to, seen.words(alarm, to, state.now)))
    });
    for (name, to, (reason, data)) in turns.collect::<Vec<_>>() {
        enter(state, &name, to, reason, Some(data));
    }
}

/// An alarm enters a state. Nothing is done if it was there.
pub(super) fn enter(
    state: &mut State,
    name: &str,
    to: AlarmState,
    reason: String,
    data: Option<String>,
) {
    let now = state.now;
    let Some(alarm) = state.cloudwatch.alarms.get_mut(name) else { return };
    let before = alarm.clone();
    let (from, previous) = (before.state, notice::entered(&before));
    alarm.reason = reason;
    alarm.reason_data = data;
    if from == to {
        return;
    }
    alarm.state = to;
    alarm.state_since = now;
    let alarm = alarm.clone();
    let text = format!("Alarm updated from {} to {}", from.word(), to.word());
    let data = history::turned(&before, &alarm);
    history::note(state, name, Kind::State, text, Some(data));
    let id = state.seed.uuid();
    let event = notice::event(state, &alarm, &previous, &id);
    state.effects.push_back(Effect::PutEvent { event });
    if !alarm.acts {
        return;
    }
    let message = notice::message(state, &alarm, from);
    let subject = notice::subject(state, &alarm);
    for action in alarm.actions(to) {
        let is_done = if action.contains(":sns:") {
            state.publish(action, Some(&subject), message.clone());
            true
        } else if action.contains(":lambda:") {
            let payload = notice::invocation(state, &alarm, &previous, &id);
            let function_arn = action.to_owned();
            state.effects.push_back(Effect::SendEvent { function_arn, payload });
            true
        } else {
            false
        };
        history::note_action(state, &alarm, action, is_done);
    }
}

/// What an alarm sees: the latest values first.
struct Seen {
    points: Vec<(Timestamp, f64)>,
}

impl Seen {
    /// The latest values in as many periods as it evaluates and two more, which stand in for missing ones.
    fn of(alarm: &Alarm, metrics: Metrics<'_>, now: Timestamp) -> Self {
        let period = alarm.watched.period();
        let end = floor(now, MINUTE.min(period));
        let mut points = Vec::new();
        for back in 1..=i32::try_from(alarm.periods).unwrap_or(i32::MAX).saturating_add(SPARE) {
            let from = end - period * back;
            if let Some(value) = alarm.watched.value(metrics, from) {
                points.push((from, value));
            }
        }
        points.truncate(usize::try_from(alarm.periods).unwrap_or(usize::MAX));
        Self { points }
    }

    fn breaching(&self, alarm: &Alarm) -> u32 {
        let breaches = |value: f64| alarm.comparison.breaches(value, alarm.threshold);
        let count = self.points.iter().filter(|(_, value)| breaches(*value)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The state that an alarm should have. None: the one that it has.
    ///
    /// This is the table of "how alarm state is evaluated when data is missing" of the user guide.
    fn verdict(&self, alarm: &Alarm) -> Option<AlarmState> {
        let there = u32::try_from(self.points.len()).unwrap_or(u32::MAX);
        let missing = alarm.periods.saturating_sub(there);
        let breaching = self.breaching(alarm);
        let state = |alarmed: bool| if alarmed { AlarmState::Alarm } else { AlarmState::Ok };
        let enough = alarm.needed() <= breaching;
        // All that is known says so, though less is known than was asked for.
        let all_known = 0 < breaching && alarm.needed().min(there) <= breaching;
        match alarm.missing {
            _ if missing == 0 => Some(state(enough)),
            MissingData::Breaching => Some(state(alarm.needed() <= breaching + missing)),
            MissingData::NotBreaching => Some(state(enough)),
            MissingData::Missing | MissingData::Ignore if enough => Some(AlarmState::Alarm),
            MissingData::Missing if there == 0 => Some(AlarmState::InsufficientData),
            MissingData::Missing => Some(state(all_known)),
            MissingData::Ignore if there == 0 || all_known => None,
            MissingData::Ignore => Some(AlarmState::Ok),
        }
    }

    /// Why, for people and for programs.
    fn words(&self, alarm: &Alarm, to: AlarmState, now: Timestamp) -> (String, String) {
        let periods = alarm.periods;
        let values: Vec<f64> = self.points.iter().map(|(_, value)| *value).collect();
        let shown = |(at, value): &(Timestamp, f64)| {
            format!("{value:?} ({})", at.strftime("%d/%m/%y %H:%M:%S"))
        };
        let shown = self.points.iter().map(shown).collect::<Vec<_>>().join(", ");
        let (count, which) = match to {
            AlarmState::Alarm => (self.breaching(alarm), "were"),
            AlarmState::Ok | AlarmState::InsufficientData => {
                let there = u32::try_from(values.len()).unwrap_or(u32::MAX);
                (there.saturating_sub(self.breaching(alarm)), "were not")
            }
        };
        let transition = match to {
            AlarmState::Alarm => "OK -> ALARM transition",
            AlarmState::Ok => "ALARM -> OK transition",
            AlarmState::InsufficientData => "transition",
        };
        let least = match to {
            AlarmState::Alarm => alarm.needed(),
            AlarmState::Ok | AlarmState::InsufficientData => periods + 1 - alarm.needed(),
        };
        let reason = if values.is_empty() {
            format!(
                "Insufficient Data: {periods} {} unknown.",
                if periods == 1 { "datapoint was" } else { "datapoints were" }
            )
        } else {
            format!(
                "Threshold Crossed: {count} out of the last {periods} datapoints [{shown}] {which} {} the threshold ({:?}) (minimum {least} {} for {transition}).",
                alarm.comparison.words(),
                alarm.threshold,
                if least == 1 { "datapoint" } else { "datapoints" },
            )
        };
        let mut data = json!({
            "version": "1.0",
            "queryDate": notice::time(now),
            "period": alarm.watched.period().as_secs(),
            "recentDatapoints": values.iter().rev().collect::<Vec<_>>(),
            "threshold": alarm.threshold,
        });
        if let Watched::Metric(stat) = &alarm.watched {
            set(&mut data, "statistic", stat.name.clone());
        }
        (reason, data.to_string())
    }
}

/// CloudWatch reads a little more than it evaluates.
const SPARE: i32 = 2;
