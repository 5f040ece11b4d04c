//! How good the decisions of `autoscale` are: against a clairvoyant, and against what others do, on loads by seed and on traces from files.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line")]

mod arguments;
mod curve;
mod decision;
mod ladder;
mod oracle;
mod physics;
mod policy;
mod score;
mod suite;
mod table;
mod trace;
mod variants;
mod world;

use std::process::ExitCode;

use crate::arguments::Arguments;
use crate::ladder::Ladder;
use crate::suite::Suite;
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
    let suite = Suite {
        ladder: &ladder,
        traces: &traces,
        hardness: Hardness::default(),
        shows: asked.shows,
    };
    let mut kept = true;
    let swept = if asked.curves { curve::families() } else { Vec::new() };
    let ablated = if asked.ablations { variants::ablations() } else { Vec::new() };
    let mut entrants = policy::usual();
    entrants.extend(swept.iter().flat_map(|it| it.entrants.iter().cloned()));
    entrants.extend(ablated.iter().cloned());
    let rows = suite.rows(&entrants);
    kept &= table::print(&rows, &asked);
    if asked.curves {
        kept &= curve::print(&rows, &swept);
    }
    if asked.ablations {
        variants::print_ablations(&rows, &ablated);
    }
    if asked.stress {
        variants::print_stress(&suite);
    }
    if let Some(measured) = traces.first().and_then(|it| decision::measure(&ladder, &it.1)) {
        let milliseconds = measured.takes.as_secs_f64() * 1000.0;
        println!(
            "\nOne decision over three days by the minute and {} node types takes {milliseconds:.1} ms.",
            measured.types
        );
    }
    Ok(kept)
}
