//! What a snapshot story needs: a group with data, a token and a policy, the function, and Lambda and Step Functions around it.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use aws_sim::elasticache::model::SnapshotStatus;
use aws_sim::fault::{Fault, Rule};
use aws_sim::settings::Settings;
use aws_sim::sns::Message;
use domain::Dollars;
use domain::engine::Engine;
use domain::group::{Encryption, NewGroup, Resilience, Transit};
use domain::price::Prices;
use domain::rotate::{Draft, Form};
use domain::shard::Shape;
use domain::snapshot::drill::Ceiling;
use domain::snapshot::{Tier, name};
use domain::{Arn, AuthToken, GroupId, NodeType, Tags};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::LambdaEvent;
use platform::settings::SnapshotSettings;
use platform::{ElastiCache, Secrets};
use serde_json::{Value, json};
use snapshot::App;

use acceptance::scene::dialler;

use crate::support::{ALARM_TOPIC, Ended, STATE_MACHINE, Scene, TOPIC};

/// The group.
pub(crate) const GROUP: &str = "orders";
/// Who owns it.
pub(crate) const OWNER: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/warden/0/Cache";
/// The memory that its data take.
pub(crate) const BYTES: u64 = 100 << 20;

/// A group `orders` with data, its secret, and the function.
pub(crate) struct Stage {
    pub(crate) scene: Scene,
    app: App,
    token: AuthToken,
    /// Every answer and error that left the function.
    said: RefCell<Vec<String>>,
    is_to_die: Cell<bool>,
    events: Cell<u32>,
}

impl Stage {
    /// Two micro nodes that keep three snapshots.
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    /// The same in a world that behaves so.
    pub(crate) async fn with(settings: Settings) -> Self {
        let scene = Scene::with(settings).await;
        let secrets = Secrets::new(&scene.aws);
        let about = Tags::from([("cachewarden:group".to_owned(), GROUP.to_owned())]);
        let plain = Draft::of_token(Form::Plain, None);
        secrets.make("orders-token", "the token of orders", &about, &plain).await.unwrap();
        let token = secrets.token("orders-token").await.unwrap();
        let secret = secrets.find("orders-token").await.unwrap().unwrap().arn;
        let tags = [
            ("cachewarden:owner", OWNER),
            ("cachewarden:secret", &secret),
            ("cachewarden:snapshot-keep", "3"),
            ("cachewarden:alarms", "on"),
            ("cachewarden:autoscale", "full"),
            ("team", "shop"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let shape = Shape::Single { nodes: 2 };
        let transit = Transit::TlsWithToken(token.clone());
        make(&scene, like(GROUP, shape, transit, tags.into())).await;
        let arn = |text| Arn::parse(text).unwrap();
        let settings = SnapshotSettings {
            state_machine: arn(STATE_MACHINE),
            alarm_topic: arn(ALARM_TOPIC),
            topic: Some(arn(TOPIC)),
            counts_keys: true,
            drill_ceiling: Ceiling::Of(Dollars::of(10.0)),
            prices: Prices::default(),
        };
        let dialler = dialler(&scene.world);
        let app = App::new(&scene.aws, settings, scene.clock, scene.journal.clone(), dialler);
        let (said, is_to_die, events) = (RefCell::default(), Cell::new(false), Cell::new(0));
        Self { scene, app, token, said, is_to_die, events }
    }

    /// One more group, without a token.
    pub(crate) async fn add(&self, id: &str, nodes: u32, tags: &[(&str, &str)]) {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        self.make(like(id, Shape::Single { nodes }, Transit::Tls, tags.collect())).await;
    }

    /// One more group of ours, with shards.
    pub(crate) async fn add_sharded(&self, id: &str, shards: u32) {
        let tags = [("cachewarden:owner", OWNER), ("cachewarden:snapshot-keep", "2")];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let shape = Shape::Sharded { shards, replicas: 1 };
        self.make(like(id, shape, Transit::Tls, tags.into())).await;
    }

    /// One more group.
    pub(crate) async fn make(&self, group: NewGroup) {
        make(&self.scene, group).await;
    }

    /// The newest snapshot of a group, which is taken for that.
    pub(crate) async fn taken_of(&self, id: &str) -> String {
        self.scene.pass(Duration::from_hours(1)).await;
        let event = json!({ "action": "take", "group": id, "tier": "hourly" });
        let said = summary(&self.send(event).await);
        assert!(said.starts_with("settled"), "{said}");
        let start = format!("{id}-hourly-");
        self.good().into_iter().rfind(|it| it.starts_with(&start)).unwrap()
    }

    /// From now on this befalls the calls.
    pub(crate) fn befall(&self, rule: Rule) {
        self.is_to_die.set(matches!(rule.fault, Fault::Cut(_)));
        self.scene.world.with(|it| it.faults.add(rule));
    }

    /// A new event arrives, Lambda tries until it is taken, and what it starts is carried to its end.
    pub(crate) async fn send(&self, event: Value) -> Ended {
        self.events.set(self.events.get() + 1);
        self.send_again(event).await
    }

    /// The same event arrives once more: Lambda gives it the same id.
    pub(crate) async fn send_again(&self, event: Value) -> Ended {
        let id = format!("event-{}", self.events.get());
        let handle = async |mut event: LambdaEvent<Value>| {
            event.context.request_id.clone_from(&id);
            tokio::select! {
                answer = self.app.handle(event) => answer,
                // A sandbox that died says nothing until Lambda's time is up.
                () = self.death() => std::future::pending().await,
            }
        };
        let ended = self.scene.deliver_whole("snapshot", event, &handle).await;
        self.said.borrow_mut().push(format!("{ended:?}"));
        ended
    }

    /// A new event arrives once, and nothing that it starts is carried on.
    pub(crate) async fn send_only(&self, event: Value) -> Ended {
        self.events.set(self.events.get() + 1);
        let id = format!("event-{}", self.events.get());
        let handle = async |mut event: LambdaEvent<Value>| {
            event.context.request_id.clone_from(&id);
            self.app.handle(event).await
        };
        let ended = self.scene.invoke("snapshot", event, &handle).await;
        self.said.borrow_mut().push(format!("{ended:?}"));
        ended
    }

    /// Comes when the call that is to be cut has been made.
    async fn death(&self) {
        while !(self.is_to_die.get() && self.scene.world.with(|it| it.faults.is_spent())) {
            // A call that is never answered is given up by its client after ten seconds only.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.is_to_die.set(false);
    }

    /// So many snapshots, an hour apart.
    pub(crate) async fn hours(&self, count: usize) {
        for _ in 0..count {
            self.scene.pass(Duration::from_hours(1)).await;
            let event = json!({ "action": "take", "group": GROUP, "tier": "hourly" });
            let ended = self.send(event).await;
            assert!(summary(&ended).starts_with("settled"), "{ended:?}");
        }
    }

    /// So many snapshots, the newest just taken, the others an hour apart before it.
    pub(crate) async fn stock(&self, count: u32) {
        self.hours(1).await;
        self.scene.world.with(|it| {
            let (_, newest) = it.elasticache.snapshots.last_key_value().unwrap();
            let newest = newest.clone();
            let group = GroupId::parse(GROUP).unwrap();
            for hour in 1..count {
                let age = SignedDuration::from_hours(hour.into());
                let earlier = |at: Timestamp| at.saturating_sub(age).unwrap();
                let name = name::of(&group, Tier::Hourly, earlier(newest.asked_at)).unwrap();
                let mut older = newest.clone();
                older.name = name.to_string();
                older.asked_at = earlier(newest.asked_at);
                older.taken_at = newest.taken_at.map(earlier);
                it.elasticache.snapshots.insert(older.name.clone(), older);
            }
        });
    }

    /// The manual snapshots, their states and their sizes.
    pub(crate) fn snapshots(&self) -> Vec<(String, SnapshotStatus, u64)> {
        self.scene.world.with(|it| {
            let all = it.elasticache.snapshots.values().filter(|it| !it.automatic);
            all.map(|it| (it.name.clone(), it.status, it.bytes)).collect()
        })
    }

    /// The names of those that can be restored from.
    pub(crate) fn good(&self) -> Vec<String> {
        let all = self.snapshots().into_iter();
        all.filter(|it| it.1 == SnapshotStatus::Available).map(|it| it.0).collect()
    }

    /// The groups.
    pub(crate) fn groups(&self) -> Vec<String> {
        self.scene.world.with(|it| it.elasticache.groups.keys().cloned().collect())
    }

    /// What people were told.
    pub(crate) fn told(&self) -> Vec<Message> {
        self.scene.world.with(|it| it.sns.published.clone())
    }

    /// The numbers of this metric in the journal.
    pub(crate) fn metric(&self, name: &str) -> Vec<f64> {
        self.scene.journal.records().iter().filter_map(|it| it[name].as_f64()).collect()
    }

    /// How many calls were made so far.
    pub(crate) fn calls(&self) -> usize {
        self.scene.world.with(|it| it.calls.len())
    }

    /// The operations called since, in their order.
    pub(crate) fn calls_since(&self, before: usize) -> Vec<String> {
        let since = |it: &mut aws_sim::State| {
            it.calls.iter().skip(before).map(|it| it.operation.clone()).collect()
        };
        self.scene.world.with(since)
    }

    /// The token is in the secret and in the group, and nowhere else.
    #[track_caller]
    pub(crate) fn keeps_its_secrets(&self) {
        let journal = self.scene.journal.records().into_iter().map(|it| it.to_string());
        let told = self.told().into_iter().map(|it| format!("{} {}", it.subject, it.message));
        let carried = self
            .scene
            .world
            .with(|it| it.sfn.executions.iter().map(|it| it.input.to_string()).collect::<Vec<_>>());
        let said = self.said.borrow().clone();
        for text in journal.chain(told).chain(carried).chain(said) {
            assert!(!text.contains(self.token.expose()), "{text}");
        }
    }

    /// That the token of the group opens another, too.
    pub(crate) fn with_token(&self) -> Transit {
        Transit::TlsWithToken(self.token.clone())
    }

    /// The token of the group.
    pub(crate) fn token(&self) -> &str {
        self.token.expose()
    }
}

/// Makes a group with data in it, and what it stands in.
async fn make(scene: &Scene, group: NewGroup) {
    let id = group.id.as_str();
    let elasticache = ElastiCache::new(&scene.aws);
    let subnets = ["subnet-1".to_owned(), "subnet-2".to_owned()];
    elasticache.make_subnet_group(id, "a test", &subnets, &Tags::new()).await.unwrap();
    let parameters = parameters_of(id);
    elasticache.make_parameter_group(&parameters, "redis7", "a test", &Tags::new()).await.unwrap();
    if group.shape.is_sharded() {
        let yes = [("cluster-enabled".to_owned(), "yes".to_owned())];
        elasticache.set_parameters(&parameters, &yes.into()).await.unwrap();
    }
    elasticache.create(&group).await.unwrap();
    scene.pass(Duration::from_mins(20)).await;
    scene.world.with(|it| it.elasticache.fill(id, BYTES));
}

fn parameters_of(id: &str) -> String {
    format!("{id}-redis7")
}

fn resilience(shape: Shape) -> Resilience {
    match (shape.replicas(), shape.is_sharded()) {
        (0, true) => Resilience::Failover,
        (0, false) => Resilience::None,
        _ => Resilience::MultiAz,
    }
}

/// A group as they are here.
pub(crate) fn like(id: &str, shape: Shape, transit: Transit, tags: Tags) -> NewGroup {
    NewGroup {
        id: GroupId::parse(id).unwrap(),
        description: "a test".to_owned(),
        engine: Engine::Redis.to_string(),
        engine_version: "7.1".to_owned(),
        node_type: NodeType::parse("cache.t4g.micro").unwrap(),
        shape,
        slots: Vec::new(),
        port: 6379,
        parameter_group: Some(parameters_of(id)),
        subnet_group: Some(id.to_owned()),
        security_groups: vec!["sg-cache".to_owned()],
        resilience: resilience(shape),
        encryption: Encryption { at_rest: true, transit },
        snapshot_retention_days: 0,
        snapshot_window: None,
        maintenance_window: Some("sun:05:00-sun:06:00".to_owned()),
        auto_minor_version_upgrade: Some(true),
        notification_topic: None,
        zones: Vec::new(),
        data_tiering: false,
        network_type: "ipv4".to_owned(),
        ip_discovery: "ipv4".to_owned(),
        kms_key: None,
        logs: Vec::new(),
        snapshot: None,
        files: Vec::new(),
        tags,
    }
}

/// Status and summary of an answer.
#[track_caller]
pub(crate) fn summary(ended: &Ended) -> String {
    match ended {
        Ended::Answered(answer) => {
            let text = |key: &str| answer[key].as_str().unwrap_or("?").to_owned();
            format!("{}: {}", text("status"), text("summary"))
        }
        other @ (Ended::Failed(_) | Ended::Died) => panic!("{other:?}"),
    }
}
