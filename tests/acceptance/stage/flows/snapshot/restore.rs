//! Groups with shards and groups with users come back as they were: as closed, with their slots, once.

use std::time::Duration;

use aws_sim::State;
use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use serde_json::{Value, json};

use super::super::provision::people;
use super::super::{Way, all_but_lost, must_succeed, on_scene, unless};
use super::{BACK, back, good, restore, restored, send};
use crate::scene::{GROUP, Scene, is_available};

/// Two shards of two nodes each.
pub(in super::super) struct RestoreShards(pub(in super::super) Way);

/// A group that lets in the users of `staff`.
pub(in super::super) struct RestoreUsers(pub(in super::super) Way);

impl Flow for RestoreShards {
    on_scene!("snapshot-restore-shards");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        let shards = [
            ("RedisNumCacheNodes", Value::Null),
            ("ClusterMode", json!("enabled")),
            ("NumNodeGroups", json!(2)),
            ("ReplicasPerNodeGroup", json!(1)),
        ];
        saved(scene, &shards).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        restore(scene).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        restore(scene).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems(scene, case, |it| {
            let shape = |id: &str| {
                let group = &it.elasticache.groups[id];
                let shards = group.shards.iter().flat_map(|it| &it.all);
                let slots = shards.map(|(id, it)| format!("{id} {:?}", it.slots));
                (slots.collect::<Vec<_>>(), group.members.len())
            };
            unless(shape(BACK) == shape(GROUP), format!("its shards are {:?}", shape(BACK)))
        })
        .await
    }
}

impl Flow for RestoreUsers {
    on_scene!("snapshot-restore-users");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        people(&scene).await;
        saved(scene, &[("UserGroupIds", json!("staff"))]).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        restore(scene).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        restore(scene).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        problems(scene, case, |it| {
            let (made, source) = (&it.elasticache.groups[BACK], &it.elasticache.groups[GROUP]);
            let is_as = made.user_groups == ["staff"] && made.access == source.access;
            unless(is_as, format!("it lets in {:?}", made.user_groups))
        })
        .await
    }
}

/// A stack with these properties, keys in its cache, and one snapshot of it.
async fn saved(scene: Scene, over: &[(&str, Value)]) -> Scene {
    let quiet =
        [("SnapshotKeep", json!(3)), ("AutoscaleMode", json!("off")), ("RotationDays", json!(0))];
    scene.created(&[over, &quiet].concat()).await;
    scene.world().with(|it| it.elasticache.fill(GROUP, 100 << 20));
    send(&scene, json!({ "action": "take", "group": GROUP })).await;
    scene.account.play(Duration::from_secs(90), |_| false).await;
    assert_eq!(good(&scene), 1);
    scene
}

/// What is wrong with what was restored, where it was, and with what only this kind of group has.
async fn problems(
    scene: &Scene,
    case: Option<&Case>,
    own: impl Fn(&State) -> Option<String>,
) -> Vec<String> {
    let mut problems = scene.problems().await;
    problems.extend(restored(scene, case));
    scene.world().with(|it| {
        if is_available(it, BACK) {
            problems.extend(own(it));
        }
    });
    if problems.is_empty() && must_succeed(case) {
        // Whoever asks again is told that it is there.
        restore(scene).await;
        problems.extend(back(scene, case));
    }
    problems
}
