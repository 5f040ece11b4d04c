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
        takes: "true, false; needs a replica and two subnets",
        default: Default::Derived("true from 2 nodes"),
        update: OnUpdate::InPlace,
        rule: "a second zone needs failover and a replica to stand in it",
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
