//! What the model asks of real servers. Nothing, where none stand behind the nodes.

use std::collections::BTreeMap;

use super::model::{Group, Member};
use super::{node_type, parameters};
use crate::settings::DataPlane;
use crate::world::Owner;
use crate::{Clients, Effect, NodeKey, NodeSpec, State, Ticket};

/// A share of memory that is not for data unless a parameter says otherwise (facts 4.2).
const RESERVED_PERCENT: u64 = 25;
const RESERVED: &str = "reserved-memory-percent";

/// A server's name that was not used before.
pub(super) fn new_node(state: &mut State, member: &str) -> NodeKey {
    state.elasticache.last_incarnation += 1;
    NodeKey { member: member.to_owned(), incarnation: state.elasticache.last_incarnation }
}

/// Starts a server for a group.
pub(super) fn start_node(
    state: &mut State,
    group: &str,
    node: &NodeKey,
    node_type: &str,
    load: Option<&str>,
) -> Option<Ticket> {
    let group = real(state, group)?;
    let from = group
        .members
        .get(&node.member)
        .map_or(group.parameter_group.as_str(), |it| group.parameter_group_of(it));
    let maxmemory = less_reserved(state, from, node_type);
    let parameters = parameters_of(state, from);
    let mut names = vec![group.primary_endpoint.host.clone(), group.reader_endpoint.host.clone()];
    names.extend(group.members.get(&node.member).map(|it| it.endpoint.host.clone()));
    let spec = NodeSpec {
        group: group.id,
        node_type: node_type.to_owned(),
        maxmemory,
        parameters,
        tls: group.transit.is_on(),
        access: group.access,
        names,
        load: load.map(str::to_owned),
    };
    let node = node.clone();
    ask(state, |ticket| Effect::StartNode { node, spec, ticket })
}

/// Has a server replicate another.
pub(super) fn replicate(state: &mut State, replica: &NodeKey, of: &NodeKey) -> Option<Ticket> {
    let (replica, of) = (replica.clone(), of.clone());
    ask(state, |ticket| Effect::Replicate { replica, of, ticket })
}

/// Makes a replica the primary.
pub(super) fn promote(
    state: &mut State,
    node: &NodeKey,
    instead_of: &NodeKey,
    graceful: bool,
) -> Option<Ticket> {
    let (node, instead_of) = (node.clone(), instead_of.clone());
    ask(state, |ticket| Effect::Promote { node, instead_of, graceful, ticket })
}

/// Tells every server of a group whom to let in.
pub(super) fn accept(state: &mut State, group: &str, clients: Clients) -> Vec<Ticket> {
    let Some(group) = real(state, group) else { return Vec::new() };
    let one = |node: &NodeKey| {
        let (node, access) = (node.clone(), group.access.clone());
        ask(state, |ticket| Effect::Accept { node, access, clients, ticket })
    };
    group.members.values().map(|it| &it.node).filter_map(one).collect()
}

/// Tells every server of a group its engine parameters.
pub(super) fn configure(state: &mut State, group: &str) {
    let Some(group) = real(state, group) else { return };
    for member in group.members.values() {
        let node = member.node.clone();
        let mut parameters = parameters_of(state, group.parameter_group_of(member));
        parameters.retain(|(name, _)| !parameters::needs_reboot(name));
        let maxmemory = room_of(state, &group, member);
        parameters.push(("maxmemory".to_owned(), maxmemory.to_string()));
        state.effects.push_back(Effect::Configure { node, parameters });
    }
}

/// Has every address of a group lead to where it should. A new member is not led to before it is there.
pub(super) fn point(state: &mut State, group: &str) {
    let Some(group) = real(state, group) else { return };
    let serves = |id: &str| {
        use super::model::Status;
        let status = group.members.get(id).map(|it| it.status);
        status.is_some_and(|it| it != Status::Creating && it != Status::Deleting)
    };
    let primary: Vec<_> = group.primary_member().map(|it| it.node.clone()).into_iter().collect();
    let mut readers: Vec<_> =
        group.replicas().filter(|it| serves(&it.id)).map(|it| it.node.clone()).collect();
    if readers.is_empty() {
        readers.clone_from(&primary);
    }
    let mut lead = |endpoint, to| state.effects.push_back(Effect::PointEndpoint { endpoint, to });
    for member in group.members.values() {
        let to = if serves(&member.id) { vec![member.node.clone()] } else { Vec::new() };
        lead(member.endpoint.clone(), to);
    }
    // A cluster that stands alone has no address but its own.
    if group.id != group.made_as {
        return;
    }
    lead(group.reader_endpoint.clone(), readers);
    lead(group.primary_endpoint.clone(), primary);
}

/// Has these addresses lead nowhere.
pub(super) fn close(state: &mut State, endpoints: Vec<crate::Endpoint>) {
    if state.settings.data_plane == DataPlane::Real {
        let closed = |endpoint| Effect::PointEndpoint { endpoint, to: Vec::new() };
        state.effects.extend(endpoints.into_iter().map(closed));
    }
}

/// Stops servers.
pub(super) fn stop(state: &mut State, nodes: Vec<NodeKey>) {
    if state.settings.data_plane == DataPlane::Real {
        state.effects.extend(nodes.into_iter().map(|node| Effect::StopNode { node }));
    }
}

/// Writes a server's data under a snapshot's name.
pub(super) fn save(state: &mut State, node: &NodeKey, snapshot: &str) -> Option<Ticket> {
    let (node, snapshot) = (node.clone(), snapshot.to_owned());
    ask(state, |ticket| Effect::SaveSnapshot { node, snapshot, ticket })
}

/// Copies a snapshot's data.
pub(super) fn copy_snapshot(state: &mut State, source: &str, target: &str) -> Option<Ticket> {
    let (source, target) = (source.to_owned(), target.to_owned());
    ask(state, |ticket| Effect::CopySnapshot { source, target, ticket })
}

/// Forgets a snapshot's data.
pub(super) fn drop_snapshot(state: &mut State, snapshot: &str) {
    if state.settings.data_plane == DataPlane::Real {
        state.effects.push_back(Effect::DropSnapshot { snapshot: snapshot.to_owned() });
    }
}

/// What is left for data on this node type, in bytes.
pub(super) fn room(state: &State, group: &Group, node_type: &str) -> u64 {
    less_reserved(state, &group.parameter_group, node_type)
}

/// What a member has for data, in bytes.
pub(super) fn room_of(state: &State, group: &Group, member: &Member) -> u64 {
    less_reserved(state, group.parameter_group_of(member), &member.node_type)
}

fn less_reserved(state: &State, parameter_group: &str, node_type: &str) -> u64 {
    let values = state.elasticache.parameter_groups.get(parameter_group);
    let percent = values.and_then(|it| it.values.get(RESERVED)?.parse().ok());
    let percent = percent.unwrap_or(RESERVED_PERCENT).min(100);
    let all = node_type::find(node_type).map_or(0, |it| it.maxmemory);
    all / 100 * (100 - percent) + all % 100 * (100 - percent) / 100
}

/// Every engine parameter of a node. A server's own defaults are not those of AWS.
fn parameters_of(state: &State, parameter_group: &str) -> Vec<(String, String)> {
    let mut all: BTreeMap<String, String> = parameters::defaults().collect();
    let values = state.elasticache.parameter_groups.get(parameter_group);
    all.extend(values.into_iter().flat_map(|it| it.values.clone()));
    all.remove(RESERVED);
    all.into_iter().collect()
}

fn real(state: &State, group: &str) -> Option<Group> {
    match state.settings.data_plane {
        DataPlane::Modelled => None,
        DataPlane::Real => state.elasticache.groups.get(group).cloned(),
    }
}

fn ask(state: &mut State, effect: impl FnOnce(Ticket) -> Effect) -> Option<Ticket> {
    if state.settings.data_plane == DataPlane::Modelled {
        return None;
    }
    let ticket = state.ticket(Owner::ElastiCache);
    state.effects.push_back(effect(ticket));
    Some(ticket)
}
