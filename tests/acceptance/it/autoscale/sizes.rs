//! Stories of which size is chosen, and of what would have been chosen.

use std::time::Duration;

use aws_sim::fault::Shortage;
use aws_sim::settings::Settings;
use domain::alarm::Watch;
use serde_json::json;

use super::fill;
use super::stage::{GROUP, Stage, alarm_event};
use crate::support::Ended;

#[tokio::test(start_paused = true)]
async fn a_cache_that_may_drop_any_key_does_not_grow_for_being_full() {
    for (eviction, grown) in [("allkeys-lru", 0), ("volatile-lru", 1)] {
        let stage = Stage::with_eviction(eviction).await;
        fill(&stage).await;
        stage.send(alarm_event("orders-001", Watch::Memory)).await;
        stage.rounds(3).await;
        assert_eq!(stage.changes(), grown, "{eviction}");
    }
    let stage = Stage::with_eviction("volatile-lru").await;
    let before = stage.calls();
    stage.send(alarm_event("orders-001", Watch::Memory)).await;
    let asked = stage.calls_since(before);
    assert!(
        !asked.contains(&"DescribeCacheParameters".to_owned()),
        "nothing turns on it: {asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_backtest_tells_what_would_have_been_decided_and_does_nothing() {
    // It needs no policy: who asks may not have given the group to the autoscaler yet.
    for tags in [&[("cachewarden:autoscale", "full")][..], &[]] {
        let stage = Stage::with(Settings::default(), tags).await;
        stage.by_hand(&[
            ("Action", "IncreaseReplicaCount"),
            ("ReplicationGroupId", GROUP),
            ("NewReplicaCount", "3"),
            ("ApplyImmediately", "true"),
        ]);
        stage.scene.pass(Duration::from_hours(30)).await;
        let before = stage.calls();
        let event = json!({ "action": "backtest", "group": GROUP, "days": 2 });
        let Ended::Answered(answer) = stage.send(event).await else { panic!("no answer") };
        assert_eq!(answer["status"], "settled", "{answer}");
        let summary = answer["summary"].as_str().unwrap();
        assert!(summary.starts_with("orders: over 2 days it cost $"), "{summary}");
        let report = answer["report"].as_str().unwrap();
        assert!(report.contains("Backtest of orders"), "{report}");
        assert!(report.contains("as it would have been"), "{report}");
        assert!(report.lines().all(|it| it.chars().count() <= 100), "{report}");
        assert!(answer["picture"].as_str().unwrap().starts_with("<svg"));
        let looks = stage.calls_since(before);
        assert_eq!(looks.len(), 4, "the group, its members, its tags and their metrics: {looks:?}");
        assert!(looks.iter().all(|it| ["Desc", "List", "GetM"].contains(&&it[..4])), "{looks:?}");
        assert_eq!(stage.records().last().unwrap()["asked"], "backtest orders");
    }
    let stage = Stage::new().await;
    let gone = stage.send(json!({ "action": "backtest", "group": "nobody" })).await;
    assert_eq!(
        Stage::summary(&gone),
        "refused: nobody: the group or the member is not there any more"
    );
}

#[tokio::test(start_paused = true)]
async fn where_one_size_cannot_be_had_the_next_best_is_taken() {
    for shortage in [Shortage::AtOnce, Shortage::Later] {
        let stage = Stage::new().await;
        fill(&stage).await;
        let small = "cache.t4g.small".to_owned();
        stage.scene.world.with(|it| it.faults.shortages.insert(small, shortage));
        stage.send(alarm_event("orders-001", Watch::Memory)).await;
        stage.rounds(2).await;
        assert_eq!(stage.node_type(), "cache.t4g.medium", "{shortage:?}");
        let subjects: Vec<String> = stage.told().into_iter().map(|it| it.subject).collect();
        assert_eq!(subjects.len(), 2, "the failure and the change: {subjects:?}");
        assert!(subjects[1].ends_with("from cache.t4g.micro to cache.t4g.medium"), "{subjects:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_made_smaller_and_is_short_of_memory_for_it_is_taken_back_and_left_so() {
    let stage = Stage::of_type("cache.t4g.small").await;
    stage.scene.pass(Duration::from_hours(39)).await;
    stage.rounds(2).await;
    assert_eq!(stage.node_type(), "cache.t4g.micro", "two days would have done with less");
    assert_eq!(stage.tags()["cachewarden:autoscale-moves"].split(' ').next(), Some("down"));
    let records = stage.records();
    let decided = |it: &&serde_json::Value| it["decided"].as_str().unwrap().contains("t4g.micro");
    let record = records.iter().find(decided).unwrap();
    let weighed = &record["evidence"]["sizes"]["weighed"];
    assert_eq!(weighed[0]["nodeType"], "cache.t4g.small");
    assert_eq!(weighed[1]["nodeType"], "cache.t4g.micro");
    assert!(weighed[1]["dollarsADay"].as_f64() < weighed[0]["dollarsADay"].as_f64());
    assert_eq!((&record["Nodes"], &record["MonthlyDollars"]), (&json!(2.0), &json!(46.72)));

    fill(&stage).await;
    stage.rounds(6).await;
    assert_eq!(stage.node_type(), "cache.t4g.small");
    let told = stage.told();
    assert_eq!(told.len(), 2, "{told:?}");
    let back = &told[1].message;
    assert!(back.contains("That is change 2 of the node type within a day"), "{back}");
    stage.fill_to(80_000_000);
    stage.rounds(100).await;
    assert_eq!(stage.node_type(), "cache.t4g.small", "no third change in a day");
    assert_eq!(stage.changes(), 2);
}
