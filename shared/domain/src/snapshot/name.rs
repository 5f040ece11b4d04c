//! The names of our snapshots: `<group>-<tier>-<yyyymmddhhmm>`, the minute being the schedule's.
//!
//! The name is the guard against a second snapshot for one tick of a schedule: AWS takes a name once, so a duplicate event or a run that was
//! resumed meets its own.

use jiff::civil::{DateTime, datetime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Tier;
use crate::owner::short_hash;
use crate::{GroupId, NameError, SnapshotName};

/// The most characters of a snapshot's name (facts 5.1).
const LEN_MAX: usize = 40;
/// `-monthly-202601020304`: the longest that follows the group.
const REST_LEN_MAX: usize = 21;
/// Eight digits and a hyphen before them.
const HASH_LEN: usize = 9;

/// The name of the snapshot of a group for a tick.
pub fn of(group: &GroupId, tier: Tier, tick: Timestamp) -> Result<SnapshotName, NameError> {
    SnapshotName::parse(&joined(&prefix(group), tier, minute(tick)))
}

/// Reads back what [`of`] wrote, if the name is one of this group.
pub fn read(group: &GroupId, name: &str) -> Option<(Tier, Timestamp)> {
    let (start, tier, tick) = split(name)?;
    (start == prefix(group)).then_some((tier, tick))
}

/// How the name of a snapshot of ours begins, its tier and its tick: whichever group it is of. No name of ours is left out, and no two are the
/// same.
pub(super) fn split(name: &str) -> Option<(&str, Tier, Timestamp)> {
    let (rest, digits) = name.rsplit_once('-')?;
    let (prefix, tier) = rest.rsplit_once('-')?;
    let tier = Tier::parse(tier)?;
    if digits.len() != 12 || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i8>().ok();
    let year = digits.get(..4)?.parse::<i16>().ok()?;
    let at =
        DateTime::new(year, number(4, 6)?, number(6, 8)?, number(8, 10)?, number(10, 12)?, 0, 0);
    let tick = at.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some((prefix, tier, tick))
}

/// The name that [`split`] took apart.
pub(super) fn joined(prefix: &str, tier: Tier, tick: Timestamp) -> String {
    let at = tick.to_zoned(TimeZone::UTC).datetime();
    format!(
        "{prefix}-{tier}-{:04}{:02}{:02}{:02}{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute()
    )
}

/// The start of the names of all snapshots of a group: its id, or what fits of it and a hash of it.
///
/// The room is that of the longest tier, so that all names of a group start alike.
pub fn prefix(group: &GroupId) -> String {
    let id = group.as_str();
    if id.len() <= LEN_MAX - REST_LEN_MAX {
        return id.to_owned();
    }
    let kept: String = id.chars().take(LEN_MAX - REST_LEN_MAX - HASH_LEN).collect();
    format!("{}-{}", kept.trim_end_matches('-'), short_hash(id))
}

/// The minute that a time is in, in the years that a name can write.
pub fn minute(at: Timestamp) -> Timestamp {
    let first = utc(datetime(1970, 1, 1, 0, 0, 0, 0));
    let last = utc(datetime(9998, 12, 31, 23, 59, 0, 0));
    let at = at.clamp(first, last);
    let over = SignedDuration::from_secs(at.as_second().rem_euclid(60));
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    whole.saturating_sub(over).unwrap_or(whole)
}

fn utc(at: DateTime) -> Timestamp {
    at.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |it| it.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn group(id: &str) -> GroupId {
        GroupId::parse(id).unwrap()
    }

    #[track_caller]
    fn check(id: &str, tier: Tier, at: &str, expected: &str) {
        let name = of(&group(id), tier, at.parse().unwrap()).unwrap();
        assert_eq!(name.as_str(), expected);
    }

    #[test]
    fn a_name_tells_group_tier_and_minute() {
        check("orders", Tier::Daily, "2026-01-02T03:04:59Z", "orders-daily-202601020304");
        check("orders", Tier::Monthly, "2026-12-31T23:59:00Z", "orders-monthly-202612312359");
    }

    #[test]
    fn a_long_group_is_cut_and_told_apart_by_a_hash() {
        let id = "transparent-trust-redis-production";
        let hash = short_hash(id);
        let expected = format!("transparen-{hash}-daily-202601020304");
        check(id, Tier::Daily, "2026-01-02T03:04:05Z", &expected);
        assert_ne!(prefix(&group(id)), prefix(&group("transparent-trust-redis-staging")));
    }

    #[test]
    fn a_name_of_another_shape_is_none_of_ours() {
        let orders = group("orders");
        for name in [
            "orders",
            "orders-daily",
            "orders-daily-2026",
            "orders-yearly-202601020304",
            "orders-daily-202613020304",
            "orders-daily-202601020304-x",
            "orders-eu-daily-202601020304",
            "orders-final-1a2b3c4d",
            "automatic.orders-2026-01-02-03-04",
            "other-daily-202601020304",
            "orders-daily-20260102030é",
        ] {
            assert_eq!(read(&orders, name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_legal_and_is_read_again(
            id in "[a-z](-?[a-z0-9]){0,19}",
            tier in 0..4_usize,
            second in 0..250_000_000_000_i64,
        ) {
            prop_assume!(id.len() <= 40);
            let tier = Tier::ALL[tier];
            let at = Timestamp::from_second(second).unwrap();
            let id = group(&id);
            let name = of(&id, tier, at).unwrap();
            prop_assert!(name.as_str().len() <= 40);
            prop_assert_eq!(read(&id, name.as_str()), Some((tier, minute(at))));
            prop_assert_eq!(&of(&id, tier, minute(at)).unwrap(), &name);
        }

        #[test]
        fn two_groups_never_share_a_name(one in "[a-z](-?[a-z0-9]){0,19}", other in "[a-z](-?[a-z0-9]){0,19}") {
            prop_assume!(one != other && one.len() <= 40 && other.len() <= 40);
            let at: Timestamp = "2026-01-02T03:04:00Z".parse().unwrap();
            let name = |id: &str| of(&group(id), Tier::Daily, at).unwrap();
            prop_assert_ne!(name(&one), name(&other));
        }

        #[test]
        fn a_minute_is_never_after_its_time(second in any::<i32>()) {
            let at = Timestamp::from_second(i64::from(second).abs()).unwrap();
            let minute = minute(at);
            prop_assert!(minute <= at && at.as_second() - minute.as_second() < 60);
            prop_assert_eq!(minute.as_second() % 60, 0);
        }
    }
}
