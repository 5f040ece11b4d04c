//! What is refused, joined and told before anything happens.

use std::collections::BTreeMap;

use domain::Arn;
use domain::provision::Every;
use platform::Secrets;
use serde_json::{Value, json};

use super::stage::{NEW, document, end, forth, leads_to, versions, with_snapshot};
use crate::snapshot::stage::{GROUP, OWNER, Stage, summary};
use crate::support::function_arn;

/// All that could be touched.
fn all(stage: &Stage) -> (Vec<String>, Vec<String>, Value, usize, BTreeMap<String, String>) {
    let tags = stage.scene.world.with(|it| it.secrets.secrets["orders-token"].tags.clone());
    let tags = tags.into_iter().collect();
    (stage.groups(), stage.good(), document(stage), versions(stage), tags)
}

fn tag_group(stage: &Stage, key: &str, value: &str) {
    stage.scene.world.with(|it| {
        let tags = &mut it.elasticache.groups.get_mut(GROUP).unwrap().tags;
        tags.insert(key.to_owned(), value.to_owned());
    });
}

fn tag_secret(stage: &Stage, key: &str, value: &str) {
    stage.scene.world.with(|it| {
        let tags = &mut it.secrets.secrets.get_mut("orders-token").unwrap().tags;
        tags.insert(key.to_owned(), value.to_owned());
    });
}

#[tokio::test(start_paused = true)]
async fn what_speaks_against_it_is_told_and_nothing_is_touched() {
    let (stage, name) = with_snapshot().await;
    let refused = async |event: Value, why: &str| {
        let before = all(&stage);
        let said = summary(&stage.send(event.clone()).await);
        assert!(said.starts_with("refused: ") && said.contains(why), "{event}: {said}");
        assert_eq!(all(&stage), before, "{event}");
    };
    refused(forth("nowhere"), "there is no snapshot nowhere").await;
    refused(end("take-back"), "orders does not stand aside").await;
    let mut open = forth(&name);
    open["keepHours"] = json!(0);
    open["secret"] = json!("orders-token");
    refused(open.clone(), "keepHours: 0 is not a whole number from 1 to 168").await;
    refused(open, "secret: is not a field of this action").await;
    for (key, value, put_right, why) in [
        ("cachewarden:owner", OWNER, "by-hand/orders", "orders belongs to a stack"),
        ("cachewarden:deletion-protection", "on", "off", "orders must not be deleted"),
        (
            "cachewarden:secret",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf",
            "",
            "there is no secret arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf",
        ),
    ] {
        let was = stage.scene.world.with(|it| it.elasticache.groups[GROUP].tags.get(key).cloned());
        tag_group(&stage, key, value);
        refused(forth(&name), why).await;
        refused(forth("nowhere"), "there is no snapshot nowhere").await;
        tag_group(&stage, key, was.as_deref().unwrap_or(put_right));
    }
    for (key, value, why) in [
        ("cachewarden:secret-format", "token", "does not tell where to connect"),
        ("cachewarden:group", "others", "is of others by its tag cachewarden:group"),
        ("cachewarden:owner", OWNER, "belongs to a stack, which writes the address"),
    ] {
        let was = all(&stage).4[key].clone();
        tag_secret(&stage, key, value);
        refused(forth(&name), why).await;
        tag_secret(&stage, key, &was);
    }
    // A rotation comes first.
    let secrets = Secrets::new(&stage.scene.aws);
    let function = Arn::parse(&function_arn("rotate")).unwrap();
    secrets.schedule_rotation("orders-token", &function, &Every::Days(30)).await.unwrap();
    refused(forth(&name), "a rotation of the secret").await;
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn the_same_event_twice_leads_once() {
    let (stage, name) = with_snapshot().await;
    assert!(summary(&stage.send(forth(&name)).await).starts_with("settled"));
    let before = all(&stage);
    let said = summary(&stage.send_again(forth(&name)).await);
    assert!(said.starts_with("settled"), "{said}");
    assert_eq!(all(&stage), before);
    // Another event is another wish, and the old one is no place for it.
    let said = summary(&stage.send(forth(&name)).await);
    assert!(said.starts_with("settled"), "for the same snapshot it is the same: {said}");
    assert_eq!(all(&stage), before);
    for by in ["name", "secret"] {
        let other = stage.good().into_iter().find(|it| it.contains("-before-")).unwrap();
        let mut event = forth(&other);
        event["by"] = json!(by);
        let said = summary(&stage.send(event).await);
        assert!(said.contains("refused") && said.contains("orders stands aside until"), "{said}");
    }
    assert_eq!(all(&stage), before);
}

#[tokio::test(start_paused = true)]
async fn one_for_another_snapshot_is_refused_meanwhile_and_for_the_same_joins() {
    let (stage, name) = with_snapshot().await;
    let other = stage.taken_of(GROUP).await;
    stage.send_only(forth(&name)).await;
    let carried = stage.scene.running()[0].event(None);
    stage.send_only(carried).await;
    assert_eq!(stage.groups(), [GROUP, NEW]);
    let said = summary(&stage.send_only(forth(&other)).await);
    assert!(said.contains("orders-r2 is taking the place of orders already"), "{said}");
    let said = summary(&stage.send_only(forth(&name)).await);
    assert!(said.starts_with("unfinished"), "{said}");
    let request = |at: usize| stage.scene.running()[at].input["event"]["request"].clone();
    assert_eq!(request(0), request(1));
    stage.send(json!({ "action": "status" })).await;
    assert_eq!(leads_to(&stage).await, NEW);
    assert_eq!(stage.good().iter().filter(|it| it.contains("-before-")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_plan_tells_the_way_and_takes_no_step() {
    let (stage, name) = with_snapshot().await;
    let plan = |event: Value| {
        let mut event = event;
        event["action"] = json!("plan");
        event["of"] = json!("restore-in-place");
        event
    };
    let planned = async |event: Value, parts: &[&str]| {
        let before = all(&stage);
        let said = summary(&stage.send(plan(event)).await);
        for part in parts {
            assert!(
                said.starts_with("settled: orders: would have ") && said.contains(part),
                "{said}"
            );
        }
        assert_eq!(all(&stage), before);
    };
    let parts = [
        "asked for orders-r2, ",
        "written the address of orders-r2 into the secret, with the token that is in it",
        "had orders stand aside for 24 hours, after which the sweep deletes it",
    ];
    planned(forth(&name), &parts).await;
    stage.send(forth(&name)).await;
    planned(end("keep-new"), &["deleted orders, which stood aside"]).await;
    planned(end("take-back"), &["asked for orders-r2-before-", "address of orders into"]).await;
}
