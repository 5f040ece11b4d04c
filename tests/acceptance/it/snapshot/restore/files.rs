//! A new group from RDB files that lie in S3.

use aws_sim::elasticache::snapshot::export::Closed;
use aws_sim::elasticache::snapshot::file::Rdb;
use serde_json::json;

use super::super::stage::{GROUP, Stage, summary};

const BACK: &str = "orders-from-file";
const FILE: &str = "arn:aws:s3:::bucket/dumps/orders.rdb";
const BYTES: u64 = 5_000_000;

fn put(stage: &Stage, object: &str) {
    let place = ("bucket".to_owned(), object.to_owned());
    stage.scene.world.with(|it| {
        let file = Rdb { bytes: BYTES, at: it.now };
        it.elasticache.files.insert(place, file);
    });
}

#[tokio::test(start_paused = true)]
async fn a_file_becomes_a_group_that_is_as_closed_as_the_one_that_it_is_like() {
    let stage = Stage::new().await;
    put(&stage, "dumps/orders.rdb");
    let event = json!({ "action": "restore", "files": FILE, "from": GROUP, "group": BACK });
    let told = summary(
        &stage.send(json!({ "action": "plan", "files": FILE, "from": GROUP, "group": BACK })).await,
    );
    let asked =
        format!("would have asked for {BACK}, 2 x cache.t4g.micro, from {FILE} and like {GROUP}");
    assert!(told.contains(&asked), "{told}");
    let said = summary(&stage.send(event.clone()).await);
    assert!(said.starts_with("settled"), "{said}");
    assert!(said.contains(&format!("{BACK} is there: 2 x cache.t4g.micro")), "{said}");
    stage.scene.world.with(|it| {
        let (back, source) = (&it.elasticache.groups[BACK], &it.elasticache.groups[GROUP]);
        assert_eq!((back.bytes_used, &back.access), (BYTES, &source.access));
        assert!(back.transit.is_on());
        assert_eq!(back.tags["cachewarden:restored-from"], FILE);
        assert_eq!(back.tags["cachewarden:group"], GROUP);
    });
    let before = stage.scene.world.with(|it| it.elasticache.groups.len());
    let again = summary(&stage.send(event).await);
    assert!(again.starts_with("settled"), "{again}");
    assert_eq!(stage.scene.world.with(|it| it.elasticache.groups.len()), before);
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn files_go_into_shards_with_slots_of_their_own() {
    let stage = Stage::new().await;
    stage.add_sharded("wide", 3).await;
    put(&stage, "one.rdb");
    put(&stage, "two.rdb");
    let files = ["arn:aws:s3:::bucket/one.rdb", "arn:aws:s3:::bucket/two.rdb"];
    let event = json!({ "action": "restore", "files": files, "from": "wide", "group": BACK });
    let said = summary(&stage.send(event).await);
    assert!(said.starts_with("settled"), "{said}");
    stage.scene.world.with(|it| {
        let back = &it.elasticache.groups[BACK];
        assert_eq!((back.bytes_used, back.shards.as_ref().unwrap().all.len()), (2 * BYTES, 3));
    });
}

#[tokio::test(start_paused = true)]
async fn what_speaks_against_a_file_is_told() {
    let stage = Stage::new().await;
    let refuses = async |event: serde_json::Value, expected: &str| {
        let said = summary(&stage.send(event).await);
        assert!(said.contains(expected), "{said}");
    };
    let two = [FILE, "arn:aws:s3:::bucket/more.rdb"];
    let groups = || stage.scene.world.with(|it| it.elasticache.groups.len());
    let before = groups();
    refuses(
        json!({ "action": "restore", "files": two, "from": GROUP, "group": BACK }),
        "2 files are named, and orders has cluster mode disabled, so that one file fills it",
    )
    .await;
    refuses(
        json!({ "action": "restore", "files": FILE, "from": "nowhere", "group": BACK }),
        "the group nowhere is gone",
    )
    .await;
    refuses(
        json!({ "action": "restore", "files": FILE, "from": GROUP, "group": "orders", "secret": "x" }),
        "secret: ",
    )
    .await;
    assert_eq!(groups(), before, "nothing was made");
    // What is in a bucket, only ElastiCache sees: its words are told.
    stage
        .scene
        .world
        .with(|it| it.elasticache.closed_buckets.insert("bucket".to_owned(), Closed::NoRead));
    refuses(json!({ "action": "restore", "files": FILE, "from": GROUP, "group": BACK }), "READ")
        .await;
}
