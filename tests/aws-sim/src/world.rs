//! The world: all services' state, its clock, and the way a call takes through it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::drive::Sandboxes;
use crate::fault::{Fault, Side};
use crate::secrecy::{Saying, SecretValues};
use crate::seed::Seed;
use crate::settings::Settings;
use crate::watch::Watch;
use crate::wire::Call;
use crate::{
    Done, Effect, Refusal, Request, Response, Ticket, callback, cloudwatch, elasticache, fault,
    logs, s3, scaling, secrets, sfn, sns, tagging, upstash,
};

/// A world, shared by all that look at it.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    start: Timestamp,
    began: Instant,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("start", &self.0.start).finish_non_exhaustive()
    }
}

/// Everything in a world.
#[derive(Debug)]
pub struct State {
    /// The time. It moves by [`World::advance`] and by calls, never back.
    pub now: Timestamp,
    /// How it was set up. Switches and durations may be changed on the way.
    pub settings: Settings,
    /// Replication groups and what is around them.
    pub elasticache: elasticache::Service,
    /// Secrets Manager.
    pub secrets: secrets::Service,
    /// Metrics and alarms.
    pub cloudwatch: cloudwatch::Service,
    /// Log groups.
    pub logs: logs::Service,
    /// Executions of state machines.
    pub sfn: sfn::Service,
    /// What is registered with Application Auto Scaling.
    pub scaling: scaling::Service,
    /// What was published.
    pub sns: sns::Service,
    /// What CloudFormation was answered.
    pub callbacks: callback::Service,
    /// Databases at Upstash.
    pub upstash: upstash::Service,
    /// S3.
    pub s3: s3::Service,
    /// Every call that reached AWS, in order; only the newest where [`Settings::calls_kept`] says so.
    pub calls: Vec<CallRecord>,
    /// How often each operation was called, by service and operation.
    pub call_counts: BTreeMap<(String, String), u64>,
    /// What is to happen outside and was not taken yet.
    pub effects: VecDeque<Effect>,
    /// What goes wrong.
    pub faults: fault::Plan,
    /// The only randomness.
    pub seed: Seed,
    /// What must not be told.
    pub secret_values: SecretValues,
    /// What functions and state machines said, to be searched for that.
    pub said: Vec<Saying>,
    /// The invocations of functions that make the calls.
    pub sandboxes: Sandboxes,
    /// Who looks at every state of it.
    pub watch: Watch,
    tickets: BTreeMap<Ticket, Owner>,
    last_ticket: u64,
}

/// One call that reached AWS.
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// When.
    pub at: Timestamp,
    /// The service's signing name.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// Its parameters, flat for the Query protocol and as JSON texts otherwise. Tokens and secret values are replaced by stars.
    pub parameters: BTreeMap<String, String>,
    /// The status of the answer, 0 where none was given.
    pub status: u16,
    /// What the answer said, where it was an error.
    pub refusal: Option<String>,
    /// The invocation that made it, where a function did.
    pub invocation: Option<u64>,
}

/// Which service waits for the end of an effect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Owner {
    /// ElastiCache.
    ElastiCache,
    /// Secrets Manager.
    Secrets,
    /// CloudWatch.
    CloudWatch,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub enum Exchange {
    /// An answer, after a time.
    Answer(Response, Duration),
    /// The connection breaks.
    Broken,
    /// The caller dies; it never hears anything.
    Never,
}

impl World {
    /// A new world. Its in-process clock starts now.
    pub fn new(settings: Settings) -> Self {
        let state = State {
            now: settings.start,
            seed: Seed::new(settings.seed),
            elasticache: elasticache::Service::default(),
            secrets: secrets::Service::default(),
            cloudwatch: cloudwatch::Service::default(),
            logs: logs::Service::default(),
            sfn: sfn::Service::default(),
            scaling: scaling::Service::default(),
            sns: sns::Service::default(),
            callbacks: callback::Service::default(),
            upstash: upstash::Service::default(),
            s3: s3::Service::default(),
            calls: Vec::new(),
            call_counts: BTreeMap::new(),
            effects: VecDeque::new(),
            faults: fault::Plan::default(),
            secret_values: SecretValues::default(),
            said: Vec::new(),
            sandboxes: Sandboxes::default(),
            watch: Watch::default(),
            tickets: BTreeMap::new(),
            last_ticket: 0,
            settings,
        };
        let (start, began) = (state.now, Instant::now());
        Self(Arc::new(Inner { state: Mutex::new(state), start, began }))
    }

    /// The time by tokio's clock, which a test may pause: the start and what passed since.
    pub fn clock(&self) -> Timestamp {
        let passed =
            SignedDuration::try_from(self.0.began.elapsed()).unwrap_or(SignedDuration::MAX);
        self.0.start.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// One call, whatever befalls it.
    pub fn exchange(&self, now: Timestamp, request: &Request) -> Exchange {
        self.with(|state| {
            let exchange = state.exchange(now, request);
            state.look_around();
            exchange
        })
    }

    /// One call to its answer. What breaks or cuts it is shown as a 500.
    pub fn call(&self, now: Timestamp, request: &Request) -> Response {
        match self.exchange(now, request) {
            Exchange::Answer(response, _) => response,
            Exchange::Broken | Exchange::Never => {
                let refusal = Refusal::new(500, "InternalFailure", "the connection broke");
                Response::refusing(request, &refusal, "none")
            }
        }
    }

    /// Lets time pass: everything that is due happens, in the order of its time.
    pub fn advance(&self, now: Timestamp) {
        self.with(|state| state.advance(now));
    }

    /// Takes what is to happen outside.
    pub fn take_effects(&self) -> Vec<Effect> {
        self.with(|state| state.effects.drain(..).collect())
    }

    /// An effect has ended.
    pub fn done(&self, now: Timestamp, ticket: Ticket, result: Result<Done, String>) {
        self.with(|state| {
            state.advance(now);
            match state.tickets.remove(&ticket) {
                Some(Owner::ElastiCache) => elasticache::done(state, ticket, result),
                Some(Owner::Secrets) => secrets::done(state, ticket, result),
                Some(Owner::CloudWatch) => cloudwatch::done(state, ticket, result),
                None => {}
            }
            state.look_around();
            state.advance(now);
        });
    }

    /// Whether both are one world.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Looks at the state, and may change it.
    pub fn with<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many calls of an operation were made.
    pub fn calls_to(&self, operation: &str) -> usize {
        self.with(|state| state.calls.iter().filter(|it| it.operation == operation).count())
    }
}

impl State {
    /// A ticket for an effect whose end this service wants to know.
    pub fn ticket(&mut self, owner: Owner) -> Ticket {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.tickets.insert(ticket, owner);
        ticket
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Timestamp) {
        loop {
            let due = [
                (self.elasticache.next_due(), Owner::ElastiCache),
                (self.secrets.next_due(), Owner::Secrets),
                (self.cloudwatch.next_due(), Owner::CloudWatch),
            ];
            let first = due.into_iter().filter_map(|(at, owner)| Some((at?, owner)));
            let Some((at, owner)) = first.min_by_key(|(at, _)| *at).filter(|(at, _)| *at <= now)
            else {
                break;
            };
            self.pass_to(at);
            match owner {
                Owner::ElastiCache => elasticache::run_due(self),
                Owner::Secrets => secrets::run_due(self),
                Owner::CloudWatch => cloudwatch::run_due(self),
            }
            self.look_around();
        }
        self.pass_to(now);
    }

    /// The time becomes this. What changed until now was so from now on.
    fn pass_to(&mut self, time: Timestamp) {
        if self.now < time {
            cloudwatch::note_changes(self);
            self.now = time;
        }
    }

    /// Publishes to a topic: recorded, and handed out.
    pub fn publish(&mut self, topic_arn: &str, subject: Option<&str>, message: String) {
        let subject = subject.map(str::to_owned);
        self.effects.push_back(Effect::Publish {
            topic_arn: topic_arn.to_owned(),
            subject,
            message,
        });
    }

    /// The start of every ARN of a service here.
    pub fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{rest}", self.settings.region, self.settings.account)
    }

    fn exchange(&mut self, now: Timestamp, request: &Request) -> Exchange {
        self.advance(now);
        if callback::is_one(request) {
            return self.answered(Call::named(request, "PUT".to_owned()), "cloudformation");
        }
        if upstash::is_one(request) {
            return self.answered(Call::named(request, "REST".to_owned()), "upstash");
        }
        if s3::is_one(request) {
            return self.answered(Call::named(request, s3::operation(request)), "s3");
        }
        let service = request.service().unwrap_or("unsigned");
        self.answered(Call::read(request), service)
    }

    /// Writes a call down.
    fn note(&mut self, record: CallRecord) {
        let counted = (record.service.clone(), record.operation.clone());
        *self.call_counts.entry(counted).or_default() += 1;
        if let Some(kept) = self.settings.calls_kept
            && kept.saturating_mul(2) <= self.calls.len()
        {
            self.calls.drain(..self.calls.len().saturating_sub(kept));
        }
        self.calls.push(record);
    }

    fn answered(&mut self, asked: Call<'_>, service: &str) -> Exchange {
        let request = asked.request;
        let parameters = parameters(&asked, &mut self.secret_values);
        self.overhear(&asked);
        let record = CallRecord {
            at: self.now,
            service: service.to_owned(),
            operation: asked.operation.clone(),
            parameters,
            status: 0,
            refusal: None,
            invocation: self.sandboxes.running(),
        };
        let mut takes = Duration::ZERO;
        let struck = self.faults.strike(service, &asked.operation, record.invocation);
        let now = self.now;
        let is_over = |rate| self.faults.is_over(service, rate, now);
        let is_over = self.settings.rate.is_some_and(is_over);
        let response = match struck.or(is_over.then_some(Fault::Throttled)) {
            Some(Fault::Cut(Side::BeforeEffect)) => {
                self.sandboxes.kill_running();
                return Exchange::Never;
            }
            Some(Fault::Broken(Side::BeforeEffect)) => return Exchange::Broken,
            Some(Fault::Cut(Side::AfterEffect)) => {
                self.note(record);
                self.dispatch(service, asked);
                self.sandboxes.kill_running();
                return Exchange::Never;
            }
            Some(Fault::Broken(Side::AfterEffect)) => {
                self.note(record);
                self.dispatch(service, asked);
                return Exchange::Broken;
            }
            Some(fault @ (Fault::Throttled | Fault::Unavailable | Fault::Denied)) => {
                let refusal = fault.common(&self.settings.switches, &asked, service);
                if service == "s3" {
                    self.note(CallRecord { status: refusal.status, ..record });
                    return Exchange::Answer(s3::refused(&refusal), takes);
                }
                Response::refusing(request, &refusal, &self.seed.uuid())
            }
            Some(Fault::Answer(status, code, text)) => {
                let refusal = Refusal::new(status, code, text);
                Response::refusing(request, &refusal, &self.seed.uuid())
            }
            Some(Fault::Slow(time)) => {
                takes = time;
                self.dispatch(service, asked)
            }
            Some(Fault::Meanwhile(happening)) => {
                happening.happen(self);
                self.dispatch(service, asked)
            }
            None => self.dispatch(service, asked),
        };
        let refusal = (400 <= response.status).then(|| response.text());
        self.note(CallRecord { status: response.status, refusal, ..record });
        Exchange::Answer(response, takes)
    }

    fn dispatch(&mut self, service: &str, asked: Call<'_>) -> Response {
        let request = asked.request;
        match service {
            "cloudformation" if asked.operation == "PUT" => callback::call(self, request),
            "upstash" => upstash::call(self, request),
            "s3" => s3::call(self, request),
            "elasticache" => elasticache::call(self, &asked),
            "secretsmanager" => secrets::call(self, asked),
            "monitoring" => cloudwatch::call(self, asked),
            "logs" => logs::call(self, asked),
            "tagging" => tagging::call(self, asked),
            "application-autoscaling" => scaling::call(self, asked),
            "states" => sfn::call(self, asked),
            "sns" => sns::call(self, &asked),
            other => {
                let text = format!("{other} is not one of the services here");
                let id = self.seed.uuid();
                Response::refusing(request, &Refusal::new(400, "UnknownService", text), &id)
            }
        }
    }
}

/// What a record keeps of a request. Secret values are noted apart.
fn parameters(asked: &Call<'_>, secret_values: &mut SecretValues) -> BTreeMap<String, String> {
    const SECRET: [&str; 6] =
        ["AuthToken", "SecretString", "SecretBinary", "RotationToken", "Passwords", "Password"];
    let mut parameters = asked.texts();
    for (name, value) in &mut parameters {
        if name.split('.').any(|it| SECRET.contains(&it)) {
            secret_values.note(value);
            "***".clone_into(value);
        }
    }
    parameters
}
