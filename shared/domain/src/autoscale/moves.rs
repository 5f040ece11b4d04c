//! When the autoscaler changed the node type of late: it is written on the group, so that who looks next knows, and no lock is left behind.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::sizing::Since;
use crate::{Tags, tag};

/// A change of the node type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Move {
    /// Whether the new one costs more.
    pub is_up: bool,
    /// When it was seen to be there.
    pub at: Timestamp,
}

/// Those of late, the newest last.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Moves(Vec<Move>);

impl Moves {
    /// As many fit into a tag.
    const MOST: usize = 8;

    /// Reads the tag. What we cannot read counts as none.
    pub fn read(tags: &Tags) -> Self {
        let text = tags.get(tag::AUTOSCALE_MOVES).map_or("", String::as_str);
        let words: Vec<&str> = text.split_whitespace().collect();
        let read = |pair: &[&str]| match pair {
            [word @ ("up" | "down"), at] => {
                Some(Move { is_up: *word == "up", at: at.parse().ok()? })
            }
            _ => None,
        };
        Self(words.chunks(2).filter_map(read).collect())
    }

    /// The same with one more, at a time in whole seconds.
    #[must_use]
    pub fn with(&self, new: Move) -> Self {
        let mut all = self.0.clone();
        all.push(new);
        let old = all.len().saturating_sub(Self::MOST);
        Self(all.split_off(old))
    }

    /// How many there were in the last day.
    pub fn of_a_day(&self, now: Timestamp) -> u32 {
        let count = self.0.iter().filter(|it| is_within_a_day(it, now)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Until when there are as many as this in a day, if there are now.
    pub fn until_fewer(&self, than: u32, now: Timestamp) -> Option<Timestamp> {
        let of_a_day: Vec<&Move> = self.0.iter().filter(|it| is_within_a_day(it, now)).collect();
        let last = of_a_day.len().checked_sub(usize::try_from(than).ok()?)?;
        of_a_day.get(last)?.at.saturating_add(DAY).ok()
    }

    /// The newest.
    pub fn newest(&self) -> Option<Move> {
        self.0.last().copied()
    }

    /// The same for who decides about sizes; `changed` is when anything was changed.
    pub fn since(&self, changed: Option<Timestamp>, now: Timestamp) -> Since {
        let minute = |it: Timestamp| it.as_second().div_euclid(60);
        let grown = self.0.iter().rev().find(|it| it.is_up);
        Since {
            changed: changed.map(minute),
            grown: grown.map(|it| minute(it.at)),
            moved: self.newest().map(|it| minute(it.at)),
            moves: self.of_a_day(now),
        }
    }

    /// What is written.
    pub fn tags(&self) -> Tags {
        Tags::from([(tag::AUTOSCALE_MOVES.to_owned(), self.to_string())])
    }
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn is_within_a_day(it: &Move, now: Timestamp) -> bool {
    it.at.saturating_add(DAY).is_ok_and(|end| now < end)
}

impl fmt::Display for Moves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.iter().map(|it| {
            let word = if it.is_up { "up" } else { "down" };
            format!("{word} {}", it.at)
        });
        f.write_str(&words.collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::constant(1_767_312_000, 0) + SignedDuration::from_hours(hour)
    }

    fn many_of(all: &[(bool, i64)]) -> Moves {
        all.iter().fold(Moves::default(), |it, (is_up, hour)| {
            it.with(Move { is_up: *is_up, at: at(*hour) })
        })
    }

    #[test]
    fn what_is_written_is_read_again() {
        let moves = many_of(&[(true, 0), (false, 7), (true, 9)]);
        let tags = moves.tags();
        assert_eq!(
            tags[tag::AUTOSCALE_MOVES],
            "up 2026-01-02T00:00:00Z down 2026-01-02T07:00:00Z up 2026-01-02T09:00:00Z"
        );
        assert_eq!(Moves::read(&tags), moves);
        let many: Vec<_> = (0..30).map(|it| (it % 2 == 0, it)).collect();
        let text = many_of(&many).to_string();
        assert!(tag::is_legal_value(&text) && text.len() <= 256, "{text}");
    }

    #[test]
    fn what_nobody_understands_is_none() {
        let tags =
            Tags::from([(tag::AUTOSCALE_MOVES.to_owned(), "up yesterday aside 2".to_owned())]);
        assert_eq!(Moves::read(&tags), Moves::default());
    }

    #[test]
    fn a_day_has_so_many_and_is_over_some_time() {
        let moves = many_of(&[(true, 0), (false, 7), (true, 9)]);
        assert_eq!((moves.of_a_day(at(10)), moves.of_a_day(at(24))), (3, 2));
        let until = |than| moves.until_fewer(than, at(10));
        assert_eq!([4, 3, 2, 1].map(until), [None, Some(at(24)), Some(at(31)), Some(at(33))]);
        let since = moves.since(None, at(10));
        let minute = |it: i64| Some(at(it).as_second() / 60);
        assert_eq!((since.grown, since.moved, since.moves), (minute(9), minute(9), 3));
    }
}
