//! A cache that is filled from a snapshot or a file.

use super::*;
use crate::provision::Source;
use crate::snapshot::{Origin, SavedShard, SnapshotStatus, SnapshotView};
use crate::{Bytes, GroupId};

const NAME: &str = "nightly";

fn snapshot() -> SnapshotView {
    SnapshotView {
        name: NAME.to_owned(),
        arn: format!("arn:aws:elasticache:eu-west-1:1:snapshot:{NAME}"),
        status: SnapshotStatus::Available,
        origin: Origin::Manual,
        group: None,
        member: Some("before-001".to_owned()),
        taken_at: Some(at(NOW)),
        size: Some(Bytes(3 << 20)),
        node_type: NodeType::parse("cache.t4g.micro").ok(),
        engine: "redis".to_owned(),
        engine_version: "7.1.0".to_owned(),
        shards: vec![SavedShard::default()],
        port: Some(6379),
        tags: None,
    }
}

/// Nothing stands yet but the snapshot.
fn to_be_filled(over: &[(&str, &str)]) -> Scene {
    let stated: Vec<_> = [("SnapshotName", NAME)].into_iter().chain(over.iter().copied()).collect();
    Scene::stated(&stated).bare().around(|it| it.source = Some(snapshot()))
}

#[test]
fn what_speaks_against_its_snapshot_is_told_before_anything_is_made() {
    check(to_be_filled(&[]), "Do: MakeSubnetGroup");
    check(
        to_be_filled(&[]).around(|it| it.source = None),
        "Refuse: SnapshotName: there is no snapshot nightly; no cache was made",
    );
    let spoilt = |change: fn(&mut SnapshotView)| {
        to_be_filled(&[]).around(|it| it.source.iter_mut().for_each(change))
    };
    check(
        spoilt(|it| it.status = SnapshotStatus::Failed),
        "Refuse: SnapshotName: the snapshot nightly is failed; no cache was made",
    );
    check(
        spoilt(|it| {
            it.shards = vec![SavedShard::default(); 3];
            it.size = Some(Bytes(8 << 30));
        }),
        "Refuse: SnapshotName: the snapshot nightly has 3 shards, and the new group would have one; the data take 8.0 GiB, cache.t4g.micro has ",
    );
    check(
        to_be_filled(&[("RedisEngineVersion", "7.0")]),
        "Refuse: SnapshotName: the snapshot nightly is of version 7.1.0, newer than 7.0, which the new group would run",
    );
    check(spoilt(|it| it.status = SnapshotStatus::Restoring), "Wait: the snapshot nightly");
    // Nobody looks into a file but ElastiCache.
    let file = Scene::stated(&[("SnapshotArns", "arn:aws:s3:::bucket/orders.rdb")]).bare();
    check(file, "Do: MakeSubnetGroup");
}

/// The cache as it stands, and what it was filled from.
fn filled(over: &[(&str, &str)], mark: Option<&str>) -> Scene {
    let scene = Scene::stated(over);
    match mark {
        Some(mark) => scene.tag(tag::RESTORED_FROM, mark),
        None => scene,
    }
}

#[test]
fn a_cache_that_stands_is_never_filled_again() {
    let named = [("SnapshotName", NAME)];
    check(filled(&named, Some(NAME)), "Settled");
    // What is stated no longer is not asked for.
    check(filled(&[], Some(NAME)), "Settled");
    check(
        filled(&named, Some("weekly")),
        "Refuse: SnapshotName is weekly on the running cache and nightly in the template; that cannot change",
    );
    check(
        filled(&named, None),
        "Refuse: SnapshotName is nothing on the running cache and nightly in the template; that cannot change",
    );
    let file = [("SnapshotArns", "arn:aws:s3:::bucket/orders.rdb")];
    check(filled(&file, Some(NAME)), "Refuse: SnapshotArns is nightly on the running cache");
    check(filled(&file, Some("arn:aws:s3:::bucket/orders.rdb")), "Settled");
}

#[test]
fn a_tag_that_somebody_took_off_is_no_other_snapshot() {
    let named = [("SnapshotName", NAME)];
    let mut scene = filled(&named, None);
    scene.wanted.before = Some(Box::new(spec(&named)));
    check(scene, "Settled");
}

#[test]
fn the_way_back_from_another_snapshot_changes_nothing() {
    for mark in [None, Some("weekly")] {
        let stated: &[(&str, &str)] =
            if mark.is_some() { &[("SnapshotName", "weekly")] } else { &[] };
        let mut scene = filled(stated, mark).of(3, "cache.t4g.small", "7.1.0");
        if let Some(mark) = mark {
            scene = scene.tag(tag::RESTORED_FROM, mark);
        }
        let refused = [("SnapshotName", NAME), ("RedisNumCacheNodes", "4")];
        scene.wanted.before = Some(Box::new(spec(&refused)));
        check(scene, "Settled");
    }
}

#[test]
fn what_fills_it_is_in_its_tags_from_the_first_call_on() {
    let mut scene = to_be_filled(&[]);
    let around = Scene::stated(&[]).seen.around;
    scene.seen.around = around;
    let scene = scene.around(|it| it.source = Some(snapshot()));
    let Next::Do(Step::MakeGroup { tags, .. }) = plan(&scene.wanted, &scene.seen, at(NOW)) else {
        panic!("all else is there")
    };
    assert_eq!(tags.get(tag::RESTORED_FROM).map(String::as_str), Some(NAME));
    assert_eq!(scene.wanted.spec.source, Some(Source::Snapshot(NAME.to_owned())));
    assert!(GroupId::parse(NAME).is_ok(), "so it is a legal name");
}
