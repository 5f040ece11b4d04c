//! ElastiCache, in our words. Each file below is one kind of thing it keeps.

mod access;
mod change;
mod create;
mod delete;
mod delivery;
mod event;
mod group;
mod network;
mod parameters;
mod scale;
mod snapshot;
mod token;
mod user;

use aws_sdk_elasticache::Client;

pub(crate) use self::network::{done_if_gone, look_again_if_taken};
use crate::Aws;

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ElastiCache {
    client: Client,
}

impl ElastiCache {
    /// Makes the client.
    pub fn new(aws: &Aws) -> Self {
        Self { client: Client::new(aws.config()) }
    }
}
