//! Step Functions, as far as long work is carried by it: executions are recorded, and whoever drives the world runs them.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::wire::schema::Schema;
use crate::wire::{Call, json};
use crate::{Refusal, Response, State};

/// Its state.
#[derive(Debug, Default)]
pub struct Service {
    /// The state machines that there are, by ARN. None, where nobody has said: then there is each of this account and region.
    pub machines: Option<BTreeSet<String>>,
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
    /// The newest execution of a name.
    pub fn find(&mut self, name: &str) -> Option<&mut Execution> {
        self.executions.iter_mut().rfind(|it| it.name == name)
    }

    /// The newest execution of an ARN.
    pub fn find_arn(&mut self, arn: &str) -> Option<&mut Execution> {
        self.executions.iter_mut().rfind(|it| it.arn == arn)
    }

    /// Those that run.
    pub fn running(&self) -> impl Iterator<Item = &Execution> {
        self.executions.iter().filter(|it| it.status == "RUNNING")
    }
}

/// One call.
pub(crate) fn call(state: &mut State, asked: Call<'_>) -> Response {
    asked.answered(state, |state, operation, fields| answer(state, operation, &fields))
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
            let machine = machine(state, text("stateMachineArn"))?;
            // Only the state machine has to be named.
            let given = |key: &str| fields.get(key).and_then(Value::as_str);
            let name = given("name").map_or_else(|| state.seed.uuid(), str::to_owned);
            start(state, machine, &name, given("input").unwrap_or("{}"))
        }
        "ListExecutions" => list(state, machine(state, text("stateMachineArn"))?, fields),
        "StopExecution" => stop(state, text("executionArn")),
        other => Err(Refusal::not_modelled(other)),
    }
}

/// The ARN of a state machine that there is.
fn machine<'a>(state: &State, arn: &'a str) -> Result<&'a str, Refusal> {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", _, "states", region, account, "stateMachine", name] = parts.as_slice() else {
        return Err(Refusal::new(400, "InvalidArn", format!("Invalid Arn: '{arn}'")));
    };
    if [region, account, name].iter().any(|it| it.is_empty()) {
        return Err(Refusal::new(400, "InvalidArn", format!("Invalid Arn: '{arn}'")));
    }
    let is_here = *region == state.settings.region && *account == state.settings.account;
    if is_here && state.sfn.machines.as_ref().is_none_or(|it| it.contains(arn)) {
        return Ok(arn);
    }
    let text = format!("State Machine Does Not Exist: '{arn}'");
    Err(Refusal::new(400, "StateMachineDoesNotExist", text))
}

/// Input and output of anything have so many bytes at most.
pub(crate) const DATA_LEN_MAX: usize = 256 * 1024;

/// Whether a name may be one of an execution: 1 to 80 characters, without what the reference of `StartExecution` names.
fn is_name(text: &str) -> bool {
    let is_barred = |it: char| {
        it.is_whitespace()
            || it.is_control()
            || ('\u{fffe}'..='\u{ffff}').contains(&it)
            || r##"<>{}[]?*"#%\^|~`$&,;:/"##.contains(it)
    };
    (1..=80).contains(&text.chars().count()) && !text.chars().any(is_barred)
}

fn start(state: &mut State, machine: &str, name: &str, input: &str) -> Result<Value, Refusal> {
    if !is_name(name) {
        return Err(Refusal::new(400, "InvalidName", format!("Invalid Name: '{name}'")));
    }
    if DATA_LEN_MAX < input.len() {
        return Err(out_of_range("input", &format!("have at most {DATA_LEN_MAX} bytes")));
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
    let is_forgotten = |it: &Execution| {
        it.stopped_at.is_some_and(|ended| NAME_STAYS_TAKEN <= now.duration_since(ended))
    };
    if let Some(known) = state.sfn.find_arn(&arn).filter(|it| !is_forgotten(it)) {
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

/// After the end of an execution its name may be used again (reference of `StartExecution`).
const NAME_STAYS_TAKEN: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A field that breaks a bound of the service's model.
fn out_of_range(field: &str, must: &str) -> Refusal {
    let text = format!(
        "1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must {must}"
    );
    Refusal::new(400, "ValidationException", text)
}

const STATUSES: [&str; 6] =
    ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"];

/// The newest first, a page at a time.
fn list(state: &State, machine: &str, fields: &Value) -> Result<Value, Refusal> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    let status = text("statusFilter");
    if !status.is_empty() && !STATUSES.contains(&status) {
        let known = STATUSES.join(", ");
        return Err(out_of_range("statusFilter", &format!("satisfy enum value set: [{known}]")));
    }
    let from: usize = match text("nextToken") {
        "" => 0,
        token => token
            .parse()
            .map_err(|_| Refusal::new(400, "InvalidToken", format!("Invalid Token: '{token}'")))?,
    };
    // 0 is the default.
    let size = match fields.get("maxResults").and_then(Value::as_i64) {
        None | Some(0) => 100,
        Some(size) => usize::try_from(size)
            .ok()
            .filter(|it| *it <= PAGE_MAX)
            .ok_or_else(|| out_of_range("maxResults", &format!("be from 0 to {PAGE_MAX}")))?,
    };
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

const PAGE_MAX: usize = 1000;

fn stop(state: &mut State, arn: &str) -> Result<Value, Refusal> {
    let now = state.now;
    let found = state.sfn.find_arn(arn);
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

    fn refused(world: &World, operation: &str, fields: &Value) -> String {
        ask(world, operation, fields).expect_err("it is refused")
    }

    #[test]
    fn a_machine_is_there_if_it_is_of_this_account_and_region_or_was_named() {
        let world = World::new(Settings::default());
        for stranger in [
            MACHINE.replace("us-east-1", "eu-west-1"),
            MACHINE.replace("123456789012", "210987654321"),
        ] {
            let start = json!({ "stateMachineArn": stranger });
            assert_eq!(refused(&world, "StartExecution", &start), "StateMachineDoesNotExist");
        }
        let one = json!({ "stateMachineArn": MACHINE });
        ask(&world, "StartExecution", &one).unwrap();
        world.with(|it| it.sfn.machines = Some([MACHINE.replace("one", "two")].into()));
        assert_eq!(refused(&world, "StartExecution", &one), "StateMachineDoesNotExist");
        assert_eq!(refused(&world, "ListExecutions", &one), "StateMachineDoesNotExist");
        let two = json!({ "stateMachineArn": MACHINE.replace("one", "two") });
        ask(&world, "StartExecution", &two).unwrap();
    }

    #[test]
    fn a_name_may_have_what_is_not_barred() {
        let world = World::new(Settings::default());
        let start = |name: &str| json!({ "stateMachineArn": MACHINE, "name": name });
        for name in ["a", "A-b_c.d=e@f!(g)+h'i", "größe", &"x".repeat(80)] {
            ask(&world, "StartExecution", &start(name)).unwrap();
        }
        let barred = "<>{}[]?*\"#%\\^|~`$&,;:/ \t\n\u{7f}\u{85}".chars().map(String::from);
        for name in barred.chain([String::new(), "x".repeat(81)]) {
            assert_eq!(refused(&world, "StartExecution", &start(&name)), "InvalidName", "{name:?}");
        }
    }

    #[test]
    fn input_has_256_kib_at_most() {
        let world = World::new(Settings::default());
        let start = |bytes: usize| {
            let input = format!("\"{}\"", "x".repeat(bytes - 2));
            json!({ "stateMachineArn": MACHINE, "input": input })
        };
        ask(&world, "StartExecution", &start(256 * 1024)).unwrap();
        let more = start(256 * 1024 + 1);
        assert_eq!(refused(&world, "StartExecution", &more), "ValidationException");
    }

    #[test]
    fn a_name_is_free_again_90_days_after_its_execution_has_ended() {
        let world = World::new(Settings::default());
        let start = json!({ "stateMachineArn": MACHINE, "name": "a" });
        let pass =
            |days: i64| world.with(|it| it.advance(it.now + SignedDuration::from_hours(days * 24)));
        let first = ask(&world, "StartExecution", &start).unwrap();
        pass(100);
        assert_eq!(ask(&world, "StartExecution", &start).unwrap(), first, "it still runs");
        let stop = json!({ "executionArn": first["executionArn"] });
        ask(&world, "StopExecution", &stop).unwrap();
        pass(89);
        assert_eq!(refused(&world, "StartExecution", &start), "ExecutionAlreadyExists");
        pass(1);
        let second = ask(&world, "StartExecution", &start).unwrap();
        assert_eq!(second["executionArn"], first["executionArn"]);
        assert_ne!(second["startDate"], first["startDate"]);
        assert_eq!(ask(&world, "StartExecution", &start).unwrap(), second, "the newest counts");
        ask(&world, "StopExecution", &stop).unwrap();
        assert_eq!(world.with(|it| it.sfn.running().count()), 0);
    }

    #[test]
    fn what_is_out_of_its_bounds_is_no_list() {
        let world = World::new(Settings::default());
        for (field, value) in [
            ("maxResults", json!(1001)),
            ("maxResults", json!(-1)),
            ("statusFilter", json!("ENDED")),
        ] {
            let mut list = json!({ "stateMachineArn": MACHINE });
            list[field] = value;
            assert_eq!(refused(&world, "ListExecutions", &list), "ValidationException");
        }
        let most =
            json!({ "stateMachineArn": MACHINE, "maxResults": 1000, "statusFilter": "RUNNING" });
        assert_eq!(ask(&world, "ListExecutions", &most).unwrap()["executions"], json!([]));
    }
}
