//! Stories of what cannot be done: people are told once, whoever began it, and nothing is done that nobody asked for.

use aws_sim::elasticache::engine::Version;
use aws_sim::fault::{Fault, Rule};
use domain::alarm::{self, Watch};
use domain::{GroupId, MemberId, Tags};
use platform::Alarms;
use serde_json::json;

use super::fill;
use super::stage::{GROUP, Stage, alarm_event};
use crate::support::Ended;

#[tokio::test(start_paused = true)]
async fn work_that_the_schedule_began_and_that_fails_is_told_once() {
    let stage = Stage::new().await;
    fill(&stage).await;
    stage.befall(Rule::operation("DescribeAlarms", Fault::Denied).times(1000));
    stage.rounds(4).await;
    assert_eq!((stage.node_type().as_str(), stage.changes()), ("cache.t4g.small", 1));
    let told = stage.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].message.contains("DescribeAlarms failed: AccessDenied"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_denied_is_told_once_and_tried_again_after_an_hour() {
    let stage = Stage::new().await;
    fill(&stage).await;
    stage.befall(Rule::operation("ModifyReplicationGroup", Fault::Denied));
    let before = stage.calls();
    stage.rounds(6).await;
    let asked = |it: &String| it == "ModifyReplicationGroup";
    assert_eq!(stage.calls_since(before).into_iter().filter(asked).count(), 1);
    let told = stage.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].message.contains("does not allow the call"), "{told:?}");
    assert!(!stage.tags().contains_key("cachewarden:autoscale-change"));
    stage.rounds(12).await;
    assert_eq!(stage.node_type(), "cache.t4g.small");
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_somebody_put_off_is_not_carried_out() {
    let stage = Stage::new().await;
    fill(&stage).await;
    let older = Version([7, 0, 7]);
    stage.scene.world.with(|it| {
        let group = it.elasticache.groups.get_mut(GROUP).unwrap();
        group.version = older;
        group.members.values_mut().for_each(|it| it.version = older);
    });
    stage.by_hand(&[
        ("Action", "ModifyReplicationGroup"),
        ("ReplicationGroupId", GROUP),
        ("EngineVersion", "7.1"),
        ("ApplyImmediately", "false"),
    ]);
    let before = stage.changes();
    let ended = stage.send(alarm_event("orders-001", Watch::Memory)).await;
    assert!(Stage::summary(&ended).contains("a change to engine version 7.1"), "{ended:?}");
    assert_eq!((stage.changes() - before, stage.told().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_round_of_the_schedule_that_has_to_come_again_does_so_whatever_else_fails() {
    let stage = Stage::new().await;
    let group = GroupId::parse("gone").unwrap();
    let ours = Tags::from([("cachewarden:group".to_owned(), "gone".to_owned())]);
    for it in alarm::wanted(&group, &[MemberId::parse("gone-001").unwrap()], None) {
        Alarms::new(&stage.scene.aws).put(&it, &[], &ours).await.unwrap();
    }
    stage.befall(Rule::operation("GetMetricData", Fault::Unavailable).times(1000));
    stage.befall(Rule::operation("DescribeAlarms", Fault::Denied).times(1000));
    let ended = stage.send_only(json!({ "action": "evaluate" })).await;
    assert!(matches!(&ended, Ended::Failed(why) if why.contains("GetMetricData")), "{ended:?}");
    let failed = |it: &serde_json::Value| it["why"].as_str().unwrap().contains("DescribeAlarms");
    let asked: Vec<String> = (stage.records().iter().filter(|it| failed(it)))
        .map(|it| it["asked"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        asked,
        ["keep the alarms of orders", "delete the alarms of groups that are gone"],
        "neither keeps the other from being tried"
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_without_room_for_a_tag_more_is_changed_all_the_same() {
    let stage = Stage::new().await;
    // The note of the change and of what is asked for make it 48 of 50: when it was changed and which way fit, what is to be looked back at does not.
    for number in stage.tags().len()..46 {
        stage.tag(&format!("theirs-{number}"), "x");
    }
    fill(&stage).await;
    stage.rounds(4).await;
    assert_eq!((stage.node_type().as_str(), stage.changes()), ("cache.t4g.small", 1));
    let tags = stage.tags();
    let has = |name: &str| tags.contains_key(&format!("cachewarden:{name}"));
    assert_eq!(
        ["changed", "autoscale-moves", "autoscale-watch", "autoscale-change"].map(has),
        [true, true, false, false],
        "{tags:?}"
    );
    assert_eq!(stage.told().len(), 1);
}
