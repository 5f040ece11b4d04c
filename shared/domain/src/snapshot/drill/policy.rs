//! When the snapshots of a group have to be tried again: the value of its tag `cachewarden:drill-days`.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};

use super::{Undrillable, Verified};
use crate::snapshot::SnapshotView;
use crate::{GroupId, Tags, tag};

/// The most days between two drills.
pub const DAYS_MAX: u32 = 365;

/// How many days old the last drill that went well may be. Nothing, where none is asked for.
///
/// # Errors
///
/// The tag cannot be read.
pub fn days(tags: &Tags) -> Result<Option<NonZeroU32>, Undrillable> {
    let Some(value) = tags.get(tag::DRILL_DAYS) else { return Ok(None) };
    let days = value.trim().parse::<u32>().ok().filter(|it| *it <= DAYS_MAX);
    days.map(NonZeroU32::new).ok_or_else(|| Undrillable::BadDays { value: value.clone() })
}

/// The last drill that went well of all of ours of a group, and the snapshot that it tried.
pub fn last<'a>(
    group: &GroupId,
    owner: &str,
    snapshots: &'a [SnapshotView],
) -> Option<(&'a SnapshotView, Verified)> {
    let ours = snapshots.iter().filter(|it| it.is_ours(group, owner));
    let verified = ours.filter_map(|it| Some((it, it.verified()?)));
    verified.max_by_key(|(it, verified)| (verified.at, &it.name))
}

/// When the next drill is due, after the last one that went well.
pub fn due(days: NonZeroU32, last: Option<Verified>) -> Timestamp {
    let hours = SignedDuration::from_hours(i64::from(days.get()) * 24);
    let next = |it: Verified| it.at.saturating_add(hours).unwrap_or(Timestamp::MAX);
    last.map_or(Timestamp::MIN, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{owner, sample};

    fn tags(days: &str) -> Tags {
        Tags::from([(tag::DRILL_DAYS.to_owned(), days.to_owned())])
    }

    #[test]
    fn days_are_a_number_and_nothing_else() {
        assert_eq!(days(&tags("7")), Ok(NonZeroU32::new(7)));
        assert_eq!(days(&tags("0")), Ok(None));
        assert_eq!(days(&Tags::new()), Ok(None));
        for bad in ["", "-1", "weekly", "366", "7.5"] {
            let said = days(&tags(bad)).unwrap_err().to_string();
            let expected = format!(
                "the tag cachewarden:drill-days says \"{bad}\", which is not a whole number from 0 to 365; put it right to have drills"
            );
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn the_next_is_due_so_many_days_after_the_last_that_went_well() {
        let group = GroupId::parse("orders").unwrap();
        let owner = owner(&group, &sample::policy());
        let verified = |tick: &str, at: &str| {
            let took = SignedDuration::from_secs(600);
            let mark = Verified { at: at.parse().unwrap(), keys: 7, took, is_compared: true };
            let mut it = sample::snapshot("orders", tick);
            it.tags.as_mut().unwrap().extend(mark.tags());
            it
        };
        let all = [
            // The one that was tried last counts, whichever is the newest.
            verified("2026-01-01T03:00:00Z", "2026-01-09T06:00:00Z"),
            verified("2026-01-02T03:00:00Z", "2026-01-08T06:00:00Z"),
            sample::snapshot("orders", "2026-01-12T03:00:00Z"),
        ];
        let (snapshot, mark) = last(&group, &owner, &all).unwrap();
        assert_eq!(snapshot.name, "orders-daily-202601010300");
        let week = NonZeroU32::new(7).unwrap();
        assert_eq!(due(week, Some(mark)).to_string(), "2026-01-16T06:00:00Z");
        assert_eq!(last(&group, "another", &all), None);
        assert_eq!(due(week, None), Timestamp::MIN);
    }
}
