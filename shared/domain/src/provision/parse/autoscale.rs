//! What the autoscaler may do.

use super::super::AutoscalePolicy;
use super::super::property::Properties;
use super::engine::{Types, node_type};
use super::shape::stated;
use crate::autoscale::{Policy, offer};
use crate::engine::Engine;
use crate::shard::Shape;
use crate::{Catalog, NodeType, tag};

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
    let mut said = |name: &'static str, key: &'static str| {
        let text = read.text(name)?;
        // As its tag will hold it.
        let text = text.split([' ', ',']).filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ");
        if let Some(rule) = Policy::problem_of(key, &text, Catalog::embedded()) {
            read.problems.add(name, rule);
        }
        Some(text)
    };
    let node_types = said("AutoscaleNodeTypes", tag::AUTOSCALE_NODE_TYPES);
    let budget = said("AutoscaleBudget", tag::AUTOSCALE_BUDGET);
    let minute = said("AutoscaleMinuteWorth", tag::AUTOSCALE_MINUTE);
    let data = said("AutoscaleData", tag::AUTOSCALE_DATA);
    let memory = |it: &NodeType| Catalog::embedded().find(it).map(|it| it.maxmemory);
    if let (Some(start), Some(most)) = (starts_with, &max_node_type)
        && memory(most) < memory(start)
    {
        read.problems
            .add("AutoscaleMaxNodeType", format!("{most} is smaller than RedisNodeType, {start}"));
    }
    let policy = AutoscalePolicy {
        mode,
        max_node_type,
        min_replicas,
        max_replicas,
        node_types,
        budget,
        minute,
        data,
    };
    // Prices change, and a stack that is there must be free to go back to what it said.
    if types.before.is_none() {
        budget_has_room(read, engine, (shape, starts_with), &policy);
    }
    let replicas = shape.replicas();
    let starts = || format!("the {replicas} replicas of {}", stated(shape));
    if let (Some(least), Some(most)) = (min_replicas, max_replicas)
        && most < least
    {
        read.problems.add(
            "AutoscaleMinReplicas",
            format!("{least} is more than AutoscaleMaxReplicas, {most}"),
        );
    } else if min_replicas.is_some_and(|it| replicas < it) {
        read.problems.add("AutoscaleMinReplicas", format!("is more than {}", starts()));
    } else if max_replicas.is_some_and(|it| it < replicas) {
        read.problems.add("AutoscaleMaxReplicas", format!("is less than {}", starts()));
    }
    policy
}

/// A budget has to pay for the smallest size that the autoscaler may choose.
fn budget_has_room(
    read: &mut Properties<'_>,
    engine: Engine,
    (shape, starts_with): (Shape, Option<&NodeType>),
    policy: &AutoscalePolicy,
) {
    let tags = policy.tags().into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    let catalog = Catalog::embedded();
    let (Ok(Some(read_back)), Some(start)) = (Policy::read(&tags.collect(), catalog), starts_with)
    else {
        return;
    };
    let Some(budget) = read_back.budget else { return };
    let (min_replicas, _) = policy.replicas_beside(shape.replicas());
    let read_back = Policy { min_replicas, ..read_back };
    let starts = (shape.shards(), start);
    if let Some(least) = offer::least_a_month(catalog, starts, &read_back, engine)
        && budget < least
    {
        read.problems.add(
            "AutoscaleBudget",
            format!("{budget} is less than the ${least:.2} a month of the smallest size"),
        );
    }
}
