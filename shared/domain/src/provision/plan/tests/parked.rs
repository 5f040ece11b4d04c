//! A cache that is parked for the night when its stack is updated.

use super::*;
use crate::snapshot::SnapshotStatus;
use crate::snapshot::park::State;
use crate::snapshot::park::tests::snapshot_of_group;

/// Parked as it was after this, when the stack states this.
fn parked(over: &[(&str, &str)], was: impl FnOnce(Scene) -> Scene, state: State) -> Scene {
    let group = was(settled()).seen.group.unwrap();
    let snapshot = snapshot_of_group(&group, "2026-01-01T20:00:00Z", state);
    let mut scene = Scene::stated(over);
    scene.seen.group = None;
    scene.around(|it| {
        it.source = Some(snapshot.clone());
        it.parked = Some(Box::new(snapshot));
    })
}

fn asleep() -> State {
    State::Parked(at("2026-01-01T20:05:00Z"))
}

/// What the group would be made of, its size and its mark.
fn made(scene: &Scene) -> String {
    let found = scene.wanted.found(&scene.seen);
    let Next::Do(Step::MakeGroup { tags, .. }) = plan(&scene.wanted, &scene.seen, at(NOW)) else {
        panic!("{:?}", plan(&scene.wanted, &scene.seen, at(NOW)));
    };
    let name = found.source().map_or("nothing".to_owned(), |it| it.mark());
    let mark = tags.get(tag::PARKED).cloned().unwrap_or_default();
    let mark = mark.replace(&name, "it");
    format!("{} {} of {mark}", found.spec.shape, found.spec.node_type)
}

#[test]
fn it_is_made_of_its_park_snapshot_and_never_empty() {
    let scene = parked(&[], |it| it, asleep());
    assert_eq!(made(&scene), "2 x cache.t4g.micro of back from it: finished");
    // What the stack states to be filled from is what it began with.
    let stated = parked(&[("SnapshotName", "nightly")], |it| it, asleep());
    assert_eq!(made(&stated), "2 x cache.t4g.micro of back from it: finished");
    let found = stated.wanted.found(&stated.seen).source().unwrap();
    assert!(found.mark().contains("-park-202601012000"), "{found}");
}

#[test]
fn it_has_the_size_that_the_autoscaler_chose_where_the_stack_leaves_that() {
    let grown = |it: Scene| it.of(3, "cache.t4g.small", "7.1.0");
    let scene = parked(&[], grown, asleep()).wanting(|it| it.keep = Keep::ALL);
    assert_eq!(made(&scene), "3 x cache.t4g.small of back from it: finished");
    let changed = parked(&[("RedisNumCacheNodes", "4")], grown, asleep());
    let changed = changed.wanting(|it| it.keep.node_type = true);
    assert_eq!(made(&changed), "4 x cache.t4g.small of back from it: finished");
}

#[test]
fn what_it_cannot_be_made_of_is_told_and_nothing_is_made() {
    let mut scene = parked(&[], |it| it, asleep());
    scene =
        scene.around(|it| it.source.iter_mut().for_each(|it| it.status = SnapshotStatus::Failed));
    check(scene, "Refuse: SnapshotName: the snapshot orders-red-");
    let busy = parked(&[], |it| it, asleep());
    let busy =
        busy.around(|it| it.source.iter_mut().for_each(|it| it.status = SnapshotStatus::Restoring));
    check(busy, "Wait: the snapshot orders-red-");
}

#[test]
fn one_that_is_back_or_somebody_elses_is_none() {
    for state in [State::Taken, State::Back(at(NOW)), State::Kept(at(NOW))] {
        let scene = parked(&[], |it| it, state);
        assert_eq!(made(&scene), "2 x cache.t4g.micro of ");
    }
    let foreign = parked(&[], |it| it.tag(tag::OWNER, "another/Cache"), asleep());
    assert_eq!(made(&foreign), "2 x cache.t4g.micro of ");
    // A group that stands is not parked, whatever its subnet group names.
    let mut stands = parked(&[], |it| it, asleep());
    stands.seen.group = settled().seen.group;
    check(stands, "Settled");
}
