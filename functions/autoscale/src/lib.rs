//! `autoscale`: changes node type and replica count of a group to what its load asks for, inside the operator's bounds.

mod apply;
mod event;
mod observe;
mod report;

use std::borrow::Cow;
use std::cell::RefCell;

use domain::autoscale::{LoadView, Mode, Policy, Refusal, Step, Verdict, decide};
use domain::owner::short_hash;
use domain::{Catalog, GroupId, Next, Problems, Wait, tag};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use platform::continuation::{self, Delivery, Executions};
use platform::fleet::Tagged;
use platform::settings::{self, AutoscaleSettings};
use platform::{
    Alarms, Aws, Clock, ClockSource, ElastiCache, Fault, FaultKind, Fleet, Journal, Metrics,
    Operation, Outcome, ScalableTargets, Topics, abreast, converge, telemetry,
};
use serde_json::{Value, json};

use crate::event::{Cause, Look, Request, Subject};
use crate::report::{End, Story};

/// The function: clients made once, settings read once.
#[derive(Debug)]
pub struct App {
    elasticache: ElastiCache,
    metrics: Metrics,
    alarms: Alarms,
    topics: Topics,
    targets: ScalableTargets,
    fleet: Fleet,
    executions: Executions,
    settings: AutoscaleSettings,
    clock: ClockSource,
    journal: Journal,
}

impl App {
    /// Reads the environment, and starts logging.
    pub async fn from_environment() -> Result<Self, Problems> {
        telemetry::start(settings::environment);
        let settings = AutoscaleSettings::read(settings::environment)?;
        let aws = Aws::from_environment().await;
        Ok(Self::new(&aws, settings, ClockSource::System, Journal::stdout()))
    }

    /// Made of parts.
    pub fn new(
        aws: &Aws,
        settings: AutoscaleSettings,
        clock: ClockSource,
        journal: Journal,
    ) -> Self {
        Self {
            elasticache: ElastiCache::new(aws),
            metrics: Metrics::new(aws),
            alarms: Alarms::new(aws),
            topics: Topics::new(aws),
            targets: ScalableTargets::new(aws),
            fleet: Fleet::new(aws),
            executions: Executions::new(aws, settings.state_machine.clone()),
            settings,
            clock,
            journal,
        }
    }

    /// The catalog at the prices of this region, as far as the operator states them.
    fn catalog(&self) -> Cow<'static, Catalog> {
        Catalog::at(&self.settings.prices)
    }

    /// Answers one event.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let delivery = Delivery::open(event.payload);
        let request = event::parse(&delivery.event);
        let clock = self.clock.for_event();
        let run = Run {
            app: self,
            clock,
            deadline: deadline(&event.context),
            delivery,
            context: event.context,
        };
        if let Some(why) = run.delivery.gave_up() {
            return run.give_up(&why).await;
        }
        match request {
            Request::Look { looks, ignored } => {
                // Once: what the state machine carries was told when it came.
                for it in ignored.iter().filter(|_| run.delivery.carrier.is_none()) {
                    self.journal.write(&report::left_alone(it), run.clock.now());
                }
                let nothing = ignored.first().map_or("nothing to look at", |it| it.why.as_str());
                run.look_at(looks, nothing).await
            }
            Request::LookAround => run.look_around().await,
            Request::Plan(group) => run.plan(group).await,
            Request::Backtest { group, days } => run.backtest(&group, days).await,
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
}

impl Run<'_> {
    /// Looks at the groups that an event names, and has the state machine go on where that is not enough.
    async fn look_at(&self, looks: Vec<Look>, nothing: &str) -> Result<Value, Diagnostic> {
        let mut answer = continuation::ended("refused", nothing);
        let mut goes_on: Option<Wait> = None;
        for look in &looks {
            let (story, end) = self.look(look).await;
            match end {
                End::Again(fault) => return Err(again(&fault)),
                End::Unfinished(wait) => {
                    goes_on = goes_on.filter(|it| it.recheck <= wait.recheck).or(Some(wait));
                }
                End::Settled | End::Refused(_) | End::TooLong(_) | End::Failed(_) => {
                    answer = continuation::ended(end.status(), &end.summary(&story));
                }
            }
        }
        let Some(wait) = goes_on else { return Ok(answer) };
        if self.delivery.carrier.is_none() {
            self.carry_on(&self.execution_name(&looks), &self.delivery.event, &wait).await?;
        }
        Ok(continuation::unfinished(&wait))
    }

    /// Looks at every group with a policy that may be acted on, and at the alarms of all. What is begun here is carried on group by group.
    async fn look_around(&self) -> Result<Value, Diagnostic> {
        let found = match self.app.fleet.groups(tag::AUTOSCALE).await {
            Ok(found) => found,
            Err(fault) => return self.cannot("look around", &fault),
        };
        let mut groups: Vec<GroupId> =
            found.iter().filter(|it| is_on(&it.tags)).filter_map(Tagged::group_id).collect();
        self.begin_elsewhere(&mut groups);
        let (mut seen, mut begun, mut later) = (0, 0, 0);
        let mut retry = None;
        let until = self.looks_until();
        for came in abreast(&groups, |it| Box::pin(self.look_in_passing(it, until))).await {
            match came {
                Came::NotYet => later += 1,
                Came::Seen => seen += 1,
                Came::Begun => (seen, begun) = (seen + 1, begun + 1),
                Came::Again(again) => (seen, retry) = (seen + 1, Some(again)),
            }
        }
        let kept = self.keep_alarms(&found).await;
        // What failed for now has to come again, whatever else failed for good.
        match (retry.or(kept.again.as_ref().map(again)), kept.failed) {
            (Some(unfinished), _) => Err(unfinished),
            (None, Some(fault)) => Ok(continuation::ended("failed", &fault.to_string())),
            (None, None) => Ok(continuation::ended(
                "settled",
                &format!(
                    "looked at {seen} groups, {begun} go on, {} are left for the next time; put {} alarms right, deleted {} that watched nobody; deleted {} alarms of groups that are gone",
                    kept.later.max(later),
                    kept.put,
                    kept.deleted,
                    kept.cleared
                ),
            )),
        }
    }

    /// Looks at one group of a round, if there is time for it. What is begun is carried on by itself.
    async fn look_in_passing(&self, group: &GroupId, until: Timestamp) -> Came {
        if until <= self.clock.now() {
            return Came::NotYet;
        }
        let look = Look { subject: Subject::Group(group.clone()), cause: Cause::Asked };
        match self.look(&look).await {
            (_, End::Again(fault)) => Came::Again(again(&fault)),
            // Where we only wait for somebody else, the next round of the schedule is soon enough.
            (story, End::Unfinished(wait)) if !story.done.is_empty() => {
                let event = json!({ "action": "evaluate", "group": group });
                let carried = self.carry_on(&self.execution_name(&[look]), &event, &wait).await;
                carried.map_or_else(Came::Again, |()| Came::Begun)
            }
            (
                _,
                End::Unfinished(_)
                | End::Settled
                | End::Refused(_)
                | End::TooLong(_)
                | End::Failed(_),
            ) => Came::Seen,
        }
    }

    /// Has a round begin with other groups than the last one: where there are more than a round has time for, none is left out for good.
    pub(crate) fn begin_elsewhere(&self, groups: &mut [GroupId]) {
        groups.rotate_left(first_of(groups.len(), self.clock.now()));
    }

    /// Until when groups are looked at: the rest of a round is for their alarms.
    fn looks_until(&self) -> Timestamp {
        let now = self.clock.now();
        let share = self.deadline.duration_since(now) / 4 * 3;
        now.saturating_add(share).unwrap_or(self.deadline)
    }

    /// What a call that failed outside of any group's run comes to: the event again, or a record and the schedule's next round.
    fn cannot(&self, asked: &str, fault: &Fault) -> Result<Value, Diagnostic> {
        if fault.kind == FaultKind::Transient {
            return Err(again(fault));
        }
        self.app.journal.write(&report::failed(asked, &fault.to_string()), self.clock.now());
        Ok(continuation::ended("failed", &fault.to_string()))
    }

    /// Tells what would be done about a group, and does nothing.
    async fn plan(&self, group: GroupId) -> Result<Value, Diagnostic> {
        let look = Look { subject: Subject::Group(group), cause: Cause::Asked };
        let now = self.clock.now();
        let mut story = Story::default();
        let mut view = LoadView::default();
        let seen = observe::look(self.app, &look.subject, now, &mut view).await;
        if seen.is_ok() || view.group.is_some() {
            story.saw(&self.app.catalog(), &view, now);
        }
        match seen {
            Ok(()) => {}
            Err(fault) if fault.kind == FaultKind::Transient => return Err(again(&fault)),
            Err(fault) => return Ok(self.close(&look, &story, &End::Failed(fault))),
        }
        let catalog = self.app.catalog();
        let end = match planned(&catalog, &view, now) {
            Next::Settled => End::Settled,
            Next::Wait(wait) => End::Unfinished(wait),
            Next::Refuse(refusal) => End::Refused(refusal),
            Next::Do(step) => {
                story.done.push(report::planned(&catalog, &view, &step.act));
                End::Settled
            }
        };
        self.app.journal.write(&report::record(&look, &story, &end), now);
        Ok(
            json!({ "status": "settled", "summary": end.summary(&story), "saw": story.saw, "evidence": story.evidence }),
        )
    }

    /// Brings one group to its size, as far as that goes now.
    async fn look(&self, look: &Look) -> (Story, End) {
        let scaling = Scaling {
            app: self.app,
            subject: &look.subject,
            clock: self.clock,
            story: RefCell::default(),
        };
        let outcome = converge(&scaling, &self.clock, self.deadline).await;
        let story = scaling.story.into_inner();
        let end = match outcome {
            Ok(Outcome::Settled) => End::Settled,
            Ok(Outcome::Refused(refusal)) => End::Refused(refusal),
            Ok(Outcome::Unfinished(wait)) if self.is_too_old() => End::TooLong(wait),
            Ok(Outcome::Unfinished(wait)) => End::Unfinished(wait),
            Err(fault) if fault.is_gone() => End::Refused(Refusal::Gone),
            Err(fault) if fault.kind == FaultKind::Transient => End::Again(fault),
            Err(fault) => End::Failed(fault),
        };
        self.close(look, &story, &end);
        let told = self.tell_if_news(look, &story, &end).await;
        (story, told.map_or_else(End::Again, |()| end))
    }

    fn close(&self, look: &Look, story: &Story, end: &End) -> Value {
        self.app.journal.write(&report::record(look, story, end), self.clock.now());
        continuation::ended(end.status(), &end.summary(story))
    }

    async fn carry_on(&self, name: &str, event: &Value, wait: &Wait) -> Result<(), Diagnostic> {
        let function = &self.context.invoked_function_arn;
        let started =
            self.app.executions.start(name, function, event, wait.recheck.as_secs().max(1)).await;
        match started {
            Ok(_) => Ok(()),
            Err(fault) => {
                let record = report::failed("carry on", &fault.to_string());
                self.app.journal.write(&record, self.clock.now());
                // The event comes again; what was begun is written on the group, and is gone on with from there.
                Err(again(&fault))
            }
        }
    }

    /// The name of the execution that carries these looks on: the same for every delivery of the same event.
    fn execution_name(&self, looks: &[Look]) -> String {
        let parts: Vec<String> = looks
            .iter()
            .map(|look| match &look.cause {
                Cause::Alarm { transition, .. } => transition.clone(),
                Cause::Asked => format!("{} {}", look.subject, self.context.request_id),
            })
            .collect();
        format!("autoscale-{}", short_hash(&parts.join(" ")))
    }

    fn is_too_old(&self) -> bool {
        let started = self.delivery.carrier.as_ref().map(|it| it.started_at);
        started
            .and_then(|it| it.saturating_add(CARRIED_FOR_MAX).ok())
            .is_some_and(|it| it < self.clock.now())
    }

    async fn give_up(&self, why: &str) -> Result<Value, Diagnostic> {
        self.app.journal.write(&report::failed("a carried event", why), self.clock.now());
        match apply::tell(self.app, &report::gave_up(why)).await {
            Ok(()) => Ok(continuation::ended("failed", why)),
            Err(fault) => Err(again(&fault)),
        }
    }
}

/// What came of one group of a round.
enum Came {
    /// There was no time for it.
    NotYet,
    /// It was looked at.
    Seen,
    /// Something was begun.
    Begun,
    /// A call failed for now.
    Again(Diagnostic),
}

/// With which of so many a round begins at this time. It jumps about, so that it has nothing in common with how far rounds are apart.
fn first_of(count: usize, now: Timestamp) -> usize {
    const FIBONACCI: u64 = 0x9E37_79B9_7F4A_7C15;
    let minute = now.as_second().div_euclid(60).unsigned_abs();
    let mixed = usize::try_from(minute.wrapping_mul(FIBONACCI) >> 33).unwrap_or_default();
    mixed.checked_rem(count).unwrap_or_default()
}

/// One group on its way to its size.
struct Scaling<'a> {
    app: &'a App,
    subject: &'a Subject,
    clock: Clock,
    story: RefCell<Story>,
}

impl Operation for Scaling<'_> {
    type Seen = LoadView;
    type Step = Step;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<LoadView, Fault> {
        let now = self.clock.now();
        let mut view = LoadView::default();
        let seen = observe::look(self.app, self.subject, now, &mut view).await;
        if seen.is_ok() || view.group.is_some() {
            self.story.borrow_mut().saw(&self.app.catalog(), &view, now);
        }
        seen.map(|()| view)
    }

    fn plan(&self, seen: &LoadView, now: Timestamp) -> Next<Step, Refusal> {
        planned(&self.app.catalog(), seen, now)
    }

    async fn apply(&self, step: Step) -> Result<(), Fault> {
        self.story.borrow_mut().does(&step.act);
        apply::take(self.app, &step, self.clock.now()).await
    }
}

fn planned(catalog: &Catalog, view: &LoadView, now: Timestamp) -> Next<Step, Refusal> {
    match decide(catalog, view, now) {
        Verdict::Plan(next) => next,
        Verdict::Ask(question) => Next::Refuse(Refusal::Unanswered(question)),
    }
}

/// Whether a policy lets anything be done. One that cannot be read is looked at, so that it is told.
fn is_on(tags: &domain::Tags) -> bool {
    !matches!(Policy::read(tags, Catalog::embedded()), Ok(Some(Policy { mode: Mode::Off, .. })))
}

fn again(fault: &Fault) -> Diagnostic {
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

const DEADLINE_MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// An event is carried on for this long at most. Changes take up to forty minutes; one that takes hours needs a person, or has very many shards: the
/// schedule sees it to its end.
const CARRIED_FOR_MAX: SignedDuration = SignedDuration::from_hours(3);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn whatever_the_schedule_each_group_is_the_first_of_some_round() {
        for (count, minutes) in [(1, 15), (15, 15), (60, 5), (100, 60), (0, 15)] {
            let at = |it: i64| Timestamp::from_second((29_500_000 + it * minutes) * 60).unwrap();
            let firsts: BTreeSet<usize> = (0..5000).map(|it| first_of(count, at(it))).collect();
            assert_eq!(firsts.len(), count.max(1), "{count} groups, every {minutes} minutes");
        }
    }
}
