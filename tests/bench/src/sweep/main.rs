//! Measures sweeps of `snapshot` over a thousand groups with four tiers, and over ten thousand in parts, and looks of `autoscale` at large groups and at many:
//! how many calls they make, and how much memory the function takes.
//!
//! The function is a process of its own, with the SDK and its HTTP client, beside a simulator that listens on loopback.

mod front;
mod function;
mod parts;
mod sizes;
mod stock;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::process::{Command, ExitCode, Stdio};

use aws_sim::World;

use crate::front::Front;

/// The most memory that the whole process may take at any time.
const MEMORY_KIB_MAX: u64 = 32 * 1024;
/// One call finds so many groups at least.
const GROUPS_A_CALL: usize = 50;
/// Of what a service may take in a second nothing is known (facts 5.8); a sweep with so many is to end within one Lambda.
const CALLS_A_SECOND: usize = 10;
const LAMBDA_SECONDS: usize = 900;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match words.as_slice() {
        [] => whole()
            .and_then(|broken| verdict(&[broken, parts::measured()?, sizes::measured()?].concat())),
        ["whole"] => whole().and_then(|broken| verdict(&broken)),
        ["parts"] => parts::measured().and_then(|broken| verdict(&broken)),
        ["sizes"] => sizes::measured().and_then(|broken| verdict(&broken)),
        ["function", name, event, at] => function::handle(name, event, at).map(|()| true),
        _ => Err("usage: sweep [whole|parts|sizes]".into()),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(err) => {
            drop(writeln!(std::io::stderr(), "sweep: {err}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells whether the limits are kept.
fn verdict(broken: &[String]) -> Result<bool, Box<dyn Error>> {
    let verdict = if broken.is_empty() {
        "they are kept".to_owned()
    } else {
        format!("BROKEN: {}", broken.join(", "))
    };
    writeln!(
        std::io::stdout(),
        "limits: {} MiB, one execution for a thousand groups, {GROUPS_A_CALL} groups found a call, {LAMBDA_SECONDS} s; {verdict}",
        MEMORY_KIB_MAX / 1024
    )?;
    Ok(broken.is_empty())
}

/// A thousand groups, each sweep one run. Gives what is over a limit.
fn whole() -> Result<Vec<String>, Box<dyn Error>> {
    let world = stock::world()?;
    let front = Front::open(world.clone(), stock::now())?;
    writeln!(
        std::io::stdout(),
        "\nSweeps over {} groups that keep {}: {} snapshots",
        stock::GROUPS,
        stock::KEEP,
        world.with(|it| it.elasticache.snapshots.len())
    )?;
    let mut broken = Vec::new();
    for (what, event) in [
        ("nothing", r#"{"action":"take","group":"-"}"#),
        ("status", r#"{"action":"status"}"#),
        ("take what is due", r#"{"action":"take","tier":"due"}"#),
        ("prune", r#"{"action":"prune"}"#),
    ] {
        broken.extend(sweep(what, event, &world, &front, 1)?);
    }
    let most = 3 * stock::GROUPS.div_ceil(GROUPS_A_CALL);
    broken.extend(found("the groups of three sweeps", &front, most)?);
    Ok(broken)
}

/// Has one run sweep, prints what it took, and gives what is over a limit.
fn sweep(
    what: &str,
    event: &str,
    world: &World,
    front: &Front,
    executions: usize,
) -> Result<Vec<String>, Box<dyn Error>> {
    let before = counts(world);
    let (peak_kib, _) = peak_of("snapshot", event, front)?;
    let made: BTreeMap<String, usize> = counts(world)
        .into_iter()
        .map(|(name, count)| (name.clone(), count - before.get(&name).unwrap_or(&0)))
        .filter(|(_, count)| 0 < *count)
        .collect();
    let calls: usize = made.values().sum();
    let said: Vec<String> = made.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let seconds = calls.div_ceil(CALLS_A_SECOND);
    writeln!(
        std::io::stdout(),
        "{what:<24} peak {:>5.1} MiB, {calls:>5} calls ({}), {seconds} s at {CALLS_A_SECOND} calls a second",
        mebi(peak_kib),
        said.join(", ")
    )?;
    let begun = made.get("StartExecution").copied().unwrap_or_default();
    let broken = [
        over(MEMORY_KIB_MAX < peak_kib, format!("{what} takes {peak_kib} KiB")),
        over(executions < begun, format!("{what} begins {begun} executions")),
        over(LAMBDA_SECONDS < seconds, format!("{what} takes {seconds} s")),
    ];
    Ok(broken.into_iter().flatten().collect())
}

fn found(what: &str, front: &Front, most: usize) -> Result<Option<String>, Box<dyn Error>> {
    let pages = front.pages_of_groups();
    writeln!(std::io::stdout(), "{pages} calls found {what}")?;
    Ok(over(most < pages, format!("{pages} calls found {what}, {most} is the limit")))
}

fn over(is_over: bool, text: String) -> Option<String> {
    is_over.then_some(text)
}

/// How often each operation was called.
fn counts(world: &World) -> BTreeMap<String, usize> {
    let count = |it: u64| usize::try_from(it).unwrap_or(usize::MAX);
    world.with(|it| {
        it.call_counts.iter().map(|((_, name), it)| (name.clone(), count(*it))).collect()
    })
}

/// Has a function handle an event in a process of its own, and gives the most memory that it took, in KiB, and what it says at its end.
fn peak_of(name: &str, event: &str, front: &Front) -> Result<(u64, String), Box<dyn Error>> {
    let ended = Command::new(std::env::current_exe()?)
        .args(["function", name, event, &stock::now().to_string()])
        .env_clear()
        .envs([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIASIM"),
            ("AWS_SECRET_ACCESS_KEY", "sim"),
            ("AWS_ENDPOINT_URL", front.url()),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    let said = String::from_utf8(ended.stderr)?;
    let mut lines = said.lines().rev();
    let peak = lines.next().and_then(|it| it.strip_prefix("peak "));
    match (ended.status.success(), peak) {
        (true, Some(peak)) => Ok((peak.parse()?, lines.next().unwrap_or_default().to_owned())),
        _ => Err(format!("the function failed: {said}").into()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes of processes, for people to read")]
fn mebi(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
