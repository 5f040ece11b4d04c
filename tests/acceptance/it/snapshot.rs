//! Stories of `snapshot`: what is taken is there, what is deleted was not needed, and what is restored is as closed as before.

mod beside;
mod by_secret;
mod counted;
mod crowd;
mod drill;
mod events;
mod export;
pub(crate) mod grants;
mod in_place;
mod outage;
mod park;
mod promote;
mod restore;
mod shards;
mod stage;
mod stock;
mod tiers;
mod users;
