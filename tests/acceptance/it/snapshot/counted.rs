//! What a group holds is written down with its snapshot, and never holds one up.

use acceptance::scene::dialler;
use aws_sim::elasticache::contents::Key;
use domain::group::Transit;
use domain::shard::Shape;
use domain::snapshot::record::{Contents, KeyType, Record};
use domain::{GroupId, GroupView};
use platform::probe::{Depth, Door, Line};
use serde_json::json;

use super::stage::{GROUP, Stage, like, summary};

/// So many keys of every type, each fifth with an end.
fn keys(count: usize) -> impl Iterator<Item = (String, Key)> {
    const TYPES: [&str; 6] = ["string", "hash", "list", "set", "zset", "stream"];
    (0..count).map(|number| {
        let key_type = TYPES[number % TYPES.len()];
        let value = format!("one two {number}");
        (format!("{key_type}:{number:05}"), Key { key_type, value, ends: number % 5 == 0 })
    })
}

/// What the tags of the newest snapshot of a group say that it held.
fn record(stage: &Stage, group: &str) -> Option<Record> {
    let start = format!("{group}-");
    let tags = stage.scene.world.with(|it| {
        let of_group = it.elasticache.snapshots.values().filter(|it| it.name.starts_with(&start));
        of_group.max_by_key(|it| it.asked_at).unwrap().tags.clone()
    });
    Record::read(&tags).unwrap()
}

/// Takes one, and tells what the journal says was done.
async fn taken(stage: &Stage, group: &str) -> String {
    let said = summary(&stage.send(json!({ "action": "take", "group": group })).await);
    assert!(said.starts_with("settled: "), "{said}");
    let records = stage.scene.journal.records();
    let done = records.iter().filter_map(|it| it["decided"].as_str());
    done.rev().find(|it| it.starts_with("asked for ")).unwrap().to_owned()
}

async fn view(stage: &Stage, group: &str) -> GroupView {
    let client = platform::ElastiCache::new(&stage.scene.aws);
    client.group_with_tags(&GroupId::parse(group).unwrap()).await.unwrap().unwrap()
}

/// All keys of a group, as whoever restored it counts them.
async fn all_of(stage: &Stage, group: &str, record: &Record) -> Contents {
    let view = view(stage, group).await;
    let clock = stage.scene.clock.for_event();
    let nodes: Vec<_> = view.members.iter().take(1).collect();
    let token = platform::Secrets::new(&stage.scene.aws).token("orders-token").await.unwrap();
    let door = Door { line: Line::Tls, user: None, token: Some(token) };
    let until = clock.now() + jiff::SignedDuration::from_mins(1);
    let depth = Depth::All(Some(record), until);
    dialler(&stage.scene.world).count(&nodes, &door, depth, clock).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_a_group_holds_is_written_down_with_its_snapshot() {
    let stage = Stage::new().await;
    stage.scene.world.with(|it| it.elasticache.write(GROUP, keys(3_000)));
    let done = taken(&stage, GROUP).await;
    assert!(done.ends_with("from orders-002, with 3000 keys as counted then"), "{done}");
    let record = record(&stage, GROUP).unwrap();
    assert_eq!((record.contents.keys, record.contents.ends), (3_000, 600));
    assert_eq!(record.contents.looked_at(), 400, "a few of so many");
    let all_types = [
        KeyType::Text,
        KeyType::Hash,
        KeyType::List,
        KeyType::Set,
        KeyType::SortedSet,
        KeyType::Stream,
    ];
    assert!(record.contents.types.keys().eq(all_types.iter()), "{record:?}");
    assert_eq!(record.contents.sample.len(), 7);
    let compared = record.compare(&all_of(&stage, GROUP, &record).await);
    assert_eq!(
        compared.to_string(),
        "3000 keys, where 3000 were counted before the snapshot; of 7 sampled keys 7 are there, 7 of them unchanged"
    );
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn data_that_are_not_what_they_were_are_told() {
    let stage = Stage::new().await;
    stage.scene.world.with(|it| it.elasticache.write(GROUP, keys(300)));
    stage.send(json!({ "action": "take", "group": GROUP })).await;
    let record = record(&stage, GROUP).unwrap();
    assert_eq!(record.contents.looked_at(), 300, "all of so few");
    stage.scene.world.with(|it| {
        let keys = &mut it.elasticache.groups.get_mut(GROUP).unwrap().keys;
        keys.retain(|_, key| key.key_type != "hash" && key.key_type != "string");
    });
    let compared = record.compare(&all_of(&stage, GROUP, &record).await);
    assert!(!compared.is_well(), "{compared}");
    assert!(
        compared.missing[0].starts_with("200 keys are fewer than 90% of the 240"),
        "{compared}"
    );
    assert!(compared.missing[1].starts_with("0 of 200 keys are of the type string"), "{compared}");
}

#[tokio::test(start_paused = true)]
async fn shards_are_counted_together() {
    let stage = Stage::new().await;
    stage.add_sharded("wide", 3).await;
    stage.scene.world.with(|it| it.elasticache.write("wide", keys(90)));
    let done = taken(&stage, "wide").await;
    assert!(done.ends_with("from every shard of wide, with 90 keys as counted then"), "{done}");
    let contents = record(&stage, "wide").unwrap().contents;
    assert_eq!((contents.keys, contents.ends, contents.looked_at()), (90, 18, 90));
}

#[tokio::test(start_paused = true)]
async fn a_group_without_tls_is_counted_too() {
    let stage = Stage::new().await;
    let tags = [("cachewarden:snapshot-keep".to_owned(), "3".to_owned())];
    let shape = Shape::Single { nodes: 1 };
    stage.make(like("plain", shape, Transit::Plain, tags.into())).await;
    stage.scene.world.with(|it| it.elasticache.write("plain", keys(12)));
    stage.send(json!({ "action": "take", "group": "plain" })).await;
    assert_eq!(record(&stage, "plain").unwrap().contents.keys, 12);
}

#[tokio::test(start_paused = true)]
async fn keys_that_cannot_be_counted_hold_up_no_snapshot() {
    let stage = Stage::new().await;
    let takes = async |why: &str| {
        stage.scene.pass(std::time::Duration::from_hours(1)).await;
        let done = taken(&stage, GROUP).await;
        assert!(done.contains(&format!("with its keys not counted: {why}")), "{done}");
        assert_eq!(record(&stage, GROUP), None);
    };
    // A secret that does not hold the token any more.
    stage.scene.world.with(|it| {
        let group = it.elasticache.groups.get_mut(GROUP).unwrap();
        group.access.passwords = ["another-token-of-24-chars".to_owned()].into();
    });
    takes("the keys of orders-002 could not be counted: it refuses the token of the secret").await;
    stage.scene.world.with(|it| {
        let group = it.elasticache.groups.get_mut(GROUP).unwrap();
        group.tags.insert(
            "cachewarden:secret".to_owned(),
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:gone-AbCdEf".to_owned(),
        );
    });
    takes("").await;
    stage
        .scene
        .world
        .with(|it| it.elasticache.groups.get_mut(GROUP).unwrap().tags.remove("cachewarden:secret"));
    takes("orders asks for a token, and no tag names its secret").await;
    stage.keeps_its_secrets();
}
