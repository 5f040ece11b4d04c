//! Deleting what is beyond retention: oldest first, one at a time, and not at all where something looks wrong.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::retention::{self, Sorted};
use super::{Keep, Refusal, SnapshotStatus, SnapshotView, name};
use crate::{GroupId, Next, SnapshotName, Tags, Wait, WaitingOn};

/// The group whose snapshots are looked through, with its tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Prune {
    /// The group.
    pub group: GroupId,
    /// Its tags.
    pub tags: Tags,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PruneView {
    /// Every manual snapshot whose name is one of ours for this group.
    pub snapshots: Vec<SnapshotView>,
    /// Those that could not be deleted in this run, and why.
    pub stuck: BTreeMap<String, Stuck>,
}

/// Why a snapshot could not be deleted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Stuck {
    /// It is in use; later it may go.
    ForNow(String),
    /// It will not go by itself.
    ForGood(String),
}

/// What to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PruneStep {
    /// Delete this one.
    Forget(SnapshotName),
}

impl Prune {
    /// Plans the next deletion.
    pub fn plan(&self, view: &PruneView, now: Timestamp) -> Next<PruneStep, Refusal> {
        let keep = match Keep::read(&self.tags) {
            Ok(Keep::Newest(keep)) => keep,
            Ok(Keep::Off) => return Next::Settled,
            Err(refusal) => return Next::Refuse(refusal),
        };
        let sorted = retention::sort(&self.group, &self.owner(), keep, &view.snapshots);
        let mut dropped: Vec<&Sorted<'_>> = sorted.iter().filter(|it| it.is_dropped()).collect();
        if dropped.is_empty() {
            return Next::Settled;
        }
        match self.hold(view, now) {
            Some(Hold::Until(wait)) => return Next::Wait(wait),
            Some(Hold::Off(refusal)) => return Next::Refuse(refusal),
            None => {}
        }
        // The oldest first: should the run end half-way, what is left is what should be left next.
        dropped.reverse();
        let next = dropped.iter().find(|it| !view.stuck.contains_key(&it.snapshot.name));
        let named = next.and_then(|it| SnapshotName::parse(&it.snapshot.name).ok());
        named.map_or_else(|| leave(view), |it| Next::Do(PruneStep::Forget(it)))
    }

    /// Every snapshot and what becomes of it.
    pub fn sorted<'a>(&self, view: &'a PruneView) -> Vec<Sorted<'a>> {
        match Keep::read(&self.tags) {
            Ok(Keep::Newest(keep)) => {
                retention::sort(&self.group, &self.owner(), keep, &view.snapshots)
            }
            Ok(Keep::Off) | Err(_) => Vec::new(),
        }
    }

    /// For whom the snapshots that may go were made.
    pub fn owner(&self) -> String {
        super::owner(&self.group, &self.tags)
    }

    /// What speaks against deleting anything.
    fn hold(&self, view: &PruneView, now: Timestamp) -> Option<Hold> {
        let owner = self.owner();
        let ours = || view.snapshots.iter().filter(|it| it.is_ours(&self.group, &owner));
        let named = |it: &SnapshotView| name::read(&self.group, &it.name);
        // Those still to come, and those that came to nothing, tell no time; their names do.
        let latest = ours().filter(|it| it.status != SnapshotStatus::Deleting);
        if let Some(latest) = latest.max_by_key(|it| named(it).map(|(_, tick)| tick)) {
            match &latest.status {
                SnapshotStatus::Creating => {
                    let on = WaitingOn::Snapshot(Some(latest.name.clone()));
                    return Some(Hold::Until(Wait::slow(on)));
                }
                SnapshotStatus::Failed | SnapshotStatus::Strange(_) => {
                    let (snapshot, status) = (latest.name.clone(), latest.status.clone());
                    return Some(Hold::Off(Refusal::NewestFailed { snapshot, status }));
                }
                SnapshotStatus::Available if latest.size.is_none() => {
                    return Some(Hold::Off(Refusal::Empty { snapshot: latest.name.clone() }));
                }
                SnapshotStatus::Available
                | SnapshotStatus::Restoring
                | SnapshotStatus::Copying
                | SnapshotStatus::Deleting => {}
            }
        }
        let newest = retention::newest(&self.group, &owner, &view.snapshots)?;
        let (tier, _) = named(newest)?;
        let due = newest.taken_at?.saturating_add(tier.period()).ok()?;
        let overdue = due.saturating_add(GRACE).ok()? < now;
        overdue
            .then(|| Hold::Off(Refusal::NewestMissing { due, newest: Some(newest.name.clone()) }))
    }
}

/// What speaks against deleting.
enum Hold {
    /// The newest is still to come.
    Until(Wait),
    /// The newest is not there.
    Off(Refusal),
}

/// A snapshot waits while its group is changed, which may take that long, and is then still written.
const GRACE: SignedDuration = SignedDuration::from_hours(2);

/// What is left has been tried.
fn leave(view: &PruneView) -> Next<PruneStep, Refusal> {
    let for_now = view.stuck.iter().find(|(_, why)| matches!(why, Stuck::ForNow(_)));
    if for_now.is_some() {
        return Next::Wait(Wait { on: WaitingOn::Busy, recheck: SignedDuration::from_mins(1) });
    }
    let why = |why: &Stuck| match why {
        Stuck::ForNow(why) | Stuck::ForGood(why) => why.clone(),
    };
    Next::Refuse(Refusal::NotDeleted(
        view.stuck.iter().map(|(name, it)| (name.clone(), why(it))).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::sample;
    use crate::tag;

    fn daily(day: u8) -> SnapshotView {
        sample::snapshot("orders", &format!("2026-01-{day:02}T03:00:00Z"))
    }

    fn as_(status: &str, snapshot: SnapshotView) -> SnapshotView {
        SnapshotView { status: SnapshotStatus::parse(status), ..snapshot }
    }

    fn four() -> PruneView {
        let snapshots = vec![daily(2), daily(4), daily(1), daily(3)];
        PruneView { snapshots, ..PruneView::default() }
    }

    fn prune(keep: &str) -> Prune {
        let mut tags = sample::policy();
        tags.insert(tag::SNAPSHOT_KEEP.to_owned(), keep.to_owned());
        Prune { group: GroupId::parse("orders").unwrap(), tags }
    }

    #[track_caller]
    fn check(keep: &str, view: &PruneView, now: &str, expected: &str) {
        let said = match prune(keep).plan(view, now.parse().unwrap()) {
            Next::Settled => "settled".to_owned(),
            Next::Wait(wait) => format!("wait: {}", wait.on),
            Next::Refuse(refusal) => format!("refuse: {refusal}"),
            Next::Do(PruneStep::Forget(name)) => format!("forget {name}"),
        };
        assert_eq!(said, expected);
    }

    const MORNING: &str = "2026-01-04T04:30:00Z";

    #[test]
    fn the_oldest_goes_first_and_one_at_a_time() {
        let mut view = four();
        check("2", &view, MORNING, "forget orders-daily-202601010300");
        view.snapshots.retain(|it| it.name != "orders-daily-202601010300");
        check("2", &view, MORNING, "forget orders-daily-202601020300");
        view.snapshots.retain(|it| it.name != "orders-daily-202601020300");
        check("2", &view, MORNING, "settled");
    }

    #[test]
    fn one_that_is_on_its_way_out_is_not_deleted_again() {
        let mut view = four();
        view.snapshots[2].status = SnapshotStatus::Deleting;
        check("3", &view, MORNING, "settled");
    }

    #[test]
    fn nothing_goes_while_the_newest_is_missing() {
        // Due at 03:00 on the 5th, and its group may have been busy for two hours.
        check("2", &four(), "2026-01-05T05:00:00Z", "forget orders-daily-202601010300");
        let said = "refuse: deletes nothing: a snapshot was due at 2026-01-05T03:00:00Z, and the newest good one is orders-daily-202601040300; take one to go on";
        check("2", &four(), "2026-01-05T05:00:01Z", said);
        check("2", &four(), "2027-01-05T05:00:01Z", said);
    }

    #[test]
    fn where_nothing_is_beyond_nobody_is_bothered() {
        check("4", &four(), "2027-01-05T05:00:01Z", "settled");
        check("4", &PruneView::default(), MORNING, "settled");
    }

    #[test]
    fn nothing_goes_after_a_newest_that_failed() {
        let mut view = four();
        view.snapshots.push(as_("failed", daily(5)));
        check(
            "2",
            &view,
            MORNING,
            "refuse: deletes nothing: the newest snapshot, orders-daily-202601050300, is failed; take one to go on",
        );
        // An older failure says nothing about now.
        view.snapshots.push(daily(6));
        check("2", &view, "2026-01-06T04:30:00Z", "forget orders-daily-202601010300");
    }

    #[test]
    fn nothing_goes_after_a_newest_that_tells_no_size() {
        let mut view = four();
        view.snapshots.push(SnapshotView { size: None, ..daily(5) });
        check(
            "2",
            &view,
            MORNING,
            "refuse: the snapshot orders-daily-202601050300 is available but tells no size, so nothing proves that it holds data",
        );
    }

    #[test]
    fn what_a_stack_that_is_gone_left_stays_and_does_not_count() {
        let mut view = four();
        let left = |day| {
            let mut it = daily(day);
            let owner = (tag::OWNER.to_owned(), "a stack that is gone".to_owned());
            it.tags.as_mut().unwrap().extend([owner]);
            it
        };
        view.snapshots.extend([left(5), left(6)]);
        check("2", &view, MORNING, "forget orders-daily-202601010300");
        view.snapshots.truncate(2);
        view.snapshots.extend([left(5), left(6)]);
        check("2", &view, MORNING, "settled");
    }

    #[test]
    fn a_newest_that_is_still_written_is_waited_for() {
        let mut view = four();
        view.snapshots.push(SnapshotView {
            taken_at: None,
            size: None,
            ..as_("creating", daily(5))
        });
        check("2", &view, MORNING, "wait: the snapshot orders-daily-202601050300 to finish");
    }

    #[test]
    fn one_that_cannot_be_deleted_does_not_stop_the_rest() {
        let mut view = four();
        let oldest = "orders-daily-202601010300".to_owned();
        view.stuck.insert(oldest.clone(), Stuck::ForGood("denied".to_owned()));
        check("2", &view, MORNING, "forget orders-daily-202601020300");
        view.snapshots.retain(|it| it.name != "orders-daily-202601020300");
        check("2", &view, MORNING, "refuse: could not delete orders-daily-202601010300 (denied)");
        view.stuck.insert(oldest, Stuck::ForNow("in use".to_owned()));
        check("2", &view, MORNING, "wait: the group to be free again");
    }

    #[test]
    fn a_policy_of_none_or_nonsense_deletes_nothing() {
        check("0", &four(), MORNING, "settled");
        check(
            "none",
            &four(),
            MORNING,
            "refuse: \"none\" in the tag cachewarden:snapshot-keep is not a number; put it right to go on",
        );
    }

    #[test]
    fn a_clock_that_jumps_back_deletes_nothing_early() {
        check("4", &four(), "2020-01-01T00:00:00Z", "settled");
        check("2", &four(), "2020-01-01T00:00:00Z", "forget orders-daily-202601010300");
    }
}
