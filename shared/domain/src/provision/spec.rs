//! A cache as a stack states it.

use crate::autoscale::Policy;
use crate::engine::{Engine, Release, Version};
use crate::group::Tls;
use crate::log::LogDelivery;
use crate::rotate::Form;
use crate::shard::Shape;
use crate::window::{MaintenanceWindow, SnapshotWindow};
use crate::{Arn, GroupId, NodeType, Tags, tag};

use super::parameters::Parameters;
use super::{Deletion, Replacement, Source};

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
    /// Whether the stack states that very id, rather than has it made of its names.
    pub id_is_stated: bool,
    /// What is said of changes that ElastiCache cannot make in place, where anything is.
    pub replacement: Option<Replacement>,
    /// The name of the secret with the token.
    pub secret_name: String,
    /// The engine.
    pub engine: Engine,
    /// The engine version.
    pub version: Version,
    /// What it is filled from when it is made.
    pub source: Option<Source>,
    /// Whether cold keys are kept on SSD.
    pub data_tiering: bool,
    /// The node type that it starts with.
    pub node_type: NodeType,
    /// How many nodes it starts with, and how they share the keys.
    pub shape: Shape,
    /// The subnets.
    pub subnets: Vec<String>,
    /// The zones that its nodes are made in, one a node, or with shards those that each of them walks round; ElastiCache chooses where none
    /// were said.
    pub zones: Vec<String>,
    /// The security groups of the cache.
    pub security_groups: Vec<String>,
    /// The VPC, where it was said.
    pub vpc: Option<String>,
    /// The kind of its addresses: `ipv4`, `ipv6` or `dual_stack`.
    pub network_type: String,
    /// Which of them its names lead to: `ipv4` or `ipv6`.
    pub ip_discovery: String,
    /// Whether data at rest is encrypted.
    pub at_rest: bool,
    /// The key that encrypts it, where it is not ElastiCache's own.
    pub kms_key: Option<Arn>,
    /// How traffic is protected.
    pub protection: Protection,
    /// Whether clients have to connect by TLS, or only may.
    pub tls: Tls,
    /// The user groups whose users may log in, in the place of a token.
    pub user_groups: Vec<String>,
    /// Whether it spreads over zones, where it has replicas.
    pub multi_az: bool,
    /// What is dropped when memory runs out.
    pub maxmemory_policy: String,
    /// The other parameters of the engine that the stack states.
    pub parameters: Parameters,
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
    /// A topic that ElastiCache tells of its events.
    pub notification_topic: Option<Arn>,
    /// Where the slow log goes.
    pub slow_log: Option<LogDelivery>,
    /// Where the engine's log goes.
    pub engine_log: Option<LogDelivery>,
    /// For how many days the log groups keep what is in them that were made for these.
    pub log_retention_days: u32,
    /// After how many days the token is rotated; 0 is never.
    pub rotation_days: u32,
    /// The schedule on which it is rotated, in place of that.
    pub rotation_schedule: Option<String>,
    /// How long the old token stays valid after a rotation.
    pub rotation_grace_minutes: u32,
    /// In which form the secret holds the token.
    pub secret_format: Form,
    /// What the autoscaler may do.
    pub autoscale: AutoscalePolicy,
    /// Which snapshots of ours are kept.
    pub snapshot_keep: crate::snapshot::Keep,
    /// How many days old the last drill that went well may be, where drills are asked for.
    pub drill_days: Option<std::num::NonZeroU32>,
    /// Whether it may be parked for the night.
    pub night_park: bool,
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
    /// Whether a group of another id may take its place, which a stack says aloud.
    pub fn may_move(&self) -> bool {
        self.replacement.is_some_and(Replacement::is_allowed)
    }

    /// What is done about a change that ElastiCache cannot make in place.
    pub fn replacement(&self) -> Replacement {
        self.replacement.unwrap_or_default()
    }

    /// Engine and version.
    pub fn release(&self) -> Release {
        Release { engine: self.engine, version: self.version }
    }

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
    /// The node types and families it may choose from, as its tag says them.
    pub node_types: Option<String>,
    /// The most that the nodes may cost for it to make them larger, in dollars a month.
    pub budget: Option<String>,
    /// What a minute of overload is worth, in dollars.
    pub minute: Option<String>,
    /// What the data is: `store`, `cache`, or `cache 5`.
    pub data: Option<String>,
}

impl AutoscalePolicy {
    /// The tags that say it.
    pub fn tags(&self) -> [(&'static str, Option<String>); 8] {
        [
            (tag::AUTOSCALE, Some(self.mode.clone())),
            (tag::AUTOSCALE_MAX_NODE_TYPE, self.max_node_type.as_ref().map(ToString::to_string)),
            (tag::AUTOSCALE_MIN_REPLICAS, self.min_replicas.map(|it| it.to_string())),
            (tag::AUTOSCALE_MAX_REPLICAS, self.max_replicas.map(|it| it.to_string())),
            (tag::AUTOSCALE_NODE_TYPES, self.node_types.clone()),
            (tag::AUTOSCALE_BUDGET, self.budget.clone()),
            (tag::AUTOSCALE_MINUTE, self.minute.clone()),
            (tag::AUTOSCALE_DATA, self.data.clone()),
        ]
    }

    /// Whether the autoscaler changes the size by itself: where it does not, the size is nobody's but the stack's.
    pub fn changes_size(&self) -> bool {
        matches!(self.mode.as_str(), "up-only" | "full")
    }

    /// The fewest and the most replicas that it leaves where the stack starts with so many, which are never too few or too many.
    pub fn replicas_beside(&self, stated: u32) -> (u32, u32) {
        let least = self.min_replicas.unwrap_or(Policy::MIN_REPLICAS);
        let most = self.max_replicas.unwrap_or(Policy::REPLICAS_MAX);
        (least.min(stated), most.max(stated))
    }
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
