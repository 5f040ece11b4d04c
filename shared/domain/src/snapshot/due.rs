//! When a group that keeps tiers wants another snapshot: a pure function of the policy, the newest one and the time.
//!
//! A tier wants one in each of its periods, by the calendar of UTC. One snapshot serves every tier whose period has none yet.

use jiff::{SignedDuration, Timestamp};

use super::{SnapshotStatus, SnapshotView, Tier, Tiers, name};
use crate::GroupId;

/// How many hourly ones are taken in a day: ElastiCache takes 20 manual snapshots of a node in any 24 hours (facts 5.2), and two are left for
/// people and for the last one before a deletion. So each fourth hour is left out.
pub const HOURLY_A_DAY: u32 = 24 - 24 / LEFT_OUT_EACH;
const LEFT_OUT_EACH: u32 = 4;

/// The tiers that want a snapshot now, the most frequent first.
pub fn due(tiers: &Tiers, newest: Option<Timestamp>, now: Timestamp) -> Vec<Tier> {
    let wants = |tier: &Tier| match newest {
        None => true,
        Some(newest) => newest < tier.start(now) && !is_left_out(*tier, newest, now),
    };
    tiers.iter().map(|it| it.0).filter(wants).collect()
}

/// When the next one is wanted, after the newest.
pub fn next(tiers: &Tiers, newest: Timestamp) -> Timestamp {
    let next = |tier: Tier| {
        let next = tier.next(newest);
        if is_left_out(tier, newest, next) { tier.next(next) } else { next }
    };
    tiers.iter().map(|it| next(it.0)).min().unwrap_or(Timestamp::MAX)
}

/// When the next one is missed: the schedule comes once within the finest period, and once a day in any case, and a group may be changed
/// for a while before its snapshot can begin.
pub fn missed(tiers: &Tiers, newest: Timestamp) -> Timestamp {
    let schedule = tiers.finest().period().min(SignedDuration::from_hours(24));
    let late = schedule.saturating_add(super::GRACE);
    next(tiers, newest).saturating_add(late).unwrap_or(Timestamp::MAX)
}

/// The newest snapshot of ours that serves the tiers: one that can be restored from, or that is being written.
pub fn newest<'a>(
    group: &GroupId,
    owner: &str,
    snapshots: &'a [SnapshotView],
) -> Option<&'a SnapshotView> {
    // One that was promoted stays by another rule, so that a tier that counted on it might be left with none.
    let is_ours = |it: &&SnapshotView| it.is_ours(group, owner) && !it.is_promoted();
    let ours = snapshots.iter().filter(is_ours).filter(|it| serves(it));
    ours.max_by_key(|it| (time(group, it), &it.name))
}

/// Those whose names are ours for this group, and that serve its tiers if their tags are ours too: the newest first.
pub fn candidates(group: &GroupId, mut snapshots: Vec<SnapshotView>) -> Vec<SnapshotView> {
    snapshots.retain(|it| name::read(group, &it.name).is_some() && serves(it));
    snapshots.sort_by(|one, other| {
        (time(group, other), &other.name).cmp(&(time(group, one), &one.name))
    });
    snapshots
}

/// When a snapshot was taken. One that is still being written tells no time, and its name does.
pub fn time(group: &GroupId, snapshot: &SnapshotView) -> Option<Timestamp> {
    snapshot.data_at().or_else(|| name::read(group, &snapshot.name).map(|it| it.1))
}

pub(super) fn serves(snapshot: &SnapshotView) -> bool {
    match &snapshot.status {
        SnapshotStatus::Creating => true,
        SnapshotStatus::Available | SnapshotStatus::Restoring | SnapshotStatus::Copying => {
            snapshot.size.is_some() && snapshot.taken_at.is_some()
        }
        SnapshotStatus::Deleting | SnapshotStatus::Failed | SnapshotStatus::Strange(_) => false,
    }
}

/// Whether an hour is one that is left out. Only after an hour that has one: no gap becomes longer for it.
fn is_left_out(tier: Tier, newest: Timestamp, at: Timestamp) -> bool {
    let hour = tier.start(at);
    let number = hour.as_second().div_euclid(60 * 60);
    let before = hour.saturating_sub(tier.period()).unwrap_or(Timestamp::MIN);
    tier == Tier::Hourly
        && number.rem_euclid(i64::from(LEFT_OUT_EACH)) == i64::from(LEFT_OUT_EACH) - 1
        && before <= newest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::{sample, tier};

    fn tiers(text: &str) -> Tiers {
        Tiers::parse(text).unwrap()
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    const ALL: &str = "hourly=24 daily=7 weekly=4 monthly=12";

    #[track_caller]
    fn check(policy: &str, newest: Option<&str>, now: &str, expected: &str) {
        let said = due(&tiers(policy), newest.map(at), at(now));
        assert_eq!(tier::spoken(&said), expected);
    }

    #[test]
    fn one_snapshot_serves_every_tier_whose_period_has_none() {
        check(ALL, None, "2026-01-07T05:05:00Z", "hourly, daily, weekly and monthly");
        // A Wednesday.
        check(ALL, Some("2026-01-07T04:05:40Z"), "2026-01-07T05:05:00Z", "hourly");
        check(ALL, Some("2026-01-06T22:05:40Z"), "2026-01-07T00:05:00Z", "hourly and daily");
        check(
            ALL,
            Some("2026-01-04T22:05:40Z"),
            "2026-01-05T00:05:00Z",
            "hourly, daily and weekly",
        );
        check(
            ALL,
            Some("2026-01-31T22:05:40Z"),
            "2026-02-01T00:05:00Z",
            "hourly, daily and monthly",
        );
        check("weekly=4", Some("2026-01-04T22:05:40Z"), "2026-01-04T23:05:00Z", "none");
    }

    #[test]
    fn a_period_that_has_one_wants_no_other_however_often_it_is_asked() {
        check(ALL, Some("2026-01-07T05:00:00Z"), "2026-01-07T05:59:59Z", "none");
        // One that was taken late serves the hour in which it was.
        check(ALL, Some("2026-01-07T05:58:00Z"), "2026-01-07T06:05:00Z", "hourly");
        // By our clock it was taken later than now: it serves until then.
        check(ALL, Some("2026-01-07T05:58:00Z"), "2026-01-06T06:05:00Z", "none");
    }

    #[test]
    fn each_fourth_hour_is_left_out_after_one_that_was_not() {
        check(ALL, Some("2026-01-07T02:05:40Z"), "2026-01-07T03:05:00Z", "none");
        check(ALL, Some("2026-01-07T01:05:40Z"), "2026-01-07T03:05:00Z", "hourly");
        check(ALL, Some("2026-01-06T22:05:40Z"), "2026-01-06T23:05:00Z", "none");
        assert_eq!(next(&tiers(ALL), at("2026-01-07T02:05:40Z")), at("2026-01-07T04:00:00Z"));
        assert_eq!(next(&tiers(ALL), at("2026-01-07T01:05:40Z")), at("2026-01-07T02:00:00Z"));
        assert_eq!(next(&tiers("daily=1"), at("2026-01-07T02:05:40Z")), at("2026-01-08T00:00:00Z"));
    }

    #[test]
    fn it_is_missed_only_after_the_schedule_came_and_the_group_was_busy() {
        let missed = |policy: &str, newest| missed(&tiers(policy), at(newest)).to_string();
        assert_eq!(missed(ALL, "2026-01-07T01:05:40Z"), "2026-01-07T05:00:00Z");
        assert_eq!(missed("daily=7", "2026-01-07T01:30:40Z"), "2026-01-09T02:00:00Z");
        // A month's is not waited for until the next month.
        assert_eq!(missed("monthly=7", "2026-01-07T01:30:40Z"), "2026-02-02T02:00:00Z");
    }

    #[test]
    fn one_that_is_being_written_serves_and_one_that_failed_does_not() {
        let group = GroupId::parse("orders").unwrap();
        let owner = crate::snapshot::owner(&group, &sample::policy());
        let as_ = |status: &str, time| {
            let (status, whole) = (SnapshotStatus::parse(status), status == "available");
            let it = sample::snapshot("orders", time);
            let (taken_at, size) = (it.taken_at.filter(|_| whole), it.size.filter(|_| whole));
            SnapshotView { status, taken_at, size, ..it }
        };
        let all = [
            as_("available", "2026-01-02T03:00:00Z"),
            as_("failed", "2026-01-06T03:00:00Z"),
            as_("creating", "2026-01-04T03:00:00Z"),
            as_("exploding", "2026-01-05T03:00:00Z"),
            sample::snapshot("orders-eu", "2026-01-07T03:00:00Z"),
        ];
        assert_eq!(newest(&group, &owner, &all).unwrap().name, "orders-daily-202601040300");
        assert_eq!(newest(&group, "another", &all), None);
        let names: Vec<_> = candidates(&group, all.into()).into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["orders-daily-202601040300", "orders-daily-202601020300"]);
    }

    proptest! {
        /// Runs at any time of each hour, some of them doubled, some missing, some that fail.
        #[test]
        fn no_hours_fill_the_quota_and_none_has_two(runs in prop::collection::vec((0..60_u32, 0..10_u8), 24 * 4), policy in 0..3_usize) {
            let policy = tiers([ALL, "hourly=24", "hourly=2 monthly=1"][policy]);
            let mut taken: Vec<Timestamp> = Vec::new();
            for (hour, (minute, luck)) in (0_i64..).zip(runs) {
                let now = at("2026-01-05T00:00:00Z") + SignedDuration::from_secs(hour * 3600 + i64::from(minute) * 60);
                for _ in 0..2 {
                    if luck != 0 && !due(&policy, taken.last().copied(), now).is_empty() {
                        taken.push(now);
                    }
                }
            }
            let hours: Vec<_> = taken.iter().map(|it| Tier::Hourly.start(*it)).collect();
            prop_assert!(hours.is_sorted_by(|one, other| one < other), "{hours:?}");
            for from in &taken {
                let day = taken.iter().filter(|it| (*from..*from + SignedDuration::from_hours(24)).contains(it));
                prop_assert!(day.count() <= 20);
            }
        }

        #[test]
        fn every_period_of_every_tier_has_one_where_the_schedule_comes_each_hour(hours in 100..2000_i64, policy in 0..4_usize) {
            let policy = tiers([ALL, "daily=3", "weekly=2 monthly=1", "hourly=5 weekly=2"][policy]);
            let first = at("2026-01-05T00:05:00Z");
            let mut taken: Vec<Timestamp> = Vec::new();
            for hour in 0..hours {
                let now = first + SignedDuration::from_hours(hour);
                let newest = taken.last().copied();
                if let Some(newest) = newest {
                    prop_assert!(now < missed(&policy, newest));
                    prop_assert_eq!(!due(&policy, Some(newest), now).is_empty(), next(&policy, newest) <= now);
                }
                if !due(&policy, newest, now).is_empty() {
                    taken.push(now);
                }
            }
            let until = first + SignedDuration::from_hours(hours - 1);
            for (tier, _) in policy.iter().filter(|it| it.0 != Tier::Hourly) {
                let mut start = tier.start(first);
                while start <= until {
                    let end = tier.next(start);
                    prop_assert!(taken.iter().any(|it| start <= *it && *it < end), "{tier} from {start}");
                    start = end;
                }
            }
        }
    }
}
