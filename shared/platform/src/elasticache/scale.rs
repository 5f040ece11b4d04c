//! Node type and replica count of a group.

use aws_sdk_elasticache::primitives::DateTime;
use aws_sdk_elasticache::types::{ConfigureShard, SourceType};
use domain::{GroupId, NodeType};
use jiff::Timestamp;

use super::create::{count, some_unless_empty};
use crate::{ElastiCache, Fault};

impl ElastiCache {
    /// The node types that ElastiCache would change this group to, larger and smaller, in no useful order (facts 4.1).
    pub async fn allowed_node_types(&self, group: &GroupId) -> Result<Vec<NodeType>, Fault> {
        let answer = self
            .client
            .list_allowed_node_type_modifications()
            .replication_group_id(group.as_str())
            .send()
            .await
            .map_err(|err| Fault::from_sdk("ListAllowedNodeTypeModifications", err))?;
        let names = answer.scale_up_modifications().iter().chain(answer.scale_down_modifications());
        // A name of a shape that we do not know is a type that we do not choose.
        Ok(names.filter_map(|it| NodeType::parse(it).ok()).collect())
    }

    /// Asks for another node type, now and not in the maintenance window. It takes minutes and may be dropped (facts 4.3).
    pub async fn resize(&self, group: &GroupId, to: &NodeType) -> Result<(), Fault> {
        self.client
            .modify_replication_group()
            .replication_group_id(group.as_str())
            .cache_node_type(to.as_str())
            .apply_immediately(true)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("ModifyReplicationGroup", err))?;
        Ok(())
    }

    /// Asks for so many replicas, which is more than there are, in these shards where there are several. The primary is not counted
    /// (facts 4.4).
    pub async fn add_replicas(
        &self,
        group: &GroupId,
        to: u32,
        shards: &[String],
    ) -> Result<(), Fault> {
        self.client
            .increase_replica_count()
            .replication_group_id(group.as_str())
            .set_new_replica_count(shards.is_empty().then(|| count(to)))
            .set_replica_configuration(each(shards, to))
            .apply_immediately(true)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("IncreaseReplicaCount", err))?;
        Ok(())
    }

    /// Asks for so many replicas, which is fewer than there are, in these shards where there are several. ElastiCache chooses which go,
    /// and keeps the zones apart (facts 4.4).
    pub async fn remove_replicas(
        &self,
        group: &GroupId,
        to: u32,
        shards: &[String],
    ) -> Result<(), Fault> {
        self.client
            .decrease_replica_count()
            .replication_group_id(group.as_str())
            .set_new_replica_count(shards.is_empty().then(|| count(to)))
            .set_replica_configuration(each(shards, to))
            .apply_immediately(true)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("DecreaseReplicaCount", err))?;
        Ok(())
    }

    /// Asks for so many shards; these go, where it is fewer. Keys move while clients go on, and it may be dropped (facts 4.3).
    pub async fn set_shards(&self, group: &GroupId, to: u32, gone: &[String]) -> Result<(), Fault> {
        self.client
            .modify_replication_group_shard_configuration()
            .replication_group_id(group.as_str())
            .node_group_count(count(to))
            .set_node_groups_to_remove(some_unless_empty(gone))
            .apply_immediately(true)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("ModifyReplicationGroupShardConfiguration", err))?;
        Ok(())
    }

    /// What ElastiCache says of a group since a time, in its own words, oldest first. A change that it drops is told only there (facts 4.3).
    pub async fn events_since(
        &self,
        group: &GroupId,
        since: Timestamp,
    ) -> Result<Vec<String>, Fault> {
        let mut pages = self
            .client
            .describe_events()
            .source_type(SourceType::ReplicationGroup)
            .source_identifier(group.as_str())
            .start_time(DateTime::from_secs(since.as_second()))
            .into_paginator()
            .items()
            .send();
        let mut events = Vec::new();
        while let Some(event) = pages.next().await {
            let event = event.map_err(|err| Fault::from_sdk("DescribeEvents", err))?;
            let at = event.date().map_or(0, DateTime::secs);
            events.push((at, event.message().unwrap_or_default().to_owned()));
        }
        events.sort();
        Ok(events.into_iter().map(|(_, text)| text).collect())
    }
}

/// The same count for each of these shards. Others may have as many already, which would be refused (facts 4.4).
fn each(shards: &[String], to: u32) -> Option<Vec<ConfigureShard>> {
    let one =
        |it: &String| ConfigureShard::builder().node_group_id(it).new_replica_count(count(to));
    let shards: Vec<_> = shards.iter().map(|it| one(it).build()).collect();
    Some(shards).filter(|it| !it.is_empty())
}
