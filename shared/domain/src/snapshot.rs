//! The vocabulary of `snapshot`: what is seen of snapshots, what may be done with them, and why not.
//!
//! In reading order: [`name`] tells ours from others, [`due`] says when a group with tiers wants one, [`take`] makes one, [`promote`] makes one
//! of ElastiCache's own, [`retention`] sorts those that are there, [`prune`] deletes what is beyond, [`restore`] makes a new group of one, [`in_place`] puts one in the place of the group that it is of, [`park`] has a group go for the night and come back from one, [`export`] writes one into a bucket, [`record`] tells what is in it, [`drill`] tries whether one restores, and [`standing`] tells how a group stands.
//! For very many groups, [`shelf`] holds what there is of them, and [`crowd`] shares them out.

pub mod crowd;
pub mod drill;
pub mod due;
pub mod export;
pub mod in_place;
mod keep;
pub mod name;
pub mod park;
pub mod promote;
pub mod prune;
pub mod record;
mod refusal;
pub mod restore;
pub mod retention;
#[cfg(test)]
pub(crate) mod sample;
pub mod saved;
pub mod shelf;
pub mod standing;
pub mod take;
pub mod tier;
mod tiers;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::{Bytes, GroupId, NodeType, Tags, tag};

pub use keep::Keep;
pub use refusal::{Refusal, Unrestorable};
pub use saved::SavedShard;
pub use tier::Tier;
pub use tiers::{FLOOR, KEPT_MAX, Tiers};

/// A snapshot waits while its group is changed, which may take that long, and is then still written.
const GRACE: SignedDuration = SignedDuration::from_hours(2);

/// The state of a snapshot. What AWS adds later is kept by its name, and never taken for usable (facts 5.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SnapshotStatus {
    /// Is being written.
    Creating,
    /// Can be restored from.
    Available,
    /// Is being read into a group.
    Restoring,
    /// Is being copied.
    Copying,
    /// Is going away.
    Deleting,
    /// Could not be written.
    Failed,
    /// A word that we do not know.
    Strange(String),
}

impl SnapshotStatus {
    /// Reads the word of the API.
    pub fn parse(word: &str) -> Self {
        match word {
            "creating" => Self::Creating,
            "available" => Self::Available,
            "restoring" => Self::Restoring,
            "copying" => Self::Copying,
            "deleting" => Self::Deleting,
            "failed" => Self::Failed,
            other => Self::Strange(other.to_owned()),
        }
    }

    /// Whether it is whole: it may be in use, but it can be restored from then.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::Available | Self::Restoring | Self::Copying => true,
            Self::Creating | Self::Deleting | Self::Failed | Self::Strange(_) => false,
        }
    }
}

impl fmt::Display for SnapshotStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Restoring => "restoring",
            Self::Copying => "copying",
            Self::Deleting => "deleting",
            Self::Failed => "failed",
            Self::Strange(word) => word,
        })
    }
}

/// Who asked for a snapshot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A call: ours, or a person's.
    Manual,
    /// ElastiCache itself. It also deletes these.
    Automated,
}

/// A snapshot as it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotView {
    /// The name. Automatic ones have a dot in it (facts 5.3).
    pub name: String,
    /// The ARN, by which it is tagged.
    pub arn: String,
    /// The state.
    pub status: SnapshotStatus,
    /// Who asked for it.
    pub origin: Origin,
    /// The group it is of, where that is in cluster mode.
    pub group: Option<String>,
    /// The member it is of, where the group is not in cluster mode (facts 5.1).
    pub member: Option<String>,
    /// When the data were read: the earliest, where there are several shards. Absent while it is being written.
    pub taken_at: Option<Timestamp>,
    /// How much memory the data took. Absent while it is being written.
    pub size: Option<Bytes>,
    /// The node type that it was read from.
    pub node_type: Option<NodeType>,
    /// The engine.
    pub engine: String,
    /// The engine version.
    pub engine_version: String,
    /// Its shards; one where the group is not in cluster mode.
    pub shards: Vec<SavedShard>,
    /// The port of the group that it was read from.
    pub port: Option<u16>,
    /// Its tags, where they were looked at.
    pub tags: Option<Tags>,
}

impl SnapshotView {
    /// Whether it is of a group in cluster mode: one shard alone tells that by its slots.
    pub fn is_sharded(&self) -> bool {
        let tells_slots = || self.shards.iter().any(|it| !it.slots.is_empty());
        1 < self.shards.len() || self.group.is_some() && tells_slots()
    }

    /// The group that this was read from, as far as the snapshot itself or our tag tells.
    ///
    /// A snapshot of a group that is not in cluster mode only names the member, whose id is the group's and a number (facts 5.1, 5.4). A cluster
    /// that is in no group is told from a member by having no number.
    pub fn source(&self) -> Option<GroupId> {
        let tagged = self.tags.as_ref().and_then(|it| it.get(tag::GROUP));
        let of_member = || {
            let (group, number) = self.member.as_deref()?.rsplit_once('-')?;
            let is_number = 3 <= number.len() && number.bytes().all(|it| it.is_ascii_digit());
            is_number.then_some(group)
        };
        let id = tagged.map(String::as_str).or(self.group.as_deref()).or_else(of_member)?;
        GroupId::parse(id).ok()
    }

    /// Whether we made it of this group of this owner: it says so in its name and in its tags. Nothing else is ever deleted.
    ///
    /// A stack that is gone may have had a group of the same id. What was made for it is the last of that cache's data.
    pub fn is_ours(&self, group: &GroupId, owner: &str) -> bool {
        self.is_of(group) && self.tagged(tag::OWNER) == Some(owner)
    }

    /// Whether we made it of a group of this id, whoever owned that one.
    pub fn is_of(&self, group: &GroupId) -> bool {
        self.origin == Origin::Manual
            && name::read(group, &self.name).is_some()
            && self.tagged(tag::GROUP) == Some(group.as_str())
            && self.tagged(tag::OWNER).is_some_and(|it| !it.is_empty())
    }

    /// Whether it was taken by the tiers of its group, and not by count or for a person.
    pub fn is_by_tiers(&self) -> bool {
        self.tagged(tag::TIERS).is_some()
    }

    /// Whether it was copied from an automatic one.
    pub fn is_promoted(&self) -> bool {
        self.tagged(tag::PROMOTED).is_some()
    }

    /// The automatic one that it was copied from.
    pub fn promoted_from(&self) -> Option<&str> {
        self.tagged(tag::PROMOTED)?.split(promote::TAKEN).next()
    }

    /// When the data were read. Absent while it is being written.
    ///
    /// Whether AWS tells of a copy when it was copied or when its data were read, no source says (facts 5.6). What it told of the one that
    /// was copied is on the copy, and data are never newer than what holds them.
    pub fn data_at(&self) -> Option<Timestamp> {
        let told = self.taken_at?;
        let noted = self.tagged(tag::PROMOTED).and_then(|it| it.split_once(promote::TAKEN));
        let noted = noted.and_then(|(_, at)| at.parse::<Timestamp>().ok());
        Some(noted.map_or(told, |it| it.min(told)))
    }

    fn tagged(&self, key: &str) -> Option<&str> {
        self.tags.as_ref()?.get(key).map(String::as_str)
    }
}

/// For whom the snapshots of a group with these tags are made. A group that was adopted by its policy tag belongs to no stack of ours.
pub fn owner(group: &GroupId, group_tags: &Tags) -> String {
    group_tags.get(tag::OWNER).cloned().unwrap_or_else(|| format!("adopted/{group}"))
}

/// The tags of a snapshot of ours of a group with these tags. Where it is taken by the tiers of its group, they are those that wanted it.
pub fn tags(group: &GroupId, tier: Tier, by_tiers: &[Tier], group_tags: &Tags) -> Tags {
    let words: Vec<&str> = by_tiers.iter().map(|it| it.as_str()).collect();
    let said = [
        (tag::OWNER, Some(owner(group, group_tags))),
        (tag::GROUP, Some(group.to_string())),
        (tag::TIER, Some(tier.to_string())),
        (tag::TIERS, Some(words.join(" ")).filter(|it| !it.is_empty())),
    ];
    said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// Reads a size as the API writes it, such as `3 MB` (facts 5.1). While a snapshot is being written it is empty.
pub fn size(text: &str) -> Option<Bytes> {
    let (number, unit) = text.trim().split_once(' ')?;
    let shift = match unit.trim() {
        "B" | "Bytes" => 0,
        "KB" => 10,
        "MB" => 20,
        "GB" => 30,
        "TB" => 40,
        _ => return None,
    };
    // Whole units are the rule; a fraction is rounded up, since the size decides what it must fit into.
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let more = fraction.bytes().any(|it| it != b'0');
    let units = whole.parse::<u64>().ok()?.checked_add(u64::from(more))?;
    units.checked_mul(1 << shift).map(Bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags_of(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_size_is_read_as_the_api_writes_it() {
        assert_eq!(size("3 MB"), Some(Bytes(3 << 20)));
        assert_eq!(size("0 MB"), Some(Bytes(0)));
        assert_eq!(size("1.5 GB"), Some(Bytes(2 << 30)));
        for none in ["", " ", "MB", "3", "3 parsecs", "-1 MB", "99999999999999999999 GB"] {
            assert_eq!(size(none), None, "{none}");
        }
    }

    #[test]
    fn an_unknown_status_is_never_usable() {
        assert!(SnapshotStatus::parse("available").is_whole());
        for word in ["failed", "creating", "deleting", "exploding", ""] {
            assert!(!SnapshotStatus::parse(word).is_whole(), "{word}");
        }
        assert_eq!(SnapshotStatus::parse("exploding").to_string(), "exploding");
    }

    #[test]
    fn a_snapshot_of_an_adopted_group_says_so() {
        let group = GroupId::parse("orders").unwrap();
        let adopted = tags(&group, Tier::Daily, &[], &Tags::new());
        assert_eq!(adopted.get(tag::OWNER).map(String::as_str), Some("adopted/orders"));
        let stack = tags(&group, Tier::Daily, &[], &tags_of(&[(tag::OWNER, "arn/Cache")]));
        assert_eq!(stack.get(tag::OWNER).map(String::as_str), Some("arn/Cache"));
        assert!(adopted.values().all(|it| tag::is_legal_value(it)));
    }

    #[test]
    fn the_source_is_told_by_tag_group_or_member() {
        let mut seen = sample::snapshot("orders", "2026-01-02T03:04:00Z");
        assert_eq!(seen.source().unwrap().as_str(), "orders");
        seen.tags = None;
        seen.member = Some("orders-eu-002".to_owned());
        assert_eq!(seen.source().unwrap().as_str(), "orders-eu");
        seen.member = None;
        assert_eq!(seen.source(), None);
        seen.group = Some("Sharded".to_owned());
        assert_eq!(seen.source().unwrap().as_str(), "sharded");
    }

    #[test]
    fn only_name_and_tags_together_make_a_snapshot_ours() {
        let group = GroupId::parse("orders").unwrap();
        let ours = sample::snapshot("orders", "2026-01-02T03:04:00Z");
        let owner = owner(&group, &sample::policy());
        assert!(ours.is_ours(&group, &owner));
        let spoil: [fn(&mut SnapshotView); 7] = [
            |it| drop(it.tags.as_mut().unwrap().insert(tag::OWNER.to_owned(), "other".to_owned())),
            |it| it.tags = None,
            |it| drop(it.tags.as_mut().unwrap().remove(tag::OWNER)),
            |it| drop(it.tags.as_mut().unwrap().remove(tag::GROUP)),
            |it| drop(it.tags.as_mut().unwrap().insert(tag::GROUP.to_owned(), "other".to_owned())),
            |it| it.origin = Origin::Automated,
            |it| it.name = "before-the-release".to_owned(),
        ];
        for (index, spoil) in spoil.into_iter().enumerate() {
            let mut other = ours.clone();
            spoil(&mut other);
            assert!(!other.is_ours(&group, &owner), "case {index}");
        }
        assert!(!ours.is_ours(&GroupId::parse("orders-eu").unwrap(), &owner));
    }
}
