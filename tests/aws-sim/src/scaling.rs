//! Application Auto Scaling, as far as replication groups go: what is registered, looked at and deregistered. Nothing is ever scaled.
//!
//! Names, limits and codes are those of the service's API model, `application-autoscaling/2016-02-06`; what can be registered is from the fact
//! sheet (facts 4.5). Why a group cannot be registered is said in words of ours: nobody has seen AWS's.

mod fields;
mod list;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::wire::Call;
use crate::{Refusal, Response, State};
use fields::{Fields, SUSPENSIONS, invalid};

/// Its state.
#[derive(Debug, Default)]
pub struct Service {
    /// What is registered, by resource and dimension, such as `replication-group/orders` and `elasticache:replication-group:Replicas`. The target of
    /// a group that was deleted stays until somebody deregisters it. UNCONFIRMED: AWS may take it away by itself.
    pub targets: BTreeMap<(String, String), Target>,
}

/// A scalable target.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// The last part of its ARN.
    pub id: String,
    /// The fewest shards, or replicas of each shard.
    pub min: i64,
    /// The most of them.
    pub max: i64,
    /// When it was first registered.
    pub registered_at: Timestamp,
    /// What is not done for now, in the API's words.
    pub suspended: BTreeSet<String>,
}

/// One call.
pub(crate) fn call(state: &mut State, asked: Call<'_>) -> Response {
    asked.answered(state, |state, operation, fields| {
        answer(state, operation, &Fields::of_request(fields)?)
    })
}

fn answer(state: &mut State, operation: &str, fields: &Fields) -> Result<Value, Refusal> {
    match operation {
        "DeregisterScalableTarget" => deregister(state, fields),
        "DescribeScalableTargets" => list::describe(state, fields),
        "RegisterScalableTarget" => register(state, fields),
        other => Err(Refusal::not_modelled(other)),
    }
}

/// Registers a target, or changes what is said of one.
fn register(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let (resource, dimension) = named(fields)?;
    if fields.has("Tags") {
        return Err(invalid("Tags are not modelled here"));
    }
    let bounds = check_resource(state, &resource, &dimension)?;
    let key = (resource, dimension);
    let known = state.scaling.targets.get(&key).cloned();
    let min = fields.number("MinCapacity")?.or(known.as_ref().map(|it| it.min));
    let max = fields.number("MaxCapacity")?.or(known.as_ref().map(|it| it.max));
    let (Some(min), Some(max)) = (min, max) else {
        return Err(invalid("MinCapacity and MaxCapacity are both needed for a new target"));
    };
    if max < min {
        return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    if min < bounds.0 || bounds.1 < max {
        let (least, most) = bounds;
        return Err(invalid(format!("{} is from {least} to {most}", key.1)));
    }
    let mut target = known.unwrap_or_else(|| Target {
        // No hyphens, as in the ARNs that the reference shows.
        id: state.seed.uuid().replace('-', ""),
        min,
        max,
        registered_at: state.now,
        suspended: BTreeSet::new(),
    });
    (target.min, target.max) = (min, max);
    for what in SUSPENSIONS {
        match fields.suspends(what) {
            Some(true) => drop(target.suspended.insert(what.to_owned())),
            Some(false) => drop(target.suspended.remove(what)),
            // What is not said stays as it was.
            None => {}
        }
    }
    let answer = json!({ "ScalableTargetARN": arn(state, &target) });
    state.scaling.targets.insert(key, target);
    Ok(answer)
}

fn deregister(state: &mut State, fields: &Fields) -> Result<Value, Refusal> {
    let (resource, dimension) = named(fields)?;
    let missing = format!(
        "No scalable target found for service namespace: {NAMESPACE}, resource ID: {resource}, scalable dimension: {dimension}"
    );
    match state.scaling.targets.remove(&(resource, dimension)) {
        Some(_) => Ok(json!({})),
        None => Err(Refusal::new(400, "ObjectNotFoundException", missing)),
    }
}

/// The one service whose resources can be registered here.
const NAMESPACE: &str = "elasticache";

/// The dimensions of a replication group, and from how few to how many there may be (facts 4.5). The third one of ElastiCache is of Memcached.
const DIMENSIONS: [(&str, (i64, i64)); 2] = [
    ("elasticache:replication-group:NodeGroups", (1, 250)),
    ("elasticache:replication-group:Replicas", (1, 5)),
];

/// The resource and the dimension that a request names.
fn named(fields: &Fields) -> Result<(String, String), Refusal> {
    let (namespace, resource) = (fields.namespace()?, fields.resource()?);
    let dimension = fields.dimension()?.ok_or_else(|| fields::missing("scalableDimension"))?;
    let is_known = DIMENSIONS.iter().any(|(it, _)| *it == dimension);
    if namespace != NAMESPACE || !is_known || group_of(&resource).is_none() {
        let text = "Unsupported service namespace, resource type or scalable dimension";
        return Err(invalid(text));
    }
    Ok((resource, dimension))
}

/// The replication group that a resource is.
fn group_of(resource: &str) -> Option<&str> {
    resource.strip_prefix("replication-group/").filter(|it| !it.is_empty())
}

/// Whether there is such a group with shards, and from how few to how many of the dimension it may have.
fn check_resource(state: &State, resource: &str, dimension: &str) -> Result<(i64, i64), Refusal> {
    let id = group_of(resource).unwrap_or_default();
    let elasticache = &state.elasticache;
    let group = elasticache.groups.get(id).filter(|it| !elasticache.standalone.contains(&it.id));
    let group = group.ok_or_else(|| invalid(format!("Replication group {id} does not exist")))?;
    if group.shards.is_none() {
        return Err(invalid(format!("Replication group {id} does not have cluster mode enabled")));
    }
    let bounds = DIMENSIONS.into_iter().find(|(it, _)| *it == dimension);
    Ok(bounds.map_or((0, 0), |(_, it)| it))
}

fn arn(state: &State, target: &Target) -> String {
    state.arn("application-autoscaling", &format!("scalable-target/{}", target.id))
}

#[cfg(test)]
mod tests;
