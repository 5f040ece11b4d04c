//! Taking a snapshot: from which member, under which name, until it is whole.

pub mod quota;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Keep, Refusal, SnapshotStatus, SnapshotView, Tier, due, name, tags};
use crate::{
    GroupId, GroupStatus, GroupView, MemberId, MemberView, NameError, Next, SnapshotName, Tags,
    Wait, WaitingOn,
};

/// A snapshot that is wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Take {
    /// Of this group.
    pub group: GroupId,
    /// As one of this kind.
    pub tier: Tier,
    /// For this minute of the schedule.
    pub tick: Timestamp,
    /// The name that follows.
    pub name: SnapshotName,
    /// Why.
    pub why: Why,
}

/// Why a snapshot is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Why {
    /// It was asked for.
    Asked,
    /// The tiers of its group wanted one. Where they do not any more, none is taken.
    Due,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakeView {
    /// The group with its tags, if it is there.
    pub group: Option<GroupView>,
    /// The snapshot of the wanted name, if it is there.
    pub snapshot: Option<SnapshotView>,
    /// The newest one of ours that serves the tiers of the group, where that is the question.
    pub newest: Option<SnapshotView>,
    /// What ElastiCache says that happened, where something looks failed.
    pub events: Vec<String>,
    /// How many seconds each replica is behind its primary, as far as CloudWatch tells, where there is a choice.
    pub lags: BTreeMap<MemberId, f64>,
    /// The members that had as many snapshots today as ElastiCache takes.
    pub spent: BTreeSet<MemberId>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum TakeStep {
    /// Ask for the snapshot. AWS takes a name once, so asking twice makes one.
    Create { name: SnapshotName, of: ReadFrom, tags: Tags },
}

/// What a snapshot is read from (facts 5.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReadFrom {
    /// One member. Where the group is not in cluster mode.
    Member(MemberId),
    /// Every shard. Where it is.
    Group(GroupId),
}

impl Take {
    /// A snapshot of a group for a tick.
    pub fn new(group: GroupId, tier: Tier, tick: Timestamp) -> Result<Self, NameError> {
        let name = name::of(&group, tier, tick)?;
        Ok(Self { group, tier, tick: name::minute(tick), name, why: Why::Asked })
    }

    /// A snapshot that these tiers of a group want at a tick. It is named after the least frequent of them.
    ///
    /// The name is settled here and not when it is asked for: whoever carries this on finds what was made under it.
    pub fn due(group: GroupId, tiers: &[Tier], tick: Timestamp) -> Result<Self, NameError> {
        let tier = tiers.iter().max().copied().unwrap_or_default();
        Ok(Self { why: Why::Due, ..Self::new(group, tier, tick)? })
    }

    /// Whether it has to be known what else there is of the group: it could be asked for now, and may not be wanted any more.
    pub fn asks_for_newest(&self, view: &TakeView) -> bool {
        self.why == Why::Due && may_begin(view)
    }

    /// Whether there is a choice of replicas, so that it has to be known how far behind each is.
    pub fn asks_for_lags(&self, view: &TakeView) -> bool {
        let has_choice =
            |it: &GroupView| it.is_settled() && !it.cluster_enabled && 1 < it.replicas().count();
        view.snapshot.is_none() && view.group.as_ref().is_some_and(has_choice)
    }

    /// Whether the service's events may have something to say: the snapshot is failed, or the group is free again and it is not there.
    pub fn is_suspicious(&self, view: &TakeView, now: Timestamp) -> bool {
        match &view.snapshot {
            Some(seen) => {
                matches!(seen.status, SnapshotStatus::Failed | SnapshotStatus::Strange(_))
            }
            None => {
                view.group.as_ref().is_some_and(GroupView::is_settled)
                    && self.may_have_been_asked_for(now)
            }
        }
    }

    /// A first look comes within seconds. Later ones may come after a call whose answer was lost.
    fn may_have_been_asked_for(&self, now: Timestamp) -> bool {
        const FIRST_LOOKS: SignedDuration = SignedDuration::from_mins(2);
        self.tick.saturating_add(FIRST_LOOKS).is_ok_and(|it| it <= now)
    }

    /// Plans the next step towards the snapshot.
    pub fn plan(&self, view: &TakeView, now: Timestamp) -> Next<TakeStep, Refusal> {
        match (&view.snapshot, &view.group) {
            (Some(snapshot), _) => follow(&self.group, snapshot, &view.events),
            (None, _) if !self.is_timely(now) => Next::Refuse(Refusal::NotTimely(self.tick)),
            (None, None) => Next::Refuse(Refusal::NoGroup(self.group.clone())),
            (None, Some(group)) => self.begin(group, view, now),
        }
    }

    /// Whether data of now may be kept under this minute. An event that comes this late is a stray: its snapshot was taken, and may have
    /// been deleted since.
    fn is_timely(&self, now: Timestamp) -> bool {
        const EARLY_MAX: SignedDuration = SignedDuration::from_mins(10);
        const LATE_MAX: SignedDuration = SignedDuration::from_hours(12);
        let from = self.tick.saturating_sub(EARLY_MAX).unwrap_or(Timestamp::MIN);
        let until = self.tick.saturating_add(LATE_MAX).unwrap_or(Timestamp::MAX);
        (from..until).contains(&now)
    }

    /// While this one waited for its group, another may have been taken, or the policy may have changed.
    fn wanted_by(&self, keep: &Keep, view: &TakeView, now: Timestamp) -> Wanted {
        let tiers = match (self.why, keep.tiers()) {
            (Why::Asked, _) => return Wanted::By(Vec::new()),
            (Why::Due, None) => return Wanted::NotAnyMore,
            (Why::Due, Some(tiers)) => tiers,
        };
        let newest = view.newest.as_ref();
        if let Some(it) = newest.filter(|it| it.status == SnapshotStatus::Creating) {
            return Wanted::After(Wait::slow(WaitingOn::Snapshot(Some(it.name.clone()))));
        }
        let due = due::due(tiers, newest.and_then(|it| due::time(&self.group, it)), now);
        if due.is_empty() { Wanted::NotAnyMore } else { Wanted::By(due) }
    }

    fn begin(&self, group: &GroupView, view: &TakeView, now: Timestamp) -> Next<TakeStep, Refusal> {
        match &group.status {
            GroupStatus::Available => {}
            GroupStatus::Creating => return Next::Wait(Wait::slow(WaitingOn::Creation)),
            GroupStatus::Modifying => return Next::Wait(Wait::slow(WaitingOn::Modification)),
            GroupStatus::Snapshotting => return Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
            GroupStatus::Deleting | GroupStatus::CreateFailed | GroupStatus::Strange(_) => {
                let status = group.status.clone();
                return Next::Refuse(Refusal::Unusable { group: group.id.clone(), status });
            }
        }
        // A group that became busy between two calls keeps its tags back (facts 1.2).
        let Some(group_tags) = &group.tags else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
        let keep = match Keep::read(group_tags) {
            Ok(keep) => keep,
            Err(refusal) => return Next::Refuse(refusal),
        };
        let by_tiers = match self.wanted_by(&keep, view, now) {
            Wanted::By(tiers) => tiers,
            Wanted::NotAnyMore => return Next::Settled,
            Wanted::After(wait) => return Next::Wait(wait),
        };
        // A snapshot that failed may be gone without a trace; the next one would fail likewise, and each counts (facts 5.2).
        let failed = |it: &&String| it.contains(self.name.as_str()) && it.contains("failed");
        let failures: Vec<_> = view.events.iter().filter(failed).cloned().collect();
        if !failures.is_empty() {
            let snapshot = self.name.to_string();
            return Next::Refuse(Refusal::Vanished { snapshot, events: failures });
        }
        if !group.is_settled() {
            return Next::Wait(Wait::slow(unsettled(group)));
        }
        let of = match source(group, &view.lags) {
            Ok(ReadFrom::Member(member)) if view.spent.contains(&member) => {
                let others = near(group, &view.lags).into_iter().map(|it| it.id.clone());
                match others.into_iter().find(|it| !view.spent.contains(it)) {
                    Some(other) => ReadFrom::Member(other),
                    None => return Next::Refuse(Refusal::Quota { member: member.to_string() }),
                }
            }
            Ok(of) => of,
            Err(on) => return Next::Wait(Wait::slow(on)),
        };
        let tags = tags(&self.group, self.tier, &by_tiers, group_tags);
        Next::Do(TakeStep::Create { name: self.name.clone(), of, tags })
    }
}

/// Whether it has to be known how many there are of today, since one could be asked for now. One of shards names no node of which it would count.
pub fn asks_for_quota(view: &TakeView) -> bool {
    may_begin(view) && view.group.as_ref().is_some_and(|it| !it.cluster_enabled)
}

fn may_begin(view: &TakeView) -> bool {
    let is_free = |it: &GroupView| it.status == GroupStatus::Available && it.tags.is_some();
    view.snapshot.is_none() && view.group.as_ref().is_some_and(is_free)
}

/// Waits until a snapshot of this group is whole.
pub(super) fn follow<S>(
    group: &GroupId,
    snapshot: &SnapshotView,
    events: &[String],
) -> Next<S, Refusal> {
    let name = snapshot.name.clone();
    if snapshot.source().as_ref() != Some(group) {
        let of = snapshot.source().map_or("another group".to_owned(), |it| it.to_string());
        return Next::Refuse(Refusal::NameTaken { snapshot: name, of });
    }
    match &snapshot.status {
        SnapshotStatus::Creating => Next::Wait(Wait::slow(WaitingOn::Snapshot(Some(name)))),
        SnapshotStatus::Available | SnapshotStatus::Restoring | SnapshotStatus::Copying => {
            match snapshot.size {
                Some(_) => Next::Settled,
                None => Next::Refuse(Refusal::Empty { snapshot: name }),
            }
        }
        SnapshotStatus::Deleting | SnapshotStatus::Failed | SnapshotStatus::Strange(_) => {
            let (status, events) = (snapshot.status.clone(), events.to_vec());
            Next::Refuse(Refusal::Failed { snapshot: name, status, events })
        }
    }
}

/// Whether a snapshot is wanted.
enum Wanted {
    /// By these tiers, or by whoever asked.
    By(Vec<Tier>),
    /// Another one serves.
    NotAnyMore,
    /// Perhaps, after this.
    After(Wait),
}

/// A replica that is further behind is not what the group holds. CloudWatch tells the lag once a minute.
const LAG_SECONDS_MAX: f64 = 60.0;

/// What a group is read from: a replica by its present role, since reading loads the node, and of several the one that is least behind; the
/// primary only where there is nobody else, or where all are far behind.
pub(super) fn source(
    group: &GroupView,
    lags: &BTreeMap<MemberId, f64>,
) -> Result<ReadFrom, WaitingOn> {
    if group.cluster_enabled {
        return Ok(ReadFrom::Group(group.id.clone()));
    }
    if let [only] = group.members.as_slice() {
        return Ok(ReadFrom::Member(only.id.clone()));
    }
    let nearest = near(group, lags).into_iter().next();
    let is_any = group.replicas().next().is_some();
    let found = nearest.or_else(|| group.primary().filter(|_| is_any));
    // After a failover the roles are absent for a moment.
    found.map(|it| ReadFrom::Member(it.id.clone())).ok_or(WaitingOn::Modification)
}

/// The replicas that are not far behind, the nearest first.
fn near<'a>(group: &'a GroupView, lags: &BTreeMap<MemberId, f64>) -> Vec<&'a MemberView> {
    // One of which nothing is told is no worse than others of which nothing is.
    let lag = |it: &MemberView| lags.get(&it.id).copied().unwrap_or(LAG_SECONDS_MAX);
    let mut near: Vec<_> = group.replicas().filter(|it| lag(it) <= LAG_SECONDS_MAX).collect();
    near.sort_by(|one, two| lag(one).total_cmp(&lag(two)));
    near
}

/// What keeps a group that is `available` from being so in all its parts.
pub(super) fn unsettled(group: &GroupView) -> WaitingOn {
    if group.token_change.is_some() {
        return WaitingOn::TokenChange;
    }
    let busy = group.members.iter().find(|it| !it.is_settled());
    busy.map_or(WaitingOn::Modification, |it| WaitingOn::Member(it.id.to_string()))
}

#[cfg(test)]
mod when_due;

#[cfg(test)]
mod which_replica;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::sample::{self, TICK};
    use crate::{Bytes, Role, tag};

    fn take() -> Take {
        Take::new(GroupId::parse("orders").unwrap(), Tier::Daily, TICK.parse().unwrap()).unwrap()
    }

    fn of(group: GroupView) -> TakeView {
        TakeView { group: Some(group), ..TakeView::default() }
    }

    fn with(snapshot: SnapshotView) -> TakeView {
        TakeView { snapshot: Some(snapshot), ..of(sample::group("orders", 2)) }
    }

    #[track_caller]
    fn check(view: TakeView, expected: &str) {
        check_at(TICK, view, expected);
    }

    #[track_caller]
    fn check_at(now: &str, view: TakeView, expected: &str) {
        let said = match take().plan(&view, now.parse().unwrap()) {
            Next::Settled => "settled".to_owned(),
            Next::Wait(wait) => format!("wait: {}", wait.on),
            Next::Refuse(refusal) => format!("refuse: {refusal}"),
            Next::Do(TakeStep::Create { name, of: ReadFrom::Member(id), .. }) => {
                format!("{name} of {id}")
            }
            Next::Do(TakeStep::Create { name, of: ReadFrom::Group(id), .. }) => {
                format!("{name} of all of {id}")
            }
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn it_is_read_from_a_replica() {
        check(of(sample::group("orders", 2)), "orders-daily-202601020304 of orders-002");
        // By the present role, not by the number: after a failover -001 is the replica.
        let mut turned = sample::group("orders", 3);
        turned.members[0].role = Some(Role::Replica);
        turned.members[1].role = Some(Role::Primary);
        check(of(turned), "orders-daily-202601020304 of orders-001");
    }

    #[test]
    fn it_is_read_from_the_primary_only_where_there_is_nobody_else() {
        check(of(sample::group("orders", 1)), "orders-daily-202601020304 of orders-001");
        let mut roleless = sample::group("orders", 2);
        roleless.members.iter_mut().for_each(|it| it.role = None);
        check(of(roleless), "wait: a modification to finish");
    }

    #[test]
    fn a_group_in_cluster_mode_is_read_whole() {
        let mut sharded = sample::group("orders", 4);
        sharded.cluster_enabled = true;
        check(of(sharded), "orders-daily-202601020304 of all of orders");
    }

    #[test]
    fn a_busy_group_is_waited_for() {
        let status = |status: GroupStatus| {
            let mut group = sample::group("orders", 2);
            group.status = status;
            group.tags = None;
            of(group)
        };
        check(status(GroupStatus::Creating), "wait: the group to be created");
        check(status(GroupStatus::Modifying), "wait: a modification to finish");
        check(status(GroupStatus::Snapshotting), "wait: a snapshot to finish");
        check(status(GroupStatus::Available), "wait: the group to be free again");
        let mut member = sample::group("orders", 2);
        member.members[1].status = "modifying".to_owned();
        check(of(member), "wait: the member orders-002");
        let mut token = sample::group("orders", 2);
        token.token_change = Some("ROTATING".to_owned());
        check(of(token), "wait: an AUTH token change to be applied");
    }

    #[test]
    fn a_group_that_will_not_be_free_is_refused() {
        for status in ["deleting", "create-failed", "exploding"] {
            let mut group = sample::group("orders", 2);
            group.status = GroupStatus::parse(status);
            check(of(group), &format!("refuse: the group orders is {status}"));
        }
        check(TakeView::default(), "refuse: there is no group orders");
    }

    #[test]
    fn a_group_without_our_tag_is_not_ours() {
        let mut group = sample::group("orders", 2);
        group.tags.as_mut().unwrap().remove(tag::SNAPSHOT_KEEP);
        check(
            of(group),
            "refuse: the group has no cachewarden:snapshot-keep tag; add it to have its snapshots kept",
        );
    }

    #[test]
    fn one_of_the_name_is_followed_and_none_is_made() {
        let snapshot = |status: &str, size| SnapshotView {
            status: SnapshotStatus::parse(status),
            size,
            ..sample::snapshot("orders", TICK)
        };
        let some = Some(Bytes(3 << 20));
        check(
            with(snapshot("creating", None)),
            "wait: the snapshot orders-daily-202601020304 to finish",
        );
        check(with(snapshot("available", some)), "settled");
        check(with(snapshot("restoring", some)), "settled");
        check(
            with(snapshot("available", None)),
            "refuse: the snapshot orders-daily-202601020304 is available but tells no size, so nothing proves that it holds data",
        );
        check(
            with(snapshot("failed", None)),
            "refuse: the snapshot orders-daily-202601020304 is failed",
        );
        check(
            with(snapshot("exploding", some)),
            "refuse: the snapshot orders-daily-202601020304 is exploding",
        );
        // What was asked for is settled even where its group has gone since.
        check(TakeView { group: None, ..with(snapshot("available", some)) }, "settled");
    }

    #[test]
    fn a_failure_is_told_in_the_services_words() {
        let failed =
            SnapshotView { status: SnapshotStatus::Failed, ..sample::snapshot("orders", TICK) };
        let events = vec!["orders-002: Snapshot failed for snapshot with ID 'x'".to_owned()];
        check(
            TakeView { events, ..with(failed) },
            "refuse: the snapshot orders-daily-202601020304 is failed: ElastiCache says \"orders-002: Snapshot failed for snapshot with ID 'x'\"",
        );
    }

    #[test]
    fn one_that_failed_and_vanished_is_not_asked_for_again() {
        let text = "orders-002: Snapshot failed for snapshot with ID 'orders-daily-202601020304'";
        let view = TakeView { events: vec![text.to_owned()], ..of(sample::group("orders", 2)) };
        check(
            view,
            &format!(
                "refuse: the snapshot orders-daily-202601020304 was asked for and is not there: ElastiCache says \"{text}\""
            ),
        );
        let other = TakeView {
            events: vec![
                "orders-002: Snapshot failed for snapshot with ID 'orders-daily-202601010304'"
                    .to_owned(),
            ],
            ..of(sample::group("orders", 2))
        };
        check(other, "orders-daily-202601020304 of orders-002");
    }

    #[test]
    fn events_are_asked_for_only_where_something_looks_failed() {
        let (tick, later): (Timestamp, Timestamp) =
            (TICK.parse().unwrap(), "2026-01-02T03:10:00Z".parse().unwrap());
        let free = of(sample::group("orders", 2));
        assert!(!take().is_suspicious(&free, tick));
        assert!(take().is_suspicious(&free, later));
        assert!(!take().is_suspicious(&with(sample::snapshot("orders", TICK)), later));
        let failed =
            SnapshotView { status: SnapshotStatus::Failed, ..sample::snapshot("orders", TICK) };
        assert!(take().is_suspicious(&with(failed), tick));
    }

    #[test]
    fn a_stray_event_takes_nothing_under_an_old_name() {
        let free = of(sample::group("orders", 2));
        check_at("2026-01-02T15:03:59Z", free.clone(), "orders-daily-202601020304 of orders-002");
        let said = "refuse: the snapshot would be one of 2026-01-02T03:04:00Z, and it is not that time; leave out `time` to take one now";
        check_at("2026-01-02T15:04:00Z", free.clone(), said);
        check_at("2026-01-02T02:00:00Z", free, said);
        check_at("2026-01-09T00:00:00Z", with(sample::snapshot("orders", TICK)), "settled");
    }

    #[test]
    fn a_name_that_is_taken_is_not_ours_to_follow() {
        let mut foreign = sample::snapshot("orders", TICK);
        foreign.tags = None;
        foreign.member = Some("billing-001".to_owned());
        check(
            with(foreign),
            "refuse: the snapshot orders-daily-202601020304 is there already and is of billing; rename or delete it to go on",
        );
    }
}
