//! When the token is rotated.

use super::super::property::Properties;

/// `rate(10 days)` or `cron(0 8 1 * ? *)`, in place of `RotationDays`.
pub(super) fn schedule(read: &mut Properties<'_>) -> Option<String> {
    const NAME: &str = "RotationSchedule";
    let text = read.text(NAME)?;
    if read.text("RotationDays").is_some() {
        read.problems.add(
            NAME,
            "is stated, and so is RotationDays: a secret has one schedule; leave one of them out",
        );
    }
    if let Err(rule) = checked(&text) {
        let text: String = text.chars().take(100).collect();
        read.problems.add(NAME, format!("\"{text}\" {rule}"));
        return None;
    }
    Some(text)
}

/// Secrets Manager rotates every four hours at most (facts 3.4).
const HOURS_APART_MIN: u32 = 4;

fn checked(text: &str) -> Result<(), String> {
    let inner = |kind: &str| text.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
    match (inner("rate"), inner("cron")) {
        (Some(rate), _) => every(rate),
        (None, Some(cron)) => at(cron),
        (None, None) => Err("is neither rate(10 days) nor cron(0 8 1 * ? *)".to_owned()),
    }
}

fn every(rate: &str) -> Result<(), String> {
    let hours = match rate.split(' ').collect::<Vec<_>>().as_slice() {
        [number, "hour" | "hours"] => number.parse::<u32>().ok(),
        [number, "day" | "days"] => number.parse::<u32>().ok().and_then(|it| it.checked_mul(24)),
        _ => None,
    };
    let is_legal = hours.is_some_and(|it| (HOURS_APART_MIN..=999 * 24).contains(&it));
    is_legal.then_some(()).ok_or_else(|| {
        format!("is no rate of {HOURS_APART_MIN} hours to 999 days, such as rate(12 hours)")
    })
}

/// The days are Secrets Manager's to judge; what it never takes is known.
fn at(cron: &str) -> Result<(), String> {
    let fields: Vec<&str> = cron.split_ascii_whitespace().collect();
    let [minutes, hours, of_month, _, of_week, year] = fields.as_slice() else {
        return Err("does not have the six fields of a cron expression".to_owned());
    };
    if (*minutes, *year) != ("0", "*") {
        return Err("does not have 0 for the minutes and * for the year".to_owned());
    }
    if (*of_month == "?") == (*of_week == "?") {
        return Err("does not have ? for one of the two kinds of days".to_owned());
    }
    let hours = numbers(hours).ok_or("does not have hours from 0 to 23")?;
    let is_often =
        hours.iter().zip(hours.iter().skip(1)).any(|(one, next)| next - one < HOURS_APART_MIN);
    if is_often {
        return Err(format!("has hours that are less than {HOURS_APART_MIN} apart"));
    }
    Ok(())
}

/// The hours that `8`, `0,12`, `8-20`, `*` or `0/6` name, in their order.
fn numbers(field: &str) -> Option<Vec<u32>> {
    let mut hours = Vec::new();
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|it| 0 < *it)?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
            None if range == "*" => (0, 23),
            None => {
                let from: u32 = range.parse().ok()?;
                (from, if part.contains('/') { 23 } else { from })
            }
        };
        if 23 < to || to < from {
            return None;
        }
        hours.extend((from..=to).step_by(step));
    }
    hours.sort_unstable();
    hours.dedup();
    Some(hours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_one_that_secrets_manager_takes() {
        for text in [
            "rate(4 hours)",
            "rate(1 day)",
            "rate(999 days)",
            "cron(0 8 1 * ? *)",
            "cron(0 0/4 ? * SUN-FRI *)",
            "cron(0 0,12 * * ? *)",
        ] {
            assert_eq!(checked(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn one_that_it_never_takes_is_told_with_the_rule() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let said = checked(text).unwrap_err();
            assert!(said.contains(expected), "{text}: {said}");
        }
        check("10 days", "is neither rate(10 days) nor cron");
        check("rate(3 hours)", "no rate of 4 hours");
        check("rate(1000 days)", "no rate of 4 hours");
        check("rate(10 minutes)", "no rate of 4 hours");
        check("cron(0 8 * * ?)", "six fields");
        check("cron(5 8 * * ? *)", "0 for the minutes");
        check("cron(0 8 * * ? 2027)", "* for the year");
        check("cron(0 8 * * * *)", "? for one of the two");
        check("cron(0 24 * * ? *)", "hours from 0 to 23");
        check("cron(0 x * * ? *)", "hours from 0 to 23");
        check("cron(0 0/0 * * ? *)", "hours from 0 to 23");
        check("cron(0 * * * ? *)", "less than 4 apart");
        check("cron(0 8-12/2 * * ? *)", "less than 4 apart");
        check("cron(0 8,11 * * ? *)", "less than 4 apart");
    }
}
