//! What a person makes without a stack: a secret of ours, and what it opens.

use std::time::Duration;

use domain::tag;
use serde_json::json;

use super::moments::GRACE;
use crate::scene::{Scene, function_arn, is_available};

/// What the secrets hold at first.
pub(super) const FIRST: &str = "planted-first-token-0123456789";

/// A secret with the first credential, which says by this tag what it opens. Gives its ARN.
pub(super) fn secret(scene: &Scene, name: &str, opens: (&str, &str)) -> String {
    let grace = GRACE.as_mins().to_string();
    let tags = [(tag::OWNER, "somebody"), (tag::GRACE_MINUTES, &grace), opens];
    let tags = tags.map(|(key, value)| json!({ "Key": key, "Value": value }));
    let made =
        scene.manager("CreateSecret", json!({ "Name": name, "SecretString": FIRST, "Tags": tags }));
    made["ARN"].as_str().unwrap().to_owned()
}

/// A group of two nodes with TLS, and with this of its own.
pub(super) async fn group(scene: &Scene, id: &str, own: &[(&str, &str)]) {
    let usual = [
        ("Action", "CreateReplicationGroup"),
        ("ReplicationGroupId", id),
        ("ReplicationGroupDescription", "by hand"),
        ("Engine", "redis"),
        ("EngineVersion", "7.1"),
        ("CacheNodeType", "cache.t4g.micro"),
        ("NumCacheClusters", "2"),
        ("AutomaticFailoverEnabled", "true"),
        ("TransitEncryptionEnabled", "true"),
    ];
    scene.by_hand(&[&usual, own].concat());
    assert!(scene.account.play(Duration::from_mins(20), |it| is_available(it, id)).await);
}

/// Secrets Manager is told to rotate it, now and every thirty days.
pub(super) fn begin(scene: &Scene, secret: &str) {
    scene.manager(
        "RotateSecret",
        json!({
            "SecretId": secret,
            "RotationLambdaARN": function_arn("rotate"),
            "RotationRules": { "AutomaticallyAfterDays": 30 },
        }),
    );
}
