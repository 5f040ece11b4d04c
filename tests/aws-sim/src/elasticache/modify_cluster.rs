//! `ModifyCacheCluster`: the settings that one member may have of its own. What belongs to the group is changed on the group.

use super::check::{self, bad_combination, bad_value, weekly_window};
use super::create::{check_windows, retention};
use super::model::{Group, Member, Status, Topic};
use super::own::Own;
use super::work::{self, Work};
use super::{auto, describe, must_be_available, parameters, shards};
use crate::wire::query::Params;
use crate::{Refusal, State};

/// What only clusters of Memcached have, by parameter.
const MEMCACHED: [&str; 4] =
    ["CacheNodeIdsToRemove", "AZMode", "NewAvailabilityZones", "ScaleConfig"];

/// What is not modelled, by parameter.
const NOT_MODELLED: [&str; 3] =
    ["CacheSecurityGroupNames", "LogDeliveryConfigurations", "IpDiscovery"];

/// What all members of a replication group have alike.
const OF_THE_GROUP: [&str; 4] =
    ["CacheNodeType", "AuthToken", "AuthTokenUpdateStrategy", "SnapshotRetentionLimit"];

/// `ModifyCacheCluster`.
pub(super) fn modify(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let id = params.required("CacheClusterId")?.to_ascii_lowercase();
    let before = describe::group_of(state, &id)?.clone();
    let Some(member) = before.members.get(&id) else { return describe::one_cluster(state, &id) };
    let stands_alone = state.elasticache.standalone.contains(&before.id);
    check_kind(params)?;
    check_whose(state, &before, &id, params, stands_alone)?;
    if must_be_available(state, &before).is_err() || member.status != Status::Available {
        let text = format!("Cache cluster {id} is not in available state");
        return Err(Refusal::new(400, "InvalidCacheClusterState", text));
    }
    params.flag("ApplyImmediately")?;
    let own = read(state, &before, member, params)?;
    let mut after = before.clone();
    if let Some(member) = after.members.get_mut(&id) {
        member.own = own;
    }
    if stands_alone {
        snapshots(&mut after, params)?;
    }
    let is_same = after.owns().eq(before.owns())
        && after.snapshot_retention == before.snapshot_retention
        && after.snapshot_window == before.snapshot_window;
    if is_same {
        return Err(bad_combination("No modifications were requested"));
    }
    state.elasticache.groups.insert(before.id.clone(), after);
    auto::plan_snapshots(state, &before.id);
    parameters::chosen(state, &before);
    settle_soon(state, &before.id, &id);
    describe::one_cluster(state, &id)
}

fn check_kind(params: &Params) -> Result<(), Refusal> {
    for parameter in MEMCACHED {
        if params.has(parameter) {
            let text = format!("{parameter} is only supported for Memcached clusters.");
            return Err(bad_combination(text));
        }
    }
    for parameter in NOT_MODELLED {
        if params.has(parameter) {
            return Err(bad_combination(format!("{parameter} cannot be modified here")));
        }
    }
    match params.number("NumCacheNodes")? {
        None | Some(1) => Ok(()),
        Some(other) => Err(bad_value(format!("NumCacheNodes must be 1 for Redis, not {other}."))),
    }
}

/// Refuses what all members have alike. A cluster that stands alone would have it for itself, which is not modelled but for its snapshots.
fn check_whose(
    state: &State,
    group: &Group,
    id: &str,
    params: &Params,
    stands_alone: bool,
) -> Result<(), Refusal> {
    let other = |parameter: &str, value: &str| params.text(parameter).is_some_and(|it| it != value);
    let version = group.version.to_string();
    let asked = OF_THE_GROUP
        .into_iter()
        .chain(["SnapshotWindow"])
        .find(|it| params.has(it) && !(stands_alone && it.starts_with("Snapshot")));
    let engine = [("Engine", group.engine.as_str()), ("EngineVersion", version.as_str())];
    let engine = engine.into_iter().find(|(parameter, value)| other(parameter, value));
    let Some(parameter) = asked.or(engine.map(|(parameter, _)| parameter)) else { return Ok(()) };
    if stands_alone {
        let text = format!("{parameter} of a cluster that stands alone cannot be modified here");
        return Err(bad_combination(text));
    }
    let text = format!(
        "{parameter} of cache cluster {id} cannot be modified because it is part of replication group {}. Use ModifyReplicationGroup.",
        group.id
    );
    Err(Refusal::new(400, state.settings.switches.not_of_member_code, text))
}

/// What the member is asked to have of its own.
fn read(state: &State, group: &Group, member: &Member, params: &Params) -> Result<Own, Refusal> {
    let mut own = member.own.clone();
    if let Some(window) = params.text("PreferredMaintenanceWindow") {
        weekly_window(&window)?;
        own.maintenance_window = Some(window);
    }
    if params.has("SecurityGroupIds") {
        own.security_groups = Some(params.list("SecurityGroupIds", "SecurityGroupId"));
    }
    if let Some(auto) = params.flag("AutoMinorVersionUpgrade")? {
        own.auto_minor = Some(auto);
    }
    if let Some(name) = params.text("CacheParameterGroupName") {
        let name = parameters::checked(state, Some(name), &group.engine, group.version)?;
        shards::must_keep_mode(state, group, &name)?;
        parameters::may_follow(state, group.parameter_group_of(member), &name)?;
        own.parameter_group = Some(name);
    }
    topic(state, group, member, &mut own, params)?;
    // What is as the group has it is nothing of its own.
    let drop_same = |own: &mut Own| {
        own.maintenance_window.take_if(|it| *it == group.maintenance_window);
        own.security_groups.take_if(|it| *it == group.security_groups);
        own.auto_minor.take_if(|it| *it == group.auto_minor);
        own.parameter_group.take_if(|it| *it == group.parameter_group);
        own.topic.take_if(|it| group.topic.as_ref() == Some(it));
    };
    drop_same(&mut own);
    Ok(own)
}

fn topic(
    state: &State,
    group: &Group,
    member: &Member,
    own: &mut Own,
    params: &Params,
) -> Result<(), Refusal> {
    if let Some(arn) = params.text("NotificationTopicArn") {
        if !arn.is_empty() {
            check::topic(&state.settings, &arn)?;
        }
        own.topic = Some(Topic { arn, active: true });
    }
    let Some(status) = params.text("NotificationTopicStatus") else { return Ok(()) };
    let active = match status.as_str() {
        "active" => true,
        "inactive" => false,
        strange => return Err(bad_value(format!("Invalid NotificationTopicStatus: {strange}"))),
    };
    let there = own.topic.clone().or_else(|| group.topic_of(member).cloned());
    let Some(there) = there.filter(|it| !it.arn.is_empty()) else {
        return Err(bad_combination("There is no notification topic"));
    };
    own.topic = Some(Topic { active, ..there });
    Ok(())
}

/// Automatic snapshots of a cluster that stands alone.
fn snapshots(after: &mut Group, params: &Params) -> Result<(), Refusal> {
    if let Some(window) = params.text("SnapshotWindow") {
        after.snapshot_window = window;
    }
    if let Some(days) = retention(params)? {
        after.snapshot_retention = days;
        after.snapshotting_member = Some(after.primary.clone());
    }
    check_windows(after)
}

/// The member is busy for a moment, and its group with it, where they are for what is applied at once (U10).
fn settle_soon(state: &mut State, id: &str, member: &str) {
    if !state.settings.switches.settings_make_busy {
        return;
    }
    if let Some(group) = state.elasticache.groups.get_mut(id) {
        group.status = Status::Modifying;
        if let Some(member) = group.members.get_mut(member) {
            member.status = Status::Modifying;
        }
    }
    let takes = state.settings.durations.setting;
    work::start(state, Some(id), takes, [], Work::Settled);
}
