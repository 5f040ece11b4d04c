//! How many nodes, in how many shards, and of which type.
//!
//! Shards and replicas come before nodes get smaller, and go after nodes got larger, so that the keys fit at every moment; replicas come
//! before Multi-AZ is turned on, and it is off before the last of them goes (facts 1.7).

use super::super::diff::{self, NodeTypeSeen};
use super::super::{Refusal, Step, Wanted};
use super::ask::ask;
use super::settled::Looked;
use crate::asked::{Asked, AskedField};
use crate::shard::{Shape, ShardView};
use crate::{GroupView, Next, Tags, Wait, WaitingOn};

/// Adds what is missing, and changes what fails over and the node type while there are most nodes to carry the load.
pub(super) fn resize(wanted: &Wanted, seen: &Looked<'_>) -> Option<Next<Step, Refusal>> {
    let &Looked { group, now, .. } = seen;
    if let Some(next) = more(wanted, seen) {
        return Some(next);
    }
    let resilience = wanted.resilience(diff::wanted_shape(wanted, group));
    match diff::resilience(group) {
        Some(it) if it == resilience => {}
        Some(_) => return Some(Next::Do(Step::SetResilience(resilience))),
        None => return Some(Next::Wait(Wait::slow(WaitingOn::Modification))),
    }
    let stated = &wanted.spec.node_type;
    match diff::node_type(wanted, group) {
        NodeTypeSeen::AsWanted => None,
        NodeTypeSeen::Lags(member) => Some(Next::Wait(Wait::slow(WaitingOn::Member(member)))),
        NodeTypeSeen::Other(got) => {
            let asked = Asked { field: AskedField::NodeType, value: stated.to_string(), at: now };
            let step = |mark| Step::SetNodeType { to: stated.clone(), mark };
            Some(ask(wanted, asked, step, Tags::new(), &got, seen))
        }
    }
}

/// Shards come before their replicas: ElastiCache makes each as large as the smallest.
fn more(wanted: &Wanted, seen: &Looked<'_>) -> Option<Next<Step, Refusal>> {
    let group = seen.group;
    match diff::wanted_shape(wanted, group) {
        Shape::Single { nodes } => (diff::shape(group).nodes() < nodes).then(|| {
            Next::Do(Step::AddReplicas { to: nodes.saturating_sub(1), shards: Vec::new() })
        }),
        Shape::Sharded { shards, .. } => {
            if let Some(next) = untold(group) {
                return Some(next);
            }
            if diff::shape(group).shards() < shards {
                return Some(reshard(wanted, shards, Vec::new(), seen));
            }
            let to = stated_replicas(wanted)?;
            let lacking = named(group, |it| it.replicas() < to)?;
            Some(Next::Do(Step::AddReplicas { to, shards: lacking }))
        }
    }
}

/// Shards go before their replicas: their keys move while each has most nodes.
///
/// Those go that have the highest numbers, so that every try names the same ones. They are named, and not those that stay: one that
/// somebody else adds meanwhile is then refused by ElastiCache, and not taken away unseen.
pub(super) fn fewer(wanted: &Wanted, seen: &Looked<'_>) -> Option<Next<Step, Refusal>> {
    let group = seen.group;
    match diff::wanted_shape(wanted, group) {
        Shape::Single { nodes } => (nodes < diff::shape(group).nodes()).then(|| {
            Next::Do(Step::RemoveReplicas { to: nodes.saturating_sub(1), shards: Vec::new() })
        }),
        Shape::Sharded { shards, .. } => {
            if shards < diff::shape(group).shards() {
                let gone = last(group, shards);
                return Some(reshard(wanted, shards, gone, seen));
            }
            let to = stated_replicas(wanted)?;
            let spare = named(group, |it| to < it.replicas())?;
            Some(Next::Do(Step::RemoveReplicas { to, shards: spare }))
        }
    }
}

/// What is changed shard by shard is not decided on while a member is in none of them.
fn untold(group: &GroupView) -> Option<Next<Step, Refusal>> {
    let told: usize = group.shards.iter().map(|it| it.members.len()).sum();
    (told != group.member_ids.len()).then(|| Next::Wait(Wait::slow(WaitingOn::Modification)))
}

/// The replicas that every shard should have; nothing where each keeps those that it has.
fn stated_replicas(wanted: &Wanted) -> Option<u32> {
    (!wanted.keep.nodes).then(|| wanted.spec.shape.replicas())
}

fn named(group: &GroupView, is_one: impl Fn(&ShardView) -> bool) -> Option<Vec<String>> {
    let ids = group.shards.iter().filter(|it| is_one(it)).map(|it| it.id.clone());
    Some(ids.collect::<Vec<_>>()).filter(|it| !it.is_empty())
}

/// The shards beyond so many, by their numbers.
fn last(group: &GroupView, stay: u32) -> Vec<String> {
    let mut ids: Vec<String> = group.shards.iter().map(|it| it.id.clone()).collect();
    ids.sort_unstable();
    ids.into_iter().skip(usize::try_from(stay).unwrap_or(usize::MAX)).collect()
}

/// ElastiCache takes another number of shards, and may drop it when keys are under way (facts 4.3).
fn reshard(wanted: &Wanted, to: u32, gone: Vec<String>, seen: &Looked<'_>) -> Next<Step, Refusal> {
    let asked = Asked { field: AskedField::Shards, value: to.to_string(), at: seen.now };
    let got = seen.group.shards.len().to_string();
    ask(wanted, asked, |mark| Step::SetShards { to, gone, mark }, Tags::new(), &got, seen)
}
