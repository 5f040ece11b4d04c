//! A database at Upstash: described where its credentials open it, and never with them.

use aws_sim::Request;
use aws_sim::fault::{Fault, Rule};
use serde_json::{Value, json};

use super::stack::{Stack, properties};

const HOST: &str = "eager-fox-12345.upstash.io";
const TOKEN: &str = "planted-AX==";

/// The stack, with this text in its secret, and the properties that name it.
async fn stack(secret: &Value) -> (Stack, Value) {
    let stack = Stack::new().await;
    stack.scene.world.with(|it| it.upstash.add(HOST, TOKEN));
    let arn = keep(&stack, &secret.to_string());
    let stated = properties(&[
        ("CreateElasticache", "false"),
        ("UseUpstash", "true"),
        ("StoreUpstashInSecretsManager", "true"),
        ("UpstashRedisUrl", &format!("https://{HOST}/")),
        ("UpstashSecretArn", &arn),
    ]);
    (stack, stated)
}

/// A secret with this text, as the template makes it.
fn keep(stack: &Stack, text: &str) -> String {
    let scope = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0";
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let body = json!({
        "Name": "orders-upstash-redis-production",
        "SecretString": text,
        "ClientRequestToken": "0a1b2c3d-0000-4000-8000-000000000001",
    });
    let request = Request {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: vec![
            header("authorization", scope),
            header("x-amz-target", "secretsmanager.CreateSecret"),
            header("content-type", "application/x-amz-json-1.1"),
        ],
        body: body.to_string().into_bytes(),
    };
    let answer = stack.scene.world.call(stack.scene.now(), &request);
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    answer["ARN"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn credentials_that_open_the_database_are_told_by_their_secret() {
    let (stack, stated) = stack(&json!({ "url": format!("https://{HOST}"), "token": TOKEN })).await;
    // A limit of Upstash's, and a connection that breaks, say nothing of the credentials.
    stack.scene.world.with(|it| {
        it.faults.add(Rule::operation("REST", limited()));
    });
    let answer = stack.create(&stated).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer:#}");
    assert_eq!(answer["Data"]["RedisEndpoint"], HOST);
    assert_eq!(answer["Data"]["RedisAuthTokenSecretArn"], stated["UpstashSecretArn"]);
    assert_eq!(stack.effects_of("REST"), 1);
    assert!(stack.left().await.is_empty(), "nothing is made for it");
    stack.assert_secrecy().await;
}

#[tokio::test(start_paused = true)]
async fn credentials_that_do_not_are_told_with_the_reason_and_without_their_text() {
    let url = format!("https://{HOST}");
    for (secret, expected) in [
        (json!({ "url": url, "token": "planted-wrong" }), "Upstash refuses the token"),
        (json!({ "url": "https://planted.upstash.io", "token": TOKEN }), "another endpoint"),
        (json!({ "url": url }), "has no text under \"token\""),
        (json!("planted"), "is no JSON object"),
    ] {
        let (stack, stated) = stack(&secret).await;
        let answer = stack.create(&stated).await;
        assert_eq!(answer["Status"], "FAILED", "{answer:#}");
        let why = answer["Reason"].as_str().unwrap();
        assert!(why.contains(expected), "{why}");
        stack.assert_secrecy().await;
        // The way back: nothing was made, so there is nothing to delete.
        let id = answer["PhysicalResourceId"].as_str().unwrap();
        assert_eq!(stack.delete(id, &stated).await["Status"], "SUCCESS");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_none_or_does_not_answer_is_told() {
    let other = "https://quick-owl-1.upstash.io";
    let (stack, mut stated) = stack(&json!({ "url": other, "token": TOKEN })).await;
    stated["UpstashRedisUrl"] = json!(other);
    let answer = stack.create(&stated).await;
    assert!(answer["Reason"].as_str().unwrap().contains("HTTP 404"), "{answer:#}");
    stack.scene.world.with(|it| {
        it.faults.add(Rule::operation("REST", Fault::Unavailable).times(9));
    });
    let answer = stack.create(&stated).await;
    assert!(answer["Reason"].as_str().unwrap().contains("does not answer"), "{answer:#}");
}

fn limited() -> Fault {
    Fault::Answer(429, "Limit".to_owned(), "slow down".to_owned())
}
