//! Groups with cluster mode enabled.

use super::*;
use crate::shard::{SLOTS, ShardView};

/// The source, with two shards of a primary and a replica each.
fn source() -> GroupView {
    let mut group = sample::group("orders", 4);
    group.cluster_enabled = true;
    group.configuration_endpoint = group.primary_endpoint.take();
    group.shards = shards(&group);
    group
}

fn shards(group: &GroupView) -> Vec<ShardView> {
    let pairs = group.member_ids.chunks(2).enumerate();
    let shard = |(at, members): (usize, &[crate::MemberId])| ShardView {
        id: format!("{:04}", at + 1),
        slots: Some(SLOTS / 2),
        members: members.to_vec(),
    };
    pairs.map(shard).collect()
}

/// Two shards of so many MiB, the first with a quarter of the slots.
fn view_of(first: u64, second: u64) -> RestoreView {
    let mut snapshot = sample::snapshot("orders", TICK);
    let shard = |size, slots| SavedShard { size: Some(Bytes(size << 20)), slots: vec![slots] };
    snapshot.shards = vec![shard(first, (0, 4095)), shard(second, (4096, 16383))];
    snapshot.size = Some(Bytes((first + second) << 20));
    snapshot.group = snapshot.member.take().map(|_| "orders".to_owned());
    RestoreView { snapshot: Some(snapshot), source: Some(source()), ..RestoreView::default() }
}

fn planned(view: &RestoreView) -> Plan {
    let Next::Do(RestoreStep::Create(plan)) = restore().plan(view, Catalog::embedded()) else {
        panic!("nothing is to be made");
    };
    *plan
}

/// The group after its creation.
fn there_with_shards() -> RestoreView {
    let view = view_of(10, 30);
    let plan = planned(&view);
    let mut target = GroupView { id: plan.target, ..source() };
    (target.description, target.tags) = (plan.description, Some(plan.tags));
    RestoreView { target: Some(target), ..view }
}

const SHARDED: &str = "create orders-back from orders-daily-202601020304 like orders: 2 shards of 2 x cache.t4g.small, 7.1, MultiAz";

#[test]
fn shards_keep_their_slots_and_have_the_replicas_of_the_source() {
    let view = view_of(10, 30);
    check(&view, SHARDED);
    assert_eq!(planned(&view).slots, [(0, 4095), (4096, 16383)]);
}

#[test]
fn slots_that_no_creation_can_name_are_spread_evenly() {
    let mut view = view_of(10, 30);
    let shards = &mut view.snapshot.as_mut().unwrap().shards;
    shards[0].slots.push((16000, 16383));
    shards[1].slots = vec![(4096, 15999)];
    check(&view, SHARDED);
    assert_eq!(planned(&view).slots, []);
}

#[test]
fn there_are_as_many_shards_as_were_saved() {
    let mut view = view_of(10, 30);
    let source = view.source.as_mut().unwrap();
    source.shards.pop();
    source.member_ids.truncate(2);
    source.members.truncate(2);
    check(&view, SHARDED);
}

#[test]
fn one_primary_goes_into_the_shards_of_another_group() {
    let view = RestoreView { snapshot: fresh().snapshot, ..view_of(10, 30) };
    check(&view, SHARDED);
    assert_eq!(planned(&view).slots, []);
}

#[test]
fn the_fullest_shard_has_to_fit() {
    check(&view_of(900, 900), SHARDED);
    check(&view_of(100, 1500), &SHARDED.replace("small", "medium"));
    let stated =
        Restore { node_type: Some(NodeType::parse("cache.t4g.micro").unwrap()), ..restore() };
    check_as(
        &stated,
        &view_of(100, 900),
        "refuse: the data take 900.0 MiB in the fullest of 2 shards, cache.t4g.micro has 384.0 MiB for them",
    );
    check(
        &view_of(1, 50 << 10),
        "refuse: the data take 50.0 GiB in the fullest of 2 shards, and no node type of the family has that; name one in `nodeType`",
    );
}

#[test]
fn everything_that_speaks_against_it_is_told_at_once() {
    let mut view = view_of(100, 900);
    let snapshot = view.snapshot.as_mut().unwrap();
    snapshot.status = SnapshotStatus::Failed;
    snapshot.engine_version = "7.2.4".to_owned();
    view.source.as_mut().unwrap().tags.as_mut().unwrap().remove(tag::SECRET);
    let stated =
        Restore { node_type: Some(NodeType::parse("cache.t4g.micro").unwrap()), ..restore() };
    check_as(
        &stated,
        &view,
        "refuse: the snapshot orders-daily-202601020304 is failed; the snapshot orders-daily-202601020304 is of version 7.2.4, newer than 7.1.0, which the new group would run; orders asks for a token, and has no cachewarden:secret tag; name the secret in `secret`; the data take 900.0 MiB in the fullest of 2 shards, cache.t4g.micro has 384.0 MiB for them",
    );
    (view.snapshot, view.source) = (None, None);
    view.target = Some(sample::group("orders-back", 2));
    check_as(
        &Restore { from: Some(GroupId::parse("orders").unwrap()), ..stated },
        &view,
        "refuse: the group orders-back is there already: Cachewarden did not restore it; nothing was touched, name another; there is no snapshot orders-daily-202601020304; the group orders is gone, and a snapshot holds neither token, users nor network; name in `from` a group whose settings the new one takes",
    );
}

#[test]
fn a_source_without_replicas_keeps_its_failover() {
    let mut view = view_of(10, 30);
    let source = view.source.as_mut().unwrap();
    for shard in &mut source.shards {
        shard.members.truncate(1);
    }
    check(&view, &SHARDED.replace("2 x", "1 x").replace("MultiAz", "Failover"));
}

#[test]
fn a_shard_without_slots_is_waited_for() {
    let mut view = there_with_shards();
    check(&view, "put 5 alarms");
    view.target.as_mut().unwrap().shards[1].slots = None;
    check(&view, "wait: the slots of shard 0002");
}

#[test]
fn a_shard_that_a_node_would_take_along_must_not_be_used() {
    let mut view = there_with_shards();
    view.target.as_mut().unwrap().shards[1].members.pop();
    check(
        &view,
        "refuse: the group orders-back is there but must not be used: the number of replicas of a shard is 0, not 1 or more",
    );
    let mut view = there_with_shards();
    let target = view.target.as_mut().unwrap();
    (target.cluster_enabled, target.shards) = (false, Vec::new());
    check(
        &view,
        "refuse: the group orders-back is there but must not be used: cluster mode is off, not on",
    );
}

#[test]
fn shards_that_are_not_as_many_as_were_saved_are_told() {
    let mut view = there_with_shards();
    assert_eq!(restore().remarks(&view), []);
    let shards = &mut view.snapshot.as_mut().unwrap().shards;
    shards.push(SavedShard::default());
    let said: Vec<_> = restore().remarks(&view).iter().map(ToString::to_string).collect();
    assert_eq!(said, ["the number of shards is 2, not 3"]);
}
