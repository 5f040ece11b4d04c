//! `provision`: makes, changes and deletes a cache as the CloudFormation resource `Custom::RedisCache`.
//!
//! CloudFormation's own event is only accepted: its mistakes are answered at once, everything else is handed to the state machine under
//! the name of the request, so that an event that comes twice starts nothing twice. The state machine then calls until the cache is as
//! wanted, and the answer is sent.

mod apply;
mod event;
mod observe;
mod report;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use domain::provision::name::Issue;
use domain::provision::{UpstashSpec, Wanted, name, rules};
use domain::{Problems, Wait, WaitingOn, upstash};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Diagnostic, LambdaEvent};
use platform::continuation::{Carrier, Delivery, Executions, Standing, Started};
use platform::settings::{ProvisionSettings, environment};
use platform::{
    Alarms, Aws, Callback, Clock, ClockSource, ElastiCache, Fault, FaultKind, Journal, LogGroups,
    Metrics, Outcome, Secrets, Upstash, converge, telemetry,
};
use serde_json::Value;

use crate::apply::{Existence, Vanish};
use crate::event::preview::Preview;
use crate::event::{Existing, Request, Ticket, Vanishing};
use crate::observe::Services;

use crate::report::{Conclusion, Failure};

/// What outlives an event.
pub struct App {
    services: Services,
    callback: Callback,
    upstash: Upstash,
    /// Bad settings are kept, and every event is answered with them: CloudFormation would wait an hour for a function that
    /// cannot start.
    ready: Result<Ready, Problems>,
    clock: ClockSource,
    journal: Journal,
}

struct Ready {
    settings: ProvisionSettings,
    executions: Executions,
}

/// One event, being handled.
struct Run<'a> {
    app: &'a App,
    ready: &'a Ready,
    ticket: &'a Ticket,
    clock: Clock,
    deadline: Timestamp,
}

impl App {
    /// The function as Lambda starts it.
    pub async fn from_environment() -> Self {
        telemetry::start(environment);
        let aws = Aws::from_environment().await;
        let settings = ProvisionSettings::read(environment);
        if let Err(problems) = &settings {
            // The function starts all the same: CloudFormation is to hear of it, and not to wait for an hour.
            tracing::error!(%problems, "the settings are wrong, and every event is answered with that");
        }
        Self::with(&aws, settings, ClockSource::System, Journal::stdout())
    }

    /// The function over any AWS and clock.
    pub fn new(
        aws: &Aws,
        settings: ProvisionSettings,
        clock: ClockSource,
        journal: Journal,
    ) -> Self {
        Self::with(aws, Ok(settings), clock, journal)
    }

    /// The function with settings that may be wrong.
    pub fn with(
        aws: &Aws,
        settings: Result<ProvisionSettings, Problems>,
        clock: ClockSource,
        journal: Journal,
    ) -> Self {
        let ready = settings.map(|settings| Ready {
            executions: Executions::new(aws, settings.state_machine.clone()),
            settings,
        });
        Self {
            services: Services {
                elasticache: ElastiCache::new(aws),
                secrets: Secrets::new(aws),
                alarms: Alarms::new(aws),
                metrics: Metrics::new(aws),
                logs: LogGroups::new(aws),
            },
            callback: Callback::new(aws),
            upstash: Upstash::new(aws),
            ready,
            clock,
            journal,
        }
    }

    /// Handles one event: CloudFormation's own, or one that the state machine carries.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let clock = self.clock.for_event();
        let delivery = Delivery::open(event.payload);
        if let Some(asked) = Preview::read(&delivery.event) {
            return Ok(self.preview(asked, clock).await);
        }
        let Some(ticket) = Ticket::read(&delivery.event) else {
            return Ok(report::nobody_to_answer(&self.journal, clock.now()));
        };
        let asked = event::request(&ticket, &delivery.event).and_then(|it| self.fitting(it));
        let conclusion = match (asked, &self.ready) {
            (Err(problems), _) => Conclusion::Failed(Failure::BadInput(problems)),
            (Ok(Request::Nothing), _) => Conclusion::Nothing,
            (Ok(_), Err(problems)) => Conclusion::Failed(Failure::BadSettings(problems.clone())),
            (Ok(Request::Describe(spec)), Ok(_)) => self.described(spec, &clock).await,
            (Ok(request), Ok(ready)) => {
                let deadline = deadline(event.context.deadline);
                let run = Run { app: self, ready, ticket: &ticket, clock, deadline };
                match (&delivery.carrier, delivery.gave_up()) {
                    (_, Some(why)) => Conclusion::Failed(Failure::GaveUp(request, why)),
                    (Some(carrier), None) => run.carried(carrier, request, &delivery.event).await,
                    (None, None) => {
                        let function = &event.context.invoked_function_arn;
                        run.accepted(&request, function, &delivery.event).await
                    }
                }
            }
        };
        report::to_cloudformation(&self.callback, &self.journal, &clock, &ticket, conclusion).await
    }

    /// Describes a database at Upstash, once the credentials that a secret keeps were seen to open it.
    async fn described(&self, spec: UpstashSpec, clock: &Clock) -> Conclusion {
        let Some(secret) = &spec.secret else { return Conclusion::Described(spec) };
        let shut = |refusal| Conclusion::Failed(Failure::ShutOut(refusal));
        let credentials = match self.services.secrets.upstash(secret.as_str()).await {
            Ok(Ok(credentials)) => credentials,
            Ok(Err(err)) => return shut(upstash::Refusal::Unreadable(err)),
            Err(fault) => {
                return Conclusion::Failed(Failure::Fault(Request::Describe(spec), fault));
            }
        };
        if !credentials.are_of(&spec.url) {
            return shut(upstash::Refusal::OtherEndpoint);
        }
        match self.upstash.ping(&credentials, clock).await {
            Ok(()) => Conclusion::Described(spec),
            Err(refusal) => shut(refusal),
        }
    }

    /// Tells what a request would do, and does nothing.
    async fn preview(&self, asked: Result<Preview, Problems>, clock: Clock) -> Value {
        let told = match &self.ready {
            Ok(ready) => report::preview::tell(&self.services, &ready.settings, asked, clock).await,
            Err(problems) => report::preview::Told::without_settings(problems),
        };
        report::of_preview(&self.journal, &told, clock.now());
        told.answer()
    }

    /// A request that is as good beside the function's own settings as by itself.
    fn fitting(&self, request: Request) -> Result<Request, Problems> {
        if let (Request::Exist(it), Ok(ready)) = (&request, &self.ready) {
            rules::topics(&it.spec, it.before.as_deref(), &ready.settings.alarm_topic)?;
        }
        Ok(request)
    }
}

impl Run<'_> {
    /// Hands good work to the state machine.
    async fn accepted(&self, request: &Request, function: &str, event: &Value) -> Conclusion {
        let Ticket { owner, request_id, request_type, response_url, .. } = self.ticket;
        let issued = response_url.signed_at().and_then(|it| Issue::of(request_type, it));
        let name = name::execution(&request.group(), owner, request_id, issued);
        let mut pause = SignedDuration::from_secs(1);
        for _ in 1..START_TRIES {
            match self.ready.executions.start(&name, function, event, FIRST_WAIT_SECONDS).await {
                Err(fault) if fault.kind == FaultKind::Transient => {
                    self.clock.sleep(pause).await;
                    pause += pause;
                }
                done => return handed(request, name, done),
            }
        }
        let done = self.ready.executions.start(&name, function, event, FIRST_WAIT_SECONDS).await;
        match &done {
            // Nobody said what became of it, and one that runs gives an answer of its own: it must not meet with ours.
            Err(fault) if fault.kind == FaultKind::Transient && !fault.is_throttle() => {
                match self.ready.executions.has(&name).await {
                    Ok(true) => Conclusion::Handed(name),
                    Ok(false) | Err(_) => handed(request, name, done),
                }
            }
            Ok(_) | Err(_) => handed(request, name, done),
        }
    }

    /// Goes on with work that the state machine carries, until it is done, or something has to be waited for, or CloudFormation is
    /// about to lose its patience.
    async fn carried(&self, carrier: &Carrier, request: Request, event: &Value) -> Conclusion {
        let since = self.asked_at(carrier);
        let timeout = event::service_timeout(event);
        let until = since.saturating_add(timeout).unwrap_or(Timestamp::MAX);
        if until <= self.clock.now() {
            let began_late = until <= carrier.started_at;
            let told = || Conclusion::Failed(Failure::TooLate { request, timeout });
            return if began_late { told() } else { Conclusion::Expired(timeout) };
        }
        let others_ended = match self.others(carrier).await {
            Ok(Standing::Newest { others_ended }) => others_ended,
            Ok(Standing::Overtaken(by)) => return Conclusion::Overtaken(by),
            Err(fault) => return self.in_time(failed(&request, fault), request, since, timeout),
        };
        let conclusion = match &request {
            Request::Exist(existing) => {
                let wanted = self.wanted(existing, carrier);
                self.exist(existing, wanted, others_ended).await
            }
            Request::Vanish(vanishing) => self.vanish(vanishing, carrier, others_ended).await,
            Request::Describe(_) | Request::Nothing => Conclusion::Nothing,
        };
        self.in_time(conclusion, request, since, timeout)
    }

    /// When the stack began to wait: when the request was issued, or came to us where nobody says that.
    fn asked_at(&self, carrier: &Carrier) -> Timestamp {
        let issued = self.ticket.response_url.signed_at();
        issued.map_or(carrier.started_at, |it| it.min(carrier.started_at))
    }

    /// A conclusion, or that nobody waits for a better one any more.
    fn in_time(
        &self,
        conclusion: Conclusion,
        request: Request,
        since: Timestamp,
        timeout: SignedDuration,
    ) -> Conclusion {
        let Conclusion::GoesOn(wait, saw) = conclusion else { return conclusion };
        let patience = event::patience(timeout);
        let until = since.saturating_add(patience).unwrap_or(Timestamp::MAX);
        let next_look = self.clock.now().saturating_add(wait.recheck).unwrap_or(Timestamp::MAX);
        if until <= next_look {
            return Conclusion::Failed(Failure::TooLong { request, wait, patience });
        }
        Conclusion::GoesOn(wait, saw)
    }

    /// Stops older work of the same resource: a Delete or a rollback replaces a Create that still runs.
    async fn others(&self, carrier: &Carrier) -> Result<Standing, Fault> {
        let why = format!("{} replaces it", self.ticket.request_type);
        self.ready.executions.supersede(carrier, &why, name::are_of_one, name::issued).await
    }

    fn wanted(&self, existing: &Existing, carrier: &Carrier) -> Wanted {
        let settings = &self.ready.settings;
        Wanted {
            spec: existing.spec.clone(),
            owner: self.ticket.owner.clone(),
            since: carrier.started_at,
            creating: existing.creating,
            keep: existing.keep,
            before: existing.before.clone(),
            replaces: None,
            parked: None,
            rotate_function: settings.rotate_function.clone(),
            autoscale_topic: settings.alarm_topic.clone(),
        }
    }

    /// Makes a group as it is wanted, under the id that is wanted.
    async fn stand(
        &self,
        existing: &Existing,
        wanted: Wanted,
        others_ended: Option<Timestamp>,
    ) -> Conclusion {
        let services = &self.app.services;
        let id = wanted.spec.id.clone();
        let operation = Existence::new(services, self.clock, wanted, others_ended);
        let request = || Request::Exist(Box::new(existing.clone()));
        match converge(&operation, &self.clock, self.deadline).await {
            Ok(Outcome::Settled) => match operation.attributes(&self.ready.settings.prices) {
                Some(attributes) => Conclusion::Exists { id, saw: operation.saw(), attributes },
                None => Conclusion::GoesOn(Wait::short(WaitingOn::Creation), operation.saw()),
            },
            Ok(Outcome::Unfinished(wait)) => Conclusion::GoesOn(wait, operation.saw()),
            Ok(Outcome::Refused(refusal)) => {
                operation.bury(&refusal).await;
                Conclusion::Failed(Failure::Refused(request(), refusal))
            }
            Err(fault) => failed(&request(), fault),
        }
    }

    async fn vanish(
        &self,
        vanishing: &Vanishing,
        carrier: &Carrier,
        others_ended: Option<Timestamp>,
    ) -> Conclusion {
        let (mut gone, mut kept, mut parked) = (Vec::new(), Vec::new(), Vec::new());
        for farewell in &vanishing.groups {
            let operation = Vanish {
                services: &self.app.services,
                farewell,
                named: vanishing.named(),
                others_ended,
                since: carrier.started_at,
                clock: self.clock,
                has_let_go: AtomicBool::new(false),
                parked: Mutex::default(),
            };
            let request = || Request::Vanish(vanishing.clone());
            match converge(&operation, &self.clock, self.deadline).await {
                Ok(Outcome::Settled) => {
                    let stands = operation.has_let_go.load(Ordering::Relaxed);
                    if !stands && let Err(fault) = self.forget_transfers(&farewell.group).await {
                        return failed(&request(), fault);
                    }
                    parked.extend(
                        operation.parked.into_inner().unwrap_or_else(PoisonError::into_inner),
                    );
                    if stands { &mut kept } else { &mut gone }.push(farewell.group.clone());
                }
                Ok(Outcome::Unfinished(wait)) => {
                    return Conclusion::GoesOn(wait, format!("{} is not gone yet", farewell.group));
                }
                Ok(Outcome::Refused(refusal)) => {
                    return Conclusion::Failed(Failure::Refused(request(), refusal));
                }
                Err(fault) => return failed(&request(), fault),
            }
        }
        Conclusion::Gone { gone, kept, parked }
    }
}

/// What a fault means: what may pass is looked at again, what stays is told.
fn failed(request: &Request, fault: Fault) -> Conclusion {
    match fault.kind {
        FaultKind::Transient | FaultKind::Busy => {
            Conclusion::GoesOn(Wait::slow(WaitingOn::Busy), fault.to_string())
        }
        FaultKind::Gone
        | FaultKind::Taken
        | FaultKind::NoChange
        | FaultKind::NoCapacity
        | FaultKind::Denied
        | FaultKind::Rejected => Conclusion::Failed(Failure::Fault(request.clone(), fault)),
    }
}

fn handed(request: &Request, name: String, started: Result<Started, Fault>) -> Conclusion {
    match started {
        Ok(Started::Now) => Conclusion::Handed(name),
        Ok(Started::Before) => Conclusion::Duplicate(name),
        Err(fault) => Conclusion::Failed(Failure::Fault(request.clone(), fault)),
    }
}

/// When a run has to stop waiting: before Lambda stops it. Lambda tells its deadline in milliseconds since 1970; 0 is none.
fn deadline(milliseconds: u64) -> Timestamp {
    let at = i64::try_from(milliseconds).ok().and_then(|it| Timestamp::from_millisecond(it).ok());
    match (milliseconds, at) {
        (0, _) | (_, None) => Timestamp::MAX,
        (_, Some(at)) => at.saturating_sub(MARGIN).unwrap_or(at),
    }
}

/// Enough for the last look and for the answer.
const MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// With pauses of 1 and 2 seconds between them, and half a minute of the SDK's own tries in each at most.
const START_TRIES: u32 = 3;

/// The state machine calls back at once.
const FIRST_WAIT_SECONDS: i64 = 1;
