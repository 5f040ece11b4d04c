//! What a drill may cost, what those of this month did, and how much they may.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::{Bytes, Dollars, Tags, tag};

/// How much the drills of a month may cost together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ceiling {
    /// As much as they do.
    None,
    /// So much.
    Of(Dollars),
}

impl Ceiling {
    /// Reads `none`, or dollars.
    ///
    /// # Errors
    ///
    /// What it takes, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().eq_ignore_ascii_case("none") {
            return Ok(Self::None);
        }
        let dollars = text.trim().parse().ok().filter(|it| (0.0..=1_000_000.0).contains(it));
        let rule = || format!("{text:.40} is neither none nor dollars a month, from 0 to 1000000");
        dollars.map(|it: f64| Self::Of(Dollars::of(it))).ok_or_else(rule)
    }
}

impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Of(dollars) => dollars.fmt(f),
        }
    }
}

/// What the tag of a group says of the drills of a month.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bill {
    /// The month, `2026-01`.
    pub month: String,
    /// What they may have cost at most.
    pub dollars: Dollars,
    /// When the last of them was asked for: a step that is taken twice counts once.
    pub asked: Timestamp,
}

impl Bill {
    /// Reads the tags of a group.
    pub fn read(tags: &Tags) -> Option<Self> {
        let words: Vec<&str> = tags.get(tag::DRILLED)?.split(' ').collect();
        let [month, dollars, "asked", asked] = words.as_slice() else { return None };
        let dollars = dollars.parse().ok().filter(|it| (0.0..=1_000_000.0).contains(it))?;
        Some(Self {
            month: (*month).to_owned(),
            dollars: Dollars::of(dollars),
            asked: asked.parse().ok()?,
        })
    }

    /// What the drills of the month of this time have cost a group with these tags.
    pub fn spent(tags: &Tags, at: Timestamp) -> Dollars {
        let of_month = Self::read(tags).filter(|it| it.month == month(at));
        of_month.map(|it| it.dollars).unwrap_or_default()
    }

    /// The bill of a group with these tags, with one more drill on it.
    #[must_use]
    pub fn with(tags: &Tags, more: Dollars, asked: Timestamp) -> Self {
        Self { month: month(asked), dollars: Self::spent(tags, asked) + more, asked }
    }

    /// The tags that say it.
    pub fn tags(&self) -> Tags {
        let Self { month, dollars, asked } = self;
        let (whole, rest) = (dollars.0 / Dollars::SCALE, dollars.0 % Dollars::SCALE);
        let text = format!("{month} {whole}.{rest:04} asked {asked}");
        Tags::from([(tag::DRILLED.to_owned(), text)])
    }
}

fn month(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC).date();
    format!("{:04}-{:02}", at.year(), at.month())
}

/// For how many hours the group of a drill may stand: two, and one more for each 64 GiB that are to be read.
///
/// All of them are counted as its cost, so that the ceiling holds whatever becomes of the drill.
pub fn hours(size: Bytes) -> i64 {
    const SHIFT: u32 = 36;
    2 + i64::try_from(size.0 >> SHIFT).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn a_ceiling_is_dollars_or_none() {
        assert_eq!(Ceiling::parse("10"), Ok(Ceiling::Of(Dollars(100_000))));
        assert_eq!(Ceiling::parse(" None "), Ok(Ceiling::None));
        assert_eq!(Ceiling::parse("0.5"), Ok(Ceiling::Of(Dollars(5000))));
        for bad in ["", "ten", "-1", "NaN", "inf", "$10"] {
            let said = Ceiling::parse(bad).unwrap_err();
            assert!(said.contains("is neither none nor dollars a month"), "{said}");
        }
    }

    #[test]
    fn a_month_is_added_up_and_the_next_begins_at_nothing() {
        let first = at("2026-01-02T03:04:05Z");
        let tags = Bill::with(&Tags::new(), Dollars(320), first).tags();
        assert_eq!(tags[tag::DRILLED], "2026-01 0.0320 asked 2026-01-02T03:04:05Z");
        assert!(tags.values().all(|it| tag::is_legal_value(it)));
        let later = at("2026-01-31T23:59:59Z");
        let bill = Bill::with(&tags, Dollars(12_000), later);
        assert_eq!(Bill::read(&bill.tags()), Some(bill.clone()));
        assert_eq!(bill.dollars, Dollars(12_320));
        assert_eq!(Bill::spent(&tags, at("2026-02-01T00:00:00Z")), Dollars(0));
    }

    #[test]
    fn what_somebody_else_wrote_is_no_bill() {
        for text in ["", "2026-01", "2026-01 -1 asked 2026-01-02T03:04:05Z", "x 1 asked never"] {
            let tags = Tags::from([(tag::DRILLED.to_owned(), text.to_owned())]);
            assert_eq!(Bill::read(&tags), None, "{text}");
        }
    }

    #[test]
    fn large_data_have_more_time() {
        assert_eq!(hours(Bytes(3 << 20)), 2);
        assert_eq!(hours(Bytes(64 << 30)), 3);
        assert_eq!(hours(Bytes(300 << 30)), 6);
    }
}
