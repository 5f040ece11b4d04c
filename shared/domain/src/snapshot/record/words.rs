//! A record as the values of two tags: letters, digits and what AWS allows besides.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Contents, KeyHash, KeyType, Record, SAMPLE_MAX, Trace};
use crate::{Tags, tag};

/// A record that cannot be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("the tag {tag} says {value:?}, which is no record of keys")]
pub struct Unreadable {
    /// The tag.
    pub tag: &'static str,
    /// Its value.
    pub value: String,
}

impl Record {
    /// The record as tags of the snapshot.
    pub fn tags(&self) -> Tags {
        let Contents { keys, ends, types, sample } = &self.contents;
        let of_type = |(key_type, count): (&KeyType, &u64)| format!(" {key_type}={count}");
        let types: Vec<String> = types.iter().map(of_type).collect();
        let counted = format!("keys={keys} ends={ends}{}", types.concat());
        let one = |(key, trace): (&KeyHash, &Trace)| {
            let value = trace.value.map_or(String::new(), |it| format!(":{it:04x}"));
            format!(" {}:{key:08x}:{}{value}", trace.key_type, trace.length)
        };
        let sample: Vec<String> = sample.iter().take(SAMPLE_MAX).map(one).collect();
        let sample = format!("salt={:08x}{}", self.salt, sample.concat());
        Tags::from([(tag::RECORD.to_owned(), counted), (tag::SAMPLE.to_owned(), sample)])
    }

    /// Reads the tags of a snapshot. Nothing, where nobody counted when it was taken.
    ///
    /// # Errors
    ///
    /// Somebody wrote something else into them.
    pub fn read(tags: &Tags) -> Result<Option<Self>, Unreadable> {
        let Some(counted) = tags.get(tag::RECORD) else { return Ok(None) };
        let broken = |tag, value: &str| Unreadable { tag, value: value.to_owned() };
        let mut contents = read_counted(counted).ok_or_else(|| broken(tag::RECORD, counted))?;
        // A record without a sample is still one.
        let Some(text) = tags.get(tag::SAMPLE) else { return Ok(Some(Self { contents, salt: 0 })) };
        let (salt, sample) = read_sample(text).ok_or_else(|| broken(tag::SAMPLE, text))?;
        contents.sample = sample;
        Ok(Some(Self { contents, salt }))
    }
}

fn read_counted(text: &str) -> Option<Contents> {
    let mut numbers = BTreeMap::new();
    for word in text.split_whitespace() {
        let (name, number) = word.split_once('=')?;
        numbers.insert(name, number.parse::<u64>().ok()?);
    }
    let (keys, ends) = (numbers.remove("keys")?, numbers.remove("ends")?);
    let known = |word: &str| KeyType::ALL.into_iter().find(|it| it.as_str() == word);
    let types: Option<BTreeMap<KeyType, u64>> =
        numbers.into_iter().map(|(word, count)| Some((known(word)?, count))).collect();
    Some(Contents { keys, ends, types: types?, sample: BTreeMap::new() })
}

fn read_sample(text: &str) -> Option<(u32, BTreeMap<KeyHash, Trace>)> {
    let mut words = text.split_whitespace();
    let salt = u32::from_str_radix(words.next()?.strip_prefix("salt=")?, 16).ok()?;
    let sample: Option<BTreeMap<KeyHash, Trace>> = words.map(read_trace).collect();
    Some((salt, sample?))
}

fn read_trace(word: &str) -> Option<(KeyHash, Trace)> {
    let mut parts = word.split(':');
    let word = parts.next()?;
    let key_type = KeyType::ALL.into_iter().find(|it| it.as_str() == word)?;
    let key = KeyHash::from_str_radix(parts.next()?, 16).ok()?;
    let length = parts.next()?.parse().ok()?;
    let value = match parts.next() {
        Some(value) => Some(u16::from_str_radix(value, 16).ok()?),
        None => None,
    };
    parts.next().is_none().then_some((key, Trace { key_type, length, value }))
}
