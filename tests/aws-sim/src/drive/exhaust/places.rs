//! At which calls of a flow a mishap is tried.
//!
//! Half of a flow's calls are looks, and most of them find that AWS is still at work. Between two calls that change something nothing new
//! comes to be, so a mishap that does not care for the moment is tried once in such a place, and its cases are there for what is different.

use std::collections::BTreeSet;

use crate::CallRecord;

/// At how many of the calls of a place a mishap is tried. A place goes from one call that may change something to the next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Spread {
    /// At every call.
    Everywhere,
    /// At the first call of each operation in each place.
    OncePerOperation,
    /// At the first call in each place.
    OncePerPlace,
}

/// The numbers of the calls that are tried, of these.
pub(super) fn tried<'a>(
    calls: &'a [CallRecord],
    spread: Spread,
    can_befall: impl Fn(&CallRecord) -> bool + 'a,
) -> Vec<usize> {
    let (mut place, mut met) = (0, BTreeSet::new());
    let mut tried = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        place += usize::from(!is_look(&call.operation));
        if !can_befall(call) {
            continue;
        }
        let kind = match spread {
            Spread::Everywhere => (at, ""),
            Spread::OncePerOperation => (place, call.operation.as_str()),
            Spread::OncePerPlace => (place, ""),
        };
        if met.insert(kind) {
            tried.push(at);
        }
    }
    tried
}

/// Whether a call changes nothing.
pub(super) fn is_look(operation: &str) -> bool {
    ["Describe", "Get", "List"].iter().any(|it| operation.starts_with(it))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[track_caller]
    fn check(spread: Spread, expected: &[usize]) {
        let operations = [
            "DescribeEvents",
            "GetMetricData",
            "DescribeEvents",
            "PutMetricAlarm",
            "DescribeEvents",
            "DescribeEvents",
            "PutMetricAlarm",
            "PutMetricAlarm",
        ];
        let calls = operations.map(|it| CallRecord {
            at: jiff::Timestamp::UNIX_EPOCH,
            service: "monitoring".to_owned(),
            operation: it.to_owned(),
            parameters: BTreeMap::new(),
            status: 200,
            refusal: None,
            invocation: None,
        });
        let tried = tried(&calls, spread, |it| it.operation != "GetMetricData");
        assert_eq!(tried, expected, "{spread:?}");
    }

    #[test]
    fn looks_that_find_nothing_new_are_tried_once() {
        check(Spread::Everywhere, &[0, 2, 3, 4, 5, 6, 7]);
        check(Spread::OncePerOperation, &[0, 3, 4, 6, 7]);
        check(Spread::OncePerPlace, &[0, 3, 6, 7]);
    }
}
