//! Every flow of the four functions, with every mishap at every call of it, and the count of the cases.
//!
//! `cargo test --test exhaust` runs a seeded sample, `cargo test --test exhaust -- --all` everything, and
//! `cargo test --test exhaust -- provision-create/dies-after/17/1` one case again.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a test of its own making, and says aloud what it does"
)]

use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use acceptance::flows::{self, Way};
use acceptance::log;
use aws_sim::drive::exhaust::{Case, Report, Sample};

/// A case is thousands of small texts, and there are thousands of cases.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// In the sample, one case of so many.
const ONE_OF: u64 = 48;

/// Of a flow with few cases, about so many, so that none goes by untried.
const LEAST: u64 = 8;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let flag = |it: &str| arguments.iter().any(|argument| argument == it);
    if flag("--list") {
        // What runs all tests of a workspace asks for their names; there is one.
        println!("exhaust: test");
        return ExitCode::SUCCESS;
    }
    let seed = std::env::var("CACHEWARDEN_SEED").ok();
    let seed = seed.map_or(1, |it| it.parse().unwrap());
    let only = arguments.iter().find(|it| it.contains('/'));
    let only: Option<Case> = only.map(|it| it.parse().unwrap_or_else(|it: String| panic!("{it}")));
    let one_of = if flag("--all") || only.is_some() { 1 } else { ONE_OF };
    let named: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ways = [Way::Usual, Way::Otherwise];
    let all_flows = flows::NAMES.iter().copied().flat_map(|name| ways.map(|way| (name, way)));
    let all_flows: Vec<(&str, Way)> = all_flows.collect();
    let is_named = |(name, way): &(&str, Way)| named.contains(&way.name(name).as_str());
    let is_any_named = all_flows.iter().any(is_named);
    let is_wanted = |it: &(&str, Way)| match &only {
        Some(case) => case.flow == it.1.name(it.0),
        None => !is_any_named || is_named(it),
    };
    let wanted: Vec<(&str, Way)> = all_flows.iter().copied().filter(is_wanted).collect();
    let seed = only.as_ref().map_or(seed, |it| it.seed);
    println!("Every mishap at every call; seed {seed}, one case of {one_of}.");
    println!(
        "{:<38}{:>7}{:>8}{:>8}{:>8}{:>8}{:>9}",
        "flow", "calls", "events", "cases", "run", "idle", "seconds"
    );
    log::keep();
    let sample = Sample { one_of, least: LEAST, seed, only, progress };
    let reports = all(&wanted, &sample);
    let sum = |of: fn(&Report) -> usize| reports.iter().map(of).sum::<usize>();
    let (run, idle) = (sum(|it| it.run), sum(|it| it.idle));
    println!(
        "{} of {} cases were run; of {idle} nothing came, as nothing was there to go wrong.",
        run + idle,
        sum(|it| it.cases)
    );
    let broken: usize = reports.iter().map(|it| it.broken.len()).sum();
    // A log that says nothing would hold no secret, whatever is wrong.
    let is_logged = 0 < log::heard();
    if !is_logged {
        println!("Nothing was logged.");
    }
    if broken == 0 && 0 < run && is_logged {
        return ExitCode::SUCCESS;
    }
    println!("{broken} went wrong. One again: cargo test --workspace --test exhaust -- CASE");
    ExitCode::FAILURE
}

/// Unoptimised, the choice between all flows keeps the whole state of each of them on the stack.
const STACK_BYTES: usize = 64 << 20;

/// All of these flows, each on a thread of its own, as many at a time as there are cores.
fn all(wanted: &[(&str, Way)], sample: &Sample) -> Vec<Report> {
    let next = Mutex::new(wanted.iter());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let work = || {
            let mut reports = Vec::new();
            while let Some((name, way)) = { next.lock().unwrap().next() } {
                reports.push(one(name, *way, sample));
            }
            reports
        };
        let worker = || thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        let workers: Vec<_> = (0..cores).map(|_| worker().unwrap()).collect();
        workers.into_iter().flat_map(|it| it.join().unwrap()).collect()
    })
}

/// When a flow last said how far it is.
static LAST_SAID: Mutex<Option<Instant>> = Mutex::new(None);

const SAID_EVERY: Duration = Duration::from_mins(1);

/// Says now and then how far a flow is, as one of `--all` can take an hour. What is broken is said again at its end, with all of it.
fn progress(report: &Report) {
    let mut last = LAST_SAID.lock().unwrap();
    let now = Instant::now();
    if now.duration_since(*last.get_or_insert(now)) < SAID_EVERY {
        return;
    }
    *last = Some(now);
    let Report { flow, cases, run, idle, broken, .. } = report;
    let latest = broken.last().and_then(|(case, _)| case.as_ref());
    let latest = latest.map_or_else(String::new, |it| format!(", the latest {it}"));
    eprintln!("  {flow}: {} of {cases} cases, {} broken{latest}", run + idle, broken.len());
}

fn one(name: &str, way: Way, sample: &Sample) -> Report {
    let began = Instant::now();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let report = runtime.block_on(flows::run(name, way, sample));
    let Report { flow, calls, events, cases, run, idle, broken } = &report;
    let seconds = began.elapsed().as_secs();
    println!("{flow:<38}{calls:>7}{events:>8}{cases:>8}{run:>8}{idle:>8}{seconds:>9}");
    for (case, problems) in broken {
        let case = case.as_ref().map_or_else(|| format!("{flow}, undisturbed"), Case::to_string);
        println!("  {case}");
        for problem in problems {
            println!("    {problem}");
        }
    }
    report
}
