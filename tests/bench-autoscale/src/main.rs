//! How good the decisions of `autoscale` are: against a clairvoyant, and against what others do, on loads by seed and on traces from files.

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

use domain::autoscale::sizing::Rule;

use crate::ladder::Ladder;
use crate::physics::Truth;
use crate::score::Row;
use crate::trace::noise::Chance;
use crate::trace::{Trace, synthetic};
use crate::world::Hardness;

fn main() -> ExitCode {
    let seeds: Vec<u64> = std::env::args().skip(1).filter_map(|it| it.parse().ok()).collect();
    let seeds = if seeds.is_empty() { vec![1] } else { seeds };
    let ladder = match Ladder::new() {
        Ok(ladder) => ladder,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let traces: Vec<Trace> = seeds.iter().flat_map(|it| synthetic::all(*it)).filter(|it| std::env::var("ONLY").map_or(true, |o| it.name.starts_with(&o))).collect();
    if std::env::var("SHOW").is_ok() { for t in &traces { eprintln!("{} start {}", t.name, ladder.name(policy::start(&ladder, t))); } }
    let rows = all(&ladder, &traces);
    table::print(&rows);
    ExitCode::SUCCESS
}

/// Every trace, on as many threads as there are processors.
fn all(ladder: &Ladder, traces: &[Trace]) -> Vec<Row> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut rows: Vec<(usize, Row)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let mine = traces.iter().enumerate().skip(worker).step_by(threads);
                scope.spawn(move || mine.map(|(at, it)| (at, row(ladder, at, it))).collect::<Vec<_>>())
            })
            .collect();
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
    Truth(of.map(|(it, node)| it.engine * factors.get(node.class).copied().unwrap_or(1.0)).collect())
}

fn row(ladder: &Ladder, at: usize, trace: &Trace) -> Row {
    let seed = u64::try_from(at).unwrap_or_default();
    let truth = truth(ladder, seed);
    let held = world::held(ladder, &truth, trace);
    // A minute of overload costs as much as an hour of the cheapest size that never has any.
    let suffers = |it: &[bool]| it.iter().skip(trace.warm_up).filter(|it| **it).count();
    let best = held
        .iter()
        .zip(&ladder.costs)
        .min_by(|one, other| suffers(one.0).cmp(&suffers(other.0)).then(one.1.total_cmp(other.1)));
    let minute = best.map_or(1.0, |it| *it.1);
    let oracle = oracle::best(ladder, trace, minute, &held, policy::start(ladder, trace));
    let hardness = Hardness { fails: 0.01, slow: 1.0 };
    let outcome = |name: &&str| {
        let start = policy::begins(name, ladder, trace);
        let mut policy = policy::make(name, ladder, trace, minute, tuned());
        let outcome = world::run(ladder, &truth, trace, start, policy.as_mut(), (7 + seed, hardness));
        ((*name).to_owned(), outcome)
    };
    Row {
        name: trace.name.clone(),
        days: trace.days(),
        minute,
        oracle,
        outcomes: policy::names().iter().map(outcome).collect(),
    }
}

fn tuned() -> Rule {
    let mut r = Rule::default();
    for part in std::env::var("TUNE").unwrap_or_default().split(',').filter(|it| !it.is_empty()) {
        let (k, v) = part.split_once('=').unwrap();
        let v: f64 = v.parse().unwrap();
        match k {
            "margin" => r.margin = v,
            "busy" => r.plan.busy = v,
            "net" => r.plan.network = v,
            "mem" => r.memory = v,
            "hot" => r.hot = v,
            "grown" => r.grown.busy = v,
            "slot" => r.slot = v as usize,
            "lead" => r.lead = v as i64,
            "dwell" => r.dwell = v as i64,
            "shared" => r.shared = v,
            "look" => r.look_back = v as usize,
            "hours" => r.change_hours = v,
            "mback" => r.memory_back = v as usize,
            _ => panic!("{k}"),
        }
    }
    r
}
