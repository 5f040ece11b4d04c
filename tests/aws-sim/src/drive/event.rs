//! Events on their way to a function: from whom they come, what becomes of them, and what shape they have.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::State;

/// An event for a function, delivered asynchronously: at least once, and again when the function fails (facts 6.4, 7.5).
#[derive(Clone, Debug)]
pub struct Event {
    /// The function.
    pub function_arn: String,
    /// The same for every delivery of it.
    pub request_id: String,
    /// What the function is called with.
    pub payload: Value,
}

/// What becomes of an event on its way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EventMishap {
    /// It never arrives.
    Lost,
    /// It arrives, and once more a little later.
    Doubled,
    /// It arrives so much later.
    Late(SignedDuration),
}

impl EventMishap {
    /// How much later a doubled event comes again: close enough that its first delivery is mostly still at work.
    pub(crate) const BETWEEN_DOUBLES: Duration = Duration::from_secs(2);
}

/// Who hears a topic.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// The topic.
    pub topic_arn: String,
    /// The function that is called with what is published.
    pub function_arn: String,
}

/// Who hears what of EventBridge.
#[derive(Clone, Debug)]
pub struct EventRule {
    /// The source, such as `aws.cloudwatch`.
    pub source: String,
    /// The kind, such as `CloudWatch Alarm State Change`.
    pub detail_type: String,
    /// The function that is called with the whole event.
    pub function_arn: String,
}

impl EventRule {
    /// Whether an event is of this kind.
    pub fn matches(&self, event: &Value) -> bool {
        event["source"] == self.source.as_str() && event["detail-type"] == self.detail_type.as_str()
    }
}

/// What a schedule calls.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// When first.
    pub first: Timestamp,
    /// How often from then on.
    pub every: SignedDuration,
    /// The function.
    pub function_arn: String,
    /// The input, in which `<aws.scheduler.scheduled-time>` stands for the time.
    pub input: Value,
}

/// The input of a schedule for this time.
pub fn scheduled(input: &Value, at: Timestamp) -> Value {
    match input {
        Value::String(text) => {
            json!(text.replace(
                "<aws.scheduler.scheduled-time>",
                &at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
            ))
        }
        Value::Array(items) => items.iter().map(|it| scheduled(it, at)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, it)| (key.clone(), scheduled(it, at))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => input.clone(),
    }
}

/// What a function that hears a topic is called with (facts 6.3 a).
pub fn sns_notification(
    state: &mut State,
    subscription: &Subscription,
    subject: Option<&str>,
    message: &str,
) -> Value {
    let (topic, id) = (&subscription.topic_arn, state.seed.uuid());
    let subscribed = format!("{topic}:{}", state.seed.uuid());
    json!({ "Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscribed,
        "Sns": {
            "Type": "Notification",
            "MessageId": id,
            "TopicArn": topic,
            "Subject": subject,
            "Message": message,
            "Timestamp": state.now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            "SignatureVersion": "1",
            "Signature": "simulated",
            "SigningCertUrl": "https://sns.sim/certificate.pem",
            "UnsubscribeUrl": format!("https://sns.sim/?Action=Unsubscribe&SubscriptionArn={subscribed}"),
            "MessageAttributes": {},
        },
    }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_says_its_time_wherever_it_is_asked_for() {
        let input = json!({ "action": "take", "time": "<aws.scheduler.scheduled-time>", "n": [1] });
        let at: Timestamp = "2026-01-01T00:15:00Z".parse().unwrap();
        let expected = json!({ "action": "take", "time": "2026-01-01T00:15:00Z", "n": [1] });
        assert_eq!(scheduled(&input, at), expected);
    }
}
