//! SNS, as far as the functions publish to it.

use crate::wire::xml::Xml;
use crate::wire::{Call, query};
use crate::{Refusal, Response, State};

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// Its state.
#[derive(Debug, Default)]
pub struct Service {
    /// What the functions published, in order. What alarms publish are effects.
    pub published: Vec<Message>,
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
    if message.message.is_empty() {
        return query::refuse(
            &Refusal::new(400, "InvalidParameter", "Invalid parameter: Empty message"),
            &id,
        );
    }
    state.sns.published.push(message);
    let mut xml = Xml::new();
    xml.text("MessageId", &id);
    query::answer(NAMESPACE, "Publish", &xml.done(), &id)
}
