//! The past of the example, by seed: a week of a group that is larger than it has to be, by five minutes.
//!
//! More by day than by night and less at the weekend, data that grow by some percent, a crowd on the evening of the fourth day, and an hour of the
//! sixth of which nothing is known.

use std::f64::consts::PI;
use std::fmt::Write as _;

/// The seed of `examples/week.csv`.
pub(crate) const SEED: u64 = 7;

const DAY: u32 = 1440;
const DAYS: u32 = 7;
const GIB: f64 = 1_073_741_824.0;
/// Nothing is known of it.
const SILENT: std::ops::Range<u32> = 5 * DAY + 600..5 * DAY + 660;
/// The crowd begins.
const CROWD: u32 = 3 * DAY + 1140;

/// The file.
pub(crate) fn csv(seed: u64) -> String {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut text = "minute,reads,writes,bytes,to_replicas,value\n".to_owned();
    let (mut of_reads, mut of_writes) = (0.0, 0.0);
    for minute in (0..DAYS * DAY).step_by(5) {
        for wanders in [&mut of_reads, &mut of_writes] {
            *wanders = 0.75 * *wanders + 0.12 * (chance.f64() - 0.5);
        }
        if SILENT.contains(&minute) {
            continue;
        }
        let of_day = f64::from(minute % DAY) / f64::from(DAY);
        let day = 1.0 + 0.6 * (2.0 * PI * (of_day - 0.58)).cos();
        let week = if minute / DAY < 5 { 1.0 } else { 0.6 };
        let reads = 60_000.0 * day * week * crowd(minute) * (1.0 + of_reads);
        let writes = 5000.0 * day * week * (1.0 + of_writes);
        let bytes = GIB * (4.6 + 0.2 * day + 0.1 * f64::from(minute) / f64::from(DAY));
        let said = writeln!(text, "{minute},{reads:.0},{writes:.0},{bytes:.0},0.7,500");
        debug_assert!(said.is_ok(), "a string takes what is written");
    }
    text
}

/// By how much the crowd raises the reads: steeply up, slowly down.
fn crowd(minute: u32) -> f64 {
    let Some(since) = minute.checked_sub(CROWD) else { return 1.0 };
    let since = f64::from(since);
    let height = if since < 20.0 { since / 20.0 } else { (-(since - 20.0) / 60.0).exp() };
    1.0 + 3.0 * height
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Problems;

    use crate::past;

    #[test]
    fn the_file_of_the_example_is_what_its_seed_makes() {
        let file = include_str!("../../../examples/week.csv");
        assert!(csv(SEED) == file, "make it again with backtest --example");
        assert!(file.len() < 300_000);
        assert!(csv(SEED + 1) != file);
    }

    #[test]
    fn the_example_has_no_mistake_and_a_gap() {
        let mut problems = Problems::default();
        let past = past::read("example", &csv(SEED), &mut problems).unwrap();
        assert!(problems.is_empty(), "{problems}");
        assert_eq!((past.from, past.every), (0, 5));
        let lines = csv(SEED).lines().count();
        assert_eq!(lines, 1 + 7 * 288 - 12);
    }
}
