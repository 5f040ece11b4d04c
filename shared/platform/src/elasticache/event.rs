//! The service's own events: for people to read, never for a decision (facts 8.3).

use aws_sdk_elasticache::types::SourceType;
use domain::GroupId;

use crate::{ElastiCache, Fault};

impl ElastiCache {
    /// What the events of the last two hours say of a group and of its members, oldest first, the last few of them.
    ///
    /// A group that could not be made carries no reason itself (facts 1.3).
    pub async fn event_texts(&self, id: &GroupId) -> Result<Vec<String>, Fault> {
        let of_group = self.events(SourceType::ReplicationGroup);
        let of_members = self.events(SourceType::CacheCluster);
        let (of_group, of_members) = tokio::join!(of_group, of_members);
        let member_prefix = format!("{id}-");
        let mut events: Vec<Event> = of_group?
            .into_iter()
            .filter(|it| it.source == id.as_str())
            .chain(of_members?.into_iter().filter(|it| it.source.starts_with(&member_prefix)))
            .collect();
        events.sort_by_key(|it| it.at);
        let first = events.len().saturating_sub(TEXTS_MAX);
        Ok(events.into_iter().skip(first).map(|it| format!("{}: {}", it.source, it.text)).collect())
    }

    async fn events(&self, source: SourceType) -> Result<Vec<Event>, Fault> {
        let mut pages = self
            .client
            .describe_events()
            .source_type(source)
            .duration(120)
            .into_paginator()
            .items()
            .send();
        let mut events = Vec::new();
        while let Some(event) = pages.next().await {
            let event = event.map_err(|err| Fault::from_sdk("DescribeEvents", err))?;
            events.push(Event {
                at: event.date().map_or(0, aws_smithy_types::DateTime::secs),
                source: event.source_identifier().unwrap_or_default().to_ascii_lowercase(),
                text: event.message().unwrap_or_default().to_owned(),
            });
        }
        Ok(events)
    }
}

struct Event {
    at: i64,
    source: String,
    text: String,
}

/// An answer to CloudFormation has room for about a thousand characters.
const TEXTS_MAX: usize = 5;
