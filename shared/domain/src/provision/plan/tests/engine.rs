//! What runs: versions go up, and from Redis to Valkey.

use super::*;

#[test]
fn a_version_goes_up_with_the_parameter_group_of_its_family() {
    let old = settled().of(2, "cache.t4g.micro", "6.2.6");
    check(old.clone(), "Do: MakeParameterGroup { name: \"orders-redis-production-redis7\"");
    let made = settled().seen.around.unwrap().parameter_groups;
    let old = old.around(|it| it.parameter_groups.extend(made));
    let asked = old.tag(tag::ASKED, "engine-version=7.1 at 2026-01-02T02:59:00Z");
    check(
        asked,
        "Do: Upgrade { engine: None, to: Version { major: 7, minor: 1, patch: None }, parameter_group: \"orders-redis-production-redis7\", mark: Mark {",
    );
}

#[test]
fn a_version_goes_up_in_its_family() {
    let old = settled().of(2, "cache.t4g.micro", "7.0.7");
    check(
        old.clone(),
        "Do: Ask { arn: \"arn:aws:elasticache:eu-west-1:1:replicationgroup:orders-redis-production\", asked: Asked { field: EngineVersion, value: \"7.1\"",
    );
    let asked = old.tag(tag::ASKED, "engine-version=7.1 at 2026-01-02T02:59:00Z");
    check(
        asked.clone(),
        "Do: Upgrade { engine: None, to: Version { major: 7, minor: 1, patch: None }, parameter_group: \"orders-redis-production-redis7\", mark: Mark {",
    );
    check(
        asked.called("engine-version=7.1 at 2026-01-02T02:59:00Z called at 2026-01-02T02:51:00Z"),
        "Refuse: the change of engine-version to 7.1 did not take, it is 7.0.7 still",
    );
}

#[test]
fn a_version_never_goes_down() {
    let scene = Scene::stated(&[("RedisEngineVersion", "7.0")]);
    check(scene.clone(), "Refuse: RedisEngineVersion 7.0 is older than 7.1.0, which runs");
    // AWS installed a newer minor version by itself, and the stack did not ask to go back.
    check(scene.clone().wanting(|it| it.keep.version = true), "Settled");
    // The rollback of an upgrade cannot go back, and must not leave the stack stuck.
    let rolled_back = scene.tag(tag::UPGRADED, "7.0 at 2026-01-02T01:00:00Z");
    check(rolled_back.clone(), "Settled");
    check(
        rolled_back.tag(tag::UPGRADED, "7.0 at 2025-12-02T01:00:00Z"),
        "Refuse: RedisEngineVersion",
    );
}

#[test]
fn what_ran_before_an_upgrade_is_remembered_with_its_patch() {
    let old = settled().of(2, "cache.t4g.micro", "5.0.6");
    let made = settled().seen.around.unwrap().parameter_groups;
    let old = old.around(|it| it.parameter_groups.extend(made));
    let Next::Do(Step::Ask { tags, .. }) = plan(&old.wanted, &old.seen, at(NOW)) else { panic!() };
    assert_eq!(tags[tag::UPGRADED], format!("5.0.6 at {NOW}"));
    let rolled_back = Scene::stated(&[("RedisEngineVersion", "5.0.6")]);
    check(rolled_back.clone().tag(tag::UPGRADED, &tags[tag::UPGRADED]), "Settled");
    check(rolled_back, "Refuse: RedisEngineVersion 5.0.6 is older than 7.1.0");
}

#[test]
fn a_version_that_goes_down_is_refused_before_anything_else_is_done() {
    let scene = Scene::stated(&[
        ("RedisEngineVersion", "7.0"),
        ("RedisNumCacheNodes", "3"),
        ("MaxmemoryPolicy", "noeviction"),
        ("SnapshotRetentionLimit", "3"),
    ]);
    let scene = scene.group(|it| it.snapshot_retention_days = 7);
    check(scene.around(|it| it.subnet_group = None), "Refuse: RedisEngineVersion 7.0 is older");
}

#[test]
fn the_way_back_from_a_version_that_was_refused_goes_up_and_not_down() {
    // The stack states 7.0, AWS installed 7.1, an update to 6.2 was refused.
    let mut scene = Scene::stated(&[("RedisEngineVersion", "7.0")]);
    scene.wanted.before = Some(Box::new(spec(&[("RedisEngineVersion", "6.2")])));
    check(scene, "Settled");
}

fn valkey() -> Scene {
    Scene::stated(&[("Engine", "valkey"), ("RedisEngineVersion", "8.0")])
}

#[test]
fn from_redis_to_valkey_with_the_parameter_group_of_its_family() {
    let old = valkey().of(2, "cache.t4g.micro", "7.1.0");
    check(
        old.clone(),
        "Do: MakeParameterGroup { name: \"orders-redis-production-valkey8\", family: \"valkey8\" }",
    );
    let made = valkey().of(2, "cache.t4g.micro", "valkey 8.0.1").seen.around.unwrap();
    let old = old.around(|it| it.parameter_groups.extend(made.parameter_groups));
    let Next::Do(Step::Ask { asked, tags, .. }) = plan(&old.wanted, &old.seen, at(NOW)) else {
        panic!("it is not written down")
    };
    assert_eq!(asked.value, "valkey 8.0");
    assert!(tags.values().all(|it| tag::is_legal_value(it)), "{tags:?}");
    assert_eq!(tags[tag::UPGRADED], format!("7.1.0 at {NOW}"));
    let asked = old.tag(tag::ASKED, &tags[tag::ASKED]);
    check(
        asked,
        "Do: Upgrade { engine: Some(Valkey), to: Version { major: 8, minor: 0, patch: None }, parameter_group: \"orders-redis-production-valkey8\", mark: Mark {",
    );
}

#[test]
fn the_engine_is_there_when_every_member_and_the_group_say_so() {
    let new = valkey().of(2, "cache.t4g.micro", "valkey 8.0.1");
    check(new.clone(), "Settled");
    check(new.clone().group(|it| it.engine = Some("redis".to_owned())), "Wait: a modification");
    check(new.clone().group(|it| it.engine = None), "Settled");
    let old = MemberView {
        engine_version: "7.1.0".to_owned(),
        ..valkey().of(2, "cache.t4g.micro", "7.1.0").seen.group.unwrap().members[1].clone()
    };
    check(new.group(|it| it.members[1] = old), "Do: Ask");
}

#[test]
fn what_a_family_leaves_behind_goes_when_nobody_has_it() {
    let old = valkey().of(2, "cache.t4g.micro", "7.1.0").seen.around.unwrap().parameter_groups;
    let new = || {
        let both = old.clone();
        let scene = valkey().of(2, "cache.t4g.micro", "valkey 8.0.1");
        scene.around(|it| it.parameter_groups.extend(both))
    };
    check(new(), "Do: DeleteParameterGroup { name: \"orders-redis-production-redis7\" }");
    let on_its_way = new().group(|it| {
        it.members[1].parameter_group = Some("orders-redis-production-redis7".to_owned());
    });
    check(on_its_way, "Do: SetSettings");
    let foreign = new().around(|it| {
        it.parameter_groups[1].tags.clear();
    });
    check(foreign, "Settled");
    let others = ["orders-redis-production-redis7".to_owned()];
    check(new().around(|it| it.parameters_of_others = BTreeSet::from(others)), "Settled");
    let mut disturbed = new();
    disturbed.seen.others_ended = Some(at("2026-01-02T02:59:00Z"));
    check(disturbed, "Wait: a modification to finish");
    // The way back from an upgrade that was not begun.
    let given_up = Scene::stated(&[]).around(|it| {
        it.parameter_groups.extend(
            valkey().of(1, "cache.t4g.micro", "valkey 8.0.1").seen.around.unwrap().parameter_groups,
        );
    });
    check(given_up, "Do: DeleteParameterGroup { name: \"orders-redis-production-valkey8\" }");
}

#[test]
fn valkey_does_not_become_redis_again() {
    let scene = Scene::stated(&[("SnapshotRetentionLimit", "3")]);
    let scene = scene.of(2, "cache.t4g.micro", "valkey 7.2.6");
    let scene = scene.group(|it| it.snapshot_retention_days = 7);
    check(
        scene.clone(),
        "Refuse: Engine redis would take the place of valkey 7.2.6, which runs; a cache goes from redis to valkey and not back, nor does redis read a snapshot of valkey; state Engine valkey",
    );
    // The rollback right after keeps what runs, with the parameters of its family.
    let rolled_back = scene.clone().tag(tag::UPGRADED, "7.1.0 at 2026-01-02T01:00:00Z");
    check(rolled_back, "Do: SetSettings(Settings { parameter_group: None");
    check(scene.tag(tag::UPGRADED, "7.1.0 at 2025-12-02T01:00:00Z"), "Refuse: Engine redis");
    let newer = Scene::stated(&[("Engine", "valkey"), ("RedisEngineVersion", "7.2")]);
    let newer = newer.of(2, "cache.t4g.micro", "valkey 8.0.1");
    check(newer.clone(), "Refuse: RedisEngineVersion 7.2 is older than 8.0.1, which runs");
    check(newer.tag(tag::UPGRADED, "valkey 7.2.6 at 2026-01-02T01:00:00Z"), "Settled");
}

#[test]
fn a_node_type_of_valkeys_own_comes_after_the_engine() {
    let over = [("Engine", "valkey"), ("RedisNodeType", "cache.m8g.large")];
    let made = Scene::stated(&over).of(2, "cache.m7g.large", "valkey 8.1.0").seen.around.unwrap();
    let old = Scene::stated(&over).of(2, "cache.m7g.large", "7.1.0");
    let old = old.around(|it| it.parameter_groups.extend(made.parameter_groups));
    let asked = |scene: &Scene| {
        let next = plan(&scene.wanted, &scene.seen, at(NOW));
        let Next::Do(Step::Ask { asked, .. }) = next else { panic!("{}", said(next)) };
        asked.field.to_string()
    };
    assert_eq!(asked(&old), "engine-version");
    assert_eq!(asked(&Scene::stated(&over).of(2, "cache.m7g.large", "valkey 8.1.0")), "node-type");
}
