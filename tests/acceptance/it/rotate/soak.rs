//! Applications with connections that they keep work through three rotations, while nodes fail over at any moment. The local cloud does
//! the same with real servers; here the moments are many, and each can be told again by its seed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sim::elasticache::{able_to_fail_over, lose_primary};
use aws_sim::{Settings, World};
use fastrand::Rng;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::QUARTER;
use super::stage::{FIRST, GROUP, NAME, Stage};

/// When an application reads the secret again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Habit {
    /// When it has not done so for this long, and it makes a connection.
    Every(Duration),
    /// When a node refuses its token.
    WhenRefused,
    /// Never.
    Never,
}

/// What an application saw.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    operations: u64,
    logins: u64,
    /// Connections that broke or were never made.
    broken: u64,
    refused: u64,
    /// Operations since the last refusal.
    since_refused: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operations, logins, broken, refused, .. } = self;
        write!(
            f,
            "{operations} operations, {logins} logins, {broken} reconnects, {refused} authentication errors"
        )
    }
}

/// An application with one connection, which it uses for a while and then makes anew, as a pool does.
struct Application {
    world: World,
    host: String,
    habit: Habit,
    rng: Rng,
    token: String,
    read_at: Instant,
    counts: Counts,
}

impl Application {
    /// Works until it is told to end.
    fn start(world: &World, habit: Habit, seed: u64, ends: &Arc<AtomicBool>) -> JoinHandle<Counts> {
        let host = world.with(|it| it.elasticache.groups[GROUP].primary_endpoint.host.clone());
        let (world, ends, rng) = (world.clone(), Arc::clone(ends), Rng::with_seed(seed));
        let (token, counts) = (FIRST.to_owned(), Counts::default());
        let mut it = Self { world, host, habit, rng, token, read_at: Instant::now(), counts };
        tokio::spawn(async move {
            while !ends.load(Ordering::Relaxed) {
                it.use_connection(&ends).await;
            }
            it.counts
        })
    }

    /// Makes a connection, and works with it until it is old or breaks.
    async fn use_connection(&mut self, ends: &AtomicBool) {
        if matches!(self.habit, Habit::Every(age) if age <= self.read_at.elapsed()) {
            self.read_secret();
        }
        let until = Instant::now() + Duration::from_secs(self.rng.u64(1..CONNECTION_MAX));
        let result = match self.connect().await {
            Ok(mut connection) => loop {
                if let Err(err) = self.batch(&mut connection).await {
                    break Err(err);
                }
                let is_old = until < Instant::now() && self.habit != Habit::Never;
                if is_old || ends.load(Ordering::Relaxed) {
                    break Ok(());
                }
                sleep(PAUSE).await;
            },
            Err(err) => Err(err),
        };
        if let Err(err) = result {
            self.failed(&err);
            sleep(PAUSE).await;
        }
    }

    async fn connect(&mut self) -> Result<MultiplexedConnection, RedisError> {
        let stream = self.world.connect(&self.host)?;
        let plain = RedisConnectionInfo::default().set_skip_set_lib_name();
        let untimed = AsyncConnectionConfig::new().set_response_timeout(None);
        let (mut connection, driver) =
            MultiplexedConnection::new_with_config(&plain, stream, untimed).await?;
        tokio::spawn(driver);
        redis::cmd("AUTH").arg(&self.token).exec_async(&mut connection).await?;
        self.counts.logins += 1;
        Ok(connection)
    }

    async fn batch(&mut self, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
        let mut pipe = redis::pipe();
        for key in 0..PAIRS {
            pipe.cmd("SET").arg(key).arg(key).ignore().cmd("GET").arg(key).ignore();
        }
        pipe.exec_async(connection).await?;
        self.counts.operations += 2 * PAIRS;
        self.counts.since_refused += 2 * PAIRS;
        Ok(())
    }

    fn failed(&mut self, err: &RedisError) {
        if !matches!(err.code(), Some("WRONGPASS" | "NOAUTH")) {
            self.counts.broken += 1;
            return;
        }
        self.counts.refused += 1;
        self.counts.since_refused = 0;
        if self.habit == Habit::WhenRefused {
            self.read_secret();
        }
    }

    fn read_secret(&mut self) {
        let current =
            |it: &aws_sim::State| it.secrets.secrets[NAME].text("AWSCURRENT").unwrap().to_owned();
        (self.token, self.read_at) = (self.world.with(|it| current(it)), Instant::now());
    }
}

/// Seconds that a pool keeps a connection at most.
const CONNECTION_MAX: u64 = 120;
const PAUSE: Duration = Duration::from_secs(4);
const PAIRS: u64 = 10;

/// The primary is lost at a moment within the next hour and three quarters, unless the group recovers from such a loss already.
fn lose_a_primary(world: &World, rng: &mut Rng) {
    let (world, moment) = (world.clone(), Duration::from_secs(rng.u64(0..6300)));
    tokio::spawn(async move {
        sleep(moment).await;
        world.advance(world.clock());
        world.with(|it| {
            if able_to_fail_over(it).iter().any(|it| it == GROUP) {
                lose_primary(it, GROUP);
            }
        });
    });
}

/// Three rotations, each with two failovers, until nothing but the last token opens a node. Gives what each application counted.
async fn three_rotations(seed: u64) -> Vec<(Habit, Counts)> {
    let stage = Stage::with(Settings { seed, ..Settings::default() }).await;
    let mut rng = Rng::with_seed(seed);
    let ends = Arc::new(AtomicBool::default());
    // The grace is an hour. Whoever reads at all does so within it, and the token matters whenever a connection is made.
    let often = Habit::Every(Duration::from_secs(rng.u64(60..2700)));
    let habits = [often, Habit::Every(Duration::from_mins(44)), Habit::WhenRefused, Habit::Never];
    let start = |habit| Application::start(&stage.scene.world, habit, rng.u64(..), &ends);
    let applications = habits.map(start);
    for _ in 0..3 {
        for _ in 0..2 {
            lose_a_primary(&stage.scene.world, &mut rng);
        }
        stage.rotate().await;
        for _ in 0..SWEEPS_MAX {
            stage.scene.pass(QUARTER).await;
            stage.sweep().await;
            stage.holds();
            if stage.has_proven() {
                break;
            }
        }
        assert!(stage.has_proven(), "seed {seed}: the old token was never seen to be refused");
        stage.is_closed();
    }
    // Whoever has to be shut out, or to read the secret, has the time to.
    stage.scene.pass(2 * QUARTER).await;
    ends.store(true, Ordering::Relaxed);
    let mut counted = Vec::new();
    for (habit, application) in habits.into_iter().zip(applications) {
        counted.push((habit, application.await.unwrap()));
    }
    stage.keeps_its_secrets();
    counted
}

/// A rotation that Secrets Manager gives up is gone on with after a quarter of an hour, and its grace is an hour.
const SWEEPS_MAX: usize = 12;

const SEEDS: u64 = 8;

#[expect(clippy::print_stdout, reason = "what was counted is what a person wants to see")]
#[tokio::test(start_paused = true)]
async fn whoever_reads_the_secret_once_per_grace_meets_no_refusal() {
    let (mut operations, mut broken) = (0, 0);
    for seed in 0..SEEDS {
        let counted = three_rotations(seed).await;
        for (habit, counts) in &counted {
            println!("seed {seed}: {habit:?}: {counts}");
        }
        for (habit, counts) in counted {
            match habit {
                Habit::Every(_) => {
                    assert_eq!(counts.refused, 0, "seed {seed}: {habit:?}: {counts}");
                    operations += counts.operations;
                    broken += counts.broken;
                }
                // One refusal for each token that was revoked, and then it goes on.
                Habit::WhenRefused => {
                    assert!((1..=3).contains(&counts.refused), "seed {seed}: {counts}");
                    assert!(0 < counts.since_refused, "seed {seed}: {counts}");
                }
                // It works while nothing breaks its connection, and is shut out for good by the first failover after.
                Habit::Never => {
                    assert!(0 < counts.operations && 0 < counts.refused, "seed {seed}: {counts}");
                    assert_eq!(counts.since_refused, 0, "seed {seed}: {counts}");
                }
            }
        }
    }
    assert!(1_000_000 <= operations, "{operations} operations");
    assert!(SEEDS < broken, "{broken} connections broke: there were no failovers");
}
