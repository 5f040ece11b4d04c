//! A stack and its cache: from CloudFormation's event to its answer.

mod access;
mod bounds;
mod calls;
mod deletion;
mod delivery;
mod events;
mod fill;
mod form;
pub(crate) mod grants;
mod late;
mod logs;
mod parameters;
mod preview;
mod prompt;
mod random;
mod refusal;
mod replace;
mod shape;
mod shards;
mod spread;
mod stack;
mod story;
mod upgrade;
mod upstash;
