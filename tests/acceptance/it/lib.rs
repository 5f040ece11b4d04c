//! The acceptance suite; the tests are in `main.rs` and its modules.
