//! What a snapshot does not hold besides who is let in, and what is told of it.

use aws_sim::elasticache::logs::LogStatus;
use aws_sim::elasticache::transit;
use aws_sim::logs::LogGroup;
use aws_sim::settings::{Settings, Switches};
use domain::Tags;
use domain::group::{NewGroup, Transit};
use domain::log::LogKind;
use domain::shard::Shape;
use serde_json::json;

use super::stage::{GROUP, OWNER, Stage, like, summary};

const LOG: &str = "/shop/slow";

/// A group of which much is said, and a snapshot of it.
async fn with_settings(switches: Switches) -> (Stage, String) {
    let stage = Stage::with(Settings { switches, ..Settings::default() }).await;
    stage.scene.world.with(|it| {
        it.logs.groups.insert(LOG.to_owned(), LogGroup::new(it.now));
    });
    let tags = [("cachewarden:owner", OWNER), ("cachewarden:snapshot-keep", "2")];
    let tags: Tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let group = NewGroup {
        logs: vec![(LogKind::Slow, format!("cloudwatch-logs:{LOG}").parse().unwrap())],
        notification_topic: Some("arn:aws:sns:us-east-1:123456789012:shop".to_owned()),
        snapshot_retention_days: 5,
        snapshot_window: Some("01:00-02:00".to_owned()),
        maintenance_window: Some("mon:03:00-mon:04:00".to_owned()),
        auto_minor_version_upgrade: Some(false),
        kms_key: Some(
            "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
                .to_owned(),
        ),
        security_groups: vec!["sg-one".to_owned(), "sg-two".to_owned()],
        port: 7000,
        ..like("shop", Shape::Single { nodes: 3 }, Transit::TlsPreferred, tags)
    };
    stage.make(group).await;
    let name = stage.taken_of("shop").await;
    (stage, name)
}

#[tokio::test(start_paused = true)]
async fn everything_that_was_said_of_the_source_is_said_again() {
    for switches in [Switches::default(), Switches::otherwise()] {
        let (stage, name) = with_settings(switches).await;
        let event = json!({ "action": "restore", "snapshot": name, "group": "shop-back" });
        let said = summary(&stage.send(event).await);
        assert!(said.starts_with("settled: shop-back"), "{said}");
        assert!(
            said.ends_with("security groups sg-one sg-two, token off"),
            "no difference: {said}"
        );
        stage.scene.world.with(|it| {
            let groups = &it.elasticache.groups;
            let (source, made) = (&groups["shop"], &groups["shop-back"]);
            assert_eq!(made.transit, transit::Transit::Preferred);
            assert_eq!(made.logs, source.logs);
            assert!(made.logs.values().all(|(_, status)| *status == LogStatus::Active));
            assert_eq!(made.logs.len(), 1);
            assert_eq!(made.topic, source.topic);
            assert_eq!(made.snapshot_retention, 5);
            assert_eq!(made.snapshot_window, "01:00-02:00");
            assert_eq!(made.maintenance_window, "mon:03:00-mon:04:00");
            assert!(!made.auto_minor);
            assert_eq!(made.kms_key, source.kms_key);
            assert_eq!(made.security_groups, ["sg-one", "sg-two"]);
            assert_eq!((made.port, made.members.len()), (7000, 3));
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_difference_that_harms_nobody_is_told_and_recorded() {
    let (stage, name) = with_settings(Switches::default()).await;
    stage.scene.world.with(|it| {
        it.faults.missing_destinations.insert(LOG.to_owned());
    });
    let event = json!({ "action": "restore", "snapshot": name, "group": "shop-back" });
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("settled: shop-back"), "{said}");
    let told = "the slow log is cloudwatch-logs:/shop/slow:json, which fails: The log delivery destination /shop/slow does not exist., not cloudwatch-logs:/shop/slow:json";
    assert!(said.contains(told), "{said}");
    let record = stage.scene.journal.records().pop().unwrap();
    assert!(record["why"].as_str().unwrap().contains(told), "{record:#}");
    assert_eq!(record["evidence"]["differences"], json!([told]), "{record:#}");
    assert!(stage.told().pop().unwrap().message.contains(told));
}

#[tokio::test(start_paused = true)]
async fn all_that_speaks_against_it_is_told_at_once_and_nothing_is_touched() {
    let (stage, name) = with_settings(Switches::default()).await;
    stage.scene.world.with(|it| {
        it.elasticache.snapshots.get_mut(&name).unwrap().bytes = 2 << 30;
        it.elasticache.groups.get_mut(GROUP).unwrap().tags.remove("cachewarden:secret");
    });
    let before = stage.groups();
    let event = json!({
        "action": "restore", "snapshot": name, "group": "shop", "from": GROUP,
        "nodeType": "cache.t4g.small",
    });
    let said = summary(&stage.send(event).await);
    let why = "the group shop is there already: Cachewarden did not restore it; nothing was touched, name another; orders asks for a token, and has no cachewarden:secret tag; name the secret in `secret`; the data take 2.0 GiB, cache.t4g.small has 1.0 GiB for them";
    assert!(said.starts_with("refused") && said.contains(why), "{said}");
    assert_eq!(stage.groups(), before);
}
