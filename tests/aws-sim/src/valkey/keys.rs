//! What a node says of its keys to whoever counts them.

use std::collections::BTreeMap;

use super::bulk;
use crate::elasticache::contents::Key;

/// The keys of one node, as the model has them.
pub(super) type Keys = BTreeMap<String, Key>;

/// The section of `INFO` about keys.
pub(super) fn keyspace(keys: &Keys) -> String {
    if keys.is_empty() {
        return "# Keyspace\r\n".to_owned();
    }
    let ends = keys.values().filter(|it| it.ends).count();
    format!("# Keyspace\r\ndb0:keys={},expires={ends},avg_ttl=0\r\n", keys.len())
}

/// The answer to a command about keys, if it is one. `asked` counts the draws of this connection: a random key is each in its turn, so that a
/// test that is repeated draws the same ones.
pub(super) fn reply(name: &str, rest: &[&str], keys: &Keys, asked: &mut usize) -> Option<String> {
    let found = rest.first().and_then(|it| keys.get(*it));
    let length = |key_type: &str| match found {
        None => ":0\r\n".to_owned(),
        Some(key) if key.key_type == key_type => format!(":{}\r\n", key.length()),
        Some(_) => WRONG_TYPE.to_owned(),
    };
    Some(match name {
        "DBSIZE" => format!(":{}\r\n", keys.len()),
        "RANDOMKEY" => {
            *asked += 1;
            let turn = keys.keys().nth(asked.wrapping_mul(STRIDE) % keys.len().max(1));
            turn.map_or(NOTHING.to_owned(), |it| bulk(it))
        }
        "SCAN" => scan(rest, keys),
        "TYPE" => format!("+{}\r\n", found.map_or("none", |it| it.key_type)),
        "PTTL" => match found {
            None => ":-2\r\n".to_owned(),
            Some(key) if key.ends => ":60000\r\n".to_owned(),
            Some(_) => ":-1\r\n".to_owned(),
        },
        "GET" => match found {
            None => NOTHING.to_owned(),
            Some(key) if key.key_type == "string" => bulk(&key.value),
            Some(_) => WRONG_TYPE.to_owned(),
        },
        "STRLEN" => length("string"),
        "HLEN" => length("hash"),
        "LLEN" => length("list"),
        "SCARD" => length("set"),
        "ZCARD" => length("zset"),
        "XLEN" => length("stream"),
        _ => return None,
    })
}

/// The cursor is how many were given before.
fn scan(rest: &[&str], keys: &Keys) -> String {
    let cursor: usize = rest.first().and_then(|it| it.parse().ok()).unwrap_or_default();
    let count = rest.iter().position(|it| it.eq_ignore_ascii_case("COUNT"));
    let count = count.and_then(|it| rest.get(it + 1)?.parse().ok()).unwrap_or(10_usize);
    let page: Vec<String> = keys.keys().skip(cursor).take(count).map(|it| bulk(it)).collect();
    let next = cursor + page.len();
    let next = if next < keys.len() { next } else { 0 };
    format!("*2\r\n{}*{}\r\n{}", bulk(&next.to_string()), page.len(), page.concat())
}

/// A prime, so that keys that are drawn one after the other lie far apart.
const STRIDE: usize = 7919;

const NOTHING: &str = "$-1\r\n";
const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
