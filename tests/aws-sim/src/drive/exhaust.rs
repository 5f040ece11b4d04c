//! Every mishap at every call: a flow is run once for each, resumed as its callers would resume it, and looked at in the end.
//!
//! What a flow is, and what must be true after it whatever went wrong, is said by a [`Flow`]. [`exhaust`] runs it undisturbed first, and so
//! learns its calls; twice, so that it is known to repeat itself. Then it runs it for each [`Case`]. A case is a line of text that names a
//! flow, a mishap, a place and a seed, and can be run again alone.

mod case;
mod mishap;
mod places;

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

pub use case::Case;
pub use mishap::Mishap;

use super::Account;
use crate::seed::Seed;
use crate::{CallRecord, World};

/// A flow, and what must be true after it.
pub trait Flow {
    /// What stands before it begins.
    type Stage;

    /// Its name, of letters, digits and hyphens.
    fn name(&self) -> String;

    /// What can go wrong in it.
    fn mishaps(&self) -> Vec<Mishap> {
        Mishap::ALL.to_vec()
    }

    /// Sets the stage, in a world of this seed.
    fn set(&self, seed: u64) -> impl Future<Output = Self::Stage>;

    /// The account on the stage.
    fn account<'a>(&self, stage: &'a Self::Stage) -> &'a Account;

    /// Runs it to its end, with all that its callers do about what goes wrong. `case` is missing where nothing goes wrong.
    fn run(&self, stage: &Self::Stage, case: Option<&Case>) -> impl Future<Output = ()>;

    /// Whether the case comes about for certain. One that changes which calls there are may find that there is none of its number.
    fn comes_about(&self, _: &Case) -> bool {
        true
    }

    /// What happens beside it, while the call is held that [`Mishap::Beside`] befalls: the same once more, mostly.
    fn run_beside(&self, stage: &Self::Stage) -> impl Future<Output = ()>;

    /// What is not as it must be, in words. `case` is missing where nothing went wrong.
    fn problems(
        &self,
        stage: &Self::Stage,
        case: Option<&Case>,
    ) -> impl Future<Output = Vec<String>>;
}

/// Which cases are run.
#[derive(Clone, Debug)]
pub struct Sample {
    /// One of so many; 1 for all.
    pub one_of: u64,
    /// Of a flow with few cases, about so many.
    pub least: u64,
    /// The seed of the worlds, and of the choice.
    pub seed: u64,
    /// This one alone.
    pub only: Option<Case>,
    /// What is told after each case: all that is known by then. A flow can take an hour.
    pub progress: fn(&Report),
}

/// What came of a flow.
#[derive(Clone, Debug)]
pub struct Report {
    /// The flow.
    pub flow: String,
    /// How many calls it makes undisturbed.
    pub calls: usize,
    /// How many events.
    pub events: usize,
    /// How many cases there are.
    pub cases: usize,
    /// How many of them were run, and something came of them.
    pub run: usize,
    /// How many were run, and nothing came of them: a node type change that is to be rolled back, where none follows. All must be
    /// well after those.
    pub idle: usize,
    /// The cases after which something was wrong, and what. None: undisturbed.
    pub broken: Vec<(Option<Case>, Vec<String>)>,
}

/// Runs a flow for each case of the sample.
pub async fn exhaust<F: Flow>(flow: &F, sample: &Sample) -> Report {
    let mut report = Report {
        flow: flow.name(),
        calls: 0,
        events: 0,
        cases: 0,
        run: 0,
        idle: 0,
        broken: Vec::new(),
    };
    let Undisturbed { calls, events, problems } = undisturbed(flow, sample.seed).await;
    (report.calls, report.events) = (calls.len(), events);
    if !problems.is_empty() {
        report.broken.push((None, problems));
        return report;
    }
    let cases = cases(flow, &calls, events, sample.seed);
    report.cases = cases.len();
    let mut choice = Seed::new(sample.seed);
    let all = u64::try_from(cases.len()).unwrap_or(u64::MAX);
    let one_of = sample.one_of.min(all / sample.least.max(1)).max(1);
    for case in cases {
        let is_chosen = choice.below(one_of) == 0;
        if !sample.only.as_ref().map_or(is_chosen, |it| *it == case) {
            continue;
        }
        let Befallen { idle, problems } = befallen(flow, &case).await;
        report.run += usize::from(!idle);
        report.idle += usize::from(idle);
        if !problems.is_empty() {
            report.broken.push((Some(case), problems));
        }
        (sample.progress)(&report);
    }
    report
}

struct Undisturbed {
    calls: Vec<CallRecord>,
    events: usize,
    problems: Vec<String>,
}

/// Runs it twice with nothing wrong: the calls must be the same, at the same times.
async fn undisturbed<F: Flow>(flow: &F, seed: u64) -> Undisturbed {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let stage = flow.set(seed).await;
        let account = flow.account(&stage);
        let (calls, events) = (calls_of(account.world()), account.events());
        flow.run(&stage, None).await;
        let made =
            account.world().with(|state| state.calls.split_off(calls.min(state.calls.len())));
        let events = account.events() - events;
        let problems = flow.problems(&stage, None).await;
        runs.push(Undisturbed { calls: made, events, problems });
    }
    let again = runs.pop();
    let mut first =
        runs.pop().unwrap_or(Undisturbed { calls: Vec::new(), events: 0, problems: Vec::new() });
    let differs = again.as_ref().and_then(|again| {
        let pairs = first.calls.iter().zip(&again.calls);
        let apart = pairs.enumerate().find(|(_, (one, other))| trace(one) != trace(other));
        let apart = apart.map(|(at, (one, other))| {
            format!("call {at} is {}, then {}", trace(one), trace(other))
        });
        let counts = (first.calls.len() != again.calls.len())
            .then(|| format!("{} calls, then {}", first.calls.len(), again.calls.len()));
        apart.or(counts)
    });
    first.problems.extend(differs.map(|it| format!("it does not repeat itself: {it}")));
    first
}

fn trace(call: &CallRecord) -> String {
    format!(
        "{} {}:{} {:?} -> {}",
        call.at, call.service, call.operation, call.parameters, call.status
    )
}

fn calls_of(world: &World) -> usize {
    world.with(|state| state.calls.len())
}

/// Every case of a flow.
fn cases<F: Flow>(flow: &F, calls: &[CallRecord], events: usize, seed: u64) -> Vec<Case> {
    let mut cases = Vec::new();
    for mishap in flow.mishaps() {
        let places = match mishap {
            Mishap::Event(_) => (0..events).collect(),
            Mishap::Call(_) | Mishap::Lasting(_) | Mishap::Beside => {
                places::tried(calls, mishap.spread(), |it| mishap.can_befall(it))
            }
        };
        let flow = flow.name();
        cases.extend(places.into_iter().map(|at| Case {
            flow: flow.clone(),
            mishap: mishap.clone(),
            at,
            seed,
        }));
    }
    cases
}

struct Befallen {
    idle: bool,
    problems: Vec<String>,
}

/// Runs it once, with this going wrong.
async fn befallen<F: Flow>(flow: &F, case: &Case) -> Befallen {
    let stage = flow.set(case.seed).await;
    let account = flow.account(&stage);
    match &case.mishap {
        Mishap::Event(mishap) => account.befall(case.at, *mishap),
        Mishap::Call(_) | Mishap::Lasting(_) | Mishap::Beside => {
            account.world().with(|state| state.faults.add(case.mishap.rule(case.at)));
        }
    }
    let is_spent = || account.world().with(|state| state.faults.is_spent());
    if case.mishap == Mishap::Beside {
        let is_over = Cell::new(false);
        let first = async {
            flow.run(&stage, Some(case)).await;
            is_over.set(true);
        };
        let second = async {
            while !is_spent() && !is_over.get() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            flow.run_beside(&stage).await;
        };
        tokio::join!(first, second);
    } else {
        flow.run(&stage, Some(case)).await;
    }
    let mut problems = Vec::new();
    if !is_spent() && flow.comes_about(case) || account.is_spared() {
        problems.push("it never came about".to_owned());
    }
    let idle = account.world().with(|state| state.faults.came_to_nothing());
    // Nothing went wrong, so nothing is excused.
    problems.extend(flow.problems(&stage, Some(case).filter(|_| !idle)).await);
    Befallen { idle, problems }
}
