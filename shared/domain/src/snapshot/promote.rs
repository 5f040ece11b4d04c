//! Promoting: a copy of an automatic snapshot is one of ours. ElastiCache deletes its own after 35 days at most, and with their group (facts 5.3).
//!
//! A copy takes nobody's place. It counts by the time of its data, stays as long as its tier keeps so old ones, and makes no other go.

mod refusal;

use std::fmt;

use jiff::Timestamp;

use super::retention::{is_in_reach, is_in_reach_of_tier, times};
use super::{Keep, Origin, Refusal, SnapshotStatus, SnapshotView, Tier, Tiers, due, name, take};
use crate::{GroupId, Next, SnapshotName, Tags, Wait, WaitingOn, tag};

pub use refusal::Unpromotable;

/// What stands between the name and the time in the tag of a copy.
pub(super) const TAKEN: &str = " taken ";

/// A promotion that is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Promote {
    /// Of this one.
    pub which: Which,
    /// Into this tier; else into the one that the policy of the group leads to.
    pub tier: Option<Tier>,
}

/// Which automatic snapshot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Which {
    /// The one of this name.
    This(String),
    /// The newest of this group that can be restored from.
    NewestOf(GroupId),
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromoteView {
    /// The snapshot, if it is there.
    pub source: Option<SnapshotView>,
    /// Its group with its tags, if that is one of ours.
    pub group: Option<(GroupId, Tags)>,
    /// What there is of ours of that group.
    pub stock: Vec<SnapshotView>,
    /// What has the name of the copy, or its tags where the snapshot is not there any more.
    pub copy: Option<SnapshotView>,
}

/// What to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PromoteStep {
    /// Copy this one. AWS takes a name once, so asking twice makes one.
    Copy { from: String, name: SnapshotName, tags: Tags },
}

/// What the policy of a group makes of a snapshot.
enum Place {
    /// It is to be one of this tier.
    Of(Tier),
    /// This one is there already for its period.
    TakenBy(String),
}

/// What speaks for a promotion: the snapshot, its group and what that keeps.
struct Fit<'a> {
    source: &'a SnapshotView,
    group: &'a GroupId,
    tags: &'a Tags,
    keep: Keep,
}

impl Promote {
    /// The group that it is about, as far as that is known.
    pub fn group(&self, view: &PromoteView) -> Option<GroupId> {
        match &self.which {
            Which::This(_) => view.source.as_ref().or(view.copy.as_ref())?.source(),
            Which::NewestOf(group) => Some(group.clone()),
        }
    }

    /// Whether a snapshot with these tags is its copy. Of one that ElastiCache deleted since, nothing else tells the name of that.
    pub fn is_copy(&self, tags: &Tags) -> bool {
        let Which::This(name) = &self.which else { return false };
        let told = |key: &str| tags.get(key).map_or("", String::as_str);
        told(tag::PROMOTED).starts_with(&format!("{name}{TAKEN}"))
            && self.tier.is_none_or(|it| told(tag::TIER) == it.as_str())
    }

    /// The name of the copy. It is settled by snapshot and tier alone, so that whoever carries this on finds what was made under it.
    pub fn name(&self, view: &PromoteView) -> Option<SnapshotName> {
        let fit = self.fit(view).ok()?;
        name::of(fit.group, self.tier_of(&fit, view)?, fit.source.data_at()?).ok()
    }

    /// The same promotion without what is left open, as it is handed on: another look might find another newest, and another tier.
    #[must_use]
    pub fn decided(&self, view: &PromoteView) -> Self {
        let which = view.source.as_ref().map(|it| Which::This(it.name.clone()));
        let fit = self.fit(view).ok();
        let tier = fit.and_then(|it| self.tier_of(&it, view)).or(self.tier);
        Self { which: which.unwrap_or_else(|| self.which.clone()), tier }
    }

    /// The snapshot that is there already for its period, where one is.
    pub fn served_by(&self, view: &PromoteView) -> Option<String> {
        match self.place(&self.fit(view).ok()?, view) {
            Ok(Place::TakenBy(name)) => Some(name),
            Ok(Place::Of(_)) | Err(_) => None,
        }
    }

    /// Plans the next step towards the copy.
    pub fn plan(&self, view: &PromoteView) -> Next<PromoteStep, Refusal> {
        if let (None, Some(copy), Some(group)) = (&view.source, &view.copy, self.group(view)) {
            return follow(&group, copy);
        }
        let fit = match self.fit(view) {
            Ok(fit) => fit,
            Err(refusal) => return Next::Refuse(refusal),
        };
        if let Some(copy) = &view.copy {
            return follow(fit.group, copy);
        }
        if fit.source.status != SnapshotStatus::Available {
            return Next::Wait(Wait::slow(WaitingOn::Snapshot(Some(fit.source.name.clone()))));
        }
        match self.place(&fit, view) {
            Ok(Place::Of(tier)) => begin(&fit, tier),
            Ok(Place::TakenBy(_)) => Next::Settled,
            Err(refusal) => Next::Refuse(refusal),
        }
    }

    /// What is to be promoted, or everything that speaks against it.
    fn fit<'a>(&self, view: &'a PromoteView) -> Result<Fit<'a>, Refusal> {
        let mut whys = match (&view.source, &self.which) {
            (Some(source), _) => unfit(source),
            // Of one that is not there, nobody knows the group.
            (None, Which::This(name)) => {
                return Err(Unpromotable::NoSnapshot { snapshot: name.clone() }.into());
            }
            (None, Which::NewestOf(group)) => {
                vec![Unpromotable::NoneOf { group: group.clone() }.into()]
            }
        };
        let keep = match view.group.as_ref().map_or(Err(Refusal::NotOurs), |it| Keep::read(&it.1)) {
            Ok(keep) => {
                whys.extend(self.tier.and_then(|it| not_kept(it, &keep)).map(Refusal::from));
                Some(keep)
            }
            Err(why) => {
                whys.push(why);
                None
            }
        };
        match (Refusal::all(whys), &view.source, &view.group, keep) {
            (None, Some(source), Some((group, tags)), Some(keep)) => {
                Ok(Fit { source, group, tags, keep })
            }
            (why, ..) => Err(why.unwrap_or(Refusal::NotOurs)),
        }
    }

    /// The tier of the copy, whether or not it still is to be made.
    fn tier_of(&self, fit: &Fit<'_>, view: &PromoteView) -> Option<Tier> {
        match (self.tier, self.place(fit, view)) {
            (Some(tier), _) | (None, Ok(Place::Of(tier))) => Some(tier),
            (None, Ok(Place::TakenBy(_)) | Err(_)) => None,
        }
    }

    fn place(&self, fit: &Fit<'_>, view: &PromoteView) -> Result<Place, Refusal> {
        // Without a time it is still being written, and nobody knows its place.
        let Some(at) = fit.source.data_at() else {
            return Err(Refusal::Empty { snapshot: fit.source.name.clone() });
        };
        let times = times(fit.group, &fit.owner(), &view.stock);
        let is_young_enough = |tier: Tier| match &fit.keep {
            Keep::Off => true,
            Keep::Newest(keep) => is_in_reach(at, *keep, &times),
            Keep::Tiers(tiers) => is_in_reach_of_tier(at, tier, tiers, &times),
        };
        let Keep::Tiers(tiers) = &fit.keep else {
            let tier = self.tier.unwrap_or_default();
            return is_young_enough(tier).then_some(Place::Of(tier)).ok_or_else(|| fit.too_old(at));
        };
        if let Some(tier) = self.tier.or_else(|| fit.promoted_into(view)) {
            return match fit.holder(tier, at, view) {
                None if is_young_enough(tier) => Ok(Place::Of(tier)),
                None => Err(fit.too_old(at)),
                Some(name) => Ok(Place::TakenBy(name)),
            };
        }
        let reached = tiers.iter().map(|it| it.0).filter(|it| is_young_enough(*it));
        let mut held: Vec<_> = reached.map(|it| (it, fit.holder(it, at, view))).collect();
        // The least frequent comes last.
        if let Some((tier, _)) = held.iter().rfind(|it| it.1.is_none()) {
            return Ok(Place::Of(*tier));
        }
        let holder = held.pop().and_then(|it| it.1);
        holder.map(Place::TakenBy).ok_or_else(|| fit.too_old(at))
    }
}

impl Fit<'_> {
    fn owner(&self) -> String {
        super::owner(self.group, self.tags)
    }

    fn too_old(&self, at: Timestamp) -> Refusal {
        let snapshot = self.source.name.clone();
        Unpromotable::TooOld { snapshot, at, keep: self.keep.to_string() }.into()
    }

    /// The tier that this very snapshot was promoted into before. Whoever leaves the tier open and asks again means the same.
    fn promoted_into(&self, view: &PromoteView) -> Option<Tier> {
        let is_copy = |it: &&SnapshotView| it.promoted_from() == Some(self.source.name.as_str());
        let copies = view.stock.iter().filter(is_copy);
        copies.filter_map(|it| Some(name::read(self.group, &it.name)?.0)).max()
    }

    /// Who is there already for the period of a tier. A copy is for its own tier only, and this one's does not stand in its own way.
    fn holder(&self, tier: Tier, at: Timestamp, view: &PromoteView) -> Option<String> {
        let owner = self.owner();
        let is_for = |it: &&SnapshotView| {
            let of_tier = name::read(self.group, &it.name).is_some_and(|it| it.0 == tier);
            let is_own = it.promoted_from() == Some(self.source.name.as_str());
            !it.is_promoted() || of_tier && !is_own
        };
        let start = |it: &&SnapshotView| due::time(self.group, it).map(|it| tier.start(it));
        let ours = view.stock.iter().filter(|it| it.is_ours(self.group, &owner));
        let mut there = ours.filter(|it| due::serves(it)).filter(is_for);
        there.find(|it| start(it) == Some(tier.start(at))).map(|it| it.name.clone())
    }
}

/// The newest automatic one of a group that can be restored from.
pub fn newest(group: &GroupId, snapshots: Vec<SnapshotView>) -> Option<SnapshotView> {
    let is_good = |it: &SnapshotView| {
        it.origin == Origin::Automated && it.status.is_whole() && it.size.is_some()
    };
    let of_group = |it: &SnapshotView| it.source().as_ref() == Some(group);
    let good = snapshots.into_iter().filter(|it| is_good(it) && of_group(it));
    let timed = good.filter(|it| it.taken_at.is_some());
    timed.max_by(|one, other| (one.taken_at, &one.name).cmp(&(other.taken_at, &other.name)))
}

/// What speaks against the snapshot itself. One that is in use will be free again.
fn unfit(source: &SnapshotView) -> Vec<Refusal> {
    let snapshot = source.name.clone();
    let mut whys = Vec::new();
    if source.origin != Origin::Automated {
        whys.push(Unpromotable::NotAutomatic { snapshot: snapshot.clone() }.into());
    }
    match &source.status {
        SnapshotStatus::Available if source.size.is_none() || source.taken_at.is_none() => {
            whys.push(Refusal::Empty { snapshot });
        }
        SnapshotStatus::Available
        | SnapshotStatus::Creating
        | SnapshotStatus::Restoring
        | SnapshotStatus::Copying => {}
        status @ (SnapshotStatus::Deleting
        | SnapshotStatus::Failed
        | SnapshotStatus::Strange(_)) => {
            whys.push(Unpromotable::NotAvailable { snapshot, status: status.clone() }.into());
        }
    }
    whys
}

fn not_kept(tier: Tier, keep: &Keep) -> Option<Unpromotable> {
    let tiers: &Tiers = keep.tiers()?;
    let is_kept = tiers.iter().any(|it| it.0 == tier);
    (!is_kept).then(|| Unpromotable::NotKept { tier, tiers: tiers.clone() })
}

/// Waits until the copy is whole.
fn follow(group: &GroupId, copy: &SnapshotView) -> Next<PromoteStep, Refusal> {
    // Somebody's own may have the name; while it is being written, tags may be kept back.
    let is_known = copy.status.is_whole() && copy.tags.is_some();
    if is_known && !copy.is_of(group) {
        let (snapshot, of) = (copy.name.clone(), "somebody else".to_owned());
        return Next::Refuse(Refusal::NameTaken { snapshot, of });
    }
    take::follow(group, copy, &[])
}

fn begin(fit: &Fit<'_>, tier: Tier) -> Next<PromoteStep, Refusal> {
    let from = fit.source.name.clone();
    let Some(at) = fit.source.data_at() else {
        return Next::Refuse(Refusal::Empty { snapshot: from });
    };
    let mut tags = super::tags(fit.group, tier, &[], fit.tags);
    tags.insert(tag::PROMOTED.to_owned(), format!("{from}{TAKEN}{at}"));
    match name::of(fit.group, tier, at) {
        Ok(name) => Next::Do(PromoteStep::Copy { from, name, tags }),
        // Every id leaves room for the rest of a name.
        Err(_) => Next::Refuse(Refusal::NotOurs),
    }
}

impl fmt::Display for Promote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.which {
            Which::This(name) => write!(f, "promote {name}")?,
            Which::NewestOf(_) => f.write_str("promote the newest automatic one")?,
        }
        self.tier.map_or(Ok(()), |it| write!(f, " into {it}"))
    }
}

#[cfg(test)]
mod tests;
