//! A new replication group.

use aws_sdk_elasticache::operation::create_replication_group::builders::CreateReplicationGroupFluentBuilder;
use aws_sdk_elasticache::types::{
    IpDiscovery, LogDeliveryConfigurationRequest, NetworkType, NodeGroupConfiguration,
    TransitEncryptionMode,
};
use domain::group::{NewGroup, Resilience, Transit};
use domain::log::{LogDelivery, LogKind};
use domain::shard::new::NewShard;
use domain::shard::{self, Shape};

use super::delivery;
use super::group::api_tags;
use crate::{ElastiCache, Fault};

impl ElastiCache {
    /// Asks for a new group. AWS answers at once and makes it over minutes; a want of capacity shows only later (facts 1.3).
    ///
    /// Everything is said, nothing is left to a default of AWS or to what a snapshot may hold (facts 5.7).
    pub async fn create(&self, group: &NewGroup) -> Result<(), Fault> {
        let request = self
            .client
            .create_replication_group()
            .replication_group_id(group.id.as_str())
            .replication_group_description(&group.description)
            .engine(&group.engine)
            .engine_version(&group.engine_version)
            .cache_node_type(group.node_type.as_str())
            .port(count(group.port.into()))
            .set_cache_parameter_group_name(group.parameter_group.clone())
            .set_cache_subnet_group_name(group.subnet_group.clone())
            .set_security_group_ids(some_unless_empty(&group.security_groups))
            .automatic_failover_enabled(group.resilience != Resilience::None)
            .multi_az_enabled(group.resilience == Resilience::MultiAz)
            .snapshot_retention_limit(count(group.snapshot_retention_days))
            .set_snapshot_window(group.snapshot_window.clone())
            .set_preferred_maintenance_window(group.maintenance_window.clone())
            .set_auto_minor_version_upgrade(group.auto_minor_version_upgrade)
            .set_notification_topic_arn(group.notification_topic.clone())
            .set_data_tiering_enabled(group.data_tiering.then_some(true))
            .set_network_type(unless_ipv4(&group.network_type).map(NetworkType::from))
            .set_ip_discovery(unless_ipv4(&group.ip_discovery).map(IpDiscovery::from))
            .set_kms_key_id(group.kms_key.clone())
            .set_log_delivery_configurations(some_logs(&group.logs))
            .set_snapshot_name(group.snapshot.clone())
            .set_snapshot_arns(some_unless_empty(&group.files))
            .set_tags(Some(api_tags(&group.tags)))
            .at_rest_encryption_enabled(group.encryption.at_rest);
        let created = protected(shaped(request, group), &group.encryption.transit)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("CreateReplicationGroup", err));
        match (created, &group.encryption.transit) {
            (Ok(_), _) => Ok(()),
            // The service's own words only without the token (facts 10).
            (Err(fault), Transit::TlsWithToken(token)) => Err(fault.without(token)),
            (Err(fault), _) => Err(fault),
        }
    }
}

/// How many nodes there are is said in one of three ways, which do not go together.
fn shaped(
    request: CreateReplicationGroupFluentBuilder,
    group: &NewGroup,
) -> CreateReplicationGroupFluentBuilder {
    let told = shard::new::told(group);
    match group.shape {
        Shape::Single { nodes } => request
            .num_cache_clusters(count(nodes))
            .set_preferred_cache_cluster_azs(some_unless_empty(&group.zones)),
        Shape::Sharded { shards, replicas } if told.is_empty() => {
            request.num_node_groups(count(shards)).replicas_per_node_group(count(replicas))
        }
        Shape::Sharded { .. } => {
            request.set_node_group_configuration(Some(told.iter().map(configured).collect()))
        }
    }
}

/// A shard that is told by itself. ElastiCache numbers them in the order in which they come.
fn configured(shard: &NewShard) -> NodeGroupConfiguration {
    let zones = shard.zones.split_first();
    let replicas = zones.map_or(&[][..], |(_, replicas)| replicas);
    NodeGroupConfiguration::builder()
        .set_slots(shard.slots.map(|(first, last)| format!("{first}-{last}")))
        .replica_count(count(shard.replicas))
        .set_primary_availability_zone(zones.map(|(primary, _)| primary.clone()))
        .set_replica_availability_zones(some_unless_empty(replicas))
        .build()
}

fn protected(
    request: CreateReplicationGroupFluentBuilder,
    transit: &Transit,
) -> CreateReplicationGroupFluentBuilder {
    match transit {
        Transit::Plain => request.transit_encryption_enabled(false),
        Transit::Tls => request.transit_encryption_enabled(true),
        Transit::TlsPreferred => request
            .transit_encryption_enabled(true)
            .transit_encryption_mode(TransitEncryptionMode::Preferred),
        Transit::TlsWithUsers(groups) => {
            request.transit_encryption_enabled(true).set_user_group_ids(Some(groups.clone()))
        }
        // The request type prints the token (facts 10): it is built here, sent, and never logged.
        Transit::TlsWithToken(token) => {
            request.transit_encryption_enabled(true).auth_token(token.expose())
        }
    }
}

/// A kind of addresses, where it is not the one that every version has: older ones know no such parameter.
fn unless_ipv4(kind: &str) -> Option<&str> {
    Some(kind).filter(|it| *it != "ipv4")
}

/// Logs as a call asks for them; none is no parameter.
fn some_logs(logs: &[(LogKind, LogDelivery)]) -> Option<Vec<LogDeliveryConfigurationRequest>> {
    let logs: Vec<_> = logs.iter().map(|(kind, to)| delivery::asked(*kind, Some(to))).collect();
    Some(logs).filter(|it| !it.is_empty())
}

/// A small count as the API takes it.
pub(super) fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A list where it has entries: an empty list is no parameter of the Query protocol.
pub(super) fn some_unless_empty(list: &[String]) -> Option<Vec<String>> {
    if list.is_empty() { None } else { Some(list.to_vec()) }
}
