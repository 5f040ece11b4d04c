//! `rotate`: changes the AUTH token of a group without one failed login, and later revokes the old one.
//!
//! Secrets Manager calls four times for a rotation, and starts over with the same version whenever a call fails. A schedule calls the
//! sweep, which closes what a rotation leaves open on purpose, and goes on where Secrets Manager gave up.

mod apply;
mod event;
mod observe;
mod report;

use std::cell::RefCell;

use domain::rotate::{
    Refusal, RotationView, Stage, Standing, Step, SweepStep, VersionId, plan, plan_sweep, rehearse,
    resume, standing,
};
use domain::{Arn, Next, Problems, tag};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use platform::fleet::Tagged;
use platform::settings::{RotateSettings, environment};
use platform::{
    Aws, Clock, ClockSource, Dialler, ElastiCache, Fault, Fleet, Journal, Operation, Outcome,
    Secrets, Topics, abreast, converge, telemetry,
};
use serde_json::Value;

use crate::event::{Request, Subject, Turn};
use crate::observe::Known;
use crate::report::{Told, Witness, person};

/// The function: everything that lives longer than an event.
pub struct App {
    secrets: Secrets,
    elasticache: ElastiCache,
    fleet: Fleet,
    topics: Topics,
    topic: Option<Arn>,
    dialler: Dialler,
    clock: ClockSource,
    journal: Journal,
}

impl App {
    /// The function as Lambda starts it. Bad settings end the start, with every mistake named.
    pub async fn from_environment() -> Result<Self, Problems> {
        telemetry::start(environment);
        let settings = RotateSettings::read(environment)?;
        let aws = Aws::from_environment().await;
        Ok(Self::new(&aws, settings, ClockSource::System, Journal::stdout(), Dialler::network()))
    }

    /// The function over any AWS, clock, journal and nodes.
    pub fn new(
        aws: &Aws,
        settings: RotateSettings,
        clock: ClockSource,
        journal: Journal,
        dialler: Dialler,
    ) -> Self {
        Self {
            secrets: Secrets::new(aws),
            elasticache: ElastiCache::new(aws),
            fleet: Fleet::new(aws),
            topics: Topics::new(aws),
            topic: settings.topic,
            dialler,
            clock,
            journal,
        }
    }

    /// Answers one event. Secrets Manager takes any answer but an error for "go on".
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let clock = self.clock.for_event();
        let deadline = deadline(&event.context, clock.now());
        match event::parse(&event.payload) {
            Ok(Request::Turn(turn)) => self.turn(&turn, plan, clock, deadline).await.answer(),
            Ok(Request::Sweep) => self.sweep(clock, deadline).await,
            Ok(Request::Status(subject)) => self.look(&subject, false, clock, deadline).await,
            Ok(Request::Plan(subject)) => self.look(&subject, true, clock, deadline).await,
            Ok(Request::Rotate(subject)) => {
                self.begin(&subject, &event.context.request_id, clock).await
            }
            Err(problems) => Err(report::not_understood(self, &problems, clock.now())),
        }
    }

    /// Takes one step of a rotation, as far as it is ready.
    async fn turn(&self, turn: &Turn, decide: Decide, clock: Clock, deadline: Timestamp) -> Told {
        let operation = Turning {
            app: self,
            turn,
            decide,
            clock,
            known: Known::default(),
            witness: Witness::default(),
        };
        // Boxed, as the calls of four SDK clients make it a large future.
        let ended = Box::pin(converge(&operation, &clock, deadline)).await;
        report::turn(self, turn, ended, operation.witness, clock.now()).await
    }

    /// Looks at every secret of ours, and closes what is to be closed. One that is broken does not stop the others.
    async fn sweep(&self, clock: Clock, deadline: Timestamp) -> Result<Value, Diagnostic> {
        let mut found = match self.secrets_of_ours().await {
            Ok(found) => found,
            Err(fault) => return report::no_list(self, &fault, clock.now()),
        };
        let first = scattered(clock.now()).checked_rem(found.len()).unwrap_or_default();
        found.rotate_left(first);
        // Nobody is waited for before everybody was looked at.
        let looked = abreast(&found, async |secret| {
            if deadline <= clock.now() {
                None
            } else {
                Some(self.close(&secret.arn, clock, Timestamp::MIN).await)
            }
        })
        .await;
        let looked: Vec<_> = found.iter().zip(looked).collect();
        let lines = abreast(&looked, async |(secret, swept)| match swept {
            Some(swept) if swept.told.waits => {
                self.wait_for(&secret.arn, swept, clock, deadline).await
            }
            Some(swept) => swept.told.line(&secret.arn),
            None => report::left_for_later(&secret.arn),
        })
        .await;
        Ok(report::swept(&lines))
    }

    /// Goes on with a secret whose change is nearly done, for as long as there is time.
    async fn wait_for(
        &self,
        secret: &Arn,
        swept: &Swept,
        clock: Clock,
        deadline: Timestamp,
    ) -> String {
        if deadline <= clock.now() {
            return swept.told.line(secret);
        }
        let told = match &swept.rotation {
            Some(version) => self.go_on(secret, version, clock, deadline).await,
            None => self.close(secret, clock, deadline).await.told,
        };
        told.line(secret)
    }

    /// Every secret that holds a token or a password, by its ARN.
    async fn secrets_of_ours(&self) -> Result<Vec<Tagged>, Fault> {
        let (tokens, passwords) =
            tokio::join!(self.fleet.secrets(tag::GROUP), self.fleet.secrets(tag::USER));
        let mut found = [tokens?, passwords?].concat();
        found.sort_by(|one, other| one.arn.cmp(&other.arn));
        found.dedup_by(|one, other| one.arn == other.arn);
        Ok(found)
    }

    /// Tells a person how it stands with these secrets, and on a plan what would be done.
    async fn look(
        &self,
        subject: &Subject,
        is_plan: bool,
        clock: Clock,
        deadline: Timestamp,
    ) -> Result<Value, Diagnostic> {
        let found = match self.secrets_of_ours().await {
            Ok(found) => found,
            Err(fault) => return report::no_list(self, &fault, clock.now()),
        };
        let wanted: Vec<_> = found.iter().filter(|it| subject.is(it)).map(|it| &it.arn).collect();
        if wanted.is_empty() && *subject != Subject::All {
            return Ok(person::nobody(subject));
        }
        let told = abreast(&wanted, async |secret| {
            let left = deadline.duration_since(clock.now());
            let look = clock.limit(left, Box::pin(observe::whole(self, secret, clock)));
            let seen = look.await;
            (*secret, seen.map(|it| person::of_one(secret, it, is_plan, clock.now())))
        })
        .await;
        Ok(person::of_all(told))
    }

    /// Has Secrets Manager rotate one secret now, unless it is plain that this would come to nothing. The version is named after the
    /// event, so that the same event twice begins one rotation.
    async fn begin(
        &self,
        subject: &Subject,
        event: &str,
        clock: Clock,
    ) -> Result<Value, Diagnostic> {
        let found = match self.secrets_of_ours().await {
            Ok(found) => found,
            Err(fault) => return report::no_list(self, &fault, clock.now()),
        };
        let found: Vec<_> = found.into_iter().filter(|it| subject.is(it)).collect();
        let secret = match found.as_slice() {
            [one] => &one.arn,
            [] => return Ok(person::nobody(subject)),
            many => return Ok(person::many(subject, many.len())),
        };
        let ended = Box::pin(self.begin_one(secret, event, clock)).await;
        Ok(person::began(self, secret, ended, clock.now()))
    }

    async fn begin_one(
        &self,
        secret: &Arn,
        event: &str,
        clock: Clock,
    ) -> Result<VersionId, String> {
        let version = VersionId::parse(event).map_err(|err| err.to_string())?;
        let seen = observe::whole(self, secret, clock).await.map_err(|it| it.to_string())?;
        if seen.secret.labels.list(&version) {
            return Ok(version);
        }
        rehearse(&seen, clock.now())?;
        self.secrets.begin(secret, &version).await.map_err(|it| it.to_string())?;
        Ok(version)
    }

    /// The sweep of one secret, until this deadline.
    async fn close(&self, secret: &Arn, clock: Clock, deadline: Timestamp) -> Swept {
        let operation = Closing {
            app: self,
            secret,
            clock,
            known: Known::default(),
            witness: Witness::default(),
            stands: RefCell::default(),
        };
        let ended = Box::pin(converge(&operation, &clock, deadline)).await;
        let stands = operation.stands.into_inner();
        if let (Ok(Outcome::Settled), Some(Standing::Stuck(version))) = (&ended, &stands) {
            let told = self.go_on(secret, version, clock, deadline).await;
            return Swept { told, rotation: Some(version.clone()) };
        }
        let told =
            report::closed(self, secret, ended, stands.as_ref(), operation.witness, clock.now());
        Swept { told: told.await, rotation: None }
    }

    /// Goes on with a rotation that Secrets Manager left, in its order and with its steps.
    async fn go_on(
        &self,
        secret: &Arn,
        version: &VersionId,
        clock: Clock,
        deadline: Timestamp,
    ) -> Told {
        let [first, rest @ ..] = Stage::ALL;
        let step = async |stage| {
            let turn = Turn { stage, secret: secret.clone(), version: version.clone() };
            self.turn(&turn, resume, clock, deadline).await
        };
        let mut told = step(first).await;
        for stage in rest {
            if !told.is_settled() {
                break;
            }
            told = step(stage).await;
        }
        told
    }
}

/// How the sweep of one secret ended.
struct Swept {
    told: Told,
    /// The version, where it went on with a rotation.
    rotation: Option<VersionId>,
}

/// A number that differs from minute to minute without a pattern: where time is short, it is not the same secrets every time that are left.
fn scattered(now: Timestamp) -> usize {
    let minutes = u64::try_from(now.as_second() / 60).unwrap_or_default();
    // Knuth's multiplier; the schedule's own step shares no factor with what is left of it.
    usize::try_from(minutes.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).unwrap_or_default()
}

/// How a step is decided: as Secrets Manager calls for it, or as the sweep goes on with it.
type Decide = fn(Stage, &VersionId, &RotationView, Timestamp) -> Next<Step, Refusal>;

/// One step of a rotation, as the loop sees it.
struct Turning<'a> {
    app: &'a App,
    turn: &'a Turn,
    decide: Decide,
    clock: Clock,
    known: Known,
    witness: Witness,
}

impl Operation for Turning<'_> {
    type Seen = RotationView;
    type Step = Step;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<RotationView, Fault> {
        let seen = Box::pin(observe::turn(self.app, self.turn, &self.known, self.clock)).await?;
        self.witness.saw(&seen, Some(&self.turn.version), self.clock.now());
        Ok(seen)
    }

    fn plan(&self, seen: &RotationView, now: Timestamp) -> Next<Step, Refusal> {
        (self.decide)(self.turn.stage, &self.turn.version, seen, now)
    }

    async fn apply(&self, step: Step) -> Result<(), Fault> {
        let does = report::deed(&step);
        apply::turn(self.app, self.turn, step, &self.known, self.clock).await?;
        self.witness.did(does);
        Ok(())
    }

    /// Secrets Manager answers when the value or the label is there; a change of the token shows its end later.
    fn is_last(&self, step: &Step) -> bool {
        match step {
            Step::Generate(_) | Step::TakeUp(..) | Step::Promote { .. } => true,
            Step::Rotate { .. } | Step::AddPassword { .. } => false,
        }
    }
}

/// The sweep of one secret, as the loop sees it.
struct Closing<'a> {
    app: &'a App,
    secret: &'a Arn,
    clock: Clock,
    known: Known,
    witness: Witness,
    stands: RefCell<Option<Standing>>,
}

impl Operation for Closing<'_> {
    type Seen = RotationView;
    type Step = SweepStep;
    type Refusal = Refusal;

    async fn observe(&self) -> Result<RotationView, Fault> {
        let seen = observe::sweep(self.app, self.secret, &self.known, self.clock).await?;
        self.witness.saw(&seen, None, self.clock.now());
        Ok(seen)
    }

    fn plan(&self, seen: &RotationView, now: Timestamp) -> Next<SweepStep, Refusal> {
        self.stands.replace(standing(seen, now).ok());
        plan_sweep(seen, now)
    }

    async fn apply(&self, step: SweepStep) -> Result<(), Fault> {
        let does = report::closing(&step);
        apply::sweep(self.app, self.secret, step, &self.known, self.clock).await?;
        self.witness.did(does);
        Ok(())
    }

    /// What was proven is proven; in which form the secret is to be is for the next sweep to see.
    fn is_last(&self, step: &SweepStep) -> bool {
        matches!(step, SweepStep::NoteRevoked(_))
    }
}

/// When a run has to end: before Lambda ends it, and well before a person loses patience. ElastiCache is done with the token of a
/// small group within this time; what takes longer, Secrets Manager or the sweep calls for again.
fn deadline(context: &Context, now: Timestamp) -> Timestamp {
    let patience = now.saturating_add(PATIENCE).unwrap_or(Timestamp::MAX);
    let killed = i64::try_from(context.deadline).unwrap_or(i64::MAX);
    // A test has no deadline.
    let Some(killed) = Timestamp::from_millisecond(killed).ok().filter(|_| killed != 0) else {
        return patience;
    };
    patience.min(killed.saturating_sub(MARGIN).unwrap_or(now))
}

/// How long a run waits for ElastiCache at most.
const PATIENCE: SignedDuration = SignedDuration::from_mins(2);

/// What a last look takes: logins, each of some seconds, and the report.
const MARGIN: SignedDuration = SignedDuration::from_secs(10);
