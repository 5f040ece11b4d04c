//! What is done for the keys while they are there, and when they go.

use super::super::property::Properties;
use super::super::{Deletion, DeletionPolicy};
use crate::window::SnapshotWindow;

pub(super) struct Snapshots {
    pub(super) retention_days: u32,
    pub(super) window: Option<SnapshotWindow>,
    pub(super) keep: u32,
}

pub(super) fn snapshots(read: &mut Properties<'_>) -> Snapshots {
    Snapshots {
        retention_days: read.number("SnapshotRetentionLimit", 0..=35).unwrap_or(7),
        window: read.parsed("SnapshotWindow", str::parse),
        keep: read.number("SnapshotKeep", 0..=365).unwrap_or(7),
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
