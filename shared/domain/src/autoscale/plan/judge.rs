//! What came of the last change, an hour after it.

use std::ops::ControlFlow::Continue;

use super::{Case, Flow, answer};
use crate::NodeType;
use crate::autoscale::change::shard_count;
use crate::autoscale::sizing::Candidate;
use crate::autoscale::watch::{self, Terms};
use crate::autoscale::{Act, Change, Judged, Question, Watch};

impl Case<'_> {
    /// Compares the hour since the last change with the hour before it. Without it, nobody hears that a change was in vain.
    pub(super) fn judge(&self) -> Flow {
        let Some(watch) = Watch::read(self.tags).filter(|it| it.is_due(self.now)) else {
            return Continue(());
        };
        let current = self.group.node_type.as_ref();
        // What cannot be sized is told where it is to be.
        let Some(entry) = current.and_then(|it| self.catalog.find(it)) else {
            return Continue(());
        };
        let loads = answer(self.view.load.as_ref(), Question::Load)?;
        let ground = self.ground(entry, loads, self.view.parameters.as_ref())?;
        let Some(to) = ground.offer.current() else { return Continue(()) };
        let mut from = match &watch.from {
            Change::NodeType(was) => self.candidate(&ground.offer.candidates, was),
            Change::Replicas(_) => None,
        }
        .unwrap_or_else(|| to.clone());
        if let Some(room) = watch.room(self.group.member_ids.iter(), &loads.days) {
            from.usable = room;
        }
        let terms = Terms { rule: &ground.rule, kind: ground.bounds.kind, from: &from, to };
        let effect = watch::compare(&watch, &ground.past.history(), &terms);
        self.act(Act::Judge(Box::new(Judged { watch, effect })))
    }

    /// A node type that the group had, whether it is offered still or not.
    fn candidate(&self, offered: &[Candidate], was: &NodeType) -> Option<Candidate> {
        let is_offered = offered.iter().find(|it| it.node_type == *was).cloned();
        is_offered.or_else(|| {
            let entry = self.catalog.find(was)?;
            let mut it = Candidate::of(entry, self.engine, DEFAULT_RESERVED)?;
            it.price *= f64::from(shard_count(self.group));
            Some(it)
        })
    }
}

/// What is kept from data where nobody says otherwise (facts 4.2).
const DEFAULT_RESERVED: f64 = 0.25;
