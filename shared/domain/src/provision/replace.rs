//! Another group in the place of the one that a stack has, with its keys: where ElastiCache cannot make a change in place, and the stack
//! does not say otherwise.
//!
//! An update that answers with another physical id has CloudFormation delete the old one when the rest of the stack is done, or the new one
//! where that fails (facts 7.3). So the old group is only read here: a snapshot of it fills the new one, and both stand until
//! CloudFormation's clean-up. What is written to the old one after the snapshot stays there.

pub mod keys;
mod refusal;
mod tie;

use jiff::Timestamp;

pub use self::refusal::Unreplaceable;
pub use self::tie::{Progress, Replaced, Successor};
use super::farewell::keep_data;
use super::plan::{Ownership, downgrade, immutable, kept, ownership, plan};
use super::{Deletion, Difference, Farewell, Refusal, Removal, Seen, Wanted, diff, name, source};
use crate::snapshot::{Origin, SavedShard, SnapshotStatus, SnapshotView};
use crate::{GroupId, GroupStatus, GroupView, Next, SnapshotName, Tags, Wait, WaitingOn};

/// What a stack says of changes that ElastiCache cannot make in place.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Replacement {
    /// They are refused.
    Refuse,
    /// Another group takes its place, filled from a snapshot of it.
    #[default]
    WithData,
    /// Another group takes its place, made as a new one is: its keys stay behind, in the last snapshot of the old one.
    WithoutData,
}

impl Replacement {
    /// Its words.
    pub const WORDS: [&str; 3] = ["refuse", "with-data", "without-data"];

    /// Reads a word.
    pub fn parse(word: &str) -> Self {
        match word {
            "refuse" => Self::Refuse,
            "without-data" => Self::WithoutData,
            _ => Self::default(),
        }
    }

    /// Whether another group may take the place of one.
    pub fn is_allowed(self) -> bool {
        self != Self::Refuse
    }
}

/// Where an update leads.
#[derive(Clone, Debug, PartialEq)]
pub enum Road {
    /// To the group that the stack has, which is changed or refuses to be.
    Stay,
    /// To a group of this id, in its place.
    Over(GroupId),
    /// Back to the group of this id, whose place the present one took, and which stands still: the rest of the stack failed.
    Back(GroupId),
    /// What was seen does not tell yet.
    Wait(Wait),
    /// Nowhere.
    Refuse(Refusal),
}

/// The groups that an update may lead to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sight {
    /// The one that CloudFormation knows.
    pub group: Option<GroupView>,
    /// The one whose place that one took, where its tags name one.
    pub prior: Option<GroupView>,
}

/// Finds where an update leads of a resource with this physical id.
pub fn road(wanted: &Wanted, physical: &GroupId, sight: &Sight, now: Timestamp) -> Road {
    let is_its_own = name::generation(&wanted.spec, physical).is_some();
    let Some(group) = &sight.group else {
        let gone = Unreplaceable::Gone { group: physical.clone() };
        return if is_its_own { Road::Stay } else { Road::Refuse(gone.into()) };
    };
    match ownership(group, &wanted.owner) {
        Ownership::Ours => {}
        Ownership::Foreign if is_its_own => return Road::Stay,
        Ownership::Foreign => return Road::Refuse(Refusal::Foreign { group: group.id.clone() }),
        Ownership::Unknown => return Road::Wait(Wait::slow(WaitingOn::Busy)),
    }
    let (GroupStatus::Available, Some(tags), true) =
        (&group.status, &group.tags, group.is_settled())
    else {
        return of_busy(wanted, group, is_its_own, now);
    };
    let here = kept(&at(wanted, physical), group, tags, now);
    let mut differences = Vec::new();
    if !is_its_own {
        let (has, wants) = (physical.to_string(), wanted.spec.id.to_string());
        differences.push(Difference { field: "ReplicationGroupId", has, wants });
    }
    differences.extend(immutable(&here.spec, group, tags, now));
    if differences.is_empty() {
        return Road::Stay;
    }
    match back(wanted, physical, tags, sight.prior.as_ref(), now) {
        Some(road) => road,
        None => over(&here, wanted, (group, tags, now), differences),
    }
}

/// A group that is on its way to another state is waited for, where another one may have to take its place. One that never comes back can
/// only be told.
fn of_busy(wanted: &Wanted, group: &GroupView, is_its_own: bool, now: Timestamp) -> Road {
    let fits = |tags| {
        let here = kept(&at(wanted, &group.id), group, tags, now);
        immutable(&here.spec, group, tags, now).is_empty()
    };
    if is_its_own && group.tags.as_ref().is_some_and(fits) {
        return Road::Stay;
    }
    match group.status {
        GroupStatus::CreateFailed | GroupStatus::Strange(_) | GroupStatus::Deleting
            if is_its_own =>
        {
            Road::Stay
        }
        GroupStatus::CreateFailed | GroupStatus::Strange(_) => {
            let (group, status) = (group.id.clone(), group.status.clone());
            Road::Refuse(Refusal::Strange { group, status })
        }
        GroupStatus::Snapshotting => Road::Wait(Wait::slow(WaitingOn::Snapshot(None))),
        GroupStatus::Creating => Road::Wait(Wait::slow(WaitingOn::Creation)),
        GroupStatus::Deleting => Road::Wait(Wait::slow(WaitingOn::Deletion)),
        GroupStatus::Available | GroupStatus::Modifying => {
            Road::Wait(Wait::slow(WaitingOn::Modification))
        }
    }
}

/// The way back is open as long as nobody has asked for the end of the prior group: then both say of each other what they are. Its keys are
/// those of before; what was written to the present one since is in the last snapshot of that.
fn back(
    wanted: &Wanted,
    physical: &GroupId,
    tags: &Tags,
    prior: Option<&GroupView>,
    now: Timestamp,
) -> Option<Road> {
    let replaced = Replaced::read(tags)?;
    let prior = prior.filter(|it| it.id == replaced.group)?;
    if ownership(prior, &wanted.owner) == Ownership::Foreign {
        return None;
    }
    name::generation(&wanted.spec, &prior.id)?;
    let Some(its) = prior.tags.as_ref().filter(|_| prior.is_settled()) else {
        return matches!(
            prior.status,
            GroupStatus::Available | GroupStatus::Modifying | GroupStatus::Snapshotting
        )
        .then(|| Road::Wait(Wait::slow(WaitingOn::Modification)));
    };
    let is_open = Successor::read(prior).is_some_and(|it| it.is_finished() && it.id == *physical);
    let there = kept(&at(wanted, &prior.id), prior, its, now);
    let fits = immutable(&there.spec, prior, its, now).is_empty();
    (is_open && fits).then(|| Road::Back(prior.id.clone()))
}

/// What an older engine, or another kind of nodes, does not read is in no snapshot's power.
const NOT_CARRIED: [&str; 3] = [
    "EnableDataTiering",
    "the family of RedisNodeType, whose cold keys are on SSD,",
    "ClusterMode",
];

fn over(
    here: &Wanted,
    wanted: &Wanted,
    (group, tags, now): (&GroupView, &Tags, Timestamp),
    mut differences: Vec<Difference>,
) -> Road {
    let filled = source::differs(&here.spec, here.before.as_deref(), tags);
    let is_filled = filled.is_some();
    differences.extend(filled.map(|(field, has, wants)| Difference { field, has, wants }));
    let takes_keys = wanted.spec.replacement() == Replacement::WithData;
    let is_carried = |it: &Difference| {
        // Either can be had of a cache that has it not, and not taken from one that has it (facts 5.7).
        let comes = ["EnableDataTiering", "ClusterMode"].contains(&it.field);
        !NOT_CARRIED.contains(&it.field)
            || comes && ["false", "disabled"].contains(&it.has.as_str())
    };
    // Without its keys it is made as any new one is, of whatever the stack states.
    let can = !takes_keys || !is_filled && differences.iter().all(is_carried);
    // Another id may as well be a slip, so it takes a word.
    let is_meant = name::generation(&wanted.spec, &group.id).is_some() || wanted.spec.may_move();
    if !wanted.spec.replacement().is_allowed() || !can || !is_meant {
        return Road::Refuse(Refusal::Immutable(differences));
    }
    if let Some(refusal) = downgrade(here, group, tags, now) {
        return Road::Refuse(refusal);
    }
    if Deletion::of_group(tags, Deletion::default()).protected {
        return Road::Refuse(Unreplaceable::Protected { group: group.id.clone() }.into());
    }
    let taken = |differences| {
        let group = group.id.clone();
        Road::Refuse(Unreplaceable::IdIsTaken { group, differences }.into())
    };
    match name::generation(&wanted.spec, &group.id) {
        None => Road::Over(wanted.spec.id.clone()),
        Some(_) if wanted.spec.id_is_stated => taken(differences),
        Some(number) => match name::of_generation(&wanted.spec.id, number.saturating_add(1)) {
            Ok(to) => Road::Over(to),
            Err(_) => taken(differences),
        },
    }
}

/// What is wanted, of the group of this id.
#[must_use]
pub fn at(wanted: &Wanted, id: &GroupId) -> Wanted {
    let mut wanted = wanted.clone();
    // What stood before was stated of the same group.
    if let Some(before) = wanted.before.as_mut().filter(|it| name::generation(it, id).is_some()) {
        before.id = id.clone();
    }
    wanted.spec.id = id.clone();
    wanted
}

/// What is wanted of the group that comes in the place of this one. What the autoscaler or AWS made of this one goes along, where the stack
/// did not change it: the keys would not have room, or could not be read.
///
/// It has a secret of its own: a rotation that comes between the two would otherwise leave one of them with a token that nobody knows.
#[must_use]
pub fn moved(wanted: &Wanted, group: &GroupView, to: &GroupId, snapshot: &SnapshotName) -> Wanted {
    let mut moved = at(wanted, to);
    let spec = &mut moved.spec;
    spec.secret_name = name::secret_of(&spec.secret_name, to);
    if let Some(node_type) = group.node_type.clone().filter(|_| wanted.keep.node_type) {
        spec.node_type = node_type;
    }
    // Where cluster mode comes with it, nothing of the old shape is left to keep.
    if spec.shape.is_sharded() == group.cluster_enabled {
        spec.shape = diff::wanted_shape(wanted, group);
    }
    let runs = diff::release(group).filter(|_| wanted.keep.version);
    if let Some(runs) = runs.filter(|it| it.is_newer_than(spec.release())) {
        spec.engine = runs.engine;
        spec.version = runs.version.as_created();
    }
    let lacks_zones = usize::try_from(spec.shape.nodes()).is_ok_and(|it| it != spec.zones.len());
    if lacks_zones && !spec.shape.is_sharded() {
        spec.zones.clear();
    }
    moved.creating = true;
    moved.keep = super::Keep::default();
    moved.before = None;
    moved.replaces = Some(Replaced {
        group: group.id.clone(),
        snapshot: snapshot.clone(),
        with_data: wanted.spec.replacement() != Replacement::WithoutData,
    });
    moved
}

/// What a look at the group that is to come has found.
#[derive(Clone, Debug, PartialEq)]
pub enum Ahead {
    /// It is not there, and nothing is known to speak against it: its keys are to be saved.
    Free,
    /// It is there, filled from the snapshot of this very request.
    Ours,
    /// It is what an earlier request left, filled from older keys.
    Stale,
    /// Its state keeps that back.
    Wait(Wait),
    /// It cannot be made.
    Refuse(Refusal),
}

/// Tells what stands where the new group is to come, and what would be refused of it once its keys are saved.
pub fn ahead(moved: &Wanted, seen: &Seen, group: &GroupView, now: Timestamp) -> Ahead {
    let Some(there) = &seen.group else {
        let mut seen = seen.clone();
        if moved.carries_keys() {
            let around = seen.around.get_or_insert_default();
            around.source = around.source.take().filter(|it| it.status.is_whole());
            around.source = around.source.take().or_else(|| Some(thought(moved, group)));
        }
        return match plan(moved, &seen, now) {
            Next::Refuse(refusal) => Ahead::Refuse(refusal),
            Next::Do(_) | Next::Wait(_) | Next::Settled => Ahead::Free,
        };
    };
    match (ownership(there, &moved.owner), &there.tags) {
        (Ownership::Foreign, _) => Ahead::Refuse(Refusal::Foreign { group: there.id.clone() }),
        (Ownership::Ours, Some(tags)) => match Replaced::read(tags) {
            Some(it) if Some(&it) == moved.replaces.as_ref() => Ahead::Ours,
            Some(it) if it.group == group.id => Ahead::Stale,
            Some(_) | None => Ahead::Refuse(Refusal::Foreign { group: there.id.clone() }),
        },
        // Its tags will never be told; the plan tells its events.
        (Ownership::Ours, None) if there.status == GroupStatus::CreateFailed => Ahead::Ours,
        (Ownership::Ours, None) if there.status == GroupStatus::Deleting => {
            Ahead::Wait(Wait::slow(WaitingOn::Deletion))
        }
        (Ownership::Ours, None) | (Ownership::Unknown, _) => {
            Ahead::Wait(Wait::slow(WaitingOn::Creation))
        }
    }
}

/// The snapshot that will be there, as far as it can be known before.
pub(super) fn thought(moved: &Wanted, group: &GroupView) -> SnapshotView {
    let release = diff::release(group).unwrap_or(moved.spec.release());
    SnapshotView {
        name: moved.replaces.as_ref().map_or(String::new(), |it| it.snapshot.to_string()),
        arn: String::new(),
        status: SnapshotStatus::Available,
        origin: Origin::Manual,
        group: None,
        member: group.member_ids.first().map(ToString::to_string),
        taken_at: None,
        size: None,
        node_type: group.node_type.clone(),
        engine: release.engine.to_string(),
        engine_version: release.version.to_string(),
        shards: vec![SavedShard::default(); group.shards.len().max(1)],
        port: None,
        tags: None,
    }
}

/// Plans the next step towards a snapshot that is whole of a group that goes on living.
pub fn carry(farewell: &Farewell, seen: &Seen) -> Next<Removal, Refusal> {
    let Some(group) = &seen.group else {
        return Next::Refuse(Unreplaceable::Gone { group: farewell.group.clone() }.into());
    };
    match &group.status {
        GroupStatus::Snapshotting => Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
        GroupStatus::Modifying => Next::Wait(Wait::slow(WaitingOn::Modification)),
        GroupStatus::Creating
        | GroupStatus::Deleting
        | GroupStatus::CreateFailed
        | GroupStatus::Strange(_) => {
            let (group, status) = (group.id.clone(), group.status.clone());
            Next::Refuse(Refusal::Strange { group, status })
        }
        GroupStatus::Available => match keep_data(farewell, group, seen) {
            Next::Do(Removal::Group) => Next::Settled,
            Next::Refuse(why) => Next::Refuse(not_carried(farewell, &why, seen).into()),
            next @ (Next::Do(_) | Next::Wait(_) | Next::Settled) => next,
        },
    }
}

/// What keeps a group from its end keeps its keys from going over, and is told so.
fn not_carried(farewell: &Farewell, why: &Refusal, seen: &Seen) -> Unreplaceable {
    let (group, snapshot) = (farewell.group.clone(), farewell.last.clone());
    if matches!(why, Refusal::LastSnapshotForeign { .. }) {
        return Unreplaceable::NameIsTaken { group, snapshot };
    }
    Unreplaceable::NotCarried { group, snapshot, events: seen.events.clone() }
}

/// Whether a group is what a request left that failed: it says that it takes the place of this one, which stands. Nothing, where its state
/// keeps that back.
pub fn is_left_of(left: &GroupView, group: &GroupId) -> Option<bool> {
    match &left.tags {
        Some(tags) => Some(Replaced::read(tags).is_some_and(|it| it.group == *group)),
        // There is nothing in it.
        None if left.status == GroupStatus::CreateFailed => Some(true),
        None => None,
    }
}

#[cfg(test)]
mod tests;
