//! Does what the world decides, in order for each group, and tells it how it went.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Simulator, outbound, tell};
use crate::drive::EventMishap;
use crate::{Done, Effect, Endpoint, NodeKey, Ticket, World};

/// Lets the world's time pass and executes what comes of it, until it is aborted.
pub(super) async fn drive(simulator: Arc<Simulator>) {
    let mut lines = Lines {
        simulator: Arc::clone(&simulator),
        queues: BTreeMap::new(),
        groups: Groups::default(),
        late: Vec::new(),
    };
    loop {
        let world = simulator.world();
        world.advance(simulator.now());
        for effect in world.take_effects() {
            lines.befall(&world, effect);
        }
        lines.take_late(&world);
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
    /// Events that come later than they were sent, and when.
    late: Vec<(Timestamp, World, Effect)>,
}

impl Lines {
    /// Takes an effect, unless an operator wanted something to become of the event that it is.
    fn befall(&mut self, world: &World, effect: Effect) {
        match world.with(|it| it.faults.befall(receiver(&effect)?)) {
            None => self.take(world, effect),
            Some(EventMishap::Lost) => tell("an event is lost, as it was asked for"),
            Some(EventMishap::Late(late)) => self.hold(world, effect, late),
            Some(EventMishap::Doubled) => {
                let later = SignedDuration::try_from(EventMishap::BETWEEN_DOUBLES);
                self.hold(world, effect.clone(), later.unwrap_or(SignedDuration::ZERO));
                self.take(world, effect);
            }
        }
    }

    fn hold(&mut self, world: &World, effect: Effect, late: SignedDuration) {
        let due = self.simulator.now().saturating_add(late).unwrap_or(Timestamp::MAX);
        self.late.push((due, world.clone(), effect));
    }

    /// Takes those whose time has come. Of a world that is no more nothing comes.
    fn take_late(&mut self, world: &World) {
        let now = self.simulator.now();
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.late)
            .into_iter()
            .filter(|(_, of, _)| of.is(world))
            .partition(|(at, ..)| *at <= now);
        self.late = later;
        for (_, _, effect) in due {
            self.take(world, effect);
        }
    }

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

/// The topic or the function that an event is sent to.
fn receiver(effect: &Effect) -> Option<&str> {
    match effect {
        Effect::Publish { topic_arn: to, .. } | Effect::SendEvent { function_arn: to, .. } => {
            Some(to)
        }
        Effect::InvokeFunction { .. }
        | Effect::PutEvent { .. }
        | Effect::AlarmConfigured { .. }
        | Effect::StartNode { .. }
        | Effect::Replicate { .. }
        | Effect::Promote { .. }
        | Effect::Accept { .. }
        | Effect::Configure { .. }
        | Effect::PointEndpoint { .. }
        | Effect::StopNode { .. }
        | Effect::SaveSnapshot { .. }
        | Effect::CopySnapshot { .. }
        | Effect::DropSnapshot { .. } => None,
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
