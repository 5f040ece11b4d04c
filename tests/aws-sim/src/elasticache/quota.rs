//! How much an account may have, and which ids are free (facts 1.6, 5.8).

use super::model::Group;
use crate::{Refusal, State};

/// Refuses so many more nodes where they are too many. Each node of Redis OSS or Valkey is a cluster of its own.
pub(super) fn check_nodes(state: &State, more: usize) -> Result<(), Refusal> {
    let (quotas, clusters) = (&state.settings.quotas, state.settings.switches.cluster_quota);
    if quotas.nodes.is_none() && clusters.is_none() {
        return Ok(());
    }
    let now: usize = state.elasticache.groups.values().map(|it| it.members.len()).sum();
    let is_over = |most: Option<usize>| most.filter(|it| *it < now.saturating_add(more));
    if let Some(most) = is_over(quotas.nodes) {
        // The words are AWS's own (ministryofjustice/cloud-platform#3241).
        let text = format!(
            "Customer node quota exceeded. You can have at most {most} nodes in this region."
        );
        return Err(Refusal::new(400, "NodeQuotaForCustomerExceeded", text));
    }
    if let Some(most) = is_over(clusters) {
        let text =
            format!("Customer cluster quota exceeded. You can have at most {most} clusters.");
        return Err(Refusal::new(400, "ClusterQuotaForCustomerExceeded", text));
    }
    Ok(())
}

/// Refuses more shards than a group may have.
pub(super) fn check_shards(state: &State, count: usize) -> Result<(), Refusal> {
    match state.settings.quotas.shards_of_group.filter(|it| *it < count) {
        None => Ok(()),
        Some(most) => {
            let text =
                format!("Quota exceeded. A replication group has {most} node groups at most.");
            Err(Refusal::new(400, "NodeGroupsPerReplicationGroupQuotaExceeded", text))
        }
    }
}

/// Refuses more nodes than a group with shards may have, by the code that the operation has for it.
pub(super) fn check_nodes_of_cluster(
    state: &State,
    count: usize,
    code: &str,
) -> Result<(), Refusal> {
    match state.settings.quotas.nodes_of_cluster.filter(|it| *it < count) {
        None => Ok(()),
        Some(most) => {
            let text = format!("Quota exceeded. A cluster has {most} nodes at most.");
            Err(Refusal::new(400, code, text))
        }
    }
}

/// Refuses one more of what there are so many of.
pub(super) fn check_one_more(
    now: usize,
    most: Option<usize>,
    code: &str,
    what: &str,
) -> Result<(), Refusal> {
    match most.filter(|it| *it <= now) {
        None => Ok(()),
        Some(most) => {
            let text =
                format!("Quota exceeded. You can have at most {most} {what} in this region.");
            Err(Refusal::new(400, code, text))
        }
    }
}

/// Whether a cluster of this id is there, shown or not.
pub(super) fn is_taken(state: &State, cluster: &str) -> bool {
    let elasticache = &state.elasticache;
    if elasticache.joined.contains(cluster) {
        // Any group may have it. Only some were named by hand, so that this is rare.
        return elasticache.groups.values().any(|it| it.members.contains_key(cluster));
    }
    let has = |group: &str| {
        elasticache.groups.get(group).is_some_and(|it| it.members.contains_key(cluster))
    };
    // Of a group, or of a shard of one.
    let group = cluster.rsplit_once('-').map(|(group, _)| group);
    let above = group.and_then(|it| it.rsplit_once('-')).map(|(group, _)| group);
    has(cluster) || group.is_some_and(has) || above.is_some_and(has)
}

/// A cluster's id that is not there yet.
pub(super) fn must_be_free(state: &State, cluster: &str) -> Result<(), Refusal> {
    if !is_taken(state, cluster) {
        return Ok(());
    }
    let text = format!("Cache cluster {cluster} already exists");
    Err(Refusal::new(400, "CacheClusterAlreadyExists", text))
}

/// The numbers that the members of a new group get. Those whose ids a cluster has that stands alone, or that was named by hand, are refused or
/// passed over.
pub(super) fn numbers(state: &State, group: &Group, count: u32) -> Result<Vec<u32>, Refusal> {
    let id = |number: u32| format!("{}-{number:03}", group.id);
    if state.settings.switches.taken_members_refused {
        for number in 1..=count {
            must_be_free(state, &id(number))?;
        }
    }
    let free = (1..=999).filter(|it| !is_taken(state, &id(*it)));
    Ok(free.take(usize::try_from(count).unwrap_or(0)).collect())
}
