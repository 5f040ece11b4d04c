//! More shards, fewer, and the same ones spread evenly again.

use super::super::{Caller, all, one};
use super::ORDERS;
use crate::elasticache::node_type;
use crate::fault::Shortage;

const TWO: (&str, &str) = ("NodeGroupsToRemove.NodeGroupToRemove.1", "0002");

/// What the group says of slots that move.
fn progress(aws: &mut Caller) -> String {
    one(&one(&aws.group(), "PendingModifiedValues"), "ProgressPercentage")
}

#[test]
fn shards_come_before_slots_move_to_them() {
    let mut aws = Caller::with_shards("2", "1", |_| {});
    aws.fill(16_384);
    let answer = aws.reshard("4", &[]).unwrap();
    assert_eq!(one(&answer, "Status"), "modifying");
    assert_eq!(progress(&mut aws), "0.0");
    let group = aws.group();
    assert_eq!(all(&group, "NodeGroupId"), ["0001", "0002", "0003", "0004"]);
    let statuses: Vec<_> = all(&group, "NodeGroup").iter().map(|it| one(it, "Status")).collect();
    assert_eq!(statuses, ["modifying", "modifying", "creating", "creating"]);
    assert_eq!(one(&aws.member("orders-0004-002"), "CacheClusterStatus"), "creating");
    let refused = aws.reshard("3", &[TWO]).unwrap_err();
    assert_eq!(refused.code, "InvalidReplicationGroupState");
    aws.pass(10);
    assert_eq!(one(&aws.member("orders-0004-002"), "CacheClusterStatus"), "available");
    assert_eq!(aws.status(), "modifying");
    aws.pass(6);
    assert_eq!(progress(&mut aws), "40.0");
    assert_eq!(all(&aws.group(), "Slots"), ["0-8191", "8192-16383"], "until they have moved");
    aws.pass(9);
    assert_eq!(aws.status(), "available");
    assert_eq!(progress(&mut aws), "");
    assert_eq!(
        aws.shards(),
        [
            "0001 0-4095: orders-0001-001 orders-0001-002",
            "0002 4096-8191: orders-0002-001 orders-0002-002",
            "0003 8192-12287: orders-0003-001 orders-0003-002",
            "0004 12288-16383: orders-0004-001 orders-0004-002",
        ]
    );
    let used = aws.world.with(|it| it.nodes().iter().map(|it| it.bytes_used).collect::<Vec<_>>());
    assert_eq!(used, [4096; 8]);
}

#[test]
fn shards_go_once_their_slots_have_moved_away() {
    let mut aws = Caller::with_shards("3", "1", |_| {});
    aws.reshard("2", &[TWO]).unwrap();
    aws.pass(14);
    assert_eq!(all(&aws.group(), "NodeGroupId").len(), 3);
    assert!(aws.world.with(|it| it.nodes().iter().all(|it| it.serves)), "the data is still there");
    aws.pass(1);
    assert_eq!(one(&aws.member("orders-0002-001"), "CacheClusterStatus"), "deleting");
    let group = all(&aws.group(), "NodeGroup");
    assert_eq!(
        (one(&group[1], "Status"), one(&group[1], "Slots")),
        ("deleting".into(), String::new())
    );
    aws.pass(4);
    assert_eq!(
        aws.shards(),
        [
            "0001 0-8191: orders-0001-001 orders-0001-002",
            "0003 8192-16383: orders-0003-001 orders-0003-002",
        ]
    );
    assert_eq!(aws.status(), "available");
    let gone = [("CacheClusterId", "orders-0002-001")];
    assert_eq!(aws.code("DescribeCacheClusters", &gone), "CacheClusterNotFound");
    aws.reshard("1", &[("NodeGroupsToRetain.NodeGroupToRetain.1", "3")]).unwrap();
    aws.pass(30);
    assert_eq!(aws.shards(), ["0003 0-16383: orders-0003-001 orders-0003-002"]);
}

#[test]
fn ids_of_shards_come_again_or_do_not() {
    for (reused, next) in [(true, "0002"), (false, "0004")] {
        let mut aws = Caller::with_shards("3", "0", |it| it.switches.numbers_reused = reused);
        aws.reshard("2", &[TWO]).unwrap();
        aws.pass(30);
        aws.reshard("3", &[]).unwrap();
        aws.pass(30);
        assert!(all(&aws.group(), "NodeGroupId").contains(&next.to_owned()));
    }
}

#[test]
fn the_same_number_spreads_the_slots_evenly() {
    let mut aws = Caller::new(|_| {});
    let slots = [
        ("NodeGroupConfiguration.NodeGroupConfiguration.1.Slots", "0-99"),
        ("NodeGroupConfiguration.NodeGroupConfiguration.2.Slots", "100-16383"),
    ];
    aws.create_shards(&slots).unwrap();
    aws.pass(20);
    aws.reshard("2", &[]).unwrap();
    assert_eq!(aws.status(), "modifying");
    aws.pass(15);
    assert_eq!(aws.status(), "available");
    assert_eq!(all(&aws.group(), "Slots"), ["0-8191", "8192-16383"]);
}

#[test]
fn new_shards_are_as_large_as_the_smallest_and_where_they_are_asked_to_be() {
    let mut aws = Caller::with_shards("2", "2", |_| {});
    let fewer = [
        ORDERS,
        super::NOW,
        ("ReplicaConfiguration.ConfigureShard.1.NodeGroupId", "0001"),
        ("ReplicaConfiguration.ConfigureShard.1.NewReplicaCount", "1"),
    ];
    aws.ask("DecreaseReplicaCount", &fewer).unwrap();
    aws.pass(4);
    let zone = "ReshardingConfiguration.ReshardingConfiguration.1.PreferredAvailabilityZones.AvailabilityZone";
    let (first, second) = (format!("{zone}.1"), format!("{zone}.2"));
    let zones = [(first.as_str(), "us-east-1c"), (second.as_str(), "us-east-1b")];
    assert_eq!(aws.reshard("2", &zones).unwrap_err().code, "InvalidParameterCombination");
    assert_eq!(aws.reshard("3", &zones[..1]).unwrap_err().code, "InvalidParameterValue");
    aws.reshard("3", &zones).unwrap();
    aws.pass(30);
    let group = all(&aws.group(), "NodeGroup");
    assert_eq!(all(&group[2], "PreferredAvailabilityZone"), ["us-east-1c", "us-east-1b"]);
}

#[test]
fn what_cannot_be_resharded_is_refused() {
    let mut aws = Caller::with_shards("2", "0", |_| {});
    let mut refused = |count: &str, more: &[(&str, &str)], code: &str| {
        let got = aws.reshard(count, more).expect_err(code);
        assert_eq!(got.code, code, "{count} {more:?} {}", got.message);
    };
    refused("0", &[], "InvalidParameterValue");
    refused("501", &[], "InvalidParameterValue");
    refused("1", &[], "InvalidParameterCombination");
    let keep = ("NodeGroupsToRetain.NodeGroupToRetain.1", "0001");
    refused("1", &[TWO, keep], "InvalidParameterCombination");
    refused("3", &[TWO], "InvalidParameterCombination");
    refused("1", &[(TWO.0, "0009")], "InvalidParameterValue");
    refused(
        "1",
        &[TWO, ("NodeGroupsToRemove.NodeGroupToRemove.2", "1")],
        "InvalidParameterCombination",
    );
    refused("91", &[], "NodeGroupsPerReplicationGroupQuotaExceeded");
    let later = [ORDERS, ("NodeGroupCount", "3"), ("ApplyImmediately", "false")];
    assert_eq!(
        aws.code("ModifyReplicationGroupShardConfiguration", &later),
        "InvalidParameterValue"
    );
    let mut aws = Caller::with_shards("46", "0", |_| {});
    let more = [ORDERS, super::NOW, ("NewReplicaCount", "1")];
    assert_eq!(aws.code("IncreaseReplicaCount", &more), "NodeQuotaForCustomerExceeded");
    let mut aws = Caller::with_group("2", |_| {});
    assert_eq!(
        aws.reshard("2", &[]).unwrap_err().message,
        "Operation is only applicable for cluster mode enabled replication groups."
    );
}

#[test]
fn a_resharding_that_fails_leaves_the_shards_as_they_were() {
    let short = |aws: &Caller, when| {
        let named = "cache.t4g.micro".to_owned();
        aws.world.with(|state| state.faults.shortages.insert(named, when));
    };
    let mut aws = Caller::with_shards("2", "1", |_| {});
    let before = aws.shards();
    short(&aws, Shortage::AtOnce);
    assert_eq!(aws.reshard("3", &[]).unwrap_err().code, "InsufficientCacheClusterCapacity");
    short(&aws, Shortage::Later);
    aws.reshard("3", &[]).unwrap();
    aws.pass(10);
    assert_eq!((aws.status(), aws.shards()), ("available".to_owned(), before.clone()));
    assert_eq!(progress(&mut aws), "");
    aws.world.with(|it| {
        it.faults.shortages.clear();
        it.faults.rollbacks = 1;
    });
    aws.reshard("3", &[]).unwrap();
    aws.pass(30);
    assert_eq!((aws.status(), aws.shards()), ("available".to_owned(), before.clone()));
    aws.world.with(|it| it.faults.rollbacks = 1);
    aws.reshard("1", &[TWO]).unwrap();
    aws.pass(30);
    assert_eq!((aws.status(), aws.shards()), ("available".to_owned(), before));
    let failed = |it: &&String| it.starts_with("Failed to change the number of node groups");
    assert_eq!(aws.events().iter().filter(failed).count(), 3);
}

#[test]
fn shards_that_the_data_does_not_fit_into_do_not_go() {
    let room = node_type::find("cache.t4g.micro").unwrap().maxmemory;
    for at_once in [false, true] {
        let mut aws =
            Caller::with_shards("2", "0", |it| it.switches.misfit_refused_at_once = at_once);
        aws.fill(room);
        let asked = aws.reshard("1", &[TWO]);
        assert_eq!(asked.is_err(), at_once);
        aws.pass(30);
        assert_eq!((aws.status(), aws.shards().len()), ("available".to_owned(), 2));
        aws.fill(room / 2);
        aws.reshard("1", &[TWO]).unwrap();
        aws.pass(30);
        assert_eq!(aws.shards().len(), 1);
    }
}

#[test]
fn looks_that_are_stale_show_neither_new_shards_nor_slots_that_move() {
    let mut aws = Caller::with_shards("2", "0", |it| it.switches.stale_looks = 1);
    aws.reshard("3", &[]).unwrap();
    let shown = [aws.group(), aws.group()];
    let told =
        |it: &String| (one(it, "Status"), all(it, "NodeGroupId").len(), it.contains("Resharding"));
    assert_eq!(
        shown.each_ref().map(told),
        [("available".to_owned(), 2, false), ("modifying".to_owned(), 3, true)]
    );
}
