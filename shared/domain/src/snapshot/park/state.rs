//! What a park snapshot and its group say of themselves: which snapshot it is, and how far that is.
//!
//! Nothing else is remembered. The snapshot is there from before the group goes until after it came back, and says which of the two it is.

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::provision::SubnetGroupView;
use crate::snapshot::{Origin, SnapshotView, name};
use crate::{GroupId, NameError, SnapshotName, Tags, tag};

/// Whether a group is parked for the night, as its tag says.
pub fn is_wished(tags: &Tags) -> bool {
    tags.get(tag::PARK).is_some_and(|it| it.trim().eq_ignore_ascii_case(NIGHTLY))
}

/// The value of the tag that says so.
pub const NIGHTLY: &str = "nightly";

const MIDDLE: &str = "-park-";

/// The name of the park snapshot of a group for a tick. AWS takes a name once, so an event that comes twice takes one.
pub fn snapshot_of(group: &GroupId, tick: Timestamp) -> Result<SnapshotName, NameError> {
    let at = name::minute(tick).to_zoned(TimeZone::UTC).datetime();
    SnapshotName::parse(&format!(
        "{}{MIDDLE}{:04}{:02}{:02}{:02}{:02}",
        name::prefix(group),
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute()
    ))
}

/// Whether this is the name of a park snapshot of a group. None of those that are kept by a policy is called so.
pub fn is_name_of(group: &GroupId, name: &str) -> bool {
    let rest = name.strip_prefix(&name::prefix(group)).and_then(|it| it.strip_prefix(MIDDLE));
    rest.is_some_and(|it| it.len() == 12 && it.bytes().all(|it| it.is_ascii_digit()))
}

/// Whether we made this of a group to park it: it says so in its name and in its tags.
pub fn is_of(group: &GroupId, snapshot: &SnapshotView) -> bool {
    let tagged = |key: &str| snapshot.tags.as_ref()?.get(key).map(String::as_str);
    snapshot.origin == Origin::Manual
        && is_name_of(group, &snapshot.name)
        && tagged(tag::GROUP) == Some(group.as_str())
        && tagged(tag::OWNER).is_some_and(|it| !it.is_empty())
        && snapshot.park_state().is_some()
}

/// How far a park snapshot is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It is asked for, and its group stands.
    Taken,
    /// Its group goes, or is gone, since then.
    Parked(Timestamp),
    /// Its group stands again, since then.
    Back(Timestamp),
    /// Its group was deleted by its stack, and it is the last snapshot of it.
    Kept(Timestamp),
}

impl State {
    /// Reads what a snapshot says.
    pub fn read(tags: &Tags) -> Option<Self> {
        let said = tags.get(tag::PARKED)?;
        let (word, at) = said.split_once(" at ").unwrap_or((said, ""));
        let at = || at.parse().ok();
        match word {
            "taken" => Some(Self::Taken),
            "parked" => at().map(Self::Parked),
            "back" => at().map(Self::Back),
            "kept" => at().map(Self::Kept),
            _ => None,
        }
    }

    /// The tags that say it, to the second.
    pub fn tags(self) -> Tags {
        Tags::from([(tag::PARKED.to_owned(), self.to_string())])
    }

    /// Since when the group goes or is gone, where it is so.
    pub fn parked_at(self) -> Option<Timestamp> {
        match self {
            Self::Parked(at) => Some(at),
            Self::Taken | Self::Back(_) | Self::Kept(_) => None,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, at) = match self {
            Self::Taken => return f.write_str("taken"),
            Self::Parked(at) => ("parked", at),
            Self::Back(at) => ("back", at),
            Self::Kept(at) => ("kept", at),
        };
        write!(f, "{word} at {}", Timestamp::from_second(at.as_second()).unwrap_or(*at))
    }
}

impl SnapshotView {
    /// How far it is, where it was taken to park its group.
    pub fn park_state(&self) -> Option<State> {
        State::read(self.tags.as_ref()?)
    }
}

/// What the group itself is of a park.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// It goes, and this snapshot holds its keys.
    Goes(String),
    /// It came back from this snapshot, and was not looked through yet.
    Unfinished(String),
    /// It came back from this snapshot for good.
    Finished(String),
}

impl Place {
    /// Reads what a group says.
    pub fn read(tags: &Tags) -> Option<Self> {
        let said = tags.get(tag::PARKED)?;
        if let Some(name) = said.strip_prefix("goes by ") {
            return Some(Self::Goes(name.to_owned()));
        }
        let (name, word) = said.strip_prefix("back from ")?.split_once(": ")?;
        match word {
            "unfinished" => Some(Self::Unfinished(name.to_owned())),
            "finished" => Some(Self::Finished(name.to_owned())),
            _ => None,
        }
    }

    /// The tags that say it.
    pub fn tags(&self) -> Tags {
        Tags::from([(tag::PARKED.to_owned(), self.to_string())])
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &str {
        match self {
            Self::Goes(name) | Self::Unfinished(name) | Self::Finished(name) => name,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Goes(name) => write!(f, "goes by {name}"),
            Self::Unfinished(name) => write!(f, "back from {name}: unfinished"),
            Self::Finished(name) => write!(f, "back from {name}: finished"),
        }
    }
}

/// The snapshot that the subnet group of a stack's cache names, which outlives the group: whoever finds the group gone looks there. Whether
/// the group is parked still, only the snapshot tells.
pub fn noted_on(subnet_group: &SubnetGroupView) -> Option<&str> {
    subnet_group.tags.get(tag::PARKED).map(String::as_str)
}

/// Who parks a group deletes it within this time after it was written down that it goes, or writes that again.
pub const DELETED_WITHIN: SignedDuration = SignedDuration::from_mins(30);

/// After this time nobody deletes it any more: a group that stands then was not parked.
pub const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Whether whoever parks a group since then may still delete it.
pub fn may_still_go(since: Timestamp, now: Timestamp) -> bool {
    since.saturating_add(GIVEN_UP_AFTER).is_ok_and(|it| now < it)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::sample;

    const AT: &str = "2026-01-02T20:00:05Z";

    #[test]
    fn what_is_said_is_legal_and_read_again() {
        let at: Timestamp = AT.parse().unwrap();
        for state in [State::Taken, State::Parked(at), State::Back(at), State::Kept(at)] {
            let tags = state.tags();
            assert!(tags.values().all(|it| tag::is_legal_value(it)), "{tags:?}");
            assert_eq!(State::read(&tags), Some(state));
            assert_eq!(Place::read(&tags), None);
        }
        let name = || "orders-park-202601022000".to_owned();
        for place in [Place::Goes(name()), Place::Unfinished(name()), Place::Finished(name())] {
            let tags = place.tags();
            assert!(tags.values().all(|it| tag::is_legal_value(it)), "{tags:?}");
            assert_eq!(Place::read(&tags), Some(place));
            assert_eq!(State::read(&tags), None);
        }
        for text in ["", "parked", "parked at noon", "asleep at 2026-01-02T20:00:05Z"] {
            let tags = Tags::from([(tag::PARKED.to_owned(), text.to_owned())]);
            assert_eq!((State::read(&tags), Place::read(&tags)), (None, None), "{text}");
        }
    }

    #[test]
    fn a_park_snapshot_is_called_so_and_is_none_of_a_policy() {
        for id in ["orders", &"a".repeat(40)] {
            let group = GroupId::parse(id).unwrap();
            let name = snapshot_of(&group, AT.parse().unwrap()).unwrap();
            assert!(is_name_of(&group, name.as_str()), "{name}");
            assert_eq!(name::read(&group, name.as_str()), None);
            assert!(!is_name_of(&GroupId::parse("others").unwrap(), name.as_str()));
        }
        let group = GroupId::parse("orders").unwrap();
        assert!(!is_name_of(&group, "orders-daily-202601020304"));
        assert!(!is_name_of(&group, "orders-park-tonight"));
    }

    #[test]
    fn only_name_and_tags_together_make_a_park_snapshot_ours() {
        let group = GroupId::parse("orders").unwrap();
        let mut ours = sample::snapshot("orders", AT);
        ours.name = snapshot_of(&group, AT.parse().unwrap()).unwrap().to_string();
        assert!(!is_of(&group, &ours));
        ours.tags.as_mut().unwrap().extend(State::Taken.tags());
        assert!(is_of(&group, &ours));
        let spoil: [fn(&mut SnapshotView); 5] = [
            |it| it.tags = None,
            |it| drop(it.tags.as_mut().unwrap().remove(tag::OWNER)),
            |it| drop(it.tags.as_mut().unwrap().insert(tag::GROUP.to_owned(), "other".to_owned())),
            |it| it.origin = Origin::Automated,
            |it| it.name = "orders-park".to_owned(),
        ];
        for (index, spoil) in spoil.into_iter().enumerate() {
            let mut other = ours.clone();
            spoil(&mut other);
            assert!(!is_of(&group, &other), "case {index}");
        }
    }

    #[test]
    fn nobody_deletes_a_group_at_a_time_at_which_it_counts_as_not_parked() {
        assert!(DELETED_WITHIN < GIVEN_UP_AFTER);
    }
}
