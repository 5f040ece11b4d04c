//! `IncreaseReplicaCount` and `DecreaseReplicaCount` with cluster mode enabled: of all shards, or of those that are named (facts 4.4).

use super::super::check::{bad_combination, bad_value};
use super::super::create::{no_capacity, zones};
use super::super::model::Group;
use super::super::replicas::{check_direction, chosen, grow, named_replicas, remove, without};
use super::super::{describe, keys, quota};
use super::{add_member, settings};
use crate::fault::Shortage;
use crate::wire::query::Params;
use crate::{Refusal, State};

/// How many replicas a shard is to have, and where its members are to be.
struct Wanted {
    shard: String,
    now: usize,
    count: usize,
    zones: Vec<String>,
}

/// `IncreaseReplicaCount`.
pub(in super::super) fn increase(
    state: &mut State,
    found: Group,
    params: &Params,
) -> Result<String, Refusal> {
    let wanted = wanted(state, &found, params)?;
    if wanted.is_empty() {
        return Err(bad_combination("Specify NewReplicaCount or ReplicaConfiguration"));
    }
    check_all(state, &wanted, |it| it.now <= it.count)?;
    if wanted.iter().any(|it| 5 < it.count) {
        return Err(bad_value("The maximum number of replicas in a node group is 5."));
    }
    keys::must_work(state, &found)?;
    if state.faults.shortages.get(&found.node_type) == Some(&Shortage::AtOnce) {
        return Err(no_capacity(&found.node_type));
    }
    let more = wanted.iter().map(|it| it.count.saturating_sub(it.now)).sum();
    let nodes = found.members.len().saturating_add(more);
    quota::check_nodes_of_cluster(state, nodes, "NodeQuotaForCustomerExceeded")?;
    quota::check_nodes(state, more)?;
    let (id, mut grown) = (found.id.clone(), found);
    let mut added = Vec::new();
    for it in wanted {
        let mut zones = without(it.zones, &grown.only(&it.shard)).into_iter();
        for _ in it.now..it.count {
            added.push(add_member(state, &mut grown, &it.shard, zones.next().as_ref()));
        }
    }
    grow(state, grown, added);
    describe::one(state, &id)
}

/// `DecreaseReplicaCount`. A shard may be left without any.
pub(in super::super) fn decrease(
    state: &mut State,
    found: &Group,
    params: &Params,
) -> Result<String, Refusal> {
    let named = params.list("ReplicasToRemove", "member");
    let wanted = wanted(state, found, params)?;
    let removed = match (wanted.is_empty(), named.is_empty()) {
        (true, true) => {
            return Err(bad_combination(
                "Specify NewReplicaCount, ReplicaConfiguration or ReplicasToRemove",
            ));
        }
        (false, false) => {
            return Err(bad_combination(
                "Specify only one of NewReplicaCount, ReplicaConfiguration and ReplicasToRemove",
            ));
        }
        (true, false) => named_replicas(found, &named)?,
        (false, true) => {
            check_all(state, &wanted, |it| it.count <= it.now)?;
            let of = |it: &Wanted| {
                let spare = it.now.saturating_sub(it.count);
                chosen(state, &found.only(&it.shard), spare, &it.zones)
            };
            wanted.iter().flat_map(of).collect()
        }
    };
    let mut left = found.clone();
    left.members.retain(|id, _| !removed.contains(id));
    settings::check_zones(&left)?;
    remove(state, &found.id, removed);
    describe::one(state, &found.id)
}

/// Some shard changes, and none in the wrong direction.
fn check_all(
    state: &State,
    wanted: &[Wanted],
    is_right: impl Fn(&Wanted) -> bool,
) -> Result<(), Refusal> {
    let changed: Vec<_> = wanted.iter().filter(|it| it.count != it.now).collect();
    for it in &changed {
        check_direction(state, it.count, it.now, is_right(it))?;
    }
    match wanted.first().filter(|_| changed.is_empty()) {
        Some(same) => check_direction(state, same.count, same.now, true),
        None => Ok(()),
    }
}

fn wanted(state: &State, found: &Group, params: &Params) -> Result<Vec<Wanted>, Refusal> {
    let configured = params.structures("ReplicaConfiguration", "ConfigureShard");
    let one = |shard: String, count: i64, asked: Vec<String>| {
        let legal = u32::try_from(count).ok().filter(|it| *it <= 100);
        let legal = legal.ok_or_else(|| bad_value(format!("Invalid NewReplicaCount {count}")))?;
        // The primary has one too.
        let zones = zones(state, asked, legal + 1)?;
        let now = found.replicas_of(&shard).count();
        Ok(Wanted { now, count: usize::try_from(legal).unwrap_or(usize::MAX), zones, shard })
    };
    if let Some(count) = params.number("NewReplicaCount")? {
        if !configured.is_empty() {
            let text = "Specify NewReplicaCount or ReplicaConfiguration, not both";
            return Err(bad_combination(text));
        }
        return found.shard_ids().into_iter().map(|it| one(it, count, Vec::new())).collect();
    }
    let mut wanted: Vec<Wanted> = Vec::new();
    for it in configured {
        let name = it.required("NodeGroupId")?;
        let shard = found.shard_named(&name);
        let shard = shard.filter(|it| wanted.iter().all(|other| other.shard != *it));
        let shard = shard.ok_or_else(|| bad_value(format!("Node group {name} not found")))?;
        it.required("NewReplicaCount")?;
        let count = it.number("NewReplicaCount")?.unwrap_or_default();
        let zones = it.list("PreferredAvailabilityZones", "PreferredAvailabilityZone");
        wanted.push(one(shard, count, zones)?);
    }
    Ok(wanted)
}
