//! Clients are led by their secret to a group of a snapshot: wherever it leads, there is a group that is whole and takes the token.

use std::time::Duration;

use aws_sim::State;
use aws_sim::drive::exhaust::{Case, Flow, Mishap};
use aws_sim::elasticache::model::SnapshotStatus;
use serde_json::{Value, json};

use super::super::{Way, all_but_lost, must_succeed, on_scene, unless};
use super::{good, send, snapshots};
use crate::scene::{GROUP, NEIGHBOUR, SECRET, Scene, function_arn, is_available};

/// The only snapshot that there is in the place of a group that was written to since, by the address in the secret.
pub(in super::super) struct BySecret(pub(in super::super) Way);

/// What the snapshot holds, and what the group holds when it is asked for.
const WANTED: u64 = 100 << 20;
const BEFORE: u64 = 150 << 20;
/// The group that takes the place.
const NEW: &str = "orders-redis-production-r2";

impl Flow for BySecret {
    on_scene!("snapshot-in-place-secret");

    fn mishaps(&self) -> Vec<Mishap> {
        all_but_lost()
    }

    async fn set(&self, seed: u64) -> Scene {
        let scene = Scene::new(self.0.settings(seed)).await;
        let over = [
            ("SnapshotKeep", json!(3)),
            ("SecretFormat", json!("json")),
            ("AutoscaleMode", json!("off")),
            ("RotationDays", json!(0)),
        ];
        scene.created(&over).await;
        // No stack has it any more.
        scene.world().with(|it| {
            let owner = ("cachewarden:owner".to_owned(), "by-hand/orders".to_owned());
            it.elasticache.groups.get_mut(GROUP).unwrap().tags.extend([owner.clone()]);
            it.secrets.secrets.get_mut(SECRET).unwrap().tags.extend([owner]);
            it.elasticache.fill(GROUP, WANTED);
        });
        let mut document = current(&scene);
        document["team"] = json!("payments");
        let put = json!({ "SecretId": SECRET, "SecretString": document.to_string() });
        scene.manager("PutSecretValue", put);
        send(&scene, json!({ "action": "take", "group": GROUP })).await;
        scene.account.play(Duration::from_secs(90), |_| false).await;
        assert_eq!(good(&scene), 1);
        scene.world().with(|it| it.elasticache.fill(GROUP, BEFORE));
        scene
    }

    async fn run(&self, scene: &Scene, _: Option<&Case>) {
        lead(scene).await;
    }

    async fn run_beside(&self, scene: &Scene) {
        lead(scene).await;
    }

    async fn problems(&self, scene: &Scene, case: Option<&Case>) -> Vec<String> {
        let mut problems = scene.problems().await;
        let document = current(scene);
        problems.extend(scene.world().with(|it| wrong(it, &document, case)));
        problems.extend(unless(document["team"] == "payments", "the keys of others are lost"));
        let (ways_back, wanted): (Vec<_>, Vec<_>) =
            snapshots(scene).into_iter().partition(|it| it.0.contains("-before-"));
        let is_there = matches!(wanted.as_slice(), [(_, SnapshotStatus::Available)]);
        problems.extend(unless(is_there, format!("the wanted snapshot is {wanted:?}")));
        let is_led = scene.world().with(|it| leads_to(it, &document).as_deref() == Some(NEW));
        let is_saved = matches!(ways_back.as_slice(), [(_, SnapshotStatus::Available)]);
        problems.extend(unless(is_saved || !is_led, format!("the ways back are {ways_back:?}")));
        if problems.is_empty() && is_led && must_succeed(case) {
            problems.extend(time_is_up(scene).await);
        }
        problems
    }
}

async fn lead(scene: &Scene) {
    let wanted = snapshots(scene).into_iter().find(|it| !it.0.contains("-before-"));
    let event = json!({
        "action": "restore-in-place", "by": "secret", "snapshot": wanted.map(|it| it.0), "group": GROUP, "keepHours": 2,
    });
    send(scene, event).await;
}

/// The document that clients read.
fn current(scene: &Scene) -> Value {
    scene.world().with(|it| {
        let text = it.secrets.secrets[SECRET].text("AWSCURRENT").unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    })
}

/// The group at whose address clients arrive.
fn leads_to(state: &State, document: &Value) -> Option<String> {
    let host = document["host"].as_str()?;
    let groups = &state.elasticache.groups;
    groups.iter().find(|it| it.1.primary_endpoint.host == host).map(|it| it.0.clone())
}

/// What is wrong with where clients are led, and with who else is there.
fn wrong(state: &State, document: &Value, case: Option<&Case>) -> Vec<String> {
    let mut problems = Vec::new();
    let cache = &state.elasticache;
    let is_known = |it: &&String| [GROUP, NEIGHBOUR, NEW].contains(&it.as_str());
    let others: Vec<_> = cache.groups.keys().filter(|it| !is_known(it)).collect();
    problems.extend(unless(others.is_empty(), format!("there are {others:?}")));
    let Some(led) = leads_to(state, document) else {
        problems.push(format!("the secret leads to {}, which is nowhere", document["host"]));
        return problems;
    };
    let (group, holds) = (&cache.groups[&led], cache.groups[&led].bytes_used);
    problems.extend(unless(
        is_available(state, &led),
        format!("clients are led to {led}, which is no good"),
    ));
    let is_well = (led.as_str(), holds) == (NEW, WANTED)
        || (led.as_str(), holds) == (GROUP, BEFORE) && !must_succeed(case);
    problems.extend(unless(is_well, format!("clients are led to {led}, which holds {holds}")));
    let token = document["token"].as_str();
    let nodes = state.nodes().into_iter().filter(|it| it.group == led && it.serves);
    let shut: Vec<_> = nodes.filter(|it| !it.access.admits(token)).map(|it| it.member).collect();
    problems.extend(unless(shut.is_empty(), format!("the secret does not open {shut:?}")));
    let is_closed = group.transit.is_on() && !group.access.passwordless;
    problems.extend(unless(is_closed, "it is open"));
    // The one that clients were led away from stands until its time is up.
    let stands = is_available(state, GROUP) && cache.groups[GROUP].bytes_used == BEFORE;
    problems.extend(unless(stands, "the old one is not there as it was"));
    let in_place =
        |it: &str| cache.groups.get(it).map(|it| it.tags.contains_key("cachewarden:in-place"));
    problems.extend(unless(in_place(NEW) != Some(false), "the new one does not say what it is"));
    if must_succeed(case) {
        problems.extend(unfinished(state));
    }
    problems
}

/// What is not done that is to be.
fn unfinished(state: &State) -> Vec<String> {
    let groups = &state.elasticache.groups;
    let has = |id: &str, key: &str| groups.get(id).is_some_and(|it| it.tags.contains_key(key));
    let mut problems = Vec::new();
    let is_kept = has(NEW, "cachewarden:snapshot-keep") && !has(GROUP, "cachewarden:snapshot-keep");
    problems.extend(unless(is_kept, "the policy did not go along"));
    let secret = &state.secrets.secrets[SECRET];
    let is_of = secret.tags.get("cachewarden:group").map(String::as_str);
    problems.extend(unless(is_of == Some(NEW), format!("the secret is of {is_of:?}")));
    let is_held = secret.tags.contains_key("cachewarden:in-place");
    problems.extend(unless(!is_held, "the secret is still held"));
    let alarms = state.cloudwatch.alarms.keys();
    let alarms = alarms.filter(|it| it.starts_with(&format!("{NEW}/"))).count();
    problems.extend(unless(alarms == 5, format!("it has {alarms} alarms")));
    let made = state.calls.iter().filter(|it| {
        it.operation == "CreateReplicationGroup"
            && it.status == 200
            && it.parameters.get("ReplicationGroupId").is_some_and(|it| it == NEW)
    });
    let made = made.count();
    problems.extend(unless(made <= 1, format!("it was made {made} times")));
    problems
}

/// The sweeps take the old one, and leave the rest as it is.
async fn time_is_up(scene: &Scene) -> Vec<String> {
    let before = current(scene);
    scene.account.play(Duration::from_mins(150), |_| false).await;
    scene.account.send(&function_arn("rotate"), json!({ "action": "sweep" }));
    scene.account.settle().await;
    send(scene, json!({ "action": "sweep" })).await;
    let mut problems = scene.problems().await;
    let document = current(scene);
    problems.extend(unless(document == before, "a sweep wrote another document"));
    scene.world().with(|it| {
        let stays = it.elasticache.groups.contains_key(GROUP);
        problems.extend(unless(!stays, "the old one stays for ever"));
        let led = leads_to(it, &document);
        problems.extend(unless(led.as_deref() == Some(NEW), format!("clients are led to {led:?}")));
    });
    let ways_back = snapshots(scene).into_iter().filter(|it| it.0.contains("-before-")).count();
    problems.extend(unless(ways_back == 1, format!("there are {ways_back} ways back")));
    problems
}
