//! `RebootCacheCluster`: a node starts anew, empty, with the parameters that waited for it.
//!
//! A reboot that a customer asks for is no failover: the primary stays the primary, comes back without data, and its replicas then clear
//! theirs too (user guide, `AutoFailover`). What the group shows meanwhile is not confirmed.

use super::check::bad_value;
use super::describe;
use super::event;
use super::model::{Group, Status};
use super::plane;
use super::rest::rest;
use super::work::{self, Work};
use crate::wire::query::Params;
use crate::{Refusal, State};

/// The only node that a cluster of Redis OSS or Valkey has.
const NODE: &str = "0001";

/// `RebootCacheCluster`. Others may be asked for before one is done.
pub(super) fn reboot(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let id = params.required("CacheClusterId")?.to_ascii_lowercase();
    let found = describe::group_of(state, &id)?.clone();
    let nodes = params.list("CacheNodeIdsToReboot", "CacheNodeId");
    if nodes.is_empty() {
        return Err(bad_value("The parameter CacheNodeIdsToReboot must be provided."));
    }
    if let Some(strange) = nodes.iter().find(|it| *it != NODE) {
        return Err(bad_value(format!("Cache node {strange} is not part of cache cluster {id}.")));
    }
    if found.is_sharded() {
        let text = "Rebooting is not supported with cluster mode enabled.";
        return Err(Refusal::new(400, "InvalidCacheClusterState", text));
    }
    may_reboot(state, &found, &id)?;
    begin(state, &found, &id);
    describe::one_cluster(state, &id)
}

/// Only the member counts, and that nothing but reboots is under way for its group.
fn may_reboot(state: &State, group: &Group, member: &str) -> Result<(), Refusal> {
    let status = group.members.get(member).map(|it| it.status);
    let reboots = |it: &Work| matches!(it, Work::Rebooted(_));
    let is_busy = state.elasticache.queue.of(&group.id).any(|it| it.is_change() && !reboots(it));
    if status == Some(Status::Available) && !is_busy && group.came {
        return Ok(());
    }
    let text = format!("Cache cluster {member} is not in available state");
    Err(Refusal::new(400, "InvalidCacheClusterState", text))
}

fn begin(state: &mut State, found: &Group, id: &str) {
    let is_primary = found.primary == id;
    let shows = state.settings.switches.reboot_makes_group_busy;
    let old = found.members.get(id).map(|it| it.node.clone());
    plane::stop(state, old.into_iter().collect());
    let node = plane::new_node(state, id);
    let Some(group) = state.elasticache.groups.get_mut(&found.id) else { return };
    if shows {
        group.status = Status::Modifying;
    }
    if is_primary {
        group.bytes_used = 0;
        group.keys.clear();
    }
    if let Some(member) = group.members.get_mut(id) {
        member.node = node.clone();
        member.status = Status::Rebooting;
        member.serves_since = None;
    }
    let group = group.clone();
    let node_type = group.members.get(id).map_or(&group.node_type, |it| &it.node_type);
    let mut waits: Vec<_> =
        plane::start_node(state, &group.id, &node, node_type, None).into_iter().collect();
    if is_primary {
        for replica in group.replicas() {
            waits.extend(plane::replicate(state, &replica.node, &node));
        }
    } else if let Some(primary) = group.primary_member() {
        waits.extend(plane::replicate(state, &node, &primary.node));
    }
    event::of_cluster(state, id, format!("Cache node {NODE} shutdown"));
    let takes = state.settings.durations.reboot;
    work::start(state, Some(&group.id), takes, waits, Work::Rebooted(id.to_owned()));
}

/// The node answers again.
pub(super) fn rebooted(state: &mut State, id: &str, member: &str) {
    rest(state, id);
    plane::point(state, id);
    event::of_cluster(state, member, format!("Cache node {NODE} restarted"));
    event::notify(state, id, "CacheNodesRebooted", member);
}
