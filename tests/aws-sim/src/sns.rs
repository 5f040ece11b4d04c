//! SNS, as far as the functions publish to it.

use std::collections::BTreeSet;

use crate::wire::xml::Xml;
use crate::wire::{Call, query};
use crate::{Refusal, Response, State};

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// Its state.
#[derive(Debug, Default)]
pub struct Service {
    /// What the functions published, in order. What alarms publish are effects.
    pub published: Vec<Message>,
    /// Topics that are encrypted. ElastiCache takes one, and tells it nothing (facts 8.2).
    pub encrypted: BTreeSet<String>,
    /// Topics whose policy asks for `aws:SourceAccount`, so that nothing that ElastiCache tells arrives, and nobody says so.
    pub guarded: BTreeSet<String>,
}

impl Service {
    /// Whether what ElastiCache tells a topic arrives.
    pub(crate) fn hears(&self, topic: &str) -> bool {
        !self.encrypted.contains(topic) && !self.guarded.contains(topic)
    }
}

/// A message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// The topic.
    pub topic_arn: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub message: String,
}

/// What SNS takes. A subject is a header of a mail: a line of less than 100 plain characters.
fn check(message: &Message) -> Result<(), Refusal> {
    let Message { topic_arn, subject, message } = message;
    let is_plain = subject.len() < 100
        && !subject.starts_with(' ')
        && subject.bytes().all(|it| (0x20..0x7f).contains(&it));
    let wrong = if topic_arn.split(':').count() != 6 || !topic_arn.starts_with("arn:aws:sns:") {
        "TopicArn"
    } else if !is_plain {
        "Subject"
    } else if message.is_empty() {
        "Empty message"
    } else if MESSAGE_LEN_MAX < message.len() {
        "Message too long"
    } else {
        return Ok(());
    };
    Err(Refusal::new(400, "InvalidParameter", format!("Invalid parameter: {wrong}")))
}

/// In bytes.
const MESSAGE_LEN_MAX: usize = 256 * 1024;

/// One call.
pub(crate) fn call(state: &mut State, asked: &Call<'_>) -> Response {
    let id = state.seed.uuid();
    let operation = asked.operation.as_str();
    if operation != "Publish" {
        return query::refuse(&Refusal::new(400, "InvalidAction", operation), &id);
    }
    let text = |name: &str| asked.form.text(name).unwrap_or_default();
    let message =
        Message { topic_arn: text("TopicArn"), subject: text("Subject"), message: text("Message") };
    if let Err(refusal) = check(&message) {
        return query::refuse(&refusal, &id);
    }
    state.sns.published.push(message);
    let mut xml = Xml::new();
    xml.text("MessageId", &id);
    query::answer(NAMESPACE, "Publish", &xml.done(), &id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:told";

    #[track_caller]
    fn refused(topic_arn: &str, subject: &str, message: &str, wrong: &str) {
        let [topic_arn, subject, message] = [topic_arn, subject, message].map(str::to_owned);
        let refusal = check(&Message { topic_arn, subject, message }).unwrap_err();
        assert_eq!(refusal.code, "InvalidParameter");
        assert!(refusal.message.ends_with(wrong), "{}", refusal.message);
    }

    #[test]
    fn a_subject_is_a_short_plain_line() {
        let longest = "x".repeat(99);
        for subject in ["", "orders: cache.t4g.small", &longest] {
            let (topic_arn, subject) = (TOPIC.to_owned(), subject.to_owned());
            check(&Message { topic_arn, subject, message: "x".to_owned() }).unwrap();
        }
        for subject in ["two\nlines", "größer", " x", &"x".repeat(100)] {
            refused(TOPIC, subject, "x", "Subject");
        }
        refused("", "", "x", "TopicArn");
        refused("told", "", "x", "TopicArn");
        refused(TOPIC, "", "", "Empty message");
        refused(TOPIC, "", &"x".repeat(MESSAGE_LEN_MAX + 1), "Message too long");
    }
}
