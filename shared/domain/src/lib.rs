//! The functional core of Cachewarden: what a cache is, and what to do about it.
//!
//! Nothing here waits, reads a clock, an environment variable or a socket, or has heard of the SDK: the manifest names no crate that
//! could. Time is an argument, a decision is a value, and a refusal carries its numbers.
//!
//! In reading order: names and quantities, the catalog, what was seen of a group, whose it is, and then one module for each function.

pub mod alarm;
pub mod arn;
pub mod asked;
pub mod autoscale;
pub mod catalog;
pub mod cost;
pub mod engine;
pub mod group;
pub mod log;
pub mod name;
pub mod next;
pub mod node;
pub mod owner;
pub mod price;
pub mod problem;
pub mod provision;
pub mod rotate;
pub mod shard;
pub mod snapshot;
pub mod tag;
pub mod token;
pub mod units;
pub mod upstash;
pub mod window;

pub use crate::arn::Arn;
pub use crate::catalog::Catalog;
pub use crate::group::{GroupStatus, GroupView, MemberView, Role};
pub use crate::name::{GroupId, MemberId, NameError, SnapshotName};
pub use crate::next::{Next, Wait, WaitingOn};
pub use crate::node::NodeType;
pub use crate::owner::Owner;
pub use crate::problem::{Problem, Problems};
pub use crate::tag::Tags;
pub use crate::token::AuthToken;
pub use crate::units::{Bytes, Dollars, Percent};
