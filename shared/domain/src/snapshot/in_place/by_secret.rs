//! A group from a snapshot in the place of the one that there is, by the address in the secret.
//!
//! Where clients read from one secret where to connect and what with, no group has to go for another to take its place: the new one is made
//! beside it, from the wanted snapshot and like the old one, what the old one holds goes into a snapshot, and then the secret leads to the
//! new one, with the token that it had. The old one stands aside until its time is up, and clients can be led back until then.
//!
//! What is remembered is on the three things themselves ([`mark`]): on the new group, for whom and for which request it is; on the old one,
//! who took its place and until when it stays; on the secret, while it is written, that no rotation moves. The way there and the way back are
//! the same steps, from one group to the other.

mod ending;
mod lead;
pub mod mark;
mod refusal;
mod secret;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use crate::alarm::AlarmSet;
use crate::rotate::{SecretText, VersionId};
use crate::snapshot::restore::Plan;
use crate::snapshot::restore::rules::Obstacle;
use crate::snapshot::take::{self, ReadFrom};
use crate::snapshot::{Refusal, Unrestorable, name};
use crate::{
    Arn, Catalog, GroupId, GroupStatus, GroupView, NameError, Next, SnapshotName, Tags, Wait,
    WaitingOn, shard, tag,
};

use super::mark::{Phase, Said, Was, is_under_way};
use super::{InPlace, InPlaceView, rules};

use self::mark::Aside;

pub use ending::{Ending, EndingStep, EndingView, When};
pub use refusal::Unswitched;
pub use secret::SecretSeen;

/// Which way clients are led.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// To the group that is made of the snapshot.
    Forth,
    /// Back to the one that stood aside for it.
    Back,
}

/// Clients that are to be led from one group to another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Switch {
    /// From which group, to which, by which request; and the snapshot that is the way back.
    pub hop: InPlace,
    /// Which way that is.
    pub way: Way,
    /// How long the group stays that they are led away from.
    pub keep: SignedDuration,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SwitchView {
    /// The group that clients are to be led away from, and the one that they are to be led to, which is the one that `stands in` here, with its
    /// alarms.
    pub groups: InPlaceView,
    /// The secret that leads them.
    pub secret: Option<SecretSeen>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum SwitchStep {
    /// Make the group that takes the place, with the token of this version of the secret. AWS takes an id once.
    Create { plan: Box<Plan>, version: VersionId },
    /// Take the snapshot of what the other holds. AWS takes a name once, too.
    Save { name: SnapshotName, of: ReadFrom, tags: Tags },
    /// Make the alarms of its members that are not there.
    PutAlarms(AlarmSet),
    /// Hold the secret, so that no rotation moves.
    Hold { secret: Arn, tags: Tags },
    /// Write on the group that it stands aside, and put aside what has others act on it.
    SetAside { arn: String, aside: Aside, tags: Tags, gone: Vec<String> },
    /// Have the secret be of the other group: a rotation is of that one then.
    Name { secret: Arn, to: GroupId, tags: Tags },
    /// Write the address of the other group into the secret, as this version of it in the place of that.
    Lead { secret: Arn, to: GroupId, from: VersionId, version: VersionId, text: SecretText },
    /// Give the group that clients are led to its tags.
    Adopt { arn: String, group: GroupId, tags: Tags, gone: Vec<String> },
    /// Let go of the secret.
    Release { secret: Arn },
    /// Delete the group that was to take the place, and why. Nothing else was touched.
    Dismiss { group: GroupId, why: Refusal },
}

type Step = Next<SwitchStep, Refusal>;

impl Switch {
    /// To a group that is made of a snapshot.
    pub fn forth(said: Said, keep: SignedDuration) -> Result<Self, NameError> {
        let to = mark::successor(&said.group)?;
        Self::new(said, to, Way::Forth, keep)
    }

    /// Back from this group to the one that stands aside for it.
    pub fn back(
        from: GroupId,
        group: GroupId,
        request: String,
        keep: SignedDuration,
    ) -> Result<Self, NameError> {
        let said = Said { group: from, snapshot: group.to_string(), request };
        Self::new(said, group, Way::Back, keep)
    }

    fn new(said: Said, to: GroupId, way: Way, keep: SignedDuration) -> Result<Self, NameError> {
        let before =
            SnapshotName::parse(&format!("{}-before-{}", name::prefix(&said.group), said.request))?;
        let hop = InPlace { said, from: None, secret: None, node_type: None, stand_in: to, before };
        Ok(Self { hop, way, keep })
    }

    /// The same as a part of the one that is under way, where that is from the same snapshot: whoever asks again carries it on.
    pub fn joined(self, view: &SwitchView) -> Result<Self, NameError> {
        let there = view.groups.stand_in.as_ref().and_then(|it| mark::read(&it.description));
        let own = &self.hop.said;
        let same = |it: &Said| (&it.group, &it.snapshot) == (&own.group, &own.snapshot);
        let Some(there) = there.filter(same).filter(|_| self.way == Way::Forth) else {
            return Ok(self);
        };
        let joined = Self::forth(there, self.keep)?;
        let (from, node_type) = (self.hop.from, self.hop.node_type);
        Ok(Self { hop: InPlace { from, node_type, ..joined.hop }, ..joined })
    }

    /// The secret that the two groups name.
    pub fn secret(&self, view: &SwitchView) -> Option<Arn> {
        let of = |group: &Option<GroupView>| {
            let tags = Was::read(group.as_ref()?.tags.as_ref()?).tags;
            Arn::parse(tags.get(tag::SECRET)?).ok()
        };
        of(&view.groups.group).or_else(|| of(&view.groups.stand_in))
    }

    /// Plans the next step.
    pub fn plan(&self, view: &SwitchView, catalog: &Catalog, now: Timestamp) -> Step {
        match self.way {
            Way::Forth => self.plan_forth(view, catalog, now),
            Way::Back => self.plan_back(view, now),
        }
    }

    fn plan_forth(&self, view: &SwitchView, catalog: &Catalog, now: Timestamp) -> Step {
        let (group, by) = (&self.hop.said.group, &self.hop.stand_in);
        let to = view.groups.stand_in.as_ref();
        let said = to.map(|it| mark::read(&it.description));
        let Some(from) = &view.groups.group else {
            return self.without_the_old_one(view, said.flatten(), now);
        };
        let aside = from.tags.as_ref().and_then(Aside::read);
        match (to, said.flatten(), aside) {
            (Some(to), Some(said), _) if said == self.hop.said => self.beside(from, to, view, now),
            (_, _, Some(Aside { by, until, .. })) => {
                Next::Refuse(Unswitched::StandsAside { group: group.clone(), by, until }.into())
            }
            (Some(to), Some(said), None) if said.group == *group => {
                let (group, by) = (group.clone(), by.clone());
                let aside = to.tags.as_ref().and_then(Aside::read);
                let under_way = Unswitched::UnderWay {
                    group: group.clone(),
                    by: by.clone(),
                    snapshot: said.snapshot,
                };
                let taken_back = |it: Aside| Unswitched::TakenBack { group, by, until: it.until };
                Next::Refuse(aside.map_or(under_way, taken_back).into())
            }
            (Some(_), _, None) => {
                let (group, by) = (group.clone(), by.clone());
                Next::Refuse(Unswitched::Taken { group, by }.into())
            }
            (None, _, None) => self.begin(from, view, catalog),
        }
    }

    /// The old group went when its time was up, and all was done; or somebody deleted it meanwhile, or before.
    fn without_the_old_one(&self, view: &SwitchView, said: Option<Said>, now: Timestamp) -> Step {
        let group = self.hop.said.group.clone();
        let is_ours = said.as_ref() == Some(&self.hop.said);
        let Some(to) = view.groups.stand_in.as_ref().filter(|_| is_ours) else {
            return Next::Refuse(super::Unreplaced::NoGroup { group }.into());
        };
        let Some(tags) = &to.tags else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
        let secret = view.secret.as_ref();
        if secret.is_some_and(|it| it.leads_to(to)) {
            return self.arrived(to, view);
        }
        if !self.is_rehearsal(to) {
            return Next::Settled;
        }
        if secret.is_some_and(|it| it.is_of(to)) {
            return self.hop(None, (to, tags), view, now);
        }
        self.dismissed(to, super::Unreplaced::Deleted { group }.into(), view, now)
    }

    /// Whether a group is one that is about to take the place.
    fn is_rehearsal(&self, to: &GroupView) -> bool {
        to.tags.as_ref().and_then(|it| self.hop.said.phase(it)) == Some(Phase::Rehearsal)
    }

    /// Nothing was begun: all that speaks against it is told at once.
    fn begin(&self, from: &GroupView, view: &SwitchView, catalog: &Catalog) -> Step {
        let mut whys = Vec::new();
        if let Some(tags) = &from.tags {
            whys.extend(secret::against(from, tags, view.secret.as_ref()));
            whys.extend(under_way(from, tags));
        }
        if let Some(seen) = view.secret.as_ref().filter(|it| whys.is_empty() && !it.is_quiet()) {
            let secret = seen.secret.arn.to_string();
            whys.push(Unswitched::Rotating { secret }.into());
        }
        let begun = self.hop.rehearsal(from, &view.groups, catalog);
        if let Err(Obstacle::Refuse(why)) = &begun {
            // Which secret it is, was told above already.
            let is_told = matches!(why, Refusal::Restore(Unrestorable::NoSecret { .. }));
            whys.extend((!is_told).then(|| why.clone()));
        }
        if let Some(why) = Refusal::all(whys) {
            return Next::Refuse(why);
        }
        let version = view.secret.as_ref().and_then(|it| it.version().cloned());
        match (begun, version) {
            (Err(Obstacle::Refuse(why)), _) => Next::Refuse(why),
            (Err(Obstacle::Wait(wait)), _) => Next::Wait(wait),
            (Ok(_), None) => Next::Wait(Wait::slow(WaitingOn::Busy)),
            (Ok(mut plan), Some(version)) => {
                plan.description = mark::description(&self.hop.said);
                plan.tags.insert(tag::TAKES.to_owned(), version.to_string());
                Next::Do(SwitchStep::Create { plan: Box::new(plan), version })
            }
        }
    }

    /// Our group is there, beside the one whose place it takes.
    fn beside(&self, from: &GroupView, to: &GroupView, view: &SwitchView, now: Timestamp) -> Step {
        if to.status == GroupStatus::CreateFailed {
            let (group, events) = (to.id.clone(), view.groups.events.clone());
            return dismiss(to, Unrestorable::CreateFailed { group, events }.into());
        }
        if let Some(busy) = busy(to).or_else(|| busy(from)) {
            return busy;
        }
        let (Some(tags), Some(to_tags)) = (&from.tags, &to.tags) else {
            return Next::Wait(Wait::slow(WaitingOn::Busy));
        };
        if let Some(Aside { until, .. }) = Aside::read(to_tags) {
            let (group, by) = (from.id.clone(), to.id.clone());
            return Next::Refuse(Unswitched::TakenBack { group, by, until }.into());
        }
        if view.secret.as_ref().is_some_and(|it| it.leads_to(to)) {
            return self.arrived(to, view);
        }
        if Aside::read(tags).is_some_and(|it| it.by == to.id) {
            return self.hop(Some((from, tags)), (to, to_tags), view, now);
        }
        if !self.is_rehearsal(to) {
            let (group, by) = (from.id.clone(), to.id.clone());
            return Next::Refuse(Unswitched::Taken { group, by }.into());
        }
        // Whoever is at it beside went on since the look at the groups.
        if view.secret.as_ref().is_some_and(|it| it.is_of(to)) {
            return Next::Wait(Wait::slow(WaitingOn::Busy));
        }
        match called_off(from, tags, to, view) {
            None => {}
            Some(Obstacle::Wait(wait)) => return Next::Wait(wait),
            Some(Obstacle::Refuse(why)) => return self.dismissed(to, why, view, now),
        }
        self.hop(Some((from, tags)), (to, to_tags), view, now)
    }

    fn plan_back(&self, view: &SwitchView, now: Timestamp) -> Step {
        let group = self.hop.stand_in.clone();
        let not_aside = || Next::Refuse(Unswitched::NotAside { group: group.clone() }.into());
        let Some(to) = &view.groups.stand_in else { return not_aside() };
        if let Some(busy) = busy(to) {
            return busy;
        }
        let Some(to_tags) = &to.tags else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
        let from = view.groups.group.as_ref().filter(|it| is_of_use(it));
        let is_led = view.secret.as_ref().is_some_and(|it| it.leads_to(to));
        let stands = Aside::read(to_tags).filter(|it| it.by == self.hop.said.group);
        if stands.is_none() {
            let aside = from.and_then(|it| Aside::read(it.tags.as_ref()?));
            let is_back = is_led && aside.is_some_and(|it| it.by == to.id);
            return if is_back { self.arrived(to, view) } else { not_aside() };
        }
        let said = from.and_then(|it| mark::read(&it.description));
        let is_rehearsal = |said: &Said| {
            let tags = from.and_then(|it| it.tags.as_ref());
            tags.and_then(|it| said.phase(it)).is_some()
        };
        // Whoever leads clients there holds the secret meanwhile. Where nobody does, and they are here still, that came to nothing.
        let is_held = view.secret.as_ref().is_some_and(|it| it.secret.hold(now).is_some());
        let said = said.filter(|_| is_held || !is_led);
        if let Some(Said { snapshot, .. }) = said.filter(is_rehearsal) {
            let by = self.hop.said.group.clone();
            return Next::Refuse(Unswitched::UnderWay { group, by, snapshot }.into());
        }
        if is_led {
            return self.arrived(to, view);
        }
        if let Some(why) = view.secret.as_ref().and_then(|it| self.against_back(it, to_tags)) {
            return Next::Refuse(why.into());
        }
        if let Some(busy) = from.and_then(busy) {
            return busy;
        }
        if let Some(group) = [Some(to), from].into_iter().flatten().find(|it| !it.is_settled()) {
            return Next::Wait(Wait::slow(take::unsettled(group)));
        }
        match from {
            None => self.hop(None, (to, to_tags), view, now),
            Some(GroupView { tags: None, .. }) => Next::Wait(Wait::slow(WaitingOn::Busy)),
            Some(from @ GroupView { tags: Some(tags), .. }) => {
                self.hop(Some((from, tags)), (to, to_tags), view, now)
            }
        }
    }

    fn against_back(&self, secret: &SecretSeen, to: &Tags) -> Option<Unswitched> {
        let (from, group) = (&self.hop.said.group, &self.hop.stand_in);
        secret::unusable(secret, group, &[from, group])
            .or_else(|| (!secret.opens(to)).then(|| Unswitched::Rotated { group: group.clone() }))
    }

    /// When the group goes that clients were led away from.
    pub fn until(&self, view: &SwitchView) -> Option<Timestamp> {
        Aside::read(view.groups.group.as_ref()?.tags.as_ref()?).map(|it| it.until)
    }
}

/// What has it end, or wait, before anything but the new group was touched.
fn called_off(
    from: &GroupView,
    tags: &Tags,
    to: &GroupView,
    view: &SwitchView,
) -> Option<Obstacle> {
    let mut against = rules::against_group(from, tags);
    against.extend(secret::against(from, tags, view.secret.as_ref()));
    against.extend(under_way(from, tags));
    if let Some(why) = Refusal::all(against) {
        return Some(Obstacle::Refuse(why));
    }
    if let Some(group) = [from, to].into_iter().find(|it| !it.is_settled()) {
        return Some(Obstacle::Wait(Wait::slow(take::unsettled(group))));
    }
    if let Some(shard) = shard::incomplete(&to.shards) {
        return Some(Obstacle::Wait(Wait::slow(WaitingOn::Slots(shard.id.clone()))));
    }
    let differences = rules::differences(from, tags, to);
    let group = from.id.clone();
    let differs = || super::Unreplaced::Differs { group, differences: differences.clone() };
    (!differences.is_empty()).then(|| Obstacle::Refuse(differs().into()))
}

/// What speaks against it while the group is restored in place under its name.
fn under_way(group: &GroupView, tags: &Tags) -> Option<Refusal> {
    let key = tag::IN_PLACE;
    let value = tags.get(key).filter(|_| is_under_way(tags))?.clone();
    Some(super::Unreplaced::Busy { group: group.id.clone(), key, value }.into())
}

/// Whether clients were led to it to some end, or what it holds can be saved.
fn is_of_use(group: &GroupView) -> bool {
    match &group.status {
        GroupStatus::Available
        | GroupStatus::Creating
        | GroupStatus::Modifying
        | GroupStatus::Snapshotting => true,
        GroupStatus::CreateFailed | GroupStatus::Deleting | GroupStatus::Strange(_) => false,
    }
}

/// What a group is waited for that is not at rest, or why that is no use.
fn busy(group: &GroupView) -> Option<Step> {
    let on = match &group.status {
        GroupStatus::Available => return None,
        GroupStatus::Creating => WaitingOn::Restore,
        GroupStatus::Modifying => WaitingOn::Modification,
        GroupStatus::Snapshotting => WaitingOn::Snapshot(None),
        GroupStatus::Deleting => WaitingOn::Deletion,
        GroupStatus::CreateFailed | GroupStatus::Strange(_) => {
            let (group, status) = (group.id.clone(), group.status.clone());
            return Some(Next::Refuse(Refusal::Unusable { group, status }));
        }
    };
    Some(Next::Wait(Wait::slow(on)))
}

/// Has the group go that was to take the place. Clients were not led to it.
fn dismiss(to: &GroupView, why: Refusal) -> Step {
    Next::Do(SwitchStep::Dismiss { group: to.id.clone(), why })
}
