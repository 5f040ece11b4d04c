//! A database at Upstash.

use super::super::property::Properties;
use super::super::{UpstashSpec, name};
use super::{Names, arn};

pub(super) fn upstash(
    read: &mut Properties<'_>,
    wanted: bool,
    names: Option<&Names>,
) -> Option<UpstashSpec> {
    let url = read.text("UpstashRedisUrl");
    let secret = read.parsed("UpstashSecretArn", |it| {
        // The text is not repeated in the mistake: it may be the token itself.
        arn(it, "secretsmanager").map_err(|_| "is not the ARN of a secret")
    });
    let store = read.switch("StoreUpstashInSecretsManager", false);
    let said =
        |it: &str| format!("{it}; it is https://<name>.upstash.io, from the Upstash console");
    // The text is not repeated in the mistake: it may hold a password.
    match url.as_deref().map(|it| (it, it.strip_prefix("https://"))) {
        Some((_, Some(host))) if host.contains(['@', '?', '#']) => {
            read.problems.add(
                "UpstashRedisUrl",
                said("holds a login or a query: credentials belong in Secrets Manager"),
            );
        }
        Some((_, Some(host))) if !host.trim_end_matches('/').is_empty() => {}
        Some(_) => read.problems.add("UpstashRedisUrl", said("is not the REST endpoint")),
        None if wanted => read.problems.add("UpstashRedisUrl", said("is missing")),
        None => {}
    }
    if wanted && store && secret.is_none() {
        read.problems.add(
            "UpstashSecretArn",
            "is missing: with StoreUpstashInSecretsManager, give the ARN of the secret that holds the credentials; a token never goes through a template",
        );
    }
    let names = names?;
    Some(UpstashSpec {
        url: url?,
        secret,
        physical_id: format!("{}{}-{}", name::UPSTASH, names.project, names.environment),
    })
}
