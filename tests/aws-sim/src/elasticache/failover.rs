//! Failover, tested or real: the primary moves, its endpoint with it, and the lost node is replaced (facts 1.5, 4.6).

use jiff::SignedDuration;

use super::model::{Group, Member, Status, Toggle};
use super::rest::rest;
use super::work::{self, Work};
use super::{describe, event, group, must_be_available, plane};
use crate::wire::query::Params;
use crate::{Refusal, State};

/// `TestFailover`.
pub(super) fn test(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let found = group(state, &params.required("ReplicationGroupId")?)?.clone();
    let shard = params.required("NodeGroupId")?;
    if shard != "0001" {
        let text = format!("Node group {shard} not found");
        return Err(Refusal::new(404, "NodeGroupNotFoundFault", text));
    }
    must_be_available(state, &found)?;
    if !found.failover.is_wanted() {
        let text = "Automatic failover must be enabled to test it.";
        return Err(Refusal::new(400, "TestFailoverNotAvailableFault", text));
    }
    let now = state.now;
    let tests = &mut state.elasticache.failovers;
    tests.retain(|it| now.duration_since(*it) < SignedDuration::from_hours(24));
    if 15 <= tests.len() {
        let text = "No more than 15 node groups may be tested in 24 hours.";
        return Err(Refusal::new(400, "APICallRateForCustomerExceeded", text));
    }
    tests.push(now);
    event::of_group(state, &found.id, "Test Failover API called for node group 0001");
    lose_primary(state, &found.id);
    describe::one(state, &found.id)
}

/// The groups that survive the loss of their primary, whatever else goes on with them: a replica is there to take over.
pub(crate) fn able_to_fail_over(state: &State) -> Vec<String> {
    let elasticache = &state.elasticache;
    let lives = [Status::Available, Status::Modifying, Status::Snapshotting];
    let recovers = |id: &str| {
        let mut works = elasticache.queue.of(id);
        works.any(|it| matches!(it, Work::FailedOver | Work::Replaced(_)))
    };
    let is_able = |it: &&Group| {
        lives.contains(&it.status)
            && it.failover == Toggle::Enabled
            && heir(it).is_some()
            && !recovers(&it.id)
    };
    elasticache.groups.values().filter(is_able).map(|it| it.id.clone()).collect()
}

/// The replica of the lowest number that is there and stays.
fn heir(group: &Group) -> Option<&Member> {
    group.replicas().find(|it| is_settled(it))
}

fn is_settled(member: &Member) -> bool {
    ![Status::Creating, Status::Deleting].contains(&member.status)
}

/// The primary of a group is lost. With automatic failover a replica takes over; without, the node is only replaced. What else is under way
/// goes on beside it, but for a snapshot of the lost node, which fails.
pub fn lose_primary(state: &mut State, id: &str) {
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    group.status = Status::Modifying;
    for member in group.members.values_mut().filter(|it| is_settled(it)) {
        member.status = Status::Modifying;
    }
    let fails_over = group.failover.is_wanted();
    let lost = group.primary.clone();
    let gone = group.members.get_mut(&lost).map(|it| {
        it.serves_since = None;
        it.node.clone()
    });
    plane::stop(state, gone.into_iter().collect());
    let snapshots = state.elasticache.snapshots.values();
    let ended: Vec<String> =
        snapshots.filter(|it| it.member == lost).map(|it| it.name.clone()).collect();
    state.elasticache.queue.fail_snapshots(id, &ended);
    if fails_over {
        let takes = state.settings.durations.failover;
        return work::start(state, Some(id), takes, [], Work::FailedOver);
    }
    replace_primary(state, id);
}

/// Nobody takes over: the node is replaced, and its data is gone.
fn replace_primary(state: &mut State, id: &str) {
    let Some(group) = state.elasticache.groups.get(id) else { return };
    let (lost, node_type) = (group.primary.clone(), group.node_type.clone());
    let node = plane::new_node(state, &lost);
    if let Some(member) =
        state.elasticache.groups.get_mut(id).and_then(|it| it.members.get_mut(&lost))
    {
        member.node = node.clone();
    }
    let waits = plane::start_node(state, id, &node, &node_type, None);
    let takes = state.settings.durations.replace_node;
    work::start(state, Some(id), takes, waits, Work::Replaced(lost));
}

/// A replica takes over.
pub(super) fn failed_over(state: &mut State, id: &str) {
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    let Some(chosen) = heir(group).map(|it| it.id.clone()) else {
        return replace_primary(state, id);
    };
    let lost = std::mem::replace(&mut group.primary, chosen.clone());
    if let Some(member) = group.members.get_mut(&lost) {
        member.status = Status::Creating;
        member.serves_since = None;
    }
    let group = group.clone();
    let old = group.members.get(&lost).map(|it| it.node.clone());
    let new = group.primary_member().map(|it| it.node.clone());
    let mut waits = Vec::new();
    if let (Some(old), Some(new)) = (old, new) {
        waits.extend(plane::promote(state, &new, &old, false));
        let others = group.replicas().filter(|it| it.id != lost);
        for replica in others {
            waits.extend(plane::replicate(state, &replica.node, &new));
        }
        let node = plane::new_node(state, &lost);
        if let Some(member) =
            state.elasticache.groups.get_mut(id).and_then(|it| it.members.get_mut(&lost))
        {
            member.node = node.clone();
        }
        waits.extend(plane::start_node(state, id, &node, &group.node_type, None));
        waits.extend(plane::replicate(state, &node, &new));
        plane::point(state, id);
    }
    event::of_group(
        state,
        id,
        format!("Failover from primary node {lost} to replica node {chosen} completed"),
    );
    event::notify(state, id, "FailoverComplete", &lost);
    event::of_cluster(state, &lost, "Recovering cache nodes 0001");
    let takes = state.settings.durations.replace_node;
    work::start(state, Some(id), takes, waits, Work::Replaced(lost));
}

/// The lost node is there again.
pub(super) fn replaced(state: &mut State, id: &str, member: &str) {
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    if group.primary == member {
        // Without a replica its data is gone with it.
        group.bytes_used = 0;
    }
    rest(state, id);
    plane::point(state, id);
    event::of_cluster(state, member, "Finished recovery for cache nodes 0001");
    event::notify(state, id, "CacheNodeReplaceComplete", member);
}
