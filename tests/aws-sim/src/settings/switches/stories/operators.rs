//! What an operator does beside the functions: members, parameters, tags, exports, and how much there may be.

use super::groups::{ended, orders};
use super::{Story, Switches};
use crate::elasticache::stories::{Caller, all};

const ORDERS: (&str, &str) = ("ReplicationGroupId", "orders");
const SECOND: (&str, &str) = ("CacheClusterId", "orders-002");

pub(super) const STORIES: &[Story] = &[
    Story {
        switch: "reboot_makes_group_busy",
        take: |to, from| to.reboot_makes_group_busy = from.reboot_makes_group_busy,
        tell: |switches| {
            let mut aws = orders("2", switches);
            let node = ("CacheNodeIdsToReboot.CacheNodeId.1", "0001");
            aws.ask("RebootCacheCluster", &[SECOND, node]).unwrap();
            aws.status()
        },
        usual: "modifying",
        otherwise: "available",
    },
    Story {
        switch: "not_of_member_code",
        take: |to, from| to.not_of_member_code = from.not_of_member_code,
        tell: |switches| {
            let larger = [SECOND, ("CacheNodeType", "cache.t4g.small")];
            ended(orders("2", switches).ask("ModifyCacheCluster", &larger))
        },
        usual: "InvalidParameterValue",
        otherwise: "InvalidParameterCombination",
    },
    Story {
        switch: "static_parameters_fixed",
        take: |to, from| to.static_parameters_fixed = from.static_parameters_fixed,
        tell: more_databases,
        usual: "accepted",
        otherwise: "InvalidParameterValue",
    },
    Story {
        switch: "taken_members_refused",
        take: |to, from| to.taken_members_refused = from.taken_members_refused,
        tell: beside_a_retained_primary,
        usual: "CacheClusterAlreadyExists",
        otherwise: "accepted",
    },
    Story {
        switch: "cluster_quota",
        take: |to, from| to.cluster_quota = from.cluster_quota,
        tell: |switches| {
            let mut aws = Caller::new(|it| {
                it.switches = switches;
                it.quotas.nodes = None;
            });
            let names = (0..201).map(|it| format!("cache-{it}"));
            let made = names.filter(|it| aws.create(it, "1", &[]).is_ok()).count();
            format!("{made} of 201")
        },
        usual: "201 of 201",
        otherwise: "200 of 201",
    },
    Story {
        switch: "missing_tags_fail",
        take: |to, from| to.missing_tags_fail = from.missing_tags_fail,
        tell: |switches| {
            let arn = "arn:aws:elasticache:us-east-1:123456789012:replicationgroup:orders";
            let remove = [("ResourceName", arn), ("TagKeys.member.1", "none")];
            ended(orders("2", switches).ask("RemoveTagsFromResource", &remove))
        },
        usual: "TagNotFound",
        otherwise: "accepted",
    },
    Story {
        switch: "turning_off_drops_snapshots",
        take: |to, from| to.turning_off_drops_snapshots = from.turning_off_drops_snapshots,
        tell: |switches| {
            let mut aws = Caller::new(|it| it.switches = switches);
            aws.create("orders", "2", &[("SnapshotRetentionLimit", "3")]).unwrap();
            aws.pass(2 * 24 * 60);
            aws.modify(&[("SnapshotRetentionLimit", "0")]).unwrap();
            all(&aws.ask("DescribeSnapshots", &[]).unwrap(), "SnapshotName").len().to_string()
        },
        usual: "0",
        otherwise: "2",
    },
    Story {
        switch: "export_code",
        take: |to, from| to.export_code = from.export_code,
        tell: |switches| {
            let mut aws = orders("2", switches);
            aws.ask("CreateSnapshot", &[SECOND, ("SnapshotName", "one")]).unwrap();
            aws.pass(3);
            let export = [
                ("SourceSnapshotName", "one"),
                ("TargetSnapshotName", "one"),
                ("TargetBucket", "nowhere"),
            ];
            ended(aws.ask("CopySnapshot", &export))
        },
        usual: "InvalidParameterValue",
        otherwise: "InvalidParameterCombination",
    },
];

const MINE: (&str, &str) = ("CacheParameterGroupName", "mine");

/// A parameter that a node takes only when it starts, of a group that is in use.
fn more_databases(switches: Switches) -> String {
    let mut aws = Caller::new(|it| it.switches = switches);
    let made = [MINE, ("CacheParameterGroupFamily", "redis7"), ("Description", "of orders")];
    aws.ask("CreateCacheParameterGroup", &made).unwrap();
    aws.create("orders", "2", &[MINE]).unwrap();
    aws.pass(20);
    let databases = [
        MINE,
        ("ParameterNameValues.ParameterNameValue.1.ParameterName", "databases"),
        ("ParameterNameValues.ParameterNameValue.1.ParameterValue", "32"),
    ];
    ended(aws.ask("ModifyCacheParameterGroup", &databases))
}

/// A group of the name of one whose primary stands alone now.
fn beside_a_retained_primary(switches: Switches) -> String {
    let mut aws = orders("2", switches);
    aws.ask("DeleteReplicationGroup", &[ORDERS, ("RetainPrimaryCluster", "true")]).unwrap();
    aws.pass(6);
    ended(aws.create("orders", "2", &[]))
}
