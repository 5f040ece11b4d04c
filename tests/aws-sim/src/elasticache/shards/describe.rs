//! Shards as XML: slots, but neither endpoints nor roles (facts 1.5).

use super::super::model::{Group, Member, Status};
use super::{Shard, Shards};
use crate::State;
use crate::wire::xml::Xml;

/// The node groups of a group with cluster mode enabled, and where clients learn of them.
pub(in super::super) fn write(
    xml: &mut Xml,
    state: &State,
    it: &Group,
    shards: &Shards,
    lags: bool,
) {
    let endpoint = &shards.configuration_endpoint;
    xml.within("ConfigurationEndpoint", |xml| {
        xml.text("Address", &endpoint.host).number("Port", endpoint.port);
    });
    // Before anybody sees that something changes, nobody sees what is new either.
    let is_old = |id: &str| it.members_of(id).any(|it| it.status != Status::Creating);
    let shown = shards.all.iter().filter(|(id, _)| !lags || is_old(id));
    xml.list("NodeGroups", "NodeGroup", shown, |xml, (id, shard)| {
        node_group(xml, state, it, (id, shard), lags);
    });
}

fn node_group(xml: &mut Xml, state: &State, it: &Group, (id, shard): (&str, &Shard), lags: bool) {
    let there = it.members_of(id).filter(|it| it.status != Status::Creating);
    xml.text("NodeGroupId", id)
        .text("Status", status(state, it, id, lags).word())
        .maybe("Slots", shard.slots.map(|it| it.to_string()))
        .list("NodeGroupMembers", "NodeGroupMember", there, |xml, member: &Member| {
            xml.text("CacheClusterId", &member.id)
                .text("CacheNodeId", "0001")
                .text("PreferredAvailabilityZone", &member.zone);
        });
}

fn status(state: &State, it: &Group, id: &str, lags: bool) -> Status {
    let all = |status| it.members_of(id).all(|it| it.status == status);
    let rests = |it: &Member| matches!(it.status, Status::Available | Status::Snapshotting);
    match it.status {
        _ if lags => Status::Available,
        Status::Deleting => Status::Deleting,
        Status::CreateFailed => Status::CreateFailed,
        _ if all(Status::Creating) => Status::Creating,
        _ if all(Status::Deleting) => Status::Deleting,
        _ if it.shard_is_busy(state.now) || !it.members_of(id).all(rests) => Status::Modifying,
        Status::Available
        | Status::Modifying
        | Status::Snapshotting
        | Status::Creating
        | Status::RestoreFailed
        | Status::Rebooting => Status::Available,
    }
}
