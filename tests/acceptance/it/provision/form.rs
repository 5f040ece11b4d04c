//! The secret of a stack as a document.

use std::time::Duration;

use serde_json::{Value, json};

use super::stack::{GROUP, Stack, properties};

const JSON: [(&str, &str); 1] = [("SecretFormat", "json")];

/// What the secret of the stack holds.
fn held(stack: &Stack) -> String {
    stack.scene.world.with(|it| {
        let secrets = it.secrets.secrets.values();
        let texts: Vec<_> =
            secrets.filter_map(|it| it.text("AWSCURRENT").map(str::to_owned)).collect();
        assert_eq!(texts.len(), 1);
        texts[0].clone()
    })
}

fn document(stack: &Stack) -> Value {
    serde_json::from_str(&held(stack)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_stack_gets_a_document_with_the_address_of_its_cache() {
    let stack = Stack::new().await;
    let stated = properties(&JSON);
    let answer = stack.create(&stated).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let written = document(&stack);
    assert_eq!(written["host"], answer["Data"]["RedisEndpoint"]);
    assert_eq!((&written["port"], &written["tls"]), (&json!(6379), &json!(true)));
    let token = written["token"].as_str().unwrap().to_owned();
    stack.scene.world.with(|it| {
        assert!(it.nodes().iter().all(|node| node.access.admits(Some(&token))));
    });
    stack.changes();
    let answer = stack.update(&stated, &stated).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(stack.changes(), ["StartExecution"], "nothing is written again");

    // The form is the stack's to change, with the same token.
    let plain = properties(&[]);
    let answer = stack.update(&stated, &plain).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    stack.scene.pass(Duration::from_mins(1)).await;
    assert_eq!(held(&stack), token);
    let answer = stack.update(&plain, &stated).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let told = answer.to_string();
    assert!(!told.contains(&token), "the token is told");
    assert_eq!(stack.delete(GROUP, &stated).await["Status"], "SUCCESS");
}

#[tokio::test(start_paused = true)]
async fn a_form_that_is_none_is_told_before_anything_is_made() {
    let stack = Stack::new().await;
    let answer = stack.create(&properties(&[("SecretFormat", "jsn")])).await;
    assert_eq!(answer["Status"], "FAILED");
    let why = answer["Reason"].as_str().unwrap();
    assert!(
        why.contains("SecretFormat: \"jsn\" is not one of token, json; did you mean json?"),
        "{why}"
    );
}
