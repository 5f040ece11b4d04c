//! `DescribeSnapshots`, and a snapshot as XML.

use super::super::check::bad_value;
use super::super::model::{Snapshot, SnapshotStatus};
use super::super::paging::{Page, page};
use super::super::{group_arn, shards, snapshot_arn, tiering};
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Refusal, State};

/// `DescribeSnapshots`. Its filter takes `system` and `user` where its field says `automated` and `manual` (facts 5.4).
pub(in super::super) fn describe(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let lower = |name: &str| params.text(name).map(|it| it.to_ascii_lowercase());
    let (name, group, member) =
        (lower("SnapshotName"), lower("ReplicationGroupId"), lower("CacheClusterId"));
    let automatic = match params.text("SnapshotSource").as_deref() {
        None => None,
        Some("system") => Some(true),
        Some("user") => Some(false),
        Some(strange) => {
            let text = format!("Invalid SnapshotSource: {strange}. Valid values are: system, user");
            return Err(bad_value(text));
        }
    };
    if let Some(name) = &name {
        super::found(state, name)?;
    }
    let switches = &state.settings.switches;
    if let Some(id) = &group
        && switches.unknown_group_snapshots_fail
        && !state.elasticache.groups.contains_key(id)
    {
        let text = format!("ReplicationGroup {id} not found");
        return Err(Refusal::new(404, "ReplicationGroupNotFoundFault", text));
    }
    let by_member_too = switches.group_filter_finds_member_snapshots;
    let of_group =
        |it: &Snapshot, id: &String| (it.by_group || by_member_too) && it.source.id == *id;
    let found = state.elasticache.snapshots.values().filter(|it| {
        name.as_ref().is_none_or(|name| it.name == *name)
            && member.as_ref().is_none_or(|member| !it.by_group && it.member == *member)
            && group.as_ref().is_none_or(|group| of_group(it, group))
            && automatic.is_none_or(|automatic| it.automatic == automatic)
    });
    let with_configuration = params.flag("ShowNodeGroupConfig")?.unwrap_or_default();
    let mut found: Vec<_> = found.map(|it| (place(&it.name, state.settings.seed), it)).collect();
    // What comes before a page is left out before it is put in order: there may be very many.
    let marker = params.text("Marker").unwrap_or_default();
    let begins = marker.get(..16).and_then(|it| u64::from_str_radix(it, 16).ok());
    found.retain(|(place, _)| begins.is_none_or(|it| it <= *place));
    found.sort_unstable_by_key(|(place, it)| (*place, &it.name));
    let found = found.into_iter().map(|(place, it)| (format!("{place:016x}{}", it.name), it));
    let Page { items, marker } = page(params, 20, 50, found)?;
    let mut xml = Xml::new();
    xml.text("Marker", marker).list("Snapshots", "Snapshot", items, |xml, it| {
        write(xml, state, it, with_configuration);
    });
    Ok(xml.done())
}

/// Where a snapshot stands in a list, which is in no order that means anything (facts 5.4), and in the same one on every page.
fn place(name: &str, seed: u64) -> u64 {
    // FNV-1a.
    name.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, it| {
        (hash ^ u64::from(it)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// One snapshot, as the answer of a call that changes it.
pub(super) fn one(state: &State, name: &str) -> Result<String, Refusal> {
    let found = state.elasticache.snapshots.get(name);
    let found = found.ok_or_else(|| bad_value(format!("Snapshot {name} not found")))?;
    let mut xml = Xml::new();
    xml.within("Snapshot", |xml| write(xml, state, found, false));
    Ok(xml.done())
}

fn write(xml: &mut Xml, state: &State, it: &Snapshot, with_configuration: bool) {
    let source = &it.source;
    xml.text("SnapshotName", &it.name);
    if it.by_group {
        xml.text("ReplicationGroupId", &source.id)
            .text("ReplicationGroupDescription", &source.description);
    } else {
        xml.text("CacheClusterId", &it.member);
    }
    xml.text("SnapshotStatus", it.status.word())
        .text("SnapshotSource", if it.automatic { "automated" } else { "manual" })
        .text("CacheNodeType", &source.node_type)
        .text("Engine", &source.engine)
        .text("EngineVersion", source.version.to_string());
    let member = source.members.get(&it.member);
    if it.by_group {
        let shards = i64::try_from(source.shard_ids().len()).unwrap_or_default();
        xml.number("NumNodeGroups", shards).text("AutomaticFailover", source.failover.word());
    } else {
        xml.number("NumCacheNodes", 1)
            .maybe("PreferredAvailabilityZone", member.map(|it| &it.zone))
            .time("CacheClusterCreateTime", member.map_or(source.created_at, |it| it.created_at));
    }
    xml.text("PreferredMaintenanceWindow", &source.maintenance_window)
        .maybe("TopicArn", source.topic.as_ref().map(|it| &it.arn))
        .number("Port", source.port)
        .text("CacheParameterGroupName", &source.parameter_group)
        .text("CacheSubnetGroupName", &source.subnet_group)
        .text("VpcId", super::super::subnets::VPC)
        .flag("AutoMinorVersionUpgrade", source.auto_minor)
        .number("SnapshotRetentionLimit", source.snapshot_retention)
        .text("SnapshotWindow", &source.snapshot_window)
        .list("NodeSnapshots", "NodeSnapshot", &it.members, |xml, member| {
            node(xml, it, member, with_configuration);
        })
        .maybe("KmsKeyId", it.kms_key.as_ref())
        .text("ARN", snapshot_arn(state, &it.name))
        .text("DataTiering", tiering::word(&source.node_type));
    debug_assert!(group_arn(state, &source.id).contains(&source.id), "ARNs name what they are of");
}

fn node(xml: &mut Xml, it: &Snapshot, id: &str, with_configuration: bool) {
    let source = &it.source;
    let member = source.members.get(id);
    let shard = member.map_or(shards::ONLY, |it| it.shard.as_str());
    if it.by_group {
        xml.text("CacheClusterId", id).text("NodeGroupId", shard);
    }
    xml.text("CacheNodeId", "0001");
    if with_configuration {
        let replicas = i64::try_from(source.replicas_of(shard).count()).unwrap_or_default();
        let slots = source.shards.as_ref().and_then(|it| it.all.get(shard)?.slots);
        xml.within("NodeGroupConfiguration", |xml| {
            xml.maybe("NodeGroupId", source.is_sharded().then_some(shard))
                .maybe("Slots", slots.map(|it| it.to_string()))
                .number("ReplicaCount", replicas)
                .maybe("PrimaryAvailabilityZone", source.primary_of(shard).map(|it| &it.zone))
                .texts(
                    "ReplicaAvailabilityZones",
                    "AvailabilityZone",
                    source.replicas_of(shard).map(|it| &it.zone),
                );
        });
    }
    // Empty, and without a time, while it is being made (facts 5.1).
    let size = if it.taken_at.is_some() && it.status != SnapshotStatus::Creating {
        let bytes = source.share_of(shard, it.bytes);
        format!("{} MB", bytes.div_ceil(1024 * 1024).max(1))
    } else {
        String::new()
    };
    let created = member.map_or(source.created_at, |it| it.created_at);
    xml.text("CacheSize", size).time("CacheNodeCreateTime", created);
    if let Some(at) = it.taken_at {
        xml.time("SnapshotCreateTime", at);
    }
}
