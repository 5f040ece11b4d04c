//! Traces from files.
