//! A new group from a snapshot, like the group that the snapshot is of.
//!
//! A snapshot holds neither token nor TLS, users, security groups, replicas, logs or tags (facts 5.7). All of that is taken from the source
//! group, given again explicitly, and read back before the new group is said to be good.

pub(super) mod differences;
pub(super) mod planned;
pub mod rules;
mod size;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::alarm::{AlarmSet, AlarmView, Wish};
use crate::group::Resilience;
use crate::shard::{self, Range, Shape};
use crate::{
    Arn, Catalog, GroupId, GroupStatus, GroupView, Next, NodeType, Problems, Tags, Wait, WaitingOn,
    tag,
};

use self::rules::Obstacle;
use super::export::Place;
use super::{Refusal, SnapshotView, Unrestorable, take};

/// A group that is wanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Restore {
    /// From this snapshot. An automatic one has a dot in its name and is restored like any other. From files it is what stands for them in a tag.
    pub snapshot: String,
    /// From these RDB files, by the ARNs of their objects, where it is not from a snapshot.
    pub files: Vec<String>,
    /// From the files that this manifest of an export names.
    pub manifest: Option<Place>,
    /// Under this id, which is not taken.
    pub target: GroupId,
    /// Like this group. The one that the snapshot is of, where nobody says.
    pub from: Option<GroupId>,
    /// With the token of this secret. The one of the source, where nobody says.
    pub secret: Option<Arn>,
    /// Of this node type. The source's where the data fit, where nobody says.
    pub node_type: Option<NodeType>,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestoreView {
    /// The group under the new id, with its tags where its state lets them be read.
    pub target: Option<GroupView>,
    /// The snapshot.
    pub snapshot: Option<SnapshotView>,
    /// The group that the new one is to be like, with its tags.
    pub source: Option<GroupView>,
    /// The alarms of the new group; looked at once it is there and whole.
    pub alarms: Vec<AlarmView>,
    /// What ElastiCache says that happened to the new group, where something looks failed.
    pub events: Vec<String>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum RestoreStep {
    /// Make the group. AWS takes an id once, so asking twice makes one.
    Create(Box<Plan>),
    /// Make the alarms of its members.
    PutAlarms(AlarmSet),
}

/// The group to be made; the token is added where the call is made, and is never part of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The snapshot, or what stands for the files.
    pub snapshot: String,
    /// The files, where it is made from such.
    pub files: Vec<String>,
    /// The id.
    pub target: GroupId,
    /// The group that it is like, and whose users may log in.
    pub source: GroupView,
    /// The text that describes it.
    pub description: String,
    /// The engine version, as a creation takes it.
    pub engine_version: String,
    /// The node type.
    pub node_type: NodeType,
    /// Whether cold keys are kept on SSD.
    pub data_tiering: bool,
    /// How many nodes, and how they share the keys.
    pub shape: Shape,
    /// The slots of each shard, where they stay as they were saved.
    pub slots: Vec<Range>,
    /// The port.
    pub port: u16,
    /// What happens when a node or a zone fails.
    pub resilience: Resilience,
    /// The zones of its nodes; ElastiCache chooses where there are none.
    pub zones: Vec<String>,
    /// The secret with the token, where the source asks for one.
    pub secret: Option<String>,
    /// The tags.
    pub tags: Tags,
}

/// Something of the new group that is not as it is on the source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// What.
    pub what: &'static str,
    /// What it is.
    pub has: String,
    /// What it should be.
    pub wants: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, not {}", self.what, self.has, self.wants)
    }
}

/// The text that describes a group that we restored. It can be read in every state, tags cannot (facts 1.2).
fn description(snapshot: &str) -> String {
    format!("Restored by Cachewarden from {snapshot}")
}

impl Restore {
    /// The group that the new one is like, as far as the event, the new group's own tag or the snapshot tells.
    pub fn source(
        &self,
        target: Option<&GroupView>,
        snapshot: Option<&SnapshotView>,
    ) -> Option<GroupId> {
        let tagged = || GroupId::parse(target?.tags.as_ref()?.get(tag::GROUP)?).ok();
        self.from.clone().or_else(tagged).or_else(|| snapshot.and_then(SnapshotView::source))
    }

    /// Whether it is made from files, of which nothing is known before ElastiCache reads them.
    pub fn is_from_files(&self) -> bool {
        !self.files.is_empty() || self.manifest.is_some()
    }

    /// Whether a group is the one that this restore made.
    pub fn is_ours(&self, target: &GroupView) -> bool {
        let described = target.description == description(&self.snapshot);
        let tagged = |tags: &Tags| tags.get(tag::RESTORED_FROM) == Some(&self.snapshot);
        described && target.tags.as_ref().is_none_or(tagged)
    }

    /// Whether the new group is there and whole, so that its alarms can be looked at.
    pub fn is_there(&self, view: &RestoreView) -> bool {
        view.target
            .as_ref()
            .is_some_and(|it| self.is_ours(it) && it.is_settled() && it.tags.is_some())
    }

    /// Plans the next step towards the group.
    pub fn plan(&self, view: &RestoreView, catalog: &Catalog) -> Next<RestoreStep, Refusal> {
        if let Some(target) = view.target.as_ref().filter(|it| self.is_ours(it)) {
            return self.follow(target, view);
        }
        match self.begin(view, catalog) {
            Ok(plan) => Next::Do(RestoreStep::Create(Box::new(plan))),
            Err(Obstacle::Wait(wait)) => Next::Wait(wait),
            Err(Obstacle::Refuse(refusal)) => Next::Refuse(refusal),
        }
    }

    /// Goes from a group under the new id to one that is proven good.
    fn follow(&self, target: &GroupView, view: &RestoreView) -> Next<RestoreStep, Refusal> {
        let group = target.id.clone();
        match &target.status {
            GroupStatus::Creating => return Next::Wait(Wait::slow(WaitingOn::Restore)),
            GroupStatus::Modifying => return Next::Wait(Wait::slow(WaitingOn::Modification)),
            GroupStatus::Snapshotting => return Next::Wait(Wait::slow(WaitingOn::Snapshot(None))),
            GroupStatus::CreateFailed => {
                let events = view.events.clone();
                return Next::Refuse(Unrestorable::CreateFailed { group, events }.into());
            }
            GroupStatus::Deleting | GroupStatus::Strange(_) => {
                return Next::Refuse(Refusal::Unusable { group, status: target.status.clone() });
            }
            GroupStatus::Available => {}
        }
        if !target.is_settled() {
            return Next::Wait(Wait::slow(take::unsettled(target)));
        }
        let Some(tags) = &target.tags else { return Next::Wait(Wait::slow(WaitingOn::Busy)) };
        // Where the source has gone since, there is nothing left to compare with.
        let Some(source) = &view.source else {
            let group = self.source(Some(target), view.snapshot.as_ref()).unwrap_or(group);
            return Next::Refuse(Unrestorable::SourceGone { group }.into());
        };
        if let Some(shard) = shard::incomplete(&target.shards) {
            return Next::Wait(Wait::slow(WaitingOn::Slots(shard.id.clone())));
        }
        let differences = differences::grave(source, target);
        if !differences.is_empty() {
            return Next::Refuse(Unrestorable::NotAsWanted { group, differences }.into());
        }
        match missing_alarms(target, tags, &view.alarms) {
            Some(set) => Next::Do(RestoreStep::PutAlarms(set)),
            None => Next::Settled,
        }
    }
}

impl Restore {
    /// What of the new group is otherwise than on the source, or than it was saved, and harms nobody: it is told.
    pub fn remarks(&self, view: &RestoreView) -> Vec<Difference> {
        let Some(target) = view.target.as_ref().filter(|_| self.is_there(view)) else {
            return Vec::new();
        };
        let Some(source) = &view.source else { return Vec::new() };
        let mut found = differences::slight(source, target, view.snapshot.as_ref());
        if let (Some(wanted), Some(tags)) = (&source.tags, &target.tags) {
            found.extend(differences::of_tags(&self.tags(source, wanted), tags));
        }
        found
    }
}

/// The alarms that the members of a new group still lack.
pub(super) fn missing_alarms(
    target: &GroupView,
    tags: &Tags,
    seen: &[AlarmView],
) -> Option<AlarmSet> {
    // A topic that the source's tags misspell is told of where its alarms are kept.
    let wish = Wish::read(tags, &mut Problems::default());
    let mut set = AlarmSet::of(target, tags, wish);
    set.specs.retain(|spec| !seen.iter().any(|it| it.name == spec.name));
    (!set.specs.is_empty()).then_some(set)
}
