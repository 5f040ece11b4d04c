//! A stack is updated or deleted while its cache is restored in place.

use std::time::Duration;

use acceptance::scene::{GROUP, Scene, function_arn, properties};
use aws_sim::State;
use aws_sim::drive::cloudformation::Status;
use aws_sim::elasticache::model::SnapshotStatus;
use aws_sim::settings::{Durations, Settings, Switches};
use serde_json::{Value, json};

const WANTED: u64 = 100 << 20;
const SINCE: u64 = 150 << 20;

fn quiet() -> [(&'static str, Value); 3] {
    [("AutoscaleMode", json!("off")), ("SnapshotKeep", json!(3)), ("RotationDays", json!(0))]
}

/// A cache that is on its way to its snapshot, and is not there at the moment.
async fn gone(switches: Switches) -> Scene {
    let durations = Durations::default().faster(4);
    let scene = Scene::new(Settings { switches, durations, ..Settings::default() }).await;
    scene.created(&quiet()).await;
    scene.world().with(|it| it.elasticache.fill(GROUP, WANTED));
    let snapshot = function_arn("snapshot");
    scene.account.send(&snapshot, json!({ "action": "take", "group": GROUP }));
    scene.account.settle().await;
    let name = scene.world().with(|it| ours(it).pop().unwrap());
    scene.world().with(|it| it.elasticache.fill(GROUP, SINCE));
    let event = json!({ "action": "restore-in-place", "snapshot": name, "group": GROUP });
    scene.account.send(&snapshot, event);
    let is_gone = |it: &mut State| !it.elasticache.groups.contains_key(GROUP);
    assert!(scene.account.play(Duration::from_hours(1), is_gone).await);
    scene
}

/// The snapshots of the cache that are whole.
fn ours(state: &State) -> Vec<String> {
    let all = state.elasticache.snapshots.values().filter(|it| it.source.id == GROUP);
    let whole = all.filter(|it| !it.automatic && it.status == SnapshotStatus::Available);
    whole.map(|it| it.name.clone()).collect()
}

/// The groups that have to do with ours.
fn groups(state: &State) -> Vec<String> {
    let all = state.elasticache.groups.keys();
    all.filter(|it| it.starts_with(GROUP) && !it.ends_with("-2")).cloned().collect()
}

#[tokio::test(start_paused = true)]
async fn an_update_makes_no_empty_cache_and_is_done_when_the_old_one_is_back() {
    for switches in [Switches::default(), Switches::otherwise()] {
        let scene = gone(switches).await;
        let larger = [quiet().as_slice(), &[("SnapshotRetentionLimit", json!(3))]].concat();
        let outcome = scene.stack.update(&properties(&larger)).await;
        assert_eq!((outcome.status, outcome.reason), (Status::UpdateComplete, None));
        assert_eq!(scene.problems().await, Vec::<String>::new());
        scene.world().with(|it| {
            let group = &it.elasticache.groups[GROUP];
            assert_eq!((group.bytes_used, group.snapshot_retention), (WANTED, 3));
            assert!(group.tags["cachewarden:in-place"].ends_with(": finished"));
            assert_eq!(groups(it), [GROUP]);
            assert_eq!(ours(it).len(), 2, "the wanted one and the way back");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_waits_until_the_cache_is_back_and_then_takes_all_of_it() {
    let scene = gone(Switches::default()).await;
    let outcome = scene.stack.delete().await;
    assert_eq!((outcome.status, outcome.reason), (Status::DeleteComplete, None));
    assert_eq!(scene.problems().await, Vec::<String>::new());
    assert_eq!(scene.left(), ["secret on its way out"]);
    scene.world().with(|it| {
        assert_eq!(groups(it), Vec::<String>::new());
        assert_eq!(ours(it).len(), 3, "the wanted one, the way back and the last one");
    });
}
