//! Replicas that somebody took out of the autoscaler's bounds.

use super::*;

const MICRO: &str = "cache.t4g.micro";
const BOUNDS: [(&str, &str); 3] =
    [("RedisNumCacheNodes", "3"), ("AutoscaleMinReplicas", "1"), ("AutoscaleMaxReplicas", "3")];

/// An update that leaves the size as the stack stated it before, over a cache of so many nodes.
fn found(over: &[(&str, &str)], nodes: usize) -> Scene {
    let scene = Scene::stated(over);
    let before = scene.wanted.spec.clone();
    scene.of(nodes, MICRO, "7.1.0").wanting(|it| {
        it.keep = Keep::ALL;
        it.before = Some(Box::new(before));
    })
}

#[test]
fn replicas_inside_the_bounds_are_left_and_others_go_to_the_nearest() {
    check(found(&BOUNDS, 1), "Do: AddReplicas { to: 1, shards: [] }");
    for nodes in 2..=4 {
        check(found(&BOUNDS, nodes), "Settled");
    }
    check(found(&BOUNDS, 6), "Do: RemoveReplicas { to: 3, shards: [] }");
}

#[test]
fn what_the_stack_starts_with_is_never_outside() {
    check(found(&[("RedisNumCacheNodes", "1")], 1), "Settled");
    let grown = found(&[("RedisNumCacheNodes", "1")], 6);
    check(grown.group(|it| it.multi_az = Toggle::Disabled), "Settled");
    check(found(&[], 1), "Do: AddReplicas { to: 1, shards: [] }");
}

#[test]
fn bounds_hold_only_where_the_autoscaler_may_change_the_size() {
    for (mode, expected) in [
        ("off", "Settled"),
        ("recommend", "Settled"),
        ("up-only", "Do: RemoveReplicas { to: 3, shards: [] }"),
    ] {
        let stated = [&BOUNDS[..], &[("AutoscaleMode", mode)]].concat();
        check(found(&stated, 6), expected);
    }
}

#[test]
fn while_a_cache_is_made_and_on_the_way_back_from_a_refusal_nothing_is_taken_back() {
    check(found(&BOUNDS, 6).wanting(|it| it.before = None), "Settled");
    let refused = [&BOUNDS[..], &[("NetworkType", "dual_stack")]].concat();
    let refused = Box::new(spec(&refused));
    check(found(&BOUNDS, 6).wanting(|it| it.before = Some(refused)), "Settled");
}
