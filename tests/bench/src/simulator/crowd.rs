//! A server with very many groups, and very many clients that ask at once.

use std::error::Error;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sim::Request;

use crate::client::Client;
use crate::flow::form;

const GROUPS: usize = 10_000;
const CLIENTS: u32 = 200;
/// How often each client asks.
const ROUNDS: u32 = 20;

/// What was measured.
pub(crate) struct Crowd {
    empty_kib: u64,
    full_kib: u64,
    made_in: Duration,
    pages: usize,
    listed_in: Duration,
    asked_in: Duration,
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |kib: u64| format!("{} MiB", kib / 1024);
        writeln!(
            f,
            "as a server: {GROUPS} replication groups, made in {:.1} s, take {} (without any {})",
            self.made_in.as_secs_f64(),
            mib(self.full_kib),
            mib(self.empty_kib),
        )?;
        writeln!(
            f,
            "             all of them are listed in {} pages in {:.2} s",
            self.pages,
            self.listed_in.as_secs_f64()
        )?;
        let calls = CLIENTS * ROUNDS;
        write!(
            f,
            "             {CLIENTS} clients at once: {calls} calls in {:.2} s, {:.0} a second",
            self.asked_in.as_secs_f64(),
            f64::from(calls) / self.asked_in.as_secs_f64()
        )
    }
}

impl Crowd {
    pub(crate) fn measured() -> Result<Self, Box<dyn Error>> {
        let server = Server::start()?;
        let empty_kib = server.memory()?;
        let mut client = Client::connect(&server.address)?;
        let began = Instant::now();
        for number in 0..GROUPS {
            client.ask(&form("CreateReplicationGroup", &format!("ReplicationGroupId=group-{number:05}&ReplicationGroupDescription=one+of+many&CacheNodeType=cache.t4g.micro&NumCacheClusters=2&AutomaticFailoverEnabled=true&Tags.Tag.1.Key=number&Tags.Tag.1.Value={number}")))?;
        }
        let made_in = began.elapsed();
        advance(&mut client)?;
        let (pages, listed_in) = listed(&mut client)?;
        let full_kib = server.memory()?;
        let asked_in = asked(&server.address)?;
        Ok(Self { empty_kib, full_kib, made_in, pages, listed_in, asked_in })
    }
}

/// Lists all groups, page by page.
fn listed(client: &mut Client) -> Result<(usize, Duration), Box<dyn Error>> {
    let (began, mut pages, mut seen, mut marker) = (Instant::now(), 0, 0, String::new());
    loop {
        let fields = format!("MaxRecords=100&Marker={marker}");
        let page = client.ask(&form("DescribeReplicationGroups", &fields))?;
        pages += 1;
        seen += page.matches("<ReplicationGroup>").count();
        let next = page.split("<Marker>").nth(1).and_then(|it| it.split("</Marker>").next());
        match next {
            Some(next) if !next.is_empty() => next.clone_into(&mut marker),
            Some(_) | None => break,
        }
    }
    if seen != GROUPS {
        return Err(format!("{seen} groups were listed").into());
    }
    Ok((pages, began.elapsed()))
}

/// Every client asks for a group of its own, all at once.
fn asked(address: &str) -> Result<Duration, Box<dyn Error>> {
    let began = Instant::now();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                scope.spawn(move || -> Result<(), String> {
                    let mut client = Client::connect(address).map_err(|err| err.to_string())?;
                    for _ in 0..ROUNDS {
                        let fields = format!("ReplicationGroupId=group-{number:05}");
                        client
                            .ask(&form("DescribeReplicationGroups", &fields))
                            .map_err(|err| err.to_string())?;
                    }
                    Ok(())
                })
            })
            .collect();
        clients.into_iter().try_for_each(|it| {
            it.join().map_err(|_| "a client panicked")?.map_err(Box::<dyn Error>::from)
        })
    })?;
    Ok(began.elapsed())
}

/// A server in a process of its own.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start() -> Result<Self, Box<dyn Error>> {
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--nodes",
            "modelled",
            "--time-scale",
            "0",
            "--node-quota",
            "none",
        ];
        let mut process = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()?;
        let said = process.stdout.take().ok_or("a server that says nothing")?;
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        let address = line.rsplit(' ').next().unwrap_or_default().trim().to_owned();
        Ok(Self { process, address })
    }

    /// Resident memory in KiB.
    fn memory(&self) -> Result<u64, Box<dyn Error>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let number = line.and_then(|it| it.split_whitespace().next());
        Ok(number.ok_or("a process without memory")?.parse()?)
    }
}

/// An hour passes, so that all groups are available.
fn advance(client: &mut Client) -> Result<(), Box<dyn Error>> {
    let request = Request {
        uri: "/_sim/advance".to_owned(),
        body: br#"{"seconds": 3600}"#.to_vec(),
        ..Request::default()
    };
    client.ask(&request).map(drop)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to put in order.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
