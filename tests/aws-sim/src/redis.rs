//! The data plane of the local cloud: a real redis-server behind every node, a stable address before it.
//!
//! [`Plane`] does what the model decides (see [`Effect`](crate::Effect)). Every address is on the loopback interface.

mod addresses;
mod admin;
mod authority;
mod front;
mod info;
mod load;
mod plane;
mod process;
mod proxy;
pub(crate) mod resp;

pub use addresses::Loopback;
pub use load::Load;
pub use plane::{Plane, Scales};
