//! Measures the simulator of AWS: flows in process, and a server with ten thousand replication groups and two hundred clients.
//!
//! `simulator serve` is the server that the other half measures.

mod client;
mod crowd;
mod flow;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aws_sim::server::{Options, serve};

use crate::crowd::Crowd;

/// A world is thousands of small texts. The exhaustive runs have the same allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the simulator is to reach on one core.
const FLOWS_PER_SECOND: f64 = 2000.0;
/// For so long flows are run.
const FLOWS_FOR: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ended = match arguments.split_first() {
        None => measure(),
        Some((first, rest)) if first == "serve" => served(rest.to_vec()).await.map(|()| true),
        Some(_) => Err("usage: simulator".into()),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(err) => {
            drop(writeln!(std::io::stderr(), "simulator: {err}"));
            ExitCode::FAILURE
        }
    }
}

async fn served(arguments: Vec<String>) -> Result<(), Box<dyn Error>> {
    let options = Options::parse(arguments)?.ok_or("serve has no help")?;
    Ok(serve(options).await?)
}

/// Measures and prints, and tells whether the limits are kept.
fn measure() -> Result<bool, Box<dyn Error>> {
    let out = &mut std::io::stdout().lock();
    let (per_second, calls) = flows()?;
    writeln!(out, "\nThe simulator of AWS")?;
    writeln!(
        out,
        "in process: {per_second:.0} flows a second on one core, each from provision to delete in {calls} raw requests, built with the profile simulator"
    )?;
    let crowd = Crowd::measured()?;
    writeln!(out, "{crowd}")?;
    let mut broken = crowd.broken();
    if per_second < FLOWS_PER_SECOND {
        broken.push(format!("{per_second:.0} flows a second"));
    }
    let verdict = if broken.is_empty() {
        "they are kept".to_owned()
    } else {
        format!("BROKEN: {}", broken.join(", "))
    };
    writeln!(out, "limits: {FLOWS_PER_SECOND} flows a second, {}; {verdict}", Crowd::limits())?;
    Ok(broken.is_empty())
}

/// How many flows one core runs in a second, and how many calls each makes.
fn flows() -> Result<(f64, usize), Box<dyn Error>> {
    let requests = flow::requests();
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < FLOWS_FOR {
        for _ in 0..100 {
            flow::run(&requests)?;
            count += 1;
        }
    }
    Ok((f64::from(count) / began.elapsed().as_secs_f64(), requests.len()))
}
