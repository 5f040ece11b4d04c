//! What runs, and on which nodes.

use super::{Default, OnUpdate, Property};

pub(super) const PROPERTIES: &[Property] = &[
    Property {
        name: "AutoMinorVersionUpgrade",
        takes: "true, false",
        default: Default::Derived("true, from Redis 6.0 on and with Valkey"),
        update: OnUpdate::InPlace,
        rule: "ElastiCache installs minor versions in the maintenance window from 6.0 on, and does not heed the setting before",
    },
    Property {
        name: "EnableDataTiering",
        takes: "true, false; true with node types that keep cold keys on SSD (r6gd, from Redis 6.2 on), and with no others",
        default: Default::Value("false"),
        update: OnUpdate::Replacement,
        rule: "AWS changes such a node type only to another of its family, and no snapshot is read without it: to false it is refused, but for `Replacement` `without-data`; the autoscaler leaves such a cache alone",
    },
    Property {
        name: "Engine",
        takes: "`redis`, `valkey`",
        default: Default::Value("redis"),
        update: OnUpdate::BriefInterruption,
        rule: "a cache goes from redis to valkey in place, with a parameter group of the new family, and not back. The rollback right after keeps valkey and says so",
    },
    Property {
        name: "MaintenanceWindow",
        takes: "`sun:05:00-sun:07:00`, UTC",
        default: Default::Derived("AWS chooses"),
        update: OnUpdate::InPlace,
        rule: "an hour at least; apart from the snapshot window",
    },
    Property {
        name: "MaxmemoryPolicy",
        takes: "Redis's eight policies",
        default: Default::Value("allkeys-lru"),
        update: OnUpdate::InPlace,
        rule: "a parameter of our own group for the family; the default groups cannot be changed",
    },
    Property {
        name: "Parameters",
        takes: "parameters of the engine: a map, a list of `Key` and `Value`, or `timeout=60,activedefrag=yes`; not `maxmemory-policy`, `cluster-enabled` or `reserved-memory`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "names and values are held against what ElastiCache tells of the family before anything is made. What is no longer stated, or was set by somebody else, goes back to its default. Most take effect at once; `DeploymentInfo` names the nodes that wait for a reboot",
    },
    Property {
        name: "RedisEngineVersion",
        takes: "the version of `Engine`: 5.0.6, 6.0, 6.2, 7.0, 7.1 of redis; 7.2, 8.0, 8.1 of valkey",
        default: Default::Derived("`7.1` of redis, `8.1` of valkey"),
        update: OnUpdate::BriefInterruption,
        rule: "a version goes up in place and never down; before 5.0.6 a token cannot be changed",
    },
    Property {
        name: "RedisNodeType",
        takes: "a current node type, one that keeps cold keys on SSD only with `EnableDataTiering`, that runs `Engine` and `RedisEngineVersion`; an update may also go back to one of a previous generation",
        default: Default::Value("cache.t4g.micro"),
        update: OnUpdate::BriefInterruption,
        rule: "clients reconnect when a larger or smaller node takes over. Left to the autoscaler where the stack does not change it",
    },
];
