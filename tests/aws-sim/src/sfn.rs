//! Step Functions, as far as long work is carried by it: executions are recorded, and whoever drives the world runs them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::wire::schema::Schema;
use crate::wire::{Call, json};
use crate::{Refusal, Response, State};

/// Its state. A name stays taken for 90 days after its end, which is longer than any story.
#[derive(Debug, Default)]
pub struct Service {
    /// Every execution, in the order of their start.
    pub executions: Vec<Execution>,
}

/// An execution.
#[derive(Clone, Debug)]
pub struct Execution {
    /// The ARN.
    pub arn: String,
    /// The state machine.
    pub state_machine: String,
    /// The name.
    pub name: String,
    /// What it was started with.
    pub input: Value,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it was stopped, where it was.
    pub stopped_at: Option<Timestamp>,
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: &'static str,
    /// Where it failed: the error and its cause.
    pub failure: Option<(String, String)>,
    /// How many events its history holds.
    pub events: u32,
}

impl Service {
    /// The execution of a name.
    pub fn find(&mut self, name: &str) -> Option<&mut Execution> {
        self.executions.iter_mut().find(|it| it.name == name)
    }

    /// The execution of an ARN.
    pub fn find_arn(&mut self, arn: &str) -> Option<&mut Execution> {
        self.executions.iter_mut().find(|it| it.arn == arn)
    }

    /// Those that run.
    pub fn running(&self) -> impl Iterator<Item = &Execution> {
        self.executions.iter().filter(|it| it.status == "RUNNING")
    }
}

/// One call.
pub(crate) fn call(state: &mut State, asked: Call<'_>) -> Response {
    let id = state.seed.uuid();
    let operation = asked.operation.clone();
    match asked.into_json().and_then(|fields| answer(state, &operation, &fields)) {
        Ok(answer) => json::answer(&answer, &id),
        Err(refusal) => json::refuse(&refusal, &id),
    }
}

const SCHEMA: Schema = Schema {
    texts: &[
        "cause",
        "error",
        "executionArn",
        "input",
        "name",
        "nextToken",
        "stateMachineArn",
        "statusFilter",
    ],
    numbers: &["maxResults"],
    flags: &[],
    text_lists: &[],
    structures: &[],
    structure_lists: &[],
};

fn answer(state: &mut State, operation: &str, fields: &Value) -> Result<Value, Refusal> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    SCHEMA.check(fields)?;
    match operation {
        "StartExecution" => start(state, text("stateMachineArn"), text("name"), text("input")),
        "ListExecutions" => Ok(list(state, text("stateMachineArn"), text("statusFilter"))),
        "StopExecution" => stop(state, text("executionArn")),
        other => Err(Refusal::new(400, "UnknownOperationException", other)),
    }
}

fn start(state: &mut State, machine: &str, name: &str, input: &str) -> Result<Value, Refusal> {
    let legal = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if name.is_empty() || 80 < name.len() || !name.chars().all(legal) {
        return Err(Refusal::new(400, "InvalidName", format!("Invalid Name: '{name}'")));
    }
    let input: Value = serde_json::from_str(input).map_err(|err| {
        Refusal::new(
            400,
            "InvalidExecutionInput",
            format!("Invalid State Machine Execution Input: '{err}'"),
        )
    })?;
    let now = state.now;
    if let Some(known) = state.sfn.find(name) {
        // Starting a running execution again with the very same input is idempotent. Everything else under its name is refused.
        if known.status == "RUNNING" && known.input == input {
            return Ok(
                json!({ "executionArn": known.arn, "startDate": known.started_at.as_second() }),
            );
        }
        return Err(Refusal::new(
            400,
            "ExecutionAlreadyExists",
            format!("Execution Already Exists: '{}'", known.arn),
        ));
    }
    let arn = format!("{}:{name}", machine.replace(":stateMachine:", ":execution:"));
    let answer = json!({ "executionArn": arn, "startDate": now.as_second() });
    state.sfn.executions.push(Execution {
        arn,
        state_machine: machine.to_owned(),
        name: name.to_owned(),
        input,
        started_at: now,
        stopped_at: None,
        status: "RUNNING",
        failure: None,
        events: 1,
    });
    Ok(answer)
}

fn list(state: &State, machine: &str, status: &str) -> Value {
    let wanted =
        |it: &&Execution| it.state_machine == machine && (status.is_empty() || it.status == status);
    let executions: Vec<Value> = state
        .sfn
        .executions
        .iter()
        .rev()
        .filter(wanted)
        .map(|it| {
            let mut item = json!({
                "executionArn": it.arn, "stateMachineArn": it.state_machine, "name": it.name,
                "status": it.status, "startDate": it.started_at.as_second(),
            });
            if let (Some(stopped_at), Some(fields)) = (it.stopped_at, item.as_object_mut()) {
                fields.insert("stopDate".to_owned(), json!(stopped_at.as_second()));
            }
            item
        })
        .collect();
    json!({ "executions": executions })
}

fn stop(state: &mut State, arn: &str) -> Result<Value, Refusal> {
    let now = state.now;
    let found = state.sfn.executions.iter_mut().find(|it| it.arn == arn);
    let execution = found.ok_or_else(|| {
        Refusal::new(400, "ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
    })?;
    if execution.status == "RUNNING" {
        execution.status = "ABORTED";
        execution.stopped_at = Some(now);
    }
    Ok(json!({ "stopDate": now.as_second() }))
}
