//! How a group stands: what a person asks for with `status`.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::{Keep, Refusal, SnapshotView, Tier, due, name, retention};
use crate::{Bytes, GroupId, Tags};

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
    /// Those that were copied from automatic ones and can be restored from.
    pub promoted: Vec<String>,
    /// Those of ours that cannot be restored from, and those of a former owner of the id: their state.
    pub others: Vec<(String, String)>,
}

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
    Standing {
        group: group.clone(),
        tiers: keep.as_ref().ok().and_then(Keep::tiers).map_or(Vec::new(), |tiers| {
            let sorted = retention::sort_by_tiers(group, &owner, tiers, snapshots);
            let has = |tier| sorted.iter().filter(|it| it.is_kept_by(tier)).count();
            let of = |(tier, keep): (Tier, std::num::NonZeroU32)| Generations {
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
            }
        }
        match &self.keep {
            Ok(keep @ (Keep::Newest(_) | Keep::Tiers(_))) => write!(f, "; keeps {keep}")?,
            Ok(Keep::Off) => f.write_str("; takes none by schedule")?,
            Err(refusal) => write!(f, "; {refusal}")?,
        }
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
