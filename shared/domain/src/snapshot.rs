//! The vocabulary and the decisions of `snapshot`.
