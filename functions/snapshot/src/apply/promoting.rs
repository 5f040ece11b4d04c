//! Promoting: an automatic snapshot is copied to be one of ours, once.

use std::cell::RefCell;

use domain::snapshot::promote::{Promote, PromoteStep, PromoteView, Which};
use domain::snapshot::{Refusal, Tier};
use domain::{GroupId, Next};
use jiff::Timestamp;
use platform::{Fault, FaultKind, Operation};
use serde_json::{Value, json};

use crate::report::{self, End, Story};
use crate::{App, Run, observe};

/// One copy on its way.
pub(crate) struct Promoted<'a> {
    app: &'a App,
    promote: &'a Promote,
    /// What a node is called of which the snapshot was taken.
    member: RefCell<String>,
    pub(crate) story: RefCell<Story>,
}

impl Operation for Promoted<'_> {
    type Seen = PromoteView;
    type Step = PromoteStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<PromoteView, Fault> {
        let view = observe::promote(self.app, self.promote).await?;
        self.story.borrow_mut().saw_promotion(self.promote, &view);
        let source = view.source.as_ref();
        let of = source.and_then(|it| it.member.clone().or_else(|| it.group.clone()));
        self.member.replace(of.unwrap_or_default());
        Ok(view)
    }

    fn plan(&self, seen: &PromoteView, _now: Timestamp) -> Next<PromoteStep, Refusal> {
        self.promote.plan(seen)
    }

    async fn apply(&self, step: PromoteStep) -> Result<(), Fault> {
        self.story.borrow_mut().does(report::promoting(&step));
        let PromoteStep::Copy { from, name, tags } = step;
        match self.app.elasticache.copy_snapshot(&from, &name, &tags).await {
            // ElastiCache deleted it since the look; the next one says so.
            Err(fault) if fault.is_gone() => Err(Fault { kind: FaultKind::Busy, ..fault }),
            Err(fault) => {
                self.story.borrow_mut().turned_down(&fault, &self.member.borrow());
                Err(fault)
            }
            Ok(()) => Ok(()),
        }
    }
}

impl Run<'_> {
    /// Promotes a snapshot. A copy of large data takes long, so the state machine does it, under a name that every delivery of the event
    /// shares, with snapshot and tier decided: another look might find a newer one.
    pub(crate) async fn promote(&self, promote: &Promote) -> Result<Value, Fault> {
        let operation = self.promoted(promote);
        let hand = async |seen: &PromoteView| {
            self.hand_promotion(&promote.decided(seen), promote.group(seen).as_ref()).await
        };
        let end = self.carried(&operation, &operation.story, hand).await?;
        Ok(self.close(&operation.story.into_inner(), &end).await)
    }

    pub(crate) fn promoted<'b>(&'b self, promote: &'b Promote) -> Promoted<'b> {
        let story = Story { asked: promote.to_string(), ..Story::default() };
        let (member, story) = (RefCell::default(), RefCell::new(story));
        Promoted { app: self.app, promote, member, story }
    }

    async fn hand_promotion(&self, decided: &Promote, group: Option<&GroupId>) -> End {
        let tier = decided.tier.map(Tier::as_str);
        let event = match &decided.which {
            Which::This(name) => json!({ "action": "promote", "snapshot": name, "tier": tier }),
            Which::NewestOf(group) => json!({ "action": "promote", "group": group, "tier": tier }),
        };
        let group = group.map_or("unknown", |it| it.as_str());
        self.hand(&format!("snapshot-promote-{group}-{}", self.unique()), &event, 1).await
    }
}
