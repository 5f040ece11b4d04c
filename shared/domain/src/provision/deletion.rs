//! What becomes of a cache, and of its keys, when its resource is deleted.

use std::fmt;

use crate::{Tags, tag};

/// What a Delete leaves behind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum DeletionPolicy {
    /// The keys, in a last snapshot that was seen to be whole before the group goes.
    #[default]
    Snapshot,
    /// The group itself and all that stands around it, which no stack owns any more.
    Retain,
    /// Nothing but the secret in its recovery window.
    Delete,
}

impl DeletionPolicy {
    /// Its words.
    pub const WORDS: [&str; 3] = ["Snapshot", "Retain", "Delete"];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "Snapshot",
            Self::Retain => "Retain",
            Self::Delete => "Delete",
        }
    }

    /// Reads a word, in any case.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Snapshot, Self::Retain, Self::Delete];
        all.into_iter().find(|it| it.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

impl fmt::Display for DeletionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a stack says of the deletion of its cache.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Deletion {
    /// What is left behind.
    pub policy: DeletionPolicy,
    /// Whether every Delete is refused.
    pub protected: bool,
}

impl Deletion {
    /// Reads the properties of a Delete, in which nothing may fail. What is not understood keeps the data.
    pub fn lenient<'a>(text: impl Fn(&str) -> Option<&'a str>) -> Self {
        let said = |name: &str| text(name).map(str::trim).filter(|it| !it.is_empty());
        let is =
            |name: &str, word: &str| said(name).is_some_and(|it| it.eq_ignore_ascii_case(word));
        let drops = is("FinalSnapshot", "false");
        let policy = match said("DeletionPolicy").map(DeletionPolicy::parse) {
            Some(Some(DeletionPolicy::Retain)) => DeletionPolicy::Retain,
            Some(Some(DeletionPolicy::Delete)) if drops || said("FinalSnapshot").is_none() => {
                DeletionPolicy::Delete
            }
            None if drops => DeletionPolicy::Delete,
            Some(Some(DeletionPolicy::Delete | DeletionPolicy::Snapshot) | None) | None => {
                DeletionPolicy::Snapshot
            }
        };
        Self { policy, protected: is("DeletionProtection", "true") }
    }

    /// What counts for a group: what its tags say, since the properties of a Delete may be wrong or missing (facts 7.4), and what the
    /// properties say where a tag is not there.
    pub fn of_group(tags: &Tags, stated: Self) -> Self {
        let policy = match tags.get(tag::DELETION).map(|it| it.trim()) {
            None => stated.policy,
            // A word that nobody knows keeps the data.
            Some(word) => DeletionPolicy::parse(word).unwrap_or_default(),
        };
        let protected = match tags.get(tag::DELETION_PROTECTION).map(|it| it.trim()) {
            None => stated.protected,
            Some(word) => !["off", "false", UNFINISHED].contains(&word),
        };
        Self { policy, protected }
    }

    /// The same for a group that its stack never had: what holds a group back would hold up the rollback of its own Create.
    #[must_use]
    pub fn unheld(self) -> Self {
        let policy = match self.policy {
            DeletionPolicy::Retain => DeletionPolicy::Snapshot,
            kept @ (DeletionPolicy::Snapshot | DeletionPolicy::Delete) => kept,
        };
        Self { policy, protected: false }
    }

    /// The tags of a group that is being made. What holds it back counts only when it is finished.
    pub fn while_making(self) -> Tags {
        let held = |(key, value): (String, String)| {
            let is_held = value != DeletionPolicy::Delete.as_str();
            (key, if is_held { UNFINISHED.to_owned() } else { value })
        };
        self.when_made().into_iter().map(held).collect()
    }

    /// The tags of a group that is finished: none, where all is as the documentation says.
    pub fn when_made(self) -> Tags {
        let policy = match self.policy {
            DeletionPolicy::Snapshot => None,
            other @ (DeletionPolicy::Retain | DeletionPolicy::Delete) => Some(other.as_str()),
        };
        let said =
            [(tag::DELETION, policy), (tag::DELETION_PROTECTION, self.protected.then_some("on"))];
        let said = said.into_iter().filter_map(|(key, value)| Some((key, value?)));
        said.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    /// The keys of tags that a group has and should not have.
    pub fn stale(self, tags: &Tags) -> Vec<&'static str> {
        let sought = self.when_made();
        let keys = [tag::DELETION, tag::DELETION_PROTECTION].into_iter();
        keys.filter(|it| tags.contains_key(*it) && !sought.contains_key(*it)).collect()
    }
}

/// In the place of what holds a group back, until it is finished.
const UNFINISHED: &str = "unfinished";

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 5] = ["", "Snapshot", "Retain", "Delete", "Deleet"];

    fn lenient(pairs: &[(&str, &'static str)]) -> Deletion {
        Deletion::lenient(|name| pairs.iter().find(|it| it.0 == name).map(|it| it.1))
    }

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_properties_that_agree_throw_the_data_away() {
        let mut thrown = Vec::new();
        for policy in WORDS {
            for last in ["", "true", "false", "flase"] {
                let read = lenient(&[("DeletionPolicy", policy), ("FinalSnapshot", last)]);
                if read.policy == DeletionPolicy::Delete {
                    thrown.push((policy, last));
                }
            }
        }
        assert_eq!(thrown, [("", "false"), ("Delete", ""), ("Delete", "false")]);
        assert_eq!(lenient(&[]), Deletion::default());
        assert_eq!(lenient(&[("DeletionPolicy", " retain")]).policy, DeletionPolicy::Retain);
        assert!(lenient(&[("DeletionProtection", "True")]).protected);
    }

    #[test]
    fn the_tags_of_the_group_count_before_the_properties() {
        let stated = Deletion { policy: DeletionPolicy::Delete, protected: false };
        let of = |pairs: &[(&str, &str)]| Deletion::of_group(&tags(pairs), stated);
        assert_eq!(of(&[]), stated);
        assert_eq!(of(&[(tag::DELETION, "Retain")]).policy, DeletionPolicy::Retain);
        assert_eq!(of(&[(tag::DELETION, "keep!")]).policy, DeletionPolicy::Snapshot);
        for on in ["on", "true", "yes", ""] {
            assert!(of(&[(tag::DELETION_PROTECTION, on)]).protected, "{on}");
        }
        let protected = Deletion { protected: true, ..stated };
        for off in ["off", "false", UNFINISHED] {
            let tags = tags(&[(tag::DELETION_PROTECTION, off)]);
            assert!(!Deletion::of_group(&tags, protected).protected, "{off}");
        }
    }

    #[test]
    fn a_group_that_is_not_finished_is_not_held_back() {
        let held = Deletion { policy: DeletionPolicy::Retain, protected: true };
        let read = |tags: &Tags| Deletion::of_group(tags, held);
        assert_eq!(read(&held.while_making()), Deletion::default());
        assert_eq!(read(&held.when_made()), held);
        assert_eq!(held.unheld(), Deletion::default());
        let gone = Deletion { policy: DeletionPolicy::Delete, protected: false };
        assert_eq!(gone.while_making(), gone.when_made());
        assert_eq!(gone.unheld(), gone);
    }

    #[test]
    fn a_group_as_documented_has_no_tag_for_it() {
        let plain = Deletion::default();
        assert!(plain.when_made().is_empty() && plain.while_making().is_empty());
        let held = Deletion { policy: DeletionPolicy::Retain, protected: true };
        assert_eq!(plain.stale(&held.when_made()), [tag::DELETION, tag::DELETION_PROTECTION]);
        assert!(held.stale(&held.while_making()).is_empty());
    }
}
