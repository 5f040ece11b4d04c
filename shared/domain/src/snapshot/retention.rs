//! Which snapshots are kept: a pure function of what is there.
//!
//! What counts is how many good ones there are, by the time at which AWS says that they were taken. No snapshot is deleted because a
//! clock says that it is old, so a clock that jumps deletes nothing.

mod generations;

use std::fmt;
use std::num::NonZeroU32;

use jiff::Timestamp;

use super::{SnapshotStatus, SnapshotView, Tier, Tiers, tier};
use crate::GroupId;

pub(super) use generations::is_in_reach as is_in_reach_of_tier;
pub use generations::sort as sort_by_tiers;

/// What becomes of a snapshot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It stays.
    Keep(Reason),
    /// It is deleted, since so many newer ones are kept.
    Drop { newer: u32 },
    /// It is deleted, since no tier of these keeps it.
    Outlived { tiers: Tiers },
}

/// Why a snapshot stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// It is the newest that can be restored from.
    Newest,
    /// It is among the newest, in this place.
    Place(u32),
    /// It is the first of a period of each of these tiers, and that one is among the latest that they keep.
    Tiers(Vec<Tier>),
    /// So many good ones always stay, and it is among the newest.
    Floor,
    /// It was not taken by the tiers, and this one keeps so old ones.
    Asked(Tier),
    /// It was not taken by the tiers, and they have not taken enough of their own.
    BeforeTiers,
    /// It was taken by tiers that the group no longer has, and not as many were taken since as are kept.
    OfTiers,
    /// It was copied from an automatic one, and what is kept beside it goes as far back.
    Promoted,
    /// It is the newest that was seen to restore.
    Verified,
    /// We did not make it, or not of this group.
    NotOurs,
    /// It is not whole, in use, or not told when it was taken or how large it is.
    NotReady(SnapshotStatus),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep(Reason::Newest) => f.write_str("kept: the newest"),
            Self::Keep(Reason::Place(place)) => write!(f, "kept: number {place} from the newest"),
            Self::Keep(Reason::Tiers(tiers)) => write!(f, "kept: {}", tier::spoken(tiers)),
            Self::Keep(Reason::Floor) => f.write_str("kept: the newest two always stay"),
            Self::Keep(Reason::Asked(tier)) => {
                write!(f, "kept: not taken by the tiers, and no older than what {tier} keeps")
            }
            Self::Keep(Reason::BeforeTiers) => f.write_str(
                "kept: not taken by the tiers; it goes once the newest two were taken by them",
            ),
            Self::Keep(Reason::OfTiers) => f.write_str(
                "kept: taken by tiers that are no more; it goes once all that are kept were taken by number",
            ),
            Self::Keep(Reason::Promoted) => {
                f.write_str("kept: promoted, and no older than what is kept beside it")
            }
            Self::Keep(Reason::Verified) => f.write_str("kept: the newest that a drill saw restore"),
            Self::Keep(Reason::NotOurs) => {
                f.write_str("kept: not made by Cachewarden for this group")
            }
            Self::Keep(Reason::NotReady(status)) => write!(f, "kept: it is {status}"),
            Self::Drop { newer } => write!(f, "dropped: {newer} newer ones are kept"),
            Self::Outlived { tiers } => write!(f, "dropped: no tier of {tiers} keeps it"),
        }
    }
}

/// A snapshot and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted<'a> {
    /// The snapshot.
    pub snapshot: &'a SnapshotView,
    /// What becomes of it.
    pub verdict: Verdict,
}

impl Sorted<'_> {
    /// Whether it is deleted.
    pub fn is_dropped(&self) -> bool {
        matches!(self.verdict, Verdict::Drop { .. } | Verdict::Outlived { .. })
    }

    /// Whether this tier keeps it.
    pub fn is_kept_by(&self, tier: Tier) -> bool {
        matches!(&self.verdict, Verdict::Keep(Reason::Tiers(tiers)) if tiers.contains(&tier))
    }

    /// Whether it is a good one that stays.
    pub fn is_kept_by_policy(&self) -> bool {
        match &self.verdict {
            Verdict::Keep(Reason::NotOurs | Reason::NotReady(_))
            | Verdict::Drop { .. }
            | Verdict::Outlived { .. } => false,
            Verdict::Keep(
                Reason::Newest
                | Reason::Place(_)
                | Reason::Tiers(_)
                | Reason::Floor
                | Reason::Asked(_)
                | Reason::BeforeTiers
                | Reason::OfTiers
                | Reason::Promoted
                | Reason::Verified,
            ) => true,
        }
    }
}

/// Sorts the snapshots of a group: the newest first, then those that do not count.
pub fn sort<'a>(
    group: &GroupId,
    owner: &str,
    keep: NonZeroU32,
    snapshots: &'a [SnapshotView],
) -> Vec<Sorted<'a>> {
    let Split { good, promoted, rest } = split(group, owner, snapshots);
    let times: Vec<Timestamp> = good.iter().map(|it| it.0).collect();
    let kept = || good.iter().take(usize::try_from(keep.get()).unwrap_or(usize::MAX));
    // Generations that took months to gather do not go in a night because a stack no longer states them.
    let has_begun = kept().all(|(_, it)| !it.is_by_tiers());
    let placed = (1_u32..).zip(good).map(|(place, (_, snapshot))| {
        let verdict = match place {
            1 => Verdict::Keep(Reason::Newest),
            place if place <= keep.get() => Verdict::Keep(Reason::Place(place)),
            _ if snapshot.is_by_tiers() && !has_begun => Verdict::Keep(Reason::OfTiers),
            _ => Verdict::Drop { newer: keep.get() },
        };
        Sorted { snapshot, verdict }
    });
    let promoted = promoted.into_iter().map(|(at, snapshot)| {
        let verdict = if is_in_reach(at, keep, &times) {
            Verdict::Keep(Reason::Promoted)
        } else if has_begun {
            Verdict::Drop { newer: keep.get() }
        } else {
            Verdict::Keep(Reason::OfTiers)
        };
        Sorted { snapshot, verdict }
    });
    with_verified(placed.chain(promoted).chain(rest).collect())
}

/// The newest that was seen to restore stays, as an extra one that takes nobody's place: until another is seen to, nothing else is known to.
fn with_verified(mut sorted: Vec<Sorted<'_>>) -> Vec<Sorted<'_>> {
    let is_good = |it: &Sorted<'_>| it.is_dropped() || it.is_kept_by_policy();
    let verified = sorted.iter_mut().filter(|it| is_good(it) && it.snapshot.verified().is_some());
    let newest = verified.max_by_key(|it| (it.snapshot.data_at(), &it.snapshot.name));
    if let Some(newest) = newest.filter(|it| it.is_dropped()) {
        newest.verdict = Verdict::Keep(Reason::Verified);
    }
    sorted
}

/// Whether so many of a group would keep one of this age beside those of these times.
pub(super) fn is_in_reach(at: Timestamp, keep: NonZeroU32, times: &[Timestamp]) -> bool {
    let newer = times.iter().filter(|it| at < **it).count();
    u32::try_from(newer).is_ok_and(|it| it < keep.get())
}

/// When the good ones of a group were taken that were not promoted.
pub(super) fn times(group: &GroupId, owner: &str, snapshots: &[SnapshotView]) -> Vec<Timestamp> {
    split(group, owner, snapshots).good.into_iter().map(|it| it.0).collect()
}

/// The snapshots of a group, by what they count for.
struct Split<'a> {
    /// The good ones and when they were taken, the newest first.
    good: Vec<(Timestamp, &'a SnapshotView)>,
    /// Those of them that were copied from automatic ones. They take nobody's place: what somebody promotes makes no other go.
    promoted: Vec<(Timestamp, &'a SnapshotView)>,
    /// Those that neither count nor go.
    rest: Vec<Sorted<'a>>,
}

fn split<'a>(group: &GroupId, owner: &str, snapshots: &'a [SnapshotView]) -> Split<'a> {
    let mut good: Vec<(Timestamp, &SnapshotView)> = Vec::new();
    let mut rest = Vec::new();
    for snapshot in snapshots {
        // Without a size nothing proves that it holds data, and it must not push out one that does.
        let is_whole = snapshot.status == SnapshotStatus::Available && snapshot.size.is_some();
        let ready = snapshot.data_at().filter(|_| is_whole);
        match (snapshot.is_ours(group, owner), ready) {
            (true, Some(at)) => good.push((at, snapshot)),
            (true, None) => {
                let reason = Reason::NotReady(snapshot.status.clone());
                rest.push(Sorted { snapshot, verdict: Verdict::Keep(reason) });
            }
            (false, _) => rest.push(Sorted { snapshot, verdict: Verdict::Keep(Reason::NotOurs) }),
        }
    }
    // Two that were taken at the same moment are told apart by name, so that every run sorts them alike.
    good.sort_by(|one, other| (other.0, &other.1.name).cmp(&(one.0, &one.1.name)));
    let (promoted, good) = good.into_iter().partition(|it| it.1.is_promoted());
    Split { good, promoted, rest }
}

/// The newest that can be restored from, whoever uses it at the moment. One that was promoted does not stand for one that is missing.
pub fn newest<'a>(
    group: &GroupId,
    owner: &str,
    snapshots: &'a [SnapshotView],
) -> Option<&'a SnapshotView> {
    snapshots
        .iter()
        .filter(|it| it.status.is_whole() && it.size.is_some() && it.is_ours(group, owner))
        .filter(|it| !it.is_promoted())
        .filter_map(|it| Some(((it.taken_at?, &it.name), it)))
        .max_by_key(|(order, _)| *order)
        .map(|(_, it)| it)
}

#[cfg(test)]
pub(super) mod tests;
