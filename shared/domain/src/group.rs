//! A replication group as it was seen, at one moment.

use std::fmt;

use jiff::Timestamp;

use crate::log::{LogDelivery, LogKind, LogView};
use crate::shard::{Range, Shape, ShardView};
use crate::{AuthToken, GroupId, MemberId, NodeType, Tags};

/// The state of a group. What AWS adds later is kept by its name, never taken for `available`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GroupStatus {
    /// Takes changes.
    Available,
    /// Is being made.
    Creating,
    /// Could not be made; its id stays taken until it is deleted (facts 1.3).
    CreateFailed,
    /// Is being changed.
    Modifying,
    /// Is being read into a snapshot.
    Snapshotting,
    /// Is going away.
    Deleting,
    /// A word that we do not know.
    Strange(String),
}

impl GroupStatus {
    /// Reads the word of the API (facts 1.2).
    pub fn parse(word: &str) -> Self {
        match word {
            "available" => Self::Available,
            "creating" => Self::Creating,
            "create-failed" => Self::CreateFailed,
            "modifying" => Self::Modifying,
            "snapshotting" => Self::Snapshotting,
            "deleting" => Self::Deleting,
            other => Self::Strange(other.to_owned()),
        }
    }
}

impl fmt::Display for GroupStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Available => "available",
            Self::Creating => "creating",
            Self::CreateFailed => "create-failed",
            Self::Modifying => "modifying",
            Self::Snapshotting => "snapshotting",
            Self::Deleting => "deleting",
            Self::Strange(word) => word,
        })
    }
}

/// Where a client connects.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Endpoint {
    /// The name or address, always as read, never built from an id (facts 1.5).
    pub address: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.address, self.port)
    }
}

/// What a member does at this moment. It moves at a failover (facts 1.5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// Takes writes.
    Primary,
    /// Follows the primary.
    Replica,
}

/// A switch of the API that takes its time to turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Toggle {
    /// On.
    Enabled,
    /// Off.
    Disabled,
    /// On its way to on.
    Enabling,
    /// On its way to off.
    Disabling,
}

impl Toggle {
    /// Reads the word of the API; anything unknown counts as off.
    pub fn parse(word: &str) -> Self {
        match word {
            "enabled" => Self::Enabled,
            "enabling" => Self::Enabling,
            "disabling" => Self::Disabling,
            _ => Self::Disabled,
        }
    }
}

/// Whether clients connect by TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tls {
    /// None does.
    Off,
    /// They may: on and off lead over this.
    Preferred,
    /// All do.
    Required,
}

impl Tls {
    /// Reads the two fields of the API. Groups from before there were modes tell none.
    pub fn parse(enabled: bool, mode: Option<&str>) -> Self {
        match (enabled, mode) {
            (false, _) => Self::Off,
            (true, Some("preferred")) => Self::Preferred,
            (true, _) => Self::Required,
        }
    }

    /// The mode, as the API writes it.
    pub fn mode(self) -> Option<&'static str> {
        match self {
            Self::Off => None,
            Self::Preferred => Some("preferred"),
            Self::Required => Some("required"),
        }
    }
}

/// A group, joined with its members: neither of the two API objects tells all (facts 1.4).
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of the API object, and is read by its name"
)]
pub struct GroupView {
    /// The id.
    pub id: GroupId,
    /// The ARN, by which it is tagged.
    pub arn: String,
    /// The state.
    pub status: GroupStatus,
    /// The engine of the group; each member has its own.
    pub engine: Option<String>,
    /// The node type of the group; each member has its own, which may lag.
    pub node_type: Option<NodeType>,
    /// The text that describes it.
    pub description: String,
    /// Whether keys are spread over shards.
    pub cluster_enabled: bool,
    /// Automatic failover.
    pub automatic_failover: Toggle,
    /// Multi-AZ.
    pub multi_az: Toggle,
    /// Whether traffic is encrypted.
    pub transit_encryption: bool,
    /// The same, with what lies between.
    pub tls: Tls,
    /// Whether data at rest is encrypted.
    pub at_rest_encryption: bool,
    /// Whether cold keys are kept on SSD.
    pub data_tiering: bool,
    /// The kind of its addresses: `ipv4`, `ipv6` or `dual_stack`.
    pub network_type: String,
    /// Which of them its names lead to: `ipv4` or `ipv6`.
    pub ip_discovery: String,
    /// The key that encrypts it, where it is not ElastiCache's own.
    pub kms_key: Option<String>,
    /// The logs that are delivered, or should be.
    pub logs: Vec<LogView>,
    /// Whether an AUTH token is asked for.
    pub auth_token_enabled: bool,
    /// The groups of users that may log in, where access is by user instead of by token.
    pub user_groups: Vec<String>,
    /// Whether an AUTH token change is under way (`ROTATING` or `SETTING`, facts 2.2).
    pub token_change: Option<String>,
    /// When the AUTH token was last changed.
    pub token_changed_at: Option<Timestamp>,
    /// How many days automatic snapshots are kept; 0 is off.
    pub snapshot_retention_days: u32,
    /// When automatic snapshots are taken, UTC.
    pub snapshot_window: String,
    /// Whether minor versions are installed in the maintenance window.
    pub auto_minor_version_upgrade: Option<bool>,
    /// Where writers connect. Absent while creating.
    pub primary_endpoint: Option<Endpoint>,
    /// Where readers connect. May be absent on a single node.
    pub reader_endpoint: Option<Endpoint>,
    /// Where clients learn of all shards, in cluster mode, which has neither of the two.
    pub configuration_endpoint: Option<Endpoint>,
    /// The member ids that the group lists.
    pub member_ids: Vec<MemberId>,
    /// The members that could be described.
    pub members: Vec<MemberView>,
    /// The shards, in cluster mode; none where one primary has all keys.
    pub shards: Vec<ShardView>,
    /// The states of the node groups, and of slots between them; a change may show only there (facts 1.7).
    pub node_groups_settled: bool,
    /// The Global Datastore that it is a member of.
    pub global_datastore: Option<String>,
    /// The tags, where the group was in a state to tell them (facts 1.2).
    pub tags: Option<Tags>,
}

impl GroupView {
    /// Where clients connect that read and write.
    pub fn clients_endpoint(&self) -> Option<&Endpoint> {
        self.configuration_endpoint.as_ref().or(self.primary_endpoint.as_ref())
    }

    /// Whether the group and every member take changes: `available` on the group alone is not enough (facts 1.7).
    pub fn is_settled(&self) -> bool {
        self.status == GroupStatus::Available
            && self.node_groups_settled
            && self.token_change.is_none()
            && self.members.len() == self.member_ids.len()
            && self.members.iter().all(MemberView::is_settled)
            && !matches!(self.automatic_failover, Toggle::Enabling | Toggle::Disabling)
    }

    /// The replicas by their present role.
    pub fn replicas(&self) -> impl Iterator<Item = &MemberView> {
        self.members.iter().filter(|it| it.role == Some(Role::Replica))
    }

    /// The primary by its present role; the only member where there is one.
    pub fn primary(&self) -> Option<&MemberView> {
        match self.members.as_slice() {
            [only] => Some(only),
            members => members.iter().find(|it| it.role == Some(Role::Primary)),
        }
    }
}

/// A member cache cluster: one node.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberView {
    /// The id, such as `orders-002`. Numbers have gaps (facts 1.5).
    pub id: MemberId,
    /// The state, as the API says it.
    pub status: String,
    /// The node type it has now.
    pub node_type: Option<NodeType>,
    /// The node type it waits for, where a change is deferred (facts 1.4).
    pub pending_node_type: Option<NodeType>,
    /// The engine version it waits for, where an upgrade is deferred (facts 1.4).
    pub pending_engine_version: Option<String>,
    /// The engine, `redis` or `valkey`.
    pub engine: String,
    /// The engine version.
    pub engine_version: String,
    /// The parameter group.
    pub parameter_group: Option<String>,
    /// Whether it has taken the parameters: `in-sync`, `applying` or `pending-reboot`.
    pub parameter_status: String,
    /// The subnet group.
    pub subnet_group: Option<String>,
    /// The security groups.
    pub security_groups: Vec<String>,
    /// When AWS may maintain it, UTC.
    pub maintenance_window: String,
    /// Where AWS sends notifications, while it does.
    pub notification_topic: Option<String>,
    /// Whether its clients connect by TLS, where it tells the mode.
    pub tls: Option<Tls>,
    /// Its present role.
    pub role: Option<Role>,
    /// Its own endpoint.
    pub endpoint: Option<Endpoint>,
    /// The zone it runs in.
    pub zone: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

impl MemberView {
    /// Whether it takes changes and waits for none.
    pub fn is_settled(&self) -> bool {
        self.status == "available"
    }
}

/// Everything that a new group is made with. Nothing is left to what a snapshot may hold (facts 5.7).
#[derive(Clone, Debug, PartialEq)]
pub struct NewGroup {
    /// The id.
    pub id: GroupId,
    /// The text that describes it.
    pub description: String,
    /// The engine, `redis` or `valkey`.
    pub engine: String,
    /// The engine version.
    pub engine_version: String,
    /// The node type.
    pub node_type: NodeType,
    /// How many nodes, and how they share the keys.
    pub shape: Shape,
    /// The slots of each shard; ElastiCache spreads them where there are none.
    pub slots: Vec<Range>,
    /// The port.
    pub port: u16,
    /// The parameter group.
    pub parameter_group: Option<String>,
    /// The subnet group.
    pub subnet_group: Option<String>,
    /// The security groups.
    pub security_groups: Vec<String>,
    /// Whether it fails over and spreads over zones, or only fails over, or neither.
    pub resilience: Resilience,
    /// What protects it.
    pub encryption: Encryption,
    /// How many days automatic snapshots are kept; 0 is off.
    pub snapshot_retention_days: u32,
    /// When automatic snapshots are taken, UTC.
    pub snapshot_window: Option<String>,
    /// When AWS may maintain it, UTC.
    pub maintenance_window: Option<String>,
    /// Whether minor versions are installed in the maintenance window, where the version takes it.
    pub auto_minor_version_upgrade: Option<bool>,
    /// Where AWS sends notifications.
    pub notification_topic: Option<String>,
    /// The zones of the nodes, one each, or with shards those that each of them walks round; ElastiCache chooses where there are none.
    pub zones: Vec<String>,
    /// Whether cold keys are kept on SSD.
    pub data_tiering: bool,
    /// The kind of its addresses: `ipv4`, `ipv6` or `dual_stack`.
    pub network_type: String,
    /// Which of them its names lead to: `ipv4` or `ipv6`.
    pub ip_discovery: String,
    /// The key that encrypts it, where it is not ElastiCache's own.
    pub kms_key: Option<String>,
    /// The logs that are delivered.
    pub logs: Vec<(LogKind, LogDelivery)>,
    /// The snapshot that it starts from, which may be an automatic one.
    pub snapshot: Option<String>,
    /// The RDB files that it starts from, by the ARNs of their objects.
    pub files: Vec<String>,
    /// The tags.
    pub tags: Tags,
}

/// What happens to a group when a node or a zone fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Resilience {
    /// Nothing takes over.
    None,
    /// A replica takes over.
    Failover,
    /// A replica in another zone takes over.
    MultiAz,
}

/// What protects the data of a group. A token needs TLS (facts 2.1), so it cannot stand without it.
#[derive(Clone, Debug, PartialEq)]
pub struct Encryption {
    /// Whether data at rest is encrypted. Cannot be changed later (facts 1.5).
    pub at_rest: bool,
    /// How traffic is protected.
    pub transit: Transit,
}

/// How traffic is protected.
#[derive(Clone, Debug, PartialEq)]
pub enum Transit {
    /// Not at all.
    Plain,
    /// By TLS, for those clients that speak it.
    TlsPreferred,
    /// By TLS.
    Tls,
    /// By TLS, and clients log in as a user of these user groups.
    TlsWithUsers(Vec<String>),
    /// By TLS, and clients log in with this token.
    TlsWithToken(AuthToken),
}
