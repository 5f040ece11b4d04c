//! `ModifyReplicationGroupShardConfiguration`: more shards, fewer, or the same ones with their slots spread evenly again (user guide, online
//! resharding).
//!
//! Shards that come are there before slots move to them, and those that go are there until their slots have moved away.

use jiff::Timestamp;

use super::super::check::{bad_combination, bad_value};
use super::super::create::{no_capacity, zones};
use super::super::model::{Group, Status};
use super::super::rest::rest;
use super::super::work::{self, Work};
use super::super::{
    describe, event, group, keys, must_be_available, node_type, plane, quota, replicas,
};
use super::{Moves, Slots, add_member, new};
use crate::fault::{Plan, Shortage};
use crate::wire::query::Params;
use crate::{Refusal, State};

/// What becomes of the shards.
#[derive(Clone, Debug)]
pub(crate) struct Resharding {
    /// Those that come.
    come: Vec<String>,
    /// Those that go.
    go: Vec<String>,
    /// How far that is.
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The members of new shards are there, or have failed to come.
    Grown,
    /// The slots have moved.
    Moved,
}

/// `ModifyReplicationGroupShardConfiguration`.
pub(in super::super) fn modify(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let found = group(state, &params.required("ReplicationGroupId")?)?.clone();
    params.required("NodeGroupCount")?;
    let count = params.number("NodeGroupCount")?.unwrap_or_default();
    if params.flag("ApplyImmediately")? != Some(true) {
        return Err(bad_value("ApplyImmediately must be true: false is not currently supported."));
    }
    if !found.is_sharded() {
        // In AWS's own words (widdix/aws-cf-templates#573).
        let text = "Operation is only applicable for cluster mode enabled replication groups.";
        return Err(bad_value(text));
    }
    must_be_available(state, &found)?;
    let legal = usize::try_from(count).ok().filter(|it| (1..=500).contains(it));
    let count = legal.ok_or_else(|| bad_value(format!("Invalid NodeGroupCount {count}")))?;
    let go = going(&found, count, params)?;
    let more = count.saturating_sub(found.shard_ids().len());
    check_size(state, &found, count)?;
    let places = places(state, &found, more, params)?;
    quota::check_shards(state, count)?;
    let nodes = more.saturating_mul(replicas_of_new(&found) + 1);
    let code = "NodeGroupsPerReplicationGroupQuotaExceeded";
    quota::check_nodes_of_cluster(state, found.members.len() + nodes, code)?;
    quota::check_nodes(state, nodes)?;
    if 0 < more {
        keys::must_work(state, &found)?;
        if state.faults.shortages.get(&found.node_type) == Some(&Shortage::AtOnce) {
            return Err(no_capacity(&found.node_type));
        }
    }
    let id = found.id.clone();
    begin(state, found, &places, go);
    describe::one(state, &id)
}

/// The shards that go: named, or all but those that are named.
fn going(group: &Group, count: usize, params: &Params) -> Result<Vec<String>, Refusal> {
    let removed = params.list("NodeGroupsToRemove", "NodeGroupToRemove");
    let retained = params.list("NodeGroupsToRetain", "NodeGroupToRetain");
    let all = group.shard_ids();
    if all.len() <= count {
        if removed.is_empty() && retained.is_empty() {
            return Ok(Vec::new());
        }
        return Err(bad_combination(
            "NodeGroupsToRemove and NodeGroupsToRetain can only be specified where NodeGroupCount is less than the current number of node groups.",
        ));
    }
    if removed.is_empty() == retained.is_empty() {
        return Err(bad_combination(
            "Either NodeGroupsToRemove or NodeGroupsToRetain must be specified where NodeGroupCount is less than the current number of node groups.",
        ));
    }
    let mut named = Vec::new();
    for name in removed.iter().chain(&retained) {
        let shard = group.shard_named(name);
        named.push(shard.ok_or_else(|| bad_value(format!("Node group {name} not found")))?);
    }
    let go = |it: &String| named.contains(it) != removed.is_empty();
    let go: Vec<_> = all.iter().filter(|it| go(it)).cloned().collect();
    if all.len() - go.len() == count {
        return Ok(go);
    }
    let text = format!("NodeGroupCount {count} is not what is left of {} node groups", all.len());
    Err(bad_combination(text))
}

/// Whether the data fits into so many shards, where AWS asks at once (U12).
fn check_size(state: &State, group: &Group, count: usize) -> Result<(), Refusal> {
    if !state.settings.switches.misfit_refused_at_once || fits(state, group, count) {
        return Ok(());
    }
    Err(bad_combination(format!("The data does not fit into {count} node groups.")))
}

fn fits(state: &State, group: &Group, count: usize) -> bool {
    let count = u64::try_from(count).unwrap_or(1).max(1);
    let room = plane::room(state, group, &group.node_type);
    node_type::find(&group.node_type).is_none() || group.bytes_used.div_ceil(count) <= room
}

/// A new shard has as many replicas as the one that has fewest.
fn replicas_of_new(group: &Group) -> usize {
    let counts = group.shard_ids().into_iter().map(|it| group.replicas_of(&it).count());
    counts.min().unwrap_or(0)
}

/// The zones of each new shard's members; none where they are left to AWS.
fn places(
    state: &State,
    group: &Group,
    more: usize,
    params: &Params,
) -> Result<Vec<Vec<String>>, Refusal> {
    let asked = params.structures("ReshardingConfiguration", "ReshardingConfiguration");
    if !asked.is_empty() && more == 0 {
        return Err(bad_combination(
            "ReshardingConfiguration can only be specified where NodeGroupCount is greater than the current number of node groups.",
        ));
    }
    let members = u32::try_from(replicas_of_new(group) + 1).unwrap_or_default();
    let mut places = Vec::new();
    for it in asked {
        let there = it.text("NodeGroupId").is_some_and(|it| group.shard_named(&it).is_some());
        let one = it.list("PreferredAvailabilityZones", "AvailabilityZone");
        let one = zones(state, one, members)?;
        // Those that are there stay where they are.
        if !there {
            places.push(one);
        }
    }
    if more < places.len() {
        return Err(bad_combination("ReshardingConfiguration has more node groups than are added"));
    }
    places.resize(more, Vec::new());
    Ok(places)
}

fn begin(state: &mut State, mut group: Group, places: &[Vec<String>], go: Vec<String>) {
    let id = group.id.clone();
    let replicas = replicas_of_new(&group);
    let mut come = Vec::new();
    for zones in places {
        let shard = free_shard(state, &group);
        new::add(&mut group, &shard, None);
        for at in 0..=replicas {
            add_member(state, &mut group, &shard, zones.get(at));
        }
        come.push(shard);
    }
    let durations = &state.settings.durations;
    let (grows, moves) = (durations.add_replicas, durations.reshard);
    let after = |at: Timestamp, takes| at.saturating_add(takes).unwrap_or(at);
    let (first, takes, since) = if come.is_empty() {
        (Stage::Moved, moves, state.now)
    } else {
        (Stage::Grown, grows, after(state.now, grows))
    };
    let until = after(since, moves);
    if let Some(shards) = &mut group.shards {
        shards.moves = Some(Moves { since, until });
    }
    group.status = Status::Modifying;
    group.stale_looks = state.settings.switches.stale_looks;
    for member in group.members.values_mut().filter(|it| it.status == Status::Available) {
        member.status = Status::Modifying;
    }
    state.elasticache.groups.insert(id.clone(), group);
    let work = Resharding { come, go, stage: first };
    work::start(state, Some(&id), takes, [], Work::Resharding(work));
}

/// The id of one more shard: the lowest that is free, or the next above all (U13).
fn free_shard(state: &State, group: &Group) -> String {
    let highest = group.shards.as_ref().map_or(0, |it| it.highest);
    let first = if state.settings.switches.numbers_reused { 1 } else { highest + 1 };
    let known = group.shard_ids();
    let mut free = (first..=9999).map(|it| format!("{it:04}"));
    free.find(|it| !known.contains(it)).unwrap_or_default()
}

/// A resharding goes on.
pub(in super::super) fn go_on(state: &mut State, id: &str, it: Resharding, failed: Option<String>) {
    match it.stage {
        Stage::Grown => grown(state, id, it, failed),
        Stage::Moved => moved(state, id, &it),
    }
}

fn grown(state: &mut State, id: &str, it: Resharding, failed: Option<String>) {
    let Some(group) = state.elasticache.groups.get(id) else { return };
    let members = members_of(group, &it.come);
    let came = replicas::arrive(state, id, &members, failed);
    if !came {
        return fail(state, id, "the node groups could not be added");
    }
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        group.status = Status::Modifying;
    }
    let takes = state.settings.durations.reshard;
    let next = Resharding { stage: Stage::Moved, ..it };
    work::start(state, Some(id), takes, [], Work::Resharding(next));
}

fn moved(state: &mut State, id: &str, it: &Resharding) {
    let Some(group) = state.elasticache.groups.get(id) else { return };
    let mut stay = group.shard_ids();
    stay.retain(|shard| !it.go.contains(shard));
    let why = if !fits(state, group, stay.len()) {
        Some("the data does not fit")
    } else if Plan::take(&mut state.faults.rollbacks) {
        Some("internal failure")
    } else {
        None
    };
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    if let Some(why) = why {
        let members = members_of(group, &it.come);
        fail(state, id, why);
        return leave(state, id, members);
    }
    if let Some(shards) = &mut group.shards {
        shards.moves = None;
        let slots = Slots::spread(stay.len());
        for (name, shard) in &mut shards.all {
            shard.slots =
                stay.iter().position(|it| it == name).and_then(|it| slots.get(it)).copied();
        }
    }
    let members = members_of(group, &it.go);
    let text = format!("Spread the slots over {} node groups.", stay.len());
    event::of_group(state, id, text);
    event::notify(state, id, "ReplicationGroupScalingComplete", id);
    leave(state, id, members);
}

/// The number of shards stays as it was, and the group is available again: only the event tells (facts 4.3).
fn fail(state: &mut State, id: &str, why: &str) {
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        group.drop_empty_shards();
        if let Some(shards) = &mut group.shards {
            shards.moves = None;
        }
    }
    event::of_group(state, id, format!("Failed to change the number of node groups. ({why})"));
    event::notify(state, id, "ReplicationGroupScalingFailed", id);
}

/// The members of shards that go are taken down.
fn leave(state: &mut State, id: &str, members: Vec<String>) {
    rest(state, id);
    if !members.is_empty() {
        replicas::take_down(state, id, members);
    }
}

fn members_of(group: &Group, shards: &[String]) -> Vec<String> {
    let of = |shard: &String| group.members_of(shard).map(|it| it.id.clone()).collect::<Vec<_>>();
    shards.iter().flat_map(of).collect()
}
