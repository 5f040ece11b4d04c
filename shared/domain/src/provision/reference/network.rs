//! Where the nodes stand.

use super::{Default, OnUpdate, Property};

pub(super) const PROPERTIES: &[Property] = &[
    Property {
        name: "AppSecurityGroupIds",
        takes: "`sg-…` that may connect; here they are only checked, the rules are the template's",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "a security group id starts with `sg-`",
    },
    Property {
        name: "EnableMultiAz",
        takes: "true, false; needs a replica, with shards one in each, and two subnets",
        default: Default::Derived("true from 2 nodes, or 1 replica a shard"),
        update: OnUpdate::InPlace,
        rule: "a second zone needs failover and a replica to stand in it",
    },
    Property {
        name: "IpDiscovery",
        takes: "`ipv4`, `ipv6`: which addresses the names of the cache lead to, where `NetworkType` has both",
        default: Default::Derived("`ipv4`, or `ipv6` where there is nothing else"),
        update: OnUpdate::InPlace,
        rule: "a cache has the addresses of its network and no others",
    },
    Property {
        name: "NetworkType",
        takes: "`ipv4`, `ipv6`, `dual_stack`; others than `ipv4` from Redis 6.2 on",
        default: Default::Value("ipv4"),
        update: OnUpdate::Replacement,
        rule: "a group keeps the network that it was made in; its subnets must have such addresses",
    },
    Property {
        name: "PreferredZones",
        takes: "zones of the stack's region such as `eu-west-1a`, one a node, the primary's first; with `ClusterMode` `enabled` each once and however many, and every shard walks round them, beginning one further than the shard before it; two at least for Multi-AZ",
        default: Default::Derived("ElastiCache chooses"),
        update: OnUpdate::InPlace,
        rule: "counts while the cache is made: a node never moves, and ElastiCache chooses the zone of one that is added, alone or in a new shard, or put in place of another",
    },
    Property {
        name: "PrivateSubnetIds",
        takes: "`subnet-…`, 1 to 20; two zones for Multi-AZ",
        default: Default::Derived("required with ElastiCache"),
        update: OnUpdate::InPlace,
        rule: "a subnet in which a node stands cannot be taken away",
    },
    Property {
        name: "SecurityGroupIds",
        takes: "`sg-…` of the cache",
        default: Default::Derived("required with ElastiCache"),
        update: OnUpdate::InPlace,
        rule: "without one a group stands in the default group of the VPC",
    },
    Property {
        name: "VpcId",
        takes: "`vpc-…`; told in `DeploymentInfo`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "a VPC id starts with `vpc-`",
    },
];
