//! CloudFormation, as far as one resource sees it: every scalar a string, events that come twice, rollbacks, answers.

use std::cell::Cell;

use ::provision::App;
use aws_sim::settings::Durations;
use aws_sim::{Done, Effect, Settings};
use domain::Arn;
use domain::alarm::Watch;
use domain::price::Prices;
use domain::{GroupId, GroupView, tag};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use platform::settings::ProvisionSettings;
use platform::{Alarms, ElastiCache, Secrets};
use serde_json::{Value, json};

use crate::support::{ALARM_TOPIC, Ended, Execution, STATE_MACHINE, Scene, function_arn};

pub(super) const GROUP: &str = "orders-redis-production";
pub(super) const SECRET: &str = "orders-redis-auth-token-production";

/// A stack with one cache.
pub(super) struct Stack {
    pub(super) scene: Scene,
    pub(super) app: App,
    requests: Cell<u32>,
}

/// The properties of the seed's "Option A", as a template gives them.
pub(super) fn properties(over: &[(&str, &str)]) -> Value {
    let mut properties = json!({
        "ServiceToken": function_arn("provision"),
        "ServiceTimeout": "3600",
        "ProjectName": "orders",
        "Environment": "production",
        "PrivateSubnetIds": ["subnet-0a", "subnet-0b"],
        "SecurityGroupIds": ["sg-0a"],
        "RedisNodeType": "cache.t4g.micro",
        "RedisNumCacheNodes": "2",
        "AlarmSnsTopicArn": "",
    });
    for (name, value) in over {
        properties[*name] = json!(value);
    }
    properties
}

impl Stack {
    /// An account in which work takes a tenth of its time, so that a story has fewer looks.
    pub(super) async fn new() -> Self {
        Self::with(quick()).await
    }

    pub(super) async fn with(settings: Settings) -> Self {
        Self::over(Scene::with(settings).await)
    }

    /// The stack over a scene that stands.
    pub(super) fn over(scene: Scene) -> Self {
        let arn = |it: &str| Arn::parse(it).unwrap();
        let settings = ProvisionSettings {
            state_machine: arn(STATE_MACHINE),
            rotate_function: arn(&function_arn("rotate")),
            alarm_topic: arn(ALARM_TOPIC),
            prices: Prices::default(),
        };
        let app = App::new(&scene.aws, settings, scene.clock, scene.journal.clone());
        Self { scene, app, requests: Cell::new(0) }
    }

    /// A request of CloudFormation's, with an id and an address of its own.
    pub(super) fn request(&self, kind: &str, physical_id: Option<&str>, now: &Value) -> Value {
        let number = self.requests.get() + 1;
        self.requests.set(number);
        let mut event = json!({
            "RequestType": kind,
            "ServiceToken": function_arn("provision"),
            "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/orders/0a1b",
            "RequestId": format!("request-{number}"),
            "LogicalResourceId": "Cache",
            "ResourceType": "Custom::RedisCache",
            "ResponseURL": format!("https://cfn-response.sim/{number}?Signature=planted-signature"),
            "ResourceProperties": now,
        });
        if let Some(id) = physical_id {
            event["PhysicalResourceId"] = json!(id);
        }
        event
    }

    /// Plays a request to its end, and gives the one answer to it.
    pub(super) async fn play(&self, event: &Value) -> Value {
        self.deliver(event).await;
        self.settle().await;
        self.answer(event)
    }

    pub(super) async fn create(&self, properties: &Value) -> Value {
        self.play(&self.request("Create", None, properties)).await
    }

    pub(super) async fn update(&self, before: &Value, now: &Value) -> Value {
        let mut event = self.request("Update", Some(GROUP), now);
        event["OldResourceProperties"] = before.clone();
        self.play(&event).await
    }

    pub(super) async fn delete(&self, physical_id: &str, properties: &Value) -> Value {
        self.play(&self.request("Delete", Some(physical_id), properties)).await
    }

    /// CloudFormation calls the function, as often as Lambda does for an asynchronous event.
    pub(super) async fn deliver(&self, event: &Value) -> Ended {
        Box::pin(self.scene.deliver("provision", event.clone(), &|it| self.handle(it))).await
    }

    /// The state machine plays out what runs, and Secrets Manager tries a rotation that was set up.
    pub(super) async fn settle(&self) {
        // No story has as many.
        for _ in 0..10 {
            let Some(execution) = self.scene.running().into_iter().next() else { return };
            self.carry(&execution).await;
            self.rotations_are_tried();
        }
        panic!("there is no end of executions");
    }

    /// Secrets Manager's only call for a schedule that is set up is a `testSecret`, which goes well here; `rotate` has stories of its own.
    fn rotations_are_tried(&self) {
        let now = self.scene.now();
        for effect in self.scene.world.take_effects() {
            if let Effect::InvokeFunction { payload, ticket, .. } = effect {
                assert_eq!(payload["Step"], "testSecret");
                self.scene.world.done(now, ticket, Ok(Done::Answered(Value::Null)));
            }
        }
    }

    pub(super) async fn carry(&self, execution: &Execution) -> Ended {
        Box::pin(self.scene.carry(execution, &|it| self.handle(it))).await
    }

    /// Somebody invokes the function directly.
    pub(super) async fn invoke(&self, event: Value) -> Value {
        self.handle(LambdaEvent::new(event, Context::default())).await.unwrap()
    }

    async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        Box::pin(self.app.handle(event)).await
    }

    /// Every answer to a request.
    pub(super) fn answers(&self, event: &Value) -> Vec<Value> {
        let url = event["ResponseURL"].as_str().unwrap();
        self.scene.world.with(|it| {
            let all = it.callbacks.answers.iter();
            all.filter(|it| it.url == url).map(|it| it.body.clone()).collect()
        })
    }

    /// The one answer to a request.
    #[track_caller]
    pub(super) fn answer(&self, event: &Value) -> Value {
        let answers = self.answers(event);
        assert_eq!(answers.len(), 1, "{answers:#?}");
        for key in ["StackId", "RequestId", "LogicalResourceId"] {
            assert_eq!(answers[0][key], event[key], "{key}");
        }
        assert_ne!(answers[0]["PhysicalResourceId"], "");
        answers[0].clone()
    }

    /// A call that a person makes to ElastiCache.
    #[track_caller]
    pub(super) fn by_hand(&self, action: &str, fields: &[(&str, &str)]) {
        self.scene.by_hand(action, fields);
    }

    /// The group as it is now.
    pub(super) async fn group(&self) -> Option<GroupView> {
        let id = GroupId::parse(GROUP).unwrap();
        ElastiCache::new(&self.scene.aws).group_with_tags(&id).await.unwrap()
    }

    /// The alarms watch the members of these numbers and no others.
    pub(super) async fn watches(&self, numbers: &[&str]) {
        let id = GroupId::parse(GROUP).unwrap();
        let members: Vec<String> = numbers.iter().map(|it| format!("{GROUP}-{it}")).collect();
        let alarms = Alarms::new(&self.scene.aws).of(&id).await.unwrap();
        assert_eq!(alarms.len(), Watch::of(None).len());
        for alarm in alarms {
            assert_eq!(alarm.members, members, "{}", alarm.name);
        }
    }

    /// What is left that is ours: by what each thing is called.
    pub(super) async fn left(&self) -> Vec<String> {
        let cache = ElastiCache::new(&self.scene.aws);
        let id = GroupId::parse(GROUP).unwrap();
        let mut left = Vec::new();
        left.extend(cache.group(&id).await.unwrap().map(|it| format!("group {}", it.status)));
        left.extend(cache.subnet_group(GROUP).await.unwrap().map(|_| "subnet group".to_owned()));
        let parameters = cache.parameter_groups(|name, _| name.starts_with(GROUP)).await.unwrap();
        left.extend(parameters.iter().map(|_| "parameter group".to_owned()));
        let alarms = Alarms::new(&self.scene.aws).of(&id).await.unwrap();
        if !alarms.is_empty() {
            left.push(format!("{} alarms", alarms.len()));
        }
        let secret = Secrets::new(&self.scene.aws).find(SECRET).await.unwrap();
        left.extend(
            secret.map(|it| if it.deleted { "secret on its way out" } else { "secret" }.to_owned()),
        );
        self.scene.world.with(|it| {
            let ours = it.logs.groups.iter().filter(|(_, it)| it.tags.contains_key(tag::OWNER));
            left.extend(ours.map(|(name, _)| format!("log group {name}")));
        });
        left
    }

    /// How often a call had an effect.
    pub(super) fn effects_of(&self, operation: &str) -> usize {
        let is = |it: &&aws_sim::CallRecord| it.operation == operation && it.status == 200;
        self.scene.world.with(|it| it.calls.iter().filter(is).count())
    }

    /// Nothing that is said anywhere holds a token or the address of an answer.
    pub(super) async fn assert_secrecy(&self) {
        let said = self.scene.world.with(|it| {
            let answers = it.callbacks.answers.iter().map(|it| it.body.to_string());
            answers.collect::<Vec<_>>().join("\n")
        });
        let journal = json!(self.scene.journal.records()).to_string();
        for text in [&said, &journal] {
            assert!(!text.contains("planted"), "{text}");
            if let Ok(token) = Secrets::new(&self.scene.aws).token(SECRET).await {
                assert!(!text.contains(token.expose()), "a token was told");
            }
        }
    }
}

/// An account in which work takes a tenth of its time.
pub(super) fn quick() -> Settings {
    Settings { durations: Durations::default().faster(10), ..Settings::default() }
}
