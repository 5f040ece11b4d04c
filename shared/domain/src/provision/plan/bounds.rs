//! What the autoscaler owns stays inside its bounds.
//!
//! Inside of them a number of replicas is its own business, whoever made it. Outside of them it never goes itself, so somebody else has
//! been there, or the stack has moved the bounds: an update takes that back to the nearest of them. A node type beyond its ceiling is
//! told and left (see `outputs`): whether its keys have room below, nobody has asked.

use super::super::{Wanted, diff};
use crate::GroupView;
use crate::shard::Shape;

/// States of the replicas that are left as they are found what the bounds allow.
///
/// While a cache is made, there is nothing yet that somebody could have changed.
pub(super) fn bounded(wanted: &mut Wanted, group: &GroupView) {
    if !wanted.keep.nodes || wanted.before.is_none() || !wanted.spec.autoscale.changes_size() {
        return;
    }
    let (least, most) = wanted.spec.autoscale.replicas_beside(wanted.spec.shape.replicas());
    let has = diff::shape(group).replicas();
    // Shards of which one has more than another are somebody's choice, and one number for all would undo it.
    if group.shards.iter().any(|it| it.replicas() != has) {
        return;
    }
    let to = has.min(most).max(least);
    if to != has {
        wanted.spec.shape = match wanted.spec.shape {
            Shape::Single { .. } => Shape::Single { nodes: to.saturating_add(1) },
            Shape::Sharded { shards, .. } => Shape::Sharded { shards, replicas: to },
        };
        wanted.keep.nodes = false;
    }
}
