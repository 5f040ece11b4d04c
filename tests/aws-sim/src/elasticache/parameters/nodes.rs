//! What a parameter group means for the nodes that use it: most parameters change at once, some only when a node starts anew.

use super::super::check::bad_combination;
use super::super::model::{Group, Member};
use super::super::work::{self, Work};
use super::super::{event, plane};
use super::table;
use crate::{Refusal, State};

/// What `ParameterApplyStatus` says where a reboot is needed.
pub(in super::super) const PENDING_REBOOT: &str = "pending-reboot";

/// The `ParameterApplyStatus` of a member.
pub(in super::super) fn apply_status(
    state: &State,
    group: &Group,
    member: &Member,
) -> &'static str {
    let applies =
        |it: &Work| matches!(it, Work::ParametersApplied(members) if members.contains(&member.id));
    if state.elasticache.queue.of(&group.id).any(applies) {
        return "applying";
    }
    // A server that took its place has started with all of them.
    if member.awaits_reboot.as_ref() == Some(&member.node) { PENDING_REBOOT } else { "in-sync" }
}

/// The values of a parameter group that a node takes only when it starts.
pub(super) fn values_of_reboots(state: &State, name: &str) -> Vec<(&'static str, String)> {
    let group = state.elasticache.parameter_groups.get(name);
    let value = |parameter: &str| group.and_then(|it| it.values.get(parameter)).cloned();
    table::of_reboots()
        .map(|(it, default)| (it, value(it).unwrap_or_else(|| default.to_owned())))
        .collect()
}

/// Refuses a parameter group for a node that has another, where it cannot be changed what they differ in.
pub(in super::super) fn may_follow(state: &State, now: &str, next: &str) -> Result<(), Refusal> {
    if !state.settings.switches.static_parameters_fixed {
        return Ok(());
    }
    let (now, next) = (values_of_reboots(state, now), values_of_reboots(state, next));
    match now.iter().zip(&next).find(|(now, next)| now != next) {
        None => Ok(()),
        Some(((name, _), _)) => Err(bad_combination(format!(
            "The parameter {name} has a different value in the requested parameter group than the current parameter group. This parameter value cannot be changed for a cache cluster."
        ))),
    }
}

/// Members of a group may have other parameter groups than before.
pub(in super::super) fn chosen(state: &mut State, before: &Group) {
    let Some(group) = state.elasticache.groups.get(&before.id) else { return };
    let name_of = |group: &Group, id: &str| {
        group.members.get(id).map(|it| group.parameter_group_of(it).to_owned())
    };
    let ids = group.members.keys();
    let changes = ids.map(|id| (id.clone(), name_of(before, id), name_of(group, id)));
    let changes: Vec<_> = changes.filter(|(_, before, after)| before != after).collect();
    let values = |name: &Option<String>| name.as_ref().map(|it| values_of_reboots(state, it));
    let waiting = changes.iter().filter(|(_, before, after)| values(before) != values(after));
    let waiting: Vec<_> = waiting.map(|(id, ..)| id.clone()).collect();
    await_reboot(state, &before.id, &waiting);
    apply(state, &before.id, changes.into_iter().map(|(id, ..)| id).collect());
}

/// A parameter group has changed, from these values that a node takes only when it starts.
pub(super) fn changed(state: &mut State, name: &str, before: &[(&'static str, String)]) {
    let wait = values_of_reboots(state, name) != before;
    let groups = state.elasticache.groups.values().filter(|it| it.uses_parameter_group(name));
    let using = |group: &Group| {
        let members = group.members.values().filter(|it| group.parameter_group_of(it) == name);
        (group.id.clone(), members.map(|it| it.id.clone()).collect::<Vec<_>>())
    };
    for (id, members) in groups.map(using).collect::<Vec<_>>() {
        if wait {
            await_reboot(state, &id, &members);
        }
        apply(state, &id, members);
    }
}

fn await_reboot(state: &mut State, group: &str, members: &[String]) {
    let Some(group) = state.elasticache.groups.get_mut(group) else { return };
    for member in group.members.values_mut().filter(|it| members.contains(&it.id)) {
        member.awaits_reboot = Some(member.node.clone());
    }
}

fn apply(state: &mut State, group: &str, members: Vec<String>) {
    if members.is_empty() {
        return;
    }
    plane::configure(state, group);
    // What is reserved may be another share of its nodes.
    state.elasticache.groups.touch(group);
    let takes = state.settings.durations.parameters;
    work::start(state, Some(group), takes, [], Work::ParametersApplied(members));
}

/// These members have the parameters that can change at once.
pub(in super::super) fn applied(state: &mut State, group: &str, members: &[String]) {
    for member in members {
        let found = state.elasticache.groups.get(group);
        let name = found.and_then(|it| Some(it.parameter_group_of(it.members.get(member)?)));
        let Some(text) = name.map(|it| format!("Parameters of {it} were applied")) else {
            continue;
        };
        event::of_cluster(state, member, text);
        event::notify(state, group, "CacheClusterParametersChanged", member);
    }
}
