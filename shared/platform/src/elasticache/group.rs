//! Replication groups as they are seen: group, members and tags, joined.

use aws_sdk_elasticache::primitives::DateTime;
use aws_sdk_elasticache::types::{
    CacheCluster, DataTieringStatus, Endpoint as ApiEndpoint, NodeGroup, NodeGroupMember,
    ReplicationGroup, ReplicationGroupPendingModifiedValues, TransitEncryptionMode,
};
use domain::group::{Endpoint, Tls, Toggle};
use domain::log::LogView;
use domain::shard::{self, ShardView};
use domain::{
    GroupId, GroupStatus, GroupView, MemberId, MemberView, NameError, NodeType, Role, Tags,
};
use jiff::Timestamp;

use super::delivery;
use crate::{ElastiCache, Fault, FaultKind};

impl ElastiCache {
    /// Looks at a group and at all of its members, or finds it gone.
    ///
    /// Neither call alone tells all (facts 1.4). The members come from one `DescribeCacheClusters` over the account's pages,
    /// filtered by group: one call for a group of six where a call for each member would be six.
    pub async fn group(&self, id: &GroupId) -> Result<Option<GroupView>, Fault> {
        let (group, clusters) =
            tokio::join!(self.bare_group(id), self.clusters(|it| is_of(it, id)));
        let Some(group) = group? else { return Ok(None) };
        view(&group, clusters?).map(Some)
    }

    /// Looks at a group and at where its nodes are: with one call, where the group itself tells each node's address. Of the members no more is
    /// known then, and none counts as ready for a change.
    pub async fn group_to_log_in_to(&self, id: &GroupId) -> Result<Option<GroupView>, Fault> {
        let Some(group) = self.bare_group(id).await? else { return Ok(None) };
        let placed: Vec<_> = (group.node_groups().iter())
            .flat_map(NodeGroup::node_group_members)
            .filter(|it| it.read_endpoint().is_some_and(|it| it.address().is_some()))
            .filter_map(NodeGroupMember::cache_cluster_id)
            .collect();
        let is_whole = (group.member_clusters().iter()).all(|it| placed.contains(&it.as_str()))
            && placed.len() == group.member_clusters().len();
        // With shards a node's address is told with the node alone.
        let clusters = if is_whole {
            placed.iter().map(|it| CacheCluster::builder().cache_cluster_id(*it).build()).collect()
        } else {
            self.clusters(|it| is_of(it, id)).await?
        };
        view(&group, clusters).map(Some)
    }

    /// Looks at a group alone, with one call: of its members no more is told than their ids. Those of a whole account are too many to be read for each
    /// of very many groups.
    pub async fn group_alone(&self, id: &GroupId) -> Result<Option<GroupView>, Fault> {
        let Some(group) = self.bare_group(id).await? else { return Ok(None) };
        view(&group, Vec::new()).map(Some)
    }

    /// Looks at a group, at all of its members, and at its tags where its state allows (facts 1.2).
    pub async fn group_with_tags(&self, id: &GroupId) -> Result<Option<GroupView>, Fault> {
        let Some(mut view) = self.group(id).await? else { return Ok(None) };
        view.tags = self.tags(&view.arn).await?;
        Ok(Some(view))
    }

    /// Looks at the group that one of these members belongs to, with the same two calls: a member says which group, its name does not
    /// (facts 6.1). Others of them may be gone.
    pub async fn group_around(&self, members: &[MemberId]) -> Result<Option<GroupView>, Fault> {
        let clusters = self.clusters(|_| true).await?;
        let is_one = |it: &&CacheCluster| {
            let id = it.cache_cluster_id().unwrap_or_default();
            members.iter().any(|member| id.eq_ignore_ascii_case(member.as_str()))
        };
        let group = clusters.iter().find(is_one).and_then(CacheCluster::replication_group_id);
        let Some(group) = group.and_then(|it| GroupId::parse(it).ok()) else { return Ok(None) };
        let Some(bare) = self.bare_group(&group).await? else { return Ok(None) };
        view(&bare, clusters.into_iter().filter(|it| is_of(it, &group)).collect()).map(Some)
    }

    /// The text that describes a group, or nothing where there is none of that id: one call, and it can be read in every state.
    pub async fn description(&self, id: &GroupId) -> Result<Option<String>, Fault> {
        let found = self.bare_group(id).await?;
        Ok(found.map(|it| it.description().unwrap_or_default().to_owned()))
    }

    /// The tags of a group or snapshot, or nothing while it is busy or gone.
    pub async fn tags(&self, arn: &str) -> Result<Option<Tags>, Fault> {
        let answer = self.client.list_tags_for_resource().resource_name(arn).send().await;
        match answer.map_err(|err| Fault::from_sdk("ListTagsForResource", err)) {
            Ok(answer) => Ok(Some(
                answer
                    .tag_list()
                    .iter()
                    .filter_map(|it| {
                        Some((it.key()?.to_owned(), it.value().unwrap_or_default().to_owned()))
                    })
                    .collect(),
            )),
            Err(fault) if fault.kind == FaultKind::Busy || fault.is_gone() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Puts tags on a group or snapshot, over those of the same keys.
    pub async fn tag(&self, arn: &str, tags: &Tags) -> Result<(), Fault> {
        self.client
            .add_tags_to_resource()
            .resource_name(arn)
            .set_tags(Some(api_tags(tags)))
            .send()
            .await
            .map_err(|err| Fault::from_sdk("AddTagsToResource", err))?;
        Ok(())
    }

    /// Takes tags off a group or snapshot, whichever of them are there.
    pub async fn untag(&self, arn: &str, keys: &[&str]) -> Result<(), Fault> {
        match self.remove_tags(arn, keys).await {
            Err(fault) if fault.kind == FaultKind::NoChange => {}
            removed => return removed,
        }
        // One that is not there, as after a call whose answer was lost, may have kept the others from going.
        for key in keys {
            match self.remove_tags(arn, &[key]).await {
                Err(fault) if fault.kind == FaultKind::NoChange => {}
                removed => removed?,
            }
        }
        Ok(())
    }

    async fn remove_tags(&self, arn: &str, keys: &[&str]) -> Result<(), Fault> {
        self.client
            .remove_tags_from_resource()
            .resource_name(arn)
            .set_tag_keys(Some(keys.iter().map(|it| (*it).to_owned()).collect()))
            .send()
            .await
            .map_err(|err| Fault::from_sdk("RemoveTagsFromResource", err))?;
        Ok(())
    }

    async fn bare_group(&self, id: &GroupId) -> Result<Option<ReplicationGroup>, Fault> {
        const CALL: &str = "DescribeReplicationGroups";
        let answer = self
            .client
            .describe_replication_groups()
            .replication_group_id(id.as_str())
            .send()
            .await;
        match answer.map_err(|err| Fault::from_sdk(CALL, err)) {
            Ok(answer) => match answer.replication_groups.unwrap_or_default().into_iter().next() {
                Some(group) => Ok(Some(group)),
                None => Err(Fault::strange(CALL, "the answer names no group")),
            },
            Err(fault) if fault.is_gone() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    pub(super) async fn clusters(
        &self,
        wanted: impl Fn(&CacheCluster) -> bool,
    ) -> Result<Vec<CacheCluster>, Fault> {
        let mut pages = self
            .client
            .describe_cache_clusters()
            .show_cache_node_info(true)
            .into_paginator()
            .items()
            .send();
        let mut clusters = Vec::new();
        while let Some(cluster) = pages.next().await {
            let cluster = cluster.map_err(|err| Fault::from_sdk("DescribeCacheClusters", err))?;
            if wanted(&cluster) {
                clusters.push(cluster);
            }
        }
        Ok(clusters)
    }
}

pub(super) fn is_of(cluster: &CacheCluster, group: &GroupId) -> bool {
    cluster.replication_group_id().is_some_and(|it| it.eq_ignore_ascii_case(group.as_str()))
}

/// Tags as the API takes them.
pub(super) fn api_tags(tags: &Tags) -> Vec<aws_sdk_elasticache::types::Tag> {
    let tag = |(key, value): (&String, &String)| {
        aws_sdk_elasticache::types::Tag::builder().key(key).value(value).build()
    };
    tags.iter().map(tag).collect()
}

const IPV4: &str = "ipv4";

fn view(group: &ReplicationGroup, clusters: Vec<CacheCluster>) -> Result<GroupView, Fault> {
    let strange = |err: String| Fault::strange("DescribeReplicationGroups", err);
    let id = group.replication_group_id().unwrap_or_default();
    let pending = group.pending_modified_values();
    let shard = group.node_groups().first();
    let members = clusters.iter().map(|it| member(group, it)).collect::<Result<_, _>>()?;
    Ok(GroupView {
        id: GroupId::parse(id).map_err(|err| strange(err.to_string()))?,
        arn: group.arn().unwrap_or_default().to_owned(),
        status: GroupStatus::parse(group.status().unwrap_or_default()),
        engine: group.engine().map(str::to_owned),
        node_type: group.cache_node_type().and_then(|it| NodeType::parse(it).ok()),
        description: group.description().unwrap_or_default().to_owned(),
        cluster_enabled: group.cluster_enabled().unwrap_or_default(),
        automatic_failover: Toggle::parse(group.automatic_failover().map_or("", |it| it.as_str())),
        multi_az: Toggle::parse(group.multi_az().map_or("", |it| it.as_str())),
        tls: Tls::parse(
            group.transit_encryption_enabled().unwrap_or_default(),
            group.transit_encryption_mode().map(TransitEncryptionMode::as_str),
        ),
        transit_encryption: group.transit_encryption_enabled().unwrap_or_default(),
        at_rest_encryption: group.at_rest_encryption_enabled().unwrap_or_default(),
        data_tiering: group.data_tiering() == Some(&DataTieringStatus::Enabled),
        // A group of before there was a choice has the first kind.
        network_type: group.network_type().map_or(IPV4, |it| it.as_str()).to_owned(),
        ip_discovery: group.ip_discovery().map_or(IPV4, |it| it.as_str()).to_owned(),
        kms_key: group.kms_key_id().map(str::to_owned),
        logs: logs(group),
        auth_token_enabled: group.auth_token_enabled().unwrap_or_default(),
        user_groups: group.user_group_ids().to_vec(),
        token_change: pending
            .and_then(|it| it.auth_token_status())
            .map(|it| it.as_str().to_owned()),
        token_changed_at: group.auth_token_last_modified_date().and_then(time),
        snapshot_retention_days: group
            .snapshot_retention_limit()
            .and_then(|it| u32::try_from(it).ok())
            .unwrap_or_default(),
        snapshot_window: group.snapshot_window().unwrap_or_default().to_owned(),
        auto_minor_version_upgrade: group.auto_minor_version_upgrade(),
        primary_endpoint: shard.and_then(|it| endpoint(it.primary_endpoint())),
        reader_endpoint: shard.and_then(|it| endpoint(it.reader_endpoint())),
        configuration_endpoint: endpoint(group.configuration_endpoint()),
        shards: shards(group)?,
        member_ids: group
            .member_clusters()
            .iter()
            .map(|it| MemberId::parse(it).map_err(|err| strange(err.to_string())))
            .collect::<Result<_, _>>()?,
        members,
        node_groups_settled: pending.is_none_or(|it| it.resharding().is_none())
            && group.node_groups().iter().all(|it| it.status() == Some("available")),
        global_datastore: group
            .global_replication_group_info()
            .and_then(|it| it.global_replication_group_id())
            .map(str::to_owned),
        tags: None,
    })
}

/// The shards, where cluster mode is enabled: without it a group has a node group too.
fn shards(group: &ReplicationGroup) -> Result<Vec<ShardView>, Fault> {
    let strange = |err: NameError| Fault::strange("DescribeReplicationGroups", err.to_string());
    let member = |it: &NodeGroupMember| {
        MemberId::parse(it.cache_cluster_id().unwrap_or_default()).map_err(strange)
    };
    let shard = |it: &NodeGroup| {
        Ok(ShardView {
            id: it.node_group_id().unwrap_or_default().to_owned(),
            slots: it.slots().and_then(shard::slots),
            members: it.node_group_members().iter().map(member).collect::<Result<_, _>>()?,
        })
    };
    let is_sharded = group.cluster_enabled().unwrap_or_default();
    group.node_groups().iter().filter(|_| is_sharded).map(shard).collect()
}

fn member(group: &ReplicationGroup, cluster: &CacheCluster) -> Result<MemberView, Fault> {
    let id = cluster.cache_cluster_id().unwrap_or_default();
    let node = group
        .node_groups()
        .iter()
        .flat_map(NodeGroup::node_group_members)
        .find(|it| it.cache_cluster_id() == Some(id));
    let own = cluster.cache_nodes().first().and_then(|it| endpoint(it.endpoint()));
    let node_type = |text: Option<&str>| text.and_then(|it| NodeType::parse(it).ok());
    Ok(MemberView {
        id: MemberId::parse(id)
            .map_err(|err| Fault::strange("DescribeCacheClusters", err.to_string()))?,
        status: cluster.cache_cluster_status().unwrap_or_default().to_owned(),
        node_type: node_type(cluster.cache_node_type()),
        pending_node_type: node_type(
            cluster.pending_modified_values().and_then(|it| it.cache_node_type()),
        ),
        pending_engine_version: cluster
            .pending_modified_values()
            .and_then(|it| it.engine_version())
            .map(str::to_owned),
        engine: cluster.engine().unwrap_or_default().to_owned(),
        engine_version: cluster.engine_version().unwrap_or_default().to_owned(),
        parameter_group: cluster
            .cache_parameter_group()
            .and_then(|it| it.cache_parameter_group_name())
            .map(str::to_owned),
        parameter_status: cluster
            .cache_parameter_group()
            .and_then(|it| it.parameter_apply_status())
            .unwrap_or_default()
            .to_owned(),
        subnet_group: cluster.cache_subnet_group_name().map(str::to_owned),
        security_groups: cluster
            .security_groups()
            .iter()
            .filter_map(|it| it.security_group_id().map(str::to_owned))
            .collect(),
        maintenance_window: cluster.preferred_maintenance_window().unwrap_or_default().to_owned(),
        notification_topic: cluster
            .notification_configuration()
            .filter(|it| it.topic_status() == Some("active"))
            .and_then(|it| it.topic_arn())
            .map(str::to_owned),
        tls: tls(cluster),
        role: node.and_then(|it| it.current_role()).and_then(role),
        endpoint: node.and_then(|it| endpoint(it.read_endpoint())).or(own),
        zone: cluster.preferred_availability_zone().map(str::to_owned),
        created_at: cluster
            .cache_cluster_create_time()
            .and_then(|it| Timestamp::from_second(it.secs()).ok()),
    })
}

fn time(api: &DateTime) -> Option<Timestamp> {
    Timestamp::new(api.secs(), i32::try_from(api.subsec_nanos()).ok()?).ok()
}

/// What a member says itself; one that is encrypted and tells no mode is not to be compared.
fn tls(cluster: &CacheCluster) -> Option<Tls> {
    let mode = cluster.transit_encryption_mode().map(TransitEncryptionMode::as_str);
    let enabled = cluster.transit_encryption_enabled()?;
    (!enabled || mode.is_some()).then(|| Tls::parse(enabled, mode))
}

/// The logs of a group; one that is still to come shows only among what is pending (facts 1.4).
fn logs(group: &ReplicationGroup) -> Vec<LogView> {
    let pending = group.pending_modified_values().into_iter();
    let pending =
        pending.flat_map(ReplicationGroupPendingModifiedValues::log_delivery_configurations);
    let comes: Vec<LogView> = pending.filter_map(|it| delivery::to_come(it.log_type()?)).collect();
    let shown = group.log_delivery_configurations().iter().filter_map(delivery::view);
    let stays = shown.filter(|it| comes.iter().all(|other| other.kind != it.kind));
    stays.chain(comes.iter().cloned()).collect()
}

fn role(word: &str) -> Option<Role> {
    match word {
        "primary" => Some(Role::Primary),
        "replica" => Some(Role::Replica),
        _ => None,
    }
}

fn endpoint(api: Option<&ApiEndpoint>) -> Option<Endpoint> {
    let api = api?;
    Some(Endpoint { address: api.address()?.to_owned(), port: u16::try_from(api.port()?).ok()? })
}
