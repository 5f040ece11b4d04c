//! Every file of events/provision is an event that is understood and answered.

use std::path::Path;

use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;

use super::stack::Stack;
use crate::support::function_arn;

/// What each file comes to: the status of the answer, or of the work where there is no answer yet.
const FILES: &[(&str, &str)] = &[
    ("carried-create.json", "unfinished"),
    ("create-bad-input.json", "FAILED"),
    // Its secret is not here.
    ("create-upstash.json", "FAILED"),
    ("create.json", "settled"),
    ("delete-after-bad-input.json", "SUCCESS"),
    ("delete-invented-id.json", "settled"),
    ("delete.json", "settled"),
    ("gave-up-create.json", "FAILED"),
    ("plan-delete.json", "settled"),
    ("plan.json", "settled"),
    ("update-rollback.json", "settled"),
    ("update.json", "settled"),
];

async fn outcome(event: Value) -> String {
    let stack = Stack::new().await;
    // The addresses in the files are AWS's own; here they lead to the simulator.
    let text = event.to_string().replace(
        "https://cloudformation-custom-resource-response-euwest1.s3-eu-west-1.amazonaws.com",
        "https://cfn-response.sim",
    );
    let mut context = Context::default();
    context.invoked_function_arn = function_arn("provision");
    let event: Value = serde_json::from_str(&text).unwrap();
    let ended = stack.app.handle(LambdaEvent::new(event, context)).await.unwrap();
    let answer =
        stack.scene.world.with(|it| it.callbacks.answers.first().map(|it| it.body.clone()));
    let said = answer.map_or(ended["status"].clone(), |it| it["Status"].clone());
    said.as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn every_file_is_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/provision");
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let event = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        seen.push((name, outcome(event).await));
    }
    seen.sort();
    let seen: Vec<_> = seen.iter().map(|(name, said)| (name.as_str(), said.as_str())).collect();
    assert_eq!(seen, FILES);
}
