//! `CreateCacheCluster` into a replication group: one more replica, under a name of somebody's choice (facts 4.4).

use super::check::{self, bad_combination, bad_value};
use super::create::{named_member, no_capacity, zones};
use super::{describe, group, must_be_available, quota, replicas, shards, tags};
use crate::fault::Shortage;
use crate::wire::query::Params;
use crate::{Refusal, State};

/// All that may be said of a replica. The rest it has from its group, and AWS refuses it in these words (boto/boto#2180, aws/aws-sdk-ruby#546).
const OF_A_REPLICA: [&str; 6] = [
    "Action",
    "Version",
    "CacheClusterId",
    "ReplicationGroupId",
    "PreferredAvailabilityZone",
    "Tags",
];
const ONLY_OF_OTHERS: &str =
    "Cannot specify additional cache cluster parameters when creating a replica cluster";

/// `CreateCacheCluster`.
pub(super) fn join(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let into = params
        .text("ReplicationGroupId")
        .ok_or_else(|| bad_combination("a cluster outside of any group is not modelled here"))?;
    let name = check::cluster_id("CacheClusterId", &params.required("CacheClusterId")?)?;
    let mut grown = group(state, &into)?.clone();
    shards::must_be_off(&grown, "CreateCacheCluster")?;
    let said = params.all().iter().filter(|(_, value)| !value.is_empty());
    let mut said = said.map(|(name, _)| name.split('.').next().unwrap_or_default());
    if said.any(|it| !OF_A_REPLICA.contains(&it)) {
        return Err(bad_combination(ONLY_OF_OTHERS));
    }
    // They are those of its group.
    tags::read(params)?;
    must_be_available(state, &grown)?;
    quota::must_be_free(state, &name)?;
    if 5 < grown.replicas().count() + 1 {
        return Err(bad_value("The maximum number of replicas in a node group is 5."));
    }
    quota::check_nodes(state, 1)?;
    if state.faults.shortages.get(&grown.node_type) == Some(&Shortage::AtOnce) {
        return Err(no_capacity(&grown.node_type));
    }
    let zone = params.text("PreferredAvailabilityZone").filter(|it| !it.is_empty());
    let zone = zones(state, zone.into_iter().collect(), 1)?;
    let member = named_member(state, &grown, name.clone(), zone.first());
    grown.members.insert(name.clone(), member);
    state.elasticache.joined.insert(name.clone());
    replicas::grow(state, grown, vec![name.clone()]);
    describe::one_cluster(state, &name)
}
