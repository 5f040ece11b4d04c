//! Stories of `snapshot`: what is taken is there, what is deleted was not needed, and what is restored is as closed as before.

mod events;
mod faults;
pub(crate) mod grants;
mod restore;
mod stage;
mod stock;
