//! `IncreaseReplicaCount` and `DecreaseReplicaCount` (facts 4.4).

use super::check::{bad_combination, bad_value};
use super::create::{new_member, no_capacity, zones};
use super::model::{Group, Member, Status};
use super::rest::rest;
use super::work::{self, Work};
use super::{describe, event, group, keys, must_be_available, plane, quota, shards};
use crate::fault::{Plan, Shortage};
use crate::wire::query::Params;
use crate::{Refusal, State};

/// `IncreaseReplicaCount`.
pub(super) fn increase(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let found = begun(state, params)?;
    if found.is_sharded() {
        return shards::replicas::increase(state, found, params);
    }
    let (id, now) = (found.id.clone(), found.replicas().count());
    let (wanted, zones) = wanted(state, params)?
        .ok_or_else(|| bad_combination("Specify NewReplicaCount or ReplicaConfiguration"))?;
    check_direction(state, wanted, now, now <= wanted)?;
    if 5 < wanted {
        return Err(bad_value("The maximum number of replicas in a node group is 5."));
    }
    keys::must_work(state, &found)?;
    if state.faults.shortages.get(&found.node_type) == Some(&Shortage::AtOnce) {
        return Err(no_capacity(&found.node_type));
    }
    quota::check_nodes(state, wanted.saturating_sub(now))?;
    let mut added = Vec::new();
    let mut grown = found;
    let mut zones = without(zones, &grown).into_iter();
    for _ in now..wanted {
        let number = free_number(state, &grown);
        let member = new_member(state, &grown, number, zones.next().as_ref());
        grown.highest_number = grown.highest_number.max(number);
        added.push(member.id.clone());
        grown.members.insert(member.id.clone(), member);
    }
    grow(state, grown, added);
    describe::one(state, &id)
}

/// New members of a group come up.
pub(super) fn grow(state: &mut State, mut grown: Group, added: Vec<String>) {
    let id = grown.id.clone();
    let mut waits = Vec::new();
    grown.status = Status::Modifying;
    grown.stale_looks = state.settings.switches.stale_looks;
    let primary = grown.primary_member().map(|it| it.node.clone());
    let node_type = grown.node_type.clone();
    let nodes: Vec<_> =
        added.iter().filter_map(|it| grown.members.get(it)).map(|it| it.node.clone()).collect();
    state.elasticache.groups.insert(id.clone(), grown);
    for node in &nodes {
        waits.extend(plane::start_node(state, &id, node, &node_type, None));
        waits.extend(primary.as_ref().and_then(|it| plane::replicate(state, node, it)));
    }
    event::notify(state, &id, "ReplicationGroupIncreaseReplicaCountStarted", &id);
    let takes = state.settings.durations.add_replicas;
    work::start(state, Some(&id), takes, waits, Work::ReplicasAdded(added));
}

/// `DecreaseReplicaCount`.
pub(super) fn decrease(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let found = begun(state, params)?;
    if found.is_sharded() {
        return shards::replicas::decrease(state, &found, params);
    }
    let (id, now) = (found.id.clone(), found.replicas().count());
    let named = params.list("ReplicasToRemove", "member");
    let removed = match wanted(state, params)? {
        Some(_) if !named.is_empty() => {
            return Err(bad_combination(
                "Specify only one of NewReplicaCount, ReplicaConfiguration and ReplicasToRemove",
            ));
        }
        Some((wanted, kept)) => {
            check_direction(state, wanted, now, wanted <= now)?;
            chosen(state, &found, now.saturating_sub(wanted), &kept)
        }
        None if named.is_empty() => {
            return Err(bad_combination(
                "Specify NewReplicaCount, ReplicaConfiguration or ReplicasToRemove",
            ));
        }
        None => named_replicas(&found, &named)?,
    };
    check_floor(&found, now.saturating_sub(removed.len()))?;
    remove(state, &id, removed);
    describe::one(state, &id)
}

/// `DeleteCacheCluster` for a member: a replica, and not the last one where there must be one.
pub(super) fn leave(state: &mut State, found: &Group, member: &str) -> Result<(), Refusal> {
    shards::must_be_off(found, "DeleteCacheCluster")?;
    if must_be_available(state, found).is_err() {
        let text = format!("Cache cluster {member} is not in available state");
        return Err(Refusal::new(400, "InvalidCacheClusterState", text));
    }
    if found.primary == member {
        let text = format!(
            "Cache cluster {member} is serving as primary for replication group {} and cannot be deleted.",
            found.id
        );
        return Err(Refusal::new(400, "InvalidCacheClusterState", text));
    }
    if found.replicas().count() < 2 && (found.multi_az || found.failover.is_wanted()) {
        // In AWS's own words (rebuy-de/aws-nuke#289).
        let text = format!(
            "Cannot delete the cache cluster because it is the only read replica for replication group {} which has autofailover enabled or pending. You can disable autofailover and then delete this cache cluster. Alternatively, to delete the entire replication group, use DeleteReplicationGroup.",
            found.id
        );
        return Err(Refusal::new(400, "InvalidCacheClusterState", text));
    }
    remove(state, &found.id, vec![member.to_owned()]);
    Ok(())
}

/// Members of a group go, as somebody asked for.
pub(super) fn remove(state: &mut State, id: &str, removed: Vec<String>) {
    let lags = state.settings.switches.stale_looks;
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        group.stale_looks = lags;
    }
    take_down(state, id, removed);
}

/// Members of a group go.
pub(super) fn take_down(state: &mut State, id: &str, removed: Vec<String>) {
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        group.status = Status::Modifying;
        for member in group.members.values_mut().filter(|it| removed.contains(&it.id)) {
            member.status = Status::Deleting;
        }
    }
    plane::point(state, id);
    let takes = state.settings.durations.remove_replicas;
    work::start(state, Some(id), takes, [], Work::ReplicasRemoved(removed));
}

/// New members have come, or have not.
pub(super) fn added(state: &mut State, id: &str, members: &[String], failed: Option<String>) {
    arrive(state, id, members, failed);
    event::notify(state, id, "ReplicationGroupIncreaseReplicaCountFinished", id);
}

/// The same, of any new members. Tells whether they have.
pub(super) fn arrive(
    state: &mut State,
    id: &str,
    members: &[String],
    failed: Option<String>,
) -> bool {
    let Some(group) = state.elasticache.groups.get(id) else { return false };
    let node_type = group.node_type.clone();
    let why = if state.faults.lacks(&node_type) {
        Some(format!("Insufficient capacity for node type {node_type}. Please try again later."))
    } else if Plan::take(&mut state.faults.failing_starts) {
        Some("Internal failure while provisioning the cache nodes.".to_owned())
    } else {
        failed
    };
    let mut lost = Vec::new();
    if why.is_some()
        && let Some(group) = state.elasticache.groups.get_mut(id)
    {
        let gone = members.iter().filter_map(|it| group.members.remove(it));
        lost.extend(gone.map(|it| it.node));
    }
    rest(state, id);
    plane::stop(state, lost);
    plane::point(state, id);
    for member in members {
        if let Some(why) = &why {
            event::of_cluster(state, member, format!("Failed to create cache cluster: {why}"));
            event::notify(state, id, "CacheClusterProvisioningFailed", member);
        } else {
            event::of_cluster(state, member, "Cache cluster created");
            event::notify(state, id, "CacheClusterProvisioningComplete", member);
        }
    }
    why.is_none()
}

/// Members are gone.
pub(super) fn removed(state: &mut State, id: &str, members: &[String]) {
    let mut gone = Vec::new();
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        gone.extend(members.iter().filter_map(|it| group.members.remove(it)));
        group.drop_empty_shards();
        if group.snapshotting_member.as_ref().is_some_and(|it| members.contains(it)) {
            let other = group.replicas().next().map(|it| it.id.clone());
            group.snapshotting_member = other.or_else(|| Some(group.primary.clone()));
        }
    }
    rest(state, id);
    plane::close(state, gone.iter().map(|it| it.endpoint.clone()).collect());
    plane::stop(state, gone.into_iter().map(|it| it.node).collect());
    for member in members {
        // A topic hears nothing of it (facts 8.2).
        event::of_cluster(state, member, "Cache cluster deleted");
    }
}

fn begun(state: &mut State, params: &Params) -> Result<Group, Refusal> {
    let found = group(state, &params.required("ReplicationGroupId")?)?.clone();
    if params.flag("ApplyImmediately")? != Some(true) {
        return Err(bad_value("ApplyImmediately must be true: false is not currently supported."));
    }
    must_be_available(state, &found)?;
    Ok(found)
}

/// The number of replicas asked for, one for all shards or for the one that there is, and the zones for all members.
fn wanted(state: &State, params: &Params) -> Result<Option<(usize, Vec<String>)>, Refusal> {
    let shards = params.structures("ReplicaConfiguration", "ConfigureShard");
    let (count, asked) = match (params.number("NewReplicaCount")?, shards.first()) {
        (Some(_), Some(_)) => {
            return Err(bad_combination(
                "Specify NewReplicaCount or ReplicaConfiguration, not both",
            ));
        }
        (None, None) => return Ok(None),
        (Some(count), None) => (count, Vec::new()),
        (None, Some(shard)) => {
            let name = shard.required("NodeGroupId")?;
            if name.trim_start_matches('0') != "1" || 1 < shards.len() {
                return Err(bad_value(format!("Node group {name} not found")));
            }
            shard.required("NewReplicaCount")?;
            let count = shard.number("NewReplicaCount")?.unwrap_or_default();
            (count, shard.list("PreferredAvailabilityZones", "PreferredAvailabilityZone"))
        }
    };
    let legal = u32::try_from(count).ok().filter(|it| *it <= 100);
    let legal = legal.ok_or_else(|| bad_value(format!("Invalid NewReplicaCount {count}")))?;
    // The primary has one too (facts 4.4).
    let zones = zones(state, asked, legal + 1)?;
    Ok(Some((usize::try_from(legal).unwrap_or(usize::MAX), zones)))
}

/// The zones that are left for members to come, or that have members to spare: each member there is takes one.
pub(super) fn without(mut zones: Vec<String>, group: &Group) -> Vec<String> {
    for member in group.members.values() {
        if let Some(at) = zones.iter().position(|it| *it == member.zone) {
            zones.remove(at);
        }
    }
    zones
}

/// The replicas that AWS chooses to remove: first where the zones to keep have no place, then where a zone has most members, so that those that
/// stay are spread (facts 4.4).
pub(super) fn chosen(state: &State, group: &Group, count: usize, kept: &[String]) -> Vec<String> {
    let youngest = state.settings.switches.youngest_replica_goes;
    let mut left = group.clone();
    let mut removed = Vec::new();
    for _ in 0..count {
        let crowd = |zone: &String| left.members.values().filter(|it| it.zone == *zone).count();
        let spare = |zone: &String| {
            let places = kept.iter().filter(|it| *it == zone).count();
            if kept.is_empty() { 0 } else { crowd(zone).saturating_sub(places) }
        };
        let rank = |it: &&Member| (spare(&it.zone), crowd(&it.zone));
        let replicas: Vec<_> = left.replicas().collect();
        let going = if youngest {
            replicas.into_iter().max_by_key(rank)
        } else {
            replicas.into_iter().rev().max_by_key(rank)
        };
        let Some(going) = going.map(|it| it.id.clone()) else { break };
        left.members.remove(&going);
        removed.push(going);
    }
    removed
}

/// Refuses a number of replicas that is no change, or on the wrong side.
pub(super) fn check_direction(
    state: &State,
    wanted: usize,
    now: usize,
    right: bool,
) -> Result<(), Refusal> {
    if wanted == now {
        return Err(Refusal::new(
            400,
            "NoOperationFault",
            "Requested new replica count already matches current number of replicas.",
        ));
    }
    if right {
        return Ok(());
    }
    let code = state.settings.switches.wrong_direction_code;
    let text = format!("NewReplicaCount {wanted} is on the wrong side of the current {now}.");
    Err(Refusal::new(400, code, text))
}

fn check_floor(group: &Group, left: usize) -> Result<(), Refusal> {
    if 0 < left {
        return Ok(());
    }
    if group.multi_az {
        let text = "Must have at least 1 replica for Multi-AZ enabled Replication Group";
        return Err(bad_value(text));
    }
    if group.failover.is_wanted() {
        let text = "Must have at least 1 replica when cluster mode is disabled with auto failover enabled.";
        return Err(bad_value(text));
    }
    Ok(())
}

/// The replicas that are named for removal.
pub(super) fn named_replicas(group: &Group, named: &[String]) -> Result<Vec<String>, Refusal> {
    let mut removed = Vec::new();
    for name in named {
        let name = name.to_ascii_lowercase();
        if group.is_primary(&name) {
            let text = format!("{name} is the primary and cannot be removed.");
            return Err(bad_value(text));
        }
        if !group.members.contains_key(&name) {
            let text = format!("{name} is not a replica of {}.", group.id);
            return Err(bad_value(text));
        }
        if !removed.contains(&name) {
            removed.push(name);
        }
    }
    Ok(removed)
}

fn free_number(state: &State, group: &Group) -> u32 {
    // Nor may a cluster outside of it have that id, such as one that stands alone.
    let taken = |number: &u32| {
        let id = format!("{}-{number:03}", group.id);
        group.members.contains_key(&id) || quota::is_taken(state, &id)
    };
    let first = if state.settings.switches.numbers_reused { 1 } else { group.highest_number + 1 };
    (first..=999).find(|it| !taken(it)).unwrap_or_default()
}
