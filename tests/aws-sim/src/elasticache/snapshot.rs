//! Snapshots: taken, copied, deleted (facts 5).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

pub mod export;
pub mod file;
pub(super) mod list;

use super::check::{bad_combination, id as check_id};
use super::model::{Group, Snapshot, SnapshotStatus, Status};
use super::rest::rest;
use super::work::{self, Work};
use super::{describe, event, group, keys, must_be_available, plane, tags};
use crate::fault::Plan;
use crate::wire::query::Params;
use crate::{Refusal, State, Ticket};

/// Manual snapshots of one node within 24 hours (facts 5.2).
const DAILY_QUOTA: usize = 20;

/// Who asked for a snapshot, and how.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// A user, by a member's id.
    ByMember(BTreeMap<String, String>, Option<String>),
    /// A user, by the group's id.
    ByGroup(BTreeMap<String, String>, Option<String>),
    /// A deletion.
    Finally,
    /// The snapshot window.
    Automatically,
}

/// `CreateSnapshot`.
pub(super) fn create(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = check_id("SnapshotName", &params.required("SnapshotName")?)?;
    let (tags, key) = (tags::read(params)?, keys::named(state, params)?);
    let (found, member, asked) = match (
        params.text("ReplicationGroupId"),
        params.text("CacheClusterId"),
    ) {
        (Some(_), Some(_)) | (None, None) => {
            return Err(bad_combination("Specify ReplicationGroupId or CacheClusterId"));
        }
        (Some(id), None) => {
            let found = group(state, &id)?.clone();
            if !found.is_sharded() && !state.settings.switches.snapshot_by_group {
                return Err(bad_combination(
                    "Replication groups with cluster mode disabled are backed up by CacheClusterId.",
                ));
            }
            let member = found.replicas().next().map(|it| it.id.clone());
            let member = member.filter(|_| !found.is_sharded());
            let member = member.unwrap_or_else(|| found.saved_as().to_owned());
            (found, member, Asked::ByGroup(tags, key))
        }
        (None, Some(member)) => {
            let member = member.to_ascii_lowercase();
            let found = describe::group_of(state, &member)?.clone();
            if found.is_sharded() {
                return Err(bad_combination(
                    "Replication groups with cluster mode enabled are backed up by ReplicationGroupId.",
                ));
            }
            (found, member, Asked::ByMember(tags, key))
        }
    };
    check_source(state, &found, &member)?;
    keys::usable(state, found.kms_key.as_ref())?;
    must_be_free(state, &name)?;
    check_quota(state, &member)?;
    take(state, &found.id, &member, &name, asked);
    list::one(state, &name)
}

fn check_source(state: &State, group: &Group, member: &str) -> Result<(), Refusal> {
    if group.is_sharded() {
        return must_be_available(state, group);
    }
    let status = group.members.get(member).map(|it| it.status);
    if status != Some(Status::Available) && !state.settings.switches.calls_during_snapshot {
        // By its group where the whole group is busy, by the member where only that is.
        must_be_available(state, group)?;
        let text = format!("Cache cluster {member} is not in available state");
        return Err(Refusal::new(400, "InvalidCacheClusterState", text));
    }
    must_be_available(state, group)
}

/// A name that is not taken.
pub(super) fn must_be_free(state: &State, name: &str) -> Result<(), Refusal> {
    if state.elasticache.snapshots.contains_key(name) {
        let text = format!("Snapshot with specified name already exists: {name}");
        return Err(Refusal::new(400, "SnapshotAlreadyExistsFault", text));
    }
    Ok(())
}

/// Whether a node may be asked for one more today.
pub(super) fn check_quota(state: &State, member: &str) -> Result<(), Refusal> {
    let day = SignedDuration::from_hours(24);
    let taken = state.elasticache.takings.get(member).into_iter().flatten();
    // That one was deleted since makes no room for another.
    let today = taken.filter(|it| state.now.duration_since(**it) < day);
    if DAILY_QUOTA <= today.count() {
        let text = "The maximum number of manual snapshots for this cluster taken within 24 hours has been reached";
        return Err(Refusal::new(400, "SnapshotQuotaExceededFault", text));
    }
    Ok(())
}

/// Begins a snapshot; the group is busy until it is done.
pub(super) fn take(state: &mut State, id: &str, member: &str, name: &str, asked: Asked) {
    let waits = begin(state, id, member, name, asked);
    let elasticache = &mut state.elasticache;
    let members = elasticache.snapshots.get(name).map(|it| it.members.clone()).unwrap_or_default();
    if let Some(group) = elasticache.groups.get_mut(id) {
        group.status = Status::Snapshotting;
        for member in group.members.values_mut().filter(|it| members.contains(&it.id)) {
            member.status = Status::Snapshotting;
        }
    }
    let takes = state.settings.durations.snapshot;
    work::start(state, Some(id), takes, waits, Work::SnapshotTaken(name.to_owned()));
}

/// Puts the snapshot there, being made.
pub(super) fn begin(
    state: &mut State,
    id: &str,
    member: &str,
    name: &str,
    asked: Asked,
) -> Option<Ticket> {
    let source = state.elasticache.groups.get(id)?.clone();
    let node = source.members.get(member).map(|it| it.node.clone());
    let automatic = matches!(asked, Asked::Automatically);
    if !automatic {
        state.elasticache.takings.entry(member.to_owned()).or_default().push(state.now);
    }
    let by_group = source.is_sharded() || matches!(asked, Asked::ByGroup(..));
    let members = taken_of(&source, member, matches!(asked, Asked::Finally));
    let (tags, kms_key) = match asked {
        Asked::ByMember(tags, key) | Asked::ByGroup(tags, key) => (tags, key),
        Asked::Finally | Asked::Automatically => (BTreeMap::new(), None),
    };
    let snapshot = Snapshot {
        name: name.to_owned(),
        status: SnapshotStatus::Creating,
        automatic,
        member: member.to_owned(),
        members,
        by_group,
        asked_at: state.now,
        taken_at: None,
        bytes: 0,
        kms_key: kms_key.or_else(|| source.kms_key.clone()),
        source,
        tags,
    };
    state.elasticache.snapshots.insert(name.to_owned(), snapshot);
    plane::save(state, &node?, name)
}

/// The members that a snapshot is taken of, one of each shard. The last one of a group is of primaries (facts 5.5).
fn taken_of(group: &Group, member: &str, last: bool) -> Vec<String> {
    if !group.is_sharded() {
        return vec![member.to_owned()];
    }
    let primaries = || group.primaries().collect();
    let members: Vec<_> = if last { primaries() } else { group.saved_members() };
    members.iter().map(|it| it.id.clone()).collect()
}

/// A snapshot's time has passed.
pub(super) fn taken(
    state: &mut State,
    id: &str,
    name: &str,
    bytes: Option<u64>,
    failed: Option<String>,
) {
    rest(state, id);
    finish(state, name, bytes, failed);
}

/// The snapshot itself is there, or has failed.
pub(super) fn finish(state: &mut State, name: &str, bytes: Option<u64>, failed: Option<String>) {
    let fails = Plan::take(&mut state.faults.failing_snapshots) || failed.is_some();
    let now = state.now;
    let Some(snapshot) = state.elasticache.snapshots.get_mut(name) else { return };
    let (id, member) = (snapshot.source.id.clone(), snapshot.member.clone());
    let is_whole = snapshot.source.is_sharded();
    let what = if is_whole { "replication group" } else { "cache cluster" };
    let tell = if is_whole { event::of_group } else { event::of_cluster };
    let held =
        state.elasticache.groups.get(&id).map_or(snapshot.source.bytes_used, |it| it.bytes_used);
    if fails {
        snapshot.status = SnapshotStatus::Failed;
        let text =
            format!("Snapshot failed for snapshot with ID '{name}' of {what} with ID '{member}'");
        tell(state, &member, text);
        return event::notify(state, &id, "SnapshotFailed", &member);
    }
    snapshot.status = SnapshotStatus::Available;
    snapshot.taken_at = Some(now);
    snapshot.bytes = bytes.unwrap_or(held);
    let text =
        format!("Snapshot succeeded for snapshot with ID '{name}' of {what} with ID '{member}'");
    tell(state, &member, text);
    event::notify(state, &id, "SnapshotComplete", &member);
}

/// `DeleteSnapshot`, of manual ones and automatic ones.
pub(super) fn delete(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let name = params.required("SnapshotName")?.to_ascii_lowercase();
    let snapshot = found(state, &name)?;
    match snapshot.status {
        SnapshotStatus::Available | SnapshotStatus::Failed => {}
        busy @ (SnapshotStatus::Creating
        | SnapshotStatus::Restoring
        | SnapshotStatus::Copying
        | SnapshotStatus::Deleting) => return Err(wrong_state(&name, busy)),
    }
    snapshot.status = SnapshotStatus::Deleting;
    let takes = state.settings.durations.delete_snapshot;
    work::start(state, None, takes, [], Work::SnapshotDeleted(name.clone()));
    list::one(state, &name)
}

/// A snapshot is gone.
pub(super) fn deleted(state: &mut State, name: &str) {
    if state.elasticache.snapshots.remove(name).is_some() {
        plane::drop_snapshot(state, name);
    }
}

/// `CopySnapshot`, within the service or into a bucket.
pub(super) fn copy(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let source = params.required("SourceSnapshotName")?.to_ascii_lowercase();
    params.required("TargetSnapshotName")?;
    let original = found(state, &source)?.clone();
    if original.status != SnapshotStatus::Available {
        return Err(wrong_state(&source, original.status));
    }
    let key = keys::named(state, params)?;
    keys::usable(state, original.kms_key.as_ref())?;
    if let Some(bucket) = params.text("TargetBucket").filter(|it| !it.is_empty()) {
        return export::export(state, &original, &bucket, params);
    }
    let target = check_id("TargetSnapshotName", &params.required("TargetSnapshotName")?)?;
    let takes = state.settings.durations.copy_snapshot;
    must_be_free(state, &target)?;
    let copy = Snapshot {
        name: target.clone(),
        status: SnapshotStatus::Creating,
        automatic: false,
        asked_at: state.now,
        taken_at: None,
        kms_key: key.or_else(|| original.kms_key.clone()),
        tags: tags::read(params)?,
        ..original.clone()
    };
    let of_data = original.taken_at;
    state.elasticache.snapshots.insert(target.clone(), copy);
    set_status(state, &source, SnapshotStatus::Copying);
    let waits = plane::copy_snapshot(state, &source, &target);
    let work = Work::SnapshotCopied { source, target: target.clone(), of_data };
    work::start(state, None, takes, waits, work);
    list::one(state, &target)
}

/// A copy is there, or has failed.
pub(super) fn copied(
    state: &mut State,
    source: &str,
    target: &str,
    of_data: Option<Timestamp>,
    failed: Option<String>,
) {
    set_status(state, source, SnapshotStatus::Available);
    let keeps_time = state.settings.switches.copies_keep_their_time;
    let now = state.now;
    let copy = state.elasticache.snapshots.get_mut(target);
    if let Some(copy) = copy.filter(|_| failed.is_none()) {
        copy.taken_at = if keeps_time { of_data } else { Some(now) };
    }
    let status = if failed.is_some() { SnapshotStatus::Failed } else { SnapshotStatus::Available };
    set_status(state, target, status);
}

fn set_status(state: &mut State, name: &str, status: SnapshotStatus) {
    if let Some(snapshot) = state.elasticache.snapshots.get_mut(name) {
        snapshot.status = status;
    }
}

fn found<'a>(state: &'a mut State, name: &str) -> Result<&'a mut Snapshot, Refusal> {
    state.elasticache.snapshots.get_mut(name).ok_or_else(|| {
        Refusal::new(404, "SnapshotNotFoundFault", format!("Snapshot {name} not found"))
    })
}

fn wrong_state(name: &str, status: SnapshotStatus) -> Refusal {
    let text = format!("Snapshot {name} is {}, not available", status.word());
    Refusal::new(400, "InvalidSnapshotState", text)
}
