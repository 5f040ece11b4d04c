//! What an update may touch: what the stack stated before against what it states now.

use super::{Backend, GroupSpec, Keep, Parsed, name};
use crate::{GroupId, Problems};

/// Tells what an update leaves as it is found, or every reason why it cannot be done on a running cache.
///
/// What a running cache cannot change is judged by the plan, against the cache itself: the way back from an update that was refused
/// has the same two sets of properties as the update, swapped, and must not be refused too (facts 7.4).
///
/// A replacement ends the old cache in CloudFormation's clean-up, so another id, which may be a slip, asks for none that the stack does not
/// say aloud.
pub fn judge(physical_id: &str, before: &Parsed, now: &Backend) -> Result<Keep, Problems> {
    let mut problems = Problems::default();
    let keep = match (before, now) {
        (_, Backend::Upstash(_)) if !physical_id.starts_with(name::UPSTASH) => {
            problems.add("UseUpstash", BACKEND);
            Keep::default()
        }
        (_, Backend::Upstash(_)) => Keep::default(),
        (_, Backend::ElastiCache(_)) if physical_id.starts_with(name::UPSTASH) => {
            problems.add("CreateElasticache", BACKEND);
            Keep::default()
        }
        (before, Backend::ElastiCache(spec)) => {
            let before = match before {
                Ok(Backend::ElastiCache(before)) => Some(before.as_ref()),
                Ok(Backend::Upstash(_)) | Err(_) => None,
            };
            let physical = GroupId::parse(physical_id).ok();
            let is_of = |spec: &GroupSpec| {
                physical.as_ref().is_some_and(|it| name::generation(spec, it).is_some())
            };
            // The way back from an update that replaces the group states no more than what stood before it.
            if !is_of(spec) && !spec.may_move() && !before.is_some_and(GroupSpec::may_move) {
                another_group(physical_id, spec, &mut problems);
            }
            match before.filter(|it| is_of(it)) {
                Some(before) => Keep {
                    node_type: before.node_type == spec.node_type,
                    nodes: before.shape.replicas() == spec.shape.replicas(),
                    shards: before.shape.shards() == spec.shape.shards(),
                    version: before.release() == spec.release(),
                },
                // What stood before was refused as a whole, so none of it was ever true: this is the way back from there.
                None => Keep::ALL,
            }
        }
    };
    if problems.is_empty() { Ok(keep) } else { Err(problems) }
}

const BACKEND: &str = "changes the backend, which would replace the cache and leave its keys behind; add the new backend under a second logical id, move the clients, then remove this one";

fn another_group(physical_id: &str, spec: &GroupSpec, problems: &mut Problems) {
    problems.add(
        "ReplicationGroupId",
        format!(
            "would change from {physical_id} to {}, which would replace the cache and lose its keys; keep the id (state ReplicationGroupId if ProjectName or Environment change), state Replacement with-data to have its keys carried over, or make a second cache under another logical id and restore a snapshot into it",
            spec.id
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::super::parse::tests::parsed;
    use super::*;

    #[track_caller]
    fn check(physical_id: &str, before: &[(&str, &str)], now: &[(&str, &str)], expected: &str) {
        let now = parsed(now).unwrap();
        let said = match judge(physical_id, &parsed(before), &now) {
            Ok(keep) => format!(
                "keeps node type {}, nodes {}, version {}{}",
                keep.node_type,
                keep.nodes,
                keep.version,
                if keep.shards { "" } else { ", but not the shards" }
            ),
            Err(problems) => {
                problems.iter().map(|it| it.name.clone()).collect::<Vec<_>>().join(", ")
            }
        };
        assert_eq!(said, expected);
    }

    const ID: &str = "orders-redis-production";

    #[test]
    fn what_the_stack_did_not_change_is_kept() {
        check(ID, &[], &[], "keeps node type true, nodes true, version true");
        let small = [("RedisNodeType", "cache.t4g.small")];
        check(ID, &[], &small, "keeps node type false, nodes true, version true");
        check(ID, &small, &[], "keeps node type false, nodes true, version true");
        check(
            ID,
            &[],
            &[("RedisNumCacheNodes", "3")],
            "keeps node type true, nodes false, version true",
        );
        check(
            ID,
            &[("RedisEngineVersion", "7.0")],
            &[],
            "keeps node type true, nodes true, version false",
        );
    }

    #[test]
    fn another_engine_is_another_version() {
        let valkey = [("Engine", "valkey")];
        check(ID, &[], &valkey, "keeps node type true, nodes true, version false");
        check(ID, &valkey, &[], "keeps node type true, nodes true, version false");
        check(ID, &valkey, &valkey, "keeps node type true, nodes true, version true");
        check(ID, &[], &[("Engine", "redis")], "keeps node type true, nodes true, version true");
    }

    #[test]
    fn shards_and_their_replicas_are_kept_by_themselves() {
        let shape = |shards, replicas| {
            [
                ("ClusterMode", "enabled"),
                ("NumNodeGroups", shards),
                ("ReplicasPerNodeGroup", replicas),
            ]
        };
        let two = shape("2", "1");
        check(ID, &two, &two, "keeps node type true, nodes true, version true");
        check(
            ID,
            &two,
            &shape("3", "1"),
            "keeps node type true, nodes true, version true, but not the shards",
        );
        check(ID, &two, &shape("2", "0"), "keeps node type true, nodes false, version true");
    }

    #[test]
    fn two_spellings_of_one_value_are_no_change() {
        check(
            ID,
            &[("RedisNumCacheNodes", " 2 ")],
            &[],
            "keeps node type true, nodes true, version true",
        );
    }

    #[test]
    fn the_way_back_from_properties_that_were_refused_changes_nothing() {
        let refused = [("RedisNodeType", "cache.t4g.small"), ("Colour", "red")];
        check(ID, &refused, &[], "keeps node type true, nodes true, version true");
    }

    #[test]
    fn the_way_back_from_another_id_changes_nothing() {
        let refused = [("ReplicationGroupId", "other"), ("RedisNodeType", "cache.t4g.small")];
        check(ID, &refused, &[], "keeps node type true, nodes true, version true");
    }

    #[test]
    fn nothing_that_would_replace_the_cache_is_done() {
        check(ID, &[], &[("ReplicationGroupId", "other")], "ReplicationGroupId");
        let upstash = [("UseUpstash", "true"), ("UpstashRedisUrl", "https://a.upstash.io")];
        check(ID, &[], &upstash, "UseUpstash");
        check("upstash:orders-production", &upstash, &[], "CreateElasticache");
        check(
            "upstash:orders-production",
            &upstash,
            &upstash,
            "keeps node type false, nodes false, version false, but not the shards",
        );
    }

    #[test]
    fn another_id_is_free_where_keys_are_carried_over_and_on_the_way_back() {
        let other = [("ReplicationGroupId", "other"), ("Replacement", "with-data")];
        let larger = [other[0], other[1], ("RedisNodeType", "cache.t4g.small")];
        check(ID, &[], &larger, "keeps node type false, nodes true, version true");
        check(ID, &larger, &[], "keeps node type true, nodes true, version true");
        check("other", &larger, &[], "keeps node type false, nodes true, version true");
    }

    #[test]
    fn a_group_that_took_anothers_place_is_the_stacks_own() {
        let second = "orders-redis-production-r2";
        check(second, &[], &[], "keeps node type true, nodes true, version true");
        let small = [("RedisNodeType", "cache.t4g.small")];
        check(second, &[], &small, "keeps node type false, nodes true, version true");
        let stated = [("ReplicationGroupId", ID)];
        check(second, &[], &stated, "ReplicationGroupId");
    }

    #[test]
    fn an_id_in_other_case_is_the_same_group() {
        check(
            "Orders-Redis-Production",
            &[],
            &[],
            "keeps node type true, nodes true, version true",
        );
    }
}
