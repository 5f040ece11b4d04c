//! A stack and its cache: from CloudFormation's event to its answer.

mod deletion;
mod events;
pub(crate) mod grants;
mod refusal;
mod stack;
mod story;
