//! What was counted in a group when a snapshot was taken of it, and whether a group that was restored from that snapshot holds the same.
//!
//! Clients go on writing between the count and the snapshot, and keys with an end go away by themselves: the comparison allows for both, and says
//! what it saw either way.

mod compare;
mod words;

use std::collections::BTreeMap;
use std::fmt;

pub use compare::Comparison;
pub use words::Unreadable;

/// The type of a key, as `TYPE` tells it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum KeyType {
    /// A string, a number or a bitmap.
    Text,
    /// A hash.
    Hash,
    /// A list.
    List,
    /// A set.
    Set,
    /// A sorted set.
    SortedSet,
    /// A stream.
    Stream,
    /// Of a module, or of an engine that we do not know.
    Other,
}

impl KeyType {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Text, Self::Hash, Self::List, Self::Set, Self::SortedSet, Self::Stream, Self::Other];

    /// The word of Redis.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Hash => "hash",
            Self::List => "list",
            Self::Set => "set",
            Self::SortedSet => "zset",
            Self::Stream => "stream",
            Self::Other => "other",
        }
    }

    /// Reads the word of Redis. Nothing, where there is no such key any more.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "none" => None,
            word => {
                Some(Self::ALL.into_iter().find(|it| it.as_str() == word).unwrap_or(Self::Other))
            }
        }
    }

    /// The command that tells how long such a value is.
    pub fn length_command(self) -> Option<&'static str> {
        match self {
            Self::Text => Some("STRLEN"),
            Self::Hash => Some("HLEN"),
            Self::List => Some("LLEN"),
            Self::Set => Some("SCARD"),
            Self::SortedSet => Some("ZCARD"),
            Self::Stream => Some("XLEN"),
            Self::Other => None,
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a group holds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Contents {
    /// How many keys, in all databases of all shards.
    pub keys: u64,
    /// How many of them have an end.
    pub ends: u64,
    /// How many keys of each type there are among those that were looked at: a few, or all.
    pub types: BTreeMap<KeyType, u64>,
    /// Some keys that have no end, by what is left of their names.
    pub sample: BTreeMap<KeyHash, Trace>,
}

/// What is left of the name of a key: enough to find it again, and not to read it.
pub type KeyHash = u32;

/// What is left of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trace {
    /// Its type.
    pub key_type: KeyType,
    /// How many bytes or elements.
    pub length: u64,
    /// Of a short string, sixteen bits of a hash of it: that it is another is seen, and what it is is not.
    pub value: Option<u16>,
}

/// The contents of a group and what its sample was salted with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// What was counted.
    pub contents: Contents,
    /// What goes before each name and value that is hashed, so that no two records can be compared with one another.
    pub salt: u32,
}

/// The most keys in the sample of a record: as many as a tag has room for.
pub const SAMPLE_MAX: usize = 7;

/// Strings of more bytes are told by their length alone.
pub const VALUE_LEN_MAX: u64 = 4096;

impl Record {
    /// What is left of the name of a key.
    pub fn key_hash(&self, name: &[u8]) -> KeyHash {
        hash(self.salt, b'k', name)
    }

    /// What is left of a short string.
    pub fn value_hash(&self, value: &[u8]) -> u16 {
        u16::try_from(hash(self.salt, b'v', value) >> 16).unwrap_or_default()
    }
}

impl Contents {
    /// How many keys the types tell of.
    pub fn looked_at(&self) -> u64 {
        self.types.values().sum()
    }

    /// Takes in another shard, or another database.
    pub fn add(&mut self, other: Self) {
        self.keys += other.keys;
        self.ends += other.ends;
        for (key_type, count) in other.types {
            *self.types.entry(key_type).or_default() += count;
        }
        self.sample.extend(other.sample);
    }
}

/// FNV-1a over salt, kind and text, mixed so that all bits of the text reach all bits of the result. It is the same in every build, and is for
/// finding, not for secrecy.
fn hash(salt: u32, kind: u8, text: &[u8]) -> u32 {
    let bytes = salt.to_be_bytes().into_iter().chain([kind]).chain(text.iter().copied());
    let mixed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    u32::try_from(mixed >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests;
