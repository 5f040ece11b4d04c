//! What speaks against having a group go, and against the snapshot that would come in its place.

use crate::provision::Deletion;
use crate::snapshot::restore::{Difference, differences};
use crate::snapshot::{Origin, Refusal, SnapshotView};
use crate::{GroupId, GroupView, Tags, tag};

use super::Unreplaced;
use super::by_secret::Unswitched;
use super::by_secret::mark::Aside;
use super::mark::{Was, kept};

/// What speaks against having this group go.
pub(super) fn against_group(group: &GroupView, tags: &Tags) -> Vec<Refusal> {
    let id = || group.id.clone();
    let mut whys = Vec::new();
    if !tags.contains_key(tag::OWNER) && !tags.contains_key(tag::SNAPSHOT_KEEP) {
        whys.push(Unreplaced::NotOurs { group: id() });
    }
    if Deletion::of_group(tags, Deletion::default()).protected {
        whys.push(Unreplaced::Protected { group: id() });
    }
    for (key, value) in under_way(tags) {
        whys.push(Unreplaced::Busy { group: id(), key, value: value.to_owned() });
    }
    if let Some(global) = group.global_datastore.clone() {
        whys.push(Unreplaced::GlobalDatastore { group: id(), global });
    }
    let mut whys: Vec<Refusal> = whys.into_iter().map(Refusal::from).collect();
    if let Some(Aside { by, until, .. }) = Aside::read(tags) {
        whys.push(Unswitched::StandsAside { group: id(), by, until }.into());
    }
    whys
}

/// What of these tags of a group says that somebody is at it.
pub(in crate::snapshot) fn under_way(tags: &Tags) -> impl Iterator<Item = (&'static str, &str)> {
    UNDER_WAY.into_iter().filter_map(|(key, is_quiet)| {
        let value = tags.get(key).filter(|it| !is_quiet(it))?;
        Some((key, value.as_str()))
    })
}

/// The tags that say that somebody is at a group, unless their value says that he is through.
const UNDER_WAY: [(&str, IsQuiet); 7] = [
    (tag::ASKED, |_| false),
    (tag::AUTOSCALE_CHANGE, |_| false),
    (tag::REPLACED_BY, |_| false),
    (tag::TOKEN, |it| it.starts_with("auth-token=done")),
    (tag::PARKED, |it| !it.starts_with("goes by ")),
    (tag::DELETION, |it| it != "unfinished"),
    (tag::DELETION_PROTECTION, |it| it != "unfinished"),
];

type IsQuiet = fn(&str) -> bool;

/// What speaks against this snapshot, besides what speaks against any restore of it.
pub(super) fn against_snapshot(
    snapshot: &SnapshotView,
    group: &GroupId,
    from: Option<&GroupId>,
) -> Vec<Refusal> {
    let name = || snapshot.name.clone();
    let mut whys = Vec::new();
    if snapshot.origin == Origin::Automated {
        whys.push(Unreplaced::Automatic { snapshot: name() });
    }
    match (snapshot.source(), from) {
        (Some(of), None) if of != *group => {
            let group = group.clone();
            whys.push(Unreplaced::OfAnother { snapshot: name(), of, group });
        }
        (Some(of), Some(from)) if of != *from => {
            let from = from.clone();
            whys.push(Unreplaced::NotOf { snapshot: name(), of, from });
        }
        (Some(_) | None, Some(_) | None) => {}
    }
    whys.into_iter().map(Refusal::from).collect()
}

/// What of the group that stands in is not as on the group: that one could not be made like it, or was changed since. Strict, as what is
/// not on the one that stands in is not on the group that comes back either. Its size is left out where more was asked for.
pub(super) fn differences(group: &GroupView, tags: &Tags, stand_in: &GroupView) -> Vec<Difference> {
    let mut found = differences::grave(group, stand_in);
    found.extend(differences::slight(group, stand_in, None));
    let has = stand_in.tags.as_ref().map(|it| Was::read(it).tags).unwrap_or_default();
    let wants = kept(tags);
    let added: Tags =
        has.into_iter().filter(|(key, _)| *key != tag::SECRET || wants.contains_key(key)).collect();
    found.extend(differences::of_tags(&wants, &added));
    found.extend(differences::of_tags(&added, &wants));
    found
}
