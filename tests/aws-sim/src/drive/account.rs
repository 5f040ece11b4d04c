//! An account that lives: events find their functions, state machines run, schedules fire, Secrets Manager rotates.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::event::{
    Event, EventMishap, EventRule, Schedule, Subscription, scheduled, sns_notification,
};
use super::sandbox::{self, Ended, Functions, Invocation};
use super::states::Machine;
use crate::{Done, Effect, State, Ticket, World};

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// What an account has beside its functions.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// State machines, by ARN.
    pub machines: BTreeMap<String, Machine>,
    /// Functions that hear a topic.
    pub subscriptions: Vec<Subscription>,
    /// What is called again and again.
    pub schedules: Vec<Schedule>,
    /// Functions that hear EventBridge.
    pub rules: Vec<EventRule>,
    /// The time that functions have, by ARN; fifteen minutes for the others.
    pub timeouts: BTreeMap<String, Duration>,
}

/// An account, its functions, and all that calls them.
pub struct Account {
    heart: Rc<Heart>,
    /// What is under way. It goes on only while somebody plays.
    tasks: RefCell<FuturesUnordered<Task>>,
    schedules: RefCell<Vec<(Schedule, Timestamp)>>,
}

struct Heart {
    world: World,
    functions: Rc<dyn Functions>,
    machines: BTreeMap<String, Machine>,
    subscriptions: Vec<Subscription>,
    rules: Vec<EventRule>,
    timeouts: BTreeMap<String, Duration>,
    /// Events on their way, with their numbers.
    outbox: RefCell<VecDeque<(usize, Event)>>,
    /// How many events were sent so far, steps of rotations among them, and what becomes of those of these numbers.
    sent: Cell<usize>,
    mishaps: RefCell<BTreeMap<usize, EventMishap>>,
    /// Executions that are being run, or were.
    taken_up: RefCell<BTreeSet<(String, Timestamp)>>,
    undelivered: RefCell<Vec<Event>>,
    /// How many tasks have not ended, whoever plays them.
    under_way: Cell<usize>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("world", &self.heart.world).finish_non_exhaustive()
    }
}

impl Account {
    /// An account in this world with these functions.
    pub fn new(world: World, functions: Rc<dyn Functions>, plan: Plan) -> Self {
        let Plan { machines, subscriptions, schedules, rules, timeouts } = plan;
        let schedules = schedules.into_iter().map(|it| (it.first, it));
        let schedules = schedules.map(|(first, it)| (it, first)).collect();
        world.with(|state| state.sfn.machines = Some(machines.keys().cloned().collect()));
        let heart = Heart {
            world,
            functions,
            machines,
            subscriptions,
            rules,
            timeouts,
            outbox: RefCell::default(),
            sent: Cell::default(),
            mishaps: RefCell::default(),
            taken_up: RefCell::default(),
            undelivered: RefCell::default(),
            under_way: Cell::default(),
        };
        Self {
            heart: Rc::new(heart),
            tasks: RefCell::default(),
            schedules: RefCell::new(schedules),
        }
    }

    /// The world that it is in.
    pub fn world(&self) -> &World {
        &self.heart.world
    }

    /// Calls a function and waits for it; nobody tries again.
    pub async fn invoke(&self, function_arn: &str, payload: Value) -> Ended {
        let request_id = self.heart.world.with(|state| state.seed.uuid());
        self.heart.invoke(function_arn, &request_id, payload).await
    }

    /// Sends an event on its way; gives its request id.
    pub fn send(&self, function_arn: &str, payload: Value) -> String {
        let request_id = self.heart.world.with(|state| state.seed.uuid());
        self.heart.send(Event {
            function_arn: function_arn.to_owned(),
            request_id: request_id.clone(),
            payload,
        });
        request_id
    }

    /// Has this become of the event of this number, or the step of a rotation, counted from those that are sent from now on.
    pub fn befall(&self, number: usize, mishap: EventMishap) {
        let number = self.heart.sent.get() + number;
        self.heart.mishaps.borrow_mut().insert(number, mishap);
    }

    /// Whether an event that something was to become of was never sent.
    pub fn is_spared(&self) -> bool {
        !self.heart.mishaps.borrow().is_empty()
    }

    /// How many events were sent so far, by whomever, the steps of rotations among them.
    pub fn events(&self) -> usize {
        self.heart.sent.get()
    }

    /// Events that no try could deliver.
    pub fn undelivered(&self) -> Vec<Event> {
        self.heart.undelivered.borrow().clone()
    }

    /// Plays until this is so, for so long at most; says whether it came to be. Schedules do not fire.
    pub async fn play(&self, most: Duration, mut until: impl FnMut(&mut State) -> bool) -> bool {
        let world = &self.heart.world;
        let end = later(world.clock(), most);
        loop {
            self.heart.collect(&self.tasks);
            if world.with(|state| until(state)) {
                return true;
            }
            if end <= world.clock() {
                return false;
            }
            self.step(self.stride()).await;
        }
    }

    /// Plays until nothing is under way any more; says whether that came about within a day.
    pub async fn settle(&self) -> bool {
        let world = &self.heart.world;
        let end = later(world.clock(), Duration::from_hours(24));
        loop {
            self.heart.collect(&self.tasks);
            if self.is_quiet() {
                return true;
            }
            if end <= world.clock() {
                return false;
            }
            self.step(Duration::from_secs(1)).await;
        }
    }

    /// Lets so much time pass, in which schedules fire.
    pub async fn pass(&self, span: Duration) {
        let world = &self.heart.world;
        let end = later(world.clock(), span);
        loop {
            self.fire_schedules();
            self.heart.collect(&self.tasks);
            let left = end.duration_since(world.clock());
            let Ok(left) = Duration::try_from(left) else { return };
            if left.is_zero() {
                return;
            }
            self.step(left.min(self.stride())).await;
        }
    }

    fn is_quiet(&self) -> bool {
        let rotates =
            |state: &mut State| state.secrets.secrets.values().any(|it| it.rotation.run.is_some());
        self.heart.under_way.get() == 0
            && self.heart.outbox.borrow().is_empty()
            && !self.heart.world.with(rotates)
    }

    /// With nothing under way, time may pass in larger steps.
    fn stride(&self) -> Duration {
        Duration::from_secs(if self.is_quiet() { 15 } else { 1 })
    }

    /// What is under way goes on until something ends, or for this long.
    async fn step(&self, longest: Duration) {
        // Taken out, so that nothing is borrowed while it waits.
        let mut tasks = self.tasks.take();
        if tasks.is_empty() {
            tokio::time::sleep(longest).await;
        } else {
            let _ended = tokio::time::timeout(longest, tasks.next()).await;
        }
        self.tasks.borrow_mut().extend(tasks);
        self.heart.world.advance(self.heart.world.clock());
    }

    fn fire_schedules(&self) {
        let now = self.heart.world.clock();
        for (schedule, next) in self.schedules.borrow_mut().iter_mut() {
            while *next <= now {
                let input = scheduled(&schedule.input, *next);
                self.send(&schedule.function_arn, input);
                *next = next.saturating_add(schedule.every).unwrap_or(Timestamp::MAX);
            }
        }
    }
}

impl Heart {
    fn begin(
        self: &Rc<Self>,
        tasks: &RefCell<FuturesUnordered<Task>>,
        task: impl Future<Output = ()> + 'static,
    ) {
        let heart = Rc::clone(self);
        self.under_way.set(self.under_way.get() + 1);
        tasks.borrow_mut().push(Box::pin(async move {
            task.await;
            heart.under_way.set(heart.under_way.get() - 1);
        }));
    }

    fn send(&self, event: Event) {
        let number = self.number();
        self.outbox.borrow_mut().push_back((number, event));
    }

    /// The number of the next event.
    fn number(&self) -> usize {
        let number = self.sent.get();
        self.sent.set(number + 1);
        number
    }

    /// Takes up what is to be done: events, what the world wants done outside, and executions.
    fn collect(self: &Rc<Self>, tasks: &RefCell<FuturesUnordered<Task>>) {
        for effect in self.world.take_effects() {
            self.take_up(effect, tasks);
        }
        for (number, event) in self.outbox.take() {
            let mishap = self.mishaps.borrow_mut().remove(&number);
            let planned = || self.world.with(|it| it.faults.befall(&event.function_arn));
            let mishap = mishap.or_else(planned);
            let heart = Rc::clone(self);
            self.begin(tasks, async move { heart.post(event, mishap).await });
        }
        let running = self.world.with(|state| {
            let running = state.sfn.running();
            let running =
                running.map(|it| (it.arn.clone(), it.started_at, it.state_machine.clone()));
            running.collect::<Vec<_>>()
        });
        for (arn, started_at, machine) in running {
            let known = self.machines.contains_key(&machine);
            if known && self.taken_up.borrow_mut().insert((arn.clone(), started_at)) {
                let heart = Rc::clone(self);
                self.begin(tasks, async move { heart.execute(&machine, &arn).await });
            }
        }
    }

    /// Calls the functions that a rule names for an event.
    fn tell_of(&self, event: &Value) {
        for it in self.rules.iter().filter(|it| it.matches(event)) {
            let request_id = self.world.with(|state| state.seed.uuid());
            let function_arn = it.function_arn.clone();
            self.send(Event { function_arn, request_id, payload: event.clone() });
        }
    }

    fn take_up(self: &Rc<Self>, effect: Effect, tasks: &RefCell<FuturesUnordered<Task>>) {
        match effect {
            Effect::Publish { topic_arn, subject, message } => {
                for it in self.subscriptions.iter().filter(|it| it.topic_arn == topic_arn) {
                    let (request_id, payload) = self.world.with(|state| {
                        let payload = sns_notification(state, it, subject.as_deref(), &message);
                        (state.seed.uuid(), payload)
                    });
                    let function_arn = it.function_arn.clone();
                    self.send(Event { function_arn, request_id, payload });
                }
            }
            Effect::InvokeFunction { function_arn, payload, ticket } => {
                let number = self.number();
                let mishap = self.mishaps.borrow_mut().remove(&number);
                let heart = Rc::clone(self);
                self.begin(tasks, async move {
                    heart.rotate(&function_arn, payload, ticket, mishap).await;
                });
            }
            Effect::SendEvent { function_arn, payload } => {
                let request_id = self.world.with(|state| state.seed.uuid());
                self.send(Event { function_arn, request_id, payload });
            }
            Effect::PutEvent { event } => self.tell_of(&event),
            Effect::AlarmConfigured { change } => {
                if !self.rules.is_empty() {
                    self.tell_of(&change.event());
                }
            }
            // Nodes are modelled in process; who runs real ones takes these himself.
            Effect::StartNode { .. }
            | Effect::Replicate { .. }
            | Effect::Promote { .. }
            | Effect::Accept { .. }
            | Effect::Configure { .. }
            | Effect::PointEndpoint { .. }
            | Effect::StopNode { .. }
            | Effect::SaveSnapshot { .. }
            | Effect::CopySnapshot { .. }
            | Effect::DropSnapshot { .. } => {}
        }
    }

    /// Secrets Manager calls once per step, and tries all of them again itself (facts 3.3). Whether it waits for the function's answer or
    /// leaves the call to a queue, which may lose it or bring it twice, is not confirmed (U17): a step is numbered as an event is.
    async fn rotate(
        &self,
        function_arn: &str,
        payload: Value,
        ticket: Ticket,
        mishap: Option<EventMishap>,
    ) {
        let once = || async {
            let request_id = self.world.with(|state| state.seed.uuid());
            self.invoke(function_arn, &request_id, payload.clone()).await
        };
        let first = async {
            let result = match mishap {
                Some(EventMishap::Lost) => {
                    tokio::time::sleep(self.timeout(function_arn)).await;
                    Err("the function did not answer".to_owned())
                }
                Some(EventMishap::Late(_) | EventMishap::Doubled) | None => {
                    tokio::time::sleep(lateness(mishap)).await;
                    match once().await {
                        Ended::Answered(answer) => Ok(Done::Answered(answer)),
                        Ended::Failed(failure) => Err(failure.message),
                    }
                }
            };
            self.world.done(self.world.clock(), ticket, result);
        };
        let second = async {
            if mishap == Some(EventMishap::Doubled) {
                tokio::time::sleep(BETWEEN_DOUBLES).await;
                // Secrets Manager has heard the first answer.
                let _unheard = once().await;
            }
        };
        tokio::join!(first, second);
    }

    async fn post(&self, event: Event, mishap: Option<EventMishap>) {
        match mishap {
            Some(EventMishap::Lost) => {}
            Some(EventMishap::Late(_)) => {
                tokio::time::sleep(lateness(mishap)).await;
                self.deliver(&event).await;
            }
            Some(EventMishap::Doubled) => {
                let again = async {
                    tokio::time::sleep(EventMishap::BETWEEN_DOUBLES).await;
                    self.deliver(&event).await;
                };
                tokio::join!(self.deliver(&event), again);
            }
            None => self.deliver(&event).await,
        }
    }

    /// Three times at most, until the function does not fail.
    async fn deliver(&self, event: &Event) {
        for pause in RETRIES {
            tokio::time::sleep(pause).await;
            let Event { function_arn, request_id, payload } = event;
            let ended = self.invoke(function_arn, request_id, payload.clone()).await;
            if ended.answer().is_some() {
                return;
            }
        }
        self.undelivered.borrow_mut().push(event.clone());
    }

    async fn invoke(&self, function_arn: &str, request_id: &str, payload: Value) -> Ended {
        self.world.advance(self.world.clock());
        let timeout = self.timeout(function_arn);
        let invocation = Invocation {
            function_arn: function_arn.to_owned(),
            request_id: request_id.to_owned(),
            deadline: later(self.world.clock(), timeout),
            payload,
        };
        sandbox::run(&self.world, &*self.functions, invocation, timeout).await
    }

    fn timeout(&self, function_arn: &str) -> Duration {
        self.timeouts.get(function_arn).copied().unwrap_or(sandbox::TIMEOUT)
    }

    async fn execute(&self, machine: &str, arn: &str) {
        let Some(machine) = self.machines.get(machine) else { return };
        let invoke = async |function: &str, payload: Value| {
            let request_id = self.world.with(|state| state.seed.uuid());
            self.invoke(function, &request_id, payload).await
        };
        machine.run(&self.world, arn, &invoke).await;
    }
}

/// The pauses before the tries of an asynchronous event: two retries, a minute and two minutes later (facts 7.5).
const RETRIES: [Duration; 3] = [Duration::ZERO, Duration::from_mins(1), Duration::from_mins(2)];

/// Close enough that the first delivery is mostly still at work.
const BETWEEN_DOUBLES: Duration = Duration::from_secs(2);

fn lateness(mishap: Option<EventMishap>) -> Duration {
    match mishap {
        Some(EventMishap::Late(late)) => Duration::try_from(late).unwrap_or_default(),
        Some(EventMishap::Lost | EventMishap::Doubled) | None => Duration::ZERO,
    }
}

fn later(now: Timestamp, span: Duration) -> Timestamp {
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
