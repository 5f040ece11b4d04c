//! A deletion loses no data: a last snapshot is seen to be whole before the group goes, and what is to stay stays.

use std::time::Duration;

use aws_sim::elasticache::model::SnapshotStatus;
use aws_sim::fault::{Fault, Rule, Side};
use aws_sim::settings::Switches;
use domain::snapshot::take::ReadFrom;
use domain::{GroupId, MemberId, SnapshotName, Tags, tag};
use platform::ElastiCache;
use serde_json::{Value, json};

use super::refusal::assert_failed;
use super::stack::{GROUP, Stack, properties, quick};

const STANDS: [&str; 5] =
    ["group available", "subnet group", "parameter group", "5 alarms", "secret"];
const GONE: [&str; 1] = ["secret on its way out"];

/// A stack that was made with these properties, and the properties.
async fn made(over: &[(&str, &str)]) -> (Stack, Value) {
    let (stack, properties) = (Stack::new().await, properties(over));
    let answer = stack.create(&properties).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    (stack, properties)
}

/// The last snapshots, and their states.
fn last(stack: &Stack) -> Vec<(String, SnapshotStatus)> {
    stack.scene.world.with(|it| {
        let all = it.elasticache.snapshots.values().filter(|it| it.name.contains("-final-"));
        all.map(|it| (it.name.clone(), it.status)).collect()
    })
}

fn states(stack: &Stack) -> Vec<SnapshotStatus> {
    last(stack).into_iter().map(|it| it.1).collect()
}

/// A tag that somebody writes on the group.
async fn tag_by_hand(stack: &Stack, key: &str, value: &str) {
    let arn = stack.group().await.unwrap().arn;
    let tags = Tags::from([(key.to_owned(), value.to_owned())]);
    ElastiCache::new(&stack.scene.aws).tag(&arn, &tags).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_group_goes_only_after_its_last_snapshot_was_seen_to_be_whole() {
    let (stack, stated) = made(&[]).await;
    let primary = stack.scene.world.with(|it| it.elasticache.groups[GROUP].primary.clone());
    let owner = stack.group().await.unwrap().tags.unwrap()[tag::OWNER].clone();
    let from = stack.scene.world.with(|it| it.calls.len());
    assert_eq!(stack.delete(GROUP, &stated).await["Status"], "SUCCESS");
    assert_eq!(stack.left().await, GONE);
    stack.scene.world.with(|it| {
        let [snapshot] = it.elasticache.snapshots.values().collect::<Vec<_>>()[..] else {
            panic!("there should be one snapshot")
        };
        assert_eq!((snapshot.status, &snapshot.member), (SnapshotStatus::Available, &primary));
        assert_eq!(
            (&snapshot.tags[tag::OWNER], snapshot.tags[tag::GROUP].as_str()),
            (&owner, GROUP)
        );
        let calls = &it.calls[from..];
        let place = |operation: &str| calls.iter().position(|it| it.operation == operation);
        let deleted = place("DeleteReplicationGroup").unwrap();
        let seen = calls[..deleted].iter().rposition(|it| it.operation == "DescribeSnapshots");
        assert!(place("CreateSnapshot").is_some() && place("CreateSnapshot") < seen);
        let delete = &calls[deleted];
        assert!(!delete.parameters.contains_key("FinalSnapshotIdentifier"));
    });
}

#[tokio::test(start_paused = true)]
async fn a_last_snapshot_that_fails_keeps_the_group_and_the_next_delete_succeeds() {
    let (stack, stated) = made(&[]).await;
    stack.scene.world.with(|it| it.faults.failing_snapshots = 1);
    let answer = stack.delete(GROUP, &stated).await;
    assert_failed(
        &answer,
        "is failed, so the replication group orders-redis-production stays with its data: its events say: ",
    );
    assert_failed(&answer, "Snapshot failed for snapshot with ID");
    assert_eq!(answer["PhysicalResourceId"], GROUP);
    assert_eq!(stack.left().await, STANDS);
    assert_eq!(stack.effects_of("DeleteReplicationGroup"), 0);
    // The group is one of the stack's still.
    let changed = properties(&[("SnapshotKeep", "9")]);
    assert_eq!(stack.update(&stated, &changed).await["Status"], "SUCCESS");
    assert_eq!(stack.delete(GROUP, &changed).await["Status"], "SUCCESS");
    assert_eq!(stack.left().await, GONE);
    let mut both = states(&stack);
    both.sort_by_key(|it| *it == SnapshotStatus::Available);
    assert_eq!(both, [SnapshotStatus::Failed, SnapshotStatus::Available]);
}

#[tokio::test(start_paused = true)]
async fn the_same_delete_again_does_not_try_a_failed_snapshot_again() {
    let (stack, stated) = made(&[]).await;
    stack.scene.world.with(|it| it.faults.failing_snapshots = 1);
    let delete = stack.request("Delete", Some(GROUP), &stated);
    assert_failed(&stack.play(&delete).await, "stays with its data");
    stack.deliver(&delete).await;
    stack.settle().await;
    assert_failed(&stack.answer(&delete), "stays with its data");
    assert_eq!(
        (stack.effects_of("CreateSnapshot"), stack.left().await),
        (1, STANDS.map(str::to_owned).to_vec())
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_takes_no_second_snapshot() {
    for call in ["CreateSnapshot", "DeleteReplicationGroup"] {
        let mut settings = quick();
        settings.switches = Switches { stale_looks: 3, ..Switches::default() };
        let stack = Stack::with(settings).await;
        stack.create(&properties(&[])).await;
        let cut = Rule::operation(call, Fault::Broken(Side::AfterEffect)).times(1);
        stack.scene.world.with(|it| it.faults.add(cut));
        let answer = stack.delete(GROUP, &properties(&[])).await;
        assert_eq!(answer["Status"], "SUCCESS", "{call}: {answer:#}");
        assert_eq!(states(&stack), [SnapshotStatus::Available], "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_protected_group_is_not_deleted_until_that_is_lifted() {
    let (stack, protected) = made(&[("DeletionProtection", "true")]).await;
    // Properties may be wrong or missing; the group knows.
    for stated in [&protected, &properties(&[]), &json!({})] {
        assert_failed(&stack.delete(GROUP, stated).await, "is protected from deletion");
    }
    assert_eq!(
        (stack.left().await, last(&stack)),
        (STANDS.map(str::to_owned).to_vec(), Vec::new())
    );
    let lifted = properties(&[("DeletionProtection", "false")]);
    assert_eq!(stack.update(&protected, &lifted).await["Status"], "SUCCESS");
    assert_eq!(stack.delete(GROUP, &lifted).await["Status"], "SUCCESS");
    assert_eq!(stack.left().await, GONE);

    // By hand, where there is no update.
    let (stack, protected) = made(&[("DeletionProtection", "true")]).await;
    tag_by_hand(&stack, tag::DELETION_PROTECTION, "off").await;
    assert_eq!(stack.delete(GROUP, &protected).await["Status"], "SUCCESS");
    assert_eq!(
        (stack.left().await.as_slice(), states(&stack)),
        (&GONE.map(str::to_owned)[..], vec![SnapshotStatus::Available])
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_retained_stays_with_all_around_it_and_belongs_to_nobody() {
    let (stack, kept) = made(&[("DeletionPolicy", "Retain")]).await;
    let owner = stack.group().await.unwrap().tags.unwrap()[tag::OWNER].clone();
    for stated in [&kept, &properties(&[]), &json!({})] {
        let answer = stack.delete(GROUP, stated).await;
        assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
        assert_eq!(
            (stack.left().await, last(&stack)),
            (STANDS.map(str::to_owned).to_vec(), Vec::new())
        );
        let tags = stack.group().await.unwrap().tags.unwrap();
        assert_eq!((tags.get(tag::OWNER), &tags[tag::RETAINED]), (None, &owner));
    }
    let record = stack.scene.journal.records().pop().unwrap();
    assert!(
        record["why"].as_str().unwrap().contains("stays with all that stands around it"),
        "{record}"
    );
    assert_eq!(stack.effects_of("DeleteReplicationGroup"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_group_is_let_go_of_where_tags_make_busy_too() {
    let mut settings = quick();
    settings.switches = Switches { stale_looks: 3, tags_make_busy: true, ..Switches::default() };
    let stack = Stack::with(settings).await;
    let kept = properties(&[("DeletionPolicy", "Retain"), ("DeletionProtection", "true")]);
    let free = properties(&[("DeletionPolicy", "Retain")]);
    assert_eq!(stack.create(&kept).await["Status"], "SUCCESS");
    assert_failed(&stack.delete(GROUP, &kept).await, "is protected from deletion");
    assert_eq!(stack.update(&kept, &free).await["Status"], "SUCCESS");
    assert_eq!(stack.delete(GROUP, &free).await["Status"], "SUCCESS");
    stack.scene.pass(Duration::from_hours(1)).await;
    assert_eq!(stack.left().await, STANDS);
    assert_eq!(stack.group().await.unwrap().tags.unwrap().get(tag::OWNER), None);
}

#[tokio::test(start_paused = true)]
async fn data_that_may_go_leave_no_snapshot() {
    for stated in [("DeletionPolicy", "Delete"), ("FinalSnapshot", "false")] {
        let (stack, stated) = made(&[stated]).await;
        assert_eq!(stack.delete(GROUP, &stated).await["Status"], "SUCCESS");
        assert_eq!(
            (stack.left().await.as_slice(), last(&stack)),
            (&GONE.map(str::to_owned)[..], Vec::new())
        );
        assert_eq!(stack.effects_of("CreateSnapshot"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_policy_of_the_group_counts_and_not_what_a_delete_says() {
    let (stack, _) = made(&[("DeletionPolicy", "Delete")]).await;
    assert_eq!(stack.delete(GROUP, &properties(&[])).await["Status"], "SUCCESS");
    assert_eq!(
        (stack.left().await.as_slice(), last(&stack)),
        (&GONE.map(str::to_owned)[..], Vec::new())
    );
    // An update makes it another.
    let (stack, thrown) = made(&[("DeletionPolicy", "Delete")]).await;
    assert_eq!(stack.update(&thrown, &properties(&[])).await["Status"], "SUCCESS");
    let tags = stack.group().await.unwrap().tags.unwrap();
    assert!(!tags.contains_key(tag::DELETION), "{tags:?}");
    assert_eq!(stack.delete(GROUP, &properties(&[])).await["Status"], "SUCCESS");
    assert_eq!(states(&stack), [SnapshotStatus::Available]);
}

#[tokio::test(start_paused = true)]
async fn a_group_as_documented_has_no_tag_for_its_deletion_and_costs_no_call() {
    let (stack, _) = made(&[]).await;
    let tags = stack.group().await.unwrap().tags.unwrap();
    assert!(tags.keys().all(|it| !it.contains("deletion")), "{tags:?}");
    assert_eq!(stack.effects_of("AddTagsToResource"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_had_its_snapshots_of_the_day_keeps_its_group() {
    let (stack, stated) = made(&[]).await;
    let primary = stack.scene.world.with(|it| it.elasticache.groups[GROUP].primary.clone());
    let of = ReadFrom::Member(MemberId::parse(&primary).unwrap());
    for number in 0..20 {
        let name = SnapshotName::parse(&format!("by-hand-{number}")).unwrap();
        let cache = ElastiCache::new(&stack.scene.aws);
        cache.take_snapshot(&name, &of, &Tags::new()).await.unwrap();
        stack.scene.pass(Duration::from_mins(20)).await;
    }
    let answer = stack.delete(GROUP, &stated).await;
    assert_failed(
        &answer,
        "the last snapshot could not be taken, so the replication group stays with its data",
    );
    assert_failed(&answer, "when the oldest of them is a day old");
    assert_eq!(
        (stack.left().await, last(&stack)),
        (STANDS.map(str::to_owned).to_vec(), Vec::new())
    );
    stack.scene.pass(Duration::from_hours(24)).await;
    assert_eq!(stack.delete(GROUP, &stated).await["Status"], "SUCCESS");
    assert_eq!(states(&stack), [SnapshotStatus::Available]);
}

#[tokio::test(start_paused = true)]
async fn nothing_holds_up_the_way_back_from_a_create() {
    let held = properties(&[("DeletionProtection", "true"), ("DeletionPolicy", "Retain")]);
    // It fails after the group was made, and its answer names the group.
    let stack = Stack::new().await;
    let denied = Rule::operation("PutMetricAlarm", Fault::Denied).times(9);
    stack.scene.world.with(|it| it.faults.add(denied));
    let answer = stack.create(&held).await;
    assert_failed(&answer, "lacks this permission");
    assert_eq!(answer["PhysicalResourceId"], GROUP);
    let rollback = stack.delete(GROUP, &held).await;
    assert_eq!(rollback["Status"], "SUCCESS", "{rollback:#}");
    assert_eq!(stack.left().await, GONE);

    // It is given up when it is all but answered: the stack never heard of the group.
    let (stack, held) = made(&[("DeletionProtection", "true"), ("DeletionPolicy", "Retain")]).await;
    let rollback = stack.delete("orders-Cache-1A2B3C4D5E6F", &held).await;
    assert_eq!(rollback["Status"], "SUCCESS", "{rollback:#}");
    assert_eq!(stack.left().await, GONE);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_somebody_else_deletes_meanwhile_is_waited_for() {
    for after in [0, 30] {
        let (stack, stated) = made(&[]).await;
        let delete = stack.request("Delete", Some(GROUP), &stated);
        stack.deliver(&delete).await;
        let running = stack.scene.running();
        let meanwhile = async {
            stack.scene.pass(Duration::from_secs(after)).await;
            let id = GroupId::parse(GROUP).unwrap();
            // It is busy for as long as the snapshot takes.
            let cache = ElastiCache::new(&stack.scene.aws);
            for _ in 0..100 {
                if cache.delete(&id).await.is_ok() {
                    return;
                }
                stack.scene.pass(Duration::from_secs(1)).await;
            }
            panic!("it is never free");
        };
        tokio::join!(stack.carry(&running[0]), meanwhile);
        stack.settle().await;
        assert_eq!(stack.answer(&delete)["Status"], "SUCCESS", "{after}");
        assert_eq!(stack.left().await, GONE, "{after}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_of_another_group_under_that_name_is_no_last_snapshot() {
    let (stack, stated) = made(&[]).await;
    let neighbour = properties(&[("ReplicationGroupId", "neighbour"), ("ProjectName", "other")]);
    let mut create = stack.request("Create", None, &neighbour);
    create["LogicalResourceId"] = json!("Neighbour");
    assert_eq!(stack.play(&create).await["Status"], "SUCCESS");
    let delete = stack.request("Delete", Some(GROUP), &stated);
    let request = delete["RequestId"].as_str().unwrap();
    let id = GroupId::parse(GROUP).unwrap();
    let name: SnapshotName = domain::provision::name::final_snapshot(&id, request).unwrap();
    let of = ReadFrom::Member(MemberId::parse("neighbour-001").unwrap());
    let cache = ElastiCache::new(&stack.scene.aws);
    cache.take_snapshot(&name, &of, &Tags::new()).await.unwrap();
    stack.scene.pass(Duration::from_hours(1)).await;
    assert_failed(&stack.play(&delete).await, "is taken by one of neighbour");
    assert!(stack.group().await.is_some());
    assert_eq!(stack.delete(GROUP, &stated).await["Status"], "SUCCESS");
}
