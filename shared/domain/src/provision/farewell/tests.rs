//! Tables: what is left, and the step that takes it away.

use super::super::plan::tests::{NOW, Scene, at, said};
use super::*;
use crate::provision::name;
use crate::{SnapshotName, Tags};

fn farewell() -> Farewell {
    let scene = Scene::stated(&[]);
    Farewell {
        last: FinalSnapshot::Named(SnapshotName::parse("orders-final").unwrap()),
        group: scene.wanted.spec.id,
        owner: scene.wanted.owner,
        group_is_foreign: false,
    }
}

#[track_caller]
fn check(seen: &Seen, expected: &str) {
    let said = said(plan(&farewell(), seen, at(NOW)));
    assert!(said.starts_with(expected), "{said}\ndoes not start with\n{expected}");
}

fn standing() -> Scene {
    Scene::stated(&[])
}

/// The group is gone, the rest stands.
fn left_over() -> Scene {
    let mut scene = standing();
    scene.seen.group = None;
    scene
}

#[test]
fn a_group_of_ours_goes_with_its_data_kept() {
    check(&standing().seen, "Do: Group { last: Named(\"orders-final\")");
}

#[test]
fn a_group_that_could_not_be_made_has_no_data() {
    check(&standing().in_state("create-failed").seen, "Do: Group { last: None }");
}

#[test]
fn a_busy_group_is_waited_for_since_a_delete_would_be_refused() {
    check(&standing().in_state("creating").seen, "Wait: the group to be created");
    check(&standing().in_state("modifying").seen, "Wait: a modification to finish");
    check(&standing().in_state("snapshotting").seen, "Wait: a snapshot to finish");
    check(&standing().in_state("deleting").seen, "Wait: the group to be deleted");
    check(&standing().in_state("migrating").seen, "Refuse: the replication group");
}

#[test]
fn nothing_goes_before_its_owner_is_known() {
    check(&standing().group(|it| it.tags = None).seen, "Wait: the group to be free again");
    let foreign = standing().in_state("creating").group(|it| it.description = "other".to_owned());
    check(&foreign.seen, "Wait: the group to be free again");
}

#[test]
fn somebody_elses_group_stays_and_what_is_ours_beside_it_goes() {
    let foreign = standing().group(|it| it.tags = Some(Tags::new())).around(|it| it.alarms.clear());
    check(&foreign.seen, "Do: ParameterGroup");
    let mut gone = foreign.seen;
    gone.around = Some(crate::provision::Around::default());
    check(&gone, "Settled");
}

#[test]
fn what_stands_around_goes_in_this_order() {
    let mut scene = left_over();
    check(&scene.seen, "Do: Alarms([\"orders-redis-production-001-cpu\"");
    scene = scene.around(|it| it.alarms.clear());
    check(&scene.seen, "Do: ParameterGroup { name: \"orders-redis-production-redis7\" }");
    scene = scene.around(|it| it.parameter_groups.clear());
    check(&scene.seen, "Do: SubnetGroup");
    scene = scene.around(|it| it.subnet_group = None);
    check(&scene.seen, "Do: Secret");
    check(&scene.clone().around(|it| it.secret.as_mut().unwrap().deleted = true).seen, "Settled");
    check(&scene.around(|it| it.secret = None).seen, "Settled");
}

#[test]
fn what_carries_another_owner_or_another_group_stays() {
    let scene = left_over().around(|it| {
        it.alarms.clear();
        it.parameter_groups[0].tags.clear();
        it.subnet_group.as_mut().unwrap().tags.clear();
        it.secret.as_mut().unwrap().tags.clear();
    });
    check(&scene.seen, "Settled");
    let other = left_over().around(|it| {
        it.alarms.clear();
        it.parameter_groups.clear();
        it.subnet_group = None;
        it.secret.as_mut().unwrap().tags.insert(tag::GROUP.to_owned(), "other".to_owned());
    });
    check(&other.seen, "Settled");
}

#[test]
fn not_there_proves_nothing_while_a_stopped_run_may_still_make_it() {
    let mut scene = left_over();
    scene.seen.others_ended = Some(at("2026-01-02T02:59:00Z"));
    check(&scene.seen, "Wait: the group to be created");
    scene.seen.others_ended = Some(at("2026-01-02T02:57:50Z"));
    check(&scene.seen, "Do: Alarms");
}

#[test]
fn a_group_that_is_known_to_be_foreign_is_not_even_waited_for() {
    let foreign = standing().in_state("creating").around(|it| it.alarms.clear());
    let plan = plan(&Farewell { group_is_foreign: true, ..farewell() }, &foreign.seen, at(NOW));
    assert!(said(plan).starts_with("Do: ParameterGroup"));
    assert!(name::final_snapshot(&farewell().group, "r").is_ok());
}
