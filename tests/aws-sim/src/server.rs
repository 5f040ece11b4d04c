//! The world over loopback HTTP, for the local cloud: its clock runs fast, and what it decides is done by real servers.
//!
//! One rule for time: a second here is `--time-scale` seconds of AWS, in everything. The clock of the world starts at the time of day
//! and runs that much faster; a creation takes its eight minutes, a CloudWatch minute has sixty seconds, and each timestamp that a
//! client sees is of that clock. Whoever compares them with a clock of his own needs one that runs as fast (tests/local-cloud has it).

mod effects;
mod http;
mod meter;
mod operator;
mod options;
mod outbound;

use std::io::{self, Write as _};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::redis::{Loopback, Plane, Scales};
use crate::settings::DataPlane;
use crate::{Settings, World};

pub use options::{Options, USAGE};

/// Serves until SIGTERM or SIGINT, then stops every server that it started.
pub async fn serve(options: Options) -> io::Result<()> {
    Loopback::check(REDIS_PORT)?;
    let scales = Scales { memory: options.memory_scale, cpu: options.cpu_scale };
    let plane = Plane::new(&options.state_dir, scales)?;
    let listener = TcpListener::bind(&options.listen).await.map_err(|err| {
        io::Error::new(err.kind(), format!("cannot listen on {}: {err}", options.listen))
    })?;
    let address = listener.local_addr()?;
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let simulator = Arc::new(Simulator::new(options, plane));
    let authority = simulator.plane.authority().display().to_string();
    let told = format!("aws-sim listens on {address}\ncertificate authority: {authority}\n");
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
    simulator.plane.clear().await;
    Ok(())
}

/// Everything that a running simulator has.
struct Simulator {
    options: Options,
    plane: Plane,
    world: RwLock<World>,
    start: Timestamp,
    began: Instant,
    /// Somebody called, or an effect ended: there may be effects to execute.
    stirred: Notify,
}

impl Simulator {
    fn new(options: Options, plane: Plane) -> Self {
        let (start, began) = (Timestamp::now(), Instant::now());
        let world = RwLock::new(World::new(settings(&options, start)));
        Self { options, plane, world, start, began, stirred: Notify::new() }
    }

    /// The time of the world.
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.began.elapsed()).unwrap_or(SignedDuration::MAX);
        let scale = i32::try_from(self.options.time_scale).unwrap_or(i32::MAX);
        let passed = passed.checked_mul(scale).unwrap_or(SignedDuration::MAX);
        self.start.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// So long here is this long in the world.
    fn real(&self, simulated: Duration) -> Duration {
        simulated / self.options.time_scale
    }

    fn world(&self) -> World {
        self.world.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins anew: another world, no servers, no data. The clock goes on.
    async fn reset(&self) {
        let world = World::new(settings(&self.options, self.now()));
        *self.world.write().unwrap_or_else(PoisonError::into_inner) = world;
        self.plane.clear().await;
    }
}

fn settings(options: &Options, start: Timestamp) -> Settings {
    Settings {
        start,
        seed: options.seed.unwrap_or_else(|| start.as_millisecond().unsigned_abs()),
        account: options.account.clone(),
        region: options.region.clone(),
        data_plane: DataPlane::Real,
        addresses: Box::new(Loopback::default()),
        ..Settings::default()
    }
}

/// Says something to whoever runs the simulator.
fn tell(what: &str) {
    // Nobody reads it: no reason to fail.
    drop(writeln!(io::stderr(), "aws-sim: {what}"));
}

const REDIS_PORT: u16 = 6379;
