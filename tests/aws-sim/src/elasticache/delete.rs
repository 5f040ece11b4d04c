//! `DeleteReplicationGroup`, with or without a final snapshot, and with or without what is left of it (facts 5.5).

use super::check::id as check_id;
use super::model::{Group, SnapshotStatus, Status};
use super::work::{self, Work};
use super::{describe, event, group, plane, replicas, shards, snapshot};
use crate::wire::query::Params;
use crate::{Refusal, State};

/// `DeleteReplicationGroup`.
pub(super) fn delete(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let found = group(state, &params.required("ReplicationGroupId")?)?.clone();
    let retain = params.flag("RetainPrimaryCluster")?.unwrap_or_default();
    if retain {
        shards::must_be_off(&found, "RetainPrimaryCluster")?;
    }
    may_go(state, &found)?;
    let last = final_name(state, &found, params)?;
    let id = found.id;
    take_down(state, &id, last, retain);
    describe::one(state, &id)
}

/// `DeleteCacheCluster`, for a cluster that stands alone or a replica that may go (facts 4.4).
pub(super) fn delete_cluster(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let id = params.required("CacheClusterId")?.to_ascii_lowercase();
    let found = describe::group_of(state, &id)?.clone();
    if !state.elasticache.standalone.contains(&found.id) {
        replicas::leave(state, &found, &id)?;
        return describe::one_cluster(state, &id);
    }
    if found.status != Status::Available || found.reboots() {
        let text = format!("Cache cluster {id} is not in a valid state to be deleted");
        return Err(Refusal::new(400, "InvalidCacheClusterState", text));
    }
    let last = final_name(state, &found, params)?;
    take_down(state, &found.id, last, false);
    describe::one_cluster(state, &id)
}

fn may_go(state: &State, group: &Group) -> Result<(), Refusal> {
    let busy = group.members.values().find(|it| it.status != Status::Available);
    let member = busy.or(group.members.values().next()).map(|it| it.id.clone()).unwrap_or_default();
    let refuse = |text: String| Err(Refusal::new(400, "InvalidReplicationGroupState", text));
    match group.status {
        Status::Available if !group.reboots() => Ok(()),
        Status::CreateFailed | Status::RestoreFailed => Ok(()),
        Status::Snapshotting if state.settings.switches.calls_during_snapshot => Ok(()),
        Status::Available
        | Status::Creating
        | Status::Snapshotting
        | Status::Modifying
        | Status::Rebooting => {
            refuse(format!("Cache cluster {member} is not in a valid state to be deleted"))
        }
        Status::Deleting => refuse(format!(
            "Replication group {} has status deleting, which is not valid for deletion.",
            group.id
        )),
    }
}

fn final_name(state: &State, group: &Group, params: &Params) -> Result<Option<String>, Refusal> {
    let Some(name) = params.text("FinalSnapshotIdentifier").filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    let name = check_id("FinalSnapshotIdentifier", &name)?;
    if group.status == Status::CreateFailed {
        let text = "A replication group that was not created has nothing to take a snapshot of.";
        return Err(Refusal::new(400, "InvalidReplicationGroupState", text));
    }
    snapshot::must_be_free(state, &name)?;
    snapshot::check_quota(state, group.saved_as())?;
    Ok(Some(name))
}

fn take_down(state: &mut State, id: &str, last: Option<String>, retain: bool) {
    state.elasticache.queue.forget(id);
    let shows_snapshotting = state.settings.switches.final_snapshot_shows_snapshotting;
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    match last {
        Some(name) => {
            let status = if shows_snapshotting { Status::Snapshotting } else { Status::Deleting };
            group.set_all(status);
            let primary = group.saved_as().to_owned();
            let waits = snapshot::begin(state, id, &primary, &name, snapshot::Asked::Finally);
            let takes = state.settings.durations.snapshot;
            let work = Work::FinalSnapshotTaken { snapshot: name, retain };
            work::start(state, Some(id), takes, waits, work);
        }
        None => go(state, id, retain),
    }
}

/// The final snapshot is taken, or has failed: AWS goes on either way (facts 5.5).
pub(super) fn final_taken(
    state: &mut State,
    id: &str,
    name: &str,
    retain: bool,
    bytes: Option<u64>,
    failed: Option<String>,
) {
    snapshot::finish(state, name, bytes, failed);
    go(state, id, retain);
}

fn go(state: &mut State, id: &str, retain: bool) {
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    group.status = Status::Deleting;
    let primary = group.primary.clone();
    for member in group.members.values_mut().filter(|it| !retain || it.id != primary) {
        member.status = Status::Deleting;
    }
    plane::point(state, id);
    let takes = state.settings.durations.delete;
    work::start(state, Some(id), takes, [], Work::Deleted { retain });
}

/// The group is gone, and its automatic snapshots with it (facts 5.3).
pub(super) fn deleted(state: &mut State, id: &str, retain: bool) {
    state.elasticache.queue.forget(id);
    let Some(mut group) = state.elasticache.groups.remove(id) else { return };
    state.elasticache.standalone.remove(id);
    let kept = if retain { group.members.remove(&group.primary) } else { None };
    let mut closed: Vec<_> = group.members.values().map(|it| it.endpoint.clone()).collect();
    closed.extend([group.primary_endpoint.clone(), group.reader_endpoint.clone()]);
    plane::close(state, closed);
    plane::stop(state, group.members.values().map(|it| it.node.clone()).collect());
    for member in group.members.keys() {
        event::of_cluster(state, member, "Cache cluster deleted");
    }
    event::of_group(state, id, format!("Replication group {id} deleted"));
    let automatic: Vec<_> = state
        .elasticache
        .snapshots
        .values()
        .filter(|it| !retain && it.automatic && it.source.id == id)
        .filter(|it| !matches!(it.status, SnapshotStatus::Restoring | SnapshotStatus::Copying))
        .map(|it| it.name.clone())
        .collect();
    for name in automatic {
        snapshot::deleted(state, &name);
    }
    match kept {
        Some(mut member) => {
            member.status = Status::Available;
            group.status = Status::Available;
            // A cluster has no user groups. Its node goes on letting in whom it knows.
            group.user_groups.clear();
            group.id.clone_from(&member.id);
            group.primary.clone_from(&member.id);
            group.members = [(member.id.clone(), member)].into();
            state.elasticache.standalone.insert(group.id.clone());
            let id = group.id.clone();
            state.elasticache.groups.insert(id.clone(), group);
            plane::point(state, &id);
        }
        None => state.settings.addresses.release(&group.made_as),
    }
}
