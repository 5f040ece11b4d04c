//! What `provision` decides: from a CloudFormation request to one step at a time.
//!
//! In reading order: [`mod@parse`] turns properties into a [`Backend`], [`change`] says what an update may touch, [`mod@plan`] goes from a
//! group as it is to the group as wanted, [`farewell`] goes from there to nothing, [`outputs`] tells the stack what it has.

pub mod change;
mod deletion;
pub mod diff;
pub mod farewell;
mod labels;
pub mod name;
pub mod outputs;
pub mod parse;
pub mod plan;
mod property;
pub mod reference;
pub mod rules;
mod step;

pub use self::deletion::{Deletion, DeletionPolicy};
pub use self::parse::{Parsed, parse};
pub use self::plan::{Ownership, alarm_upkeep, alarms, ownership, plan};
pub use self::step::{Difference, Mark, Refusal, Removal, Settings, Step};

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::alarm::AlarmView;
use crate::engine::Version;
use crate::group::{Resilience, Transit};
use crate::snapshot::SnapshotView;
use crate::window::{MaintenanceWindow, SnapshotWindow};
use crate::{Arn, GroupId, GroupView, NodeType, Owner, Tags};

/// Where the keys live.
#[derive(Clone, Debug, PartialEq)]
pub enum Backend {
    /// In a replication group, which this function makes and keeps.
    ElastiCache(Box<GroupSpec>),
    /// At Upstash, in a database that somebody made there.
    Upstash(UpstashSpec),
}

/// A cache as the stack states it.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of the resource, and is read by its name"
)]
pub struct GroupSpec {
    /// The id of the replication group.
    pub id: GroupId,
    /// The name of the secret with the token.
    pub secret_name: String,
    /// The engine version.
    pub version: Version,
    /// The node type that it starts with.
    pub node_type: NodeType,
    /// How many nodes it starts with, the primary with them.
    pub nodes: u32,
    /// The subnets.
    pub subnets: Vec<String>,
    /// The security groups of the cache.
    pub security_groups: Vec<String>,
    /// The VPC, where it was said.
    pub vpc: Option<String>,
    /// Whether data at rest is encrypted.
    pub at_rest: bool,
    /// How traffic is protected.
    pub protection: Protection,
    /// Whether it spreads over zones, where it has replicas.
    pub multi_az: bool,
    /// What is dropped when memory runs out.
    pub maxmemory_policy: String,
    /// How many days automatic snapshots are kept; 0 is off.
    pub snapshot_retention_days: u32,
    /// When automatic snapshots are taken; AWS chooses where it was not said.
    pub snapshot_window: Option<SnapshotWindow>,
    /// When AWS may maintain the nodes; AWS chooses where it was not said.
    pub maintenance_window: Option<MaintenanceWindow>,
    /// Whether minor versions are installed in the maintenance window.
    pub auto_minor_version_upgrade: bool,
    /// Whether members have alarms.
    pub alarms: bool,
    /// A topic of the user's that alarms tell beside our own.
    pub alarm_topic: Option<Arn>,
    /// After how many days the token is rotated; 0 is never.
    pub rotation_days: u32,
    /// How long the old token stays valid after a rotation.
    pub rotation_grace_minutes: u32,
    /// What the autoscaler may do.
    pub autoscale: AutoscalePolicy,
    /// How many manual snapshots are kept.
    pub snapshot_keep: u32,
    /// What becomes of it when the resource is deleted.
    pub deletion: Deletion,
    /// The tags that the stack gives it.
    pub tags: Tags,
}

/// How traffic is protected, before there is a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protection {
    /// Not at all.
    Plain,
    /// By TLS.
    Tls,
    /// By TLS, and clients log in with a token.
    TlsWithToken,
}

impl GroupSpec {
    /// Whether minor versions are installed by AWS, as far as a group of this version can be told so.
    pub fn upgrades_itself(&self, version: Version) -> Option<bool> {
        version.may_upgrade_itself().then_some(self.auto_minor_version_upgrade)
    }
}

impl Protection {
    /// Whether traffic is encrypted.
    pub fn has_tls(self) -> bool {
        self != Self::Plain
    }

    /// Whether clients log in.
    pub fn has_token(self) -> bool {
        self == Self::TlsWithToken
    }
}

/// What the autoscaler may do: it becomes tags on the group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AutoscalePolicy {
    /// `off`, `recommend`, `up-only` or `full`.
    pub mode: String,
    /// The largest type it may choose.
    pub max_node_type: Option<NodeType>,
    /// The fewest replicas it may leave.
    pub min_replicas: Option<u32>,
    /// The most replicas it may make.
    pub max_replicas: Option<u32>,
}

/// A database at Upstash, as the stack states it. Its token is in the secret and nowhere else.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpstashSpec {
    /// The REST endpoint.
    pub url: String,
    /// The secret that holds endpoint and token.
    pub secret: Option<Arn>,
    /// The physical id of the resource.
    pub physical_id: String,
}

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
    /// The function that rotates the token.
    pub rotate_function: Arn,
    /// The topic that the autoscaler listens on.
    pub autoscale_topic: Arn,
}

/// What is left as it is found.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Keep {
    /// The node type.
    pub node_type: bool,
    /// The number of nodes.
    pub nodes: bool,
    /// The engine version, where AWS went ahead of the stack.
    pub version: bool,
}

impl Keep {
    /// Nothing of what may be kept is changed.
    pub const ALL: Self = Self { node_type: true, nodes: true, version: true };
}

impl Wanted {
    /// Every topic that an alarm tells.
    pub fn alarm_topics(&self) -> Vec<Arn> {
        let mut topics = vec![self.autoscale_topic.clone()];
        topics.extend(self.spec.alarm_topic.clone().filter(|it| *it != self.autoscale_topic));
        topics
    }

    /// The encryption of a new group, once its token is known.
    pub fn transit(&self, token: Option<crate::AuthToken>) -> Transit {
        match (self.spec.protection, token) {
            (Protection::Plain, _) => Transit::Plain,
            (Protection::TlsWithToken, Some(token)) => Transit::TlsWithToken(token),
            (Protection::Tls, _) | (Protection::TlsWithToken, None) => Transit::Tls,
        }
    }

    /// What protects a group of so many nodes against the loss of one.
    pub fn resilience(&self, nodes: u32) -> Resilience {
        match (nodes, self.spec.multi_az) {
            (0 | 1, _) => Resilience::None,
            (_, true) => Resilience::MultiAz,
            (_, false) => Resilience::Failover,
        }
    }
}

/// What was seen, at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The group, with its tags where its state lets them be read.
    pub group: Option<GroupView>,
    /// What stands around the group; not looked at while the group is busy, since nothing can be done then.
    pub around: Option<Around>,
    /// The last snapshot before a deletion, by its name; looked at only where it decides.
    pub last: Option<SnapshotView>,
    /// What the service's events say, newest last; asked for only where something looks failed.
    pub events: Vec<String>,
    /// When the last other execution for this group ended; a call of its may still be under way.
    pub others_ended: Option<Timestamp>,
}

impl Seen {
    /// Whether a run that was stopped may still act: its execution has ended, but its sandbox lives until its own time is over, and may
    /// be between a look and the step that follows. The function's time-out in the template is two minutes.
    pub fn others_may_act(&self, now: Timestamp) -> bool {
        const SANDBOX_OVER: SignedDuration = SignedDuration::from_secs(130);
        let over = self.others_ended.and_then(|it| it.saturating_add(SANDBOX_OVER).ok());
        over.is_some_and(|it| now < it)
    }
}

/// What stands around a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Around {
    /// The subnet group of the group's name.
    pub subnet_group: Option<SubnetGroupView>,
    /// The parameter groups of the group's name, one a family.
    pub parameter_groups: Vec<ParameterGroupView>,
    /// The secret of the stated name.
    pub secret: Option<SecretView>,
    /// The alarms of present and former members.
    pub alarms: Vec<AlarmView>,
    /// The names of those among them that do not carry our tag.
    pub foreign_alarms: BTreeSet<String>,
}

/// A subnet group as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubnetGroupView {
    /// The name.
    pub name: String,
    /// The ARN, by which it is tagged.
    pub arn: String,
    /// Its subnets.
    pub subnets: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A parameter group as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParameterGroupView {
    /// The name.
    pub name: String,
    /// The family, such as `redis7`.
    pub family: String,
    /// What is dropped when memory runs out, where it was ever set.
    pub maxmemory_policy: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A secret as it was seen; its value is not part of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretView {
    /// The ARN.
    pub arn: String,
    /// Its tags.
    pub tags: Tags,
    /// Whether it is in its recovery window, on its way out.
    pub deleted: bool,
    /// The function that rotates it and after how many days, where rotation is on.
    pub rotation: Option<Rotation>,
}

/// The rotation of a secret.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rotation {
    /// The ARN of the function.
    pub function: String,
    /// After how many days.
    pub days: u32,
}
