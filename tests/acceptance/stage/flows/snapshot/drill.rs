//! Drills: whatever goes wrong, no group of one is left standing, and what it is like is left alone.

use std::time::Duration;

use aws_sim::State;
use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use aws_sim::elasticache::model::{SnapshotStatus, Status};
use domain::{GroupId, tag};
use serde_json::{Value, json};

use super::super::provision::people;
use super::super::{Way, all_but_lost, must_succeed, on_scene, unless};
use super::{good, send, snapshots};
use crate::scene::{GROUP, Scene, is_available};

/// A cache whose snapshots are to be tried each week has one, and none was tried yet.
pub(in super::super) struct Drill(pub(in super::super) Way);

impl Flow for Drill {
    on_scene!("snapshot-drill");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        saved(scene, &[]).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        drill(scene).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        drill(scene).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems(scene, case).await
    }
}

/// The same of a cache that lets in users: one of them, whose password is in a secret, counts its keys.
pub(in super::super) struct DrillUsers(pub(in super::super) Way);

impl Flow for DrillUsers {
    on_scene!("snapshot-drill-users");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        people(&scene).await;
        let tags = [(tag::OWNER, "somebody"), (tag::USER, "app")];
        let tags = tags.map(|(key, value)| json!({ "Key": key, "Value": value }));
        let password = "password-of-the-app";
        let secret =
            json!({ "Name": "orders-app-password", "SecretString": password, "Tags": tags });
        scene.manager("CreateSecret", secret);
        saved(scene, &[("UserGroupIds", json!("staff"))]).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        drill(scene).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        drill(scene).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems(scene, case).await
    }
}

/// A cache with these properties and keys, whose keys were counted with the one snapshot that there is of it.
async fn saved(scene: Scene, over: &[(&str, Value)]) -> Scene {
    let usual = [
        ("SnapshotKeep", json!(3)),
        ("SnapshotDrillDays", json!(7)),
        ("AutoscaleMode", json!("off")),
        ("RotationDays", json!(0)),
    ];
    scene.created(&[over, &usual].concat()).await;
    scene.world().with(|it| it.elasticache.fill(GROUP, 100 << 20));
    send(&scene, json!({ "action": "take", "group": GROUP })).await;
    scene.account.play(Duration::from_secs(90), |_| false).await;
    assert_eq!(good(&scene), 1);
    let is_counted = |it: &mut State| {
        let mut ours = it.elasticache.snapshots.values().filter(|it| it.source.id == GROUP);
        ours.all(|it| it.tags.contains_key(tag::RECORD))
    };
    assert!(scene.world().with(is_counted));
    scene
}

/// What is wrong once nobody is at it any more, and the schedule has torn down what was left.
async fn problems(scene: &Scene, case: Option<&Case>) -> Vec<String> {
    let mut problems = scene.problems().await;
    if scene.world().with(|it| it.elasticache.groups.contains_key(&id())) {
        // Nobody is at it any more: the schedule finds it when its time is over.
        scene.account.play(Duration::from_hours(3), |_| false).await;
        send(scene, json!({ "action": "sweep" })).await;
        problems.extend(scene.problems().await);
    }
    problems.extend(is_over(scene, case));
    if problems.is_empty() && must_succeed(case) {
        // It is not due again.
        drill(scene).await;
        problems.extend(is_over(scene, case));
    }
    problems
}

async fn drill(scene: &Scene) {
    send(scene, json!({ "action": "drill" })).await;
}

fn id() -> String {
    domain::snapshot::drill::id(&GroupId::parse(GROUP).unwrap()).unwrap().to_string()
}

/// What is wrong once nobody is at it any more.
fn is_over(scene: &Scene, case: Option<&Case>) -> Vec<String> {
    let kept = snapshots(scene);
    let is_whole = kept.len() == 1 && kept[0].1 == SnapshotStatus::Available;
    let mut problems = Vec::new();
    problems.extend(unless(is_whole, format!("the snapshots are {kept:?}")));
    scene.world().with(|it| {
        let groups: Vec<_> = it.elasticache.groups.keys().collect();
        problems.extend(unless(groups.len() == 2, format!("the groups are {groups:?}")));
        problems.extend(unless(made(it) <= 1, format!("its group was made {} times", made(it))));
        let source = &it.elasticache.groups[GROUP];
        let is_well = is_available(it, GROUP)
            && source.bytes_used == 100 << 20
            && source.members.len() == 2
            && source.members.values().all(|it| it.status == Status::Available);
        problems.extend(unless(is_well, "the source is not as it was"));
        let tags = it.elasticache.snapshots.values().find(|it| it.source.id == GROUP);
        let is_verified = tags.is_some_and(|it| it.tags.contains_key(tag::VERIFIED));
        problems.extend(unless(is_verified || !must_succeed(case), "it is not said to restore"));
        let alarms = it.cloudwatch.alarms.keys().filter(|it| it.starts_with(&id())).count();
        problems.extend(unless(alarms == 0, "somebody watched its group"));
    });
    problems
}

/// How often its group was made.
fn made(state: &State) -> usize {
    let is_creation = |it: &&aws_sim::CallRecord| {
        it.operation == "CreateReplicationGroup"
            && it.status == 200
            && it.parameters.get("ReplicationGroupId").is_some_and(|it| *it == id())
    };
    state.calls.iter().filter(is_creation).count()
}
