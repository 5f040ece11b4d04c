//! Nodes and shards that come and go.

use super::super::super::Wanted;
use crate::shard::{SLOTS, Shape, ShardView};
use crate::{GroupView, MemberId, MemberView, Role};

/// A new group has the nodes that are stated.
pub(super) fn are_made(wanted: &Wanted, group: &mut GroupView) {
    match wanted.spec.shape {
        Shape::Single { nodes } => have_replicas(wanted, group, nodes.saturating_sub(1), &[]),
        Shape::Sharded { shards, replicas } => {
            have_shards(wanted, group, shards, &[]);
            let all: Vec<String> = group.shards.iter().map(|it| it.id.clone()).collect();
            have_replicas(wanted, group, replicas, &all);
        }
    }
}

/// So many replicas, in these shards where there are several.
pub(super) fn have_replicas(wanted: &Wanted, group: &mut GroupView, to: u32, shards: &[String]) {
    let nodes = usize::try_from(to).unwrap_or(usize::MAX).saturating_add(1);
    if !group.cluster_enabled {
        let prefix = group.id.to_string();
        let has = std::mem::take(&mut group.member_ids);
        group.member_ids = have_members(wanted, group, has, &prefix, nodes);
    }
    let mut after = std::mem::take(&mut group.shards);
    for shard in after.iter_mut().filter(|it| shards.contains(&it.id)) {
        let prefix = format!("{}-{}", group.id, shard.id);
        shard.members =
            have_members(wanted, group, std::mem::take(&mut shard.members), &prefix, nodes);
    }
    group.shards = after;
    settle(group);
}

/// So many shards, without those that are gone, and the slots spread over them. A new one is as large as the smallest.
pub(super) fn have_shards(wanted: &Wanted, group: &mut GroupView, to: u32, gone: &[String]) {
    let to = usize::try_from(to).unwrap_or(usize::MAX);
    group.shards.retain(|it| !gone.contains(&it.id));
    let nodes = group.shards.iter().map(|it| it.members.len()).min().unwrap_or(1);
    let ids = (1..=9999).map(|it| format!("{it:04}"));
    for id in ids {
        if to <= group.shards.len() {
            break;
        }
        if group.shards.iter().all(|it| it.id != id) {
            let prefix = format!("{}-{id}", group.id);
            let members = have_members(wanted, group, Vec::new(), &prefix, nodes);
            group.shards.push(ShardView { id, slots: None, members });
        }
    }
    let count = u32::try_from(group.shards.len()).unwrap_or(SLOTS).max(1);
    for (number, shard) in (0..).zip(&mut group.shards) {
        shard.slots = Some(SLOTS / count + u32::from(number < SLOTS % count));
    }
    settle(group);
}

/// Members of the numbers that are free, or fewer from the end: which ones go, ElastiCache chooses.
fn have_members(
    wanted: &Wanted,
    group: &mut GroupView,
    mut has: Vec<MemberId>,
    prefix: &str,
    nodes: usize,
) -> Vec<MemberId> {
    let free = (1..=99).filter_map(|it| MemberId::parse(&format!("{prefix}-{it:03}")).ok());
    for id in free {
        if nodes <= has.len() {
            break;
        }
        if has.contains(&id) {
            continue;
        }
        let like = group.members.first().cloned();
        let like = like.unwrap_or_else(|| first_member(wanted, group, id.clone()));
        // With shards it is not told who the primary is (facts 1.5).
        let role = if has.is_empty() { Role::Primary } else { Role::Replica };
        let role = Some(role).filter(|_| !group.cluster_enabled);
        group.members.push(MemberView { id: id.clone(), role, ..like });
        has.push(id);
    }
    has.truncate(nodes);
    has
}

/// The group lists the members of its shards, and knows no others.
fn settle(group: &mut GroupView) {
    if group.cluster_enabled {
        group.member_ids = group.shards.iter().flat_map(|it| it.members.clone()).collect();
    }
    group.members.retain(|it| group.member_ids.contains(&it.id));
}

fn first_member(wanted: &Wanted, group: &GroupView, id: MemberId) -> MemberView {
    let spec = &wanted.spec;
    let window = spec.maintenance_window.as_ref();
    MemberView {
        id,
        status: "available".to_owned(),
        node_type: group.node_type.clone(),
        pending_node_type: None,
        pending_engine_version: None,
        engine: spec.engine.to_string(),
        engine_version: spec.version.to_string(),
        parameter_group: None,
        parameter_status: "in-sync".to_owned(),
        subnet_group: Some(spec.id.to_string()),
        security_groups: spec.security_groups.clone(),
        maintenance_window: window.map_or(String::new(), |it| it.as_str().to_owned()),
        notification_topic: spec.notification_topic.as_ref().map(ToString::to_string),
        tls: Some(spec.tls),
        role: None,
        endpoint: None,
        zone: None,
        created_at: None,
    }
}
