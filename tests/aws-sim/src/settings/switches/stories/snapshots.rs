//! Snapshots, and groups that are made of them.

use super::groups::{describe, ended, orders};
use super::{Story, Switches};
use crate::elasticache::stories::{Caller, all, one};

const ORDERS: (&str, &str) = ("ReplicationGroupId", "orders");

pub(super) const STORIES: &[Story] = &[
    Story {
        switch: "snapshot_by_group",
        take: |to, from| to.snapshot_by_group = from.snapshot_by_group,
        tell: |switches| {
            let mut aws = orders("2", switches);
            ended(aws.ask("CreateSnapshot", &[ORDERS, ("SnapshotName", "nightly")]))
        },
        usual: "InvalidParameterCombination",
        otherwise: "accepted",
    },
    Story {
        switch: "group_filter_finds_member_snapshots",
        take: |to, from| {
            to.group_filter_finds_member_snapshots = from.group_filter_finds_member_snapshots;
        },
        tell: |switches| {
            let mut aws = with_snapshot(switches);
            all(&aws.ask("DescribeSnapshots", &[ORDERS]).unwrap(), "SnapshotName").join(" ")
        },
        usual: "",
        otherwise: "nightly",
    },
    Story {
        switch: "unknown_group_snapshots_fail",
        take: |to, from| to.unknown_group_snapshots_fail = from.unknown_group_snapshots_fail,
        tell: |switches| {
            let mut aws = Caller::new(|it| it.switches = switches);
            ended(aws.ask("DescribeSnapshots", &[ORDERS]))
        },
        usual: "accepted",
        otherwise: "ReplicationGroupNotFoundFault",
    },
    Story {
        switch: "calls_during_snapshot",
        take: |to, from| to.calls_during_snapshot = from.calls_during_snapshot,
        tell: |switches| {
            let mut aws = orders("2", switches);
            take(&mut aws);
            ended(describe(&mut aws, "other"))
        },
        usual: "InvalidReplicationGroupState",
        otherwise: "accepted",
    },
    Story {
        switch: "copies_keep_their_time",
        take: |to, from| to.copies_keep_their_time = from.copies_keep_their_time,
        tell: |switches| {
            let mut aws = with_snapshot(switches);
            let told = |aws: &mut Caller, name| {
                let snapshot = aws.ask("DescribeSnapshots", &[("SnapshotName", name)]).unwrap();
                one(&snapshot, "SnapshotCreateTime")
            };
            let before = told(&mut aws, "nightly");
            let copy = [("SourceSnapshotName", "nightly"), ("TargetSnapshotName", "second")];
            aws.ask("CopySnapshot", &copy).unwrap();
            aws.pass(20);
            let is_same = told(&mut aws, "second") == before;
            if is_same { "of the data" } else { "of the copying" }.to_owned()
        },
        usual: "of the data",
        otherwise: "of the copying",
    },
    Story {
        switch: "final_snapshot_shows_snapshotting",
        take: |to, from| {
            to.final_snapshot_shows_snapshotting = from.final_snapshot_shows_snapshotting;
        },
        tell: |switches| {
            let mut aws = orders("2", switches);
            let last = [ORDERS, ("FinalSnapshotIdentifier", "last")];
            aws.ask("DeleteReplicationGroup", &last).unwrap();
            aws.status()
        },
        usual: "snapshotting",
        otherwise: "deleting",
    },
    Story {
        switch: "restore_inherits",
        take: |to, from| to.restore_inherits = from.restore_inherits,
        tell: restored_with_nothing_said,
        usual: "cache.t4g.micro of redis 7.1.0",
        otherwise: "InvalidParameterCombination",
    },
    Story {
        switch: "unreadable_file_refused_at_once",
        take: |to, from| to.unreadable_file_refused_at_once = from.unreadable_file_refused_at_once,
        tell: |switches| {
            let mut aws = Caller::new(|it| it.switches = switches);
            let file = ("SnapshotArns.SnapshotArn.1", "arn:aws:s3:::bucket/none.rdb");
            if let Err(refusal) = aws.create("orders", "1", &[file]) {
                return refusal.code;
            }
            aws.pass(20);
            aws.status()
        },
        usual: "create-failed",
        otherwise: "InvalidParameterValue",
    },
    Story {
        switch: "restore_keeps_shards",
        take: |to, from| to.restore_keeps_shards = from.restore_keeps_shards,
        tell: restored_into_fewer_shards,
        usual: "accepted",
        otherwise: "InvalidParameterCombination",
    },
    Story {
        switch: "shards_choose_parameters",
        take: |to, from| to.shards_choose_parameters = from.shards_choose_parameters,
        tell: |switches| {
            let mut aws = Caller::new(|it| it.switches = switches);
            ended(aws.ask("CreateReplicationGroup", &two_shards("orders")))
        },
        usual: "InvalidParameterCombination",
        otherwise: "accepted",
    },
];

/// What is asked for in a group of two shards, but for its parameter group.
fn two_shards(id: &str) -> Vec<(&str, &str)> {
    vec![
        ("ReplicationGroupId", id),
        ("ReplicationGroupDescription", "of shards"),
        ("CacheNodeType", "cache.t4g.micro"),
        ("Engine", "redis"),
        ("EngineVersion", "7.1"),
        ("AutomaticFailoverEnabled", "true"),
        ("NumNodeGroups", "2"),
    ]
}

fn restored_into_fewer_shards(switches: Switches) -> String {
    let mut aws = Caller::new(|it| it.switches = switches);
    let on = ("CacheParameterGroupName", "default.redis7.cluster.on");
    let mut asked = two_shards("orders");
    asked.push(on);
    aws.ask("CreateReplicationGroup", &asked).unwrap();
    aws.pass(20);
    let nightly = ("SnapshotName", "nightly");
    aws.ask("CreateSnapshot", &[ORDERS, nightly]).unwrap();
    aws.pass(20);
    let mut asked = two_shards("back");
    asked.retain(|(name, _)| *name != "NumNodeGroups");
    asked.extend([on, nightly, ("NumNodeGroups", "1")]);
    ended(aws.ask("CreateReplicationGroup", &asked))
}

fn take(aws: &mut Caller) {
    let nightly = [("CacheClusterId", "orders-002"), ("SnapshotName", "nightly")];
    aws.ask("CreateSnapshot", &nightly).unwrap();
}

fn with_snapshot(switches: Switches) -> Caller {
    let mut aws = orders("2", switches);
    take(&mut aws);
    aws.pass(20);
    aws
}

fn restored_with_nothing_said(switches: Switches) -> String {
    let mut aws = with_snapshot(switches);
    let fields = [
        ("ReplicationGroupId", "again"),
        ("ReplicationGroupDescription", "for tests"),
        ("SnapshotName", "nightly"),
    ];
    if let Err(refusal) = aws.ask("CreateReplicationGroup", &fields) {
        return refusal.code;
    }
    aws.pass(20);
    let member = aws.member("again-001");
    let text = |name| one(&member, name);
    format!("{} of {} {}", text("CacheNodeType"), text("Engine"), text("EngineVersion"))
}
