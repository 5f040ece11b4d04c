//! How a minute is called.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The minutes of a day.
pub(crate) const DAY: i64 = 1440;

/// A minute by date and time (UTC), or by day and time where the minutes are counted from somewhere else than the epoch.
pub fn minute(at: i64, from: i64) -> String {
    let (hour, minute) = (at.rem_euclid(DAY) / 60, at.rem_euclid(60));
    format!("{} {hour:02}:{minute:02}", day(at, from))
}

/// The day of a minute, likewise.
pub fn day(at: i64, from: i64) -> String {
    let date = || {
        let stamp = Timestamp::from_second(at.checked_mul(60)?).ok()?;
        Some(TimeZone::UTC.to_datetime(stamp).date())
    };
    match date().filter(|_| EPOCHAL <= from) {
        Some(date) => date.to_string(),
        None => format!("day {}", at.div_euclid(DAY) - from.div_euclid(DAY) + 1),
    }
}

/// ElastiCache has been there since August 2011: what is earlier is not counted from the epoch.
const EPOCHAL: i64 = 21_800_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_since_the_epoch_has_a_date_and_another_one_a_day() {
        assert_eq!(minute(29_933_700, 29_933_000), "2026-11-30 07:00");
        assert_eq!(minute(2 * DAY + 65, 0), "day 3 01:05");
        // A trace that begins at noon is in its second day after midnight.
        assert_eq!(day(2 * DAY, DAY + 720), "day 2");
    }
}
