//! The snapshot that is the way back: what the group held before its clients meet another one.

use crate::snapshot::take::{self, ReadFrom};
use crate::snapshot::{Refusal, owner};
use crate::{GroupView, Next, SnapshotName, Tags, Wait, tag};

use super::{InPlace, InPlaceView, TurnedDown};

/// A snapshot that is to be taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Save {
    pub(super) name: SnapshotName,
    pub(super) of: ReadFrom,
    pub(super) tags: Tags,
}

impl InPlace {
    /// What is done until the keys of the group are in a snapshot that was seen to be whole; nothing, where they are.
    pub(super) fn unsaved(
        &self,
        group: &GroupView,
        tags: &Tags,
        view: &InPlaceView,
    ) -> Option<Next<Save, Refusal>> {
        if let Some(TurnedDown::Before(why)) = &view.turned_down {
            return Some(Next::Refuse(why.clone()));
        }
        if let Some(before) = &view.before {
            return match take::follow(&group.id, before, &view.events) {
                Next::Settled => None,
                next @ (Next::Do(_) | Next::Wait(_) | Next::Refuse(_)) => Some(next),
            };
        }
        // One that failed may be gone without a trace; the next one would fail likewise, and each counts (facts 5.2).
        let failed = |it: &&String| it.contains(self.before.as_str()) && it.contains("failed");
        let events: Vec<_> = view.events.iter().filter(failed).cloned().collect();
        if !events.is_empty() {
            let snapshot = self.before.to_string();
            return Some(Next::Refuse(Refusal::Vanished { snapshot, events }));
        }
        Some(match take::source(group, &view.lags) {
            Ok(of) => {
                let tags = self.before_tags(group, tags);
                Next::Do(Save { name: self.before.clone(), of, tags })
            }
            Err(on) => Next::Wait(Wait::slow(on)),
        })
    }

    /// The tags of the snapshot that is the way back. It is none of the tiers, and stays until a person deletes it.
    fn before_tags(&self, group: &GroupView, tags: &Tags) -> Tags {
        let said = [
            (tag::OWNER, owner(&group.id, tags)),
            (tag::GROUP, group.id.to_string()),
            (tag::IN_PLACE, format!("before {} by {}", self.said.snapshot, self.said.request)),
        ];
        said.map(|(key, value)| (key.to_owned(), value)).into()
    }
}
