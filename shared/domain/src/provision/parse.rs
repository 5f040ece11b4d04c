//! Properties to a cache, with every mistake told at once and before anything is made.

use serde_json::{Map, Value};

use super::property::Properties;
use super::rules::{self, Stated};
use super::{
    AutoscalePolicy, Backend, Deletion, DeletionPolicy, GroupSpec, Protection, UpstashSpec, labels,
    name, reference,
};
use crate::engine::Version;
use crate::window::{MaintenanceWindow, SnapshotWindow};
use crate::{Arn, Catalog, GroupId, NodeType, Owner, Problems, Tags, tag};

/// The versions that can be kept: older ones cannot change an AUTH token (facts 2.1).
const VERSIONS: &[&str] = &["5.0.6", "6.0", "6.2", "7.0", "7.1"];

const MAXMEMORY_POLICIES: &[&str] = &[
    "allkeys-lfu",
    "allkeys-lru",
    "allkeys-random",
    "noeviction",
    "volatile-lfu",
    "volatile-lru",
    "volatile-random",
    "volatile-ttl",
];

const AUTOSCALE_MODES: &[&str] = &["off", "recommend", "up-only", "full"];

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
    let upstash = upstash(&mut read, use_upstash, names.as_ref());
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
    secret: String,
    project: String,
    environment: String,
}

fn names(read: &mut Properties<'_>) -> Option<Names> {
    let project = read.required("ProjectName", "the first part of all names, such as orders");
    let environment =
        read.required("Environment", "the last part of all names, such as production");
    let stated = read.parsed("ReplicationGroupId", GroupId::parse);
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
    let id = match stated {
        Some(id) => id,
        None => read.problems.keep(
            "ProjectName and Environment",
            name::group_id(&project, &environment).map_err(|err| {
                format!("make the replication group id {err}; state ReplicationGroupId")
            }),
        )?,
    };
    Some(Names { id, secret: name::secret(&project, &environment), project, environment })
}

fn upstash(read: &mut Properties<'_>, wanted: bool, names: Option<&Names>) -> Option<UpstashSpec> {
    let url = read.text("UpstashRedisUrl");
    let secret = read.parsed("UpstashSecretArn", |it| {
        // The text is not repeated in the mistake: it may be the token itself.
        arn(it, "secretsmanager").map_err(|_| "is not the ARN of a secret")
    });
    let store = read.switch("StoreUpstashInSecretsManager", false);
    let said =
        |it: &str| format!("{it}; it is https://<name>.upstash.io, from the Upstash console");
    // The text is not repeated in the mistake: it may hold a password.
    match url.as_deref().map(|it| (it, it.strip_prefix("https://"))) {
        Some((_, Some(host))) if host.contains(['@', '?', '#']) => {
            read.problems.add(
                "UpstashRedisUrl",
                said("holds a login or a query: credentials belong in Secrets Manager"),
            );
        }
        Some((_, Some(host))) if !host.trim_end_matches('/').is_empty() => {}
        Some(_) => read.problems.add("UpstashRedisUrl", said("is not the REST endpoint")),
        None if wanted => read.problems.add("UpstashRedisUrl", said("is missing")),
        None => {}
    }
    if wanted && store && secret.is_none() {
        read.problems.add(
            "UpstashSecretArn",
            "is missing: with StoreUpstashInSecretsManager, give the ARN of the secret that holds the credentials; a token never goes through a template",
        );
    }
    let names = names?;
    Some(UpstashSpec {
        url: url?,
        secret,
        physical_id: format!("{}{}-{}", name::UPSTASH, names.project, names.environment),
    })
}

fn group(
    read: &mut Properties<'_>,
    names: Option<Names>,
    wanted: bool,
    owner: &Owner,
    before: Option<&Map<String, Value>>,
) -> Option<GroupSpec> {
    let node_type = node_type(read, "RedisNodeType", before, Some("cache.t4g.micro"));
    let version = version(read);
    if let (Some(node_type), Some(version)) = (&node_type, version) {
        runs(read, node_type, version);
    }
    let nodes = read.number("RedisNumCacheNodes", 1..=6).unwrap_or(2);
    let (at_rest, protection) = encryption(read);
    let subnets = read.ids("PrivateSubnetIds", "subnet-");
    let security_groups = read.ids("SecurityGroupIds", "sg-");
    let _of_the_application = read.ids("AppSecurityGroupIds", "sg-");
    let vpc = read.ids("VpcId", "vpc-").into_iter().next();
    if wanted {
        needed(read, &subnets, &security_groups);
    }
    let multi_az = multi_az(read, nodes, &subnets);
    let autoscale = autoscale(read, node_type.as_ref(), nodes, before);
    let alarm_topic = read.parsed("AlarmSnsTopicArn", |it| arn(it, "sns"));
    let snapshots = snapshots(read);
    let rest = Rest {
        maxmemory_policy: read.one_of("MaxmemoryPolicy", MAXMEMORY_POLICIES, "allkeys-lru"),
        maintenance_window: read.parsed("MaintenanceWindow", str::parse),
        upgrades_itself: read.said("AutoMinorVersionUpgrade"),
        alarms: read.switch("EnableAlarms", true),
        rotation_days: read.number("RotationDays", 0..=1000).unwrap_or(30),
        rotation_grace_minutes: read.number("RotationGraceMinutes", 0..=43_200).unwrap_or(1440),
        deletion: deletion(read),
        tags: labels::read(read, "Tags"),
    };
    let stated = Stated {
        snapshot_window: snapshots.window.as_ref().filter(|_| 0 < snapshots.retention_days),
        maintenance_window: rest.maintenance_window.as_ref(),
        alarm_topic: alarm_topic.as_ref().filter(|_| rest.alarms),
        version,
        nodes,
        max_node_type: autoscale.max_node_type.as_ref(),
        min_replicas: autoscale.min_replicas,
        upgrades_itself: rest.upgrades_itself,
    };
    let broken = rules::check(&stated, owner, read.map(), before);
    broken.iter().for_each(|it| read.problems.add(&it.name, &it.rule));
    let names = names?;
    Some(GroupSpec {
        id: names.id,
        secret_name: names.secret,
        version: version?,
        node_type: node_type?,
        nodes,
        subnets,
        security_groups,
        vpc,
        at_rest,
        protection,
        multi_az,
        maxmemory_policy: rest.maxmemory_policy,
        snapshot_retention_days: snapshots.retention_days,
        snapshot_window: snapshots.window,
        maintenance_window: rest.maintenance_window,
        auto_minor_version_upgrade: rest.upgrades_itself.unwrap_or(true),
        alarms: rest.alarms,
        alarm_topic,
        rotation_days: rest.rotation_days,
        rotation_grace_minutes: rest.rotation_grace_minutes,
        autoscale,
        snapshot_keep: snapshots.keep,
        deletion: rest.deletion,
        tags: rest.tags,
    })
}

/// Newer node types do not run older versions.
fn runs(read: &mut Properties<'_>, node_type: &NodeType, version: Version) {
    if let Some(from) = Catalog::embedded().find(node_type).and_then(|it| it.redis_from)
        && (version.major, version.minor) < (from.major, from.minor)
    {
        let rule =
            format!("{node_type} runs Redis from {from} on, and RedisEngineVersion is {version}");
        read.problems.add("RedisNodeType", rule);
    }
}

struct Rest {
    maxmemory_policy: String,
    maintenance_window: Option<MaintenanceWindow>,
    upgrades_itself: Option<bool>,
    alarms: bool,
    rotation_days: u32,
    rotation_grace_minutes: u32,
    deletion: Deletion,
    tags: Tags,
}

struct Snapshots {
    retention_days: u32,
    window: Option<SnapshotWindow>,
    keep: u32,
}

fn snapshots(read: &mut Properties<'_>) -> Snapshots {
    Snapshots {
        retention_days: read.number("SnapshotRetentionLimit", 0..=35).unwrap_or(7),
        window: read.parsed("SnapshotWindow", str::parse),
        keep: read.number("SnapshotKeep", 0..=365).unwrap_or(7),
    }
}

/// `FinalSnapshot` is the older spelling: false is `Delete`, and true is no word against `Retain`, after which the group stands.
fn deletion(read: &mut Properties<'_>) -> Deletion {
    let last = read.said("FinalSnapshot");
    let default = match last {
        Some(false) => DeletionPolicy::Delete,
        Some(true) | None => DeletionPolicy::default(),
    };
    let word = read.one_of("DeletionPolicy", &DeletionPolicy::WORDS, default.as_str());
    let policy = DeletionPolicy::parse(&word).unwrap_or_default();
    let agree = match policy {
        DeletionPolicy::Snapshot | DeletionPolicy::Retain => last != Some(false),
        DeletionPolicy::Delete => last != Some(true),
    };
    if let Some(last) = last.filter(|_| !agree && !read.has_problem("DeletionPolicy")) {
        read.problems.add(
            "FinalSnapshot",
            format!("is {last}, and DeletionPolicy is {policy}: leave FinalSnapshot out, it is the older spelling of the two"),
        );
    }
    Deletion { policy, protected: read.switch("DeletionProtection", false) }
}

fn needed(read: &mut Properties<'_>, subnets: &[String], security_groups: &[String]) {
    if subnets.is_empty() && !read.has_problem("PrivateSubnetIds") {
        read.problems.add("PrivateSubnetIds", "is missing; it takes the subnets of the cache");
    }
    if 20 < subnets.len() {
        read.problems.add("PrivateSubnetIds", "has more than the 20 subnets that a group takes");
    }
    if security_groups.is_empty() && !read.has_problem("SecurityGroupIds") {
        read.problems.add(
            "SecurityGroupIds",
            "is missing; without it the cache would stand in the default security group of the VPC",
        );
    }
}

fn version(read: &mut Properties<'_>) -> Option<Version> {
    let version = read.one_of("RedisEngineVersion", VERSIONS, "7.1");
    version.parse().ok().filter(|_| VERSIONS.contains(&version.as_str()))
}

/// A node type that can be made. In an update, one of a previous generation may be what stood before it, so ElastiCache is asked.
fn node_type(
    read: &mut Properties<'_>,
    property: &str,
    before: Option<&Map<String, Value>>,
    default: Option<&str>,
) -> Option<NodeType> {
    let text = read.text(property).or_else(|| default.map(str::to_owned))?;
    let node_type = read.problems.keep(property, NodeType::parse(&text))?;
    let rule = match Catalog::embedded().find(&node_type) {
        None => format!("{node_type} is not a node type of ElastiCache"),
        Some(entry) if entry.data_tiering => {
            format!("{node_type} keeps cold keys on SSD, which is not supported")
        }
        Some(entry) if !entry.current && before.is_none() => {
            format!("{node_type} is of a previous generation, of which AWS makes no new nodes")
        }
        Some(entry) if entry.redis_from.is_none() => {
            format!("{node_type} runs Valkey only, and this cache is Redis")
        }
        Some(_) => return Some(node_type),
    };
    read.problems.add(property, rule);
    None
}

fn encryption(read: &mut Properties<'_>) -> (bool, Protection) {
    let at_rest = read.switch("EnableEncryptionAtRest", true);
    let tls = read.switch("EnableEncryptionInTransit", true);
    let token = read.switch("EnableAuthToken", tls);
    let protection = match (tls, token) {
        (true, true) => Protection::TlsWithToken,
        (true, false) => Protection::Tls,
        (false, false) => Protection::Plain,
        (false, true) => {
            read.problems.add(
                "EnableAuthToken",
                "is true without EnableEncryptionInTransit: ElastiCache takes a token only over TLS",
            );
            Protection::TlsWithToken
        }
    };
    (at_rest, protection)
}

fn multi_az(read: &mut Properties<'_>, nodes: u32, subnets: &[String]) -> bool {
    let multi_az = read.switch("EnableMultiAz", 2 <= nodes);
    if multi_az && nodes < 2 {
        read.problems.add(
            "EnableMultiAz",
            format!("is true with RedisNumCacheNodes {nodes}: a second zone needs a replica to stand in it"),
        );
    } else if multi_az && subnets.len() == 1 {
        read.problems.add(
            "EnableMultiAz",
            "is true with one subnet: give PrivateSubnetIds in two zones, or set it to false",
        );
    }
    multi_az
}

fn autoscale(
    read: &mut Properties<'_>,
    starts_with: Option<&NodeType>,
    nodes: u32,
    before: Option<&Map<String, Value>>,
) -> AutoscalePolicy {
    let mode = read.one_of("AutoscaleMode", AUTOSCALE_MODES, "full");
    let max_node_type = node_type(read, "AutoscaleMaxNodeType", before, None);
    let min_replicas = read.number("AutoscaleMinReplicas", 0..=5);
    let max_replicas = read.number("AutoscaleMaxReplicas", 0..=5);
    let memory = |it: &NodeType| Catalog::embedded().find(it).map(|it| it.maxmemory);
    if let (Some(start), Some(most)) = (starts_with, &max_node_type)
        && memory(most) < memory(start)
    {
        read.problems
            .add("AutoscaleMaxNodeType", format!("{most} is smaller than RedisNodeType, {start}"));
    }
    let replicas = nodes.saturating_sub(1);
    if let (Some(least), Some(most)) = (min_replicas, max_replicas)
        && most < least
    {
        read.problems.add(
            "AutoscaleMinReplicas",
            format!("{least} is more than AutoscaleMaxReplicas, {most}"),
        );
    } else if min_replicas.is_some_and(|it| replicas < it) {
        read.problems.add(
            "AutoscaleMinReplicas",
            format!("is more than the {replicas} replicas of RedisNumCacheNodes {nodes}"),
        );
    } else if max_replicas.is_some_and(|it| it < replicas) {
        read.problems.add(
            "AutoscaleMaxReplicas",
            format!("is less than the {replicas} replicas of RedisNumCacheNodes {nodes}"),
        );
    }
    AutoscalePolicy { mode, max_node_type, min_replicas, max_replicas }
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
