//! Whether the keys of a group went along to the one that takes its place: counted by the metrics of both.
//!
//! A snapshot that is whole, and a group that is as stated, say nothing of what was read from the one into the other. So the new group is
//! held against the old one as that was when the snapshot was taken, before anybody is told of it. Metrics have holes: where they tell
//! nothing, that is said, and nothing fails for it.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::Progress;
use crate::autoscale::{Load, Metric};
use crate::provision::fit;
use crate::{GroupView, Wait, WaitingOn};

/// How many keys a group has at the latest minute of these for which all of its shards tell.
pub fn counted(group: &GroupView, load: &Load, now: Timestamp) -> Option<u64> {
    fit::total(group, load, Metric::Items, now)
}

/// What the metrics of both groups say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Counts {
    /// The keys of the old group when the snapshot was taken.
    pub had: Option<u64>,
    /// Those of the new one now.
    pub has: Option<u64>,
}

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// They went along, as far as can be told.
    Pass,
    /// It cannot be told yet, since this time.
    Wait(Wait, Timestamp),
    /// They did not.
    Missing {
        /// The keys of the old group.
        had: u64,
        /// Those of the new one.
        has: u64,
    },
}

/// A metric comes each minute, and may be late by two.
pub const COUNTED_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// As often as there is anything new.
const RECHECK: SignedDuration = SignedDuration::from_mins(1);

impl Counts {
    /// Tells whether the keys went along. Those that expired on the way are not missed: half of them may.
    pub fn judge(self, progress: Progress, now: Timestamp) -> Verdict {
        let since = match progress {
            Progress::Unfinished => now,
            Progress::Counting(since) => since,
            // Clients may have been told of it, and have done with the keys what they like.
            Progress::Finished(_) => return Verdict::Pass,
        };
        // The first minutes may tell of a group that was still reading.
        let is_early = since.saturating_add(COUNTED_WITHIN).is_ok_and(|it| now < it);
        match (self.had, self.has) {
            (Some(0), _) => Verdict::Pass,
            (Some(had), Some(has)) if had.div_ceil(2) <= has => Verdict::Pass,
            _ if is_early => Verdict::Wait(Wait { on: WaitingOn::Keys, recheck: RECHECK }, since),
            (Some(had), Some(has)) => Verdict::Missing { had, has },
            (Some(_), None) | (None, _) => Verdict::Pass,
        }
    }
}

/// For whoever relies on it.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.had, self.has) {
            (Some(0), _) => f.write_str("which had no keys"),
            (Some(had), Some(has)) => {
                write!(f, "of whose {had} keys at the snapshot {has} were counted in this one")
            }
            (Some(_), None) | (None, _) => {
                f.write_str("whose keys were not counted in this one, as metrics were missing")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "2026-01-02T03:00:00Z";

    #[track_caller]
    fn check(had: Option<u64>, has: Option<u64>, minutes: i64, expected: &str) {
        let since: Timestamp = START.parse().unwrap();
        let now = since + SignedDuration::from_mins(minutes);
        let verdict = Counts { had, has }.judge(Progress::Counting(since), now);
        let said = match verdict {
            Verdict::Pass => "pass".to_owned(),
            Verdict::Wait(wait, at) => {
                assert_eq!((wait.on, at), (WaitingOn::Keys, since));
                "wait".to_owned()
            }
            Verdict::Missing { had, has } => format!("{has} of {had}"),
        };
        assert_eq!(said, expected, "{has:?} of {had:?} after {minutes}");
    }

    #[test]
    fn half_of_the_keys_may_have_expired_and_no_more() {
        check(Some(10), Some(10), 0, "pass");
        check(Some(10), Some(5), 0, "pass");
        check(Some(11), Some(5), 5, "5 of 11");
        check(Some(11), Some(6), 5, "pass");
        check(Some(10), Some(0), 5, "0 of 10");
        check(Some(1), Some(0), 5, "0 of 1");
        check(Some(10), Some(40), 0, "pass");
    }

    #[test]
    fn what_is_not_told_yet_is_waited_for_and_nothing_fails_for_want_of_it() {
        check(Some(10), None, 0, "wait");
        check(Some(10), Some(4), 4, "wait");
        check(Some(10), None, 4, "wait");
        check(Some(10), None, 5, "pass");
        check(None, Some(0), 0, "wait");
        check(None, Some(0), 5, "pass");
        check(None, None, 5, "pass");
        check(Some(0), None, 0, "pass");
    }

    #[test]
    fn nobody_is_told_of_a_group_before_it_is_counted_and_nothing_is_held_against_it_after() {
        let now: Timestamp = START.parse().unwrap();
        let lost = Counts { had: Some(10), has: Some(0) };
        let first = lost.judge(Progress::Unfinished, now);
        assert!(matches!(first, Verdict::Wait(_, since) if since == now), "{first:?}");
        assert_eq!(lost.judge(Progress::Finished(None), now), Verdict::Pass);
    }
}
