//! What a group shows once a piece of work has ended: it may be busy with another.

use super::model::Status;
use super::work::Work;
use crate::State;

/// Shows what else is under way for a group, or that it is available.
pub(super) fn rest(state: &mut State, id: &str) {
    let mut shown = Status::Available;
    let mut saved = Vec::new();
    let mut rebooting = Vec::new();
    for work in state.elasticache.queue.of(id) {
        match work {
            // Whoever began these has said what it shows.
            Work::Created | Work::FinalSnapshotTaken { .. } | Work::Deleted { .. } => return,
            Work::Modify(_)
            | Work::Settled
            | Work::ReplicasAdded(_)
            | Work::ReplicasRemoved(_)
            | Work::Resharding(_)
            | Work::FailedOver(_)
            | Work::Replaced(_) => shown = Status::Modifying,
            Work::SnapshotTaken(name) => saved.push(name.clone()),
            Work::Rebooted(member) => rebooting.push(member.clone()),
            Work::AccessTaken
            | Work::ParametersApplied(_)
            | Work::TokenTold
            | Work::SnapshotCopied { .. }
            | Work::SnapshotDeleted(_)
            | Work::UserChanged(_)
            | Work::UserSettled(_)
            | Work::UserLeaves(_)
            | Work::UserGone(_)
            | Work::UserGroupChanged(_)
            | Work::UserGroupSettled(..)
            | Work::UserGroupGone(_)
            | Work::SnapshotWindow
            | Work::MaintenanceWindow => {}
        }
    }
    let elasticache = &mut state.elasticache;
    let saved: Vec<_> = saved.iter().filter_map(|it| elasticache.snapshots.get(it)).collect();
    let lag = state.settings.switches.shards_lag;
    let Some(group) = elasticache.groups.get_mut(id) else { return };
    if shown == Status::Available {
        group.serve(state.now);
        group.stale_looks = 0;
        group.shard_busy_until = state.now.saturating_add(lag).ok();
        if !saved.is_empty() {
            group.status = Status::Snapshotting;
        }
        if !rebooting.is_empty() && state.settings.switches.reboot_makes_group_busy {
            group.status = Status::Modifying;
        }
    }
    for member in group.members.values_mut().filter(|it| rebooting.contains(&it.id)) {
        member.status = Status::Rebooting;
        member.serves_since = None;
    }
    for member in group.members.values_mut() {
        if saved.iter().any(|it| it.members.contains(&member.id)) {
            member.status = Status::Snapshotting;
        } else if member.status == Status::Snapshotting {
            member.status = shown;
        }
    }
}
