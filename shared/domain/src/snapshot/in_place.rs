//! A group from a snapshot in the place of the one that there is, under its name.
//!
//! ElastiCache cannot put a snapshot into a group that runs (facts 5.7): the group has to go and be made again. So that nothing is lost by
//! that, another one stands in while it is not there. It is made first, from the wanted snapshot, and so shows that this restores; it
//! carries what a snapshot does not hold; and what it says of itself is all that is remembered ([`mark`]). Then the group as it is goes
//! into a snapshot, which is the way back, and only when that was seen to be whole does the group go. It comes back from the wanted
//! snapshot, or else from the one of before; then the one that stood in goes.

pub mod by_secret;
mod made;
pub mod mark;
mod refusal;
pub(super) mod rules;
mod saved;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::alarm::{AlarmSet, AlarmView};
use crate::group::Endpoint;
use crate::{
    Arn, Catalog, GroupId, GroupStatus, GroupView, MemberId, NameError, Next, NodeType,
    SnapshotName, Tags, Wait, WaitingOn, shard, tag,
};

use self::mark::{From, Phase, Place, Said, Was, stand_in_of};
use self::saved::Save;
use super::restore::rules::Obstacle;
use super::restore::{Difference, Plan, Restore, RestoreView, differences, missing_alarms};
use super::take::{self, ReadFrom};
use super::{Refusal, SnapshotView, Unrestorable, name};

pub use refusal::Unreplaced;

/// A group that is to be restored in place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InPlace {
    /// What is asked for, and by which request.
    pub said: Said,
    /// The group that the snapshot is of, where that is another one and meant.
    pub from: Option<GroupId>,
    /// With the token of this secret. The one of the group, where nobody says.
    pub secret: Option<Arn>,
    /// Of this node type. The group's where the data fit, where nobody says.
    pub node_type: Option<NodeType>,
    /// The id of the group that stands in.
    pub stand_in: GroupId,
    /// The name of the snapshot that is the way back.
    pub before: SnapshotName,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InPlaceView {
    /// The group, with its tags where its state lets them be read.
    pub group: Option<GroupView>,
    /// The group that stands in, likewise.
    pub stand_in: Option<GroupView>,
    /// The wanted snapshot, where it decides.
    pub snapshot: Option<SnapshotView>,
    /// The snapshot that is the way back, where it decides.
    pub before: Option<SnapshotView>,
    /// How many seconds the replicas of the group are behind its primary, where one is to be read.
    pub lags: BTreeMap<MemberId, f64>,
    /// The alarms of the group; looked at once it came back.
    pub alarms: Vec<AlarmView>,
    /// What ElastiCache says that happened to the one that looks failed.
    pub events: Vec<String>,
    /// What it turned down for good in this run.
    pub turned_down: Option<TurnedDown>,
}

/// A call that ElastiCache turned down for good.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TurnedDown {
    /// For the snapshot that is the way back.
    Before(Refusal),
    /// For the group itself, in its words.
    Group(String),
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum InPlaceStep {
    /// Make the group that stands in. AWS takes an id once, so asking twice makes one.
    StandIn(Box<Plan>),
    /// Take the snapshot that is the way back. AWS takes a name once, too.
    Save { name: SnapshotName, of: ReadFrom, tags: Tags },
    /// Write on the group that it goes.
    Announce { arn: String, tags: Tags },
    /// Write on the group that stands in how far it is.
    Advance { arn: String, to: Phase, tags: Tags },
    /// Delete the group, or what there is of it.
    Delete(GroupId),
    /// Make the group again.
    Make(Box<Plan>),
    /// Make the alarms of its members that are not there.
    PutAlarms(AlarmSet),
    /// Write on the group that it is there for good.
    Finish { arn: String, tags: Tags },
    /// Delete the group that stands in, which is the last step. What it comes to, where that is not what was asked for.
    Dismiss { stand_in: GroupId, why: Option<Refusal> },
}

type Step = Next<InPlaceStep, Refusal>;

/// Which looks there have to be beside those at the two groups.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a look, which is taken or not")]
pub struct Looks {
    /// At the wanted snapshot.
    pub snapshot: bool,
    /// At the one that is the way back.
    pub before: bool,
    /// At the alarms of the group.
    pub alarms: bool,
    /// At what happened to the group.
    pub events: bool,
    /// At what happened to the one that stands in.
    pub events_of_stand_in: bool,
}

impl InPlace {
    /// A restore in place that this request asks for.
    pub fn new(said: Said) -> Result<Self, NameError> {
        let stand_in = stand_in_of(&said.group)?;
        let before =
            SnapshotName::parse(&format!("{}-before-{}", name::prefix(&said.group), said.request))?;
        Ok(Self { said, from: None, secret: None, node_type: None, stand_in, before })
    }

    /// The same as a part of the one that is under way, where that is from the same snapshot: whoever asks again carries it on.
    pub fn joined(self, view: &InPlaceView) -> Result<Self, NameError> {
        let there = view.stand_in.as_ref().and_then(|it| Said::read(&it.description));
        let same = |it: &Said| (&it.group, &it.snapshot) == (&self.said.group, &self.said.snapshot);
        let Some(there) = there.filter(same) else { return Ok(self) };
        let of_it = Self::new(there)?;
        Ok(Self { from: self.from, secret: self.secret, node_type: self.node_type, ..of_it })
    }

    /// Which looks decide the next step, after those at the two groups.
    pub fn looks(&self, view: &InPlaceView) -> Looks {
        let status = |it: &Option<GroupView>| it.as_ref().map(|it| it.status.clone());
        let (group, stand_in) = (status(&view.group), status(&view.stand_in));
        let place = self.place(view);
        let phase = view.stand_in.as_ref().and_then(|it| self.said.phase(it.tags.as_ref()?));
        let stands = matches!(group, Some(GroupStatus::Available))
            && matches!(phase, Some(Phase::Rehearsal | Phase::Over))
            && matches!(place, None | Some(Place::Goes));
        let failed = |it: &Option<GroupStatus>| *it == Some(GroupStatus::CreateFailed);
        Looks {
            snapshot: stand_in.is_none() || group.is_none(),
            before: stands || group.is_none() && phase == Some(Phase::Back),
            alarms: matches!(place, Some(Place::Unfinished(_))),
            events: stands || failed(&group),
            events_of_stand_in: failed(&stand_in),
        }
    }

    /// What the group says of this restore.
    fn place(&self, view: &InPlaceView) -> Option<Place> {
        self.said.place(view.group.as_ref()?.tags.as_ref()?)
    }

    /// Plans the next step towards the group.
    pub fn plan(&self, view: &InPlaceView, catalog: &Catalog) -> Step {
        let there = view.stand_in.as_ref().filter(|it| it.status != GroupStatus::Deleting);
        let said = there.map(|it| Said::read(&it.description));
        let is_other = said.as_ref().is_some_and(|it| it.as_ref() != Some(&self.said));
        if let (Some(Place::Finished(from)), true) = (self.place(view), there.is_none() || is_other)
        {
            return match self.outcome(from, view) {
                Some(why) => Next::Refuse(why),
                None => Next::Settled,
            };
        }
        match (there, said.flatten()) {
            (None, _) if view.stand_in.is_some() => Next::Wait(Wait::slow(WaitingOn::Deletion)),
            (None, _) => self.alone(view, catalog),
            (Some(stand_in), Some(said)) if said == self.said => {
                self.beside(stand_in, view, catalog)
            }
            (Some(_), Some(said)) if said.group == self.said.group => {
                let (group, snapshot) = (said.group, said.snapshot);
                let stand_in = self.stand_in.clone();
                Next::Refuse(Unreplaced::UnderWay { group, stand_in, snapshot }.into())
            }
            (Some(_), Some(_) | None) => Next::Refuse(self.stand_in_taken()),
        }
    }

    fn stand_in_taken(&self) -> Refusal {
        let (group, stand_in) = (self.said.group.clone(), self.stand_in.clone());
        Unreplaced::StandInTaken { group, stand_in }.into()
    }

    /// What it came to, where that is not what was asked for.
    fn outcome(&self, from: From, view: &InPlaceView) -> Option<Refusal> {
        match from {
            From::Wanted => None,
            From::Before => Some(
                Unreplaced::TakenBack {
                    group: self.said.group.clone(),
                    snapshot: self.said.snapshot.clone(),
                    before: self.before.to_string(),
                    why: view.stand_in.as_ref().and_then(|it| {
                        it.tags.as_ref()?.get(tag::IN_PLACE_FAILED).map(|it| mark::read(it))
                    }),
                }
                .into(),
            ),
        }
    }

    /// Nobody stands in: it begins, or the one that did was deleted by somebody.
    fn alone(&self, view: &InPlaceView, catalog: &Catalog) -> Step {
        let group = self.said.group.clone();
        let Some(seen) = &view.group else {
            return Next::Refuse(Unreplaced::NoGroup { group }.into());
        };
        if let Some(Place::Unfinished(_)) = self.place(view) {
            let stand_in = self.stand_in.clone();
            return Next::Refuse(Unreplaced::StandInGone { group, stand_in }.into());
        }
        match self.rehearsal(seen, view, catalog) {
            Ok(plan) => Next::Do(InPlaceStep::StandIn(Box::new(plan))),
            Err(Obstacle::Wait(wait)) => Next::Wait(wait),
            Err(Obstacle::Refuse(why)) => Next::Refuse(why),
        }
    }

    /// Our group stands in.
    fn beside(&self, stand_in: &GroupView, view: &InPlaceView, catalog: &Catalog) -> Step {
        match &stand_in.status {
            GroupStatus::Creating => return Next::Wait(Wait::slow(WaitingOn::Restore)),
            GroupStatus::Modifying => return Next::Wait(Wait::slow(WaitingOn::Modification)),
            GroupStatus::Snapshotting => return Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
            GroupStatus::CreateFailed => {
                let (group, events) = (stand_in.id.clone(), view.events.clone());
                return dismiss(
                    stand_in,
                    Some(Unrestorable::CreateFailed { group, events }.into()),
                );
            }
            GroupStatus::Deleting | GroupStatus::Strange(_) => {
                let (group, status) = (stand_in.id.clone(), stand_in.status.clone());
                return Next::Refuse(Refusal::Unusable { group, status });
            }
            GroupStatus::Available => {}
        }
        let Some(tags) = &stand_in.tags else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
        let Some(phase) = self.said.phase(tags) else {
            return Next::Refuse(self.stand_in_taken());
        };
        let was = Was::read(tags);
        match (phase, &view.group) {
            (Phase::Rehearsal, None) => {
                let group = self.said.group.clone();
                dismiss(stand_in, Some(Unreplaced::Deleted { group }.into()))
            }
            (Phase::Over | Phase::Back, None) => self.make(phase, stand_in, &was, view, catalog),
            (Phase::Failed, None) => self.advance(stand_in, Phase::Back, None),
            (_, Some(group)) => self.with_group(phase, group, stand_in, view),
        }
    }

    fn with_group(
        &self,
        phase: Phase,
        group: &GroupView,
        stand_in: &GroupView,
        view: &InPlaceView,
    ) -> Step {
        match &group.status {
            GroupStatus::Creating => return Next::Wait(Wait::slow(WaitingOn::Restore)),
            GroupStatus::Modifying => return Next::Wait(Wait::slow(WaitingOn::Modification)),
            GroupStatus::Deleting => return Next::Wait(Wait::slow(WaitingOn::Deletion)),
            GroupStatus::Snapshotting => return Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
            GroupStatus::CreateFailed => return self.carcass(phase, stand_in, view),
            GroupStatus::Strange(_) => {
                let (group, status) = (group.id.clone(), group.status.clone());
                return Next::Refuse(Refusal::Unusable { group, status });
            }
            GroupStatus::Available => {}
        }
        let Some(tags) = &group.tags else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
        match (self.said.place(tags), phase) {
            (Some(Place::Unfinished(from)), _) => self.came_back(from, group, tags, stand_in, view),
            (Some(Place::Finished(from)), _) => dismiss(stand_in, self.outcome(from, view)),
            (Some(Place::Goes), _) | (None, Phase::Rehearsal) => {
                self.stands(phase, group, tags, stand_in, view)
            }
            (None, Phase::Over | Phase::Failed | Phase::Back) => {
                let (group, stand_in) = (group.id.clone(), stand_in.id.clone());
                Next::Refuse(Unreplaced::Taken { group, stand_in }.into())
            }
        }
    }

    /// The group could not be made. What there is of it goes once it is written down that it failed: the second time there is no other way.
    fn carcass(&self, phase: Phase, stand_in: &GroupView, view: &InPlaceView) -> Step {
        match phase {
            Phase::Rehearsal => {
                let (group, status) = (self.said.group.clone(), GroupStatus::CreateFailed);
                dismiss(stand_in, Some(Refusal::Unusable { group, status }))
            }
            Phase::Over => {
                // The newest is the one that tells most, and there may be room for no other.
                let newest_first: Vec<&str> =
                    view.events.iter().rev().map(String::as_str).collect();
                self.advance(stand_in, Phase::Failed, Some(&newest_first.join(" / ")))
            }
            Phase::Failed => Next::Do(InPlaceStep::Delete(self.said.group.clone())),
            Phase::Back => Next::Refuse(self.lost(stand_in, view.events.clone())),
        }
    }

    fn lost(&self, stand_in: &GroupView, whys: Vec<String>) -> Refusal {
        let serves = stand_in.clients_endpoint().map(Endpoint::to_string);
        Unreplaced::Lost {
            group: self.said.group.clone(),
            stand_in: self.stand_in.clone(),
            serves: serves.unwrap_or_else(|| "no address yet".to_owned()),
            before: self.before.to_string(),
            whys,
        }
        .into()
    }

    /// The group of before stands. It goes when all that speaks against it was looked at once more, and its keys are in a snapshot.
    fn stands(
        &self,
        phase: Phase,
        group: &GroupView,
        tags: &Tags,
        stand_in: &GroupView,
        view: &InPlaceView,
    ) -> Step {
        let against = rules::against_group(group, tags);
        if let Some(why) = Refusal::all(against) {
            return dismiss(stand_in, Some(why));
        }
        if !group.is_settled() {
            return Next::Wait(Wait::slow(take::unsettled(group)));
        }
        if !stand_in.is_settled() {
            return Next::Wait(Wait::slow(take::unsettled(stand_in)));
        }
        if let Some(shard) = shard::incomplete(&stand_in.shards) {
            return Next::Wait(Wait::slow(WaitingOn::Slots(shard.id.clone())));
        }
        let differences = rules::differences(group, tags, stand_in);
        if !differences.is_empty() {
            let group = group.id.clone();
            return dismiss(stand_in, Some(Unreplaced::Differs { group, differences }.into()));
        }
        match self.unsaved(group, tags, view) {
            None | Some(Next::Settled) => {}
            Some(Next::Refuse(why)) => return dismiss(stand_in, Some(why)),
            Some(Next::Do(Save { name, of, tags })) => {
                return Next::Do(InPlaceStep::Save { name, of, tags });
            }
            Some(Next::Wait(wait)) => return Next::Wait(wait),
        }
        if self.said.place(tags) != Some(Place::Goes) {
            return Next::Do(InPlaceStep::Announce {
                arn: group.arn.clone(),
                tags: self.group_tag(Place::Goes),
            });
        }
        match phase {
            Phase::Rehearsal => self.advance(stand_in, Phase::Over, None),
            Phase::Over | Phase::Failed | Phase::Back => {
                Next::Do(InPlaceStep::Delete(group.id.clone()))
            }
        }
    }

    fn group_tag(&self, place: Place) -> Tags {
        [(tag::IN_PLACE.to_owned(), self.said.on_group(place))].into()
    }

    fn advance(&self, stand_in: &GroupView, to: Phase, why: Option<&str>) -> Step {
        let said = [
            (tag::IN_PLACE, Some(self.said.on_stand_in(to))),
            (tag::IN_PLACE_FAILED, why.map(mark::written)),
        ];
        let said = said.into_iter().filter_map(|(key, it)| Some((key.to_owned(), it?)));
        let tags = said.collect();
        Next::Do(InPlaceStep::Advance { arn: stand_in.arn.clone(), to, tags })
    }

    /// The group came back. It is compared with the one that stood in, which is as it was.
    fn came_back(
        &self,
        from: From,
        group: &GroupView,
        tags: &Tags,
        stand_in: &GroupView,
        view: &InPlaceView,
    ) -> Step {
        if !group.is_settled() {
            return Next::Wait(Wait::slow(take::unsettled(group)));
        }
        if !stand_in.is_settled() {
            return Next::Wait(Wait::slow(take::unsettled(stand_in)));
        }
        if let Some(shard) = shard::incomplete(&group.shards) {
            return Next::Wait(Wait::slow(WaitingOn::Slots(shard.id.clone())));
        }
        let differences = differences::grave(stand_in, group);
        if !differences.is_empty() {
            let group = group.id.clone();
            return Next::Refuse(Unrestorable::NotAsWanted { group, differences }.into());
        }
        match missing_alarms(group, tags, &view.alarms) {
            Some(set) => Next::Do(InPlaceStep::PutAlarms(set)),
            None => Next::Do(InPlaceStep::Finish {
                arn: group.arn.clone(),
                tags: self.group_tag(Place::Finished(from)),
            }),
        }
    }

    /// What of the group is otherwise than before and harms nobody.
    pub fn remarks(&self, view: &InPlaceView) -> Vec<Difference> {
        let (Some(group), Some(stand_in)) = (&view.group, &view.stand_in) else {
            return Vec::new();
        };
        let is_back = matches!(self.place(view), Some(Place::Unfinished(_) | Place::Finished(_)));
        let Some(tags) = stand_in.tags.as_ref().filter(|_| is_back && group.is_settled()) else {
            return Vec::new();
        };
        let mut found = differences::slight(stand_in, group, None);
        let was = Was::read(tags);
        if let Some(has) = &group.tags {
            found.extend(differences::of_tags(&was.tags, has));
        }
        if let (Some(wants), Some(has)) =
            (was.endpoint, group.clients_endpoint().map(Endpoint::to_string))
            && wants != has
        {
            found.push(Difference { what: "the endpoint", has, wants });
        }
        found
    }

    /// What was written to the group since then is in no snapshot.
    pub fn saved_at(&self, view: &InPlaceView) -> Option<Timestamp> {
        view.before.as_ref()?.taken_at
    }
}

/// Has the group that stands in go, once it can. Nothing of the other one was touched, or all is done.
fn dismiss(stand_in: &GroupView, why: Option<Refusal>) -> Step {
    Next::Do(InPlaceStep::Dismiss { stand_in: stand_in.id.clone(), why })
}
