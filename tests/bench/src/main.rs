//! Measures the four functions as Lambda runs them, beside a bare function that was built in the same way.
//!
//! Each binary is started as Lambda starts it and talks to a Runtime API of ours on loopback. Cold start is the time from the start
//! of the process to its first request for work. `bench --in DIR` measures binaries that are built already.

mod api;
mod figures;
mod program;
mod run;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use crate::figures::{Figures, Limits};
use crate::program::Program;

/// How often each binary is started. They take turns, so that a busy moment of the machine is spread over all of them.
const RUNS: usize = 21;

const LIMITS: Limits =
    Limits { cold_start_ratio: 3.0, peak_kib: 16 * 1024, zipped_bytes: 5 * 1024 * 1024 };

fn main() -> ExitCode {
    match measure() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(err) => {
            drop(writeln!(std::io::stderr(), "bench: {err}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures and prints, and tells whether every limit is kept.
fn measure() -> Result<bool, Box<dyn Error>> {
    let programs = programs()?;
    let mut figures: Vec<Figures> = programs.iter().map(Figures::of).collect::<Result<_, _>>()?;
    for _ in 0..RUNS {
        for (program, figures) in programs.iter().zip(&mut figures) {
            figures.runs.push(run::once(program)?);
        }
    }
    let bare = figures.pop().ok_or("nothing was measured")?;
    let out = &mut std::io::stdout().lock();
    writeln!(
        out,
        "{RUNS} starts of each binary, in turns, {} invocations each; medians, and the range of cold starts",
        run::INVOCATIONS
    )?;
    writeln!(out, "{}", figures::HEAD)?;
    for it in figures.iter().chain([&bare]) {
        writeln!(out, "{}", it.row(&bare))?;
    }
    let broken: Vec<String> = figures.iter().flat_map(|it| it.broken(&bare, &LIMITS)).collect();
    writeln!(out, "limits: {LIMITS}")?;
    for it in &broken {
        writeln!(out, "BROKEN: {it}")?;
    }
    if broken.is_empty() {
        writeln!(out, "every limit is kept")?;
    }
    Ok(broken.is_empty())
}

/// The four functions, and the bare one last: built first, or those that a directory has.
fn programs() -> Result<Vec<Program>, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, None) => Ok(program::all(&program::build()?)),
        (Some("--in"), Some(directory)) => {
            let found: Vec<Program> = program::all(directory.as_ref())
                .into_iter()
                .filter(|it| it.path.exists())
                .collect();
            if found.last().is_none_or(|it| it.name != "bare") {
                return Err(format!("{directory} has no binary called bare to compare with").into());
            }
            Ok(found)
        }
        (_, _) => Err("usage: bench [--in DIR]".into()),
    }
}
