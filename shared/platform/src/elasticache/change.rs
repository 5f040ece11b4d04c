//! Changes of a running group, apart from its size, which is in `scale.rs`, and its token, which is in `token.rs`.

use aws_sdk_elasticache::operation::modify_replication_group::builders::ModifyReplicationGroupFluentBuilder;
use aws_sdk_elasticache::types::IpDiscovery;
use domain::GroupId;
use domain::engine::{Engine, Version};
use domain::group::Resilience;
use domain::provision::Settings;

use super::create::count;
use crate::{ElastiCache, Fault, FaultKind};

impl ElastiCache {
    /// Changes what ElastiCache changes at once.
    pub async fn set_settings(&self, id: &GroupId, settings: &Settings) -> Result<(), Fault> {
        let request = self
            .modify(id)
            .set_cache_parameter_group_name(settings.parameter_group.clone())
            .set_security_group_ids(settings.security_groups.clone())
            .set_snapshot_retention_limit(settings.snapshot_retention_days.map(count))
            .set_snapshotting_cluster_id(
                settings.snapshotting_member.as_ref().map(ToString::to_string),
            )
            .set_snapshot_window(settings.snapshot_window.clone())
            .set_preferred_maintenance_window(settings.maintenance_window.clone())
            .set_auto_minor_version_upgrade(settings.auto_minor_version_upgrade)
            .set_ip_discovery(settings.ip_discovery.as_deref().map(IpDiscovery::from));
        send(request).await
    }

    /// Turns failover and Multi-AZ on or off.
    pub async fn set_resilience(&self, id: &GroupId, resilience: Resilience) -> Result<(), Fault> {
        let request = self
            .modify(id)
            .automatic_failover_enabled(resilience != Resilience::None)
            .multi_az_enabled(resilience == Resilience::MultiAz);
        send(request).await
    }

    /// Installs a newer engine version, of another engine where one is named, with the parameter group of its family.
    pub async fn upgrade(
        &self,
        id: &GroupId,
        engine: Option<Engine>,
        to: Version,
        parameter_group: &str,
    ) -> Result<(), Fault> {
        let request = self
            .modify(id)
            .set_engine(engine.map(|it| it.to_string()))
            .engine_version(to.to_string())
            .cache_parameter_group_name(parameter_group);
        send(request).await
    }

    /// A change that is applied now and not in the maintenance window, where it could not be seen on the group (facts 1.4).
    pub(super) fn modify(&self, id: &GroupId) -> ModifyReplicationGroupFluentBuilder {
        self.client
            .modify_replication_group()
            .replication_group_id(id.as_str())
            .apply_immediately(true)
    }
}

/// Sends a change. That it changes nothing means that an earlier call, whose answer was lost, has changed it.
pub(super) async fn send(request: ModifyReplicationGroupFluentBuilder) -> Result<(), Fault> {
    match request.send().await.map_err(|err| Fault::from_sdk("ModifyReplicationGroup", err)) {
        Ok(_) => Ok(()),
        Err(fault) if fault.kind == FaultKind::NoChange => Ok(()),
        Err(fault) => Err(fault),
    }
}
