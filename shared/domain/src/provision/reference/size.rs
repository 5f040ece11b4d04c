//! How many nodes, and how they share the keys.

use super::{Default, OnUpdate, Property};

pub(super) const PROPERTIES: &[Property] = &[
    Property {
        name: "ClusterMode",
        takes: "`disabled`, one primary has all keys and `RedisNumCacheNodes` says how many nodes there are; `enabled`, they are spread over `NumNodeGroups` shards of a primary and `ReplicasPerNodeGroup` replicas each",
        default: Default::Value("disabled"),
        update: OnUpdate::Replacement,
        rule: "a parameter of our own group, `cluster-enabled`, decides on it when a cache is made, and no snapshot is read without it: to `disabled` it is refused, but for `Replacement` `without-data`. Clients have to speak the protocol of clusters. `RedisEndpoint` and `RedisReaderEndpoint` are both the configuration endpoint; failover is always on",
    },
    Property {
        name: "NumNodeGroups",
        takes: "1 to 500 shards, with `ClusterMode` `enabled`; 500 nodes at most with their replicas",
        default: Default::Derived("1"),
        update: OnUpdate::InPlace,
        rule: "keys move to shards that come, and away from those that go before they do, while clients go on; those with the highest numbers go. AWS raises its quota of 90 nodes or shards on request. Fewer shards than the keys fit into are refused before any moves, as far as the metrics tell; what ElastiCache puts back is told. Left as it is found where the stack does not change it",
    },
    Property {
        name: "RedisNumCacheNodes",
        takes: "1 to 6, the primary with them; with `ClusterMode` `disabled`",
        default: Default::Derived("2, with `ClusterMode` `disabled`"),
        update: OnUpdate::InPlace,
        rule: "one primary and five replicas at most. Left to the autoscaler where the stack does not change it",
    },
    Property {
        name: "ReplicasPerNodeGroup",
        takes: "0 to 5, with `ClusterMode` `enabled`",
        default: Default::Derived("1, with `ClusterMode` `enabled`"),
        update: OnUpdate::InPlace,
        rule: "five replicas a shard at most. Without any, the keys of a shard whose node fails are gone. Left as it is found where the stack does not change it",
    },
];
