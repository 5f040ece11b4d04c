//! An automatic snapshot of ElastiCache's becomes one of ours.

use std::time::Duration;

use aws_sim::elasticache::model::SnapshotStatus;
use aws_sim::fault::{Fault, Rule, Side};
use aws_sim::settings::{Settings, Switches};
use domain::snapshot::{Tier, name};
use domain::{GroupId, tag};
use jiff::Timestamp;
use serde_json::json;

use super::stage::{BYTES, GROUP, OWNER, Stage, summary};

const TIERS: &str = "hourly=24 daily=7 weekly=4";

/// A stage whose group keeps so, and its automatic snapshot.
async fn stage(keep: &str) -> (Stage, String) {
    stage_with(keep, Switches::default()).await
}

async fn stage_with(keep: &str, switches: Switches) -> (Stage, String) {
    let stage = Stage::with(Settings { switches, ..Settings::default() }).await;
    stage.scene.world.with(|it| {
        let group = it.elasticache.groups.get_mut(GROUP).unwrap();
        group.tags.insert(tag::SNAPSHOT_KEEP.to_owned(), keep.to_owned());
    });
    let name = automatic(&stage, GROUP).await;
    (stage, name)
}

/// ElastiCache takes its own of a group in its window, which is within a day.
pub(super) async fn automatic(stage: &Stage, group: &str) -> String {
    let member = format!("{group}-002");
    let is_sharded = stage.scene.world.with(|it| it.elasticache.groups[group].is_sharded());
    let mut fields = vec![
        ("ReplicationGroupId", group),
        ("ApplyImmediately", "true"),
        ("SnapshotRetentionLimit", "7"),
        ("SnapshotWindow", "03:00-04:00"),
    ];
    if !is_sharded {
        fields.push(("SnapshottingClusterId", &member));
    }
    stage.scene.by_hand("ModifyReplicationGroup", &fields);
    for _ in 0..50 {
        stage.scene.pass(Duration::from_mins(30)).await;
        let taken = stage.scene.world.with(|it| {
            let all = it.elasticache.snapshots.values();
            let mut whole = all.filter(|it| it.automatic && it.taken_at.is_some());
            whole.find(|it| it.source.id == group).map(|it| it.name.clone())
        });
        if let Some(name) = taken {
            return name;
        }
    }
    panic!("no automatic snapshot of {group} was taken");
}

/// When the data of a snapshot were read.
fn taken_at(stage: &Stage, snapshot: &str) -> Timestamp {
    stage.scene.world.with(|it| it.elasticache.snapshots[snapshot].taken_at.unwrap())
}

/// The name of the copy.
fn copy_of(stage: &Stage, snapshot: &str, group: &str, tier: Tier) -> String {
    let at = taken_at(stage, snapshot);
    name::of(&GroupId::parse(group).unwrap(), tier, at).unwrap().to_string()
}

fn copies_asked_for(stage: &Stage) -> usize {
    stage.scene.world.calls_to("CopySnapshot")
}

#[tokio::test(start_paused = true)]
async fn an_automatic_snapshot_becomes_one_of_its_tier() {
    let (stage, automatic) = stage(TIERS).await;
    let copy = copy_of(&stage, &automatic, GROUP, Tier::Weekly);
    let event = json!({ "action": "promote", "snapshot": automatic, "tier": "weekly" });
    let ended = stage.send(event.clone()).await;
    let at = Timestamp::from_second(taken_at(&stage, &automatic).as_second()).unwrap();
    let is_there = format!("settled: orders: {copy} is there, with the data of {at}");
    assert_eq!(summary(&ended), is_there);
    assert_eq!(stage.good(), std::slice::from_ref(&copy));
    let (tags, bytes) = stage.scene.world.with(|it| {
        let copy = &it.elasticache.snapshots[&copy];
        (copy.tags.clone(), copy.bytes)
    });
    assert_eq!(bytes, BYTES);
    assert_eq!(tags[tag::GROUP], GROUP);
    assert_eq!(tags[tag::OWNER], OWNER);
    assert_eq!(tags[tag::TIER], "weekly");
    assert!(tags[tag::PROMOTED].starts_with(&format!("{automatic} taken 2026-")), "{tags:?}");
    // The same once more finds it done, at once.
    let before = stage.calls();
    assert_eq!(summary(&stage.send(event.clone()).await), is_there);
    assert!(!stage.calls_since(before).contains(&"StartExecution".to_owned()));
    assert_eq!(copies_asked_for(&stage), 1);
    // It can be restored from like any other, and outlives its group and the automatic one.
    let restore = json!({ "action": "restore", "snapshot": copy, "group": "orders-back" });
    let said = summary(&stage.send(restore).await);
    assert!(said.starts_with("settled: orders-back: "), "{said}");
    let restored = stage.told().len();
    let status = summary(&stage.send_only(json!({ "action": "status", "group": GROUP })).await);
    assert!(status.contains(&format!("1 in all; keeps {TIERS}; promoted: {copy}")), "{status}");
    stage.scene.by_hand("DeleteReplicationGroup", &[("ReplicationGroupId", GROUP)]);
    stage.scene.pass(Duration::from_hours(1)).await;
    assert_eq!(stage.good(), [copy]);
    let is_left = |it: &mut aws_sim::State| it.elasticache.snapshots.contains_key(&automatic);
    assert!(!stage.scene.world.with(is_left));
    // Whoever asks then is told of the copy, and not that there is nothing.
    assert_eq!(summary(&stage.send(event).await), is_there);
    assert_eq!(stage.told().len(), restored, "{:?}", stage.told());
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_tier_means_one_copy_however_often_it_comes() {
    for switches in [Switches::default(), Switches::otherwise()] {
        let (stage, automatic) = stage_with(TIERS, switches).await;
        let copy = copy_of(&stage, &automatic, GROUP, Tier::Weekly);
        let newest = json!({ "action": "promote", "group": GROUP });
        let said = summary(&stage.send(newest.clone()).await);
        assert!(said.starts_with("settled"), "{said}");
        for event in [newest, json!({ "action": "promote", "snapshot": automatic })] {
            let said = summary(&stage.send(event).await);
            assert!(said.starts_with(&format!("settled: orders: {copy} is there")), "{said}");
        }
        assert_eq!(stage.good(), [copy]);
        assert_eq!(copies_asked_for(&stage), 1);
        // Another tier is another wish.
        let hourly = json!({ "action": "promote", "snapshot": automatic, "tier": "hourly" });
        stage.send(hourly).await;
        assert_eq!(stage.good().len(), 2);
        // And its week is served, where one more of it is asked for.
        stage.scene.pass(Duration::from_hours(24)).await;
        let next = json!({ "action": "promote", "group": GROUP, "tier": "weekly" });
        let said = summary(&stage.send(next).await);
        assert!(said.contains("is there already for the period of"), "{said}");
        assert_eq!(copies_asked_for(&stage), 2);
        assert!(stage.told().is_empty(), "{:?}", stage.told());
    }
}

/// Five of ours, an hour apart and as the policy of their group takes them, of which one is missing; and an automatic one of that hour.
/// Gives ours, the oldest first.
async fn with_a_gap(stage: &Stage, automatic: &str, policy: &str) -> Vec<String> {
    stage.stock(5).await;
    stage.scene.world.with(|it| {
        let all = &mut it.elasticache.snapshots;
        let names: Vec<String> = all.keys().filter(|it| *it != automatic).cloned().collect();
        for name in names.iter().filter(|_| policy.contains('=')) {
            let tags = &mut all.get_mut(name).unwrap().tags;
            tags.insert(tag::TIERS.to_owned(), "hourly".to_owned());
        }
        let missing = all.remove(&names[3]).unwrap();
        all.get_mut(automatic).unwrap().taken_at = missing.taken_at;
    });
    stage.good()
}

#[tokio::test(start_paused = true)]
async fn a_prune_after_a_promotion_does_what_it_would_have_done() {
    for switches in [Switches::default(), Switches::otherwise()] {
        // Whether it counted as one of the newest or as one of an hour, another one would go.
        for (policy, tier, stays) in
            [("3", Tier::Daily, [1, 2, 3]), ("hourly=2 daily=1", Tier::Hourly, [0, 2, 3])]
        {
            let (stage, automatic) = stage_with(policy, switches.clone()).await;
            let ours = with_a_gap(&stage, &automatic, policy).await;
            let copy = copy_of(&stage, &automatic, GROUP, tier);
            let event =
                json!({ "action": "promote", "snapshot": automatic, "tier": tier.as_str() });
            let said = summary(&stage.send(event).await);
            assert!(said.starts_with("settled"), "{said}");
            stage.send(json!({ "action": "prune" })).await;
            stage.scene.pass(Duration::from_mins(2)).await;
            let (copies, kept): (Vec<_>, Vec<_>) =
                stage.good().into_iter().partition(|it| *it == copy);
            assert_eq!(kept, stays.map(|it| ours[it].clone()), "{policy}");
            assert_eq!(copies, [copy], "{policy}");
            let last = stage.scene.journal.records().pop().unwrap();
            let why = last["evidence"]["kept"][3]["why"].as_str();
            assert_eq!(why, Some("kept: promoted, and no older than what is kept beside it"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_keeps_by_number_keeps_it_beside_them() {
    let (stage, automatic) = stage("3").await;
    let copy = copy_of(&stage, &automatic, GROUP, Tier::Daily);
    stage.send(json!({ "action": "promote", "group": GROUP })).await;
    stage.hours(2).await;
    stage.send(json!({ "action": "prune" })).await;
    assert_eq!(stage.good().len(), 3);
    stage.hours(1).await;
    stage.send(json!({ "action": "prune" })).await;
    stage.scene.pass(Duration::from_mins(2)).await;
    let left = stage.good();
    assert_eq!(left.len(), 3, "as many newer ones are there as are kept: {left:?}");
    assert!(!left.contains(&copy), "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn what_speaks_against_a_promotion_is_told_at_once_and_nothing_is_copied() {
    let (stage, automatic) = stage(TIERS).await;
    stage.add("foreign", 2, &[("team", "other")]).await;
    let foreign = self::automatic(&stage, "foreign").await;
    stage.hours(1).await;
    let by_hand = stage.good().pop().unwrap();
    let cases = [
        (json!({ "snapshot": "automatic.none" }), "snapshot: there is no snapshot automatic.none"),
        (json!({ "snapshot": by_hand, "tier": "monthly" }), "is not an automatic one"),
        (json!({ "snapshot": by_hand, "tier": "monthly" }), "and none that are monthly"),
        (json!({ "snapshot": automatic, "tier": "monthly" }), "orders: the group keeps hourly=24"),
        (json!({ "snapshot": foreign }), "foreign: the group has no cachewarden:snapshot-keep tag"),
        (json!({ "group": "nowhere" }), "ElastiCache has no automatic snapshot of nowhere"),
    ];
    for (mut event, why) in cases {
        event["action"] = json!("promote");
        let said = summary(&stage.send(event).await);
        assert!(said.starts_with("refused") && said.contains(why), "{said}");
    }
    stage.scene.world.with(|it| {
        it.elasticache.snapshots.get_mut(&automatic).unwrap().status = SnapshotStatus::Failed;
    });
    let event = json!({ "action": "promote", "snapshot": automatic });
    let said = summary(&stage.send(event).await);
    assert!(said.contains("is failed; name one that is available"), "{said}");
    assert_eq!(copies_asked_for(&stage), 0);
    assert_eq!(stage.told().len(), 7, "each is told: {:?}", stage.told());
}

#[tokio::test(start_paused = true)]
async fn a_promotion_beyond_the_quota_is_a_clear_refusal() {
    let (stage, automatic) = stage(TIERS).await;
    let full = Fault::Answer(400, "SnapshotQuotaExceededFault".to_owned(), "full".to_owned());
    stage.befall(Rule::operation("CopySnapshot", full));
    let said = summary(&stage.send(json!({ "action": "promote", "snapshot": automatic })).await);
    assert!(said.starts_with("refused") && said.contains("orders-002 has had them"), "{said}");
    assert_eq!(stage.good(), Vec::<String>::new());
    assert_eq!(stage.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_promotion_that_is_cut_off_anywhere_makes_one_copy() {
    let faults = [
        Fault::Cut(Side::AfterEffect),
        Fault::Cut(Side::BeforeEffect),
        Fault::Broken(Side::AfterEffect),
        Fault::Throttled,
    ];
    for fault in faults {
        let (stage, automatic) = stage(TIERS).await;
        let copy = copy_of(&stage, &automatic, GROUP, Tier::Weekly);
        stage.befall(Rule::operation("CopySnapshot", fault.clone()));
        let event = json!({ "action": "promote", "group": GROUP });
        let said = summary(&stage.send(event.clone()).await);
        assert!(said.starts_with("settled"), "{fault:?}: {said}");
        assert_eq!(stage.good(), std::slice::from_ref(&copy), "{fault:?}");
        // Lambda delivers at least once: what was started for the event is not started again.
        stage.send_again(event).await;
        assert_eq!(stage.good(), [copy], "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_in_use_is_waited_for() {
    let (stage, automatic) = stage(TIERS).await;
    stage.scene.by_hand(
        "CopySnapshot",
        &[("SourceSnapshotName", &automatic), ("TargetSnapshotName", "by-hand")],
    );
    let copy = copy_of(&stage, &automatic, GROUP, Tier::Daily);
    let event = json!({ "action": "promote", "snapshot": automatic, "tier": "daily" });
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(stage.good(), ["by-hand".to_owned(), copy]);
}

#[tokio::test(start_paused = true)]
async fn a_group_with_shards_is_promoted_whole() {
    let stage = Stage::new().await;
    stage.add_sharded("shards", 2).await;
    let automatic = automatic(&stage, "shards").await;
    let copy = copy_of(&stage, &automatic, "shards", Tier::Daily);
    let said = summary(&stage.send(json!({ "action": "promote", "group": "shards" })).await);
    assert!(said.starts_with("settled: shards: "), "{said}");
    assert_eq!(stage.good(), [copy]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_a_promotion_tells_and_copies_nothing() {
    let (stage, automatic) = stage(TIERS).await;
    let copy = copy_of(&stage, &automatic, GROUP, Tier::Weekly);
    let before = stage.calls();
    let plan = json!({ "action": "plan", "of": "promote", "group": GROUP });
    let said = summary(&stage.send_only(plan).await);
    assert_eq!(
        said,
        format!("settled: orders: would have asked for {copy}, a copy of {automatic}")
    );
    for call in stage.calls_since(before) {
        assert!(!["CopySnapshot", "StartExecution", "Publish"].contains(&call.as_str()), "{call}");
    }
    assert!(stage.good().is_empty());
}
