//! The groups, and which of them may have changed since somebody last asked.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::model::Group;

/// Replication groups, and clusters that stand alone, by id.
///
/// Whoever wants to change one takes it from here, which is how CloudWatch knows of which nodes to look what they report now, rather than
/// at all of ten thousand.
#[derive(Debug, Default)]
pub struct Groups {
    all: BTreeMap<String, Group>,
    touched: BTreeSet<String>,
}

impl Deref for Groups {
    type Target = BTreeMap<String, Group>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl Groups {
    /// A group, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Group> {
        let found = self.all.get_mut(id);
        if found.is_some() && !self.touched.contains(id) {
            self.touched.insert(id.to_owned());
        }
        found
    }

    /// One more group, or another in the place of one.
    pub fn insert(&mut self, id: String, group: Group) {
        self.touched.insert(id.clone());
        self.all.insert(id, group);
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Group> {
        self.touch(id);
        self.all.remove(id)
    }

    /// Something around this group changed that its nodes depend on.
    pub(super) fn touch(&mut self, id: &str) {
        self.touched.insert(id.to_owned());
    }

    /// Those that may have changed since this was asked last.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.touched)
    }
}
