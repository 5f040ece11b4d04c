//! Counts what nodes hold: how many keys, of which types, and a few of them by what is left of their names.

use std::collections::BTreeMap;

use domain::group::Endpoint;
use domain::rotate::Verdict;
use domain::snapshot::record::{
    Contents, KeyHash, KeyType, Record, SAMPLE_MAX, Trace, VALUE_LEN_MAX,
};
use domain::{AuthToken, MemberView};
use jiff::{SignedDuration, Timestamp};
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, Pipeline, RedisError};
use thiserror::Error;

use super::talk::{Name, refused, talk};
use super::{Dialler, Line, way};
use crate::{Clock, abreast};

/// How nodes are spoken to, and what opens them.
#[derive(Clone, Debug)]
pub struct Door {
    /// Over TLS or not.
    pub line: Line,
    /// The name of the user who logs in, where the group lets in users.
    pub user: Option<String>,
    /// The token of the group or the password of the user, where there is one.
    pub token: Option<AuthToken>,
}

/// How closely is looked.
#[derive(Clone, Copy, Debug)]
pub enum Depth<'a> {
    /// At a few hundred keys of each node, within seconds: what a snapshot's record is made of. The sample is salted with this.
    Few(u32),
    /// At all keys, until this time, and for those of this record.
    All(Option<&'a Record>, Timestamp),
}

/// A node whose keys were not counted, and why.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Uncounted {
    /// It does not let in whoever came, or not so far as that.
    #[error("the keys of {node} could not be counted: {why}")]
    Shut { node: String, why: String },
    /// It did not answer, and would not have answered another.
    #[error("the keys of {node} could not be counted: {why}")]
    Silent { node: String, why: String },
}

impl Dialler {
    /// Counts the keys of these nodes together. Each shard is to be there once.
    ///
    /// # Errors
    ///
    /// One of them did not let us in, or did not answer.
    pub async fn count(
        &self,
        nodes: &[&MemberView],
        door: &Door,
        depth: Depth<'_>,
        clock: Clock,
    ) -> Result<Contents, Uncounted> {
        let mut all = Contents::default();
        for contents in abreast(nodes, |node| self.count_one(node, door, depth, clock)).await {
            all.add(contents?);
        }
        Ok(all)
    }

    async fn count_one(
        &self,
        node: &MemberView,
        door: &Door,
        depth: Depth<'_>,
        clock: Clock,
    ) -> Result<Contents, Uncounted> {
        let longest = match depth {
            Depth::Few(_) => FEW_WITHIN,
            Depth::All(_, until) => until.duration_since(clock.now()).max(FEW_WITHIN) + FEW_WITHIN,
        };
        let counted = match &node.endpoint {
            None => Err(Why::Silent("it has no endpoint yet".to_owned())),
            Some(endpoint) => {
                let counting = self.converse(endpoint, door, depth, clock);
                let late =
                    || Err(Why::Silent(format!("no answer from {endpoint} within {longest:#}")));
                clock.limit(longest, counting).await.unwrap_or_else(late)
            }
        };
        let node = node.id.to_string();
        counted.map_err(|why| match why {
            Why::Shut(why) => Uncounted::Shut { node, why },
            Why::Silent(why) => Uncounted::Silent { node, why },
        })
    }

    async fn converse(
        &self,
        endpoint: &Endpoint,
        door: &Door,
        depth: Depth<'_>,
        clock: Clock,
    ) -> Result<Contents, Why> {
        let stream = (self.0)(endpoint.clone(), door.line).await;
        let stream = stream.map_err(|err| Why::Silent(way::hint(endpoint, &err)))?;
        let name = Name { user: door.user.clone(), token: door.token.clone() };
        let said =
            talk(stream, &name, async |connection| match count(connection, depth, clock).await {
                Ok(contents) => Ok(Ok(contents)),
                Err(err) if err.code() == Some("NOPERM") => Ok(Err(Why::Shut(may_not(door)))),
                Err(err) => Err(refused(&err)),
            });
        said.await.unwrap_or_else(|verdict| {
            Err(match (verdict, &door.user) {
                (Verdict::Refused, None) => {
                    Why::Shut("it refuses the token of the secret".to_owned())
                }
                (Verdict::Refused, Some(user)) => {
                    Why::Shut(format!("it refuses the password of {user} in the secret"))
                }
                (Verdict::Unreachable(why), _) => Why::Silent(why),
                (Verdict::Accepted, _) => Why::Silent("it said nothing".to_owned()),
            })
        })
    }
}

/// Why one node was not counted.
enum Why {
    Shut(String),
    Silent(String),
}

/// What a user lacks, and what is enough. Most that may do all but what is dangerous may not say `INFO`.
fn may_not(door: &Door) -> String {
    let who = door.user.as_deref().unwrap_or("whoever has the token");
    format!("{who} may not read all of it; {ENOUGH} is enough for that")
}

/// An access string that lets a user count all keys, as a redis-server of version 7 was seen to take it.
const ENOUGH: &str = "`on ~* +@read +@connection +info`";

/// How long a look at a few keys may take: a snapshot is not to wait for it.
const FEW_WITHIN: SignedDuration = SignedDuration::from_secs(5);

/// So many keys tell the share of a type to within a few percent.
const FEW: u64 = 400;

/// Keys of one page, each a command in one message.
const PAGE: u64 = 500;

/// Among so many keys without an end, those of the sample are chosen.
const CANDIDATES: usize = 32;

/// A database of a node, and how many keys it has.
struct Database {
    number: u64,
    keys: u64,
}

async fn count(
    connection: &mut MultiplexedConnection,
    depth: Depth<'_>,
    clock: Clock,
) -> Result<Contents, RedisError> {
    // A replica in cluster mode sends readers to its primary until it is told that they know; elsewhere the command means nothing.
    let told: Result<(), _> = redis::cmd("READONLY").exec_async(connection).await;
    drop(told);
    let text: String = redis::cmd("INFO").arg("keyspace").query_async(connection).await?;
    let (mut contents, databases) = keyspace(&text);
    for database in databases {
        if database.number != 0 {
            redis::cmd("SELECT").arg(database.number).exec_async(connection).await?;
        }
        match depth {
            Depth::Few(salt) => {
                let record = Record { contents: Contents::default(), salt };
                look_at_few(connection, &database, &record, &mut contents).await?;
            }
            Depth::All(record, until) => {
                let watch = Watch { clock, until };
                look_at_all(connection, record, watch, &mut contents).await?;
            }
        }
    }
    Ok(contents)
}

/// Reads lines such as `db0:keys=10,expires=2,avg_ttl=0`.
fn keyspace(text: &str) -> (Contents, Vec<Database>) {
    let (mut contents, mut databases) = (Contents::default(), Vec::new());
    for line in text.lines() {
        let Some((number, rest)) = line.strip_prefix("db").and_then(|it| it.split_once(':')) else {
            continue;
        };
        let number_of = |name: &str| {
            let mut pairs = rest.split(',').filter_map(|it| it.split_once('='));
            pairs.find(|(it, _)| *it == name).and_then(|(_, value)| value.trim().parse().ok())
        };
        let (Ok(number), Some(keys)) = (number.parse(), number_of("keys")) else { continue };
        contents.keys += keys;
        contents.ends += number_of("expires").unwrap_or_default();
        databases.push(Database { number, keys });
    }
    (contents, databases)
}

async fn look_at_few(
    connection: &mut MultiplexedConnection,
    database: &Database,
    record: &Record,
    contents: &mut Contents,
) -> Result<(), RedisError> {
    let keys = if database.keys <= FEW {
        let mut keys = Vec::new();
        let mut cursor = 0_u64;
        loop {
            let page = page(connection, cursor).await?;
            cursor = page.0;
            keys.extend(page.1);
            if cursor == 0 || FEW < u64::try_from(keys.len()).unwrap_or(u64::MAX) {
                break keys;
            }
        }
    } else {
        let mut random = redis::pipe();
        for _ in 0..FEW {
            random.cmd("RANDOMKEY");
        }
        let found: Vec<Option<Vec<u8>>> = random.query_async(connection).await?;
        found.into_iter().flatten().collect()
    };
    let typed = types(connection, keys).await?;
    note_types(contents, &typed);
    let candidates = typed.get(..CANDIDATES.min(typed.len())).unwrap_or_default();
    let ends: Vec<i64> = each(connection, candidates, |pipe, key, _| {
        pipe.cmd("PTTL").arg(key);
    })
    .await?;
    // -1 is a key without an end, -2 none at all.
    let lasting = candidates.iter().zip(ends).filter(|(_, end)| *end == -1).map(|(it, _)| it);
    let chosen: Vec<Typed> = lasting.take(SAMPLE_MAX).cloned().collect();
    contents.sample.extend(traces(connection, record, &chosen).await?);
    Ok(())
}

/// Until when keys are looked at.
struct Watch {
    clock: Clock,
    until: Timestamp,
}

async fn look_at_all(
    connection: &mut MultiplexedConnection,
    record: Option<&Record>,
    watch: Watch,
    contents: &mut Contents,
) -> Result<(), RedisError> {
    let mut cursor = 0_u64;
    loop {
        let (next, keys) = page(connection, cursor).await?;
        let typed = types(connection, keys).await?;
        note_types(contents, &typed);
        if let Some(record) = record {
            let is_wanted =
                |it: &&Typed| record.contents.sample.contains_key(&record.key_hash(&it.key));
            let wanted: Vec<Typed> = typed.iter().filter(is_wanted).cloned().collect();
            contents.sample.extend(traces(connection, record, &wanted).await?);
        }
        cursor = next;
        // What was not looked at any more is told by the number of those that were.
        if cursor == 0 || watch.until <= watch.clock.now() {
            return Ok(());
        }
    }
}

/// A key and its type.
#[derive(Clone, Debug)]
struct Typed {
    key: Vec<u8>,
    key_type: KeyType,
}

async fn page(
    connection: &mut MultiplexedConnection,
    cursor: u64,
) -> Result<(u64, Vec<Vec<u8>>), RedisError> {
    redis::cmd("SCAN").arg(cursor).arg("COUNT").arg(PAGE).query_async(connection).await
}

async fn types(
    connection: &mut MultiplexedConnection,
    keys: Vec<Vec<u8>>,
) -> Result<Vec<Typed>, RedisError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipe = redis::pipe();
    for key in &keys {
        pipe.cmd("TYPE").arg(key);
    }
    let words: Vec<String> = pipe.query_async(connection).await?;
    let typed = keys.into_iter().zip(words);
    Ok(typed
        .filter_map(|(key, word)| Some(Typed { key, key_type: KeyType::parse(&word)? }))
        .collect())
}

fn note_types(contents: &mut Contents, typed: &[Typed]) {
    for it in typed {
        *contents.types.entry(it.key_type).or_default() += 1;
    }
}

/// Asks something of each of these keys, in one message.
async fn each<T: FromRedisValue>(
    connection: &mut MultiplexedConnection,
    keys: &[Typed],
    ask: impl Fn(&mut Pipeline, &[u8], KeyType),
) -> Result<Vec<T>, RedisError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipe = redis::pipe();
    for it in keys {
        ask(&mut pipe, &it.key, it.key_type);
    }
    pipe.query_async(connection).await
}

async fn traces(
    connection: &mut MultiplexedConnection,
    record: &Record,
    keys: &[Typed],
) -> Result<BTreeMap<KeyHash, Trace>, RedisError> {
    // What is of a module has no length that we know.
    let known: Vec<Typed> =
        keys.iter().filter(|it| it.key_type.length_command().is_some()).cloned().collect();
    let lengths: Vec<u64> = each(connection, &known, |pipe, key, key_type| {
        pipe.cmd(key_type.length_command().unwrap_or("STRLEN")).arg(key);
    })
    .await?;
    let mut traces = BTreeMap::new();
    for (it, length) in known.iter().zip(lengths) {
        let is_short = it.key_type == KeyType::Text && length <= VALUE_LEN_MAX;
        let value: Option<Vec<u8>> = if is_short {
            redis::cmd("GET").arg(&it.key).query_async(connection).await?
        } else {
            None
        };
        let value = value.map(|it| record.value_hash(&it));
        let trace = Trace { key_type: it.key_type, length, value };
        traces.insert(record.key_hash(&it.key), trace);
    }
    Ok(traces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyspace_is_read_over_all_databases() {
        let text = "# Keyspace\r\ndb0:keys=10,expires=2,avg_ttl=100\r\ndb3:keys=5,expires=0,avg_ttl=0,subexpiry=0\r\n";
        let (contents, databases) = keyspace(text);
        assert_eq!((contents.keys, contents.ends), (15, 2));
        let numbers: Vec<_> = databases.iter().map(|it| (it.number, it.keys)).collect();
        assert_eq!(numbers, [(0, 10), (3, 5)]);
    }

    #[test]
    fn an_empty_keyspace_has_no_keys() {
        let (contents, databases) = keyspace("# Keyspace\r\n");
        assert_eq!(contents, Contents::default());
        assert!(databases.is_empty());
    }
}
