//! Tags (facts 1.2: refused while the resource is busy).

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::check::bad_value;
use super::model::{Group, Status};
use super::work::{self, Work};
use super::{describe, group, must_be_available, user_groups, users};
use crate::wire::query::Params;
use crate::wire::xml::Xml;
use crate::{Refusal, State};

type Tags = BTreeMap<String, String>;

/// The tags of a request, checked.
pub(super) fn read(params: &Params) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in params.structures("Tags", "Tag") {
        let key = tag.text("Key").unwrap_or_default();
        let value = tag.text("Value").unwrap_or_default();
        let legal = |text: &str, most: usize| {
            text.chars().count() <= most
                && text
                    .chars()
                    .all(|it| it.is_alphanumeric() || it.is_whitespace() || "+-=._:/@".contains(it))
        };
        if key.is_empty() || !legal(&key, 128) || key.to_ascii_lowercase().starts_with("aws:") {
            return Err(bad_value(format!("Invalid tag key: {key}")));
        }
        if !legal(&value, 256) {
            return Err(bad_value(format!("Invalid value of tag {key}: {value}")));
        }
        if tags.insert(key.clone(), value).is_some() {
            return Err(bad_value(format!("Duplicate tag key: {key}")));
        }
    }
    check_count(&tags)?;
    Ok(tags)
}

fn check_count(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() <= 50 {
        return Ok(());
    }
    let text = "No more than 50 tags are allowed on a resource.";
    Err(Refusal::new(400, "TagQuotaPerResourceExceeded", text))
}

/// `AddTagsToResource`.
pub(super) fn add(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let (arn, new) = (params.required("ResourceName")?, read(params)?);
    if new.is_empty() {
        return Err(bad_value("The parameter Tags must be provided."));
    }
    change(state, &arn, |tags| tags.extend(new))
}

/// `RemoveTagsFromResource`.
pub(super) fn remove(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let arn = params.required("ResourceName")?;
    let keys = params.list("TagKeys", "member");
    if keys.is_empty() {
        return Err(bad_value("The parameter TagKeys must be provided."));
    }
    if state.settings.switches.missing_tags_fail {
        let tags = of(state, &arn)?;
        if let Some(missing) = keys.iter().find(|it| !tags.contains_key(*it)) {
            let text = format!("The requested tag was not found on this resource: {missing}");
            return Err(Refusal::new(404, "TagNotFound", text));
        }
    }
    change(state, &arn, |tags| tags.retain(|key, _| !keys.contains(key)))
}

/// `ListTagsForResource`. It is refused while the resource is busy, like a change.
pub(super) fn list(state: &mut State, params: &Params) -> Result<String, Refusal> {
    let arn = params.required("ResourceName")?;
    let tags = of(state, &arn)?.clone();
    Ok(written(&tags))
}

fn change(state: &mut State, arn: &str, how: impl FnOnce(&mut Tags)) -> Result<String, Refusal> {
    let tags = of(state, arn)?;
    let mut changed = tags.clone();
    how(&mut changed);
    check_count(&changed)?;
    tags.clone_from(&changed);
    if state.settings.switches.tags_make_busy
        && let Some(("replicationgroup", id)) = named(arn)
        && let Ok(group) = group(state, id)
    {
        group.set_all(Status::Modifying);
        let takes = state.settings.durations.tags;
        work::start(state, Some(id), takes.max(SignedDuration::ZERO), [], Work::Settled);
    }
    Ok(written(&changed))
}

/// The tags of what an ARN names, if it is in a state to be asked.
fn of<'a>(state: &'a mut State, arn: &str) -> Result<&'a mut Tags, Refusal> {
    let strange = || {
        let text = format!("The ARN {arn} is invalid or names nothing here");
        Refusal::new(400, "InvalidARN", text)
    };
    let (kind, id) = named(arn).ok_or_else(strange)?;
    match kind {
        "replicationgroup" => {
            let found = group(state, id)?.clone();
            tags_of(state, found)
        }
        "cluster" => {
            // The tags of a group are those of its members too.
            let found = describe::group_of(state, id)?.clone();
            tags_of(state, found)
        }
        "snapshot" => {
            state.elasticache.snapshots.get_mut(id).map(|it| &mut it.tags).ok_or_else(|| {
                Refusal::new(404, "SnapshotNotFoundFault", format!("Snapshot {id} not found"))
            })
        }
        "subnetgroup" => {
            let found = state.elasticache.subnet_groups.get_mut(id).map(|it| &mut it.tags);
            let text = format!("Cache Subnet Group {id} does not exist.");
            found.ok_or_else(|| Refusal::new(400, "CacheSubnetGroupNotFoundFault", text))
        }
        "parametergroup" => {
            let found = state.elasticache.parameter_groups.get_mut(id).map(|it| &mut it.tags);
            let text = format!("CacheParameterGroup not found: {id}");
            found.ok_or_else(|| Refusal::new(404, "CacheParameterGroupNotFound", text))
        }
        "user" => {
            let found = state.elasticache.users.0.get_mut(id).map(|it| &mut it.tags);
            found.ok_or_else(|| users::not_found(id))
        }
        "usergroup" => {
            let found = state.elasticache.user_groups.get_mut(id).map(|it| &mut it.tags);
            found.ok_or_else(|| user_groups::not_found(id))
        }
        _ => Err(strange()),
    }
}

/// The tags of a group, or of a cluster that stands alone, unless it is busy.
fn tags_of(state: &mut State, of: Group) -> Result<&mut Tags, Refusal> {
    let busy = must_be_available(state, &of).is_err();
    let found = state.elasticache.groups.get_mut(&of.id).filter(|_| !busy);
    found.map(|it| &mut it.tags).ok_or_else(|| {
        let text = "Cluster not in available state to perform tagging operations.";
        Refusal::new(400, "InvalidReplicationGroupState", text)
    })
}

/// Kind and id of an ElastiCache ARN.
fn named(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(7, ':');
    if parts.next() != Some("arn") || parts.nth(1) != Some("elasticache") {
        return None;
    }
    Some((parts.nth(2)?, parts.next()?))
}

fn written(tags: &Tags) -> String {
    let mut xml = Xml::new();
    xml.list("TagList", "Tag", tags, |xml, (key, value)| {
        xml.text("Key", key).text("Value", value);
    });
    xml.done()
}
