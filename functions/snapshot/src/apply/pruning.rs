//! Pruning: of one group or of all of them, four at once, each snapshot with one call.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use domain::snapshot::in_place::by_secret::mark::successor;
use domain::snapshot::in_place::mark::stand_in_of;
use domain::snapshot::prune::{Prune, PruneStep, PruneView, Stuck};
use domain::snapshot::shelf::Shelf;
use domain::snapshot::{Refusal, SnapshotStatus, SnapshotView, crowd};
use domain::{GroupId, Next, SnapshotName, Tags, Wait, WaitingOn};
use jiff::{SignedDuration, Timestamp};
use platform::continuation::Each;
use platform::{Clock, Fault, FaultKind, Operation, abreast, converge};
use serde_json::{Value, json};

use crate::apply::crowd::Sweep;
use crate::event::Scope;
use crate::observe::{Depth, Ours};
use crate::report::{self, End, Story};
use crate::{App, Run, observe};

/// The snapshots of one group, on their way to as many as are kept.
pub(crate) struct Pruned<'a> {
    app: &'a App,
    prune: Prune,
    /// What was there when the run began, kept up to date with what the run does.
    stock: RefCell<PruneView>,
    /// The one that was deleted last and whose state nobody told, to be looked at again.
    deleted: RefCell<Option<SnapshotName>>,
    clock: Clock,
    deadline: Timestamp,
    /// How often in a row there were too many calls.
    throttled: Cell<u32>,
    pub(crate) story: RefCell<Story>,
}

impl<'a> Pruned<'a> {
    /// Begins with what is there.
    fn new(run: &Run<'a>, prune: Prune, snapshots: Vec<SnapshotView>, in_place: bool) -> Self {
        let stock = RefCell::new(PruneView { snapshots, stuck: BTreeMap::new(), in_place });
        let story = RefCell::new(Story::of("prune", &prune.group));
        let (deleted, throttled) = (RefCell::default(), Cell::default());
        let Run { app, clock, deadline, .. } = *run;
        Self { app, prune, stock, deleted, clock, deadline, throttled, story }
    }

    /// Whether this was only one of too many calls, so that the same is worth another try in a moment. The SDK has tried four times by then.
    async fn is_waited_out(&self, fault: &Fault) -> bool {
        self.throttled.set(if fault.is_throttle() { self.throttled.get() + 1 } else { 0 });
        let is_worth_it = (1..=THROTTLES_MAX).contains(&self.throttled.get());
        if is_worth_it {
            self.clock.sleep(AFTER_THROTTLE).await;
        }
        is_worth_it
    }

    fn stuck(&self, name: &SnapshotName, why: Stuck) {
        self.stock.borrow_mut().stuck.insert(name.to_string(), why);
    }

    /// Takes in the state of one that was deleted.
    fn is_now(&self, name: &SnapshotName, status: Option<SnapshotStatus>) {
        match status {
            None => self.stock.borrow_mut().snapshots.retain(|it| it.name != name.as_str()),
            Some(SnapshotStatus::Available) => {
                self.stuck(name, Stuck::ForNow("asked for, and not gone yet".to_owned()));
            }
            Some(status) => {
                let mut stock = self.stock.borrow_mut();
                let seen = stock.snapshots.iter_mut().find(|it| it.name == name.as_str());
                if let Some(seen) = seen {
                    seen.status = status;
                }
            }
        }
    }
}

impl Operation for Pruned<'_> {
    type Seen = PruneView;
    type Step = PruneStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<PruneView, Fault> {
        let deleted = self.deleted.take();
        if let Some(name) = deleted {
            self.is_now(&name, observe::again(self.app, &name).await?);
        }
        let view = self.stock.borrow().clone();
        self.story.borrow_mut().saw_stock(&self.prune, &view);
        Ok(view)
    }

    fn plan(&self, seen: &PruneView, now: Timestamp) -> Next<PruneStep, Refusal> {
        let next = self.prune.plan(seen, now);
        // What is left goes on in another run, and this one has time to say so.
        if matches!(next, Next::Do(_)) && self.deadline <= now {
            return Next::Wait(Wait::slow(WaitingOn::Busy));
        }
        next
    }

    /// One that cannot be deleted does not stop the rest: what went wrong is kept for the plan.
    async fn apply(&self, step: PruneStep) -> Result<(), Fault> {
        let PruneStep::Forget(name) = step;
        match self.app.elasticache.delete_snapshot(&name).await {
            Ok(status) => {
                self.throttled.set(0);
                self.story.borrow_mut().does(format!("deleted {name}"));
                if status == Some(SnapshotStatus::Deleting) {
                    // ElastiCache says itself that it goes: no second call asks.
                    self.is_now(&name, status);
                } else {
                    self.deleted.replace(Some(name));
                }
            }
            Err(fault) => {
                if self.is_waited_out(&fault).await {
                    return Ok(());
                }
                let why = fault.to_string();
                let stuck = match fault.kind {
                    FaultKind::Busy | FaultKind::Transient => Stuck::ForNow(why),
                    FaultKind::Gone
                    | FaultKind::Taken
                    | FaultKind::NoChange
                    | FaultKind::NoCapacity
                    | FaultKind::Denied
                    | FaultKind::Rejected => Stuck::ForGood(why),
                };
                self.stuck(&name, stuck);
            }
        }
        Ok(())
    }
}

/// How far a run came with one group.
enum Came {
    /// To an end, which was told.
    ToAnEnd(Value),
    /// No further for now.
    SoFar(Box<Story>, Wait),
}

/// What is there of all groups, and which groups stand in for one that is restored in place.
type Seen<'a> = (&'a Shelf, &'a BTreeSet<GroupId>);

impl Run<'_> {
    /// Deletes what is beyond retention, four groups at once. What goes on then is handed on: each group by itself, and all of them together in
    /// one execution, or in few.
    pub(crate) async fn prune(&self, scope: &Scope) -> Result<Value, Fault> {
        let sweep = Sweep {
            asked: "prune",
            name: format!("snapshot-prune-part-{}", self.unique()),
            event: Some(json!({ "action": "prune" })),
        };
        let groups = match self.ours(&sweep, scope).await? {
            Ok(groups) => groups,
            Err(answer) => return Ok(answer),
        };
        let (stock, stand_ins) =
            tokio::join!(self.shelf_for_pruning(scope, &groups), observe::stand_ins(self.app));
        let (stock, stand_ins) = (stock?, stand_ins?);
        let is_many = report::are_many(&groups);
        let came = abreast(&groups, |(group, tags)| {
            Box::pin(self.prune_one((&stock, &stand_ins), group, tags, is_many))
        });
        let mut answers = Vec::new();
        let mut left = Vec::new();
        for came in came.await {
            match came {
                Came::ToAnEnd(answer) => answers.push(answer),
                Came::SoFar(story, wait) => left.push((story, wait)),
            }
        }
        match (scope, left.pop()) {
            (Scope::One(_), None) => Ok(answers.pop().unwrap_or_default()),
            (Scope::One(group), Some((story, wait))) => {
                let event = json!({ "action": "prune", "group": group });
                let name = format!("snapshot-prune-{group}-{}", self.unique());
                let end = self.carried_on(End::Unfinished(wait), &name, &event).await;
                Ok(self.close(&story, &end).await)
            }
            (Scope::All | Scope::These(_), last) => {
                left.extend(last);
                answers.extend(self.hand_pruning(scope, left).await);
                Ok(self.answer_of_many(answers, scope, report::NO_GROUP))
            }
        }
    }

    /// Where the state machine asks for one group again and again, only that is looked at; else everything at once.
    async fn shelf_for_pruning(&self, scope: &Scope, groups: &[Ours]) -> Result<Shelf, Fault> {
        match (scope, &self.delivery.carrier, groups) {
            (Scope::One(_), Some(_), [(group, _)]) => observe::shelf_of_one(self.app, group).await,
            (Scope::These(_), ..) => observe::shelf_of_part(self.app, groups, Depth::All).await,
            _ => observe::shelf(self.app, groups).await,
        }
    }

    async fn prune_one(&self, seen: Seen<'_>, group: &GroupId, tags: &Tags, is_many: bool) -> Came {
        if self.deadline <= self.clock.now() {
            let story = Box::new(Story::of("prune", group));
            return Came::SoFar(story, Wait::short(WaitingOn::Busy));
        }
        let operation = self.pruned(seen, group, tags);
        let outcome = converge(&operation, &self.clock, self.deadline).await;
        let story = operation.story.into_inner();
        let end = self.end(outcome);
        if let End::Unfinished(wait) = end {
            return Came::SoFar(Box::new(Story { evidence: Value::Null, ..story }), wait);
        }
        let answer = self.close(&story, &end).await;
        Came::ToAnEnd(if is_many { report::short(answer) } else { answer })
    }

    pub(crate) fn pruned(
        &self,
        (stock, stand_ins): Seen<'_>,
        group: &GroupId,
        tags: &Tags,
    ) -> Pruned<'_> {
        let prune = Prune { group: group.clone(), tags: tags.clone() };
        let others = [stand_in_of(group), successor(group)];
        let in_place = others.into_iter().flatten().any(|it| stand_ins.contains(&it));
        Pruned::new(self, prune, stock.snapshots(group), in_place)
    }

    /// Hands on what is left of a sweep: an execution goes on with each group.
    async fn hand_pruning(&self, scope: &Scope, left: Vec<(Box<Story>, Wait)>) -> Vec<Value> {
        let each = |number: usize, (story, wait): &(Box<Story>, Wait)| {
            let event = json!({ "action": "prune", "group": story.group });
            let wait_seconds = wait.recheck.as_secs().max(crowd::wait_seconds(number));
            Each { event, wait_seconds }
        };
        let each: Vec<_> = left.iter().enumerate().map(|(number, it)| each(number, it)).collect();
        let stories = left.into_iter().map(|it| *it.0).zip(each).collect();
        let name = format!("snapshot-prune-all-{}", self.unique());
        self.hand_each(&self.name_of_each(&name, scope), stories).await
    }
}

/// Too many calls so often in a row are no moment any more: the state machine has more time.
const THROTTLES_MAX: u32 = 5;
const AFTER_THROTTLE: SignedDuration = SignedDuration::from_secs(2);
