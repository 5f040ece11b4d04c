//! What happened: kept for `DescribeEvents`, and told to a group's topic (facts 8).

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::check::{bad_combination, bad_value};
use super::model::Event;
use super::paging::{Page, page};
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Refusal, State};

/// How long AWS keeps them.
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A group's event.
pub(super) fn of_group(state: &mut State, group: &str, message: impl Into<String>) {
    record(state, "replication-group", group, message.into());
}

/// A member's event.
pub(super) fn of_cluster(state: &mut State, cluster: &str, message: impl Into<String>) {
    record(state, "cache-cluster", cluster, message.into());
}

/// A user's event.
pub(super) fn of_user(state: &mut State, user: &str, message: impl Into<String>) {
    record(state, "user", user, message.into());
}

/// A user group's event.
pub(super) fn of_user_group(state: &mut State, group: &str, message: impl Into<String>) {
    record(state, "user-group", group, message.into());
}

fn record(state: &mut State, source_type: &'static str, source: &str, message: String) {
    let (at, source) = (state.now, source.to_owned());
    let oldest = at.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
    let events = &mut state.elasticache.events;
    let gone = events.partition_point(|it| it.at < oldest);
    // Half of them at a time, so that the rest is not moved for each.
    if events.len() < 2 * gone {
        events.drain(..gone);
    }
    events.push(Event { at, source_type, source, message });
}

/// Tells a group's topic, or that of a member which has its own: one key, whose value is the source (facts 8.2).
pub(super) fn notify(state: &mut State, group: &str, name: &str, source: &str) {
    let topic = state.elasticache.groups.get(group).and_then(|it| {
        let member = it.members.get(source);
        member.map_or(it.topic.as_ref(), |member| it.topic_of(member)).cloned()
    });
    if let Some(topic) = topic.filter(|it| it.active && state.sns.hears(&it.arn)) {
        let message = json!({ format!("ElastiCache:{name}"): source }).to_string();
        state.publish(&topic.arn, Some("ElastiCache Notification Message"), message);
    }
}

/// `DescribeEvents`.
pub(super) fn describe(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let source_type = params.text("SourceType");
    let source = params.text("SourceIdentifier").map(|it| it.to_ascii_lowercase());
    if source.is_some() && source_type.is_none() {
        return Err(bad_combination("SourceType must be provided with SourceIdentifier"));
    }
    let known = [
        "cache-cluster",
        "cache-parameter-group",
        "cache-security-group",
        "cache-subnet-group",
        "replication-group",
        "serverless-cache",
        "serverless-cache-snapshot",
        "user",
        "user-group",
    ];
    if let Some(strange) = source_type.as_deref().filter(|it| !known.contains(it)) {
        return Err(bad_value(format!("Invalid SourceType: {strange}")));
    }
    let (from, to) = span(state, params)?;
    let found = state.elasticache.events.iter().filter(|it| {
        (from..=to).contains(&it.at)
            && source_type.as_deref().is_none_or(|wanted| wanted == it.source_type)
            && source.as_deref().is_none_or(|wanted| wanted == it.source)
    });
    // A marker stays where it is while new ones come and old ones go: a time, and which event of that time.
    let mut before = (Timestamp::MIN, 0_u32);
    let numbered = found.map(|it| {
        before = if before.0 == it.at { (it.at, before.1 + 1) } else { (it.at, 0) };
        (format!("{:020}-{:06}", it.at.as_millisecond(), before.1), it)
    });
    let Page { items, marker } = page(params, 20, 100, numbered)?;
    let mut xml = Xml::new();
    xml.text("Marker", marker).list("Events", "Event", items, |xml, it| {
        xml.text("SourceIdentifier", &it.source)
            .text("SourceType", it.source_type)
            .text("Message", &it.message)
            .time("Date", it.at);
    });
    Ok(xml.done())
}

/// The time asked about: an hour back where nothing is said.
fn span(state: &State, params: &Params) -> Result<(Timestamp, Timestamp), Refusal> {
    let time = |name: &str| match params.text(name) {
        None => Ok(None),
        Some(text) => text
            .parse::<Timestamp>()
            .map(Some)
            .map_err(|_| bad_value(format!("Invalid value {text} for {name}"))),
    };
    let (start, end) = (time("StartTime")?, time("EndTime")?);
    let minutes = params.number("Duration")?;
    let oldest = state.now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
    let back = |from: Timestamp, minutes: i64| {
        from.saturating_sub(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MIN)
    };
    let to = end.unwrap_or(state.now);
    let from = match (start, minutes) {
        (Some(_), Some(_)) => {
            return Err(bad_combination("Specify StartTime or Duration, not both"));
        }
        (Some(start), None) => start,
        (None, Some(minutes)) if 0 < minutes && minutes <= 20_160 => back(to, minutes),
        (None, Some(minutes)) => {
            return Err(bad_value(format!("Invalid value {minutes} for Duration")));
        }
        (None, None) => back(to, 60),
    };
    if to < from {
        return Err(bad_combination("StartTime must be before EndTime"));
    }
    Ok((from.max(oldest), to))
}
