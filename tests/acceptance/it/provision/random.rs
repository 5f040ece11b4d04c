//! Events that somebody has spoilt: what is wrong is answered, and nothing else is done.

use std::path::Path;

use serde_json::{Value, json};

use super::stack::Stack;
use crate::support::Ended;

/// The same sample in every run; a failure names the seed of its event.
const SEED: u64 = 0x5eed_0004;
const EVENTS: u64 = 400;

/// The events of the folder, in the order of their names.
fn files() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/provision");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    let read = |it: &std::path::PathBuf| std::fs::read_to_string(it).unwrap();
    // The addresses in the files are AWS's own; here they lead to the simulator.
    let text = |it| {
        read(it).replace(
            "https://cloudformation-custom-resource-response-euwest1.s3-eu-west-1.amazonaws.com",
            "https://cfn-response.sim",
        )
    };
    paths.iter().map(|it| serde_json::from_str(&text(it)).unwrap()).collect()
}

fn any_value(dice: &mut fastrand::Rng) -> Value {
    match dice.u8(0..12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(dice.i64(..)),
        3 => json!(""),
        4 => json!("x".repeat(dice.usize(0..5000))),
        5 => json!((0..dice.usize(0..40)).map(|_| dice.char(..)).collect::<String>()),
        6 => json!([[["deep"]]]),
        7 => json!({ "a": { "b": [1, null] } }),
        8 => json!(["subnet-0a", 7]),
        9 => json!("cache.t2.micro"),
        10 => json!("arn:aws:sns:eu-west-1:123456789012:topic"),
        _ => json!("-1"),
    }
}

/// Spoils a few of the properties of an event.
fn spoil(event: &mut Value, dice: &mut fastrand::Rng) {
    let carried = event.get("event").is_some();
    let at = if carried { "/event/ResourceProperties" } else { "/ResourceProperties" };
    let Some(Value::Object(properties)) = event.pointer_mut(at) else { return };
    for _ in 0..dice.u8(0..4) {
        let names: Vec<String> = properties.keys().cloned().collect();
        let Some(name) = dice.choice(names) else { return };
        match dice.u8(0..6) {
            0 => drop(properties.remove(&name)),
            1 => drop(properties.insert(format!("{name}s"), any_value(dice))),
            _ => drop(properties.insert(name, any_value(dice))),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn events_that_are_spoilt_are_answered_and_nothing_else_is_done() {
    let files = files();
    let stack = Stack::new().await;
    let mut told = 0;
    for number in 0..EVENTS {
        let seed = SEED + number;
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut event = dice.choice(&files).unwrap().clone();
        spoil(&mut event, &mut dice);
        let before = stack.scene.world.with(|it| (it.calls.len(), it.callbacks.answers.len()));
        let ended = stack.deliver(&event).await;
        assert!(matches!(ended, Ended::Answered(_)), "seed {seed:#x}: {ended:?}");
        let (calls, answer) = stack.scene.world.with(|it| {
            let calls: Vec<String> =
                it.calls[before.0..].iter().map(|it| it.operation.clone()).collect();
            (calls, it.callbacks.answers.get(before.1).map(|it| it.body.clone()))
        });
        let reason = answer.and_then(|it| it["Reason"].as_str().map(str::to_owned));
        if reason.is_some_and(|it| it.starts_with("nothing was touched; ")) {
            told += 1;
            assert_eq!(
                calls.len(),
                1,
                "seed {seed:#x}: the answer, and no call beside it: {calls:?}"
            );
        }
    }
    assert!(EVENTS / 4 < told, "{told} of {EVENTS} were spoilt enough");
}
