//! How good the decisions of `autoscale` are: against a clairvoyant, and against what others do, on loads by seed and on traces from files.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line")]

mod arguments;
mod decision;
mod ladder;
mod oracle;
mod physics;
mod policy;
mod score;
mod table;
mod trace;
mod world;

use std::process::ExitCode;
use std::thread;

use crate::arguments::Arguments;
use crate::ladder::Ladder;
use crate::oracle::Best;
use crate::physics::Truth;
use crate::score::Row;
use crate::trace::noise::Chance;
use crate::trace::{Trace, file, synthetic};
use crate::world::Hardness;

fn main() -> ExitCode {
    match bench() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every limit was kept.
fn bench() -> Result<bool, String> {
    let asked = Arguments::read(std::env::args().skip(1))?;
    let ladder = Ladder::new()?;
    let mut traces: Vec<Trace> = asked.seeds.iter().flat_map(|it| synthetic::all(*it)).collect();
    if let Some(folder) = &asked.traces {
        traces.extend(file::all(folder)?);
    }
    let traces: Vec<(usize, Trace)> =
        traces.into_iter().enumerate().filter(|it| it.1.name.starts_with(&asked.only)).collect();
    if traces.is_empty() {
        return Err(format!("no trace has a name that begins with \"{}\"", asked.only));
    }
    let rows = all(&ladder, &traces, asked.shows);
    let kept = table::print(&rows, &asked);
    if let Some(measured) = traces.first().and_then(|it| decision::measure(&ladder, &it.1)) {
        let milliseconds = measured.takes.as_secs_f64() * 1000.0;
        println!(
            "\nOne decision over three days by the minute and {} node types takes {milliseconds:.1} ms.",
            measured.types
        );
    }
    Ok(kept)
}

/// Every trace, on as many threads as there are processors.
fn all(ladder: &Ladder, traces: &[(usize, Trace)], shows: bool) -> Vec<Row> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut rows: Vec<(usize, Row)> = thread::scope(|scope| {
        let work = |worker: usize| {
            let mine = traces.iter().skip(worker).step_by(threads);
            mine.map(|(at, it)| (*at, row(ladder, *at, it, shows))).collect::<Vec<_>>()
        };
        let workers: Vec<_> =
            (0..threads).map(|worker| scope.spawn(move || work(worker))).collect();
        workers.into_iter().flat_map(|it| it.join().unwrap_or_default()).collect()
    });
    rows.sort_by_key(|it| it.0);
    rows.into_iter().map(|it| it.1).collect()
}

/// How the engines really are: by each class of sizes a tenth more or less than believed.
fn truth(ladder: &Ladder, seed: u64) -> Truth {
    let mut chance = Chance::new(1000 + seed);
    let factors: Vec<f64> = (0..4).map(|_| chance.normal(0.10).exp()).collect();
    let of = ladder.types.iter().zip(&ladder.nodes);
    Truth(
        of.map(|(it, node)| it.engine * factors.get(node.class).copied().unwrap_or(1.0)).collect(),
    )
}

fn row(ladder: &Ladder, at: usize, trace: &Trace, shows: bool) -> Row {
    let seed = u64::try_from(at).unwrap_or_default();
    let truth = truth(ladder, seed);
    let held = world::held(ladder, &truth, trace);
    let suffers = |it: &[bool]| it.iter().skip(trace.warm_up).filter(|it| **it).count();
    let fixed = held.iter().zip(&ladder.costs).map(|(held, cost)| (suffers(held), *cost));
    let fixed = fixed.min_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let (breach, hour) = fixed.unwrap_or((0, 1.0));
    // A minute of overload costs as much as an hour of the cheapest size that has the least of it.
    let minute = hour;
    let oracle = oracle::best(ladder, trace, minute, &held, policy::start(ladder, trace));
    let hardness = Hardness { fails: 0.01, slow: 1.0 };
    let outcome = |name: &&str| {
        let start = policy::begins(name, ladder, trace);
        let mut policy = policy::make(name, ladder, trace, minute, shows);
        let outcome =
            world::run(ladder, &truth, trace, start, policy.as_mut(), (7 + seed, hardness));
        ((*name).to_owned(), outcome)
    };
    Row {
        name: trace.name.clone(),
        days: trace.days(),
        minute,
        oracle,
        fixed: Best { cost: hour * 24.0 * trace.days(), breach, ..Best::default() },
        outcomes: policy::NAMES.iter().map(outcome).collect(),
    }
}
