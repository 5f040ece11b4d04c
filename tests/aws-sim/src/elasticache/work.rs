//! Work that takes time: each piece is due at a time, and may wait for effects as well.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::shards::reshard::{self, Resharding};
use super::{auto, create, delete, failover, modify, parameters, reboot, replicas};
use super::{snapshot, user_groups, users};
use crate::{Done, State, Ticket};

/// A piece of work under way.
#[derive(Debug)]
pub(crate) struct Job {
    pub(super) group: Option<String>,
    pub(super) waits: BTreeSet<Ticket>,
    pub(super) failed: Option<String>,
    pub(super) bytes: Option<u64>,
    pub(super) work: Work,
}

/// What is done when it is due.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// A new group is there.
    Created,
    /// A change goes on.
    Modify(modify::Stage),
    /// A setting that made the group busy is applied, or its tags are.
    Settled,
    /// The nodes let in whom the group already says.
    AccessTaken,
    /// The group tells no longer that its token is being changed.
    TokenTold,
    /// New members are there.
    ReplicasAdded(Vec<String>),
    /// Members are gone.
    ReplicasRemoved(Vec<String>),
    /// Shards have come, or slots have moved.
    Resharding(Resharding),
    /// A replica takes over from the primary of a shard that was lost.
    FailedOver(String),
    /// The lost node is replaced.
    Replaced(String),
    /// A node has started anew.
    Rebooted(String),
    /// These members have the parameters that can change at once.
    ParametersApplied(Vec<String>),
    /// A snapshot is taken.
    SnapshotTaken(String),
    /// A snapshot is copied.
    SnapshotCopied {
        /// From.
        source: String,
        /// To.
        target: String,
        /// When the data were read.
        of_data: Option<Timestamp>,
    },
    /// A snapshot is gone.
    SnapshotDeleted(String),
    /// The final snapshot is taken; the group goes.
    FinalSnapshotTaken {
        /// Its name.
        snapshot: String,
        /// The primary stays.
        retain: bool,
    },
    /// The group is gone.
    Deleted {
        /// The primary stays.
        retain: bool,
    },
    /// A user has changed; the nodes are to know.
    UserChanged(String),
    /// The nodes know it.
    UserSettled(String),
    /// A user leaves its groups; the nodes are to know.
    UserLeaves(String),
    /// A user is gone.
    UserGone(String),
    /// Users have come to a group and gone; the nodes are to know.
    UserGroupChanged(String),
    /// A user group is there, or the nodes know it, and what happened to it.
    UserGroupSettled(String, &'static str),
    /// A user group is gone.
    UserGroupGone(String),
    /// The snapshot window opens.
    SnapshotWindow,
    /// The maintenance window opens.
    MaintenanceWindow,
}

impl Work {
    /// Whether it changes nodes of a group, which is busy meanwhile.
    pub(super) fn is_change(&self) -> bool {
        matches!(
            self,
            Self::Created
                | Self::Modify(_)
                | Self::Settled
                | Self::ReplicasAdded(_)
                | Self::ReplicasRemoved(_)
                | Self::Resharding(_)
                | Self::FailedOver(_)
                | Self::Replaced(_)
                | Self::Rebooted(_)
                | Self::SnapshotTaken(_)
                | Self::FinalSnapshotTaken { .. }
                | Self::Deleted { .. }
        )
    }
}

/// Everything under way, in the order of its time.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    jobs: BTreeMap<Place, Job>,
    /// Where the jobs of each group are: there may be ten thousand groups.
    of_group: BTreeMap<String, BTreeSet<Place>>,
    last: u64,
}

/// When a job is due, and which of those that are due then it is.
type Place = (Timestamp, u64);

impl Queue {
    /// When the first piece that waits for nothing else is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.first_ready().map(|(at, _)| at)
    }

    fn first_ready(&self) -> Option<Place> {
        self.jobs.iter().find(|(_, job)| job.waits.is_empty()).map(|(place, _)| *place)
    }

    /// What is under way for a group.
    pub(super) fn of(&self, group: &str) -> impl Iterator<Item = &Work> {
        let places = self.of_group.get(group).into_iter().flatten();
        places.filter_map(|it| self.jobs.get(it)).map(|it| &it.work)
    }

    /// Forgets what is under way for a group, but for its snapshots, which outlive it.
    pub(super) fn forget(&mut self, group: &str) {
        self.drop_where(group, |it| !matches!(it, Work::SnapshotTaken(_)));
    }

    /// Forgets work of a kind for a group.
    pub(super) fn drop_where(&mut self, group: &str, is: impl Fn(&Work) -> bool) {
        let Some(places) = self.of_group.get_mut(group) else { return };
        places.retain(|it| {
            let goes = self.jobs.get(it).is_none_or(|job| is(&job.work));
            if goes {
                self.jobs.remove(it);
            }
            !goes
        });
        if places.is_empty() {
            self.of_group.remove(group);
        }
    }

    /// Has the snapshots of these names, which are being taken of a group, fail when their time has come.
    pub(super) fn fail_snapshots(&mut self, group: &str, names: &[String]) {
        for place in self.of_group.get(group).into_iter().flatten() {
            let job = self.jobs.get_mut(place);
            let taken = |it: &&mut Job| matches!(&it.work, Work::SnapshotTaken(name) if names.contains(name));
            if let Some(job) = job.filter(taken) {
                job.failed = Some("the node was lost".to_owned());
            }
        }
    }

    fn push(&mut self, due: Timestamp, job: Job) {
        self.last += 1;
        let place = (due, self.last);
        if let Some(group) = &job.group {
            self.of_group.entry(group.clone()).or_default().insert(place);
        }
        self.jobs.insert(place, job);
    }

    fn take(&mut self, place: Place) -> Option<Job> {
        let job = self.jobs.remove(&place)?;
        if let Some(group) = &job.group
            && let Some(places) = self.of_group.get_mut(group)
        {
            places.remove(&place);
            if places.is_empty() {
                self.of_group.remove(group);
            }
        }
        Some(job)
    }
}

/// Puts work under way: done after this time, and when these effects have ended.
pub(super) fn start(
    state: &mut State,
    group: Option<&str>,
    after: SignedDuration,
    waits: impl IntoIterator<Item = Ticket>,
    work: Work,
) {
    let due = state.now.saturating_add(after).unwrap_or(Timestamp::MAX);
    start_at(state, group, due, waits, work);
}

/// The same, at a time.
pub(super) fn start_at(
    state: &mut State,
    group: Option<&str>,
    due: Timestamp,
    waits: impl IntoIterator<Item = Ticket>,
    work: Work,
) {
    let job = Job {
        group: group.map(str::to_owned),
        waits: waits.into_iter().collect(),
        failed: None,
        bytes: None,
        work,
    };
    state.elasticache.queue.push(due, job);
}

/// The first piece that is ready is done.
pub(crate) fn run_due(state: &mut State) {
    let queue = &mut state.elasticache.queue;
    let Some(job) = queue.first_ready().and_then(|it| queue.take(it)) else { return };
    let group = job.group.unwrap_or_default();
    match job.work {
        Work::Created => create::created(state, &group, job.failed),
        Work::Modify(reached) => modify::go_on(state, &group, reached, job.failed),
        Work::Settled => modify::settled(state, &group),
        Work::AccessTaken => modify::access_taken(state, &group),
        Work::TokenTold => modify::token_told(state, &group),
        Work::ReplicasAdded(members) => replicas::added(state, &group, &members, job.failed),
        Work::ReplicasRemoved(members) => replicas::removed(state, &group, &members),
        Work::Resharding(it) => reshard::go_on(state, &group, it, job.failed),
        Work::FailedOver(shard) => failover::failed_over(state, &group, &shard),
        Work::Replaced(member) => failover::replaced(state, &group, &member),
        Work::Rebooted(member) => reboot::rebooted(state, &group, &member),
        Work::ParametersApplied(members) => parameters::applied(state, &group, &members),
        Work::SnapshotTaken(name) => snapshot::taken(state, &group, &name, job.bytes, job.failed),
        Work::SnapshotCopied { source, target, of_data } => {
            snapshot::copied(state, &source, &target, of_data, job.failed);
        }
        Work::SnapshotDeleted(name) => snapshot::deleted(state, &name),
        Work::FinalSnapshotTaken { snapshot, retain } => {
            delete::final_taken(state, &group, &snapshot, retain, job.bytes, job.failed);
        }
        Work::Deleted { retain } => delete::deleted(state, &group, retain),
        Work::UserChanged(id) => users::changed(state, &id),
        Work::UserSettled(id) => users::settled(state, &id),
        Work::UserLeaves(id) => users::leaves(state, &id),
        Work::UserGone(id) => users::gone(state, &id),
        Work::UserGroupChanged(id) => user_groups::changed(state, &id),
        Work::UserGroupSettled(id, how) => user_groups::settled(state, &id, how),
        Work::UserGroupGone(id) => user_groups::gone(state, &id),
        Work::SnapshotWindow => auto::snapshot_window(state, &group),
        Work::MaintenanceWindow => auto::maintenance_window(state, &group),
    }
}

/// An effect has ended.
pub(crate) fn done(state: &mut State, ticket: Ticket, result: Result<Done, String>) {
    for job in state.elasticache.queue.jobs.values_mut() {
        if !job.waits.remove(&ticket) {
            continue;
        }
        match result {
            Ok(Done::Saved { bytes }) => job.bytes = Some(bytes),
            Ok(Done::Plain | Done::Answered(_)) => {}
            Err(why) => job.failed = Some(why),
        }
        return;
    }
}
