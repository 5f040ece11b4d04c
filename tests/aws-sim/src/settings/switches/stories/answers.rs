//! Answers to CloudFormation.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Story, Switches};
use crate::drive::cloudformation::{Resource, Stack};
use crate::drive::{Account, Functions, Handling, Invocation, Plan};
use crate::{Request, Settings, World};

pub(super) const STORIES: &[Story] = &[
    Story {
        switch: "response_url_lasts",
        take: |to, from| to.response_url_lasts = from.response_url_lasts,
        tell: |switches| play(switches, &[(Duration::from_mins(90), "SUCCESS")]).0,
        usual: "200",
        otherwise: "403",
    },
    Story {
        switch: "last_answer_counts",
        take: |to, from| to.last_answer_counts = from.last_answer_counts,
        tell: |switches| {
            let (first, second) = (Duration::from_secs(9), Duration::from_secs(1));
            play(switches, &[(first, "SUCCESS"), (second, "FAILED")]).1
        },
        usual: "CreateComplete",
        otherwise: "RollbackComplete",
    },
];

/// A function that waits and answers, as often as it is told. It takes every Delete at once.
struct Answering {
    world: World,
    answers: Vec<(Duration, &'static str)>,
}

impl Answering {
    async fn answer(&self, event: &Value) {
        if event["RequestType"] == "Delete" {
            return self.put(event, "SUCCESS");
        }
        for (wait, status) in &self.answers {
            tokio::time::sleep(*wait).await;
            self.put(event, status);
        }
    }

    fn put(&self, event: &Value, status: &str) {
        let mut body = json!({
            "Status": status,
            "Reason": "no room",
            "PhysicalResourceId": "orders",
        });
        for key in ["StackId", "RequestId", "LogicalResourceId"] {
            body[key] = event[key].clone();
        }
        let body = body.to_string().into_bytes();
        let request = Request {
            method: "PUT".to_owned(),
            uri: event["ResponseURL"].as_str().unwrap().to_owned(),
            headers: vec![("content-length".to_owned(), body.len().to_string())],
            body,
        };
        self.world.call(self.world.clock(), &request);
    }
}

impl Functions for Answering {
    fn handle(&self, invocation: Invocation) -> Handling<'_> {
        Box::pin(async move {
            self.answer(&invocation.payload).await;
            Ok(Value::Null)
        })
    }
}

/// Makes a stack whose function answers so, with all the time that it wants: the status that the first answer had, and where the stack
/// stands.
fn play(switches: Switches, answers: &[(Duration, &'static str)]) -> (String, String) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(Settings { switches, ..Settings::default() });
        let function = "arn:aws:lambda:us-east-1:123456789012:function:one";
        let functions = Answering { world: world.clone(), answers: answers.to_vec() };
        let plan = Plan {
            timeouts: [(function.to_owned(), Duration::from_hours(2))].into(),
            ..Plan::default()
        };
        let account = Rc::new(Account::new(world.clone(), Rc::new(functions), plan));
        let resource = Resource {
            stack_id: "arn:aws:cloudformation:us-east-1:123456789012:stack/orders/0a1b".to_owned(),
            logical_id: "Cache".to_owned(),
            kind: "Custom::RedisCache".to_owned(),
            service_token: function.to_owned(),
            service_timeout: Duration::from_hours(2),
        };
        let outcome = Stack::new(account, resource).create(&json!({})).await;
        let status = world.with(|it| it.calls.first().map(|it| it.status)).unwrap();
        (status.to_string(), format!("{:?}", outcome.status))
    })
}
