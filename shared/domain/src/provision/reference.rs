//! Every property of `Custom::RedisCache`: the reference page is made of this table, and a name that is not in it is refused.

use std::fmt;

/// A property, as `docs/properties.md` tells of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Property {
    /// The name.
    pub name: &'static str,
    /// What it takes: type and bounds.
    pub takes: &'static str,
    /// What counts where it is absent or empty.
    pub default: Default,
    /// What an update does with it.
    pub update: OnUpdate,
    /// What AWS has to do with it.
    pub rule: &'static str,
}

/// What counts where a property is absent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Default {
    /// This very value, which may as well be stated.
    Value(&'static str),
    /// What this describes: it follows from other properties, or is AWS's choice.
    Derived(&'static str),
    /// Nothing, and that is as good.
    Absent,
    /// Nothing, and that is a mistake.
    Required,
}

/// What an update does where a property changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnUpdate {
    /// It changes without replacing the group.
    InPlace,
    /// So it does, and clients reconnect.
    BriefInterruption,
    /// The update is refused before anything is touched.
    CannotChange,
}

impl fmt::Display for Default {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "`{value}`"),
            Self::Derived(words) => f.write_str(words),
            Self::Absent => f.write_str("–"),
            Self::Required => f.write_str("required"),
        }
    }
}

impl fmt::Display for OnUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InPlace => "in place",
            Self::BriefInterruption => "in place, brief interruption",
            Self::CannotChange => "cannot change",
        })
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, takes, default, update, rule } = self;
        write!(f, "| `{name}` | {takes} | {default} | {update} | {rule} |")
    }
}

/// The names of all properties.
pub fn names() -> Vec<&'static str> {
    PROPERTIES.iter().map(|it| it.name).collect()
}

/// The table of the reference page.
pub fn table() -> String {
    let head = [
        "| property | takes | default | an update | behind it |".to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
    ];
    let rows = PROPERTIES.iter().map(ToString::to_string);
    let lines: Vec<String> = head.into_iter().chain(rows).collect();
    lines.join("\n")
}

/// All of them, by name.
pub const PROPERTIES: &[Property] = &[
    Property {
        name: "AlarmSnsTopicArn",
        takes: "the ARN of an SNS topic that alarms tell beside ours",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "CloudWatch tells topics of its own region; together with our own topic it has to fit into a tag of 256 characters",
    },
    Property {
        name: "AppSecurityGroupIds",
        takes: "`sg-…` that may connect; here they are only checked, the rules are the template's",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "a security group id starts with `sg-`",
    },
    Property {
        name: "AutoMinorVersionUpgrade",
        takes: "true, false",
        default: Default::Derived("true, from Redis 6.0 on"),
        update: OnUpdate::InPlace,
        rule: "ElastiCache installs minor versions in the maintenance window from 6.0 on, and does not heed the setting before",
    },
    Property {
        name: "AutoscaleMaxNodeType",
        takes: "a current node type without data tiering, not smaller than `RedisNodeType`, that runs `RedisEngineVersion`",
        default: Default::Derived("the largest of the family"),
        update: OnUpdate::InPlace,
        rule: "newer node types run newer versions only",
    },
    Property {
        name: "AutoscaleMaxReplicas",
        takes: "0 to 5, not below the minimum",
        default: Default::Derived("5"),
        update: OnUpdate::InPlace,
        rule: "a group has five replicas at most",
    },
    Property {
        name: "AutoscaleMinReplicas",
        takes: "0 to 5; 1 at least from 2 nodes on",
        default: Default::Derived("as the stack starts, at most 1"),
        update: OnUpdate::InPlace,
        rule: "a group that fails over keeps a replica",
    },
    Property {
        name: "AutoscaleMode",
        takes: "`off`, `recommend`, `up-only`, `full`",
        default: Default::Value("full"),
        update: OnUpdate::InPlace,
        rule: "none; it becomes a tag of the group",
    },
    Property {
        name: "CreateElasticache",
        takes: "true, false; exactly one of the two backends",
        default: Default::Derived("true, unless `UseUpstash`"),
        update: OnUpdate::CannotChange,
        rule: "another backend would be another resource, and the keys would stay behind",
    },
    Property {
        name: "DeletionPolicy",
        takes: "what a Delete leaves: `Snapshot`, the keys in a last snapshot that was seen to be whole before the group goes; `Retain`, the group and all that stands around it, which no stack owns any more; `Delete`, none of the keys",
        default: Default::Derived("`Snapshot`, or what `FinalSnapshot` says"),
        update: OnUpdate::InPlace,
        rule: "ElastiCache deletes a group also where the last snapshot failed that it was to take with it, so it is taken and seen to be whole before",
    },
    Property {
        name: "DeletionProtection",
        takes: "true, false; true refuses every Delete but the rollback of a Create that was not finished",
        default: Default::Value("false"),
        update: OnUpdate::InPlace,
        rule: "none, ElastiCache has no such protection; it becomes a tag of the group",
    },
    Property {
        name: "EnableAlarms",
        takes: "true, false; five alarms over all nodes",
        default: Default::Value("true"),
        update: OnUpdate::InPlace,
        rule: "there are hardly any metrics of a whole group, so an alarm takes the highest value of any node, and is paid for each",
    },
    Property {
        name: "EnableAuthToken",
        takes: "true, false; a token needs TLS",
        default: Default::Derived("as `EnableEncryptionInTransit`"),
        update: OnUpdate::CannotChange,
        rule: "ElastiCache takes a token only over TLS",
    },
    Property {
        name: "EnableEncryptionAtRest",
        takes: "true, false",
        default: Default::Value("true"),
        update: OnUpdate::CannotChange,
        rule: "AWS cannot change it on a running group",
    },
    Property {
        name: "EnableEncryptionInTransit",
        takes: "true, false",
        default: Default::Value("true"),
        update: OnUpdate::CannotChange,
        rule: "AWS cannot take it back, and turns it on later only in two steps and from 7.0.5 on",
    },
    Property {
        name: "EnableMultiAz",
        takes: "true, false; needs a replica and two subnets",
        default: Default::Derived("true from 2 nodes"),
        update: OnUpdate::InPlace,
        rule: "a second zone needs failover and a replica to stand in it",
    },
    Property {
        name: "Environment",
        takes: "letters, digits, hyphens; last part of all names",
        default: Default::Required,
        update: OnUpdate::CannotChange,
        rule: "a group's id never changes; refused where it changes the id or the secret's name",
    },
    Property {
        name: "FinalSnapshot",
        takes: "true, false; the older spelling: false is `DeletionPolicy` `Delete`. The two may not disagree",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "none; it becomes a tag of the group, as `DeletionPolicy` does",
    },
    Property {
        name: "MaintenanceWindow",
        takes: "`sun:05:00-sun:07:00`, UTC",
        default: Default::Derived("AWS chooses"),
        update: OnUpdate::InPlace,
        rule: "an hour at least; apart from the snapshot window",
    },
    Property {
        name: "MaxmemoryPolicy",
        takes: "Redis's eight policies",
        default: Default::Value("allkeys-lru"),
        update: OnUpdate::InPlace,
        rule: "a parameter of our own group for the family; the default groups cannot be changed",
    },
    Property {
        name: "PrivateSubnetIds",
        takes: "`subnet-…`, 1 to 20; two zones for Multi-AZ",
        default: Default::Derived("required with ElastiCache"),
        update: OnUpdate::InPlace,
        rule: "a subnet in which a node stands cannot be taken away",
    },
    Property {
        name: "ProjectName",
        takes: "letters, digits, hyphens; first part of all names",
        default: Default::Required,
        update: OnUpdate::CannotChange,
        rule: "a group's id never changes; refused where it changes the id or the secret's name",
    },
    Property {
        name: "RedisEngineVersion",
        takes: "5.0.6, 6.0, 6.2, 7.0, 7.1",
        default: Default::Value("7.1"),
        update: OnUpdate::BriefInterruption,
        rule: "a version goes up in place and never down; before 5.0.6 a token cannot be changed",
    },
    Property {
        name: "RedisNodeType",
        takes: "a current node type without data tiering, that runs `RedisEngineVersion`; an update may also go back to one of a previous generation",
        default: Default::Value("cache.t4g.micro"),
        update: OnUpdate::BriefInterruption,
        rule: "clients reconnect when a larger or smaller node takes over. Left to the autoscaler where the stack does not change it",
    },
    Property {
        name: "RedisNumCacheNodes",
        takes: "1 to 6, the primary with them",
        default: Default::Value("2"),
        update: OnUpdate::InPlace,
        rule: "one primary and five replicas at most. Left to the autoscaler where the stack does not change it",
    },
    Property {
        name: "ReplicationGroupId",
        takes: "1 to 40 letters, digits, single inner hyphens, a letter first",
        default: Default::Derived("`<ProjectName>-redis-<Environment>`"),
        update: OnUpdate::CannotChange,
        rule: "a group's id never changes",
    },
    Property {
        name: "RotationDays",
        takes: "0 to 1000; 0 is never",
        default: Default::Value("30"),
        update: OnUpdate::InPlace,
        rule: "Secrets Manager rotates every 1 to 1000 days",
    },
    Property {
        name: "RotationGraceMinutes",
        takes: "0 to 43200; how long the old token stays valid",
        default: Default::Value("1440"),
        update: OnUpdate::InPlace,
        rule: "a group takes two tokens until one is set",
    },
    Property {
        name: "SecurityGroupIds",
        takes: "`sg-…` of the cache",
        default: Default::Derived("required with ElastiCache"),
        update: OnUpdate::InPlace,
        rule: "without one a group stands in the default group of the VPC",
    },
    Property {
        name: "ServiceTimeout",
        takes: "1 to 3600 seconds; how long CloudFormation waits",
        default: Default::Value("3600"),
        update: OnUpdate::InPlace,
        rule: "CloudFormation waits an hour at most",
    },
    Property {
        name: "ServiceToken",
        takes: "the ARN of the `provision` function",
        default: Default::Required,
        update: OnUpdate::CannotChange,
        rule: "CloudFormation does not allow it",
    },
    Property {
        name: "SnapshotKeep",
        takes: "0 to 365 scheduled snapshots are kept; 0 takes none",
        default: Default::Value("7"),
        update: OnUpdate::InPlace,
        rule: "manual snapshots stay until they are deleted",
    },
    Property {
        name: "SnapshotRetentionLimit",
        takes: "0 to 35 days of automatic snapshots; 0 is off",
        default: Default::Value("7"),
        update: OnUpdate::InPlace,
        rule: "ElastiCache keeps them 35 days at most",
    },
    Property {
        name: "SnapshotWindow",
        takes: "`03:00-05:00`, UTC",
        default: Default::Derived("AWS chooses"),
        update: OnUpdate::InPlace,
        rule: "an hour at least; apart from the maintenance window",
    },
    Property {
        name: "StoreUpstashInSecretsManager",
        takes: "true, false; then `UpstashSecretArn` is required",
        default: Default::Value("false"),
        update: OnUpdate::InPlace,
        rule: "none; a token never goes through a template",
    },
    Property {
        name: "Tags",
        takes: "tags of the replication group: a map, a list of `Key` and `Value`, or `team=shop,stage=live`; 30 at most, none that begins with `aws:` or `cachewarden:`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "a resource has fifty tags, and ours take up to twenty; what others tag is left alone",
    },
    Property {
        name: "UpstashRedisUrl",
        takes: "`https://<name>.upstash.io`, without credentials",
        default: Default::Derived("required with Upstash"),
        update: OnUpdate::InPlace,
        rule: "none; it is Upstash's REST endpoint",
    },
    Property {
        name: "UpstashSecretArn",
        takes: "the ARN of the secret with endpoint and token",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "none; it is told to the stack",
    },
    Property {
        name: "UseUpstash",
        takes: "true, false; exactly one of the two backends",
        default: Default::Value("false"),
        update: OnUpdate::CannotChange,
        rule: "another backend would be another resource, and the keys would stay behind",
    },
    Property {
        name: "VpcId",
        takes: "`vpc-…`; told in `DeploymentInfo`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "a VPC id starts with `vpc-`",
    },
];

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::parse;
    use super::super::parse::tests::{owner, properties, spec};
    use super::*;

    #[test]
    fn properties_are_in_order_and_each_is_there_once() {
        let names = names();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted);
    }

    #[test]
    fn a_default_that_is_stated_changes_nothing() {
        let nothing_said = parse(&properties(), &owner(), None);
        let mut all_said = properties();
        for property in PROPERTIES {
            if let Default::Value(value) = property.default {
                all_said.insert(property.name.to_owned(), Value::from(value));
            }
        }
        assert_eq!(parse(&all_said, &owner(), None), nothing_said);
        assert!(nothing_said.is_ok());
    }

    #[test]
    fn a_default_that_is_a_value_is_the_one_that_counts() {
        let default = |name| PROPERTIES.iter().find(|it| it.name == name).map(|it| it.default);
        let spec = spec(&[]);
        assert_eq!(default("RedisNodeType"), Some(Default::Value("cache.t4g.micro")));
        assert_eq!(spec.node_type.as_str(), "cache.t4g.micro");
        for property in PROPERTIES {
            if property.default == Default::Required && property.name != "ServiceToken" {
                let mut lacking = properties();
                lacking.remove(property.name);
                let told = parse(&lacking, &owner(), None).unwrap_err().to_string();
                assert!(told.contains(&format!("{}: is missing", property.name)), "{told}");
            }
        }
    }
}
