//! Events to a topic, and logs, as the API writes them.

use std::collections::BTreeSet;

use aws_sdk_elasticache::types::{
    CloudWatchLogsDestinationDetails, DestinationDetails, DestinationType,
    KinesisFirehoseDestinationDetails, LogDeliveryConfiguration, LogDeliveryConfigurationRequest,
    LogDeliveryConfigurationStatus, LogFormat as ApiFormat, LogType, ReplicationGroup,
};
use domain::GroupId;
use domain::log::{LogDelivery, LogDestination, LogFormat, LogKind, LogStatus, LogView};
use domain::provision::{DeliveryChange, TopicChange};

use super::change::send;
use crate::{ElastiCache, Fault};

impl ElastiCache {
    /// Changes which topic is told of events, and where logs go.
    pub async fn set_delivery(&self, id: &GroupId, change: &DeliveryChange) -> Result<(), Fault> {
        let logs: Vec<_> = change.logs.iter().map(|(kind, to)| asked(*kind, to.as_ref())).collect();
        let request = self.modify(id);
        let request = match &change.topic {
            None => request,
            Some(TopicChange::To(topic)) => {
                request.notification_topic_arn(topic.as_str()).notification_topic_status("active")
            }
            Some(TopicChange::Off) => request.notification_topic_status("inactive"),
        };
        send(request.set_log_delivery_configurations(Some(logs).filter(|it| !it.is_empty()))).await
    }

    /// The log groups that other groups than this one write to. One on its way out needs none any more.
    pub async fn log_groups_but_of(&self, group: &GroupId) -> Result<BTreeSet<String>, Fault> {
        let mut pages = self.client.describe_replication_groups().into_paginator().items().send();
        let mut named = BTreeSet::new();
        while let Some(other) = pages.next().await {
            let other = other.map_err(|err| Fault::from_sdk("DescribeReplicationGroups", err))?;
            let is_itself = other.replication_group_id() == Some(group.as_str());
            if !is_itself && other.status() != Some("deleting") {
                named.extend(log_groups_of(&other));
            }
        }
        Ok(named)
    }
}

/// The log groups that a group writes to, or is about to.
fn log_groups_of(group: &ReplicationGroup) -> Vec<String> {
    let now = group.log_delivery_configurations().iter().map(|it| it.destination_details());
    let pending = match group.pending_modified_values() {
        Some(pending) => pending.log_delivery_configurations(),
        None => &[],
    };
    let to_come = pending.iter().map(|it| it.destination_details());
    let details = now.chain(to_come).flatten().filter_map(|it| it.cloud_watch_logs_details());
    details.filter_map(|it| it.log_group().map(str::to_owned)).collect()
}

/// A log as a call asks for it; one without a destination is turned off.
pub(super) fn asked(kind: LogKind, to: Option<&LogDelivery>) -> LogDeliveryConfigurationRequest {
    let log = match kind {
        LogKind::Slow => LogType::SlowLog,
        LogKind::Engine => LogType::EngineLog,
    };
    let request = LogDeliveryConfigurationRequest::builder().log_type(log).enabled(to.is_some());
    let Some(LogDelivery { to, format }) = to else { return request.build() };
    let (kind, details) = match to {
        LogDestination::Group(name) => {
            let group = CloudWatchLogsDestinationDetails::builder().log_group(name).build();
            let details = DestinationDetails::builder().cloud_watch_logs_details(group).build();
            (DestinationType::CloudWatchLogs, details)
        }
        LogDestination::Stream(name) => {
            let stream = KinesisFirehoseDestinationDetails::builder().delivery_stream(name).build();
            let details = DestinationDetails::builder().kinesis_firehose_details(stream).build();
            (DestinationType::KinesisFirehose, details)
        }
    };
    let format = match format {
        LogFormat::Json => ApiFormat::Json,
        LogFormat::Text => ApiFormat::Text,
    };
    request.destination_type(kind).destination_details(details).log_format(format).build()
}

/// A log as the group shows it; one of a kind that we do not know is not ours to judge.
pub(super) fn view(api: &LogDeliveryConfiguration) -> Option<LogView> {
    let kind = kind(api.log_type()?)?;
    let status = match api.status() {
        Some(LogDeliveryConfigurationStatus::Active) => LogStatus::Active,
        Some(LogDeliveryConfigurationStatus::Error) => {
            LogStatus::Failed(api.message().unwrap_or("it gives no reason").to_owned())
        }
        _ => LogStatus::Changing,
    };
    Some(LogView { kind, delivery: delivery(api), status })
}

/// A log that is about to go somewhere, or elsewhere.
pub(super) fn to_come(log: &LogType) -> Option<LogView> {
    Some(LogView { kind: kind(log)?, delivery: None, status: LogStatus::Changing })
}

fn kind(log: &LogType) -> Option<LogKind> {
    match log.as_str() {
        "slow-log" => Some(LogKind::Slow),
        "engine-log" => Some(LogKind::Engine),
        _ => None,
    }
}

fn delivery(api: &LogDeliveryConfiguration) -> Option<LogDelivery> {
    let details = api.destination_details()?;
    let group = details.cloud_watch_logs_details().and_then(|it| it.log_group());
    let stream = details.kinesis_firehose_details().and_then(|it| it.delivery_stream());
    let to = group.map(|it| LogDestination::Group(it.to_owned()));
    let to = to.or_else(|| stream.map(|it| LogDestination::Stream(it.to_owned())))?;
    let format = api.log_format()?.as_str().parse().ok()?;
    Some(LogDelivery { to, format })
}
