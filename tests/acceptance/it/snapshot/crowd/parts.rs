//! More groups than one run can look through: each part is looked at by a run of its own.

use std::time::Duration;

use acceptance::scene::{Scene, function_arn};
use domain::tag;
use serde_json::json;

use super::{ALL_TIERS, calls, calls_so_far, crowd, good, group, send, stock, take, told, until};

/// More than a thousand.
const VERY_MANY: usize = 1_010;
/// So many of them keep any snapshots.
const KEEPING: usize = 24;

/// Very many groups, of which a few keep this. The others are there by name and tags alone, which is all that is seen of them.
async fn very_many(keep: &str) -> Scene {
    let scene = crowd(KEEPING, keep).await;
    scene.world().with(|it| {
        let mut other = it.elasticache.groups[&group(0)].clone();
        other.tags.insert(tag::SNAPSHOT_KEEP.to_owned(), "0".to_owned());
        for number in KEEPING..VERY_MANY {
            other.id = group(number);
            it.elasticache.groups.insert(group(number), other.clone());
        }
    });
    scene
}

fn executions(scene: &Scene) -> Vec<String> {
    scene.world().with(|it| it.sfn.executions.iter().map(|it| it.name.clone()).collect())
}

#[tokio::test(start_paused = true)]
async fn more_groups_than_one_run_can_look_through_are_looked_at_in_parts() {
    let scene = very_many(ALL_TIERS).await;
    until(&scene, "2026-01-01T00:45:00Z").await;
    let before = calls_so_far(&scene);
    let event = json!({ "action": "take", "tier": "due", "time": "2026-01-01T00:45:00Z" });
    // It comes twice.
    scene.account.send(&function_arn("snapshot"), event.clone());
    send(&scene, event).await;
    assert_eq!(good(&scene).len(), KEEPING);
    assert_eq!(calls(&scene, before, "CreateSnapshot"), (KEEPING, KEEPING));
    let parts =
        ["snapshot-take-part-due-1767228300-1of2", "snapshot-take-part-due-1767228300-2of2"];
    let mut names = executions(&scene);
    names.sort();
    let each = parts.map(|it| format!("{it}-each"));
    assert_eq!(names, [parts[0], &each[0], parts[1], &each[1]]);
    scene.world().with(|it| {
        assert!(it.sfn.executions.iter().all(|it| it.status == "SUCCEEDED"));
        let inputs = it.sfn.executions.iter().map(|it| it.input.to_string().len());
        assert!(inputs.max().unwrap() < 64 * 1024);
    });
    assert_eq!(told(&scene), [""; 0]);
    // The next hour is due.
    take(&scene, "2026-01-01T01:05:00Z").await;
    assert_eq!(good(&scene).len(), 2 * KEEPING);
    take(&scene, "2026-01-01T01:45:00Z").await;
    assert_eq!(good(&scene).len(), 2 * KEEPING, "that hour has one");
}

#[tokio::test(start_paused = true)]
async fn parts_are_pruned_as_the_whole_is() {
    let scene = very_many("hourly=1").await;
    stock(&scene, 5).await;
    // One is of a member that is not there any more.
    let odd = scene.world().with(|it| {
        let all = it.elasticache.snapshots.values_mut();
        let oldest =
            all.filter(|it| it.name.starts_with("group-000-")).min_by_key(|it| it.asked_at);
        let oldest = oldest.unwrap();
        oldest.member = "group-000-009".to_owned();
        oldest.name.clone()
    });
    let before = calls_so_far(&scene);
    send(&scene, json!({ "action": "prune" })).await;
    scene.account.play(Duration::from_mins(2), |_| false).await;
    let left = good(&scene);
    assert_eq!(left.len(), 2 * KEEPING, "the newest two stay");
    assert!(!left.contains(&odd));
    assert_eq!(calls(&scene, before, "DeleteSnapshot"), (3 * KEEPING, 3 * KEEPING));
    assert_eq!(calls(&scene, before, "StartExecution").0, 2);
    let nodes = calls(&scene, before, "DescribeCacheClusters");
    assert_eq!(
        nodes,
        (0, 0),
        "those of the account are many pages, and would be read for each group"
    );
    assert_eq!(told(&scene), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_status_of_parts_is_in_the_journal_and_a_plan_of_so_many_is_refused() {
    let scene = very_many("3").await;
    let arn = function_arn("snapshot");
    let said = scene.account.invoke(&arn, json!({ "action": "plan", "of": "take" })).await;
    let said = said.answer().unwrap().to_string();
    let why = "there are 1010 groups, and one answer tells of 1000 at most; name them in `group` or `groups`";
    assert!(said.contains(why), "{said}");
    assert_eq!(executions(&scene), [""; 0]);
    let groups = [group(0), group(1)];
    let some = json!({ "action": "plan", "of": "take", "groups": groups });
    let said = scene.account.invoke(&arn, some).await.answer().unwrap().to_string();
    assert!(said.contains("group-000: would have asked for group-000-daily-"), "{said}");
    send(&scene, json!({ "action": "status" })).await;
    assert_eq!(executions(&scene).len(), 2);
    let about = scene.records_of("tell the status");
    assert_eq!(about, VERY_MANY);
}
