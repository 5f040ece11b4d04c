//! Restoring in place: another group stands in, the group goes, and comes back from a snapshot.

use std::cell::{Cell, RefCell};

use domain::snapshot::Refusal;
use domain::snapshot::in_place::{InPlace, InPlaceStep, InPlaceView, TurnedDown, Unreplaced};
use domain::snapshot::restore::Plan;
use domain::snapshot::take::ReadFrom;
use domain::{Catalog, Next, Problems, SnapshotName, Tags, Wait, WaitingOn};
use jiff::{SignedDuration, Timestamp};
use platform::{Clock, Fault, FaultKind, Operation, Outcome, converge};
use serde_json::Value;

use super::create;
use crate::event::Replacing;
use crate::report::{self, End, Planned, Story};
use crate::{App, Run, observe};

/// One group on its way from what it holds to what a snapshot holds.
pub(crate) struct Replaced<'a> {
    app: &'a App,
    wish: &'a InPlace,
    clock: Clock,
    /// What ElastiCache turned down for good in this run.
    turned_down: RefCell<Option<TurnedDown>>,
    /// What it came to, where the last step was taken and it is not what was asked for.
    why: RefCell<Option<Refusal>>,
    /// Whether the last look showed that nothing was begun, and nothing was since.
    is_untouched: Cell<bool>,
    pub(crate) story: RefCell<Story>,
}

impl Operation for Replaced<'_> {
    type Seen = InPlaceView;
    type Step = InPlaceStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<InPlaceView, Fault> {
        let mut view = observe::in_place(self.app, self.wish, self.clock.now()).await?;
        view.turned_down.clone_from(&self.turned_down.borrow());
        self.is_untouched.set(view.stand_in.is_none() && view.group.is_some());
        self.story.borrow_mut().saw_in_place(self.wish, &view);
        Ok(view)
    }

    fn plan(&self, seen: &InPlaceView, _now: Timestamp) -> Next<InPlaceStep, Refusal> {
        self.wish.plan(seen, Catalog::embedded())
    }

    async fn apply(&self, step: InPlaceStep) -> Result<(), Fault> {
        self.story.borrow_mut().does(report::in_place(&step));
        let cache = &self.app.elasticache;
        match step {
            InPlaceStep::StandIn(plan) => {
                create(self.app, *plan).await?;
                self.is_untouched.set(false);
                Ok(())
            }
            InPlaceStep::Save { name, of, tags } => {
                let refused = save(self.app, &name, &of, &tags).await?;
                self.turned_down.replace(refused);
                Ok(())
            }
            InPlaceStep::Announce { arn, tags }
            | InPlaceStep::Advance { arn, tags, .. }
            | InPlaceStep::Finish { arn, tags } => {
                self.turned_down.take();
                look_again_if_gone(cache.tag(&arn, &tags).await)
            }
            InPlaceStep::Delete(group) => cache.delete(&group).await,
            InPlaceStep::Make(plan) => self.make(*plan).await,
            InPlaceStep::PutAlarms(set) => {
                let topic = &self.app.settings.alarm_topic;
                self.app.alarms.put_of(&set, &set.specs, topic).await
            }
            InPlaceStep::Dismiss { stand_in, why } => {
                cache.delete(&stand_in).await?;
                self.why.replace(why);
                Ok(())
            }
        }
    }

    fn is_last(&self, step: &InPlaceStep) -> bool {
        matches!(step, InPlaceStep::Dismiss { .. })
    }
}

impl Replaced<'_> {
    /// What is wrong with the call stays wrong; nodes or rights that are missing may come.
    async fn make(&self, plan: Plan) -> Result<(), Fault> {
        match create(self.app, plan).await {
            Err(fault) if fault.kind == FaultKind::Rejected && fault.call == CREATE => {
                self.turned_down.replace(Some(TurnedDown::Group(fault.to_string())));
                Ok(())
            }
            made => made,
        }
    }
}

/// Takes the snapshot that is the way back. Without it nothing is taken away: what is turned down for good, and why, ends the rehearsal.
pub(super) async fn save(
    app: &App,
    name: &SnapshotName,
    of: &ReadFrom,
    tags: &Tags,
) -> Result<Option<TurnedDown>, Fault> {
    let taken = app.elasticache.take_snapshot(name, of, tags).await;
    let Err(fault) = taken else { return Ok(None) };
    if fault.kind != FaultKind::Rejected {
        return Err(fault);
    }
    let why = match of {
        ReadFrom::Member(member) if fault.code.as_deref() == Some(QUOTA) => {
            Refusal::Quota { member: member.to_string() }
        }
        ReadFrom::Member(_) | ReadFrom::Group(_) => {
            Unreplaced::NoWayBack { snapshot: name.to_string(), why: fault.to_string() }.into()
        }
    };
    Ok(Some(TurnedDown::Before(why)))
}

const QUOTA: &str = "SnapshotQuotaExceededFault";
const CREATE: &str = "CreateReplicationGroup";

/// What is to be tagged went since the look: the next one tells what became of it.
pub(super) fn look_again_if_gone(tagged: Result<(), Fault>) -> Result<(), Fault> {
    match tagged {
        Err(fault) if fault.is_gone() => Err(Fault { kind: FaultKind::Busy, ..fault }),
        tagged => tagged,
    }
}

impl Run<'_> {
    /// Restores a group in place. The state machine does it, under a name that every delivery of the event shares.
    pub(crate) async fn in_place(&self, asked: &Replacing) -> Result<Value, Fault> {
        let wish = match asked.wish(&self.unique()) {
            Ok(wish) => wish,
            Err(err) => {
                let mut problems = Problems::default();
                problems.add("group", err.to_string());
                return Ok(self.bad_event(&problems).await);
            }
        };
        if self.delivery.carrier.is_some() {
            let operation = self.replaced(&wish);
            let (why, is_untouched) = (&operation.why, &operation.is_untouched);
            let end = self.carry_on(&operation, why, is_untouched).await;
            return Ok(self.close(&operation.story.into_inner(), &end).await);
        }
        let (wish, seen) = self.first_look(wish).await?;
        let operation = self.replaced(&wish);
        operation.story.borrow_mut().saw_in_place(&wish, &seen);
        let end = match operation.plan(&seen, self.clock.now()) {
            Next::Settled => End::Settled,
            Next::Refuse(refusal) => End::Refused(refusal),
            Next::Do(_) | Next::Wait(_) => {
                let name = format!("snapshot-in-place-{}-{}", wish.said.group, self.unique());
                self.hand(&name, &Replacing::carried(&wish), 1).await
            }
        };
        Ok(self.close(&operation.story.into_inner(), &end).await)
    }

    /// Looks, and joins the one that is under way where that is from the same snapshot.
    async fn first_look(&self, wish: InPlace) -> Result<(InPlace, InPlaceView), Fault> {
        let seen = observe::in_place(self.app, &wish, self.clock.now()).await?;
        let joined = wish.clone().joined(&seen).unwrap_or_else(|_| wish.clone());
        if joined == wish {
            return Ok((wish, seen));
        }
        let seen = observe::in_place(self.app, &joined, self.clock.now()).await?;
        Ok((joined, seen))
    }

    fn replaced<'b>(&'b self, wish: &'b InPlace) -> Replaced<'b> {
        let asked = format!("restore in place from {}", wish.said.snapshot);
        Replaced {
            app: self.app,
            wish,
            clock: self.clock,
            turned_down: RefCell::default(),
            why: RefCell::default(),
            is_untouched: Cell::new(false),
            story: RefCell::new(Story::of(asked, &wish.said.group)),
        }
    }

    /// Nobody else comes back to what was begun, and the group may not be there: whatever fails is tried again, for as long as an execution
    /// may take. Only where nothing was begun does a call that fails for good end it.
    pub(super) async fn carry_on<O: Operation<Refusal = Refusal>>(
        &self,
        operation: &O,
        why: &RefCell<Option<Refusal>>,
        is_untouched: &Cell<bool>,
    ) -> End {
        let outcome = converge(operation, &self.clock, self.deadline).await;
        let fault = match (outcome, why.take()) {
            (Ok(Outcome::Settled), Some(why)) => return End::Refused(why),
            (Ok(outcome), _) => return self.end(Ok(outcome)),
            (Err(fault), _) => fault,
        };
        if is_untouched.get() && fault.kind != FaultKind::Transient {
            return End::Failed(fault);
        }
        let wait = Wait { on: WaitingOn::NextTry(fault.to_string()), recheck: NEXT_TRY };
        self.end(Ok(Outcome::Unfinished(wait)))
    }

    /// Tells what a restore in place would do.
    pub(crate) async fn plan_in_place(&self, asked: &Replacing) -> Result<Value, Fault> {
        let Ok(wish) = asked.wish(&self.unique()) else {
            return Err(Fault::strange("plan", "the group has no id for one that stands in"));
        };
        let (wish, seen) = self.first_look(wish).await?;
        let operation = self.replaced(&wish);
        operation.story.borrow_mut().saw_in_place(&wish, &seen);
        let planned = match operation.plan(&seen, self.clock.now()) {
            Next::Settled => Planned::Nothing,
            Next::Wait(wait) => Planned::Wait(format!("would wait for {}", wait.on)),
            Next::Refuse(refusal) => Planned::Refuse(refusal),
            Next::Do(step) => {
                let is_first = matches!(step, InPlaceStep::StandIn(_));
                let rest = if is_first { report::road(&wish) } else { String::new() };
                Planned::Step(format!("would have {}{rest}", report::in_place(&step)))
            }
        };
        Ok(self.told(operation.story.into_inner(), planned))
    }
}

const NEXT_TRY: SignedDuration = SignedDuration::from_mins(1);
