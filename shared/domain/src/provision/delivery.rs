//! What ElastiCache tells by itself: events to a topic, and the logs of the engine. Both are taken by a call and may turn out not to
//! work later, so they are asked for once and looked for afterwards.

use std::fmt;

use super::{GroupSpec, Wanted};
use crate::log::{LogDelivery, LogKind, LogStatus, LogView};
use crate::{Arn, GroupView};

/// What one `ModifyReplicationGroup` changes of it; what is absent stays.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeliveryChange {
    /// The topic.
    pub topic: Option<TopicChange>,
    /// The logs; those without a destination are turned off.
    pub logs: Vec<(LogKind, Option<LogDelivery>)>,
}

/// What becomes of the topic.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TopicChange {
    /// This one is told.
    To(Arn),
    /// None is told any more.
    Off,
}

impl GroupSpec {
    /// Where a log goes.
    pub fn log(&self, kind: LogKind) -> Option<&LogDelivery> {
        match kind {
            LogKind::Slow => self.slow_log.as_ref(),
            LogKind::Engine => self.engine_log.as_ref(),
        }
    }

    /// The logs that are delivered.
    pub fn logs(&self) -> Vec<(LogKind, LogDelivery)> {
        let all = LogKind::ALL.into_iter();
        all.filter_map(|kind| Some((kind, self.log(kind)?.clone()))).collect()
    }
}

/// What is stated, in one line: the topic and the logs.
pub(super) fn stated(spec: &GroupSpec) -> String {
    let topic = spec.notification_topic.as_ref().map_or("no topic".to_owned(), Arn::to_string);
    let logs = spec.logs().into_iter().map(|(kind, to)| format!(", {} {to}", kind.property()));
    format!("{topic}{}", logs.collect::<String>())
}

/// Whether a log is on its way.
pub(super) fn is_changing(group: &GroupView) -> bool {
    group.logs.iter().any(|it| it.status == LogStatus::Changing)
}

/// What differs from the stack, or nothing.
pub(super) fn change(wanted: &Wanted, group: &GroupView) -> Option<DeliveryChange> {
    let spec = &wanted.spec;
    let sought = spec.notification_topic.as_ref().map(Arn::as_str);
    let is_told = group.members.iter().all(|it| it.notification_topic.as_deref() == sought);
    let topic = (!is_told).then(|| match &spec.notification_topic {
        Some(topic) => TopicChange::To(topic.clone()),
        None => TopicChange::Off,
    });
    let logs = LogKind::ALL.into_iter().filter(|kind| !is_as_stated(spec, group, *kind));
    let logs = logs.map(|kind| (kind, spec.log(kind).cloned())).collect();
    let change = DeliveryChange { topic, logs };
    (change != DeliveryChange::default()).then_some(change)
}

fn is_as_stated(spec: &GroupSpec, group: &GroupView, kind: LogKind) -> bool {
    match (spec.log(kind), seen(group, kind)) {
        (None, None) => true,
        (Some(sought), Some(seen)) => {
            seen.delivery.as_ref() == Some(sought) && seen.status == LogStatus::Active
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn seen(group: &GroupView, kind: LogKind) -> Option<&LogView> {
    group.logs.iter().find(|it| it.kind == kind)
}

/// Why what was asked for is not there, member by member and log by log, with ElastiCache's own reasons.
pub(super) fn missing(change: &DeliveryChange, wanted: &Wanted, group: &GroupView) -> Vec<String> {
    let mut missing = Vec::new();
    if let Some(topic) = &change.topic {
        let sought = wanted.spec.notification_topic.as_ref().map(Arn::as_str);
        let lacking = group.members.iter().filter(|it| it.notification_topic.as_deref() != sought);
        let lacking: Vec<_> = lacking.map(|it| it.id.to_string()).collect();
        missing.push(format!("{topic} of {}", lacking.join(" and ")));
    }
    for (kind, to) in &change.logs {
        let name = kind.property();
        missing.push(match (to, seen(group, *kind).map(|it| &it.status)) {
            (Some(to), Some(LogStatus::Failed(why))) => format!("{name} to {to} failed: {why}"),
            (Some(to), Some(LogStatus::Active | LogStatus::Changing) | None) => {
                format!("{name} does not go to {to}")
            }
            (None, _) => format!("{name} is not off"),
        });
    }
    missing
}

impl fmt::Display for TopicChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::To(topic) => write!(
                f,
                "NotificationTopicArn {topic} is not active, as an encrypted topic never is, for the events"
            ),
            Self::Off => f.write_str("a topic that nobody states is told of the events"),
        }
    }
}
