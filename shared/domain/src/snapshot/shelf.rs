//! What there is of very many snapshots, in little room: a sweep over a thousand groups sees fifty thousand of them.
//!
//! What no decision over many groups asks for (engine, node type, shards, port, ARN) is left out, and what is the same for many is kept once.
//! The snapshots of one group at a time are taken off whole. Nothing is decided here: names and tags are given back as they came.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;

use super::{Origin, SnapshotStatus, SnapshotView, Tier, name};
use crate::{Bytes, GroupId, SnapshotName, Tags, tag};

/// The snapshots whose names are those of some groups, with their tags. Both come from lists of their own, in whatever order.
#[derive(Debug, Default)]
pub struct Shelf {
    /// By how the names of a group begin. Two groups whose long ids begin alike share a place only if the hashes in their names do.
    places: BTreeMap<String, Place>,
    texts: BTreeSet<Rc<str>>,
    tags: BTreeSet<Label>,
}

/// The tags of a snapshot.
type Label = Rc<[(Rc<str>, Rc<str>)]>;
/// What a name says behind its group.
type Mark = (Tier, Timestamp);

#[derive(Debug, Default)]
struct Place {
    snapshots: Vec<Row>,
    labels: Vec<(Mark, Label)>,
}

#[derive(Debug)]
struct Row {
    mark: Mark,
    status: SnapshotStatus,
    origin: Origin,
    group: Option<Rc<str>>,
    member: Option<Rc<str>>,
    taken_at: Option<Timestamp>,
    size: Option<Bytes>,
}

impl Shelf {
    /// A shelf with a place for each of these groups.
    pub fn of<'a>(groups: impl IntoIterator<Item = &'a GroupId>) -> Self {
        let places = groups.into_iter().map(|it| (name::prefix(it), Place::default())).collect();
        Self { places, ..Self::default() }
    }

    /// Whether a snapshot of this name has a place here.
    pub fn has_place_for(&self, name: &str) -> bool {
        name::split(name).is_some_and(|(prefix, ..)| self.places.contains_key(prefix))
    }

    /// Puts a snapshot into its place, if it has one. What it says of its tags is not looked at.
    pub fn put(&mut self, snapshot: SnapshotView) {
        let Some((prefix, tier, tick)) = name::split(&snapshot.name) else { return };
        let Some(place) = self.places.get_mut(prefix) else { return };
        let mut kept = |it: Option<String>| it.map(|it| kept(&mut self.texts, &it));
        place.snapshots.push(Row {
            mark: (tier, tick),
            status: snapshot.status,
            origin: snapshot.origin,
            group: kept(snapshot.group),
            member: kept(snapshot.member),
            taken_at: snapshot.taken_at,
            size: snapshot.size,
        });
    }

    /// Notes the tags of the snapshot of this name, if it has a place, whether or not it was put there yet. Those that are not ours are left out,
    /// and what is told of its keys: no two are alike there, and nothing over many is decided by it.
    pub fn label(&mut self, name: &str, tags: &Tags) {
        let Some((prefix, tier, tick)) = name::split(name) else { return };
        let Some(place) = self.places.get_mut(prefix) else { return };
        let pair = |(key, value): (&String, &String)| {
            (kept(&mut self.texts, key), kept(&mut self.texts, value))
        };
        let is_kept =
            |key: &str| key.starts_with(tag::OURS) && ![tag::RECORD, tag::SAMPLE].contains(&key);
        let ours = tags.iter().filter(|(key, _)| is_kept(key));
        let label: Label = ours.map(pair).collect();
        let known = self.tags.get(&label).cloned();
        let label = known.unwrap_or_else(|| {
            self.tags.insert(Rc::clone(&label));
            label
        });
        place.labels.push(((tier, tick), label));
    }

    /// The names of those of a group whose tags are here and that were not put into their place, the newest first.
    pub fn missing(&self, group: &GroupId) -> Vec<SnapshotName> {
        let Some(place) = self.places.get(&name::prefix(group)) else { return Vec::new() };
        let there: BTreeSet<Mark> = place.snapshots.iter().map(|it| it.mark).collect();
        let labelled: BTreeSet<Mark> = place.labels.iter().map(|it| it.0).collect();
        let mut missing: Vec<Mark> = labelled.difference(&there).copied().collect();
        missing.sort_by_key(|(tier, tick)| std::cmp::Reverse((*tick, *tier)));
        missing.into_iter().filter_map(|(tier, tick)| name::of(group, tier, tick).ok()).collect()
    }

    /// The snapshots whose names are those of a group, as far as they are kept here. Those whose tags nobody told have none.
    pub fn snapshots(&self, group: &GroupId) -> Vec<SnapshotView> {
        let prefix = name::prefix(group);
        let Some(place) = self.places.get(&prefix) else { return Vec::new() };
        let labels: BTreeMap<Mark, &Label> = place.labels.iter().map(|it| (it.0, &it.1)).collect();
        let view = |row: &Row| SnapshotView {
            name: name::joined(&prefix, row.mark.0, row.mark.1),
            arn: String::new(),
            status: row.status.clone(),
            origin: row.origin,
            group: row.group.as_deref().map(str::to_owned),
            member: row.member.as_deref().map(str::to_owned),
            taken_at: row.taken_at,
            size: row.size,
            node_type: None,
            engine: String::new(),
            engine_version: String::new(),
            shards: Vec::new(),
            port: None,
            tags: labels.get(&row.mark).map(|it| tags(it)),
        };
        place.snapshots.iter().map(view).collect()
    }
}

fn tags(label: &Label) -> Tags {
    label.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

/// The one text like this.
fn kept(texts: &mut BTreeSet<Rc<str>>, text: &str) -> Rc<str> {
    if let Some(known) = texts.get(text) {
        return Rc::clone(known);
    }
    let text: Rc<str> = text.into();
    texts.insert(Rc::clone(&text));
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::{owner, sample};

    fn id(text: &str) -> GroupId {
        GroupId::parse(text).unwrap()
    }

    /// What is kept of a snapshot.
    fn part(it: SnapshotView) -> SnapshotView {
        SnapshotView {
            arn: String::new(),
            node_type: None,
            engine: String::new(),
            engine_version: String::new(),
            shards: Vec::new(),
            port: None,
            ..it
        }
    }

    fn filled(groups: &[GroupId], snapshots: &[SnapshotView]) -> Shelf {
        let mut shelf = Shelf::of(groups);
        // Tags before their snapshots, and after them.
        for (number, it) in snapshots.iter().enumerate() {
            if number % 2 == 0 {
                shelf.put(it.clone());
            }
            if let Some(tags) = &it.tags {
                shelf.label(&it.name, tags);
            }
            if number % 2 == 1 {
                shelf.put(it.clone());
            }
        }
        shelf
    }

    #[test]
    fn only_name_and_tags_together_make_a_snapshot_ours_on_the_shelf_too() {
        let ours = sample::snapshot("orders", "2026-01-02T03:04:00Z");
        let untagged =
            SnapshotView { tags: None, ..sample::snapshot("orders", "2026-01-02T04:04:00Z") };
        let mut foreign = sample::snapshot("orders", "2026-01-02T05:04:00Z");
        foreign.tags.as_mut().unwrap().insert(tag::OWNER.to_owned(), "another".to_owned());
        let mut automatic = sample::snapshot("orders", "2026-01-02T06:04:00Z");
        automatic.origin = Origin::Automated;
        let lookalike = sample::snapshot("orders-eu", "2026-01-02T03:04:00Z");
        let mut strange = sample::snapshot("orders", "2026-01-02T07:04:00Z");
        strange.status = SnapshotStatus::Strange("exploding".to_owned());
        let all = [ours.clone(), untagged, foreign, automatic, lookalike, strange];
        let shelf = filled(&[id("orders"), id("billing")], &all);
        let found = shelf.snapshots(&id("orders"));
        let expected: Vec<_> = all
            .into_iter()
            .filter(|it| it.name != "orders-eu-daily-202601020304")
            .map(part)
            .collect();
        assert_eq!(found, expected);
        let owner = owner(&id("orders"), &sample::policy());
        let is_ours: Vec<_> = found.iter().map(|it| it.is_ours(&id("orders"), &owner)).collect();
        assert_eq!(is_ours, [true, false, false, false, true]);
        assert!(shelf.snapshots(&id("billing")).is_empty());
        assert!(shelf.snapshots(&id("orders-eu")).is_empty(), "it has no place");
    }

    #[test]
    fn a_name_that_is_nobodys_has_no_place() {
        let shelf = Shelf::of([&id("orders")]);
        for name in [
            "orders",
            "orders-daily",
            "orders-yearly-202601020304",
            "orders-daily-20260102030",
            "orders-daily-202601020360",
            "orders-daily-2026010203045",
            "billing-daily-202601020304",
            "automatic.orders-001-2026-01-02-03-04",
        ] {
            assert!(!shelf.has_place_for(name), "{name}");
        }
        assert!(shelf.has_place_for("orders-daily-202601020304"));
    }

    #[test]
    fn tags_of_others_and_what_is_told_of_keys_are_left_out() {
        let mut snapshot = sample::snapshot("orders", "2026-01-02T03:04:00Z");
        let plain = part(snapshot.clone());
        let tags = snapshot.tags.as_mut().unwrap();
        for key in ["team", "aws:x", tag::RECORD, tag::SAMPLE] {
            tags.insert(key.to_owned(), "salt=1a2b3c4d".to_owned());
        }
        assert_eq!(filled(&[id("orders")], &[snapshot]).snapshots(&id("orders")), [plain]);
    }

    #[test]
    fn what_is_the_same_is_kept_once() {
        let all: Vec<_> = (10..60)
            .map(|it| sample::snapshot("orders", &format!("2026-01-02T03:{it}:00Z")))
            .collect();
        let shelf = filled(&[id("orders")], &all);
        assert_eq!(shelf.tags.len(), 1);
        assert_eq!(shelf.texts.len(), 3 + 3 + 1, "three tags with their values, and a member");
    }

    #[test]
    fn what_only_tags_tell_of_is_missing_and_the_newest_comes_first() {
        let at = |time: &str| sample::snapshot("orders", &format!("2026-01-02T{time}:00Z"));
        let [one, two, three] = ["03:04", "05:04", "04:04"].map(at);
        let mut shelf = Shelf::of([&id("orders")]);
        for it in [&one, &two, &three] {
            shelf.label(&it.name, it.tags.as_ref().unwrap());
        }
        let missing = |shelf: &Shelf| -> Vec<String> {
            shelf.missing(&id("orders")).iter().map(ToString::to_string).collect()
        };
        assert_eq!(missing(&shelf), [&two, &three, &one].map(|it| it.name.clone()));
        shelf.put(two);
        assert_eq!(missing(&shelf), [&three, &one].map(|it| it.name.clone()));
        assert!(shelf.missing(&id("billing")).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_put_there_is_taken_off_as_it_was(
            minutes in prop::collection::btree_set(0..200_000_i64, 0..30),
            group in "[a-z]([a-z0-9]|-[a-z0-9]){0,14}",
        ) {
            let Ok(group) = GroupId::parse(&group) else { return Ok(()) };
            let start = 1_767_225_600;
            let all: Vec<_> = minutes.into_iter().map(|it| {
                let tick = Timestamp::from_second(start + it * 60).unwrap();
                sample::snapshot(group.as_str(), &tick.to_string())
            }).collect();
            let shelf = filled(std::slice::from_ref(&group), &all);
            prop_assert_eq!(shelf.snapshots(&group), all.into_iter().map(part).collect::<Vec<_>>());
        }
    }
}
