//! The figures of one binary, and how they are read.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::program::{self, Program};
use crate::run::{Run, median};

/// What was measured of one binary.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    name: &'static str,
    binary_bytes: u64,
    zipped_bytes: u64,
    pub(crate) runs: Vec<Run>,
}

/// What must not be passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Cold start, as a multiple of the bare one.
    pub(crate) cold_start_ratio: f64,
    /// Memory.
    pub(crate) peak_kib: u64,
    /// The deployment package.
    pub(crate) zipped_bytes: u64,
}

/// The head of the table.
pub(crate) const HEAD: &str = "binary       cold start (range)          x bare   first      warm       peak        binary      zipped";

impl Figures {
    /// Of this binary, with nothing run yet.
    pub(crate) fn of(program: &Program) -> Result<Self, Box<dyn Error>> {
        let (binary_bytes, zipped_bytes) = program::sizes(&program.path)?;
        Ok(Self { name: program.name, binary_bytes, zipped_bytes, runs: Vec::new() })
    }

    fn middle(&self, of: impl Fn(&Run) -> Duration) -> Duration {
        median(&mut self.runs.iter().map(of).collect::<Vec<_>>())
    }

    fn cold_start(&self) -> Duration {
        self.middle(|it| it.cold_start)
    }

    /// The highest of all starts: a limit of memory has no median.
    fn peak_kib(&self) -> u64 {
        self.runs.iter().map(|it| it.peak_kib).max().unwrap_or_default()
    }

    fn ratio_to(&self, bare: &Self) -> f64 {
        self.cold_start().as_secs_f64() / bare.cold_start().as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// A row of the table.
    pub(crate) fn row(&self, bare: &Self) -> String {
        let cold = || self.runs.iter().map(|it| it.cold_start);
        format!(
            "{:<10} {:>7.2} ms ({:.2} to {:.2}) {:>8.2} {:>7.2} ms {:>7.2} ms {:>7.1} MiB {:>7.2} MiB {:>7.2} MiB",
            self.name,
            milliseconds(self.cold_start()),
            milliseconds(cold().min().unwrap_or_default()),
            milliseconds(cold().max().unwrap_or_default()),
            self.ratio_to(bare),
            milliseconds(self.middle(|it| it.first)),
            milliseconds(self.middle(|it| it.warm)),
            mebi(self.peak_kib() * 1024),
            mebi(self.binary_bytes),
            mebi(self.zipped_bytes),
        )
    }

    /// The limits that are passed, each with its figure.
    pub(crate) fn broken(&self, bare: &Self, limits: &Limits) -> Vec<String> {
        let mut broken = Vec::new();
        if limits.cold_start_ratio < self.ratio_to(bare) {
            broken.push(format!(
                "{} starts in {:.2} times the time of the bare runtime, {:.1} is the limit",
                self.name,
                self.ratio_to(bare),
                limits.cold_start_ratio
            ));
        }
        if limits.peak_kib < self.peak_kib() {
            broken.push(format!(
                "{} takes {} KiB, {} is the limit",
                self.name,
                self.peak_kib(),
                limits.peak_kib
            ));
        }
        if limits.zipped_bytes < self.zipped_bytes {
            broken.push(format!(
                "{} has {} bytes zipped, {} is the limit",
                self.name, self.zipped_bytes, limits.zipped_bytes
            ));
        }
        broken
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cold start {} times bare, {:.0} MiB of memory, {:.0} MiB zipped",
            self.cold_start_ratio,
            mebi(self.peak_kib * 1024),
            mebi(self.zipped_bytes)
        )
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files and processes, for people to read")]
fn mebi(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(cold_ms: u64, peak_kib: u64, zipped_bytes: u64) -> Figures {
        let run = Run {
            cold_start: Duration::from_millis(cold_ms),
            first: Duration::ZERO,
            warm: Duration::ZERO,
            peak_kib,
        };
        Figures { name: "x", binary_bytes: 1, zipped_bytes, runs: vec![run; 3] }
    }

    const LIMITS: Limits = Limits { cold_start_ratio: 3.0, peak_kib: 100, zipped_bytes: 100 };

    #[track_caller]
    fn check(figures: &Figures, expected: &[&str]) {
        assert_eq!(figures.broken(&figures_of_bare(), &LIMITS), expected);
    }

    fn figures_of_bare() -> Figures {
        figures(10, 1, 1)
    }

    #[test]
    fn a_limit_that_is_reached_is_kept_and_one_that_is_passed_is_named() {
        check(&figures(30, 100, 100), &[]);
        check(
            &figures(31, 101, 101),
            &[
                "x starts in 3.10 times the time of the bare runtime, 3.0 is the limit",
                "x takes 101 KiB, 100 is the limit",
                "x has 101 bytes zipped, 100 is the limit",
            ],
        );
    }

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        let mut times = [9, 1, 5].map(Duration::from_millis);
        assert_eq!(median(&mut times), Duration::from_millis(5));
    }
}
