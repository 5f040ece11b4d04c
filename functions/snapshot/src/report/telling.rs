//! The two actions that only tell: how things stand, and what would be done.

use std::cell::RefCell;

use domain::snapshot::Refusal;
use domain::snapshot::prune::PruneStep;
use domain::snapshot::restore::Restore;
use domain::snapshot::shelf::Shelf;
use domain::snapshot::standing;
use domain::snapshot::take::Take;
use domain::{Catalog, Next, tag};
use jiff::Timestamp;
use platform::{Fault, Operation};
use serde_json::{Value, json};

use super::{End, Story};
use crate::apply::crowd::Sweep;
use crate::apply::parking;
use crate::apply::taking::{self, Wish};
use crate::event::{Job, Scope, Taking};
use crate::observe::{Depth, Ours};
use crate::{Run, observe, report};

impl Run<'_> {
    /// Tells how things stand.
    pub(crate) async fn status(&self, scope: &Scope) -> Result<Value, Fault> {
        let sweep = Sweep {
            asked: "tell the status",
            name: format!("snapshot-status-part-{}", self.unique()),
            event: Some(json!({ "action": "status" })),
        };
        let near = &self.context.invoked_function_arn;
        let mut groups = match scope {
            // One that is parked is in no list.
            Scope::One(group) => {
                observe::these(self.app, near, std::slice::from_ref(group)).await?
            }
            Scope::All | Scope::These(_) => match self.ours(&sweep, scope).await? {
                Ok(groups) => groups,
                Err(answer) => return Ok(answer),
            },
        };
        let mut parked = parking::absent(self.app, &groups, self.clock.now()).await?;
        groups.retain(|(it, _)| !parked.contains_key(it));
        match scope {
            Scope::All => {}
            Scope::These(these) => parked.retain(|it, _| these.contains(it)),
            Scope::One(group) => {
                parked.retain(|it, _| it == group);
                if groups.is_empty() && parked.is_empty() {
                    let story = Story::of(sweep.asked, group);
                    return Ok(self.close(&story, &End::Refused(Refusal::NotOurs)).await);
                }
            }
        }
        let stock = self.shelf_of(scope, &groups).await?;
        let now = self.clock.now();
        let is_many = report::are_many(&groups);
        let (mut words, mut data) = (Vec::new(), Vec::new());
        let is_carried = self.delivery.carrier.is_some();
        for (group, tags) in &groups {
            let standing = standing::of(group, tags, &stock.snapshots(group), now);
            if !is_carried {
                words.push(standing.to_string());
                let told = if is_many { report::standing_in_short } else { report::standing };
                data.push(told(&standing, now));
            }
            let mut story = Story::of("tell the status", group);
            story.result = standing.to_string();
            story.metrics.extend(report::standing_metrics(&standing, now));
            self.app.journal.write(&report::record(&story, &End::Settled), now);
        }
        let catalog = Catalog::at(&self.app.settings.prices);
        for (group, absent) in &parked {
            let (summary, told) = report::absent(group, absent, &catalog, now);
            words.push(summary.clone());
            data.push(told);
            let mut story = Story::of("tell the status", group);
            story.result = summary;
            self.app.journal.write(&report::record(&story, &End::Settled), now);
        }
        if is_carried {
            words.push(format!("{} groups, of which the journal tells", groups.len()));
        } else if words.is_empty() {
            words.push(format!("no group carries the tag {}", tag::SNAPSHOT_KEEP));
        }
        Ok(json!({ "status": "settled", "summary": words.join("\n"), "groups": data }))
    }

    /// Looks, plans and tells, for each of these jobs.
    pub(crate) async fn plan(&self, jobs: &[Job]) -> Result<Value, Fault> {
        let mut answers = Vec::new();
        for job in jobs {
            match job {
                Job::Take(taking) => self.plan_taking(taking, &mut answers).await?,
                Job::Prune(scope) => self.plan_pruning(scope, &mut answers).await?,
                Job::Promote(promote) => {
                    let operation = self.promoted(promote);
                    let end = self.planned(&operation, |it| report::promoting(&it)).await?;
                    answers.push(self.told(operation.story.into_inner(), end));
                }
                Job::Drill(drilling) => self.plan_drilling(drilling, &mut answers).await?,
                Job::Park(parking) => Box::pin(self.plan_parking(parking, &mut answers)).await?,
                Job::Unpark(unparking) => {
                    Box::pin(self.plan_unparking(unparking, &mut answers)).await?;
                }
                Job::InPlace(wish) => answers.push(self.plan_in_place(wish).await?),
                Job::BySecret(asked) => answers.push(Box::pin(self.plan_by_secret(asked)).await?),
                Job::Restore(restore) => answers.push(self.plan_restore(restore).await?),
                Job::Export(export) => {
                    let operation = self.exported(export);
                    let end = self.planned(&operation, |it| report::exporting(export, &it)).await?;
                    answers.push(self.told(operation.story.into_inner(), end));
                }
            }
        }
        let nothing = match jobs {
            [Job::Drill(_)] => report::NO_DRILLS,
            [Job::Park(_)] => report::NO_PARK,
            [Job::Unpark(_)] => report::NOTHING_PARKED,
            _ => report::NO_GROUP,
        };
        Ok(report::together(answers, nothing))
    }

    async fn plan_restore(&self, restore: &Restore) -> Result<Value, Fault> {
        let (restore, saved) = match self.unpacked(restore).await? {
            Ok(unpacked) => unpacked,
            Err(End::Refused(why)) => {
                return Ok(self.told(crate::restore_story(restore), Planned::Refuse(why)));
            }
            Err(end) => return Ok(end.answer(&crate::restore_story(restore))),
        };
        let operation = self.restored(&restore, saved);
        let end = self.planned(&operation, |it| report::restoring(&it)).await?;
        Ok(self.told(operation.story.into_inner(), end))
    }

    async fn plan_taking(&self, taking: &Taking, answers: &mut Vec<Value>) -> Result<(), Fault> {
        let tick = self.tick(taking);
        let Some(group) = taking.asks_for() else {
            return self.plan_taking_all(taking, tick, answers).await;
        };
        if let Ok(take) = taking::of(group, &taking.kind, tick) {
            answers.push(self.plan_take(&take).await?);
        }
        Ok(())
    }

    async fn plan_taking_all(
        &self,
        taking: &Taking,
        tick: Timestamp,
        answers: &mut Vec<Value>,
    ) -> Result<(), Fault> {
        let groups = match self.ours(&only_told("plan to take"), &taking.scope).await? {
            Ok(groups) => groups,
            Err(answer) => {
                answers.push(answer);
                return Ok(());
            }
        };
        let stock = self.shelf_of_tiers(taking, &groups).await?;
        for (group, tags) in &groups {
            match self.wish(taking, group, tags, &stock) {
                Wish::Nothing => {}
                Wish::NotDue(story) => answers.push(self.told(story, Planned::Nothing)),
                Wish::Refused(refusal) => {
                    let story = Story::of("take", group);
                    answers.push(self.told(story, Planned::Refuse(refusal)));
                }
                Wish::Take { kind, .. } => {
                    if let Ok(take) = taking::of(group, &kind, tick) {
                        answers.push(self.plan_take(&take).await?);
                    }
                }
            }
        }
        Ok(())
    }

    async fn plan_take(&self, take: &Take) -> Result<Value, Fault> {
        let operation = self.taken(take);
        let end = self.planned(&operation, |it| report::taking(&it)).await?;
        Ok(self.told(operation.story.into_inner(), end))
    }

    async fn plan_pruning(&self, scope: &Scope, answers: &mut Vec<Value>) -> Result<(), Fault> {
        let groups = match self.ours(&only_told("plan to prune"), scope).await? {
            Ok(groups) => groups,
            Err(answer) => {
                answers.push(answer);
                return Ok(());
            }
        };
        let stock = self.shelf_of(scope, &groups).await?;
        let stand_ins = observe::stand_ins(self.app).await?;
        for (group, tags) in &groups {
            let operation = self.pruned((&stock, &stand_ins), group, tags);
            let first = |PruneStep::Forget(name)| format!("deleted {name} first, the oldest");
            let end = self.planned(&operation, first).await?;
            answers.push(self.told(operation.story.into_inner(), end));
        }
        Ok(())
    }

    /// All that there is of these groups.
    async fn shelf_of(&self, scope: &Scope, groups: &[Ours]) -> Result<Shelf, Fault> {
        match scope {
            Scope::These(_) => observe::shelf_of_part(self.app, groups, Depth::All).await,
            Scope::All | Scope::One(_) => observe::shelf(self.app, groups).await,
        }
    }

    /// Looks and plans.
    async fn planned<O>(
        &self,
        operation: &O,
        words: impl FnOnce(O::Step) -> String,
    ) -> Result<Planned<O::Refusal>, Fault>
    where
        O: Operation,
    {
        let seen = operation.observe().await?;
        Ok(match operation.plan(&seen, self.clock.now()) {
            Next::Settled => Planned::Nothing,
            Next::Wait(wait) => Planned::Wait(format!("would wait for {}", wait.on)),
            Next::Refuse(refusal) => Planned::Refuse(refusal),
            Next::Do(step) => Planned::Step(format!("would have {}", words(step))),
        })
    }

    /// Looks, plans and tells, for one drill.
    pub(crate) async fn planned_and_told<O>(
        &self,
        operation: &O,
        story: &RefCell<Story>,
        words: impl FnOnce(O::Step) -> String,
    ) -> Result<Value, Fault>
    where
        O: Operation<Refusal = Refusal>,
    {
        let end = self.planned(operation, words).await?;
        Ok(self.told(story.take(), end))
    }

    /// The record and the answer of a plan that comes to nothing.
    pub(crate) fn told_nothing(&self, story: Story) -> Value {
        self.told(story, Planned::Nothing)
    }

    /// The record and the answer of a plan that is refused.
    pub(crate) fn told_refusal(&self, story: Story, refusal: Refusal) -> Value {
        self.told(story, Planned::Refuse(refusal))
    }

    /// Writes the record of a plan, and answers. Nobody is told: whoever asks gets the answer.
    pub(crate) fn told(&self, mut story: Story, planned: Planned<Refusal>) -> Value {
        story.asked = format!("plan: {}", story.asked);
        let end = match planned {
            Planned::Nothing => End::Settled,
            Planned::Refuse(refusal) => End::Refused(refusal),
            Planned::Wait(words) | Planned::Step(words) => {
                story.result = words;
                End::Settled
            }
        };
        self.app.journal.write(&report::record(&story, &end), self.clock.now());
        end.answer(&story)
    }
}

/// A plan is for whoever asks.
fn only_told(asked: &'static str) -> Sweep {
    Sweep { asked, name: String::new(), event: None }
}

/// What a plan comes to.
pub(crate) enum Planned<R> {
    Nothing,
    Wait(String),
    Step(String),
    Refuse(R),
}
