//! Which snapshots of ours a group keeps: the value of its tag `cachewarden:snapshot-keep`.
//!
//! One tag says all of it, so that no group ever has two policies at once, and a version of ours that does not know a policy deletes nothing.

use std::fmt;
use std::num::NonZeroU32;

use super::{Refusal, Tiers};
use crate::{Tags, tag};

/// Which snapshots of ours a group keeps.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Keep {
    /// None are taken on a schedule. Those that are there stay.
    Off,
    /// So many, the newest ones.
    Newest(NonZeroU32),
    /// Generations: so many of each tier.
    Tiers(Tiers),
}

impl Keep {
    /// The policy that keeps so many.
    pub fn count(count: u32) -> Self {
        NonZeroU32::new(count).map_or(Self::Off, Self::Newest)
    }

    /// Reads the tag among the tags of a group. A group without it is not ours to look after.
    ///
    /// # Errors
    ///
    /// There is no such tag, or it cannot be read.
    pub fn read(tags: &Tags) -> Result<Self, Refusal> {
        let Some(value) = tags.get(tag::SNAPSHOT_KEEP) else { return Err(Refusal::NotOurs) };
        Self::parse(value).map_err(|mistakes| Refusal::BadKeep { value: value.clone(), mistakes })
    }

    /// Reads a number, or tiers such as `hourly=24 daily=7`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in words.
    pub fn parse(value: &str) -> Result<Self, Vec<String>> {
        let value = value.trim();
        if let Ok(count) = value.parse::<u32>() {
            return Ok(Self::count(count));
        }
        if value.contains('=') {
            return Tiers::parse(value).map(Self::Tiers);
        }
        Err(vec!["it is neither a number nor tiers such as hourly=24 daily=7".to_owned()])
    }

    /// The tiers, where it keeps generations.
    pub fn tiers(&self) -> Option<&Tiers> {
        match self {
            Self::Tiers(tiers) => Some(tiers),
            Self::Off | Self::Newest(_) => None,
        }
    }

    /// The most that are there at once.
    pub fn most(&self) -> u32 {
        match self {
            Self::Off => 0,
            Self::Newest(count) => count.get(),
            Self::Tiers(tiers) => tiers.most(),
        }
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("0"),
            Self::Newest(count) => count.fmt(f),
            Self::Tiers(tiers) => tiers.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(value: &str) -> Result<Keep, Refusal> {
        Keep::read(&Tags::from([(tag::SNAPSHOT_KEEP.to_owned(), value.to_owned())]))
    }

    #[test]
    fn the_keep_tag_is_a_number_or_tiers_and_nothing_else() {
        assert_eq!(keep("7"), Ok(Keep::Newest(NonZeroU32::new(7).unwrap())));
        assert_eq!(keep("0"), Ok(Keep::Off));
        assert_eq!(keep("daily=7"), Ok(Keep::Tiers(Tiers::parse("daily=7").unwrap())));
        for bad in ["", "-1", "seven", "7.5", "7 daily=7", "daily="] {
            let told = keep(bad).unwrap_err();
            assert!(matches!(&told, Refusal::BadKeep { value, .. } if value == bad), "{told}");
        }
        assert_eq!(Keep::read(&Tags::new()), Err(Refusal::NotOurs));
    }

    #[test]
    fn all_mistakes_in_tiers_are_told() {
        assert_eq!(
            keep("daily=x yearly=3").unwrap_err().to_string(),
            "the tag cachewarden:snapshot-keep says \"daily=x yearly=3\": daily is \"x\", which is not a whole number from 0 to 365; \"yearly\" is not a tier; hourly, daily, weekly and monthly are; put it right to go on"
        );
    }

    #[test]
    fn what_is_read_is_written_again() {
        for value in ["0", "7", "hourly=24 daily=7 weekly=4 monthly=12"] {
            assert_eq!(keep(value).unwrap().to_string(), value);
        }
    }
}
