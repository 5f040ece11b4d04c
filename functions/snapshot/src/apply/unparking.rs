//! Mornings: groups that were parked come back.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use domain::owner::short_hash;
use domain::snapshot::park::{self, State, Unpark, UnparkStep, UnparkView};
use domain::snapshot::record::{Contents, Record};
use domain::snapshot::{Refusal, SnapshotView, crowd};
use domain::{Catalog, GroupId, GroupStatus, Next, Tags, tag};
use jiff::{SignedDuration, Timestamp};
use platform::continuation::Each;
use platform::probe::Depth;
use platform::{Clock, Fault, FaultKind, Operation, Outcome, converge};
use serde_json::{Value, json};

use super::counting::{self, Count};
use super::create;
use super::parking::{look_again_if_gone, park_snapshots, snapshot};
use crate::event::Unparking;
use crate::report::{self, End, Story};
use crate::{App, Run};

/// One group on its way back.
pub(crate) struct Unparked<'a> {
    app: &'a App,
    unpark: &'a Unpark,
    clock: Clock,
    /// When to be done with counting.
    until: Timestamp,
    /// What it came to, where the last step was taken and the group is not back.
    why: RefCell<Option<Refusal>>,
    /// The park snapshot, as it was seen last.
    snapshot: RefCell<Option<SnapshotView>>,
    is_begun: Cell<bool>,
    pub(crate) story: RefCell<Story>,
}

impl Operation for Unparked<'_> {
    type Seen = UnparkView;
    type Step = UnparkStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<UnparkView, Fault> {
        let view = Box::pin(self.look()).await?;
        let state = view.snapshot.as_ref().and_then(SnapshotView::park_state);
        self.is_begun.set(state.and_then(State::parked_at).is_some());
        self.story.borrow_mut().saw_unpark(self.unpark, &view);
        self.snapshot.replace(view.snapshot.clone());
        Ok(view)
    }

    fn plan(&self, seen: &UnparkView, now: Timestamp) -> Next<UnparkStep, Refusal> {
        self.unpark.plan(seen, now, Catalog::embedded())
    }

    async fn apply(&self, step: UnparkStep) -> Result<(), Fault> {
        self.story.borrow_mut().does(report::unparking(&step));
        let cache = &self.app.elasticache;
        match step {
            UnparkStep::Make(plan) => create(self.app, *plan).await,
            UnparkStep::PutAlarms(set) => {
                let topic = &self.app.settings.alarm_topic;
                self.app.alarms.put_of(&set, &set.specs, topic).await
            }
            UnparkStep::Finish { arn, tags } | UnparkStep::Close { arn, tags } => {
                look_again_if_gone(cache.tag(&arn, &tags).await)
            }
            UnparkStep::Bury { group, why } => {
                cache.delete(&group).await?;
                self.why.replace(Some(why));
                Ok(())
            }
        }
    }

    fn is_last(&self, step: &UnparkStep) -> bool {
        matches!(step, UnparkStep::Bury { .. })
    }
}

impl Unparked<'_> {
    async fn look(&self) -> Result<UnparkView, Fault> {
        let (app, unpark) = (self.app, self.unpark);
        let named = async {
            match &unpark.snapshot {
                Some(name) => snapshot(app, name).await,
                None => Ok(None),
            }
        };
        let (group, snapshot) = tokio::join!(app.elasticache.group_with_tags(&unpark.group), named);
        let mut view = UnparkView { group: group?, snapshot: snapshot?, ..UnparkView::default() };
        if let Some(group) = &mut view.group
            && group.status == GroupStatus::CreateFailed
        {
            // One that could not be made keeps its tags back for ever, and only the list tells them.
            let listed = app.fleet.tags(&group.arn).await?;
            group.tags = Some(listed).filter(|it| !it.is_empty());
            view.events = app.elasticache.event_texts(&unpark.group).await?;
        }
        if unpark.asks_for_alarms(&view) {
            view.alarms = app.alarms.of(&unpark.group).await?;
            view.counted = self.count(&view).await;
        }
        Ok(view)
    }

    /// What came back, to be held against the record of the snapshot. It holds up nothing.
    async fn count(&self, view: &UnparkView) -> Option<Contents> {
        let group = view.group.as_ref().filter(|_| self.app.settings.counts_keys)?;
        let record = Record::read(view.snapshot.as_ref()?.tags.as_ref()?).ok()??;
        let secret = group.tags.as_ref().and_then(|it| it.get(tag::SECRET));
        let nodes = counting::one_of_each_shard(group);
        let depth = Depth::All(Some(&record), self.until);
        let count = Count { group, secret: secret.map(String::as_str), nodes: &nodes, depth };
        count.by(self.app, self.clock).await.ok()
    }
}

impl Run<'_> {
    /// Has groups come back.
    pub(crate) async fn unpark(&self, unparking: &Unparking) -> Result<Value, Fault> {
        let Some(group) = &unparking.group else { return self.unpark_all(unparking).await };
        let unpark = self.meant_to_come_back(group, unparking).await?;
        let operation = self.unparked(&unpark);
        let end = if self.delivery.carrier.is_some() {
            let outcome = converge(&operation, &self.clock, self.deadline).await;
            if let (Err(fault), true) = (&outcome, operation.is_begun.get()) {
                self.tell_once(&operation, fault).await;
            }
            match (outcome, operation.why.take()) {
                (Ok(Outcome::Settled), Some(why)) => End::Refused(why),
                (outcome, _) => self.seen_to_its_end(outcome, operation.is_begun.get()),
            }
        } else {
            let hand = async |_: &_| {
                let name = format!("snapshot-unpark-{group}-{}", self.unique_at(unparking.time));
                self.hand(&name, &event_back(&unpark), 1).await
            };
            self.carried(&operation, &operation.story, hand).await?
        };
        Ok(self.close(&operation.story.into_inner(), &end).await)
    }

    /// Tells people once that the group does not come back by itself: they wait for it, and an execution tries for hours.
    async fn tell_once(&self, operation: &Unparked<'_>, fault: &Fault) {
        let passes = match fault.kind {
            FaultKind::Transient | FaultKind::Busy | FaultKind::NoChange | FaultKind::Taken => true,
            FaultKind::Denied | FaultKind::Rejected | FaultKind::Gone | FaultKind::NoCapacity => {
                false
            }
        };
        let (Some(carrier), Some(snapshot)) = (&self.delivery.carrier, operation.snapshot.take())
        else {
            return;
        };
        let note = format!("unpark by {}", short_hash(&carrier.execution));
        let is_told = snapshot.tags.as_ref().is_some_and(|it| it.get(tag::TOLD) == Some(&note));
        if passes || is_told {
            return;
        }
        // Noted first: who cannot note it would tell it again with every try.
        let note = Tags::from([(tag::TOLD.to_owned(), note)]);
        if let Err(fault) = self.app.elasticache.tag(&snapshot.arn, &note).await {
            tracing::warn!(%fault, snapshot = snapshot.name, "could not note that people were told");
            return;
        }
        let news = report::hindered(&operation.story.borrow(), fault);
        self.tell(&news).await;
    }

    /// Has every group come back that is parked, in one execution. One that is being parked is waited for there.
    async fn unpark_all(&self, unparking: &Unparking) -> Result<Value, Fault> {
        let all = self.to_come_back().await?;
        let mut work = Vec::new();
        for (number, unpark) in all.iter().enumerate() {
            let wait_seconds = crowd::wait_seconds(number);
            let each = Each { event: event_back(unpark), wait_seconds };
            work.push((Story::of("unpark", &unpark.group), each));
        }
        let name = format!("snapshot-unpark-all-{}", self.unique_at(unparking.time));
        let answers = self.hand_each_in_parts(&name, all.len(), work).await;
        Ok(report::together(answers, report::NOTHING_PARKED))
    }

    /// The newest park snapshot of each group that may be parked with it: one paged call. The list lags behind, so one that it says was only
    /// taken is looked at too.
    async fn to_come_back(&self) -> Result<Vec<Unpark>, Fault> {
        let mut newest: BTreeMap<GroupId, (bool, String)> = BTreeMap::new();
        for it in self.app.fleet.snapshots(tag::PARKED).await? {
            let (Some(group), Some(name)) = (it.of_group(), it.snapshot_name()) else { continue };
            let is_parked = match State::read(&it.tags) {
                Some(State::Parked(_)) => true,
                Some(State::Taken) => false,
                Some(State::Back(_) | State::Kept(_)) | None => continue,
            };
            let found = (is_parked, name.to_owned());
            if park::is_name_of(&group, name) && newest.get(&group).is_none_or(|it| *it < found) {
                newest.insert(group, found);
            }
        }
        let unpark = |(group, (_, name))| Unpark { group, snapshot: Some(name) };
        Ok(newest.into_iter().map(unpark).collect())
    }

    /// Where an event names no snapshot, the newest that the group is parked with, or else the newest of all.
    async fn meant_to_come_back(
        &self,
        group: &GroupId,
        unparking: &Unparking,
    ) -> Result<Unpark, Fault> {
        let group = group.clone();
        if unparking.snapshot.is_some() {
            return Ok(Unpark { group, snapshot: unparking.snapshot.clone() });
        }
        let found = park_snapshots(self.app, &group).await?;
        let newest = park::newest_parked(&group, &found)
            .or_else(|| found.iter().max_by(|one, two| one.name.cmp(&two.name)));
        let snapshot = newest.map(|it| it.name.clone());
        Ok(Unpark { group, snapshot })
    }

    /// Tells what coming back would do.
    pub(crate) async fn plan_unparking(
        &self,
        unparking: &Unparking,
        answers: &mut Vec<Value>,
    ) -> Result<(), Fault> {
        let all = match &unparking.group {
            Some(group) => vec![self.meant_to_come_back(group, unparking).await?],
            None => self.to_come_back().await?,
        };
        for unpark in all {
            let operation = self.unparked(&unpark);
            let words = |it| report::unparking(&it);
            answers.push(self.planned_and_told(&operation, &operation.story, words).await?);
        }
        Ok(())
    }

    fn unparked<'b>(&'b self, unpark: &'b Unpark) -> Unparked<'b> {
        let story = RefCell::new(Story::of("unpark", &unpark.group));
        let longest = self.clock.now().saturating_add(COUNT_MAX).unwrap_or(Timestamp::MAX);
        let until = self.deadline.saturating_sub(COUNT_MARGIN).unwrap_or(longest).min(longest);
        let (why, snapshot, is_begun) = (RefCell::default(), RefCell::default(), Cell::new(true));
        let clock = self.clock;
        Unparked { app: self.app, unpark, clock, until, why, snapshot, is_begun, story }
    }
}

fn event_back(unpark: &Unpark) -> Value {
    json!({ "action": "unpark", "group": unpark.group, "snapshot": unpark.snapshot })
}

/// What is left of an invocation after the count: for the marks.
const COUNT_MARGIN: SignedDuration = SignedDuration::from_secs(30);

/// Nobody waits for the count in the morning: what is seen in this time says enough.
const COUNT_MAX: SignedDuration = SignedDuration::from_mins(1);
