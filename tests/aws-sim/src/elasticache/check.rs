//! What ElastiCache checks in what it is sent.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

use crate::{Refusal, Settings};

/// A value that is not allowed.
pub(super) fn bad_value(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameterValue", message)
}

/// Values that do not go together.
pub(super) fn bad_combination(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameterCombination", message)
}

/// An id of a group or snapshot (facts 1.5, 5.1), as it is stored.
pub(super) fn id(parameter: &str, text: &str) -> Result<String, Refusal> {
    identifier(parameter, text, 40)
}

/// An id of a cluster. It may be longer, as those of members are.
pub(super) fn cluster_id(parameter: &str, text: &str) -> Result<String, Refusal> {
    identifier(parameter, text, 50)
}

fn identifier(parameter: &str, text: &str, longest: usize) -> Result<String, Refusal> {
    let legal = (1..=longest).contains(&text.len())
        && text.starts_with(|it: char| it.is_ascii_alphabetic())
        && text.chars().all(|it| it.is_ascii_alphanumeric() || it == '-')
        && !text.ends_with('-')
        && !text.contains("--");
    if legal {
        return Ok(text.to_ascii_lowercase());
    }
    Err(bad_value(format!(
        "The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )))
}

/// A token (facts 2.1).
pub(super) fn token(text: &str, needs_three_classes: bool) -> Result<(), Refusal> {
    let legal = (16..=128).contains(&text.len())
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || b"!&#$^<>-".contains(&it));
    let has = |class: fn(&u8) -> bool| u8::from(text.as_bytes().iter().any(class));
    let classes = has(u8::is_ascii_lowercase)
        + has(u8::is_ascii_uppercase)
        + has(u8::is_ascii_digit)
        + has(u8::is_ascii_punctuation);
    if legal && (!needs_three_classes || 3 <= classes) {
        return Ok(());
    }
    Err(bad_value("Invalid AuthToken provided."))
}

/// A topic that a group may tell: of its own region and account (facts 8.2).
pub(super) fn topic(settings: &Settings, arn: &str) -> Result<(), Refusal> {
    let start = format!("arn:aws:sns:{}:{}:", settings.region, settings.account);
    if arn.strip_prefix(&start).is_some_and(|it| !it.is_empty() && !it.contains(':')) {
        return Ok(());
    }
    Err(bad_value(format!("Invalid topic ARN: {arn}")))
}

/// A daily window, `hh:mm-hh:mm` in UTC and an hour at least (facts 5.3): minutes of the day.
pub(super) fn daily_window(parameter: &str, text: &str) -> Result<(u32, u32), Refusal> {
    let wrong = || {
        bad_value(format!(
            "Invalid value {text} for {parameter}: must be in the format hh24:mi-hh24:mi and at least 60 minutes"
        ))
    };
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let (from, to) = (minute_of_day(from).ok_or_else(wrong)?, minute_of_day(to).ok_or_else(wrong)?);
    if (to + 1440 - from) % 1440 < 60 {
        return Err(wrong());
    }
    Ok((from, to))
}

/// A weekly window, `ddd:hh:mm-ddd:hh:mm`: minutes of the week, from Sunday.
pub(super) fn weekly_window(text: &str) -> Result<(u32, u32), Refusal> {
    let wrong = || {
        bad_value(format!(
            "Invalid value {text} for PreferredMaintenanceWindow: must be in the format ddd:hh24:mi-ddd:hh24:mi and at least 60 minutes"
        ))
    };
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let minute = |side: &str| {
        let (day, time) = side.split_once(':')?;
        let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
        let day = days.iter().position(|it| day.eq_ignore_ascii_case(it))?;
        Some(u32::try_from(day).ok()? * 1440 + minute_of_day(time)?)
    };
    let (from, to) = (minute(from).ok_or_else(wrong)?, minute(to).ok_or_else(wrong)?);
    if (to + 10_080 - from) % 10_080 < 60 {
        return Err(wrong());
    }
    Ok((from, to))
}

/// Whether a daily and a weekly window meet.
pub(super) fn windows_meet(daily: (u32, u32), weekly: (u32, u32)) -> bool {
    let length = |(from, to): (u32, u32), round: u32| (to + round - from) % round;
    let (day, week) = (length(daily, 1440), length(weekly, 10_080));
    (0..7).any(|it| {
        let from = daily.0 + it * 1440;
        let ahead = (weekly.0 + 10_080 - from) % 10_080;
        let behind = (from + 10_080 - weekly.0) % 10_080;
        ahead < day || behind < week
    })
}

fn minute_of_day(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let two = |it: &str| (it.len() == 2).then(|| it.parse::<u32>().ok()).flatten();
    let (hour, minute) = (two(hour)?, two(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// When a minute of the day comes next, after now.
pub(super) fn next_minute_of_day(now: Timestamp, minute: u32) -> Timestamp {
    let midnight = now.to_zoned(TimeZone::UTC).date().at(0, 0, 0, 0);
    at_or_later(now, midnight, minute, SignedDuration::from_hours(24))
}

/// When a minute of the week comes next, after now.
pub(super) fn next_minute_of_week(now: Timestamp, minute: u32) -> Timestamp {
    let today = now.to_zoned(TimeZone::UTC).date();
    let since_sunday = i64::from(today.weekday().to_sunday_zero_offset());
    let sunday = today.at(0, 0, 0, 0).saturating_sub(SignedDuration::from_hours(24 * since_sunday));
    at_or_later(now, sunday, minute, SignedDuration::from_hours(24 * 7))
}

fn at_or_later(
    now: Timestamp,
    from: civil::DateTime,
    minute: u32,
    round: SignedDuration,
) -> Timestamp {
    let from = from.to_zoned(TimeZone::UTC).map_or(now, |it| it.timestamp());
    let at = from.saturating_add(SignedDuration::from_mins(minute.into())).unwrap_or(now);
    if now < at { at } else { at.saturating_add(round).unwrap_or(now) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked_and_lowered() {
        assert_eq!(id("X", "Orders-1").unwrap(), "orders-1");
        for bad in ["", "1a", "a--b", "a-", "a_b", &"a".repeat(41)] {
            assert_eq!(id("X", bad).unwrap_err().code, "InvalidParameterValue", "{bad}");
        }
    }

    #[test]
    fn tokens_have_their_alphabet() {
        assert!(token("abcdefghijklmno!", false).is_ok());
        assert!(token("abcdefghijklmno!", true).is_err());
        assert!(token("abcdefghijklmn1!", true).is_ok());
        for bad in ["short", "abcdefghijklmno@", "abcdefghijklmno ", &"a".repeat(129)] {
            assert!(token(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn windows_are_read_and_compared() {
        let daily = daily_window("SnapshotWindow", "05:00-06:00").unwrap();
        assert!(daily_window("SnapshotWindow", "05:00-05:30").is_err());
        assert!(daily_window("SnapshotWindow", "5:00-6:00").is_err());
        assert!(windows_meet(daily, weekly_window("sun:05:30-sun:06:30").unwrap()));
        assert!(windows_meet(daily, weekly_window("sun:04:30-sun:05:30").unwrap()));
        assert!(!windows_meet(daily, weekly_window("sun:06:00-sun:07:00").unwrap()));
        assert!(weekly_window("xxx:06:00-sun:07:00").is_err());
    }

    #[test]
    fn windows_come_around() {
        // A Thursday.
        let now: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        assert_eq!(next_minute_of_day(now, 13 * 60).to_string(), "2026-01-01T13:00:00Z");
        assert_eq!(next_minute_of_day(now, 11 * 60).to_string(), "2026-01-02T11:00:00Z");
        assert_eq!(next_minute_of_week(now, 60).to_string(), "2026-01-04T01:00:00Z");
        assert_eq!(next_minute_of_week(now, 4 * 1440 + 60).to_string(), "2026-01-08T01:00:00Z");
    }
}
