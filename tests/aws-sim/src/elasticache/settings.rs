//! The settings that `ModifyReplicationGroup` applies at once.

use super::check::{self, bad_combination, bad_value};
use super::create::{check_windows, retention};
use super::model::{Group, Toggle, Topic};
use super::upgrade::Upgrade;
use super::{network, parameters, shards};
use crate::wire::query::Params;
use crate::{Refusal, Settings, State};

/// The group with the settings that are asked for.
pub(super) fn applied(
    state: &State,
    before: &Group,
    upgrade: Option<&Upgrade>,
    params: &Params,
) -> Result<Group, Refusal> {
    let mut after = before.clone();
    if let Some(text) = params.text("ReplicationGroupDescription") {
        if 255 < text.len() {
            return Err(bad_value("ReplicationGroupDescription is longer than 255 characters"));
        }
        after.description = text;
    }
    if params.has("SecurityGroupIds") {
        after.security_groups = params.list("SecurityGroupIds", "SecurityGroupId");
        after.forget_own(|it| it.security_groups = None);
    }
    if let Some(window) = params.text("PreferredMaintenanceWindow") {
        after.maintenance_window = window;
        after.forget_own(|it| it.maintenance_window = None);
    }
    if let Some(window) = params.text("SnapshotWindow") {
        after.snapshot_window = window;
    }
    if let Some(auto) = params.flag("AutoMinorVersionUpgrade")? {
        after.auto_minor = auto;
        after.forget_own(|it| it.auto_minor = None);
    }
    after.network = network::with_discovery(after.network, params)?;
    // Parameters of another family come with the version that needs them.
    let later = upgrade.is_some_and(|it| it.parameter_group.is_some());
    if params.has("CacheParameterGroupName") && !later {
        let name = params.text("CacheParameterGroupName");
        after.parameter_group = parameters::checked(state, name, &before.engine, before.version)?;
        shards::must_keep_mode(state, before, &after.parameter_group)?;
        for member in before.members.values() {
            let now = before.parameter_group_of(member);
            parameters::may_follow(state, now, &after.parameter_group)?;
        }
        after.forget_own(|it| it.parameter_group = None);
    }
    if before.is_sharded() {
        shards::settings::check(params)?;
    }
    topic(&state.settings, &mut after, params)?;
    snapshots(before, &mut after, params)?;
    if after.is_sharded() {
        after.multi_az = params.flag("MultiAZEnabled")?.unwrap_or(after.multi_az);
        shards::settings::check_zones(&after)?;
    } else {
        resilience(&mut after, params)?;
    }
    check_windows(&after)?;
    Ok(after)
}

/// Whether two states of a group differ in a setting.
pub(super) fn differ(before: &Group, after: &Group) -> bool {
    before.description != after.description
        || before.security_groups != after.security_groups
        || before.maintenance_window != after.maintenance_window
        || before.snapshot_window != after.snapshot_window
        || before.snapshot_retention != after.snapshot_retention
        || before.snapshotting_member != after.snapshotting_member
        || before.auto_minor != after.auto_minor
        || before.parameter_group != after.parameter_group
        || before.topic != after.topic
        || before.network != after.network
        || before.failover != after.failover
        || before.multi_az != after.multi_az
        || !before.owns().eq(after.owns())
}

fn topic(settings: &Settings, after: &mut Group, params: &Params) -> Result<(), Refusal> {
    if let Some(arn) = params.text("NotificationTopicArn") {
        if !arn.is_empty() {
            check::topic(settings, &arn)?;
        }
        after.topic = (!arn.is_empty()).then_some(Topic { arn, active: true });
        after.forget_own(|it| it.topic = None);
    }
    match (params.text("NotificationTopicStatus").as_deref(), &mut after.topic) {
        (None, _) => {}
        (Some("active"), Some(topic)) => topic.active = true,
        (Some("inactive"), Some(topic)) => topic.active = false,
        (Some("active" | "inactive"), None) => {
            return Err(bad_combination("There is no notification topic"));
        }
        (Some(strange), _) => {
            return Err(bad_value(format!("Invalid NotificationTopicStatus: {strange}")));
        }
    }
    Ok(())
}

const BOTH: &str =
    "Must specify both SnapshotRetentionLimit and SnapshottingClusterId to turn on snapshots";

fn snapshots(before: &Group, after: &mut Group, params: &Params) -> Result<(), Refusal> {
    if let Some(member) = params.text("SnapshottingClusterId").map(|it| it.to_ascii_lowercase()) {
        if !before.members.contains_key(&member) {
            return Err(bad_value(format!("{member} is not a member of {}", before.id)));
        }
        if before.snapshot_retention == 0 && !params.has("SnapshotRetentionLimit") {
            return Err(bad_combination(BOTH));
        }
        after.snapshotting_member = Some(member);
    }
    if let Some(days) = retention(params)? {
        let turned_on = before.snapshot_retention == 0 && 0 < days && !before.is_sharded();
        if turned_on && params.text("SnapshottingClusterId").is_none() {
            return Err(bad_combination(BOTH));
        }
        after.snapshot_retention = days;
    }
    Ok(())
}

fn resilience(after: &mut Group, params: &Params) -> Result<(), Refusal> {
    if let Some(on) = params.flag("MultiAZEnabled")? {
        after.multi_az = on;
    }
    if let Some(on) = params.flag("AutomaticFailoverEnabled")?
        && on != after.failover.is_wanted()
    {
        after.failover = if on { Toggle::Enabling } else { Toggle::Disabling };
    }
    if after.failover.is_wanted() && after.replicas().count() == 0 {
        return Err(bad_combination(
            "Replication group must have at least one read replica to enable autofailover.",
        ));
    }
    if after.multi_az && !after.failover.is_wanted() {
        return Err(bad_combination("Multi-AZ requires automatic failover to be enabled."));
    }
    Ok(())
}
