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
        "StartExecution" => {
            let machine = machine(text("stateMachineArn"))?;
            // Only the state machine has to be named.
            let given = |key: &str| fields.get(key).and_then(Value::as_str);
            let name = given("name").map_or_else(|| state.seed.uuid(), str::to_owned);
            start(state, machine, &name, given("input").unwrap_or("{}"))
        }
        "ListExecutions" => list(state, machine(text("stateMachineArn"))?, fields),
        "StopExecution" => stop(state, text("executionArn")),
        other => Err(Refusal::new(400, "UnknownOperationException", other)),
    }
}

/// The ARN of a state machine. Which there are, a world is not told.
fn machine(arn: &str) -> Result<&str, Refusal> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "states", region, account, "stateMachine", name]
            if [region, account, name].iter().all(|it| !it.is_empty()) =>
        {
            Ok(arn)
        }
        _ => Err(Refusal::new(400, "InvalidArn", format!("Invalid Arn: '{arn}'"))),
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
    // Two state machines may have executions of one name.
    let arn = format!("{}:{name}", machine.replace(":stateMachine:", ":execution:"));
    if let Some(known) = state.sfn.find_arn(&arn) {
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

/// The newest first, a page at a time.
fn list(state: &State, machine: &str, fields: &Value) -> Result<Value, Refusal> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    let status = text("statusFilter");
    let from: usize = match text("nextToken") {
        "" => 0,
        token => token
            .parse()
            .map_err(|_| Refusal::new(400, "InvalidToken", format!("Invalid Token: '{token}'")))?,
    };
    // 0 is the default.
    let size = fields.get("maxResults").and_then(Value::as_u64).filter(|it| 0 < *it);
    let size = usize::try_from(size.unwrap_or(100).min(1000)).unwrap_or(100);
    let wanted =
        |it: &&Execution| it.state_machine == machine && (status.is_empty() || it.status == status);
    let mut executions: Vec<Value> = state
        .sfn
        .executions
        .iter()
        .rev()
        .filter(wanted)
        .skip(from)
        .take(size.saturating_add(1))
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
    let has_more = size < executions.len();
    executions.truncate(size);
    let mut answer = json!({ "executions": executions });
    if has_more {
        json::set(&mut answer, "nextToken", from.saturating_add(size).to_string());
    }
    Ok(answer)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, World};

    const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:one";

    fn ask(world: &World, operation: &str, fields: &Value) -> Result<Value, String> {
        world.with(|state| answer(state, operation, fields).map_err(|it| it.code.clone()))
    }

    #[test]
    fn names_are_unique_for_a_state_machine_and_made_where_none_is_given() {
        let world = World::new(Settings::default());
        let start =
            |machine: &str| json!({ "stateMachineArn": machine, "name": "a", "input": "{}" });
        let first = ask(&world, "StartExecution", &start(MACHINE)).unwrap();
        assert_eq!(
            ask(&world, "StartExecution", &start(MACHINE)).unwrap(),
            first,
            "the same again"
        );
        let other = MACHINE.replace("one", "two");
        assert_ne!(ask(&world, "StartExecution", &start(&other)).unwrap(), first);
        let mut changed = start(MACHINE);
        changed["input"] = json!("[1]");
        let refused = ask(&world, "StartExecution", &changed).unwrap_err();
        assert_eq!(refused, "ExecutionAlreadyExists");
        let bare = json!({ "stateMachineArn": MACHINE });
        let one = ask(&world, "StartExecution", &bare).unwrap();
        assert_ne!(ask(&world, "StartExecution", &bare).unwrap(), one);
        let refused = ask(&world, "StartExecution", &json!({ "stateMachineArn": "one" }));
        assert_eq!(refused.unwrap_err(), "InvalidArn");
    }

    #[test]
    fn executions_are_listed_by_pages_the_newest_first() {
        let world = World::new(Settings::default());
        for number in 0..5 {
            let start = json!({ "stateMachineArn": MACHINE, "name": format!("e{number}") });
            ask(&world, "StartExecution", &start).unwrap();
        }
        let (mut names, mut token) = (Vec::new(), String::new());
        for _ in 0..3 {
            let list = json!({ "stateMachineArn": MACHINE, "maxResults": 2, "nextToken": token });
            let page = ask(&world, "ListExecutions", &list).unwrap();
            let found = page["executions"].as_array().unwrap().iter();
            names.push(found.map(|it| it["name"].to_string()).collect::<String>());
            token = page["nextToken"].as_str().unwrap_or_default().to_owned();
        }
        assert_eq!(names, ["\"e4\"\"e3\"", "\"e2\"\"e1\"", "\"e0\""]);
        assert_eq!(token, "", "that was all");
        let bad = json!({ "stateMachineArn": MACHINE, "nextToken": "x" });
        assert_eq!(ask(&world, "ListExecutions", &bad).unwrap_err(), "InvalidToken");
    }
}
