//! A new group with cluster mode enabled: how many shards, what slots, how many members, and where those are (facts 1.5, 5.7).

use std::collections::BTreeMap;

use super::super::check::{bad_combination, bad_value};
use super::super::create::zones;
use super::super::engine::Version;
use super::super::model::{Group, Snapshot};
use super::super::{parameters, quota};
use super::{Shard, Shards, Slots, add_member, readdress, settings};
use crate::settings::DataPlane;
use crate::wire::query::Params;
use crate::{Endpoint, Refusal, State};

/// What a shard is asked to be.
struct Wanted {
    id: String,
    slots: Option<Slots>,
    replicas: usize,
    zones: Vec<String>,
}

/// The parameter group of a new group, which decides on cluster mode. Where none is named, it may follow from what else is asked for.
pub(in super::super) fn parameter_group(
    state: &State,
    params: &Params,
    from: Option<&Group>,
    (engine, version): (&str, Version),
) -> Result<String, Refusal> {
    let mode = params.text("ClusterMode");
    let many = params.number("NumNodeGroups")?.is_some_and(|it| 1 < it);
    let follows = many && state.settings.switches.shards_choose_parameters;
    let on = mode.as_deref() == Some("enabled") || follows;
    let named = params.text("CacheParameterGroupName").filter(|it| !it.is_empty());
    let named = named.or_else(|| from.map(|it| it.parameter_group.clone()));
    let named = named.or_else(|| on.then(|| parameters::cluster_default(engine, version)));
    let name = parameters::checked(state, named, engine, version)?;
    let is_on = parameters::enables_cluster(state, &name);
    match mode.as_deref() {
        None => {}
        Some("compatible") => {
            return Err(bad_combination("ClusterMode: compatible is not modelled here"));
        }
        Some("enabled") if is_on => {}
        Some("disabled") if !is_on => {}
        Some("enabled" | "disabled") => {
            let text = format!("ClusterMode contradicts cluster-enabled in parameter group {name}");
            return Err(bad_combination(text));
        }
        Some(strange) => return Err(bad_value(format!("Invalid ClusterMode: {strange}"))),
    }
    if many && !is_on {
        return Err(bad_combination(format!(
            "NumNodeGroups must be 1 with parameter group {name}, in which cluster-enabled is no."
        )));
    }
    Ok(name)
}

/// Gives a new group its shards and their members.
pub(in super::super) fn with_shards(
    state: &mut State,
    params: &Params,
    mut group: Group,
    snapshot: Option<&Snapshot>,
) -> Result<Group, Refusal> {
    if state.settings.data_plane == DataPlane::Real {
        let text = "Cluster mode enabled is not modelled here where nodes are real servers";
        return Err(bad_combination(text));
    }
    let wanted = read(state, params, snapshot)?;
    let nodes = wanted.iter().map(|it| it.replicas + 1).sum();
    quota::check_shards(state, wanted.len())?;
    quota::check_nodes_of_cluster(state, nodes, "NodeQuotaForClusterExceeded")?;
    quota::check_nodes(state, nodes)?;
    let nowhere = Endpoint { host: String::new(), port: group.port };
    let (all, highest) = (BTreeMap::new(), 0);
    group.shards = Some(Shards { all, configuration_endpoint: nowhere, highest, moves: None });
    readdress(state, &mut group);
    let even = Slots::spread(wanted.len());
    for (shard, slots) in wanted.iter().zip(even) {
        add(&mut group, &shard.id, Some(shard.slots.unwrap_or(slots)));
        for at in 0..=shard.replicas {
            let id = format!("{}-{}-{:03}", group.id, shard.id, at + 1);
            if state.settings.switches.taken_members_refused {
                quota::must_be_free(state, &id)?;
            }
            add_member(state, &mut group, &shard.id, shard.zones.get(at));
        }
    }
    settings::check_new(&group)?;
    Ok(group)
}

/// One more shard, without members.
pub(super) fn add(group: &mut Group, id: &str, slots: Option<Slots>) {
    if let Some(shards) = &mut group.shards {
        shards.highest = shards.highest.max(id.parse().unwrap_or(0));
        let shard = Shard { slots, primary: String::new(), highest: 0 };
        shards.all.insert(id.to_owned(), shard);
    }
}

fn read(
    state: &State,
    params: &Params,
    snapshot: Option<&Snapshot>,
) -> Result<Vec<Wanted>, Refusal> {
    let configured = params.structures("NodeGroupConfiguration", "NodeGroupConfiguration");
    let count = params.number("NumNodeGroups")?;
    let nodes = params.number("NumCacheClusters")?;
    if nodes.is_some() && (count.is_some() || params.has("ReplicasPerNodeGroup")) {
        let text = "Specify NumCacheClusters, or NumNodeGroups and ReplicasPerNodeGroup, not both";
        return Err(bad_combination(text));
    }
    let replicas = params.number("ReplicasPerNodeGroup")?;
    let saved = snapshot.and_then(|it| it.source.shards.as_ref()).map(|it| it.all.len());
    let inherited = saved.filter(|_| state.settings.switches.restore_inherits);
    let inherited = inherited.and_then(|it| i64::try_from(it).ok());
    let wanted = if configured.is_empty() {
        let replicas = replicas.or(nodes.map(|it| it.saturating_sub(1))).unwrap_or_default();
        let replicas = replica_count(replicas)?;
        let legal = count.or(nodes.map(|_| 1)).or(inherited).unwrap_or(1);
        let legal = usize::try_from(legal).ok().filter(|it| (1..=500).contains(it));
        let legal = legal.ok_or_else(|| bad_value("NumNodeGroups must be between 1 and 500"))?;
        let one = |number| Wanted {
            id: format!("{number:04}"),
            slots: None,
            replicas,
            zones: Vec::new(),
        };
        (1..=legal).map(one).collect()
    } else {
        configurations(state, &configured, count, replicas)?
    };
    match saved.filter(|it| *it != wanted.len()) {
        Some(saved) if state.settings.switches.restore_keeps_shards => {
            let text = format!("The snapshot has {saved} node groups, not {}", wanted.len());
            Err(bad_combination(text))
        }
        _ => Ok(wanted),
    }
}

fn replica_count(count: i64) -> Result<usize, Refusal> {
    let legal = usize::try_from(count).ok().filter(|it| *it <= 5);
    legal.ok_or_else(|| bad_value(format!("Invalid replica count {count}: must be 0 to 5")))
}

/// Shards that are configured one by one.
fn configurations(
    state: &State,
    configured: &[Params],
    count: Option<i64>,
    replicas: Option<i64>,
) -> Result<Vec<Wanted>, Refusal> {
    if count.is_some_and(|it| usize::try_from(it) != Ok(configured.len())) {
        let text = "The number of NodeGroupConfiguration must be NumNodeGroups";
        return Err(bad_combination(text));
    }
    let mut wanted: Vec<Wanted> = Vec::new();
    for (at, one) in configured.iter().enumerate() {
        let one = configuration(state, one, at + 1, replicas)?;
        if wanted.iter().any(|it| it.id == one.id) {
            return Err(bad_value(format!("Node group {} is configured twice", one.id)));
        }
        wanted.push(one);
    }
    let slots: Vec<_> = wanted.iter().filter_map(|it| it.slots).collect();
    if !slots.is_empty() && (slots.len() != wanted.len() || !Slots::are_all(&slots)) {
        return Err(bad_value("Slots of all node groups must be 0-16383 together, each once"));
    }
    wanted.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(wanted)
}

fn configuration(
    state: &State,
    one: &Params,
    at: usize,
    replicas: Option<i64>,
) -> Result<Wanted, Refusal> {
    let id = one.text("NodeGroupId").unwrap_or_else(|| at.to_string());
    let number = id.parse::<u16>().ok().filter(|it| (1..=9999).contains(it) && id.len() <= 4);
    let number = number.ok_or_else(|| bad_value(format!("Invalid NodeGroupId {id}")))?;
    let read = |it: String| {
        let slots = Slots::read(&it);
        slots.ok_or_else(|| bad_value(format!("Invalid Slots {it}: must be startkey-endkey")))
    };
    let slots = one.text("Slots").map(read).transpose()?;
    let count = match (one.number("ReplicaCount")?, replicas) {
        (Some(_), Some(_)) => {
            return Err(bad_combination(
                "Specify ReplicasPerNodeGroup or ReplicaCount in NodeGroupConfiguration, not both",
            ));
        }
        (count, replicas) => replica_count(count.or(replicas).unwrap_or_default())?,
    };
    let mut asked: Vec<String> = one.text("PrimaryAvailabilityZone").into_iter().collect();
    let others = one.list("ReplicaAvailabilityZones", "AvailabilityZone");
    if asked.is_empty() && !others.is_empty() {
        let text = "ReplicaAvailabilityZones need PrimaryAvailabilityZone beside them here";
        return Err(bad_combination(text));
    }
    let places = if others.is_empty() { asked.len() } else { count + 1 };
    asked.extend(others);
    let zones = zones(state, asked, u32::try_from(places).unwrap_or_default())?;
    Ok(Wanted { id: format!("{number:04}"), slots, replicas: count, zones })
}
