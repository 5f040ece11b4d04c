//! Reads the real servers as CloudWatch reads nodes, a few times in each simulated minute.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::Simulator;
use crate::redis::Load;

/// What the servers did when they were read last.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Vec<Load>>);

impl Meter {
    /// What was read is of servers that are gone.
    pub(super) fn forget(&self) {
        self.keep(Vec::new());
    }

    fn keep(&self, loads: Vec<Load>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = loads;
    }

    fn kept(&self) -> Vec<Load> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads until it is aborted. Modelled nodes report by themselves.
pub(super) async fn read(simulator: Arc<Simulator>) {
    let Some(plane) = &simulator.plane else { return };
    let every = every(&simulator);
    let memory_scale = u64::from(simulator.options.memory_scale);
    loop {
        tokio::time::sleep(every).await;
        let world = simulator.world();
        let loads = plane.loads().await;
        let now = simulator.now();
        world.with(|state| {
            state.advance(now);
            for load in &loads {
                state.cloudwatch.measured(now, load, &state.settings.switches);
                if load.primary
                    && let Some(group) = state.elasticache.groups.get_mut(&load.group)
                {
                    group.bytes_used = load.used_memory.saturating_mul(memory_scale);
                }
            }
        });
        simulator.meter.keep(loads);
    }
}

/// Has the servers report for time that is about to pass at once: in all of it they do what they did when they were read last. Nobody can read them in
/// time that passes at once, and CloudWatch would tell of nodes that were gone.
pub(super) fn go_on(simulator: &Simulator, until: Timestamp) {
    let passes = every(simulator).as_secs_f64() * f64::from(simulator.options.time_scale);
    if passes <= 0.0 {
        return;
    }
    let loads = simulator.meter.kept();
    let span = (simulator.now(), until);
    simulator.world().with(|state| {
        for load in &loads {
            let switches = &state.settings.switches;
            state.cloudwatch.went_on(span, MINUTE_SECONDS / passes, load, switches);
        }
    });
}

const MINUTE_SECONDS: f64 = 60.0;

/// At a great scale a minute is short: reading more often than this would be load of its own.
fn every(simulator: &Simulator) -> Duration {
    simulator.real(Duration::from_secs(20)).max(Duration::from_millis(250))
}
