//! What protects the keys, and who may read them.

use super::super::Protection;
use super::super::property::Properties;

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
