//! An AWS that can be owned: ElastiCache, Secrets Manager, CloudWatch, tags and what the functions need around them.
//!
//! It is one deterministic model with two fronts. In a test it sits under the real SDK, as its HTTP client, on tokio's clock, which a
//! test pauses: forty minutes of `modifying` pass in microseconds. In the local cloud the same model answers over HTTP, and what it
//! decides is done by real redis-server processes.
//!
//! It is written from the project's fact sheet ("facts" in comments are its numbered sections) and imports no crate of ours, so that
//! it cannot share our mistakes.
//!
//! Reading order: [`World`] and [`State`], [`Settings`] with every switch, [`Effect`], [`fault`], then the services.

pub mod callback;
pub mod cloudwatch;
pub mod door;
pub mod drive;
pub mod effect;
pub mod elasticache;
pub mod fault;
pub mod logs;
#[cfg(test)]
mod nonsense;
pub mod redis;
pub mod s3;
pub mod scaling;
pub mod secrecy;
pub mod secrets;
pub mod seed;
pub mod server;
pub mod settings;
pub mod sfn;
pub mod sns;
pub mod tagging;
pub mod upstash;
pub mod valkey;
pub mod watch;
pub mod wire;
mod world;

pub use effect::{
    Access, Clients, Done, Effect, Endpoint, Login, NodeKey, NodeSpec, NodeUser, Ticket,
};
pub use settings::{Durations, Settings, Switches};
pub use wire::{Refusal, Request, Response};
pub use world::{CallRecord, Exchange, State, World};
