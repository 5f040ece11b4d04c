//! What calls `autoscale`: alarms in three shapes, and the two actions of a schedule or a person.
//!
//! An alarm only says "look now": its numbers are not used, since they may be hours old when it arrives (facts 6.4).

use std::fmt;

use domain::autoscale::Load;
use domain::{GroupId, MemberId};
use serde_json::Value;

/// What an event asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Request {
    /// Look at these groups; what else was in the event is left alone.
    Look { looks: Vec<Look>, ignored: Vec<Ignored> },
    /// Look at every group with a policy, and at the alarms of all.
    LookAround,
    /// Tell what would be done about a group.
    Plan(GroupId),
    /// Tell what would have been decided about a group over so many days.
    Backtest { group: GroupId, days: i64 },
}

/// A group to look at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Look {
    /// How the group is found.
    pub(crate) subject: Subject,
    /// Why.
    pub(crate) cause: Cause,
}

/// How a group is found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Subject {
    /// By its members, of which some may be gone: their names do not say which group (facts 6.1).
    Members(Vec<MemberId>),
    /// By its id.
    Group(GroupId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Members(members) => {
                let members: Vec<&str> = members.iter().map(MemberId::as_str).collect();
                write!(f, "the group of {}", members.join(", "))
            }
            Self::Group(group) => write!(f, "{group}"),
        }
    }
}

/// Why a group is looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    /// An alarm went off; the same transition may be delivered more than once.
    Alarm { name: String, transition: String },
    /// A schedule or a person asks.
    Asked,
}

/// A part of an event that asks for nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Ignored {
    /// What it is, by its name where it has one.
    pub(crate) what: String,
    /// Why nothing is done about it.
    pub(crate) why: String,
}

/// Reads an event. Anything may arrive on a topic (facts 6.3), so nothing here is an error.
pub(crate) fn parse(event: &Value) -> Request {
    if let Some(records) = event.get("Records").and_then(Value::as_array) {
        return gather(records.iter().map(notification));
    }
    if let Some(action) = event.get("action") {
        return asked(action, event.get("group"), event.get("days"));
    }
    if event.get("alarmData").is_some() {
        return gather([state_change(event.get("alarmData"), event.get("alarmArn"))]);
    }
    if text(event, "source") == Some("aws.cloudwatch") {
        let arn = event.get("resources").and_then(|it| it.get(0));
        return match text(event, "detail-type") {
            Some("CloudWatch Alarm State Change") => {
                gather([state_change(event.get("detail"), arn)])
            }
            Some(_) | None => gather([Err(ignored(
                "an event of CloudWatch",
                "it tells of no change of an alarm's state",
            ))]),
        };
    }
    gather([Err(ignored("an event", "it is neither an alarm nor an action"))])
}

fn gather(parts: impl IntoIterator<Item = Result<Look, Ignored>>) -> Request {
    let (mut looks, mut ignored) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            // The same transition twice in one event is one look.
            Ok(look) if looks.contains(&look) => {}
            Ok(look) => looks.push(look),
            Err(it) => ignored.push(it),
        }
    }
    Request::Look { looks, ignored }
}

fn asked(action: &Value, group: Option<&Value>, days: Option<&Value>) -> Request {
    let nothing = |why: String| gather([Err(Ignored { what: "an action".to_owned(), why })]);
    let group = match group {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => match GroupId::parse(id) {
            Ok(id) => Some(id),
            Err(err) => return nothing(err.to_string()),
        },
        Some(_) => return nothing("its group is not a text".to_owned()),
    };
    match (action.as_str(), group) {
        (Some("evaluate"), None) => Request::LookAround,
        (Some("evaluate"), Some(group)) => {
            gather([Ok(Look { subject: Subject::Group(group), cause: Cause::Asked })])
        }
        (Some("plan"), Some(group)) => Request::Plan(group),
        (Some("backtest"), Some(group)) => match days_of(days) {
            Some(days) => Request::Backtest { group, days },
            None => nothing(format!(
                "its days are {}, and 1 to {} are kept",
                days.map_or_else(String::new, Value::to_string),
                Load::KEPT_DAYS.1
            )),
        },
        (Some(action @ ("plan" | "backtest")), None) => nothing(format!("{action} takes a group")),
        (_, _) => nothing(format!("{action} is not an action; evaluate, plan and backtest are")),
    }
}

/// How many days a backtest goes back, where that can be: as many as are asked for, or a month.
fn days_of(days: Option<&Value>) -> Option<i64> {
    const A_MONTH: i64 = 30;
    match days {
        None | Some(Value::Null) => Some(A_MONTH),
        Some(days) => days.as_i64().filter(|it| (1..=Load::KEPT_DAYS.1).contains(it)),
    }
}

/// A notification of SNS: its message is the text of an alarm, or of anything else.
fn notification(record: &Value) -> Result<Look, Ignored> {
    let message = record.get("Sns").and_then(|it| text(it, "Message"));
    let Some(message) = message else {
        return Err(ignored("a record", "it is no notification of SNS"));
    };
    let alarm: Value = serde_json::from_str(message).unwrap_or_default();
    let Some(name) = text(&alarm, "AlarmName") else {
        return Err(ignored("a message", "it is not an alarm"));
    };
    let trigger = alarm.get("Trigger");
    let metrics = match trigger {
        // A composite alarm has a rule in place of a trigger.
        None => Vec::new(),
        Some(trigger) => match trigger.get("Metrics").and_then(Value::as_array) {
            Some(metrics) => {
                metrics.iter().filter_map(|it| it.get("MetricStat")?.get("Metric")).collect()
            }
            None => vec![trigger],
        },
    };
    let series = metrics.into_iter().map(|it| Series {
        namespace: text(it, "Namespace"),
        dimensions: listed(it.get("Dimensions")),
    });
    transition(
        name,
        text(&alarm, "NewStateValue"),
        text(&alarm, "AlarmArn"),
        text(&alarm, "StateChangeTime"),
        &series.collect::<Vec<_>>(),
    )
}

/// The state change of an alarm that calls the function directly or through EventBridge. Dimensions are a map here (facts 6.3).
fn state_change(alarm: Option<&Value>, arn: Option<&Value>) -> Result<Look, Ignored> {
    let Some((alarm, name)) = alarm.and_then(|it| Some((it, text(it, "alarmName")?))) else {
        return Err(ignored("an event of CloudWatch", "it names no alarm"));
    };
    let metrics = alarm.get("configuration").and_then(|it| it.get("metrics")?.as_array());
    let series = metrics.into_iter().flatten().filter_map(|it| {
        let metric = it.get("metricStat")?.get("metric")?;
        let dimensions = metric.get("dimensions")?.as_object()?;
        let dimensions =
            dimensions.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        Some(Series { namespace: text(metric, "namespace"), dimensions: dimensions.collect() })
    });
    let state = alarm.get("state");
    transition(
        name,
        state.and_then(|it| text(it, "value")),
        arn.and_then(Value::as_str),
        state.and_then(|it| text(it, "timestamp")),
        &series.collect::<Vec<_>>(),
    )
}

/// A metric that an alarm watches.
struct Series<'a> {
    namespace: Option<&'a str>,
    dimensions: Vec<(&'a str, &'a str)>,
}

fn transition(
    name: &str,
    state: Option<&str>,
    arn: Option<&str>,
    at: Option<&str>,
    series: &[Series<'_>],
) -> Result<Look, Ignored> {
    let not = |why: String| Ignored { what: format!("the alarm {name}"), why };
    match state {
        Some("ALARM") => {}
        Some(state) => return Err(not(format!("it is {state} now"))),
        None => return Err(not("it says no state".to_owned())),
    }
    if series.is_empty() {
        return Err(not("it names no metric; the schedule looks at every group anyway".to_owned()));
    }
    let ours: Vec<_> = series.iter().filter(|it| it.namespace == Some("AWS/ElastiCache")).collect();
    if ours.is_empty() {
        let other = series.iter().find_map(|it| it.namespace).unwrap_or("no namespace");
        return Err(not(format!("it watches {other} and not AWS/ElastiCache")));
    }
    let named = |dimension: &str| -> Vec<&str> {
        let all = ours.iter().flat_map(|it| &it.dimensions);
        all.filter(|(name, _)| *name == dimension).map(|(_, value)| *value).collect()
    };
    let members = named("CacheClusterId");
    let subject = match named("ReplicationGroupId").first() {
        _ if !members.is_empty() => {
            let members = members.into_iter().map(MemberId::parse);
            members.collect::<Result<_, _>>().map(Subject::Members)
        }
        Some(group) => GroupId::parse(group).map(Subject::Group),
        None => return Err(not("its metric names neither a member nor a group".to_owned())),
    };
    let subject = subject.map_err(|err| not(err.to_string()))?;
    let transition = format!("{} {}", arn.unwrap_or(name), at.unwrap_or_default());
    Ok(Look { subject, cause: Cause::Alarm { name: name.to_owned(), transition } })
}

fn listed(dimensions: Option<&Value>) -> Vec<(&str, &str)> {
    let list = dimensions.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|it| Some((text(it, "name")?, text(it, "value")?))).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

fn ignored(what: &str, why: &str) -> Ignored {
    Ignored { what: what.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests;
