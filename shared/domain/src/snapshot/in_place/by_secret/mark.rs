//! What groups say of a restore in place by the address in the secret: who takes whose place, and who stands aside until when.

use std::fmt;

use jiff::Timestamp;

use crate::owner::short_hash;
use crate::provision::name::of_generation;
use crate::rotate::VersionId;
use crate::snapshot::in_place::mark::{Said, Was};
use crate::{GroupId, NameError, Tags, tag};

/// The id of the group that takes the place of this one: the next in the row. It follows from the other's, so that AWS takes it once and a
/// group has one restore in place at a time.
pub fn successor(group: &GroupId) -> Result<GroupId, NameError> {
    let numbered = group.as_str().rsplit_once("-r");
    let (stem, number) = numbered
        .and_then(|(stem, number)| Some((stem, number.parse::<u32>().ok()?)))
        .filter(|(_, number)| (2..u32::MAX).contains(number))
        .unwrap_or((group.as_str(), 1));
    of_generation(&GroupId::parse(stem)?, number.saturating_add(1))
}

/// The text that describes the group that takes another's place. It can be read in every state, tags cannot (facts 1.2).
pub(super) fn description(said: &Said) -> String {
    let Said { group, snapshot, request } = said;
    format!("Takes the place of {group} with the keys of {snapshot} by {request}")
}

/// Reads it again.
pub(super) fn read(description: &str) -> Option<Said> {
    let rest = description.strip_prefix("Takes the place of ")?;
    let (group, rest) = rest.split_once(" with the keys of ")?;
    let (snapshot, request) = rest.split_once(" by ")?;
    let group = GroupId::parse(group).ok()?;
    Some(Said { group, snapshot: snapshot.to_owned(), request: request.to_owned() })
}

/// What the tag of a group says that clients were led away from, and that stands still.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Aside {
    /// The group that took its place.
    pub by: GroupId,
    /// By which request.
    pub request: String,
    /// The snapshot that has what the group held when clients were led away.
    pub saved: String,
    /// Until when it stays.
    pub until: Timestamp,
}

impl Aside {
    /// Reads it from the tags of a group; nothing where that does not stand aside.
    pub fn read(tags: &Tags) -> Option<Self> {
        let (by, rest) = tags.get(tag::IN_PLACE)?.split_once(" took its place by ")?;
        let (request, rest) = rest.split_once(" and ")?;
        let (saved, until) = rest.split_once(" has its keys: stays until ")?;
        Some(Self {
            by: GroupId::parse(by).ok()?,
            request: request.to_owned(),
            saved: saved.to_owned(),
            until: until.parse().ok()?,
        })
    }
}

impl fmt::Display for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, request, saved, until } = self;
        write!(f, "{by} took its place by {request} and {saved} has its keys: stays until {until}")
    }
}

/// The tags that have others act on a group. They are put aside with it, so that nobody takes, prunes, tries, scales or parks what stands still.
const POLICIES: [&str; 4] = [tag::SNAPSHOT_KEEP, tag::AUTOSCALE, tag::DRILL_DAYS, tag::PARK];

/// What a group that is set aside is tagged with that has it not yet, and which of its tags go.
pub(super) fn set_aside(tags: &Tags, aside: &Aside, takes: &VersionId) -> (Tags, Vec<String>) {
    let has = |key: &&&str| tags.contains_key(**key);
    let gone: Vec<String> = POLICIES.iter().filter(has).map(|it| (*it).to_owned()).collect();
    let put_aside = |key: &String| {
        let rest = key.strip_prefix(tag::OURS)?;
        Some((format!("{}{rest}", tag::WAS), tags.get(key)?.clone()))
    };
    let mut added: Tags = gone.iter().filter_map(put_aside).collect();
    added.insert(tag::IN_PLACE.to_owned(), aside.to_string());
    added.insert(tag::TAKES.to_owned(), takes.to_string());
    // A tag may keep the group busy, so that what is there is not put there again: else those that go would never.
    added.retain(|key, value| tags.get(key) != Some(value));
    (added, gone)
}

/// What a group that clients are led to is tagged with that has it not yet, and which of its tags go: it gets what was put aside.
pub(super) fn adopted(tags: &Tags, said: Option<&Tags>) -> (Tags, Vec<String>) {
    let mut wanted = Was::read(tags).tags;
    wanted.extend(said.cloned().unwrap_or_default());
    let is_off = |(key, value): &(&String, &String)| tags.get(*key) != Some(value);
    let added = wanted.iter().filter(is_off).map(|(key, it)| (key.clone(), it.clone())).collect();
    let mut gone: Vec<String> = tags.keys().filter(|it| it.starts_with(WAS)).cloned().collect();
    // By this one the others may be taken off, so it is the last.
    let is_said = tags.contains_key(tag::IN_PLACE) && !wanted.contains_key(tag::IN_PLACE);
    gone.extend(is_said.then(|| tag::IN_PLACE.to_owned()));
    (added, gone)
}

/// Whether a group carries tags of another, or of its own time before.
pub(super) fn carries(tags: &Tags) -> bool {
    tags.keys().any(|key| key.starts_with(WAS))
}

/// What the keys of all tags begin with that a group carries of another, or of its own time before.
const WAS: &str = "cachewarden:was";

/// The version of a secret that leads to this group, made of that one by this request: the same whoever writes it, so that writing it twice
/// writes one.
pub(super) fn version(request: &str, from: &VersionId, to: &GroupId) -> Option<VersionId> {
    let part = |part: u32| short_hash(&format!("{part} {request} {from} {to}"));
    VersionId::parse(&(0..4).map(part).collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> GroupId {
        GroupId::parse(text).unwrap()
    }

    #[test]
    fn each_group_has_the_next_in_its_row_after_it() {
        let check = |of: &str, expected: &str| {
            assert_eq!(successor(&id(of)).unwrap().as_str(), expected);
        };
        check("orders", "orders-r2");
        check("orders-r2", "orders-r3");
        check("orders-r9", "orders-r10");
        check("orders-r1", "orders-r1-r2");
        check("orders-rest", "orders-rest-r2");
        let longest = successor(&id(&"a".repeat(40))).unwrap();
        assert!(longest.as_str().len() <= 40, "{longest}");
        let next = successor(&longest).unwrap();
        assert!(next.as_str().len() <= 40 && next != longest, "{next}");
    }

    #[test]
    fn what_is_said_is_legal_and_read_again() {
        let said = Said {
            group: id("orders"),
            snapshot: "orders-daily-202601020304".to_owned(),
            request: "1a2b3c4d".to_owned(),
        };
        assert_eq!(read(&description(&said)), Some(said));
        let aside = Aside {
            by: id(&"a".repeat(40)),
            request: "1a2b3c4d".to_owned(),
            saved: "b".repeat(40),
            until: "2026-01-02T03:04:05.678901234Z".parse().unwrap(),
        };
        assert!(tag::is_legal_value(&aside.to_string()), "{aside}");
        let tags = Tags::from([(tag::IN_PLACE.to_owned(), aside.to_string())]);
        assert_eq!(Aside::read(&tags), Some(aside));
        for text in ["orders-daily-1 by 1a2b3c4d: finished", "orders-r2 by me until noon", ""] {
            let tags = Tags::from([(tag::IN_PLACE.to_owned(), text.to_owned())]);
            assert_eq!(Aside::read(&tags), None, "{text}");
        }
    }

    #[test]
    fn a_version_follows_from_what_is_written() {
        let from = VersionId::parse(&"0".repeat(32)).unwrap();
        let one = version("1a2b3c4d", &from, &id("orders-r2"));
        assert!(one.is_some());
        assert_eq!(one, version("1a2b3c4d", &from, &id("orders-r2")));
        assert_ne!(one, version("5e6f7a8b", &from, &id("orders-r2")));
        assert_ne!(one, version("1a2b3c4d", &from, &id("orders")));
        assert_ne!(one, version("1a2b3c4d", &one.clone().unwrap(), &id("orders-r2")));
    }

    #[test]
    fn what_is_put_aside_comes_back() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let tags = Tags::from([
            pair(tag::OWNER, "by-hand/orders"),
            pair(tag::SNAPSHOT_KEEP, "3"),
            pair(tag::AUTOSCALE, "full"),
            pair(tag::PARK, "nightly"),
            pair("team", "shop"),
        ]);
        let aside = Aside {
            by: id("orders-r2"),
            request: "1a2b3c4d".to_owned(),
            saved: "orders-before-1a2b3c4d".to_owned(),
            until: "2026-01-02T03:04:05Z".parse().unwrap(),
        };
        let takes = VersionId::parse(&"0".repeat(32)).unwrap();
        let (added, gone) = set_aside(&tags, &aside, &takes);
        assert_eq!(gone, [tag::SNAPSHOT_KEEP, tag::AUTOSCALE, tag::PARK]);
        let mut then = tags.clone();
        then.extend(added);
        then.retain(|key, _| !gone.contains(key));
        let (again, rest) = set_aside(&then, &aside, &takes);
        assert!(rest.is_empty() && again.is_empty());
        let (added, gone) = adopted(&then, None);
        let mut back = then.clone();
        back.extend(added);
        back.retain(|key, _| !gone.contains(key));
        back.remove(tag::TAKES);
        assert_eq!(back, tags);
    }
}
