//! Log delivery: where the slow log and the engine log of a group go (user guide, "Log delivery").
//!
//! Nothing is delivered here. A log group is there if CloudWatch Logs has it, and a delivery stream unless the world's faults say that it
//! is missing, as they can of a log group too. That a change needs `ApplyImmediately` is in AWS's own words, as reported in
//! hashicorp/terraform-provider-aws#49842.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{bad_combination, bad_value};
use super::engine::Version;
use super::model::Group;
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Refusal, State};

/// What is logged.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum LogType {
    /// What the engine says of itself.
    Engine,
    /// Commands that took long.
    Slow,
}

/// Where it goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Destination {
    /// A log group of CloudWatch Logs.
    LogGroup(String),
    /// A delivery stream of Firehose.
    Stream(String),
}

/// How it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// As JSON.
    Json,
    /// As text.
    Text,
}

/// Where and how.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// Where.
    pub destination: Destination,
    /// How.
    pub format: Format,
}

/// How far a delivery is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogStatus {
    /// On its way to on.
    Enabling,
    /// On its way to elsewhere.
    Modifying,
    /// On its way to off.
    Disabling,
    /// On.
    Active,
    /// Off, for this reason.
    Error(String),
}

/// The deliveries of a group.
pub type Logs = BTreeMap<LogType, (Delivery, LogStatus)>;

/// What deliveries become; none are turned off.
pub type LogsChange = BTreeMap<LogType, Option<Delivery>>;

/// What a new group is asked to have.
pub(super) fn of_new(params: &Params, engine: (&str, Version)) -> Result<Logs, Refusal> {
    let asked = asked(params, engine)?;
    let on = asked.into_iter().filter_map(|(log, to)| Some((log, (to?, LogStatus::Enabling))));
    Ok(on.collect())
}

/// What a modify changes, if anything. A delivery that failed is tried again.
pub(super) fn read(before: &Group, params: &Params) -> Result<Option<LogsChange>, Refusal> {
    let mut asked = asked(params, (&before.engine, before.version))?;
    let now = params.flag("ApplyImmediately")?.unwrap_or_default();
    if !asked.is_empty() && !now {
        return Err(bad_value(
            "To modify the log delivery configuration, set the apply-immediately parameter to true.",
        ));
    }
    asked.retain(|log, to| match (before.logs.get(log), to) {
        (None, None) => false,
        (Some((there, status)), Some(to)) => *status != LogStatus::Active || there != to,
        (Some(_), None) | (None, Some(_)) => true,
    });
    Ok((!asked.is_empty()).then_some(asked))
}

/// A change begins: the group says so.
pub(super) fn begin(group: &mut Group, change: &LogsChange) {
    for (log, to) in change {
        match (group.logs.get_mut(log), to) {
            (Some((_, status)), Some(_)) => *status = LogStatus::Modifying,
            (Some((_, status)), None) => *status = LogStatus::Disabling,
            (None, Some(to)) => {
                group.logs.insert(*log, (to.clone(), LogStatus::Enabling));
            }
            (None, None) => {}
        }
    }
}

/// A change is done, or has failed where there is no such destination.
pub(super) fn apply(state: &mut State, id: &str, change: LogsChange) {
    let missing: BTreeSet<String> =
        change.values().flatten().filter_map(|it| absent(state, it)).collect();
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    for (log, to) in change {
        let Some(to) = to else {
            group.logs.remove(&log);
            continue;
        };
        let (_, name) = to.destination.words();
        let status = if missing.contains(name) {
            LogStatus::Error(format!("The log delivery destination {name} does not exist."))
        } else {
            LogStatus::Active
        };
        group.logs.insert(log, (to, status));
    }
}

/// The name of a destination that is not there.
fn absent(state: &State, to: &Delivery) -> Option<String> {
    let is_made = match &to.destination {
        Destination::LogGroup(name) => {
            !state.settings.switches.log_group_must_be_there || state.logs.groups.contains_key(name)
        }
        Destination::Stream(_) => true,
    };
    let (_, name) = to.destination.words();
    let is_there = is_made && !state.faults.missing_destinations.contains(name);
    (!is_there).then(|| name.clone())
}

/// The deliveries of a new group begin.
pub(super) fn start(state: &mut State, id: &str) {
    let Some(group) = state.elasticache.groups.get(id) else { return };
    let all = group.logs.iter().map(|(log, (to, _))| (*log, Some(to.clone()))).collect();
    apply(state, id, all);
}

/// The deliveries of a group, on it and on its members.
pub(super) fn write(xml: &mut Xml, group: &Group) {
    let (list, item) = ("LogDeliveryConfigurations", "LogDeliveryConfiguration");
    xml.list(list, item, &group.logs, |xml, (log, (to, status))| {
        write_one(xml, *log, to);
        let (word, message) = match status {
            LogStatus::Enabling => ("enabling", None),
            LogStatus::Modifying => ("modifying", None),
            LogStatus::Disabling => ("disabling", None),
            LogStatus::Active => ("active", None),
            LogStatus::Error(why) => ("error", Some(why)),
        };
        xml.text("Status", word).maybe("Message", message);
    });
}

/// What they are about to become. Those that go do not show.
pub(super) fn write_pending(xml: &mut Xml, state: &State, group: &Group) {
    let change = group.under_way.logs.iter().flatten();
    let coming: Vec<_> = change.filter_map(|(log, to)| Some((*log, to.as_ref()?))).collect();
    if !coming.is_empty() {
        let list = state.settings.switches.pending_logs_element;
        xml.list(list, "member", coming, |xml, (log, to)| write_one(xml, log, to));
    }
}

fn write_one(xml: &mut Xml, log: LogType, to: &Delivery) {
    let (kind, name) = to.destination.words();
    let (details, field) = match to.destination {
        Destination::LogGroup(_) => ("CloudWatchLogsDetails", "LogGroup"),
        Destination::Stream(_) => ("KinesisFirehoseDetails", "DeliveryStream"),
    };
    xml.text("LogType", log.word())
        .text("DestinationType", kind)
        .within("DestinationDetails", |xml| {
            xml.within(details, |xml| {
                xml.text(field, name);
            });
        })
        .text("LogFormat", if to.format == Format::Json { "json" } else { "text" });
}

impl LogType {
    fn word(self) -> &'static str {
        match self {
            Self::Engine => "engine-log",
            Self::Slow => "slow-log",
        }
    }
}

impl Destination {
    /// Its kind and its name.
    fn words(&self) -> (&'static str, &String) {
        match self {
            Self::LogGroup(name) => ("cloudwatch-logs", name),
            Self::Stream(name) => ("kinesis-firehose", name),
        }
    }
}

fn asked(params: &Params, engine: (&str, Version)) -> Result<LogsChange, Refusal> {
    let mut change = LogsChange::new();
    for one in params.structures("LogDeliveryConfigurations", "LogDeliveryConfigurationRequest") {
        let log = log_type(&one, engine)?;
        let on = one.flag("Enabled")?.unwrap_or(true);
        let to = on.then(|| delivery(&one)).transpose()?;
        if change.insert(log, to).is_some() {
            let text = format!("{} is configured more than once.", log.word());
            return Err(bad_combination(text));
        }
    }
    Ok(change)
}

/// The slow log is there from Redis OSS 6.0 on, the engine log from 6.2 on, and both with every Valkey.
fn log_type(one: &Params, (engine, version): (&str, Version)) -> Result<LogType, Refusal> {
    let (log, since) = match one.required("LogType")?.as_str() {
        "slow-log" => (LogType::Slow, [6, 0, 0]),
        "engine-log" => (LogType::Engine, [6, 2, 0]),
        strange => return Err(bad_value(format!("Invalid LogType: {strange}"))),
    };
    if engine == "redis" && version < Version(since) {
        let text = format!("{} is not supported for {engine} {version}.", log.word());
        return Err(bad_combination(text));
    }
    Ok(log)
}

fn delivery(one: &Params) -> Result<Delivery, Refusal> {
    let detail = |name: &str| one.text(name).filter(|it| !it.is_empty());
    let log_group = detail("DestinationDetails.CloudWatchLogsDetails.LogGroup");
    let stream = detail("DestinationDetails.KinesisFirehoseDetails.DeliveryStream");
    let destination = match (one.required("DestinationType")?.as_str(), log_group, stream) {
        ("cloudwatch-logs", Some(name), None) => Destination::LogGroup(name),
        ("kinesis-firehose", None, Some(name)) => Destination::Stream(name),
        (kind @ ("cloudwatch-logs" | "kinesis-firehose"), ..) => {
            return Err(bad_combination(format!(
                "DestinationDetails must be those of a destination of the type {kind}."
            )));
        }
        (strange, ..) => return Err(bad_value(format!("Invalid DestinationType: {strange}"))),
    };
    let format = match one.required("LogFormat")?.as_str() {
        "json" => Format::Json,
        "text" => Format::Text,
        strange => return Err(bad_value(format!("Invalid LogFormat: {strange}"))),
    };
    Ok(Delivery { destination, format })
}
