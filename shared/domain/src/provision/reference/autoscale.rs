//! What the autoscaler may do.

use super::{Default, OnUpdate, Property};

pub(super) const PROPERTIES: &[Property] = &[
    Property {
        name: "AutoscaleMaxNodeType",
        takes: "with `ClusterMode` `disabled`, a current node type without data tiering, not smaller than `RedisNodeType`, that runs `RedisEngineVersion`",
        default: Default::Derived("the largest of the family"),
        update: OnUpdate::InPlace,
        rule: "newer node types run newer versions only. A larger type that somebody chose is told and left: its keys may have no room below",
    },
    Property {
        name: "AutoscaleMaxReplicas",
        takes: "0 to 5, not below the minimum; with `ClusterMode` `disabled`",
        default: Default::Derived("5"),
        update: OnUpdate::InPlace,
        rule: "a group has five replicas at most. Replicas that somebody took out of the two bounds go back to the nearest with the next update, where `AutoscaleMode` is `up-only` or `full`",
    },
    Property {
        name: "AutoscaleMinReplicas",
        takes: "0 to 5; 1 at least from 2 nodes on; with `ClusterMode` `disabled`",
        default: Default::Derived("as the stack starts, at most 1"),
        update: OnUpdate::InPlace,
        rule: "a group that fails over keeps a replica",
    },
    Property {
        name: "AutoscaleMode",
        takes: "`off`, `recommend`, `up-only`, `full`",
        default: Default::Value("full"),
        update: OnUpdate::InPlace,
        rule: "none; it becomes a tag of the group. With `ClusterMode` `enabled` the autoscaler leaves the cache alone, and says so",
    },
];
