//! The loop: look, plan, take one step, look again.

use std::fmt::{Debug, Display};

use domain::{Next, Wait, WaitingOn};
use jiff::{SignedDuration, Timestamp};

use crate::{Clock, Fault, FaultKind};

/// Something that is made true step by step.
#[expect(async_fn_in_trait, reason = "an invocation is one task on one thread")]
pub trait Operation {
    /// What a look gives.
    type Seen;
    /// What a plan may ask for: one call's worth of change.
    type Step: Debug;
    /// Why a plan may refuse.
    type Refusal: Display;

    /// Reads AWS and decides nothing.
    async fn observe(&self) -> Result<Self::Seen, Fault>;
    /// Decides, on what was seen and the time, and on nothing else.
    fn plan(&self, seen: &Self::Seen, now: Timestamp) -> Next<Self::Step, Self::Refusal>;
    /// Takes one step. Taking it twice does no harm.
    async fn apply(&self, step: Self::Step) -> Result<(), Fault>;

    /// Whether this step is the last, and the answer to its call says all that another look would.
    fn is_last(&self, _step: &Self::Step) -> bool {
        false
    }
}

/// How an invocation ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "somebody asked for this and waits for the answer"]
pub enum Outcome<R> {
    /// All is as wanted.
    Settled,
    /// It will not be done until something else changes.
    Refused(R),
    /// It goes on; look again after this wait.
    Unfinished(Wait),
}

/// Looks, plans and takes one step, until the plan is settled, refuses, or has to wait for longer than a few seconds.
///
/// Nothing is carried from one round to the next, so an invocation that dies between two rounds loses nothing.
pub async fn converge<O: Operation>(
    operation: &O,
    clock: &Clock,
    deadline: Timestamp,
) -> Result<Outcome<O::Refusal>, Fault> {
    for _ in 0..ROUNDS_MAX {
        let seen = operation.observe().await?;
        let wait = match operation.plan(&seen, clock.now()) {
            Next::Settled => return Ok(Outcome::Settled),
            Next::Refuse(refusal) => return Ok(Outcome::Refused(refusal)),
            Next::Wait(wait) => wait,
            Next::Do(step) => {
                tracing::info!(?step, "taking a step");
                let is_last = operation.is_last(&step);
                match operation.apply(step).await {
                    // Somebody was faster, or the look was stale. What they did shows in the next look.
                    Err(fault) if fault.kind == FaultKind::Busy => Wait::slow(WaitingOn::Busy),
                    done => {
                        done?;
                        if is_last {
                            return Ok(Outcome::Settled);
                        }
                        continue;
                    }
                }
            }
        };
        let next_look = clock.now().saturating_add(wait.recheck).unwrap_or(Timestamp::MAX);
        if !is_slept_out(&wait) || deadline < next_look {
            return Ok(Outcome::Unfinished(wait));
        }
        clock.sleep(wait.recheck).await;
    }
    Ok(Outcome::Unfinished(Wait::slow(WaitingOn::Modification)))
}

/// Whether an invocation with enough time sleeps this wait out.
pub fn is_slept_out(wait: &Wait) -> bool {
    wait.recheck <= SLEEP_MAX
}

/// The longest wait that is slept out inside an invocation: a Lambda that sleeps is paid for, a state machine that waits is not.
const SLEEP_MAX: SignedDuration = SignedDuration::from_secs(5);

/// No plan has as many steps; a plan that asks for more is going in circles, and the next invocation may look at it afresh.
const ROUNDS_MAX: u32 = 60;
