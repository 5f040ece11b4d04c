//! Daily snapshot windows and weekly maintenance windows, UTC.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

/// Why a window is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WindowError {
    /// Not the form of a daily window.
    #[error("\"{0}\" is not a daily window such as 03:00-05:00 (UTC)")]
    Daily(String),
    /// Not the form of a weekly window.
    #[error("\"{0}\" is not a weekly window such as sun:05:00-sun:07:00 (UTC)")]
    Weekly(String),
    /// Shorter than an hour.
    #[error("the window {0} lasts {1} minutes, ElastiCache asks for 60 at least")]
    Short(String, u32),
}

/// When automatic snapshots are taken: `hh:mm-hh:mm`, an hour at least (facts 5.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SnapshotWindow(String);

/// When AWS may maintain the nodes: `ddd:hh:mm-ddd:hh:mm`, an hour at least.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MaintenanceWindow(String);

const DAY_MINUTES: u32 = 24 * 60;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn minute_of_day(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    // A number may have a sign, a time of day has none.
    let is_two_digits = |it: &str| it.len() == 2 && it.bytes().all(|it| it.is_ascii_digit());
    if !is_two_digits(hour) || !is_two_digits(minute) {
        return None;
    }
    let (hour, minute) = (hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn minute_of_week(text: &str) -> Option<u32> {
    let (day, time) = text.split_once(':')?;
    let day = DAYS.iter().position(|it| *it == day)?;
    Some(u32::try_from(day).ok()? * DAY_MINUTES + minute_of_day(time)?)
}

/// The minutes from the start to the end of a window, around the end of the cycle where need be.
fn minutes(start: u32, end: u32, cycle: u32) -> u32 {
    (end + cycle - start) % cycle
}

impl FromStr for SnapshotWindow {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let text = text.to_ascii_lowercase();
        let times = text
            .split_once('-')
            .and_then(|(start, end)| Some((minute_of_day(start)?, minute_of_day(end)?)));
        let Some((start, end)) = times else { return Err(WindowError::Daily(text)) };
        match minutes(start, end, DAY_MINUTES) {
            length if length < 60 => Err(WindowError::Short(text, length)),
            _ => Ok(Self(text)),
        }
    }
}

impl FromStr for MaintenanceWindow {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let text = text.to_ascii_lowercase();
        let times = text
            .split_once('-')
            .and_then(|(start, end)| Some((minute_of_week(start)?, minute_of_week(end)?)));
        let Some((start, end)) = times else { return Err(WindowError::Weekly(text)) };
        match minutes(start, end, 7 * DAY_MINUTES) {
            length if length < 60 => Err(WindowError::Short(text, length)),
            _ => Ok(Self(text)),
        }
    }
}

impl SnapshotWindow {
    /// Whether this time is in it, or so many minutes before it or behind it.
    pub fn is_near(&self, time: Timestamp, margin: u32) -> bool {
        let of = self.0.split_once('-');
        let of = of.and_then(|(from, to)| Some((minute_of_day(from)?, minute_of_day(to)?)));
        let now = minute_since(0, time, DAY_MINUTES);
        of.is_some_and(|(from, to)| is_within(now, (from, to), margin, DAY_MINUTES))
    }

    /// The window as the API takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MaintenanceWindow {
    /// Whether some minute of some day is in this window and in a daily one.
    pub fn overlaps(&self, daily: &SnapshotWindow) -> bool {
        const WEEK: u32 = 7 * DAY_MINUTES;
        let week = self.0.split_once('-');
        let day = daily.0.split_once('-');
        let week = week.and_then(|(from, to)| Some((minute_of_week(from)?, minute_of_week(to)?)));
        let day = day.and_then(|(from, to)| Some((minute_of_day(from)?, minute_of_day(to)?)));
        let (Some((from, to)), Some((start, end))) = (week, day) else { return false };
        let (long, short) = (minutes(from, to, WEEK), minutes(start, end, DAY_MINUTES));
        // The one begins within the other, on one of the days.
        (0..7)
            .map(|it| it * DAY_MINUTES + start)
            .any(|start| minutes(from, start, WEEK) < long || minutes(start, from, WEEK) < short)
    }

    /// Whether this time is in it, or so many minutes before it or behind it.
    pub fn is_near(&self, time: Timestamp, margin: u32) -> bool {
        let of = self.0.split_once('-');
        let of = of.and_then(|(from, to)| Some((minute_of_week(from)?, minute_of_week(to)?)));
        let now = minute_since(FIRST_MONDAY, time, 7 * DAY_MINUTES);
        of.is_some_and(|(from, to)| is_within(now, (from, to), margin, 7 * DAY_MINUTES))
    }

    /// The window as the API takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 5 January 1970, in minutes.
const FIRST_MONDAY: i64 = 4 * 24 * 60;

/// Which minute of its day or week it is, of cycles of which one began at a minute from the epoch.
fn minute_since(began: i64, time: Timestamp, cycle: u32) -> u32 {
    let minute = time.as_second().div_euclid(60) - began;
    u32::try_from(minute.rem_euclid(i64::from(cycle))).unwrap_or_default()
}

fn is_within(now: u32, (from, to): (u32, u32), margin: u32, cycle: u32) -> bool {
    let length = minutes(from, to, cycle);
    // As seen from where the margin before it begins.
    (now + margin + cycle - from) % cycle < length + 2 * margin
}

impl fmt::Display for SnapshotWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MaintenanceWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daily_window_may_cross_midnight() {
        assert!("23:30-00:30".parse::<SnapshotWindow>().is_ok());
        assert!("03:00-03:30".parse::<SnapshotWindow>().is_err());
        assert!("3:00-05:00".parse::<SnapshotWindow>().is_err());
        assert!("+3:00-05:00".parse::<SnapshotWindow>().is_err());
    }

    #[test]
    fn a_weekly_window_may_cross_sunday() {
        assert!("sun:23:30-mon:00:30".parse::<MaintenanceWindow>().is_ok());
        let short = "sun:05:00-sun:05:30".parse::<MaintenanceWindow>().unwrap_err();
        assert!(short.to_string().contains("lasts 30 minutes"));
        assert!("sunday:05:00-sun:07:00".parse::<MaintenanceWindow>().is_err());
    }

    #[test]
    fn a_time_is_near_a_window_around_midnight_and_the_end_of_the_week() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let daily: SnapshotWindow = "23:30-00:30".parse().unwrap();
        let weekly: MaintenanceWindow = "sun:23:30-mon:00:30".parse().unwrap();
        // The second is a Monday.
        for (text, of_day, of_week, with_margin) in [
            ("2026-01-05T00:29:00Z", true, true, true),
            ("2026-01-05T00:30:00Z", false, false, true),
            ("2026-01-05T00:59:00Z", false, false, true),
            ("2026-01-05T01:00:00Z", false, false, false),
            ("2026-01-06T00:29:00Z", true, false, false),
            ("2026-01-04T23:30:00Z", true, true, true),
            ("2026-01-04T23:00:00Z", false, false, true),
            ("2026-01-04T22:59:00Z", false, false, false),
        ] {
            assert_eq!(daily.is_near(at(text), 0), of_day, "{text}");
            assert_eq!(weekly.is_near(at(text), 0), of_week, "{text}");
            assert_eq!(weekly.is_near(at(text), 30), with_margin, "{text}");
        }
    }
}
