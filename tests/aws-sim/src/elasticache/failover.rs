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
    if !found.shard_ids().contains(&shard) {
        let text = format!("Node group {shard} not found");
        return Err(Refusal::new(404, "NodeGroupNotFoundFault", text));
    }
    must_be_available(state, &found)?;
    let is_bare = found.is_sharded() && found.replicas_of(&shard).next().is_none();
    if !found.failover.is_wanted() || is_bare {
        let text = "Automatic failover must be enabled to test it, and there must be a replica.";
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
    let text = format!("Test Failover API called for node group {shard}");
    event::of_group(state, &found.id, text);
    lose_primary_of(state, &found.id, &shard);
    describe::one(state, &found.id)
}

/// The groups that survive the loss of their primary, whatever else goes on with them: a replica is there to take over.
pub fn able_to_fail_over(state: &State) -> Vec<String> {
    let elasticache = &state.elasticache;
    let lives = [Status::Available, Status::Modifying, Status::Snapshotting];
    let recovers = |id: &str| {
        let mut works = elasticache.queue.of(id);
        works.any(|it| matches!(it, Work::FailedOver(_) | Work::Replaced(_)))
    };
    let is_able = |it: &&Group| {
        lives.contains(&it.status)
            && it.failover == Toggle::Enabled
            && first_shard(it).is_some_and(|shard| heir(it, &shard).is_some())
            && !recovers(&it.id)
    };
    elasticache.groups.values().filter(is_able).map(|it| it.id.clone()).collect()
}

fn first_shard(group: &Group) -> Option<String> {
    group.shard_ids().into_iter().next()
}

/// The replica of the lowest number in a shard that is there and stays.
fn heir<'a>(group: &'a Group, shard: &'a str) -> Option<&'a Member> {
    group.replicas_of(shard).find(|it| is_settled(it))
}

fn is_settled(member: &Member) -> bool {
    ![Status::Creating, Status::Deleting].contains(&member.status)
}

/// The primary of a group is lost, or that of its first shard. With automatic failover a replica takes over; without, the node is only replaced.
/// What else is under way goes on beside it, but for a snapshot of the lost node, which fails.
pub fn lose_primary(state: &mut State, id: &str) {
    let shard = state.elasticache.groups.get(id).and_then(first_shard);
    lose_primary_of(state, id, &shard.unwrap_or_default());
}

/// The same, of a shard.
pub fn lose_primary_of(state: &mut State, id: &str, shard: &str) {
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    let Some(lost) = group.primary_of(shard).map(|it| it.id.clone()) else { return };
    group.status = Status::Modifying;
    let of_shard = |it: &&mut Member| it.shard == shard && is_settled(it);
    for member in group.members.values_mut().filter(of_shard) {
        member.status = Status::Modifying;
    }
    let fails_over = group.failover.is_wanted();
    let gone = group.members.get_mut(&lost).map(|it| {
        it.serves_since = None;
        it.node.clone()
    });
    plane::stop(state, gone.into_iter().collect());
    let snapshots = state.elasticache.snapshots.values();
    let ended: Vec<String> =
        snapshots.filter(|it| it.members.contains(&lost)).map(|it| it.name.clone()).collect();
    state.elasticache.queue.fail_snapshots(id, &ended);
    if fails_over {
        let takes = state.settings.durations.failover;
        return work::start(state, Some(id), takes, [], Work::FailedOver(shard.to_owned()));
    }
    replace_primary(state, id, shard);
}

/// Nobody takes over: the node is replaced, and its data is gone.
fn replace_primary(state: &mut State, id: &str, shard: &str) {
    let Some(group) = state.elasticache.groups.get(id) else { return };
    let node_type = group.node_type.clone();
    let Some(lost) = group.primary_of(shard).map(|it| it.id.clone()) else { return };
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
pub(super) fn failed_over(state: &mut State, id: &str, shard: &str) {
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    let Some(chosen) = heir(group, shard).map(|it| it.id.clone()) else {
        return replace_primary(state, id, shard);
    };
    let Some(lost) = group.promote(&chosen) else { return };
    if let Some(member) = group.members.get_mut(&lost) {
        member.status = Status::Creating;
        member.serves_since = None;
    }
    let group = group.clone();
    let old = group.members.get(&lost).map(|it| it.node.clone());
    let new = group.primary_of(shard).map(|it| it.node.clone());
    let mut waits = Vec::new();
    if let (Some(old), Some(new)) = (old, new) {
        waits.extend(plane::promote(state, &new, &old, false));
        let others = group.replicas_of(shard).filter(|it| it.id != lost);
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
    if group.is_primary(member) {
        // Without a replica its data is gone with it.
        group.lose_data(member);
    }
    rest(state, id);
    plane::point(state, id);
    event::of_cluster(state, member, "Finished recovery for cache nodes 0001");
    event::notify(state, id, "CacheNodeReplaceComplete", member);
}
