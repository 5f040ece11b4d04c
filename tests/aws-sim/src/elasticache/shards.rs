//! Shards: what a group with cluster mode enabled has instead of one primary (facts 1.5).
//!
//! A group without them is one shard, `0001`, whose primary stands in the group itself. So whatever asks for the primary or the replicas of a
//! shard asks the same of either kind of group.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::check::bad_combination;
use super::model::{Group, Member, Status};
use super::{create, parameters};
use crate::settings::Which;
use crate::{Endpoint, Refusal, State};

pub(super) mod describe;
pub(super) mod new;
pub(super) mod replicas;
pub(super) mod reshard;
pub(super) mod settings;

/// The shard that a group has where cluster mode is disabled.
pub const ONLY: &str = "0001";

/// Keys are spread over so many slots.
const SLOTS: u16 = 16_384;

/// The shards of a group, and what they have in common.
#[derive(Clone, Debug)]
pub struct Shards {
    /// By id, of four digits.
    pub all: BTreeMap<String, Shard>,
    /// Where clients learn of all of them.
    pub configuration_endpoint: Endpoint,
    /// The highest number that a shard ever had.
    pub highest: u32,
    /// Slots that move from one to another.
    pub moves: Option<Moves>,
}

/// One of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shard {
    /// Its slots. None, before any have moved to it.
    pub slots: Option<Slots>,
    /// The member that takes writes.
    pub primary: String,
    /// The highest number that a member of it ever had.
    pub highest: u32,
}

/// Slots, from the first to the last.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Slots {
    pub(super) first: u16,
    pub(super) last: u16,
}

/// When slots began to move, and when they will have arrived.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Moves {
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
}

impl Slots {
    /// All of them, as evenly as can be: where some are left over, the first have one more.
    pub(super) fn spread(over: usize) -> Vec<Self> {
        let count = u16::try_from(over).unwrap_or(SLOTS).clamp(1, SLOTS);
        let (each, more) = (SLOTS / count, SLOTS % count);
        let mut first = 0;
        let mut spread = Vec::new();
        for number in 0..count {
            let last = first + each - 1 + u16::from(number < more);
            spread.push(Self { first, last });
            first = last.saturating_add(1);
        }
        spread
    }

    /// `0-5461`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last && last < SLOTS).then_some(Self { first, last })
    }

    /// Whether these are all, each once.
    pub(super) fn are_all(slots: &[Self]) -> bool {
        let mut sorted = slots.to_vec();
        sorted.sort_unstable();
        let mut next = 0;
        for it in sorted {
            if it.first != next {
                return false;
            }
            next = it.last.saturating_add(1);
        }
        next == SLOTS
    }

    /// How much of all data lies in them.
    fn share(self, bytes: u64) -> u64 {
        let count = u128::from(self.last - self.first) + 1;
        u64::try_from(u128::from(bytes) * count / u128::from(SLOTS)).unwrap_or(bytes)
    }
}

impl std::fmt::Display for Slots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl Moves {
    /// How far they are, in percent.
    pub(super) fn progress(self, now: Timestamp) -> f64 {
        let all = self.until.duration_since(self.since).as_secs_f64();
        let done = now.duration_since(self.since).as_secs_f64();
        if all <= 0.0 { 100.0 } else { (done / all * 100.0).clamp(0.0, 100.0) }
    }
}

impl Group {
    /// Whether cluster mode is enabled.
    pub fn is_sharded(&self) -> bool {
        self.shards.is_some()
    }

    /// Whether this member takes writes.
    pub fn is_primary(&self, member: &str) -> bool {
        match &self.shards {
            None => self.primary == member,
            Some(shards) => shards.all.values().any(|it| it.primary == member),
        }
    }

    /// Those that do.
    pub fn primaries(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|it| self.is_primary(&it.id))
    }

    /// The ids of its shards.
    pub fn shard_ids(&self) -> Vec<String> {
        let all = self.shards.as_ref().map(|it| it.all.keys().cloned().collect());
        all.unwrap_or_else(|| vec![ONLY.to_owned()])
    }

    /// The shard that goes by this id, with or without its zeros.
    pub(crate) fn shard_named(&self, id: &str) -> Option<String> {
        let known = self.shard_ids();
        known.into_iter().find(|it| it.trim_start_matches('0') == id.trim_start_matches('0'))
    }

    /// The primary of a shard.
    pub(super) fn primary_of(&self, shard: &str) -> Option<&Member> {
        let primary = match &self.shards {
            None => &self.primary,
            Some(shards) => &shards.all.get(shard)?.primary,
        };
        self.members.get(primary)
    }

    /// The members of a shard.
    pub(super) fn members_of<'a>(&'a self, shard: &'a str) -> impl Iterator<Item = &'a Member> {
        self.members.values().filter(move |it| it.shard == shard)
    }

    /// The replicas of a shard.
    pub(super) fn replicas_of<'a>(&'a self, shard: &'a str) -> impl Iterator<Item = &'a Member> {
        self.members_of(shard).filter(|it| !self.is_primary(&it.id))
    }

    /// Makes this member the primary of its shard, and tells who was.
    pub(super) fn promote(&mut self, member: &str) -> Option<String> {
        let shard = self.members.get(member)?.shard.clone();
        let primary = match &mut self.shards {
            None => &mut self.primary,
            Some(shards) => &mut shards.all.get_mut(&shard)?.primary,
        };
        Some(std::mem::replace(primary, member.to_owned()))
    }

    /// Bytes of data in a member. Keys are spread as the slots are.
    pub fn bytes_of(&self, member: &Member) -> u64 {
        self.share_of(&member.shard, self.bytes_used)
    }

    /// What of all data is in a shard.
    pub(super) fn share_of(&self, shard: &str, bytes: u64) -> u64 {
        let Some(shards) = &self.shards else { return bytes };
        let slots = shards.all.get(shard).and_then(|it| it.slots);
        slots.map_or(0, |it| it.share(bytes))
    }

    /// Bytes of data in the member that has most.
    pub(super) fn most_bytes(&self) -> u64 {
        self.members.values().map(|it| self.bytes_of(it)).max().unwrap_or(self.bytes_used)
    }

    /// Data of a member that nobody else has is gone.
    pub(super) fn lose_data(&mut self, member: &str) {
        let lost = self.members.get(member).map_or(0, |it| self.bytes_of(it));
        self.bytes_used = self.bytes_used.saturating_sub(lost);
    }

    /// Whether a primary has no replicas.
    pub(crate) fn is_lone(&self, primary: &Member) -> bool {
        self.replicas_of(&primary.shard).next().is_none()
    }

    /// Whether clients learn of all shards at this host name.
    pub(super) fn is_configuration_at(&self, host: &str) -> bool {
        self.shards.as_ref().is_some_and(|it| it.configuration_endpoint.host == host)
    }

    /// A group of this shard only.
    pub(super) fn only(&self, shard: &str) -> Self {
        let mut only = self.clone();
        only.members.retain(|_, it| it.shard == shard);
        only
    }

    /// Shards that have lost all members are none any more.
    pub(super) fn drop_empty_shards(&mut self) {
        let members = &self.members;
        if let Some(shards) = &mut self.shards {
            shards.all.retain(|id, _| members.values().any(|it| it.shard == *id));
        }
    }

    /// What a snapshot of it is taken of, for the count of the day and for its names: the primary, or the whole group.
    pub(super) fn saved_as(&self) -> &str {
        if self.is_sharded() { &self.id } else { &self.primary }
    }

    /// The member of each shard that a snapshot is taken of: a replica, where there is one.
    pub(super) fn saved_members(&self) -> Vec<&Member> {
        let shards = self.shard_ids();
        let one = |shard: &String| {
            let mut replicas = self.members.values().filter(|it| {
                it.shard == *shard && it.status != Status::Creating && !self.is_primary(&it.id)
            });
            replicas.next_back().or_else(|| self.primary_of(shard))
        };
        shards.iter().filter_map(one).collect()
    }
}

/// Refuses what only a group without shards can have.
pub(super) fn must_be_off(group: &Group, what: &str) -> Result<(), Refusal> {
    if !group.is_sharded() {
        return Ok(());
    }
    let text = format!("{what} is not supported for replication groups with cluster mode enabled.");
    Err(bad_combination(text))
}

/// A new member of a shard, with the lowest number that is free or the next above all (U13), in this zone or in one that the shard is not in.
fn add_member(state: &mut State, group: &mut Group, shard: &str, zone: Option<&String>) -> String {
    let reused = state.settings.switches.numbers_reused;
    let highest = group.shards.as_ref().and_then(|it| it.all.get(shard)).map_or(0, |it| it.highest);
    let first = if reused { 1 } else { highest + 1 };
    let name = |number: u32| format!("{}-{shard}-{number:03}", group.id);
    let is_free = |number: &u32| {
        let id = name(*number);
        !group.members.contains_key(&id) && !super::quota::is_taken(state, &id)
    };
    let number = (first..=999).find(is_free).unwrap_or_default();
    let id = name(number);
    let zones = create::known_zones(state);
    let crowd = |zone: &String| {
        let there = || group.members.values().filter(|it| it.zone == *zone);
        (there().filter(|it| it.shard == shard).count(), there().count())
    };
    let zone = zone.or(zones.iter().min_by_key(|it| crowd(it))).cloned();
    let mut member = create::named_member(state, group, id.clone(), zone.as_ref());
    shard.clone_into(&mut member.shard);
    group.members.insert(id.clone(), member);
    if let Some(shard) = group.shards.as_mut().and_then(|it| it.all.get_mut(shard)) {
        shard.highest = shard.highest.max(number);
        if shard.primary.is_empty() {
            shard.primary.clone_from(&id);
        }
    }
    id
}

/// The group's address for clients, as it is now.
pub(super) fn readdress(state: &mut State, group: &mut Group) {
    let endpoint = create::address(state, group, Which::Configuration);
    if let Some(shards) = &mut group.shards {
        shards.configuration_endpoint = endpoint;
    }
}

/// Refuses a parameter group that would turn cluster mode on or off.
pub(super) fn must_keep_mode(state: &State, group: &Group, name: &str) -> Result<(), Refusal> {
    if parameters::enables_cluster(state, name) == group.is_sharded() {
        return Ok(());
    }
    Err(bad_combination(format!(
        "The parameter cluster-enabled has a different value in the requested parameter group {name} than the current parameter group. This parameter value cannot be changed for a cache cluster."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_spread_as_aws_does() {
        let spread = |over| Slots::spread(over).iter().map(Slots::to_string).collect::<Vec<_>>();
        assert_eq!(spread(1), ["0-16383"]);
        assert_eq!(spread(3), ["0-5461", "5462-10922", "10923-16383"]);
        for over in [2, 7, 90, 500] {
            let all = Slots::spread(over);
            assert_eq!(all.len(), over);
            assert!(Slots::are_all(&all), "{over}");
        }
    }

    #[test]
    fn slots_are_read_and_counted() {
        for bad in ["", "5", "5-4", "0-16384", "a-b", "-1-3"] {
            assert_eq!(Slots::read(bad), None, "{bad}");
        }
        let read = |it: &[&str]| it.iter().filter_map(|it| Slots::read(it)).collect::<Vec<_>>();
        assert!(Slots::are_all(&read(&["100-16383", "0-99"])));
        assert!(!Slots::are_all(&read(&["0-99", "99-16383"])), "one twice");
        assert!(!Slots::are_all(&read(&["0-99", "101-16383"])), "one not at all");
        assert_eq!(Slots::read("0-4095").unwrap().share(400), 100);
    }
}
