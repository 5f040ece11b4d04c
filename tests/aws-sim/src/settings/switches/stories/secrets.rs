//! Rotations of secrets.

use jiff::SignedDuration;
use serde_json::json;

use super::{Story, Switches};
use crate::secrets::tests::{Scene, V1, V2, pending, rotate};

pub(super) const STORIES: &[Story] = &[
    Story {
        switch: "test_version_has_value",
        take: |to, from| to.test_version_has_value = from.test_version_has_value,
        tell: |switches| {
            let scene = scene(switches);
            let mut only_test = rotate();
            only_test["RotateImmediately"] = json!(false);
            scene.ok("RotateSecret", only_test);
            staged(&scene)
        },
        usual: "ResourceNotFoundException",
        otherwise: "one",
    },
    Story {
        switch: "promotion_drops_pending",
        take: |to, from| to.promotion_drops_pending = from.promotion_drops_pending,
        tell: labels_after_a_promotion,
        usual: r#"["AWSCURRENT","AWSPENDING"]"#,
        otherwise: r#"["AWSCURRENT"]"#,
    },
    Story {
        switch: "pending_stale_reads",
        take: |to, from| to.pending_stale_reads = from.pending_stale_reads,
        tell: |switches| {
            let scene = scene(switches);
            scene.ok("PutSecretValue", pending("two"));
            let reads: Vec<_> = (0..3).map(|_| staged(&scene)).collect();
            reads.join(" ")
        },
        usual: "two two two",
        otherwise: "ResourceNotFoundException ResourceNotFoundException two",
    },
    Story {
        switch: "rotation_retry_after",
        take: |to, from| to.rotation_retry_after = from.rotation_retry_after,
        tell: seconds_until_the_second_attempt,
        usual: "60 s",
        otherwise: "10 s",
    },
    Story {
        switch: "rotation_attempts",
        take: |to, from| to.rotation_attempts = from.rotation_attempts,
        tell: attempts_at_what_always_fails,
        usual: "6 attempts",
        otherwise: "12 attempts",
    },
];

fn scene(switches: Switches) -> Scene {
    let scene = Scene::with_secret();
    scene.world.with(|it| it.settings.switches = switches);
    scene
}

/// The value of the version that a rotation has staged, or the code of the refusal.
fn staged(scene: &Scene) -> String {
    let read = json!({ "SecretId": "s", "VersionId": V2, "VersionStage": "AWSPENDING" });
    let (_, answer) = scene.call("GetSecretValue", read);
    let text = answer.get("SecretString").or(answer.get("__type"));
    text.and_then(|it| it.as_str()).unwrap_or_default().to_owned()
}

fn labels_after_a_promotion(switches: Switches) -> String {
    let scene = scene(switches);
    scene.ok("RotateSecret", rotate());
    scene.ok("PutSecretValue", pending("two"));
    let current = json!({
        "SecretId": "s",
        "VersionStage": "AWSCURRENT",
        "MoveToVersionId": V2,
        "RemoveFromVersionId": V1,
    });
    scene.ok("UpdateSecretVersionStage", current);
    scene.labels()[V2].to_string()
}

/// Has the attempt that is under way fail, if one is.
fn fail(scene: &Scene) -> bool {
    let called = scene.called();
    if let Some((_, ticket)) = &called {
        scene.world.done(scene.now, *ticket, Err("no".to_owned()));
    }
    called.is_some()
}

fn pass(scene: &mut Scene, span: SignedDuration) {
    scene.now += span;
    scene.world.advance(scene.now);
}

fn seconds_until_the_second_attempt(switches: Switches) -> String {
    let mut scene = scene(switches);
    scene.ok("RotateSecret", rotate());
    assert!(fail(&scene));
    let waited = (0..3600).take_while(|_| {
        let is_quiet = scene.called().is_none();
        if is_quiet {
            pass(&mut scene, SignedDuration::from_secs(1));
        }
        is_quiet
    });
    format!("{} s", waited.count())
}

fn attempts_at_what_always_fails(switches: Switches) -> String {
    let mut scene = scene(switches);
    scene.ok("RotateSecret", rotate());
    // The schedule asks again after a month only.
    let attempts = (0..20).take_while(|_| {
        let is_called = fail(&scene);
        pass(&mut scene, SignedDuration::from_hours(24));
        is_called
    });
    format!("{} attempts", attempts.count())
}
