//! How two groups of which one takes the place of the other name each other, in their tags.

use std::fmt;

use jiff::Timestamp;

use super::super::Source;
use super::keys::Counts;
use crate::{GroupId, GroupView, SnapshotName, Tags, tag};

/// The group that another one takes the place of, and the snapshot of it that fills that one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replaced {
    /// The group.
    pub group: GroupId,
    /// The snapshot. It is named after the request, so it tells what one request has left from what another one has, and has its name also
    /// where none is taken.
    pub snapshot: SnapshotName,
    /// Whether it is taken, and the keys go along.
    pub with_data: bool,
}

/// As it stands in a tag of the new group.
impl fmt::Display for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = if self.with_data { WITH_DATA } else { WITHOUT_DATA };
        write!(f, "{}{joined}{}", self.group, self.snapshot)
    }
}

const WITH_DATA: &str = " by ";
const WITHOUT_DATA: &str = " without its keys by ";

impl Replaced {
    /// What the tags of a group say of it.
    pub fn read(tags: &Tags) -> Option<Self> {
        let text = tags.get(tag::REPLACES)?;
        let without = text.split_once(WITHOUT_DATA);
        let (group, snapshot) = without.or_else(|| text.split_once(WITH_DATA))?;
        Some(Self {
            group: GroupId::parse(group).ok()?,
            snapshot: SnapshotName::parse(snapshot).ok()?,
            with_data: without.is_none(),
        })
    }

    /// The snapshot that a new group is filled from.
    pub fn source(&self) -> Option<Source> {
        self.with_data.then(|| Source::Snapshot(self.snapshot.to_string()))
    }
}

/// The group that takes the place of another, as the tags of that other one say.
///
/// It is written before anything of the new group is there. So what a request left that failed is found again, and is known to be a copy of
/// this very group, and not of one that had its id before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Successor {
    /// The id of the new group.
    pub id: GroupId,
    /// How far it is.
    pub progress: Progress,
}

/// How far a group is that takes the place of another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// Nothing of it may be there yet.
    Unfinished,
    /// It was first seen to be as wanted at this time, and its keys are not counted yet.
    Counting(Timestamp),
    /// It was seen to be as wanted, so clients may have been told of it, with these numbers of keys where they went along.
    Finished(Option<Counts>),
}

/// As it stands in the tag.
impl fmt::Display for Successor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, progress } = self;
        match progress {
            Progress::Unfinished => write!(f, "{id} {UNFINISHED}"),
            Progress::Counting(since) => write!(f, "{id} {COUNTING}{since:.0}"),
            Progress::Finished(None) => write!(f, "{id}"),
            Progress::Finished(Some(Counts { had, has })) => {
                let number = |it: &Option<u64>| it.map_or(UNKNOWN.to_owned(), |it| it.to_string());
                write!(f, "{id} {COUNTED}{}{OF}{}", number(has), number(had))
            }
        }
    }
}

const UNFINISHED: &str = "unfinished";
const COUNTING: &str = "counting since ";
const COUNTED: &str = "counted ";
const OF: &str = " of ";
const UNKNOWN: &str = "-";

/// The numbers of keys as the tag has them: `9 of 12`.
fn counts(text: &str) -> Option<Counts> {
    let (has, had) = text.strip_prefix(COUNTED)?.split_once(OF)?;
    Some(Counts { had: had.parse().ok(), has: has.parse().ok() })
}

impl Successor {
    /// What the tags of a group say of it.
    pub fn read(group: &GroupView) -> Option<Self> {
        let text = group.tags.as_ref()?.get(tag::REPLACED_BY)?;
        let (id, progress) = match text.split_once(' ') {
            None => (text.as_str(), Progress::Finished(None)),
            // A time that cannot be read is one that nobody wrote: it is counted anew.
            Some((id, rest)) => {
                let since = rest.strip_prefix(COUNTING).and_then(|it| it.parse().ok());
                let counted = counts(rest).map(|it| Progress::Finished(Some(it)));
                let progress = counted.or(since.map(Progress::Counting));
                (id, progress.unwrap_or(Progress::Unfinished))
            }
        };
        Some(Self { id: GroupId::parse(id).ok()?, progress })
    }

    /// Whether it was seen to be as wanted, so that clients may have been told of it.
    pub fn is_finished(&self) -> bool {
        matches!(self.progress, Progress::Finished(_))
    }

    /// The tag.
    pub fn tags(&self) -> Tags {
        Tags::from([(tag::REPLACED_BY.to_owned(), self.to_string())])
    }
}
