//! When a secret is to be rotated (facts 3.4; user guide, rotate-secrets_schedule).

mod cron;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::bad_parameter;
use crate::Refusal;
use crate::wire::json::set;
use cron::Cron;

/// The rules of a rotation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// `AutomaticallyAfterDays`, as they were given, or as they were counted after the last rotation.
    pub days: Option<i64>,
    /// `ScheduleExpression`, if that is how.
    pub expression: Option<String>,
    /// The length of the window, such as `3h`.
    pub duration: Option<String>,
    when: When,
    window: SignedDuration,
}

/// The time in which a rotation is to begin. In this world it begins when that opens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Window {
    /// Its first moment.
    pub opens: Timestamp,
    /// Its end.
    pub closes: Timestamp,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum When {
    /// So long after the value was changed last, whoever changed it.
    Since(SignedDuration),
    /// So often, counted from the midnight before the last rotation.
    Every(SignedDuration),
    At(Cron),
}

impl Rules {
    pub(super) fn read(value: &Value, now: Timestamp) -> Result<Self, Refusal> {
        let days = value.get("AutomaticallyAfterDays").and_then(Value::as_i64);
        let text = |name| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let (expression, duration) = (text("ScheduleExpression"), text("Duration"));
        let when = match (days, &expression) {
            (Some(_), Some(_)) => {
                return Err(bad_parameter(
                    "You can specify AutomaticallyAfterDays or ScheduleExpression, not both.",
                ));
            }
            (Some(days), None) if (1..=1000).contains(&days) => {
                When::Since(SignedDuration::from_hours(24 * days))
            }
            (Some(_), None) => {
                return Err(bad_parameter("AutomaticallyAfterDays must be from 1 to 1000."));
            }
            (None, Some(expression)) => schedule(expression)?,
            (None, None) => return Err(bad_parameter("RotationRules must say when to rotate.")),
        };
        let window = match duration.as_deref() {
            Some(duration) => fitting(hours(duration)?, &when)?,
            None => when.usual_window(expression.as_deref().unwrap_or_default()),
        };
        let rules = Self { days, expression, duration, when, window };
        if rules.after(now).is_none() {
            return Err(bad_parameter("The schedule never comes."));
        }
        Ok(rules)
    }

    /// Whether a value that somebody writes by hand counts as a rotation.
    pub(super) fn counts_from_value(&self) -> bool {
        matches!(self.when, When::Since(_))
    }

    /// The next window, where the last rotation, or what counts as one, was at this time.
    pub(super) fn after(&self, last: Timestamp) -> Option<Window> {
        let civil = TimeZone::UTC.to_datetime(last);
        let midnight = || TimeZone::UTC.to_timestamp(civil.date().at(0, 0, 0, 0)).ok();
        let opens = match &self.when {
            When::Since(span) => last.saturating_add(*span).ok()?,
            When::Every(span) => {
                let midnight = midnight()?;
                let passed = last.duration_since(midnight).as_secs();
                let times = i32::try_from(passed / span.as_secs() + 1).ok()?;
                midnight.saturating_add(span.checked_mul(times)?).ok()?
            }
            When::At(cron) => TimeZone::UTC.to_timestamp(cron.after(civil)?).ok()?,
        };
        Some(Window { opens, closes: opens.saturating_add(self.window).ok()? })
    }

    /// A rotation has ended well: the days until the next one show, whatever the schedule is stated in.
    pub(super) fn rotated(&mut self, now: Timestamp) {
        if self.counts_from_value() {
            return;
        }
        let Some(next) = self.after(now) else { return };
        // The field holds 1 to 1000.
        self.days = Some((next.opens.duration_since(now).as_hours() / 24).clamp(1, 1000));
    }

    pub(super) fn shown(&self) -> Value {
        let mut shown = json!({});
        if let Some(days) = self.days {
            set(&mut shown, "AutomaticallyAfterDays", json!(days));
        }
        if let Some(expression) = &self.expression {
            set(&mut shown, "ScheduleExpression", json!(expression));
        }
        if let Some(duration) = &self.duration {
            set(&mut shown, "Duration", json!(duration));
        }
        shown
    }
}

impl When {
    /// A schedule in hours has windows of one hour, one in days such that end with the day.
    fn usual_window(&self, expression: &str) -> SignedDuration {
        let day = 24;
        SignedDuration::from_hours(match self {
            // There is no window: only the day counts from when.
            Self::Since(_) => 0,
            Self::Every(_) if expression.contains("hour") => 1,
            Self::Every(_) => day,
            Self::At(cron) => match cron.hours().first() {
                Some(opens) if cron.hours().len() == 1 => day - i64::from(*opens),
                Some(_) | None => 1,
            },
        })
    }

    /// The longest window that ends with its day and before the next one opens, in hours.
    fn longest_window(&self) -> i64 {
        let day = 24;
        match self {
            Self::Since(_) => day,
            Self::Every(span) => span.as_hours().min(day),
            Self::At(cron) => {
                let opens = || cron.hours().iter().map(|it| i64::from(*it));
                let ends = opens().skip(1).chain([day]);
                opens().zip(ends).map(|(opens, ends)| ends - opens).min().unwrap_or(day)
            }
        }
    }
}

/// `3h` as a number of hours.
fn hours(duration: &str) -> Result<i64, Refusal> {
    let hours = duration.strip_suffix('h').filter(|it| it.chars().all(|it| it.is_ascii_digit()));
    let hours = hours.filter(|it| it.len() <= 2).and_then(|it| it.parse().ok());
    hours.filter(|it| 0 < *it).ok_or_else(|| {
        bad_parameter(format!("Duration {duration} must be a number of hours, such as 3h."))
    })
}

fn fitting(hours: i64, when: &When) -> Result<SignedDuration, Refusal> {
    let longest = when.longest_window();
    if hours <= longest {
        return Ok(SignedDuration::from_hours(hours));
    }
    Err(bad_parameter(format!(
        "The rotation window of {hours} hours must not extend into the next UTC day or the next rotation window: it has {longest} hours at most."
    )))
}

/// `rate(10 days)` or `cron(0 8 1 * ? *)`.
fn schedule(expression: &str) -> Result<When, Refusal> {
    let inner = |kind: &str| expression.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
    let read = match (inner("rate"), inner("cron")) {
        (Some(rate), _) => every(rate).map(When::Every),
        (None, Some(cron)) => Cron::read(cron).map(When::At),
        (None, None) => Err("it is neither rate(…) nor cron(…)".to_owned()),
    };
    read.map_err(|why| bad_parameter(format!("Invalid ScheduleExpression {expression}: {why}.")))
}

/// Every four hours at most, and every 999 days at least.
fn every(rate: &str) -> Result<SignedDuration, String> {
    let words: Vec<&str> = rate.split(' ').collect();
    let hours = match words.as_slice() {
        [number, "hour" | "hours"] => number.parse::<i64>().ok(),
        [number, "day" | "days"] => number.parse::<i64>().ok().and_then(|it| it.checked_mul(24)),
        _ => None,
    };
    let hours = hours.filter(|it| (4..=999 * 24).contains(it));
    hours
        .map(SignedDuration::from_hours)
        .ok_or_else(|| "a rate is of 4 hours to 999 days".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rules: Value) -> Result<Rules, Refusal> {
        Rules::read(&rules, "2026-01-01T12:30:00Z".parse().unwrap())
    }

    /// The windows that follow a rotation on Thursday at half past twelve.
    #[track_caller]
    fn check(expression: &str, duration: Option<&str>, opens: &str, closes: &str) {
        let mut rules = json!({ "ScheduleExpression": expression });
        if let Some(duration) = duration {
            rules["Duration"] = json!(duration);
        }
        let window = read(rules).unwrap().after("2026-01-01T12:30:00Z".parse().unwrap()).unwrap();
        let shown = (window.opens.to_string(), window.closes.to_string());
        assert_eq!(shown, (opens.to_owned(), closes.to_owned()), "{expression}");
    }

    #[test]
    fn windows_open_on_the_hour_and_close_with_the_day_or_when_it_is_said() {
        let day = "rate(10 days)";
        check(day, None, "2026-01-11T00:00:00Z", "2026-01-12T00:00:00Z");
        check(day, Some("3h"), "2026-01-11T00:00:00Z", "2026-01-11T03:00:00Z");
        check("rate(1 day)", None, "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z");
        check("rate(4 hours)", None, "2026-01-01T16:00:00Z", "2026-01-01T17:00:00Z");
        check("rate(4 hours)", Some("4h"), "2026-01-01T16:00:00Z", "2026-01-01T20:00:00Z");
        check("rate(36 hours)", None, "2026-01-02T12:00:00Z", "2026-01-02T13:00:00Z");
        let monthly = "cron(0 8 1 * ? *)";
        check(monthly, None, "2026-02-01T08:00:00Z", "2026-02-02T00:00:00Z");
        check(monthly, Some("16h"), "2026-02-01T08:00:00Z", "2026-02-02T00:00:00Z");
        let twice = "cron(0 4/12 * * ? *)";
        check(twice, None, "2026-01-01T16:00:00Z", "2026-01-01T17:00:00Z");
        check(twice, Some("8h"), "2026-01-01T16:00:00Z", "2026-01-02T00:00:00Z");
    }

    #[test]
    fn rules_that_contradict_themselves_are_refused() {
        let days = |days: i64| json!({ "AutomaticallyAfterDays": days });
        let on = |it: &str| json!({ "ScheduleExpression": it });
        let within =
            |it: &str, duration: &str| json!({ "ScheduleExpression": it, "Duration": duration });
        let both = json!({ "AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)" });
        for (rules, why) in [
            (json!({}), "must say when"),
            (json!({ "Duration": "3h" }), "must say when"),
            (both, "not both"),
            (days(0), "from 1 to 1000"),
            (days(1001), "from 1 to 1000"),
            (on("rate(3 hours)"), "4 hours to 999 days"),
            (on("rate(1000 days)"), "4 hours to 999 days"),
            (on("rate(9223372036854775807 days)"), "4 hours to 999 days"),
            (on("rate(1 week)"), "4 hours to 999 days"),
            (on("rate 1 day"), "neither rate"),
            (on("cron(0 8 1 * *)"), "six fields"),
            (on("cron(0 8 30 FEB ? *)"), "never comes"),
            (within("rate(1 day)", "25h"), "24 hours at most"),
            (within("rate(4 hours)", "5h"), "4 hours at most"),
            (within("cron(0 8 1 * ? *)", "17h"), "16 hours at most"),
            (within("cron(0 4/12 * * ? *)", "9h"), "8 hours at most"),
            (within("rate(1 day)", "0h"), "number of hours"),
            (within("rate(1 day)", "3"), "number of hours"),
            (within("rate(1 day)", "+3h"), "number of hours"),
            (within("rate(1 day)", "100h"), "number of hours"),
        ] {
            let shown = rules.to_string();
            let refusal = read(rules).unwrap_err();
            assert_eq!(refusal.code, "InvalidParameterException");
            assert!(refusal.message.contains(why), "{shown}: {}", refusal.message);
        }
        assert!(read(json!({ "AutomaticallyAfterDays": 1000, "Duration": "24h" })).is_ok());
        assert!(read(on("rate(999 days)")).is_ok());
    }
}
