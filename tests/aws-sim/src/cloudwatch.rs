//! CloudWatch: metrics with their true dimensions, and alarms that act once on each change of state (facts 6).

mod alarm;
mod cbor;
mod configured;
mod data;
mod evaluate;
mod expression;
mod fields;
mod history;
mod modelled;
mod node;
mod notice;
mod query;
mod reading;
mod series;
mod tags;
mod watched;

use std::collections::BTreeMap;
use std::iter::successors;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::redis::Load;
use crate::settings::Switches;
use crate::wire::{Call, Protocol, json};
use crate::{Done, Refusal, Request, Response, State, Ticket};
pub use alarm::{Alarm, AlarmState, Comparison, MissingData};
pub use configured::Configured;
pub use expression::{Fold, Operator, Term};
use fields::Fields;
pub use history::HistoryItem;
pub use modelled::hold;
pub(crate) use modelled::note_changes;
pub use series::{Metric, Sample, Statistic};
pub use watched::{Entry, Math, Stat, Watched, What};

/// Its state.
#[derive(Debug, Default)]
pub struct Service {
    /// The alarms, by name.
    pub alarms: BTreeMap<String, Alarm>,
    /// What befell alarms, oldest first.
    pub history: Vec<HistoryItem>,
    store: series::Store,
    /// When alarms are looked at next. Nothing, while there are none.
    next_look: Option<Timestamp>,
    modelled: modelled::Modelled,
}

/// The length of everything here: metrics have a granularity of a minute, and alarms are looked at once in each.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

impl Service {
    /// When something happens here by itself next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.next_look
    }

    /// ARN and tags of everything here that has tags.
    pub(crate) fn tagged(&self) -> Vec<(String, &BTreeMap<String, String>)> {
        self.alarms.values().map(|it| (it.arn.clone(), &it.tags)).collect()
    }

    /// Takes in a value that a member's metric had at these times, on the two sets of dimensions that such a metric has.
    pub fn put(&mut self, at: &[Timestamp], member: &str, name: &str, value: f64) {
        for metric in Metric::of_member(name, member) {
            self.store.add(metric, at.iter().map(|it| Sample::one(*it, value)));
        }
    }

    /// Takes in what a real server did.
    pub(crate) fn measured(&mut self, at: Timestamp, load: &Load, switches: &Switches) {
        self.take(load, switches, |value| vec![Sample::one(at, value)]);
    }

    /// Takes in that a real server did the same again and again, so often in each whole minute from one time until another.
    pub(crate) fn went_on(
        &mut self,
        (from, until): (Timestamp, Timestamp),
        often: f64,
        load: &Load,
        switches: &Switches,
    ) {
        let end = series::floor(until, MINUTE);
        let minutes = || {
            let first = series::ceil(from, MINUTE);
            successors(Some(first), |it| it.checked_add(MINUTE).ok()).take_while(|it| *it < end)
        };
        self.take(load, switches, |value| {
            minutes().map(|at| Sample::same(at, value, often)).collect()
        });
    }

    /// Takes in what each value of a server comes to, on every set of dimensions that it has.
    fn take(&mut self, load: &Load, switches: &Switches, samples: impl Fn(f64) -> Vec<Sample>) {
        for (name, value) in &load.metrics {
            let of_group = Metric::of_group(name, &load.group, load.primary, switches);
            for metric in Metric::of_member(name, &load.member).into_iter().chain(of_group) {
                self.store.add(metric, samples(*value));
            }
        }
    }
}

/// One call.
pub(crate) fn call(state: &mut State, asked: Call<'_>) -> Response {
    let id = state.seed.uuid();
    let (request, operation) = (asked.request, asked.operation.clone());
    let protocol = request.protocol();
    let read = match protocol {
        Protocol::Cbor => cbor::read(request),
        Protocol::Json => asked.into_json(),
        // No client of today speaks it to CloudWatch.
        Protocol::Query => Err(Refusal::new(
            400,
            "UnsupportedProtocol",
            "CloudWatch is spoken to in CBOR or JSON here: a newer SDK does",
        )),
    };
    let answered = read.and_then(Fields::of_request).and_then(|it| answer(state, &operation, &it));
    match answered {
        Ok(answer) if protocol == Protocol::Cbor => cbor::answer(answer.cbor(), &id),
        Ok(answer) => json::answer(&answer.value(), &id),
        Err(refusal) => refuse(request, refusal, &id),
    }
}

/// CloudWatch once spoke the Query protocol alone. To clients of its newer ones it says the shape of an error, and the old code in a header.
fn refuse(request: &Request, refusal: Refusal, id: &str) -> Response {
    let shape = match refusal.code.as_str() {
        "InvalidParameterValue" => "InvalidParameterValueException",
        "MissingParameter" => "MissingRequiredParameterException",
        other => other,
    };
    let shaped = Refusal { code: shape.to_owned(), ..refusal };
    let mut response = Response::refusing(request, &shaped, id);
    let old = format!("{};Sender", refusal.code);
    response.headers.push(("x-amzn-query-error".to_owned(), old));
    response
}

/// What is answered, until the protocol is known in which to say it.
enum Answer {
    Value(Value),
    Page(data::Page),
}

impl Answer {
    fn cbor(&self) -> Vec<u8> {
        match self {
            Self::Value(value) => cbor::written(value),
            Self::Page(page) => page.cbor(),
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Page(page) => page.value(),
        }
    }
}

fn answer(state: &mut State, operation: &str, fields: &Fields) -> Result<Answer, Refusal> {
    let value = match operation {
        "PutMetricAlarm" => alarm::put(state, fields),
        "DescribeAlarms" => alarm::describe(state, fields),
        "DescribeAlarmsForMetric" => alarm::describe_for_metric(state, fields),
        "DeleteAlarms" => alarm::delete(state, fields),
        "SetAlarmState" => alarm::set_state(state, fields),
        "EnableAlarmActions" => Ok(alarm::switch_actions(state, fields, true)),
        "DisableAlarmActions" => Ok(alarm::switch_actions(state, fields, false)),
        "DescribeAlarmHistory" => history::describe(state, fields),
        "GetMetricData" => return data::Page::of(state, fields).map(Answer::Page),
        "GetMetricStatistics" => query::statistics(state, fields),
        "ListMetrics" => query::list(state, fields),
        "PutMetricData" => query::put(state, fields),
        "TagResource" => tags::tag(state, fields),
        "UntagResource" => tags::untag(state, fields),
        "ListTagsForResource" => tags::list(state, fields),
        other => Err(Refusal::not_modelled(other)),
    };
    value.map(Answer::Value)
}

/// A structure as the body of a CBOR request.
#[cfg(test)]
pub(crate) fn cbor_of(value: &Value) -> Vec<u8> {
    cbor::written(value)
}

/// What is due at `state.now` happens: a minute is over, and alarms are looked at.
pub(crate) fn run_due(state: &mut State) {
    evaluate::all(state);
    let more = !state.cloudwatch.alarms.is_empty();
    state.cloudwatch.next_look = more.then(|| series::floor(state.now, MINUTE) + MINUTE);
}

/// Nothing here waits for an effect.
pub(crate) fn done(_state: &mut State, _ticket: Ticket, _result: Result<Done, String>) {}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationError", text)
}

/// A time as CBOR and JSON write it here: seconds with a fraction.
fn epoch(at: Timestamp) -> Value {
    seconds(at).into()
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of our age are exact in 53 bits")]
fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

#[cfg(test)]
mod tests;
