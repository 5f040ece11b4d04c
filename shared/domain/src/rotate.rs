//! The vocabulary and the decisions of `rotate`.
