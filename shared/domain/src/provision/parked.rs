//! A cache that is parked for the night, as its stack finds it: it is not there, and its keys and all that it was are in a snapshot.
//!
//! What an update wants of it is made of that snapshot, never empty. What a deletion leaves of it is that snapshot.

use std::borrow::Cow;

use super::farewell::Farewell;
use super::{DeletionPolicy, Refusal, Removal, Seen, Wanted, diff};
use crate::shard::Shape;
use crate::snapshot::SnapshotView;
use crate::snapshot::park::{Place, State, is_of, memory};
use crate::{GroupId, GroupView, Next, Owner, Tags};

/// The park snapshot of a group that is not there, where it is this owner's and says so.
fn kept<'a>(seen: &'a Seen, group: &GroupId, owner: &Owner) -> Option<(&'a SnapshotView, State)> {
    let snapshot = seen.around.as_ref()?.parked.as_deref().filter(|_| seen.group.is_none())?;
    let is_ours = snapshot.tags.as_ref().is_some_and(|it| owner.owns(it));
    let state = snapshot.park_state()?;
    (is_ours && is_of(group, snapshot)).then_some((snapshot, state))
}

fn parked<'a>(seen: &'a Seen, group: &GroupId, owner: &Owner) -> Option<&'a SnapshotView> {
    let (snapshot, state) = kept(seen, group, owner)?;
    state.parked_at().map(|_| snapshot)
}

impl Wanted {
    /// The same, where it is parked: made of its park snapshot, of the size and version that it had there as far as the stack leaves those
    /// as they are found.
    pub fn found(&self, seen: &Seen) -> Cow<'_, Self> {
        let Some(snapshot) = parked(seen, &self.spec.id, &self.owner) else {
            return Cow::Borrowed(self);
        };
        let mut found = self.clone();
        found.parked = Some(snapshot.name.clone());
        if let Some(was) = memory::read(&self.spec.id, snapshot) {
            found.take_size(&was);
        }
        Cow::Owned(found)
    }

    fn take_size(&mut self, was: &GroupView) {
        if let Some(node_type) = was.node_type.clone().filter(|_| self.keep.node_type) {
            self.spec.node_type = node_type;
        }
        let is_as_many = diff::wanted_shape(self, was) == self.spec.shape;
        let is_alike = self.spec.shape.is_sharded() == was.cluster_enabled;
        if is_alike && !is_as_many {
            self.spec.shape = diff::wanted_shape(self, was);
            // They are stated for as many nodes as the stack began with.
            if matches!(self.spec.shape, Shape::Single { .. }) {
                self.spec.zones.clear();
            }
        }
        let release = diff::wanted_release(self, was);
        if release.engine == self.spec.engine {
            self.spec.version = release.version;
        }
    }

    /// What a group says that is made of a park snapshot: whoever brings parked groups back then finds it there.
    pub(super) fn park_tags(&self) -> Tags {
        self.parked.clone().map(|it| Place::Finished(it).tags()).unwrap_or_default()
    }
}

/// What is done first with the park snapshot of a group that goes while it is parked, and whether anything else is: what stands around a group
/// that is retained stays with it.
pub(super) fn end(farewell: &Farewell, seen: &Seen) -> Option<Next<Removal, Refusal>> {
    let (snapshot, state) = kept(seen, &farewell.group, &farewell.owner)?;
    let was = memory::read(&farewell.group, snapshot).and_then(|it| it.tags).unwrap_or_default();
    let deletion = farewell.deletion(&was);
    match state {
        State::Parked(_) if deletion.protected => {
            Some(Next::Refuse(Refusal::Protected { group: farewell.group.clone() }))
        }
        State::Parked(since) => {
            let (name, arn) = (snapshot.name.clone(), snapshot.arn.clone());
            // Since then nothing was written: what time it is now, nobody asks.
            Some(Next::Do(Removal::KeepParked { name, arn, tags: State::Kept(since).tags() }))
        }
        State::Kept(_) if deletion.policy == DeletionPolicy::Retain => Some(Next::Settled),
        State::Kept(_) | State::Taken | State::Back(_) => None,
    }
}

impl Farewell {
    /// The park snapshot that stays of a group that was parked when it was deleted.
    pub fn kept_parked(&self, seen: &Seen) -> Option<String> {
        let (snapshot, state) = kept(seen, &self.group, &self.owner)?;
        matches!(state, State::Kept(_)).then(|| snapshot.name.clone())
    }
}
