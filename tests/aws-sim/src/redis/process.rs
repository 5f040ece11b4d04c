//! One redis-server process: how it is set up, started and stopped.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::admin::{Admin, USER};
use super::authority::Identity;
use super::info::Info;
use crate::effect::{DEFAULT_USER, WITHHELD};
use crate::{Access, Login, NodeSpec};

/// A running server.
pub(crate) struct Process {
    child: Child,
    directory: PathBuf,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The way in.
    pub(crate) admin: Admin,
}

/// What a server is set up with.
pub(crate) struct Setup<'a> {
    /// Where its files are.
    pub(crate) directory: PathBuf,
    /// Where its socket is: the path of a socket has 107 bytes at most.
    pub(crate) socket: PathBuf,
    pub(crate) spec: &'a NodeSpec,
    /// Bytes for data, scaled.
    pub(crate) maxmemory: u64,
    pub(crate) identity: &'a Identity,
    pub(crate) authority: &'a Path,
    /// The password of the simulator's users, the same for all servers of one simulator.
    pub(crate) password: &'a str,
    /// The data that it starts with.
    pub(crate) load: Option<&'a Path>,
}

impl Process {
    /// Starts a server and waits until it has read its data and answers.
    pub(crate) async fn start(setup: &Setup<'_>) -> io::Result<Self> {
        let mut last = io::Error::other("it was not tried");
        // The port is free when it is chosen; somebody may be faster.
        for _ in 0..PORTS_TRIED {
            match Self::try_start(setup).await {
                Ok(process) => return Ok(process),
                Err(err) => last = err,
            }
        }
        Err(last)
    }

    async fn try_start(setup: &Setup<'_>) -> io::Result<Self> {
        std::fs::create_dir_all(&setup.directory)?;
        if let Some(load) = setup.load {
            std::fs::copy(load, setup.directory.join("dump.rdb"))?;
        }
        std::fs::write(setup.directory.join("node.crt"), &setup.identity.certificate)?;
        std::fs::write(setup.directory.join("node.key"), &setup.identity.key)?;
        let address = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let file = setup.directory.join("redis.conf");
        std::fs::write(&file, configuration(setup, address.port()))?;
        let child = command(&file)
            .current_dir(&setup.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|err| io::Error::new(err.kind(), format!("redis-server: {err}")))?;
        let admin = Admin { socket: setup.socket.clone(), password: setup.password.to_owned() };
        let mut process = Self { child, directory: setup.directory.clone(), address, admin };
        process.wait_until_ready().await?;
        Ok(process)
    }

    async fn wait_until_ready(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + START_MAX;
        loop {
            // While it loads its data it answers with an error.
            if self.admin.ask(&["PING"]).await.is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(self.directory.join("redis.log"));
                let log = log.unwrap_or_default();
                let last = log.lines().last().unwrap_or("nothing in its log");
                return Err(io::Error::other(format!("redis-server ended ({status}): {last}")));
            }
            if deadline < Instant::now() {
                return Err(io::Error::other("redis-server does not answer"));
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Its INFO.
    pub(crate) async fn info(&self) -> io::Result<Info> {
        Ok(Info::read(&self.admin.ask(&["INFO", "everything"]).await?))
    }

    /// Ends it at once and forgets its files.
    pub(crate) async fn stop(mut self) {
        // An error means that it had ended before.
        drop(self.child.kill().await);
        drop(std::fs::remove_file(&self.admin.socket));
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

/// The arguments of `ACL SETUSER` that let in whom `access` names.
///
/// While a token is optional, Redis itself cannot tell a wrong one from a right one: its default user either asks for a password or takes
/// any. So there is a second user with the tokens, and the front of such a node sends every AUTH there (see `front`).
pub(crate) fn users(access: &Access) -> Vec<Vec<String>> {
    let mut users = if access.users.is_empty() { tokens(access).into() } else { named(access) };
    for user in &mut users {
        user.extend(WITHHELD.iter().map(|it| format!("-{it}")));
    }
    users
}

fn tokens(access: &Access) -> [Vec<String>; 2] {
    let tokens = access.passwords.iter().map(|it| format!(">{it}"));
    let mut default: Vec<String> = [DEFAULT_USER, "on", "resetpass"].map(str::to_owned).to_vec();
    if access.passwordless {
        default.push("nopass".to_owned());
    } else {
        default.extend(tokens.clone());
    }
    let mut holder: Vec<String> = [TOKEN_USER, "on", "resetpass"].map(str::to_owned).to_vec();
    holder.extend(tokens);
    for user in [&mut default, &mut holder] {
        user.extend(RIGHTS.split(' ').map(str::to_owned));
    }
    [default, holder]
}

/// The users of user groups. Nobody else gets in, though whoever came with a token may go on with what the default user may do.
fn named(access: &Access) -> Vec<Vec<String>> {
    let mut users: Vec<_> =
        access.users.iter().map(|it| user(&it.name, &it.login, &it.access_string)).collect();
    let default = access.users.iter().find(|it| it.name == DEFAULT_USER);
    let left = default.map_or("", |it| it.access_string.as_str());
    for name in [DEFAULT_USER, TOKEN_USER] {
        if !access.users.iter().any(|it| it.name == name) {
            users.push(user(name, &Login::Iam, &format!("{left} off")));
        }
    }
    users
}

/// A user that logs in with IAM has no password here: no plain one is let in.
fn user(name: &str, login: &Login, access_string: &str) -> Vec<String> {
    let mut words = vec![name.to_owned(), "reset".to_owned()];
    match login {
        Login::Passwords(passwords) => words.extend(passwords.iter().map(|it| format!(">{it}"))),
        Login::NoPassword => words.push("nopass".to_owned()),
        Login::Iam => {}
    }
    words.extend(access_string.split_whitespace().map(str::to_owned));
    words
}

/// The user that has the tokens even while the default user needs none.
pub(crate) const TOKEN_USER: &str = "auth-token";

/// The user as which replicas log in to their primary.
const REPLICA_USER: &str = "aws-sim-replica";

/// What a token lets its holder do, but for what ElastiCache withholds.
const RIGHTS: &str = "~* &* +@all";

const PORTS_TRIED: usize = 3;
/// Reading a snapshot of the local cloud takes a second or two.
const START_MAX: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// `redis-server`, tied to the life of the thread that starts it where the system has a way to say so: even a killed simulator then
/// leaves nothing behind.
fn command(file: &Path) -> Command {
    let mut command = if Path::new(SETPRIV).exists() {
        let mut command = Command::new(SETPRIV);
        command.args(["--pdeathsig", "KILL", "redis-server"]);
        command
    } else {
        Command::new("redis-server")
    };
    command.arg(file);
    command
}

const SETPRIV: &str = "/usr/bin/setpriv";

fn configuration(setup: &Setup<'_>, port: u16) -> String {
    let Setup { spec, password, authority, .. } = setup;
    let mut text = String::from(FIXED);
    let mut line = |name: &str, value: &str| {
        let _infallible = writeln!(text, "{name} {value}");
    };
    let port = port.to_string();
    if spec.tls {
        line("port", "0");
        line("tls-port", &port);
        line("tls-replication", "yes");
    } else {
        line("port", &port);
    }
    line("tls-ca-cert-file", &quoted(&authority.to_string_lossy()));
    line("unixsocket", &quoted(&setup.socket.to_string_lossy()));
    line("maxmemory", &setup.maxmemory.to_string());
    for (name, value) in &spec.parameters {
        // Those that only a start can change are in no later request.
        if is_runtime_parameter(name) || name == "databases" {
            line(name, &quoted(value));
        }
    }
    line("masteruser", REPLICA_USER);
    line("masterauth", password);
    line("user", &format!("{USER} on >{password} ~* &* +@all"));
    line("user", &format!("{REPLICA_USER} on >{password} +ping +psync +replconf"));
    for user in users(&spec.access) {
        line("user", &quoted_words(&user));
    }
    text
}

/// Whether a parameter of ElastiCache is one of Redis too. Others are ElastiCache's own, or name what the simulator sets itself.
pub(crate) fn is_runtime_parameter(name: &str) -> bool {
    const KNOWN: [&str; 14] = [
        "activedefrag",
        "activerehashing",
        "lazyfree-lazy-eviction",
        "lazyfree-lazy-expire",
        "lazyfree-lazy-server-del",
        "lazyfree-lazy-user-del",
        "lfu-decay-time",
        "lfu-log-factor",
        "maxmemory-policy",
        "maxmemory-samples",
        "notify-keyspace-events",
        "slowlog-log-slower-than",
        "slowlog-max-len",
        "timeout",
    ];
    KNOWN.contains(&name)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Words in quotes: a token may hold `#`, which begins a comment, and much else.
fn quoted_words(words: &[String]) -> String {
    words.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(" ")
}

const FIXED: &str = "\
bind 127.0.0.1
daemonize no
logfile redis.log
save \"\"
appendonly no
dbfilename dump.rdb
unixsocketperm 700
tls-cert-file node.crt
tls-key-file node.key
tls-auth-clients no
repl-diskless-sync yes
repl-diskless-sync-delay 0
repl-ping-replica-period 1
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_optional_token_stays_with_its_own_user() {
        let access = Access::tokens(vec!["t1".to_owned()], true);
        let [default, holder] = tokens(&access);
        assert!(default.contains(&"nopass".to_owned()));
        assert!(!default.contains(&">t1".to_owned()));
        assert!(holder.contains(&">t1".to_owned()));
        let access = Access::tokens(vec!["t1".to_owned(), "t2".to_owned()], false);
        let [default, _] = tokens(&access);
        assert!(default.contains(&">t1".to_owned()) && default.contains(&">t2".to_owned()));
        assert!(!default.contains(&"nopass".to_owned()));
    }
}
