//! The cron expressions of Secrets Manager: six fields, on the hour, in UTC (user guide, rotate-secrets_schedule).

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};

/// Hours of days.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Cron {
    hours: BTreeSet<i8>,
    days: Vec<Day>,
    months: BTreeSet<i8>,
}

/// One way in which a field names days.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Day {
    /// The day of this number in its month.
    OfMonth(i8),
    /// The last day of its month.
    Last,
    /// The day of this number in its week, which begins with Sunday, 1.
    OfWeek(i8),
    /// Such a day, and the one of this number in its month.
    Nth(i8, i8),
    /// Such a day, and the last one in its month.
    LastOfWeek(i8),
}

impl Cron {
    /// Reads what is between the parentheses; says what is wrong.
    pub(super) fn read(fields: &str) -> Result<Self, String> {
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let [minutes, hours, of_month, month, of_week, year] = fields.as_slice() else {
            return Err("there are six fields".to_owned());
        };
        if *minutes != "0" || *year != "*" {
            return Err("minutes are 0 and the year is *".to_owned());
        }
        let days = match (*of_month, *of_week) {
            ("?", "?") => None,
            ("?", of_week) => of_week.split(',').map(days_of_week).collect::<Option<Vec<_>>>(),
            (of_month, "?") => of_month.split(',').map(days_of_month).collect(),
            _ => return Err("one of the two kinds of days is ?".to_owned()),
        };
        let cron = Self {
            hours: numbers(hours, 0, 23, &[]).ok_or("hours are 0 to 23")?,
            days: days.ok_or("days are 1 to 31 or L, or 1 to 7 or SUN to SAT")?.concat(),
            months: numbers(month, 1, 12, &MONTHS).ok_or("months are 1 to 12 or JAN to DEC")?,
        };
        let hours = || cron.hours.iter();
        if hours().zip(hours().skip(1)).any(|(one, next)| next - one < HOURS_APART_MIN) {
            return Err(format!("rotations are {HOURS_APART_MIN} hours apart at least"));
        }
        Ok(cron)
    }

    /// The first time after this one. None, where no year has it.
    pub(super) fn after(&self, at: DateTime) -> Option<DateTime> {
        let days = at.date().series(1.day()).take(DAYS_MAX).filter(|it| self.has(*it));
        let mut times = days.flat_map(|day| self.hours.iter().map(move |it| day.at(*it, 0, 0, 0)));
        times.find(|it| at < *it)
    }

    /// The hours of a day on which a window opens.
    pub(super) fn hours(&self) -> &BTreeSet<i8> {
        &self.hours
    }

    fn has(&self, date: Date) -> bool {
        let day_of_week = date.weekday().to_sunday_one_offset();
        let is_last_week = date.days_in_month() < date.day() + 7;
        let is_it = |it: &Day| match *it {
            Day::OfMonth(day) => date.day() == day,
            Day::Last => date.day() == date.days_in_month(),
            Day::OfWeek(day) => day_of_week == day,
            Day::Nth(day, number) => day_of_week == day && (date.day() - 1) / 7 + 1 == number,
            Day::LastOfWeek(day) => day_of_week == day && is_last_week,
        };
        self.months.contains(&date.month()) && self.days.iter().any(is_it)
    }
}

/// No secret is rotated more often.
const HOURS_APART_MIN: i8 = 4;
/// Eight years may pass between two of the 29th of February.
const DAYS_MAX: usize = 9 * 366;
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

fn days_of_month(text: &str) -> Option<Vec<Day>> {
    if text == "L" {
        return Some(vec![Day::Last]);
    }
    Some(numbers(text, 1, 31, &[])?.into_iter().map(Day::OfMonth).collect())
}

fn days_of_week(text: &str) -> Option<Vec<Day>> {
    if let Some((day, number)) = text.split_once('#') {
        let number = number.parse().ok().filter(|it| (1..=5).contains(it))?;
        return Some(vec![Day::Nth(number_of(day, 1, 7, &DAYS)?, number)]);
    }
    match text.strip_suffix('L') {
        // The last day of the week.
        Some("") => Some(vec![Day::OfWeek(7)]),
        Some(day) => Some(vec![Day::LastOfWeek(number_of(day, 1, 7, &DAYS)?)]),
        None => Some(numbers(text, 1, 7, &DAYS)?.into_iter().map(Day::OfWeek).collect()),
    }
}

/// The numbers that a field names: `*`, `3`, `3-7`, `JAN`, each with `/2` behind it or not, and any of those with commas between them.
/// Without a number before it, `/2` begins with the first.
fn numbers(text: &str, first: i8, last: i8, names: &[&str]) -> Option<BTreeSet<i8>> {
    let mut all = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse().ok().filter(|it| 0 < *it)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => {
                (number_of(from, first, last, names)?, number_of(to, first, last, names)?)
            }
            None if range == "*" || range.is_empty() && step.is_some() => (first, last),
            None => {
                let from = number_of(range, first, last, names)?;
                // `4/12` goes on to the end, `4` alone does not.
                (from, if step.is_some() { last } else { from })
            }
        };
        if to < from {
            return None;
        }
        all.extend((from..=to).step_by(step.unwrap_or(1)));
    }
    Some(all)
}

fn number_of(text: &str, first: i8, last: i8, names: &[&str]) -> Option<i8> {
    let by_name = names.iter().zip(first..).find(|(it, _)| **it == text).map(|(_, it)| it);
    by_name.or_else(|| text.parse().ok()).filter(|it| (first..=last).contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next three times after noon of Thursday, the first of January 2026.
    #[track_caller]
    fn check(fields: &str, expected: [&str; 3]) {
        let cron = Cron::read(fields).unwrap();
        let mut at: DateTime = "2026-01-01T12:00:00".parse().unwrap();
        for expected in expected {
            at = cron.after(at).unwrap();
            assert_eq!(at.strftime("%a %F %H").to_string(), expected, "{fields}");
        }
    }

    #[test]
    fn hours_of_days_are_found() {
        check("0 12 * * ? *", ["Fri 2026-01-02 12", "Sat 2026-01-03 12", "Sun 2026-01-04 12"]);
        check("0 /8 * * ? *", ["Thu 2026-01-01 16", "Fri 2026-01-02 00", "Fri 2026-01-02 08"]);
        check("0 4/12 * * ? *", ["Thu 2026-01-01 16", "Fri 2026-01-02 04", "Fri 2026-01-02 16"]);
        check("0 1-23/11 * * ? *", ["Thu 2026-01-01 23", "Fri 2026-01-02 01", "Fri 2026-01-02 12"]);
        check("0 8 1 * ? *", ["Sun 2026-02-01 08", "Sun 2026-03-01 08", "Wed 2026-04-01 08"]);
        check("0 8 L * ? *", ["Sat 2026-01-31 08", "Sat 2026-02-28 08", "Tue 2026-03-31 08"]);
        check("0 16 1,15 * ? *", ["Thu 2026-01-01 16", "Thu 2026-01-15 16", "Sun 2026-02-01 16"]);
        check("0 0 10/10 FEB ? *", ["Tue 2026-02-10 00", "Fri 2026-02-20 00", "Wed 2027-02-10 00"]);
        check("0 0 29 2 ? *", ["Tue 2028-02-29 00", "Sun 2032-02-29 00", "Fri 2036-02-29 00"]);
        check("0 0 ? * MON-FRI *", ["Fri 2026-01-02 00", "Mon 2026-01-05 00", "Tue 2026-01-06 00"]);
        check("0 0 ? * 1,7 *", ["Sat 2026-01-03 00", "Sun 2026-01-04 00", "Sat 2026-01-10 00"]);
        check("0 0 ? * L *", ["Sat 2026-01-03 00", "Sat 2026-01-10 00", "Sat 2026-01-17 00"]);
        check("0 0 ? * 6L *", ["Fri 2026-01-30 00", "Fri 2026-02-27 00", "Fri 2026-03-27 00"]);
        check("0 0 ? 1/3 SUN#2 *", ["Sun 2026-01-11 00", "Sun 2026-04-12 00", "Sun 2026-07-12 00"]);
        check("0 0 ? * THU#5 *", ["Thu 2026-01-29 00", "Thu 2026-04-30 00", "Thu 2026-07-30 00"]);
    }

    #[test]
    fn what_no_window_can_be_made_of_is_refused() {
        for (fields, why) in [
            ("", "six fields"),
            ("0 0 * * ?", "six fields"),
            ("0 0 * * ? * *", "six fields"),
            ("30 0 * * ? *", "minutes are 0"),
            ("0 0 * * ? 2026", "the year is *"),
            ("0 24 * * ? *", "hours are"),
            ("0 -1 * * ? *", "hours are"),
            ("0 8/0 * * ? *", "hours are"),
            ("0 8-4 * * ? *", "hours are"),
            ("0 , * * ? *", "hours are"),
            ("0 * * * ? *", "4 hours apart"),
            ("0 0,3 * * ? *", "4 hours apart"),
            ("0 0 32 * ? *", "days are"),
            ("0 0 1L * ? *", "days are"),
            ("0 0 ? * ? *", "days are"),
            ("0 0 * * * *", "one of the two"),
            ("0 0 1 * MON *", "one of the two"),
            ("0 0 ? * 8 *", "days are"),
            ("0 0 ? * MON#6 *", "days are"),
            ("0 0 ? * #1 *", "days are"),
            ("0 0 ? * FRI-MON *", "days are"),
            ("0 0 1 13 ? *", "months are"),
            ("0 0 1 ? ? *", "months are"),
        ] {
            let told = Cron::read(fields).unwrap_err();
            assert!(told.contains(why), "{fields}: {told}");
        }
        let never = Cron::read("0 0 30 FEB ? *").unwrap();
        assert_eq!(never.after("2026-01-01T00:00:00".parse().unwrap()), None);
        assert!(Cron::read("0 0,4 * * ? *").is_ok());
        let end: DateTime = "9999-12-31T23:00:00".parse().unwrap();
        assert_eq!(Cron::read("0 0 * * ? *").unwrap().after(end), None, "time itself has an end");
    }
}
