//! The world after a step, if ElastiCache takes it.

mod nodes;

use super::super::delivery::{DeliveryChange, TopicChange};
use super::super::parameters::Parameters;
use super::super::{
    Around, Every, LogGroupView, Mark, ParameterGroupView, Rotation, SecretView, Seen, Settings,
    Step, SubnetGroupView, TokenGift, Wanted, diff, name,
};
use jiff::{SignedDuration, Timestamp};

use crate::alarm::{AlarmSpec, AlarmView};
use crate::engine::{Engine, Version};
use crate::group::{Endpoint, Resilience, Tls, Toggle};
use crate::log::{LogDelivery, LogKind, LogStatus, LogView};
use crate::{GroupStatus, GroupView, NodeType, Tags};

/// Thinks of what is seen after a step.
pub(super) fn of_step(step: &Step, wanted: &Wanted, seen: &mut Seen) {
    let wanted = &wanted.found(seen).into_owned();
    let around = seen.around.get_or_insert_default();
    of_beside(step, wanted, around);
    match (step, &mut seen.group) {
        (Step::MakeGroup { parameter_group, tags, .. }, group) => {
            *group = Some(made(wanted, parameter_group, tags));
        }
        (_, Some(group)) => of_group(step, wanted, group),
        (_, None) => {}
    }
}

/// Of what stands around the group.
fn of_beside(step: &Step, wanted: &Wanted, around: &mut Around) {
    match step {
        Step::MakeSubnetGroup => around.subnet_group = Some(subnet_group(wanted)),
        Step::ChangeSubnets => {
            let subnets = &wanted.spec.subnets;
            around.subnet_group.iter_mut().for_each(|it| it.subnets.clone_from(subnets));
        }
        Step::MakeParameterGroup { name, family } => {
            around.parameter_groups.push(parameter_group(wanted, name, family));
        }
        Step::DeleteParameterGroup { name } => {
            around.parameter_groups.retain(|it| it.name != *name);
        }
        Step::SetParameters { parameter_group, values } => {
            let ours = around.parameter_groups.iter_mut().filter(|it| it.name == *parameter_group);
            ours.for_each(|it| it.values.extend(values.clone()));
        }
        Step::ResetParameters { parameter_group, names } => {
            let ours = around.parameter_groups.iter_mut().filter(|it| it.name == *parameter_group);
            ours.for_each(|it| it.values.retain(|name, _| !names.contains(name)));
        }
        Step::MakeLogGroup { name } => {
            let (name, tags) = (name.clone(), wanted.log_group_tags());
            around.log_groups.push(LogGroupView { name, tags, ..LogGroupView::default() });
        }
        Step::SetLogRetention { name, days } => {
            let ours = around.log_groups.iter_mut().filter(|it| it.name == *name);
            ours.for_each(|it| it.retention_days = Some(*days));
        }
        Step::DeleteLogGroup { name } => around.log_groups.retain(|it| it.name != *name),
        Step::MakeSecret => around.secret = Some(secret(wanted)),
        Step::RestoreSecret { .. } => around.secret.iter_mut().for_each(|it| it.deleted = false),
        Step::ForgetSecret { .. } => around.secret.iter_mut().for_each(|it| it.deleted = true),
        Step::TagSecret { tags, .. } => {
            around.secret.iter_mut().for_each(|it| it.tags.extend(tags.clone()));
        }
        Step::WriteSecret { written, .. } => around.secret.iter_mut().for_each(|it| {
            it.tags.insert(crate::tag::SECRET_WRITTEN.to_owned(), written.clone());
        }),
        Step::ScheduleRotation { every, .. } => {
            let rotation = rotation(wanted, every);
            around.secret.iter_mut().for_each(|it| it.rotation = Some(rotation.clone()));
        }
        Step::CancelRotation { .. } => around.secret.iter_mut().for_each(|it| it.rotation = None),
        Step::SetNodeType { mark, .. }
        | Step::Upgrade { mark, .. }
        | Step::SetDelivery { mark, .. }
        | Step::SetShards { mark, .. }
        | Step::GiveToken { mark, .. } => note(around, mark),
        Step::PutAlarms(alarms) => put_alarms(wanted, around, alarms),
        Step::DeleteAlarms(names) => around.alarms.retain(|it| !names.contains(&it.name)),
        Step::MakeGroup { .. }
        | Step::Ask { .. }
        | Step::SetTls(_)
        | Step::SetUsers { .. }
        | Step::AddReplicas { .. }
        | Step::RemoveReplicas { .. }
        | Step::SetResilience(_)
        | Step::SetSettings(_)
        | Step::Tag { .. }
        | Step::Untag { .. } => {}
    }
}

/// Of a group that stands.
fn of_group(step: &Step, wanted: &Wanted, group: &mut GroupView) {
    match step {
        Step::Ask { tags, .. } | Step::Tag { tags, .. } => {
            group.tags.get_or_insert_default().extend(tags.clone());
        }
        Step::Untag { keys, .. } => {
            group.tags.get_or_insert_default().retain(|key, _| !keys.contains(key));
        }
        Step::SetNodeType { to, .. } => have_node_type(group, to),
        Step::Upgrade { engine, to, parameter_group, .. } => {
            have_version(group, *engine, *to, parameter_group);
        }
        Step::SetTls(to) => have_tls(group, *to),
        Step::SetUsers { add, remove, drops_token } => {
            group.user_groups.retain(|it| !remove.contains(it));
            group.user_groups.extend(add.clone());
            group.auth_token_enabled &= !drops_token;
        }
        Step::GiveToken { gift, .. } => have_token(group, *gift),
        Step::SetDelivery { change, .. } => have_delivery(group, change),
        Step::AddReplicas { to, shards } | Step::RemoveReplicas { to, shards } => {
            nodes::have_replicas(wanted, group, *to, shards);
        }
        Step::SetShards { to, gone, .. } => nodes::have_shards(wanted, group, *to, gone),
        Step::SetResilience(to) => have_resilience(group, *to),
        Step::SetSettings(settings) => have_settings(group, settings),
        Step::MakeSubnetGroup
        | Step::ChangeSubnets
        | Step::MakeParameterGroup { .. }
        | Step::DeleteParameterGroup { .. }
        | Step::SetParameters { .. }
        | Step::ResetParameters { .. }
        | Step::MakeLogGroup { .. }
        | Step::SetLogRetention { .. }
        | Step::DeleteLogGroup { .. }
        | Step::MakeSecret
        | Step::RestoreSecret { .. }
        | Step::MakeGroup { .. }
        | Step::ForgetSecret { .. }
        | Step::TagSecret { .. }
        | Step::WriteSecret { .. }
        | Step::ScheduleRotation { .. }
        | Step::CancelRotation { .. }
        | Step::PutAlarms(_)
        | Step::DeleteAlarms(_) => {}
    }
}

/// In the place of an ARN that only the making tells.
const NOT_MADE: &str = "(not made yet)";

fn subnet_group(wanted: &Wanted) -> SubnetGroupView {
    SubnetGroupView {
        name: wanted.spec.id.to_string(),
        arn: NOT_MADE.to_owned(),
        subnets: wanted.spec.subnets.clone(),
        tags: diff::beside_tags(wanted),
    }
}

fn parameter_group(wanted: &Wanted, name: &str, family: &str) -> ParameterGroupView {
    ParameterGroupView {
        name: name.to_owned(),
        family: family.to_owned(),
        values: Parameters::new(),
        tags: diff::beside_tags(wanted),
    }
}

fn secret(wanted: &Wanted) -> SecretView {
    let tags = diff::secret_tags(wanted);
    SecretView { arn: NOT_MADE.to_owned(), tags, is_closed: true, ..SecretView::default() }
}

fn rotation(wanted: &Wanted, every: &Every) -> Rotation {
    let (days, schedule) = match every {
        Every::Days(days) => (*days, None),
        Every::Schedule(schedule) => (0, Some(schedule.clone())),
    };
    Rotation { function: wanted.rotate_function.to_string(), days, schedule }
}

fn put_alarms(wanted: &Wanted, around: &mut Around, alarms: &[AlarmSpec]) {
    let topics: Vec<_> = wanted.alarm_topics().iter().map(ToString::to_string).collect();
    around.alarms.retain(|seen| !alarms.iter().any(|it| it.name == seen.name));
    around.alarms.extend(alarms.iter().map(|it| AlarmView::of(it, &topics)));
}

/// The mark of a call that was made is on the subnet group.
fn note(around: &mut Around, mark: &Mark) {
    around.subnet_group.iter_mut().for_each(|it| it.tags.extend(mark.tags.clone()));
}

fn have_node_type(group: &mut GroupView, to: &NodeType) {
    group.node_type = Some(to.clone());
    group.members.iter_mut().for_each(|it| it.node_type = Some(to.clone()));
}

fn have_delivery(group: &mut GroupView, change: &DeliveryChange) {
    let topic = match &change.topic {
        None => None,
        Some(TopicChange::Off) => Some(None),
        Some(TopicChange::To(topic)) => Some(Some(topic.to_string())),
    };
    if let Some(topic) = topic {
        group.members.iter_mut().for_each(|it| it.notification_topic.clone_from(&topic));
    }
    for (kind, to) in &change.logs {
        group.logs.retain(|it| it.kind != *kind);
        group.logs.extend(to.iter().map(|it| delivered(*kind, it)));
    }
}

fn delivered(kind: LogKind, to: &LogDelivery) -> LogView {
    LogView { kind, delivery: Some(to.clone()), status: LogStatus::Active }
}

fn have_tls(group: &mut GroupView, to: Tls) {
    group.tls = to;
    group.transit_encryption = to != Tls::Off;
    group.members.iter_mut().for_each(|it| it.tls = Some(to));
}

fn have_token(group: &mut GroupView, gift: TokenGift) {
    group.auth_token_enabled = true;
    if gift == TokenGift::InPlaceOfUsers {
        group.user_groups.clear();
    }
    // Any other time than before: it is how a group tells that its token was changed.
    let second = SignedDuration::from_secs(1);
    let later = group.token_changed_at.and_then(|it| it.saturating_add(second).ok());
    group.token_changed_at = later.or(Some(Timestamp::UNIX_EPOCH));
}

fn have_version(group: &mut GroupView, engine: Option<Engine>, to: Version, parameter_group: &str) {
    if let Some(engine) = engine {
        group.engine = Some(engine.to_string());
        group.members.iter_mut().for_each(|it| it.engine = engine.to_string());
    }
    for member in &mut group.members {
        member.engine_version = to.to_string();
        member.parameter_group = Some(parameter_group.to_owned());
    }
}

fn have_resilience(group: &mut GroupView, to: Resilience) {
    let toggle = |on| if on { Toggle::Enabled } else { Toggle::Disabled };
    group.automatic_failover = toggle(to != Resilience::None);
    group.multi_az = toggle(to == Resilience::MultiAz);
}

fn have_settings(group: &mut GroupView, settings: &Settings) {
    let Settings {
        parameter_group,
        security_groups,
        snapshot_retention_days,
        snapshotting_member: _,
        snapshot_window,
        maintenance_window,
        auto_minor_version_upgrade,
        ip_discovery,
    } = settings.clone();
    for member in &mut group.members {
        if parameter_group.is_some() {
            member.parameter_group.clone_from(&parameter_group);
        }
        if let Some(them) = &security_groups {
            member.security_groups.clone_from(them);
        }
        if let Some(window) = &maintenance_window {
            member.maintenance_window.clone_from(window);
        }
    }
    group.snapshot_retention_days =
        snapshot_retention_days.unwrap_or(group.snapshot_retention_days);
    group.ip_discovery = ip_discovery.unwrap_or_else(|| group.ip_discovery.clone());
    if let Some(window) = snapshot_window {
        group.snapshot_window = window;
    }
    group.auto_minor_version_upgrade =
        auto_minor_version_upgrade.or(group.auto_minor_version_upgrade);
}

fn made(wanted: &Wanted, parameter_group: &str, tags: &Tags) -> GroupView {
    let spec = &wanted.spec;
    let home = &wanted.autoscale_topic;
    let endpoint = Some(Endpoint { address: NOT_MADE.to_owned(), port: 6379 });
    let window = spec.snapshot_window.as_ref();
    let mut group = GroupView {
        id: spec.id.clone(),
        // What it costs depends on where it stands.
        arn: format!(
            "arn:aws:elasticache:{}:{}:replicationgroup:{}",
            home.region(),
            home.account(),
            spec.id
        ),
        status: GroupStatus::Available,
        node_type: Some(spec.node_type.clone()),
        description: name::description(&spec.id, &wanted.owner),
        cluster_enabled: spec.shape.is_sharded(),
        automatic_failover: Toggle::Disabled,
        multi_az: Toggle::Disabled,
        engine: Some(spec.engine.to_string()),
        transit_encryption: spec.protection.has_tls(),
        tls: spec.tls,
        token_changed_at: None,
        at_rest_encryption: spec.at_rest,
        data_tiering: spec.data_tiering,
        network_type: spec.network_type.clone(),
        ip_discovery: spec.ip_discovery.clone(),
        kms_key: spec.kms_key.as_ref().map(ToString::to_string),
        logs: spec.logs().iter().map(|(kind, to)| delivered(*kind, to)).collect(),
        auth_token_enabled: spec.protection.has_token(),
        user_groups: spec.user_groups.clone(),
        token_change: None,
        snapshot_retention_days: spec.snapshot_retention_days,
        snapshot_window: window.map_or(String::new(), |it| it.as_str().to_owned()),
        auto_minor_version_upgrade: spec.upgrades_itself(spec.version),
        primary_endpoint: endpoint.clone().filter(|_| !spec.shape.is_sharded()),
        reader_endpoint: endpoint.clone().filter(|_| !spec.shape.is_sharded()),
        configuration_endpoint: endpoint.filter(|_| spec.shape.is_sharded()),
        shards: Vec::new(),
        member_ids: Vec::new(),
        members: Vec::new(),
        node_groups_settled: true,
        global_datastore: None,
        tags: Some(tags.clone()),
    };
    nodes::are_made(wanted, &mut group);
    have_resilience(&mut group, wanted.resilience(spec.shape));
    group.members.iter_mut().for_each(|it| it.parameter_group = Some(parameter_group.to_owned()));
    group
}
