//! In which form a secret holds the token, through rotations and changes of the form.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{FIRST, Stage};

const QUARTER: Duration = Duration::from_mins(15);

fn document(stage: &Stage) -> Value {
    serde_json::from_str(&stage.value("AWSCURRENT").unwrap()).unwrap()
}

async fn quarters(stage: &Stage, count: usize) {
    for _ in 0..count {
        stage.scene.pass(QUARTER).await;
        stage.sweep().await;
        stage.opens();
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_keeps_the_keys_of_others_through_rotations() {
    let stage = Stage::new().await;
    let theirs = json!({ "token": FIRST, "team": "payments", "nested": { "planted": 1 } });
    stage.put_by_hand(&theirs.to_string());
    let mut tokens = vec![FIRST.to_owned()];
    for _ in 0..2 {
        stage.rotate().await;
        let document = document(&stage);
        let token = document["token"].as_str().unwrap().to_owned();
        assert_ne!(tokens.last(), Some(&token));
        assert_eq!(
            (&document["team"], &document["nested"]["planted"]),
            (&json!("payments"), &json!(1))
        );
        assert_eq!((&document["username"], &document["tls"]), (&json!("default"), &json!(true)));
        let host = document["host"].as_str().unwrap();
        assert!(host.starts_with("master.orders."), "{host}");
        let url = document["url"].as_str().unwrap();
        assert!(
            url.starts_with("rediss://default:") && url.ends_with(&format!("@{host}:6379")),
            "{host}"
        );
        tokens.push(token);
        quarters(&stage, 7).await;
        for (member, access) in stage.access() {
            assert_eq!(access.passwords, [tokens.last().unwrap().clone()], "{member}");
        }
    }
    stage.tokens.borrow_mut().extend(tokens);
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn the_form_changes_after_the_grace_and_loses_nothing() {
    let stage = Stage::new().await;
    stage.rotate().await;
    let token = stage.value("AWSCURRENT").unwrap();
    stage.tag("cachewarden:secret-format", "json");
    stage.sweep().await;
    assert_eq!(stage.value("AWSCURRENT").as_ref(), Some(&token), "the old token is in its grace");
    quarters(&stage, 8).await;
    let written = document(&stage);
    assert_eq!(written["token"], json!(token), "the same token in another form");
    assert_eq!(stage.scene.world.calls_to("ModifyReplicationGroup"), 2, "one ROTATE and one SET");
    let puts = stage.scene.world.calls_to("PutSecretValue");
    quarters(&stage, 2).await;
    assert_eq!(stage.scene.world.calls_to("PutSecretValue"), puts, "and no more of it");
    // Back again, and a rotation in the form that it then has.
    stage.tag("cachewarden:secret-format", "token");
    quarters(&stage, 2).await;
    assert_eq!(stage.value("AWSCURRENT").as_ref(), Some(&token));
    stage.rotate().await;
    assert_ne!(stage.value("AWSCURRENT"), Some(token));
    quarters(&stage, 7).await;
    stage.is_closed();
    stage.tag("cachewarden:secret-format", "yaml");
    let lines = stage.sweep_lines().await;
    assert!(lines[0].contains("the tag cachewarden:secret-format of the secret is wrong: \"yaml\" is none of token, json"), "{lines:?}");
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_none_is_told_without_its_text() {
    let stage = Stage::new().await;
    for (text, said) in [
        ("{planted-broken", "it begins like a JSON document and is none"),
        (r#"{"password":"planted-elsewhere-0123"}"#, "the document has no text under \"token\""),
    ] {
        stage.put_by_hand(text);
        let lines = stage.sweep_lines().await;
        assert!(lines[0].contains(said), "{lines:?}");
        stage.tokens.borrow_mut().insert(text.to_owned());
    }
    stage.keeps_its_secrets();
}

#[tokio::test(start_paused = true)]
async fn the_password_of_a_user_stands_in_a_document_too() {
    let stage = Stage::of_user(aws_sim::settings::Settings::default()).await;
    stage.tag("cachewarden:secret-format", "json");
    stage.rotate().await;
    let written = document(&stage);
    assert_eq!(written["username"], json!("app"));
    assert!(written["password"].as_str().is_some_and(|it| it != FIRST), "{}", written["username"]);
    assert_eq!(written.get("host"), None, "two groups carry the user");
    for (member, access) in stage.access() {
        assert!(access.admits_user("app", written["password"].as_str().unwrap()), "{member}");
    }
}
