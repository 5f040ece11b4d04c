//! One invocation, as Lambda runs it: the function answers, fails, runs out of time, or its sandbox dies under it.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::World;

/// The work of an invocation.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Result<Value, Failure>> + 'a>>;

/// The functions of an account.
pub trait Functions {
    /// Handles one invocation of the function that it names.
    fn handle(&self, invocation: Invocation) -> Handling<'_>;
}

/// What a function is called with.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The function.
    pub function_arn: String,
    /// The request, which stays the same when an event is delivered again.
    pub request_id: String,
    /// When its time is over.
    pub deadline: Timestamp,
    /// The event.
    pub payload: Value,
}

/// Why a function did not answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// The error's type, such as `Sandbox.Timedout` or the function's own.
    pub kind: String,
    /// Its text.
    pub message: String,
}

/// How an invocation ended, as its caller sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// The function answered.
    Answered(Value),
    /// It did not.
    Failed(Failure),
}

impl Ended {
    /// The answer, if there is one.
    pub fn answer(&self) -> Option<&Value> {
        match self {
            Self::Answered(answer) => Some(answer),
            Self::Failed(_) => None,
        }
    }
}

/// The longest time that a function can have.
pub(super) const TIMEOUT: Duration = Duration::from_mins(15);

/// Runs one invocation to its end.
pub(super) async fn run(
    world: &World,
    functions: &dyn Functions,
    invocation: Invocation,
    timeout: Duration,
) -> Ended {
    let function = invocation.function_arn.clone();
    let number = world.with(|state| {
        state.hear(format!("the event of {function}"), invocation.payload.to_string());
        state.sandboxes.open()
    });
    let sandbox = Sandbox { world, number, work: functions.handle(invocation) };
    let ended = tokio::time::timeout(timeout, sandbox).await;
    let ended = ended.unwrap_or_else(|_elapsed| {
        let message = format!("Task timed out after {}.00 seconds", timeout.as_secs());
        Ended::Failed(Failure { kind: "Sandbox.Timedout".to_owned(), message })
    });
    let said = match &ended {
        Ended::Answered(answer) => answer.to_string(),
        Ended::Failed(failure) => format!("{}: {}", failure.kind, failure.message),
    };
    world.with(|state| state.hear(format!("the end of an invocation of {function}"), said));
    ended
}

/// The work, with its calls known as its own, and dead when one of them was to be the last.
struct Sandbox<'a> {
    world: &'a World,
    number: u64,
    work: Handling<'a>,
}

impl Future for Sandbox<'_> {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        let number = self.number;
        let outer = self.world.with(|state| state.sandboxes.enter(Some(number)));
        let polled = self.work.as_mut().poll(context);
        let is_dead = self.world.with(|state| {
            state.sandboxes.enter(outer);
            state.sandboxes.is_dead(number)
        });
        if is_dead {
            let message = "RequestId: unknown Error: Runtime exited with error: signal: killed";
            return Poll::Ready(Ended::Failed(Failure {
                kind: "Runtime.ExitError".to_owned(),
                message: message.to_owned(),
            }));
        }
        polled.map(|ended| match ended {
            Ok(answer) => Ended::Answered(answer),
            Err(failure) => Ended::Failed(failure),
        })
    }
}

/// Which invocations there are, and which of them a fault has killed.
#[derive(Debug, Default)]
pub struct Sandboxes {
    last: u64,
    running: Option<u64>,
    dead: BTreeSet<u64>,
}

impl Sandboxes {
    /// The one whose work goes on just now; none for calls that a person makes.
    pub fn running(&self) -> Option<u64> {
        self.running
    }

    /// Kills the one that runs. A call made by nobody in particular kills nobody.
    pub(crate) fn kill_running(&mut self) {
        self.dead.extend(self.running);
    }

    fn open(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn enter(&mut self, number: Option<u64>) -> Option<u64> {
        std::mem::replace(&mut self.running, number)
    }

    fn is_dead(&self, number: u64) -> bool {
        self.dead.contains(&number)
    }
}
