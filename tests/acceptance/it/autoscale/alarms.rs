//! Stories of the alarms: they follow the members, whatever those are called, and nobody else's are touched.

use std::time::Duration;

use aws_sim::fault::{Fault, Rule};
use aws_sim::settings::Settings;
use domain::alarm::{AlarmSpec, AlarmView, Watch};
use domain::{GroupId, Tags};
use platform::Alarms;
use serde_json::json;

use super::stage::{GROUP, Stage, alarm_event};
use super::{CPU, ENGINE_CPU, fill};

/// An alarm that an operator made himself, under a name that ours would have.
async fn make_own(stage: &Stage, watch: Watch) -> AlarmSpec {
    let specs = stage.wanted_alarms();
    let mut own = specs.into_iter().find(|it| it.metric == watch.metric()).unwrap();
    own.threshold = 60.0;
    let alarms = Alarms::new(&stage.scene.aws);
    alarms.delete(std::slice::from_ref(&own.name)).await.unwrap();
    alarms.put(&own, &[], &Tags::new()).await.unwrap();
    own
}

/// What a round of the schedule made, deleted and decided about alarms.
async fn round(stage: &Stage) -> (Vec<String>, Vec<String>) {
    let (calls, records) = (stage.calls(), stage.records().len());
    stage.rounds(1).await;
    let changing = ["PutMetricAlarm", "DeleteAlarms"];
    let calls = stage.calls_since(calls);
    let calls = calls.into_iter().filter(|it| changing.contains(&it.as_str()));
    let records = stage.records().split_off(records);
    let kept = records.iter().filter(|it| it["asked"] == "look around");
    (calls.collect(), kept.map(|it| it["decided"].as_str().unwrap().to_owned()).collect())
}

async fn there(stage: &Stage) -> Vec<AlarmView> {
    Alarms::new(&stage.scene.aws).of(&GroupId::parse(GROUP).unwrap()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn alarms_of_an_operator_are_not_deleted_where_ours_are_off() {
    let tags = [("cachewarden:autoscale", "full"), ("cachewarden:alarms", "off")];
    let stage = Stage::with(Settings::default(), &tags).await;
    let own = make_own(&stage, Watch::Cpu).await;
    fill(&stage).await;
    stage.send(alarm_event("orders-001", Watch::Memory)).await;
    assert_eq!(stage.node_type(), "cache.t4g.small");
    let left: Vec<String> = there(&stage).await.into_iter().map(|it| it.name).collect();
    assert_eq!(left, [own.name], "ours are gone, and only ours");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_of_an_operator_is_not_overwritten_and_it_is_said() {
    let stage = Stage::new().await;
    let own = make_own(&stage, Watch::Cpu).await;
    fill(&stage).await;
    stage.send(alarm_event("orders-001", Watch::Memory)).await;
    assert_eq!(stage.node_type(), "cache.t4g.small");
    assert!(!stage.tags().contains_key("cachewarden:autoscale-change"));
    let seen = there(&stage).await;
    let seen = seen.iter().find(|it| it.name == own.name).unwrap();
    assert!(seen.is_as(&own, &[]), "{seen:?}");
    let said = |it: &serde_json::Value| {
        it["decided"].as_str().unwrap().contains("left alone, since not ours: orders/cpu")
    };
    assert_eq!(stage.records().iter().filter(|it| said(it)).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_not_named_after_its_group_is_watched_too() {
    let stage = Stage::new().await;
    stage.by_hand(&[
        ("Action", "CreateCacheCluster"),
        ("CacheClusterId", "annex"),
        ("ReplicationGroupId", GROUP),
    ]);
    stage.scene.pass(Duration::from_mins(30)).await;
    assert_eq!(stage.members(), ["annex", "orders-001", "orders-002"]);
    fill(&stage).await;
    stage.send(alarm_event("orders-001", Watch::Memory)).await;
    assert_eq!(stage.node_type(), "cache.t4g.small");
    assert!(!stage.tags().contains_key("cachewarden:autoscale-change"), "{:?}", stage.tags());
    assert_eq!(stage.told().len(), 1);
    stage.has_its_alarms().await;
    let put = stage.calls_since(0).iter().filter(|it| *it == "PutMetricAlarm").count();
    assert_eq!(
        put,
        2 * stage.wanted_alarms().len(),
        "each was made, and then told of the new member"
    );

    // It goes, and nothing watches it any more.
    stage.by_hand(&[
        ("Action", "DecreaseReplicaCount"),
        ("ReplicationGroupId", GROUP),
        ("ReplicasToRemove.member.1", "annex"),
        ("ApplyImmediately", "true"),
    ]);
    stage.scene.pass(Duration::from_mins(30)).await;
    assert_eq!(stage.members(), ["orders-001", "orders-002"]);
    stage.everywhere(&[(CPU, 5.0), (ENGINE_CPU, 10.0)]);
    stage.load("orders-002", &[(ENGINE_CPU, 91.0), ("GetTypeCmds", 60_000.0)]);
    stage.minutes(20).await;
    stage.send(json!({ "action": "evaluate", "group": GROUP })).await;
    assert_eq!(stage.members(), ["orders-001", "orders-002", "orders-003"]);
    stage.has_its_alarms().await;
}

/// A group whose size nobody tends.
async fn untended() -> Stage {
    let policy = [("cachewarden:autoscale", "off"), ("cachewarden:alarms", "on")];
    Stage::with(Settings::default(), &policy).await
}

#[tokio::test(start_paused = true)]
async fn a_round_of_the_schedule_changes_no_alarm_that_is_right() {
    let stage = untended().await;
    assert_eq!(round(&stage).await, (Vec::new(), Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn the_schedule_puts_right_what_somebody_did_to_alarms_also_where_autoscaling_is_off() {
    let stage = untended().await;
    stage.scene.world.with(|it| {
        it.cloudwatch.alarms.remove("orders/evictions");
        it.cloudwatch.alarms.get_mut("orders/swap").unwrap().threshold = 1.0;
        it.cloudwatch.alarms.get_mut("orders/memory").unwrap().acts = false;
    });
    let (calls, decided) = round(&stage).await;
    assert_eq!(calls, ["PutMetricAlarm"; 3], "and none of those that are right");
    assert_eq!(decided, ["put right orders/memory orders/evictions orders/swap"]);
    stage.has_its_alarms().await;
    assert_eq!(stage.changes(), 0);
}

#[tokio::test(start_paused = true)]
async fn alarms_follow_what_was_changed_by_hand_once_the_group_is_at_rest() {
    let stage = untended().await;
    stage.by_hand(&[
        ("Action", "IncreaseReplicaCount"),
        ("ReplicationGroupId", GROUP),
        ("NewReplicaCount", "2"),
        ("ApplyImmediately", "true"),
    ]);
    let busy = round(&stage).await;
    assert_eq!(busy, (Vec::new(), Vec::new()), "left to the next round");
    stage.scene.pass(Duration::from_mins(30)).await;
    assert_eq!(round(&stage).await.0, ["PutMetricAlarm"; 5]);
    stage.has_its_alarms().await;

    let primary =
        |stage: &Stage| stage.scene.world.with(|it| it.elasticache.groups[GROUP].primary.clone());
    let before = primary(&stage);
    stage.by_hand(&[
        ("Action", "TestFailover"),
        ("ReplicationGroupId", GROUP),
        ("NodeGroupId", "0001"),
    ]);
    stage.scene.pass(Duration::from_mins(30)).await;
    assert_ne!(primary(&stage), before);
    assert_eq!(round(&stage).await.0, [""; 0], "they watch every node, whichever is the primary");
    stage.has_its_alarms().await;

    stage.by_hand(&[
        ("Action", "DecreaseReplicaCount"),
        ("ReplicationGroupId", GROUP),
        ("ReplicasToRemove.member.1", &before),
        ("ApplyImmediately", "true"),
    ]);
    stage.scene.pass(Duration::from_mins(30)).await;
    assert!(!stage.members().contains(&before));
    round(&stage).await;
    stage.has_its_alarms().await;
}

#[tokio::test(start_paused = true)]
async fn another_number_of_vcpus_is_watched_otherwise() {
    let stage = untended().await;
    stage.by_hand(&[
        ("Action", "ModifyReplicationGroup"),
        ("ReplicationGroupId", GROUP),
        ("CacheNodeType", "cache.m7g.xlarge"),
        ("ApplyImmediately", "true"),
    ]);
    stage.scene.pass(Duration::from_hours(1)).await;
    assert_eq!(stage.node_type(), "cache.m7g.xlarge");
    let (calls, decided) = round(&stage).await;
    assert_eq!(calls, ["PutMetricAlarm", "PutMetricAlarm", "DeleteAlarms"]);
    assert_eq!(decided, ["put right orders/engine-cpu orders/freeable-memory; deleted orders/cpu"]);
    stage.has_its_alarms().await;
}

#[tokio::test(start_paused = true)]
async fn a_group_needs_no_policy_to_have_its_alarms_kept() {
    let stage = Stage::with(Settings::default(), &[("cachewarden:alarms", "on")]).await;
    stage.scene.world.with(|it| it.cloudwatch.alarms.clear());
    let (calls, decided) = round(&stage).await;
    assert_eq!((calls.len(), decided.len()), (5, 1));
    stage.has_its_alarms().await;
    let tags = stage.scene.world.with(|it| it.cloudwatch.alarms["orders/memory"].tags.clone());
    assert!(tags.keys().eq(["cachewarden:group", "cachewarden:owner"]), "{tags:?}");
}

#[tokio::test(start_paused = true)]
async fn where_alarms_are_turned_off_by_the_tag_ours_go_and_no_others() {
    let stage = untended().await;
    let own = make_own(&stage, Watch::Memory).await;
    stage.tag("cachewarden:alarms", "off");
    let (calls, _) = round(&stage).await;
    assert_eq!(calls, ["DeleteAlarms"]);
    let left: Vec<String> = there(&stage).await.into_iter().map(|it| it.name).collect();
    assert_eq!(left, [own.name]);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_of_an_operator_is_left_alone_by_the_schedule_and_it_is_said() {
    let stage = untended().await;
    let own = make_own(&stage, Watch::Cpu).await;
    stage.scene.world.with(|it| it.cloudwatch.alarms.remove("orders/swap"));
    let (calls, decided) = round(&stage).await;
    assert_eq!(calls, ["PutMetricAlarm"]);
    assert_eq!(decided, ["put right orders/swap; left alone, since not ours: orders/cpu"]);
    let seen = there(&stage).await;
    assert!(seen.iter().any(|it| it.is_as(&own, &[])), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn tags_that_cannot_be_followed_leave_the_alarms_as_they_are() {
    let stage = untended().await;
    stage.tag("cachewarden:alarm-topic", "nowhere");
    stage.scene.world.with(|it| it.cloudwatch.alarms.remove("orders/swap"));
    assert_eq!(round(&stage).await, (Vec::new(), vec!["left its alarms as they are".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_fails_does_not_keep_the_alarms_of_the_others_from_being_kept() {
    let stage = untended().await;
    // Of the other there are no alarms yet.
    stage.by_hand(&[
        ("Action", "CreateReplicationGroup"),
        ("ReplicationGroupId", "basket"),
        ("ReplicationGroupDescription", "basket"),
        ("CacheNodeType", "cache.t4g.micro"),
        ("NumCacheClusters", "1"),
        ("Tags.Tag.1.Key", "cachewarden:alarms"),
        ("Tags.Tag.1.Value", "on"),
    ]);
    stage.scene.pass(Duration::from_mins(30)).await;
    stage.scene.world.with(|it| it.cloudwatch.alarms.remove("orders/swap"));
    stage.befall(Rule::operation("PutMetricAlarm", Fault::Denied).times(1));
    let before = stage.records().len();
    let ended = stage.send_only(json!({ "action": "evaluate" })).await;
    assert!(Stage::summary(&ended).contains("PutMetricAlarm failed: AccessDenied"), "{ended:?}");
    let records = stage.records().split_off(before);
    let asked: Vec<&str> = records.iter().map(|it| it["asked"].as_str().unwrap()).collect();
    // A round begins now with one and now with the other.
    let other = match asked.first() {
        Some(&"keep the alarms of basket") => "orders/swap",
        Some(&"keep the alarms of orders") => "basket/swap",
        strange => panic!("{strange:?}"),
    };
    assert_eq!(asked.len(), 2, "one that fails, and the other: {asked:?}");
    let names: Vec<String> =
        stage.scene.world.with(|it| it.cloudwatch.alarms.keys().cloned().collect());
    assert!(names.iter().any(|it| it == other), "{names:?}");

    stage.send_only(json!({ "action": "evaluate" })).await;
    let all = stage.scene.world.with(|it| it.cloudwatch.alarms.len());
    assert_eq!(all, 10, "the next round makes up for it");
}
