//! The scene of a story: an account on a paused clock, and the parts that the functions are made of.
//!
//! What AWS does around a function is played here: Lambda calls it, Step Functions carries its long work, and a call may be the last
//! thing that a sandbox does.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sim::{Request, Settings, World};
use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use platform::{Aws, Clock, ClockSource, Journal};
use serde_json::{Value, json};

/// The ARNs that the template would give to the functions.
pub(crate) const STATE_MACHINE: &str =
    "arn:aws:states:us-east-1:123456789012:stateMachine:warden-continue";
/// Where alarms publish.
pub(crate) const ALARM_TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:warden-alarms";
/// Where people are told.
pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:warden-notifications";

/// An account, its clock, and what a function is made of.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) aws: Aws,
    pub(crate) clock: ClockSource,
    pub(crate) journal: Journal,
}

/// How an invocation ended, as Lambda sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ended {
    /// The function answered.
    Answered(Value),
    /// The function failed, and says so.
    Failed(String),
    /// The sandbox died, or ran out of time.
    Died,
}

impl Scene {
    /// An empty account that behaves so.
    pub(crate) async fn with(settings: Settings) -> Self {
        let world = World::new(settings);
        let credentials = Credentials::new("AKIASIM", "sim", None, None, "sim");
        let aws = Aws::over(world.http_client(), "us-east-1", credentials).await;
        let clock = ClockSource::Shared(Clock::starting_at(world.clock()));
        Self { world, aws, clock, journal: Journal::memory() }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.world.clock()
    }

    /// A call that a person makes to ElastiCache.
    #[track_caller]
    pub(crate) fn by_hand(&self, action: &str, fields: &[(&str, &str)]) {
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/elasticache/aws4_request, SignedHeaders=host, Signature=0";
        let whole = [&[("Action", action), ("Version", "2015-02-02")], fields].concat();
        let encoded = |it: &str| {
            let one = |it: u8| match it {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => char::from(it).to_string(),
                _ => format!("%{it:02X}"),
            };
            it.bytes().map(one).collect::<String>()
        };
        let pairs = whole.iter().map(|(key, value)| format!("{key}={}", encoded(value)));
        let request = Request {
            method: "POST".to_owned(),
            uri: "/".to_owned(),
            headers: vec![("authorization".to_owned(), scope.to_owned())],
            body: pairs.collect::<Vec<_>>().join("&").into_bytes(),
        };
        let response = self.world.call(self.now(), &request);
        assert_eq!(response.status, 200, "{}", response.text());
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await;
        self.world.advance(self.world.clock());
    }

    /// Calls a function once, as Lambda does with a time-out of fifteen minutes.
    pub(crate) async fn invoke<H, F>(&self, function: &str, event: Value, handle: &H) -> Ended
    where
        H: Fn(LambdaEvent<Value>) -> F,
        F: Future<Output = Result<Value, Diagnostic>>,
    {
        let mut context = Context::default();
        context.invoked_function_arn = function_arn(function);
        context.request_id = format!("{function}-request");
        let timeout = Duration::from_mins(15);
        let deadline = self.now().as_millisecond() + 900_000;
        context.deadline = u64::try_from(deadline).unwrap();
        let before = self.world.with(|it| it.calls.len());
        let ended = tokio::time::timeout(timeout, handle(LambdaEvent::new(event, context))).await;
        self.world.with(|it| crate::iam::saw(function, &it.calls[before..]));
        match ended {
            Ok(Ok(answer)) => Ended::Answered(answer),
            Ok(Err(diagnostic)) => Ended::Failed(diagnostic.error_message),
            Err(_elapsed) => Ended::Died,
        }
    }

    /// Calls a function as an asynchronous event source does: three times at most, until it does not fail.
    pub(crate) async fn deliver<H, F>(&self, function: &str, event: Value, handle: &H) -> Ended
    where
        H: Fn(LambdaEvent<Value>) -> F,
        F: Future<Output = Result<Value, Diagnostic>>,
    {
        let mut ended = Ended::Died;
        for pause in [0, 60, 120] {
            self.pass(Duration::from_secs(pause)).await;
            ended = self.invoke(function, event.clone(), handle).await;
            if matches!(ended, Ended::Answered(_)) {
                break;
            }
        }
        ended
    }

    /// Plays the state machine for one execution, until it has ended: waits, calls, retries what fails, and gives up in the end. Of one that is
    /// about many events, with one after the other.
    pub(crate) async fn carry<H, F>(&self, execution: &Execution, handle: &H) -> Ended
    where
        H: Fn(LambdaEvent<Value>) -> F,
        F: Future<Output = Result<Value, Diagnostic>>,
    {
        let (mut ended, mut status) = (Ended::Died, "SUCCEEDED");
        let each = execution.input["each"].as_array();
        for it in each.unwrap_or(&vec![execution.input.clone()]) {
            let (came, is_well) = self.carry_one(execution, it, handle).await;
            ended = came;
            if !is_well && each.is_none() {
                status = "FAILED";
            }
        }
        if self.is_running(&execution.name) {
            self.end(&execution.name, status);
        }
        ended
    }

    /// Gives the last answer, and whether it did not give up.
    async fn carry_one<H, F>(&self, execution: &Execution, one: &Value, handle: &H) -> (Ended, bool)
    where
        H: Fn(LambdaEvent<Value>) -> F,
        F: Future<Output = Result<Value, Diagnostic>>,
    {
        let mut wait = one["waitSeconds"].as_u64().unwrap();
        let function =
            execution.input["function"].as_str().unwrap().rsplit(":warden-").next().unwrap();
        let event = |gave_up| execution.carried(&one["event"], gave_up);
        // An hour of looking every few seconds; no story is longer.
        for _ in 0..1000 {
            self.pass(Duration::from_secs(wait)).await;
            if !self.is_running(&execution.name) {
                return (Ended::Died, true);
            }
            let mut ended = Ended::Died;
            for backoff in [0, 5, 10, 20, 40] {
                self.pass(Duration::from_secs(backoff)).await;
                ended = self.invoke(function, event(None), handle).await;
                if matches!(ended, Ended::Answered(_)) {
                    break;
                }
            }
            let Ended::Answered(answer) = &ended else {
                let gave_up = json!({ "Error": "Lambda.Unknown", "Cause": format!("{ended:?}") });
                return (self.invoke(function, event(Some(gave_up)), handle).await, false);
            };
            if answer["status"] != "unfinished" {
                return (ended, true);
            }
            wait = answer["waitSeconds"].as_u64().unwrap();
        }
        panic!("{} never ended", execution.name);
    }
}

impl Scene {
    /// The executions that run, the oldest first.
    pub(crate) fn running(&self) -> Vec<Execution> {
        let execution = |it: &aws_sim::sfn::Execution| Execution {
            name: it.name.clone(),
            input: it.input.clone(),
            started_at: it.started_at,
        };
        self.world.with(|it| it.sfn.running().map(execution).collect())
    }

    fn is_running(&self, name: &str) -> bool {
        self.world.with(|it| it.sfn.running().any(|it| it.name == name))
    }

    fn end(&self, name: &str, status: &'static str) {
        self.world.with(|it| {
            if let Some(execution) = it.sfn.find(name) {
                execution.status = status;
            }
        });
    }

    /// Calls a function and carries all the long work that comes of it to its end; gives the last answer.
    pub(crate) async fn deliver_whole<H, F>(
        &self,
        function: &str,
        event: Value,
        handle: &H,
    ) -> Ended
    where
        H: Fn(LambdaEvent<Value>) -> F,
        F: Future<Output = Result<Value, Diagnostic>>,
    {
        let mut ended = self.deliver(function, event, handle).await;
        // Work may start work; no story starts as many.
        for _ in 0..20 {
            let Some(execution) = self.running().into_iter().next() else { break };
            ended = self.carry(&execution, handle).await;
        }
        ended
    }
}

/// An execution of the state machine.
#[derive(Clone, Debug)]
pub(crate) struct Execution {
    pub(crate) name: String,
    pub(crate) input: Value,
    pub(crate) started_at: Timestamp,
}

impl Execution {
    /// What the state machine calls the function with.
    pub(crate) fn event(&self, gave_up: Option<Value>) -> Value {
        self.carried(&self.input["event"], gave_up)
    }

    /// The same, with one of many events.
    fn carried(&self, event: &Value, gave_up: Option<Value>) -> Value {
        let mut carrier = json!({ "execution": self.name, "startedAt": self.started_at });
        if let Some(gave_up) = gave_up {
            carrier["gaveUp"] = gave_up;
        }
        json!({ "cachewarden": carrier, "event": event })
    }
}

/// The ARN of a function of the stack `warden`.
pub(crate) fn function_arn(function: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:warden-{function}")
}
