//! Shards: how the nodes of a group share its keys (facts 1.5).

pub mod new;

use std::fmt;

use crate::MemberId;

/// How many nodes a group has, and how they share its keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// Cluster mode is disabled: one primary, and all others are its replicas.
    Single { nodes: u32 },
    /// Cluster mode is enabled: so many primaries share the keys, and each has so many replicas.
    Sharded { shards: u32, replicas: u32 },
}

impl Shape {
    /// All nodes.
    pub fn nodes(self) -> u32 {
        match self {
            Self::Single { nodes } => nodes,
            Self::Sharded { shards, replicas } => shards.saturating_mul(replicas.saturating_add(1)),
        }
    }

    /// How many share the keys.
    pub fn shards(self) -> u32 {
        match self {
            Self::Single { .. } => 1,
            Self::Sharded { shards, .. } => shards,
        }
    }

    /// The replicas of each primary.
    pub fn replicas(self) -> u32 {
        match self {
            Self::Single { nodes } => nodes.saturating_sub(1),
            Self::Sharded { replicas, .. } => replicas,
        }
    }

    /// Whether cluster mode is enabled.
    pub fn is_sharded(self) -> bool {
        match self {
            Self::Single { .. } => false,
            Self::Sharded { .. } => true,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single { nodes } => write!(f, "{nodes} x"),
            Self::Sharded { shards: 1, replicas } => write!(f, "1 shard of {} x", replicas + 1),
            Self::Sharded { shards, replicas } => {
                write!(f, "{shards} shards of {} x", replicas + 1)
            }
        }
    }
}

/// A shard of a group with cluster mode enabled, as it was seen. Which of its members is the primary is not told there.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ShardView {
    /// The id, four digits.
    pub id: String,
    /// How many slots it has; nothing where that is not told.
    pub slots: Option<u32>,
    /// Its members.
    pub members: Vec<MemberId>,
}

impl ShardView {
    /// How many replicas it has.
    pub fn replicas(&self) -> u32 {
        u32::try_from(self.members.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }
}

/// Keys are spread over so many slots.
pub const SLOTS: u32 = 16_384;

/// Neighbouring slots, by the first and the last of them.
pub type Range = (u32, u32);

/// The slots that a text names, such as `0-5461` or `0-99,5462,8000-8191`; nothing where it cannot be read.
pub fn ranges(text: &str) -> Option<Vec<Range>> {
    let range = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): Range = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last && last < SLOTS).then_some((first, last))
    };
    text.split(',').map(range).collect()
}

/// How many slots a text names; nothing where it cannot be read.
pub fn slots(text: &str) -> Option<u32> {
    Some(count(&ranges(text)?))
}

/// How many slots these are.
pub fn count(ranges: &[Range]) -> u32 {
    ranges.iter().map(|(first, last)| last.saturating_sub(*first).saturating_add(1)).sum()
}

/// The shard that lacks slots, where not all of them are somewhere: one that has none, or the first where some are nowhere.
pub fn incomplete(shards: &[ShardView]) -> Option<&ShardView> {
    let lacks = |it: &&ShardView| it.slots.is_none_or(|it| it == 0);
    let all: u32 = shards.iter().filter_map(|it| it.slots).sum();
    shards.iter().find(lacks).or_else(|| shards.first().filter(|_| all != SLOTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_counts_its_nodes() {
        let single = Shape::Single { nodes: 3 };
        assert_eq!((single.nodes(), single.shards(), single.replicas()), (3, 1, 2));
        let sharded = Shape::Sharded { shards: 3, replicas: 1 };
        assert_eq!((sharded.nodes(), sharded.shards(), sharded.replicas()), (6, 3, 1));
        assert_eq!(format!("{single}, {sharded}"), "3 x, 3 shards of 2 x");
        assert_eq!(Shape::Sharded { shards: 1, replicas: 0 }.to_string(), "1 shard of 1 x");
    }

    #[test]
    fn slots_are_counted() {
        for (text, expected) in [
            ("0-16383", Some(SLOTS)),
            ("0-99,5462, 8000-8191", Some(100 + 1 + 192)),
            ("", None),
            ("5-4", None),
            ("0-16384", None),
            ("a-b", None),
        ] {
            assert_eq!(slots(text), expected, "{text}");
        }
    }

    #[test]
    fn a_shard_that_lacks_slots_is_found() {
        let shard = |id: &str, text: &str| ShardView {
            id: id.to_owned(),
            slots: slots(text),
            members: Vec::new(),
        };
        let lacks = |shards: &[ShardView]| incomplete(shards).map(|it| it.id.clone());
        let (low, high) = (shard("0001", "0-8191"), shard("0002", "8192-16383"));
        assert_eq!(lacks(&[]), None);
        assert_eq!(lacks(&[low.clone(), high.clone()]), None);
        assert_eq!(lacks(&[low.clone(), high, shard("0003", "")]), Some("0003".to_owned()));
        assert_eq!(lacks(&[low, shard("0002", "8192-16382")]), Some("0001".to_owned()));
    }
}
