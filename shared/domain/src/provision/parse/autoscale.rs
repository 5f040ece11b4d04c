//! What the autoscaler may do.

use super::super::AutoscalePolicy;
use super::super::property::Properties;
use super::engine::{Types, node_type};
use crate::engine::Engine;
use crate::shard::Shape;
use crate::{Catalog, NodeType};

pub(super) const AUTOSCALE_MODES: &[&str] = &["off", "recommend", "up-only", "full"];

pub(super) fn autoscale(
    read: &mut Properties<'_>,
    engine: Engine,
    starts_with: Option<&NodeType>,
    shape: Shape,
    types: Types<'_>,
) -> AutoscalePolicy {
    let mode = read.one_of("AutoscaleMode", AUTOSCALE_MODES, "full");
    let max_node_type = node_type(read, "AutoscaleMaxNodeType", engine, types, None);
    let min_replicas = read.number("AutoscaleMinReplicas", 0..=5);
    let max_replicas = read.number("AutoscaleMaxReplicas", 0..=5);
    let memory = |it: &NodeType| Catalog::embedded().find(it).map(|it| it.maxmemory);
    if let (Some(start), Some(most)) = (starts_with, &max_node_type)
        && memory(most) < memory(start)
    {
        read.problems
            .add("AutoscaleMaxNodeType", format!("{most} is smaller than RedisNodeType, {start}"));
    }
    let policy = AutoscalePolicy { mode, max_node_type, min_replicas, max_replicas };
    let Shape::Single { nodes } = shape else { return policy };
    let replicas = shape.replicas();
    if let (Some(least), Some(most)) = (min_replicas, max_replicas)
        && most < least
    {
        read.problems.add(
            "AutoscaleMinReplicas",
            format!("{least} is more than AutoscaleMaxReplicas, {most}"),
        );
    } else if min_replicas.is_some_and(|it| replicas < it) {
        read.problems.add(
            "AutoscaleMinReplicas",
            format!("is more than the {replicas} replicas of RedisNumCacheNodes {nodes}"),
        );
    } else if max_replicas.is_some_and(|it| it < replicas) {
        read.problems.add(
            "AutoscaleMaxReplicas",
            format!("is less than the {replicas} replicas of RedisNumCacheNodes {nodes}"),
        );
    }
    policy
}
