//! What a request wants to be true.

use jiff::Timestamp;

use super::{GroupSpec, Protection, Replaced, Source};
use crate::group::{Resilience, Tls, Transit};
use crate::shard::Shape;
use crate::{Arn, Owner};

/// What a request wants to be true.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The cache.
    pub spec: GroupSpec,
    /// Whose it is.
    pub owner: Owner,
    /// When the request was made.
    pub since: Timestamp,
    /// Whether the request makes the cache, rather than changing it.
    pub creating: bool,
    /// What is left as it is found: the autoscaler owns it, and the stack did not change it.
    pub keep: Keep,
    /// What the stack stated before, in an update.
    pub before: Option<Box<GroupSpec>>,
    /// The group whose place it takes, which is read only.
    pub replaces: Option<Replaced>,
    /// The snapshot that it was parked with for the night, where it is to be made again of that.
    pub parked: Option<String>,
    /// The function that rotates the token.
    pub rotate_function: Arn,
    /// The topic that the autoscaler listens on.
    pub autoscale_topic: Arn,
}

/// What is left as it is found.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that the stack may have left unchanged, and is read by its name"
)]
pub struct Keep {
    /// The node type.
    pub node_type: bool,
    /// The number of nodes; with shards, of the replicas of each.
    pub nodes: bool,
    /// The number of shards.
    pub shards: bool,
    /// Engine and version, where AWS went ahead of the stack.
    pub version: bool,
}

impl Keep {
    /// Nothing of what may be kept is changed.
    pub const ALL: Self = Self { node_type: true, nodes: true, shards: true, version: true };
}

impl Wanted {
    /// Every topic that an alarm tells.
    pub fn alarm_topics(&self) -> Vec<Arn> {
        let mut topics = vec![self.autoscale_topic.clone()];
        topics.extend(self.spec.alarm_topic.clone().filter(|it| *it != self.autoscale_topic));
        topics
    }

    /// What a new group is filled from: the keys of the one whose place it takes, its own of before the night, or what the stack states.
    pub fn source(&self) -> Option<Source> {
        let carried = self.replaces.as_ref().and_then(Replaced::source);
        let parked = self.parked.clone().map(Source::Snapshot);
        carried.or(parked).or_else(|| self.spec.source.clone())
    }

    /// Whether it takes the place of a group with the keys of that.
    pub fn carries_keys(&self) -> bool {
        self.replaces.as_ref().is_some_and(|it| it.with_data)
    }

    /// The encryption of a new group, once its token is known.
    pub fn transit(&self, token: Option<crate::AuthToken>) -> Transit {
        let users = &self.spec.user_groups;
        match (self.spec.protection, token) {
            (Protection::Plain, _) => Transit::Plain,
            (Protection::Tls, _) if !users.is_empty() => Transit::TlsWithUsers(users.clone()),
            (Protection::Tls, _) if self.spec.tls == Tls::Preferred => Transit::TlsPreferred,
            (Protection::TlsWithToken, Some(token)) => Transit::TlsWithToken(token),
            (Protection::Tls, _) | (Protection::TlsWithToken, None) => Transit::Tls,
        }
    }

    /// What protects a group of this shape against the loss of a node. With shards, failover is never off (facts 1.5).
    pub fn resilience(&self, shape: Shape) -> Resilience {
        match (shape, shape.replicas(), self.spec.multi_az) {
            (Shape::Single { .. }, 0, _) => Resilience::None,
            (_, 1.., true) => Resilience::MultiAz,
            (Shape::Single { .. }, 1.., false) | (Shape::Sharded { .. }, _, _) => {
                Resilience::Failover
            }
        }
    }
}
