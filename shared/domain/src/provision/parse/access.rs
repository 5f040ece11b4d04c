//! What protects the keys, and who may read them.

use super::super::Protection;
use super::super::property::Properties;
use super::arn;
use crate::Arn;
use crate::engine::{Engine, Release};
use crate::group::Tls;

pub(super) struct Access {
    pub(super) at_rest: bool,
    pub(super) protection: Protection,
    pub(super) tls: Tls,
    pub(super) user_groups: Vec<String>,
}

pub(super) fn access(read: &mut Properties<'_>, release: Option<Release>) -> Access {
    let at_rest = read.switch("EnableEncryptionAtRest", true);
    let has_tls = read.switch("EnableEncryptionInTransit", true);
    let mode = read.one_of("TransitEncryptionMode", &["required", "preferred"], "required");
    let tls = Tls::parse(has_tls, Some(&mode));
    let user_groups = user_groups(read);
    let token = read.switch("EnableAuthToken", tls == Tls::Required && user_groups.is_empty());
    preferred(read, &mode, has_tls, release);
    users(read, &user_groups, tls, release);
    let protection = match (has_tls, token) {
        (true, true) => Protection::TlsWithToken,
        (true, false) => Protection::Tls,
        (false, false) => Protection::Plain,
        (false, true) => {
            read.problems.add(
                "EnableAuthToken",
                "is true without EnableEncryptionInTransit: ElastiCache takes a token only over TLS",
            );
            Protection::TlsWithToken
        }
    };
    if token && tls == Tls::Preferred {
        read.problems.add(
            "EnableAuthToken",
            "is true with TransitEncryptionMode preferred: ElastiCache takes a token only where all clients have to connect by TLS",
        );
    }
    if token && !user_groups.is_empty() {
        read.problems.add(
            "EnableAuthToken",
            "is true, and UserGroupIds says who logs in: a cache has one of the two; leave EnableAuthToken out",
        );
    }
    Access { at_rest, protection, tls, user_groups }
}

fn preferred(read: &mut Properties<'_>, mode: &str, has_tls: bool, release: Option<Release>) {
    if mode != "preferred" {
        return;
    }
    if !has_tls {
        read.problems.add(
            "TransitEncryptionMode",
            "is preferred without EnableEncryptionInTransit: it says how a cache encrypts, not whether",
        );
    }
    if let Some(release) = release.filter(|it| !changes_tls(*it)) {
        read.problems.add(
            "TransitEncryptionMode",
            format!("is preferred with RedisEngineVersion {release}: Redis knows it from 7.0.5 on"),
        );
    }
}

/// Whether encryption in transit changes in place (facts 1.5). A version without a patch is the newest of it.
pub(in super::super) fn changes_tls(release: Release) -> bool {
    let version = release.version;
    let from = (7, 0, 5);
    release.engine == Engine::Valkey
        || from <= (version.major, version.minor, version.patch.unwrap_or(u16::MAX))
}

/// The ids of user groups, in small letters, as ElastiCache keeps them.
fn user_groups(read: &mut Properties<'_>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in read.list("UserGroupIds") {
        let legal = id.starts_with(|it: char| it.is_ascii_alphabetic())
            && id.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
        let id = id.to_ascii_lowercase();
        if !legal {
            let rule = "takes ids of user groups, of letters, digits and hyphens, a letter first";
            read.problems.add("UserGroupIds", rule);
        } else if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

fn users(read: &mut Properties<'_>, groups: &[String], tls: Tls, release: Option<Release>) {
    if groups.is_empty() {
        return;
    }
    let mut add = |rule: String| read.problems.add("UserGroupIds", rule);
    if 1 < groups.len() {
        add(format!("has {} user groups: a replication group takes one", groups.len()));
    }
    match tls {
        Tls::Required => {}
        Tls::Off => add(
            "is stated without EnableEncryptionInTransit: users log in only over TLS".to_owned(),
        ),
        Tls::Preferred => add(
            "is stated with TransitEncryptionMode preferred: users log in only where all clients have to connect by TLS".to_owned(),
        ),
    }
    if let Some(release) = release.filter(|it| it.engine == Engine::Redis && it.version.major < 6) {
        add(format!("is stated with RedisEngineVersion {release}: Redis knows users from 6.0 on"));
    }
}

/// A key of KMS by its own ARN: an alias may stand for another key tomorrow, and a group keeps the key that it was made with.
pub(super) fn kms_key(read: &mut Properties<'_>, at_rest: bool) -> Option<Arn> {
    const NAME: &str = "KmsKeyArn";
    let key = read.parsed(NAME, |it| {
        let key = arn(it, "kms")?;
        let is_key = key.resource().strip_prefix("key/").is_some_and(|it| !it.is_empty());
        if is_key {
            Ok(key)
        } else {
            Err(format!("\"{it}\" is not the ARN of a key, which ends in key/ and its id"))
        }
    });
    if key.is_some() && !at_rest {
        read.problems.add(
            NAME,
            "is stated, and EnableEncryptionAtRest is false: there is nothing to encrypt with it",
        );
    }
    key
}
