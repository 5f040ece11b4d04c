//! How many nodes, and how they share the keys.

use super::super::property::Properties;
use crate::shard::Shape;

/// No quota is raised beyond so many nodes of one cache (facts 1.5).
const NODES_MAX: u32 = 500;

/// One primary and its replicas, or shards with theirs: each has properties of its own, which do not go together.
pub(super) fn shape(read: &mut Properties<'_>) -> Shape {
    let is_sharded = cluster_mode(read);
    let nodes = read.number("RedisNumCacheNodes", 1..=6);
    let shards = read.number("NumNodeGroups", 1..=NODES_MAX);
    let replicas = read.number("ReplicasPerNodeGroup", 0..=5);
    if !is_sharded {
        without_shards(read, shards, replicas);
        return Shape::Single { nodes: nodes.unwrap_or(2) };
    }
    if let Some(nodes) = nodes {
        read.problems.add(
            "RedisNumCacheNodes",
            format!("is {nodes}, and ClusterMode is enabled: NumNodeGroups and ReplicasPerNodeGroup say there how many nodes there are; leave it out"),
        );
    }
    let shape = Shape::Sharded { shards: shards.unwrap_or(1), replicas: replicas.unwrap_or(1) };
    if NODES_MAX < shape.nodes() {
        read.problems.add(
            "NumNodeGroups",
            format!(
                "{} with ReplicasPerNodeGroup {} makes {} nodes, and a cache has {NODES_MAX} at most",
                shape.shards(),
                shape.replicas(),
                shape.nodes()
            ),
        );
    }
    shape
}

fn cluster_mode(read: &mut Properties<'_>) -> bool {
    const NAME: &str = "ClusterMode";
    if read.text(NAME).as_deref() == Some("compatible") {
        read.problems.add(
            NAME,
            "compatible is a step on the way from disabled to enabled, which is not gone here; state one of the two",
        );
        return false;
    }
    read.one_of(NAME, &["disabled", "enabled"], "disabled") == "enabled"
}

fn without_shards(read: &mut Properties<'_>, shards: Option<u32>, replicas: Option<u32>) {
    // What is wrong with the mode is told already, and what would follow from another is not known.
    if read.has_problem("ClusterMode") {
        return;
    }
    if let Some(shards) = shards.filter(|it| 1 < *it) {
        read.problems.add(
            "NumNodeGroups",
            format!("{shards} is more than 1, and ClusterMode is disabled: one primary has all keys there; state ClusterMode enabled"),
        );
    }
    if let Some(replicas) = replicas {
        read.problems.add(
            "ReplicasPerNodeGroup",
            format!("is {replicas}, and ClusterMode is disabled: RedisNumCacheNodes says there how many nodes there are, the primary with them"),
        );
    }
}

/// The property that says how many replicas there are, as the stack states it.
pub(super) fn stated(shape: Shape) -> String {
    match shape {
        Shape::Single { nodes } => format!("RedisNumCacheNodes {nodes}"),
        Shape::Sharded { replicas, .. } => format!("ReplicasPerNodeGroup {replicas}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{parsed, spec};
    use super::*;

    fn stated(shards: &str, replicas: &str) -> Shape {
        let over = [
            ("ClusterMode", "enabled"),
            ("NumNodeGroups", shards),
            ("ReplicasPerNodeGroup", replicas),
        ];
        spec(&over).shape
    }

    #[test]
    fn a_cache_with_shards_has_replicas_by_default() {
        assert_eq!(stated("3", "2"), Shape::Sharded { shards: 3, replicas: 2 });
        assert_eq!(stated("3", ""), Shape::Sharded { shards: 3, replicas: 1 });
        assert_eq!(stated("", "0"), Shape::Sharded { shards: 1, replicas: 0 });
        assert_eq!(spec(&[("NumNodeGroups", "1")]).shape, Shape::Single { nodes: 2 });
    }

    #[test]
    fn multi_az_follows_from_the_replicas_of_each_shard() {
        let mode = ("ClusterMode", "enabled");
        assert!(spec(&[mode]).multi_az);
        assert!(!spec(&[mode, ("NumNodeGroups", "3"), ("ReplicasPerNodeGroup", "0")]).multi_az);
    }

    #[test]
    fn what_does_not_go_together_is_told_at_once() {
        #[track_caller]
        fn check(over: &[(&str, &str)], expected: &[&str]) {
            let told = parsed(over).unwrap_err();
            let told: Vec<String> =
                told.iter().map(|it| format!("{} {}", it.name, it.rule)).collect();
            assert_eq!(told.len(), expected.len(), "{told:#?}");
            for (told, expected) in told.iter().zip(expected) {
                assert!(told.starts_with(expected), "{told}\ndoes not start with\n{expected}");
            }
        }
        check(
            &[("NumNodeGroups", "3"), ("ReplicasPerNodeGroup", "1")],
            &[
                "NumNodeGroups 3 is more than 1, and ClusterMode is disabled",
                "ReplicasPerNodeGroup is 1, and ClusterMode is disabled",
            ],
        );
        let mode = ("ClusterMode", "enabled");
        check(
            &[
                mode,
                ("RedisNumCacheNodes", "3"),
                ("NumNodeGroups", "84"),
                ("ReplicasPerNodeGroup", "5"),
            ],
            &[
                "RedisNumCacheNodes is 3, and ClusterMode is enabled",
                "NumNodeGroups 84 with ReplicasPerNodeGroup 5 makes 504 nodes",
            ],
        );
        check(
            &[mode, ("ReplicasPerNodeGroup", "0"), ("EnableMultiAz", "true")],
            &["EnableMultiAz is true with ReplicasPerNodeGroup 0"],
        );
        check(
            &[mode, ("ReplicasPerNodeGroup", "2"), ("AutoscaleMaxReplicas", "1")],
            &["AutoscaleMaxReplicas is less than the 2 replicas of ReplicasPerNodeGroup 2"],
        );
        check(
            &[("ClusterMode", "compatible"), ("NumNodeGroups", "3")],
            &["ClusterMode compatible is a step"],
        );
        check(&[("ClusterMode", "on")], &["ClusterMode \"on\" is not one of disabled, enabled"]);
        check(
            &[mode, ("NumNodeGroups", "0"), ("ReplicasPerNodeGroup", "6")],
            &["NumNodeGroups \"0\" is not a whole number", "ReplicasPerNodeGroup \"6\" is not"],
        );
    }
}
