//! What is done for the keys while they are there, and when they go.

use super::{Default, OnUpdate, Property};

pub(super) const PROPERTIES: &[Property] = &[
    Property {
        name: "AlarmSnsTopicArn",
        takes: "the ARN of an SNS topic that alarms tell beside ours",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "CloudWatch tells topics of its own region; together with our own topic it has to fit into a tag of 256 characters",
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
        name: "EngineLog",
        takes: "where the engine's own log goes: a map of `Group` (CloudWatch Logs) or `Stream` (Firehose), and `Format`, `json` or `text`; or `cloudwatch-logs:/orders/engine:json`, `kinesis-firehose:orders:text`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "from Redis 6.2 on. Log group or stream must be there. A delivery that fails is asked for once more; then the request fails with ElastiCache's own words",
    },
    Property {
        name: "FinalSnapshot",
        takes: "true, false; the older spelling: false is `DeletionPolicy` `Delete`. The two may not disagree",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "none; it becomes a tag of the group, as `DeletionPolicy` does",
    },
    Property {
        name: "NotificationTopicArn",
        takes: "the ARN of an SNS topic of the stack's region and account that ElastiCache tells of its own events",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "one topic a group. An encrypted topic is taken and told nothing, so the request fails; a policy of the topic must not ask for `aws:SourceAccount`",
    },
    Property {
        name: "SlowLog",
        takes: "where commands go that took long; as `EngineLog`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "from Redis 6.0 on; otherwise as `EngineLog`",
    },
    Property {
        name: "SnapshotArns",
        takes: "the RDB file that the cache is filled from when it is made: the ARN of its object, such as `arn:aws:s3:::bucket/dumps/orders.rdb`, in a list or alone; not together with `SnapshotName`",
        default: Default::Absent,
        update: OnUpdate::CannotChange,
        rule: "ElastiCache reads a bucket of its own region that lets it, and takes no comma in the object's name. What is in the file only ElastiCache sees: one that it cannot read fails the request with its own words. An update may leave it out, which changes nothing; another one is refused, since a cache that stands is never filled again",
    },
    Property {
        name: "SnapshotKeep",
        takes: "0 to 365 scheduled snapshots are kept; 0 takes none",
        default: Default::Value("7"),
        update: OnUpdate::InPlace,
        rule: "manual snapshots stay until they are deleted",
    },
    Property {
        name: "SnapshotName",
        takes: "the snapshot that the cache is filled from when it is made, an automatic one too",
        default: Default::Absent,
        update: OnUpdate::CannotChange,
        rule: "it has to be available, of an engine and version that the cache reads, of one shard, and to have room on the node type; what is on SSD stays there. A snapshot holds no token, TLS, users, replicas or tags: those are the properties'. An update may leave it out, which changes nothing; another one is refused, since a cache that stands is never filled again",
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
        name: "Tags",
        takes: "tags of the replication group: a map, a list of `Key` and `Value`, or `team=shop,stage=live`; 30 at most, none that begins with `aws:` or `cachewarden:`",
        default: Default::Absent,
        update: OnUpdate::InPlace,
        rule: "a resource has fifty tags, and ours take up to twenty; what others tag is left alone",
    },
];
