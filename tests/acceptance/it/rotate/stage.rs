//! What a rotation story needs: a group with a token, its secret, Secrets Manager that calls us, and a look at whom the nodes let in.

pub(crate) mod asked;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sim::fault::{Fault, Rule};
use aws_sim::settings::Settings;
use aws_sim::{Done, Effect};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::LambdaEvent;
use platform::Dialler;
use platform::probe::Stream;
use platform::settings::RotateSettings;
use rotate::App;
use serde_json::{Value, json};

use self::asked::{ask, form};
use crate::support::{Ended, Scene, TOPIC, function_arn};

/// The token that the group was made with.
pub(crate) const FIRST: &str = "planted-first-token-0123456789";
/// The stack's group.
pub(crate) const GROUP: &str = "orders";

/// The user, where a story has one.
pub(crate) const USER: &str = "app";

pub(crate) const NAME: &str = "orders-token";

/// A group `orders` of two nodes, its secret, and the function.
pub(crate) struct Stage {
    pub(crate) scene: Scene,
    pub(crate) secret: String,
    app: App,
    /// Every answer and error that left the function.
    pub(crate) said: RefCell<Vec<String>>,
    /// Every token that the secret ever held.
    pub(crate) tokens: RefCell<BTreeSet<String>>,
    is_to_die: Cell<bool>,
    /// How many events there were.
    events: Cell<u32>,
    deaf: Arc<Mutex<Option<(String, io::ErrorKind)>>>,
}

impl Stage {
    /// The usual one.
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    /// One in a world that behaves so.
    pub(crate) async fn with(settings: Settings) -> Self {
        Self::of(settings, Some(FIRST)).await
    }

    /// One whose group was made with this token, or none.
    pub(crate) async fn of(settings: Settings, token: Option<&str>) -> Self {
        Self::shaped(settings, token, &[("NumCacheClusters", "2")]).await
    }

    /// One whose group has shards, each with a replica.
    pub(crate) async fn with_shards() -> Self {
        let shards = [
            ("CacheParameterGroupName", "default.redis7.cluster.on"),
            ("NumNodeGroups", "3"),
            ("ReplicasPerNodeGroup", "1"),
        ];
        Self::shaped(Settings::default(), Some(FIRST), &shards).await
    }

    async fn shaped(settings: Settings, token: Option<&str>, shape: &[(&str, &str)]) -> Self {
        let scene = Scene::with(settings).await;
        let mut group = vec![
            ("Action", "CreateReplicationGroup"),
            ("Version", "2015-02-02"),
            ("ReplicationGroupId", GROUP),
            ("ReplicationGroupDescription", "orders"),
            ("Engine", "redis"),
            ("EngineVersion", "7.1"),
            ("CacheNodeType", "cache.t4g.micro"),
            ("AutomaticFailoverEnabled", "true"),
            ("MultiAZEnabled", "true"),
            ("TransitEncryptionEnabled", "true"),
        ];
        group.extend(shape);
        group.extend(token.map(|it| ("AuthToken", it)));
        ask(&scene, "elasticache", None, form(&group));
        let secret = make_secret(&scene, NAME, token.unwrap_or(FIRST));
        scene.pass(Duration::from_mins(20)).await;
        Self::around(scene, secret)
    }

    /// One whose secret holds the password of the user `app`, whom the groups `orders` and `carts` carry.
    pub(crate) async fn of_user(settings: Settings) -> Self {
        let scene = Scene::with(settings).await;
        let cache = |fields: &[(&str, &str)]| {
            ask(
                &scene,
                "elasticache",
                None,
                form(&[&[("Version", "2015-02-02")], fields].concat()),
            );
        };
        let secret = make_user_secret(&scene, NAME, FIRST);
        cache(&[
            ("Action", "CreateUser"),
            ("UserId", USER),
            ("UserName", USER),
            ("Engine", "redis"),
            ("AccessString", "on ~* +@all"),
            ("Passwords.member.1", FIRST),
            ("Tags.Tag.1.Key", "cachewarden:secret"),
            ("Tags.Tag.1.Value", &secret),
        ]);
        cache(&[
            ("Action", "CreateUserGroup"),
            ("UserGroupId", "staff"),
            ("Engine", "redis"),
            ("UserIds.member.1", "default"),
            ("UserIds.member.2", USER),
        ]);
        scene.pass(Duration::from_mins(2)).await;
        for group in [GROUP, "carts"] {
            cache(&[
                ("Action", "CreateReplicationGroup"),
                ("ReplicationGroupId", group),
                ("ReplicationGroupDescription", group),
                ("Engine", "redis"),
                ("EngineVersion", "7.1"),
                ("CacheNodeType", "cache.t4g.micro"),
                ("NumCacheClusters", "2"),
                ("TransitEncryptionEnabled", "true"),
                ("UserGroupIds.member.1", "staff"),
            ]);
        }
        scene.pass(Duration::from_mins(20)).await;
        Self::around(scene, secret)
    }

    fn around(scene: Scene, secret: String) -> Self {
        let deaf = Arc::new(Mutex::new(None::<(String, io::ErrorKind)>));
        let (is_deaf, world) = (deaf.clone(), scene.world.clone());
        let dialler = Dialler::from_fn(move |endpoint, _| {
            let is_deaf = is_deaf.lock().unwrap();
            let connected = match &*is_deaf {
                Some((member, how)) if endpoint.address.starts_with(member) => Err((*how).into()),
                Some(_) | None => world.connect(&endpoint.address),
            };
            Box::pin(async move {
                // What the operating system calls a time-out comes after minutes, and ours before.
                if connected
                    .as_ref()
                    .is_err_and(|it: &io::Error| it.kind() == io::ErrorKind::TimedOut)
                {
                    std::future::pending::<()>().await;
                }
                connected.map(|it| Box::new(it) as Box<dyn Stream>)
            })
        });
        let topic = domain::Arn::parse(TOPIC).unwrap();
        let settings = RotateSettings { topic: Some(topic) };
        let app = App::new(&scene.aws, settings, scene.clock, scene.journal.clone(), dialler);
        let tokens = RefCell::new(BTreeSet::from([FIRST.to_owned()]));
        let (said, is_to_die, events) = (RefCell::default(), Cell::new(false), Cell::new(0));
        Self { scene, secret, app, said, tokens, is_to_die, events, deaf }
    }

    /// From now on this befalls the calls.
    pub(crate) fn befall(&self, rule: Rule) {
        self.is_to_die.set(matches!(rule.fault, Fault::Cut(_)));
        self.scene.world.with(|it| it.faults.add(rule));
    }

    /// Calls the function once. A cut call is the last thing that its sandbox did.
    pub(crate) async fn call(&self, event: Value) -> Ended {
        self.events.set(self.events.get() + 1);
        self.call_as(&uuid(&format!("event {}", self.events.get())), event).await
    }

    /// Calls it with the event of this id, which Lambda may deliver twice.
    pub(crate) async fn call_as(&self, id: &str, event: Value) -> Ended {
        let handle = |mut event: LambdaEvent<Value>| {
            id.clone_into(&mut event.context.request_id);
            self.app.handle(event)
        };
        let ended = tokio::select! {
            ended = self.scene.invoke("rotate", event, &handle) => ended,
            () = self.death() => Ended::Died,
        };
        self.said.borrow_mut().push(format!("{ended:?}"));
        ended
    }

    /// Comes when the call that is to be cut has been made.
    async fn death(&self) {
        if !self.is_to_die.get() {
            std::future::pending::<()>().await;
        }
        let clock = self.scene.clock.for_event();
        while !self.scene.world.with(|it| it.faults.is_spent()) {
            clock.sleep(SignedDuration::from_millis(100)).await;
        }
        self.is_to_die.set(false);
    }

    /// From now on this member takes no connections; with none, all do.
    pub(crate) fn deafen(&self, member: Option<&str>) {
        let refused = io::ErrorKind::ConnectionRefused;
        *self.deaf.lock().unwrap() = member.map(|it| (it.to_owned(), refused));
    }

    /// From now on no member can be connected to, in this way.
    pub(crate) fn cut_off(&self, how: io::ErrorKind) {
        *self.deaf.lock().unwrap() = Some((String::new(), how));
    }

    /// One of the four steps.
    pub(crate) async fn step(&self, step: &str, version: &str) -> Ended {
        let event = json!({ "Step": step, "SecretId": self.secret, "ClientRequestToken": version });
        self.call(event).await
    }

    /// The sweep.
    pub(crate) async fn sweep(&self) -> Ended {
        self.call(json!({ "action": "sweep" })).await
    }

    /// The lines of a sweep that worked.
    pub(crate) async fn sweep_lines(&self) -> Vec<String> {
        match self.sweep().await {
            Ended::Answered(answer) => {
                let lines = answer["secrets"].as_array().unwrap();
                lines.iter().map(|it| it.as_str().unwrap().to_owned()).collect()
            }
            other @ (Ended::Failed(_) | Ended::Died) => panic!("{other:?}"),
        }
    }

    /// Secrets Manager is told to rotate, and calls us until it has done or given up.
    pub(crate) async fn rotate(&self) {
        self.begin();
        self.drive().await;
    }

    /// Secrets Manager is told to rotate.
    pub(crate) fn begin(&self) {
        self.manager(
            "RotateSecret",
            json!({ "SecretId": self.secret, "RotationLambdaARN": function(), "RotationRules": { "AutomaticallyAfterDays": 30 } }),
        );
    }

    /// Secrets Manager stages a version, and then leaves the calls to the story.
    pub(crate) fn stage_by_hand(&self, name: &str) -> String {
        let version = uuid(name);
        self.manager(
            "RotateSecret",
            json!({
                "SecretId": self.secret,
                "ClientRequestToken": version,
                "RotationLambdaARN": function(),
                "RotationRules": { "AutomaticallyAfterDays": 30 },
            }),
        );
        self.scene.world.take_effects();
        version
    }

    /// A person gives a rotation up.
    pub(crate) fn unstage_by_hand(&self, version: &str) {
        self.manager("CancelRotateSecret", json!({ "SecretId": self.secret }));
        self.manager(
            "UpdateSecretVersionStage",
            json!({ "SecretId": self.secret, "VersionStage": "AWSPENDING", "RemoveFromVersionId": version }),
        );
    }

    /// A person tags the secret.
    pub(crate) fn tag(&self, key: &str, value: &str) {
        let tags = json!([{ "Key": key, "Value": value }]);
        self.manager("TagResource", json!({ "SecretId": self.secret, "Tags": tags }));
    }

    /// Whether the sweep has noted that nothing but the current version gets in.
    pub(crate) fn has_proven(&self) -> bool {
        let current = self.version("AWSCURRENT").unwrap();
        self.of_secret(|it| {
            it.tags.get("cachewarden:revoked").is_some_and(|it| it.starts_with(&current))
        })
    }

    /// A person writes a value.
    pub(crate) fn put_by_hand(&self, token: &str) {
        self.manager("PutSecretValue", json!({ "SecretId": self.secret, "SecretString": token, "ClientRequestToken": uuid(token) }));
    }

    /// Plays what the world wants done outside, until Secrets Manager has done with the rotation or given up.
    pub(crate) async fn drive(&self) {
        // Two hours of seconds; no rotation is longer.
        for _ in 0..7200 {
            for effect in self.scene.world.take_effects() {
                let Effect::InvokeFunction { function_arn, payload, ticket } = effect else {
                    continue;
                };
                assert_eq!(function_arn, function());
                let result = match self.call(payload).await {
                    Ended::Answered(answer) => Ok(Done::Answered(answer)),
                    Ended::Failed(why) => Err(why),
                    Ended::Died => Err("Task timed out".to_owned()),
                };
                self.scene.world.done(self.scene.now(), ticket, result);
            }
            self.holds();
            if self.of_secret(|it| it.rotation.run.is_none()) {
                return;
            }
            self.scene.pass(Duration::from_secs(1)).await;
        }
        panic!("the rotation never ended");
    }

    /// What holds at every moment: the application's secret opens every node, and two tokens are accepted at most.
    #[track_caller]
    pub(crate) fn holds(&self) {
        self.opens();
        for (member, access) in self.access() {
            assert!(passwords(&access).len() <= 2, "{member} accepts more than two");
        }
    }

    /// What the secret holds opens every node, in whichever form it does.
    #[track_caller]
    pub(crate) fn opens(&self) {
        let current = credential(&self.value("AWSCURRENT").unwrap());
        for (member, access) in self.access() {
            let opens = if access.users.is_empty() {
                access.admits(Some(&current)) || access.passwordless
            } else {
                access.admits_user(USER, &current)
            };
            assert!(opens, "the current secret does not open {member}");
        }
    }

    /// What holds in the end: the current token and nothing else.
    #[track_caller]
    pub(crate) fn is_closed(&self) {
        let current = self.value("AWSCURRENT").unwrap();
        for (member, access) in self.access() {
            let is_open = access.users.is_empty() && access.passwordless;
            assert!(!is_open, "{member} lets in without a password");
            assert_eq!(passwords(&access), [current.as_str()], "{member} accepts an old one");
        }
    }

    /// Whom each node lets in.
    pub(crate) fn access(&self) -> Vec<(String, aws_sim::Access)> {
        let nodes = self.scene.world.with(|it| it.nodes());
        assert!(!nodes.is_empty());
        nodes.into_iter().map(|it| (it.member, it.access)).collect()
    }

    /// The value under a label.
    pub(crate) fn value(&self, label: &str) -> Option<String> {
        let value = self.of_secret(|it| it.text(label).map(str::to_owned));
        self.tokens.borrow_mut().extend(value.clone());
        value
    }

    /// The version under a label.
    pub(crate) fn version(&self, label: &str) -> Option<String> {
        self.of_secret(|it| it.labelled(label).map(str::to_owned))
    }

    fn of_secret<T>(&self, look: impl Fn(&aws_sim::secrets::Secret) -> T) -> T {
        self.scene.world.with(|it| look(&it.secrets.secrets[NAME]))
    }

    /// A call that a person makes to Secrets Manager.
    pub(crate) fn manager(&self, operation: &str, body: Value) -> Value {
        ask(&self.scene, "secretsmanager", Some(operation), body.to_string())
    }

    /// A call that a person makes to ElastiCache.
    pub(crate) fn cache(&self, fields: &[(&str, &str)]) {
        ask(&self.scene, "elasticache", None, form(fields));
    }

    /// The records of the journal.
    pub(crate) fn records(&self) -> Vec<Value> {
        self.scene.journal.records()
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.scene.now()
    }

    /// Nothing that left the function holds a token.
    #[track_caller]
    pub(crate) fn keeps_its_secrets(&self) {
        let mut said = self.said.borrow().clone();
        said.extend(self.records().iter().map(Value::to_string));
        said.push(self.manager("DescribeSecret", json!({ "SecretId": self.secret })).to_string());
        self.scene.world.with(|it| {
            said.push(format!("{:?} {:?} {:?}", it.calls, it.sns.published, it.sfn.executions));
            let groups = it.elasticache.groups.values();
            said.extend(groups.map(|it| format!("{} {:?}", it.description, it.tags)));
        });
        for label in ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"] {
            self.value(label);
        }
        for token in self.tokens.borrow().iter() {
            assert!(!said.iter().any(|it| it.contains(token.as_str())), "a token was told");
        }
    }
}

/// What a text of the secret has clients log in with.
fn credential(text: &str) -> String {
    let document = serde_json::from_str::<Value>(text).unwrap_or_default();
    let held = document.get("token").or(document.get("password")).and_then(Value::as_str);
    held.unwrap_or(text).to_owned()
}

/// What a node accepts: tokens, or the passwords of the user of the story.
fn passwords(access: &aws_sim::Access) -> Vec<&str> {
    let of_user = access.users.iter().find(|it| it.name == USER).map(|it| match &it.login {
        aws_sim::Login::Passwords(passwords) => passwords.as_slice(),
        aws_sim::Login::NoPassword | aws_sim::Login::Iam => &[],
    });
    of_user.unwrap_or(&access.passwords).iter().map(String::as_str).collect()
}

/// The function that the secret names.
pub(crate) fn function() -> String {
    function_arn("rotate")
}

/// A secret of ours with this token in it, rotated by our function.
pub(crate) fn make_secret(scene: &Scene, name: &str, token: &str) -> String {
    let tags = json!([
        { "Key": "cachewarden:owner", "Value": "arn:aws:cloudformation:us-east-1:123456789012:stack/a/b/Cache" },
        { "Key": "cachewarden:group", "Value": GROUP },
        { "Key": "cachewarden:grace-minutes", "Value": "60" },
    ]);
    let body = json!({ "Name": name, "SecretString": token, "ClientRequestToken": uuid(name), "Tags": tags });
    let made = ask(scene, "secretsmanager", Some("CreateSecret"), body.to_string());
    made["ARN"].as_str().unwrap().to_owned()
}

/// A secret of ours with the password of `app` in it.
pub(crate) fn make_user_secret(scene: &Scene, name: &str, password: &str) -> String {
    let tags = json!([
        { "Key": "cachewarden:owner", "Value": "arn:aws:cloudformation:us-east-1:123456789012:stack/a/b/App" },
        { "Key": "cachewarden:user", "Value": USER },
        { "Key": "cachewarden:grace-minutes", "Value": "60" },
    ]);
    let body = json!({ "Name": name, "SecretString": password, "ClientRequestToken": uuid(name), "Tags": tags });
    let made = ask(scene, "secretsmanager", Some("CreateSecret"), body.to_string());
    made["ARN"].as_str().unwrap().to_owned()
}

/// A version id that differs by name.
pub(crate) fn uuid(name: &str) -> String {
    let hash = domain::owner::short_hash(name);
    format!("{hash}-0000-4000-8000-0000{hash}")
}
