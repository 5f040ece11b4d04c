//! ElastiCache: replication groups with cluster mode disabled, and what is around them.
//!
//! Every call checks, records and answers at once; what takes time is a piece of work that is due later. Cluster mode enabled,
//! global datastores, log delivery and serverless caches are not modelled and are refused by name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub mod attach;
pub(crate) mod auto;
mod check;
mod create;
mod delete;
mod describe;
pub mod engine;
mod event;
mod failover;
pub mod model;
mod modify;
pub mod node_type;
mod paging;
mod parameters;
mod plane;
mod replicas;
mod rest;
mod settings;
mod snapshot;
#[cfg(test)]
mod stories;
mod subnets;
mod tags;
pub mod token;
pub mod user_groups;
pub mod users;
pub(crate) mod work;

use model::{Event, Group, Member, ParameterGroup, Snapshot, Status, SubnetGroup};

use crate::wire::Call;
use crate::wire::query::{self, Params};
use crate::{Access, Endpoint, NodeKey, Refusal, Response, State};

pub(crate) use failover::able_to_fail_over;
pub use failover::lose_primary;
pub(crate) use work::{done, run_due};

const NAMESPACE: &str = "http://elasticache.amazonaws.com/doc/2015-02-02/";

/// The state of ElastiCache.
#[derive(Debug, Default)]
pub struct Service {
    /// Replication groups, and clusters that stand alone after `RetainPrimaryCluster`, by id.
    pub groups: BTreeMap<String, Group>,
    /// The ids among them that are clusters that stand alone.
    pub standalone: BTreeSet<String>,
    /// Snapshots, by name.
    pub snapshots: BTreeMap<String, Snapshot>,
    /// Subnet groups that were made, by name. `default` is always there.
    pub subnet_groups: BTreeMap<String, SubnetGroup>,
    /// Parameter groups that were made, by name. The defaults are always there.
    pub parameter_groups: BTreeMap<String, ParameterGroup>,
    /// Users, the stock one among them.
    pub users: users::Users,
    /// User groups, by id.
    pub user_groups: BTreeMap<String, user_groups::UserGroup>,
    /// Everything that happened, oldest first.
    pub events: Vec<Event>,
    /// Buckets that ElastiCache may export to.
    pub buckets: BTreeSet<String>,
    /// What was exported: bucket and object.
    pub exports: BTreeSet<(String, String)>,
    /// When snapshots were taken of a member by hand or at its end.
    takings: BTreeMap<String, Vec<Timestamp>>,
    /// Test failovers of the last day.
    failovers: Vec<Timestamp>,
    queue: work::Queue,
    last_incarnation: u64,
}

/// A node as the data plane and the metrics see it.
#[derive(Clone, Debug)]
pub struct NodeView {
    /// The replication group, or the cluster's own id.
    pub group: String,
    /// The member.
    pub member: String,
    /// The server behind it.
    pub node: NodeKey,
    /// Whether it is the primary.
    pub primary: bool,
    /// Its node type.
    pub node_type: String,
    /// Bytes for data, after what is reserved.
    pub maxmemory: u64,
    /// Bytes of data.
    pub bytes_used: u64,
    /// Whom it lets in.
    pub access: Access,
    /// Its own address.
    pub endpoint: Endpoint,
    /// Whether clients must speak TLS.
    pub tls: bool,
    /// Whether it serves: not one that is being made or taken down.
    pub serves: bool,
}

impl Service {
    /// When something happens here by itself next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.queue.next_due()
    }

    /// ARN and tags of groups, snapshots, users and user groups.
    pub(crate) fn tagged(&self, state: &State) -> Vec<(String, BTreeMap<String, String>)> {
        let groups = self.groups.values().filter(|it| !self.standalone.contains(&it.id));
        let groups = groups.map(|it| (group_arn(state, &it.id), it.tags.clone()));
        let snapshots = self.snapshots.values();
        let users = self.users.0.values();
        let user_groups = self.user_groups.values();
        groups
            .chain(snapshots.map(|it| (snapshot_arn(state, &it.name), it.tags.clone())))
            .chain(users.map(|it| (users::arn(state, &it.id), it.tags.clone())))
            .chain(user_groups.map(|it| (user_groups::arn(state, &it.id), it.tags.clone())))
            .collect()
    }

    /// Whom the node behind this host name lets in, if one answers there.
    pub fn access_at(&self, host: &str) -> Option<&Access> {
        let is_behind = |group: &Group, it: &Member| {
            it.endpoint.host == host
                || group.primary_endpoint.host == host && it.id == group.primary
                || group.reader_endpoint.host == host
        };
        let group = self.groups.values().find(|group| {
            group.members.values().any(|it| it.serves_since.is_some() && is_behind(group, it))
        })?;
        Some(group.still_admits.as_ref().unwrap_or(&group.access))
    }

    /// Makes the data of a group this large.
    pub fn fill(&mut self, group: &str, bytes: u64) {
        if let Some(group) = self.groups.get_mut(group) {
            group.bytes_used = bytes;
        }
    }
}

impl State {
    /// All nodes, by group and member.
    pub fn nodes(&self) -> Vec<NodeView> {
        let mut nodes = Vec::new();
        for group in self.elasticache.groups.values() {
            nodes.extend(group.members.values().map(|member| NodeView {
                group: group.id.clone(),
                member: member.id.clone(),
                node: member.node.clone(),
                primary: member.id == group.primary,
                node_type: member.node_type.clone(),
                maxmemory: plane::room(self, group, &member.node_type),
                bytes_used: group.bytes_used,
                access: group.access.clone(),
                endpoint: member.endpoint.clone(),
                tls: group.tls,
                serves: group.status != Status::CreateFailed
                    && member.serves_since.is_some()
                    && member.status != Status::Deleting,
            }));
        }
        nodes
    }
}

/// One call.
pub(crate) fn call(state: &mut State, asked: &Call<'_>) -> Response {
    let operation = asked.operation.as_str();
    let id = state.seed.uuid();
    match act(state, operation, &asked.form) {
        Ok(result)
            if ["DeleteCacheSubnetGroup", "DeleteCacheParameterGroup"].contains(&operation) =>
        {
            debug_assert!(result.is_empty(), "these have no result");
            query::answer_empty(NAMESPACE, operation, &id)
        }
        Ok(result) => query::answer(NAMESPACE, operation, &result, &id),
        Err(refusal) => query::refuse(&refusal, &id),
    }
}

fn act(state: &mut State, operation: &str, params: &Params) -> Result<String, Refusal> {
    match operation {
        "CreateReplicationGroup" => create::create(state, params),
        "ModifyReplicationGroup" => modify::modify(state, params),
        "DeleteReplicationGroup" => delete::delete(state, params),
        "CreateCacheCluster" => replicas::join(state, params),
        "DeleteCacheCluster" => delete::delete_cluster(state, params),
        "DescribeReplicationGroups" => describe::groups(state, params),
        "DescribeCacheClusters" => describe::clusters(state, params),
        "IncreaseReplicaCount" => replicas::increase(state, params),
        "DecreaseReplicaCount" => replicas::decrease(state, params),
        "ListAllowedNodeTypeModifications" => modify::allowed_node_types(state, params),
        "TestFailover" => failover::test(state, params),
        "CreateSnapshot" => snapshot::create(state, params),
        "CopySnapshot" => snapshot::copy(state, params),
        "DeleteSnapshot" => snapshot::delete(state, params),
        "DescribeSnapshots" => snapshot::list::describe(state, params),
        "CreateCacheSubnetGroup" => subnets::create(state, params),
        "ModifyCacheSubnetGroup" => subnets::modify(state, params),
        "DeleteCacheSubnetGroup" => subnets::delete(state, params),
        "DescribeCacheSubnetGroups" => subnets::describe(state, params),
        "CreateCacheParameterGroup" => parameters::create(state, params),
        "ModifyCacheParameterGroup" => parameters::modify(state, params),
        "ResetCacheParameterGroup" => parameters::reset(state, params),
        "DeleteCacheParameterGroup" => parameters::delete(state, params),
        "DescribeCacheParameterGroups" => parameters::describe(state, params),
        "DescribeCacheParameters" => parameters::describe_parameters(state, params),
        "DescribeEngineDefaultParameters" => parameters::engine_defaults(params),
        "DescribeCacheEngineVersions" => describe::engine_versions(params),
        "CreateUser" => users::create(state, params),
        "ModifyUser" => users::modify(state, params),
        "DeleteUser" => users::delete(state, params),
        "DescribeUsers" => users::describe(state, params),
        "CreateUserGroup" => user_groups::create(state, params),
        "ModifyUserGroup" => user_groups::modify(state, params),
        "DeleteUserGroup" => user_groups::delete(state, params),
        "DescribeUserGroups" => user_groups::describe(state, params),
        "DescribeEvents" => event::describe(state, params),
        "AddTagsToResource" => tags::add(state, params),
        "RemoveTagsFromResource" => tags::remove(state, params),
        "ListTagsForResource" => tags::list(state, params),
        other => {
            let text = format!("The action {other} is not valid for this web service.");
            Err(Refusal::new(400, "InvalidAction", text))
        }
    }
}

/// A group's ARN.
fn group_arn(state: &State, id: &str) -> String {
    state.arn("elasticache", &format!("replicationgroup:{id}"))
}

/// A snapshot's ARN.
fn snapshot_arn(state: &State, name: &str) -> String {
    state.arn("elasticache", &format!("snapshot:{name}"))
}

/// The group of this id. Clusters that stand alone are no groups.
fn group<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Group, Refusal> {
    let id = id.to_ascii_lowercase();
    let missing = || {
        let text = format!("ReplicationGroup {id} not found");
        Refusal::new(404, "ReplicationGroupNotFoundFault", text)
    };
    if state.elasticache.standalone.contains(&id) {
        return Err(missing());
    }
    state.elasticache.groups.get_mut(&id).ok_or_else(missing)
}

/// Refuses what a group that is not `available` refuses (facts 1.7).
fn must_be_available(state: &State, group: &Group) -> Result<(), Refusal> {
    let is_there = match group.status {
        Status::Available => true,
        Status::Snapshotting => state.settings.switches.calls_during_snapshot,
        Status::Creating
        | Status::Modifying
        | Status::Deleting
        | Status::CreateFailed
        | Status::RestoreFailed => false,
    };
    if is_there && !group.shard_is_busy(state.now) {
        return Ok(());
    }
    Err(Refusal::new(
        400,
        "InvalidReplicationGroupState",
        "Replication group must be in available state to modify.",
    ))
}
