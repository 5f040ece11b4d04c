//! A running simulator, what it tells others, and a client that never stops.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::around::{listen, scope};

/// A simulator and the endpoint that stands for SNS and Lambda.
pub(crate) struct Scene {
    child: Child,
    at: String,
    directory: PathBuf,
    pub(crate) ca: PathBuf,
    pub(crate) primary: String,
    heard: Arc<Mutex<Vec<String>>>,
}

/// Tells the scenes of one process apart.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Two and a half simulated minutes a second.
const TIME_SCALE: &str = "150";

impl Scene {
    pub(crate) fn start() -> Self {
        for program in ["redis-server", "redis-cli"] {
            assert!(
                Command::new(program).arg("--version").output().is_ok(),
                "{program} is not on the path: install the package redis-server"
            );
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory =
            std::env::temp_dir().join(format!("real-redis-{}-{number}", std::process::id()));
        let (others, heard) = listen();
        let mut child = Command::new(env!("CARGO_BIN_EXE_aws-sim"))
            .args(["--listen", "127.0.0.1:0", "--time-scale", TIME_SCALE, "--seed", "1"])
            .args(["--sns-endpoint", &others, "--lambda-endpoint", &others])
            .arg("--state-dir")
            .arg(&directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let at = line.trim().rsplit(' ').next().unwrap().to_owned();
        let ca = directory.join("ca.pem");
        Self { child, at, directory, ca, primary: String::new(), heard }
    }

    /// Ends it as an operator does, and sees that it leaves no server behind.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        assert_eq!(self.servers(), 0);
    }

    /// The servers that run for this simulator.
    pub(crate) fn servers(&self) -> usize {
        let mine = self.directory.canonicalize().unwrap().to_string_lossy().into_owned();
        let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let directories = processes.filter_map(|it| std::fs::read_link(it.path().join("cwd")).ok());
        directories.filter(|it| it.to_string_lossy().starts_with(&format!("{mine}/nodes"))).count()
    }

    /// The model forgets a node at once; its server takes the time that a process takes to end.
    pub(crate) fn no_server_is_left(&self) {
        self.until("the servers have ended", || (self.servers() == 0).then_some(()));
    }

    /// What was sent to SNS and Lambda: path and body.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn query(&self, action: &str, fields: &[(&str, &str)]) -> String {
        let mut form = format!("Action={action}&Version=2015-02-02");
        for (name, value) in fields {
            write!(form, "&{name}={}", encoded(value)).unwrap();
        }
        self.send("POST", "/", &[("Authorization", &scope("elasticache"))], &form)
    }

    pub(crate) fn json(&self, target: &str, fields: &str) -> String {
        let service = if target.starts_with("secrets") { "secretsmanager" } else { "monitoring" };
        let headers = [("Authorization", scope(service)), ("X-Amz-Target", target.to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = self.send("POST", "/", &headers, fields);
        assert!(!answer.contains("__type"), "{target}: {answer}");
        answer
    }

    pub(crate) fn get(&self, path: &str) -> String {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> String {
        self.send("POST", path, &[], body)
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut stream = TcpStream::connect(&self.at).unwrap();
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.at);
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        write!(request, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Waits until this gives something.
    pub(crate) fn until<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(
                Instant::now() < deadline,
                "{what}: {} {:?}",
                self.get("/_sim/state"),
                self.heard()
            );
            sleep(Duration::from_millis(50));
        }
    }

    /// Waits until a group is `available`, and shows it.
    pub(crate) fn available(&self, group: &str) -> String {
        self.until(&format!("{group} is available"), || {
            let shown = self.query("DescribeReplicationGroups", &[("ReplicationGroupId", group)]);
            let settled = !shown.contains("<AuthTokenStatus>");
            (settled && shown.contains("<Status>available</Status><PendingModifiedValues"))
                .then_some(shown)
        })
    }

    /// Waits until a group is gone.
    pub(crate) fn gone(&self, group: &str) {
        self.until(&format!("{group} is gone"), || {
            let shown = self.query("DescribeReplicationGroups", &[("ReplicationGroupId", group)]);
            shown.contains("ReplicationGroupNotFoundFault").then_some(())
        });
    }

    /// What redis-cli hears at the primary endpoint contains this.
    #[track_caller]
    pub(crate) fn check(&self, token: Option<&str>, command: &str, wanted: &str) {
        self.check_at(&self.primary, token, command, wanted);
    }

    #[track_caller]
    pub(crate) fn check_at(&self, address: &str, token: Option<&str>, command: &str, wanted: &str) {
        let output = cli(&self.ca, address, token).args(command.split(' ')).output().unwrap();
        let heard = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(heard.contains(wanted), "{command} with {token:?} at {address}: {heard}");
    }

    /// Writes until this much of the memory is used.
    pub(crate) fn fill(&self, token: &str, percent: u64) {
        let mut cli = cli(&self.ca, &self.primary, Some(token));
        cli.arg("--pipe").stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = cli.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // A node of 68954357 bytes, of which an empty server takes about two millions.
        let value = "x".repeat(10_000);
        let bytes = 68_954_357 / 100 * percent - 3_500_000;
        for number in 0..bytes / 10_400 {
            input.write_all(format!("SET fill:{number} {value}\r\n").as_bytes()).unwrap();
        }
        drop(input);
        assert!(child.wait().unwrap().success());
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

fn cli(ca: &Path, address: &str, token: Option<&str>) -> Command {
    let mut cli = Command::new("redis-cli");
    cli.arg("--tls").arg("--cacert").arg(ca).args(["-h", address, "--no-auth-warning"]);
    cli.args(token.iter().flat_map(|it| ["-a", it]));
    cli
}

/// The text between the last of these and the next of those.
pub(crate) fn ends(text: &str, after: &str, before: &str) -> String {
    let rest = text.rsplit_once(after).unwrap().1;
    rest.split_once(before).unwrap().0.to_owned()
}

fn encoded(text: &str) -> String {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-._".contains(&it);
    text.bytes()
        .map(|it| if plain(it) { char::from(it).to_string() } else { format!("%{it:02X}") })
        .collect()
}

/// A client that counts without end, over one connection as long as it lasts, and begins another when it breaks.
pub(crate) struct Client {
    counted: Arc<AtomicU64>,
    errors: Arc<AtomicU64>,
    token: Arc<Mutex<String>>,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Client {
    pub(crate) fn start(ca: &Path, address: &str, token: &str) -> Self {
        let (counted, errors) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (token, over) =
            (Arc::new(Mutex::new(token.to_owned())), Arc::new(AtomicBool::new(false)));
        let mine =
            (Arc::clone(&counted), Arc::clone(&errors), Arc::clone(&token), Arc::clone(&over));
        let (ca, address) = (ca.to_owned(), address.to_owned());
        let thread = spawn(move || {
            let (counted, errors, token, over) = mine;
            while !over.load(Ordering::Relaxed) {
                let token = token.lock().unwrap().clone();
                // How it ended is counted below.
                drop(count(&ca, &address, &token, &counted, &over));
                if !over.load(Ordering::Relaxed) {
                    errors.fetch_add(1, Ordering::Relaxed);
                    sleep(Duration::from_millis(100));
                }
            }
        });
        let client = Self { counted, errors, token, over, thread };
        client.still_counts();
        client
    }

    /// Which token its next connection has.
    pub(crate) fn use_token(&self, token: &str) {
        token.clone_into(&mut self.token.lock().unwrap());
    }

    /// How often a connection broke or an answer was an error.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    #[track_caller]
    pub(crate) fn still_counts(&self) {
        let before = self.counted.load(Ordering::Relaxed);
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.counted.load(Ordering::Relaxed) < before + 3 {
            assert!(Instant::now() < deadline, "the client stands still after {before}");
            sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn stop(self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

/// One connection, until it breaks or an answer is not a number.
fn count(
    ca: &Path,
    address: &str,
    token: &str,
    counted: &AtomicU64,
    over: &AtomicBool,
) -> std::io::Result<()> {
    let tcp = TcpStream::connect((address, 6379))?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(address.to_owned()).unwrap();
    let tls = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = BufReader::new(StreamOwned::new(tls, tcp));
    let mut ask = |command: &str| {
        stream.get_mut().write_all(format!("{command}\r\n").as_bytes())?;
        let mut line = String::new();
        stream.read_line(&mut line).map(|_| line)
    };
    assert_eq!(ask(&format!("AUTH {token}"))?, "+OK\r\n");
    while !over.load(Ordering::Relaxed) && ask("INCR counter")?.starts_with(':') {
        counted.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(10));
    }
    Ok(())
}
