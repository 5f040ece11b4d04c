//! An alarm tells of a group that is too small; what is done about it is done once.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sim::cloudwatch::{Alarm, hold};
use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use domain::alarm::Watch;
use domain::{Catalog, NodeType, tag};
use serde_json::{Value, json};

use super::{Way, is_looked_at_by_schedule, must_succeed, on_scene, unless};
use crate::scene::{GROUP, Scene};

/// Nothing but the autoscaler works on the group, and all of its data is wanted.
fn policy() -> [(&'static str, Value); 4] {
    [
        ("AutoscaleMode", json!("full")),
        ("AutoscaleData", json!("store")),
        ("RotationDays", json!(0)),
        ("SnapshotKeep", json!(0)),
    ]
}

async fn calm(way: Way, seed: u64) -> Scene {
    let scene = Scene::new(way.settings(seed)).await;
    scene.created(&policy()).await;
    for member in members(&scene) {
        load(&scene, &member, 10.0);
    }
    scene.world().with(|it| it.elasticache.fill(GROUP, 200_000_000));
    scene.account.play(Duration::from_mins(15), |_| false).await;
    scene
}

fn members(scene: &Scene) -> Vec<String> {
    scene.world().with(|it| it.elasticache.groups[GROUP].members.keys().cloned().collect())
}

fn shape(scene: &Scene) -> (usize, String) {
    scene.world().with(|it| {
        let group = &it.elasticache.groups[GROUP];
        (group.members.len(), group.node_type.clone())
    })
}

fn load(scene: &Scene, member: &str, percent: f64) {
    scene.world().with(|it| {
        hold(it, member, "EngineCPUUtilization", percent);
        hold(it, member, "CPUUtilization", percent / 2.0);
    });
}

/// What holds after any change of size: it was made once, and there is nothing that is still asked for.
async fn problems_of(scene: &Scene, is_done: bool, case: Option<&Case>) -> Vec<String> {
    let mut problems = scene.problems().await;
    let said = scene.world().with(|it| {
        let group = &it.elasticache.groups[GROUP];
        format!("{} x {}, {:?}", group.members.len(), group.node_type, group.tags)
    });
    problems.extend(unless(is_done || !must_succeed(case), format!("it is {said}")));
    let is_open = said.contains("cachewarden:asked") || said.contains("autoscale-change");
    problems.extend(unless(
        !is_open || !must_succeed(case),
        format!("something is still asked for: {said}"),
    ));
    problems.extend(unless(is_watched(scene), "its alarms do not watch its members"));
    problems
}

/// Whether there are the alarms of the node type and no others, and all watch every member and nobody else.
fn is_watched(scene: &Scene) -> bool {
    let members: BTreeSet<String> = members(scene).into_iter().collect();
    let node_type = NodeType::parse(&shape(scene).1).unwrap();
    let node = Catalog::embedded().find(&node_type);
    let wanted = Watch::of(node).map(|it| (format!("{GROUP}/{}", it.suffix()), it.threshold(node)));
    scene.world().with(|it| {
        let watches = |it: &Alarm| -> BTreeSet<String> {
            let metrics = it.watched.metrics();
            metrics.filter_map(|it| it.dimensions.get("CacheClusterId").cloned()).collect()
        };
        let alarms = &it.cloudwatch.alarms;
        alarms.len() == wanted.len()
            && wanted.iter().all(|(name, threshold)| {
                let is_right = |it: &Alarm| {
                    (it.threshold - threshold).abs() < f64::EPSILON && watches(it) == members
                };
                alarms.get(name).is_some_and(is_right)
            })
    })
}

/// Memory fills: the next node type.
pub(super) struct Memory(pub(super) Way);

impl Flow for Memory {
    on_scene!("autoscale-memory");
    is_looked_at_by_schedule!();

    async fn set(&self, seed: u64) -> Scene {
        calm(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        scene.world().with(|it| it.elasticache.fill(GROUP, 374_000_000));
        scene.account.pass(Duration::from_mins(130)).await;
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let is_done = scene.world().with(|it| {
            let group = &it.elasticache.groups[GROUP];
            group.node_type == "cache.t4g.small" && group.members.len() == 2
        });
        let is_judged = scene
            .world()
            .with(|it| !it.elasticache.groups[GROUP].tags.contains_key(tag::AUTOSCALE_WATCH));
        let mut problems = problems_of(scene, is_done, case).await;
        problems.extend(unless(
            is_judged || !must_succeed(case),
            "nobody looked at what came of the change".to_owned(),
        ));
        problems
    }
}

/// Reads grow: one replica more.
pub(super) struct Reads(pub(super) Way);

impl Flow for Reads {
    on_scene!("autoscale-reads");
    is_looked_at_by_schedule!();

    async fn set(&self, seed: u64) -> Scene {
        calm(self.0, seed).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let replica = scene.world().with(|it| {
            let group = &it.elasticache.groups[GROUP];
            group.replicas().next().unwrap().id.clone()
        });
        let before = shape(scene);
        load(scene, &replica, 92.0);
        scene.world().with(|it| hold(it, &replica, "GetTypeCmds", 600_000.0));
        // The reads stay, whoever hears of them, until a new replica takes its part, or larger nodes have room for them.
        for _ in 0..6 {
            scene.account.pass(Duration::from_mins(10)).await;
            if shape(scene) != before {
                break;
            }
        }
        for member in members(scene) {
            load(scene, &member, 50.0);
            scene.world().with(|it| hold(it, &member, "GetTypeCmds", 300_000.0));
        }
        scene.account.pass(Duration::from_mins(90)).await;
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        // Where the busy replica becomes the primary it takes its reads with it, and neither a replica nor a larger node of its family helps.
        let stays = shape(scene) == (2, "cache.t4g.micro".to_owned())
            && case.is_some_and(|it| it.mishap == Mishap::PRIMARY_LOST);
        problems_of(scene, members(scene).len() == 3 || stays, case).await
    }
}

/// A group that is larger than it need be, for nearly as long as it has to be calm before anything is taken from it.
async fn idle(
    way: Way,
    seed: u64,
    over: &[(&str, Value)],
    (known, looked_at): (Duration, Duration),
) -> Scene {
    let scene = Scene::new(way.settings(seed)).await;
    scene.created(&[&policy()[..], over].concat()).await;
    for member in members(&scene) {
        load(&scene, &member, 4.0);
    }
    scene.world().with(|it| it.elasticache.fill(GROUP, 80_000_000));
    // Nobody looks at first: two days have to be known before a node type is taken back.
    scene.account.play(known, |_| false).await;
    // By the schedule it is looked at, and left alone.
    scene.account.pass(looked_at).await;
    scene.account.settle().await;
    scene
}

/// Nobody reads: a replica less.
pub(super) struct FewerReplicas(pub(super) Way);

impl Flow for FewerReplicas {
    on_scene!("autoscale-fewer-replicas");
    is_looked_at_by_schedule!();

    async fn set(&self, seed: u64) -> Scene {
        let times = (Duration::from_mins(20), Duration::from_mins(30));
        idle(self.0, seed, &[("RedisNumCacheNodes", json!(3))], times).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        scene.account.pass(Duration::from_mins(75)).await;
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let is_done = shape(scene) == (2, "cache.t4g.micro".to_owned());
        problems_of(scene, is_done, case).await
    }
}

/// Nothing is done and little is kept: a smaller node type.
pub(super) struct SmallerNodes(pub(super) Way);

impl Flow for SmallerNodes {
    on_scene!("autoscale-smaller-nodes");
    is_looked_at_by_schedule!();

    async fn set(&self, seed: u64) -> Scene {
        // Four fifths of two days, but for half an hour.
        let times = (Duration::from_mins(37 * 60 + 50), Duration::from_mins(15));
        idle(self.0, seed, &[("RedisNodeType", json!("cache.t4g.small"))], times).await
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        scene.account.pass(Duration::from_hours(1)).await;
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let is_done = shape(scene) == (2, "cache.t4g.micro".to_owned());
        problems_of(scene, is_done, case).await
    }
}

/// Reads of one shard grow: a replica more in each.
pub(super) struct Shards(pub(super) Way);

impl Flow for Shards {
    on_scene!("autoscale-shards");
    is_looked_at_by_schedule!();

    async fn set(&self, seed: u64) -> Scene {
        let shards = [
            ("ClusterMode", json!("enabled")),
            ("RedisNumCacheNodes", json!("")),
            ("NumNodeGroups", json!(2)),
            ("ReplicasPerNodeGroup", json!(1)),
            ("AutoscaleMaxReplicas", json!(2)),
            ("AutoscaleMaxNodeType", json!("cache.t4g.micro")),
        ];
        let scene = Scene::new(self.0.settings(seed)).await;
        scene.created(&[&policy()[..], &shards].concat()).await;
        for member in members(&scene) {
            load(&scene, &member, 10.0);
        }
        scene.world().with(|it| it.elasticache.fill(GROUP, 400_000_000));
        scene.account.play(Duration::from_mins(15), |_| false).await;
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        let replica = scene.world().with(|it| {
            let group = &it.elasticache.groups[GROUP];
            let last = group.members.keys().next_back().unwrap().clone();
            let shard = last.rsplit_once('-').unwrap().0;
            let of_shard = group.replicas().find(|it| it.id.starts_with(shard));
            of_shard.unwrap().id.clone()
        });
        load(scene, &replica, 92.0);
        scene.world().with(|it| hold(it, &replica, "GetTypeCmds", 3_600_000.0));
        for _ in 0..6 {
            scene.account.pass(Duration::from_mins(10)).await;
            if members(scene).len() != 4 {
                break;
            }
        }
        for member in members(scene) {
            load(scene, &member, 50.0);
            scene.world().with(|it| hold(it, &member, "GetTypeCmds", 1_800_000.0));
        }
        scene.account.pass(Duration::from_mins(90)).await;
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        // Where the busy replica becomes the primary, no replica takes its reads from it.
        let is_primary_lost = case.is_some_and(|it| it.mishap == Mishap::PRIMARY_LOST);
        let count = members(scene).len();
        problems_of(scene, count == 6 || is_primary_lost && count == 4, case).await
    }
}

/// What nobody tells of: a failover, a replica more and a larger node type by hand, and alarms that somebody changed.
pub(super) struct Alarms(pub(super) Way);

impl Flow for Alarms {
    on_scene!("autoscale-alarms");
    is_looked_at_by_schedule!();

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        let untended = [
            ("AutoscaleMode", json!("off")),
            ("RotationDays", json!(0)),
            ("SnapshotKeep", json!(0)),
        ];
        scene.created(&untended).await;
        scene.world().with(|it| {
            let alarms = &mut it.cloudwatch.alarms;
            alarms.remove(&format!("{GROUP}/evictions"));
            alarms.get_mut(&format!("{GROUP}/swap")).unwrap().threshold = 1.0;
        });
        let changes: [&[(&str, &str)]; 3] = [
            &[("Action", "IncreaseReplicaCount"), ("NewReplicaCount", "2")],
            &[("Action", "TestFailover"), ("NodeGroupId", "0001")],
            &[("Action", "ModifyReplicationGroup"), ("CacheNodeType", "cache.m7g.xlarge")],
        ];
        for change in changes {
            let now = [("ReplicationGroupId", GROUP), ("ApplyImmediately", "true")];
            scene.by_hand(&[change, &now].concat());
            // Nobody is told, and no schedule looks yet.
            scene.account.play(Duration::from_mins(20), |_| false).await;
        }
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        scene.account.pass(Duration::from_mins(50)).await;
        scene.account.settle().await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let is_done = shape(scene) == (3, "cache.m7g.xlarge".to_owned());
        problems_of(scene, is_done, case).await
    }
}
