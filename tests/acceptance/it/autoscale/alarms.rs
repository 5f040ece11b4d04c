//! Stories of the alarms: they follow the members, whatever those are called, and nobody else's are touched.

use std::time::Duration;

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
    assert_eq!(put, 2 * Watch::ALL.len(), "each was made, and then told of the new member");

    // It goes, and nothing watches it any more.
    stage.by_hand(&[
        ("Action", "DecreaseReplicaCount"),
        ("ReplicationGroupId", GROUP),
        ("ReplicasToRemove.member.1", "annex"),
        ("ApplyImmediately", "true"),
    ]);
    stage.scene.pass(Duration::from_mins(30)).await;
    assert_eq!(stage.members(), ["orders-001", "orders-002"]);
    stage.everywhere(&[(CPU, 40.0), (ENGINE_CPU, 40.0)]);
    stage.load("orders-002", &[(CPU, 91.0)]);
    stage.minutes(20).await;
    stage.send(json!({ "action": "evaluate", "group": GROUP })).await;
    assert_eq!(stage.members(), ["orders-001", "orders-002", "orders-003"]);
    stage.has_its_alarms().await;
}
