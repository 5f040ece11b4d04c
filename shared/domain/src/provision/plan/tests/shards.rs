//! Shards and their replicas.

use super::*;
use crate::Bytes;
use crate::autoscale::{Load, Metric, Sample};
use crate::provision::fit;
use crate::shard::{SLOTS, Shape, ShardView};

/// A cache that is as the stack states it, with these shards of so many members each.
fn spread(over: &[(&str, &str)], shards: &[(&str, usize)], node_type: &str) -> Scene {
    let stated = [&[("ClusterMode", "enabled")], over].concat();
    let scene = Scene::stated(&stated).of(1, node_type, "7.1.0");
    let topics = scene.wanted.clone();
    let mut views = Vec::new();
    for (number, (id, members)) in (0..).zip(shards) {
        let count = u32::try_from(shards.len()).unwrap();
        let slots = Some(SLOTS / count + u32::from(number < SLOTS % count));
        let name = |it| format!("{}-{id}-{it:03}", topics.spec.id);
        let members = (1..=*members).map(|it| MemberId::parse(&name(it)).unwrap()).collect();
        views.push(ShardView { id: (*id).to_owned(), slots, members });
    }
    let ids: Vec<MemberId> = views.iter().flat_map(|it| it.members.clone()).collect();
    let mut scene = scene.group(|it| {
        let like = MemberView { role: None, ..it.members[0].clone() };
        it.members = ids.iter().map(|id| MemberView { id: id.clone(), ..like.clone() }).collect();
        it.member_ids = ids;
        it.shards = views;
        it.cluster_enabled = true;
        it.automatic_failover = Toggle::Enabled;
        it.multi_az = if topics.spec.multi_az { Toggle::Enabled } else { Toggle::Disabled };
        it.configuration_endpoint = it.primary_endpoint.take();
        it.reader_endpoint = None;
    });
    let alarms = alarms(&topics, scene.seen.group.as_ref().unwrap());
    scene = scene.around(|it| {
        it.alarms = alarms;
        it.parameter_groups[0].values.insert("cluster-enabled".to_owned(), "yes".to_owned());
    });
    scene
}

const MICRO: &str = "cache.t4g.micro";

fn shape<'a>(shards: &'a str, replicas: &'a str) -> [(&'a str, &'a str); 2] {
    [("NumNodeGroups", shards), ("ReplicasPerNodeGroup", replicas)]
}

/// What was asked for is noted, and then asked for.
#[track_caller]
fn check_asked(scene: Scene, asked: &str, step: &str) {
    check(scene.clone(), "Do: Ask");
    let asked = format!("{asked} at 2026-01-02T02:55:00Z");
    check(scene.tag(tag::ASKED, &asked), step);
}

#[test]
fn shards_as_stated_are_settled() {
    let two = shape("2", "1");
    check(spread(&two, &[("0001", 2), ("0002", 2)], MICRO), "Settled");
    let bare = [shape("3", "0").as_slice(), &[("SnapshotRetentionLimit", "0")]].concat();
    check(spread(&bare, &[("0001", 1), ("0002", 1), ("0007", 1)], MICRO), "Settled");
    let many = shape("4", "2");
    check(spread(&many, &[("0001", 3), ("0002", 3), ("0003", 3), ("0004", 3)], MICRO), "Settled");
}

#[test]
fn cluster_mode_is_set_in_the_parameters_before_the_group_is_made() {
    let stated = [&[("ClusterMode", "enabled")], shape("2", "1").as_slice()].concat();
    let mut scene = Scene::stated(&stated);
    scene.seen.group = None;
    check(
        scene.clone(),
        "Do: SetParameters { parameter_group: \"orders-redis-production-redis7\", values: {\"cluster-enabled\": \"yes\"} }",
    );
    let set = scene.around(|it| {
        it.parameter_groups[0].values.insert("cluster-enabled".to_owned(), "yes".to_owned());
    });
    check(set, "Do: MakeGroup");
}

#[test]
fn shards_come_first_then_replicas_and_the_node_type_before_any_go() {
    let larger = [shape("3", "2").as_slice(), &[("RedisNodeType", "cache.t4g.small")]].concat();
    check_asked(
        spread(&larger, &[("0001", 2), ("0002", 2)], MICRO),
        "shards=3",
        "Do: SetShards { to: 3, gone: [], mark",
    );
    check(
        spread(&larger, &[("0001", 2), ("0002", 3), ("0004", 2)], MICRO),
        "Do: AddReplicas { to: 2, shards: [\"0001\", \"0004\"] }",
    );
    check_asked(
        spread(&larger, &[("0001", 3), ("0002", 3), ("0004", 3)], MICRO),
        "node-type=cache.t4g.small",
        "Do: SetNodeType",
    );
    let fewer = shape("2", "1");
    check_asked(
        spread(&fewer, &[("0001", 3), ("0002", 3), ("0004", 3)], "cache.t4g.small"),
        "node-type=cache.t4g.micro",
        "Do: SetNodeType",
    );
    check_asked(
        spread(&fewer, &[("0004", 3), ("0001", 3), ("0002", 3)], MICRO),
        "shards=2",
        "Do: SetShards { to: 2, gone: [\"0004\"], mark",
    );
    check(
        spread(&fewer, &[("0001", 3), ("0002", 2)], MICRO),
        "Do: RemoveReplicas { to: 1, shards: [\"0001\"] }",
    );
}

#[test]
fn multi_az_goes_before_the_last_replicas_and_comes_after_the_first() {
    let none = shape("2", "0");
    let two = [("0001", 2), ("0002", 2)];
    let on = spread(&none, &two, MICRO).group(|it| it.multi_az = Toggle::Enabled);
    check(on, "Do: SetResilience(Failover)");
    check(spread(&none, &two, MICRO), "Do: RemoveReplicas { to: 0");
    let one = shape("2", "1");
    let bare = spread(&one, &[("0001", 1), ("0002", 1)], MICRO);
    check(bare.group(|it| it.multi_az = Toggle::Disabled), "Do: AddReplicas { to: 1");
    let off = spread(&one, &two, MICRO).group(|it| it.multi_az = Toggle::Disabled);
    check(off, "Do: SetResilience(MultiAz)");
}

#[test]
fn what_the_stack_did_not_change_of_shards_is_left_as_it_is_found() {
    let two = shape("2", "1");
    let grown = spread(&two, &[("0001", 2), ("0002", 3), ("0003", 2)], MICRO);
    check(grown.clone().wanting(|it| it.keep = Keep::ALL), "Settled");
    check(grown.clone().wanting(|it| it.keep.nodes = true), "Do: Ask");
    check(
        grown.wanting(|it| it.keep.shards = true),
        "Do: RemoveReplicas { to: 1, shards: [\"0002\"] }",
    );
}

#[test]
fn shards_that_elasticache_did_not_change_are_told() {
    let scene = spread(&shape("3", "1"), &[("0001", 2), ("0002", 2)], MICRO);
    let asked = "shards=3 at 2026-01-02T02:50:00Z";
    let called =
        |at: &str| scene.clone().tag(tag::ASKED, asked).called(&format!("{asked} called at {at}"));
    check(called("2026-01-02T02:58:00Z"), "Wait: a modification to finish");
    let mut late = called("2026-01-02T02:51:00Z");
    late.seen.events = vec!["orders: Failed to change the number of node groups.".to_owned()];
    check(
        late,
        "Refuse: the change of shards to 3 did not take, it is 2 still: its events say: orders: Failed",
    );
}

#[test]
fn keys_without_a_place_are_waited_for() {
    let two = shape("2", "1");
    let lacking = spread(&two, &[("0001", 2), ("0002", 2)], MICRO);
    check(lacking.clone().group(|it| it.shards[1].slots = None), "Wait: the slots of shard 0002");
    check(
        lacking.clone().group(|it| it.shards[0].slots = Some(1)),
        "Wait: the slots of shard 0001",
    );
    check(
        lacking.clone().group(|it| drop(it.shards[1].members.pop())),
        "Wait: a modification to finish",
    );
    check(lacking.group(|it| it.configuration_endpoint = None), "Wait: the group to be created");
}

#[test]
fn cluster_mode_does_not_change() {
    check(
        Scene::stated(&[("ClusterMode", "enabled")]),
        "Refuse: ClusterMode is disabled on the running cache and enabled in the template",
    );
    let two = spread(&shape("2", "1"), &[("0001", 2), ("0002", 2)], MICRO);
    let mut back = two.clone();
    back.wanted.before = Some(Box::new(spec(&[])));
    check(back, "Settled");
    let single = two.wanting(|it| it.spec = spec(&[]));
    check(single, "Refuse: ClusterMode is enabled on the running cache and disabled");
}

#[test]
fn automatic_snapshots_of_shards_name_no_member() {
    let on = spread(&shape("2", "1"), &[("0001", 2), ("0002", 2)], MICRO);
    let scene = on.group(|it| it.snapshot_retention_days = 0);
    let Next::Do(Step::SetSettings(settings)) = plan(&scene.wanted, &scene.seen, at(NOW)) else {
        panic!("no settings are changed");
    };
    let expected = Settings { snapshot_retention_days: Some(7), ..Settings::default() };
    assert_eq!(settings, expected);
}

#[test]
fn fewer_shards_than_the_keys_fit_into_are_refused_before_anything_is_done() {
    const MIB: u64 = 1 << 20;
    let three = [("0001", 2), ("0002", 2), ("0003", 2)];
    let with = |over: &[(&str, &str)], used: Option<u64>| {
        let over = [shape("2", "1").as_slice(), over].concat();
        let mut scene = spread(&over, &three, MICRO);
        scene.seen.used = used.map(|it| Bytes(it * MIB));
        scene
    };
    // A micro node has 512 MiB, of which a quarter is kept free.
    check(with(&[], Some(767)), "Do: Ask");
    check(
        with(&[], Some(769)),
        "Refuse: the keys of the cache take 769.0 MiB, and NumNodeGroups 2 of cache.t4g.micro has room for 768.0 MiB; no shard was removed",
    );
    check(with(&[], None), "Do: Ask");
    check(with(&[("RedisNodeType", "cache.t4g.small")], Some(769)), "Do: Ask");
    let reserved = with(&[("Parameters", "reserved-memory-percent=10")], Some(769));
    check(reserved.around(|it| it.engine_parameters = None), "Do: SetParameters");
    // What does not go need not fit.
    let kept = with(&[], Some(769)).wanting(|it| it.keep.shards = true);
    check(kept, "Settled");
}

#[test]
fn keys_are_counted_once_while_they_move() {
    let two = spread(&shape("2", "1"), &[("0001", 2), ("0002", 1)], MICRO).seen.group.unwrap();
    let [first, second, other] = two.member_ids.as_slice() else { panic!("three members") };
    let used = |samples: &[(&MemberId, &str, f64)]| {
        let mut load = Load::default();
        for (member, minute, value) in samples {
            let at = at(&format!("2026-01-02T02:{minute}:00Z"));
            load.insert(member, Metric::UsedBytes, vec![Sample { at, value: *value }]);
        }
        fit::used(&two, &load, at(NOW)).map(|it| it.0)
    };
    let old = [(first, "58", 100.0), (second, "58", 90.0), (other, "58", 20.0)];
    // Of a shard the member counts that has most.
    assert_eq!(used(&old), Some(120));
    let half = [&old[..], &[(first, "59", 60.0)]].concat();
    assert_eq!(used(&half), Some(120), "the other one does not tell of that minute");
    let whole = [&half[..], &[(other, "59", 61.0)]].concat();
    assert_eq!(used(&whole), Some(121));
    assert_eq!(used(&old[..2]), None);
    let stale = [(first, "49", 100.0), (other, "49", 20.0)];
    assert_eq!(used(&stale), None);
}

/// An update that leaves the size as the stack stated it before, over shards of so many members each.
fn found(over: &[(&str, &str)], shards: &[(&str, usize)]) -> Scene {
    let stated = [shape("2", "2").as_slice(), over].concat();
    let scene = spread(&stated, shards, MICRO);
    let before = scene.wanted.spec.clone();
    scene.wanting(|it| {
        it.keep = Keep::ALL;
        it.before = Some(Box::new(before));
    })
}

#[test]
fn replicas_of_shards_out_of_the_bounds_go_to_the_nearest() {
    let bounds = [("AutoscaleMinReplicas", "1"), ("AutoscaleMaxReplicas", "3")];
    let both = |count: usize| [("0001", count), ("0002", count)];
    check(found(&bounds, &both(1)), "Do: AddReplicas { to: 1, shards: [\"0001\", \"0002\"] }");
    for members in 2..=4 {
        check(found(&bounds, &both(members)), "Settled");
    }
    check(found(&bounds, &both(6)), "Do: RemoveReplicas { to: 3, shards: [\"0001\", \"0002\"] }");
    // Shards that differ are somebody's choice.
    check(found(&bounds, &[("0001", 6), ("0002", 3)]), "Settled");
    let off = [&bounds[..], &[("AutoscaleMode", "off")]].concat();
    check(found(&off, &both(6)), "Settled");
    // Another number of shards in the same update is still made.
    let more = found(&bounds, &both(6)).wanting(|it| {
        it.keep.shards = false;
        it.spec.shape = Shape::Sharded { shards: 3, replicas: 2 };
    });
    check_asked(more, "shards=3", "Do: SetShards { to: 3, gone: []");
}
