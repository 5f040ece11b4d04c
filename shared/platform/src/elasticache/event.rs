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
        let mut events: Vec<Event> = of_group?
            .into_iter()
            .filter(|it| it.source == id.as_str())
            .chain(of_members?.into_iter().filter(|it| is_member(&it.source, id)))
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

/// Whether a source is a member of this group, present or former: `<id>-001`, or `<id>-0001-001` in a group with shards. By the mere
/// start of its name a member of `orders-2` would be one of `orders` too, and a stack would be told of its neighbour's failure.
fn is_member(source: &str, id: &GroupId) -> bool {
    let digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    let rest = source.strip_prefix(id.as_str()).and_then(|it| it.strip_prefix('-'));
    match rest.map(|it| it.split_once('-').ok_or(it)) {
        Some(Err(number)) => digits(number),
        Some(Ok((shard, node))) => {
            shard.len() == 4 && digits(shard) && node.len() == 3 && digits(node)
        }
        None => false,
    }
}

/// An answer to CloudFormation has room for about a thousand characters.
const TEXTS_MAX: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_a_group_that_starts_alike_are_not_told() {
        #[track_caller]
        fn check(source: &str, expected: bool) {
            let group = GroupId::parse("orders").unwrap();
            assert_eq!(is_member(source, &group), expected, "{source}");
        }
        check("orders-001", true);
        check("orders-1000", true);
        check("orders-0001-001", true);
        check("orders-2-001", false);
        check("orders-2-0001-001", false);
        check("orders-eu-001", false);
        check("orders-0001-", false);
        check("orders-", false);
        check("orders", false);
        check("orders2-001", false);
    }
}
