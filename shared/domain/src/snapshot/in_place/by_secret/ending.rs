//! The end of a group that stands aside: when its time is up, or at a word.

use jiff::Timestamp;

use crate::provision::Deletion;
use crate::snapshot::restore::rules::Obstacle;
use crate::snapshot::take;
use crate::snapshot::{Refusal, SnapshotView};
use crate::{Arn, GroupId, GroupStatus, GroupView, Next, Tags, Wait, WaitingOn, tag};

use super::mark::{Aside, carries};
use super::{SecretSeen, Unswitched};

/// A group that stands aside, and is to go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ending {
    /// The group.
    pub group: GroupId,
    /// When.
    pub when: When,
}

/// When it goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum When {
    /// Now: a person says so.
    Now,
    /// When its time is up: the schedule asks.
    Over,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndingView {
    /// The group.
    pub group: Option<GroupView>,
    /// The one that took its place.
    pub by: Option<GroupView>,
    /// The secret that leads to that.
    pub secret: Option<SecretSeen>,
    /// The snapshot with what the group held.
    pub saved: Option<SnapshotView>,
}

/// The one step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EndingStep {
    /// Delete the group.
    Delete(GroupId),
}

type Step = Next<EndingStep, Refusal>;

impl Ending {
    /// What the group says of that.
    pub fn aside(view: &EndingView) -> Option<Aside> {
        Aside::read(view.group.as_ref()?.tags.as_ref()?)
    }

    /// The secret that the group names.
    pub fn secret(view: &EndingView) -> Option<Arn> {
        Arn::parse(view.group.as_ref()?.tags.as_ref()?.get(tag::SECRET)?).ok()
    }

    /// Plans the next step: nothing goes while clients may be at it, or while what it held is nowhere else.
    pub fn plan(&self, view: &EndingView, now: Timestamp) -> Step {
        let id = || self.group.clone();
        let Some(group) = &view.group else { return self.is_gone() };
        match &group.status {
            GroupStatus::Deleting => return Next::Settled,
            GroupStatus::Available => {}
            GroupStatus::Creating | GroupStatus::Modifying | GroupStatus::Snapshotting => {
                return Next::Wait(Wait::slow(take::unsettled(group)));
            }
            GroupStatus::CreateFailed | GroupStatus::Strange(_) => {
                let (group, status) = (id(), group.status.clone());
                return Next::Refuse(Refusal::Unusable { group, status });
            }
        }
        let Some(tags) = &group.tags else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
        let Some(aside) = Aside::read(tags) else { return self.is_gone() };
        if self.when == When::Over && now < aside.until {
            return Next::Settled;
        }
        match self.why_not(tags, aside, view) {
            Ok(()) if group.is_settled() => Next::Do(EndingStep::Delete(id())),
            Ok(()) => Next::Wait(Wait::slow(take::unsettled(group))),
            Err(Obstacle::Wait(wait)) => Next::Wait(wait),
            Err(Obstacle::Refuse(why)) => Next::Refuse(why),
        }
    }

    /// What speaks against it: all of that at once.
    fn why_not(&self, tags: &Tags, aside: Aside, view: &EndingView) -> Result<(), Obstacle> {
        let id = || self.group.clone();
        let by = view.by.as_ref().filter(|it| it.id == aside.by);
        if let Some(on) = by.and_then(busy) {
            return Err(Obstacle::Wait(Wait::slow(on)));
        }
        // Only whoever led clients to the other one gave it its tags.
        let is_there = |it: &&GroupView| {
            it.status == GroupStatus::Available && it.tags.as_ref().is_some_and(|it| !carries(it))
        };
        let is_led = by
            .filter(is_there)
            .is_some_and(|it| view.secret.as_ref().is_some_and(|secret| secret.leads_to(it)));
        let mut whys = Vec::new();
        if !is_led {
            let secret = tags.get(tag::SECRET).cloned().unwrap_or_default();
            whys.push(Unswitched::StillLed { group: id(), by: aside.by, secret });
        }
        if !view.saved.as_ref().is_some_and(|it| it.status.is_whole() && it.size.is_some()) {
            whys.push(Unswitched::NotSaved { group: id(), saved: aside.saved });
        }
        if Deletion::of_group(tags, Deletion::default()).protected {
            whys.push(Unswitched::Protected { group: id() });
        }
        let why = Refusal::all(whys.into_iter().map(Refusal::from).collect());
        why.map_or(Ok(()), |it| Err(Obstacle::Refuse(it)))
    }

    /// A schedule that comes late finds that there is nothing to do; a person is told.
    fn is_gone(&self) -> Step {
        match self.when {
            When::Over => Next::Settled,
            When::Now => Next::Refuse(Unswitched::NotAside { group: self.group.clone() }.into()),
        }
    }
}

/// What the group that took its place is busy with, for a moment.
fn busy(by: &GroupView) -> Option<WaitingOn> {
    match by.status {
        GroupStatus::Modifying | GroupStatus::Snapshotting => Some(WaitingOn::Modification),
        GroupStatus::Available => by.tags.is_none().then_some(WaitingOn::Busy),
        GroupStatus::Creating
        | GroupStatus::CreateFailed
        | GroupStatus::Deleting
        | GroupStatus::Strange(_) => None,
    }
}
