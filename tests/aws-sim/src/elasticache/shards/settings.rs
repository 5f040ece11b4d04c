//! What of a group's settings is otherwise with cluster mode enabled: failover is always on, and snapshots are of the whole group (facts 1.5, 5.3).

use super::super::check::{bad_combination, bad_value};
use super::super::model::Group;
use crate::Refusal;
use crate::wire::query::Params;

/// Refuses settings that a new group with shards cannot have.
pub(in super::super) fn check_new(group: &Group) -> Result<(), Refusal> {
    if !group.failover.is_wanted() {
        return Err(bad_combination(
            "Redis with cluster mode enabled cannot be created with auto failover turned off.",
        ));
    }
    check_zones(group)
}

/// Refuses changes of settings that a group with shards cannot have. The first two sentences are AWS's own (facts 1.5, 1.6).
pub(in super::super) fn check(params: &Params) -> Result<(), Refusal> {
    if params.flag("AutomaticFailoverEnabled")? == Some(false) {
        return Err(bad_combination(
            "Turning off automatic failover for replication group with cluster mode enabled is not supported.",
        ));
    }
    if params.has("SnapshottingClusterId") {
        return Err(bad_combination(
            "Cannot set snapshotting cluster for cluster mode enabled replication group",
        ));
    }
    if params.has("PrimaryClusterId") {
        return Err(bad_combination(
            "PrimaryClusterId is for replication groups with a single primary.",
        ));
    }
    Ok(())
}

/// Multi-AZ needs a replica in every shard.
pub(in super::super) fn check_zones(group: &Group) -> Result<(), Refusal> {
    let is_bare = |shard: &String| group.replicas_of(shard).next().is_none();
    if group.multi_az && group.shard_ids().iter().any(is_bare) {
        let text = "Must have at least 1 replica for Multi-AZ enabled Replication Group";
        return Err(bad_value(text));
    }
    Ok(())
}
