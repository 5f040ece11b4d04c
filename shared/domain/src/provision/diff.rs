//! How a settled group differs from the group as stated.

use super::step::Settings;
use super::{Wanted, name};
use crate::engine::Release;
use crate::group::{Resilience, Toggle};
use crate::rotate::Form;
use crate::shard::{Shape, ShardView};
use crate::snapshot::park::NIGHTLY;
use crate::{GroupView, Role, Tags, tag};

/// What the members run: the oldest, where they differ.
pub fn release(group: &GroupView) -> Option<Release> {
    let of = |it: &crate::MemberView| {
        Some(Release { engine: it.engine.parse().ok()?, version: it.engine_version.parse().ok()? })
    };
    group.members.iter().filter_map(of).min()
}

/// What the group should run: what is stated, or what is newer and AWS installed by itself.
pub fn wanted_release(wanted: &Wanted, group: &GroupView) -> Release {
    let stated = wanted.spec.release();
    release(group).filter(|it| it.is_newer_than(stated)).unwrap_or(stated)
}

/// Whether the group itself tells another engine than its members run. It may lag behind them.
pub fn engine_lags(group: &GroupView) -> bool {
    let told = group.engine.as_deref();
    release(group).is_some_and(|it| told.is_some_and(|told| told != it.engine.as_str()))
}

/// The name of the parameter group that the group should have.
pub fn parameter_group(wanted: &Wanted, group: &GroupView) -> String {
    name::parameter_group(&wanted.spec.id, &wanted_release(wanted, group).family())
}

/// The shape of a group. The replicas are those of the shard that has fewest.
pub fn shape(group: &GroupView) -> Shape {
    let count = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
    if !group.cluster_enabled {
        return Shape::Single { nodes: count(group.member_ids.len()) };
    }
    let replicas = group.shards.iter().map(ShardView::replicas).min();
    Shape::Sharded { shards: count(group.shards.len()), replicas: replicas.unwrap_or_default() }
}

/// The shape that the group should have.
pub fn wanted_shape(wanted: &Wanted, group: &GroupView) -> Shape {
    let (seen, keep) = (shape(group), wanted.keep);
    let kept = |is_kept, seen: u32, stated: u32| if is_kept { seen } else { stated };
    match wanted.spec.shape {
        Shape::Single { nodes } => Shape::Single { nodes: kept(keep.nodes, seen.nodes(), nodes) },
        Shape::Sharded { shards, replicas } => Shape::Sharded {
            shards: kept(keep.shards, seen.shards(), shards),
            replicas: kept(keep.nodes, seen.replicas(), replicas),
        },
    }
}

/// Whether group and members have another node type than stated, and who of them.
pub fn node_type(wanted: &Wanted, group: &GroupView) -> NodeTypeSeen {
    let stated = &wanted.spec.node_type;
    if wanted.keep.node_type {
        return NodeTypeSeen::AsWanted;
    }
    let lags = group.members.iter().find(|it| it.node_type.as_ref() != Some(stated));
    match (group.node_type.as_ref() == Some(stated), lags) {
        (true, None) => NodeTypeSeen::AsWanted,
        (true, Some(member)) => NodeTypeSeen::Lags(member.id.to_string()),
        (false, _) => NodeTypeSeen::Other(
            group.node_type.as_ref().map_or("unknown".to_owned(), ToString::to_string),
        ),
    }
}

/// What was seen of the node type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NodeTypeSeen {
    /// The group and every member have it.
    AsWanted,
    /// The group has it, this member not yet.
    Lags(String),
    /// The group has this one.
    Other(String),
}

/// The resilience that a group has, or nothing while it is on its way.
pub fn resilience(group: &GroupView) -> Option<Resilience> {
    match (group.automatic_failover, group.multi_az) {
        (Toggle::Enabling | Toggle::Disabling, _) => None,
        (Toggle::Disabled, _) => Some(Resilience::None),
        (Toggle::Enabled, Toggle::Enabled) => Some(Resilience::MultiAz),
        (Toggle::Enabled, Toggle::Disabled | Toggle::Enabling | Toggle::Disabling) => {
            Some(Resilience::Failover)
        }
    }
}

/// The settings that differ, or nothing. A setting that the stack does not state is left as it is.
pub fn settings(wanted: &Wanted, group: &GroupView) -> Option<Settings> {
    let spec = &wanted.spec;
    let every = |same: &dyn Fn(&crate::MemberView) -> bool| group.members.iter().all(same);
    let parameter_group = parameter_group(wanted, group);
    let mut sought = spec.security_groups.clone();
    sought.sort_unstable();
    let same_security = every(&|it| {
        let mut has = it.security_groups.clone();
        has.sort_unstable();
        has == sought
    });
    let days = spec.snapshot_retention_days;
    let window = spec.snapshot_window.as_ref().map(|it| it.as_str().to_owned());
    let maintenance = spec.maintenance_window.as_ref().map(|it| it.as_str().to_owned());
    let discovery = Some(&spec.ip_discovery).filter(|it| **it != group.ip_discovery);
    let settings = Settings {
        ip_discovery: discovery.cloned(),
        // One of another family than the running version is refused: it comes with the upgrade.
        parameter_group: Some(parameter_group)
            .filter(|_| is_in_family(wanted, group))
            .filter(|it| !every(&|member| member.parameter_group.as_ref() == Some(it))),
        security_groups: Some(spec.security_groups.clone()).filter(|_| !same_security),
        snapshot_retention_days: Some(days).filter(|it| *it != group.snapshot_retention_days),
        snapshotting_member: Some(())
            // With shards the whole group is read, and no member is named (facts 1.6).
            .filter(|()| group.snapshot_retention_days == 0 && 0 < days && !group.cluster_enabled)
            .and_then(|()| snapshotting_member(group)),
        snapshot_window: window
            .filter(|it| 0 < days && !it.eq_ignore_ascii_case(&group.snapshot_window)),
        maintenance_window: maintenance
            .filter(|it| !every(&|member| member.maintenance_window.eq_ignore_ascii_case(it))),
        auto_minor_version_upgrade: release(group)
            .and_then(|it| spec.upgrades_itself(it.version))
            .filter(|it| group.auto_minor_version_upgrade.is_some_and(|seen| seen != *it)),
    };
    Some(settings).filter(|it| *it != Settings::default())
}

fn is_in_family(wanted: &Wanted, group: &GroupView) -> bool {
    release(group).is_some_and(|it| it.family() == wanted_release(wanted, group).family())
}

/// A replica, to spare the primary, or the only node.
fn snapshotting_member(group: &GroupView) -> Option<crate::MemberId> {
    let replica = group.members.iter().find(|it| it.role == Some(Role::Replica));
    replica.or_else(|| group.members.first()).map(|it| it.id.clone())
}

/// The tags that say whose a group is and what may be done with it.
pub fn tags(wanted: &Wanted, secret: Option<&str>) -> Tags {
    let spec = &wanted.spec;
    let topics: Vec<_> = wanted.alarm_topics().iter().map(ToString::to_string).collect();
    let said = [
        (tag::OWNER, Some(wanted.owner.to_string())),
        (tag::SECRET, secret.map(str::to_owned)),
        (tag::SNAPSHOT_KEEP, Some(spec.snapshot_keep.to_string())),
        (tag::DRILL_DAYS, spec.drill_days.map(|it| it.to_string())),
        (tag::PARK, spec.night_park.then(|| NIGHTLY.to_owned())),
        (tag::ALARM_TOPICS, Some(topics.join(" "))),
        (tag::REPLACES, wanted.replaces.as_ref().map(ToString::to_string)),
        (tag::ALARMS, Some(if spec.alarms { "on" } else { "off" }.to_owned())),
    ];
    // What the engine does when it is full says what the data is, where the stack does not: nobody has to ask for the parameters then.
    let drops_any = spec.maxmemory_policy.starts_with("allkeys-");
    let data = if drops_any { "cache" } else { "store" };
    let data = spec.autoscale.data.is_none().then(|| data.to_owned());
    let said = said.into_iter().chain(spec.autoscale.tags()).chain([(tag::AUTOSCALE_DATA, data)]);
    let ours = said.filter_map(|(key, value)| Some((key.to_owned(), value?)));
    spec.tags.clone().into_iter().chain(ours).collect()
}

/// The keys of tags that the stack gave the group before, and no longer does. What others tag is left alone.
pub fn dropped_tags(wanted: &Wanted, seen: &Tags) -> Vec<String> {
    let before = wanted.before.iter().flat_map(|it| it.tags.keys());
    let is_dropped = |it: &&String| seen.contains_key(*it) && !wanted.spec.tags.contains_key(*it);
    before.filter(is_dropped).cloned().collect()
}

/// The tags that differ, and the keys of ours that should not be there.
pub fn tag_changes(sought: &Tags, seen: &Tags) -> (Tags, Vec<&'static str>) {
    let missing = sought.iter().filter(|(key, value)| seen.get(*key) != Some(value));
    let stale = [
        tag::SECRET,
        tag::AUTOSCALE_MAX_NODE_TYPE,
        tag::AUTOSCALE_MIN_REPLICAS,
        tag::AUTOSCALE_MAX_REPLICAS,
        tag::AUTOSCALE_NODE_TYPES,
        tag::AUTOSCALE_BUDGET,
        tag::AUTOSCALE_MINUTE,
        tag::AUTOSCALE_DATA,
        tag::DRILL_DAYS,
        tag::PARK,
        tag::REPLACES,
    ];
    let stale = stale.into_iter().filter(|it| seen.contains_key(*it) && !sought.contains_key(*it));
    (missing.map(|(key, value)| (key.clone(), value.clone())).collect(), stale.collect())
}

/// The tags of the secret: whose it is, and what `rotate` has to know.
pub fn secret_tags(wanted: &Wanted) -> Tags {
    Tags::from([
        (tag::OWNER.to_owned(), wanted.owner.to_string()),
        (tag::GROUP.to_owned(), wanted.spec.id.to_string()),
        (tag::GRACE_MINUTES.to_owned(), wanted.spec.rotation_grace_minutes.to_string()),
        (tag::SECRET_FORMAT.to_owned(), wanted.spec.secret_format.word().to_owned()),
    ])
}

/// What the secret of a group is to hold besides the token, as its tag tells it.
pub fn secret_written(wanted: &Wanted, group: &GroupView) -> String {
    let word = wanted.spec.secret_format.word();
    match (wanted.spec.secret_format, group.clients_endpoint()) {
        (Form::Json, Some(endpoint)) => format!("{word} {endpoint}"),
        (Form::Json, None) | (Form::Plain, _) => word.to_owned(),
    }
}

/// The tags of a thing that stands beside the group.
pub fn beside_tags(wanted: &Wanted) -> Tags {
    Tags::from([
        (tag::OWNER.to_owned(), wanted.owner.to_string()),
        (tag::GROUP.to_owned(), wanted.spec.id.to_string()),
    ])
}
