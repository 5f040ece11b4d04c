//! An account in which the four functions live, and neighbours that are none of our business.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sim::drive::cloudformation::{Outcome, Resource, Stack};
use aws_sim::drive::{Account, Failure, Functions, Handling, Invocation};
use aws_sim::elasticache::model::{SnapshotStatus, Status};
use aws_sim::{Request, Response, Settings, State, World};
use domain::price::Prices;
use domain::snapshot::drill::Ceiling;
use domain::{Arn, Dollars, tag};
use lambda_runtime::{Context, LambdaEvent};
use platform::probe::{Line, Stream};
use platform::settings::{AutoscaleSettings, ProvisionSettings, RotateSettings, SnapshotSettings};
use platform::{Aws, Clock, ClockSource, Dialler, Journal};
use serde_json::{Value, json};

use crate::{credential, log, template};

/// The ARNs that the template would give to the functions.
pub const STATE_MACHINE: &str =
    "arn:aws:states:us-east-1:123456789012:stateMachine:warden-continue";
/// Where alarms publish.
pub const ALARM_TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:warden-alarms";
/// Where people are told.
pub const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:warden-notifications";
/// The group of the stack.
pub const GROUP: &str = "orders-redis-production";
/// The name of its secret.
pub const SECRET: &str = "orders-redis-auth-token-production";
/// A group that is not ours.
pub const NEIGHBOUR: &str = "orders-redis-production-2";

/// The ARN of a function of the stack `warden`.
pub fn function_arn(function: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:warden-{function}")
}

/// The account, and a stack in it with one cache.
pub struct Scene {
    /// The account.
    pub account: Rc<Account>,
    /// The stack.
    pub stack: Stack,
    /// What the stack last came to.
    pub outcome: RefCell<Option<Outcome>>,
    /// The stack gives up what it is at.
    pub is_given_up: Cell<bool>,
    journal: Journal,
    neighbour: String,
}

/// The four functions.
struct Apps {
    provision: provision::App,
    rotate: rotate::App,
    snapshot: snapshot::App,
    autoscale: autoscale::App,
}

impl Functions for Apps {
    fn handle(&self, invocation: Invocation) -> Handling<'_> {
        let Invocation { function_arn, request_id, deadline, payload } = invocation;
        let mut context = Context::default();
        context.deadline = u64::try_from(deadline.as_millisecond()).unwrap();
        context.request_id = request_id;
        let function = function_arn.rsplit(":warden-").next().unwrap().to_owned();
        context.invoked_function_arn = function_arn;
        let event = LambdaEvent::new(payload, context);
        Box::pin(async move {
            let ended = match function.as_str() {
                "provision" => self.provision.handle(event).await,
                "rotate" => self.rotate.handle(event).await,
                "snapshot" => self.snapshot.handle(event).await,
                "autoscale" => self.autoscale.handle(event).await,
                other => panic!("there is no function {other}"),
            };
            ended.map_err(|it| Failure { kind: it.error_type, message: it.error_message })
        })
    }
}

impl Scene {
    /// An account with nothing of ours in it.
    pub async fn new(settings: Settings) -> Self {
        // The jitter of the SDK's retries is drawn from here.
        fastrand::seed(settings.seed);
        // What was logged before is another case's.
        drop(log::taken());
        let world = World::new(settings);
        let journal = Journal::memory();
        let apps = apps(&world, &journal).await;
        let plan = template::plan(world.clock());
        let account = Rc::new(Account::new(world, Rc::new(apps), plan));
        let resource = Resource {
            stack_id: "arn:aws:cloudformation:us-east-1:123456789012:stack/orders/0a1b".to_owned(),
            logical_id: "Cache".to_owned(),
            kind: "Custom::RedisCache".to_owned(),
            service_token: function_arn("provision"),
            service_timeout: Duration::from_hours(1),
        };
        let stack = Stack::new(Rc::clone(&account), resource);
        let mut scene = Self {
            account,
            stack,
            outcome: RefCell::default(),
            is_given_up: Cell::new(false),
            journal,
            neighbour: String::new(),
        };
        scene.settle_neighbour().await;
        scene
    }

    /// The world.
    pub fn world(&self) -> &World {
        self.account.world()
    }

    /// The stack is made, as the seed's "Option A" with these properties instead.
    pub async fn created(&self, over: &[(&str, Value)]) {
        let outcome = self.stack.create(&properties(over)).await;
        assert_eq!(outcome.reason, None);
        assert!(self.account.settle().await, "it never came to rest");
    }

    /// Somebody else's group, which is called nearly as ours is, with a snapshot.
    async fn settle_neighbour(&mut self) {
        self.by_hand(&[
            ("Action", "CreateReplicationGroup"),
            ("ReplicationGroupId", NEIGHBOUR),
            ("ReplicationGroupDescription", "not ours"),
            ("CacheNodeType", "cache.t4g.micro"),
            ("NumCacheClusters", "1"),
        ]);
        self.account.play(Duration::from_mins(20), |it| is_available(it, NEIGHBOUR)).await;
        let member = format!("{NEIGHBOUR}-001");
        self.by_hand(&[
            ("Action", "CreateSnapshot"),
            ("CacheClusterId", &member),
            ("SnapshotName", "orders-redis-production-2-keep"),
        ]);
        self.account.play(Duration::from_mins(20), |it| is_available(it, NEIGHBOUR)).await;
        self.neighbour = self.world().with(|it| neighbour(it));
    }

    /// A call that a person makes to ElastiCache.
    #[track_caller]
    pub fn by_hand(&self, fields: &[(&str, &str)]) {
        let whole = [fields, &[("Version", "2015-02-02")]].concat();
        let body: Vec<String> =
            whole.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        self.call("elasticache", None, body.join("&"));
    }

    /// A call that a person makes to Secrets Manager.
    #[track_caller]
    pub fn manager(&self, operation: &str, body: Value) -> Value {
        let answer = self.call("secretsmanager", Some(operation), body.to_string());
        serde_json::from_slice(&answer).unwrap()
    }

    /// The same, where it may be refused; says whether it was not.
    pub fn manager_may(&self, operation: &str, body: Value) -> bool {
        self.ask("secretsmanager", Some(operation), body.to_string()).status == 200
    }

    #[track_caller]
    fn call(&self, service: &str, operation: Option<&str>, body: String) -> Vec<u8> {
        let response = self.ask(service, operation, body);
        assert_eq!(response.status, 200, "{}", response.text());
        response.body
    }

    fn ask(&self, service: &str, operation: Option<&str>, body: String) -> Response {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let mut headers = vec![("authorization".to_owned(), scope)];
        if let Some(operation) = operation {
            headers.push(("x-amz-target".to_owned(), format!("{service}.{operation}")));
        }
        let request = Request {
            method: "POST".to_owned(),
            uri: "/".to_owned(),
            headers,
            body: body.into_bytes(),
        };
        self.world().call(self.world().clock(), &request)
    }

    /// What is never as it should not be, whatever went wrong.
    pub async fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.account.settle().await {
            problems.push("it never came to rest".to_owned());
        }
        // AWS may not be done with what came last: a failover, or a restore that nobody waits for any more.
        self.account.play(Duration::from_mins(10), |it| is_at_rest(it)).await;
        self.world().with(|it| {
            problems.extend(it.watch.seen().iter().cloned());
            problems.extend(it.leaks().into_iter().map(|it| format!("{it} holds a secret value")));
            let lines = log::taken();
            if it.secret_values.are_in(&lines) || lines.contains("planted") {
                problems.push("the log holds what it must not".to_owned());
            }
            problems
                .extend(it.callbacks.refused.iter().map(|it| format!("a refused answer: {it}")));
            let running = it.sfn.running().map(|it| format!("{} still runs", it.name));
            problems.extend(running);
            if neighbour(it) != self.neighbour {
                problems.push(format!("the neighbour is not as it was: {}", neighbour(it)));
            }
            for record in self.journal.records() {
                let record = record.to_string();
                if it.secret_values.are_in(&record) || record.contains("planted") {
                    problems.push("the journal holds what it must not".to_owned());
                }
            }
            let answers = &it.callbacks.answers;
            for (index, answer) in answers.iter().enumerate() {
                let other = answers
                    .iter()
                    .skip(index)
                    .find(|it| it.url == answer.url && it.body != answer.body);
                if let Some(other) = other {
                    let (one, other) = (&answer.body, &other.body);
                    problems.push(format!("two answers to one request: {one} and then {other}"));
                }
            }
            problems.extend(locked_out(it));
        });
        problems
    }

    /// The records of the journal.
    pub fn records(&self) -> Vec<Value> {
        self.journal.records()
    }

    /// How many records of the journal are of what was asked so.
    pub fn records_of(&self, asked: &str) -> usize {
        self.journal.records().iter().filter(|it| it["asked"] == asked).count()
    }

    /// What of our group is there: its state, or nothing.
    pub fn group(&self) -> Option<Status> {
        self.world().with(|it| it.elasticache.groups.get(GROUP).map(|it| it.status))
    }

    /// What is left that is ours.
    pub fn left(&self) -> Vec<String> {
        self.world().with(|it| {
            let mut left = Vec::new();
            let cache = &it.elasticache;
            left.extend(cache.groups.get(GROUP).map(|it| format!("group {}", it.status.word())));
            let subnets = cache.subnet_groups.keys().filter(|it| it.starts_with(GROUP));
            left.extend(subnets.map(|_| "subnet group".to_owned()));
            let parameters = cache.parameter_groups.keys().filter(|it| it.starts_with(GROUP));
            left.extend(parameters.map(|_| "parameter group".to_owned()));
            let alarms = it.cloudwatch.alarms.len();
            left.extend((0 < alarms).then(|| format!("{alarms} alarms")));
            left.extend(it.secrets.secrets.get(SECRET).map(|it| {
                if it.gone_at.is_some() { "secret on its way out" } else { "secret" }.to_owned()
            }));
            let ours = it.logs.groups.iter().filter(|(_, it)| it.tags.contains_key(tag::OWNER));
            left.extend(ours.map(|(name, _)| format!("log group {name}")));
            left
        })
    }
}

/// The current secret opens every node that serves.
fn locked_out(state: &State) -> Vec<String> {
    let secret = state.secrets.secrets.get(SECRET);
    // One that is on its way out opened a cache that has users now, or none.
    let Some(secret) = secret.filter(|it| it.gone_at.is_none()) else { return Vec::new() };
    let current = credential::labelled(secret, "AWSCURRENT");
    let nodes = state.nodes().into_iter().filter(|it| it.group == GROUP && it.serves);
    let shut = nodes.filter(|it| !it.access.passwordless && !it.access.admits(current.as_deref()));
    shut.map(|it| format!("the current secret does not open {}", it.member)).collect()
}

/// Everything of the neighbour, as text.
fn neighbour(state: &State) -> String {
    let cache = &state.elasticache;
    let snapshots = cache.snapshots.values().filter(|it| it.name.ends_with("-2-keep"));
    let snapshots: Vec<String> =
        snapshots.map(|it| format!("{} {:?}", it.name, it.status)).collect();
    let group = cache.groups.get(NEIGHBOUR).map(|it| {
        format!("{} {} {:?} {:?}", it.status.word(), it.node_type, it.members.keys(), it.tags)
    });
    format!("{group:?} {snapshots:?}")
}

fn is_at_rest(state: &State) -> bool {
    let cache = &state.elasticache;
    let settled = [Status::Available, Status::CreateFailed];
    let kept = [SnapshotStatus::Available, SnapshotStatus::Failed];
    cache.groups.values().all(|it| settled.contains(&it.status))
        && cache.snapshots.values().all(|it| kept.contains(&it.status))
}

/// Whether a group is at rest.
pub fn is_available(state: &State, group: &str) -> bool {
    state.elasticache.groups.get(group).is_some_and(|it| it.status == Status::Available)
}

/// The properties of the seed's "Option A", as a template writes them, with these instead.
pub fn properties(over: &[(&str, Value)]) -> Value {
    let mut properties = json!({
        "ProjectName": "orders",
        "Environment": "production",
        "PrivateSubnetIds": ["subnet-0a", "subnet-0b"],
        "SecurityGroupIds": ["sg-0a"],
        "RedisNodeType": "cache.t4g.micro",
        "RedisNumCacheNodes": 2,
        "EnableAlarms": true,
        "AlarmSnsTopicArn": "",
        "RotationGraceMinutes": 30,
    });
    for (name, value) in over {
        properties[*name] = value.clone();
    }
    properties
}

async fn apps(world: &World, journal: &Journal) -> Apps {
    let credentials = Credentials::new("AKIASIM", "sim", None, None, "sim");
    let aws = Aws::over(world.http_client(), "us-east-1", credentials).await;
    let clock = ClockSource::Shared(Clock::starting_at(world.clock()));
    let arn = |text: &str| Arn::parse(text).unwrap();
    let (state_machine, alarm_topic) = (arn(STATE_MACHINE), arn(ALARM_TOPIC));
    let topic = Some(arn(TOPIC));
    let dialler = dialler(world);
    let journal = || journal.clone();
    let provision = ProvisionSettings {
        state_machine: state_machine.clone(),
        rotate_function: arn(&function_arn("rotate")),
        alarm_topic: alarm_topic.clone(),
        prices: Prices::default(),
    };
    let snapshot = SnapshotSettings {
        state_machine: state_machine.clone(),
        alarm_topic: alarm_topic.clone(),
        topic: topic.clone(),
        counts_keys: true,
        drill_ceiling: Ceiling::Of(Dollars::of(10.0)),
        prices: Prices::default(),
    };
    let rotate = RotateSettings { topic: topic.clone() };
    let autoscale =
        AutoscaleSettings { state_machine, alarm_topic, topic, prices: Prices::default() };
    Apps {
        provision: provision::App::new(&aws, provision, clock, journal()),
        rotate: rotate::App::new(&aws, rotate, clock, journal(), dialler.clone()),
        snapshot: snapshot::App::new(&aws, snapshot, clock, journal(), dialler),
        autoscale: autoscale::App::new(&aws, autoscale, clock, journal()),
    }
}

/// Connects to the nodes of the model.
pub fn dialler(world: &World) -> Dialler {
    let nodes = world.clone();
    Dialler::from_fn(move |endpoint, line| {
        let connected = match line {
            Line::Tls => nodes.connect(&endpoint.address),
            Line::Plain => nodes.connect_plain(&endpoint.address),
        };
        Box::pin(async move { connected.map(|it| Box::new(it) as Box<dyn Stream>) })
    })
}

fn encoded(text: &str) -> String {
    let one = |it: u8| match it {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => char::from(it).to_string(),
        _ => format!("%{it:02X}"),
    };
    text.bytes().map(one).collect()
}
