//! Clients are led to a group of a snapshot, and back, by the address in the secret that they read.

mod against;
mod stage;

use std::time::Duration;

use aws_sim::State;
use serde_json::json;

use self::stage::{
    BEFORE, NEW, SINCE, bytes, document, end, forth, leads_to, rotated, sweep_of_rotate,
    team_is_kept, versions, with_snapshot,
};
use super::stage::{BYTES, GROUP, Stage, summary};

pub(crate) use self::stage::every_call;

fn tag(state: &State, group: &str, key: &str) -> Option<String> {
    state.elasticache.groups[group].tags.get(key).cloned()
}

/// Whether a group is one that others act on.
fn has_policies(stage: &Stage, group: &str) -> bool {
    let keys = ["cachewarden:snapshot-keep", "cachewarden:autoscale"];
    let has: Vec<_> =
        stage.scene.world.with(|it| keys.iter().map(|key| tag(it, group, key).is_some()).collect());
    assert!(has.iter().all(|it| *it == has[0]), "{group}: {has:?}");
    has[0]
}

async fn hours(stage: &Stage, hours: u64) {
    stage.scene.pass(Duration::from_hours(hours)).await;
}

async fn sweep(stage: &Stage) -> String {
    let said = summary(&stage.send(json!({ "action": "sweep" })).await);
    stage.scene.pass(Duration::from_mins(20)).await;
    said
}

#[tokio::test(start_paused = true)]
async fn clients_meet_the_keys_of_the_snapshot_and_the_old_one_stays_for_its_time() {
    let (stage, name) = with_snapshot().await;
    let said = summary(&stage.send(forth(&name)).await);
    for part in ["settled: orders: ", "the secret leads to orders-r2 at master.orders-r2."] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(leads_to(&stage).await, NEW);
    assert_eq!((bytes(&stage, NEW), bytes(&stage, GROUP)), (BYTES, SINCE));
    team_is_kept(&stage);
    let way_back = stage.good().into_iter().find(|it| it.starts_with(BEFORE)).unwrap();
    stage.scene.world.with(|it| {
        assert_eq!(it.elasticache.snapshots[&way_back].bytes, SINCE);
        let alarms = it.cloudwatch.alarms.keys().filter(|it| it.starts_with("orders-r2/")).count();
        assert_eq!(alarms, 5);
        assert_eq!(tag(it, NEW, "team").as_deref(), Some("shop"));
        assert_eq!(tag(it, NEW, "cachewarden:owner"), tag(it, GROUP, "cachewarden:owner"));
        let secret = &it.secrets.secrets["orders-token"];
        assert_eq!(secret.tags["cachewarden:group"], NEW);
        assert!(!secret.tags.contains_key("cachewarden:in-place"), "it is let go of");
    });
    assert!(has_policies(&stage, NEW) && !has_policies(&stage, GROUP));
    let told = stage.told();
    assert!(told.last().unwrap().subject.starts_with("orders: restored"), "{told:?}");
    // Nobody takes or prunes of the one that stands aside, and the new one is taken.
    let said = summary(&stage.send(json!({ "action": "take" })).await);
    assert!(said.contains("orders-r2") && !said.contains("orders: "), "{said}");
    assert!(sweep(&stage).await.contains("has outlived its time"));
    assert_eq!(stage.groups(), [GROUP, NEW]);
    hours(&stage, 25).await;
    let said = sweep(&stage).await;
    assert!(said.contains("orders: "), "{said}");
    assert_eq!(stage.groups(), [NEW]);
    let told = stage.told();
    assert!(told.last().unwrap().subject.starts_with("orders: deleted"), "{told:?}");
    assert!(stage.good().contains(&way_back), "the way back stays");
    assert!(stage.good().contains(&name), "and so does what nobody prunes any more");
    assert!(sweep(&stage).await.contains("has outlived its time"));
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_rotation_afterwards_is_of_the_new_group() {
    let (stage, name) = with_snapshot().await;
    stage.send(forth(&name)).await;
    let token = document(&stage)["token"].clone();
    let said = sweep_of_rotate(&stage).await;
    assert!(said.contains("only AWSCURRENT is valid"), "{said}");
    let written = versions(&stage);
    sweep_of_rotate(&stage).await;
    assert_eq!(versions(&stage), written, "the address is the one that `rotate` would write");
    rotated(&stage).await;
    assert_ne!(document(&stage)["token"], token);
    assert_eq!(leads_to(&stage).await, NEW);
    team_is_kept(&stage);
    // The one that stands aside never saw the new token.
    let said = summary(&stage.send(end("take-back")).await);
    assert!(said.contains("orders may not take the token that the secret holds now"), "{said}");
    assert_eq!(leads_to(&stage).await, NEW);
}

#[tokio::test(start_paused = true)]
async fn clients_are_led_back_and_then_the_new_one_stands_aside() {
    let (stage, name) = with_snapshot().await;
    let was = stage.scene.world.with(|it| it.elasticache.groups[GROUP].tags.clone());
    stage.send(forth(&name)).await;
    stage.scene.world.with(|it| it.elasticache.fill(NEW, BYTES + 1));
    let said = summary(&stage.send(end("take-back")).await);
    assert!(said.starts_with("settled: orders: ") && said.contains("leads to orders at"), "{said}");
    assert_eq!(leads_to(&stage).await, GROUP);
    team_is_kept(&stage);
    let said = summary(&stage.send_again(end("take-back")).await);
    assert!(said.starts_with("settled"), "the same event again finds it done: {said}");
    let mut tags = stage.scene.world.with(|it| it.elasticache.groups[GROUP].tags.clone());
    assert!(tags.remove("cachewarden:takes").is_some());
    assert_eq!(tags, was, "it is as it was");
    assert!(!has_policies(&stage, NEW));
    let saved = stage.good().into_iter().find(|it| it.starts_with("orders-r2-before-")).unwrap();
    assert_eq!(stage.scene.world.with(|it| it.elasticache.snapshots[&saved].bytes), BYTES + 1);
    let said = summary(&stage.send(forth(&name)).await);
    assert!(said.contains("orders-r2 stands aside until"), "{said}");
    hours(&stage, 25).await;
    sweep(&stage).await;
    assert_eq!(stage.groups(), [GROUP]);
    // And forth again, under the same id.
    let said = summary(&stage.send(forth(&name)).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(leads_to(&stage).await, NEW);
}

#[tokio::test(start_paused = true)]
async fn who_changes_his_mind_twice_is_where_he_wanted_to_be() {
    let (stage, name) = with_snapshot().await;
    stage.send(forth(&name)).await;
    stage.send(end("take-back")).await;
    let event = json!({ "action": "restore-in-place", "group": NEW, "end": "take-back" });
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("settled: orders-r2: "), "{said}");
    assert_eq!(leads_to(&stage).await, NEW);
    assert!(has_policies(&stage, NEW) && !has_policies(&stage, GROUP));
}

#[tokio::test(start_paused = true)]
async fn at_a_word_the_old_one_goes_at_once_and_not_while_clients_are_led_to_it() {
    let (stage, name) = with_snapshot().await;
    let said = summary(&stage.send(end("keep-new")).await);
    assert!(said.contains("orders does not stand aside"), "{said}");
    stage.send(forth(&name)).await;
    // Somebody has the secret lead back by hand, and says nothing to us.
    let named = |group: &str| {
        stage.scene.world.with(|it| {
            let secret = it.secrets.secrets.get_mut("orders-token").unwrap();
            secret.tags.insert("cachewarden:group".to_owned(), group.to_owned());
        });
    };
    named(GROUP);
    let said = summary(&stage.send(end("keep-new")).await);
    assert!(said.starts_with("refused") && said.contains("does not lead to orders-r2"), "{said}");
    assert_eq!(stage.groups(), [GROUP, NEW]);
    named(NEW);
    let said = summary(&stage.send(end("keep-new")).await);
    assert!(said.starts_with("settled"), "{said}");
    stage.scene.pass(Duration::from_mins(20)).await;
    assert_eq!(stage.groups(), [NEW]);
    let said = summary(&stage.send(end("take-back")).await);
    assert!(said.contains("orders does not stand aside"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn what_a_restore_by_the_secret_may_need_is_not_pruned_meanwhile() {
    let (stage, _) = with_snapshot().await;
    stage.hours(4).await;
    let oldest = stage.good().remove(0);
    stage.send_only(forth(&oldest)).await;
    let execution = stage.scene.running().into_iter().next().unwrap();
    stage.send_only(execution.event(None)).await;
    assert_eq!(stage.groups(), [GROUP, NEW]);
    let said = summary(&stage.send_only(json!({ "action": "prune" })).await);
    assert!(said.contains("deletes nothing while orders is restored in place"), "{said}");
    // `status` has nothing to do; with it the execution is carried to its end.
    stage.send(json!({ "action": "status" })).await;
    assert_eq!(leads_to(&stage).await, NEW);
    summary(&stage.send(json!({ "action": "prune" })).await);
    assert!(stage.good().contains(&oldest));
}
