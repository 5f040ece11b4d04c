//! A new group from a snapshot.

mod files;
mod settings;
mod shards;
pub(super) mod users;

use std::time::Duration;

use aws_sim::elasticache::model::{Status, Toggle};
use aws_sim::fault::Shortage;
use serde_json::json;

use super::stage;
use super::stage::{BYTES, GROUP, OWNER, Stage, summary};

async fn with_snapshot() -> (Stage, String) {
    let stage = Stage::new().await;
    stage.hours(1).await;
    let name = stage.good().pop().unwrap();
    (stage, name)
}

#[tokio::test(start_paused = true)]
async fn the_new_group_has_the_data_and_is_as_closed_as_the_old_one() {
    let (stage, name) = with_snapshot().await;
    stage.scene.world.with(|it| it.elasticache.fill(GROUP, 0));
    let event = json!({ "action": "restore", "snapshot": name, "group": "orders-back" });
    let ended = stage.send(event.clone()).await;
    let said = summary(&ended);
    assert!(said.starts_with("settled: orders-back"), "{said}");
    assert!(
        said.contains("TLS on, security groups sg-cache, token on, as arn:aws:secretsmanager:"),
        "{said}"
    );
    stage.scene.world.with(|it| {
        let source = &it.elasticache.groups[GROUP];
        let made = &it.elasticache.groups["orders-back"];
        assert_eq!(made.bytes_used, BYTES);
        assert!(made.transit.is_on() && made.at_rest && made.multi_az);
        assert_eq!(made.failover, Toggle::Enabled);
        assert_eq!(made.members.len(), 2);
        assert_eq!(made.security_groups, source.security_groups);
        assert_eq!(made.subnet_group, source.subnet_group);
        assert_eq!(made.parameter_group, source.parameter_group);
        assert_eq!(made.maintenance_window, source.maintenance_window);
        assert_eq!(made.version, source.version);
        assert_eq!(made.access, source.access, "the token opens it, and nothing else does");
        assert!(made.access.passwords.contains(&stage.token().to_owned()));
        assert_eq!(made.tags["cachewarden:group"], GROUP);
        assert_eq!(made.tags["cachewarden:restored-from"], name);
        assert_eq!(made.tags["cachewarden:owner"], format!("{OWNER}/restored/orders-back"));
        assert_eq!(made.tags["cachewarden:snapshot-keep"], "3");
        assert_eq!(made.tags["team"], "shop");
        let alarms = it.cloudwatch.alarms.keys().filter(|it| it.starts_with("orders-back/"));
        assert_eq!(alarms.count(), 5);
    });
    let told = stage.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].subject.starts_with("orders-back: restored"), "{told:?}");
    // The same once more finds it done.
    let calls = stage.scene.world.calls_to("CreateReplicationGroup");
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(stage.scene.world.calls_to("CreateReplicationGroup"), calls);
    assert_eq!(stage.groups(), ["orders", "orders-back"]);
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_restored_group_is_looked_after_like_any_other() {
    let (stage, name) = with_snapshot().await;
    stage.send(json!({ "action": "restore", "snapshot": name, "group": "orders-back" })).await;
    stage.send(json!({ "action": "take" })).await;
    let good = stage.good();
    assert!(good.iter().any(|it| it.starts_with("orders-back-daily-")), "{good:?}");
    assert!(good.iter().any(|it| it.starts_with("orders-daily-")), "{good:?}");
}

#[tokio::test(start_paused = true)]
async fn refusals_come_before_anything_is_touched() {
    let (stage, name) = with_snapshot().await;
    stage.add("open", 1, &[]).await;
    stage.scene.world.with(|it| {
        it.elasticache.groups.get_mut("open").unwrap().tags.clear();
    });
    let before = stage.groups();
    let cases = [
        (json!({ "snapshot": "nowhere", "group": "new" }), "there is no snapshot nowhere"),
        (json!({ "snapshot": name, "group": "open" }), "the group open is there already"),
        (
            json!({ "snapshot": name, "group": GROUP, "from": "open" }),
            "the group orders is there already",
        ),
        (json!({ "snapshot": name, "group": "new", "from": "gone" }), "the group gone is gone"),
        (json!({ "snapshot": name, "group": "new", "nodeType": "cache.t9.tiny" }), "ElastiCache"),
    ];
    for (mut event, why) in cases {
        event["action"] = json!("restore");
        let ended = stage.send(event.clone()).await;
        let said = format!("{ended:?}");
        // A node type that the catalog does not know is left to ElastiCache, which refuses it.
        let expected = if why == "ElastiCache" { "CreateReplicationGroup failed" } else { why };
        assert!(said.contains(expected), "{event}: {said}");
        assert_eq!(stage.groups(), before, "{event}");
    }
    let too_small = |it: &mut aws_sim::State| {
        it.elasticache.snapshots.get_mut(&name).unwrap().bytes = 3 << 30;
    };
    stage.scene.world.with(too_small);
    let event = json!({ "action": "restore", "snapshot": name, "group": "new", "nodeType": "cache.t4g.small" });
    let said = summary(&stage.send(event).await);
    assert!(said.contains("the data take 3.0 GiB, cache.t4g.small has"), "{said}");
    assert_eq!(stage.groups(), before);
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn data_that_grew_out_of_the_source_get_a_larger_node() {
    let (stage, name) = with_snapshot().await;
    stage.scene.world.with(|it| {
        it.elasticache.snapshots.get_mut(&name).unwrap().bytes = 800 << 20;
    });
    let ended =
        stage.send(json!({ "action": "restore", "snapshot": name, "group": "orders-back" })).await;
    assert!(summary(&ended).starts_with("settled"), "{ended:?}");
    let node_type =
        stage.scene.world.with(|it| it.elasticache.groups["orders-back"].node_type.clone());
    assert_eq!(node_type, "cache.t4g.small");
}

#[tokio::test(start_paused = true)]
async fn a_want_of_capacity_is_told_in_the_services_words() {
    for shortage in [Shortage::AtOnce, Shortage::Later] {
        let (stage, name) = with_snapshot().await;
        stage.scene.world.with(|it| {
            it.faults.shortages.insert("cache.t4g.micro".to_owned(), shortage);
        });
        let event = json!({ "action": "restore", "snapshot": name, "group": "orders-back" });
        let said = summary(&stage.send(event).await);
        assert!(!said.starts_with("settled"), "{said}");
        let lower = said.to_ascii_lowercase();
        assert!(lower.contains("capacity"), "{said}");
        let told = stage.told();
        assert_eq!(told.len(), 1, "{told:?}");
        let made = stage.groups().contains(&"orders-back".to_owned());
        assert_eq!(made, said.contains("delete it to use its id again"), "{said}");
        stage.keeps_its_secrets();
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_came_up_open_is_not_said_to_be_good() {
    let (stage, name) = with_snapshot().await;
    let event = json!({ "action": "restore", "snapshot": name, "group": "orders-back" });
    stage.send_only(event.clone()).await;
    stage.scene.pass(Duration::from_mins(30)).await;
    stage.scene.world.with(|it| {
        let made = it.elasticache.groups.get_mut("orders-back").unwrap();
        assert_eq!(made.status, Status::Available);
        made.security_groups = vec!["sg-default".to_owned()];
    });
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("refused"), "{said}");
    assert!(
        said.contains("must not be used: security groups is sg-default, not sg-cache"),
        "{said}"
    );
}
