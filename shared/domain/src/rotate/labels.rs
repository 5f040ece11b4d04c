//! The versions of a secret and the labels that Secrets Manager keeps on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Revoked;
use crate::{Tags, tag};

/// The id of a version of a secret, which Secrets Manager calls a client request token.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct VersionId(String);

/// A text that is no version id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a version id has 32 to 64 letters, digits and hyphens")]
pub struct VersionIdError;

impl VersionId {
    /// Checks a version id (facts 3.2).
    pub fn parse(text: &str) -> Result<Self, VersionIdError> {
        let legal = |it: char| it.is_ascii_alphanumeric() || it == '-';
        if !(32..=64).contains(&text.len()) || !text.chars().all(legal) {
            return Err(VersionIdError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A label, which is on one version at a time. Three are those of Secrets Manager.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Label {
    /// What applications read.
    Current,
    /// What a rotation works on.
    Pending,
    /// What applications read before.
    Previous,
    /// Ours: what is about to take the place of the current version, with the same credential in another form.
    Rewritten,
}

impl Label {
    /// The label as the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Pending => "AWSPENDING",
            Self::Previous => "AWSPREVIOUS",
            Self::Rewritten => "CACHEWARDEN-REWRITTEN",
        }
    }

    /// Reads a label; others, which people may add, are none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Current, Self::Pending, Self::Previous, Self::Rewritten];
        all.into_iter().find(|it| it.as_str() == text)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The versions of a secret that carry labels, and which.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Labels(BTreeMap<VersionId, BTreeSet<Label>>);

impl Labels {
    /// Tells whether Secrets Manager lists this version.
    pub fn list(&self, version: &VersionId) -> bool {
        self.0.contains_key(version)
    }

    /// Tells whether a version carries a label.
    pub fn has(&self, version: &VersionId, label: Label) -> bool {
        self.0.get(version).is_some_and(|it| it.contains(&label))
    }

    /// Puts a label on a version, away from the one that had it.
    pub(super) fn put(&mut self, version: VersionId, label: Label) {
        for labels in self.0.values_mut() {
            labels.remove(&label);
        }
        self.0.entry(version).or_default().insert(label);
    }

    /// Tells whether a version carries any label that we know.
    pub(super) fn any(&self, version: &VersionId) -> bool {
        self.0.get(version).is_some_and(|it| !it.is_empty())
    }

    /// The version that a rotation works on. The label may stay behind on a version that was promoted, and go with it when a person puts
    /// another value in its place (facts 3.2): what was in use before is no rotation under way.
    pub fn under_way(&self) -> Option<&VersionId> {
        let begun =
            |it: &&VersionId| !self.has(it, Label::Current) && !self.has(it, Label::Previous);
        self.of(Label::Pending).filter(begun)
    }

    /// The version before the current one, where `AWSPENDING` stayed on it. Secrets Manager would begin no rotation (facts 3.2).
    pub fn left_behind(&self) -> Option<&VersionId> {
        self.of(Label::Pending).filter(|it| self.has(it, Label::Previous))
    }

    /// Whether nothing older than the current version may be valid, of which only a label tells: there is none, or it was seen to open nothing.
    pub fn is_without_older(&self, tags: &Tags) -> bool {
        let proven = tags.get(tag::REVOKED).and_then(|it| Revoked::parse(it)).map(|it| it.version);
        let is_proven = proven.is_some() && proven.as_ref() == self.of(Label::Current);
        self.under_way().is_none() && (self.of(Label::Previous).is_none() || is_proven)
    }

    /// The version that carries a label.
    pub fn of(&self, label: Label) -> Option<&VersionId> {
        self.0.iter().find(|(_, labels)| labels.contains(&label)).map(|(version, _)| version)
    }
}

impl FromIterator<(VersionId, BTreeSet<Label>)> for Labels {
    fn from_iter<I: IntoIterator<Item = (VersionId, BTreeSet<Label>)>>(versions: I) -> Self {
        Self(versions.into_iter().collect())
    }
}
