//! What `autoscale` would have decided over a past that stands in a CSV file: a report on the terminal, and a picture beside it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line")]

mod arguments;
mod example;
mod past;
mod sizes;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use domain::Problems;
use domain::autoscale::backtest::{self, picture, report};
use domain::autoscale::sizing::{Bounds, History, Kind, Rule};

use crate::arguments::{Arguments, Asked};
use crate::past::Past;

fn main() -> ExitCode {
    match tell() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            problems.iter().take(TOLD).for_each(|it| eprintln!("{}: {}", it.name, it.rule));
            let more = problems.iter().count().saturating_sub(TOLD);
            if 0 < more {
                eprintln!("and {more} more");
            }
            ExitCode::FAILURE
        }
    }
}

/// A column that is wrong throughout is seen by its first lines.
const TOLD: usize = 40;

fn tell() -> Result<(), Problems> {
    let mut problems = Problems::default();
    let asked = Arguments::read(std::env::args().skip(1), &mut problems);
    if asked.example {
        print!("{}", example::csv(example::SEED));
        return Ok(());
    }
    // Mistakes in the file are told together with those of the command line.
    let past = asked.trace.as_deref().and_then(|it| read(it, &mut problems));
    if asked.misses.is_some() && past.as_ref().is_some_and(|it| !it.has_misses) {
        problems.add("--misses", "needs a column misses in the file");
    }
    match (asked.whole(), past) {
        (Some(asked), Some(past)) if problems.is_empty() => {
            try_it(&asked, &past).map_err(|(name, rule)| {
                problems.add(name, rule);
                problems
            })
        }
        (_, _) => Err(problems),
    }
}

fn read(path: &Path, problems: &mut Problems) -> Option<Past> {
    let name = path.display().to_string();
    let text = problems.keep(&name, fs::read_to_string(path))?;
    let past = past::read(&name, &text, problems)?;
    if !past.ignored.is_empty() {
        eprintln!("{name}: not read: the columns {}", past.ignored.join(", "));
    }
    Some(past)
}

fn try_it(asked: &Asked, past: &Past) -> Result<(), (String, String)> {
    let sizes = sizes::of(asked).map_err(|it| ("--type".to_owned(), it))?;
    let minutes = past.minutes(&sizes.has, asked.replicas);
    let kind = asked.misses.map_or(Kind::Store, |misses| Kind::Cache { misses });
    // A minute of overload is worth an hour of what the group costs, where nobody says (autoscaling D.8).
    let minute = asked.minute.unwrap_or_else(|| sizes.has.cost(asked.replicas));
    let trial = backtest::Trial {
        history: History::new(past.from, &minutes),
        every: past.every,
        had: &[(past.from, sizes.size)],
        rule: &Rule::default(),
        bounds: &Bounds { least: asked.least, most: asked.most, minute, kind, budget: None },
        candidates: &sizes.candidates,
    };
    let told = |why: backtest::Unfit| (asked.trace.display().to_string(), why.to_string());
    let outcome = backtest::run(&trial).map_err(told)?;
    print!("{}", report::text(&asked.group, &trial, &outcome));
    let svg = picture::svg(&asked.group, &trial, &outcome);
    let path = asked.picture.display();
    fs::write(&asked.picture, svg).map_err(|why| (path.to_string(), why.to_string()))?;
    println!("\nThe picture of it is {path}.");
    Ok(())
}
