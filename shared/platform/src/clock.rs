//! The time, and the passing of it.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Tells the time and passes it. It runs on tokio's clock, which a test may pause.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Timestamp,
    started: Instant,
}

/// Where an event's clock comes from.
#[derive(Clone, Copy, Debug)]
pub enum ClockSource {
    /// Made anew for each event: a frozen sandbox does not promise that a monotonic clock kept going.
    System,
    /// One clock for all events, which a test owns.
    Shared(Clock),
}

impl ClockSource {
    /// The clock of one event.
    pub fn for_event(&self) -> Clock {
        match self {
            Self::System => {
                let now = Timestamp::try_from(SystemTime::now());
                Clock::starting_at(now.unwrap_or(Timestamp::UNIX_EPOCH))
            }
            Self::Shared(clock) => *clock,
        }
    }
}

impl Clock {
    /// A clock that shows this time now.
    pub fn starting_at(origin: Timestamp) -> Self {
        Self { origin, started: Instant::now() }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let elapsed =
            SignedDuration::try_from(self.started.elapsed()).unwrap_or(SignedDuration::MAX);
        self.origin.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    /// Lets time pass.
    pub async fn sleep(&self, pause: SignedDuration) {
        tokio::time::sleep(Duration::try_from(pause).unwrap_or(Duration::ZERO)).await;
    }

    /// Gives a call no longer than this, and nothing where it took longer.
    pub async fn limit<F: Future>(&self, longest: SignedDuration, call: F) -> Option<F::Output> {
        let longest = Duration::try_from(longest).unwrap_or(Duration::ZERO);
        tokio::time::timeout(longest, call).await.ok()
    }
}
