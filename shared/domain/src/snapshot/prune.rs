//! Deleting what is beyond retention: oldest first, one at a time, and not at all where something looks wrong.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::in_place::Unreplaced;
use super::retention::{self, Sorted};
use super::{GRACE, Keep, Refusal, SnapshotStatus, SnapshotView, due, name};
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
    /// Whether the group is restored in place, which may need any of them.
    pub in_place: bool,
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
            Ok(keep) => keep,
            Err(refusal) => return Next::Refuse(refusal),
        };
        let sorted = self.sort(&keep, view);
        let mut dropped: Vec<&Sorted<'_>> = sorted.iter().filter(|it| it.is_dropped()).collect();
        if dropped.is_empty() {
            return Next::Settled;
        }
        match self.hold(&keep, view, now) {
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
        Keep::read(&self.tags).map_or(Vec::new(), |keep| self.sort(&keep, view))
    }

    fn sort<'a>(&self, keep: &Keep, view: &'a PruneView) -> Vec<Sorted<'a>> {
        let (group, owner) = (&self.group, self.owner());
        match keep {
            Keep::Newest(keep) => retention::sort(group, &owner, *keep, &view.snapshots),
            Keep::Tiers(tiers) => retention::sort_by_tiers(group, &owner, tiers, &view.snapshots),
            Keep::Off => Vec::new(),
        }
    }

    /// For whom the snapshots that may go were made.
    pub fn owner(&self) -> String {
        super::owner(&self.group, &self.tags)
    }

    /// What speaks against deleting anything.
    fn hold(&self, keep: &Keep, view: &PruneView, now: Timestamp) -> Option<Hold> {
        if view.in_place {
            let group = self.group.clone();
            return Some(Hold::Off(Unreplaced::HoldsPruning { group }.into()));
        }
        let owner = self.owner();
        let is_ours = |it: &&SnapshotView| it.is_ours(&self.group, &owner) && !it.is_promoted();
        let ours = || view.snapshots.iter().filter(is_ours);
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
        let at = newest.taken_at?;
        let (due, missed) = match keep {
            Keep::Tiers(tiers) => (due::next(tiers, at), due::missed(tiers, at)),
            Keep::Newest(_) | Keep::Off => {
                let due = at.saturating_add(tier.period()).ok()?;
                (due, due.saturating_add(GRACE).ok()?)
            }
        };
        (missed < now)
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
    use crate::snapshot::retention::tests::any_shelf;
    use crate::snapshot::sample;
    use crate::tag;

    fn daily(day: u8) -> SnapshotView {
        sample::snapshot("orders", &format!("2026-01-{day:02}T03:00:00Z"))
    }

    fn as_(status: &str, snapshot: SnapshotView) -> SnapshotView {
        SnapshotView { status: SnapshotStatus::parse(status), ..snapshot }
    }

    #[test]
    fn nothing_goes_while_the_group_is_restored_in_place() {
        let prune = Prune { group: GroupId::parse("orders").unwrap(), tags: sample::policy() };
        let now = "2026-01-04T04:00:00Z".parse().unwrap();
        let view = PruneView { in_place: true, ..four() };
        let Next::Refuse(why) = prune.plan(&view, now) else { panic!() };
        assert_eq!(
            why.to_string(),
            "deletes nothing while orders is restored in place; the next schedule goes on"
        );
        assert!(matches!(prune.plan(&four(), now), Next::Do(_)));
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
            "refuse: the tag cachewarden:snapshot-keep says \"none\": it is neither a number nor tiers such as hourly=24 daily=7; put it right to go on",
        );
        check(
            "daily=none yearly=1",
            &four(),
            MORNING,
            "refuse: the tag cachewarden:snapshot-keep says \"daily=none yearly=1\": daily is \"none\", which is not a whole number from 0 to 365; \"yearly\" is not a tier; hourly, daily, weekly and monthly are; put it right to go on",
        );
    }

    #[test]
    fn a_clock_that_jumps_back_deletes_nothing_early() {
        check("4", &four(), "2020-01-01T00:00:00Z", "settled");
        check("2", &four(), "2020-01-01T00:00:00Z", "forget orders-daily-202601010300");
    }

    /// Four days, all of them taken by the tiers.
    fn generations() -> PruneView {
        let taken = |day: u8| sample::by_tiers("orders", &format!("2026-01-{day:02}T03:00:00Z"));
        PruneView { snapshots: (1..=4).map(taken).collect(), ..PruneView::default() }
    }

    #[test]
    fn tiers_are_pruned_the_oldest_first() {
        let mut view = generations();
        check("daily=2", &view, MORNING, "forget orders-daily-202601010300");
        view.snapshots.remove(0);
        check("daily=2", &view, MORNING, "forget orders-daily-202601020300");
        view.snapshots.remove(0);
        check("daily=2", &view, MORNING, "settled");
    }

    #[test]
    fn nothing_goes_while_the_newest_that_a_tier_expects_is_missing() {
        // Due on the 5th, at some time of the day, and its group may have been busy for two hours.
        check(
            "daily=2",
            &generations(),
            "2026-01-06T02:00:00Z",
            "forget orders-daily-202601010300",
        );
        let said = "refuse: deletes nothing: a snapshot was due at 2026-01-05T00:00:00Z, and the newest good one is orders-daily-202601040300; take one to go on";
        check("daily=2", &generations(), "2026-01-06T02:00:01Z", said);
        // A clock that jumps ahead, by however much.
        check("daily=2", &generations(), "2126-01-06T02:00:01Z", said);
        let said = "refuse: deletes nothing: a snapshot was due at 2026-01-04T04:00:00Z, and the newest good one is orders-daily-202601040300; take one to go on";
        check("hourly=2", &generations(), "2026-01-04T07:00:01Z", said);
    }

    #[test]
    fn a_switch_to_tiers_deletes_nothing_at_once() {
        check("hourly=1", &four(), MORNING, "settled");
        check("weekly=1", &four(), MORNING, "settled");
    }

    proptest::proptest! {
        /// What goes at one time of ours is what goes at any, or nothing.
        #[test]
        fn no_clock_makes_another_snapshot_go(shelf in any_shelf(), keep in 0..4_usize, seconds in proptest::num::i32::ANY, other in proptest::num::i32::ANY) {
            let keep = ["2", "hourly=3 daily=2", "daily=2 weekly=1", "monthly=1"][keep];
            let view = PruneView { snapshots: shelf, ..PruneView::default() };
            let from: Timestamp = MORNING.parse().unwrap();
            let at = |seconds: i32| from.saturating_add(SignedDuration::from_secs(seconds.into())).unwrap();
            let plan = |seconds| prune(keep).plan(&view, at(seconds));
            if let (Next::Do(one), Next::Do(another)) = (plan(seconds), plan(other)) {
                proptest::prop_assert_eq!(one, another);
            }
        }
    }
}
