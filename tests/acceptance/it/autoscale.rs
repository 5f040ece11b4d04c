//! Stories of `autoscale`: the right size, once, inside the bounds, and told.

mod alarms;
mod failures;
pub(crate) mod grants;
mod shards;
mod sizes;
pub(crate) mod stage;
mod told;

use std::time::Duration;

use aws_sim::fault::{Fault, Rule, Shortage};
use aws_sim::settings::Settings;
use domain::alarm::{self, Watch};
use domain::{GroupId, MemberId, Tags};
use jiff::SignedDuration;
use platform::Alarms;
use serde_json::{Value, json};

use self::stage::{GROUP, Stage, alarm_event};
use crate::support::Ended;

const CPU: &str = "CPUUtilization";
const ENGINE_CPU: &str = "EngineCPUUtilization";

/// The primary fills past 90 %, for long enough.
async fn fill(stage: &Stage) {
    stage.fill_to(FULL);
    stage.minutes(5).await;
}

/// 92.9 % of what a micro leaves for data, and 33.9 % of what a small does.
const FULL: u64 = 374_000_000;

#[tokio::test(start_paused = true)]
async fn memory_past_its_limit_makes_the_nodes_larger_once() {
    let stage = Stage::new().await;
    fill(&stage).await;
    let alarms = stage.alarms();
    assert_eq!(alarms.len(), 1, "the primary and its replica are full, and one alarm says so");
    for alarm in alarms {
        let ended = stage.send(alarm).await;
        assert!(Stage::summary(&ended).starts_with("settled: orders: "), "{ended:?}");
    }

    assert_eq!(stage.node_type(), "cache.t4g.small");
    assert_eq!(stage.changes(), 1);
    let tags = stage.tags();
    assert!(tags.contains_key("cachewarden:changed"));
    assert!(!tags.contains_key("cachewarden:asked"));
    assert!(!tags.contains_key("cachewarden:autoscale-change"));
    let told = stage.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        told[0].subject,
        "orders: changed the node type from cache.t4g.micro to cache.t4g.small"
    );
    assert!(told[0].message.contains("92.9 percent"), "{}", told[0].message);
    assert!(told[0].message.contains("$23.36 before, $46.72 a month"), "{}", told[0].message);
    stage.keeps_its_secrets();

    stage.minutes(15).await;
    let well_again = stage.alarms();
    assert_eq!(well_again.len(), 1, "the alarm is OK again");
    for it in well_again {
        let ended = stage.send(it).await;
        assert!(Stage::summary(&ended).ends_with("it is OK now"), "{ended:?}");
    }
    assert_eq!(stage.changes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_replica_busy_with_reads_gets_another_that_is_watched_too() {
    let stage = Stage::new().await;
    stage.load("orders-002", &[(ENGINE_CPU, 88.0), ("GetTypeCmds", 60_000.0)]);
    stage.minutes(8).await;
    stage.send(alarm_event("orders-002", Watch::Cpu)).await;

    assert_eq!(stage.members(), ["orders-001", "orders-002", "orders-003"]);
    assert_eq!(stage.node_type(), "cache.t4g.micro");
    assert_eq!(stage.changes(), 1);
    stage.has_its_alarms().await;
    assert!(stage.told()[0].subject.ends_with("changed the replicas from 1 to 2"));
}

#[tokio::test(start_paused = true)]
async fn a_calm_group_gives_the_replica_back_and_nothing_watches_it_any_more() {
    let stage = Stage::new().await;
    stage.load("orders-002", &[(ENGINE_CPU, 88.0), ("GetTypeCmds", 60_000.0)]);
    stage.minutes(8).await;
    stage.send(alarm_event("orders-002", Watch::Cpu)).await;
    assert_eq!(stage.members().len(), 3);

    stage.everywhere(&[(CPU, 4.0), (ENGINE_CPU, 3.0), ("GetTypeCmds", 600.0)]);
    stage.rounds(8).await;
    assert_eq!(stage.members().len(), 3, "not before an hour has passed");
    stage.rounds(24).await;
    assert_eq!(stage.members().len(), 2);
    assert_eq!(stage.changes(), 2);
    stage.has_its_alarms().await;
    stage.rounds(24).await;
    assert_eq!(stage.members().len(), 2, "Multi-AZ keeps its replica");
}

#[tokio::test(start_paused = true)]
async fn the_same_alarm_twice_is_one_change() {
    let stage = Stage::new().await;
    fill(&stage).await;
    let event = alarm_event("orders-001", Watch::Memory);
    stage.send_only(event.clone()).await;
    stage.send_only(event.clone()).await;
    assert_eq!(stage.scene.running().len(), 1, "a duplicate starts no second execution");
    stage.send(event.clone()).await;
    assert_eq!(stage.node_type(), "cache.t4g.small");
    // Hours late, as Lambda may deliver it.
    stage.minutes(300).await;
    let late = stage.send(event).await;
    let said = Stage::summary(&late);
    assert!(said.starts_with("settled: orders: looked at what came of the node type"), "{said}");
    assert!(said.ends_with("; neither too small nor too large"), "{said}");
    assert_eq!(stage.changes(), 1);
    assert_eq!(stage.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_whose_condition_is_over_changes_nothing() {
    let stage = Stage::new().await;
    let ended = stage.send(alarm_event("orders-001", Watch::Memory)).await;
    assert_eq!(Stage::summary(&ended), "settled: orders: neither too small nor too large");
    assert_eq!(stage.changes(), 0);
    assert!(stage.told().is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_alarms_at_once_are_one_change_at_a_time() {
    let stage = Stage::new().await;
    stage.load("orders-002", &[(CPU, 91.0)]);
    fill(&stage).await;
    let memory = alarm_event("orders-001", Watch::Memory);
    let cpu = alarm_event("orders-002", Watch::Cpu);
    tokio::join!(stage.send_only(memory.clone()), stage.send_only(cpu));
    assert_eq!(stage.changes(), 1);
    stage.send(memory).await;
    assert_eq!(stage.node_type(), "cache.t4g.small");
    assert_eq!(stage.members().len(), 2, "not both at once");
    assert_eq!(stage.changes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_elasticache_drops_is_told_and_not_tried_in_a_circle() {
    let stage = Stage::with(Settings::default(), &UP_TO_SMALL).await;
    fill(&stage).await;
    stage.scene.world.with(|it| it.faults.rollbacks = 2);
    let ended = stage.send(alarm_event("orders-001", Watch::Memory)).await;
    assert!(Stage::summary(&ended).contains("did not take the last time"), "{ended:?}");
    assert_eq!(stage.node_type(), "cache.t4g.micro");
    assert_eq!(stage.changes(), 1);
    let told = stage.told();
    // The change that did not take, and that the alarm led to nothing else.
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0]
            .message
            .contains("Failed applying modification to cache node type to cache.t4g.small."),
        "{}",
        told[0].message
    );
    stage.rounds(6).await;
    assert_eq!(stage.changes(), 1, "half an hour is not long enough");
    stage.rounds(12).await;
    assert_eq!(stage.changes(), 2, "after an hour it is tried again");
    stage.rounds(48).await;
    assert_eq!(stage.changes(), 2, "what failed twice is left alone for six hours");
    stage.rounds(36).await;
    assert_eq!(stage.node_type(), "cache.t4g.small");
    assert_eq!(stage.changes(), 3);
}

/// A policy that leaves a group no third size.
const UP_TO_SMALL: [(&str, &str); 2] =
    [("cachewarden:autoscale", "full"), ("cachewarden:autoscale-max-node-type", "cache.t4g.small")];

#[tokio::test(start_paused = true)]
async fn a_want_of_capacity_is_told_whenever_it_is_found_out() {
    for shortage in [Shortage::AtOnce, Shortage::Later] {
        let stage = Stage::with(Settings::default(), &UP_TO_SMALL).await;
        fill(&stage).await;
        let small = "cache.t4g.small".to_owned();
        stage.scene.world.with(|it| it.faults.shortages.insert(small.clone(), shortage));
        stage.send(alarm_event("orders-001", Watch::Memory)).await;
        stage.rounds(4).await;
        assert_eq!(stage.node_type(), "cache.t4g.micro");
        assert_eq!(stage.told().len(), 1, "{:?}", stage.told());
        assert!(!stage.tags().contains_key("cachewarden:autoscale-change"));
        stage.scene.world.with(|it| it.faults.shortages.remove(&small));
        stage.rounds(16).await;
        assert_eq!(stage.node_type(), "cache.t4g.small", "{shortage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_ceiling_and_the_bounds_hold_and_are_told_once() {
    let tags = [
        ("cachewarden:autoscale", "full"),
        ("cachewarden:autoscale-max-node-type", "cache.t4g.micro"),
        ("cachewarden:autoscale-max-replicas", "1"),
    ];
    let stage = Stage::with(Settings::default(), &tags).await;
    stage.load("orders-002", &[(CPU, 91.0)]);
    fill(&stage).await;
    let ended = stage.send(alarm_event("orders-001", Watch::Memory)).await;
    assert!(
        Stage::summary(&ended).contains("already at the ceiling, cache.t4g.micro"),
        "{ended:?}"
    );
    stage.rounds(6).await;
    assert_eq!((stage.changes(), stage.members().len()), (0, 2));
    let told = stage.told();
    assert_eq!(told.len(), 1, "the schedule does not repeat it: {told:?}");
    assert!(told[0].message.contains("raise cachewarden:autoscale-max-node-type"));
}

#[tokio::test(start_paused = true)]
async fn advice_is_all_that_the_mode_recommend_gives() {
    let tags = [("cachewarden:autoscale", "recommend")];
    let stage = Stage::with(Settings::default(), &tags).await;
    fill(&stage).await;
    stage.send(alarm_event("orders-001", Watch::Memory)).await;
    stage.rounds(3).await;
    assert_eq!(stage.changes(), 0);
    let told = stage.told();
    assert_eq!(told.len(), 1);
    assert!(
        told[0].message.contains("aws elasticache modify-replication-group --replication-group-id orders --cache-node-type cache.t4g.small --apply-immediately"),
        "{}",
        told[0].message
    );
    assert!(told[0].message.contains("$46.72 a month"), "{}", told[0].message);
}

#[tokio::test(start_paused = true)]
async fn a_busy_group_is_carried_on_with_when_it_is_free() {
    let stage = Stage::new().await;
    fill(&stage).await;
    stage.by_hand(&[
        ("Action", "CreateSnapshot"),
        ("SnapshotName", "mine"),
        ("CacheClusterId", "orders-002"),
    ]);
    let before = stage.calls();
    stage.send_only(alarm_event("orders-001", Watch::Memory)).await;
    assert_eq!(
        stage.calls_since(before),
        ["DescribeCacheClusters", "DescribeReplicationGroups", "GetResources", "StartExecution"],
        "a busy group is asked nothing, only whose it is"
    );
    stage.send(json!({ "action": "evaluate", "group": "nothing-to-do" })).await;
    assert_eq!(stage.node_type(), "cache.t4g.small");
    assert_eq!(stage.changes(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_was_lost_is_made_good_by_the_schedule() {
    let stage = Stage::new().await;
    fill(&stage).await;
    stage.rounds(1).await;
    assert_eq!(stage.node_type(), "cache.t4g.small");
    assert_eq!(stage.changes(), 1);
}

#[tokio::test(start_paused = true)]
async fn alarms_of_a_group_that_was_deleted_by_hand_go_and_no_others_do() {
    let stage = Stage::new().await;
    let group = GroupId::parse("gone").unwrap();
    let members = [MemberId::parse("gone-001").unwrap()];
    let ours = Tags::from([("cachewarden:group".to_owned(), "gone".to_owned())]);
    let alarms = Alarms::new(&stage.scene.aws);
    let specs = alarm::wanted(&group, &members, None);
    let (theirs, rest) = specs.split_first().unwrap();
    alarms.put(theirs, &[], &Tags::new()).await.unwrap();
    for it in rest {
        alarms.put(it, &[], &ours).await.unwrap();
    }

    let ended = stage.send_only(json!({ "action": "evaluate" })).await;
    let cleared = format!("deleted {} alarms of groups that are gone", rest.len());
    assert!(Stage::summary(&ended).ends_with(&cleared), "{ended:?}");
    let left = alarms.of(&group).await.unwrap();
    let left: Vec<&str> = left.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(left, [theirs.name.as_str()], "an alarm without our tag is somebody else's");
    assert!(!alarms.of(&GroupId::parse(GROUP).unwrap()).await.unwrap().is_empty());

    let before = stage.calls();
    stage.send_only(json!({ "action": "evaluate" })).await;
    assert!(!stage.calls_since(before).contains(&"DeleteAlarms".to_owned()), "once is enough");
}

#[tokio::test(start_paused = true)]
async fn a_decision_makes_no_call_that_it_does_not_need() {
    let stage = Stage::new().await;
    let before = stage.calls();
    stage.send(alarm_event("orders-001", Watch::Memory)).await;
    let looks = [
        "DescribeCacheClusters",
        "DescribeReplicationGroups",
        "ListTagsForResource",
        // Of three days by the minute, and of the week by the hour.
        "GetMetricData",
        "GetMetricData",
    ];
    assert_eq!(stage.calls_since(before), looks, "a group that is well");

    fill(&stage).await;
    let before = stage.calls();
    stage.send_only(alarm_event("orders-001", Watch::Memory)).await;
    let change = [
        "ListAllowedNodeTypeModifications",
        "AddTagsToResource",
        "ModifyReplicationGroup",
        "StartExecution",
    ];
    assert_eq!(stage.calls_since(before), [&looks[..], &change[..]].concat(), "a node type");

    let stage = Stage::new().await;
    stage.load("orders-002", &[(ENGINE_CPU, 91.0), ("GetTypeCmds", 60_000.0)]);
    stage.minutes(8).await;
    let before = stage.calls();
    stage.send_only(alarm_event("orders-002", Watch::Cpu)).await;
    let change = ["AddTagsToResource", "IncreaseReplicaCount", "StartExecution"];
    assert_eq!(stage.calls_since(before), [&looks[..], &change[..]].concat(), "a replica");
}

#[tokio::test(start_paused = true)]
async fn the_plan_tells_and_does_nothing() {
    let stage = Stage::new().await;
    fill(&stage).await;
    let before = stage.calls();
    let ended = stage.send(json!({ "action": "plan", "group": GROUP })).await;
    let said = Stage::summary(&ended);
    assert!(
        said.contains("asked for the node type from cache.t4g.micro to cache.t4g.small"),
        "{said}"
    );
    assert!(said.contains("$23.36 before, $46.72 a month"), "{said}");
    assert!(
        stage.calls_since(before).iter().all(|it| it.starts_with("Describe")
            || it.starts_with("List")
            || it.starts_with("Get"))
    );
    assert!(stage.told().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_is_left_alone_and_recorded_once() {
    let stage = Stage::with(Settings::default(), &[]).await;
    fill(&stage).await;
    let before = stage.calls();
    let ended = stage.send(alarm_event("orders-001", Watch::Memory)).await;
    assert_eq!(
        Stage::summary(&ended),
        "refused: orders: the group has no cachewarden:autoscale tag"
    );
    let ended = stage.send(alarm_event("gone-001", Watch::Memory)).await;
    assert_eq!(
        Stage::summary(&ended),
        "refused: the group: the group or the member is not there any more"
    );
    assert_eq!(
        stage.calls_since(before),
        [
            "DescribeCacheClusters",
            "DescribeReplicationGroups",
            "ListTagsForResource",
            "DescribeCacheClusters"
        ],
    );
    assert_eq!(stage.records().len(), 2);
    assert_eq!(stage.changes(), 0);
    assert!(stage.told().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_is_left_alone_and_recorded_once_while_it_is_busy_too() {
    let snapshot: &[(&str, &str)] = &[
        ("Action", "CreateSnapshot"),
        ("SnapshotName", "theirs"),
        ("CacheClusterId", "orders-002"),
    ];
    let farewell: &[(&str, &str)] =
        &[("Action", "DeleteReplicationGroup"), ("ReplicationGroupId", GROUP)];
    for busy in [snapshot, farewell] {
        let stage = Stage::with(Settings::default(), &[]).await;
        fill(&stage).await;
        stage.by_hand(busy);
        let before = stage.calls();
        let ended = stage.send(alarm_event("orders-001", Watch::Memory)).await;
        assert_eq!(
            Stage::summary(&ended),
            "refused: orders: the group has no cachewarden:autoscale tag"
        );
        assert_eq!(
            stage.calls_since(before),
            ["DescribeCacheClusters", "DescribeReplicationGroups", "GetResources"],
        );
        assert_eq!(stage.records().len(), 1);
        assert!(stage.told().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lasting_denial_is_told_and_nothing_is_retried_in_a_storm() {
    let stage = Stage::new().await;
    fill(&stage).await;
    stage.befall(Rule::operation("GetMetricData", Fault::Denied).times(1000));
    let before = stage.calls();
    let ended = stage.send(alarm_event("orders-001", Watch::Memory)).await;
    assert!(Stage::summary(&ended).starts_with("failed: orders"), "{ended:?}");
    let reads = stage.calls_since(before).iter().filter(|it| *it == "GetMetricData").count();
    assert_eq!(reads, 2, "each of the two requests once");
    assert_eq!(stage.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_stays_busy_for_hours_is_told_and_given_back_to_the_schedule() {
    let mut settings = Settings::default();
    settings.durations.node_type = SignedDuration::from_hours(5);
    let stage = Stage::with(settings, &[("cachewarden:autoscale", "full")]).await;
    fill(&stage).await;
    let ended = stage.send(alarm_event("orders-001", Watch::Memory)).await;
    assert_eq!(
        Stage::summary(&ended),
        "failed: orders: waited too long for a modification to finish"
    );
    assert_eq!(stage.told().len(), 1);
    stage.scene.pass(Duration::from_hours(3)).await;
    stage.rounds(1).await;
    assert_eq!(stage.node_type(), "cache.t4g.small");
    assert_eq!((stage.changes(), stage.told().len()), (1, 2), "{:?}", stage.told());
}

#[tokio::test(start_paused = true)]
async fn every_sample_event_is_taken() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/autoscale");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    assert!(10 < files.len());
    for file in files {
        let stage = Stage::new().await;
        let event: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let ended = stage.send(event).await;
        let Ended::Answered(answer) = ended else { panic!("{}: {ended:?}", file.display()) };
        let status = answer["status"].as_str().unwrap();
        assert!(["settled", "refused", "failed"].contains(&status), "{}: {answer}", file.display());
        assert_eq!(
            status == "failed",
            file.ends_with("gave-up.json"),
            "{}: {answer}",
            file.display()
        );
        assert_eq!(stage.changes(), 0);
    }
}
