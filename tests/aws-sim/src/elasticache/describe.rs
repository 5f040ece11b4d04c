//! Groups and clusters as XML: what is on the group, and what only on its members (facts 1.4).

use super::model::{Group, Member, Status};
use super::network;
use super::paging::{Page, page};
use super::{engine, group_arn, logs, parameters, shards, tiering};
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Endpoint, Refusal, State};

/// `DescribeReplicationGroups`.
pub(super) fn groups(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let id = params.text("ReplicationGroupId").map(|it| it.to_ascii_lowercase());
    if let Some(id) = &id {
        super::group(state, id)?;
    }
    let cache = &state.elasticache;
    let named = id.as_ref().map(|it| cache.groups.get(it).into_iter());
    let all = named.is_none().then(|| cache.groups.values());
    let found = named.into_iter().flatten().chain(all.into_iter().flatten());
    let found = found.filter(|it| !cache.standalone.contains(&it.id));
    let Page { items, marker } = page(params, 20, 100, found.map(|it| (&it.id, it)))?;
    let mut xml = Xml::new();
    xml.text("Marker", marker).list("ReplicationGroups", "ReplicationGroup", &items, |xml, it| {
        write_group(xml, state, it, it.looks_stale());
    });
    let seen: Vec<_> = items.iter().filter(|it| it.looks_stale()).map(|it| it.id.clone()).collect();
    for id in seen {
        if let Some(group) = state.elasticache.groups.get_mut(&id) {
            group.stale_looks -= 1;
        }
    }
    Ok(xml.done())
}

/// `DescribeCacheClusters`.
pub(super) fn clusters(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let id = params.text("CacheClusterId").map(|it| it.to_ascii_lowercase());
    if let Some(id) = &id {
        group_of(state, id)?;
    }
    let with_nodes = params.flag("ShowCacheNodeInfo")?.unwrap_or_default();
    let alone_only = params.flag("ShowCacheClustersNotInReplicationGroups")?.unwrap_or_default();
    let elasticache = &state.elasticache;
    let alone = |it: &Group| elasticache.standalone.contains(&it.id);
    let found = elasticache
        .groups
        .values()
        .filter(|it| !alone_only || alone(it))
        .flat_map(|group| group.members.values().map(move |it| (group, it)))
        .filter(|(group, it)| group.shows(it))
        .map(|(group, it)| (it.id.clone(), (group, it)))
        .filter(|(it, _)| id.as_ref().is_none_or(|id| it == id));
    let mut found: Vec<_> = found.collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let Page { items, marker } = page(params, 20, 100, found.into_iter())?;
    let mut xml = Xml::new();
    xml.text("Marker", marker).list("CacheClusters", "CacheCluster", items, |xml, (group, it)| {
        write_cluster(xml, state, group, it, with_nodes);
    });
    Ok(xml.done())
}

/// `DescribeCacheEngineVersions`. The default of what is asked about is the newest of each engine.
pub(super) fn engine_versions(params: &Params) -> Result<String, Refusal> {
    let wanted = |parameter: &str, value: &str| params.text(parameter).is_none_or(|it| it == value);
    let default_only = params.flag("DefaultOnly")?.unwrap_or_default();
    let asked = params.text("EngineVersion").unwrap_or_default();
    // With the default alone, a major version will do.
    let major = |version: &str| default_only && version.starts_with(&format!("{asked}."));
    let found = engine::offered().filter(|(engine, version, family)| {
        wanted("Engine", engine)
            && (wanted("EngineVersion", version) || major(version))
            && wanted("CacheParameterGroupFamily", family)
    });
    let mut found: Vec<_> = found.collect();
    if default_only {
        let all = found.clone();
        found.retain(|it| all.iter().rfind(|other| other.0 == it.0) == Some(it));
    }
    let found = found.into_iter().map(|it| (format!("{}-{}", it.0, it.1), it));
    let Page { items, marker } = page(params, 20, 100, found)?;
    let mut xml = Xml::new();
    xml.text("Marker", marker).list(
        "CacheEngineVersions",
        "CacheEngineVersion",
        items,
        |xml, (engine, version, family)| {
            xml.text("Engine", engine)
                .text("EngineVersion", version)
                .text("CacheParameterGroupFamily", family)
                .text("CacheEngineDescription", engine)
                .text("CacheEngineVersionDescription", format!("{engine} version {version}"));
        },
    );
    Ok(xml.done())
}

/// The group that a member belongs to.
pub(super) fn group_of<'a>(state: &'a State, member: &str) -> Result<&'a Group, Refusal> {
    let member = member.to_ascii_lowercase();
    let mut groups = state.elasticache.groups.values();
    let shown = |it: &&Group| it.members.get(&member).is_some_and(|member| it.shows(member));
    groups.find(shown).ok_or_else(|| {
        Refusal::new(404, "CacheClusterNotFound", format!("CacheCluster not found: {member}"))
    })
}

/// One group, as the answer of a call that changes it.
pub(super) fn one(state: &mut State, id: &str) -> Result<String, Refusal> {
    let found = super::group(state, id)?.clone();
    let mut xml = Xml::new();
    xml.within("ReplicationGroup", |xml| write_group(xml, state, &found, found.looks_stale()));
    Ok(xml.done())
}

/// A group as the answer of its creation, which knows little yet (facts 1.5).
pub(super) fn created(state: &mut State, id: &str) -> Result<String, Refusal> {
    one(state, id)
}

/// One cluster, as the answer of a call that changes it.
pub(super) fn one_cluster(state: &State, id: &str) -> Result<String, Refusal> {
    let group = group_of(state, id)?;
    let mut xml = Xml::new();
    if let Some(member) = group.members.get(id) {
        xml.within("CacheCluster", |xml| write_cluster(xml, state, group, member, false));
    }
    Ok(xml.done())
}

fn write_group(xml: &mut Xml, state: &State, it: &Group, lags: bool) {
    let status = if lags { Status::Available } else { it.status };
    let shown = |member: &&Member| !lags || member.status != Status::Creating;
    xml.text("ReplicationGroupId", &it.id)
        .text("Description", &it.description)
        .text("Status", status.word())
        .within("PendingModifiedValues", |xml| pending_of_group(xml, state, it, lags))
        .texts("MemberClusters", "ClusterId", it.members.values().filter(shown).map(|it| &it.id));
    match &it.shards {
        _ if !it.came => {}
        Some(shards) => shards::describe::write(xml, state, it, shards, lags),
        None => {
            xml.within("NodeGroups", |xml| {
                xml.within("NodeGroup", |xml| node_group(xml, state, it, lags));
            });
        }
    }
    if 0 < it.snapshot_retention || it.status == Status::Creating {
        xml.maybe("SnapshottingClusterId", it.snapshotting_member.as_ref());
    }
    let failover = match (it.status, it.failover.is_wanted()) {
        (Status::Creating, true) => "enabling",
        (_, _) => it.failover.word(),
    };
    xml.text("AutomaticFailover", failover)
        .text("MultiAZ", if it.multi_az { "enabled" } else { "disabled" })
        .number("SnapshotRetentionLimit", it.snapshot_retention)
        .text("SnapshotWindow", &it.snapshot_window)
        .flag("ClusterEnabled", it.is_sharded())
        .text("CacheNodeType", &it.node_type)
        .flag("AuthTokenEnabled", it.access.has_token());
    if let Some(at) = it.token_changed_at {
        xml.time("AuthTokenLastModifiedDate", at);
    }
    it.transit.write(xml);
    xml.flag("AtRestEncryptionEnabled", it.at_rest)
        .maybe("KmsKeyId", it.kms_key.as_ref())
        .text("ARN", group_arn(state, &it.id))
        .texts("UserGroupIds", "member", &it.user_groups)
        .time("ReplicationGroupCreateTime", it.created_at)
        .text("DataTiering", tiering::word(&it.node_type))
        .flag("AutoMinorVersionUpgrade", it.auto_minor)
        .text("ClusterMode", if it.is_sharded() { "enabled" } else { "disabled" })
        .text("Engine", &it.engine);
    network::write(xml, &it.network);
    logs::write(xml, it);
}

/// Neither node type nor engine version show here: those are on the members (facts 1.4).
fn pending_of_group(xml: &mut Xml, state: &State, it: &Group, lags: bool) {
    if lags {
        return;
    }
    let primary = it.under_way.primary.as_ref().or(it.deferred.primary.as_ref());
    xml.maybe("PrimaryClusterId", primary);
    match it.failover.word() {
        "enabling" => xml.text("AutomaticFailoverStatus", "enabled"),
        "disabling" => xml.text("AutomaticFailoverStatus", "disabled"),
        _ => xml,
    };
    xml.maybe("AuthTokenStatus", token_status(it));
    if let Some(transit) = it.under_way.transit.or(it.deferred.transit) {
        transit.write(xml);
    }
    logs::write_pending(xml, state, it);
    if let Some(moves) = it.shards.as_ref().and_then(|it| it.moves) {
        xml.within("Resharding", |xml| {
            xml.within("SlotMigration", |xml| {
                let progress = format!("{:.1}", moves.progress(state.now));
                xml.text("ProgressPercentage", progress);
            });
        });
    }
    if let Some(change) = it.under_way.user_groups.as_ref().or(it.deferred.user_groups.as_ref()) {
        xml.within("UserGroups", |xml| {
            xml.texts("UserGroupIdsToAdd", "member", &change.add).texts(
                "UserGroupIdsToRemove",
                "member",
                &change.remove,
            );
        });
    }
}

fn token_status(it: &Group) -> Option<&'static str> {
    let change = it.under_way.token.as_ref().or(it.deferred.token.as_ref());
    change.map(super::token::TokenChange::shown)
}

fn node_group(xml: &mut Xml, state: &State, it: &Group, lags: bool) {
    let status = match it.status {
        Status::Modifying if lags => Status::Available,
        Status::Available if it.shard_is_busy(state.now) || it.reboots() => Status::Modifying,
        Status::Snapshotting => Status::Available,
        other @ (Status::Creating
        | Status::Available
        | Status::Modifying
        | Status::Deleting
        | Status::CreateFailed
        | Status::RestoreFailed
        | Status::Rebooting) => other,
    };
    xml.text("NodeGroupId", "0001")
        .text("Status", status.word())
        .within("PrimaryEndpoint", |xml| address(xml, &it.primary_endpoint));
    if it.replicas().next().is_some() || state.settings.switches.lone_node_has_reader {
        xml.within("ReaderEndpoint", |xml| address(xml, &it.reader_endpoint));
    }
    // A member that is being made has no place here yet.
    let there = it.members.values().filter(|it| it.status != Status::Creating);
    xml.list("NodeGroupMembers", "NodeGroupMember", there, |xml, member| {
        let role = if member.id == it.primary { "primary" } else { "replica" };
        xml.text("CacheClusterId", &member.id)
            .text("CacheNodeId", "0001")
            .within("ReadEndpoint", |xml| address(xml, &member.endpoint))
            .text("PreferredAvailabilityZone", &member.zone)
            .text("CurrentRole", role);
    });
}

fn address(xml: &mut Xml, it: &Endpoint) {
    xml.text("Address", &it.host).number("Port", it.port);
}

fn write_cluster(xml: &mut Xml, state: &State, group: &Group, it: &Member, with_nodes: bool) {
    let lags = group.looks_stale() && it.status == Status::Modifying;
    let status = if lags { Status::Available } else { it.status };
    xml.text("CacheClusterId", &it.id)
        .text("CacheNodeType", &it.node_type)
        .text("Engine", &it.engine)
        .text("EngineVersion", it.version.to_string())
        .text("CacheClusterStatus", status.word())
        .number("NumCacheNodes", 1)
        .text("PreferredAvailabilityZone", &it.zone)
        .time("CacheClusterCreateTime", it.created_at)
        .text("PreferredMaintenanceWindow", group.maintenance_window_of(it))
        .within("PendingModifiedValues", |xml| pending_of_cluster(xml, state, (group, it), lags));
    let applies = parameters::apply_status(state, group, it);
    if let Some(topic) = group.topic_of(it) {
        xml.within("NotificationConfiguration", |xml| {
            let is_told = topic.active && !state.sns.encrypted.contains(&topic.arn);
            let status = if is_told { "active" } else { "inactive" };
            xml.text("TopicArn", &topic.arn).text("TopicStatus", status);
        });
    }
    xml.texts("CacheSecurityGroups", "CacheSecurityGroup", [""; 0])
        .within("CacheParameterGroup", |xml| {
            let waits = (applies == parameters::PENDING_REBOOT).then_some("0001");
            xml.text("CacheParameterGroupName", group.parameter_group_of(it))
                .text("ParameterApplyStatus", applies)
                .texts("CacheNodeIdsToReboot", "CacheNodeId", waits);
        })
        .text("CacheSubnetGroupName", &group.subnet_group);
    if with_nodes && it.status != Status::Creating {
        xml.within("CacheNodes", |xml| {
            xml.within("CacheNode", |xml| cache_node(xml, it, status, applies));
        });
    }
    xml.flag("AutoMinorVersionUpgrade", group.auto_minor_of(it)).list(
        "SecurityGroups",
        "member",
        group.security_groups_of(it),
        |xml, id| {
            xml.text("SecurityGroupId", id).text("Status", "active");
        },
    );
    if !state.elasticache.standalone.contains(&group.id) {
        xml.text("ReplicationGroupId", &group.id);
    }
    let snapshots = group.snapshotting_member.as_ref() == Some(&it.id);
    xml.number("SnapshotRetentionLimit", if snapshots { group.snapshot_retention } else { 0 })
        .text("SnapshotWindow", &group.snapshot_window)
        .flag("AuthTokenEnabled", group.access.has_token());
    if let Some(at) = group.token_changed_at {
        xml.time("AuthTokenLastModifiedDate", at);
    }
    group.transit.write(xml);
    xml.flag("AtRestEncryptionEnabled", group.at_rest)
        .text("ARN", state.arn("elasticache", &format!("cluster:{}", it.id)))
        .flag("ReplicationGroupLogDeliveryEnabled", !group.logs.is_empty());
    network::write(xml, &group.network);
    logs::write(xml, group);
}

fn pending_of_cluster(
    xml: &mut Xml,
    state: &State,
    (group, member): (&Group, &Member),
    lags: bool,
) {
    let under_way = if lags { None } else { Some(&group.under_way) };
    let change = |pick: fn(&super::model::Change) -> Option<String>| {
        under_way.and_then(pick).or_else(|| pick(&group.deferred))
    };
    let version = change(|it| it.upgrade.as_ref().map(|it| it.version.to_string()));
    // A member that has had its turn waits for nothing.
    let version = version.filter(|it| *it != member.version.to_string());
    xml.maybe("EngineVersion", version)
        .maybe("CacheNodeType", change(|it| it.node_type.clone()))
        .maybe("AuthTokenStatus", if lags { None } else { token_status(group) });
    let transit = under_way.and_then(|it| it.transit).or(group.deferred.transit);
    if let Some(transit) = transit {
        transit.write(xml);
    }
    if !lags {
        logs::write_pending(xml, state, group);
    }
}

fn cache_node(xml: &mut Xml, it: &Member, status: Status, applies: &str) {
    let status = match status {
        Status::Deleting => "deleting",
        // Only a cluster is `restore-failed`, no node is (facts 1.2).
        Status::Creating | Status::RestoreFailed => "creating",
        Status::Rebooting => "rebooting",
        Status::Available | Status::Modifying | Status::Snapshotting | Status::CreateFailed => {
            "available"
        }
    };
    xml.text("CacheNodeId", "0001")
        .text("CacheNodeStatus", status)
        .time("CacheNodeCreateTime", it.created_at)
        .within("Endpoint", |xml| address(xml, &it.endpoint))
        .text("ParameterGroupStatus", applies)
        .text("CustomerAvailabilityZone", &it.zone);
}
