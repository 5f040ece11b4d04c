//! The vocabulary of `snapshot`: what is seen of snapshots, what may be done with them, and why not.
//!
//! In reading order: [`name`] tells ours from others, [`take`] makes one, [`retention`] sorts those that are there, [`prune`] deletes what is
//! beyond, [`restore`] makes a new group of one, and [`standing`] tells how a group stands.

pub mod name;
pub mod prune;
mod refusal;
pub mod restore;
pub mod retention;
#[cfg(test)]
pub(crate) mod sample;
pub mod standing;
pub mod take;

use std::fmt;
use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};

use crate::{Bytes, GroupId, NodeType, Tags, tag};

pub use refusal::{Refusal, Unrestorable};

/// How often snapshots of a kind are taken.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Tier {
    /// Every hour.
    Hourly,
    /// Every day.
    #[default]
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
}

impl Tier {
    /// All of them, the most frequent first.
    pub const ALL: [Self; 4] = [Self::Hourly, Self::Daily, Self::Weekly, Self::Monthly];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// Reads a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// The longest time between two of them.
    pub fn period(self) -> SignedDuration {
        const HOURS: [i64; 4] = [1, 24, 7 * 24, 31 * 24];
        let [hour, day, week, month] = HOURS.map(SignedDuration::from_hours);
        match self {
            Self::Hourly => hour,
            Self::Daily => day,
            Self::Weekly => week,
            Self::Monthly => month,
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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
    /// How many shards it has.
    pub shards: usize,
    /// The port of the group that it was read from.
    pub port: Option<u16>,
    /// Its tags, where they were looked at.
    pub tags: Option<Tags>,
}

impl SnapshotView {
    /// The group that this was read from, as far as the snapshot itself or our tag tells.
    ///
    /// A snapshot of a group that is not in cluster mode only names the member, whose id is the group's and a number (facts 5.1, 5.4).
    pub fn source(&self) -> Option<GroupId> {
        let tagged = self.tags.as_ref().and_then(|it| it.get(tag::GROUP));
        let of_member = || self.member.as_deref()?.rsplit_once('-').map(|(group, _)| group);
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

    fn tagged(&self, key: &str) -> Option<&str> {
        self.tags.as_ref()?.get(key).map(String::as_str)
    }
}

/// How many snapshots of ours a group keeps: the value of its tag `cachewarden:snapshot-keep`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keep {
    /// None are taken on a schedule. Those that are there stay.
    Off,
    /// So many, the newest ones.
    Newest(NonZeroU32),
}

impl Keep {
    /// Reads the tag among the tags of a group. A group without it is not ours to look after.
    pub fn read(tags: &Tags) -> Result<Self, Refusal> {
        let Some(value) = tags.get(tag::SNAPSHOT_KEEP) else { return Err(Refusal::NotOurs) };
        match value.trim().parse::<u32>() {
            Ok(count) => Ok(NonZeroU32::new(count).map_or(Self::Off, Self::Newest)),
            Err(_) => Err(Refusal::BadKeep(value.clone())),
        }
    }
}

/// For whom the snapshots of a group with these tags are made. A group that was adopted by its policy tag belongs to no stack of ours.
pub fn owner(group: &GroupId, group_tags: &Tags) -> String {
    group_tags.get(tag::OWNER).cloned().unwrap_or_else(|| format!("adopted/{group}"))
}

/// The tags of a snapshot of ours of a group with these tags.
pub fn tags(group: &GroupId, tier: Tier, group_tags: &Tags) -> Tags {
    [
        (tag::OWNER, owner(group, group_tags)),
        (tag::GROUP, group.to_string()),
        (tag::TIER, tier.to_string()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
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
    fn the_keep_tag_is_a_number_and_nothing_else() {
        let keep = |value: &str| Keep::read(&tags_of(&[(tag::SNAPSHOT_KEEP, value)]));
        assert_eq!(keep("7"), Ok(Keep::Newest(NonZeroU32::new(7).unwrap())));
        assert_eq!(keep("0"), Ok(Keep::Off));
        for bad in ["", "-1", "seven", "7.5"] {
            assert_eq!(keep(bad), Err(Refusal::BadKeep(bad.to_owned())));
        }
        assert_eq!(Keep::read(&Tags::new()), Err(Refusal::NotOurs));
    }

    #[test]
    fn a_snapshot_of_an_adopted_group_says_so() {
        let group = GroupId::parse("orders").unwrap();
        let adopted = tags(&group, Tier::Daily, &Tags::new());
        assert_eq!(adopted.get(tag::OWNER).map(String::as_str), Some("adopted/orders"));
        let stack = tags(&group, Tier::Daily, &tags_of(&[(tag::OWNER, "arn/Cache")]));
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
