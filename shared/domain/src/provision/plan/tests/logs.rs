//! Log groups that are made for logs, kept as long as the stack says, and deleted when nothing writes to them.

use super::*;
use crate::log::{LogKind, LogStatus, LogView};
use crate::provision::LogGroupView;

/// Those that a spec states, as they are when all went well.
pub(super) fn ours(wanted: &Wanted) -> Vec<LogGroupView> {
    let days = Some(wanted.spec.log_retention_days);
    let tags = wanted.log_group_tags();
    let ours =
        |name| LogGroupView { name, tags: tags.clone(), retention_days: days, protected: false };
    wanted.spec.log_groups().into_iter().map(ours).collect()
}

const LOGS: [(&str, &str); 2] =
    [("SlowLog", "cloudwatch-logs:/orders/slow"), ("EngineLog", "cloudwatch-logs:/orders/engine")];

fn delivered() -> Scene {
    Scene::stated(&LOGS)
}

/// One whose stack stated the two log groups before, and states another one now, to which the group writes already.
fn moved() -> Scene {
    let mut scene = Scene::stated(&[("SlowLog", "cloudwatch-logs:/orders/other")]);
    let before = Scene::stated(&LOGS);
    scene.wanted.before = Some(Box::new(before.wanted.spec.clone()));
    scene.around(|it| it.log_groups.extend(ours(&before.wanted)))
}

#[test]
fn log_groups_that_are_as_they_should_be_need_nothing() {
    check(delivered(), "Settled");
}

#[test]
fn what_is_missing_is_made_before_the_group_and_then_told_how_long_to_keep() {
    let mut scene = delivered();
    scene.seen.group = None;
    let scene = scene.around(|it| it.log_groups.clear());
    check(scene.clone(), "Do: MakeLogGroup { name: \"/orders/engine\" }");
    let made = scene.around(|it| {
        it.log_groups = ours(&delivered().wanted);
        it.log_groups[0].retention_days = None;
    });
    check(made.clone(), "Do: SetLogRetention { name: \"/orders/engine\", days: 30 }");
    let kept = made.around(|it| it.log_groups[0].retention_days = Some(30));
    check(kept, "Do: MakeGroup");
}

#[test]
fn what_is_missing_is_made_before_a_group_that_stands_is_told_to_write_to_it() {
    let scene = delivered().group(|it| it.logs.clear()).around(|it| it.log_groups.clear());
    check(scene, "Do: MakeLogGroup");
}

#[test]
fn a_retention_that_others_changed_is_put_right_on_ours_only() {
    let changed = |scene: Scene| scene.around(|it| it.log_groups[0].retention_days = Some(3653));
    check(changed(delivered()), "Do: SetLogRetention { name: \"/orders/engine\", days: 30 }");
    let foreign = changed(delivered()).around(|it| it.log_groups[0].tags.clear());
    check(foreign, "Settled");
}

#[test]
fn a_log_group_that_the_stack_no_longer_states_goes_where_it_is_ours() {
    check(moved(), "Do: DeleteLogGroup { name: \"/orders/engine\" }");
    let foreign = moved().around(|it| it.log_groups.iter_mut().for_each(|it| it.tags.clear()));
    check(foreign, "Settled");
    let protected =
        moved().around(|it| it.log_groups.iter_mut().for_each(|it| it.protected = true));
    check(protected, "Settled");
}

#[test]
fn a_log_group_that_another_cache_writes_to_stays() {
    let shared = moved().around(|it| {
        it.logs_of_others.insert("/orders/engine".to_owned());
        it.logs_of_others.insert("/orders/slow".to_owned());
    });
    check(shared, "Settled");
}

#[test]
fn nothing_goes_before_the_group_writes_elsewhere() {
    let writes = moved().group(|it| {
        let delivery = "cloudwatch-logs:/orders/engine".parse().ok();
        it.logs.push(LogView { kind: LogKind::Engine, delivery, status: LogStatus::Active });
    });
    check(writes, "Do: Ask");
    let mut disturbed = moved();
    disturbed.seen.others_ended = Some(at(NOW));
    check(disturbed, "Wait: ");
}
