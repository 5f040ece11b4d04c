//! The secret of a stack as a document.

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

    assert_eq!(stack.delete(GROUP, &stated).await["Status"], "SUCCESS");
}

#[tokio::test(start_paused = true)]
async fn the_form_is_the_stacks_to_change_and_the_token_stays() {
    let stack = Stack::new().await;
    let (plain, json) = (properties(&[]), properties(&JSON));
    assert_eq!(stack.create(&plain).await["Status"], "SUCCESS");
    let token = held(&stack);
    let answer = stack.update(&plain, &json).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    let written = document(&stack);
    assert_eq!(written["token"], json!(token));
    assert_eq!(written["host"], answer["Data"]["RedisEndpoint"]);
    assert!(!answer.to_string().contains(&token), "the token is told");
    // The version before is kept by its label until a sweep has seen what opens the nodes; the token is the same all the while.
    let answer = stack.update(&json, &plain).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(document(&stack)["token"], json!(token));
    stack.assert_secrecy().await;
}

#[tokio::test(start_paused = true)]
async fn a_form_that_is_none_is_told_before_anything_is_made() {
    let stack = Stack::new().await;
    let answer = stack.create(&properties(&[("SecretFormat", "jsn")])).await;
    assert_eq!(answer["Status"], "FAILED");
    let why = answer["Reason"].as_str().unwrap();
    assert!(
        why.contains("SecretFormat: ")
            && why.contains("is not one of token, json; did you mean json?"),
        "{why}"
    );
}
