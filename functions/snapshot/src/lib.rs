//! `snapshot`: takes, keeps, promotes, prunes and restores snapshots, and tells how things stand.

mod apply;
mod event;
mod observe;
mod report;

use std::cell::RefCell;

use domain::owner::short_hash;
use domain::snapshot::restore::Restore;
use domain::snapshot::{Refusal, SnapshotView};
use domain::{Next, Problems};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use platform::continuation::{self, Delivery, Executions, Started};
use platform::settings::{self, SnapshotSettings};
use platform::{
    Alarms, Aws, Buckets, Clock, ClockSource, Dialler, ElastiCache, Fault, FaultKind, Fleet,
    Journal, Metrics, Operation, Outcome, Secrets, Topics, converge, telemetry,
};
use serde_json::Value;

use crate::apply::Restored;
use crate::event::{Job, Request};
use crate::report::{End, Message, Story};

/// The function: clients made once, settings read once.
#[derive(Debug)]
pub struct App {
    elasticache: ElastiCache,
    secrets: Secrets,
    alarms: Alarms,
    topics: Topics,
    fleet: Fleet,
    buckets: Buckets,
    metrics: Metrics,
    executions: Executions,
    settings: SnapshotSettings,
    clock: ClockSource,
    journal: Journal,
    dialler: Dialler,
}

impl App {
    /// Reads the environment, and starts logging.
    pub async fn from_environment() -> Result<Self, Problems> {
        telemetry::start(settings::environment);
        let settings = SnapshotSettings::read(settings::environment)?;
        let aws = Aws::from_environment().await;
        let (clock, journal) = (ClockSource::System, Journal::stdout());
        Ok(Self::new(&aws, settings, clock, journal, Dialler::network()))
    }

    /// Made of parts.
    pub fn new(
        aws: &Aws,
        settings: SnapshotSettings,
        clock: ClockSource,
        journal: Journal,
        dialler: Dialler,
    ) -> Self {
        Self {
            elasticache: ElastiCache::new(aws),
            secrets: Secrets::new(aws),
            alarms: Alarms::new(aws),
            topics: Topics::new(aws),
            fleet: Fleet::new(aws),
            buckets: Buckets::new(aws),
            metrics: Metrics::new(aws),
            executions: Executions::new(aws, settings.state_machine.clone()),
            settings,
            clock,
            journal,
            dialler,
        }
    }

    /// Answers one event.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let delivery = Delivery::open(event.payload);
        let clock = self.clock.for_event();
        let deadline = deadline(&event.context);
        let run = Run {
            app: self,
            clock,
            deadline,
            delivery,
            context: event.context,
            again: RefCell::default(),
        };
        if let Some(why) = run.delivery.gave_up() {
            return run.give_up(&why).await;
        }
        // What takes the most room is boxed: a future is moved whole.
        let answer = match event::parse(&run.delivery.event) {
            Err(problems) => Ok(run.bad_event(&problems).await),
            Ok(Request::Do(Job::Take(taking))) => Box::pin(run.take(&taking)).await,
            Ok(Request::Do(Job::Promote(promote))) => Box::pin(run.promote(&promote)).await,
            Ok(Request::Do(Job::Prune(scope))) => Box::pin(run.prune(&scope)).await,
            Ok(Request::Do(Job::InPlace(wish))) => Box::pin(run.in_place(&wish)).await,
            Ok(Request::Do(Job::BySecret(asked))) => Box::pin(run.by_secret(&asked)).await,
            Ok(Request::Do(Job::Restore(restore))) => Box::pin(run.restore(&restore)).await,
            Ok(Request::Do(Job::Export(export))) => Box::pin(run.export(&export)).await,
            Ok(Request::Do(Job::Drill(drilling))) => Box::pin(run.drill(&drilling)).await,
            Ok(Request::Do(Job::Park(parking))) => Box::pin(run.park(&parking)).await,
            Ok(Request::Do(Job::Unpark(unparking))) => Box::pin(run.unpark(&unparking)).await,
            Ok(Request::Sweep) => run.sweep().await,
            Ok(Request::Status(scope)) => run.status(&scope).await,
            Ok(Request::Plan(jobs)) => Box::pin(run.plan(&jobs)).await,
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(fault) => run.failed("look around", fault).await,
        };
        // What failed for now is delivered again; what was done meanwhile is found done.
        match run.again.take() {
            Some(fault) => Err(retry(&fault)),
            None => Ok(answer),
        }
    }
}

/// The work on one event.
struct Run<'a> {
    app: &'a App,
    clock: Clock,
    deadline: Timestamp,
    delivery: Delivery,
    context: Context,
    /// A call that failed for now, which makes it worth while to deliver the event again.
    again: RefCell<Option<Fault>>,
}

impl Run<'_> {
    /// Makes a new group of a snapshot.
    async fn restore(&self, restore: &Restore) -> Result<Value, Fault> {
        let (restore, saved) = match self.unpacked(restore).await? {
            Ok(unpacked) => unpacked,
            Err(end) => return Ok(self.close(&restore_story(restore), &end).await),
        };
        let operation = self.restored(&restore, saved);
        let outcome = converge(&operation, &self.clock, self.deadline).await;
        let name = format!("snapshot-restore-{}-{}", restore.target, self.unique());
        let end = self.carried_on(self.end(outcome), &name, &self.delivery.event).await;
        Ok(self.close(&operation.story.into_inner(), &end).await)
    }

    fn restored<'b>(&'b self, restore: &'b Restore, saved: Option<SnapshotView>) -> Restored<'b> {
        let story = RefCell::new(restore_story(restore));
        Restored { app: self.app, restore, saved, story }
    }

    /// Has the state machine do what takes long, and does it where that asks. A person is told at once what speaks against it.
    async fn carried<O: Operation<Refusal = Refusal>>(
        &self,
        operation: &O,
        story: &RefCell<Story>,
        hand: impl AsyncFnOnce(&O::Seen) -> End,
    ) -> Result<End, Fault> {
        if self.delivery.carrier.is_some() {
            let outcome = converge(operation, &self.clock, self.deadline).await;
            let means = story.borrow_mut().means.take();
            return Ok(match (outcome, means) {
                (Err(_), Some(refusal)) => End::Refused(refusal),
                (outcome, _) => self.end(outcome),
            });
        }
        let seen = operation.observe().await?;
        Ok(match operation.plan(&seen, self.clock.now()) {
            Next::Settled => End::Settled,
            Next::Refuse(refusal) => End::Refused(refusal),
            Next::Do(_) | Next::Wait(_) => hand(&seen).await,
        })
    }

    /// Has the state machine go on with what is not finished, unless it is the one that asks.
    async fn carried_on(&self, end: End, name: &str, event: &Value) -> End {
        match (&end, &self.delivery.carrier) {
            (End::Unfinished(wait), None) => {
                self.hand(name, event, wait.recheck.as_secs().max(1)).await
            }
            _ => end,
        }
    }

    async fn hand(&self, name: &str, event: &Value, wait_seconds: i64) -> End {
        let function = &self.context.invoked_function_arn;
        match self.app.executions.start(name, function, event, wait_seconds).await {
            Ok(Started::Now) => End::Handed(name.to_owned()),
            Ok(Started::Before) => End::Before(name.to_owned()),
            Err(fault) => ended_by(fault),
        }
    }

    fn end(&self, outcome: Result<Outcome<Refusal>, Fault>) -> End {
        match outcome {
            Ok(Outcome::Settled) => End::Settled,
            Ok(Outcome::Refused(refusal)) => End::Refused(refusal),
            Ok(Outcome::Unfinished(wait)) if self.is_too_old() => End::TooLong(wait),
            Ok(Outcome::Unfinished(wait)) => End::Unfinished(wait),
            Err(fault) => ended_by(fault),
        }
    }

    /// Writes the record, tells people what they have to know, and answers.
    async fn close(&self, story: &Story, end: &End) -> Value {
        self.app.journal.write(&report::record(story, end), self.clock.now());
        if let End::Again(fault) = end {
            self.again.replace(Some(fault.clone()));
        }
        if let Some(news) = report::news(story, end) {
            self.tell(&news).await;
        }
        end.answer(story)
    }

    async fn tell(&self, message: &Message) {
        if let Err(fault) = apply::tell(self.app, message).await {
            self.again.replace(Some(fault));
        }
    }

    async fn bad_event(&self, problems: &Problems) -> Value {
        self.app.journal.write(&report::bad_event(problems), self.clock.now());
        self.tell(&report::bad_event_news(problems)).await;
        continuation::ended("refused", &problems.to_string())
    }

    /// Something failed for all groups together.
    async fn failed(&self, asked: &str, fault: Fault) -> Value {
        let why = fault.to_string();
        self.app.journal.write(&report::failed(asked, &why), self.clock.now());
        if fault.kind == FaultKind::Transient {
            self.again.replace(Some(fault));
        } else {
            self.tell(&report::failed_news(asked, &why)).await;
        }
        continuation::ended("failed", &why)
    }

    async fn give_up(&self, why: &str) -> Result<Value, Diagnostic> {
        let asked = report::gave_up(&self.delivery.event);
        let mut record = report::failed(&asked, why);
        record.metrics = report::gave_up_metrics(&self.delivery.event);
        self.app.journal.write(&record, self.clock.now());
        self.tell(&report::failed_news(&asked, why)).await;
        match self.again.take() {
            Some(fault) => Err(retry(&fault)),
            None => Ok(continuation::ended("failed", why)),
        }
    }

    /// What every delivery of the same event shares: Lambda's own id of it.
    fn unique(&self) -> String {
        short_hash(&self.context.request_id)
    }

    fn is_too_old(&self) -> bool {
        let started = self.delivery.carrier.as_ref().map(|it| it.started_at);
        let until = started.and_then(|it| it.saturating_add(CARRIED_FOR_MAX).ok());
        until.is_some_and(|it| it < self.clock.now())
    }
}

fn restore_story(restore: &Restore) -> Story {
    Story::of(format!("restore from {}", restore.snapshot), &restore.target)
}

/// How a run ends by a call that failed.
fn ended_by(fault: Fault) -> End {
    match fault.kind {
        FaultKind::Transient => End::Again(fault),
        FaultKind::Busy
        | FaultKind::Gone
        | FaultKind::Taken
        | FaultKind::NoChange
        | FaultKind::NoCapacity
        | FaultKind::Denied
        | FaultKind::Rejected => End::Failed(fault),
    }
}

fn retry(fault: &Fault) -> Diagnostic {
    Diagnostic { error_type: "Unfinished".to_owned(), error_message: fault.to_string() }
}

/// When to stop: some seconds before Lambda does, for the record and the hand-over. Without a deadline, never.
fn deadline(context: &Context) -> Timestamp {
    match i64::try_from(context.deadline) {
        Ok(0) | Err(_) => Timestamp::MAX,
        Ok(millisecond) => Timestamp::from_millisecond(millisecond)
            .and_then(|it| it.saturating_sub(DEADLINE_MARGIN))
            .unwrap_or(Timestamp::MAX),
    }
}

const DEADLINE_MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// An event is carried on for this long at most: a group may be changed for forty minutes before its snapshot can begin, and large
/// data are written for hours. Less than the state machine's own limit, at which an execution ends without a word.
const CARRIED_FOR_MAX: SignedDuration = SignedDuration::from_mins(5 * 60 + 45);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_gives_up_before_the_state_machine_does() {
        let template = include_str!("../../../template.yaml");
        let (_, rest) = template.split_once("TimeoutSeconds: ").unwrap();
        let limit: i64 = rest.split_whitespace().next().unwrap().parse().unwrap();
        // The last look of an execution may come as late as its longest wait.
        assert!(CARRIED_FOR_MAX + SignedDuration::from_mins(10) < SignedDuration::from_secs(limit));
    }
}
