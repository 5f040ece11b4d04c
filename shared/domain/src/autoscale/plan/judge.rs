//! What came of the last change, an hour after it.

use std::ops::ControlFlow::Continue;

use super::size::Ground;
use super::{Case, Flow, answer};
use crate::NodeType;
use crate::autoscale::change::shard_count;
use crate::autoscale::offer::Reserve;
use crate::autoscale::past::Past;
use crate::autoscale::sizing::Candidate;
use crate::autoscale::watch::{self, Terms};
use crate::autoscale::{Act, Change, Effect, Judged, Question, Watch};
use crate::catalog::Entry;

impl Case<'_> {
    /// Compares the hour since the last change with the hour before it. Without it, nobody hears that a change was in vain.
    ///
    /// It comes behind the decision about the size: what is hot does not wait for a look back.
    pub(super) fn judge(&self) -> Flow {
        let Some(watch) = Watch::read(self.tags).filter(|it| it.is_due(self.now)) else {
            return Continue(());
        };
        let current = self.group.node_type.as_ref();
        // What cannot be sized is told where it is to be.
        let Some(entry) = current.and_then(|it| self.catalog.find(it)) else {
            return Continue(());
        };
        let is_readable = self.is_small_enough().is_continue();
        let effect = if is_readable && watch.is_there(self.group) {
            let loads = answer(self.view.load.as_ref(), Question::Load)?;
            let parameters = match self.own_parameters() {
                Some(name) => {
                    let of = Question::Parameters(name.to_owned());
                    Some(answer(self.view.parameters.as_ref(), of)?)
                }
                None => None,
            };
            self.effect(&watch, &self.ground(entry, loads, parameters)?)
        } else {
            None
        };
        self.act(Act::Judge(Box::new(Judged { watch, effect })))
    }

    fn effect(&self, watch: &Watch, ground: &Ground<'_>) -> Option<Effect> {
        let to = ground.offer.current()?;
        let was = match &watch.from {
            Change::NodeType(was) => Some((self.catalog.find(was)?, was)),
            Change::Replicas(_) => None,
        };
        let from = was.and_then(|it| self.candidate(&ground.offer.candidates, it));
        let mut from = from.unwrap_or_else(|| to.clone());
        let days = &ground.loads.days;
        if let Some(room) = watch.room(self.group.member_ids.iter(), days) {
            from.usable = room;
        }
        let terms = Terms { rule: &ground.rule, kind: ground.bounds.kind, from: &from, to };
        // How busy a host was counts by its vCPUs.
        let past = was.map(|it| Past::of(self.group, it.0, days, &ground.loads.week, self.now));
        let before = past.as_ref().unwrap_or(&ground.past).history();
        Some(watch::compare(watch, (&before, &ground.past.history()), &terms))
    }

    /// A node type that the group had, whether it is offered still or not.
    fn candidate(
        &self,
        offered: &[Candidate],
        (entry, was): (&Entry, &NodeType),
    ) -> Option<Candidate> {
        let is_offered = offered.iter().find(|it| it.node_type == *was).cloned();
        is_offered.or_else(|| {
            let mut it = Candidate::of(entry, self.engine, Reserve::DEFAULT_SHARE)?;
            it.price *= f64::from(shard_count(self.group));
            Some(it)
        })
    }
}
