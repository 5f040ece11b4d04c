//! The stage of the acceptance suite: an account in which the four functions live, called as the template has them called, and the flows
//! through it that must survive everything.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it is a test's own code: what goes wrong on the stage stops the test there"
)]

pub mod credential;
pub mod flows;
pub mod log;
pub mod scene;
pub mod template;
