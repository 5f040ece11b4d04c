//! A stack is updated or deleted while its cache is parked, and the other functions leave it alone.

use std::time::Duration;

use acceptance::scene::{GROUP, Scene, function_arn, properties};
use aws_sim::State;
use aws_sim::drive::cloudformation::Status;
use aws_sim::settings::{Durations, Settings, Switches};
use domain::tag;
use serde_json::{Value, json};

const KEYS: u64 = 100 << 20;

fn quiet() -> Vec<(&'static str, Value)> {
    vec![
        ("AutoscaleMode", json!("off")),
        ("SnapshotKeep", json!(3)),
        ("RotationDays", json!(0)),
        ("NightPark", json!(true)),
    ]
}

/// A stack whose cache is parked.
async fn parked(switches: Switches, over: &[(&'static str, Value)]) -> Scene {
    let durations = Durations::default().faster(4);
    let scene = Scene::new(Settings { switches, durations, ..Settings::default() }).await;
    scene.created(&[quiet().as_slice(), over].concat()).await;
    scene.world().with(|it| it.elasticache.fill(GROUP, KEYS));
    send(&scene, "park").await;
    assert_eq!((scene.group(), states(&scene)), (None, vec!["parked".to_owned()]));
    scene
}

async fn send(scene: &Scene, action: &str) {
    scene.account.send(&function_arn("snapshot"), json!({ "action": action, "group": GROUP }));
    assert!(scene.account.settle().await);
}

/// How far each park snapshot says that it is.
fn states(scene: &Scene) -> Vec<String> {
    scene.world().with(|it| {
        let all = it.elasticache.snapshots.values().filter(|it| it.name.contains("-park-"));
        all.map(|it| it.tags[tag::PARKED].split(" at ").next().unwrap().to_owned()).collect()
    })
}

fn holds(state: &State) -> u64 {
    state.elasticache.groups.get(GROUP).map_or(0, |it| it.bytes_used)
}

#[tokio::test(start_paused = true)]
async fn an_update_of_a_parked_cache_makes_it_of_its_snapshot_and_not_empty() {
    for switches in [Switches::default(), Switches::otherwise()] {
        let scene = parked(switches, &[]).await;
        let longer = [quiet(), vec![("SnapshotRetentionLimit", json!(3))]].concat();
        let outcome = scene.stack.update(&properties(&longer)).await;
        assert_eq!((outcome.status, outcome.reason), (Status::UpdateComplete, None));
        assert_eq!(scene.problems().await, Vec::<String>::new());
        scene.world().with(|it| {
            assert_eq!(holds(it), KEYS);
            assert_eq!(it.elasticache.groups[GROUP].snapshot_retention, 3);
        });
        // In the morning it is found there, and nothing more is done.
        let made = scene.world().calls_to("CreateReplicationGroup");
        send(&scene, "unpark").await;
        assert_eq!(scene.world().calls_to("CreateReplicationGroup"), made);
        assert_eq!(states(&scene), ["back"]);
        send(&scene, "park").await;
        send(&scene, "unpark").await;
        assert_eq!((scene.world().with(|it| holds(it)), states(&scene).len()), (KEYS, 1));
        assert_eq!(scene.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn the_way_back_from_an_update_of_a_parked_cache_succeeds() {
    let scene = parked(Switches::default(), &[]).await;
    // Nothing that ElastiCache takes, so that the update fails and is taken back.
    let wrong =
        [quiet(), vec![("UserGroupIds", json!(["nobody"])), ("EnableAuthToken", json!(false))]]
            .concat();
    let outcome = scene.stack.update(&properties(&wrong)).await;
    assert_eq!(outcome.status, Status::UpdateRollbackComplete, "{outcome:?}");
    assert_eq!(scene.problems().await, Vec::<String>::new());
    scene.world().with(|it| assert_eq!(holds(it), KEYS));
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_a_parked_cache_keeps_its_snapshot_and_nobody_brings_it_back() {
    for policy in ["Snapshot", "Delete"] {
        let scene = parked(Switches::default(), &[("DeletionPolicy", json!(policy))]).await;
        let outcome = scene.stack.delete().await;
        assert_eq!((outcome.status, outcome.reason), (Status::DeleteComplete, None), "{policy}");
        assert_eq!(scene.problems().await, Vec::<String>::new());
        assert_eq!(scene.left(), ["secret on its way out"]);
        assert_eq!(states(&scene), ["kept"]);
        scene.account.send(&function_arn("snapshot"), json!({ "action": "unpark" }));
        assert!(scene.account.settle().await);
        send(&scene, "unpark").await;
        assert_eq!((scene.group(), states(&scene)), (None, vec!["kept".to_owned()]));
    }
}

#[tokio::test(start_paused = true)]
async fn what_stands_around_a_parked_cache_that_is_retained_stays() {
    let scene = parked(Switches::default(), &[("DeletionPolicy", json!("Retain"))]).await;
    let outcome = scene.stack.delete().await;
    assert_eq!((outcome.status, outcome.reason), (Status::DeleteComplete, None));
    assert_eq!(scene.left(), ["subnet group", "parameter group", "secret"]);
    assert_eq!(states(&scene), ["kept"]);
}

#[tokio::test(start_paused = true)]
async fn the_stack_of_a_cache_that_came_back_is_deleted_as_ever() {
    let scene = parked(Switches::default(), &[]).await;
    send(&scene, "unpark").await;
    let outcome = scene.stack.delete().await;
    assert_eq!((outcome.status, outcome.reason), (Status::DeleteComplete, None));
    assert_eq!(scene.left(), ["secret on its way out"]);
    scene.account.send(&function_arn("snapshot"), json!({ "action": "unpark" }));
    assert!(scene.account.settle().await);
    assert_eq!(scene.group(), None);
}

#[tokio::test(start_paused = true)]
async fn a_night_and_its_schedules_leave_a_parked_cache_alone() {
    let scene = parked(Switches::default(), &[("AutoscaleMode", json!("full"))]).await;
    let told = scene.world().with(|it| it.sns.published.len());
    scene.account.play(Duration::from_hours(12), |_| false).await;
    assert!(scene.account.settle().await);
    let since: Vec<String> = scene
        .world()
        .with(|it| it.sns.published.iter().skip(told).map(|it| it.subject.clone()).collect());
    assert_eq!((since, scene.group()), (Vec::new(), None));
    send(&scene, "unpark").await;
    assert_eq!(scene.problems().await, Vec::<String>::new());
    scene.world().with(|it| assert_eq!((holds(it), it.cloudwatch.alarms.len()), (KEYS, 5)));
}
