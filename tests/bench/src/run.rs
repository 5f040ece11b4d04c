//! One start of one binary, with some invocations, as Lambda would do it.

use std::error::Error;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::api::{Api, Asked};
use crate::program::Program;

/// How often a started binary is invoked: as often as the limit of memory says.
pub(crate) const INVOCATIONS: usize = 20;

/// What one start showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// From the start of the process to its first request for work.
    pub(crate) cold_start: Duration,
    /// From the first event to its answer.
    pub(crate) first: Duration,
    /// The median of the later answers to the same event.
    pub(crate) warm: Duration,
    /// The most memory that was ever resident.
    pub(crate) peak_kib: u64,
}

/// Starts a binary, invokes it, and stops it.
pub(crate) fn once(program: &Program) -> Result<Run, Box<dyn Error>> {
    let api = Api::open()?;
    let started = Instant::now();
    let mut child = spawn(program, &api.address())?;
    let run = invoke(program, &api, &child, started);
    let ended = child.try_wait()?;
    child.kill()?;
    child.wait()?;
    run.map_err(|err| match ended {
        Some(status) => format!("{} ended by itself, {status}: {err}", program.name).into(),
        None => format!("{}: {err}", program.name).into(),
    })
}

fn invoke(
    program: &Program,
    api: &Api,
    child: &Child,
    started: Instant,
) -> Result<Run, Box<dyn Error>> {
    let mut work = api.await_work()?;
    let cold_start = work.at.duration_since(started);
    let mut times = Vec::new();
    for (index, event) in program.events.iter().cycle().take(INVOCATIONS).enumerate() {
        let sent = work.give(&event.replace("RESPOND_HERE", &api.callback_url()))?;
        let Asked::Answered(at) = api.await_answer()? else {
            return Err("it asked for work twice".into());
        };
        // The first event of the list is the one that needs nothing but the code.
        if index % program.events.len() == 0 {
            times.push(at.duration_since(sent));
        }
        work = api.await_work()?;
    }
    let first = times.first().copied().unwrap_or_default();
    let warm = times.get_mut(1..).map(median).unwrap_or_default();
    Ok(Run { cold_start, first, warm, peak_kib: peak_kib(child)? })
}

/// The middle of some durations.
pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn spawn(program: &Program, address: &str) -> Result<Child, Box<dyn Error>> {
    let endpoint = format!("http://{address}");
    let topic = "arn:aws:sns:us-east-1:123456789012:bench";
    let child = Command::new(&program.path)
        // Nothing of the machine's own environment: Lambda does not have it either.
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", program.name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "bench")
        .env("AWS_SECRET_ACCESS_KEY", "bench")
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env(
            "CACHEWARDEN_STATE_MACHINE_ARN",
            "arn:aws:states:us-east-1:123456789012:stateMachine:bench",
        )
        .env(
            "CACHEWARDEN_ROTATE_FUNCTION_ARN",
            "arn:aws:lambda:us-east-1:123456789012:function:bench-rotate",
        )
        .env("CACHEWARDEN_ALARM_TOPIC_ARN", topic)
        .env("CACHEWARDEN_TOPIC_ARN", topic)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|err| format!("{}: {err}", program.path.display()))?;
    Ok(child)
}

/// The high-water mark of resident memory, as the kernel counts it.
fn peak_kib(child: &Child) -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    let number = line.and_then(|it| it.split_whitespace().next()).ok_or("no VmHWM")?;
    Ok(number.parse()?)
}
