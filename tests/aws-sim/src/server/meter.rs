//! Reads the real servers as CloudWatch reads nodes, a few times in each simulated minute.

use std::sync::Arc;
use std::time::Duration;

use super::Simulator;

/// Reads until it is aborted. Modelled nodes report by themselves.
pub(super) async fn read(simulator: Arc<Simulator>) {
    let Some(plane) = &simulator.plane else { return };
    // At a great scale a minute is short: reading more often than this would be load of its own.
    let every = simulator.real(Duration::from_secs(20)).max(Duration::from_millis(250));
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
    }
}
