//! The callers: what AWS does around a function, played on the world's clock.
//!
//! A function is never alone. Lambda calls it and calls it again, CloudFormation waits for its answer and rolls back, a state machine carries
//! its long work, alarms reach it through a topic, schedules and Secrets Manager call it without being asked. [`Account`] is all of them
//! around the functions of one account, and [`exhaust`] lets every flow through it meet every mishap at every call.
//!
//! All of it runs on one thread and on tokio's clock, which a test pauses. Nothing here knows the functions but as [`Functions`].

mod account;
pub mod cloudformation;
mod event;
pub mod exhaust;
mod sandbox;
pub mod states;

pub use account::{Account, Plan};
pub use event::{
    Event, EventMishap, EventRule, Schedule, Subscription, scheduled, sns_notification,
};
pub use sandbox::{Ended, Failure, Functions, Handling, Invocation, Sandboxes};
