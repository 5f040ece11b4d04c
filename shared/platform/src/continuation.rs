//! Long work, carried by a Step Functions execution past one invocation.

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{ExecutionListItem, ExecutionStatus};
use aws_smithy_types::DateTime;
use domain::provision::name::Issue;
use domain::{Arn, Wait};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Aws, Fault, FaultKind};

/// An event as it arrived: from its own source, or from the state machine, which wraps it.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The event, as its source wrote it.
    pub event: Value,
    /// The execution that carries it, where one does.
    pub carrier: Option<Carrier>,
}

/// The execution that calls us.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Carrier {
    /// The name of the execution.
    pub execution: String,
    /// When it started, which is when the work was asked for.
    pub started_at: Timestamp,
    /// Why it gives up: set on the last call, which only reports.
    pub gave_up: Option<Value>,
}

impl Delivery {
    /// Unwraps an event that the state machine carries, and leaves any other as it is.
    pub fn open(payload: Value) -> Self {
        let Value::Object(mut fields) = payload else {
            return Self { event: payload, carrier: None };
        };
        let carrier = fields.get("cachewarden").and_then(|it| Carrier::deserialize(it).ok());
        match (carrier, fields.contains_key("event")) {
            (Some(carrier), true) => {
                let event = fields.remove("event").unwrap_or_default();
                Self { event, carrier: Some(carrier) }
            }
            _ => Self { event: Value::Object(fields), carrier: None },
        }
    }

    /// Why the state machine gives up, in words, if it does.
    pub fn gave_up(&self) -> Option<String> {
        let reason = self.carrier.as_ref()?.gave_up.as_ref()?;
        let text = |key: &str| reason.get(key).and_then(Value::as_str).unwrap_or_default();
        Some(format!("{} {}", text("Error"), text("Cause")).trim().to_owned())
    }
}

/// What the state machine is told when work goes on.
pub fn unfinished(wait: &Wait) -> Value {
    json!({
        "status": "unfinished",
        "waitSeconds": wait.recheck.as_secs().max(1),
        "summary": format!("waiting for {}", wait.on),
    })
}

/// What the state machine is told when work has ended; `status` is `settled`, `refused` or `failed`.
pub fn ended(status: &'static str, summary: &str) -> Value {
    json!({ "status": status, "summary": summary })
}

/// One of many events that an execution is about.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Each {
    /// The event.
    pub event: Value,
    /// How long to wait before the first call with it.
    pub wait_seconds: i64,
}

/// What an execution that is about many events is started with.
pub fn input_of_each(function_arn: &str, each: &[Each]) -> Value {
    json!({ "function": function_arn, "each": each })
}

/// What Step Functions takes as the input of an execution, in bytes.
pub const INPUT_LEN_MAX: usize = 256 * 1024;

/// Step Functions, as far as we use it.
#[derive(Clone, Debug)]
pub struct Executions {
    client: Client,
    state_machine: Arn,
}

/// What came of starting an execution.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Started {
    /// It runs.
    Now,
    /// One of that name runs or ran: the event is a duplicate.
    Before,
}

/// How our work stands among all that was asked of the same thing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Nobody asked for anything since.
    Newest {
        /// When the last of those that were stopped ended: a call that it made may still be under way then.
        others_ended: Option<Timestamp>,
    },
    /// Something else was asked for since, in the execution of this name.
    Overtaken(String),
}

impl Executions {
    /// The executions of this state machine.
    pub fn new(aws: &Aws, state_machine: Arn) -> Self {
        Self { client: Client::new(aws.config()), state_machine }
    }

    /// Has the state machine call a function with this event after a wait, under a name that a duplicate event shares.
    pub async fn start(
        &self,
        name: &str,
        function_arn: &str,
        event: &Value,
        wait_seconds: i64,
    ) -> Result<Started, Fault> {
        let input =
            json!({ "function": function_arn, "event": event, "waitSeconds": wait_seconds });
        self.begin(name, &input).await
    }

    /// Has the state machine call a function with each of these events, each after its own wait and until it is settled itself: one execution
    /// for all of them.
    pub async fn start_each(
        &self,
        name: &str,
        function_arn: &str,
        each: &[Each],
    ) -> Result<Started, Fault> {
        self.begin(name, &input_of_each(function_arn, each)).await
    }

    async fn begin(&self, name: &str, input: &Value) -> Result<Started, Fault> {
        let started = self
            .client
            .start_execution()
            .state_machine_arn(self.state_machine.as_str())
            .name(name)
            .input(input.to_string())
            .send()
            .await
            .map_err(|err| Fault::from_sdk("StartExecution", err));
        match started {
            Ok(_) => Ok(Started::Now),
            Err(fault) if fault.kind == FaultKind::Taken => Ok(Started::Before),
            Err(fault) => Err(fault),
        }
    }

    /// Whether one of this name runs or ran: for a caller to whom nobody said what became of starting it.
    pub async fn has(&self, name: &str) -> Result<bool, Fault> {
        Ok(!self.listed(|it| it == name, None).await?.is_empty())
    }

    /// Finds what else was asked of the same thing, by the names of the executions, and stops what is older than ours.
    ///
    /// Only older ones: of two that run at once, each would else stop the other, and nobody would answer. Of two whose names say when
    /// their requests were issued, that counts, as events come late and out of turn (facts 7.5); of others, which started first. What
    /// was overtaken stops nobody.
    pub async fn supersede(
        &self,
        ours: &Carrier,
        why: &str,
        are_of_one: fn(&str, &str) -> bool,
        issued: fn(&str) -> Option<Issue>,
    ) -> Result<Standing, Fault> {
        let our_issue = issued(&ours.execution);
        let is_newer =
            |it: &ExecutionListItem| our_issue.is_some() && our_issue < issued(it.name());
        let is_beside = |it: &str| are_of_one(&ours.execution, it);
        let (all, running) = tokio::try_join!(
            self.listed(is_beside, None),
            self.listed(is_beside, Some(ExecutionStatus::Running)),
        )?;
        if let Some(newer) = all.iter().chain(&running).find(|it| is_newer(it)) {
            return Ok(Standing::Overtaken(newer.name().to_owned()));
        }
        let mut ended = Vec::new();
        for execution in older(&running, ours, issued) {
            let stopped = self
                .client
                .stop_execution()
                .execution_arn(execution.execution_arn())
                .error("Superseded")
                .cause(why)
                .send()
                .await
                .map_err(|err| Fault::from_sdk("StopExecution", err));
            match stopped {
                Ok(stopped) => ended.push(timestamp(Some(stopped.stop_date()))),
                // It came to its own end since it was listed, and with it its last call.
                Err(fault) if matches!(fault.kind, FaultKind::Rejected | FaultKind::Gone) => {}
                Err(fault) => return Err(fault),
            }
        }
        let stopped = self.listed(is_beside, Some(ExecutionStatus::Aborted)).await?;
        ended.extend(
            stopped
                .iter()
                .filter(|it| it.name() != ours.execution)
                .map(|it| timestamp(it.stop_date())),
        );
        Ok(Standing::Newest { others_ended: ended.into_iter().max() })
    }

    /// Of the newest executions, or those of a state, the ones of these names.
    async fn listed(
        &self,
        is_wanted: impl Fn(&str) -> bool,
        status: Option<ExecutionStatus>,
    ) -> Result<Vec<ExecutionListItem>, Fault> {
        let page = self
            .client
            .list_executions()
            .state_machine_arn(self.state_machine.as_str())
            .set_status_filter(status)
            .max_results(LISTED_MAX)
            .send()
            .await
            .map_err(|err| Fault::from_sdk("ListExecutions", err))?;
        Ok(page.executions.into_iter().filter(|it| is_wanted(it.name())).collect())
    }
}

/// Those of the executions that run that are older than ours.
fn older<'a>(
    running: &'a [ExecutionListItem],
    ours: &Carrier,
    issued: fn(&str) -> Option<Issue>,
) -> impl Iterator<Item = &'a ExecutionListItem> {
    let started = |it: &ExecutionListItem| timestamp(Some(it.start_date()));
    // By the list's own clock, where it has us already: it is eventually consistent. Of two that started in the same moment, the
    // list has the newer first.
    let us = running.iter().position(|it| it.name() == ours.execution);
    let since = us.and_then(|it| running.get(it)).map_or(ours.started_at, started);
    let our_issue = issued(&ours.execution);
    let is_older = move |(at, it): &(usize, &ExecutionListItem)| {
        let both = our_issue.zip(issued(it.name())).filter(|(ours, theirs)| ours != theirs);
        match both {
            Some((ours, theirs)) => theirs < ours,
            None => started(it) < since || started(it) == since && us.is_some_and(|us| us < *at),
        }
    };
    running.iter().enumerate().filter(is_older).map(|(_, it)| it)
}

/// More executions than this at once would be more caches than an account may have nodes for.
const LISTED_MAX: i32 = 1000;

fn timestamp(date: Option<&DateTime>) -> Timestamp {
    let nanos = date.map_or(0, DateTime::as_nanos);
    Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_its_own_source_is_left_as_it_is() {
        let event = json!({ "RequestType": "Create", "event": "not ours" });
        let delivery = Delivery::open(event.clone());
        assert_eq!(delivery.event, event);
        assert!(delivery.carrier.is_none());
    }

    #[test]
    fn a_carried_event_is_unwrapped() {
        let carried = json!({
            "cachewarden": { "execution": "x", "startedAt": "2026-01-02T03:04:05Z", "gaveUp": { "Error": "Lambda.Timeout", "Cause": "slow" } },
            "event": { "action": "take" },
        });
        let delivery = Delivery::open(carried);
        assert_eq!(delivery.event, json!({ "action": "take" }));
        assert_eq!(delivery.gave_up().unwrap(), "Lambda.Timeout slow");
    }
}
