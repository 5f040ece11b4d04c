//! The world over loopback HTTP, for the local cloud: its clock runs fast, and what it decides is done by real servers.
//!
//! One rule for time: a second here is `--time-scale` seconds of AWS, in everything. The clock of the world starts at the time of day
//! and runs that much faster; a creation takes its eight minutes, a CloudWatch minute has sixty seconds, and each timestamp that a
//! client sees is of that clock. Whoever compares them with a clock of his own needs one that runs as fast (tests/local-cloud has it).
//!
//! With `--nodes modelled` nothing stands behind the nodes, and their addresses are the names that AWS gives. Then an operator may let
//! time pass as he likes, and a script runs through hours of AWS in seconds.

mod effects;
mod faults;
mod http;
mod meter;
mod operator;
mod options;
mod outbound;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::redis::{Loopback, Plane, Scales};
use crate::settings::{Addresses, DataPlane, DnsNames, Durations, Quotas, Switches};
use crate::{Settings, World};

pub use options::{Options, USAGE};

/// Serves until SIGTERM or SIGINT, then stops every server that it started.
pub async fn serve(options: Options) -> io::Result<()> {
    let plane = match options.nodes {
        DataPlane::Real => Some(started(&options)?),
        DataPlane::Modelled => None,
    };
    let listener = TcpListener::bind(&options.listen).await.map_err(|err| {
        io::Error::new(err.kind(), format!("cannot listen on {}: {err}", options.listen))
    })?;
    let address = listener.local_addr()?;
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let simulator = Arc::new(Simulator::new(options, plane));
    let mut told = format!("aws-sim listens on {address}\n");
    if let Some(plane) = &simulator.plane {
        let _infallible = writeln!(told, "certificate authority: {}", plane.authority().display());
    }
    // Nobody reads it: no reason to end.
    drop(io::stdout().write_all(told.as_bytes()));
    let tasks = [
        tokio::spawn(http::answer(listener, Arc::clone(&simulator))),
        tokio::spawn(effects::drive(Arc::clone(&simulator))),
        tokio::spawn(meter::read(Arc::clone(&simulator))),
    ];
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    for task in &tasks {
        task.abort();
    }
    simulator.clear().await;
    Ok(())
}

/// The data plane, where its addresses are to be had.
fn started(options: &Options) -> io::Result<Plane> {
    Loopback::check(REDIS_PORT)?;
    let scales =
        Scales { memory: options.memory_scale, cpu: options.cpu_scale, time: options.time_scale };
    Plane::new(&options.state_dir, scales)
}

/// Everything that a running simulator has.
struct Simulator {
    options: Options,
    /// Real servers, where nodes are not only modelled.
    plane: Option<Plane>,
    world: RwLock<World>,
    start: Timestamp,
    began: Instant,
    /// How many seconds an operator has let pass at once, in all.
    skipped: AtomicU64,
    /// Somebody called, or an effect ended: there may be effects to execute.
    stirred: Notify,
    meter: meter::Meter,
}

impl Simulator {
    fn new(options: Options, plane: Option<Plane>) -> Self {
        let (start, began) = (options.start.unwrap_or_else(Timestamp::now), Instant::now());
        let settings = settings(&options, start);
        tell(&format!("--seed {} repeats what is random", settings.seed));
        let world = RwLock::new(World::new(settings));
        let (skipped, stirred) = (AtomicU64::new(0), Notify::new());
        let meter = meter::Meter::default();
        Self { options, plane, world, start, began, skipped, stirred, meter }
    }

    /// The time of the world.
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.began.elapsed()).unwrap_or(SignedDuration::MAX);
        let scale = i32::try_from(self.options.time_scale).unwrap_or(i32::MAX);
        let passed = passed.checked_mul(scale).unwrap_or(SignedDuration::MAX);
        let skipped = Duration::from_secs(self.skipped.load(Ordering::SeqCst));
        let skipped = SignedDuration::try_from(skipped).unwrap_or(SignedDuration::MAX);
        let passed = passed.saturating_add(skipped);
        self.start.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// Lets this much of the world's time pass at once. What real servers do goes on meanwhile.
    fn skip(&self, seconds: u32) {
        // Before: whoever looks at alarms then sees no gap.
        let until = self.now().saturating_add(SignedDuration::from_secs(seconds.into()));
        meter::go_on(self, until.unwrap_or(Timestamp::MAX));
        self.skipped.fetch_add(seconds.into(), Ordering::SeqCst);
        self.world().advance(self.now());
    }

    /// So long in the world is this long here. Where its clock stands still, nobody waits.
    fn real(&self, simulated: Duration) -> Duration {
        simulated.checked_div(self.options.time_scale).unwrap_or_default()
    }

    fn world(&self) -> World {
        self.world.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins anew: another world, no servers, no data. The clock goes on.
    async fn reset(&self) {
        let world = World::new(settings(&self.options, self.now()));
        *self.world.write().unwrap_or_else(PoisonError::into_inner) = world;
        self.meter.forget();
        self.clear().await;
    }

    /// Stops every server.
    async fn clear(&self) {
        if let Some(plane) = &self.plane {
            plane.clear().await;
        }
    }
}

fn settings(options: &Options, start: Timestamp) -> Settings {
    let addresses: Box<dyn Addresses> = match options.nodes {
        DataPlane::Real => Box::new(Loopback::default()),
        DataPlane::Modelled => Box::new(DnsNames),
    };
    Settings {
        start,
        seed: options.seed.unwrap_or_else(|| start.as_millisecond().unsigned_abs()),
        account: options.account.clone(),
        region: options.region.clone(),
        durations: Durations::default(),
        switches: if options.otherwise { Switches::otherwise() } else { Switches::default() },
        data_plane: options.nodes,
        addresses,
        quotas: Quotas { nodes: options.node_quota, ..Quotas::default() },
        calls_kept: Some(CALLS_KEPT),
        rate: None,
    }
}

/// Enough to see what came of a test; the counts go on.
const CALLS_KEPT: usize = 10_000;

/// Says something to whoever runs the simulator.
fn tell(what: &str) {
    // Nobody reads it: no reason to fail.
    drop(writeln!(io::stderr(), "aws-sim: {what}"));
}

const REDIS_PORT: u16 = 6379;
