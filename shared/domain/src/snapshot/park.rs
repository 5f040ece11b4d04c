//! A group that goes for the night, and comes back in the morning as it was.
//!
//! A group cannot be turned off (facts 5.7): it goes, and is made again from a snapshot. All that is remembered of it meanwhile is on that
//! snapshot: its keys, and in tags what a snapshot does not hold ([`memory`]) and how far it is ([`State`]). It is written there that the group
//! goes before it does, and that it is back only when it was seen to be whole; so whoever looks finds a group, or a snapshot that says that
//! there is none.

pub mod memory;
mod refusal;
mod saving;
mod state;
#[cfg(test)]
pub(crate) mod tests;
mod unpark;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::provision::{Deletion, SubnetGroupView};
use crate::{
    Catalog, GroupId, GroupStatus, GroupView, MemberId, NameError, Next, SnapshotName, Tags, Wait,
    WaitingOn, tag,
};

use super::in_place::rules::under_way;
use super::restore::rules::Obstacle;
use super::take::{self, ReadFrom};
use super::{Refusal, SnapshotStatus, SnapshotView, name, owner};

pub use refusal::Unparked;
pub use saving::{HOURS, Saving};
pub use state::{
    DELETED_WITHIN, GIVEN_UP_AFTER, NIGHTLY, Place, State, is_name_of, is_of, is_wished,
    may_still_go, noted_on, snapshot_of,
};
pub use unpark::{Unpark, UnparkStep, UnparkView};

/// A group that is to be parked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Park {
    /// The group.
    pub group: GroupId,
    /// For this minute of the schedule.
    pub tick: Timestamp,
    /// The name of the snapshot that follows.
    pub snapshot: SnapshotName,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParkView {
    /// The group with its tags, if it is there.
    pub group: Option<GroupView>,
    /// The park snapshot of this tick with its tags, if it is there.
    pub snapshot: Option<SnapshotView>,
    /// The other park snapshots of the group; looked for once it is gone.
    pub others: Vec<SnapshotView>,
    /// The names of the alarms of the group that carry our tag for it; looked for once it goes.
    pub alarms: Vec<String>,
    /// The subnet group of the group's name, which a stack of ours makes; looked at once the snapshot is whole.
    pub subnet_group: Option<SubnetGroupView>,
    /// The group that stands in for it, where it is restored in place.
    pub stand_in: Option<GroupId>,
    /// The group of a drill that is like it.
    pub drill: Option<GroupId>,
    /// How many seconds its replicas are behind, where one is to be read.
    pub lags: BTreeMap<MemberId, f64>,
    /// What ElastiCache says that happened, where something looks failed.
    pub events: Vec<String>,
    /// The secret of its token that could not be read, and why.
    pub secret_unread: Option<(String, String)>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum ParkStep {
    /// Take the snapshot. AWS takes a name once, so asking twice makes one.
    Save { name: SnapshotName, of: ReadFrom, tags: Tags },
    /// Write down that the group goes: on the snapshot, on the subnet group, on the group.
    Note { arn: String, tags: Tags, words: String },
    /// Delete the group.
    Delete(GroupId),
    /// Delete the alarms of its members, so that nobody is told of nodes that are not there.
    DeleteAlarms(Vec<String>),
    /// Delete a park snapshot of an earlier night.
    Forget(SnapshotName),
}

type Step = Next<ParkStep, Refusal>;

/// Which looks there have to be beside those at the group and the snapshot of the tick.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a look, which is taken or not")]
pub struct ParkLooks {
    /// At whoever else is at the group: a restore in place, a drill.
    pub beside: bool,
    /// At the subnet group, and whether the secret can be read.
    pub around: bool,
    /// At how far the replicas are behind, and at what happened to an earlier snapshot of the name.
    pub before: bool,
    /// At the other park snapshots.
    pub others: bool,
    /// At the alarms.
    pub alarms: bool,
}

/// An event that comes so late is a stray: nobody wants the group to go any more. As long as an execution may take.
const LATE_MAX: SignedDuration = SignedDuration::from_hours(6);

impl Park {
    /// A park of a group for a tick.
    pub fn new(group: GroupId, tick: Timestamp) -> Result<Self, NameError> {
        let snapshot = snapshot_of(&group, tick)?;
        Ok(Self { group, tick: name::minute(tick), snapshot })
    }

    /// Which looks decide the next step.
    pub fn looks(&self, view: &ParkView) -> ParkLooks {
        let status = view.group.as_ref().map(|it| &it.status);
        let stands = status == Some(&GroupStatus::Available);
        let has = view.snapshot.is_some();
        let goes = matches!(status, None | Some(GroupStatus::Deleting));
        ParkLooks {
            beside: stands,
            around: stands && has,
            before: stands && !has,
            others: status.is_none(),
            alarms: goes,
        }
    }

    /// Plans the next step towards a group that is gone, and can come back.
    pub fn plan(&self, view: &ParkView, now: Timestamp, catalog: &Catalog) -> Step {
        match self.state(view) {
            Some(State::Back(_) | State::Kept(_)) => return Next::Settled,
            Some(State::Taken | State::Parked(_)) | None => {}
        }
        let Some(group) = &view.group else { return self.gone(view) };
        match &group.status {
            GroupStatus::Available => self.stands(group, view, now, catalog),
            GroupStatus::Creating => Next::Wait(Wait::slow(WaitingOn::Creation)),
            GroupStatus::Modifying => Next::Wait(Wait::slow(WaitingOn::Modification)),
            GroupStatus::Snapshotting => {
                let name = view.snapshot.as_ref().map(|it| it.name.clone());
                Next::Wait(Wait::slow(WaitingOn::Snapshot(name)))
            }
            GroupStatus::Deleting if self.is_parked(view) && !view.alarms.is_empty() => {
                Next::Do(ParkStep::DeleteAlarms(view.alarms.clone()))
            }
            GroupStatus::Deleting => Next::Wait(Wait::slow(WaitingOn::Deletion)),
            GroupStatus::CreateFailed | GroupStatus::Strange(_) => {
                let (group, status) = (group.id.clone(), group.status.clone());
                Next::Refuse(Refusal::Unusable { group, status })
            }
        }
    }

    fn state(&self, view: &ParkView) -> Option<State> {
        view.snapshot.as_ref().filter(|it| is_of(&self.group, it))?.park_state()
    }

    fn is_parked(&self, view: &ParkView) -> bool {
        self.state(view).and_then(State::parked_at).is_some()
    }

    /// The snapshot that the group is parked with: the newest that says so.
    pub fn parked_with<'a>(&self, view: &'a ParkView) -> Option<&'a SnapshotView> {
        newest_parked(&self.group, view.snapshot.iter().chain(&view.others))
    }

    /// The group is gone: by us, or by somebody else.
    fn gone(&self, view: &ParkView) -> Step {
        let group = self.group.clone();
        let Some(parked) = self.parked_with(view) else {
            return Next::Refuse(match &view.snapshot {
                Some(it) => Unparked::Deleted { group, snapshot: it.name.clone() }.into(),
                None => Refusal::NoGroup(group),
            });
        };
        if !view.alarms.is_empty() {
            return Next::Do(ParkStep::DeleteAlarms(view.alarms.clone()));
        }
        match self.outlived(view, parked) {
            Some(name) => Next::Do(ParkStep::Forget(name)),
            None => Next::Settled,
        }
    }

    /// A park snapshot of an earlier night, of the same owner, which the one that the group is parked with outlives.
    fn outlived(&self, view: &ParkView, parked: &SnapshotView) -> Option<SnapshotName> {
        let owner = |it: &SnapshotView| it.tags.as_ref().and_then(|it| it.get(tag::OWNER)).cloned();
        let is_good = parked.status == SnapshotStatus::Available && parked.size.is_some();
        let is_over = |it: &&SnapshotView| {
            let is_kept = matches!(it.park_state(), Some(State::Kept(_)) | None);
            is_of(&self.group, it)
                && it.name < parked.name
                && owner(it) == owner(parked)
                && it.status == SnapshotStatus::Available
                && !is_kept
        };
        let over = view.others.iter().filter(|_| is_good).find(is_over)?;
        SnapshotName::parse(&over.name).ok()
    }

    /// The group stands. It goes when all that speaks against it was looked at, and its keys are in a snapshot from which it can come back.
    fn stands(
        &self,
        group: &GroupView,
        view: &ParkView,
        now: Timestamp,
        catalog: &Catalog,
    ) -> Step {
        let Some(tags) = &group.tags else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
        // Another execution, or a stack, had it made again of the very snapshot.
        if matches!(Place::read(tags), Some(Place::Unfinished(it) | Place::Finished(it)) if it == self.snapshot.as_str())
        {
            return Next::Settled;
        }
        if let Some(why) = Refusal::all(self.against(group, tags, view, now)) {
            return Next::Refuse(why);
        }
        if !group.is_settled() {
            return Next::Wait(Wait::slow(take::unsettled(group)));
        }
        if let Some(drill) = &view.drill {
            return Next::Wait(Wait::slow(WaitingOn::Drill(drill.to_string())));
        }
        let carried = match memory::carried(group, tags) {
            Ok(carried) => carried,
            Err(why) => return Next::Refuse(why.into()),
        };
        match &view.snapshot {
            None => self.save(group, tags, carried, view),
            Some(snapshot) => match take::follow(&self.group, snapshot, &view.events) {
                Next::Settled => match unready(group, snapshot, &carried, catalog) {
                    Some(next) => next,
                    None => leave(group, tags, snapshot, view, now),
                },
                next @ (Next::Do(_) | Next::Wait(_) | Next::Refuse(_)) => next,
            },
        }
    }

    /// Everything that speaks against having the group go.
    fn against(
        &self,
        group: &GroupView,
        tags: &Tags,
        view: &ParkView,
        now: Timestamp,
    ) -> Vec<Refusal> {
        let id = || group.id.clone();
        let mut whys = Vec::new();
        if !is_wished(tags) {
            whys.push(Unparked::NotWished { group: id() });
        }
        if Deletion::of_group(tags, Deletion::default()).protected {
            whys.push(Unparked::Protected { group: id() });
        }
        for (key, value) in under_way(tags).filter(|it| it.0 != tag::PARKED) {
            whys.push(Unparked::Busy { group: id(), key, value: value.to_owned() });
        }
        if let Some(stand_in) = view.stand_in.clone() {
            whys.push(Unparked::InPlace { group: id(), stand_in });
        }
        if let Some(global) = group.global_datastore.clone() {
            whys.push(Unparked::GlobalDatastore { group: id(), global });
        }
        if let Some((secret, why)) = view.secret_unread.clone() {
            whys.push(Unparked::SecretUnread { group: id(), secret, why });
        }
        let asks_for_token = group.auth_token_enabled && group.user_groups.is_empty();
        if asks_for_token && !tags.contains_key(tag::SECRET) {
            whys.push(Unparked::NoSecret { group: id() });
        }
        let mut whys: Vec<Refusal> = whys.into_iter().map(Refusal::from).collect();
        if !self.tick.saturating_add(LATE_MAX).is_ok_and(|it| now < it) {
            whys.push(Refusal::NotTimely(self.tick));
        }
        whys
    }

    fn save(&self, group: &GroupView, tags: &Tags, carried: Tags, view: &ParkView) -> Step {
        // One that failed may be gone without a trace; the next one would fail likewise, and each counts (facts 5.2).
        let failed = |it: &&String| it.contains(self.snapshot.as_str()) && it.contains("failed");
        let events: Vec<_> = view.events.iter().filter(failed).cloned().collect();
        if !events.is_empty() {
            let snapshot = self.snapshot.to_string();
            return Next::Refuse(Refusal::Vanished { snapshot, events });
        }
        let of = match take::source(group, &view.lags) {
            Ok(of) => of,
            Err(on) => return Next::Wait(Wait::slow(on)),
        };
        let mut all = carried;
        all.insert(tag::OWNER.to_owned(), owner(&group.id, tags));
        all.insert(tag::GROUP.to_owned(), group.id.to_string());
        all.extend(State::Taken.tags());
        Next::Do(ParkStep::Save { name: self.snapshot.clone(), of, tags: all })
    }
}

/// What speaks against coming back from a snapshot that is whole: tags that are not those of the group as it stands, or anything that would
/// speak against it in the morning.
fn unready(
    group: &GroupView,
    snapshot: &SnapshotView,
    carried: &Tags,
    catalog: &Catalog,
) -> Option<Step> {
    let Some(has) = &snapshot.tags else {
        let on = WaitingOn::Snapshot(Some(snapshot.name.clone()));
        return Some(Next::Wait(Wait::slow(on)));
    };
    let (group, name) = (group.id.clone(), snapshot.name.clone());
    if !is_of(&group, snapshot) {
        return Some(Next::Refuse(Unparked::NoPark { group, snapshot: name }.into()));
    }
    let is_told = |(key, value): (&String, &String)| has.get(key) == Some(value);
    let is_aws = |key: &String| key.starts_with("aws:");
    let was =
        |key: &String| key.starts_with(tag::WAS) || !key.starts_with(tag::OURS) && !is_aws(key);
    let is_stray = |key: &String| was(key) && !carried.contains_key(key);
    if !carried.iter().all(is_told) || has.keys().any(is_stray) {
        return Some(Next::Refuse(Unparked::Changed { group, snapshot: name }.into()));
    }
    match unpark::plan_of(&group, snapshot, catalog) {
        Ok(_) => None,
        Err(Obstacle::Wait(wait)) => Some(Next::Wait(wait)),
        Err(Obstacle::Refuse(why)) => Some(Next::Refuse(why)),
    }
}

/// Writes down that the group goes, and has it go. On the snapshot first: should all end there, the group stands, and that is seen.
fn leave(
    group: &GroupView,
    tags: &Tags,
    snapshot: &SnapshotView,
    view: &ParkView,
    now: Timestamp,
) -> Step {
    let since = snapshot.park_state().and_then(State::parked_at);
    let is_fresh =
        since.and_then(|it| it.saturating_add(DELETED_WITHIN).ok()).is_some_and(|it| now < it);
    let note = |arn: &str, tags: Tags, on: &str| {
        let words = format!("noted on {on} that the group goes");
        Next::Do(ParkStep::Note { arn: arn.to_owned(), tags, words })
    };
    if !is_fresh {
        return note(&snapshot.arn, State::Parked(now).tags(), "the snapshot");
    }
    let is_ours = |it: &&SubnetGroupView| {
        it.tags.contains_key(tag::OWNER) && it.tags.get(tag::OWNER) == tags.get(tag::OWNER)
    };
    let subnets = view.subnet_group.as_ref().filter(is_ours);
    if let Some(it) = subnets.filter(|it| noted_on(it) != Some(snapshot.name.as_str())) {
        let tags = Tags::from([(tag::PARKED.to_owned(), snapshot.name.clone())]);
        return note(&it.arn, tags, "its subnet group");
    }
    let goes = Place::Goes(snapshot.name.clone());
    if Place::read(tags).as_ref() != Some(&goes) {
        return note(&group.arn, goes.tags(), "it");
    }
    Next::Do(ParkStep::Delete(group.id.clone()))
}

/// The newest of these snapshots that says that its group is parked with it.
pub fn newest_parked<'a>(
    group: &GroupId,
    snapshots: impl IntoIterator<Item = &'a SnapshotView>,
) -> Option<&'a SnapshotView> {
    let is_parked = |it: &&SnapshotView| {
        is_of(group, it) && it.park_state().and_then(State::parked_at).is_some()
    };
    snapshots.into_iter().filter(is_parked).max_by(|one, two| one.name.cmp(&two.name))
}
