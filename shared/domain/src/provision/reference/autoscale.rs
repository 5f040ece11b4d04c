//! What the autoscaler may do.

use super::{Default, OnUpdate, Property};

pub(super) const PROPERTIES: &[Property] = &[
    Property {
        name: "AutoscaleBudget",
        takes: "dollars a month, such as `250`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "it pays for the smallest size that the autoscaler may choose. Nothing is made larger beyond it, and that is told",
    },
    Property {
        name: "AutoscaleData",
        takes: "`store`, `cache`, or `cache 5` where five in a hundred reads may miss",
        default: Default::Derived("by the eviction policy"),
        update: OnUpdate::InPlace,
        rule: "a store grows when it is full. A cache, which is what `allkeys-…` makes of it, grows when too many reads miss",
    },
    Property {
        name: "AutoscaleMaxNodeType",
        takes: "a current node type without data tiering, not smaller than `RedisNodeType`, that runs `RedisEngineVersion`",
        default: Default::Derived("the largest of the family"),
        update: OnUpdate::InPlace,
        rule: "newer node types run newer versions only. A larger type that somebody chose is told and left: its keys may have no room below",
    },
    Property {
        name: "AutoscaleMaxReplicas",
        takes: "0 to 5, not below the minimum",
        default: Default::Derived("5"),
        update: OnUpdate::InPlace,
        rule: "a group, and each shard, has five replicas at most. Replicas that somebody took out of the two bounds go back to the nearest with the next update, where `AutoscaleMode` is `up-only` or `full`",
    },
    Property {
        name: "AutoscaleMinReplicas",
        takes: "0 to 5; 1 at least from 2 nodes on, and with `EnableMultiAz`",
        default: Default::Derived("as the stack starts, at most 1"),
        update: OnUpdate::InPlace,
        rule: "a group that fails over keeps a replica",
    },
    Property {
        name: "AutoscaleMinuteWorth",
        takes: "dollars, such as `0.5`",
        default: Default::Derived("what the nodes cost in an hour"),
        update: OnUpdate::InPlace,
        rule: "none; a minute of overload is weighed against the price of nodes with it",
    },
    Property {
        name: "AutoscaleMode",
        takes: "`off`, `recommend`, `up-only`, `full`",
        default: Default::Value("full"),
        update: OnUpdate::InPlace,
        rule: "none; it becomes a tag of the group. With `ClusterMode` `enabled` all shards have the node type and the replicas that the hottest of them asks for; how many shards there are is the stack's business",
    },
    Property {
        name: "AutoscaleNodeTypes",
        takes: "node types and families, such as `cache.r7g cache.t4g.medium`",
        default: Default::Derived("the family of the cache, and of `AutoscaleMaxNodeType`"),
        update: OnUpdate::InPlace,
        rule: "each is in the catalog. What runs the version and has room for the data is chosen from them",
    },
];
