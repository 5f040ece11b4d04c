//! What is done for the keys while they are there, and when they go.

use std::num::NonZeroU32;

use serde_json::Value;

use super::super::property::Properties;
use super::super::{Deletion, DeletionPolicy, labels};
use crate::snapshot::{KEPT_MAX, Keep, Tiers, drill};
use crate::window::SnapshotWindow;

pub(super) struct Snapshots {
    pub(super) retention_days: u32,
    pub(super) window: Option<SnapshotWindow>,
    pub(super) keep: Keep,
    pub(super) drill_days: Option<NonZeroU32>,
    pub(super) night_park: bool,
}

pub(super) fn snapshots(read: &mut Properties<'_>) -> Snapshots {
    Snapshots {
        retention_days: read.number("SnapshotRetentionLimit", 0..=35).unwrap_or(7),
        window: read.parsed("SnapshotWindow", str::parse),
        keep: keep(read),
        drill_days: read.number("SnapshotDrillDays", 0..=drill::DAYS_MAX).and_then(NonZeroU32::new),
        night_park: read.switch("NightPark", false),
    }
}

/// So many, or so many of each tier: a cache has one policy.
fn keep(read: &mut Properties<'_>) -> Keep {
    let count = read.number("SnapshotKeep", 0..=KEPT_MAX);
    let Some(tiers) = tiers(read) else { return Keep::count(count.unwrap_or(7)) };
    if count.is_some() {
        let rule = "is stated beside SnapshotKeep, and a cache keeps its snapshots by one of them; leave SnapshotKeep out to keep tiers";
        read.problems.add("SnapshotTiers", rule);
    }
    Keep::Tiers(tiers)
}

fn tiers(read: &mut Properties<'_>) -> Option<Tiers> {
    const NAME: &str = "SnapshotTiers";
    let Some(pairs) = labels::pairs(read.map().get(NAME).unwrap_or(&Value::Null)) else {
        read.problems.add(
            NAME,
            "takes a map of tiers and numbers, a list of Key and Value, or texts such as daily=7 joined by commas",
        );
        return None;
    };
    if pairs.is_empty() {
        return None;
    }
    match Tiers::of(pairs.iter().map(|(tier, count)| (tier.as_str(), count.as_str()))) {
        Ok(tiers) => Some(tiers),
        Err(mistakes) => {
            for mistake in mistakes {
                read.problems.add(NAME, mistake);
            }
            None
        }
    }
}

/// `FinalSnapshot` is the older spelling: false is `Delete`, and true is no word against `Retain`, after which the group stands.
pub(super) fn deletion(read: &mut Properties<'_>) -> Deletion {
    let last = read.said("FinalSnapshot");
    let default = match last {
        Some(false) => DeletionPolicy::Delete,
        Some(true) | None => DeletionPolicy::default(),
    };
    let word = read.one_of("DeletionPolicy", &DeletionPolicy::WORDS, default.as_str());
    let policy = DeletionPolicy::parse(&word).unwrap_or_default();
    let agree = match policy {
        DeletionPolicy::Snapshot | DeletionPolicy::Retain => last != Some(false),
        DeletionPolicy::Delete => last != Some(true),
    };
    if let Some(last) = last.filter(|_| !agree && !read.has_problem("DeletionPolicy")) {
        read.problems.add(
            "FinalSnapshot",
            format!("is {last}, and DeletionPolicy is {policy}: leave FinalSnapshot out, it is the older spelling of the two"),
        );
    }
    Deletion { policy, protected: read.switch("DeletionProtection", false) }
}
