//! The imperative shell: the one crate that may name an `aws_sdk_*` type.
//!
//! It acts and has no opinions: no `if` here is about policy. Errors of AWS get their meaning in one table, in [`fault`];
//! the clock, the environment and the network are met here and nowhere else.

mod abreast;
pub mod alarms;
pub mod buckets;
pub mod callback;
pub mod clients;
pub mod clock;
pub mod continuation;
pub mod converge;
pub mod elasticache;
pub mod fault;
pub mod fleet;
mod http;
pub mod journal;
pub mod logs;
pub mod metrics;
pub mod probe;
pub mod registered;
pub mod secrets;
pub mod settings;
pub mod telemetry;
pub mod topic;
pub mod upstash;

pub use crate::abreast::abreast;
pub use crate::alarms::Alarms;
pub use crate::buckets::Buckets;
pub use crate::callback::{Callback, ResponseUrl};
pub use crate::clients::Aws;
pub use crate::clock::{Clock, ClockSource};
pub use crate::converge::{Operation, Outcome, converge, is_slept_out};
pub use crate::elasticache::ElastiCache;
pub use crate::fault::{Fault, FaultKind};
pub use crate::fleet::Fleet;
pub use crate::journal::Journal;
pub use crate::logs::LogGroups;
pub use crate::metrics::Metrics;
pub use crate::probe::Dialler;
pub use crate::registered::ScalableTargets;
pub use crate::secrets::Secrets;
pub use crate::topic::Topics;
pub use crate::upstash::Upstash;
