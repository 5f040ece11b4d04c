//! What protects the keys, and who may read them.

use super::super::Protection;
use super::super::property::Properties;
use super::arn;
use crate::Arn;

pub(super) fn encryption(read: &mut Properties<'_>) -> (bool, Protection) {
    let at_rest = read.switch("EnableEncryptionAtRest", true);
    let tls = read.switch("EnableEncryptionInTransit", true);
    let token = read.switch("EnableAuthToken", tls);
    let protection = match (tls, token) {
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
    (at_rest, protection)
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
