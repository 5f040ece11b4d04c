//! The vocabulary and the decisions of `provision`.
