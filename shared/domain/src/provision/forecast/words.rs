//! Steps in the words of a person who decides on them.

mod size;

use std::ops::RangeInclusive;

use super::super::delivery::{DeliveryChange, TopicChange};
use super::super::{Every, Removal, Replaced, Seen, Settings, Step, TokenGift, Wanted, diff};
use super::{Change, Effect};
use crate::group::{Resilience, Tls};
use crate::snapshot::take::ReadFrom;
use crate::snapshot::{FLOOR, Keep};
use crate::{GroupView, Tags};

/// What takes a moment.
const AT_ONCE: RangeInclusive<u32> = 0..=1;
/// A change of settings, during which the group is `modifying`.
const SETTINGS: RangeInclusive<u32> = 1..=3;
/// A new group, of small nodes (facts 1.8).
const CREATION: RangeInclusive<u32> = 5..=12;
/// One that is filled, as long as its keys take to be read (facts 7.5).
const RESTORE: RangeInclusive<u32> = 8..=40;
/// Replicas, more or fewer (facts 1.8).
const REPLICAS: RangeInclusive<u32> = 8..=12;
/// Other nodes, or another engine on them: as long as the keys take to be copied, of which a new cache has few (facts 1.8).
const NODES: RangeInclusive<u32> = 10..=30;
/// A snapshot, as long as its keys take to be written (facts 1.8).
const SNAPSHOT: RangeInclusive<u32> = 2..=15;
/// The metrics of a new group (facts 6.2).
const COUNTING: RangeInclusive<u32> = 1..=5;
/// The end of a group (facts 1.8).
const DELETION: RangeInclusive<u32> = 3..=8;

/// Tells of a step; nothing where it is only a note that another step makes.
pub(super) fn of_step(step: &Step, wanted: &Wanted, seen: &Seen) -> Option<Change> {
    let (spec, id) = (&wanted.spec, &wanted.spec.id);
    let (secret, subnets) = (&spec.secret_name, spec.subnets.join(", "));
    let group = seen.group.as_ref();
    let change = match step {
        Step::Ask { .. } => return None,
        Step::MakeSubnetGroup => at_once(format!("make the subnet group {id} of {subnets}")),
        Step::ChangeSubnets => at_once(format!("give the subnet group {id} {subnets}")),
        Step::MakeParameterGroup { name, family } => {
            at_once(format!("make the parameter group {name} of the family {family}"))
        }
        Step::DeleteParameterGroup { name } => without_parameter_group(name),
        Step::SetParameters { parameter_group, values } => {
            at_once(format!("set {} in {parameter_group}", pairs(values)))
        }
        Step::ResetParameters { parameter_group, names } => {
            at_once(format!("give {} in {parameter_group} back to the defaults", names.join(", ")))
        }
        Step::MakeLogGroup { name } => at_once(format!("make the log group {name}")),
        Step::SetLogRetention { name, days } => of_retention(name, *days),
        Step::DeleteLogGroup { name } => without_log_group(name),
        Step::SetDelivery { change, .. } => lasting(SETTINGS, of_delivery(change)),
        Step::MakeSecret => at_once(format!("make the secret {secret} with a new token")),
        Step::RestoreSecret { .. } => {
            at_once(format!("take the secret {secret} out of its recovery window"))
        }
        Step::WriteSecret { .. } => of_writing(secret),
        Step::TagSecret { tags, .. } => {
            at_once(format!("tag the secret {secret}: {}", pairs(tags)))
        }
        Step::ScheduleRotation { every, .. } => of_schedule(every),
        Step::CancelRotation { .. } => {
            deleting(at_once("end the rotation of the token".to_owned()), "the rotation schedule")
        }
        Step::MakeGroup { .. } => of_making(&wanted.found(seen)),
        Step::SetNodeType { to, .. } => {
            let has = from(group.and_then(|it| it.node_type.as_ref()));
            brief(format!("change the node type {has}to {to}"), NODES)
        }
        Step::Upgrade { engine, to, .. } => {
            let has = group.and_then(diff::release);
            let name = engine.unwrap_or(spec.engine).name();
            let has = has.map(|it| format!("{} {}", it.engine.name(), it.version));
            brief(format!("upgrade {}to {name} {to}", from(has.as_ref())), NODES)
        }
        Step::SetTls(to) => lasting(SETTINGS, of_tls(*to).to_owned()),
        Step::SetUsers { add, remove, drops_token } => of_users(add, remove, *drops_token),
        Step::GiveToken { gift, .. } => lasting(SETTINGS, of_gift(*gift).to_owned()),
        Step::ForgetSecret { .. } => deleting(
            at_once(format!("send the secret {secret} into its recovery window")),
            &format!("the secret {secret}, after its recovery window"),
        ),
        Step::AddReplicas { to, shards } => size::more_replicas(*to, shards, group),
        Step::RemoveReplicas { to, shards } => size::fewer_replicas(*to, shards, group),
        Step::SetShards { to, gone, .. } => size::of_shards(*to, gone, seen),
        Step::SetResilience(to) => lasting(SETTINGS, of_resilience(*to).to_owned()),
        Step::SetSettings(settings) => lasting(SETTINGS, of_settings(settings, group)),
        Step::Tag { tags, .. } => of_tagging(tags, group),
        Step::Untag { keys, .. } => {
            at_once(format!("take tags off the replication group: {}", keys.join(", ")))
        }
        Step::PutAlarms(alarms) => {
            let names: Vec<_> = alarms.iter().map(|it| it.name.as_str()).collect();
            at_once(format!("make or put right {} alarms: {}", names.len(), names.join(", ")))
        }
        Step::DeleteAlarms(names) => without_alarms(names),
    };
    Some(change)
}

fn of_writing(secret: &str) -> Change {
    at_once(format!("write the token into the secret {secret} in the form that it is to have"))
}

fn of_schedule(every: &Every) -> Change {
    at_once(match every {
        Every::Days(days) => format!("have the token rotated every {days} days"),
        Every::Schedule(schedule) => format!("have the token rotated at {schedule}"),
    })
}

fn of_tagging(tags: &Tags, group: Option<&GroupView>) -> Change {
    at_once(format!("tag the replication group: {}{}", pairs(tags), of_keeping(tags, group)))
}

fn of_making(wanted: &Wanted) -> Change {
    let spec = &wanted.spec;
    let (id, shape, node_type) = (&spec.id, spec.shape, &spec.node_type);
    let (engine, version) = (spec.engine.name(), spec.version);
    let is_parked = if wanted.parked.is_some() { ", with which it is parked" } else { "" };
    let filled =
        wanted.source().map_or(String::new(), |it| format!(", filled from {it}{is_parked}"));
    let minutes = if filled.is_empty() { CREATION } else { RESTORE };
    lasting(
        minutes,
        format!("make the replication group {id}: {shape} {node_type}, {engine} {version}{filled}"),
    )
}

/// What another policy does to the snapshots that are there, where tiers come or go or change.
fn of_keeping(tags: &Tags, group: Option<&GroupView>) -> String {
    let had = group.and_then(|it| it.tags.as_ref()).and_then(|it| Keep::read(it).ok());
    match (had, Keep::read(tags)) {
        (Some(Keep::Newest(count)), Ok(Keep::Tiers(tiers))) => format!(
            "; snapshots are kept by {tiers} in place of the newest {count}, and those that are there by no tier go only after {FLOOR} were taken by the tiers"
        ),
        (Some(Keep::Off), Ok(Keep::Tiers(tiers))) => {
            format!("; snapshots are taken and kept by {tiers}")
        }
        (Some(Keep::Tiers(before)), Ok(Keep::Tiers(tiers))) => {
            format!(
                "; snapshots are kept by {tiers} in place of {before}, and the next prune deletes what no tier keeps"
            )
        }
        (Some(Keep::Tiers(before)), Ok(Keep::Newest(count))) => format!(
            "; the newest {count} snapshots are kept in place of {before}, and what the tiers took goes only after {count} were taken by number"
        ),
        (Some(Keep::Tiers(_)), Ok(Keep::Off)) => {
            "; no snapshots are taken any more, and those that are there stay".to_owned()
        }
        (Some(Keep::Off | Keep::Newest(_)), Ok(Keep::Off | Keep::Newest(_)))
        | (None, _)
        | (_, Err(_)) => String::new(),
    }
}

fn of_resilience(to: Resilience) -> &'static str {
    match to {
        Resilience::None => "turn Multi-AZ and automatic failover off",
        Resilience::Failover => "turn automatic failover on, and Multi-AZ off",
        Resilience::MultiAz => "turn automatic failover and Multi-AZ on",
    }
}

fn of_delivery(change: &DeliveryChange) -> String {
    let topic = change.topic.as_ref().map(|it| match it {
        TopicChange::To(topic) => format!("tell {topic} of ElastiCache's events"),
        TopicChange::Off => "tell no topic of ElastiCache's events".to_owned(),
    });
    let logs = change.logs.iter().map(|(kind, to)| match to {
        Some(to) => format!("deliver {} to {to}", kind.property()),
        None => format!("deliver no {}", kind.property()),
    });
    topic.into_iter().chain(logs).collect::<Vec<_>>().join("; ")
}

fn of_tls(to: Tls) -> &'static str {
    match to {
        Tls::Off => "turn TLS off: clients connect without it only",
        Tls::Preferred => "let clients connect with TLS and without it",
        Tls::Required => "let clients connect by TLS only",
    }
}

fn of_users(add: &[String], remove: &[String], drops_token: bool) -> Change {
    let named = |words: &str, them: &[String]| {
        (!them.is_empty()).then(|| format!("{words} {}", them.join(", ")))
    };
    let token = drops_token.then(|| "take no token any more".to_owned());
    let said = [named("let in the users of", add), named("no longer those of", remove), token];
    let what = said.into_iter().flatten().collect::<Vec<_>>().join(", ");
    // Who is let in already stays so; who is not any more is cut off.
    if remove.is_empty() && !drops_token { lasting(SETTINGS, what) } else { brief(what, SETTINGS) }
}

fn of_gift(gift: TokenGift) -> &'static str {
    match gift {
        TokenGift::Accept => "accept the token of the secret, and clients without one",
        TokenGift::InPlaceOfUsers => "accept the token of the secret, and no users any more",
        TokenGift::Require => "accept no client without a token",
    }
}

fn of_retention(name: &str, days: u32) -> Change {
    at_once(format!("have the log group {name} keep what is in it for {days} days"))
}

fn without_parameter_group(name: &str) -> Change {
    let change = at_once(format!("delete the parameter group {name}"));
    deleting(change, &format!("the parameter group {name}"))
}

fn without_log_group(name: &str) -> Change {
    let change = at_once(format!("delete the log group {name}"));
    deleting(change, &format!("the log group {name}, and what was written to it"))
}

fn without_alarms(names: &[String]) -> Change {
    let change = at_once(format!("delete {} alarms", names.len()));
    deleting(change, &format!("the alarms {}", names.join(", ")))
}

/// Tells of the snapshot that carries keys over, or that there is none.
pub(super) fn of_carrying(group: &GroupView, replaced: Option<&Replaced>) -> Change {
    let id = &group.id;
    match replaced.filter(|it| it.with_data) {
        Some(Replaced { snapshot, .. }) => lasting(
            SNAPSHOT,
            format!(
                "take the snapshot {snapshot} of {id}, which carries its keys over: what is written to {id} after it stays there"
            ),
        ),
        None => at_once(format!(
            "leave the keys of {id} behind, as Replacement without-data says: none of them is in the group that takes its place"
        )),
    }
}

/// Tells that the keys are counted, where they go along.
pub(super) fn of_counting(wanted: &Wanted, group: &GroupView) -> Option<Change> {
    let (old, new) = (&group.id, &wanted.spec.id);
    let what = || {
        format!(
            "count the keys of {new} by its metrics: with fewer than half of those of {old}, the update fails, and {old} stays"
        )
    };
    wanted.carries_keys().then(|| lasting(COUNTING, what()))
}

/// Tells of the answer that has clients go to another group.
pub(super) fn of_answer(wanted: &Wanted, group: &GroupView) -> Change {
    let secret =
        if wanted.spec.protection.has_token() { ", and to a secret of its own" } else { "" };
    let what = format!(
        "have the stack's outputs lead from {} to {}{secret}; both stand side by side until CloudFormation cleans up",
        group.id, wanted.spec.id
    );
    Change { effect: Effect::Replacement, ..at_once(what) }
}

/// Tells of a step of a deletion.
pub(super) fn of_removal(removal: &Removal, group: &str) -> Change {
    match removal {
        Removal::CloseWayBack { .. } => {
            at_once(format!("close the way back to the replication group {group}"))
        }
        Removal::TakeLast { of, .. } => {
            let of = match of {
                ReadFrom::Member(it) => it.to_string(),
                ReadFrom::Group(it) => it.to_string(),
            };
            lasting(SNAPSHOT, format!("take a last snapshot of {of}, and see that it is whole"))
        }
        Removal::Retain { .. } => at_once("write on the replication group whose it was".to_owned()),
        Removal::LetGo { .. } => deleting(
            at_once("take the owner's tag off the replication group, which stays".to_owned()),
            "the stack's hold on the replication group",
        ),
        Removal::Group => Change {
            what: format!("delete the replication group {group}"),
            effect: Effect::End,
            minutes: DELETION,
            deletes: Some(format!("the replication group {group}, and what no snapshot holds")),
        },
        Removal::KeepParked { name, .. } => at_once(format!(
            "keep {name}, with which {group} is parked, as the last snapshot of it"
        )),
        Removal::Alarms(names) => without_alarms(names),
        Removal::ParameterGroup { name } => without_parameter_group(name),
        Removal::SubnetGroup => deleting(
            at_once(format!("delete the subnet group {group}")),
            &format!("the subnet group {group}"),
        ),
        Removal::LogGroup { name } => without_log_group(name),
        Removal::Secret { arn } => deleting(
            at_once(format!("send the secret {arn} into its recovery window")),
            &format!("the secret {arn}, after its recovery window"),
        ),
    }
}

fn at_once(what: String) -> Change {
    Change { what, effect: Effect::InPlace, minutes: AT_ONCE, deletes: None }
}

fn lasting(minutes: RangeInclusive<u32>, what: String) -> Change {
    Change { minutes, ..at_once(what) }
}

fn brief(what: String, minutes: RangeInclusive<u32>) -> Change {
    Change { what, effect: Effect::BriefInterruption, minutes, deletes: None }
}

fn deleting(change: Change, what: &str) -> Change {
    Change { deletes: Some(what.to_owned()), ..change }
}

fn from<T: ToString>(value: Option<&T>) -> String {
    value.map_or(String::new(), |it| format!("from {} ", it.to_string()))
}

fn pairs(tags: &Tags) -> String {
    let pairs: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(", ")
}

/// What a settings call changes, each with the value that it has now where that is one.
fn of_settings(settings: &Settings, group: Option<&GroupView>) -> String {
    let Settings {
        parameter_group,
        security_groups,
        snapshot_retention_days,
        snapshotting_member,
        snapshot_window,
        maintenance_window,
        auto_minor_version_upgrade,
        ip_discovery,
    } = settings;
    let had = |text: Option<String>| {
        text.filter(|it| !it.is_empty()).map_or(String::new(), |it| format!(" from {it}"))
    };
    let member = group.and_then(|it| it.members.first());
    let days = |it: u32| format!("{it} days");
    let said = [
        parameter_group.as_ref().map(|it| {
            let has = had(member.and_then(|it| it.parameter_group.clone()));
            format!("the parameter group{has} to {it}")
        }),
        security_groups.as_ref().map(|it| {
            let has = had(member.map(|it| it.security_groups.join(", ")));
            format!("the security groups{has} to {}", it.join(", "))
        }),
        snapshot_retention_days.map(|it| {
            let has = had(group.map(|it| days(it.snapshot_retention_days)));
            format!("the retention of automatic snapshots{has} to {}", days(it))
        }),
        snapshotting_member.as_ref().map(|it| format!("the member they are read from to {it}")),
        snapshot_window.as_ref().map(|it| {
            let has = had(group.map(|it| it.snapshot_window.clone()));
            format!("the snapshot window{has} to {it}")
        }),
        maintenance_window.as_ref().map(|it| {
            let has = had(member.map(|it| it.maintenance_window.clone()));
            format!("the maintenance window{has} to {it}")
        }),
        auto_minor_version_upgrade
            .map(|it| format!("minor upgrades by AWS {}", if it { "on" } else { "off" })),
        ip_discovery.as_ref().map(|it| format!("the addresses that its names lead to, to {it}")),
    ];
    format!("set {}", said.into_iter().flatten().collect::<Vec<_>>().join("; "))
}
