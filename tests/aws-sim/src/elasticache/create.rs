//! `CreateReplicationGroup`, new or from a snapshot (facts 1.3, 5.7).

use std::collections::BTreeMap;

use super::check::{
    self, bad_combination, bad_value, daily_window, id, token, weekly_window, windows_meet,
};
use super::engine::{self, Version};
use super::model::{
    Change, Group, Member, Origin, Snapshot, SnapshotStatus, Status, Toggle, Topic,
};
use super::own::Own;
use super::snapshot::file::{self, Files};
use super::work::{self, Work};
use super::{
    attach, auto, describe, event, keys, logs, network, node_type, parameters, plane, quota,
    shards, subnets, tags, tiering, transit,
};
use crate::fault::{Plan, Shortage};
use crate::settings::{AddressFor, Which};
use crate::wire::query::Params;
use crate::{Access, Endpoint, Refusal, State};

/// What is not modelled, by parameter.
const NOT_MODELLED: [(&str, &str); 5] = [
    ("GlobalReplicationGroupId", "global datastores"),
    ("PrimaryClusterId", "groups around an existing cluster"),
    ("CacheSecurityGroupNames", "EC2-Classic"),
    ("ServerlessCacheSnapshotName", "serverless caches"),
    ("Durability", "durability"),
];

/// `CreateReplicationGroup`.
pub(super) fn create(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let id = id("ReplicationGroupIdentifier", &params.required("ReplicationGroupId")?)?;
    params.required("ReplicationGroupDescription")?;
    for (parameter, what) in NOT_MODELLED {
        if params.has(parameter) {
            return Err(bad_combination(format!("{parameter}: {what} are not modelled here")));
        }
    }
    if state.elasticache.groups.contains_key(&id) {
        let text = format!("Replication group {id} already exists");
        return Err(Refusal::new(400, "ReplicationGroupAlreadyExists", text));
    }
    let files = file::asked(state, params)?;
    let snapshot = restored(state, params)?;
    let inherited = snapshot.as_ref().filter(|_| state.settings.switches.restore_inherits);
    let inherits = inherited.is_some();
    let mut group = read(state, params, &id, inherited.map(|it| &it.source))?;
    tiering::check(params, &group.node_type, snapshot.as_ref(), inherits)?;
    keys::give(state, params, &mut group, snapshot.as_ref(), inherits)?;
    let sharded = parameters::enables_cluster(state, &group.parameter_group);
    if files.is_some() {
        file::check(params, sharded)?;
    }
    let mut group = if sharded {
        shards::new::with_shards(state, params, group, snapshot.as_ref())?
    } else {
        with_members(state, params, group, snapshot.as_ref())?
    };
    check_windows(&group)?;
    let shortage = state.faults.shortages.get(&group.node_type).copied();
    if shortage == Some(Shortage::AtOnce) {
        return Err(no_capacity(&group.node_type));
    }
    if let Some(Files { bytes, unreadable }) = files {
        group.bytes_used = bytes;
        group.restored_from = Some(Origin::Files(unreadable));
    }
    start(state, group, snapshot);
    describe::created(state, &id)
}

/// A want of capacity that is found at once.
pub(super) fn no_capacity(node_type: &str) -> Refusal {
    let text = format!(
        "{node_type} is not available in the requested availability zones. Try again later or use another node type."
    );
    Refusal::new(400, "InsufficientCacheClusterCapacity", text)
}

/// The snapshot to restore, if one is named.
fn restored(state: &State, params: &Params) -> Result<Option<Snapshot>, Refusal> {
    let Some(name) = params.text("SnapshotName") else { return Ok(None) };
    let found = state.elasticache.snapshots.get(&name.to_ascii_lowercase());
    let found = found.ok_or_else(|| {
        Refusal::new(404, "SnapshotNotFoundFault", format!("Snapshot {name} not found"))
    })?;
    if found.status == SnapshotStatus::Available {
        return Ok(Some(found.clone()));
    }
    let text = format!("Snapshot {name} is {}, not available", found.status.word());
    Err(Refusal::new(400, "InvalidSnapshotState", text))
}

fn member_count(params: &Params) -> Result<u32, Refusal> {
    let count = match (params.number("NumCacheClusters")?, params.number("NumNodeGroups")?) {
        (Some(_), Some(_)) => {
            return Err(bad_combination("Specify NumCacheClusters or NumNodeGroups, not both"));
        }
        (Some(count), None) => count,
        (None, None | Some(1)) => {
            params.number("ReplicasPerNodeGroup")?.unwrap_or_default().saturating_add(1)
        }
        (None, Some(_)) => {
            return Err(bad_combination("NumNodeGroups must be 1 with cluster mode disabled"));
        }
    };
    u32::try_from(count).ok().filter(|it| (1..=6).contains(it)).ok_or_else(|| {
        bad_value(format!("Number of cache clusters {count} must be between 1 and 6"))
    })
}

/// The group as it is asked for, without members. Where a snapshot's source is given, what is not asked for comes from it.
fn read(
    state: &mut State,
    params: &Params,
    id: &str,
    from: Option<&Group>,
) -> Result<Group, Refusal> {
    let text = |name: &str| params.text(name).filter(|it| !it.is_empty());
    let engine_name = text("Engine").or(from.map(|it| it.engine.clone()));
    let engine_name = engine_name.unwrap_or_else(|| "redis".to_owned());
    let asked = text("EngineVersion").or(from.map(|it| it.version.to_string()));
    let version = engine::resolve(&engine_name, asked.as_deref())?;
    let node_type = node_type_of(params, &engine_name, version, from)?;
    let kind = (engine_name.as_str(), version);
    let parameter_group = shards::new::parameter_group(state, params, from, kind)?;
    let subnet_group = text("CacheSubnetGroupName").or(from.map(|it| it.subnet_group.clone()));
    let subnet_group = subnet_group.unwrap_or_else(|| "default".to_owned());
    subnets::must_exist(state, &subnet_group)?;
    let port = port(params, from)?;
    let transit = transit::of_new(state, params, kind)?;
    let user_groups = attach::of_new(state, params, kind, transit.is_on())?;
    let access = access(state, params, transit.is_on(), &user_groups)?;
    Ok(Group {
        id: id.to_owned(),
        made_as: id.to_owned(),
        description: params.required("ReplicationGroupDescription")?,
        status: Status::Creating,
        created_at: state.now,
        letters: state.seed.text(6, b"abcdefghijkmnpqrstuvwxyz23456789"),
        engine: engine_name.clone(),
        version,
        node_type,
        parameter_group,
        subnet_group,
        security_groups: params.list("SecurityGroupIds", "SecurityGroupId"),
        maintenance_window: text("PreferredMaintenanceWindow")
            .or(from.map(|it| it.maintenance_window.clone()))
            .unwrap_or_else(|| "sun:05:00-sun:06:00".to_owned()),
        snapshot_window: text("SnapshotWindow")
            .or(from.map(|it| it.snapshot_window.clone()))
            .unwrap_or_else(|| "03:00-04:00".to_owned()),
        snapshot_retention: retention(params)?
            .or(from.map(|it| it.snapshot_retention))
            .unwrap_or_default(),
        snapshotting_member: None,
        topic: topic(state, text("NotificationTopicArn"))?,
        failover: Toggle::of(params.flag("AutomaticFailoverEnabled")?.unwrap_or_default()),
        multi_az: params.flag("MultiAZEnabled")?.unwrap_or_default(),
        transit,
        former: None,
        logs: logs::of_new(params, kind)?,
        network: network::of_new(params, kind)?,
        at_rest: params.flag("AtRestEncryptionEnabled")?.unwrap_or(engine_name == "valkey"),
        kms_key: None,
        auto_minor: params.flag("AutoMinorVersionUpgrade")?.unwrap_or(true),
        port,
        token_changed_at: access.has_token().then_some(state.now),
        access,
        still_admits: None,
        cuts: 0,
        user_groups,
        under_way: Change::default(),
        deferred: Change::default(),
        primary: String::new(),
        shards: None,
        members: BTreeMap::new(),
        highest_number: 0,
        primary_endpoint: nowhere(port),
        reader_endpoint: nowhere(port),
        bytes_used: 0,
        keys: BTreeMap::new(),
        restored_from: None,
        tags: tags::read(params)?,
        stale_looks: 0,
        shard_busy_until: None,
        came: false,
    })
}

/// An address that is not given yet.
fn nowhere(port: u16) -> Endpoint {
    Endpoint { host: String::new(), port }
}

fn topic(state: &State, arn: Option<String>) -> Result<Option<Topic>, Refusal> {
    let Some(arn) = arn else { return Ok(None) };
    check::topic(&state.settings, &arn)?;
    Ok(Some(Topic { arn, active: true }))
}

fn port(params: &Params, from: Option<&Group>) -> Result<u16, Refusal> {
    let port = params.number("Port")?.or(from.map(|it| it.port.into())).unwrap_or(6379);
    u16::try_from(port)
        .ok()
        .filter(|it| 1150 <= *it)
        .ok_or_else(|| bad_value(format!("Invalid port {port}: must be between 1150 and 65535")))
}

fn node_type_of(
    params: &Params,
    engine: &str,
    version: Version,
    from: Option<&Group>,
) -> Result<String, Refusal> {
    let asked = params.text("CacheNodeType").or(from.map(|it| it.node_type.clone()));
    let asked = asked.ok_or_else(|| bad_combination("CacheNodeType must be specified"))?;
    let found = node_type::find(&asked)
        .ok_or_else(|| bad_value(format!("Invalid cache node type: {asked}")))?;
    if !found.runs(engine, version) {
        let text = format!("{asked} does not support {engine} {version}");
        return Err(bad_combination(text));
    }
    Ok(asked)
}

/// Days of automatic snapshots.
pub(super) fn retention(params: &Params) -> Result<Option<u32>, Refusal> {
    let Some(days) = params.number("SnapshotRetentionLimit")? else { return Ok(None) };
    let legal = u32::try_from(days).ok().filter(|it| *it <= 35);
    legal.map(Some).ok_or_else(|| {
        bad_value(format!("Invalid SnapshotRetentionLimit {days}: must be between 0 and 35"))
    })
}

fn access(
    state: &State,
    params: &Params,
    tls: bool,
    user_groups: &[String],
) -> Result<Access, Refusal> {
    let Some(text) = params.text("AuthToken") else {
        return Ok(attach::access_of(state, user_groups));
    };
    if !tls {
        return Err(bad_combination(
            "AuthToken can only be used with TransitEncryptionEnabled=true",
        ));
    }
    token(&text, state.settings.switches.token_needs_three_classes)?;
    Ok(Access::tokens(vec![text], false))
}

fn check_resilience(group: &Group) -> Result<(), Refusal> {
    let replicas = group.replicas().count();
    if group.failover.is_wanted() && replicas == 0 {
        return Err(bad_combination(
            "When using automatic failover, there must be at least 2 cache clusters in the replication group.",
        ));
    }
    if group.multi_az && !group.failover.is_wanted() {
        return Err(bad_combination("Multi-AZ requires automatic failover to be enabled."));
    }
    Ok(())
}

/// Both windows, and that they do not meet.
pub(super) fn check_windows(group: &Group) -> Result<(), Refusal> {
    let daily = daily_window("SnapshotWindow", &group.snapshot_window)?;
    let weekly = weekly_window(&group.maintenance_window)?;
    if 0 < group.snapshot_retention && windows_meet(daily, weekly) {
        return Err(bad_combination(
            "The snapshot window and the maintenance window must not overlap.",
        ));
    }
    Ok(())
}

/// The zones that are asked for, one for each member; none where they are left to AWS.
pub(super) fn zones(
    state: &State,
    asked: Vec<String>,
    members: u32,
) -> Result<Vec<String>, Refusal> {
    let known = known_zones(state);
    if let Some(strange) = asked.iter().find(|it| !known.contains(it)) {
        let text = format!("{strange} is not a valid availability zone.");
        return Err(bad_value(text));
    }
    if asked.is_empty() || u32::try_from(asked.len()) == Ok(members) {
        return Ok(asked);
    }
    let text = format!(
        "The number of availability zones ({}) must be the number of nodes ({members}).",
        asked.len()
    );
    Err(bad_value(text))
}

pub(super) fn known_zones(state: &State) -> [String; 3] {
    ["a", "b", "c"].map(|it| format!("{}{it}", state.settings.region))
}

/// Gives a new group its members, where cluster mode is disabled.
fn with_members(
    state: &mut State,
    params: &Params,
    mut group: Group,
    snapshot: Option<&Snapshot>,
) -> Result<Group, Refusal> {
    if params.has("NodeGroupConfiguration") {
        let text = "NodeGroupConfiguration: with cluster mode disabled it is not modelled here";
        return Err(bad_combination(text));
    }
    if snapshot.is_some_and(|it| it.source.is_sharded()) {
        return Err(bad_combination(
            "A snapshot of a replication group with cluster mode enabled cannot be restored with cluster mode disabled.",
        ));
    }
    let count = member_count(params)?;
    let zones = zones(state, params.list("PreferredCacheClusterAZs", "AvailabilityZone"), count)?;
    let numbers = quota::numbers(state, &group, count)?;
    quota::check_nodes(state, numbers.len())?;
    group.primary_endpoint = address(state, &group, Which::Primary);
    group.reader_endpoint = address(state, &group, Which::Reader);
    let mut zones = zones.iter();
    for number in numbers {
        let member = new_member(state, &group, number, zones.next());
        group.highest_number = number;
        group.members.insert(member.id.clone(), member);
    }
    group.primary = group.members.keys().next().cloned().unwrap_or_default();
    // AWS takes automatic snapshots from a replica where there is one.
    group.snapshotting_member =
        group.members.keys().nth(1).or(group.members.keys().next()).cloned();
    check_resilience(&group)?;
    Ok(group)
}

/// A new member of this number.
pub(super) fn new_member(
    state: &mut State,
    group: &Group,
    number: u32,
    zone: Option<&String>,
) -> Member {
    let id = format!("{}-{number:03}", group.id);
    named_member(state, group, id, zone)
}

/// A member of a group under this name, in this zone or the one that has fewest.
pub(super) fn named_member(
    state: &mut State,
    group: &Group,
    id: String,
    zone: Option<&String>,
) -> Member {
    let zones = known_zones(state);
    let crowd = |zone: &String| group.members.values().filter(|it| it.zone == *zone).count();
    let zone = zone.or(zones.iter().min_by_key(|it| crowd(it))).cloned().unwrap_or_default();
    Member {
        endpoint: address(state, group, Which::Node(&id)),
        node: plane::new_node(state, &id),
        status: Status::Creating,
        created_at: state.now,
        serves_since: None,
        shard: shards::ONLY.to_owned(),
        zone,
        node_type: group.node_type.clone(),
        engine: group.engine.clone(),
        version: group.version,
        awaits_reboot: None,
        own: Own::default(),
        id,
    }
}

/// An address of a group as it is.
pub(super) fn address(state: &mut State, group: &Group, which: Which<'_>) -> Endpoint {
    let region = state.settings.region.clone();
    let (letters, tls, port) = (&group.letters, group.transit.is_on(), group.port);
    let wanted = AddressFor { group: &group.id, letters, region: &region, tls, port, which };
    state.settings.addresses.give(&wanted)
}

fn start(state: &mut State, mut group: Group, snapshot: Option<Snapshot>) {
    let id = group.id.clone();
    let mut takes = state.settings.durations.create;
    if snapshot.is_some() || group.restored_from.is_some() {
        takes = takes.saturating_add(state.settings.durations.restore);
    }
    if let Some(snapshot) = &snapshot {
        group.bytes_used = snapshot.bytes;
        group.keys.clone_from(&snapshot.source.keys);
        group.restored_from = Some(Origin::Snapshot(snapshot.name.clone()));
        if let Some(found) = state.elasticache.snapshots.get_mut(&snapshot.name) {
            found.status = SnapshotStatus::Restoring;
        }
    }
    let node_type = group.node_type.clone();
    state.elasticache.groups.insert(id.clone(), group.clone());
    let load = snapshot.as_ref().map(|it| it.name.as_str());
    let mut waits = Vec::new();
    for first in group.primaries() {
        waits.extend(plane::start_node(state, &id, &first.node, &node_type, load));
        for replica in group.replicas_of(&first.shard) {
            waits.extend(plane::start_node(state, &id, &replica.node, &node_type, None));
            waits.extend(plane::replicate(state, &replica.node, &first.node));
        }
    }
    work::start(state, Some(&id), takes, waits, Work::Created);
}

/// The time of a new group has passed: it is there, or it failed.
pub(super) fn created(state: &mut State, id: &str, failed: Option<String>) {
    let Some(group) = state.elasticache.groups.get(id) else { return };
    let (node_type, members) =
        (group.node_type.clone(), group.members.keys().cloned().collect::<Vec<_>>());
    let origin = release_restored(state, id);
    let room =
        state.elasticache.groups.get(id).map_or(0, |it| plane::room(state, it, &it.node_type));
    let data = state.elasticache.groups.get(id).map_or(0, Group::most_bytes);
    let why = if state.faults.lacks(&node_type) {
        Some(format!("Insufficient capacity for node type {node_type}. Please try again later."))
    } else if Plan::take(&mut state.faults.failing_starts) {
        Some("Internal failure while provisioning the cache nodes.".to_owned())
    } else if let Some(Origin::Files(Some(why))) = &origin {
        Some(why.clone())
    } else if room < data {
        Some(format!("The snapshot does not fit into node type {node_type}."))
    } else {
        failed
    };
    if let Some(why) = why {
        return create_failed(state, id, &why, origin.is_some());
    }
    let now = state.now;
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        group.serve(now);
        group.came = true;
    }
    logs::start(state, id);
    plane::point(state, id);
    for member in &members {
        event::of_cluster(state, member, "Cache cluster created");
        event::notify(state, id, "CacheClusterProvisioningComplete", member);
    }
    event::of_group(state, id, format!("Replication group {id} created"));
    event::notify(state, id, "CreateReplicationGroupComplete", id);
    auto::plan_snapshots(state, id);
}

/// The group object says no reason; the events do (facts 1.3).
fn create_failed(state: &mut State, id: &str, why: &str, restored: bool) {
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    if restored {
        group.set_all(Status::RestoreFailed);
    }
    group.status = Status::CreateFailed;
    let nodes: Vec<_> = group.members.values().map(|it| it.node.clone()).collect();
    for node in &nodes {
        event::of_cluster(state, &node.member, format!("Failed to create cache cluster: {why}"));
        event::notify(state, id, "CacheClusterProvisioningFailed", &node.member);
    }
    event::of_group(state, id, format!("Replication group {id} could not be created: {why}"));
    plane::stop(state, nodes);
}

/// A snapshot that was restored is free again, unless another group is being made of it. Tells what the group was to be filled from.
fn release_restored(state: &mut State, id: &str) -> Option<Origin> {
    let elasticache = &mut state.elasticache;
    let origin = elasticache.groups.get_mut(id)?.restored_from.take()?;
    if let Origin::Snapshot(name) = &origin {
        let used = elasticache.groups.values().any(|it| it.restored_from.as_ref() == Some(&origin));
        if let Some(snapshot) = elasticache.snapshots.get_mut(name).filter(|_| !used) {
            snapshot.status = SnapshotStatus::Available;
        }
    }
    Some(origin)
}
