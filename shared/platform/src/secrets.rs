//! Secrets Manager, in our words. Values live in [`domain::AuthToken`] from the moment they are read.

mod lifecycle;
mod rotation;

use aws_sdk_secretsmanager::Client;

use crate::Aws;

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Secrets {
    client: Client,
}

impl Secrets {
    /// Makes the client.
    pub fn new(aws: &Aws) -> Self {
        Self { client: Client::new(aws.config()) }
    }
}
