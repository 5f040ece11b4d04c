//! A database at Upstash.

use super::{Default, OnUpdate, Property};

pub(super) const PROPERTIES: &[Property] = &[
    Property {
        name: "StoreUpstashInSecretsManager",
        takes: "true, false; then `UpstashSecretArn` is required",
        default: Default::Value("false"),
        update: OnUpdate::InPlace,
        rule: "none; a token never goes through a template",
    },
    Property {
        name: "UpstashRedisUrl",
        takes: "`https://<name>.upstash.io`, without credentials",
        default: Default::Derived("required with Upstash"),
        update: OnUpdate::InPlace,
        rule: "none; it is Upstash's REST endpoint",
    },
    Property {
        name: "UpstashSecretArn",
        takes: "the ARN of the secret with endpoint and token",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "it holds `{\"url\":…,\"token\":…}`, and is told to the stack once a PING with it was answered; the function may read secrets with `upstash` in their names",
    },
];
