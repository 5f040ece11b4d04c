//! When a secret is to be rotated (facts 3.4).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::bad_parameter;
use crate::Refusal;
use crate::wire::json::set;

/// The rules of a rotation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// `AutomaticallyAfterDays`, if that is how they were given.
    pub days: Option<i64>,
    /// `ScheduleExpression`, if that is how.
    pub expression: Option<String>,
    /// The length of the window, such as `3h`.
    pub duration: Option<String>,
    every: SignedDuration,
}

impl Rules {
    pub(super) fn read(value: &Value) -> Result<Self, Refusal> {
        let days = value.get("AutomaticallyAfterDays").and_then(Value::as_i64);
        let text = |name| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let (expression, duration) = (text("ScheduleExpression"), text("Duration"));
        let hours = |it: &str| it.strip_suffix('h').is_some_and(|it| it.parse::<u8>().is_ok());
        if duration.as_deref().is_some_and(|it| !hours(it)) {
            return Err(bad_parameter("Duration must be a number of hours, such as 3h."));
        }
        let every = match (days, &expression) {
            (Some(_), Some(_)) => {
                return Err(bad_parameter(
                    "You can specify AutomaticallyAfterDays or ScheduleExpression, not both.",
                ));
            }
            (Some(days), None) if (1..=1000).contains(&days) => {
                SignedDuration::from_hours(24 * days)
            }
            (Some(_), None) => {
                return Err(bad_parameter("AutomaticallyAfterDays must be from 1 to 1000."));
            }
            (None, Some(expression)) => rate(expression)?,
            (None, None) => return Err(bad_parameter("RotationRules must say when to rotate.")),
        };
        Ok(Self { days, expression, duration, every })
    }

    /// The next time, where the value was changed last at this one.
    pub(super) fn after(&self, changed_at: Timestamp) -> Timestamp {
        changed_at.saturating_add(self.every).unwrap_or(Timestamp::MAX)
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

/// `rate(10 days)`. A `cron(…)` is refused: nothing here needs one, and a wrong guess at one would rotate at the wrong time.
fn rate(expression: &str) -> Result<SignedDuration, Refusal> {
    let inner = expression.strip_prefix("rate(").and_then(|it| it.strip_suffix(')'));
    let words: Vec<&str> = inner.unwrap_or_default().split(' ').collect();
    let every = match words.as_slice() {
        [number, unit] => number.parse::<i64>().ok().and_then(|number| match *unit {
            "hour" | "hours" => Some(number),
            "day" | "days" => number.checked_mul(24),
            _ => None,
        }),
        _ => None,
    };
    // The longest schedule in days is of 1000 of them (facts 3.4).
    let bounds = 4..=24_000;
    every.filter(|it| bounds.contains(it)).map(SignedDuration::from_hours).ok_or_else(|| {
        bad_parameter(format!(
            "{expression} is not a schedule that is modelled here: rate(N hours) or rate(N days), every 4 hours at most and every 1000 days at least"
        ))
    })
}
