//! Numbers with a unit.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

/// An amount of memory.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
        for (unit, shift) in units {
            let whole = 1_u64 << shift;
            if whole <= self.0 {
                let tenths = (u128::from(self.0) * 10 + u128::from(whole / 2)) / u128::from(whole);
                return write!(f, "{}.{} {unit}", tenths / 10, tenths % 10);
            }
        }
        write!(f, "{} B", self.0)
    }
}

/// A share of a hundred. May exceed a hundred where a metric does.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Percent(pub f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} %", self.0)
    }
}

/// United States dollars, counted in hundredths of a cent: the smallest step of an hourly price in the catalog.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Dollars(pub u64);

impl Dollars {
    /// Hundredths of a cent in a dollar.
    pub const SCALE: u64 = 10_000;

    /// So many dollars, to the nearest hundredth of a cent.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a price is a small positive number with few decimals; the cast takes what is none to the nearest bound"
    )]
    pub fn of(dollars: f64) -> Self {
        Self((dollars * Self::SCALE as f64).round() as u64)
    }

    /// In dollars.
    #[expect(
        clippy::cast_precision_loss,
        reason = "prices are far below 2^53 hundredths of a cent"
    )]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / Self::SCALE as f64
    }

    /// This price, so many times over.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl Add for Dollars {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Dollars {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = (self.0 + 50) / 100;
        write!(f, "${}.{:02}", cents / 100, cents % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_as_a_person_says_them() {
        assert_eq!(Bytes(402_653_184).to_string(), "384.0 MiB");
        assert_eq!(Bytes(1_471_026_299).to_string(), "1.4 GiB");
        assert_eq!(Bytes(12).to_string(), "12 B");
    }

    #[test]
    fn dollars_round_to_the_cent() {
        assert_eq!(Dollars(233_650).to_string(), "$23.37");
        assert_eq!(Dollars(160).times(2).to_string(), "$0.03");
    }
}
