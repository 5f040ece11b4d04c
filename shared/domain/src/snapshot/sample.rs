//! Groups and snapshots for tests.

use super::restore::Plan;
use super::{Origin, SavedShard, SnapshotStatus, SnapshotView, Tier, name, tags};
use crate::group::{Endpoint, Toggle};
use crate::{
    Bytes, GroupId, GroupStatus, GroupView, MemberId, MemberView, NodeType, Role, Tags, tag,
};

/// The tick of the snapshots of most tests.
pub(super) const TICK: &str = "2026-01-02T03:04:00Z";

/// A group as it was made: on its parameters and subnets.
pub(super) fn equipped(id: &str, tags: Tags, description: &str) -> GroupView {
    let like = group(id, 2);
    let members = like.members.iter().cloned().map(|it| MemberView {
        parameter_group: Some("orders-redis7".to_owned()),
        subnet_group: Some("orders".to_owned()),
        ..it
    });
    GroupView {
        members: members.collect(),
        tags: Some(tags),
        description: description.to_owned(),
        ..like
    }
}

/// A group that is well, the first member its primary.
pub(crate) fn group(id: &str, nodes: usize) -> GroupView {
    let members: Vec<_> = (1..=nodes).map(|it| member(id, it)).collect();
    let toggle = if nodes < 2 { Toggle::Disabled } else { Toggle::Enabled };
    GroupView {
        id: GroupId::parse(id).unwrap(),
        arn: format!("arn:aws:elasticache:us-east-1:123456789012:replicationgroup:{id}"),
        status: GroupStatus::Available,
        engine: Some("redis".to_owned()),
        node_type: Some(NodeType::parse("cache.t4g.small").unwrap()),
        description: "a test".to_owned(),
        cluster_enabled: false,
        automatic_failover: toggle,
        multi_az: toggle,
        transit_encryption: true,
        tls: crate::group::Tls::Required,
        at_rest_encryption: true,
        data_tiering: false,
        network_type: "ipv4".to_owned(),
        ip_discovery: "ipv4".to_owned(),
        kms_key: None,
        logs: Vec::new(),
        auth_token_enabled: true,
        user_groups: Vec::new(),
        token_change: None,
        token_changed_at: None,
        snapshot_retention_days: 7,
        snapshot_window: "03:00-04:00".to_owned(),
        auto_minor_version_upgrade: Some(true),
        primary_endpoint: Some(Endpoint { address: format!("master.{id}"), port: 6379 }),
        reader_endpoint: None,
        configuration_endpoint: None,
        shards: Vec::new(),
        member_ids: members.iter().map(|it| it.id.clone()).collect(),
        members,
        node_groups_settled: true,
        global_datastore: None,
        tags: Some(policy()),
    }
}

/// The group as it is after the creation that a plan asks for.
pub(super) fn made(plan: Plan, nodes: usize) -> GroupView {
    let like = group(plan.target.as_str(), nodes);
    let members = like.members.iter().cloned().map(|it| MemberView {
        parameter_group: Some("orders-redis7".to_owned()),
        subnet_group: Some("orders".to_owned()),
        ..it
    });
    GroupView {
        description: plan.description,
        tags: Some(plan.tags),
        members: members.collect(),
        ..like
    }
}

/// The tags of a group of ours.
pub(super) fn policy() -> Tags {
    [
        (tag::OWNER, "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1/Cache"),
        (tag::SECRET, "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-AbCdEf"),
        (tag::SNAPSHOT_KEEP, "3"),
        (tag::AUTOSCALE, "full"),
        (tag::ASKED, "node-type=cache.t4g.medium at 2026-01-02T03:04:05Z"),
        (tag::AUTOSCALE_CHANGE, "replicas=2 from 1 at 2026-01-02T03:04:05Z for CPU"),
        (
            tag::AUTOSCALE_WATCH,
            "replicas=2 from 1 asked 2026-01-01T03:04:05Z at 2026-01-01T03:14:05Z",
        ),
        (tag::AUTOSCALE_TOLD, "lag 490908"),
        (tag::AUTOSCALE_MOVES, "up 2026-01-01T03:04:05Z"),
        ("team", "shop"),
        ("aws:cloudformation:stack-name", "shop"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

fn member(group: &str, number: usize) -> MemberView {
    MemberView {
        id: MemberId::parse(&format!("{group}-{number:03}")).unwrap(),
        status: "available".to_owned(),
        node_type: Some(NodeType::parse("cache.t4g.small").unwrap()),
        pending_node_type: None,
        pending_engine_version: None,
        engine: "redis".to_owned(),
        engine_version: "7.1.0".to_owned(),
        parameter_group: Some("orders-redis7".to_owned()),
        parameter_status: "in-sync".to_owned(),
        subnet_group: Some("orders".to_owned()),
        security_groups: vec!["sg-1".to_owned()],
        maintenance_window: "sun:05:00-sun:06:00".to_owned(),
        notification_topic: None,
        tls: None,
        role: Some(if number == 1 { Role::Primary } else { Role::Replica }),
        endpoint: Some(Endpoint { address: format!("{group}-{number:03}"), port: 6379 }),
        zone: None,
        created_at: None,
    }
}

/// A snapshot of ours that is whole, taken at its tick.
pub(super) fn snapshot(group: &str, tick: &str) -> SnapshotView {
    let (id, tick) = (GroupId::parse(group).unwrap(), tick.parse().unwrap());
    let name = name::of(&id, Tier::Daily, tick).unwrap();
    SnapshotView {
        name: name.to_string(),
        arn: format!("arn:aws:elasticache:us-east-1:123456789012:snapshot:{name}"),
        status: SnapshotStatus::Available,
        origin: Origin::Manual,
        group: None,
        member: Some(format!("{group}-002")),
        taken_at: Some(tick),
        size: Some(Bytes(3 << 20)),
        node_type: Some(NodeType::parse("cache.t4g.small").unwrap()),
        engine: "redis".to_owned(),
        engine_version: "7.1.0".to_owned(),
        shards: vec![SavedShard { size: Some(Bytes(3 << 20)), slots: Vec::new() }],
        port: Some(6379),
        tags: Some(tags(&id, Tier::Daily, &[], &policy())),
    }
}

/// The same, taken by the tiers of its group.
pub(super) fn by_tiers(group: &str, tick: &str) -> SnapshotView {
    let id = GroupId::parse(group).unwrap();
    let tags = tags(&id, Tier::Daily, &[Tier::Daily], &policy());
    SnapshotView { tags: Some(tags), ..snapshot(group, tick) }
}
