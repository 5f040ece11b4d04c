//! A parked group that comes back: under its id, from its park snapshot, as that tells that it was.

use jiff::Timestamp;

use crate::alarm::{AlarmSet, AlarmView};
use crate::group::Endpoint;
use crate::snapshot::record::{Comparison, Contents, Record};
use crate::snapshot::restore::rules::Obstacle;
use crate::snapshot::restore::{
    Difference, Plan, Restore, RestoreView, differences, missing_alarms,
};
use crate::snapshot::{Refusal, SnapshotView, Unrestorable, take};
use crate::{Catalog, GroupId, GroupStatus, GroupView, Next, Tags, Wait, WaitingOn, shard, tag};

use super::{Place, State, Unparked, is_of, may_still_go, memory};

/// A group that is to come back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unpark {
    /// The group.
    pub group: GroupId,
    /// The snapshot that it was parked with, where there is one.
    pub snapshot: Option<String>,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnparkView {
    /// The group, with its tags where they are told.
    pub group: Option<GroupView>,
    /// The snapshot with its tags, if it is there.
    pub snapshot: Option<SnapshotView>,
    /// The alarms of the group; looked at once it is there again.
    pub alarms: Vec<AlarmView>,
    /// What ElastiCache says that happened to the group, where it looks failed.
    pub events: Vec<String>,
    /// What its nodes hold, once it is there again and whole; nothing where nobody could count.
    pub counted: Option<Contents>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum UnparkStep {
    /// Make the group. AWS takes an id once, so asking twice makes one.
    Make(Box<Plan>),
    /// Make the alarms of its members.
    PutAlarms(AlarmSet),
    /// Write on the group that it is there for good.
    Finish { arn: String, tags: Tags },
    /// Write on the snapshot that its group stands.
    Close { arn: String, tags: Tags },
    /// Delete what could not be made, which is the last step.
    Bury { group: GroupId, why: Refusal },
}

type Step = Next<UnparkStep, Refusal>;

impl Unpark {
    /// Whether its alarms, and what it holds, have to be looked at: it is there again, and nobody looked it through.
    pub fn asks_for_alarms(&self, view: &UnparkView) -> bool {
        let place = view.group.as_ref().filter(|it| it.is_settled()).and_then(place);
        matches!(place, Some(Place::Unfinished(it)) if Some(&it) == self.snapshot.as_ref())
    }

    /// Plans the next step towards the group.
    pub fn plan(&self, view: &UnparkView, now: Timestamp, catalog: &Catalog) -> Step {
        let group = self.group.clone();
        let Some(snapshot) = &view.snapshot else {
            return match (&self.snapshot, &view.group) {
                (Some(snapshot), _) => {
                    let snapshot = snapshot.clone();
                    Next::Refuse(Unparked::NoPark { group, snapshot }.into())
                }
                (None, Some(_)) => Next::Settled,
                (None, None) => Next::Refuse(Unparked::Nothing { group }.into()),
            };
        };
        let name = snapshot.name.clone();
        if snapshot.tags.is_none() {
            return Next::Wait(Wait::slow(WaitingOn::Snapshot(Some(name))));
        }
        if !is_of(&self.group, snapshot) {
            return Next::Refuse(Unparked::NoPark { group, snapshot: name }.into());
        }
        match (snapshot.park_state(), &view.group) {
            (Some(State::Parked(since)), Some(there)) => {
                self.there(there, snapshot, since, view, now)
            }
            (Some(State::Parked(_)), None) => match plan_of(&self.group, snapshot, catalog) {
                Ok(plan) => Next::Do(UnparkStep::Make(Box::new(plan))),
                Err(Obstacle::Wait(wait)) => Next::Wait(wait),
                Err(Obstacle::Refuse(why)) => Next::Refuse(why),
            },
            (Some(State::Taken | State::Back(_)), Some(_)) => Next::Settled,
            (Some(State::Taken), None) => {
                Next::Refuse(Unparked::Deleted { group, snapshot: name }.into())
            }
            (Some(State::Kept(_)), _) => {
                Next::Refuse(Unparked::Kept { group, snapshot: name }.into())
            }
            (Some(State::Back(_)) | None, _) => Next::Refuse(Unparked::Nothing { group }.into()),
        }
    }

    /// A group of the id is there.
    fn there(
        &self,
        group: &GroupView,
        snapshot: &SnapshotView,
        since: Timestamp,
        view: &UnparkView,
        now: Timestamp,
    ) -> Step {
        match &group.status {
            GroupStatus::Creating => return Next::Wait(Wait::slow(WaitingOn::Restore)),
            GroupStatus::Modifying => return Next::Wait(Wait::slow(WaitingOn::Modification)),
            GroupStatus::Snapshotting => return Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
            GroupStatus::Deleting => return Next::Wait(Wait::slow(WaitingOn::Deletion)),
            GroupStatus::CreateFailed => return carcass(group, snapshot, view),
            GroupStatus::Strange(_) => {
                let (group, status) = (group.id.clone(), group.status.clone());
                return Next::Refuse(Refusal::Unusable { group, status });
            }
            GroupStatus::Available => {}
        }
        let Some(tags) = &group.tags else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
        let is_of_owner = snapshot.tags.as_ref().and_then(|it| it.get(tag::OWNER)).cloned()
            == Some(crate::snapshot::owner(&group.id, tags));
        match place(group) {
            Some(Place::Unfinished(it)) if it == snapshot.name => {
                self.came_back(group, tags, snapshot, view)
            }
            Some(Place::Finished(it)) if it == snapshot.name => close(snapshot, now),
            Some(Place::Goes(_) | Place::Unfinished(_) | Place::Finished(_)) | None => {
                if !is_of_owner {
                    let (group, snapshot) = (group.id.clone(), snapshot.name.clone());
                    return Next::Refuse(Unparked::Taken { group, snapshot }.into());
                }
                // It was to go, and whoever was at that may still have it go.
                if may_still_go(since, now) {
                    return Next::Wait(Wait::slow(WaitingOn::Parking(snapshot.name.clone())));
                }
                close(snapshot, now)
            }
        }
    }

    /// The group came back. It is compared with what the snapshot tells that it was.
    fn came_back(
        &self,
        group: &GroupView,
        tags: &Tags,
        snapshot: &SnapshotView,
        view: &UnparkView,
    ) -> Step {
        if !group.is_settled() {
            return Next::Wait(Wait::slow(take::unsettled(group)));
        }
        if let Some(shard) = shard::incomplete(&group.shards) {
            return Next::Wait(Wait::slow(WaitingOn::Slots(shard.id.clone())));
        }
        let id = group.id.clone();
        let Some(was) = memory::read(&self.group, snapshot) else {
            let snapshot = snapshot.name.clone();
            return Next::Refuse(Unparked::Forgotten { group: id, snapshot }.into());
        };
        let differences = differences::grave(&was, group);
        if !differences.is_empty() {
            return Next::Refuse(Unrestorable::NotAsWanted { group: id, differences }.into());
        }
        match missing_alarms(group, tags, &view.alarms) {
            Some(set) => Next::Do(UnparkStep::PutAlarms(set)),
            None => Next::Do(UnparkStep::Finish {
                arn: group.arn.clone(),
                tags: Place::Finished(snapshot.name.clone()).tags(),
            }),
        }
    }

    /// What of the group is otherwise than before and harms nobody.
    pub fn remarks(&self, view: &UnparkView) -> Vec<Difference> {
        let (Some(group), Some(snapshot)) = (&view.group, &view.snapshot) else {
            return Vec::new();
        };
        let is_back = matches!(place(group), Some(Place::Unfinished(it) | Place::Finished(it)) if it == snapshot.name);
        let Some(was) =
            memory::read(&self.group, snapshot).filter(|_| is_back && group.is_settled())
        else {
            return Vec::new();
        };
        let mut found = differences::slight(&was, group, None);
        if let (Some(wants), Some(has)) = (&was.tags, &group.tags) {
            found.extend(differences::of_tags(wants, has));
        }
        let address = |it: &GroupView| it.clients_endpoint().map(Endpoint::to_string);
        if let (Some(wants), Some(has)) = (address(&was), address(group))
            && wants != has
        {
            found.push(Difference { what: "the endpoint", has, wants });
        }
        found
    }

    /// What was counted beside the record of the snapshot, where there are both.
    pub fn compared(&self, view: &UnparkView) -> Option<Comparison> {
        let record = Record::read(view.snapshot.as_ref()?.tags.as_ref()?).ok()??;
        Some(record.compare(view.counted.as_ref()?))
    }
}

/// It could not be made, and what there is of it holds the id.
fn carcass(group: &GroupView, snapshot: &SnapshotView, view: &UnparkView) -> Step {
    let (id, name) = (group.id.clone(), snapshot.name.clone());
    match place(group) {
        Some(Place::Unfinished(it) | Place::Finished(it)) if it == snapshot.name => {
            let events = view.events.clone();
            let why = Unparked::NotMade { group: id.clone(), snapshot: name, events }.into();
            Next::Do(UnparkStep::Bury { group: id, why })
        }
        Some(_) | None => Next::Refuse(Unparked::Taken { group: id, snapshot: name }.into()),
    }
}

/// What a group is of a park.
fn place(group: &GroupView) -> Option<Place> {
    Place::read(group.tags.as_ref()?)
}

fn close(snapshot: &SnapshotView, now: Timestamp) -> Step {
    let tags = State::Back(now).tags();
    Next::Do(UnparkStep::Close { arn: snapshot.arn.clone(), tags })
}

/// The group as it is to be made again of its park snapshot, or what speaks against that.
pub(super) fn plan_of(
    group: &GroupId,
    snapshot: &SnapshotView,
    catalog: &Catalog,
) -> Result<Plan, Obstacle> {
    let forgotten =
        || Unparked::Forgotten { group: group.clone(), snapshot: snapshot.name.clone() };
    let was = memory::read(group, snapshot);
    let was = was.ok_or_else(|| Obstacle::Refuse(forgotten().into()))?;
    let restore = Restore {
        snapshot: snapshot.name.clone(),
        files: Vec::new(),
        manifest: None,
        target: group.clone(),
        from: Some(group.clone()),
        secret: None,
        node_type: None,
    };
    let seen = RestoreView {
        snapshot: Some(snapshot.clone()),
        source: Some(was.clone()),
        ..RestoreView::default()
    };
    let mut plan = restore.begin(&seen, catalog)?;
    let is_as_many = plan.shape.nodes() as usize == was.members.len();
    plan.zones =
        was.members.iter().filter_map(|it| it.zone.clone()).filter(|_| is_as_many).collect();
    plan.description = was.description;
    plan.tags = was.tags.unwrap_or_default();
    plan.tags.extend(Place::Unfinished(snapshot.name.clone()).tags());
    Ok(plan)
}
