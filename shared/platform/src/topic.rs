//! SNS: telling people.

use aws_sdk_sns::Client;
use domain::Arn;

use crate::{Aws, Fault};

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Topics {
    client: Client,
}

impl Topics {
    /// Makes the client.
    pub fn new(aws: &Aws) -> Self {
        Self { client: Client::new(aws.config()) }
    }

    /// Publishes a message. The subject is cut to what SNS takes: less than 100 ASCII characters on one line.
    pub async fn tell(&self, topic: &Arn, subject: &str, message: &str) -> Result<(), Fault> {
        let subject: String =
            subject.chars().filter(|it| it.is_ascii() && !it.is_ascii_control()).take(99).collect();
        self.client
            .publish()
            .topic_arn(topic.as_str())
            .subject(subject)
            .message(message)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("Publish", err))?;
        Ok(())
    }
}
