//! What a scaling story needs: a group with a policy and its alarms, load on its members, and Lambda, SNS and Step Functions around it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use autoscale::App;
use aws_sim::cloudwatch::hold;
use aws_sim::fault::{Fault, Rule};
use aws_sim::settings::Settings;
use aws_sim::sns::Message;
use aws_sim::{Effect, Request};
use domain::alarm::{self, AlarmSpec, Watch};
use domain::price::Prices;
use domain::{Arn, GroupId, MemberId, NodeType, Tags};
use lambda_runtime::LambdaEvent;
use platform::Alarms;
use platform::settings::AutoscaleSettings;
use serde_json::{Value, json};

use crate::support::{ALARM_TOPIC, Ended, STATE_MACHINE, Scene, TOPIC};

/// The group.
pub(crate) const GROUP: &str = "orders";
/// What is planted where only AWS may see it.
pub(crate) const PLANTED: &str = "planted-token-0123456789abcdef";

const OWNER: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/warden/0/Cache";

/// A group `orders` with a policy, and the function.
pub(crate) struct Stage {
    pub(crate) scene: Scene,
    app: App,
    /// Every answer and error that left the function.
    said: RefCell<Vec<String>>,
    is_to_die: Cell<bool>,
}

impl Stage {
    /// Two micro nodes and a full policy.
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default(), &[("cachewarden:autoscale", "full")]).await
    }

    /// Two micro nodes with these tags, in a world that behaves so. Its alarms exist, and it is half full and lives on the CPU that it earns.
    pub(crate) async fn with(settings: Settings, tags: &[(&str, &str)]) -> Self {
        Self::shaped(settings, tags, &[("NumCacheClusters", "2")]).await
    }

    /// The same with four shards of three.
    pub(crate) async fn with_shards() -> Self {
        let shards = [
            ("CacheParameterGroupName", "default.redis7.cluster.on"),
            ("NumNodeGroups", "4"),
            ("ReplicasPerNodeGroup", "2"),
        ];
        Self::shaped(Settings::default(), &[("cachewarden:autoscale", "full")], &shards).await
    }

    /// The same with a parameter group of its own, in which an operator set this eviction policy.
    pub(crate) async fn with_eviction(policy: &str) -> Self {
        let own = [("NumCacheClusters", "2"), ("CacheParameterGroupName", "theirs")];
        let scene = Scene::with(Settings::default()).await;
        let parameters: [&[(&str, &str)]; 2] = [
            &[
                ("Action", "CreateCacheParameterGroup"),
                ("CacheParameterGroupFamily", "redis7"),
                ("CacheParameterGroupName", "theirs"),
                ("Description", "theirs"),
            ],
            &[
                ("Action", "ModifyCacheParameterGroup"),
                ("CacheParameterGroupName", "theirs"),
                ("ParameterNameValues.ParameterNameValue.1.ParameterName", "maxmemory-policy"),
                ("ParameterNameValues.ParameterNameValue.1.ParameterValue", policy),
            ],
        ];
        for fields in parameters {
            ask(&scene, &with_version(fields));
        }
        Self::on(scene, &[("cachewarden:autoscale", "full")], &own).await
    }

    /// Two nodes of this type, with little in them.
    pub(crate) async fn of_type(node_type: &str) -> Self {
        let shape = [("NumCacheClusters", "2"), ("CacheNodeType", node_type)];
        let tags = [("cachewarden:autoscale", "full")];
        let stage = Self::shaped(Settings::default(), &tags, &shape).await;
        stage.fill_to(80_000_000);
        stage
    }

    async fn shaped(settings: Settings, tags: &[(&str, &str)], shape: &[(&str, &str)]) -> Self {
        Self::on(Scene::with(settings).await, tags, shape).await
    }

    async fn on(scene: Scene, tags: &[(&str, &str)], shape: &[(&str, &str)]) -> Self {
        let mut group: Vec<(String, String)> = [
            ("Action", "CreateReplicationGroup"),
            ("Version", "2015-02-02"),
            ("ReplicationGroupId", GROUP),
            ("ReplicationGroupDescription", "orders"),
            ("Engine", "redis"),
            ("EngineVersion", "7.1"),
            ("AutomaticFailoverEnabled", "true"),
            ("MultiAZEnabled", "true"),
            ("TransitEncryptionEnabled", "true"),
            ("AuthToken", PLANTED),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec();
        group.extend(shape.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        if !shape.iter().any(|it| it.0 == "CacheNodeType") {
            group.push(("CacheNodeType".to_owned(), "cache.t4g.micro".to_owned()));
        }
        for (index, (key, value)) in tags.iter().chain(&[("cachewarden:owner", OWNER)]).enumerate()
        {
            group.push((format!("Tags.Tag.{}.Key", index + 1), (*key).to_owned()));
            group.push((format!("Tags.Tag.{}.Value", index + 1), (*value).to_owned()));
        }
        ask(&scene, &group);
        scene.pass(Duration::from_mins(20)).await;
        let arn = |text| Arn::parse(text).unwrap();
        let settings = AutoscaleSettings {
            state_machine: arn(STATE_MACHINE),
            alarm_topic: arn(ALARM_TOPIC),
            topic: Some(arn(TOPIC)),
            prices: Prices::default(),
        };
        let app = App::new(&scene.aws, settings, scene.clock, scene.journal.clone());
        let stage = Self { scene, app, said: RefCell::default(), is_to_die: Cell::new(false) };
        stage.make_alarms().await;
        stage.everywhere(&[("CPUUtilization", 5.0), ("EngineCPUUtilization", 10.0)]);
        stage.fill_to(200_000_000);
        stage.minutes(15).await;
        stage.scene.world.take_effects();
        stage
    }

    /// From now on the data takes so many bytes on every node, whatever share of the node's type that is.
    pub(crate) fn fill_to(&self, bytes: u64) {
        self.scene
            .world
            .with(|it| it.elasticache.groups.get_mut(GROUP).unwrap().bytes_used = bytes);
    }

    /// From now on a member's metrics have these values.
    pub(crate) fn load(&self, member: &str, values: &[(&str, f64)]) {
        for (metric, value) in values {
            self.scene.world.with(|it| hold(it, member, metric, *value));
        }
    }

    /// From now on the metrics of every member have these values.
    pub(crate) fn everywhere(&self, values: &[(&str, f64)]) {
        self.members().iter().for_each(|it| self.load(it, values));
    }

    /// What alarms have told their topic and nobody has heard yet, as SNS hands it to the function.
    pub(crate) fn alarms(&self) -> Vec<Value> {
        let effects = self.scene.world.take_effects();
        let heard = |it| {
            let Effect::Publish { topic_arn, message, .. } = it else { return None };
            (topic_arn == ALARM_TOPIC).then(|| notification(&message))
        };
        effects.into_iter().filter_map(heard).collect()
    }

    /// The alarms that the group should have.
    pub(crate) fn wanted_alarms(&self) -> Vec<AlarmSpec> {
        let members = self.members();
        let members: Vec<MemberId> =
            members.iter().map(|it| MemberId::parse(it).unwrap()).collect();
        let node_type = NodeType::parse(&self.node_type()).unwrap();
        alarm::wanted(&GroupId::parse(GROUP).unwrap(), &members, Some(&node_type))
    }

    /// Every member is watched by every alarm, and nobody else is.
    pub(crate) async fn has_its_alarms(&self) {
        let there = Alarms::new(&self.scene.aws).of(&GroupId::parse(GROUP).unwrap()).await.unwrap();
        let topics = [Arn::parse(ALARM_TOPIC).unwrap()];
        let wanted = self.wanted_alarms();
        for spec in &wanted {
            assert!(there.iter().any(|it| it.is_as(spec, &topics)), "{spec:#?} in {there:#?}");
        }
        let all = self.scene.world.with(|it| it.cloudwatch.alarms.len());
        assert_eq!((there.len(), all), (wanted.len(), wanted.len()));
    }

    /// The alarms as `provision` makes them.
    async fn make_alarms(&self) {
        let alarms = Alarms::new(&self.scene.aws);
        let topics = [Arn::parse(ALARM_TOPIC).unwrap()];
        let tags = Tags::from([("cachewarden:group".to_owned(), GROUP.to_owned())]);
        for spec in self.wanted_alarms() {
            alarms.put(&spec, &topics, &tags).await.unwrap();
        }
    }

    /// Lets minutes pass.
    pub(crate) async fn minutes(&self, minutes: u64) {
        for _ in 0..minutes {
            self.scene.pass(Duration::from_mins(1)).await;
        }
    }

    /// From now on this befalls the calls.
    pub(crate) fn befall(&self, rule: Rule) {
        self.is_to_die.set(matches!(rule.fault, Fault::Cut(_)));
        self.scene.world.with(|it| it.faults.add(rule));
    }

    /// An event arrives, and Lambda tries until it is taken; what it starts is carried to its end.
    pub(crate) async fn send(&self, event: Value) -> Ended {
        let handle = async |event: LambdaEvent<Value>| {
            tokio::select! {
                answer = self.app.handle(event) => answer,
                // A sandbox that died says nothing until Lambda's time is up.
                () = self.death() => std::future::pending().await,
            }
        };
        let ended = self.scene.deliver_whole("autoscale", event, &handle).await;
        self.said.borrow_mut().push(format!("{ended:?}"));
        ended
    }

    /// An event arrives, and nothing that it starts is carried on yet.
    pub(crate) async fn send_only(&self, event: Value) -> Ended {
        let handle = |event| self.app.handle(event);
        let ended = self.scene.invoke("autoscale", event, &handle).await;
        self.said.borrow_mut().push(format!("{ended:?}"));
        ended
    }

    /// Comes when the call that is to be cut has been made.
    async fn death(&self) {
        while !(self.is_to_die.get() && self.scene.world.with(|it| it.faults.is_spent())) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.is_to_die.set(false);
    }

    /// The schedule looks around, a few minutes apart, for so many rounds.
    pub(crate) async fn rounds(&self, rounds: usize) {
        for _ in 0..rounds {
            self.minutes(5).await;
            self.send(json!({ "action": "evaluate" })).await;
        }
    }

    /// The summary of an answer.
    #[track_caller]
    pub(crate) fn summary(ended: &Ended) -> String {
        match ended {
            Ended::Answered(answer) => {
                format!(
                    "{}: {}",
                    answer["status"].as_str().unwrap(),
                    answer["summary"].as_str().unwrap()
                )
            }
            other @ (Ended::Failed(_) | Ended::Died) => panic!("{other:?}"),
        }
    }

    /// The members of the group.
    pub(crate) fn members(&self) -> Vec<String> {
        self.scene.world.with(|it| it.elasticache.groups[GROUP].members.keys().cloned().collect())
    }

    /// The node type of the group.
    pub(crate) fn node_type(&self) -> String {
        self.scene.world.with(|it| it.elasticache.groups[GROUP].node_type.clone())
    }

    /// A person writes a tag on the group.
    pub(crate) fn tag(&self, key: &str, value: &str) {
        self.scene.world.with(|it| {
            let group = it.elasticache.groups.get_mut(GROUP).unwrap();
            group.tags.insert(key.to_owned(), value.to_owned());
        });
    }

    /// The tags of the group.
    pub(crate) fn tags(&self) -> BTreeMap<String, String> {
        self.scene.world.with(|it| it.elasticache.groups[GROUP].tags.clone())
    }

    /// How often the size was changed: calls that ElastiCache took, and whose answer arrived.
    pub(crate) fn changes(&self) -> usize {
        let changing = ["ModifyReplicationGroup", "IncreaseReplicaCount", "DecreaseReplicaCount"];
        self.scene.world.with(|it| {
            it.calls
                .iter()
                .filter(|it| changing.contains(&it.operation.as_str()))
                .filter(|it| it.status == 200)
                .count()
        })
    }

    /// What people were told.
    pub(crate) fn told(&self) -> Vec<Message> {
        self.scene.world.with(|it| it.sns.published.clone())
    }

    /// The operations called since, in their order.
    pub(crate) fn calls_since(&self, before: usize) -> Vec<String> {
        self.scene
            .world
            .with(|it| it.calls.iter().skip(before).map(|it| it.operation.clone()).collect())
    }

    /// How many calls were made so far.
    pub(crate) fn calls(&self) -> usize {
        self.scene.world.with(|it| it.calls.len())
    }

    /// The records of the journal.
    pub(crate) fn records(&self) -> Vec<Value> {
        self.scene.journal.records()
    }

    /// What a person does to ElastiCache.
    pub(crate) fn by_hand(&self, fields: &[(&str, &str)]) {
        ask(&self.scene, &with_version(fields));
    }

    /// Nothing that left the function holds what was planted.
    #[track_caller]
    pub(crate) fn keeps_its_secrets(&self) {
        let mut said = self.said.borrow().join("\n");
        for record in self.records() {
            said.push_str(&record.to_string());
        }
        self.scene.world.with(|it| {
            let seen = format!("{:?} {:?} {:?}", it.calls, it.sns.published, it.sfn.executions);
            said.push_str(&seen);
        });
        assert!(!said.contains(PLANTED), "a secret was told");
    }
}

/// The notification of an alarm of this kind of this member, as the alarm would word it.
pub(crate) fn alarm_event(member: &str, watch: Watch) -> Value {
    let name = format!("{member}-{}", watch.suffix());
    let alarm = json!({
        "AlarmName": name,
        "AlarmArn": format!("arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}"),
        "NewStateValue": "ALARM",
        "OldStateValue": "OK",
        "StateChangeTime": "2026-01-01T00:40:00.000+0000",
        "Trigger": {
            "MetricName": watch.metric(),
            "Namespace": "AWS/ElastiCache",
            "Dimensions": [{ "value": member, "name": "CacheClusterId" }],
            "Threshold": watch.threshold(None),
        },
    });
    notification(&alarm.to_string())
}

fn notification(message: &str) -> Value {
    json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "Type": "Notification", "TopicArn": ALARM_TOPIC, "Message": message } }] })
}

fn with_version(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let all = fields.iter().chain(&[("Version", "2015-02-02")]);
    all.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// A call of a person to ElastiCache.
#[track_caller]
fn ask(scene: &Scene, fields: &[(String, String)]) {
    let quoted = |text: &str| -> String {
        let quoted = |it: u8| {
            if it.is_ascii_alphanumeric() {
                char::from(it).to_string()
            } else {
                format!("%{it:02X}")
            }
        };
        text.bytes().map(quoted).collect()
    };
    let body: Vec<String> =
        fields.iter().map(|(key, value)| format!("{key}={}", quoted(value))).collect();
    let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/elasticache/aws4_request, SignedHeaders=host, Signature=0";
    let request = Request {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: vec![("authorization".to_owned(), scope.to_owned())],
        body: body.join("&").into_bytes(),
    };
    let response = scene.world.call(scene.now(), &request);
    assert_eq!(response.status, 200, "{}", response.text());
}
