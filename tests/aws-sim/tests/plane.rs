//! Real servers do what the model decides. Needs `redis-server` and `redis-cli` on the path.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use aws_sim::redis::{Loopback, Plane, Scales};
use aws_sim::settings::{AddressFor, Addresses as _, Which};
use aws_sim::{
    Access, Clients, Done, Effect, Endpoint, Login, NodeKey, NodeSpec, NodeUser, Ticket,
};

struct Scene {
    plane: Plane,
    addresses: Loopback,
    directory: PathBuf,
    last: u64,
}

impl Scene {
    fn new(name: &str) -> Self {
        assert!(
            Command::new("redis-server").arg("--version").output().is_ok(),
            "redis-server is not on the path: install the package redis-server"
        );
        let directory = std::env::temp_dir().join(format!("plane-{name}-{}", std::process::id()));
        let plane = Plane::new(&directory, Scales { memory: 16, cpu: 1.0, time: 1 }).unwrap();
        Self { plane, addresses: Loopback::default(), directory, last: 0 }
    }

    fn endpoint(&mut self, which: Which<'_>) -> Endpoint {
        let group = "orders";
        self.addresses.give(&AddressFor {
            group,
            letters: "abc123",
            region: "us-east-1",
            tls: true,
            port: 6379,
            which,
        })
    }

    fn node(&mut self, member: &str) -> NodeKey {
        self.last += 1;
        NodeKey { member: member.to_owned(), incarnation: self.last }
    }

    async fn execute(&self, effect: Effect) -> Done {
        let shown = format!("{effect:?}");
        let (_, ended) = self.plane.execute(effect).await;
        ended.unwrap_or_else(|err| panic!("{shown}: {err}"))
    }

    async fn start(&mut self, member: &str, access: &Access, load: Option<&str>) -> NodeKey {
        let node = self.node(member);
        let names = vec![self.endpoint(Which::Primary).host];
        let spec = NodeSpec {
            group: "orders".to_owned(),
            node_type: "cache.t4g.micro".to_owned(),
            maxmemory: 402_653_184,
            parameters: vec![("maxmemory-policy".to_owned(), "allkeys-lru".to_owned())],
            tls: true,
            access: access.clone(),
            names,
            load: load.map(str::to_owned),
        };
        self.execute(Effect::StartNode { node: node.clone(), spec, ticket: Ticket(1) }).await;
        node
    }

    /// What redis-cli hears at an endpoint.
    fn ask(&self, at: &Endpoint, token: Option<&str>, command: &str) -> String {
        let mut cli = Command::new("redis-cli");
        cli.args(["--tls", "--cacert"]).arg(self.plane.authority());
        cli.args(["-h", &at.host, "-p", &at.port.to_string(), "--no-auth-warning"]);
        cli.args(token.iter().flat_map(|it| ["-a", it]));
        let output = cli.args(command.split(' ')).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).trim().to_owned()
    }

    /// The same, as a user who says its name.
    fn ask_as(&self, at: &Endpoint, (name, password): (&str, &str), command: &str) -> String {
        self.ask(at, None, &format!("--user {name} --pass {password} {command}"))
    }

    /// A user who waits for what is put into the list `name`.
    fn wait_as(&self, at: &Endpoint, (name, password): (&str, &str)) -> Child {
        let mut cli = Command::new("redis-cli");
        cli.args(["--tls", "--cacert"]).arg(self.plane.authority());
        cli.args(["-h", &at.host, "-p", &at.port.to_string(), "--no-auth-warning"]);
        cli.args(["--user", name, "--pass", password, "BLPOP", name, "30"]);
        cli.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until so many users wait at an endpoint; says whether that came to be.
    async fn wait_for(&self, at: &Endpoint, token: &str, users: usize) -> bool {
        for _ in 0..LOOKS_MAX {
            if self.ask(at, Some(token), "CLIENT LIST").matches("cmd=blpop").count() == users {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        false
    }

    #[track_caller]
    fn check(&self, at: &Endpoint, token: Option<&str>, command: &str, wanted: &str) {
        let heard = self.ask(at, token, command);
        assert!(heard.contains(wanted), "{command} as {token:?} at {at:?}: {heard}");
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

fn access(passwords: &[&str], passwordless: bool) -> Access {
    Access::tokens(passwords.iter().map(|it| (*it).to_owned()).collect(), passwordless)
}

const T1: &str = "token-one-of-16!&#$^<>-";
const T2: &str = "token-two-of-16!&#$^<>-";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_let_in_as_the_model_says() {
    let mut scene = Scene::new("tokens");
    let node = scene.start("orders-001", &access(&[], true), None).await;
    let at = scene.endpoint(Which::Primary);
    scene.execute(Effect::PointEndpoint { endpoint: at.clone(), to: vec![node.clone()] }).await;
    scene.check(&at, None, "PING", "PONG");

    let accept = async |scene: &Scene, access: Access| {
        scene
            .execute(Effect::Accept {
                node: node.clone(),
                access,
                clients: Clients::Stay,
                ticket: Ticket(1),
            })
            .await
    };
    accept(&scene, access(&[T1], true)).await;
    scene.check(&at, None, "PING", "PONG");
    scene.check(&at, Some(T1), "PING", "PONG");
    scene.check(&at, Some(T2), "PING", "WRONGPASS");

    accept(&scene, access(&[T1], false)).await;
    scene.check(&at, None, "PING", "NOAUTH");
    scene.check(&at, Some(T1), "PING", "PONG");
    scene.check(&at, Some(T1), "CONFIG GET maxmemory", "NOPERM");
    scene.check(&at, Some(T1), "ACL SETUSER x", "NOPERM");

    accept(&scene, access(&[T1, T2], false)).await;
    scene.check(&at, Some(T1), "SET k v", "OK");
    scene.check(&at, Some(T2), "GET k", "v");

    accept(&scene, access(&[T2], false)).await;
    scene.check(&at, Some(T1), "PING", "WRONGPASS");
    scene.check(&at, Some(T2), "FLUSHALL", "OK");
    scene.plane.clear().await;
    scene.check(&at, Some(T2), "PING", "Connection refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_outlives_a_handover_and_a_snapshot_restores_it() {
    let mut scene = Scene::new("data");
    let open = access(&[T1], false);
    let first = scene.start("orders-001", &open, None).await;
    let second = scene.start("orders-002", &open, None).await;
    let (replica, of) = (second.clone(), first.clone());
    scene.execute(Effect::Replicate { replica, of, ticket: Ticket(1) }).await;
    let primary = scene.endpoint(Which::Primary);
    let reader = scene.endpoint(Which::Reader);
    let point = |endpoint: &Endpoint, to: &NodeKey| Effect::PointEndpoint {
        endpoint: endpoint.clone(),
        to: vec![to.clone()],
    };
    scene.execute(point(&primary, &first)).await;
    scene.execute(point(&reader, &second)).await;
    scene.check(&primary, Some(T1), "SET k before", "OK");

    let promote = Effect::Promote {
        node: second.clone(),
        instead_of: first.clone(),
        graceful: true,
        ticket: Ticket(1),
    };
    scene.execute(promote).await;
    scene.execute(point(&primary, &second)).await;
    scene.check(&primary, Some(T1), "GET k", "before");
    scene.check(&primary, Some(T1), "SET k after", "OK");
    scene.execute(Effect::StopNode { node: first }).await;

    let save =
        Effect::SaveSnapshot { node: second.clone(), snapshot: "s".to_owned(), ticket: Ticket(1) };
    let Done::Saved { bytes } = scene.execute(save).await else { panic!("not saved") };
    assert!(0 < bytes);
    scene.check(&primary, Some(T1), "FLUSHALL", "OK");
    let copy =
        Effect::CopySnapshot { source: "s".to_owned(), target: "t".to_owned(), ticket: Ticket(1) };
    scene.execute(copy).await;
    let third = scene.start("restored-001", &open, Some("t")).await;
    scene.execute(point(&reader, &third)).await;
    scene.check(&reader, Some(T1), "GET k", "after");

    let loads = scene.plane.loads().await;
    let members: Vec<&str> = loads.iter().map(|it| it.member.as_str()).collect();
    assert_eq!(members, ["orders-002", "restored-001"]);
    let memory = |name: &str| {
        let metrics = &loads.last().unwrap().metrics;
        metrics.iter().find(|it| it.0 == name).unwrap().1
    };
    assert!((1.0..50.0).contains(&memory("DatabaseMemoryUsagePercentage")));
    scene.plane.clear().await;
}

/// A user with one password who may do everything.
fn user(id: &str, name: &str, password: &str) -> NodeUser {
    NodeUser {
        id: id.to_owned(),
        name: name.to_owned(),
        login: Login::Passwords(vec![password.to_owned()]),
        access_string: "on ~* +@all".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_are_let_in_with_what_they_may_do() {
    let mut scene = Scene::new("users");
    let reader = NodeUser {
        access_string: "on ~r:* -@all +@read".to_owned(),
        ..user("reader", "reader", T1)
    };
    let off = NodeUser { access_string: "~* +@all".to_owned(), ..user("off", "off", T1) };
    let iam = NodeUser { login: Login::Iam, ..user("iam", "iam", T1) };
    let both = NodeUser {
        login: Login::Passwords(vec![T1.to_owned(), T2.to_owned()]),
        ..user("app", "app", T1)
    };
    let users = vec![user("own", "default", T2), reader, off, iam, both];
    let node = scene.start("orders-001", &Access::users(users), None).await;
    let at = scene.endpoint(Which::Primary);
    scene.execute(Effect::PointEndpoint { endpoint: at.clone(), to: vec![node.clone()] }).await;

    scene.check(&at, None, "PING", "NOAUTH");
    scene.check(&at, Some(T1), "PING", "WRONGPASS");
    scene.check(&at, Some(T2), "SET r:k v", "OK");
    let check = |scene: &Scene, who: (&str, &str), command: &str, wanted: &str| {
        let heard = scene.ask_as(&at, who, command);
        assert!(heard.contains(wanted), "{command} as {}: {heard}", who.0);
    };
    check(&scene, ("app", T1), "GET r:k", "v");
    check(&scene, ("app", T2), "GET r:k", "v");
    check(&scene, ("app", T1), "CONFIG GET maxmemory", "NOPERM");
    check(&scene, ("reader", T1), "GET r:k", "v");
    check(&scene, ("reader", T1), "GET k", "NOPERM");
    check(&scene, ("reader", T1), "SET r:k w", "NOPERM");
    for nobody in ["off", "iam", "auth-token", "somebody"] {
        check(&scene, (nobody, T1), "PING", "WRONGPASS");
    }

    let open = NodeUser { login: Login::NoPassword, ..user("default", "default", T1) };
    let access = Access::users(vec![open]);
    scene
        .execute(Effect::Accept {
            node: node.clone(),
            access,
            clients: Clients::Stay,
            ticket: Ticket(1),
        })
        .await;
    scene.check(&at, None, "GET r:k", "v");
    check(&scene, ("app", T1), "PING", "WRONGPASS");

    let access = Access::tokens(vec![T1.to_owned()], false);
    scene.execute(Effect::Accept { node, access, clients: Clients::Stay, ticket: Ticket(1) }).await;
    scene.check(&at, None, "PING", "NOAUTH");
    scene.check(&at, Some(T1), "GET r:k", "v");
    scene.plane.clear().await;
}

/// Ten seconds for three clients to connect.
const LOOKS_MAX: u32 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_outlive_new_passwords_and_not_another_user() {
    let mut scene = Scene::new("connections");
    let before = vec![user("own", "default", T1), user("app", "app", T1), user("gone", "gone", T1)];
    let node = scene.start("orders-001", &Access::users(before), None).await;
    let at = scene.endpoint(Which::Primary);
    scene.execute(Effect::PointEndpoint { endpoint: at.clone(), to: vec![node.clone()] }).await;
    let waiting = ["default", "app", "gone"].map(|it| scene.wait_as(&at, (it, T1)));
    assert!(scene.wait_for(&at, T1, waiting.len()).await, "all are connected");

    let access = Access::users(vec![user("other", "default", T2), user("app", "app", T2)]);
    scene.execute(Effect::Accept { node, access, clients: Clients::Stay, ticket: Ticket(1) }).await;
    for list in ["default", "app", "gone"] {
        scene.check(&at, Some(T2), &format!("RPUSH {list} value"), "1");
    }
    let heard = waiting.map(|it| {
        let output = it.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).contains("value")
    });
    assert_eq!(heard, [false, true, false], "only who is still the same user goes on");
    scene.check(&at, Some(T2), "EXISTS app default gone", "2");
    scene.plane.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_stay_or_are_cut_when_a_token_changes() {
    let mut scene = Scene::new("clients");
    let node = scene.start("orders-001", &access(&[T1], false), None).await;
    let at = scene.endpoint(Which::Primary);
    scene.execute(Effect::PointEndpoint { endpoint: at.clone(), to: vec![node.clone()] }).await;
    let client = scene.wait_as(&at, ("default", T1));
    assert!(scene.wait_for(&at, T1, 1).await, "it is connected");
    let change = |clients| Effect::Accept {
        node: node.clone(),
        access: access(&[T1, T2], false),
        clients,
        ticket: Ticket(1),
    };
    scene.execute(change(Clients::Stay)).await;
    assert!(scene.wait_for(&at, T2, 1).await, "it is connected still");
    scene.execute(change(Clients::AreCut)).await;
    assert!(scene.wait_for(&at, T2, 0).await, "it is no more");
    let heard = client.wait_with_output().unwrap();
    assert!(!String::from_utf8_lossy(&heard.stdout).contains("value"));
    scene.check(&at, Some(T1), "PING", "PONG");
    scene.plane.clear().await;
}
