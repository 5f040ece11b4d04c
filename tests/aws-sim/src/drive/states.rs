//! Step Functions: the state machine that a template defines, run as AWS runs it.
//!
//! The part of the Amazon States Language that carries long work: `Wait`, `Task` (`lambda:invoke`), `Choice`, `Pass`, `Succeed` and `Fail`,
//! with retries, catches and paths, and `Map` in its distributed mode. A definition that uses more is refused when it is read, not ignored when
//! it runs.

mod choice;
mod each;
mod path;
mod retry;
mod shape;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::sandbox::{Ended, Failure};
use crate::World;
use crate::sfn::DATA_LEN_MAX;
use path::{Problem, Scope};

/// A state machine.
#[derive(Clone, Debug)]
pub struct Machine {
    definition: Value,
    start: String,
    longest: Option<SignedDuration>,
}

/// How an execution ends.
enum End {
    /// With this output.
    Succeeded(Value),
    Failed(Problem),
    TimedOut,
    /// Somebody stopped it.
    Stopped,
}

/// Where a state leads.
enum Next {
    State(String, Value),
    End(End),
}

/// An execution has so many events in its history at most; the next one ends it.
const EVENTS_MAX: u32 = 25_000;

impl Machine {
    /// Reads a definition. Names every field and state that is not known here.
    pub fn read(definition: Value) -> Result<Self, Vec<String>> {
        let mut problems = shape::problems(&definition);
        let start = definition.get("StartAt").and_then(Value::as_str).map(str::to_owned);
        let longest = definition.get("TimeoutSeconds").and_then(Value::as_i64);
        let longest = longest.map(SignedDuration::from_secs);
        match start {
            Some(start) if problems.is_empty() => Ok(Self { definition, start, longest }),
            Some(_) => Err(problems),
            None => {
                problems.push("StartAt is missing".to_owned());
                Err(problems)
            }
        }
    }

    /// Runs an execution to its end, and notes the end.
    pub(super) async fn run<I>(&self, world: &World, arn: &str, invoke: &I)
    where
        I: AsyncFn(&str, Value) -> Ended,
    {
        let Some((input, context, started_at)) = begun(world, arn) else { return };
        let definition = &self.definition;
        let longest = self.longest.and_then(|it| started_at.saturating_add(it).ok());
        let mut run = Run { definition, world, arn, context, events: 1, over_at: longest };
        let end = run.whole(self.start.clone(), input, invoke).await;
        world.with(|state| {
            let now = state.now;
            let Some(execution) = state.sfn.find_arn(arn) else { return };
            // Who stopped it noted that himself.
            let status = match end {
                End::Succeeded(_) => "SUCCEEDED",
                End::TimedOut => "TIMED_OUT",
                End::Failed(problem) => {
                    execution.failure = Some((problem.error, problem.cause));
                    "FAILED"
                }
                End::Stopped => return,
            };
            execution.status = status;
            execution.events = run.events;
            execution.stopped_at = Some(now);
        });
    }
}

/// What an execution begins with, and its context object.
fn begun(world: &World, arn: &str) -> Option<(Value, Value, Timestamp)> {
    world.with(|state| {
        let execution = state.sfn.find_arn(arn)?;
        let context = json!({
            "Execution": {
                "Id": execution.arn,
                "Name": execution.name,
                "Input": execution.input,
                "StartTime": execution.started_at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            },
            "StateMachine": { "Id": execution.state_machine },
        });
        Some((execution.input.clone(), context, execution.started_at))
    })
}

/// An execution on its way: one that somebody started, or a child of such a one.
struct Run<'a> {
    /// Its states.
    definition: &'a Value,
    world: &'a World,
    /// The one that somebody started. With it end its children.
    arn: &'a str,
    context: Value,
    events: u32,
    /// When its time is over.
    over_at: Option<Timestamp>,
}

impl Run<'_> {
    async fn whole<I>(&mut self, start: String, input: Value, invoke: &I) -> End
    where
        I: AsyncFn(&str, Value) -> Ended,
    {
        let (mut name, mut data) = (start, input);
        loop {
            if let Some(end) = self.is_over() {
                return end;
            }
            let entered = format!("what the state {name} of {} is entered with", self.arn);
            self.world.with(|state| state.hear(entered, data.to_string()));
            let states = self.definition.get("States");
            let Some(state) = states.and_then(|it| it.get(&name)) else {
                return End::Failed(Problem::runtime(format!("there is no state {name}")));
            };
            match self.state(state, data, invoke).await {
                Next::State(_, output) if !fits(&output) => return End::Failed(too_long(&name)),
                Next::State(next, output) => (name, data) = (next, output),
                Next::End(end) => return self.is_over().unwrap_or(end),
            }
        }
    }

    /// Whether it was stopped, or has gone on for too long.
    fn is_over(&self) -> Option<End> {
        let now = self.world.clock();
        let runs = self
            .world
            .with(|state| state.sfn.find_arn(self.arn).is_some_and(|it| it.status == "RUNNING"));
        if !runs {
            return Some(End::Stopped);
        }
        if EVENTS_MAX <= self.events {
            let text = format!(
                "The execution reached the maximum number of history events ({EVENTS_MAX})."
            );
            return Some(End::Failed(Problem::runtime(text)));
        }
        self.over_at.is_some_and(|it| it <= now).then_some(End::TimedOut)
    }

    async fn state<I>(&mut self, state: &Value, data: Value, invoke: &I) -> Next
    where
        I: AsyncFn(&str, Value) -> Ended,
    {
        let text = |key: &str| state.get(key).and_then(Value::as_str).unwrap_or_default();
        // Entered and exited.
        self.events += 2;
        let next = |data| Next::State(text("Next").to_owned(), data);
        let scope = Scope { data: &data, context: &self.context };
        match text("Type") {
            "Wait" => {
                let seconds = match state.get("Seconds") {
                    Some(seconds) => Ok(seconds.clone()),
                    None => scope.at(text("SecondsPath")),
                };
                match seconds.map(|it| it.as_u64()) {
                    Ok(Some(seconds)) => {
                        tokio::time::sleep(Duration::from_secs(seconds)).await;
                        next(data)
                    }
                    Ok(None) => fail(Problem::runtime("the wait is no whole number of seconds")),
                    Err(problem) => fail(problem),
                }
            }
            "Pass" => {
                let made = match (state.get("Parameters"), state.get("Result")) {
                    (Some(parameters), _) => scope.filled(parameters),
                    (None, Some(result)) => Ok(result.clone()),
                    (None, None) => Ok(data.clone()),
                };
                match made.and_then(|made| path::placed(data, state.get("ResultPath"), made)) {
                    Ok(data) => next(data),
                    Err(problem) => fail(problem),
                }
            }
            "Choice" => match choice::choose(state, &scope) {
                Ok(chosen) => Next::State(chosen, data),
                Err(problem) => fail(problem),
            },
            "Task" => self.task(state, data, invoke).await,
            "Map" => self.each(state, data, invoke).await,
            "Succeed" => Next::End(End::Succeeded(data)),
            // `Fail`; nothing else is read.
            _ => {
                let said = |key: &str| match state.get(format!("{key}Path")) {
                    Some(path) => scope.at(path.as_str().unwrap_or_default()),
                    None => Ok(state.get(key).cloned().unwrap_or_default()),
                };
                match (said("Error"), said("Cause")) {
                    (Ok(error), Ok(cause)) => fail(Problem::new(words(&error), words(&cause))),
                    (Err(problem), _) | (_, Err(problem)) => fail(problem),
                }
            }
        }
    }

    /// Calls the function, as often as its retriers say.
    async fn task<I>(&mut self, state: &Value, data: Value, invoke: &I) -> Next
    where
        I: AsyncFn(&str, Value) -> Ended,
    {
        let mut tried = retry::Tried::default();
        let problem = loop {
            let scope = Scope { data: &data, context: &self.context };
            let parameters = match scope.filled(state.get("Parameters").unwrap_or(&Value::Null)) {
                Ok(parameters) => parameters,
                Err(problem) => return fail(problem),
            };
            let function = parameters.get("FunctionName").map(words).unwrap_or_default();
            let payload = parameters.get("Payload").cloned().unwrap_or_else(|| json!({}));
            // Scheduled, started, and how it ended.
            self.events += 3;
            let problem = match invoke(&function, payload).await {
                Ended::Answered(answer) if !fits(&answer) => too_long(&function),
                Ended::Answered(answer) => {
                    let result = json!({ "ExecutedVersion": "$LATEST", "Payload": answer, "StatusCode": 200 });
                    let next = state.get("Next").map(words).unwrap_or_default();
                    match path::placed(data.clone(), state.get("ResultPath"), result) {
                        Ok(placed) if fits(&placed) => return Next::State(next, placed),
                        Ok(_) => too_long(&function),
                        Err(problem) => return fail(problem),
                    }
                }
                Ended::Failed(failure) => problem_of(failure),
            };
            if let Some(end) = self.is_over() {
                return Next::End(end);
            }
            let random = self.world.with(|state| state.seed.below(1_000_000));
            match tried.again(state.get("Retry"), &problem.error, random) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => break problem,
            }
        };
        let Some((next, result_path)) = retry::caught(state.get("Catch"), &problem.error) else {
            return fail(problem);
        };
        let told = json!({ "Error": problem.error, "Cause": problem.cause });
        path::placed(data, result_path, told).map_or_else(fail, |data| Next::State(next, data))
    }
}

/// Whether data is not too long to go from one state to the next.
fn fits(data: &Value) -> bool {
    data.to_string().len() <= DATA_LEN_MAX
}

/// No `States.ALL` catches it.
fn too_long(whose: &str) -> Problem {
    let text = format!(
        "The state/task '{whose}' returned a result with a size exceeding the maximum number of bytes service limit."
    );
    Problem::new("States.DataLimitExceeded", text)
}

fn fail(problem: Problem) -> Next {
    Next::End(End::Failed(problem))
}

/// A function's failure as the state machine names it.
fn problem_of(failure: Failure) -> Problem {
    let Failure { kind, message } = failure;
    let cause = json!({ "errorMessage": message, "errorType": kind });
    Problem::new(kind, cause.to_string())
}

/// A text without its quotes, anything else as JSON.
fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::sfn::Execution;

    const ARN: &str = "arn:aws:states:us-east-1:123456789012:execution:one:a";

    /// How an execution of this machine ends whose functions answer with a text that makes so many bytes.
    async fn ended(states: Value, bytes: usize) -> (&'static str, Option<String>) {
        let world = World::new(Settings::default());
        world.with(|state| {
            state.sfn.executions.push(Execution {
                arn: ARN.to_owned(),
                state_machine: ARN.replace(":execution:", ":stateMachine:").replace(":a", ""),
                name: "a".to_owned(),
                input: json!({}),
                started_at: state.now,
                stopped_at: None,
                status: "RUNNING",
                failure: None,
                events: 1,
            });
        });
        let machine = Machine::read(json!({ "StartAt": "One", "States": states })).unwrap();
        let invoke =
            async |_: &str, _: Value| Ended::Answered(json!("x".repeat(bytes.saturating_sub(2))));
        machine.run(&world, ARN, &invoke).await;
        world.with(|state| {
            let execution = state.sfn.find_arn(ARN).unwrap();
            (execution.status, execution.failure.clone().map(|(error, _)| error))
        })
    }

    fn task(catches: &str, result_path: Value) -> Value {
        json!({
            "One": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": { "FunctionName": "f", "Payload": {} },
                "ResultPath": result_path,
                "Catch": [{ "ErrorEquals": [catches], "ResultPath": "$.told", "Next": "Done" }],
                "Next": "Done",
            },
            "Done": { "Type": "Succeed" },
        })
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_long_ends_an_execution_unless_it_is_caught_by_its_name() {
        let limit = || Some("States.DataLimitExceeded".to_owned());
        let all = || task("States.ALL", Value::Null);
        assert_eq!(ended(all(), DATA_LEN_MAX).await, ("SUCCEEDED", None));
        assert_eq!(ended(all(), DATA_LEN_MAX + 1).await, ("FAILED", limit()));
        let named = task("States.DataLimitExceeded", Value::Null);
        assert_eq!(ended(named, DATA_LEN_MAX + 1).await, ("SUCCEEDED", None));
        // What the task answers is not too long, and what it makes of the state's data is.
        let kept = task("States.DataLimitExceeded", json!("$.answer"));
        assert_eq!(ended(kept, DATA_LEN_MAX).await, ("SUCCEEDED", None));
        let kept = task("States.ALL", json!("$.answer"));
        assert_eq!(ended(kept, DATA_LEN_MAX).await, ("FAILED", limit()));
        let long = "x".repeat(DATA_LEN_MAX);
        let pass = json!({
            "One": { "Type": "Pass", "Result": long, "Next": "Done" },
            "Done": { "Type": "Succeed" },
        });
        assert_eq!(ended(pass, 0).await, ("FAILED", limit()));
    }
}
