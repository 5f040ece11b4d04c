//! `Map` in its distributed mode: each item is an execution of its own, with a history of its own, and so many go on at once.

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::{Value, json};

use super::path::{Problem, Scope, placed};
use super::{End, Ended, Next, Run, fail, fits, too_long};

impl Run<'_> {
    /// Runs all items, and goes on when the last one has ended. Those that fail stop no other, unless there are more than may.
    pub(super) async fn each<I>(&self, state: &Value, data: Value, invoke: &I) -> Next
    where
        I: AsyncFn(&str, Value) -> Ended,
    {
        let text = |key: &str| state.get(key).and_then(Value::as_str).unwrap_or_default();
        let scope = Scope { data: &data, context: &self.context };
        let items = match scope.at(text("ItemsPath")) {
            Ok(Value::Array(items)) => items,
            Ok(_) => return fail(Problem::runtime("what ItemsPath names is no list")),
            Err(problem) => return fail(problem),
        };
        let count = items.len();
        let number = |key: &str| state.get(key).and_then(Value::as_u64);
        let at_once = number("MaxConcurrency").filter(|it| 0 < *it).unwrap_or(AT_ONCE_MAX);
        let at_once = usize::try_from(at_once).unwrap_or(usize::MAX);
        let items = items.into_iter().enumerate();
        let children = items.map(|(index, item)| self.child(state, &data, index, item, invoke));
        // In the order of the items, whichever ends first.
        let mut ends: Vec<(usize, End)> =
            stream::iter(children).buffer_unordered(at_once).collect().await;
        ends.sort_by_key(|(index, _)| *index);
        if let Some(end) = self.is_over() {
            return Next::End(end);
        }
        let (mut outputs, mut failed) = (Vec::new(), 0);
        for (_, end) in ends {
            match end {
                End::Succeeded(output) => outputs.push(output),
                End::Failed(_) | End::TimedOut | End::Stopped => failed += 1,
            }
        }
        let tolerated = number("ToleratedFailurePercentage").unwrap_or_default();
        if tolerated * u64::try_from(count).unwrap_or_default() < failed * 100 {
            let text = "The specified tolerated failure threshold was exceeded";
            return fail(Problem::new("States.ExceedToleratedFailureThreshold", text));
        }
        let outputs = Value::Array(outputs);
        if !fits(&outputs) {
            return fail(too_long(text("Label")));
        }
        let next = text("Next").to_owned();
        placed(data, state.get("ResultPath"), outputs)
            .map_or_else(fail, |data| Next::State(next, data))
    }

    /// One item, from its first state to its end.
    async fn child<I>(
        &self,
        state: &Value,
        data: &Value,
        index: usize,
        item: Value,
        invoke: &I,
    ) -> (usize, End)
    where
        I: AsyncFn(&str, Value) -> Ended,
    {
        let mut context = self.context.clone();
        if let Some(fields) = context.as_object_mut() {
            let item = json!({ "Item": { "Index": index, "Value": item.clone() } });
            fields.insert("Map".to_owned(), item);
        }
        let input = match state.get("ItemSelector") {
            Some(selector) => Scope { data, context: &context }.filled(selector),
            None => Ok(item),
        };
        let input = match input {
            Ok(input) if fits(&input) => input,
            Ok(_) => return (index, End::Failed(too_long("an item"))),
            Err(problem) => return (index, End::Failed(problem)),
        };
        let definition = state.get("ItemProcessor").unwrap_or(&Value::Null);
        let start = definition.get("StartAt").and_then(Value::as_str).unwrap_or_default();
        let label = state.get("Label").and_then(Value::as_str).unwrap_or("map");
        let mut run = Run {
            definition,
            world: self.world,
            arn: self.arn,
            context: self.context_of_child(label, &input),
            events: 1,
            over_at: self.over_at,
        };
        // Boxed, since an item may have items.
        let end = Box::pin(run.whole(start.to_owned(), input, invoke)).await;
        (index, end)
    }

    /// A child has a name and a start of its own.
    fn context_of_child(&self, label: &str, input: &Value) -> Value {
        let now = self.world.clock();
        let name = self.world.with(|state| state.seed.uuid());
        json!({
            "Execution": {
                "Id": format!("{}/{label}:{name}", self.arn),
                "Name": name,
                "Input": input,
                "StartTime": now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            },
            "StateMachine": self.context.get("StateMachine"),
        })
    }
}

/// So many children go on at once where nothing less is said.
const AT_ONCE_MAX: u64 = 10_000;

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::time::Duration;

    use super::super::Machine;
    use super::*;
    use crate::sfn::{DATA_LEN_MAX, Execution};
    use crate::{Settings, World};

    const ARN: &str = "arn:aws:states:us-east-1:123456789012:execution:one:a";

    /// Two at once; whoever is asked for a number waits as many seconds, and 13 fails.
    fn machine(tolerated: u32, result: Value) -> Value {
        json!({
            "StartAt": "Each",
            "States": {
                "Each": {
                    "Type": "Map",
                    "Label": "Each",
                    "ItemsPath": "$.each",
                    "ItemSelector": { "number.$": "$$.Map.Item.Value", "of.$": "$$.Execution.Name" },
                    "MaxConcurrency": 2,
                    "ToleratedFailurePercentage": tolerated,
                    "ItemProcessor": {
                        "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                        "StartAt": "Ask",
                        "States": {
                            "Ask": {
                                "Type": "Task",
                                "Resource": "arn:aws:states:::lambda:invoke",
                                "Parameters": {
                                    "FunctionName": "f",
                                    "Payload": { "number.$": "$.number", "of.$": "$.of", "name.$": "$$.Execution.Name" },
                                },
                                "ResultPath": null,
                                "Next": "Told",
                            },
                            "Told": { "Type": "Pass", "Result": result, "Next": "Done" },
                            "Done": { "Type": "Succeed" },
                        },
                    },
                    "ResultPath": "$.told",
                    "Next": "Done",
                },
                "Done": { "Type": "Succeed" },
            },
        })
    }

    struct Run {
        status: &'static str,
        failure: Option<String>,
        /// What was asked, in order, and by how many at once.
        asked: Vec<Value>,
        at_once: usize,
        events: u32,
    }

    async fn run(numbers: &[u64], tolerated: u32, result: Value) -> Run {
        let world = World::new(Settings::default());
        world.with(|state| {
            state.sfn.executions.push(Execution {
                arn: ARN.to_owned(),
                state_machine: "one".to_owned(),
                name: "a".to_owned(),
                input: json!({ "each": numbers }),
                started_at: state.now,
                stopped_at: None,
                status: "RUNNING",
                failure: None,
                events: 1,
            });
        });
        let machine = Machine::read(machine(tolerated, result)).unwrap();
        let (asked, now, at_once) = (RefCell::new(Vec::new()), Cell::new(0), Cell::new(0));
        let invoke = async |_: &str, payload: Value| {
            let number = payload["number"].as_u64().unwrap();
            asked.borrow_mut().push(payload);
            now.set(now.get() + 1);
            at_once.set(at_once.get().max(now.get()));
            tokio::time::sleep(Duration::from_secs(number)).await;
            now.set(now.get() - 1);
            match number {
                13 => Ended::Failed(super::super::Failure {
                    kind: "Unlucky".to_owned(),
                    message: "no".to_owned(),
                }),
                _ => Ended::Answered(json!(number)),
            }
        };
        machine.run(&world, ARN, &invoke).await;
        world.with(|state| {
            let execution = state.sfn.find_arn(ARN).unwrap();
            let failure = execution.failure.clone().map(|it| it.0);
            let (status, events) = (execution.status, execution.events);
            Run { status, failure, asked: asked.take(), at_once: at_once.get(), events }
        })
    }

    #[tokio::test(start_paused = true)]
    async fn each_item_is_an_execution_of_its_own_and_so_many_go_on_at_once() {
        let run = run(&[3, 1, 5, 2, 4], 0, json!("told")).await;
        assert_eq!((run.status, run.failure, run.at_once), ("SUCCEEDED", None, 2));
        let mut names: Vec<_> = run.asked.iter().map(|it| it["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 5, "each has a name of its own");
        assert!(
            run.asked.iter().all(|it| it["of"] == "a"),
            "the selector sees whose items they are"
        );
        assert_eq!(run.events, 1 + 2 + 2, "what the children do is in histories of their own");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_fails_stops_no_other_where_that_is_tolerated() {
        let tolerant = run(&[1, 13, 2], 100, json!("told")).await;
        assert_eq!((tolerant.status, tolerant.asked.len()), ("SUCCEEDED", 3));
        let strict = run(&[1, 13, 2], 33, json!("told")).await;
        let failure = strict.failure.as_deref();
        assert_eq!(
            (strict.status, failure),
            ("FAILED", Some("States.ExceedToleratedFailureThreshold"))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_all_of_them_leave_must_fit() {
        let long = json!("x".repeat(DATA_LEN_MAX / 2));
        let run = run(&[1, 2], 0, long).await;
        assert_eq!(run.failure.as_deref(), Some("States.DataLimitExceeded"));
    }

    #[test]
    fn a_map_of_another_kind_is_refused() {
        let problems = |change: fn(&mut Value)| {
            let mut definition = machine(0, Value::Null);
            change(&mut definition["States"]["Each"]);
            Machine::read(definition).unwrap_err().join("; ")
        };
        let inline =
            problems(|it| it["ItemProcessor"]["ProcessorConfig"]["Mode"] = json!("INLINE"));
        assert!(inline.contains("Mode is not DISTRIBUTED"), "{inline}");
        let reader = problems(|it| it["ItemReader"] = json!({}));
        assert_eq!(reader, "Each: ItemReader is not known here");
        let astray = problems(|it| it["ItemProcessor"]["States"]["Ask"]["Next"] = json!("Nowhere"));
        assert_eq!(astray, "Ask leads to Nowhere, which is no state");
    }
}
