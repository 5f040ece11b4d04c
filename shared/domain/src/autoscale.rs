//! The vocabulary and the decisions of `autoscale`.
