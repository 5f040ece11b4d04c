//! A cache of Valkey through all four functions: none of them is about Redis alone.

use std::time::Duration;

use acceptance::scene::{GROUP, SECRET, Scene, function_arn};
use aws_sim::Settings;
use aws_sim::cloudwatch::hold;
use aws_sim::elasticache::model::{Group, SnapshotStatus};
use aws_sim::settings::Durations;
use serde_json::json;

const BACK: &str = "orders-back";

/// An account with a cache of Valkey, calm and half full.
async fn valkey() -> Scene {
    let settings = Settings { durations: Durations::default().faster(40), ..Settings::default() };
    let scene = Scene::new(settings).await;
    let valkey = [
        ("Engine", json!("valkey")),
        ("AutoscaleMode", json!("full")),
        ("AutoscaleData", json!("store")),
        ("SnapshotKeep", json!(3)),
        ("RotationDays", json!(30)),
    ];
    scene.created(&valkey).await;
    scene.world().with(|it| {
        for member in it.elasticache.groups[GROUP].members.clone().keys() {
            hold(it, member, "EngineCPUUtilization", 40.0);
            hold(it, member, "CPUUtilization", 20.0);
        }
        it.elasticache.fill(GROUP, 200_000_000);
    });
    scene.account.play(Duration::from_mins(15), |_| false).await;
    scene
}

/// What a group is, in a few words.
fn shape(scene: &Scene, group: &str) -> String {
    let words = |it: &Group| format!("{}, {} x {}", it.engine, it.members.len(), it.node_type);
    scene.world().with(|it| it.elasticache.groups.get(group).map_or_else(String::new, words))
}

#[tokio::test(start_paused = true)]
async fn a_cache_of_valkey_is_rotated_scaled_snapshotted_and_restored() {
    let scene = valkey().await;
    assert_eq!(shape(&scene, GROUP), "valkey, 2 x cache.t4g.micro");

    scene.manager("RotateSecret", json!({ "SecretId": SECRET }));
    scene.account.settle().await;
    // Grace is half an hour, the sweep comes every quarter.
    scene.account.pass(Duration::from_mins(95)).await;
    scene.world().with(|it| {
        let current = it.secrets.secrets[SECRET].text("AWSCURRENT");
        for node in it.nodes().into_iter().filter(|it| it.group == GROUP) {
            assert!(node.access.passwords.iter().map(String::as_str).eq(current));
        }
    });

    let take = json!({ "action": "take", "group": GROUP });
    scene.account.send(&function_arn("snapshot"), take);
    scene.account.settle().await;
    // The schedule may have had its turn as well.
    let name = scene.world().with(|it| {
        let ours = it.elasticache.snapshots.values();
        let ours: Vec<_> =
            ours.filter(|it| !it.automatic && !it.name.ends_with("-2-keep")).collect();
        assert!(ours.iter().all(|it| it.status == SnapshotStatus::Available));
        ours[0].name.clone()
    });
    let restore = json!({ "action": "restore", "snapshot": name, "group": BACK });
    scene.account.send(&function_arn("snapshot"), restore);
    scene.account.settle().await;
    assert_eq!(shape(&scene, BACK), "valkey, 2 x cache.t4g.micro");

    scene.world().with(|it| it.elasticache.fill(GROUP, 374_000_000));
    scene.account.pass(Duration::from_mins(100)).await;
    assert_eq!(shape(&scene, GROUP), "valkey, 2 x cache.t4g.small");
    assert_eq!(scene.problems().await, [""; 0]);
}
