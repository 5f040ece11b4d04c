//! Groups with cluster mode enabled.

use aws_sim::elasticache::model::Toggle;
use aws_sim::elasticache::shards::Shard;
use aws_sim::settings::{Settings, Switches};
use domain::Tags;
use domain::group::{NewGroup, Transit};
use domain::shard::Shape;
use serde_json::json;

use super::stage::{BYTES, GROUP, OWNER, Stage, like, summary};
use crate::support::Ended;

/// Two shards with a replica each, the first with a quarter of the slots, and a token.
async fn with_shards(settings: Settings) -> (Stage, String) {
    let stage = Stage::with(settings).await;
    let tags = |it: &mut aws_sim::State| it.elasticache.groups[GROUP].tags.clone();
    let secret = stage.scene.world.with(tags).remove("cachewarden:secret").unwrap();
    let tags = [
        ("cachewarden:owner", OWNER),
        ("cachewarden:secret", &secret),
        ("cachewarden:snapshot-keep", "3"),
    ];
    let tags: Tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let shape = Shape::Sharded { shards: 2, replicas: 1 };
    let slots = vec![(0, 4095), (4096, 16383)];
    stage.make(NewGroup { slots, ..like("wide", shape, stage.with_token(), tags) }).await;
    let name = stage.taken_of("wide").await;
    (stage, name)
}

/// The slots of the shards of a group, and how many nodes each has.
fn shards(stage: &Stage, id: &str) -> Vec<String> {
    stage.scene.world.with(|it| {
        let group = &it.elasticache.groups[id];
        let shards = group.shards.as_ref().unwrap();
        let nodes = |id: &String| group.members.values().filter(|it| it.shard == *id).count();
        let one =
            |(id, shard): (&String, &Shard)| format!("{id} {} {}", shard.slots.unwrap(), nodes(id));
        shards.all.iter().map(one).collect()
    })
}

#[tokio::test(start_paused = true)]
async fn shards_come_back_with_their_slots_their_replicas_and_all_that_closes_them() {
    for switches in [Switches::default(), Switches::otherwise()] {
        let (stage, name) = with_shards(Settings { switches, ..Settings::default() }).await;
        stage.scene.world.with(|it| it.elasticache.fill("wide", 0));
        let event = json!({ "action": "restore", "snapshot": name, "group": "wide-back" });
        let ended = stage.send(event.clone()).await;
        let said = summary(&ended);
        assert!(said.starts_with("settled: wide-back"), "{said}");
        let Ended::Answered(answer) = ended else { panic!("{ended:?}") };
        assert_eq!(answer["evidence"]["differences"], json!([]));
        assert!(said.contains("is there: 2 shards of 2 x cache.t4g.micro, endpoint "), "{said}");
        assert!(said.contains("TLS on, security groups sg-cache, token on"), "{said}");
        assert_eq!(shards(&stage, "wide-back"), ["0001 0-4095 2", "0002 4096-16383 2"]);
        let address = stage.scene.world.with(|it| {
            let groups = &it.elasticache.groups;
            let (source, made) = (&groups["wide"], &groups["wide-back"]);
            assert_eq!(made.bytes_used, BYTES);
            assert!(made.transit.is_on() && made.at_rest && made.multi_az);
            assert_eq!(made.failover, Toggle::Enabled);
            assert_eq!(made.security_groups, source.security_groups);
            assert_eq!(made.subnet_group, source.subnet_group);
            assert_eq!(made.parameter_group, source.parameter_group);
            assert_eq!(made.access, source.access);
            assert_eq!(made.tags["cachewarden:owner"], format!("{OWNER}/restored/wide-back"));
            let alarms = it.cloudwatch.alarms.keys().filter(|it| it.starts_with("wide-back/"));
            assert_eq!(alarms.count(), 5);
            made.shards.as_ref().unwrap().configuration_endpoint.host.clone()
        });
        assert!(said.contains(&address), "{said} does not tell {address}");
        let calls = stage.scene.world.calls_to("CreateReplicationGroup");
        assert!(summary(&stage.send(event).await).starts_with("settled"));
        assert_eq!(stage.scene.world.calls_to("CreateReplicationGroup"), calls);
        stage.keeps_its_secrets();
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_fullest_shard_would_not_hold_is_told_before_anything_is_made() {
    let (stage, name) = with_shards(Settings::default()).await;
    // Three quarters of them are in one shard; half of them would fit.
    stage.scene.world.with(|it| {
        it.elasticache.snapshots.get_mut(&name).unwrap().bytes = 600 << 20;
    });
    let before = stage.groups();
    let mut event = json!({
        "action": "restore", "snapshot": name, "group": "wide-back", "nodeType": "cache.t4g.micro",
    });
    let said = summary(&stage.send(event.clone()).await);
    let why = "the data take 450.0 MiB in the fullest of 2 shards, cache.t4g.micro has 384.0 MiB for them";
    assert!(said.starts_with("refused") && said.contains(why), "{said}");
    assert_eq!(stage.groups(), before);
    event.as_object_mut().unwrap().remove("nodeType");
    let said = summary(&stage.send(event).await);
    assert!(said.contains("is there: 2 shards of 2 x cache.t4g.small"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_group_without_shards_is_no_model_for_those_with_them_but_the_other_way_round() {
    let (stage, name) = with_shards(Settings::default()).await;
    let before = stage.groups();
    let event = json!({ "action": "restore", "snapshot": name, "group": "new", "from": GROUP });
    let said = summary(&stage.send(event).await);
    let why = "is of shards, and orders has cluster mode disabled; name in `from`";
    assert!(said.contains(why), "{said}");
    assert_eq!(stage.groups(), before);
    let single = stage.taken_of(GROUP).await;
    let event = json!({ "action": "restore", "snapshot": single, "group": "new", "from": "wide" });
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(shards(&stage, "new"), ["0001 0-8191 2", "0002 8192-16383 2"]);
    assert_eq!(stage.scene.world.with(|it| it.elasticache.groups["new"].bytes_used), BYTES);
}

#[tokio::test(start_paused = true)]
async fn one_shard_alone_comes_back_as_one() {
    let stage = Stage::new().await;
    let tags = [("cachewarden:owner", OWNER), ("cachewarden:snapshot-keep", "2")];
    let tags: Tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let shape = Shape::Sharded { shards: 1, replicas: 0 };
    stage.make(like("narrow", shape, Transit::Tls, tags)).await;
    let name = stage.taken_of("narrow").await;
    let event = json!({ "action": "restore", "snapshot": name, "group": "back", "from": GROUP });
    let said = summary(&stage.send(event).await);
    assert!(said.contains("is of shards, and orders has cluster mode disabled"), "{said}");
    let event = json!({ "action": "restore", "snapshot": name, "group": "back" });
    let said = summary(&stage.send(event).await);
    assert!(said.contains("is there: 1 shard of 1 x cache.t4g.micro"), "{said}");
    assert_eq!(shards(&stage, "back"), ["0001 0-16383 1"]);
}
