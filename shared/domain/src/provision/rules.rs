//! Rules that tie properties to each other, to the stack, or to what AWS does with them.
//!
//! An update may be the way back from another one, with the two sets of properties swapped, and a stack may be older than a rule. So
//! a rule looks only at what is new in a request: what AWS refuses, it refuses wherever a property of it changes; what AWS takes and
//! does not heed is told only while the cache is made, since such a value may have stood before and must be free to come back.

use serde_json::{Map, Value};

use super::parse::engine::too_old;
use super::{AutoscalePolicy, GroupSpec};
use crate::engine::Release;
use crate::shard::Shape;
use crate::window::{MaintenanceWindow, SnapshotWindow};
use crate::{Arn, Owner, Problems, tag};

/// What the rules look at, as far as it could be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Stated<'a> {
    /// Where automatic snapshots are on.
    pub(super) snapshot_window: Option<&'a SnapshotWindow>,
    pub(super) maintenance_window: Option<&'a MaintenanceWindow>,
    /// Where alarms are on.
    pub(super) alarm_topic: Option<&'a Arn>,
    pub(super) release: Option<Release>,
    pub(super) notification_topic: Option<&'a Arn>,
    pub(super) kms_key: Option<&'a Arn>,
    pub(super) shape: Option<Shape>,
    pub(super) multi_az: bool,
    pub(super) autoscale: Option<&'a AutoscalePolicy>,
    pub(super) upgrades_itself: Option<bool>,
    pub(super) night_park: bool,
    pub(super) protected: bool,
}

/// Checks what a request states against every rule.
pub(super) fn check(
    stated: &Stated<'_>,
    owner: &Owner,
    now: &Map<String, Value>,
    before: Option<&Map<String, Value>>,
) -> Problems {
    let mut problems = Problems::default();
    let is_new = |names: &[&str]| {
        before.is_none_or(|it| names.iter().any(|name| text(now, name) != text(it, name)))
    };
    if is_new(&["SnapshotWindow", "MaintenanceWindow", "SnapshotRetentionLimit"]) {
        windows(stated, &mut problems);
    }
    if is_new(&["AlarmSnsTopicArn", "EnableAlarms"]) {
        place_of_topic(stated, owner, &mut problems);
    }
    if is_new(&["NotificationTopicArn"]) {
        place_of_events(stated, owner, &mut problems);
    }
    if is_new(&["KmsKeyArn"]) {
        place_of_key(stated, owner, &mut problems);
    }
    if is_new(&["NightPark", "DeletionProtection"]) {
        nights(stated, &mut problems);
    }
    if before.is_none() {
        ceiling(stated, &mut problems);
        floor(stated, &mut problems);
        own_upgrades(stated, &mut problems);
    }
    problems
}

/// Checks the topics of the alarms against the room in a tag, which names them all.
pub fn topics(spec: &GroupSpec, before: Option<&GroupSpec>, ours: &Arn) -> Result<(), Problems> {
    let Some(theirs) = spec.alarm_topic.as_ref().filter(|it| *it != ours) else { return Ok(()) };
    let length = ours.as_str().chars().count() + 1 + theirs.as_str().chars().count();
    let stood = before.is_some_and(|it| it.alarm_topic.as_ref() == Some(theirs));
    if stood || length <= tag::VALUE_LEN_MAX {
        return Ok(());
    }
    let mut problems = Problems::default();
    problems.add(
        "AlarmSnsTopicArn",
        format!(
            "\"{theirs}\" and the functions' own topic, {ours}, make {length} characters, and the tag that names both has room for {}; take a topic with a shorter name",
            tag::VALUE_LEN_MAX
        ),
    );
    Err(problems)
}

/// A scalar as it would be read, so that `"2"` and `2` are no change, and neither are an empty text and none.
fn text(map: &Map<String, Value>, name: &str) -> String {
    match map.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(other) => other.to_string(),
    }
}

fn windows(stated: &Stated<'_>, problems: &mut Problems) {
    if let (Some(snapshots), Some(maintenance)) =
        (stated.snapshot_window, stated.maintenance_window)
        && maintenance.overlaps(snapshots)
    {
        problems.add(
            "SnapshotWindow",
            format!(
                "{snapshots} overlaps MaintenanceWindow {maintenance}: ElastiCache wants the two apart"
            ),
        );
    }
}

fn place_of_topic(stated: &Stated<'_>, owner: &Owner, problems: &mut Problems) {
    let (Some(topic), Ok(stack)) = (stated.alarm_topic, Arn::parse(owner.stack_id())) else {
        return;
    };
    // A topic of another account may be told, if its policy lets CloudWatch.
    let (has, wants) = (topic.region(), stack.region());
    if has != wants {
        problems.add(
            "AlarmSnsTopicArn",
            format!(
                "\"{topic}\" is in {has}, and the stack in {wants}: an alarm tells a topic of its own region"
            ),
        );
    }
}

fn place_of_events(stated: &Stated<'_>, owner: &Owner, problems: &mut Problems) {
    let (Some(topic), Ok(stack)) = (stated.notification_topic, Arn::parse(owner.stack_id())) else {
        return;
    };
    let place = |it: &Arn| format!("{} in account {}", it.region(), it.account());
    let (has, wants) = (place(topic), place(&stack));
    if has != wants {
        problems.add(
            "NotificationTopicArn",
            format!("\"{topic}\" is of {has}, and the stack of {wants}: ElastiCache tells a topic of its own region and account"),
        );
    }
}

fn place_of_key(stated: &Stated<'_>, owner: &Owner, problems: &mut Problems) {
    let (Some(key), Ok(stack)) = (stated.kms_key, Arn::parse(owner.stack_id())) else { return };
    // A key of another account may be used, if its policy lets this one.
    let (has, wants) = (key.region(), stack.region());
    if has != wants {
        problems.add(
            "KmsKeyArn",
            format!("\"{key}\" is in {has}, and the stack in {wants}: a cache is encrypted with a key of its own region"),
        );
    }
}

/// The rule is as old as `NightPark`, so no stack stood with both before it.
fn nights(stated: &Stated<'_>, problems: &mut Problems) {
    if stated.night_park && stated.protected {
        problems.add(
            "NightPark",
            "is true, and DeletionProtection is true: a cache that is parked is deleted for the night, and every night would be refused; set one of them to false",
        );
    }
}

fn ceiling(stated: &Stated<'_>, problems: &mut Problems) {
    if let (Some(most), Some(release)) =
        (stated.autoscale.and_then(|it| it.max_node_type.as_ref()), stated.release)
        && let Some(rule) = too_old(most, release)
    {
        problems.add("AutoscaleMaxNodeType", rule);
    }
}

fn floor(stated: &Stated<'_>, problems: &mut Problems) {
    let (Some(0), Some(shape)) = (stated.autoscale.and_then(|it| it.min_replicas), stated.shape)
    else {
        return;
    };
    let why = match shape {
        Shape::Single { nodes: 0 | 1 } => return,
        Shape::Single { nodes } => format!("a cache of RedisNumCacheNodes {nodes} fails over"),
        // With shards it fails over without replicas too, and only zones need them.
        Shape::Sharded { .. } if stated.multi_az => {
            "a cache with EnableMultiAz true has a second zone".to_owned()
        }
        Shape::Sharded { .. } => return,
    };
    problems.add(
        "AutoscaleMinReplicas",
        format!("0 is less than 1: {why}, and ElastiCache leaves it a replica for that"),
    );
}

fn own_upgrades(stated: &Stated<'_>, problems: &mut Problems) {
    if let (Some(said), Some(Release { version, .. })) = (stated.upgrades_itself, stated.release)
        && !version.may_upgrade_itself()
    {
        problems.add(
            "AutoMinorVersionUpgrade",
            format!(
                "{said} is not heeded with RedisEngineVersion {version}: ElastiCache upgrades by itself from 6.0 on; leave it out"
            ),
        );
    }
}

#[cfg(test)]
mod tests;
