//! Whether a restored group holds what was counted.

use std::fmt;

use super::{Contents, Record, Trace};

/// Of a hundred keys without an end, so many have to be there again: applications delete some between the count and the snapshot.
const KEPT_PERCENT: u64 = 90;

/// A type that had this share of the keys that were looked at, in percent, has to be there again, with half of it: a sample of a few hundred keys
/// tells such a share to within a few percent.
const SHARE_PERCENT: u64 = 5;

/// From so many keys of the sample on, half of them have to be found again. Fewer prove nothing where they are gone.
const SAMPLE_MIN: usize = 4;

/// A restored group beside the record of its snapshot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Comparison {
    /// What was counted in the restored group.
    pub keys: u64,
    /// What was counted when the snapshot was taken.
    pub recorded: u64,
    /// How many of the sample were looked for.
    pub sampled: usize,
    /// How many of those are there with their type.
    pub found: usize,
    /// How many of those are as long as they were, and where the value was noted, have it.
    pub equal: usize,
    /// What is missing, in words. Nothing, where the snapshot holds what it should.
    pub missing: Vec<String>,
}

impl Comparison {
    /// Whether the snapshot holds what it should.
    pub fn is_well(&self) -> bool {
        self.missing.is_empty()
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, recorded, sampled, found, equal, missing } = self;
        write!(f, "{keys} keys, where {recorded} were counted before the snapshot")?;
        if 0 < *sampled {
            write!(f, "; of {sampled} sampled keys {found} are there, {equal} of them unchanged")?;
        }
        missing.iter().try_for_each(|it| write!(f, "; {it}"))
    }
}

impl Record {
    /// Compares a restored group with what was counted when its snapshot was taken.
    pub fn compare(&self, restored: &Contents) -> Comparison {
        let sample = &self.contents.sample;
        let pairs = sample.iter().filter_map(|(key, was)| Some((was, restored.sample.get(key)?)));
        let there: Vec<(&Trace, &Trace)> =
            pairs.filter(|(was, is)| was.key_type == is.key_type).collect();
        let equal = there.iter().filter(|(was, is)| was == is).count();
        let found = there.len();
        let mut missing = Vec::new();
        missing.extend(self.too_few(restored));
        missing.extend(self.types_gone(restored));
        if SAMPLE_MIN <= sample.len() && found * 2 < sample.len() {
            missing.push(format!("only {found} of {} sampled keys are there", sample.len()));
        }
        let (keys, recorded) = (restored.keys, self.contents.keys);
        Comparison { keys, recorded, sampled: sample.len(), found, equal, missing }
    }

    fn too_few(&self, restored: &Contents) -> Option<String> {
        let Contents { keys, ends, .. } = self.contents;
        let lasting = keys.saturating_sub(ends);
        let fewest = u128::from(lasting) * u128::from(KEPT_PERCENT);
        let is_short = u128::from(restored.keys) * 100 < fewest;
        is_short.then(|| {
            format!(
                "{} keys are fewer than {KEPT_PERCENT}% of the {lasting} that had no end",
                restored.keys
            )
        })
    }

    /// Types of which far less is there than there was.
    fn types_gone<'a>(&'a self, restored: &'a Contents) -> impl Iterator<Item = String> + 'a {
        let (of, now_of) = (self.contents.looked_at(), restored.looked_at());
        self.contents.types.iter().filter_map(move |(key_type, count)| {
            let now = restored.types.get(key_type).copied().unwrap_or_default();
            let is_usual = u128::from(of) * u128::from(SHARE_PERCENT) <= u128::from(*count) * 100;
            // now / now_of < count / of / 2, without a fraction.
            let is_gone =
                u128::from(now) * u128::from(of) * 2 < u128::from(*count) * u128::from(now_of);
            // Where nothing was looked at, the number of keys says enough.
            let is_told = 0 < now_of && is_usual && is_gone;
            is_told.then(|| {
                format!(
                    "{now} of {now_of} keys are of the type {key_type}, and {count} of {of} were"
                )
            })
        })
    }
}
