//! Alarms, as they are asked for and told.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::configured::{self, Change};
use super::fields::Fields;
use super::watched::{Stat, Watched};
use super::{MINUTE, Statistic, epoch, evaluate, invalid, tags};
use crate::wire::json::set;
use crate::{Refusal, State};

/// An alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether a change of state acts at all.
    pub acts: bool,
    /// Topics told when it is OK.
    pub ok_actions: Vec<String>,
    /// Topics told when it is in alarm.
    pub alarm_actions: Vec<String>,
    /// Topics told when it knows too little.
    pub insufficient_actions: Vec<String>,
    /// What it watches.
    pub watched: Watched,
    /// N of "M out of N".
    pub periods: u32,
    /// M, where it was given.
    pub datapoints: Option<u32>,
    /// The threshold.
    pub threshold: f64,
    /// How a value is compared with it.
    pub comparison: Comparison,
    /// What a period without a value means.
    pub missing: MissingData,
    /// Its state.
    pub state: AlarmState,
    /// Why.
    pub reason: String,
    /// The same as JSON, where there are values.
    pub reason_data: Option<String>,
    /// Since when.
    pub state_since: Timestamp,
    /// When it was set up or changed.
    pub configured_at: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A state of an alarm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AlarmState {
    /// `OK`
    Ok,
    /// `ALARM`
    Alarm,
    /// `INSUFFICIENT_DATA`
    InsufficientData,
}

impl AlarmState {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    fn parse(word: &str) -> Result<Self, Refusal> {
        let all = [Self::Ok, Self::Alarm, Self::InsufficientData];
        let found = all.into_iter().find(|it| it.word() == word);
        found.ok_or_else(|| invalid(format!("{word} is not a state of an alarm")))
    }
}

/// How a value is compared with a threshold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Comparison {
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

impl Comparison {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Greater => "GreaterThanThreshold",
            Self::GreaterOrEqual => "GreaterThanOrEqualToThreshold",
            Self::Less => "LessThanThreshold",
            Self::LessOrEqual => "LessThanOrEqualToThreshold",
        }
    }

    /// In the middle of a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Greater => "greater than",
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }

    /// Whether a value breaches a threshold.
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Greater => threshold < value,
            Self::GreaterOrEqual => threshold <= value,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }

    fn parse(word: &str) -> Result<Self, Refusal> {
        let all = [Self::Greater, Self::GreaterOrEqual, Self::Less, Self::LessOrEqual];
        let found = all.into_iter().find(|it| it.word() == word);
        found.ok_or_else(|| invalid(format!("{word} is not a comparison that is modelled here")))
    }
}

/// What a period without a value means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MissingData {
    /// Nothing; an alarm without any value knows too little.
    Missing,
    /// The state stays.
    Ignore,
    /// A value that breaches.
    Breaching,
    /// One that does not.
    NotBreaching,
}

impl MissingData {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ignore => "ignore",
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
        }
    }

    fn parse(word: Option<&str>) -> Result<Self, Refusal> {
        let Some(word) = word else { return Ok(Self::Missing) };
        let all = [Self::Missing, Self::Ignore, Self::Breaching, Self::NotBreaching];
        let found = all.into_iter().find(|it| it.word() == word);
        found.ok_or_else(|| invalid(format!("{word} does not say what missing data means")))
    }
}

impl Alarm {
    /// M of "M out of N".
    pub fn needed(&self) -> u32 {
        self.datapoints.unwrap_or(self.periods)
    }

    /// The actions of a state.
    pub fn actions(&self, state: AlarmState) -> &[String] {
        match state {
            AlarmState::Ok => &self.ok_actions,
            AlarmState::Alarm => &self.alarm_actions,
            AlarmState::InsufficientData => &self.insufficient_actions,
        }
    }
}

pub(super) fn put(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let name = fields.required("AlarmName")?;
    let mut alarm = read(state, fields, name)?;
    let before = state.cloudwatch.alarms.get(name);
    if let Some(before) = before {
        // An update leaves the state as it is, and the tags.
        alarm.state = before.state;
        alarm.reason.clone_from(&before.reason);
        alarm.reason_data.clone_from(&before.reason_data);
        alarm.state_since = before.state_since;
        alarm.tags = before.tags.clone();
    }
    let before = state.cloudwatch.alarms.insert(name.to_owned(), alarm.clone());
    let change = before.map_or(Change::Created, |it| Change::Updated(Box::new(it)));
    configured::tell(state, alarm, change);
    let next = super::series::floor(state.now, MINUTE) + MINUTE;
    state.cloudwatch.next_look.get_or_insert(next);
    Ok(json!({}))
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// As far as an alarm looks back when its period is shorter than an hour.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// As far as any alarm looks back.
const WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);

fn read(state: &State, fields: &Fields, name: &str) -> Result<Alarm, Refusal> {
    if fields.value("ThresholdMetricId").is_some() {
        return Err(invalid("alarms on a band of anomaly detection are not modelled here"));
    }
    let count = |field: &str| {
        let number = fields.whole(field);
        number
            .map(|it| u32::try_from(it).ok().filter(|it| 0 < *it))
            .map(|it| it.ok_or_else(|| invalid(format!("{field} must be a whole number above 0"))))
    };
    let periods = count("EvaluationPeriods")
        .unwrap_or_else(|| Err(invalid("The parameter EvaluationPeriods is required.")))?;
    let datapoints = count("DatapointsToAlarm").transpose()?;
    if datapoints.is_some_and(|it| periods < it) {
        return Err(invalid("DatapointsToAlarm must not be more than EvaluationPeriods"));
    }
    let watched = Watched::read(fields, &state.settings.account)?;
    let period = watched.period();
    let (most, words) = if period < HOUR { (DAY, "a day") } else { (WEEK, "a week") };
    if most.as_secs() / period.as_secs() < i64::from(periods) {
        return Err(invalid(format!(
            "Metrics cannot be checked across more than {words} (EvaluationPeriods * Period must be <= {}).",
            most.as_secs()
        )));
    }
    let actions = |field: &str| {
        let actions = fields.texts(field);
        let short = actions.len() <= 5;
        short.then_some(actions).ok_or_else(|| invalid(format!("{field} has more than 5 actions")))
    };
    Ok(Alarm {
        name: name.to_owned(),
        arn: state.arn("cloudwatch", &format!("alarm:{name}")),
        description: fields.text("AlarmDescription").map(str::to_owned),
        acts: fields.flag("ActionsEnabled").unwrap_or(true),
        ok_actions: actions("OKActions")?,
        alarm_actions: actions("AlarmActions")?,
        insufficient_actions: actions("InsufficientDataActions")?,
        watched,
        periods,
        datapoints,
        threshold: fields
            .number("Threshold")
            .ok_or_else(|| invalid("The parameter Threshold is required."))?,
        comparison: Comparison::parse(fields.required("ComparisonOperator")?)?,
        missing: MissingData::parse(fields.text("TreatMissingData"))?,
        state: AlarmState::InsufficientData,
        reason: "Unchecked: Initial alarm creation".to_owned(),
        reason_data: None,
        state_since: state.now,
        configured_at: state.now,
        tags: tags::read(fields)?,
    })
}

pub(super) fn describe(state: &State, fields: &Fields) -> Result<Value, Refusal> {
    let (names, prefix) = (fields.texts("AlarmNames"), fields.text("AlarmNamePrefix"));
    if !names.is_empty() && prefix.is_some() {
        return Err(invalid("AlarmNames and AlarmNamePrefix cannot be given together"));
    }
    if 100 < names.len() {
        return Err(invalid("AlarmNames must have 100 names at most"));
    }
    if fields.value("ChildrenOfAlarmName").is_some() {
        return Err(invalid("composite alarms, which alone have children, are not modelled here"));
    }
    // Parents are composite alarms, of which there are none.
    let all = fields.wants_metric_alarms() && fields.value("ParentsOfAlarmName").is_none();
    let wanted = fields.text("StateValue").map(AlarmState::parse).transpose()?;
    let action = fields.text("ActionPrefix");
    let found = state
        .cloudwatch
        .alarms
        .values()
        .filter(|_| all)
        .filter(|it| names.is_empty() || names.contains(&it.name))
        .filter(|it| prefix.is_none_or(|prefix| it.name.starts_with(prefix)))
        .filter(|it| wanted.is_none_or(|wanted| it.state == wanted))
        .filter(|it| {
            let all = [&it.ok_actions, &it.alarm_actions, &it.insufficient_actions];
            action.is_none_or(|prefix| all.into_iter().flatten().any(|it| it.starts_with(prefix)))
        });
    let (page, more) = fields.page(found.collect())?;
    let page: Vec<Value> = page.into_iter().map(shown).collect();
    let mut answer = json!({ "MetricAlarms": page, "CompositeAlarms": [] });
    if let Some(more) = more {
        set(&mut answer, "NextToken", more);
    }
    Ok(answer)
}

/// "It does not return alarms based on math expressions that use the specified metric."
pub(super) fn describe_for_metric(state: &State, fields: &Fields) -> Result<Value, Refusal> {
    let metric = fields.metric()?;
    let of_it = |it: &&Alarm| match &it.watched {
        Watched::Metric(stat) => stat.metric == metric,
        Watched::Math(_) => false,
    };
    let found = state.cloudwatch.alarms.values().filter(of_it);
    Ok(json!({ "MetricAlarms": found.map(shown).collect::<Vec<_>>() }))
}

fn shown(alarm: &Alarm) -> Value {
    let mut shown = json!({
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": epoch(alarm.configured_at),
        "ActionsEnabled": alarm.acts,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_actions,
        "StateValue": alarm.state.word(),
        "StateReason": alarm.reason,
        "StateUpdatedTimestamp": epoch(alarm.state_since),
        "StateTransitionedTimestamp": epoch(alarm.state_since),
        "EvaluationPeriods": alarm.periods,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison.word(),
        "TreatMissingData": alarm.missing.word(),
    });
    match &alarm.watched {
        Watched::Metric(stat) => set_stat(&mut shown, stat),
        Watched::Math(math) => set(&mut shown, "Metrics", math.listed(dimension)),
    }
    let optional = [
        ("AlarmDescription", alarm.description.clone().map(Value::from)),
        ("StateReasonData", alarm.reason_data.clone().map(Value::from)),
        ("DatapointsToAlarm", alarm.datapoints.map(Value::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            set(&mut shown, name, value);
        }
    }
    shown
}

fn dimension((name, value): (&String, &String)) -> Value {
    json!({ "Name": name, "Value": value })
}

fn set_stat(shown: &mut Value, stat: &Stat) {
    let statistic = match stat.statistic {
        Statistic::Percentile(_) => "ExtendedStatistic",
        Statistic::Average
        | Statistic::Sum
        | Statistic::Minimum
        | Statistic::Maximum
        | Statistic::SampleCount => "Statistic",
    };
    set(shown, statistic, stat.name.clone());
    set(shown, "MetricName", stat.metric.name.clone());
    set(shown, "Namespace", stat.metric.namespace.clone());
    set(shown, "Dimensions", stat.metric.dimensions.iter().map(dimension).collect::<Vec<_>>());
    set(shown, "Period", stat.period.as_secs());
    if let Some(unit) = &stat.unit {
        set(shown, "Unit", unit.clone());
    }
}

/// Unknown names are passed over: "the alarms with correct names are still deleted".
pub(super) fn delete(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let names = fields.texts("AlarmNames");
    if names.is_empty() || 100 < names.len() {
        return Err(invalid("AlarmNames must have 1 to 100 names"));
    }
    for name in names {
        if let Some(alarm) = state.cloudwatch.alarms.remove(&name) {
            configured::tell(state, alarm, Change::Deleted);
        }
    }
    if state.cloudwatch.alarms.is_empty() {
        state.cloudwatch.next_look = None;
    }
    Ok(json!({}))
}

pub(super) fn set_state(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let name = fields.required("AlarmName")?;
    let to = AlarmState::parse(fields.required("StateValue")?)?;
    let reason = fields.required("StateReason")?.to_owned();
    let data = fields.text("StateReasonData").map(str::to_owned);
    if !state.cloudwatch.alarms.contains_key(name) {
        return Err(Refusal::new(404, "ResourceNotFound", format!("there is no alarm {name}")));
    }
    evaluate::enter(state, name, to, reason, data);
    Ok(json!({}))
}

pub(super) fn switch_actions(state: &mut State, fields: &Fields, on: bool) -> Value {
    for name in fields.texts("AlarmNames") {
        if let Some(alarm) = state.cloudwatch.alarms.get_mut(&name) {
            alarm.acts = on;
        }
    }
    json!({})
}
