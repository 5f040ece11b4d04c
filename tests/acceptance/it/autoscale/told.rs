//! What people hear of a group that only the schedule looks at: once, and again after a while.

use std::time::Duration;

use aws_sim::fault::{Fault, Rule};
use aws_sim::settings::{Settings, Switches};
use domain::alarm::Watch;

use super::ENGINE_CPU;
use super::stage::{Stage, alarm_event};

/// One call is made so often.
const ATTEMPTS: usize = 4;

fn subjects(stage: &Stage) -> Vec<String> {
    stage.told().into_iter().map(|it| it.subject).collect()
}

/// An engine that is busy with next to nothing: somebody runs slow commands.
async fn slow() -> Stage {
    slow_in(Settings::default()).await
}

async fn slow_in(settings: Settings) -> Stage {
    let stage = Stage::with(settings, &[("cachewarden:autoscale", "full")]).await;
    stage.everywhere(&[("GetTypeCmds", 600_000.0), ("SetTypeCmds", 60_000.0)]);
    stage.minutes(30).await;
    let slow = [(ENGINE_CPU, 95.0), ("GetTypeCmds", 600.0), ("SetTypeCmds", 60.0)];
    stage.load("orders-001", &slow);
    stage.tag("cachewarden:autoscale", "up-only");
    stage.tag("cachewarden:autoscale-max-node-type", "cache.t4g.micro");
    stage.tag("cachewarden:autoscale-max-replicas", "1");
    stage.minutes(15).await;
    stage
}

#[tokio::test(start_paused = true)]
async fn what_the_schedule_sees_and_a_person_has_to_look_at_is_told_once_a_day() {
    let stage = slow().await;
    stage.rounds(6).await;
    let told = stage.told();
    assert_eq!(subjects(&stage), ["orders: not changed"]);
    assert!(told[0].message.contains("already at the ceiling"), "{}", told[0].message);
    assert!(told[0].message.contains("Besides:\n- "), "{}", told[0].message);
    assert!(told[0].message.contains("SLOWLOG"), "{}", told[0].message);
    let noted = &stage.tags()["cachewarden:autoscale-told"];
    assert!(noted.contains("no-larger ") && noted.contains("slow-commands "), "{noted}");
    let record = stage.records().pop().unwrap();
    assert_eq!(record["evidence"]["signs"][0], "slow-commands", "{record}");
    stage.scene.pass(Duration::from_hours(22)).await;
    stage.rounds(2).await;
    assert_eq!(stage.told().len(), 1);
    stage.scene.pass(Duration::from_hours(2)).await;
    stage.rounds(2).await;
    assert_eq!(stage.told().len(), 2);
    assert_eq!(stage.changes(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_would_be_changed_is_advised_once_a_week_with_its_price_and_its_command() {
    let stage = Stage::with(Settings::default(), &[("cachewarden:autoscale", "recommend")]).await;
    super::fill(&stage).await;
    stage.rounds(4).await;
    let told = stage.told();
    assert_eq!(subjects(&stage), ["orders: not changed"]);
    for part in [
        "would make node-type=cache.t4g.small because of",
        "Price: $23.36 before, $46.72",
        "aws elasticache modify-replication-group --replication-group-id orders --cache-node-type cache.t4g.small",
    ] {
        assert!(told[0].message.contains(part), "{}", told[0].message);
    }
    stage.scene.pass(Duration::from_hours(6 * 24)).await;
    stage.rounds(2).await;
    assert_eq!(stage.told().len(), 1);
    stage.scene.pass(Duration::from_hours(24)).await;
    stage.rounds(2).await;
    assert_eq!((stage.told().len(), stage.changes()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_told_is_told_by_the_next_look() {
    // Where a tag makes a group busy, the note is not taken back at once.
    for switches in [Switches::default(), Switches::otherwise()] {
        let stage = slow_in(Settings { switches, ..Settings::default() }).await;
        stage.befall(Rule::operation("Publish", Fault::Throttled).times(ATTEMPTS + 1));
        stage.rounds(2).await;
        assert_eq!(subjects(&stage), ["orders: not changed"]);
        stage.rounds(4).await;
        assert_eq!(stage.told().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_topic_does_not_take_is_told_as_soon_as_it_does() {
    let stage = slow().await;
    stage.befall(Rule::operation("Publish", Fault::Denied).times(2));
    stage.rounds(2).await;
    assert!(stage.told().is_empty(), "{:?}", subjects(&stage));
    stage.rounds(2).await;
    assert_eq!(subjects(&stage), ["orders: not changed"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_urgent_does_not_wait_for_a_tag() {
    let stage = slow().await;
    stage.befall(Rule::operation("AddTagsToResource", Fault::Throttled).times(100));
    stage.send(alarm_event("orders-001", Watch::Cpu)).await;
    assert_eq!(subjects(&stage), ["orders: not changed"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_down_is_not_told_every_few_minutes() {
    let stage = slow().await;
    stage.befall(Rule::operation("AddTagsToResource", Fault::Denied).times(1000));
    stage.rounds(6).await;
    assert!(stage.told().is_empty(), "{:?}", subjects(&stage));
    assert_eq!(stage.records().last().unwrap()["evidence"]["signs"][0], "slow-commands");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_in_vain_is_told_an_hour_after_it_with_its_numbers() {
    let stage = Stage::new().await;
    stage.load("orders-002", &[(ENGINE_CPU, 92.0), ("GetTypeCmds", 3_600_000.0)]);
    // Nobody looks for an hour.
    stage.minutes(70).await;
    stage.tag("cachewarden:autoscale-max-replicas", "2");
    stage.tag("cachewarden:autoscale-max-node-type", "cache.t4g.micro");
    stage.rounds(1).await;
    assert_eq!(stage.members().len(), 3);
    // Nobody reads from the new one, and the other is as busy as before.
    stage.load("orders-003", &[(ENGINE_CPU, 1.0), ("GetTypeCmds", 0.0)]);
    stage.rounds(16).await;
    let told = stage.told();
    let judged = told.iter().find(|it| it.subject.contains("an hour after a change"));
    let judged = judged.unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(judged.subject, "orders: was not helped by it, an hour after a change");
    assert!(judged.message.contains("the replicas from 1 to 2"), "{}", judged.message);
    assert!(judged.message.contains("a command takes as much of it as before"), "{told:?}");
    assert!(!stage.tags().contains_key("cachewarden:autoscale-watch"));
}
