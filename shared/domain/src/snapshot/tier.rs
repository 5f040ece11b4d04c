//! How often snapshots of a kind are taken, by the calendar.

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How often snapshots of a kind are taken.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Tier {
    /// Every hour.
    Hourly,
    /// Every day.
    #[default]
    Daily,
    /// Every week, from Monday on.
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

    /// When the period began that a time is in, by the calendar of UTC.
    pub fn start(self, at: Timestamp) -> Timestamp {
        let whole = |seconds: i64, from: i64| {
            let second = (at.as_second() - from).div_euclid(seconds) * seconds + from;
            Timestamp::from_second(second).unwrap_or(at)
        };
        match self {
            Self::Hourly => whole(HOUR, 0),
            Self::Daily => whole(DAY, 0),
            Self::Weekly => whole(7 * DAY, A_MONDAY),
            Self::Monthly => {
                let first = at.to_zoned(TimeZone::UTC).date().first_of_month();
                first.to_zoned(TimeZone::UTC).map_or(at, |it| it.timestamp())
            }
        }
    }

    /// When the period begins that follows the one that a time is in.
    pub fn next(self, at: Timestamp) -> Timestamp {
        let start = self.start(at);
        // The first of a month and the longest of them is always in the next one.
        let within = start.saturating_add(self.period()).unwrap_or(Timestamp::MAX);
        self.start(within)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Tiers joined for a person: `hourly, daily and weekly`.
pub fn spoken(tiers: &[Tier]) -> String {
    match tiers {
        [] => "none".to_owned(),
        [only] => only.to_string(),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|it| it.as_str()).collect();
            format!("{} and {last}", first.join(", "))
        }
    }
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// The fifth of January 1970: the first day of that year was a Thursday.
const A_MONDAY: i64 = 4 * DAY;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(tier: Tier, at: &str, start: &str, next: &str) {
        let at: Timestamp = at.parse().unwrap();
        assert_eq!(
            (tier.start(at).to_string(), tier.next(at).to_string()),
            (start.to_owned(), next.to_owned())
        );
    }

    #[test]
    fn a_period_begins_by_the_calendar() {
        let at = "2026-01-02T03:04:05.6Z";
        check(Tier::Hourly, at, "2026-01-02T03:00:00Z", "2026-01-02T04:00:00Z");
        check(Tier::Daily, at, "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z");
        // A Friday, whose week began in the year before.
        check(Tier::Weekly, at, "2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z");
        check(Tier::Monthly, at, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        check(
            Tier::Monthly,
            "2024-02-29T23:59:59Z",
            "2024-02-01T00:00:00Z",
            "2024-03-01T00:00:00Z",
        );
        check(Tier::Weekly, "2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z");
        check(
            Tier::Monthly,
            "2026-12-31T00:00:00Z",
            "2026-12-01T00:00:00Z",
            "2027-01-01T00:00:00Z",
        );
    }

    #[test]
    fn the_ends_of_time_have_periods_too() {
        for tier in Tier::ALL {
            assert!(tier.start(Timestamp::MAX) <= Timestamp::MAX);
            assert!(tier.start(Timestamp::MIN) <= tier.next(Timestamp::MIN));
        }
    }

    #[test]
    fn tiers_are_spoken_in_a_row() {
        assert_eq!(spoken(&[]), "none");
        assert_eq!(spoken(&[Tier::Daily]), "daily");
        assert_eq!(spoken(&Tier::ALL), "hourly, daily, weekly and monthly");
    }

    proptest! {
        #[test]
        fn a_time_is_in_one_period_of_each_tier(second in -5_000_000_000_i64..50_000_000_000, tier in 0..4_usize) {
            let (at, tier) = (Timestamp::from_second(second).unwrap(), Tier::ALL[tier]);
            let (start, next) = (tier.start(at), tier.next(at));
            prop_assert!(start <= at && at < next);
            prop_assert_eq!(tier.start(start), start);
            prop_assert_eq!(tier.start(next), next);
            let long = next.duration_since(start);
            prop_assert!(long <= tier.period() && tier.period() < long + SignedDuration::from_hours(4 * 24));
        }
    }
}
