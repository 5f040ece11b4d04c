//! How a group stands: what a person asks for with `status`.

use std::fmt;
use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};

use super::drill::{self, Undrillable, Verified};
use super::{Keep, Refusal, SnapshotView, Tier, due, name, retention};
use crate::cost::bill;
use crate::{Bytes, Dollars, GroupId, Tags};

/// How a group stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The group.
    pub group: GroupId,
    /// How many are to be kept.
    pub keep: Result<Keep, Refusal>,
    /// What each tier has of what it keeps, where there are tiers.
    pub tiers: Vec<Generations>,
    /// How many of ours there are that can be restored from.
    pub count: usize,
    /// The memory that their data took, together.
    pub total: Bytes,
    /// The newest of them.
    pub newest: Option<Newest>,
    /// What is known of whether they restore.
    pub drills: Drills,
    /// Those that were copied from automatic ones and can be restored from.
    pub promoted: Vec<String>,
    /// Those of ours that cannot be restored from, and those of a former owner of the id: their state.
    pub others: Vec<(String, String)>,
}

/// What is known of whether the snapshots of a group restore.
#[derive(Clone, Debug, PartialEq)]
pub struct Drills {
    /// After how many days that has to be seen again, where it has to.
    pub days: Result<Option<NonZeroU32>, Undrillable>,
    /// The snapshot that was last seen to restore.
    pub last: Option<(String, Verified)>,
    /// When that has to be seen again.
    pub due: Option<Timestamp>,
    /// Those that did not stand a drill, and why.
    pub failed: Vec<(String, drill::Failed)>,
}

impl Drills {
    /// Whether a drill that went well is missing: a schedule comes once a day, and a drill may take hours.
    pub fn are_overdue(&self, now: Timestamp) -> bool {
        let missed = |it: &Timestamp| it.saturating_add(DRILL_GRACE).unwrap_or(Timestamp::MAX);
        self.due.is_some_and(|it| missed(&it) < now)
    }

    fn of(ours: &[&SnapshotView], group: &GroupId, tags: &Tags, all: &[SnapshotView]) -> Self {
        let days = drill::days(tags);
        let last = drill::last(group, &super::owner(group, tags), all);
        let first = || ours.iter().filter_map(|it| it.data_at()).min();
        // Where none was ever tried, the oldest snapshot tells since when one could have been.
        let due = days.as_ref().ok().copied().flatten().and_then(|days| match last {
            Some((_, verified)) => Some(drill::due(days, Some(verified))),
            None => first(),
        });
        let failed = ours.iter().filter_map(|it| Some((it.name.clone(), it.drill_failed()?)));
        Self {
            days,
            last: last.map(|(it, verified)| (it.name.clone(), verified)),
            due,
            failed: failed.collect(),
        }
    }
}

/// The schedule comes once a day, and a drill may take hours.
const DRILL_GRACE: SignedDuration = SignedDuration::from_hours(36);

/// What a tier has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Generations {
    /// The tier.
    pub tier: Tier,
    /// How many it keeps.
    pub keep: u32,
    /// How many it has.
    pub has: usize,
}

/// The newest snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Newest {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub tier: Tier,
    /// When it was taken.
    pub at: Timestamp,
    /// How old it is: what would be lost.
    pub age: SignedDuration,
    /// How much memory its data took.
    pub size: Option<Bytes>,
    /// When the next is due: of its kind, or for one of the tiers.
    pub due: Timestamp,
    /// When the next is missed.
    pub missed: Timestamp,
}

impl Newest {
    /// Whether the next one should be there.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.missed < now
    }
}

/// Tells how a group with these tags stands.
pub fn of(group: &GroupId, tags: &Tags, snapshots: &[SnapshotView], now: Timestamp) -> Standing {
    let owner = super::owner(group, tags);
    let ours = || snapshots.iter().filter(|it| it.is_ours(group, &owner));
    let of_others = snapshots.iter().filter(|it| it.is_of(group) && !it.is_ours(group, &owner));
    let whole = || ours().filter(|it| it.status.is_whole());
    let keep = Keep::read(tags);
    let newest = retention::newest(group, &owner, snapshots);
    let all_of_ours: Vec<&SnapshotView> = ours().collect();
    Standing {
        drills: Drills::of(&all_of_ours, group, tags, snapshots),
        group: group.clone(),
        tiers: keep.as_ref().ok().and_then(Keep::tiers).map_or(Vec::new(), |tiers| {
            let sorted = retention::sort_by_tiers(group, &owner, tiers, snapshots);
            let has = |tier| sorted.iter().filter(|it| it.is_kept_by(tier)).count();
            let of = |(tier, keep): (Tier, NonZeroU32)| Generations {
                tier,
                keep: keep.get(),
                has: has(tier),
            };
            tiers.iter().map(of).collect()
        }),
        count: whole().count(),
        promoted: whole().filter(|it| it.is_promoted()).map(|it| it.name.clone()).collect(),
        total: Bytes(whole().filter_map(|it| it.size).map(|it| it.0).sum()),
        newest: newest.and_then(|it| of_newest(group, keep.as_ref().ok(), it, now)),
        keep,
        others: ours()
            .filter(|it| !it.status.is_whole())
            .map(|it| (it.name.clone(), it.status.to_string()))
            .chain(of_others.map(|it| {
                (it.name.clone(), format!("{}, made for another owner and never pruned", it.status))
            }))
            .collect(),
    }
}

fn of_newest(
    group: &GroupId,
    keep: Option<&Keep>,
    snapshot: &SnapshotView,
    now: Timestamp,
) -> Option<Newest> {
    let (tier, _) = name::read(group, &snapshot.name)?;
    let at = snapshot.taken_at?;
    let by_kind = at.saturating_add(tier.period()).unwrap_or(Timestamp::MAX);
    let by_tiers = keep.and_then(Keep::tiers).map(|it| (due::next(it, at), due::missed(it, at)));
    let (due, missed) = by_tiers.unwrap_or((by_kind, by_kind));
    Some(Newest {
        name: snapshot.name.clone(),
        tier,
        at,
        age: now.duration_since(at),
        size: snapshot.size,
        due,
        missed,
    })
}

/// A length of time as a person says it.
pub fn spoken(time: SignedDuration) -> String {
    let minutes = time.as_secs().max(0) / 60;
    match (minutes / (24 * 60), minutes / 60, minutes) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

impl Standing {
    /// Whether a snapshot that the schedule should have taken is missing. Where none was ever taken, the first may still be due, unless it failed.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let is_kept = matches!(self.keep, Ok(Keep::Newest(_) | Keep::Tiers(_)));
        let missed = |it: &Newest| match &self.keep {
            Ok(Keep::Tiers(_)) => it.missed,
            // A person may have taken one of a more frequent kind than the schedule does.
            Ok(Keep::Newest(_) | Keep::Off) | Err(_) => {
                let period = it.tier.period().max(Tier::Daily.period());
                it.at.saturating_add(period.saturating_add(super::GRACE)).unwrap_or(Timestamp::MAX)
            }
        };
        let has_failed = || self.others.iter().any(|it| it.1 == "failed");
        is_kept && self.newest.as_ref().map_or_else(has_failed, |it| missed(it) < now)
    }

    /// What they cost in a month: all but the first, which is free (facts 5.8).
    pub fn month(&self) -> Dollars {
        let paid = self.count.saturating_sub(1);
        let each = self.total.0 / u64::try_from(self.count.max(1)).unwrap_or(u64::MAX);
        bill::snapshots(Bytes(each.saturating_mul(u64::try_from(paid).unwrap_or(u64::MAX))))
    }
}

impl fmt::Display for Drills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.last, &self.days) {
            (Some((name, verified)), _) => {
                write!(f, "; {name} was seen to restore at {}", verified.at)?;
            }
            (None, Ok(Some(_))) => f.write_str("; none was ever seen to restore")?,
            (None, Ok(None) | Err(_)) => {}
        }
        match (&self.days, self.due) {
            (Ok(Some(_)), Some(due)) => write!(f, ", the next drill is due at {due}")?,
            (Err(why), _) => write!(f, "; {why}")?,
            (Ok(_), _) => {}
        }
        self.failed.iter().try_for_each(|(name, failed)| {
            write!(f, "; {name} did not stand the drill of {}: {}", failed.at, failed.why)
        })
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.group)?;
        match &self.newest {
            None if 0 < self.count => write!(f, "none of a schedule; {} in all", self.count)?,
            None => f.write_str("no snapshot that can be restored from")?,
            Some(newest) => {
                write!(f, "newest {}, {} old", newest.name, spoken(newest.age))?;
                if let Some(size) = newest.size {
                    write!(f, ", {size}")?;
                }
                match &self.keep {
                    Ok(Keep::Tiers(_)) => write!(f, ", next due at {}", newest.due)?,
                    Ok(Keep::Newest(_) | Keep::Off) | Err(_) => {
                        write!(f, ", next {} due at {}", newest.tier, newest.due)?;
                    }
                }
                write!(f, "; {} in all, {}", self.count, self.total)?;
                let month = self.month();
                if Dollars(50) <= month {
                    write!(f, ", {month} a month")?;
                }
            }
        }
        match &self.keep {
            Ok(keep @ (Keep::Newest(_) | Keep::Tiers(_))) => write!(f, "; keeps {keep}")?,
            Ok(Keep::Off) => f.write_str("; takes none by schedule")?,
            Err(refusal) => write!(f, "; {refusal}")?,
        }
        self.drills.fmt(f)?;
        if !self.promoted.is_empty() {
            write!(f, "; promoted: {}", self.promoted.join(", "))?;
        }
        self.others.iter().try_for_each(|(name, status)| write!(f, "; {name} is {status}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{SnapshotStatus, sample};

    #[track_caller]
    fn check(snapshots: &[SnapshotView], expected: &str) {
        let group = GroupId::parse("orders").unwrap();
        let now = "2026-01-04T05:30:00Z".parse().unwrap();
        assert_eq!(of(&group, &sample::policy(), snapshots, now).to_string(), expected);
    }

    fn daily(day: u8) -> SnapshotView {
        sample::snapshot("orders", &format!("2026-01-{day:02}T03:00:00Z"))
    }

    #[test]
    fn it_says_what_would_be_lost_and_what_is_next() {
        let foreign = sample::snapshot("billing", "2026-01-04T03:00:00Z");
        check(
            &[daily(3), foreign, daily(4)],
            "orders: newest orders-daily-202601040300, 2 h 30 min old, 3.0 MiB, next daily due at 2026-01-05T03:00:00Z; 2 in all, 6.0 MiB; keeps 3",
        );
    }

    #[test]
    fn what_is_no_good_is_named_and_not_counted() {
        let failed = SnapshotView { status: SnapshotStatus::Failed, ..daily(4) };
        check(
            std::slice::from_ref(&failed),
            "orders: no snapshot that can be restored from; keeps 3; orders-daily-202601040300 is failed",
        );
        check(
            &[daily(1), failed],
            "orders: newest orders-daily-202601010300, 3 d 2 h old, 3.0 MiB, next daily due at 2026-01-02T03:00:00Z; 1 in all, 3.0 MiB; keeps 3; orders-daily-202601040300 is failed",
        );
    }

    #[test]
    fn tiers_say_when_the_next_is_due_and_when_it_is_missed() {
        let group = GroupId::parse("orders").unwrap();
        let mut tags = sample::policy();
        tags.insert(crate::tag::SNAPSHOT_KEEP.to_owned(), "hourly=24 daily=7".to_owned());
        let standing = |now: &str| of(&group, &tags, &[daily(4)], now.parse().unwrap());
        assert_eq!(
            standing("2026-01-04T05:30:00Z").to_string(),
            "orders: newest orders-daily-202601040300, 2 h 30 min old, 3.0 MiB, next due at 2026-01-04T04:00:00Z; 1 in all, 3.0 MiB; keeps hourly=24 daily=7"
        );
        for (now, expected) in [("2026-01-04T07:00:00Z", false), ("2026-01-04T07:00:01Z", true)] {
            let overdue = standing(now).newest.unwrap().is_overdue(now.parse().unwrap());
            assert_eq!(overdue, expected, "{now}");
        }
    }

    #[test]
    fn it_says_which_one_was_seen_to_restore_and_which_was_not() {
        let group = GroupId::parse("orders").unwrap();
        let mut tags = sample::policy();
        let now: Timestamp = "2026-01-14T05:30:00Z".parse().unwrap();
        let check = |tags: &Tags, all: &[SnapshotView], expected: &str, is_overdue: bool| {
            let drills = of(&group, tags, all, now).drills;
            assert_eq!(
                (drills.to_string().as_str(), drills.are_overdue(now)),
                (expected, is_overdue)
            );
        };
        check(&tags, &[daily(4)], "", false);
        tags.insert(crate::tag::DRILL_DAYS.to_owned(), "7".to_owned());
        check(&tags, &[], "; none was ever seen to restore", false);
        let never =
            "; none was ever seen to restore, the next drill is due at 2026-01-04T03:00:00Z";
        check(&tags, &[daily(4)], never, true);
        let with = |day, marks: Tags| {
            let mut it = daily(day);
            it.tags.as_mut().unwrap().extend(marks);
            it
        };
        let verified = |day: u8| {
            let at = format!("2026-01-{day:02}T06:00:00Z").parse().unwrap();
            let took = SignedDuration::from_secs(600);
            Verified { at, keys: 7, took, is_compared: true }.tags()
        };
        check(
            &tags,
            &[with(4, verified(8)), daily(5)],
            "; orders-daily-202601040300 was seen to restore at 2026-01-08T06:00:00Z, the next drill is due at 2026-01-15T06:00:00Z",
            false,
        );
        let at = "2026-01-12T06:00:00Z".parse().unwrap();
        let failed = drill::Failed { at, why: "it has no keys".to_owned() }.tags();
        check(
            &tags,
            &[with(4, verified(5)), with(5, failed)],
            "; orders-daily-202601040300 was seen to restore at 2026-01-05T06:00:00Z, the next drill is due at 2026-01-12T06:00:00Z; orders-daily-202601050300 did not stand the drill of 2026-01-12T06:00:00Z: it has no keys",
            true,
        );
        tags.insert(crate::tag::DRILL_DAYS.to_owned(), "weekly".to_owned());
        let drills = of(&group, &tags, &[], now).drills.to_string();
        assert!(drills.starts_with("; the tag cachewarden:drill-days says"), "{drills}");
    }

    #[test]
    fn one_that_is_missing_is_overdue_where_any_are_taken() {
        let group = GroupId::parse("orders").unwrap();
        let check = |keep: &str, now: &str, expected: bool| {
            let mut tags = sample::policy();
            tags.insert(crate::tag::SNAPSHOT_KEEP.to_owned(), keep.to_owned());
            let now = now.parse().unwrap();
            assert_eq!(of(&group, &tags, &[daily(4)], now).is_overdue(now), expected, "{keep}");
        };
        check("3", "2026-01-05T05:00:00Z", false);
        check("3", "2026-01-05T05:00:01Z", true);
        check("hourly=3", "2026-01-04T07:00:00Z", false);
        check("hourly=3", "2026-01-04T07:00:01Z", true);
        let failed = SnapshotView { status: SnapshotStatus::Failed, ..daily(4) };
        let now = "2026-01-04T04:00:00Z".parse().unwrap();
        assert!(of(&group, &sample::policy(), &[failed], now).is_overdue(now));
        assert!(!of(&group, &sample::policy(), &[], now).is_overdue(now));
        check("0", "2026-02-05T05:00:01Z", false);
        check("x", "2026-02-05T05:00:01Z", false);
    }

    #[test]
    fn what_they_cost_is_that_of_all_but_one() {
        let group = GroupId::parse("orders").unwrap();
        let large = |day| SnapshotView { size: Some(Bytes(10 << 30)), ..daily(day) };
        let seen = of(&group, &sample::policy(), &[large(1), large(2), large(3)], Timestamp::MAX);
        assert_eq!(seen.month().to_string(), "$1.70");
        assert!(seen.to_string().contains("; 3 in all, 30.0 GiB, $1.70 a month;"), "{seen}");
        assert_eq!(of(&group, &sample::policy(), &[large(1)], Timestamp::MAX).month(), Dollars(0));
    }

    #[test]
    fn each_tier_says_what_it_has() {
        let group = GroupId::parse("orders").unwrap();
        let mut tags = sample::policy();
        tags.insert(crate::tag::SNAPSHOT_KEEP.to_owned(), "daily=2 weekly=4".to_owned());
        let now = "2026-01-04T05:30:00Z".parse().unwrap();
        let seen = of(&group, &tags, &[daily(1), daily(2), daily(3)], now).tiers;
        let has = |tier, keep, has| Generations { tier, keep, has };
        assert_eq!(seen, [has(Tier::Daily, 2, 2), has(Tier::Weekly, 4, 1)]);
        assert_eq!(of(&group, &sample::policy(), &[daily(1)], now).tiers, []);
    }
}
