//! What AWS takes for versions that are past their time.

use jiff::civil::{Date, date};

use crate::engine::{Engine, Version};

/// The surcharge on a node's price on a day, in percent: 80 for two years from the end of a version's time, 160 after (pricing 3).
pub(super) fn surcharge(engine: Engine, version: Version, today: Date) -> u64 {
    let (first, third) = match (engine, version.major) {
        (Engine::Redis, 0..=5) => (date(2026, 2, 1), date(2028, 2, 1)),
        (Engine::Redis, 6) => (date(2027, 2, 1), date(2029, 2, 1)),
        (Engine::Redis | Engine::Valkey, _) => return 0,
    };
    match today {
        it if it < first => 0,
        it if it < third => 80,
        _ => 160,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_cost_more_from_their_day_on() {
        #[track_caller]
        fn check(version: &str, today: Date, expected: u64) {
            let version = version.parse().unwrap();
            assert_eq!(surcharge(Engine::Redis, version, today), expected, "{version} on {today}");
        }
        check("5.0.6", date(2026, 1, 31), 0);
        check("5.0.6", date(2026, 2, 1), 80);
        check("5.0.6", date(2028, 2, 1), 160);
        check("6.2", date(2026, 11, 29), 0);
        check("6.2", date(2027, 2, 1), 80);
        check("7.1", date(2040, 1, 1), 0);
        let valkey = "7.2".parse().unwrap();
        assert_eq!(surcharge(Engine::Valkey, valkey, date(2040, 1, 1)), 0);
    }
}
