//! What is changed in place.

use super::*;

#[test]
fn settings_that_differ_are_changed_in_one_call() {
    let scene = Scene::stated(&[
        ("SnapshotRetentionLimit", "3"),
        ("SnapshotWindow", "01:00-02:00"),
        ("MaintenanceWindow", "mon:02:00-mon:03:00"),
        ("SecurityGroupIds", "sg-0b,sg-0c"),
        ("AutoMinorVersionUpgrade", "false"),
    ]);
    let scene = scene.group(|it| {
        it.snapshot_retention_days = 7;
        for member in &mut it.members {
            member.security_groups = vec!["sg-0a".to_owned()];
        }
    });
    let expected = Settings {
        parameter_group: None,
        security_groups: Some(vec!["sg-0b".to_owned(), "sg-0c".to_owned()]),
        snapshot_retention_days: Some(3),
        snapshotting_member: None,
        snapshot_window: Some("01:00-02:00".to_owned()),
        maintenance_window: Some("mon:02:00-mon:03:00".to_owned()),
        auto_minor_version_upgrade: Some(false),
        ip_discovery: None,
    };
    check(scene, &format!("Do: SetSettings({expected:?})"));
}

#[test]
fn an_old_version_is_not_told_what_it_does_not_heed() {
    let scene = Scene::stated(&[("RedisEngineVersion", "5.0.6")]).of(2, "cache.t4g.micro", "5.0.6");
    let scene = scene.group(|it| {
        it.auto_minor_version_upgrade = Some(false);
        it.snapshot_retention_days = 3;
    });
    let told = format!("{:?}", diff::settings(&scene.wanted, scene.seen.group.as_ref().unwrap()));
    assert!(told.contains("auto_minor_version_upgrade: None"), "{told}");
}

#[test]
fn snapshots_are_turned_on_with_a_replica_to_take_them_from() {
    let scene = settled().group(|it| it.snapshot_retention_days = 0);
    check(
        scene,
        "Do: SetSettings(Settings { parameter_group: None, security_groups: None, snapshot_retention_days: Some(7), snapshotting_member: Some(\"orders-redis-production-002\"",
    );
}

#[test]
fn a_group_with_another_parameter_group_of_its_family_gets_ours() {
    let scene = settled().group(|it| {
        it.members[0].parameter_group = Some("default.redis7".to_owned());
    });
    check(
        scene,
        "Do: SetSettings(Settings { parameter_group: Some(\"orders-redis-production-redis7\")",
    );
}

#[test]
fn the_same_security_groups_in_another_order_are_no_change() {
    let scene = Scene::stated(&[("SecurityGroupIds", "sg-0b,sg-0a")]);
    check(scene.group(|it| it.members[0].security_groups.reverse()), "Settled");
}

#[test]
fn policies_become_tags_and_leave_with_their_properties() {
    let scene = Scene::stated(&[("AutoscaleMaxReplicas", "3"), ("SnapshotKeep", "4")]);
    let bare = scene.clone().group(|it| {
        it.tags.as_mut().unwrap().remove(tag::AUTOSCALE_MAX_REPLICAS);
        it.tags.as_mut().unwrap().insert(tag::SNAPSHOT_KEEP.to_owned(), "7".to_owned());
    });
    check(
        bare,
        "Do: Tag { arn: \"arn:aws:elasticache:eu-west-1:1:replicationgroup:orders-redis-production\", tags: {\"cachewarden:autoscale-max-replicas\": \"3\", \"cachewarden:snapshot-keep\": \"4\"} }",
    );
    check(
        settled().tag(tag::AUTOSCALE_MAX_REPLICAS, "3"),
        "Do: Untag { arn: \"arn:aws:elasticache:eu-west-1:1:replicationgroup:orders-redis-production\", keys: [\"cachewarden:autoscale-max-replicas\"] }",
    );
    check(
        Scene::stated(&[("SnapshotDrillDays", "7")]).group(|it| {
            it.tags.as_mut().unwrap().remove(tag::DRILL_DAYS);
        }),
        "Do: Tag { arn: \"arn:aws:elasticache:eu-west-1:1:replicationgroup:orders-redis-production\", tags: {\"cachewarden:drill-days\": \"7\"} }",
    );
    check(
        settled().tag(tag::DRILL_DAYS, "7"),
        "Do: Untag { arn: \"arn:aws:elasticache:eu-west-1:1:replicationgroup:orders-redis-production\", keys: [\"cachewarden:drill-days\"] }",
    );
    check(settled().tag("team", "payments").tag(tag::CHANGED, "x"), "Settled");
}

#[test]
fn the_secret_is_written_in_its_form_once_no_older_token_opens() {
    let json = |change: fn(&mut SecretView)| {
        Scene::stated(&[("SecretFormat", "json")]).around(|it| {
            let secret = it.secret.as_mut().unwrap();
            secret.tags.insert(tag::SECRET_FORMAT.to_owned(), "json".to_owned());
            change(secret);
        })
    };
    check(
        Scene::stated(&[("SecretFormat", "json")]).around(|it| {
            let secret = it.secret.as_mut().unwrap();
            secret.tags.insert(tag::SECRET_FORMAT.to_owned(), "token".to_owned());
        }),
        "Do: TagSecret",
    );
    check(
        json(|_| {}),
        "Do: WriteSecret { arn: \"arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-redis-auth-token-production-AbCdEf\", written: \"json ",
    );
    check(json(|it| it.is_closed = false), "Settled");
    let back = settled().around(|it| {
        let secret = it.secret.as_mut().unwrap();
        secret
            .tags
            .insert(tag::SECRET_WRITTEN.to_owned(), "json master.orders.example:6379".to_owned());
    });
    check(
        back,
        "Do: WriteSecret { arn: \"arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-redis-auth-token-production-AbCdEf\", written: \"token\" }",
    );
}

#[test]
fn the_secret_is_told_whose_it_is_and_rotated_as_stated() {
    check(
        Scene::stated(&[("RotationGraceMinutes", "60")]).around(|it| {
            it.secret
                .as_mut()
                .unwrap()
                .tags
                .insert(tag::GRACE_MINUTES.to_owned(), "1440".to_owned());
        }),
        "Do: TagSecret",
    );
    check(
        settled().around(|it| it.secret.as_mut().unwrap().rotation = None),
        "Do: ScheduleRotation { arn: \"arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-redis-auth-token-production-AbCdEf\", every: Days(30) }",
    );
    check(
        settled().around(|it| {
            it.secret.as_mut().unwrap().rotation.as_mut().unwrap().function = "other".to_owned();
        }),
        "Do: ScheduleRotation",
    );
    let on_schedule = Scene::stated(&[("RotationSchedule", "rate(12 hours)")]);
    check(on_schedule.clone(), "Settled");
    let by_days = on_schedule.around(|it| {
        it.secret.as_mut().unwrap().rotation.as_mut().unwrap().schedule = None;
    });
    let told = said(plan(&by_days.wanted, &by_days.seen, at(NOW)));
    assert!(told.ends_with("every: Schedule(\"rate(12 hours)\") }"), "{told}");
    // A schedule tells its days too, and is no rotation by days for that.
    let by_schedule = settled().around(|it| {
        it.secret.as_mut().unwrap().rotation.as_mut().unwrap().schedule =
            Some("rate(30 days)".to_owned());
    });
    check(by_schedule, "Do: ScheduleRotation");
    let never = Scene::stated(&[("RotationDays", "0")]);
    check(never.clone(), "Do: CancelRotation");
    check(never.around(|it| it.secret.as_mut().unwrap().rotation = None), "Settled");
    check(
        settled().around(|it| it.secret = None),
        "Refuse: the secret orders-redis-auth-token-production is gone",
    );
    check(settled().around(|it| it.secret.as_mut().unwrap().deleted = true), "Do: RestoreSecret");
}

#[test]
fn alarms_watch_every_member_and_nobody_else() {
    check(
        settled().around(|it| it.alarms.truncate(4)),
        "Do: PutAlarms([AlarmSpec { name: \"orders-redis-production/freeable-memory\"",
    );
    check(
        settled().around(|it| it.alarms[0].threshold = 99.0),
        "Do: PutAlarms([AlarmSpec { name: \"orders-redis-production/cpu\"",
    );
    // As those of four vCPUs are, before the group came back to two.
    let of_larger = |it: &mut Around| {
        it.alarms[0].name = "orders-redis-production/engine-cpu".to_owned();
    };
    check(
        settled().around(of_larger),
        "Do: PutAlarms([AlarmSpec { name: \"orders-redis-production/cpu\"",
    );
    let with_both = settled().around(|it| {
        let mut engine = it.alarms[0].clone();
        "orders-redis-production/engine-cpu".clone_into(&mut engine.name);
        it.alarms.push(engine);
    });
    check(with_both, "Do: DeleteAlarms([\"orders-redis-production/engine-cpu\"])");
    let former = settled().of(3, "cache.t4g.micro", "7.1.0").seen.around.unwrap().alarms;
    check(
        settled().around(|it| it.alarms = former.clone()),
        "Do: PutAlarms([AlarmSpec { name: \"orders-redis-production/cpu\"",
    );
    check(Scene::stated(&[("EnableAlarms", "false")]), "Do: DeleteAlarms");
    let topic = "arn:aws:sns:eu-west-1:123456789012:people";
    let told = Scene::stated(&[("AlarmSnsTopicArn", topic)]).around(|it| {
        for alarm in &mut it.alarms {
            alarm.alarm_topics.truncate(1);
        }
    });
    check(told, "Do: PutAlarms");
}

#[test]
fn subnets_are_changed_in_place() {
    let scene = settled().around(|it| it.subnet_group.as_mut().unwrap().subnets.truncate(1));
    check(scene, "Do: ChangeSubnets");
}

#[test]
fn what_holds_a_group_back_is_written_last_of_all() {
    let held = || Scene::stated(&[("DeletionProtection", "true"), ("DeletionPolicy", "Retain")]);
    let tags = "tags: {\"cachewarden:deletion\": \"Retain\", \"cachewarden:deletion-protection\": \"on\"} }";
    let Next::Do(step @ Step::Tag { .. }) = plan(&held().wanted, &held().seen, at(NOW)) else {
        panic!("the tags are missing")
    };
    assert!(format!("{step:?}").ends_with(tags), "{step:?}");
    check(held().around(|it| it.alarms.clear()), "Do: PutAlarms");
    let mut overtakes = held();
    overtakes.seen.others_ended = Some(at("2026-01-02T02:59:00Z"));
    check(overtakes, "Wait: a modification to finish");
    let on = held().tag(tag::DELETION_PROTECTION, "on").tag(tag::DELETION, "Retain");
    check(on, "Settled");
    let making = plan(&held().wanted, &Seen { group: None, ..held().seen }, at(NOW));
    let Next::Do(Step::MakeGroup { tags, .. }) = making else { panic!("there is no group") };
    assert_eq!(
        (&*tags[tag::DELETION], &*tags[tag::DELETION_PROTECTION]),
        ("unfinished", "unfinished")
    );
}

#[test]
fn what_no_longer_holds_a_group_back_is_taken_off() {
    let lifted = settled().tag(tag::DELETION_PROTECTION, "on").tag(tag::DELETION, "Delete");
    check(lifted, "Do: Untag");
}

#[test]
fn tags_of_the_stack_come_and_go_with_it_and_those_of_others_stay() {
    let now = || {
        let mut scene = Scene::stated(&[("Tags", "team=shop")]);
        scene.wanted.before = Some(Box::new(spec(&[("Tags", "team=till,stage=live,never=made")])));
        scene.tag("stage", "live").tag("people", "wrote this")
    };
    let step = plan(&now().tag("team", "till").wanted, &now().tag("team", "till").seen, at(NOW));
    assert!(format!("{step:?}").ends_with("tags: {\"team\": \"shop\"} })"), "{step:?}");
    let step = plan(&now().wanted, &now().tag("team", "shop").seen, at(NOW));
    assert!(format!("{step:?}").ends_with("keys: [\"stage\"] })"), "{step:?}");
    let done = now().tag("team", "shop").group(|it| {
        it.tags.as_mut().unwrap().remove("stage");
    });
    check(done, "Settled");
}
