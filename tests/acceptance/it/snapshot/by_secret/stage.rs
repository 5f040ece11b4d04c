//! What such a story needs: clients that read address and token from one document, and `rotate` beside.

use std::time::Duration;

use aws_sim::{Done, Effect};
use domain::provision::Every;
use domain::rotate::{Credential, Draft, Form, Label, VersionId, read};
use domain::{Arn, GroupId};
use lambda_runtime::LambdaEvent;
use platform::settings::RotateSettings;
use platform::{ElastiCache, Secrets};
use serde_json::{Value, json};

use acceptance::scene::dialler;

use crate::snapshot::stage::{GROUP, Stage, summary};
use crate::support::{Ended, TOPIC, function_arn};

/// The group that takes the place.
pub(crate) const NEW: &str = "orders-r2";
/// How the snapshot is called that is the way back.
pub(crate) const BEFORE: &str = "orders-before-";
/// What the group holds when it is restored: more than its snapshot.
pub(crate) const SINCE: u64 = 150 << 20;
const SECRET: &str = "orders-token";

/// A group that no stack has, that was written to since its snapshot, and whose clients read the secret.
pub(crate) async fn with_snapshot() -> (Stage, String) {
    let stage = Stage::new().await;
    let owner = ("cachewarden:owner".to_owned(), "by-hand/orders".to_owned());
    stage.scene.world.with(|it| {
        it.elasticache.groups.get_mut(GROUP).unwrap().tags.extend([owner.clone()]);
        let format = ("cachewarden:secret-format".to_owned(), "json".to_owned());
        it.secrets.secrets.get_mut(SECRET).unwrap().tags.extend([owner, format]);
    });
    let cache = ElastiCache::new(&stage.scene.aws);
    let group = cache.group(&GroupId::parse(GROUP).unwrap()).await.unwrap().unwrap();
    let text = json!({ "token": stage.token(), "team": { "name": "payments" } }).to_string();
    let (token, theirs) = read(&text, Credential::Token).unwrap();
    let at = group.clients_endpoint().cloned();
    let draft = Draft { base: theirs.unwrap(), ..Draft::of_token(Form::Json, at) };
    let secrets = Secrets::new(&stage.scene.aws);
    let seen = secrets.described(&arn(&stage)).await.unwrap().unwrap();
    let from = seen.labels.of(Label::Current).unwrap().clone();
    secrets.rewrite(SECRET, &from, &draft.text(&token)).await.unwrap();
    stage.hours(1).await;
    let name = stage.good().pop().unwrap();
    stage.scene.world.with(|it| it.elasticache.fill(GROUP, SINCE));
    (stage, name)
}

fn arn(stage: &Stage) -> Arn {
    let secret = stage
        .scene
        .world
        .with(|it| it.elasticache.groups[GROUP].tags["cachewarden:secret"].clone());
    Arn::parse(&secret).unwrap()
}

/// The event.
pub(crate) fn forth(snapshot: &str) -> Value {
    json!({ "action": "restore-in-place", "by": "secret", "snapshot": snapshot, "group": GROUP })
}

/// The event that ends it so.
pub(crate) fn end(how: &str) -> Value {
    json!({ "action": "restore-in-place", "group": GROUP, "end": how })
}

/// What the secret holds.
pub(crate) fn document(stage: &Stage) -> Value {
    let text = stage
        .scene
        .world
        .with(|it| it.secrets.secrets[SECRET].text("AWSCURRENT").map(str::to_owned));
    serde_json::from_str(&text.unwrap()).unwrap()
}

/// How many versions the secret has.
pub(crate) fn versions(stage: &Stage) -> usize {
    stage.scene.world.with(|it| it.secrets.secrets[SECRET].versions.len())
}

pub(crate) fn bytes(stage: &Stage, group: &str) -> u64 {
    stage.scene.world.with(|it| it.elasticache.groups[group].bytes_used)
}

/// The group that a client comes to which reads the secret; its token opens every node of it.
pub(crate) async fn leads_to(stage: &Stage) -> String {
    let document = document(stage);
    let cache = ElastiCache::new(&stage.scene.aws);
    let (host, token) = (document["host"].as_str().unwrap(), document["token"].as_str().unwrap());
    let url = document["url"].as_str().unwrap();
    assert!(url.ends_with(&format!("@{host}:6379")), "the URL leads there, too");
    for id in stage.groups() {
        let group = cache.group(&GroupId::parse(&id).unwrap()).await.unwrap().unwrap();
        if group.clients_endpoint().is_some_and(|it| it.address == host) {
            let nodes = stage.scene.world.with(|it| it.nodes());
            let nodes: Vec<_> = nodes.iter().filter(|it| it.group == id).collect();
            assert!(!nodes.is_empty() && nodes.iter().all(|it| it.access.admits(Some(token))));
            return id;
        }
    }
    panic!("the secret leads to {host}, which is no group's address");
}

/// What others put into the document is there.
#[track_caller]
pub(crate) fn team_is_kept(stage: &Stage) {
    assert_eq!(document(stage)["team"]["name"], "payments");
}

async fn rotate(stage: &Stage, event: Value) -> Ended {
    let scene = &stage.scene;
    let topic = Some(Arn::parse(TOPIC).unwrap());
    let (journal, dialler) = (scene.journal.clone(), dialler(&scene.world));
    let app = rotate::App::new(&scene.aws, RotateSettings { topic }, scene.clock, journal, dialler);
    let handle = async |event: LambdaEvent<Value>| app.handle(event).await;
    scene.invoke("rotate", event, &handle).await
}

/// What the sweep of `rotate` says of the secret.
pub(crate) async fn sweep_of_rotate(stage: &Stage) -> String {
    match rotate(stage, json!({ "action": "sweep" })).await {
        Ended::Answered(answer) => answer["secrets"].to_string(),
        other @ (Ended::Failed(_) | Ended::Died) => panic!("{other:?}"),
    }
}

/// Secrets Manager rotates the secret, and is done.
pub(crate) async fn rotated(stage: &Stage) {
    let (scene, secrets) = (&stage.scene, Secrets::new(&stage.scene.aws));
    let function = Arn::parse(&function_arn("rotate")).unwrap();
    let version = VersionId::parse("0f8fad5b-d9cb-469f-a165-70867728950e").unwrap();
    secrets.schedule_rotation(SECRET, &function, &Every::Days(30)).await.unwrap();
    let mut is_begun = false;
    for _ in 0..3600 {
        for effect in scene.world.take_effects() {
            let Effect::InvokeFunction { payload, ticket, .. } = effect else { continue };
            let result = match rotate(stage, payload).await {
                Ended::Answered(answer) => Ok(Done::Answered(answer)),
                Ended::Failed(why) => Err(why),
                Ended::Died => Err("Task timed out".to_owned()),
            };
            scene.world.done(scene.now(), ticket, result);
        }
        if scene.world.with(|it| it.secrets.secrets[SECRET].rotation.run.is_none()) {
            if is_begun {
                return;
            }
            secrets.begin(&arn(stage), &version).await.unwrap();
            is_begun = true;
        }
        scene.pass(Duration::from_secs(1)).await;
    }
    panic!("the rotation never ended");
}

/// Every call that leading clients by their secret makes.
pub(crate) async fn every_call() {
    let (stage, name) = with_snapshot().await;
    let said = summary(&stage.send(forth(&name)).await);
    assert!(said.starts_with("settled"), "{said}");
    stage.send(end("keep-new")).await;
}
