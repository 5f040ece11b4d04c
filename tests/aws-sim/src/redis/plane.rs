//! The plane: all servers, endpoints and snapshots of a simulator.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, sleep};
use tokio_rustls::TlsAcceptor;

use super::authority::Authority;
use super::front;
use super::info::Info;
use super::load::{Load, Look, vcpus};
use super::process::{Process, Setup, TOKEN_USER, is_runtime_parameter, users};
use super::proxy::{Proxy, Target};
use crate::effect::DEFAULT_USER;
use crate::{Access, Clients, Done, Effect, Endpoint, NodeKey, NodeSpec, NodeUser, Ticket};

/// Real servers behind simulated nodes. Cheap to clone.
#[derive(Clone)]
pub struct Plane(Arc<Inner>);

struct Inner {
    directory: PathBuf,
    sockets: PathBuf,
    authority: Authority,
    password: String,
    memory_scale: u32,
    cpu_scale: f64,
    time_scale: f64,
    nodes: Mutex<BTreeMap<NodeKey, Arc<Node>>>,
    proxies: AsyncMutex<BTreeMap<Endpoint, Proxy>>,
}

struct Node {
    spec: NodeSpec,
    process: AsyncMutex<Option<Process>>,
    target: Target,
    admin: super::admin::Admin,
    seen: Mutex<(Info, Instant)>,
    /// The users that it knows.
    known: Mutex<Vec<NodeUser>>,
}

/// How a plane is scaled down.
#[derive(Clone, Copy, Debug)]
pub struct Scales {
    /// So many bytes of AWS are one here.
    pub memory: u32,
    /// So many cores of AWS are one here.
    pub cpu: f64,
    /// So many seconds of AWS are one here.
    pub time: u32,
}

impl Plane {
    /// A plane that keeps its files in this directory. What an earlier one left there is removed.
    pub fn new(directory: &Path, scales: Scales) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let directory = directory.canonicalize()?;
        for part in ["nodes", "snapshots", "s"] {
            let part = directory.join(part);
            if part.exists() {
                std::fs::remove_dir_all(&part)?;
            }
            std::fs::create_dir_all(&part)?;
        }
        let sockets = socket_directory(&directory)?;
        let authority = Authority::found(&directory)?;
        Ok(Self(Arc::new(Inner {
            directory,
            sockets,
            authority,
            password: random_password()?,
            memory_scale: scales.memory.max(1),
            cpu_scale: scales.cpu,
            // Where the clock stands still, what is done is told as it is.
            time_scale: f64::from(scales.time.max(1)),
            nodes: Mutex::default(),
            proxies: AsyncMutex::default(),
        })))
    }

    /// The certificate that clients have to trust.
    pub fn authority(&self) -> &Path {
        self.0.authority.file()
    }

    /// Does one effect. Those that are not for servers are none of its business. An error of an effect without a ticket is returned too.
    pub async fn execute(&self, effect: Effect) -> (Option<Ticket>, Result<Done, String>) {
        let (ticket, ended) = match effect {
            Effect::StartNode { node, spec, ticket } => {
                (Some(ticket), self.start(node, spec).await.map(|()| Done::Plain))
            }
            Effect::Replicate { replica, of, ticket } => {
                (Some(ticket), self.replicate(&replica, &of).await.map(|()| Done::Plain))
            }
            Effect::Promote { node, instead_of, graceful, ticket } => {
                let ended = self.promote(&node, &instead_of, graceful).await;
                (Some(ticket), ended.map(|()| Done::Plain))
            }
            Effect::Accept { node, access, clients, ticket } => {
                let accepted = self.accept(&node, &access).await;
                if clients == Clients::AreCut {
                    self.cut(&node).await;
                }
                (Some(ticket), accepted.map(|()| Done::Plain))
            }
            Effect::Configure { node, parameters } => {
                (None, self.configure(&node, &parameters).await.map(|()| Done::Plain))
            }
            Effect::PointEndpoint { endpoint, to } => {
                (None, self.point(endpoint, &to).await.map(|()| Done::Plain))
            }
            Effect::StopNode { node } => {
                self.stop(&node).await;
                (None, Ok(Done::Plain))
            }
            Effect::SaveSnapshot { node, snapshot, ticket } => {
                let saved = self.save(&node, &snapshot).await;
                (Some(ticket), saved.map(|bytes| Done::Saved { bytes }))
            }
            Effect::CopySnapshot { source, target, ticket } => {
                let copied = std::fs::copy(self.snapshot(&source), self.snapshot(&target));
                (Some(ticket), copied.map(|_| Done::Plain))
            }
            Effect::DropSnapshot { snapshot } => {
                (None, std::fs::remove_file(self.snapshot(&snapshot)).map(|()| Done::Plain))
            }
            Effect::Publish { .. }
            | Effect::InvokeFunction { .. }
            | Effect::SendEvent { .. }
            | Effect::PutEvent { .. }
            | Effect::AlarmConfigured { .. } => (None, Ok(Done::Plain)),
        };
        (ticket, ended.map_err(|err| err.to_string()))
    }

    /// What every member that clients can reach did since the last time this was asked.
    pub async fn loads(&self) -> Vec<Load> {
        let mut serving: BTreeMap<String, Arc<Node>> = BTreeMap::new();
        for proxy in self.0.proxies.lock().await.values() {
            for key in proxy.targets() {
                let Ok(node) = self.node(&key) else { continue };
                let known = serving.get(&key.member).map(|it| it.target.node.incarnation);
                if known.is_none_or(|it| it < key.incarnation) {
                    serving.insert(key.member, node);
                }
            }
        }
        let mut loads = Vec::new();
        for (member, node) in serving {
            // A server that is stuck or gone has no metrics, as on AWS.
            if let Ok(info) = node.admin.ask(&["INFO", "everything"]).await {
                loads.push(self.load(member, &node, Info::read(&info)));
            }
        }
        loads
    }

    /// Stops everything and forgets all data. Clients find nobody.
    pub async fn clear(&self) {
        self.0.proxies.lock().await.clear();
        let nodes: Vec<NodeKey> = lock(&self.0.nodes).keys().cloned().collect();
        for node in nodes {
            self.stop(&node).await;
        }
        let snapshots = self.0.directory.join("snapshots");
        drop(std::fs::remove_dir_all(&snapshots));
        drop(std::fs::create_dir_all(&snapshots));
    }

    fn load(&self, member: String, node: &Node, info: Info) -> Load {
        let now = Instant::now();
        let mut seen = lock(&node.seen);
        let look = Look {
            info: &info,
            before: &seen.0,
            passed: now - seen.1,
            memory_scale: f64::from(self.0.memory_scale),
            cpu_scale: self.0.cpu_scale,
            time_scale: self.0.time_scale,
            vcpus: vcpus(&node.spec.node_type),
        };
        let metrics = look.metrics();
        let primary = info.is_primary();
        let used_memory = info.text("used_memory").parse().unwrap_or_default();
        *seen = (info, now);
        Load { member, group: node.spec.group.clone(), primary, used_memory, metrics }
    }

    async fn start(&self, key: NodeKey, spec: NodeSpec) -> io::Result<()> {
        let identity = self.0.authority.identify(&spec.names)?;
        let acceptor: TlsAcceptor = front::acceptor(&identity)?;
        let load = spec.load.as_deref().map(|it| self.snapshot(it));
        let socket = self.0.sockets.join(format!("{}.sock", key.incarnation));
        let process = Process::start(&Setup {
            directory: self.0.directory.join("nodes").join(key.to_string()),
            socket: socket.clone(),
            spec: &spec,
            maxmemory: self.scaled(spec.maxmemory),
            identity: &identity,
            authority: self.0.authority.file(),
            password: &self.0.password,
            load: load.as_deref(),
        })
        .await?;
        let target = Target {
            node: key.clone(),
            address: process.address,
            socket,
            acceptor,
            optional: Arc::new(Mutex::new(is_optional(&spec.access))),
        };
        let node = Node {
            admin: process.admin.clone(),
            seen: Mutex::new((process.info().await?, Instant::now())),
            process: AsyncMutex::new(Some(process)),
            known: Mutex::new(spec.access.users.clone()),
            target,
            spec,
        };
        lock(&self.0.nodes).insert(key, Arc::new(node));
        Ok(())
    }

    async fn replicate(&self, replica: &NodeKey, of: &NodeKey) -> io::Result<()> {
        let (replica, primary) = (self.node(replica)?, self.node(of)?);
        let (host, port) = (primary.target.address.ip(), primary.target.address.port());
        let admin = &replica.admin;
        admin.ask(&["REPLICAOF", &host.to_string(), &port.to_string()]).await?;
        until("the replica is in step", || async {
            let (replica, primary) = (info(&replica).await?, info(&primary).await?);
            Ok(replica.text("master_link_status") == "up"
                && replica.number("slave_repl_offset") >= primary.number("master_repl_offset"))
        })
        .await?;
        // Writes that a handover had held back are answered now: READONLY.
        admin.ask(&["CLIENT", "UNPAUSE"]).await.map(drop)
    }

    async fn promote(&self, new: &NodeKey, old: &NodeKey, graceful: bool) -> io::Result<()> {
        let new = self.node(new)?;
        // A server that is lost needs no asking.
        if graceful && let Ok(old) = self.node(old) {
            let pause = HANDOVER_MAX.as_millis().to_string();
            old.admin.ask(&["CLIENT", "PAUSE", &pause, "WRITE"]).await?;
            until("the new primary has everything", || async {
                let (new, old) = (info(&new).await?, info(&old).await?);
                Ok(new.is_primary()
                    || new.number("slave_repl_offset") >= old.number("master_repl_offset"))
            })
            .await?;
        }
        new.admin.ask(&["REPLICAOF", "NO", "ONE"]).await?;
        until("the new primary takes writes", || async { Ok(info(&new).await?.is_primary()) }).await
    }

    async fn accept(&self, key: &NodeKey, access: &Access) -> io::Result<()> {
        let node = self.node(key)?;
        for user in users(access) {
            let mut command = vec!["ACL", "SETUSER"];
            command.extend(user.iter().map(String::as_str));
            node.admin.ask(&command).await?;
        }
        let before = std::mem::replace(&mut *lock(&node.known), access.users.clone());
        forget_users(&node, &before, access).await?;
        *lock(&node.target.optional) = is_optional(access);
        Ok(())
    }

    async fn configure(&self, key: &NodeKey, parameters: &[(String, String)]) -> io::Result<()> {
        let node = self.node(key)?;
        for (name, value) in parameters {
            let scaled = value.parse().map(|it| self.scaled(it).to_string());
            let value = match (name.as_str(), scaled) {
                ("maxmemory", Ok(scaled)) => scaled,
                (name, _) if is_runtime_parameter(name) => value.clone(),
                _ => continue,
            };
            node.admin.ask(&["CONFIG", "SET", name, &value]).await?;
        }
        Ok(())
    }

    async fn point(&self, endpoint: Endpoint, to: &[NodeKey]) -> io::Result<()> {
        let to: Vec<Target> = to
            .iter()
            .map(|it| self.node(it).map(|it| it.target.clone()))
            .collect::<io::Result<_>>()?;
        let mut proxies = self.0.proxies.lock().await;
        let leads = !to.is_empty();
        let proxy = proxies.entry(endpoint.clone()).or_insert_with(|| Proxy::new(endpoint.clone()));
        proxy.point(to).await?;
        if !leads {
            proxies.remove(&endpoint);
        }
        Ok(())
    }

    /// Ends every connection that a client has to this server.
    async fn cut(&self, key: &NodeKey) {
        for proxy in self.0.proxies.lock().await.values() {
            proxy.cut(key);
        }
    }

    async fn stop(&self, key: &NodeKey) {
        self.cut(key).await;
        let node = lock(&self.0.nodes).remove(key);
        if let Some(node) = node
            && let Some(process) = node.process.lock().await.take()
        {
            process.stop().await;
        }
    }

    async fn save(&self, key: &NodeKey, snapshot: &str) -> io::Result<u64> {
        let node = self.node(key)?;
        node.admin.ask(&["BGSAVE"]).await?;
        until("the snapshot is written", || async {
            Ok(info(&node).await?.text("rdb_bgsave_in_progress") == "0")
        })
        .await?;
        if info(&node).await?.text("rdb_last_bgsave_status") != "ok" {
            return Err(io::Error::other("redis-server could not write its data"));
        }
        let data = self.0.directory.join("nodes").join(key.to_string()).join("dump.rdb");
        std::fs::copy(data, self.snapshot(snapshot))
    }

    fn node(&self, key: &NodeKey) -> io::Result<Arc<Node>> {
        let node = lock(&self.0.nodes).get(key).cloned();
        node.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no server {key}")))
    }

    fn snapshot(&self, name: &str) -> PathBuf {
        self.0.directory.join("snapshots").join(format!("{name}.rdb"))
    }

    fn scaled(&self, bytes: u64) -> u64 {
        (bytes / u64::from(self.0.memory_scale)).max(MEMORY_MIN)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.sockets));
    }
}

/// An empty server with a replica takes two to three megabytes.
const MEMORY_MIN: u64 = 8 << 20;

/// How long writes wait while a primary hands over.
const HANDOVER_MAX: Duration = Duration::from_secs(20);

/// A token is there and none is needed.
fn is_optional(access: &Access) -> bool {
    access.passwordless && !access.passwords.is_empty()
}

/// Users that are no more are forgotten, and their connections cut. So are those of a user in whose place another of its name has come,
/// while one that only changed keeps them (facts 2.3).
async fn forget_users(node: &Node, before: &[NodeUser], access: &Access) -> io::Result<()> {
    for user in before {
        let now = access.users.iter().find(|it| it.name == user.name);
        let built_in = [DEFAULT_USER, TOKEN_USER].contains(&user.name.as_str());
        match now {
            Some(now) if now.id == user.id => {}
            None if !built_in => {
                node.admin.ask(&["ACL", "DELUSER", &user.name]).await?;
            }
            // Without user groups there is nobody in its place.
            None if access.users.is_empty() => {}
            Some(_) | None => {
                node.admin.ask(&["CLIENT", "KILL", "USER", &user.name]).await?;
            }
        }
    }
    Ok(())
}

async fn info(node: &Node) -> io::Result<Info> {
    Ok(Info::read(&node.admin.ask(&["INFO", "everything"]).await?))
}

/// Waits until this holds. Everything that servers do here takes seconds.
async fn until<F>(what: &str, holds: impl Fn() -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<bool>>,
{
    let deadline = Instant::now() + WAIT_MAX;
    while !holds().await? {
        if deadline < Instant::now() {
            let text = format!("waited {} s until {what}", WAIT_MAX.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

const WAIT_MAX: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Where sockets are: with the other files, unless that path is too long for one. That of a socket has 107 bytes at most.
fn socket_directory(files: &Path) -> io::Result<PathBuf> {
    let beside = files.join("s");
    if beside.as_os_str().len() <= SOCKETS_MAX {
        return Ok(beside);
    }
    let directory = std::env::temp_dir().join(format!("aws-sim-{:016x}", random()?));
    std::fs::create_dir(&directory)?;
    Ok(directory)
}

/// Leaves room for `/4294967295.sock`.
const SOCKETS_MAX: usize = 90;

fn random_password() -> io::Result<String> {
    Ok(format!("{:016x}{:016x}", random()?, random()?))
}

/// True randomness: the passwords of real servers and the names of directories must not repeat with a seed.
fn random() -> io::Result<u64> {
    use std::io::Read as _;
    let mut bytes = [0; 8];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn lock<T>(it: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}
