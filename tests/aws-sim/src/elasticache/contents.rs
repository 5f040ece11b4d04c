//! The keys of a group, where a test writes some: a snapshot has them, and so has what is restored from it.

use std::collections::BTreeMap;

use super::Service;
use super::model::{Group, Member};

/// A key and its value, as far as somebody who counts sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key {
    /// What `TYPE` says.
    pub key_type: &'static str,
    /// Its text, or its elements with a space between each two.
    pub value: String,
    /// Whether it has an end.
    pub ends: bool,
}

impl Key {
    /// Bytes of a text, elements of anything else.
    pub(crate) fn length(&self) -> usize {
        match self.key_type {
            "string" => self.value.len(),
            _ => self.value.split_whitespace().count(),
        }
    }
}

impl Service {
    /// Writes keys into a group.
    pub fn write(&mut self, group: &str, keys: impl IntoIterator<Item = (String, Key)>) {
        if let Some(group) = self.groups.get_mut(group) {
            group.keys.extend(keys);
        }
    }

    /// The keys behind this host name: of one shard where it is a node's, of the whole group where it is the group's.
    pub(crate) fn keys_at(&self, host: &str) -> BTreeMap<String, Key> {
        let Some(group) = self.serving_at(host) else { return BTreeMap::new() };
        match group.members.values().find(|it| it.endpoint.host == host) {
            Some(member) => keys_of(group, member),
            None => group.keys.clone(),
        }
    }
}

/// Keys go round the shards in their order: which slot is whose is nothing that a count sees.
fn keys_of(group: &Group, member: &Member) -> BTreeMap<String, Key> {
    let Some(shards) = &group.shards else { return group.keys.clone() };
    let shard = shards.all.keys().position(|it| *it == member.shard).unwrap_or_default();
    let mine =
        group.keys.iter().enumerate().filter(|(it, _)| it % shards.all.len().max(1) == shard);
    mine.map(|(_, (name, key))| (name.clone(), key.clone())).collect()
}
