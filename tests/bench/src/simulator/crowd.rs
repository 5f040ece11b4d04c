//! A server with very many groups, and very many clients that ask at once.

use std::error::Error;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sim::Request;
use serde_json::{Value, json};

use crate::client::Client;
use crate::flow::{alarm, call, form};

const GROUPS: usize = 10_000;
const CLIENTS: u32 = 200;
/// How often each client asks.
const ROUNDS: u32 = 20;
/// As many metrics may be asked for in one call.
const QUERIES: usize = 500;

/// The most that the crowd with its alarms may take, three times what was measured, and how long it may take to list it: ten times, as a
/// slow machine is no mistake of the simulator's.
const MEMORY_MIB: u64 = 600;
const LISTED_WITHIN: Duration = Duration::from_secs(5);

/// What was measured.
pub(crate) struct Crowd {
    empty_kib: u64,
    full_kib: u64,
    made_in: Duration,
    pages: usize,
    listed_in: Duration,
    watched_in: Duration,
    points: usize,
    read_in: Duration,
    asked_in: Duration,
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |kib: u64| format!("{} MiB", kib / 1024);
        writeln!(
            f,
            "as a server: {GROUPS} replication groups with an alarm each, made in {:.1} s, take {} (without any {})",
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
        writeln!(
            f,
            "             an hour of their alarms is over in {:.2} s, three hours of a metric of each, {} points, are read in {:.2} s",
            self.watched_in.as_secs_f64(),
            self.points,
            self.read_in.as_secs_f64()
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
        for number in 0..GROUPS {
            client.ask(&alarm(&primary(number), METRIC))?;
        }
        let made_in = began.elapsed();
        // All groups become available, and then they have three hours behind them.
        advance(&mut client, 3)?;
        let began = Instant::now();
        advance(&mut client, 1)?;
        let watched_in = began.elapsed();
        quiet(&mut client)?;
        let (pages, listed_in) = listed(&mut client)?;
        let (points, read_in) = read(&mut client)?;
        let full_kib = server.memory()?;
        let asked_in = asked(&server.address)?;
        Ok(Self {
            empty_kib,
            full_kib,
            made_in,
            pages,
            listed_in,
            watched_in,
            points,
            read_in,
            asked_in,
        })
    }

    /// What is over a limit.
    pub(crate) fn broken(&self) -> Vec<String> {
        let mib = self.full_kib / 1024;
        let memory = (MEMORY_MIB < mib).then(|| format!("it takes {mib} MiB"));
        let within = self.listed_in.as_secs_f64();
        let listed =
            (LISTED_WITHIN < self.listed_in).then(|| format!("it is listed in {within:.1} s"));
        memory.into_iter().chain(listed).collect()
    }

    /// The limits, for people.
    pub(crate) fn limits() -> String {
        format!("{MEMORY_MIB} MiB, {} s to list all", LISTED_WITHIN.as_secs())
    }
}

const METRIC: &str = "DatabaseMemoryUsagePercentage";

fn primary(number: usize) -> String {
    format!("group-{number:05}-001")
}

/// Every alarm has been looked at and found nothing: otherwise it is not this that was measured.
fn quiet(client: &mut Client) -> Result<(), Box<dyn Error>> {
    let body = json!({ "StateValue": "OK", "AlarmNamePrefix": primary(GROUPS - 1) });
    let answer: Value =
        serde_json::from_str(&client.ask(&call("monitoring", "DescribeAlarms", &body))?)?;
    let found = answer.get("MetricAlarms").and_then(Value::as_array).map_or(0, Vec::len);
    if found == 1 { Ok(()) } else { Err(format!("not quiet: {answer}").into()) }
}

/// Reads a metric of every group, minute by minute, and tells how many points there are.
fn read(client: &mut Client) -> Result<(usize, Duration), Box<dyn Error>> {
    let (began, mut points) = (Instant::now(), 0);
    let numbers: Vec<usize> = (0..GROUPS).collect();
    for some in numbers.chunks(QUERIES) {
        let mut body = json!({
            "StartTime": END - 3 * 3600,
            "EndTime": END,
            "MetricDataQueries": some.iter().map(|it| query(*it)).collect::<Vec<_>>(),
        });
        loop {
            let answer = client.ask(&call("monitoring", "GetMetricData", &body))?;
            let answer: Value = serde_json::from_str(&answer)?;
            let results = answer.get("MetricDataResults").and_then(Value::as_array);
            let values =
                results.into_iter().flatten().filter_map(|it| it.get("Values")?.as_array());
            points += values.map(Vec::len).sum::<usize>();
            let Some(next) = answer.get("NextToken") else { break };
            let body = body.as_object_mut().ok_or("a body that is no object")?;
            body.insert("NextToken".to_owned(), next.clone());
        }
    }
    if points < GROUPS * 100 {
        return Err(format!("{points} points were read").into());
    }
    Ok((points, began.elapsed()))
}

fn query(number: usize) -> Value {
    json!({ "Id": format!("m{number}"), "MetricStat": { "Period": 60, "Stat": "Average", "Metric": {
        "Namespace": "AWS/ElastiCache", "MetricName": METRIC,
        "Dimensions": [{ "Name": "CacheClusterId", "Value": primary(number) }] } } })
}

/// When all is measured: four hours after the first second of a world.
const END: i64 = 1_767_225_600 + 4 * 3600;

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
        let line = "serve --listen 127.0.0.1:0 --nodes modelled --time-scale 0 --start 2026-01-01T00:00:00Z --node-quota none";
        let arguments = line.split(' ');
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

fn advance(client: &mut Client, hours: u32) -> Result<(), Box<dyn Error>> {
    let request = Request {
        uri: "/_sim/advance".to_owned(),
        body: json!({ "seconds": hours * 3600 }).to_string().into_bytes(),
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
