//! Stories against the simulator, on a paused clock, through the real SDK.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "a story that goes wrong stops there, and is long"
)]

mod autoscale;
mod iam;
mod provision;
mod reference;
mod rotate;
mod secrecy;
mod snapshot;
mod support;
mod tidy;
mod valkey;
