//! Replication groups and their members, as the model keeps them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::attach::UserGroupsChange;
use super::engine::Version;
use super::logs::{Logs, LogsChange};
use super::network::Network;
use super::own::Own;
use super::shards::Shards;
use super::token::TokenChange;
use super::transit::{Former, Transit};
use super::upgrade::Upgrade;
use crate::{Access, Endpoint, NodeKey};

/// A group's or a member's state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// Being made.
    Creating,
    /// Nothing is under way.
    Available,
    /// Being changed.
    Modifying,
    /// Being taken down.
    Deleting,
    /// Could not be made. Groups only.
    CreateFailed,
    /// A snapshot is being taken.
    Snapshotting,
    /// Could not be made from a snapshot. Members only.
    RestoreFailed,
    /// Starting anew. Members only.
    Rebooting,
}

impl Status {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Modifying => "modifying",
            Self::Deleting => "deleting",
            Self::CreateFailed => "create-failed",
            Self::Snapshotting => "snapshotting",
            Self::RestoreFailed => "restore-failed",
            Self::Rebooting => "rebooting cluster nodes",
        }
    }
}

/// What a new group is filled from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A snapshot, by its name.
    Snapshot(String),
    /// Files in buckets, and why one of them cannot be read.
    Files(Option<String>),
}

/// A switch of the group that takes a while.
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
    /// On or off.
    pub fn of(on: bool) -> Self {
        if on { Self::Enabled } else { Self::Disabled }
    }

    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Enabling => "enabling",
            Self::Disabling => "disabling",
        }
    }

    /// On, or on its way.
    pub fn is_wanted(self) -> bool {
        matches!(self, Self::Enabled | Self::Enabling)
    }
}

/// Where a group tells of its events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Topic {
    /// The topic.
    pub arn: String,
    /// Whether it is told.
    pub active: bool,
}

/// A replication group, or what one leaves with `RetainPrimaryCluster`: a cluster that stands alone.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are AWS's own switches")]
pub struct Group {
    /// Its id, or the cluster's.
    pub id: String,
    /// The id that it was made with, which its addresses were given to.
    pub made_as: String,
    /// Its description.
    pub description: String,
    /// Its state.
    pub status: Status,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// The letters that AWS puts into its endpoints.
    pub letters: String,
    /// `redis` or `valkey`.
    pub engine: String,
    /// Its version.
    pub version: Version,
    /// The node type, of the members too unless one was left behind.
    pub node_type: String,
    /// The parameter group.
    pub parameter_group: String,
    /// The subnet group.
    pub subnet_group: String,
    /// The security groups.
    pub security_groups: Vec<String>,
    /// `ddd:hh:mm-ddd:hh:mm`.
    pub maintenance_window: String,
    /// `hh:mm-hh:mm`.
    pub snapshot_window: String,
    /// Days that automatic snapshots are kept, 0 for none.
    pub snapshot_retention: u32,
    /// The member that automatic snapshots are taken from.
    pub snapshotting_member: Option<String>,
    /// Where it tells of its events.
    pub topic: Option<Topic>,
    /// Automatic failover.
    pub failover: Toggle,
    /// Multi-AZ.
    pub multi_az: bool,
    /// Encryption in transit.
    pub transit: Transit,
    /// Addresses from before that, where they still lead anywhere.
    pub former: Option<Former>,
    /// Encryption at rest.
    pub at_rest: bool,
    /// The key for that.
    pub kms_key: Option<String>,
    /// Minor versions come by themselves.
    pub auto_minor: bool,
    /// Where its logs go.
    pub logs: Logs,
    /// Its addresses.
    pub network: Network,
    /// The port.
    pub port: u16,
    /// Whom its nodes let in, or are about to.
    pub access: Access,
    /// Whom they still let in, where they lag behind.
    pub still_admits: Option<Access>,
    /// How often its nodes have cut all their clients (facts 11, U7).
    pub cuts: u32,
    /// The user groups that say so, by id. None, where a token does or nothing.
    pub user_groups: Vec<String>,
    /// When the token was changed last.
    pub token_changed_at: Option<Timestamp>,
    /// What is under way.
    pub under_way: Change,
    /// What waits for the maintenance window.
    pub deferred: Change,
    /// The member that takes writes. None, where there are shards: each has its own.
    pub primary: String,
    /// Its shards, where cluster mode is enabled.
    pub shards: Option<Shards>,
    /// The members.
    pub members: BTreeMap<String, Member>,
    /// The highest number that a member ever had.
    pub highest_number: u32,
    /// The primary endpoint, where there are no shards.
    pub primary_endpoint: Endpoint,
    /// The reader endpoint, where there are no shards.
    pub reader_endpoint: Endpoint,
    /// Bytes of data, in each node or in all shards together.
    pub bytes_used: u64,
    /// Its keys, where a test wrote some.
    pub keys: BTreeMap<String, super::contents::Key>,
    /// What it is being filled from.
    pub restored_from: Option<Origin>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Looks that still show it as it was before the change under way (facts 1.2).
    pub stale_looks: u32,
    /// Until then its node group is busy, whatever it shows itself (facts 1.7).
    pub shard_busy_until: Option<Timestamp>,
    /// Whether it ever was there: one that could not be made has no node groups.
    pub came: bool,
}

/// A change that takes time.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Change {
    /// Another node type.
    pub node_type: Option<String>,
    /// Another engine or version.
    pub upgrade: Option<Upgrade>,
    /// Another token.
    pub token: Option<TokenChange>,
    /// Another primary.
    pub primary: Option<String>,
    /// Other user groups.
    pub user_groups: Option<UserGroupsChange>,
    /// Other encryption in transit.
    pub transit: Option<Transit>,
    /// Logs that go elsewhere.
    pub logs: Option<LogsChange>,
}

impl Change {
    /// Whether it changes anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This one over an earlier one.
    #[must_use]
    pub fn over(self, earlier: Self) -> Self {
        Self {
            node_type: self.node_type.or(earlier.node_type),
            upgrade: self.upgrade.or(earlier.upgrade),
            token: self.token.or(earlier.token),
            primary: self.primary.or(earlier.primary),
            user_groups: self.user_groups.or(earlier.user_groups),
            transit: self.transit.or(earlier.transit),
            logs: self.logs.or(earlier.logs),
        }
    }

    /// What changes the user groups, with the token that it may bring or take, and the rest.
    #[must_use]
    pub(super) fn split(self) -> (Self, Self) {
        if self.user_groups.is_none() {
            return (Self::default(), self);
        }
        let access = Self { user_groups: self.user_groups, token: self.token, ..Self::default() };
        (access, Self { user_groups: None, token: None, ..self })
    }
}

/// A member of a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its cache cluster id.
    pub id: String,
    /// Its state.
    pub status: Status,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Since when it serves.
    pub serves_since: Option<Timestamp>,
    /// The id of its shard.
    pub shard: String,
    /// Where it is.
    pub zone: String,
    /// Its node type.
    pub node_type: String,
    /// Its engine, which is another than the group's while that is upgraded.
    pub engine: String,
    /// Its version of it.
    pub version: Version,
    /// Its own address.
    pub endpoint: Endpoint,
    /// The server behind it.
    pub node: NodeKey,
    /// The server that must start anew before all parameters are as its parameter group says.
    pub awaits_reboot: Option<NodeKey>,
    /// What it has of its own.
    pub own: Own,
}

impl Group {
    /// The primary, where there are no shards.
    pub fn primary_member(&self) -> Option<&Member> {
        self.members.get(&self.primary)
    }

    /// The replicas of all shards.
    pub fn replicas(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|it| !self.is_primary(&it.id))
    }

    /// Sets the state of the group and of all its members.
    pub(super) fn set_all(&mut self, status: Status) {
        self.status = status;
        for member in self.members.values_mut() {
            member.status = status;
        }
    }

    /// The group and all its members are there.
    pub(super) fn serve(&mut self, now: Timestamp) {
        self.set_all(Status::Available);
        for member in self.members.values_mut() {
            member.serves_since.get_or_insert(now);
        }
    }

    /// Since when a member serves, if it does: not one that is being made or taken down.
    pub(crate) fn since(&self, member: &Member) -> Option<Timestamp> {
        let is_there = self.status != Status::CreateFailed && member.status != Status::Deleting;
        member.serves_since.filter(|_| is_there)
    }

    /// Whether its members show: those of a group that could not be made do not, unless it was to be restored.
    pub(super) fn shows(&self, member: &Member) -> bool {
        let failed = !self.came && self.status != Status::Creating;
        !failed || member.status == Status::RestoreFailed
    }

    /// Whether one of its members is starting anew.
    pub(super) fn reboots(&self) -> bool {
        self.members.values().any(|it| it.status == Status::Rebooting)
    }

    /// Whether its node group is busy, whatever it shows itself.
    pub(super) fn shard_is_busy(&self, now: Timestamp) -> bool {
        self.shard_busy_until.is_some_and(|it| now < it)
    }

    /// Whether a look still shows the state before the change under way.
    pub(super) fn looks_stale(&self) -> bool {
        0 < self.stale_looks && self.status == Status::Modifying
    }
}

/// A subnet group.
#[derive(Clone, Debug)]
pub struct SubnetGroup {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its subnets.
    pub subnets: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A parameter group.
#[derive(Clone, Debug)]
pub struct ParameterGroup {
    /// Its name.
    pub name: String,
    /// Its family.
    pub family: String,
    /// Its description.
    pub description: String,
    /// What differs from the family's defaults.
    pub values: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A snapshot's state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SnapshotStatus {
    /// Being taken.
    Creating,
    /// There.
    Available,
    /// A group is being made from it.
    Restoring,
    /// Being copied.
    Copying,
    /// Going.
    Deleting,
    /// Could not be taken.
    Failed,
}

impl SnapshotStatus {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Restoring => "restoring",
            Self::Copying => "copying",
            Self::Deleting => "deleting",
            Self::Failed => "failed",
        }
    }
}

/// A snapshot.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// Its state.
    pub status: SnapshotStatus,
    /// Taken by AWS, not by a user.
    pub automatic: bool,
    /// The group or cluster as it was.
    pub source: Group,
    /// The member that it was taken from, or the group where it is of all shards.
    pub member: String,
    /// The members that it was taken from, one of each shard.
    pub members: Vec<String>,
    /// Whether it was asked for by the group's id.
    pub by_group: bool,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When its data was taken, which is when it was done.
    pub taken_at: Option<Timestamp>,
    /// Its data.
    pub bytes: u64,
    /// Its key.
    pub kms_key: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Something that happened, for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// `replication-group`, `cache-cluster` and so on.
    pub source_type: &'static str,
    /// To which.
    pub source: String,
    /// What.
    pub message: String,
}
