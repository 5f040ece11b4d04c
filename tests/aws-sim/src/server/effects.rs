//! Does what the world decides, in order for each group, and tells it how it went.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Simulator, outbound, tell};
use crate::{Done, Effect, Endpoint, NodeKey, Ticket, World};

/// Lets the world's time pass and executes what comes of it, until it is aborted.
pub(super) async fn drive(simulator: Arc<Simulator>) {
    let mut lines = Lines {
        simulator: Arc::clone(&simulator),
        queues: BTreeMap::new(),
        groups: Groups::default(),
    };
    loop {
        let world = simulator.world();
        world.advance(simulator.now());
        for effect in world.take_effects() {
            lines.take(&world, effect);
        }
        tokio::select! {
            () = simulator.stirred.notified() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// How often the world is asked whether something is due.
const TICK: Duration = Duration::from_millis(50);

/// Effects wait in a line for each group: within one their order counts, and no group waits for another.
struct Lines {
    simulator: Arc<Simulator>,
    queues: BTreeMap<String, UnboundedSender<(World, Effect)>>,
    groups: Groups,
}

impl Lines {
    fn take(&mut self, world: &World, effect: Effect) {
        if let Effect::InvokeFunction { function_arn, payload, ticket } = effect {
            let (simulator, world) = (Arc::clone(&self.simulator), world.clone());
            tokio::spawn(async move {
                let options = &simulator.options;
                let answered = outbound::invoke(options, &function_arn, &payload).await;
                report(&simulator, &world, Some(ticket), answered.map(Done::Answered));
            });
            return;
        }
        if let Effect::SendEvent { function_arn, payload } = effect {
            let (simulator, world) = (Arc::clone(&self.simulator), world.clone());
            tokio::spawn(async move {
                let sent = outbound::send(&simulator.options, &function_arn, &payload).await;
                report(&simulator, &world, None, sent.map(|()| Done::Plain));
            });
            return;
        }
        let line = self.groups.of(&effect);
        let simulator = &self.simulator;
        let queue = self.queues.entry(line).or_insert_with(|| {
            let (sender, receiver) = unbounded_channel();
            tokio::spawn(work_off(Arc::clone(simulator), receiver));
            sender
        });
        // The receiver ends with the program only.
        drop(queue.send((world.clone(), effect)));
    }
}

/// Which group a server or an address belongs to.
#[derive(Default)]
struct Groups {
    nodes: BTreeMap<NodeKey, String>,
    endpoints: BTreeMap<Endpoint, String>,
}

impl Groups {
    fn of(&mut self, effect: &Effect) -> String {
        let node = match effect {
            Effect::Publish { .. }
            | Effect::SendEvent { .. }
            | Effect::PutEvent { .. }
            | Effect::AlarmConfigured { .. } => {
                return "(publications)".to_owned();
            }
            Effect::CopySnapshot { .. }
            | Effect::DropSnapshot { .. }
            | Effect::InvokeFunction { .. } => {
                return "(snapshots)".to_owned();
            }
            Effect::StartNode { node, spec, .. } => {
                self.nodes.insert(node.clone(), spec.group.clone());
                node
            }
            Effect::PointEndpoint { endpoint, to } => {
                if let Some(group) = to.first().and_then(|it| self.nodes.get(it)) {
                    self.endpoints.insert(endpoint.clone(), group.clone());
                }
                return self.endpoints.get(endpoint).cloned().unwrap_or_default();
            }
            Effect::Replicate { replica: node, .. }
            | Effect::Promote { node, .. }
            | Effect::Accept { node, .. }
            | Effect::Configure { node, .. }
            | Effect::StopNode { node }
            | Effect::SaveSnapshot { node, .. } => node,
        };
        self.nodes.get(node).cloned().unwrap_or_default()
    }
}

async fn work_off(simulator: Arc<Simulator>, mut queue: UnboundedReceiver<(World, Effect)>) {
    while let Some((world, effect)) = queue.recv().await {
        if let Effect::Publish { topic_arn, subject, message } = effect {
            let options = &simulator.options;
            let told = outbound::publish(options, &topic_arn, subject.as_deref(), &message).await;
            report(&simulator, &world, None, told.map(|()| Done::Plain));
            continue;
        }
        if matches!(effect, Effect::PutEvent { .. } | Effect::AlarmConfigured { .. }) {
            // The local cloud has no rule that would hear of it.
            continue;
        }
        // Where nodes are only modelled, nothing is to be done to them.
        if let Some(plane) = &simulator.plane {
            let (ticket, ended) = plane.execute(effect).await;
            report(&simulator, &world, ticket, ended);
        }
    }
}

fn report(
    simulator: &Simulator,
    world: &World,
    ticket: Option<Ticket>,
    ended: Result<Done, String>,
) {
    if let Err(err) = &ended {
        tell(err);
    }
    if let Some(ticket) = ticket {
        world.done(simulator.now(), ticket, ended);
    }
    simulator.stirred.notify_one();
}
