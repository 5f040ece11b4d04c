//! Properties to a cache, with every mistake told at once and before anything is made.

pub(super) mod access;
mod autoscale;
mod delivery;
pub(super) mod engine;
mod network;
mod rotation;
mod shape;
mod source;
mod upkeep;
mod upstash;

use serde_json::{Map, Value};

use super::parameters::Parameters;
use super::property::Properties;
use super::rules::{self, Stated};
use super::{Backend, Deletion, GroupSpec, Replacement, labels, name, parameters, reference};
use crate::engine::Release;
use crate::log::{LogDelivery, LogKind};
use crate::rotate::Form;
use crate::window::MaintenanceWindow;
use crate::{Arn, GroupId, Owner, Problems, Tags, tag};

pub use self::delivery::log_groups_of;
pub use self::source::rdb_file;

/// What came of a parse.
pub type Parsed = Result<Backend, Problems>;

/// Reads the properties of a request.
///
/// `before` are the properties that already stood, in an update: what stands may stay, or come back in a rollback, even if nobody
/// could ask for it today, such as a node type of a previous generation.
pub fn parse(
    properties: &Map<String, Value>,
    owner: &Owner,
    before: Option<&Map<String, Value>>,
) -> Parsed {
    let mut read = Properties::new(properties);
    read.refuse_unknown(&reference::names());
    if !tag::is_legal_value(&owner.to_string()) {
        read.problems.add("StackId", format!("{owner} is no tag value: longer than 256, or with more than letters, digits and + - = . _ : / @"));
    }
    let _service_timeout = read.number("ServiceTimeout", 1..=3600);
    let names = names(&mut read);
    let use_upstash = read.switch("UseUpstash", false);
    let create = read.switch("CreateElasticache", !use_upstash);
    let upstash = upstash::upstash(&mut read, use_upstash, names.as_ref());
    let group = group(&mut read, names, create, owner, before);
    let backend = match (create, use_upstash) {
        (true, true) => {
            read.problems.add(
                "UseUpstash",
                "is true, and so is CreateElasticache: a cache has one backend; set one of them to false",
            );
            None
        }
        (false, false) => {
            read.problems.add(
                "CreateElasticache",
                "is false, and so is UseUpstash: a cache has one backend; set one of them to true",
            );
            None
        }
        (true, false) => group.map(|it| Backend::ElastiCache(Box::new(it))),
        (false, true) => upstash.map(Backend::Upstash),
    };
    match backend {
        Some(backend) if read.problems.is_empty() => Ok(backend),
        Some(_) | None => Err(read.problems),
    }
}

struct Names {
    id: GroupId,
    id_is_stated: bool,
    replacement: Option<Replacement>,
    secret: String,
    project: String,
    environment: String,
}

fn names(read: &mut Properties<'_>) -> Option<Names> {
    let project = read.required("ProjectName", "the first part of all names, such as orders");
    let environment =
        read.required("Environment", "the last part of all names, such as production");
    let stated = read.parsed("ReplicationGroupId", GroupId::parse);
    let replacement = read.text("Replacement").map(|_| {
        let word = read.one_of("Replacement", &Replacement::WORDS, "with-data");
        Replacement::parse(&word)
    });
    for (property, text) in [("ProjectName", &project), ("Environment", &environment)] {
        let legal = |it: char| it.is_ascii_alphanumeric() || it == '-';
        if text.as_ref().is_some_and(|it| !it.chars().all(legal)) {
            read.problems.add(property, "has more than letters, digits and hyphens");
        }
    }
    if read.has_problem("ProjectName") || read.has_problem("Environment") {
        return None;
    }
    let (project, environment) = (project?, environment?);
    let id_is_stated = stated.is_some();
    let id = match stated {
        Some(id) => id,
        None => read.problems.keep(
            "ProjectName and Environment",
            name::group_id(&project, &environment).map_err(|err| {
                format!("make the replication group id {err}; state ReplicationGroupId")
            }),
        )?,
    };
    let secret = name::secret(&project, &environment);
    Some(Names { id, id_is_stated, replacement, secret, project, environment })
}

fn group(
    read: &mut Properties<'_>,
    names: Option<Names>,
    wanted: bool,
    owner: &Owner,
    before: Option<&Map<String, Value>>,
) -> Option<GroupSpec> {
    let types = engine::Types { before, data_tiering: read.switch("EnableDataTiering", false) };
    let engine::Runs { engine, release, node_type } = engine::runs(read, types);
    let (shape, access) = (shape::shape(read), access::access(read, release));
    let subnets = read.ids("PrivateSubnetIds", "subnet-");
    let (security_groups, vpc) = (read.ids("SecurityGroupIds", "sg-"), network::vpc(read));
    network::needed(read, wanted, &subnets, &security_groups);
    let multi_az = network::multi_az(read, shape, &subnets);
    let source = source::source(read, owner, shape);
    let zones = network::zones(read, (shape, multi_az, before.is_none()), owner);
    let autoscale = autoscale::autoscale(read, engine, node_type.as_ref(), shape, types);
    let (network_type, ip_discovery) = network::addresses(read, release);
    let (kms_key, rest) = (access::kms_key(read, access.at_rest), rest(read, release));
    let stated = Stated {
        kms_key: kms_key.as_ref(),
        release,
        shape: Some(shape),
        multi_az,
        autoscale: Some(&autoscale),
        ..rest.stated()
    };
    let broken = rules::check(&stated, owner, read.map(), before);
    broken.iter().for_each(|it| read.problems.add(&it.name, &it.rule));
    let names = names?;
    Some(GroupSpec {
        id: names.id,
        id_is_stated: names.id_is_stated,
        replacement: names.replacement,
        secret_name: names.secret,
        engine,
        version: release?.version,
        source,
        data_tiering: types.data_tiering,
        node_type: node_type?,
        shape,
        subnets,
        zones,
        security_groups,
        vpc,
        network_type,
        ip_discovery,
        at_rest: access.at_rest,
        kms_key,
        protection: access.protection,
        tls: access.tls,
        user_groups: access.user_groups,
        multi_az,
        maxmemory_policy: rest.maxmemory_policy,
        parameters: rest.parameters,
        snapshot_retention_days: rest.snapshots.retention_days,
        snapshot_window: rest.snapshots.window,
        maintenance_window: rest.maintenance_window,
        auto_minor_version_upgrade: rest.upgrades_itself.unwrap_or(true),
        alarms: rest.alarms,
        alarm_topic: rest.alarm_topic,
        notification_topic: rest.notification_topic,
        slow_log: rest.slow_log,
        engine_log: rest.engine_log,
        log_retention_days: rest.log_retention_days,
        rotation_days: rest.rotation_days,
        rotation_schedule: rest.rotation_schedule,
        rotation_grace_minutes: rest.rotation_grace_minutes,
        secret_format: rest.secret_format,
        autoscale,
        snapshot_keep: rest.snapshots.keep,
        drill_days: rest.snapshots.drill_days,
        night_park: rest.snapshots.night_park,
        deletion: rest.deletion,
        tags: rest.tags,
    })
}

/// What needs nothing of the rest but engine and version.
struct Rest {
    maxmemory_policy: String,
    parameters: Parameters,
    snapshots: upkeep::Snapshots,
    maintenance_window: Option<MaintenanceWindow>,
    upgrades_itself: Option<bool>,
    alarms: bool,
    alarm_topic: Option<Arn>,
    notification_topic: Option<Arn>,
    slow_log: Option<LogDelivery>,
    engine_log: Option<LogDelivery>,
    log_retention_days: u32,
    rotation_days: u32,
    rotation_schedule: Option<String>,
    rotation_grace_minutes: u32,
    secret_format: Form,
    deletion: Deletion,
    tags: Tags,
}

fn rest(read: &mut Properties<'_>, release: Option<Release>) -> Rest {
    Rest {
        alarm_topic: read.parsed("AlarmSnsTopicArn", |it| arn(it, "sns")),
        snapshots: upkeep::snapshots(read),
        rotation_schedule: rotation::schedule(read),
        notification_topic: read.parsed("NotificationTopicArn", |it| arn(it, "sns")),
        slow_log: delivery::log(read, LogKind::Slow, release),
        engine_log: delivery::log(read, LogKind::Engine, release),
        log_retention_days: delivery::retention_days(read),
        parameters: parameters::read(read),
        maxmemory_policy: read.one_of("MaxmemoryPolicy", engine::MAXMEMORY_POLICIES, "allkeys-lru"),
        maintenance_window: read.parsed("MaintenanceWindow", str::parse),
        upgrades_itself: read.said("AutoMinorVersionUpgrade"),
        alarms: read.switch("EnableAlarms", true),
        rotation_days: read.number("RotationDays", 0..=1000).unwrap_or(30),
        rotation_grace_minutes: read.number("RotationGraceMinutes", 0..=43_200).unwrap_or(1440),
        secret_format: Form::parse(&read.one_of("SecretFormat", &Form::NAMES, "token"))
            .unwrap_or(Form::Plain),
        deletion: upkeep::deletion(read),
        tags: labels::read(read, "Tags"),
    }
}

impl Rest {
    /// What the rules look at of it.
    fn stated(&self) -> Stated<'_> {
        let snapshots = &self.snapshots;
        Stated {
            snapshot_window: snapshots.window.as_ref().filter(|_| 0 < snapshots.retention_days),
            maintenance_window: self.maintenance_window.as_ref(),
            alarm_topic: self.alarm_topic.as_ref().filter(|_| self.alarms),
            notification_topic: self.notification_topic.as_ref(),
            upgrades_itself: self.upgrades_itself,
            night_park: snapshots.night_park,
            protected: self.deletion.protected,
            ..Stated::default()
        }
    }
}

/// An ARN of this service that can stand in a tag.
fn arn(text: &str, service: &str) -> Result<Arn, String> {
    let arn = Arn::parse(text).map_err(|err| err.to_string())?;
    if arn.service() != service {
        return Err(format!("\"{text}\" is an ARN of {}, not of {service}", arn.service()));
    }
    if !tag::is_legal_value(text) {
        return Err(format!(
            "\"{text}\" has characters that no tag takes: only letters, digits, spaces and + - = . _ : / @"
        ));
    }
    Ok(arn)
}

#[cfg(test)]
pub(super) mod tests;
