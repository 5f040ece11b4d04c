//! What AWS does by itself: snapshots in their window, their end after the days they are kept, and deferred changes in the
//! maintenance window.

use jiff::{SignedDuration, tz::TimeZone};

use super::check::{daily_window, next_minute_of_day, next_minute_of_week, weekly_window};
use super::model::{SnapshotStatus, Status};
use super::work::{self, Work};
use super::{modify, snapshot};
use crate::State;

/// How long AWS waits for a group that is busy.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// Plans the next automatic snapshot of a group, if it has any.
pub(super) fn plan_snapshots(state: &mut State, id: &str) {
    state.elasticache.queue.drop_where(id, |it| matches!(it, Work::SnapshotWindow));
    let Some(group) = state.elasticache.groups.get(id) else { return };
    let Ok((from, _)) = daily_window("SnapshotWindow", &group.snapshot_window) else { return };
    if 0 < group.snapshot_retention {
        let due = next_minute_of_day(state.now, from);
        work::start_at(state, Some(id), due, [], Work::SnapshotWindow);
    } else if state.settings.switches.turning_off_drops_snapshots {
        forget_old(state, id, 0);
    }
}

/// Plans the next maintenance of a group, if a change waits for it.
pub(super) fn plan_maintenance(state: &mut State, id: &str) {
    let planned = |it: &Work| matches!(it, Work::MaintenanceWindow);
    state.elasticache.queue.drop_where(id, planned);
    let Some(group) = state.elasticache.groups.get(id) else { return };
    let Ok((from, _)) = weekly_window(&group.maintenance_window) else { return };
    if !group.deferred.is_empty() {
        let due = next_minute_of_week(state.now, from);
        work::start_at(state, Some(id), due, [], Work::MaintenanceWindow);
    }
}

/// The snapshot window of a group opens.
pub(super) fn snapshot_window(state: &mut State, id: &str) {
    let Some(group) = state.elasticache.groups.get(id).cloned() else { return };
    forget_old(state, id, group.snapshot_retention);
    if group.status != Status::Available || group.reboots() {
        let again = Work::SnapshotWindow;
        return work::start(state, Some(id), LOOK_AGAIN, [], again);
    }
    let member = group.snapshotting_member.clone();
    let member = member.unwrap_or_else(|| group.saved_as().to_owned());
    let at = state.now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d-%H-%M").to_string();
    let name = format!("automatic.{member}-{at}");
    if !state.elasticache.snapshots.contains_key(&name) {
        snapshot::take(state, id, &member, &name, snapshot::Asked::Automatically);
    }
    plan_snapshots(state, id);
}

/// Automatic snapshots end after the days that they are kept.
fn forget_old(state: &mut State, id: &str, days: u32) {
    let kept = SignedDuration::from_hours(24 * i64::from(days));
    let old: Vec<_> = state
        .elasticache
        .snapshots
        .values()
        .filter(|it| it.automatic && it.source.id == id && it.status == SnapshotStatus::Available)
        .filter(|it| kept <= state.now.duration_since(it.asked_at))
        .map(|it| it.name.clone())
        .collect();
    for name in old {
        snapshot::deleted(state, &name);
    }
}

/// The maintenance window of a group opens: what was deferred is done.
pub(super) fn maintenance_window(state: &mut State, id: &str) {
    let Some(group) = state.elasticache.groups.get_mut(id) else { return };
    if group.status != Status::Available || group.reboots() {
        let again = Work::MaintenanceWindow;
        return work::start(state, Some(id), LOOK_AGAIN, [], again);
    }
    let change = std::mem::take(&mut group.deferred);
    if !change.is_empty() {
        modify::begin(state, id, change);
    }
}
