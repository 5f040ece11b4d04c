//! ElastiCache: replication groups with cluster mode disabled or enabled, and what is around them.
//!
//! Every call checks, records and answers at once; what takes time is a piece of work that is due later. Global
//! datastores and serverless caches are not modelled and are refused by name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub mod attach;
pub(crate) mod auto;
mod check;
pub mod contents;
mod create;
mod delete;
mod describe;
pub mod engine;
mod event;
mod failover;
pub mod groups;
mod join;
mod keys;
pub mod logs;
pub mod model;
mod modify;
mod modify_cluster;
pub mod network;
pub mod node_type;
pub mod own;
mod paging;
mod parameters;
mod plane;
mod quota;
mod reboot;
mod replicas;
mod rest;
mod settings;
pub mod shards;
pub mod snapshot;
#[cfg(test)]
pub(crate) mod stories;
mod subnets;
mod tags;
mod tiering;
pub mod token;
pub mod transit;
pub mod upgrade;
pub mod user_groups;
pub mod users;
pub(crate) mod work;

use groups::Groups;
use model::{Event, Group, Member, ParameterGroup, Snapshot, Status, SubnetGroup};
use transit::Transit;

use crate::wire::Call;
use crate::wire::query::{self, Params};
use crate::{Access, Endpoint, NodeKey, Refusal, Response, State};

pub use failover::{able_to_fail_over, lose_primary, lose_primary_of};
pub(crate) use work::{done, run_due};

const NAMESPACE: &str = "http://elasticache.amazonaws.com/doc/2015-02-02/";

/// The state of ElastiCache.
#[derive(Debug, Default)]
pub struct Service {
    /// Replication groups, and clusters that stand alone after `RetainPrimaryCluster`, by id.
    pub groups: Groups,
    /// The ids among them that are clusters that stand alone.
    pub standalone: BTreeSet<String>,
    /// The clusters that were named by hand, gone or not.
    joined: BTreeSet<String>,
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
    /// Buckets that it may not, and why.
    pub closed_buckets: BTreeMap<String, snapshot::export::Closed>,
    /// RDB files, what was exported among them, by bucket and object.
    pub files: BTreeMap<(String, String), snapshot::file::Rdb>,
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

    /// ARN and tags of all that has any: the tags of a group are those of its members too.
    pub(crate) fn tagged<'a>(
        &'a self,
        state: &State,
    ) -> Vec<(String, &'a BTreeMap<String, String>)> {
        let arn = |kind: &str, id: &str| state.arn("elasticache", &format!("{kind}:{id}"));
        let groups = self.groups.values().filter(|it| !self.standalone.contains(&it.id));
        let groups = groups.map(|it| (group_arn(state, &it.id), &it.tags));
        let members = self.groups.values().flat_map(|group| {
            let shown = group.members.values().filter(|it| group.shows(it));
            shown.map(|it| (arn("cluster", &it.id), &group.tags))
        });
        let subnets = self.subnet_groups.values();
        let parameters = self.parameter_groups.values();
        let snapshots = self.snapshots.values();
        let users = self.users.0.values();
        let user_groups = self.user_groups.values();
        groups
            .chain(members)
            .chain(subnets.map(|it| (arn("subnetgroup", &it.name), &it.tags)))
            .chain(parameters.map(|it| (arn("parametergroup", &it.name), &it.tags)))
            .chain(snapshots.map(|it| (snapshot_arn(state, &it.name), &it.tags)))
            .chain(users.map(|it| (users::arn(state, &it.id), &it.tags)))
            .chain(user_groups.map(|it| (user_groups::arn(state, &it.id), &it.tags)))
            .collect()
    }

    /// Whom the node behind this host name lets in, if one answers there.
    pub fn access_at(&self, host: &str) -> Option<&Access> {
        let group = self.serving_at(host)?;
        Some(group.still_admits.as_ref().unwrap_or(&group.access))
    }

    /// Whether the node behind this host name speaks TLS, if one answers there.
    pub fn transit_at(&self, host: &str) -> Option<Transit> {
        self.serving_at(host).map(|it| it.transit)
    }

    /// The group that has a node behind this host name that answers.
    pub(crate) fn serving_at(&self, host: &str) -> Option<&Group> {
        let is_behind = |group: &Group, it: &Member| {
            let is_primary = group.is_primary(&it.id);
            let former = group.former.as_ref();
            it.endpoint.host == host
                || group.is_configuration_at(host)
                || group.primary_endpoint.host == host && is_primary
                || group.reader_endpoint.host == host
                || former.is_some_and(|former| former.leads_to(host, &it.id, is_primary))
        };
        self.groups.values().find(|group| {
            group.members.values().any(|it| it.serves_since.is_some() && is_behind(group, it))
        })
    }

    /// Whether a primary answers at this host name: its own, or the group's.
    pub(crate) fn is_primary_at(&self, host: &str) -> bool {
        self.groups.values().any(|group| {
            let former = group.former.as_ref();
            // A client of a cluster finds the primary from wherever it asks.
            let is_groups = group.primary_endpoint.host == host
                || group.is_configuration_at(host)
                || former.is_some_and(|it| it.is_primary(host));
            let is_own = group.primaries().any(|it| {
                it.endpoint.host == host || former.is_some_and(|one| one.is_node(host, &it.id))
            });
            is_groups || is_own
        })
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
                primary: group.is_primary(&member.id),
                node_type: member.node_type.clone(),
                maxmemory: plane::room_of(self, group, member),
                bytes_used: group.bytes_of(member),
                access: group.access.clone(),
                endpoint: member.endpoint.clone(),
                tls: group.transit == Transit::Required,
                serves: group.since(member).is_some(),
            }));
        }
        nodes
    }

    /// What a node of this group has for data, in bytes.
    pub(crate) fn room(&self, group: &Group, member: &Member) -> u64 {
        plane::room_of(self, group, member)
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
        "CreateCacheCluster" => join::join(state, params),
        "ModifyCacheCluster" => modify_cluster::modify(state, params),
        "RebootCacheCluster" => reboot::reboot(state, params),
        "DeleteCacheCluster" => delete::delete_cluster(state, params),
        "DescribeReplicationGroups" => describe::groups(state, params),
        "DescribeCacheClusters" => describe::clusters(state, params),
        "IncreaseReplicaCount" => replicas::increase(state, params),
        "DecreaseReplicaCount" => replicas::decrease(state, params),
        "ModifyReplicationGroupShardConfiguration" => shards::reshard::modify(state, params),
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
        | Status::RestoreFailed
        | Status::Rebooting => false,
    };
    if is_there && !group.shard_is_busy(state.now) && !group.reboots() {
        return Ok(());
    }
    Err(Refusal::new(
        400,
        "InvalidReplicationGroupState",
        "Replication group must be in available state to modify.",
    ))
}
