//! How many snapshots each tier keeps: the policy of a group that keeps generations of them.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

use super::Tier;
use super::due::HOURLY_A_DAY;

/// How many each tier keeps. One of them keeps at least one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tiers {
    counts: BTreeMap<Tier, NonZeroU32>,
    finest: Tier,
}

/// So many good ones always stay, the newest, whatever the tiers say: one alone may turn out to be worth nothing.
pub const FLOOR: u32 = 2;

/// The most that all tiers of a group keep together: as many as `SnapshotKeep` takes. ElastiCache tells of no quota (facts 5.8).
pub const KEPT_MAX: u32 = 365;

impl Tiers {
    /// Reads tiers and their counts, with all mistakes. The case of a tier's letters does not count; 0 leaves a tier out.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them, in words.
    pub fn of<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<String>> {
        let mut counts = BTreeMap::new();
        let mut mistakes = Vec::new();
        for (word, count) in pairs {
            let count = count.trim();
            let Some(tier) = Tier::parse(&word.trim().to_ascii_lowercase()) else {
                mistakes.push(format!(
                    "\"{word:.40}\" is not a tier; hourly, daily, weekly and monthly are"
                ));
                continue;
            };
            let number = count.parse::<u32>().ok().filter(|it| *it <= KEPT_MAX);
            if number.is_none() {
                mistakes.push(format!(
                    "{tier} is \"{count:.40}\", which is not a whole number from 0 to {KEPT_MAX}"
                ));
            }
            if counts.insert(tier, number.unwrap_or_default()).is_some() {
                mistakes.push(format!("{tier} is there twice"));
            }
        }
        let sum: u32 = counts.values().sum();
        if KEPT_MAX < sum {
            mistakes.push(format!("all tiers together keep {sum}, and {KEPT_MAX} is the most"));
        }
        let counts: BTreeMap<_, _> = counts
            .into_iter()
            .filter_map(|(tier, count)| Some((tier, NonZeroU32::new(count)?)))
            .collect();
        match counts.keys().next().copied() {
            Some(finest) if mistakes.is_empty() => Ok(Self { counts, finest }),
            None if mistakes.is_empty() => {
                Err(vec!["no tier keeps any; name one with a number above 0".to_owned()])
            }
            Some(_) | None => Err(mistakes),
        }
    }

    /// Reads the value of a tag: `hourly=24 daily=7`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (pairs, strange): (Vec<_>, Vec<_>) =
            text.split_whitespace().map(|it| it.split_once('=').ok_or(it)).partition(Result::is_ok);
        let mut mistakes: Vec<String> = strange
            .into_iter()
            .filter_map(Result::err)
            .map(|it| format!("\"{it:.40}\" is not a tier and a number, such as daily=7"))
            .collect();
        match Self::of(pairs.into_iter().filter_map(Result::ok)) {
            Ok(tiers) if mistakes.is_empty() => Ok(tiers),
            Ok(_) => Err(mistakes),
            // Where nothing could be read, that it keeps none is no news.
            Err(_) if !mistakes.is_empty() && !text.contains('=') => Err(mistakes),
            Err(more) => {
                mistakes.extend(more);
                Err(mistakes)
            }
        }
    }

    /// The tiers and their counts, the most frequent first.
    pub fn iter(&self) -> impl Iterator<Item = (Tier, NonZeroU32)> {
        self.counts.iter().map(|(tier, count)| (*tier, *count))
    }

    /// The most frequent.
    pub fn finest(&self) -> Tier {
        self.finest
    }

    /// This tier, or the one that stands for it: the next that is less frequent, or else the least frequent of all.
    pub fn standing_for(&self, tier: Tier) -> Tier {
        let coarser = self.counts.range(tier..).next();
        coarser.or_else(|| self.counts.iter().next_back()).map_or(self.finest, |it| *it.0)
    }

    /// The most snapshots that are there before a prune, which comes once a day.
    pub fn most(&self) -> u32 {
        let kept: u32 = self.counts.values().map(|it| it.get()).sum();
        let since = if self.finest == Tier::Hourly { HOURLY_A_DAY } else { 0 };
        kept.max(FLOOR) + since
    }
}

impl fmt::Display for Tiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (tier, count)) in self.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{tier}={count}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tag;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let said = match Tiers::parse(text) {
            Ok(tiers) => tiers.to_string(),
            Err(mistakes) => mistakes.join("; "),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn tiers_are_read_in_any_order_and_case() {
        check("monthly=12 hourly=24  Daily=7 weekly=4", "hourly=24 daily=7 weekly=4 monthly=12");
        check("hourly=0 daily=7", "daily=7");
        check("daily=365", "daily=365");
    }

    #[test]
    fn every_mistake_is_told() {
        check("daily", "\"daily\" is not a tier and a number, such as daily=7");
        check("", "no tier keeps any; name one with a number above 0");
        check("hourly=0", "no tier keeps any; name one with a number above 0");
        check(
            "yearly=1 hourly=x daily=-1 daily=7 weekly",
            "\"weekly\" is not a tier and a number, such as daily=7; \"yearly\" is not a tier; hourly, daily, weekly and monthly are; hourly is \"x\", which is not a whole number from 0 to 365; daily is \"-1\", which is not a whole number from 0 to 365; daily is there twice",
        );
        check("hourly=200 daily=200", "all tiers together keep 400, and 365 is the most");
        check("hourly=366", "hourly is \"366\", which is not a whole number from 0 to 365");
    }

    #[test]
    fn a_tier_that_is_not_kept_has_one_that_stands_for_it() {
        let of = |text: &str, tier| Tiers::parse(text).unwrap().standing_for(tier);
        assert_eq!(of("hourly=1 weekly=1", Tier::Hourly), Tier::Hourly);
        assert_eq!(of("hourly=1 weekly=1", Tier::Daily), Tier::Weekly);
        assert_eq!(of("hourly=1 weekly=1", Tier::Monthly), Tier::Weekly);
    }

    #[test]
    fn what_is_there_at_most_counts_a_day_until_the_next_prune() {
        let most = |text: &str| Tiers::parse(text).unwrap().most();
        assert_eq!(most("hourly=24 daily=7"), 31 + 18);
        assert_eq!(most("daily=7 weekly=4"), 11);
        assert_eq!(most("monthly=1"), 2);
    }

    proptest! {
        #[test]
        fn what_is_written_is_a_legal_tag_and_is_read_again(counts in prop::collection::vec(0..92_u32, 4)) {
            let words: Vec<String> = counts.iter().map(ToString::to_string).collect();
            let pairs = Tier::ALL.iter().zip(&words).map(|(tier, it)| (tier.as_str(), it.as_str()));
            if let Ok(tiers) = Tiers::of(pairs) {
                let text = tiers.to_string();
                prop_assert!(tag::is_legal_value(&text));
                prop_assert_eq!(Tiers::parse(&text), Ok(tiers));
            } else {
                prop_assert!(counts.iter().all(|it| *it == 0) || KEPT_MAX < counts.iter().sum());
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            if let Err(mistakes) = Tiers::parse(&text) {
                prop_assert!(!mistakes.is_empty());
            }
        }
    }
}
