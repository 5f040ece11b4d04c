//! Shards put together: all have one size, so that the hottest of them is what a size has to carry.

use std::collections::BTreeMap;

use super::super::sizing::Minute;
use super::{Sum, whole};
use crate::{GroupView, MemberId};

/// The minutes of the shards that were taken in so far.
pub(super) struct Hottest {
    minutes: Vec<Place>,
    /// How many commands a second keep an engine busy.
    engine: f64,
}

/// One minute.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    minute: Option<Minute>,
    hits: f64,
    misses: f64,
    is_silent: bool,
}

impl Hottest {
    /// Nothing yet, of so many minutes.
    pub(super) fn of(minutes: usize, engine: f64) -> Self {
        Self { minutes: vec![Place::default(); minutes], engine }
    }

    /// Takes in a shard. One that is there and falls silent leaves the minute unknown: it may have been the hottest.
    pub(super) fn take(&mut self, sums: &[Sum], is_there: bool) {
        let mut has_told = false;
        for (place, sum) in self.minutes.iter_mut().zip(sums) {
            match sum.minute() {
                Some(minute) => {
                    has_told = true;
                    let minute = whole(minute, self.engine);
                    place.minute = Some(place.minute.map_or(minute, |it| hotter(it, minute)));
                    place.hits += sum.hits;
                    place.misses += sum.misses;
                }
                None => place.is_silent |= is_there && has_told,
            }
        }
    }

    /// The minutes that are known.
    pub(super) fn told(self) -> Vec<Option<Minute>> {
        let told = |it: Place| {
            let minute = it.minute.filter(|_| !it.is_silent)?;
            let asked = it.hits + it.misses;
            let misses = if asked <= 0.0 { 0.0 } else { it.misses / asked };
            Some(Minute { misses, ..minute })
        };
        self.minutes.into_iter().map(told).collect()
    }
}

/// What the hotter of two shards was asked for; and the most that either of them held and sent.
fn hotter(one: Minute, other: Minute) -> Minute {
    let heat = |it: &Minute| (it.busiest(), it.reads + it.writes);
    let (hot, cool) = if heat(&one) < heat(&other) { (other, one) } else { (one, other) };
    let credits = match (hot.credits, cool.credits) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    Minute { memory: hot.memory.max(cool.memory), sent: hot.sent.max(cool.sent), credits, ..hot }
}

/// The members by their shards; all together where there are none. One that is gone is counted by its name (facts 1.5).
pub(super) fn shards<'a>(
    group: &'a GroupView,
    members: impl IntoIterator<Item = &'a MemberId>,
) -> BTreeMap<&'a str, Vec<&'a MemberId>> {
    let mut shards: BTreeMap<&str, Vec<&MemberId>> = BTreeMap::new();
    for member in members {
        shards.entry(shard(group, member)).or_default().push(member);
    }
    shards
}

fn shard<'a>(group: &'a GroupView, member: &'a MemberId) -> &'a str {
    if !group.cluster_enabled {
        return "";
    }
    if let Some(it) = group.shards.iter().find(|it| it.members.contains(member)) {
        return &it.id;
    }
    let rest = member.as_str().strip_prefix(group.id.as_str());
    let rest = rest.and_then(|it| it.strip_prefix('-')).unwrap_or_default();
    rest.split_once('-').map_or("", |it| it.0)
}

/// Whether a group has this shard now.
pub(super) fn is_there(group: &GroupView, shard: &str) -> bool {
    !group.cluster_enabled || group.shards.iter().any(|it| it.id == shard)
}
