//! Retriers and catchers of a task.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

/// How often each retrier was used.
#[derive(Debug, Default)]
pub(super) struct Tried(BTreeMap<usize, u32>);

impl Tried {
    /// How long to wait before the next try, where there is one. `random` is a number below a million.
    pub(super) fn again(
        &mut self,
        retriers: Option<&Value>,
        error: &str,
        random: u64,
    ) -> Option<Duration> {
        let mut retriers = retriers?.as_array()?.iter().enumerate();
        let (index, retrier) = retriers.find(|(_, it)| is_about(it, error))?;
        let tries = self.0.entry(index).or_default();
        let number = |key: &str, otherwise: f64| {
            retrier.get(key).and_then(Value::as_f64).unwrap_or(otherwise)
        };
        let most = retrier.get("MaxAttempts").and_then(Value::as_u64).unwrap_or(3);
        if most <= u64::from(*tries) {
            return None;
        }
        let growth = number("BackoffRate", 2.0).powi(i32::try_from(*tries).unwrap_or(i32::MAX));
        *tries += 1;
        let mut pause =
            (number("IntervalSeconds", 1.0) * growth).min(number("MaxDelaySeconds", 1e8));
        if retrier.get("JitterStrategy").and_then(Value::as_str) == Some("FULL") {
            pause *= f64::from(u32::try_from(random).unwrap_or_default()) / 1e6;
        }
        Some(Duration::try_from_secs_f64(pause).unwrap_or(Duration::MAX))
    }
}

/// Where the first catcher that is about this error leads, and its `ResultPath`.
pub(super) fn caught<'a>(
    catchers: Option<&'a Value>,
    error: &str,
) -> Option<(String, Option<&'a Value>)> {
    let catcher = catchers?.as_array()?.iter().find(|it| is_about(it, error))?;
    Some((catcher.get("Next")?.as_str()?.to_owned(), catcher.get("ResultPath")))
}

fn is_about(rule: &Value, error: &str) -> bool {
    // `States.ALL` is not about what AWS finds wrong with the definition or the data.
    let beyond = ["States.DataLimitExceeded", "States.Runtime"].contains(&error);
    let all = |it: &Value| match it.as_str() {
        Some("States.ALL") => !beyond,
        Some("States.TaskFailed") => !beyond && error != "States.Timeout",
        other => other == Some(error),
    };
    rule.get("ErrorEquals").and_then(Value::as_array).is_some_and(|it| it.iter().any(all))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pauses_grow_and_come_to_an_end() {
        let retriers = json!([
            { "ErrorEquals": ["Busy"], "MaxAttempts": 0 },
            { "ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "BackoffRate": 2, "MaxAttempts": 2, "MaxDelaySeconds": 8 },
        ]);
        let mut tried = Tried::default();
        let mut again = |error| tried.again(Some(&retriers), error, 0).map(|it| it.as_secs());
        assert_eq!(again("Busy"), None);
        assert_eq!(again("Other"), Some(5));
        assert_eq!(again("Other"), Some(8));
        assert_eq!(again("Other"), None);
        assert_eq!(Tried::default().again(Some(&retriers), "States.Runtime", 0), None);
    }

    #[test]
    fn jitter_takes_a_part_of_the_pause() {
        let retriers = json!([{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 8, "JitterStrategy": "FULL" }]);
        let pause = Tried::default().again(Some(&retriers), "Other", 250_000);
        assert_eq!(pause, Some(Duration::from_secs(2)));
    }
}
